/* What calls do to the current directory, and where paths begin.
 * In:  calls at their entry and their end
 * Out: absolute paths, directories
 */
#include "descriptors_calls.h"
#include "descriptors_text.h"

#include <stdlib.h>

static void set_dir(struct sct_fd_act *a, const char *path)
{
	struct sct_fd_dir *dir = a->task->dir;
	bool changed = dir->change.by != a->open->record.id && dir->change.at >= a->open->record.id;

	sct_fd_dir_set(dir, changed ? NULL : path);
	dir->change = (struct sct_fd_change){ a->open->record.id, a->d->now, 0, 0 };
}

/* Whether paths that begin at the file can be told. */
static bool is_place(const struct sct_fd_file *file)
{
	return file && file->kind == SCT_FD_PATH && !file->moved;
}

static const char *base_of(const struct sct_fd_act *a)
{
	const struct sct_fd_file *file;
	int fd = SCT_AT_FDCWD;

	if (a->call->dir != SCT_FD_NONE && !sct_fd_number(a, a->call->dir, &fd))
		return NULL;
	if (fd == SCT_AT_FDCWD)
		return a->task->dir->path;
	file = sct_fd_arg_file(a, a->call->dir);
	return is_place(file) ? file->name : NULL;
}

/* The path counts from where the caller stands when it calls. */
void sct_fd_note_path(struct sct_fd_act *a)
{
	const struct sct_value *v = sct_fd_arg(a, a->call->path);
	struct sct_fd_note *note = sct_fd_note(a);

	if (note && v && v->meaning == SCT_M_STR && !v->partial)
		note->path = sct_fd_path_join(base_of(a), v->data, v->len);
}

/* Whether where the path began may have been another place when the kernel followed it. */
bool sct_fd_is_elsewhere(const struct sct_fd_act *a)
{
	const struct sct_value *path = sct_fd_arg(a, a->call->path);
	int fd = SCT_AT_FDCWD;

	if (path && path->meaning == SCT_M_STR && path->len && path->data[0] == '/')
		return false;
	if (a->call->dir != SCT_FD_NONE && sct_fd_number(a, a->call->dir, &fd) && fd != SCT_AT_FDCWD)
		return sct_fd_is_changed(a->task->table, a->open->record.id, fd);
	return a->task->dir->change.by != a->open->record.id && a->task->dir->change.at >= a->open->record.id;
}

/* While it changes, other threads find the old one or the new one. */
void sct_fd_enter_chdir(struct sct_fd_act *a)
{
	const struct sct_fd_dir *dir = a->task->dir;

	if (a->call->path != SCT_FD_NONE)
		sct_fd_note_path(a);
	if (dir->refs > 1u + (a->task->table->dir == dir))
		set_dir(a, NULL);
}

void sct_fd_end_chdir(struct sct_fd_act *a)
{
	if (a->good || !a->known)
		set_dir(a, a->known && a->note ? a->note->path : NULL);
}

void sct_fd_end_fchdir(struct sct_fd_act *a)
{
	const struct sct_fd_file *f = sct_fd_arg_file(a, 0);

	if (a->good || !a->known)
		set_dir(a, a->known && is_place(f) ? f->name : NULL);
}

/* fs/d_path.c: a directory outside the root is told as "(unreachable)…" */
void sct_fd_end_getcwd(struct sct_fd_act *a)
{
	const struct sct_value *v = sct_fd_arg(a, 0);
	char *path;

	if (!a->good || !v || v->meaning != SCT_M_STR || v->partial || !v->len || v->data[0] != '/')
		return;
	path = sct_fd_path_join(NULL, v->data, v->len);
	set_dir(a, path);
	free(path);
}

/* chroot, setns: the directory has another name, or is another; so have the directories that are open. */
void sct_fd_end_root(struct sct_fd_act *a)
{
	const struct sct_fd_list *list = a->task->table->list;

	if (a->known && !a->good)
		return;
	set_dir(a, NULL);
	for (unsigned i = 0; list && i < list->count; i++)
		list->at[i].file->moved = true;
}

void sct_fd_end_pivot_root(struct sct_fd_act *a)
{
	if (a->good || !a->known)
		sct_fd_forget_dirs(a->d, NULL, 0);
}

/* The last name in parameter i may have been a directory's. */
static void forget_name(struct sct_fd_act *a, unsigned i)
{
	const struct sct_value *v = sct_fd_arg(a, i);
	const char *path, *name, *end;

	if (!v || v->meaning != SCT_M_STR || v->partial) {
		sct_fd_forget_dirs(a->d, NULL, 0);
		return;
	}
	path = (const char *)v->data;
	for (end = path + v->len; end > path && end[-1] == '/'; end--)
		;
	for (name = end; name > path && name[-1] != '/'; name--)
		;
	sct_fd_forget_dirs(a->d, name, (size_t)(end - name));
}

/* rename, renameat, renameat2: who stands there goes on from another place, seen from any root. RENAME_EXCHANGE of
 * include/uapi/linux/fs.h moves both. */
void sct_fd_end_rename(struct sct_fd_act *a)
{
	enum { EXCHANGE = 2 };
	uint64_t flags = 0;

	if (a->known && !a->good)
		return;
	forget_name(a, a->call->path);
	if (a->call->flags != SCT_FD_NONE && (!sct_fd_word(a, a->call->flags, &flags) || flags & EXCHANGE))
		forget_name(a, a->call->path + 2u);
}
