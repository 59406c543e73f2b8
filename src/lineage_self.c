/* What threads say of themselves: their names, their processes' parents, and what ends a process.
 * In:  calls at their entry and their end
 * Out: pid, tid, ppid and comm of records
 *
 * A parent's number is told until something shows, or may mean, that it has ended: its children have another parent then.
 */
#include "lineage.h"

#include <string.h>

enum { SET_NAME = 15, FLAG_THREAD = 0x10000 }; /* include/uapi/linux/prctl.h, sched.h */

static bool is_named(const struct sct_open *open, const char *const *names)
{
	while (open->call.proto && *names && strcmp(*names, open->call.proto->name))
		names++;
	return open->call.proto && *names;
}

/* ---- who calls ---------------------------------------------------------------------------------------------- */

struct sct_process *sct_lineage_process(struct sct_thread *t)
{
	struct sct_self *self = sct_thread_self(t);
	struct sct_process *p = self->process ? NULL : sct_process_new(NULL);

	if (!p)
		return self->process;
	sct_self_join(self, p);
	sct_process_put(p);
	return p;
}

/* All threads of one program are of one process. Behind a fork, a child may be taken for a thread that has no number. */
static void join_program(struct sct_lineage *l, struct sct_open *open)
{
	struct sct_self *self = sct_thread_self(open->thread);

	if (!l->program || self->process || (l->forked && !open->record.thread.known))
		return;
	if (!l->process) {
		l->process = sct_process_new(NULL);
		l->first = sct_thread_number(open->thread);
	}
	sct_self_join(self, l->process);
}

static void tell(struct sct_open *open)
{
	const struct sct_self *self = sct_thread_self(open->thread);
	const struct sct_process *process = self->process, *parent = process ? process->parent : NULL;
	struct sct_record *r = &open->record;

	r->pid = *sct_thread_pid(open->thread);
	r->tid = self->tid;
	if (parent && !parent->gone && !parent->doubtful)
		r->ppid = parent->pid;
	if (!r->ppid.known && process && process->of_init)
		r->ppid = (struct sct_word){ true, 1 };
	if (self->comm[0] && !(process && process->renamed))
		r->comm = sct_arena_copy(&open->arena, self->comm, strlen(self->comm));
}

/* ---- what ends a process ------------------------------------------------------------------------------------ */

/* The process of that number, or the one of the thread of that number, may be gone; unknown: any may. But number 1, which
 * outlives its children, in every PID namespace. */
static void doubt(const struct sct_pending *p, const struct sct_word *pid, const struct sct_word *tid)
{
	for (size_t i = 0; i < p->threads.size; i++) {
		struct sct_thread *t = p->threads.slots[i].value;
		const struct sct_self *self = t ? sct_thread_self(t) : NULL;
		struct sct_process *process = self ? self->process : NULL;

		if (!process || (process->pid.known && process->pid.value == 1) ||
		    (pid->known && process->pid.known && process->pid.value != pid->value) ||
		    (tid->known && self->tid.known && self->tid.value != tid->value))
			continue;
		process->doubtful = true;
	}
}

/* A signal may end the process that it is for: parameter 0 names it, or one of its threads, or a group of them. */
static void doubt_receiver(const struct sct_pending *p, const struct sct_open *open)
{
	static const char *const to_process[] = { "kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", NULL };
	static const char *const to_thread[] = { "tkill", NULL }, *const by_descriptor[] = { "pidfd_send_signal", NULL };
	const struct sct_word *to = &open->call.word[0];
	const struct sct_word number = { to->known && (int32_t)to->value > 0, (uint32_t)to->value }, any = { 0 };

	if (is_named(open, to_process))
		doubt(p, &number, &any);
	else if (is_named(open, to_thread))
		doubt(p, &any, &number);
	else if (is_named(open, by_descriptor))
		doubt(p, &any, &any);
}

static void note_exit(const struct sct_open *open)
{
	struct sct_process *process = sct_thread_self(open->thread)->process;

	if (!process || !open->call.proto || !(open->call.proto->flags & SCT_P_NORETURN))
		return;
	process->doubtful = true; /* other threads of it may go on */
	process->gone = process->gone || !strcmp(open->call.proto->name, "exit_group");
}

/* ---- names -------------------------------------------------------------------------------------------------- */

static const struct sct_value *text_argument(const struct sct_open *open)
{
	for (size_t i = 0; i < open->record.nargs; i++)
		if (open->args[i].meaning == SCT_M_STR)
			return &open->args[i];
	return NULL;
}

/* The kernel cuts names (fs/exec.c, __set_task_comm). */
static void set_name(struct sct_self *self, const uint8_t *name, size_t len)
{
	size_t n = len < sizeof self->comm - 1 ? len : sizeof self->comm - 1;

	memset(self->comm, 0, sizeof self->comm);
	memcpy(self->comm, name, n);
}

static bool only_reads(const struct sct_open *open)
{
	for (size_t i = 0; i < open->record.nargs; i++)
		if (!strcmp(open->args[i].name, "flags"))
			return open->args[i].known && !(open->args[i].raw & 3);
	return false;
}

/* /proc/self/task/N/comm: a thread of the process gives another one its name. */
static void end_open(struct sct_open *open)
{
	const struct sct_value *path = text_argument(open);
	struct sct_process *process;

	if (!path || only_reads(open) ||
	    (!path->partial && (path->len < 4 || memcmp(path->data + path->len - 4, "comm", 4))))
		return;
	process = sct_lineage_process(open->thread);
	if (process)
		process->renamed = true;
}

/* A new image has the name of its file, a script's that of the script (fs/exec.c, begin_new_exec). */
static void new_image(struct sct_open *open)
{
	struct sct_self *self = sct_thread_self(open->thread);
	const struct sct_value *path = text_argument(open);
	size_t at;

	set_name(self, NULL, 0);
	if (self->process)
		self->process->renamed = false;
	/* it runs as the process's leader, whichever thread asked for it (de_thread) */
	self->leader = true;
	self->tid = *sct_thread_pid(open->thread);
	if (!path || strcmp(path->name, "filename") || path->partial)
		return;
	for (at = path->len; at && path->data[at - 1] != '/'; at--)
		;
	set_name(self, path->data + at, path->len - at);
}

/* Whether there is a new image is not known: its name and number would be others. */
static void maybe_new_image(struct sct_open *open)
{
	struct sct_self *self = sct_thread_self(open->thread);

	set_name(self, NULL, 0);
	if (!self->leader)
		self->tid.known = false;
}

static void end_prctl(struct sct_open *open, bool known, bool failed)
{
	struct sct_self *self = sct_thread_self(open->thread);
	const struct sct_value *name = text_argument(open);

	if (failed || (open->call.word[0].known && (uint32_t)open->call.word[0].value != SET_NAME))
		return;
	set_name(self, NULL, 0);
	if (known && open->call.word[0].known && name && (!name->partial || name->len >= sizeof self->comm))
		set_name(self, name->data, name->len);
}

/* ---- results ------------------------------------------------------------------------------------------------ */

/* getpid, gettid and set_tid_address tell who the caller is; of a process's leader one number tells the other. */
static void learn_caller(const struct sct_lineage *l, struct sct_open *open, unsigned flags, uint64_t result)
{
	static const char *const beginning[] = { "set_tid_address", NULL };
	struct sct_self *self = sct_thread_self(open->thread);
	struct sct_word id = { true, (uint32_t)result };

	/* C libraries call it in the thread that begins the program, clone does it for others */
	if (l->first.known && open->record.thread.known && l->first.value == open->record.thread.value &&
	    is_named(open, beginning))
		self->leader = true;
	if (flags & SCT_P_GETPID || (flags & SCT_P_GETTID && self->leader))
		*sct_thread_pid(open->thread) = open->record.pid = id;
	if (flags & SCT_P_GETTID || (flags & SCT_P_GETPID && self->leader))
		self->tid = open->record.tid = id;
}

static void learn_parent(struct sct_open *open, uint64_t result)
{
	struct sct_process *process = result == 1 ? sct_lineage_process(open->thread) : NULL;

	if (!open->record.ppid.known)
		open->record.ppid = (struct sct_word){ true, (uint32_t)result };
	if (process)
		process->of_init = true;
}

void sct_lineage_enter(struct sct_lineage *l, struct sct_pending *p, struct sct_open *open)
{
	struct sct_process *process;

	join_program(l, open);
	process = sct_thread_self(open->thread)->process;
	if (process)
		process->doubtful = false;
	tell(open);
	doubt_receiver(p, open);
	note_exit(open);
}

void sct_lineage_learn(const struct sct_lineage *l, const struct sct_pending *p, struct sct_open *open, bool known,
                       uint64_t result)
{
	static const char *const prctl[] = { "prctl", NULL }, *const getppid[] = { "getppid", NULL };
	static const char *const opens[] = { "open", "openat", "openat2", "creat", NULL };
	static const char *const reaping[] = { "wait4", "waitpid", "waitid", NULL };
	const struct sct_word pid = { (int32_t)result > 0, (uint32_t)result }, any = { 0 };
	unsigned flags = open->call.proto ? open->call.proto->flags : 0, error;
	bool failed = known && sct_call_failed(&open->call, result, &error);

	if (pid.known && known)
		learn_caller(l, open, flags, result);
	if (flags & SCT_P_EXEC && !known)
		maybe_new_image(open);
	else if (flags & SCT_P_EXEC && !failed)
		new_image(open);
	if (is_named(open, prctl))
		end_prctl(open, known, failed);
	if (is_named(open, opens) && !failed)
		end_open(open);
	if (is_named(open, getppid) && known && !failed)
		learn_parent(open, result);
	if (is_named(open, reaping) && known && !failed)
		doubt(p, &pid, &any);
}
