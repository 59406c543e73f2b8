/* A recording by hand: events that a test writes down, run through the pipeline, and one line for each record.
 * In:  what threads do, step by step
 * Out: lines such as "1 read returned 5"
 */
#ifndef TEST_SCRIPT_H
#define TEST_SCRIPT_H

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/pipeline.h"

enum { EVENTS_MAX = 1 << 16, BYTES_MAX = 1 << 17, TEXT_MAX = 1 << 19 };

struct script {
	struct sct_trace_info info;
	struct sct_damage damage;
	struct sct_event events[EVENTS_MAX];
	int n, taken;
	uint8_t bytes[BYTES_MAX]; /* what events point at */
	size_t nbytes;
	unsigned vcpu;            /* that the following steps are on */
	char text[TEXT_MAX];      /* the records, a line each */
	struct sct_pipeline_counts counts;
};

/* ---- the recording ------------------------------------------------------------------------------------------ */

static struct sct_event *event(struct script *s, unsigned kind)
{
	struct sct_event *e = &s->events[s->n++];

	ck_assert_int_le(s->n, EVENTS_MAX);
	*e = (struct sct_event){ .kind = (uint8_t)kind, .vcpu = (uint16_t)s->vcpu, .seq = (uint64_t)s->n,
	                         .time_ns = SCT_TIME_UNKNOWN };
	return e;
}

static const uint8_t *keep(struct script *s, const void *data, size_t len)
{
	uint8_t *at = s->bytes + s->nbytes;

	s->nbytes += len;
	ck_assert_uint_le(s->nbytes, BYTES_MAX);
	return memcpy(at, data, len);
}

static inline void reg(struct script *s, const char *name, uint64_t value)
{
	struct sct_event *e = event(s, SCT_EV_REG);

	e->reg = sct_arch_reg(s->info.arch, name)->index;
	e->value = value;
}

static inline void see(struct script *s, uint64_t addr, const void *data, size_t len)
{
	struct sct_event *e = event(s, SCT_EV_SEEN);

	e->addr = addr;
	e->len = (uint32_t)len;
	e->data = data ? keep(s, data, len) : NULL;
}

static inline void gap(struct script *s)
{
	event(s, SCT_EV_GAP);
}

/* Begins: registers that do not change, 64-bit user code on a 64-bit machine. */
static inline struct script *script_new(const struct sct_arch *arch)
{
	struct script *s = calloc(1, sizeof *s);

	ck_assert_ptr_nonnull(s);
	s->info.arch = arch;
	return s;
}

enum { CS_32 = 0x23, CS_64 = 0x33 };

/* What follows is on vcpu, by the thread of that number (0: the recording does not say), in that address space. */
static inline void on(struct script *s, unsigned vcpu, uint64_t thread, uint64_t space)
{
	static const char *const args[] = { "ebx", "ecx", "edx", "esi", "edi", "ebp" };

	s->vcpu = vcpu;
	if (thread)
		event(s, SCT_EV_THREAD)->value = thread;
	reg(s, "cr3", space);
	reg(s, "cs", s->info.arch->word == 8 ? CS_64 : 0x73);
	if (s->info.arch->word == 8)
		reg(s, "efer", 0x500);
	for (unsigned i = 0; i < 6; i++)
		reg(s, args[i], 0);
	for (unsigned i = 0; s->info.arch->word == 8 && i < 3; i++)
		reg(s, (const char *const[]){ "r8", "r9", "r10" }[i], 0);
}

/* The same, for a thread that has never run before. */
static inline void born(struct script *s, unsigned vcpu, uint64_t thread, uint64_t space)
{
	struct sct_event *e;

	s->vcpu = vcpu;
	e = event(s, SCT_EV_THREAD);
	e->value = thread;
	e->reg = 1;
	on(s, vcpu, thread, space);
}

static inline void enter_by(struct script *s, const char *code, size_t len, uint32_t nr, uint64_t pc, uint64_t sp)
{
	struct sct_event *e;

	reg(s, "eax", nr);
	reg(s, "esp", sp);
	e = event(s, SCT_EV_INSN);
	e->addr = pc;
	e->len = (uint32_t)len;
	e->data = keep(s, code, len);
}

#define SYSCALL "\x0f\x05"
#define SYSENTER "\x0f\x34"
#define INT80 "\xcd\x80"

/* `syscall` of that number at pc */
static inline void enter(struct script *s, uint32_t nr, uint64_t pc, uint64_t sp)
{
	enter_by(s, SYSCALL, 2, nr, pc, sp);
}

/* User mode again, at pc. */
static inline void leave(struct script *s, uint64_t pc, uint64_t sp, uint64_t result)
{
	reg(s, "eax", result);
	reg(s, "esp", sp);
	event(s, SCT_EV_USER)->addr = pc;
}

/* ---- the reader that hands it out ---------------------------------------------------------------------------- */

static const struct sct_trace_info *script_info(void *state)
{
	return &((struct script *)state)->info;
}

static int script_next(void *state, struct sct_event *events, int max, struct sct_err *err)
{
	struct script *s = state;
	int n = s->n - s->taken < max ? s->n - s->taken : max;

	(void)err;
	memcpy(events, s->events + s->taken, (size_t)n * sizeof *events);
	s->taken += n;
	return n;
}

static const struct sct_damage *script_damage(void *state)
{
	return &((struct script *)state)->damage;
}

static const struct sct_trace_ops script_ops = {
	.name = "script", .info = script_info, .next = script_next, .damage = script_damage,
};

/* ---- the records --------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void say(struct script *s, const char *fmt, ...)
{
	size_t at = strlen(s->text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->text + at, TEXT_MAX - at, fmt, ap);
	va_end(ap);
}

static void say_word(struct script *s, const char *name, struct sct_word w)
{
	if (w.known)
		say(s, " %s=%llu", name, (unsigned long long)w.value);
}

/* id, name, end, result (number, error, ? when unknown), and what else is known */
static int say_record(void *ctx, const struct sct_record *r, struct sct_err *err)
{
	struct script *s = ctx;

	(void)err;
	say(s, "%llu %s %s ", (unsigned long long)r->id, r->name ? r->name : "-", sct_end_names[r->end]);
	if (r->error)
		say(s, "%s", r->error);
	else if (r->result.known)
		say(s, "%lld", (long long)r->result.num);
	else
		say(s, "?");
	if (r->restarts)
		say(s, " restarts=%u", r->restarts);
	say_word(s, "thread", r->thread);
	say_word(s, "pid", r->pid);
	say_word(s, "tid", r->tid);
	if (r->ret.known)
		say(s, " at %llx", (unsigned long long)r->ret.pc);
	say(s, "\n");
	return 0;
}

/* Runs the recording; its records go to end. os: what the guest's own data tell, or NULL. */
static inline void script_run_beside(struct script *s, struct sct_os *os,
                                     int (*end)(void *, const struct sct_record *, struct sct_err *))
{
	const struct sct_pipeline_options options = { .limits = sct_limits_default, .os = os };
	const struct sct_pipeline_ops ops = { .end = end, .ctx = s };
	struct sct_trace trace = { .ops = &script_ops, .state = s };
	struct sct_pipeline *p;
	struct sct_err err;

	ck_assert_int_eq(sct_pipeline_new(&p, &trace, &options, &ops, &err), 0);
	ck_assert_int_eq(sct_pipeline_run(p, &err), 0);
	s->counts = *sct_pipeline_counts(p);
	sct_pipeline_free(p);
}

static inline void script_run(struct script *s, int (*end)(void *, const struct sct_record *, struct sct_err *))
{
	script_run_beside(s, NULL, end);
}

/* How many records with that text stand before the first one with the other. */
static inline unsigned count_before(const struct script *s, const char *what, const char *end)
{
	const char *stop = strstr(s->text, end);
	unsigned n = 0;

	ck_assert_ptr_nonnull(stop);
	for (const char *p = s->text; (p = strstr(p, what)) && p < stop; p++)
		n++;
	return n;
}

/* Holds the records against the expected lines, and ends the test's recording. */
static inline void expect(struct script *s, const char *lines)
{
	script_run(s, say_record);
	ck_assert_str_eq(s->text, lines);
	free(s);
}

#endif
