/* Descriptors: which thread has which table, and what forks, execs and lost calls mean for them.
 * In:  calls at their entry and their end, first steps of children
 * Out: what a number stands for
 *
 * Threads share a table as clone's flags say. Those that were there before the recording share one when they share an
 * address space, until something shows that they do not.
 */
#include "clone.h"
#include "descriptors_calls.h"
#include "descriptors_text.h"

#include <stdlib.h>
#include <string.h>

enum {
	TASKS_MAX = 65536,   /* threads that are known at once: those that were killed unseen are among them */
	WAITING_MAX = 4096,  /* forks whose child has not run yet, or was never told to be theirs */
};

/* The one process of a recording that does not number threads; their numbers are far below. */
#define PROGRAM_KEY UINT64_MAX

/* ---- notes -------------------------------------------------------------------------------------------------- */

struct sct_fd_note *sct_fd_note(struct sct_fd_act *a)
{
	if (a->note)
		return a->note;
	a->note = calloc(1, sizeof *a->note);
	if (!a->note)
		return NULL;
	a->note->id = a->open->record.id;
	sct_map_put(&a->d->notes, a->note->id, a->note);
	return a->note;
}

static void release_fork(struct sct_descriptors *d, struct sct_fd_note *n)
{
	sct_fd_table_put(d, n->table);
	sct_fd_list_put(n->list);
	sct_fd_dir_put(n->dir);
	n->table = NULL;
	n->list = NULL;
	n->dir = NULL;
}

static void stop_waiting(struct sct_descriptors *d, struct sct_fd_note *n)
{
	*(n->prev ? &n->prev->next : &d->oldest) = n->next;
	*(n->next ? &n->next->prev : &d->newest) = n->prev;
	d->waiting--;
}

static void drop_note(struct sct_descriptors *d, struct sct_fd_note *n)
{
	if (n->ended)
		stop_waiting(d, n);
	sct_map_del(&d->notes, n->id);
	release_fork(d, n);
	free(n->path);
	free(n);
}

/* The fork has ended: its child is still to come. */
static void wait_for_child(struct sct_descriptors *d, struct sct_fd_note *n)
{
	if (d->waiting == WAITING_MAX)
		drop_note(d, d->oldest);
	n->ended = true;
	n->prev = d->newest;
	*(n->prev ? &n->prev->next : &d->oldest) = n;
	d->newest = n;
	d->waiting++;
}

/* ---- tasks -------------------------------------------------------------------------------------------------- */

static bool key_of(const struct sct_descriptors *d, const struct sct_thread *t, uint64_t *key)
{
	struct sct_word number = sct_thread_number(t);

	*key = number.known ? number.value : PROGRAM_KEY;
	return number.known || d->program;
}

static void drop_task(struct sct_descriptors *d, struct sct_fd_task *t)
{
	sct_map_del(&d->tasks, t->key);
	sct_fd_table_put(d, t->table);
	sct_fd_dir_put(t->dir);
	free(t);
}

/* A new task with that table and directory, whose references it takes; NULL: out of memory. */
static struct sct_fd_task *new_task(struct sct_descriptors *d, uint64_t key, struct sct_fd_table *table,
                                    struct sct_fd_dir *dir)
{
	struct sct_fd_task *old = sct_map_get(&d->tasks, key), *t = table && dir ? calloc(1, sizeof *t) : NULL;

	if (old)
		drop_task(d, old);
	if (!t) {
		sct_fd_table_put(d, table);
		sct_fd_dir_put(dir);
		return NULL;
	}
	*t = (struct sct_fd_task){ key, table, dir };
	sct_map_put(&d->tasks, key, t);
	return t;
}

static bool in_space(const struct sct_fd_table *t, const struct sct_word *space)
{
	return t->space.known && space->known && t->space.value == space->value;
}

/* A process has that address space now: whoever had it before is gone. */
static void take_space(struct sct_descriptors *d, struct sct_fd_table *mine, const struct sct_word *space)
{
	if (!space->known || in_space(mine, space))
		return;
	for (struct sct_fd_table *t = d->tables; t; t = t->next) {
		if (!in_space(t, space))
			continue;
		sct_fd_clear(t);
		t->space.known = false;
	}
	mine->space = *space;
}

void sct_descriptors_missed(struct sct_descriptors *d, const struct sct_word *space)
{
	for (struct sct_fd_table *t = d->tables; t; t = t->next)
		if (!space->known || !t->space.known || in_space(t, space)) {
			sct_fd_doubt(t);
			sct_fd_dir_doubt(t->dir);
		}
}

/* Threads without a number may be a fork's child, where others have one. */
static bool is_mixed(const struct sct_descriptors *d, uint64_t key)
{
	return key == PROGRAM_KEY || sct_map_get(&d->tasks, PROGRAM_KEY);
}

/* The table that a thread of unknown origin shares with others of its address space, or NULL: it is the first. What is
 * told of a thread that was there before the recording is that nobody has started it since. */
static struct sct_fd_table *join(struct sct_descriptors *d, uint64_t key, const struct sct_word *space, bool before)
{
	struct sct_fd_table *found = NULL;
	unsigned n = 0;

	for (struct sct_fd_table *t = d->tables; t; t = t->next) {
		if (!d->program && !in_space(t, space))
			continue;
		before = before && t->found;
		found = t;
		n++;
	}
	if (n && (d->program ? is_mixed(d, key) : n > 1 || !before))
		sct_descriptors_missed(d, space);
	return found;
}

static struct sct_fd_task *stranger(struct sct_descriptors *d, uint64_t key, const struct sct_word *space, bool before)
{
	struct sct_fd_table *table;
	struct sct_fd_dir *dir;

	if (d->tasks.used >= TASKS_MAX)
		sct_descriptors_gap(d);
	table = join(d, key, space, before);
	if (table) {
		table->refs++;
		table->dir->refs++;
		return new_task(d, key, table, table->dir);
	}
	dir = sct_fd_dir_new(NULL);
	table = dir ? sct_fd_table_new(d, NULL, dir) : NULL;
	if (table) {
		table->space = *space;
		table->found = before;
	}
	return new_task(d, key, table, dir);
}

void sct_fd_unshare(struct sct_descriptors *d, struct sct_fd_task *task)
{
	struct sct_fd_table *old = task->table, *mine;

	if (old->refs == 1 && !old->doubtful)
		return;
	mine = sct_fd_table_new(d, old->list, task->dir);
	if (!mine) {
		sct_fd_doubt(old);
		return;
	}
	mine->space = old->space;
	memcpy(mine->changes, old->changes, sizeof mine->changes);
	mine->nchanges = old->nchanges;
	task->table = mine;
	sct_fd_table_put(d, old);
}

void sct_fd_unshare_dir(struct sct_fd_task *task)
{
	struct sct_fd_dir *mine = task->dir->refs > 1 ? sct_fd_dir_new(task->dir->path) : NULL;

	if (!mine)
		return;
	sct_fd_dir_put(task->dir);
	task->dir = mine;
}

/* Whether one of the names in a path is that one. */
static bool has_name(const char *path, const char *name, size_t len)
{
	for (const char *at = path; (at = strchr(at, '/')); at++)
		if (!strncmp(at + 1, name, len) && (at[1 + len] == '/' || !at[1 + len]))
			return true;
	return false;
}

static void forget_in(struct sct_fd_dir *dir, struct sct_fd_list *list, const char *name, size_t len)
{
	if (dir && dir->path && (!name || has_name(dir->path, name, len)))
		sct_fd_dir_set(dir, NULL);
	for (unsigned i = 0; list && i < list->count; i++)
		list->at[i].file->moved |= !name || has_name(list->at[i].file->name, name, len);
}

void sct_fd_forget_dirs(struct sct_descriptors *d, const char *name, size_t len)
{
	for (size_t i = 0; i < d->tasks.size; i++) {
		const struct sct_fd_task *t = d->tasks.slots[i].value;

		if (t)
			forget_in(t->dir, t->table->list, name, len);
	}
	for (size_t i = 0; i < d->notes.size; i++) {
		const struct sct_fd_note *n = d->notes.slots[i].value;

		if (n)
			forget_in(n->dir, n->list, name, len);
	}
}

/* ---- calls -------------------------------------------------------------------------------------------------- */

static unsigned flags_of(const struct sct_open *open)
{
	return open->call.proto ? open->call.proto->flags : 0;
}

static const void *find_call(const char *name)
{
	return sct_fd_call_find(name);
}

static const struct sct_fd_call *call_of(struct sct_descriptors *d, const struct sct_open *open)
{
	return sct_proto_row(&d->calls, open->call.proto, find_call);
}

/* Without numbers, a fork's child is taken for its parent. */
static void note_program_fork(struct sct_fd_act *a)
{
	const struct sct_word *flags = &a->open->call.word[0];

	if (!strcmp(a->open->call.proto->name, "clone") && flags->known && flags->value & SCT_CLONE_THREAD)
		return;
	sct_fd_doubt(a->task->table);
	sct_fd_dir_doubt(a->task->dir);
}

static void note_fork(struct sct_fd_act *a)
{
	struct sct_fd_note *note = sct_fd_note(a);

	if (!note)
		return;
	note->table = a->task->table;
	note->table->refs++;
	note->list = sct_fd_list_ref(note->table->list);
	note->dir = a->task->dir;
	note->dir->refs++;
	note->path = note->dir->path ? strdup(note->dir->path) : NULL;
}

void sct_descriptors_enter(struct sct_descriptors *d, const struct sct_open *open, const struct sct_mem *mem)
{
	const struct sct_fd_call *call = call_of(d, open);
	struct sct_word space = { open->space_known, open->space };
	struct sct_fd_act a = { .d = d, .open = open, .mem = mem, .call = call };
	uint64_t key;

	d->now = open->record.id > d->now ? open->record.id : d->now;
	if (!key_of(d, open->thread, &key)) {
		if (call || !open->call.proto)
			sct_descriptors_missed(d, &space);
		return;
	}
	a.task = sct_map_get(&d->tasks, key);
	if (!a.task)
		a.task = stranger(d, key, &space, true);
	if (!a.task)
		return;
	take_space(d, a.task->table, &space);
	if (call && call->enter)
		call->enter(&a);
	else if (flags_of(open) & SCT_P_FORK && key == PROGRAM_KEY)
		note_program_fork(&a);
	else if (flags_of(open) & SCT_P_FORK)
		note_fork(&a);
}

/* A new image has what execve left open, in a table of its own (fs/exec.c, begin_new_exec). The threads that shared the
 * old one are gone, but for a vfork's parent that was taken for one. */
static void exec(struct sct_descriptors *d, struct sct_fd_task *task)
{
	struct sct_fd_table *old = task->table;

	old->refs++;
	sct_fd_unshare(d, task);
	if (old->found && task->table != old)
		sct_fd_clear(old);
	sct_fd_table_put(d, old);
	task->table->found = false;
	sct_fd_exec(task->table);
}

/* What a fork's child got: what stood in the table both when the call began and now. */
static void settle(struct sct_fd_note *n)
{
	sct_fd_keep_common(&n->list, n->table->list);
	if (n->path && (!n->dir->path || strcmp(n->path, n->dir->path))) {
		free(n->path);
		n->path = NULL;
	}
}

/* Returns whether the note stays, for the child. */
static bool end_fork(struct sct_fd_act *a)
{
	if (!a->note || !a->note->table || !a->good)
		return false;
	settle(a->note);
	wait_for_child(a->d, a->note);
	return true;
}

/* A call that is in no table: whatever it was. */
static void end_unknown(struct sct_fd_act *a)
{
	if (a->known && !a->good)
		return;
	sct_fd_doubt(a->task->table);
	sct_fd_dir_doubt(a->task->dir);
}

static void end_call(struct sct_fd_act *a)
{
	const struct sct_open *open = a->open;
	unsigned flags = flags_of(open);

	if (open->record.end == SCT_END_EXEC)
		exec(a->d, a->task);
	else if (flags & SCT_P_EXEC && open->record.end == SCT_END_LOST)
		sct_fd_doubt(a->task->table);
	else if (!open->call.proto)
		end_unknown(a);
	else if (a->call && a->call->end)
		a->call->end(a);
	else if (flags & SCT_P_FD_RESULT && a->good)
		sct_fd_give(a, a->result, NULL, SCT_FD_MAYBE);
}

void sct_descriptors_end(struct sct_descriptors *d, const struct sct_open *open, const struct sct_mem *mem, bool known,
                         uint64_t result)
{
	struct sct_fd_act a = {
		.d = d, .open = open, .mem = mem, .call = call_of(d, open), .known = known, .result = (int)(uint32_t)result,
		.note = sct_map_get(&d->notes, open->record.id),
	};
	const struct sct_word space = { open->space_known, open->space };
	unsigned error, flags = flags_of(open);
	uint64_t key;
	bool keep = false, numbered = key_of(d, open->thread, &key);

	a.good = known && !sct_call_failed(&open->call, result, &error);
	a.task = numbered ? sct_map_get(&d->tasks, key) : NULL;
	if (flags & SCT_P_FORK)
		keep = end_fork(&a);
	else if (a.task && open->record.end != SCT_END_NORETURN)
		end_call(&a);
	else if (!numbered && (a.call || !open->call.proto))
		sct_descriptors_missed(d, &space);
	if (a.note && !keep)
		drop_note(d, a.note);
	if (a.task && (open->record.end == SCT_END_KILLED || flags & SCT_P_NORETURN))
		drop_task(d, a.task);
}

void sct_descriptors_child(struct sct_descriptors *d, const struct sct_thread *child, const struct sct_word *call,
                           uint64_t flags, const struct sct_word *space)
{
	struct sct_fd_note *n = call->known ? sct_map_get(&d->notes, call->value) : NULL;
	struct sct_fd_table *table;
	struct sct_fd_dir *dir;
	uint64_t key;

	if (!key_of(d, child, &key))
		return;
	if (!n || !n->table) {
		stranger(d, key, space, false);
		return;
	}
	if (!n->ended)
		settle(n);
	dir = flags & SCT_CLONE_FS ? n->dir : sct_fd_dir_new(n->path);
	if (dir == n->dir)
		dir->refs++;
	table = flags & SCT_CLONE_FILES ? n->table : dir ? sct_fd_table_new(d, n->list, dir) : NULL;
	if (table == n->table)
		table->refs++;
	else if (table && in_space(n->table, space))
		table->space = *space;
	else if (table)
		take_space(d, table, space);
	new_task(d, key, table, dir);
	if (n->ended)
		drop_note(d, n);
	else
		release_fork(d, n);
}

/* ---- the whole ---------------------------------------------------------------------------------------------- */

void sct_descriptors_gap(struct sct_descriptors *d)
{
	for (size_t i = 0; i < d->tasks.size; i++) {
		struct sct_fd_task *t = d->tasks.slots[i].value;

		if (!t)
			continue;
		sct_fd_table_put(d, t->table);
		sct_fd_dir_put(t->dir);
		free(t);
	}
	sct_map_fini(&d->tasks);
	for (size_t i = 0; i < d->notes.size; i++) {
		struct sct_fd_note *n = d->notes.slots[i].value;

		if (!n)
			continue;
		release_fork(d, n);
		free(n->path);
		free(n);
	}
	sct_map_fini(&d->notes);
	d->oldest = d->newest = NULL;
	d->waiting = 0;
}

void sct_descriptors_fini(struct sct_descriptors *d)
{
	sct_descriptors_gap(d);
}

const char *sct_descriptors_text(const struct sct_descriptors *d, const struct sct_thread *t, int fd,
                                 struct sct_arena *arena)
{
	const struct sct_fd_task *task;
	const struct sct_fd_entry *e;
	uint64_t key;

	task = key_of(d, t, &key) ? sct_map_get(&d->tasks, key) : NULL;
	if (fd == SCT_AT_FDCWD)
		return task && task->dir->path ? sct_arena_copy(arena, task->dir->path, strlen(task->dir->path)) : NULL;
	e = task ? sct_fd_find(task->table->list, fd) : NULL;
	return e ? sct_fd_text(e->file, arena) : NULL;
}
