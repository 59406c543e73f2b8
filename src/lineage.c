/* Who is who: process and thread numbers, as results of system calls show them.
 * In:  entries and results of fork, clone, getpid, gettid, set_tid_address; first steps of new threads
 * Out: pid and tid of threads
 *
 * A child is told from its first step: it stands behind its parent's call, on the stack that the call gave it, in the
 * parent's address space or out of it as CLONE_VM says (kernel/fork.c). Where two calls fit, neither is taken.
 */
#include "lineage.h"

#include "clone.h"
#include "cursor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BIRTHS_MAX = 4096 }; /* children that never ran: killed before their first step */

struct sct_birth {
	struct sct_birth *next;
	uint64_t call;             /* id of the parent's record */
	uint64_t pc, sp, space;    /* the child's first step is where the call made there returns to */
	const struct sct_abi *abi;
	bool same_space;           /* CLONE_VM */
	bool ended, has_child;
	unsigned doubts;           /* children that may be this one's or another's */
	uint64_t flags;            /* clone's */
	struct sct_process *process; /* the caller's */
	char comm[16];             /* likewise */
	uint64_t result, child;    /* the parent's result, once ended; the child's thread number */
};

void sct_lineage_fini(struct sct_lineage *l)
{
	while (l->births) {
		struct sct_birth *b = l->births;

		l->births = b->next;
		sct_process_put(b->process);
		free(b);
	}
	l->count = 0;
	sct_process_put(l->process);
	l->process = NULL;
	sct_map_fini(&l->doubts);
}

/* Flags and new stack pointer (0: the parent's) of the call; false: the recording does not show them. */
static bool fork_flags(const struct sct_call *call, const struct sct_mem *mem, uint64_t *flags, uint64_t *sp)
{
	uint8_t args[56]; /* struct clone_args up to stack_size: flags 0, stack 40, stack_size 48 */

	*flags = *sp = 0;
	if (!strcmp(call->proto->name, "fork"))
		return true;
	if (!strcmp(call->proto->name, "vfork")) {
		*flags = SCT_CLONE_VM | SCT_CLONE_VFORK;
		return true;
	}
	if (!call->word[0].known || !call->word[1].known)
		return false;
	if (strcmp(call->proto->name, "clone3")) {
		*flags = call->word[0].value;
		*sp = call->word[1].value;
		return true;
	}
	if (mem->read(mem->ctx, call->word[0].value, args, sizeof args) < sizeof args)
		return false;
	*flags = sct_load_le64(args);
	*sp = sct_load_le64(args + 40) ? sct_load_le64(args + 40) + sct_load_le64(args + 48) : 0;
	return true;
}

static void drop(struct sct_lineage *l, struct sct_birth **at)
{
	struct sct_birth *b = *at;

	*at = b->next;
	l->count--;
	sct_process_put(b->process);
	free(b);
}

static void drop_oldest(struct sct_lineage *l)
{
	struct sct_birth **at = &l->births;

	while ((*at)->next)
		at = &(*at)->next;
	drop(l, at);
}

void sct_lineage_fork(struct sct_lineage *l, const struct sct_open *open, const struct sct_mem *mem)
{
	struct sct_birth *b;
	uint64_t flags, sp;
	bool known;

	known = fork_flags(&open->call, mem, &flags, &sp);
	l->forked = l->forked || !known || !(flags & SCT_CLONE_THREAD);
	if (!open->record.thread.known || !known || (!open->space_known && !l->program))
		return;
	if (l->count == BIRTHS_MAX)
		drop_oldest(l);
	b = calloc(1, sizeof *b);
	if (!b)
		return; /* the child's numbers stay unknown */
	*b = (struct sct_birth){
		.next = l->births, .call = open->record.id,
		.pc = open->pc, .abi = open->call.abi, .sp = sp ? sp : open->sp, .space = open->space,
		.same_space = flags & SCT_CLONE_VM, .flags = flags,
		.process = sct_process_ref(sct_lineage_process(open->thread)),
	};
	memcpy(b->comm, sct_thread_self(open->thread)->comm, sizeof b->comm);
	l->births = b;
	l->count++;
}

/* The child has come: it is a thread of its parent's process, or begins one. */
static void begin(const struct sct_birth *b, struct sct_thread *child)
{
	struct sct_process *parent = b->flags & SCT_CLONE_PARENT && b->process ? b->process->parent : b->process, *own;
	struct sct_self *self = sct_thread_self(child);

	memcpy(self->comm, b->comm, sizeof self->comm);
	if (b->flags & SCT_CLONE_THREAD) {
		sct_self_join(self, b->process);
		return;
	}
	own = sct_process_new(parent);
	if (own) {
		own->renamed = b->process && b->process->renamed;
		own->of_init = b->flags & SCT_CLONE_PARENT && b->process && b->process->of_init;
	}
	self->leader = true;
	sct_self_join(self, own);
	sct_process_put(own);
}

/* Parent's result and child are both known. */
static void join(const struct sct_birth *b, struct sct_pending *p)
{
	struct sct_thread *child = sct_map_get(&p->threads, b->child);
	struct sct_word number = { true, b->result };

	if (!child)
		return;
	if (!sct_thread_tid(child)->known)
		*sct_thread_tid(child) = number;
	if (!(b->flags & SCT_CLONE_THREAD) && !sct_thread_pid(child)->known)
		*sct_thread_pid(child) = number;
}

static bool fits(const struct sct_birth *b, uint64_t pc, uint64_t sp, uint64_t space)
{
	return !b->has_child && sct_abi_is_after(b->abi, b->pc, pc) && b->sp == sp && b->same_space == (b->space == space);
}

/* n calls fit one child, which may be any's. When as many children have come as there are calls that fit, each call has
 * had its own: they are done with, or no later child at that place could be told either. */
static void doubt(struct sct_lineage *l, unsigned n, uint64_t pc, uint64_t sp, uint64_t space)
{
	struct sct_birth **at = &l->births;
	unsigned done = 0;

	for (struct sct_birth *b = l->births; b; b = b->next)
		done += fits(b, pc, sp, space) && ++b->doubts >= n;
	while (done == n && *at) {
		if (fits(*at, pc, sp, space))
			drop(l, at);
		else
			at = &(*at)->next;
	}
}

struct sct_origin sct_lineage_child(struct sct_lineage *l, struct sct_pending *p, struct sct_thread *child,
                                    const struct sct_machine *m, const struct sct_vcpu *v, uint64_t pc)
{
	struct sct_birth **found = NULL;
	struct sct_origin origin = { 0 };
	unsigned n = 0;
	uint64_t sp = v->regs.value[m->arch->sp];

	origin.space.known = sct_arch_asid(m->arch, &v->regs, &origin.space.value);
	if (!sct_thread_number(child).known || !(v->regs.known >> m->arch->sp & 1) ||
	    (!origin.space.known && !l->program))
		return origin;
	for (struct sct_birth **at = &l->births; *at; at = &(*at)->next) {
		if (!fits(*at, pc, sp, origin.space.value))
			continue;
		found = at;
		n++;
	}
	if (n > 1)
		doubt(l, n, pc, sp, origin.space.value);
	if (n != 1)
		return origin;
	origin.call = (struct sct_word){ true, (*found)->call };
	origin.flags = (*found)->flags;
	(*found)->has_child = true;
	(*found)->child = sct_thread_number(child).value;
	begin(*found, child);
	if ((*found)->ended) {
		join(*found, p);
		drop(l, found);
	}
	return origin;
}

void sct_lineage_result(struct sct_lineage *l, struct sct_pending *p, struct sct_open *open, bool known,
                        uint64_t result)
{
	bool good = known && (int32_t)result > 0;

	sct_lineage_learn(l, open, known, result);
	if (!open->call.proto || !(open->call.proto->flags & SCT_P_FORK))
		return;
	for (struct sct_birth **at = &l->births; *at; at = &(*at)->next) {
		struct sct_birth *b = *at;

		if (b->call != open->record.id)
			continue;
		b->ended = true;
		b->result = (uint32_t)result;
		if (good && b->has_child)
			join(b, p);
		if (!good || b->has_child)
			drop(l, at);
		return;
	}
}

/* The number that wait4's and waitpid's stat_addr points at once they have returned. */
static bool wait_status(const struct sct_open *open, uint64_t *status)
{
	for (size_t i = 0; i < open->record.nargs; i++) {
		const struct sct_value *v = &open->args[i];

		if (strcmp(v->name, "stat_addr") || v->meaning != SCT_M_PTR || !v->elems[0].known)
			continue;
		*status = v->elems[0].raw;
		return true;
	}
	return false;
}

static bool equal(const struct sct_word *a, const struct sct_word *b)
{
	return a->known && b->known && a->value == b->value;
}

bool sct_lineage_reaped(const struct sct_open *open, bool known, uint64_t result, struct sct_word *pid)
{
	const struct sct_proto *proto = open->call.proto;
	uint64_t status;

	if (!proto || !known || (int32_t)result <= 0 || (strcmp(proto->name, "wait4") && strcmp(proto->name, "waitpid")))
		return false;
	/* include/uapi/linux/wait.h and libc: a low byte of 0x7f says stopped, 0xffff continued */
	if (!wait_status(open, &status) || (status & 0x7f) == 0x7f)
		return false;
	*pid = (struct sct_word){ true, (uint32_t)result };
	return true;
}

/* A number names a process only to those of its PID namespace: the one that waits has made it. */
bool sct_lineage_is_reaped(const struct sct_open *o, const struct sct_open *wait, const struct sct_word *pid)
{
	const struct sct_process *process = sct_thread_self(o->thread)->process;

	return equal(sct_thread_pid(o->thread), pid) && process && process->parent &&
	       process->parent == sct_thread_self(wait->thread)->process;
}

/* Threads of one process share an address space, which a namesake in another PID namespace does not. */
void sct_lineage_alone(struct sct_pending *p, const struct sct_open *open)
{
	for (struct sct_open *o = p->first.next; o != &p->first; o = o->next)
		if (o->thread != open->thread && equal(sct_thread_pid(o->thread), sct_thread_pid(open->thread)) &&
		    o->space_known && open->space_known && o->space == open->space)
			o->doomed = true;
}
