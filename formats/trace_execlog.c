/* Reader of what QEMU's execlog plugin writes: instructions, and registers that they changed.
 * In:  an input
 * Out: of one program every instruction, of a machine those that enter the kernel and where user mode begins; registers
 *
 * Layout: one line for each executed instruction, see _line. The plugin holds a line back until the same vCPU begins
 * its next instruction: only then it compares the registers, so those on a line are as that next instruction finds
 * them. What a system call returned stands on the line of the instruction that made the call; the lines of several
 * vCPUs come in the order in which they were let go. The values at the start are never told. Versions before 9.0 tell
 * of no registers.
 *
 * Nothing in a log tells that it leaves things out, so it is held against itself:
 *  - ifilter, afilter leave out lines. A line must be where the one before leads (_flow), or where the program counter
 *    that the one before tells points to.
 *  - rdisas=on leaves out registers. An instruction that moves the stack pointer must show another one.
 *  - The lines of a program and of the children that it forks have one number. Registers are not told after a fork.
 * This needs the stack pointer and the program counter: of a log without either (reg=* has both) no register is told.
 * Of a whole machine it must have the code segment too, or the mode stays unknown, and nothing is told.
 */
#include "trace_execlog.h"

#include <stdlib.h>
#include <string.h>

/* ---- damage ------------------------------------------------------------------------------------------------- */

/* Whatever was known of registers is not; a gap will be told, behind which nobody knows of threads either. */
static void forget(struct sct_el_reader *r)
{
	for (unsigned i = 0; i < SCT_EL_VCPUS; i++)
		if (r->vcpus[i]) {
			r->vcpus[i]->told = r->vcpus[i]->any = r->vcpus[i]->placed = false;
			r->vcpus[i]->dirty = r->vcpus[i]->regs.known = 0;
		}
	r->gap = true;
}

static void damaged(struct sct_el_reader *r, const struct sct_err *err)
{
	if (!r->damage.first.status)
		r->damage.first = *err;
	r->damage.places++;
	forget(r);
}

/* The log cannot be believed: in one program, for good. */
static void distrust(struct sct_el_reader *r, const struct sct_el_vcpu *v, const char *cause)
{
	struct sct_err err;

	sct_fail(&err, SCT_E_FORMAT, r->offset, "behind vCPU %llu's instruction at 0x%llx %s",
	         (unsigned long long)v->head.vcpu, (unsigned long long)v->head.pc, cause);
	damaged(r, &err);
	r->distrusted |= r->info.user_mode;
}

/* ---- what is known of a vCPU -------------------------------------------------------------------------------- */

static bool known(const struct sct_el_vcpu *v, unsigned slot)
{
	return v->regs.known >> slot & 1;
}

/* Whether what lines tell of registers is all there is. */
static bool trusted(const struct sct_el_reader *r)
{
	return r->sp_told && r->pc_told && !r->distrusted;
}

enum { USER32_CS = 0x23 }; /* of Linux: arch/x86/include/asm/segment.h */

static bool in_long_mode(const struct sct_el_reader *r, const struct sct_el_vcpu *v)
{
	return r->info.arch->word == 8 && !(known(v, r->slots.cs) && v->regs.value[r->slots.cs] == USER32_CS);
}

enum { CR0_PE = 1, EFLAGS_VM = 1 << 17 };

/* Whether the vCPU is in user mode, false: it is not known. Only in protected mode a segment selector tells. */
static bool find_mode(const struct sct_el_reader *r, const struct sct_el_vcpu *v, bool *user)
{
	const struct sct_el_slots *s = &r->slots;

	*user = true;
	if (r->info.user_mode)
		return true;
	if (!known(v, s->cs) || !trusted(r))
		return false;
	*user = (v->regs.value[s->cs] & 3) == 3;
	if ((known(v, s->cr0) && !(v->regs.value[s->cr0] & CR0_PE)) ||
	    (known(v, s->eflags) && v->regs.value[s->eflags] & EFLAGS_VM))
		*user = false;
	return true;
}

/* Calls of Linux that make another process: their numbers, and the flags of clone in which register. */
static bool makes_process(const struct sct_el_reader *r, const struct sct_el_vcpu *v)
{
	enum { VM = 0x100, VFORK = 0x4000 }; /* QEMU's linux-user makes a fork of a vfork, flags or not */
	static const struct {
		uint8_t word;
		uint16_t number;
		const char *flags;
	} calls[] = {
		{ 4, 2 }, { 4, 190 }, { 4, 120, "ebx" }, { 4, 435 }, { 8, 57 }, { 8, 58 }, { 8, 56, "rdi" }, { 8, 435 },
	};
	uint64_t flags;

	if (!known(v, r->slots.number))
		return true;
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		if (calls[i].word != r->info.arch->word || calls[i].number != v->regs.value[r->slots.number])
			continue;
		if (!calls[i].flags || !sct_regs_get(&v->regs, sct_arch_reg(r->info.arch, calls[i].flags), &flags))
			return true;
		return (flags & (VM | VFORK)) != VM;
	}
	return false;
}

static struct sct_el_vcpu *find_vcpu(struct sct_el_reader *r, uint64_t number)
{
	if (number >= SCT_EL_VCPUS)
		return NULL;
	if (!r->vcpus[number]) {
		r->vcpus[number] = calloc(1, sizeof **r->vcpus);
		r->nvcpus += r->vcpus[number] != NULL;
	}
	return r->vcpus[number];
}

/* ---- from line to line -------------------------------------------------------------------------------------- */

enum { PAGE_OFFSET = 4095 };

/* Where the line at pc really is, when the program counter tells: it does so where a block of QEMU's begins. A
 * machine's blocks are of physical pages: a line has the address at which its page was mapped when the block was
 * translated. */
static bool find_place(const struct sct_el_reader *r, struct sct_el_vcpu *v, uint64_t pc)
{
	unsigned slot = r->info.arch->pc;

	if (!known(v, slot) || (v->regs.value[slot] ^ pc) & (r->info.user_mode ? UINT64_MAX : PAGE_OFFSET))
		return false;
	v->delta = v->regs.value[slot] - pc;
	v->placed = true;
	return true;
}

/* Whether the line at pc is where the vCPU's line before leads. */
static bool is_next(const struct sct_el_reader *r, struct sct_el_vcpu *v, uint64_t pc)
{
	return find_place(r, v, pc) ||
	       (v->user && v->flow.class != SCT_EL_LEADS && sct_el_can_follow(&v->flow, &v->head, pc));
}

/* What is wrong between the vCPU's last line and the one at pc; NULL: nothing that shows. */
static const char *find_break(struct sct_el_reader *r, struct sct_el_vcpu *v, uint64_t pc)
{
	if (!is_next(r, v, pc)) {
		r->breaks++;
		return "lines are missing (ifilter, afilter), or are those of several processes";
	}
	if (v->user && v->flow.moves_sp && !v->sp_moved && pc != v->head.pc) {
		r->breaks++;
		r->distrusted = true; /* the code segment may be another one, too */
		return "registers are missing (rdisas=on)";
	}
	if (v->forks) {
		r->forks++;
		return "there are two processes, whose lines bear one number";
	}
	return NULL;
}

/* Holds a line in user mode against the vCPU's line before. */
static void check_order(struct sct_el_reader *r, struct sct_el_vcpu *v, uint64_t pc)
{
	const char *cause;

	if (!v->any || r->distrusted)
		return;
	if (trusted(r)) {
		cause = find_break(r, v, pc);
		if (cause)
			distrust(r, v, cause);
	} else if (!is_next(r, v, pc)) {
		v->dirty = v->regs.known = 0; /* nothing of it was told yet */
	}
}

/* Takes in a register that a line shows. False: it has not the size that it should. */
static bool take_register(struct sct_el_reader *r, struct sct_el_vcpu *v, const struct sct_el_field *f)
{
	const struct sct_reg *reg;

	if (!sct_el_field_reg(f, r->info.arch, &reg))
		return false;
	if (!reg)
		return true;
	r->sp_told |= reg->index == r->info.arch->sp;
	r->pc_told |= reg->index == r->info.arch->pc;
	v->sp_moved |= reg->index == r->info.arch->sp;
	sct_regs_set(&v->regs, reg->index, f->value);
	v->dirty |= UINT64_C(1) << reg->index;
	return true;
}

/* Takes in what the line's instruction changed. Negative: the line is damaged. */
static int take_fields(struct sct_el_reader *r, struct sct_el_vcpu *v, struct sct_el_text *line)
{
	struct sct_el_field f;
	int rc;

	v->sp_moved = false;
	while ((rc = sct_el_read_field(line, &f)) > 0)
		if (!f.access && !take_register(r, v, &f))
			return -1;
	return rc;
}

/* A call that was to make a process tells by its result whether it did: errors are the last 4095 numbers. */
static bool failed(const struct sct_el_reader *r, const struct sct_el_vcpu *v)
{
	uint64_t top = r->info.arch->word == 8 ? UINT64_MAX : UINT32_MAX;

	return known(v, r->slots.number) && v->regs.value[r->slots.number] > top - 4095;
}

/* ---- events ------------------------------------------------------------------------------------------------- */

static int give_registers(const struct sct_el_reader *r, struct sct_el_vcpu *v, struct sct_event *events)
{
	int n = 0;

	if (!trusted(r))
		return 0;
	for (; v->dirty; v->dirty &= v->dirty - 1) {
		unsigned slot = (unsigned)__builtin_ctzll(v->dirty);

		/* the program counter is told as blocks end only, cr3 of a program says nothing */
		if (slot == r->info.arch->pc || (r->info.user_mode && slot == r->info.arch->asid))
			continue;
		events[n++] = (struct sct_event){
			.kind = SCT_EV_REG, .vcpu = (uint16_t)v->head.vcpu, .reg = (uint8_t)slot, .value = v->regs.value[slot]
		};
	}
	return n;
}

static uint64_t address(const struct sct_el_reader *r, const struct sct_el_vcpu *v)
{
	uint64_t addr = v->head.pc + (v->placed ? v->delta : 0);

	return r->info.arch->word == 4 ? (uint32_t)addr : addr;
}

/* How many of the four bytes are surely the instruction's own. */
static unsigned own_bytes(const struct sct_el_reader *r, const struct sct_el_vcpu *v)
{
	unsigned n = 4;

	if (v->flow.enters || r->stale)
		return v->flow.size;
	while (n > v->flow.size && !v->head.bytes[n - 1])
		n--;
	return n;
}

/* The instruction of the vCPU's line; of a machine only one that enters the kernel, and where user mode begins. */
static int give_insn(struct sct_el_reader *r, struct sct_el_vcpu *v, bool back, struct sct_event *events,
                     uint8_t *bytes)
{
	struct sct_event e = {
		.vcpu = (uint16_t)v->head.vcpu, .addr = address(r, v), .seq = r->lines - 1, .time_ns = SCT_TIME_UNKNOWN
	};
	int n = 0;

	if (back || v->flow.enters || r->info.user_mode)
		n = give_registers(r, v, events);
	if (back) {
		events[n] = e;
		events[n++].kind = SCT_EV_USER;
	}
	if (v->flow.enters || r->info.user_mode) {
		memcpy(bytes, v->head.bytes, sizeof v->head.bytes);
		e.kind = SCT_EV_INSN;
		e.len = own_bytes(r, v);
		e.data = bytes;
		events[n++] = e;
	}
	return n;
}

/* A vCPU of one program is a thread, as long as there is one program only. */
static int give_thread(struct sct_el_reader *r, struct sct_el_vcpu *v, struct sct_event *events)
{
	if (v->told || !r->info.user_mode || r->distrusted)
		return 0;
	v->told = true;
	*events = (struct sct_event){ .kind = SCT_EV_THREAD, .vcpu = (uint16_t)v->head.vcpu, .value = v->head.vcpu };
	return 1;
}

static int give_gap(struct sct_el_reader *r, struct sct_event *events)
{
	if (!r->gap)
		return 0;
	r->gap = false;
	*events = (struct sct_event){ .kind = SCT_EV_GAP };
	return 1;
}

/* A line that is none. */
static void bad_line(struct sct_el_reader *r, size_t size)
{
	struct sct_err err;

	sct_fail(&err, SCT_E_FORMAT, r->offset, "not a line of the execlog plugin");
	damaged(r, &err);
	r->damage.bytes += size + 1;
}

/* Calls are made, but by whom does not show. */
static void cannot_tell(struct sct_el_reader *r)
{
	if (!r->damage.first.status)
		sct_fail(&r->damage.first, SCT_E_UNSUPPORTED, r->offset,
		         "an instruction that may enter the kernel, and code segment or program counter are not told (reg=*)");
	r->damage.places++;
}

/* The vCPU goes on with the instruction of head. Returns whether it is back in user mode, by a line that was not. */
static bool step(struct sct_el_reader *r, struct sct_el_vcpu *v, const struct sct_el_head *head)
{
	bool user, mode_known = find_mode(r, v, &user), came = v->any && !v->user;

	if (mode_known && user) {
		check_order(r, v, head->pc);
		mode_known = find_mode(r, v, &user);
	}
	came &= v->any; /* nothing was forgotten */
	v->any = true;
	v->user = mode_known && user && (v->placed || find_place(r, v, head->pc) || r->info.user_mode);
	v->head = *head;
	sct_el_flow(&v->flow, head, in_long_mode(r, v));
	v->forks = r->info.user_mode && v->flow.enters && makes_process(r, v);
	r->lines++;
	r->user_lines += v->user;
	if (v->flow.enters && !v->user && (!mode_known || user) && !r->unknown_mode++)
		cannot_tell(r);
	return came && v->user;
}

enum { EVENTS_MAX = SCT_REGS_MAX + 5 }; /* of a line: registers, THREAD, GAP, USER, INSN, GAP */

static int take_line(struct sct_el_reader *r, struct sct_el_text line, struct sct_event *events, uint8_t *bytes)
{
	size_t size = (size_t)(line.end - line.at);
	struct sct_el_head head;
	struct sct_el_vcpu *v;
	bool back;
	int n;

	if (!sct_el_read_head(&line, &head) || (r->info.arch->word == 4 && head.pc > UINT32_MAX) ||
	    !(v = find_vcpu(r, head.vcpu))) {
		bad_line(r, size);
		r->lines++; /* an instruction's, most likely */
		return give_gap(r, events);
	}
	back = step(r, v, &head);
	n = give_gap(r, events);
	n += give_thread(r, v, events + n);
	if (v->user)
		n += give_insn(r, v, back, events + n, bytes);
	else if (r->lines % SCT_EL_QUIET == 0)
		n += give_registers(r, v, events + n);
	if (take_fields(r, v, &line) < 0)
		bad_line(r, size);
	v->forks = v->forks && !failed(r, v);
	return n + give_gap(r, events + n);
}

/* ---- the plug ----------------------------------------------------------------------------------------------- */

static int el_probe(const uint8_t *data, size_t size)
{
	struct sct_el_text line = { (const char *)data, (const char *)data + size };
	const char *nl = memchr(data, '\n', size);
	struct sct_el_head head;

	if (nl)
		line.end = nl;
	return sct_el_read_head(&line, &head) ? 90 : 0;
}

static int el_open(void *state, struct sct_input *in, const struct sct_trace_hints *hints, struct sct_err *err)
{
	struct sct_el_reader *r = state;

	if (hints->nondet)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "a PANDA non-determinism log goes with PANDA's traces only");
	r->feed.in = in;
	r->feed.max = SCT_EL_LINE_MAX;
	return sct_el_survey(r, hints, err);
}

static const struct sct_trace_info *el_info(void *state)
{
	struct sct_el_reader *r = state;

	return &r->info;
}

/* The next line, over damage, which is counted. Returns 1, 0 at the end, or what ends the reading. */
static int next_sound_line(struct sct_el_reader *r, struct sct_el_text *line, struct sct_err *err)
{
	struct sct_err e;
	int rc;

	while ((rc = sct_lines_line(&r->feed, &line->at, &line->end, &e)) == SCT_E_FORMAT || rc == SCT_E_TRUNCATED) {
		if (rc == SCT_E_TRUNCATED)
			r->damage.truncated = true;
		damaged(r, &e);
	}
	r->damage.bytes += r->feed.skipped;
	r->feed.skipped = 0;
	if (rc <= 0)
		return rc ? *err = e, rc : 0;
	r->offset = sct_lines_offset(&r->feed, line->at);
	if (line->end > line->at && line->end[-1] == '\r')
		line->end--;
	return 1;
}

static int el_next(void *state, struct sct_event *events, int max, struct sct_err *err)
{
	struct sct_el_reader *r = state;
	struct sct_el_text line;
	int n = 0, insns = 0;

	if (r->failed.status)
		return *err = r->failed, err->status;
	while (max - n >= EVENTS_MAX && insns < SCT_EL_INSNS) {
		int rc = next_sound_line(r, &line, &r->failed);

		if (rc < 0)
			return n ? n : (*err = r->failed, rc);
		if (!rc)
			return n + give_gap(r, events + n);
		rc = take_line(r, line, events + n, r->bytes[insns]);
		insns += rc > 0;
		n += rc;
	}
	return n;
}

static const struct sct_damage *el_damage(void *state)
{
	struct sct_el_reader *r = state;

	return &r->damage;
}

static const struct sct_count *el_counts(void *state)
{
	struct sct_el_reader *r = state;
	struct sct_count *c = r->counts;

	*c++ = (struct sct_count){ "lines", r->lines };
	*c++ = (struct sct_count){ "user-lines", r->user_lines };
	*c++ = (struct sct_count){ "vcpus", r->nvcpus };
	*c++ = (struct sct_count){ "unknown-mode", r->unknown_mode };
	*c++ = (struct sct_count){ "breaks", r->breaks };
	*c++ = (struct sct_count){ "forks", r->forks };
	*c = (struct sct_count){ NULL, 0 };
	return r->counts;
}

static void el_close(void *state)
{
	struct sct_el_reader *r = state;

	for (unsigned i = 0; i < SCT_EL_VCPUS; i++)
		free(r->vcpus[i]);
	sct_lines_fini(&r->feed);
}

const struct sct_trace_ops sct_trace_execlog = {
	.name = "execlog",
	.summary = "output of QEMU's execlog plugin (reg=*)",
	.state_size = sizeof(struct sct_el_reader),
	.probe = el_probe,
	.open = el_open,
	.info = el_info,
	.next = el_next,
	.damage = el_damage,
	.counts = el_counts,
	.close = el_close,
};
