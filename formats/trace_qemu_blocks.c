/* What became of announced blocks, as events.
 * In:  blocks with their registers, in the order of the log
 * Out: REG, INSN, USER, THREAD and GAP events
 *
 * The log says that a block is about to run, not that it ran to its end: an instruction in it may fault, and QEMU may
 * leave it early where it writes to code. A call that its last instruction would have made must not be made up. So a
 * block that ends with an entering instruction is told only when the vCPU's next block shows that this was reached:
 *
 *	a program       next is what stands behind the instruction, or nothing before it can fault
 *	a machine       next is the kernel's, and a register has a value that only the end of the block gives it: `syscall`
 *	                leaves the address behind itself in rcx and the stack pointer as it is, which interrupts do not
 *	                (SDM 2, SYSCALL; 3A, 6.12.1); or the kernel begins where it did for that instruction before
 *
 * Without -d nochain, QEMU goes from block to block without a word. A block that enters the kernel is then at times not
 * announced, but what comes behind the call always is (both are left and entered through cpu_exec): such a call is
 * missing, and its return belongs to none.
 *
 * Under qemu-user, a fork's child writes into its parent's log, under the same vCPU number. No line says whose it is:
 * from then on, calls are told, but neither returns nor threads.
 */
#include <string.h>

#include "trace_qemu.h"

/* An instruction that enters the kernel, as far as is to be known here: what it is, others decide. */
static const struct entry {
	uint8_t len;                    /* bytes, or the last ones where there are prefixes, */
	uint32_t mask, match;           /* as a little-endian number */
	const char *program;            /* architecture of the programs in which QEMU makes that call; NULL: none */
	uint8_t mode;                   /* enum sct_mode of a program that has several */
	bool narrow, wide;              /* in 32-bit, 64-bit code of an x86 machine */
	bool behind;                    /* it leaves the address behind it in rcx */
	const struct sct_table *table;
	const char *nr, *result, *flags;/* registers of the number, the result and, for clone, of its flags */
	const char *failed;             /* of the flag that it failed, or NULL */
} entries[SCT_QL_ENTRIES] = {
	{ 2, 0xffff, 0x050f, "x86_64", 0, false, true, true, &sct_table_linux_x64, "rax", "rax", "rdi" },
	/* in 64-bit programs, QEMU gives `int $0x80` the numbers of `syscall`, as no Linux does; a program's sysenter
	 * faults (linux-user/i386/cpu_loop.c) */
	{ 2, 0xffff, 0x80cd, "i386", 0, true, true, false, &sct_table_linux_x86, "eax", "eax", "ebx" },
	{ 2, 0xffff, 0x340f, NULL, 0, true, true, false, &sct_table_linux_x86, "eax", "eax", "ebx" },
	{ 2, 0xffff, 0x050f, "i386", 0, true, false, true, &sct_table_linux_x86, "eax", "eax", "ebx" },
	{ 4, 0xffffffff, 0xef000000, "arm", SCT_MODE_ARM, .table = &sct_table_linux_arm, .nr = "r7", .result = "r0",
	  .flags = "r0" },
	{ 2, 0xff00, 0xdf00, "arm", SCT_MODE_THUMB, .table = &sct_table_linux_arm, .nr = "r7", .result = "r0",
	  .flags = "r0" },
	{ 4, 0xffe0001f, 0xd4000001, "aarch64", .table = &sct_table_linux_arm64, .nr = "x8", .result = "x0",
	  .flags = "x0" },
	{ 4, 0xfc00003f, 0x0000000c, "mipsel", .table = &sct_table_linux_mips_o32, .nr = "v0", .result = "v0",
	  .flags = "a0", .failed = "a3" },
};

/* Of cflags: how many instructions a block has, 0: as many as there are (QEMU include/exec/translation-block.h). */
#define CF_COUNT_MASK 0x1ffu

/* include/uapi/linux/sched.h */
#define CLONE_VM 0x100u
#define CLONE_VFORK 0x4000u

/* ---- events ------------------------------------------------------------------------------------------------- */

static struct sct_event *tell(struct sct_ql_reader *r, enum sct_event_kind kind, unsigned number)
{
	struct sct_event *e = &r->out[r->told++];

	*e = (struct sct_event){ .kind = (uint8_t)kind, .vcpu = (uint16_t)number, .time_ns = SCT_TIME_UNKNOWN };
	return e;
}

/* Tells what is not known yet of the registers at the block's start. */
static void tell_registers(struct sct_ql_reader *r, struct sct_ql_vcpu *v, unsigned number)
{
	const struct sct_regs *regs = &v->now.regs;

	if (r->info.user_mode && !v->threaded && !r->mixed) {
		struct sct_event *e = tell(r, SCT_EV_THREAD, number);

		e->value = v->thread;
		e->reg = !v->lived;
		v->threaded = v->lived = true;
	}
	for (uint64_t left = regs->known; left; left &= left - 1) {
		unsigned slot = (unsigned)__builtin_ctzll(left);
		bool space = slot == r->info.arch->asid; /* a program's is none */
		struct sct_event *e;

		if ((space && r->info.user_mode) || (v->told.known >> slot & 1 && v->told.value[slot] == regs->value[slot]))
			continue;
		sct_regs_set(&v->told, slot, regs->value[slot]);
		e = tell(r, SCT_EV_REG, number);
		e->reg = (uint8_t)slot;
		e->value = regs->value[slot];
	}
}

static struct sct_event *tell_moment(struct sct_ql_reader *r, enum sct_event_kind kind, struct sct_ql_vcpu *v,
                                     unsigned number)
{
	struct sct_event *e;

	tell_registers(r, v, number);
	e = tell(r, kind, number);
	e->addr = v->now.pc;
	e->seq = v->now.seq;
	return e;
}

/* The block, of which the log does not list the code. */
static void tell_unlisted(struct sct_ql_reader *r, struct sct_ql_vcpu *v, unsigned number)
{
	struct sct_event *e = tell_moment(r, SCT_EV_INSN, v, number);

	e->value = (v->now.cflags & CF_COUNT_MASK) != 1;
}

/* The first len bytes of the block, of which the last instruction begins at `last`. */
static void tell_insn(struct sct_ql_reader *r, struct sct_ql_vcpu *v, unsigned number, uint32_t len, uint32_t last)
{
	struct sct_event *e = tell_moment(r, SCT_EV_INSN, v, number);

	e->data = v->now.code->bytes;
	e->len = len;
	e->value = last;
}

void sct_ql_drop(struct sct_ql_reader *r, struct sct_ql_block *b)
{
	sct_ql_release(&r->code, b->code);
	b->code = NULL;
}

/* Tells that nothing which was told holds any more. */
static void gap(struct sct_ql_reader *r)
{
	for (unsigned i = 0; i < SCT_QL_VCPUS; i++)
		if (r->vcpus[i]) {
			r->vcpus[i]->threaded = r->vcpus[i]->back = r->vcpus[i]->forks = false;
			r->vcpus[i]->told.known = 0;
		}
	tell(r, SCT_EV_GAP, 0);
}

static void damaged(struct sct_ql_reader *r, const struct sct_err *err, uint64_t bytes)
{
	r->damage.places++;
	r->damage.bytes += bytes;
	if (!r->damage.first.status)
		r->damage.first = *err;
}

/* ---- entering instructions ---------------------------------------------------------------------------------- */

/* Whether the last instruction is known. */
static bool is_listed(const struct sct_ql_block *b)
{
	return b->code && (b->code->bounds || ((b->cflags & CF_COUNT_MASK) == 1 && b->code->len <= 15));
}

/* On x86, prefixes may come first. */
static bool ends_with(const struct sct_ql_code *c, const struct entry *e)
{
	bool prefixes = e->narrow || e->wide;
	uint32_t word = 0;

	if (prefixes ? c->len < c->last + e->len : c->len != c->last + e->len)
		return false;
	for (unsigned i = 0; i < e->len; i++)
		word |= (uint32_t)c->bytes[c->len - e->len + i] << (8 * i);
	return (word & e->mask) == e->match;
}

/* Whether it is an instruction of the log's architecture. */
static bool is_own(const struct sct_ql_reader *r, const struct entry *e)
{
	return r->info.arch->machine ? e->narrow || e->wide : e->program && !strcmp(e->program, r->info.arch->name);
}

/* The entering instruction with which the block, whose code is listed, ends; NULL: none. */
static const struct entry *entry_of(const struct sct_ql_reader *r, const struct sct_ql_block *b)
{
	for (const struct entry *e = entries; e < entries + SCT_QL_ENTRIES; e++) {
		bool here = b->wide ? e->wide : e->narrow;

		if (r->info.user_mode)
			here = e->program && !strcmp(e->program, r->info.arch->name);
		if (e->mode != SCT_MODE_UNKNOWN)
			here = here && e->mode == sct_arch_mode(r->info.arch, &b->regs);
		if (here && !b->code16 && ends_with(b->code, e))
			return e;
	}
	return NULL;
}

/* Whether others may take the block's end for an entering instruction. */
static bool looks_entering(const struct sct_ql_reader *r, const struct sct_ql_code *c)
{
	for (const struct entry *e = entries; e < entries + SCT_QL_ENTRIES; e++)
		if (is_own(r, e) && ends_with(c, e))
			return true;
	return false;
}

static enum sct_mode mode_of(const struct sct_ql_block *b)
{
	return b->wide ? SCT_MODE_64 : SCT_MODE_32;
}

static bool ran_all(struct sct_ql_reader *r, const struct sct_ql_block *b, const struct sct_regs *later)
{
	return sct_step_reached(r->step, mode_of(b), &b->regs, later, b->pc, b->code->bytes, b->code->last);
}

static bool value_of(const struct sct_ql_reader *r, const struct sct_regs *regs, const char *reg, uint64_t *value)
{
	/* none: 64-bit registers in a log that began as i386's */
	const struct sct_reg *of = sct_arch_reg(r->info.arch, reg);

	return of && sct_regs_get(regs, of, value);
}

/* The number of the call and, for clone, its flags, after what the block does before it. */
struct number {
	bool known;
	const struct sct_proto *proto; /* NULL: the table has none such */
	bool forks;                    /* or may do so */
};

static struct number number_of(struct sct_ql_reader *r, const struct sct_ql_block *b, const struct entry *e)
{
	struct sct_regs regs = b->regs;
	struct number n = { 0 };
	uint64_t nr, flags;

	sct_step_over(r->step, mode_of(b), &regs, b->pc, b->code->bytes, b->code->last);
	n.known = value_of(r, &regs, e->nr, &nr);
	if (n.known)
		n.proto = sct_table_find(e->table, nr);
	n.forks = !n.known || (n.proto && (n.proto->flags & SCT_P_FORK));
	/* clone of a thread; of a vfork QEMU makes a fork (linux-user/syscall.c, do_fork) */
	if (n.proto && n.forks && !strcmp(n.proto->name, "clone") && value_of(r, &regs, e->flags, &flags))
		n.forks = !(flags & CLONE_VM) || (flags & CLONE_VFORK);
	return n;
}

/* ---- programs ----------------------------------------------------------------------------------------------- */

/* Whether the last instruction of b, an e, was reached; next NULL: the log ends. */
static bool program_entered(struct sct_ql_reader *r, const struct sct_ql_block *b, const struct entry *e,
                            const struct sct_ql_block *next)
{
	uint64_t last = b->pc + b->code->last;
	struct number n;

	if (!b->code->last)
		return true;
	if (next && next->pc == b->pc + b->code->len && !r->mixed)
		return true;
	/* it may have been left early and gone on here */
	if (next && next->pc > b->pc && next->pc <= last)
		return false;
	if (ran_all(r, b, NULL))
		return true;
	/* sigreturn goes anywhere. What may fault before it is a pop from the stack by which the handler has returned */
	n = number_of(r, b, e);
	return next && n.proto && (n.proto->flags & SCT_P_SIGRETURN);
}

/* From here on nobody knows which process a line is of. */
static void mix(struct sct_ql_reader *r)
{
	struct sct_err err;

	sct_fail(&err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET, "behind a fork, QEMU's log has the lines of two processes, and "
	         "none says of which: results are not known from here on");
	r->mixed = true;
	damaged(r, &err, 0);
	gap(r);
}

/* v is behind a call that may have been a fork, where parent and child both come out, the child with 0 that is not the
 * call's result. Returns it as a signed number; a fork that failed has left one process. */
static int64_t forked(struct sct_ql_reader *r, const struct sct_ql_vcpu *v)
{
	const struct entry *e = entries;
	uint64_t result = 0, failed = 0;

	while (e < entries + SCT_QL_ENTRIES - 1 && (!e->program || strcmp(e->program, r->info.arch->name)))
		e++;
	value_of(r, &v->now.regs, e->result, &result);
	if (e->failed && value_of(r, &v->now.regs, e->failed, &failed) && failed)
		return -1;
	return r->info.arch->word == 8 ? (int64_t)result : (int32_t)result;
}

/* Tells that the program is at the block, in a log that does not tell every instruction. */
static void tell_back(struct sct_ql_reader *r, struct sct_ql_vcpu *v, unsigned number)
{
	if (v->back && !r->info.every_insn)
		tell_moment(r, SCT_EV_USER, v, number);
}

/* Tells the call with which the block ends. */
static void program_call(struct sct_ql_reader *r, struct sct_ql_vcpu *v, unsigned number, const struct entry *e)
{
	struct number n = number_of(r, &v->now, e);

	tell_back(r, v, number);
	tell_insn(r, v, number, v->now.code->len, v->now.code->last);
	v->back = true;
	v->forks = n.forks;
	if (n.proto && (n.proto->flags & SCT_P_NORETURN)) { /* another thread may get the vCPU's number */
		v->threaded = v->lived = v->back = false;
		v->thread = r->threads++;
	}
}

/* Tells that the program is at the block, without the call that it seems to end with. */
static void program_back(struct sct_ql_reader *r, struct sct_ql_vcpu *v, unsigned number)
{
	const struct sct_ql_code *c = v->now.code;

	if (!r->info.every_insn) {
		tell_back(r, v, number);
		v->back = false;
		return;
	}
	v->back = false;
	if (looks_entering(r, c))
		tell_insn(r, v, number, c->last, c->last ? c->before : 0);
	else
		tell_insn(r, v, number, c->len, c->last);
}

static void program_settle(struct sct_ql_reader *r, struct sct_ql_vcpu *v, unsigned number,
                           const struct sct_ql_block *next)
{
	const struct sct_ql_block *b = &v->now;
	const struct entry *e = is_listed(b) ? entry_of(r, b) : NULL;
	bool entered = e && program_entered(r, b, e, next), fork = v->forks && v->back && !r->mixed;
	int64_t result = fork ? forked(r, v) : -1;
	int before;

	v->forks = false;
	r->damage.unproven += e && !entered;
	if (!result)
		mix(r);
	before = r->told;
	if (!is_listed(b)) {
		if (!r->mixed) {
			tell_back(r, v, number);
			tell_unlisted(r, v, number);
		}
		v->back = !r->mixed;
	} else if (entered) {
		program_call(r, v, number, e);
	} else if (v->back) {
		program_back(r, v, number);
	}
	if (result > 0)
		mix(r);
	else if (r->mixed && r->told > before)
		gap(r);
}

/* ---- machines ----------------------------------------------------------------------------------------------- */

/* Whether the kernel's first block shows that the last instruction of b was reached. */
static bool kernel_entered(struct sct_ql_reader *r, const struct sct_ql_block *b, const struct entry *e,
                           const struct sct_ql_block *next)
{
	uint64_t behind = b->pc + b->code->len, rcx, rsp, *entry = &r->entry[e - entries];
	bool proven = ran_all(r, b, &next->regs);

	if (!proven && e->behind && next->wide && value_of(r, &next->regs, "rcx", &rcx) &&
	    value_of(r, &next->regs, "rsp", &rsp))
		proven = rcx == behind && !(rsp >> 63);
	if (proven)
		*entry = next->pc;
	return next->pc == *entry;
}

static bool machine_entered(struct sct_ql_reader *r, const struct sct_ql_block *b, const struct entry *e,
                            const struct sct_ql_block *next)
{
	return !next || next->user ? program_entered(r, b, e, next) : kernel_entered(r, b, e, next);
}

static void machine_settle(struct sct_ql_reader *r, struct sct_ql_vcpu *v, unsigned number,
                           const struct sct_ql_block *next)
{
	const struct sct_ql_block *b = &v->now;
	const struct entry *e = b->user && is_listed(b) ? entry_of(r, b) : NULL;
	bool entered = e && machine_entered(r, b, e, next);

	if (!b->user) {
		v->back = true;
		return;
	}
	r->damage.unproven += e && !entered;
	if (v->back)
		tell_moment(r, SCT_EV_USER, v, number);
	v->back = entered; /* the log may leave the kernel out (-dfilter) */
	if (!is_listed(b))
		tell_unlisted(r, v, number);
	else if (entered)
		tell_insn(r, v, number, b->code->len, b->code->last);
}

/* ---- in order ----------------------------------------------------------------------------------------------- */

static void settle(struct sct_ql_reader *r, struct sct_ql_vcpu *v, unsigned number, const struct sct_ql_block *next)
{
	if (r->info.user_mode)
		program_settle(r, v, number, next);
	else
		machine_settle(r, v, number, next);
	sct_ql_drop(r, &v->now);
	v->running = false;
}

void sct_ql_begin(struct sct_ql_reader *r, struct sct_ql_vcpu *v, unsigned number)
{
	if (v->running)
		settle(r, v, number, &v->next);
	v->now = v->next;
	v->next.code = NULL;
	v->running = true;
	v->waiting = false;
	r->waiting--;
}

void sct_ql_end(struct sct_ql_reader *r, struct sct_ql_vcpu *v, unsigned number)
{
	if (v->running)
		settle(r, v, number, NULL);
}

/* Whether there may be two processes, for all that is known of v: it was in a call that makes one, or about to
 * make it. */
static bool may_have_forked(struct sct_ql_reader *r, const struct sct_ql_vcpu *v)
{
	const struct sct_ql_block *b = &v->now;
	const struct entry *e = v->running && is_listed(b) ? entry_of(r, b) : NULL;

	if (!r->info.user_mode)
		return false;
	return v->forks || (e && number_of(r, b, e).forks) ||
	       (v->waiting && is_listed(&v->next) && entry_of(r, &v->next)); /* its number is still to come */
}

void sct_ql_lost(struct sct_ql_reader *r, const struct sct_err *err, uint64_t bytes)
{
	for (unsigned i = 0; i < SCT_QL_VCPUS; i++) {
		struct sct_ql_vcpu *v = r->vcpus[i];

		if (!v)
			continue;
		r->mixed |= may_have_forked(r, v);
		sct_ql_drop(r, &v->now);
		sct_ql_drop(r, &v->next);
		v->running = v->waiting = false;
	}
	r->waiting = r->others = 0;
	r->dumping = false;
	damaged(r, err, bytes);
	gap(r);
}
