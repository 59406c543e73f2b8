/* Reader of PANDA's `trace`, of a whole machine or of one process, and of Tenet's text, which the latter is.
 * In:  an input
 * Out: events, what the trace says of itself, what was damaged
 *
 * Layout: lines of text, trace_panda_line.c; '#' begins a comment. A line tells of the moment before an instruction:
 * which one it is (its pc), in which address space and mode; and what the instruction of the line before has changed:
 * its accesses and the registers that have another value now (panda/plugins/trace/trace.cpp: accesses are kept until
 * the next line; Tenet, tracers/README.md). `seq` is the index of a line, comments not counted.
 *
 * Of a machine, instructions that were followed by kernel code are told (INSN, as of the line before), and the first
 * ones behind kernel code (USER); of a program every one. Accesses of a line were made in the address space of the line
 * before.
 * Files: lines.c finds lines, _line parses them, _survey looks at the first ones, _events tells; _threads and _gates
 * know who runs and what is a call, by what the kernel does.
 */
#include <stdlib.h>
#include <string.h>

#include "trace_panda.h"

#define PGTABLE UINT64_C(0x000ffffffffff000) /* CR3 without flags and PCID: Intel SDM 3A 4.5 */

enum {
	PTI_USER_PGTABLE = 1 << 12, /* one page: arch/x86/entry/calling.h */
	ENTRY_LINES = 32,
};

/* ---- lines in order ----------------------------------------------------------------------------------------- */

static const uint8_t *line_end(const struct sct_pd_reader *r, const uint8_t *line)
{
	return (const uint8_t *)memchr(line, '\n', (size_t)(r->stop - line)) + 1;
}

static bool is_comment(const uint8_t *line)
{
	return *line == '#' || *line == '\n' || (*line == '\r' && line[1] == '\n');
}

/* Takes back the accesses of the current line. */
static void take_back(struct sct_pd_reader *r, unsigned n, size_t used)
{
	r->parser.batch.n = n;
	r->parser.batch.used = used;
}

/* The line cannot be read. One whose bytes lost their zeros is tried again as such. */
static const uint8_t *refuse(struct sct_pd_reader *r, const uint8_t *line)
{
	struct sct_pd_parser *p = &r->parser;
	const uint8_t *end = line_end(r, line);
	bool odd = p->fault == SCT_PD_ODD && !p->loose;
	struct sct_err err;

	sct_fail(&err, SCT_E_FORMAT, sct_lines_offset(&r->feed, line), "line %llu: %s%s",
	         (unsigned long long)r->text_lines, p->cause,
	         odd ? ": leading zeros are missing, what accesses before it told may be wrong" : "");
	sct_pd_lost(r, &err, odd ? 0 : (uint64_t)(end - line));
	if (odd) {
		p->loose = true;
		r->text_lines--;
		return line;
	}
	r->index++;
	return end;
}

/* Under page-table isolation the page-table base changes among the first instructions in the kernel, long before any
 * thread is switched: it loses a bit (arch/x86/entry/calling.h, SWITCH_TO_KERNEL_CR3: PTI_USER_PGTABLE_MASK). */
static void watch_halves(struct sct_pd_reader *r, uint64_t asid, bool kernel)
{
	uint64_t table = asid & PGTABLE, before = r->asid & PGTABLE;

	if (!r->kernel && kernel)
		r->entered = r->index;
	if (kernel && r->parser.arch->word == 8 && before != table && before == (table | PTI_USER_PGTABLE) &&
	    r->index - r->entered < ENTRY_LINES)
		r->info.halves = PTI_USER_PGTABLE;
}

/* What a line that was read changes. asid: of the line. */
static void apply(struct sct_pd_reader *r, uint64_t asid, bool kernel)
{
	if (r->have)
		watch_halves(r, asid, kernel);
	r->dirty |= r->parser.seen;
	if (r->have && (asid != r->asid || kernel != r->kernel))
		sct_pd_flush(r);
	r->asid = asid;
	r->user_due = r->have && r->kernel && !kernel;
	r->kernel = kernel;
	r->have = true;
	r->hole = false;
}

static bool is_complete(struct sct_pd_reader *r, const uint8_t *line)
{
	struct sct_pd_parser *p = &r->parser;

	if (p->has_asid == r->survey.whole && p->has_kernel == r->survey.whole &&
	    (!r->survey.whole || p->seen >> p->arch->pc & 1))
		return true;
	p->fault = SCT_PD_BAD;
	p->where = line;
	p->cause = r->survey.whole ? "not all of asid, kernel and pc are told" : "asid or kernel in a trace of one program";
	return false;
}

/* A line that begins in another way than the one before: mode or address space have changed, or the first one. */
static const uint8_t *other_line(struct sct_pd_reader *r, const uint8_t *line)
{
	struct sct_pd_parser *p = &r->parser;
	struct sct_regs before = p->regs;
	unsigned n = p->batch.n;
	size_t used = p->batch.used;
	const uint8_t *end = sct_pd_parse(p, line);

	if (!end || !is_complete(r, line)) {
		take_back(r, n, used);
		return refuse(r, line);
	}
	if (r->have && !r->kernel && p->has_kernel && p->kernel) {
		struct sct_pd_entered how = sct_pd_gate_in(&r->gates, p->arch, r->threads.running, &before, &p->regs);

		p->regs = before;
		take_back(r, n, used);
		sct_pd_moment(r, SCT_EV_INSN, r->index - 1, &how);
		end = sct_pd_parse(p, line);
	}
	if (p->has_kernel || !p->prefix_words)
		sct_pd_learn(p, line);
	apply(r, p->asid, p->kernel);
	return end;
}

/* Accesses of the next line count from here. */
static void number_accesses(struct sct_pd_reader *r)
{
	struct sct_pd_batch *b = &r->parser.batch;
	uint64_t by = r->index ? r->index - 1 : 0; /* the instruction that made them */

	if (b->n != b->first && by - b->seq > UINT16_MAX)
		sct_pd_flush(r);
	if (b->n == b->first)
		b->seq = by;
	r->parser.step = (uint16_t)(by - b->seq);
}

/* A line in kernel mode whose instruction made one access, of a word, may be part of a switch of threads. */
static void watch_threads(struct sct_pd_reader *r, unsigned n, uint64_t old_sp)
{
	const struct sct_pd_parser *p = &r->parser;
	const struct sct_arch *a = p->arch;
	const struct sct_store *s = &p->batch.stores[n];
	uint64_t value = 0;

	if (p->batch.n != n + 1 || s->len != a->word || p->loose)
		return;
	memcpy(&value, s->data, a->word);
	sct_pd_threads_line(&r->threads, s, le64toh(value), r->index, old_sp, p->regs.value[a->sp], p->regs.value[a->pc]);
}

/* Reads one line; returns what stands behind it. */
static const uint8_t *read_line(struct sct_pd_reader *r, const uint8_t *line)
{
	struct sct_pd_parser *p = &r->parser;
	unsigned n = p->batch.n;
	size_t used = p->batch.used;
	uint64_t sp = p->regs.value[p->arch->sp];
	const uint8_t *end;
	bool same;

	r->text_lines++;
	if (is_comment(line))
		return line_end(r, line);
	number_accesses(r);
	end = sct_pd_parse_same(p, line, &same);
	if (!same) {
		end = other_line(r, line);
		if (!r->have)
			return end;
	} else if (!end) {
		take_back(r, n, used);
		return refuse(r, line);
	} else {
		r->dirty |= p->seen;
		r->user_due = false;
	}
	r->kernel_lines += r->kernel;
	if (r->kernel)
		watch_threads(r, n, sp);
	/* Tenet leaves out a pc that is the same; after a hole nobody knows the same as what */
	if (!r->survey.whole && p->regs.known >> p->arch->pc & 1)
		sct_pd_moment(r, SCT_EV_INSN, r->index, NULL);
	r->index++;
	return end;
}

/* ---- runs of lines ------------------------------------------------------------------------------------------ */

/* Damage that the input or its lines had. */
static void note_damage(struct sct_pd_reader *r, const struct sct_err *err)
{
	if (err->status == SCT_E_TRUNCATED) {
		r->damage.truncated = true;
		if (!r->damage.first.status)
			r->damage.first = *err;
	} else {
		sct_pd_lost(r, err, 0);
		r->index++;
	}
	if (r->feed.uncounted)
		sct_pd_devices_end(r);
}

/* Goes to the next run; at the end sets `over`. */
static void next_run(struct sct_pd_reader *r)
{
	struct sct_err e;
	int rc = sct_lines_run(&r->feed, &e);

	r->at = rc == 1 ? r->feed.start : NULL;
	r->stop = rc == 1 ? r->feed.stop : NULL;
	if (rc == SCT_E_FORMAT || rc == SCT_E_TRUNCATED)
		note_damage(r, &e);
	else if (rc < 0)
		r->failed = e;
	r->over = !rc || r->failed.status;
	r->damage.bytes += r->feed.skipped;
	r->feed.skipped = 0;
}

static bool has_room(const struct sct_pd_reader *r)
{
	const struct sct_pd_batch *b = &r->parser.batch;

	return b->n < SCT_PD_STORES && b->used < SCT_PD_BYTES && r->nqueue < SCT_PD_EVENTS;
}

/* Reads lines until there is enough in the queue. */
static void fill(struct sct_pd_reader *r)
{
	struct sct_pd_batch *b = &r->parser.batch;

	b->n = b->first = 0;
	b->used = 0;
	r->nqueue = r->out = 0;
	while (has_room(r)) {
		if (r->device.seq < r->index && sct_pd_devices(r, r->index - 1))
			break; /* the log's next write takes the place of this one */
		if (r->user_due) {
			sct_pd_gate_out(&r->gates, r->parser.arch, r->threads.running, &r->parser.regs);
			sct_pd_moment(r, SCT_EV_USER, r->index - 1, NULL);
		}
		r->user_due = false;
		if (r->at != r->stop)
			r->at = read_line(r, r->at);
		else if (!r->over)
			next_run(r);
		else
			break;
	}
	sct_pd_flush(r);
}

/* ---- the plug ----------------------------------------------------------------------------------------------- */

static int pd_probe(const uint8_t *data, size_t size)
{
	return sct_pd_probe(data, size, true);
}

static int tenet_probe(const uint8_t *data, size_t size)
{
	return sct_pd_probe(data, size, false);
}

static void fill_info(struct sct_pd_reader *r)
{
	bool whole = r->survey.whole;

	r->asid_slot = r->parser.arch->asid;
	r->info = (struct sct_trace_info){
		.format = whole ? "panda" : "tenet",
		.recorder = whole ? "PANDA trace" : NULL,
		.arch = r->parser.arch,
		.user_mode = !whole,
		.vcpus = 1,
		.level = SCT_LEVEL_FULL,
		.shown = whole ? SCT_SHOWN_ALL : SCT_SHOWN_PROGRAM,
		.every_insn = !whole,
		.first_pc = r->survey.pc,
	};
}

static int pd_open(void *state, struct sct_input *in, const struct sct_trace_hints *hints, struct sct_err *err)
{
	struct sct_pd_reader *r = state;

	r->feed.in = in;
	r->feed.max = SCT_PD_LINE_MAX;
	r->device.seq = UINT64_MAX;
	if (sct_pd_survey(&r->survey, &r->parser, in, hints->arch, err) < 0 || sct_pd_devices_open(r, hints, err) < 0)
		return err->status;
	r->queue = malloc(SCT_PD_EVENTS_ROOM * sizeof *r->queue);
	if (!r->queue)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for events");
	fill_info(r);
	return SCT_OK;
}

static const struct sct_trace_info *pd_info(void *state)
{
	struct sct_pd_reader *r = state;

	return &r->info;
}

static int pd_next(void *state, struct sct_event *events, int max, struct sct_err *err)
{
	struct sct_pd_reader *r = state;
	unsigned n;

	while (r->out == r->nqueue) {
		if (r->over && r->at == r->stop) {
			*err = r->failed;
			return err->status;
		}
		fill(r);
	}
	n = r->nqueue - r->out < (unsigned)max ? r->nqueue - r->out : (unsigned)max;
	memcpy(events, r->queue + r->out, n * sizeof *events);
	r->out += n;
	return (int)n;
}

static const struct sct_damage *pd_damage(void *state)
{
	struct sct_pd_reader *r = state;

	return &r->damage;
}

static const struct sct_count *pd_counts(void *state)
{
	struct sct_pd_reader *r = state;
	unsigned n = 0;

	r->counts[n++] = (struct sct_count){ "instructions", r->index };
	if (r->survey.whole)
		r->counts[n++] = (struct sct_count){ "kernel", r->kernel_lines };
	r->counts[n++] = (struct sct_count){ "accesses", r->accesses };
	if (r->nondet)
		r->counts[n++] = (struct sct_count){ "device_writes", r->device_writes };
	if (r->parser.unkept)
		r->counts[n++] = (struct sct_count){ "unkept_values", r->parser.unkept };
	r->counts[n] = (struct sct_count){ NULL, 0 };
	return r->counts;
}

static void pd_close(void *state)
{
	struct sct_pd_reader *r = state;

	if (r->nondet)
		sct_nondet_close(r->nondet);
	free(r->queue);
	sct_pd_threads_fini(&r->threads);
	sct_pd_parser_fini(&r->parser);
	sct_lines_fini(&r->feed);
}

#define OPS(NAME, PROBE, SUMMARY)                                                                   \
	{                                                                                               \
		.name = NAME, .summary = SUMMARY, .state_size = sizeof(struct sct_pd_reader), .probe = PROBE, \
		.open = pd_open, .info = pd_info, .next = pd_next, .damage = pd_damage, .counts = pd_counts,  \
		.close = pd_close,                                                                          \
	}

const struct sct_trace_ops sct_trace_panda = OPS("panda", pd_probe, "PANDA's trace of a whole machine");
const struct sct_trace_ops sct_trace_tenet = OPS("tenet", tenet_probe, "Tenet's text, PANDA's trace of one process");
