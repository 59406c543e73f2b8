/* Calls in flight, and what a thread's way back to user mode means for them.
 * In:  entries and returns with the machine of that moment
 * Out: which call ended, how, and with which result
 *
 * Where the recording numbers threads, a return belongs to the thread that returns, whatever registers look like.
 * Where it does not, a thread is known by its address space and user stack pointer: the kernel gives both back
 * unchanged at a normal return; what a signal or execve changes is then left unfinished rather than guessed.
 */
#include "pending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sct_thread {
	uint64_t key;           /* in sct_pending.threads */
	bool exact;             /* key is the recording's own number */
	bool fresh;             /* it has never been in user mode */
	bool leaving_handler;   /* sigreturn was called: the next return restores an interrupted context */
	struct sct_open *top;   /* innermost open call */
	struct sct_self self;
};

enum {
	FRAMES_MAX = 128,     /* places looked at for signal frames: three signals at one return, whatever their layouts */
	FRAME_REACH = 65536,  /* bytes from one frame to the next at most */
	INTERRUPTED_MAX = 64, /* calls of one thread that handlers interrupted: a jump left each handler but the last */
};

void sct_pending_init(struct sct_pending *p)
{
	memset(p, 0, sizeof *p);
	p->first.next = p->first.prev = &p->first;
}

static void *must(void *m)
{
	if (!m) {
		fputs("sctrace: out of memory\n", stderr);
		abort();
	}
	return m;
}

static void free_thread(struct sct_thread *t)
{
	if (!t)
		return;
	sct_process_put(t->self.process);
	free(t->self.told.exe);
	free(t);
}

void sct_pending_fini(struct sct_pending *p)
{
	while (p->first.next != &p->first)
		sct_pending_drop(p, p->first.next);
	for (size_t i = 0; i < p->threads.size; i++)
		free_thread(p->threads.slots[i].value);
	sct_map_fini(&p->threads);
	while (p->spare) {
		struct sct_open *o = p->spare;

		p->spare = o->next;
		sct_arena_fini(&o->arena);
		free(o);
	}
}

struct sct_self *sct_thread_self(struct sct_thread *t)
{
	return &t->self;
}

struct sct_word sct_thread_number(const struct sct_thread *t)
{
	return (struct sct_word){ t->exact, t->exact ? t->key : 0 };
}

static bool stack_pointer(const struct sct_machine *m, const struct sct_vcpu *v, uint64_t *sp)
{
	*sp = v->regs.value[m->arch->sp];
	return v->regs.known >> m->arch->sp & 1;
}

/* Thread numbers are small; keys made of registers have the top bit. */
static bool thread_key(const struct sct_machine *m, const struct sct_vcpu *v, uint64_t *key)
{
	uint64_t space, sp;

	if (v->thread.known) {
		*key = v->thread.value;
		return true;
	}
	if (!stack_pointer(m, v, &sp))
		return false;
	if (m->program)
		space = 0; /* there is only one */
	else if (!sct_arch_asid(m->arch, &v->regs, &space))
		return false;
	*key = ((space * UINT64_C(0x9e3779b97f4a7c15)) ^ (sp * UINT64_C(0xc2b2ae3d27d4eb4f))) | UINT64_C(1) << 63;
	return true;
}

struct sct_thread *sct_pending_thread(struct sct_pending *p, const struct sct_machine *m, const struct sct_vcpu *v)
{
	struct sct_thread *t;
	uint64_t key;

	if (!thread_key(m, v, &key))
		return NULL;
	t = sct_map_get(&p->threads, key);
	if (!t) {
		t = must(calloc(1, sizeof *t));
		t->key = key;
		t->exact = v->thread.known;
		sct_map_put(&p->threads, key, t);
	}
	return t;
}

void sct_pending_number(struct sct_pending *p, uint64_t id, uint64_t number)
{
	struct sct_open *o = p->first.prev;

	while (o != &p->first && o->record.id != id)
		o = o->prev;
	if (o == &p->first || o->thread->exact || sct_map_get(&p->threads, number))
		return;
	sct_map_del(&p->threads, o->thread->key);
	o->thread->key = number;
	o->thread->exact = true;
	sct_map_put(&p->threads, number, o->thread);
	o->record.thread = sct_thread_number(o->thread);
}

void sct_thread_born(struct sct_thread *t)
{
	t->fresh = true;
}

struct sct_thread *sct_pending_first_step(struct sct_pending *p, const struct sct_machine *m, const struct sct_vcpu *v)
{
	struct sct_thread *t = v->thread.known ? sct_pending_thread(p, m, v) : NULL;

	if (!t || !t->fresh)
		return NULL;
	t->fresh = false;
	return t;
}

static void forget_thread(struct sct_pending *p, struct sct_thread *t)
{
	sct_map_del(&p->threads, t->key);
	free_thread(t);
}

static struct sct_open *open_new(struct sct_pending *p)
{
	struct sct_open *o = p->spare;

	if (o) {
		struct sct_arena arena = o->arena;

		p->spare = o->next;
		memset(o, 0, sizeof *o);
		o->arena = arena;
	} else {
		o = must(calloc(1, sizeof *o));
	}
	o->prev = p->first.prev;
	o->next = &p->first;
	o->prev->next = o->next->prev = o;
	return o;
}

void sct_pending_drop(struct sct_pending *p, struct sct_open *o)
{
	struct sct_open **at = &o->thread->top;

	while (*at && *at != o)
		at = &(*at)->below;
	if (*at)
		*at = o->below;
	o->prev->next = o->next;
	o->next->prev = o->prev;
	if (!o->thread->top && !o->thread->exact && !o->thread->leaving_handler)
		forget_thread(p, o->thread);
	sct_arena_reset(&o->arena);
	o->next = p->spare;
	p->spare = o;
}

struct sct_open *sct_pending_oldest(struct sct_pending *p)
{
	return p->first.next == &p->first ? NULL : p->first.next;
}

/* A restarted call enters with its own number, or as restart_syscall (kernel/signal.c, ERESTART_RESTARTBLOCK). */
static bool is_same_call(const struct sct_open *o, const struct sct_call *call)
{
	if (call->proto && (call->proto->flags & SCT_P_RESTART))
		return true;
	return o->call.nr.known && call->nr.known && o->call.nr.value == call->nr.value;
}

static bool enters_again(const struct sct_open *o, const struct sct_call *call, uint64_t pc, uint64_t sp)
{
	return o->state == SCT_OPEN_AGAIN && sp == o->sp && sct_abi_is_again(o->call.abi, o->pc, pc) &&
	       is_same_call(o, call);
}

/* fork and vfork leave two threads with one stack pointer, vfork even in one address space: without numbered threads,
 * what enters above such a call is the child. */
static bool may_be_child(const struct sct_open *o)
{
	return !o->thread->exact && o->call.proto && (o->call.proto->flags & SCT_P_FORK);
}

/* The outermost of more interrupted calls than a thread can come back to, or NULL. */
static struct sct_open *forgotten(const struct sct_thread *t)
{
	struct sct_open *last = NULL;
	unsigned n = 0;

	for (struct sct_open *o = t->top; o; o = o->below)
		if (o->state == SCT_OPEN_HANDLER && ++n)
			last = o;
	return n >= INTERRUPTED_MAX ? last : NULL;
}

struct sct_open *sct_pending_enter(struct sct_pending *p, struct sct_thread *t, const struct sct_machine *m,
                                   const struct sct_vcpu *v, uint64_t pc, const struct sct_call *call,
                                   struct sct_ending *lost)
{
	struct sct_open *o = t->top;
	uint64_t sp = 0;

	*lost = (struct sct_ending){ .unknown = "not recorded" };
	stack_pointer(m, v, &sp);
	if (o && enters_again(o, call, pc, sp)) {
		o->state = SCT_OPEN_RUNNING;
		o->record.restarts++;
		return o;
	}
	if (o && o->state == SCT_OPEN_AGAIN && t->exact)
		o->state = SCT_OPEN_HANDLER; /* another signal came before the instruction */
	if (o && o->state != SCT_OPEN_HANDLER && !may_be_child(o))
		*lost = (struct sct_ending){ .open = o, .end = SCT_END_LOST, .unknown = "not recorded" };
	else if ((o = forgotten(t)))
		*lost = (struct sct_ending){ .open = o, .end = SCT_END_SIGNAL, .unknown = "not recorded" };
	t->leaving_handler = t->fresh = false;
	o = open_new(p);
	o->below = t->top;
	t->top = o;
	o->thread = t;
	o->pc = pc;
	o->sp = sp;
	o->sp_known = v->regs.known >> m->arch->sp & 1;
	o->regs = v->regs;
	o->call = *call;
	o->space_known = sct_arch_asid(m->arch, &v->regs, &o->space);
	return o;
}

void sct_pending_noreturn(struct sct_pending *p, struct sct_open *o)
{
	struct sct_thread *t = o->thread;
	bool gone = !(o->call.proto->flags & SCT_P_SIGRETURN);
	bool numbered = t->exact;

	/* without a number nobody finds the thread again: sigreturn brings back another stack pointer */
	t->leaving_handler = !gone && numbered;
	sct_pending_drop(p, o);
	/* drop has freed a thread without a number and without calls */
	if (gone && numbered && !t->top)
		forget_thread(p, t);
}

static bool result_of(const struct sct_vcpu *v, const struct sct_open *o, uint64_t *value)
{
	return sct_call_result(&o->call, &v->regs, value);
}

/* Whether a context that holds these registers is one in which the kernel wants the call made again: user mode at the
 * entering instruction, and the number (or restart_syscall's) in its register, on x86 that of the result
 * (arch/x86/kernel/signal.c, handle_signal and arch_do_signal_or_restart). */
static bool wants_again(const struct sct_open *o, uint64_t pc, uint64_t sp, bool known, uint64_t number)
{
	const struct sct_proto *proto;
	uint32_t nr = (uint32_t)number;

	if (!sct_abi_is_again(o->call.abi, o->pc, pc) || sp != o->sp || !known)
		return false;
	if (o->call.nr.known && nr == o->call.nr.value)
		return true;
	proto = sct_table_find(o->call.abi->table, nr & ~o->call.abi->nr_match);
	return proto && (proto->flags & SCT_P_RESTART);
}

/* The same of the context that the vCPU is in. */
static bool is_again(const struct sct_vcpu *v, const struct sct_open *o, uint64_t pc, uint64_t sp)
{
	uint64_t number = 0;
	bool known = o->call.repeat && sct_regs_get(&v->regs, o->call.repeat, &number);

	return wants_again(o, pc, sp, known, number);
}

static bool is_after(const struct sct_open *o, uint64_t pc, uint64_t sp)
{
	return sct_abi_is_after(o->call.abi, o->pc, pc) && (sp == o->sp || !o->sp_known);
}

bool sct_pending_is_after(const struct sct_pending *p, const struct sct_machine *m, const struct sct_vcpu *v,
                          uint64_t pc)
{
	const struct sct_thread *t;
	uint64_t key, sp;

	if (!stack_pointer(m, v, &sp) || !thread_key(m, v, &key))
		return false;
	t = sct_map_get(&p->threads, key);
	for (const struct sct_open *o = t ? t->top : NULL; o; o = o->below)
		if (is_after(o, pc, sp) && (t->exact || sct_call_kept(&o->call, m->arch, &o->regs, &v->regs)))
			return true;
	return false;
}

struct context {
	uint64_t ip, sp, result;
};

static bool read_frame(const struct sct_mem *mem, const struct sct_sigframe *f, uint64_t at, struct context *c)
{
	return sct_mem_word(mem, at + f->ip, f->word, &c->ip) && sct_mem_word(mem, at + f->sp, f->word, &c->sp) &&
	       sct_mem_word(mem, at + f->result, f->word, &c->result);
}

/* Looks for the call's context in the signal frame at `at`, and, where several signals were delivered at once, in the
 * frames under it: each saves the stack pointer at which the one before lies. Nearest frames first, and only so many:
 * memory in which everything looks like a frame must not cost more. */
static bool find_context(const struct sct_arch *arch, const struct sct_mem *mem, const struct sct_open *o, uint64_t at,
                         struct context *found)
{
	uint64_t places[FRAMES_MAX] = { at };
	unsigned count = 1;

	for (unsigned i = 0; i < count; i++) {
		for (const struct sct_sigframe *f = arch->frames; f && f->word; f++) {
			if (!read_frame(mem, f, places[i], found))
				continue;
			if (is_after(o, found->ip, found->sp) || wants_again(o, found->ip, found->sp, true, found->result))
				return true;
			if (count < FRAMES_MAX && found->sp > places[i] && found->sp - places[i] < FRAME_REACH)
				places[count++] = found->sp;
		}
	}
	return false;
}

/* The vCPU is in the address space in which the call was made. */
static bool in_space_of(const struct sct_open *o, const struct sct_machine *m, const struct sct_vcpu *v)
{
	uint64_t space;

	return o->space_known && sct_arch_asid(m->arch, &v->regs, &space) && space == o->space;
}

/* The thread is in user mode, neither behind the call nor on it: a handler runs, or a new image, which
 * has an address space of its own (fs/exec.c, exec_mmap). */
static struct sct_ending leave_elsewhere(const struct sct_machine *m, struct sct_vcpu *v, struct sct_open *o,
                                         uint64_t sp)
{
	struct sct_mem mem = sct_machine_mem(v);
	struct sct_ending e = { 0 };
	struct context c;

	if (find_context(m->arch, &mem, o, sp, &c)) {
		if (is_after(o, c.ip, c.sp))
			return (struct sct_ending){ o, SCT_END_SIGNAL, true, c.result, NULL };
		o->state = SCT_OPEN_HANDLER;
		return e;
	}
	if (o->call.proto && (o->call.proto->flags & SCT_P_EXEC) && !in_space_of(o, m, v)) {
		e = (struct sct_ending){ .open = o, .end = SCT_END_EXEC, .unknown = "not recorded" };
		e.known = result_of(v, o, &e.result) && e.result == 0;
		return e;
	}
	o->state = SCT_OPEN_HANDLER;
	return e;
}

/* sigreturn restored a context: if it is that of an interrupted call, the call goes on. Handlers that never returned
 * (longjmp) leave calls above it that will not end any more: they stay open until the thread's own end tells. */
static struct sct_ending leave_handler(struct sct_vcpu *v, struct sct_thread *t, uint64_t pc, uint64_t sp)
{
	struct sct_ending e = { 0 };
	struct sct_open *o;
	uint64_t result = 0;

	for (o = t->top; o; o = o->below) {
		bool known = result_of(v, o, &result);

		if (o->state != SCT_OPEN_HANDLER)
			continue;
		if (is_after(o, pc, sp))
			return (struct sct_ending){ o, SCT_END_SIGNAL, known, result, "not recorded" };
		if (is_again(v, o, pc, sp)) {
			o->state = SCT_OPEN_AGAIN;
			return e;
		}
	}
	return e;
}

static struct sct_ending leave_call(const struct sct_machine *m, struct sct_vcpu *v, struct sct_open *o, uint64_t pc,
                                    uint64_t sp)
{
	struct sct_ending e = { .open = o, .end = SCT_END_RETURNED, .unknown = "not recorded" };

	e.known = result_of(v, o, &e.result);
	if (is_after(o, pc, sp)) {
		/* without numbered threads, 0 behind a fork is the child, which may well be first */
		if (may_be_child(o) && (!e.known || (uint32_t)e.result == 0))
			return (struct sct_ending){ 0 };
		if (o->record.restarts)
			e.end = SCT_END_RESTARTED;
		return e;
	}
	if (is_again(v, o, pc, sp)) {
		o->state = SCT_OPEN_AGAIN;
		return (struct sct_ending){ 0 };
	}
	return leave_elsewhere(m, v, o, sp);
}

/* Whether the thread without a number that is at pc may have come out of o. */
static bool may_leave(const struct sct_machine *m, const struct sct_vcpu *v, const struct sct_open *o, uint64_t pc,
                      uint64_t sp)
{
	uint64_t result = 0;
	bool known = result_of(v, o, &result);

	if (o->state != SCT_OPEN_RUNNING || !sct_call_kept(&o->call, m->arch, &o->regs, &v->regs))
		return false;
	/* calls above a fork are its child's: only the parent is still to come, with the child's number */
	if (may_be_child(o) && o->thread->top != o && known && (int32_t)result <= 0)
		return false;
	return is_after(o, pc, sp) || is_again(v, o, pc, sp);
}

/* A vfork's child has its parent's stack pointer: of several calls that may have ended here, none is taken. */
static struct sct_open *only_one(const struct sct_machine *m, const struct sct_vcpu *v, const struct sct_thread *t,
                                 uint64_t pc, uint64_t sp)
{
	struct sct_open *found = NULL;

	for (struct sct_open *o = t->top; o; o = o->below) {
		if (!may_leave(m, v, o, pc, sp))
			continue;
		if (found)
			return NULL;
		found = o;
	}
	return found;
}

struct sct_ending sct_pending_leave(struct sct_pending *p, const struct sct_machine *m, struct sct_vcpu *v, uint64_t pc)
{
	struct sct_ending none = { 0 };
	struct sct_open *open = NULL;
	struct sct_thread *t;
	uint64_t key, sp;

	stack_pointer(m, v, &sp); /* 0 at both ends of a call where a recording that numbers threads does not show it */
	if (!thread_key(m, v, &key))
		return none;
	t = sct_map_get(&p->threads, key);
	if (t && t->leaving_handler) {
		t->leaving_handler = false;
		return leave_handler(v, t, pc, sp);
	}
	if (t && !t->exact)
		open = only_one(m, v, t, pc, sp);
	else if (t && t->top && t->top->state != SCT_OPEN_HANDLER)
		open = t->top;
	if (!open) {
		p->orphans++;
		return none;
	}
	return leave_call(m, v, open, pc, sp);
}
