/* Tables of descriptors.
 * In:  what calls do to numbers
 * Out: which file a number stands for
 */
#include "descriptors_table.h"

#include <stdlib.h>
#include <string.h>

/* ---- files -------------------------------------------------------------------------------------------------- */

struct sct_fd_file *sct_fd_file_new(enum sct_fd_kind kind, const char *name)
{
	struct sct_fd_file *f = name ? calloc(1, sizeof *f) : NULL;

	if (!f)
		return NULL;
	f->refs = 1;
	f->kind = (uint8_t)kind;
	f->name = strdup(name);
	if (f->name)
		return f;
	free(f);
	return NULL;
}

void sct_fd_file_put(struct sct_fd_file *f)
{
	if (!f || --f->refs)
		return;
	free(f->name);
	free(f->local);
	free(f->peer);
	free(f);
}

/* ---- lists -------------------------------------------------------------------------------------------------- */

struct sct_fd_list *sct_fd_list_ref(struct sct_fd_list *list)
{
	if (list)
		list->refs++;
	return list;
}

void sct_fd_list_put(struct sct_fd_list *list)
{
	if (!list || --list->refs)
		return;
	for (unsigned i = 0; i < list->count; i++)
		sct_fd_file_put(list->at[i].file);
	free(list->at);
	free(list);
}

/* A list of its own with the same numbers and some room, or NULL. */
static struct sct_fd_list *list_copy(const struct sct_fd_list *from)
{
	struct sct_fd_list *list = calloc(1, sizeof *list);
	unsigned n = from ? from->count : 0;

	if (!list)
		return NULL;
	list->refs = 1;
	list->room = n + 8;
	list->at = calloc(list->room, sizeof *list->at);
	if (!list->at) {
		free(list);
		return NULL;
	}
	for (; list->count < n; list->count++) {
		list->at[list->count] = from->at[list->count];
		from->at[list->count].file->refs++;
	}
	return list;
}

/* Makes the list one that may be changed, with room for one more; false: out of memory, and nothing is known of it. */
static bool own(struct sct_fd_list **list)
{
	struct sct_fd_list *l = *list;
	struct sct_fd_entry *at;

	if (!l || l->refs > 1) {
		*list = list_copy(l);
		sct_fd_list_put(l);
		return *list;
	}
	if (l->count < l->room)
		return true;
	at = realloc(l->at, 2 * (size_t)l->room * sizeof *at);
	if (!at) {
		sct_fd_list_put(l);
		*list = NULL;
		return false;
	}
	l->at = at;
	l->room *= 2;
	return true;
}

/* Index of the first number that is not below fd. */
static unsigned place(const struct sct_fd_list *list, uint32_t fd)
{
	unsigned low = 0, high = list ? list->count : 0;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if ((uint32_t)list->at[middle].fd < fd)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct sct_fd_entry *sct_fd_find(const struct sct_fd_list *list, int fd)
{
	unsigned i = place(list, (uint32_t)fd);

	return fd >= 0 && list && i < list->count && list->at[i].fd == fd ? &list->at[i] : NULL;
}

void sct_fd_keep_common(struct sct_fd_list **copy, const struct sct_fd_list *with)
{
	unsigned n = 0;

	if (*copy == with || !*copy || !own(copy))
		return;
	for (unsigned i = 0; i < (*copy)->count; i++) {
		struct sct_fd_entry *e = &(*copy)->at[i];
		const struct sct_fd_entry *other = sct_fd_find(with, e->fd);

		if (!other || other->file != e->file) {
			sct_fd_file_put(e->file);
			continue;
		}
		if (other->exec != e->exec)
			e->exec = SCT_FD_MAYBE;
		(*copy)->at[n++] = *e;
	}
	(*copy)->count = n;
}

/* ---- tables ------------------------------------------------------------------------------------------------- */

struct sct_fd_table *sct_fd_table_new(struct sct_descriptors *d, struct sct_fd_list *list, struct sct_fd_dir *dir)
{
	struct sct_fd_table *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->refs = 1;
	t->list = sct_fd_list_ref(list);
	t->dir = dir;
	dir->refs++;
	t->next = d->tables;
	if (t->next)
		t->next->prev = t;
	d->tables = t;
	return t;
}

void sct_fd_table_put(struct sct_descriptors *d, struct sct_fd_table *t)
{
	if (!t || --t->refs)
		return;
	if (t->prev)
		t->prev->next = t->next;
	else
		d->tables = t->next;
	if (t->next)
		t->next->prev = t->prev;
	sct_fd_list_put(t->list);
	sct_fd_dir_put(t->dir);
	free(t);
}

void sct_fd_clear(struct sct_fd_table *t)
{
	sct_fd_list_put(t->list);
	t->list = NULL;
}

void sct_fd_doubt(struct sct_fd_table *t)
{
	sct_fd_clear(t);
	t->doubtful = true;
}

void sct_fd_set(struct sct_fd_table *t, int fd, struct sct_fd_file *file, enum sct_fd_exec exec)
{
	struct sct_fd_list *list;
	unsigned i;

	if (fd < 0 || t->doubtful)
		return;
	sct_fd_remove(t, (uint32_t)fd, (uint32_t)fd);
	if (!file || (t->list && t->list->count == SCT_FD_LIST_MAX) || !own(&t->list))
		return;
	list = t->list;
	i = place(list, (uint32_t)fd);
	memmove(&list->at[i + 1], &list->at[i], (list->count - i) * sizeof *list->at);
	list->at[i] = (struct sct_fd_entry){ fd, (uint8_t)exec, file };
	list->count++;
	file->refs++;
}

void sct_fd_set_exec(struct sct_fd_table *t, uint32_t first, uint32_t last, enum sct_fd_exec exec)
{
	unsigned i = place(t->list, first);

	if (!t->list || i == t->list->count || !own(&t->list))
		return;
	for (; i < t->list->count && (uint32_t)t->list->at[i].fd <= last; i++)
		t->list->at[i].exec = (uint8_t)exec;
}

void sct_fd_remove(struct sct_fd_table *t, uint32_t first, uint32_t last)
{
	unsigned from = place(t->list, first), to = from;

	while (t->list && to < t->list->count && (uint32_t)t->list->at[to].fd <= last)
		to++;
	if (to == from || !own(&t->list))
		return;
	for (unsigned i = from; i < to; i++)
		sct_fd_file_put(t->list->at[i].file);
	memmove(&t->list->at[from], &t->list->at[to], (t->list->count - to) * sizeof *t->list->at);
	t->list->count -= to - from;
}

void sct_fd_note_change(struct sct_fd_table *t, uint64_t by, uint64_t at, uint32_t first, uint32_t last)
{
	t->changes[t->nchanges++ % SCT_FD_CHANGES] = (struct sct_fd_change){ by, at, first, last };
}

/* The changes that are remembered and may be others' since the call was entered: those from *i on, or NULL. */
static const struct sct_fd_change *change_since(const struct sct_fd_table *t, uint64_t call, unsigned *i)
{
	for (; *i < SCT_FD_CHANGES && *i < t->nchanges; ++*i)
		if (t->changes[*i].by != call && t->changes[*i].at >= call)
			return &t->changes[(*i)++];
	return NULL;
}

/* Whether changes since the call was entered are no longer remembered. */
static bool is_forgotten(const struct sct_fd_table *t, uint64_t call)
{
	return t->nchanges > SCT_FD_CHANGES && t->changes[t->nchanges % SCT_FD_CHANGES].at >= call;
}

bool sct_fd_is_changed(const struct sct_fd_table *t, uint64_t call, int fd)
{
	const struct sct_fd_change *c;
	unsigned i = 0;

	while ((c = change_since(t, call, &i)))
		if (c->first <= (uint32_t)fd && (uint32_t)fd <= c->last)
			return true;
	return is_forgotten(t, call);
}

void sct_fd_forget_changed(struct sct_fd_table *t, uint64_t call)
{
	const struct sct_fd_change *c;
	unsigned i = 0;

	while ((c = change_since(t, call, &i)))
		sct_fd_remove(t, c->first, c->last);
	if (is_forgotten(t, call))
		sct_fd_clear(t);
}

void sct_fd_exec(struct sct_fd_table *t)
{
	unsigned n = 0;

	if (!t->list || !own(&t->list))
		return;
	for (unsigned i = 0; i < t->list->count; i++)
		if (t->list->at[i].exec == SCT_FD_KEPT)
			t->list->at[n++] = t->list->at[i];
		else
			sct_fd_file_put(t->list->at[i].file);
	t->list->count = n;
}

/* ---- directories -------------------------------------------------------------------------------------------- */

struct sct_fd_dir *sct_fd_dir_new(const char *path)
{
	struct sct_fd_dir *dir = calloc(1, sizeof *dir);

	if (!dir)
		return NULL;
	dir->refs = 1;
	sct_fd_dir_set(dir, path);
	return dir;
}

void sct_fd_dir_put(struct sct_fd_dir *dir)
{
	if (!dir || --dir->refs)
		return;
	free(dir->path);
	free(dir);
}

void sct_fd_dir_set(struct sct_fd_dir *dir, const char *path)
{
	char *copy = path && !dir->doubtful ? strdup(path) : NULL;

	free(dir->path);
	dir->path = copy;
}

void sct_fd_dir_doubt(struct sct_fd_dir *dir)
{
	dir->doubtful = true;
	sct_fd_dir_set(dir, NULL);
}
