/* Reader of QEMU's text logs, -d in_asm,exec,cpu: which blocks ran, with which registers.
 * In:  an input
 * Out: events, what the log shows of itself, what was damaged
 *
 * Layout, by lines (QEMU 7.2 and 10.0, accel/tcg/cpu-exec.c, translator.c, linux-user/strace.c, target/i386):
 *
 *	----------------                             a block has been translated; its code follows, see _code
 *	IN: symbol
 *	Trace N: 0xhost [cs_base/pc/flags/cflags] symbol      vCPU N is about to run the block at pc
 *	RAX=…                                        its registers, see _dump: nothing comes between, but other vCPUs' lines
 *	Stopped execution of TB chain before 0xhost [pc] symbol      it did not run after all
 *	     0: v=80 e=0000 i=1 cpl=3 IP=…           -d int: an exception; its dump follows, which is of no block
 *	SMM: enter, SMM: after RSM, CPU Reset        likewise
 *
 * Anything else is others' text and skipped: -strace, guest errors, out_asm. Text without a line break (the first half
 * of a line of -strace) may stand before a line of ours. Files: _lines, _code, _dump read, _blocks decides what ran.
 */
#include <stdlib.h>
#include <string.h>

#include "trace_qemu.h"

enum { PROBE_MAX = 1 << 20 };

/* What a "Trace" line says. */
struct announced {
	uint64_t number;
	struct sct_ql_block block;
};

/* ---- lines that stand alone --------------------------------------------------------------------------------- */

static bool take_hex(const char **p, const char *end, uint64_t *value)
{
	return sct_ql_hex(p, end, value) != 0;
}

/* A decimal number of few digits. */
static bool take_decimal(const char **p, const char *end, uint64_t *value)
{
	const char *start = *p;

	for (*value = 0; *p < end && **p >= '0' && **p <= '9' && *p - start < 9; ++*p)
		*value = *value * 10 + (uint64_t)(**p - '0');
	return *p > start;
}

/* "Trace 0: 0x7f4ddc000100 [0000000000000000/000000000040ebf0/1040c0b3/00000201] symbol" */
static bool read_trace(const char *p, const char *end, struct announced *a)
{
	uint64_t flags, cflags;

	memset(a, 0, sizeof *a);
	if (!sct_ql_word(&p, end, "Trace ") || !take_decimal(&p, end, &a->number) || !sct_ql_word(&p, end, ": 0x") ||
	    !take_hex(&p, end, &a->block.host) || !sct_ql_word(&p, end, " [") || !take_hex(&p, end, &a->block.cs_base) ||
	    !sct_ql_word(&p, end, "/") || !take_hex(&p, end, &a->block.pc) || !sct_ql_word(&p, end, "/") ||
	    !take_hex(&p, end, &flags) || !sct_ql_word(&p, end, "/") || !take_hex(&p, end, &cflags) ||
	    !sct_ql_word(&p, end, "]"))
		return false;
	a->block.flags = (uint32_t)flags;
	a->block.cflags = (uint32_t)cflags;
	return true;
}

/* "Stopped execution of TB chain before 0x7f4ddc000100 [000000000040ebf0] symbol" */
static bool read_stopped(const char *p, const char *end, uint64_t *host, uint64_t *pc)
{
	return sct_ql_word(&p, end, "Stopped execution of TB chain before 0x") && take_hex(&p, end, host) &&
	       sct_ql_word(&p, end, " [") && take_hex(&p, end, pc) && sct_ql_word(&p, end, "]");
}

/* Lines behind which a dump comes that is of no block: target/i386/tcg/{excp_helper,seg_helper}.c, system/smm_helper.c,
 * hw/core/cpu-common.c. */
static bool is_other_dump(const char *p, const char *end)
{
	static const char *const starts[] = { "SMM: enter", "SMM: after RSM", "CPU Reset (CPU " };
	uint64_t count, vector;

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (sct_ql_word(&p, end, starts[i]))
			return true;
	while (p < end && *p == ' ')
		p++;
	return take_decimal(&p, end, &count) && sct_ql_word(&p, end, ": v=") && take_hex(&p, end, &vector) &&
	       sct_ql_word(&p, end, " e=");
}

static int ql_probe(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + (size < PROBE_MAX ? size : PROBE_MAX), *stop, *at;
	struct announced a;
	int score = 0;

	if (size > 4 && (data[0] < '\t' || data[0] > 0x7e)) /* no text */
		return 0;
	for (; p < end; p = stop + 1) {
		stop = memchr(p, '\n', (size_t)(end - p));
		if (!stop)
			stop = end;
		if (read_trace(p, stop, &a))
			return 90;
		at = p;
		if (sct_ql_word(&at, stop, "IN: ") || sct_ql_word(&at, stop, "Taking exception ") || is_other_dump(p, stop))
			score = 40;
	}
	return score;
}

/* ---- blocks ------------------------------------------------------------------------------------------------- */

static struct sct_ql_vcpu *vcpu(struct sct_ql_reader *r, unsigned number)
{
	struct sct_ql_vcpu *v = r->vcpus[number];

	if (v)
		return v;
	v = r->vcpus[number] = calloc(1, sizeof *v);
	if (v) {
		v->thread = r->threads++;
		r->nvcpus++;
	}
	return v;
}

static void broken(struct sct_ql_reader *r, const struct sct_ql_line *line, const char *why)
{
	struct sct_err err;

	sct_fail(&err, SCT_E_FORMAT, line->offset, "%s", why);
	sct_ql_lost(r, &err, line->len);
}

static int announce(struct sct_ql_reader *r, const struct announced *a, const struct sct_ql_line *line,
                    struct sct_err *err)
{
	struct sct_ql_vcpu *v;

	if (a->number >= SCT_QL_VCPUS) {
		broken(r, line, "a vCPU of a number that no machine has");
		return SCT_OK;
	}
	v = vcpu(r, (unsigned)a->number);
	if (!v)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for a vCPU");
	if (v->waiting && r->ready && r->info.user_mode) /* no process can be about to run two blocks at once */
		r->mixed = true;
	if (v->waiting) /* registers of the block before are missing */
		broken(r, line, r->mixed ? "a block without registers, or the lines of two processes: results are not known "
		       "from here on" : "a block without registers: such logs are made with -d exec,cpu");
	r->waiting++;
	v->waiting = true;
	v->next = a->block;
	v->next.seq = r->seq++;
	v->next.code = sct_ql_code(&r->code, a->block.host, a->block.pc, a->block.cs_base, a->block.flags,
	                           r->nvcpus > 1 || r->mixed);
	return SCT_OK;
}

/* A block that was announced did not run. */
static void stopped(struct sct_ql_reader *r, uint64_t host, uint64_t pc, const struct sct_ql_line *line)
{
	struct sct_ql_vcpu *found = NULL;

	for (unsigned i = 0; i < SCT_QL_VCPUS; i++) {
		struct sct_ql_vcpu *v = r->vcpus[i];

		if (!v || !v->running || v->now.host != host || v->now.pc != pc)
			continue;
		if (found) {
			broken(r, line, "several vCPUs were about to run the block that did not run");
			return;
		}
		found = v;
	}
	if (!found)
		return;
	r->stopped++;
	sct_ql_drop(r, &found->now);
	found->running = false;
}

/* What the first dump shows of the machine. qemu-user's CPUs have paging on and no page table (linux-user/i386). */
static void survey(struct sct_ql_reader *r)
{
	const struct sct_ql_dump *d = &r->dump;
	uint64_t cr0 = 0, cr3 = 0;

	r->info.arch = d->arch;
	if (d->arch->machine) {
		sct_regs_get(&d->regs, sct_arch_reg(d->arch, "cr0"), &cr0);
		sct_regs_get(&d->regs, sct_arch_reg(d->arch, "cr3"), &cr3);
		r->info.user_mode = d->cpl == 3 && cr0 >> 31 && !cr3;
	} else {
		r->info.user_mode = d->cpl == 3; /* of a machine, the first block is the kernel's, or its loader's */
	}
	r->info.every_insn = r->info.user_mode && d->arch != &sct_arch_mipsel; /* listings tell no code of MIPS */
	r->info.first_pc = (struct sct_word){ true, d->pc };
	r->ready = true;
}

/* Why nothing is made of the block whose registers these are; NULL: it is read. */
static const char *unfit(const struct sct_ql_reader *r, const struct sct_ql_block *block)
{
	const struct sct_ql_dump *d = &r->dump;

	if (d->arch->machine && r->info.arch->machine)
		return NULL;
	if (d->arch != r->info.arch)
		return "registers of another architecture than before";
	if (d->big_endian)
		return "registers of big-endian MIPS: only little-endian MIPS is read";
	if (d->cpl != 3)
		return "registers of kernel mode: of this architecture only logs of programs are read";
	if (d->code16)
		return "code of MIPS that is not of 32-bit words is not read";
	if ((block->cflags & SCT_QL_COUNT) != 1)
		return "a block of several instructions: of this architecture only logs of single ones are read (-singlestep, "
		       "-one-insn-per-tb)";
	return NULL;
}

/* The dump is complete: finds the block that it is of. */
static void attribute(struct sct_ql_reader *r, const struct sct_ql_line *line)
{
	const struct sct_ql_dump *d = &r->dump;
	uint64_t mask = d->wide ? UINT64_MAX : UINT32_MAX;
	struct sct_ql_vcpu *found = NULL;
	const char *why;
	unsigned number = 0, matches = 0;

	r->dumping = false;
	for (unsigned i = 0; !r->own && i < SCT_QL_VCPUS && matches < r->waiting; i++) {
		struct sct_ql_vcpu *v = r->vcpus[i];

		if (!v || !v->waiting || ((v->next.pc ^ d->pc) & mask))
			continue;
		matches++;
		found = v;
		number = i;
	}
	if (r->others && (r->own || !matches)) {
		r->others--;
		return;
	}
	if (matches != 1 || r->others) {
		if (r->waiting)
			broken(r, line, "registers of which nobody can say whose they are");
		else if (r->ready && !r->own)
			broken(r, line, "registers of a block that no line before them announces");
		return;
	}
	if (!r->ready)
		survey(r);
	why = unfit(r, &found->next);
	if (why) {
		struct sct_err e;

		sct_fail(&e, SCT_E_UNSUPPORTED, line->offset, "%s", why);
		sct_ql_lost(r, &e, line->len);
		return;
	}
	found->next.regs = d->regs;
	found->next.user = d->cpl == 3;
	found->next.wide = d->wide;
	found->next.code16 = d->code16;
	sct_ql_begin(r, found, number);
}

/* ---- lines in order ----------------------------------------------------------------------------------------- */

/* Text that is none of the log's own, or that a line of the log's stands behind. */
static int others_text(struct sct_ql_reader *r, const struct sct_ql_line *line, struct sct_err *err)
{
	const char *p = line->text, *end = p + line->len;
	struct announced a;
	uint64_t host, pc;

	r->other_lines++;
	for (; (p = memmem(p, (size_t)(end - p), "Trace ", 6)) != NULL; p++)
		if (read_trace(p, end, &a))
			return announce(r, &a, line, err);
	p = memmem(line->text, line->len, "Stopped execution of TB", 23);
	if (p && read_stopped(p, end, &host, &pc))
		stopped(r, host, pc, line);
	return SCT_OK;
}

static int other_line(struct sct_ql_reader *r, const struct sct_ql_line *line, struct sct_err *err)
{
	const char *p = line->text, *end = p + line->len;
	bool after_other = r->after_other;
	struct announced a;
	uint64_t host, pc;

	r->after_other = false;
	if (!line->len || *p == '-')
		return SCT_OK;
	if (*p == 'T' && read_trace(p, end, &a))
		return announce(r, &a, line, err);
	if (*p == 'S' && read_stopped(p, end, &host, &pc)) {
		stopped(r, host, pc, line);
		return SCT_OK;
	}
	if (sct_ql_dump_begin(&r->dump, line)) {
		r->dumping = true;
		r->own = after_other;
		return SCT_OK;
	}
	if (is_other_dump(p, end)) {
		r->others++;
		r->after_other = true;
		return SCT_OK;
	}
	return others_text(r, line, err);
}

static void truncated(struct sct_ql_reader *r, const struct sct_err *err)
{
	r->damage.truncated = true;
	if (!r->damage.first.status)
		r->damage.first = *err;
}

static int take_line(struct sct_ql_reader *r, const struct sct_ql_line *line, struct sct_err *err)
{
	if (r->dumping) {
		switch (sct_ql_dump_row(&r->dump, line)) {
		case SCT_QL_ROW:
			return SCT_OK;
		case SCT_QL_LAST:
			attribute(r, line);
			return SCT_OK;
		case SCT_QL_BROKEN:
			broken(r, line, "a line of a register dump that makes no sense here");
			return SCT_OK;
		case SCT_QL_NOT:
			broken(r, line, "a register dump without an end");
		}
	}
	return sct_ql_listing(&r->code, line) ? SCT_OK : other_line(r, line, err);
}

/* Reads one line. Returns 1, 0 at the end, or what ends the reading. */
static int step(struct sct_ql_reader *r, struct sct_ql_line *line, struct sct_err *err)
{
	const char *from, *end;
	struct sct_err e;
	int rc;

	r->lines.skipped = 0;
	*line = (struct sct_ql_line){ 0 };
	rc = sct_lines_line(&r->lines, &from, &end, &e);
	if (rc == 1) {
		*line = (struct sct_ql_line){ from, (size_t)(end - from), sct_lines_offset(&r->lines, from) };
		return take_line(r, line, err) == SCT_OK ? 1 : err->status;
	}
	if (rc == SCT_E_FORMAT) {
		sct_ql_lost(r, &e, r->lines.skipped);
	} else if (rc == SCT_E_TRUNCATED) {
		truncated(r, &e);
	} else if (rc < 0) {
		*err = e;
		return rc;
	} else if (r->dumping || r->waiting) {
		sct_fail(&e, SCT_E_TRUNCATED, SCT_NO_OFFSET, "the log ends inside a register dump");
		truncated(r, &e);
	}
	return rc != 0;
}

/* ---- the plug ----------------------------------------------------------------------------------------------- */

/* Why lines that hold no block's registers are not read on; 0: they may still come. */
static int refuse(const struct sct_ql_reader *r, const struct sct_ql_line *line, struct sct_err *err)
{
	const char *arch = r->waiting && !r->dumping && line->text ? sct_ql_other_arch(line) : NULL;

	if (arch)
		return sct_fail(err, SCT_E_UNSUPPORTED, line->offset, "a log of %s: only those of i386, x86_64, arm, aarch64 "
		                "and mipsel are read", arch);
	if (r->damage.places)
		return sct_fail(err, r->damage.first.status, r->damage.first.offset, "%s", r->damage.first.text);
	return SCT_OK;
}

static int ql_open(void *state, struct sct_input *in, const struct sct_trace_hints *hints, struct sct_err *err)
{
	struct sct_ql_reader *r = state;
	struct sct_ql_line line;
	int rc;

	if (hints->nondet)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "a PANDA non-determinism log goes with PANDA's traces only");
	r->lines.in = in;
	r->lines.max = SCT_QL_LINE_MAX;
	r->info = (struct sct_trace_info){ .format = "qemu-log", .emulator = "QEMU", .level = SCT_LEVEL_BLOCKS,
	                                   .shown = SCT_SHOWN_NONE };
	sct_ql_dump_init(&r->dump);
	if (sct_ql_table_init(&r->code, err) < 0)
		return err->status;
	r->out = r->early; /* nothing of use comes before the first registers */
	while (!r->ready) {
		r->told = 0;
		rc = step(r, &line, err);
		if (!rc)
			return sct_fail(err, SCT_E_FORMAT, SCT_NO_OFFSET,
			                "it holds no registers of blocks: such logs are made with -d in_asm,exec,cpu,nochain");
		if (rc < 0 || refuse(r, &line, err) < 0)
			return err->status;
	}
	return sct_step_new(&r->step, r->info.arch, err);
}

static const struct sct_trace_info *ql_info(void *state)
{
	struct sct_ql_reader *r = state;

	return &r->info;
}

static int ql_next(void *state, struct sct_event *events, int max, struct sct_err *err)
{
	struct sct_ql_reader *r = state;
	struct sct_ql_line line;
	int rc;

	sct_ql_collect(&r->code);
	r->out = events;
	r->told = 0;
	if (r->failed.status) {
		*err = r->failed;
		return err->status;
	}
	while (!r->over && max - r->told >= SCT_QL_ROOM) {
		rc = step(r, &line, &r->failed);
		if (rc < 0)
			return r->told ? r->told : (*err = r->failed, rc);
		r->over = !rc;
	}
	for (; r->over && r->flushed < SCT_QL_VCPUS && max - r->told >= SCT_QL_ROOM; r->flushed++)
		if (r->vcpus[r->flushed])
			sct_ql_end(r, r->vcpus[r->flushed], r->flushed);
	return r->told;
}

static const struct sct_damage *ql_damage(void *state)
{
	struct sct_ql_reader *r = state;

	return &r->damage;
}

static const struct sct_count *ql_counts(void *state)
{
	struct sct_ql_reader *r = state;
	const struct sct_count counts[] = {
		{ "blocks run", r->seq - r->stopped },
		{ "blocks stopped before they ran", r->stopped },
		{ "blocks listed", r->code.listed },
		{ "listings dropped", r->code.dropped },
		{ "blocks that two listings fit", r->code.unsure },
		{ "entering instructions not shown to be reached", r->damage.unproven },
		{ "lines of other programs", r->other_lines },
		{ NULL, 0 },
	};

	memcpy(r->counts, counts, sizeof counts);
	return r->counts;
}

static void ql_close(void *state)
{
	struct sct_ql_reader *r = state;

	for (unsigned i = 0; i < SCT_QL_VCPUS; i++) {
		if (!r->vcpus[i])
			continue;
		sct_ql_drop(r, &r->vcpus[i]->now);
		sct_ql_drop(r, &r->vcpus[i]->next);
		free(r->vcpus[i]);
	}
	sct_ql_table_fini(&r->code);
	sct_lines_fini(&r->lines);
	sct_step_free(r->step);
}

const struct sct_trace_ops sct_trace_qemu = {
	.name = "qemu-log",
	.summary = "QEMU's text logs, -d in_asm,exec,cpu,nochain",
	.state_size = sizeof(struct sct_ql_reader),
	.probe = ql_probe,
	.open = ql_open,
	.info = ql_info,
	.next = ql_next,
	.damage = ql_damage,
	.counts = ql_counts,
	.close = ql_close,
};
