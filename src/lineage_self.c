/* What threads say of themselves: their names, their processes' parents, and what ends a process.
 * In:  calls at their entry and their end; who made them, where the recording says that itself
 * Out: pid, tid, ppid, uid, comm and exe of records
 *
 * A parent's number is told until something shows, or may mean, that it has ended: its children have another parent
 * then.
 */
#include "lineage.h"

#include <stdlib.h>
#include <string.h>

enum { SET_NAME = 15 };        /* include/uapi/linux/prctl.h */
enum { DOUBTS_MAX = 65536 };   /* numbers of processes that may be gone; behind that any may */

/* What a call has to do with names, parents and ends of processes. */
enum role { NO_ROLE, BEGINS, ENDS, NAMES, OPENS, PARENT, REAPS, TO_PROCESS, TO_THREAD, TO_DESCRIPTOR };

static const struct call { const char *name; enum role role; } calls[] = { /* sorted */
	{ "creat", OPENS }, { "exit", ENDS }, { "exit_group", ENDS }, { "getppid", PARENT }, { "kill", TO_PROCESS },
	{ "open", OPENS }, { "openat", OPENS }, { "openat2", OPENS }, { "pidfd_send_signal", TO_DESCRIPTOR },
	{ "prctl", NAMES }, { "rt_sigqueueinfo", TO_PROCESS }, { "rt_tgsigqueueinfo", TO_PROCESS },
	{ "set_tid_address", BEGINS }, { "tgkill", TO_PROCESS }, { "tkill", TO_THREAD }, { "wait4", REAPS },
	{ "waitid", REAPS }, { "waitpid", REAPS },
};

static int by_name(const void *name, const void *call)
{
	return strcmp(name, ((const struct call *)call)->name);
}

static const void *find_call(const char *name)
{
	return bsearch(name, calls, sizeof calls / sizeof *calls, sizeof *calls, by_name);
}

static enum role role_of(struct sct_lineage *l, const struct sct_open *open)
{
	const struct call *c = sct_proto_row(&l->calls, open->call.proto, find_call);

	return c ? c->role : NO_ROLE;
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

/* All threads of one program are of one process. Behind a fork, a child may be taken for a thread that has no
 * number. */
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

/* ---- what ends a process ------------------------------------------------------------------------------------ */

/* From now on the process of that number may be gone, until it calls again; unknown: any may. */
static void doubt(struct sct_lineage *l, const struct sct_word *pid)
{
	l->clock++;
	if (pid->known && l->doubts.used < DOUBTS_MAX)
		sct_map_put(&l->doubts, pid->value, (void *)(uintptr_t)l->clock);
	else
		l->doubt = l->clock;
}

/* Number 1 outlives its children, in every PID namespace. */
static bool is_there(const struct sct_lineage *l, const struct sct_process *p)
{
	if (!p->pid.known || p->pid.value == 1)
		return true;
	return !p->gone && !p->doubtful && p->called >= l->doubt &&
	       p->called >= (uintptr_t)sct_map_get(&l->doubts, p->pid.value);
}

/* A signal may end the process that it is for: parameter 0 names it, or one of its threads, or a group of them. */
static void doubt_receiver(struct sct_lineage *l, const struct sct_open *open, enum role role)
{
	struct sct_self *self = sct_thread_self(open->thread);
	const struct sct_word *to = &open->call.word[0];
	const struct sct_word pid = { to->known && (int32_t)to->value > 0 && role == TO_PROCESS, (uint32_t)to->value };

	if (role == TO_THREAD && to->known && self->tid.known && (uint32_t)to->value == self->tid.value) {
		if (self->process)
			self->process->doubtful = true;
		return;
	}
	if (role == TO_PROCESS || role == TO_THREAD || role == TO_DESCRIPTOR)
		doubt(l, &pid);
}

static void note_exit(const struct sct_open *open)
{
	struct sct_process *process = sct_thread_self(open->thread)->process;

	if (!process)
		return;
	process->doubtful = true; /* other threads of it may go on */
	process->gone = process->gone || !strcmp(open->call.proto->name, "exit_group");
}

static const char *keep(struct sct_open *open, const char *text)
{
	return text && *text ? sct_arena_copy(&open->arena, text, strlen(text)) : NULL;
}

/* What the recording itself says holds at this very call. */
static void tell_told(struct sct_open *open)
{
	struct sct_self *self = sct_thread_self(open->thread);
	const struct sct_told *told = &self->told;
	struct sct_record *r = &open->record;

	r->pid = *sct_thread_pid(open->thread) = told->pid;
	r->tid = self->tid = told->tid;
	r->ppid = told->ppid;
	r->uid = told->uid;
	r->comm = keep(open, told->comm);
	r->exe = keep(open, told->exe);
}

static void tell(const struct sct_lineage *l, struct sct_open *open)
{
	const struct sct_self *self = sct_thread_self(open->thread);
	const struct sct_process *process = self->process, *parent = process ? process->parent : NULL;
	struct sct_record *r = &open->record;

	r->pid = *sct_thread_pid(open->thread);
	r->tid = self->tid;
	if (parent && is_there(l, parent))
		r->ppid = parent->pid;
	if (!r->ppid.known && process && process->of_init)
		r->ppid = (struct sct_word){ true, 1 };
	if (!(process && process->renamed))
		r->comm = keep(open, self->comm);
}

void sct_lineage_told(struct sct_thread *t, const struct sct_event *who)
{
	struct sct_told *told = &sct_thread_self(t)->told;
	const struct sct_word number = { true, who->value };

	switch ((enum sct_fact)who->reg) {
	case SCT_FACT_PID:
		free(told->exe);
		*told = (struct sct_told){ .pid = number };
		break;
	case SCT_FACT_TID: told->tid = number; break;
	case SCT_FACT_PPID: told->ppid = number; break;
	case SCT_FACT_UID: told->uid = number; break;
	case SCT_FACT_COMM:
		if (who->len < sizeof told->comm)
			memcpy(told->comm, who->data, who->len);
		break;
	case SCT_FACT_EXE:
		told->exe = told->exe ? told->exe : strndup((const char *)who->data, who->len);
		break;
	}
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

	memcpy(self->comm, name, n);
	memset(self->comm + n, 0, sizeof self->comm - n);
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

	self->comm[0] = 0;
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

	self->comm[0] = 0;
	if (!self->leader)
		self->tid.known = false;
}

static void end_prctl(struct sct_open *open, bool known, bool failed)
{
	struct sct_self *self = sct_thread_self(open->thread);
	const struct sct_value *name = text_argument(open);

	if (failed || (open->call.word[0].known && (uint32_t)open->call.word[0].value != SET_NAME))
		return;
	self->comm[0] = 0;
	if (known && open->call.word[0].known && name && (!name->partial || name->len >= sizeof self->comm))
		set_name(self, name->data, name->len);
}

/* ---- results ------------------------------------------------------------------------------------------------ */

/* Whether the guest's own data have told who calls, by numbers of its first PID namespace: results have numbers of the
 * caller's. Calls do not show when a thread began. */
static bool guest_told(const struct sct_open *open)
{
	return open->record.start_time_ns.known;
}

static void learn_number(const struct sct_open *open, struct sct_word *known, struct sct_word *told,
                         const struct sct_word *number)
{
	*known = *number;
	if (!guest_told(open))
		*told = *number;
}

/* getpid, gettid and set_tid_address tell who the caller is; of a process's leader one number tells the other. */
static void learn_caller(struct sct_lineage *l, struct sct_open *open, unsigned flags, uint64_t result)
{
	struct sct_self *self = sct_thread_self(open->thread);
	struct sct_word id = { true, (uint32_t)result };

	/* C libraries call it in the thread that begins the program, clone does it for others */
	if (l->first.known && open->record.thread.known && l->first.value == open->record.thread.value &&
	    role_of(l, open) == BEGINS)
		self->leader = true;
	if (flags & SCT_P_GETPID || (flags & SCT_P_GETTID && self->leader))
		learn_number(open, sct_thread_pid(open->thread), &open->record.pid, &id);
	if (flags & SCT_P_GETTID || (flags & SCT_P_GETPID && self->leader))
		learn_number(open, &self->tid, &open->record.tid, &id);
}

/* The process has another parent than the one that made it: whatever ended that one, no call showed it. 0 is a parent
 * of another PID namespace. */
static void forget_other_parent(struct sct_open *open, uint64_t result)
{
	struct sct_process *process = sct_thread_self(open->thread)->process, *made_by = process ? process->parent : NULL;
	struct sct_word *told = &open->record.ppid;

	if (!result || !made_by || !made_by->pid.known || made_by->pid.value == result)
		return;
	if (!guest_told(open) && told->known && told->value == made_by->pid.value)
		told->known = false; /* else the recording itself told it */
	sct_process_put(made_by);
	process->parent = NULL;
}

static void learn_parent(struct sct_open *open, uint64_t result)
{
	struct sct_process *process = result == 1 ? sct_lineage_process(open->thread) : NULL;

	forget_other_parent(open, result);
	if (!open->record.ppid.known && !guest_told(open))
		open->record.ppid = (struct sct_word){ true, (uint32_t)result };
	if (process)
		process->of_init = true;
}

void sct_lineage_enter(struct sct_lineage *l, struct sct_open *open)
{
	struct sct_process *process;
	enum role role = role_of(l, open);

	join_program(l, open);
	process = sct_thread_self(open->thread)->process;
	if (process) {
		process->doubtful = false;
		process->called = l->clock;
	}
	if (sct_thread_self(open->thread)->told.pid.known)
		tell_told(open);
	else
		tell(l, open);
	doubt_receiver(l, open, role);
	if (role == ENDS)
		note_exit(open);
}

void sct_lineage_learn(struct sct_lineage *l, struct sct_open *open, bool known, uint64_t result)
{
	const struct sct_word pid = { (int32_t)result > 0, (uint32_t)result };
	unsigned flags = open->call.proto ? open->call.proto->flags : 0, error;
	bool failed = known && sct_call_failed(&open->call, result, &error);
	enum role role = role_of(l, open);

	if (pid.known && known)
		learn_caller(l, open, flags, result);
	if (flags & SCT_P_EXEC && !known)
		maybe_new_image(open);
	else if (flags & SCT_P_EXEC && !failed)
		new_image(open);
	if (role == NAMES)
		end_prctl(open, known, failed);
	else if (role == OPENS && !failed)
		end_open(open);
	else if (role == PARENT && known && !failed)
		learn_parent(open, result);
	else if (role == REAPS && known && !failed)
		doubt(l, &pid);
}
