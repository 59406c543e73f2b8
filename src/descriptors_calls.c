/* What each call does to descriptors and to the current directory.
 * In:  calls at their entry and their end
 * Out: tables of descriptors, directories
 *
 * Calls that are not here leave known numbers alone: those that give a new one (SCT_P_FD_RESULT) give an unknown one.
 */
#include "clone.h"
#include "descriptors_calls.h"
#include "descriptors_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* include/uapi/linux/fcntl.h, close_range.h, openat2.h, net.h, prctl.h: the same for every architecture here */
enum {
	CLOSE_ON_EXEC = 02000000, /* O_CLOEXEC, SOCK_CLOEXEC, EPOLL_CLOEXEC … */
	NAMELESS = 020000000,     /* __O_TMPFILE */
	DUPFD = 0, SETFD = 2, DUPFD_CLOEXEC = 1030,
	RANGE_UNSHARE = 2, RANGE_CLOEXEC = 4,
	RESOLVE_ROOT = 0x10,
};

/* ---- arguments ---------------------------------------------------------------------------------------------- */

const struct sct_value *sct_fd_arg(const struct sct_fd_act *a, unsigned i)
{
	return i < a->open->record.nargs ? &a->open->args[i] : NULL;
}

bool sct_fd_word(const struct sct_fd_act *a, unsigned i, uint64_t *to)
{
	const struct sct_value *v = sct_fd_arg(a, i);

	*to = v ? v->raw : 0;
	return v && v->known;
}

bool sct_fd_number(const struct sct_fd_act *a, unsigned i, int *to)
{
	uint64_t raw;
	bool known = sct_fd_word(a, i, &raw);

	*to = (int)(uint32_t)raw;
	return known;
}

/* Other threads may have made the number another file since the call was entered. */
struct sct_fd_file *sct_fd_arg_file(const struct sct_fd_act *a, unsigned i)
{
	const struct sct_fd_entry *e;
	int fd;

	if (!sct_fd_number(a, i, &fd) || sct_fd_is_changed(a->task->table, a->open->record.id, fd))
		return NULL;
	e = sct_fd_find(a->task->table->list, fd);
	return e ? e->file : NULL;
}

enum sct_fd_exec sct_fd_new_exec(const struct sct_fd_act *a)
{
	uint64_t flags;

	if (a->call->flags == SCT_FD_NONE)
		return a->call->closes ? SCT_FD_CLOSED : SCT_FD_KEPT;
	if (!sct_fd_word(a, a->call->flags, &flags))
		return SCT_FD_MAYBE;
	return flags & a->call->closes ? SCT_FD_CLOSED : SCT_FD_KEPT;
}

static void note_change(struct sct_fd_act *a, uint32_t first, uint32_t last)
{
	sct_fd_note_change(a->task->table, a->open->record.id, a->d->now, first, last);
}

void sct_fd_give(struct sct_fd_act *a, int fd, struct sct_fd_file *file, enum sct_fd_exec exec)
{
	bool changed = sct_fd_is_changed(a->task->table, a->open->record.id, fd);

	sct_fd_set(a->task->table, fd, changed ? NULL : file, exec);
	sct_fd_file_put(file);
	note_change(a, (uint32_t)fd, (uint32_t)fd);
}

/* The numbers are closed, now or at some time before the call's end. */
static void take(struct sct_fd_act *a, uint32_t first, uint32_t last)
{
	sct_fd_remove(a->task->table, first, last);
	note_change(a, first, last);
}

static bool is_shared(const struct sct_fd_act *a)
{
	return a->task->table->refs > 1;
}

/* ---- paths -------------------------------------------------------------------------------------------------- */

/* struct open_how: flags 0, mode 8, resolve 16. */
static void note_how(struct sct_fd_act *a)
{
	uint64_t at, flags, resolve;
	struct sct_fd_note *note;

	sct_fd_note_path(a);
	note = a->note;
	if (!note || !sct_fd_word(a, 2, &at) || !a->mem || !sct_mem_word(a->mem, at, 8, &flags) ||
	    !sct_mem_word(a->mem, at + 16, 8, &resolve))
		return;
	note->flags = (struct sct_word){ true, flags };
	if (resolve & RESOLVE_ROOT) {
		free(note->path);
		note->path = NULL;
	}
}

static void opened(struct sct_fd_act *a, bool known, uint64_t flags)
{
	const char *path = a->note && known && !(flags & NAMELESS) && !sct_fd_is_elsewhere(a) ? a->note->path : NULL;

	sct_fd_give(a, a->result, sct_fd_file_new(SCT_FD_PATH, path),
	     !known ? SCT_FD_MAYBE : flags & CLOSE_ON_EXEC ? SCT_FD_CLOSED : SCT_FD_KEPT);
}

static void end_open(struct sct_fd_act *a)
{
	uint64_t flags = 0;
	bool known = a->call->flags == SCT_FD_NONE || sct_fd_word(a, a->call->flags, &flags);

	if (a->good)
		opened(a, known, flags);
}

static void end_openat2(struct sct_fd_act *a)
{
	if (a->good)
		opened(a, a->note && a->note->flags.known, a->note ? a->note->flags.value : 0);
}

/* memfd_create, mq_open: a name that text has a place for. */
static void end_named(struct sct_fd_act *a)
{
	const struct sct_value *v = sct_fd_arg(a, a->call->path);
	char name[SCT_FD_PATH_MAX];

	if (!a->good)
		return;
	name[0] = 0;
	if (v && v->meaning == SCT_M_STR && !v->partial && v->len < 256)
		snprintf(name, sizeof name, a->call->closes == 1 ? "/memfd:%.*s (deleted)" : "/%.*s", (int)v->len,
		         (const char *)v->data);
	sct_fd_give(a, a->result, sct_fd_file_new(SCT_FD_NAMED, name[0] ? name : NULL), sct_fd_new_exec(a));
}

static void end_new(struct sct_fd_act *a)
{
	if (a->good)
		sct_fd_give(a, a->result, sct_fd_file_new(SCT_FD_NAMED, a->call->text), sct_fd_new_exec(a));
}

/* With flags it tells which version the kernel has. */
static void end_landlock(struct sct_fd_act *a)
{
	int flags;

	if (sct_fd_number(a, 2, &flags) && !flags)
		end_new(a);
}

/* signalfd changes the descriptor that it is given, or makes one for -1. */
static void end_signalfd(struct sct_fd_act *a)
{
	int fd;

	if (a->good && (!sct_fd_number(a, 0, &fd) || fd == -1))
		end_new(a);
}

/* ---- copies ------------------------------------------------------------------------------------------------- */

static void copy(struct sct_fd_act *a, int to, enum sct_fd_exec exec)
{
	struct sct_fd_file *file = sct_fd_arg_file(a, 0);

	if (file)
		file->refs++;
	sct_fd_give(a, to, file, exec);
}

static void end_dup(struct sct_fd_act *a)
{
	if (a->good)
		copy(a, a->result, SCT_FD_KEPT);
}

/* While it is under way, other threads find the second number as it was or as it will be. */
static void enter_dup_to(struct sct_fd_act *a)
{
	int from, to;

	if (is_shared(a) && sct_fd_number(a, 1, &to) && !(sct_fd_number(a, 0, &from) && from == to))
		take(a, (uint32_t)to, (uint32_t)to);
}

/* dup2, dup3: what the second number was is closed. */
static void end_dup_to(struct sct_fd_act *a)
{
	int from, to;

	if (a->known && !a->good)
		return;
	if (!sct_fd_number(a, 1, &to))
		sct_fd_clear(a->task->table);
	else if (!a->known || !sct_fd_number(a, 0, &from))
		take(a, (uint32_t)to, (uint32_t)to);
	else if (from != to)
		copy(a, to, sct_fd_new_exec(a));
}

static void set_exec(struct sct_fd_act *a, enum sct_fd_exec exec)
{
	int fd;

	if (sct_fd_number(a, 0, &fd))
		sct_fd_set_exec(a->task->table, (uint32_t)fd, (uint32_t)fd, exec);
	else
		sct_fd_set_exec(a->task->table, 0, UINT32_MAX, SCT_FD_MAYBE);
}

static void end_fcntl(struct sct_fd_act *a)
{
	uint64_t arg;
	int cmd;

	if (a->known && !a->good)
		return;
	if (!sct_fd_number(a, 1, &cmd))
		set_exec(a, SCT_FD_MAYBE);
	else if (cmd == SETFD)
		set_exec(a, !a->known || !sct_fd_word(a, 2, &arg) ? SCT_FD_MAYBE : arg & 1 ? SCT_FD_CLOSED : SCT_FD_KEPT);
	else if (a->known && (cmd == DUPFD || cmd == DUPFD_CLOEXEC))
		copy(a, a->result, cmd == DUPFD ? SCT_FD_KEPT : SCT_FD_CLOSED);
}

/* SECCOMP_IOCTL_NOTIF_ADDFD of include/uapi/linux/seccomp.h: a number of another process, which it does not name, is
 * another file now. */
enum { ADDFD = 0x40182103, ADDFD_MIPS = (int)0x80182103 };

static void clear_all(struct sct_descriptors *d)
{
	for (struct sct_fd_table *t = d->tables; t; t = t->next)
		sct_fd_clear(t);
}

/* include/uapi/asm-generic/ioctls.h: FIOCLEX, FIONCLEX; MIPS has other numbers, which elsewhere may be a device's */
static void end_ioctl(struct sct_fd_act *a)
{
	static const struct { int cmd; enum sct_fd_exec exec; } rows[] = {
		{ 0x5451, SCT_FD_CLOSED }, { 0x5450, SCT_FD_KEPT }, { 0x6601, SCT_FD_MAYBE }, { 0x6602, SCT_FD_MAYBE },
	};
	bool seen;
	int cmd;

	if (a->known && !a->good)
		return;
	seen = sct_fd_number(a, 1, &cmd);
	if (!seen)
		set_exec(a, SCT_FD_MAYBE);
	if (!seen || cmd == ADDFD || cmd == ADDFD_MIPS)
		clear_all(a->d);
	for (size_t i = 0; seen && i < sizeof rows / sizeof *rows; i++)
		if (rows[i].cmd == cmd)
			set_exec(a, a->known ? rows[i].exec : SCT_FD_MAYBE);
}

/* ---- ends --------------------------------------------------------------------------------------------------- */

/* The kernel takes the number away first, whatever the result (fs/file.c, pick_file). */
static void enter_close(struct sct_fd_act *a)
{
	int fd;

	if (sct_fd_number(a, 0, &fd))
		take(a, (uint32_t)fd, (uint32_t)fd);
	else
		sct_fd_clear(a->task->table);
}

/* The table that is the thread's own now has what stood in the shared one at some time of the call. */
static void unshare_table(struct sct_fd_act *a)
{
	struct sct_fd_table *old = a->task->table;

	sct_fd_unshare(a->d, a->task);
	if (a->task->table != old)
		sct_fd_forget_changed(a->task->table, a->open->record.id);
}

/* What another call has made of the number meanwhile may be what was closed. */
static void end_close(struct sct_fd_act *a)
{
	int fd;

	if (sct_fd_number(a, 0, &fd) && sct_fd_is_changed(a->task->table, a->open->record.id, fd))
		sct_fd_remove(a->task->table, (uint32_t)fd, (uint32_t)fd);
	if (sct_fd_number(a, 0, &fd))
		note_change(a, (uint32_t)fd, (uint32_t)fd);
}

/* While it is under way, other threads find the numbers open or closed. */
static void enter_close_range(struct sct_fd_act *a)
{
	uint64_t first, last, flags;

	if (is_shared(a) && sct_fd_word(a, 0, &first) && sct_fd_word(a, 1, &last) && sct_fd_word(a, 2, &flags) && !flags)
		take(a, (uint32_t)first, (uint32_t)last);
}

static void end_close_range(struct sct_fd_act *a)
{
	uint64_t first, last, flags;

	if (a->known && !a->good)
		return;
	if (!sct_fd_word(a, 0, &first) || !sct_fd_word(a, 1, &last) || !sct_fd_word(a, 2, &flags)) {
		sct_fd_doubt(a->task->table);
		return;
	}
	if (flags & RANGE_UNSHARE && a->known)
		unshare_table(a);
	else if (flags & RANGE_UNSHARE)
		sct_fd_doubt(a->task->table);
	if (flags & RANGE_CLOEXEC)
		sct_fd_set_exec(a->task->table, (uint32_t)first, (uint32_t)last, a->known ? SCT_FD_CLOSED : SCT_FD_MAYBE);
	else
		take(a, (uint32_t)first, (uint32_t)last);
}

/* Whether it was shared before or is no longer, cannot be left open. */
static void end_unshare(struct sct_fd_act *a)
{
	uint64_t flags;
	bool sure = sct_fd_word(a, 0, &flags) && a->known;

	if (a->known && !a->good)
		return;
	if (!sure) {
		sct_fd_doubt(a->task->table);
		sct_fd_dir_doubt(a->task->dir);
		return;
	}
	if (flags & SCT_CLONE_FILES)
		unshare_table(a);
	if (flags & (SCT_CLONE_FS | SCT_CLONE_NEWNS | SCT_CLONE_NEWUSER))
		sct_fd_unshare_dir(a->task);
}

/* A ring closes and opens descriptors that no call names (IORING_OP_CLOSE). */
static void enter_ring(struct sct_fd_act *a)
{
	sct_fd_doubt(a->task->table);
}

/* ---- the table ---------------------------------------------------------------------------------------------- */

#define ANON "anon_inode:"
#define NONE SCT_FD_NONE
#define CLOEXEC CLOSE_ON_EXEC

/* Sorted by name. Texts as /proc/PID/fd has them, but for numbers of inodes. */
static const struct sct_fd_call calls[] = {
	{ "accept", NULL, sct_fd_end_accept, NONE, NONE, NONE, 0, NULL },
	{ "accept4", NULL, sct_fd_end_accept, NONE, NONE, 3, CLOEXEC, NULL },
	{ "bind", sct_fd_note_address, sct_fd_end_bind, NONE, NONE, NONE, 0, NULL },
	{ "chdir", sct_fd_enter_chdir, sct_fd_end_chdir, 0, NONE, NONE, 0, NULL },
	{ "chroot", NULL, sct_fd_end_root, NONE, NONE, NONE, 0, NULL },
	{ "close", enter_close, end_close, NONE, NONE, NONE, 0, NULL },
	{ "close_range", enter_close_range, end_close_range, NONE, NONE, NONE, 0, NULL },
	{ "connect", sct_fd_note_address, sct_fd_end_connect, NONE, NONE, NONE, 0, NULL },
	{ "creat", sct_fd_note_path, end_open, 0, NONE, NONE, 0, NULL },
	{ "dup", NULL, end_dup, NONE, NONE, NONE, 0, NULL },
	{ "dup2", enter_dup_to, end_dup_to, NONE, NONE, NONE, 0, NULL },
	{ "dup3", enter_dup_to, end_dup_to, NONE, NONE, 2, CLOEXEC, NULL },
	{ "epoll_create", NULL, end_new, NONE, NONE, NONE, 0, ANON "[eventpoll]" },
	{ "epoll_create1", NULL, end_new, NONE, NONE, 0, CLOEXEC, ANON "[eventpoll]" },
	{ "eventfd", NULL, end_new, NONE, NONE, NONE, 0, ANON "[eventfd]" },
	{ "eventfd2", NULL, end_new, NONE, NONE, 1, CLOEXEC, ANON "[eventfd]" },
	{ "fanotify_init", NULL, end_new, NONE, NONE, 0, 1, ANON "[fanotify]" },
	{ "fchdir", sct_fd_enter_chdir, sct_fd_end_fchdir, NONE, NONE, NONE, 0, NULL },
	{ "fcntl", NULL, end_fcntl, NONE, NONE, NONE, 0, NULL },
	{ "fcntl64", NULL, end_fcntl, NONE, NONE, NONE, 0, NULL },
	{ "fsopen", NULL, end_new, NONE, NONE, 1, 1, ANON "[fscontext]" },
	{ "fspick", NULL, end_new, NONE, NONE, 2, 1, ANON "[fscontext]" },
	{ "getcwd", NULL, sct_fd_end_getcwd, NONE, NONE, NONE, 0, NULL },
	{ "getpeername", NULL, sct_fd_end_getpeername, NONE, NONE, NONE, 0, NULL },
	{ "getsockname", NULL, sct_fd_end_getsockname, NONE, NONE, NONE, 0, NULL },
	{ "inotify_init", NULL, end_new, NONE, NONE, NONE, 0, ANON "inotify" },
	{ "inotify_init1", NULL, end_new, NONE, NONE, 0, CLOEXEC, ANON "inotify" },
	{ "io_uring_enter", enter_ring, NULL, NONE, NONE, NONE, 0, NULL },
	{ "io_uring_setup", enter_ring, NULL, NONE, NONE, NONE, 0, NULL },
	{ "ioctl", NULL, end_ioctl, NONE, NONE, NONE, 0, NULL },
	{ "landlock_create_ruleset", NULL, end_landlock, NONE, NONE, NONE, 1, ANON "[landlock-ruleset]" },
	{ "memfd_create", NULL, end_named, 0, NONE, 1, 1, NULL },
	{ "memfd_secret", NULL, end_new, NONE, NONE, 0, CLOEXEC, "/secretmem (deleted)" },
	{ "mq_open", NULL, end_named, 0, NONE, NONE, CLOEXEC, NULL },
	{ "open", sct_fd_note_path, end_open, 0, NONE, 1, CLOEXEC, NULL },
	{ "openat", sct_fd_note_path, end_open, 1, 0, 2, CLOEXEC, NULL },
	{ "openat2", note_how, end_openat2, 1, 0, NONE, 0, NULL },
	{ "perf_event_open", NULL, end_new, NONE, NONE, 4, 8, ANON "[perf_event]" },
	{ "pidfd_open", NULL, end_new, NONE, NONE, NONE, 1, ANON "[pidfd]" },
	{ "pipe", NULL, sct_fd_end_pair, 0, NONE, NONE, 0, "pipe" },
	{ "pipe2", NULL, sct_fd_end_pair, 0, NONE, 1, CLOEXEC, "pipe" },
	{ "pivot_root", NULL, sct_fd_end_pivot_root, NONE, NONE, NONE, 0, NULL },
	{ "rename", NULL, sct_fd_end_rename, 0, NONE, NONE, 0, NULL },
	{ "renameat", NULL, sct_fd_end_rename, 1, 0, NONE, 0, NULL },
	{ "renameat2", NULL, sct_fd_end_rename, 1, 0, 4, 0, NULL },
	{ "setns", NULL, sct_fd_end_root, NONE, NONE, NONE, 0, NULL },
	{ "signalfd", NULL, end_signalfd, NONE, NONE, NONE, 0, ANON "[signalfd]" },
	{ "signalfd4", NULL, end_signalfd, NONE, NONE, 3, CLOEXEC, ANON "[signalfd]" },
	{ "socket", NULL, sct_fd_end_socket, NONE, NONE, 1, CLOEXEC, NULL },
	{ "socketpair", NULL, sct_fd_end_pair, 3, NONE, 1, CLOEXEC, NULL },
	{ "timerfd_create", NULL, end_new, NONE, NONE, 1, CLOEXEC, ANON "[timerfd]" },
	{ "unshare", NULL, end_unshare, NONE, NONE, NONE, 0, NULL },
	{ "userfaultfd", NULL, end_new, NONE, NONE, 0, CLOEXEC, ANON "[userfaultfd]" },
};

static int by_name(const void *name, const void *call)
{
	return strcmp(name, ((const struct sct_fd_call *)call)->name);
}

const struct sct_fd_call *sct_fd_call_find(const char *name)
{
	return bsearch(name, calls, sizeof calls / sizeof *calls, sizeof *calls, by_name);
}
