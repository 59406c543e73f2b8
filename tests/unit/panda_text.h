/* What the tests of the reader of PANDA's trace and Tenet's text share: a trace in, its events as text out.
 * In:  lines
 * Out: events, one a line; damage
 */
#ifndef TEST_PANDA_TEXT_H
#define TEST_PANDA_TEXT_H

#include "../../formats/formats.h"

#include <check.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A text that grows. */
struct text {
	char *s;
	size_t len, room;
};

static struct text got;  /* the events, one a line */
static struct text file; /* what is read */
static struct sct_trace_info info;
static struct sct_damage damage;
static struct sct_err err;
static uint64_t lines;   /* the first count */

static void add(struct text *t, const void *data, size_t len)
{
	if (t->len + len + 1 > t->room) {
		t->room = 2 * (t->len + len + 1);
		t->s = realloc(t->s, t->room);
		ck_assert_ptr_nonnull(t->s);
	}
	memcpy(t->s + t->len, data, len);
	t->len += len;
	t->s[t->len] = 0;
}

__attribute__((format(printf, 2, 3))) static void say(struct text *t, const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	ck_assert_int_lt(n, (int)sizeof line);
	add(t, line, (size_t)n);
}

static void setup(void)
{
	got.len = file.len = 0;
}

static void teardown(void)
{
	free(got.s);
	free(file.s);
	got = file = (struct text){ NULL, 0, 0 };
}

/* ---- events as text ----------------------------------------------------------------------------------------- */

static const char *reg_name(unsigned slot)
{
	for (const struct sct_reg *r = info.arch->regs; r->name; r++)
		if (r->index == slot)
			return r->name;
	return "?";
}

static void say_stores(const struct sct_event *e, const char *kind)
{
	for (uint32_t i = 0; i < e->len; i++) {
		const struct sct_store *s = &e->stores[i];

		if (e->kind == SCT_EV_ACCESSES)
			say(&got, "%llu ", (unsigned long long)e->seq + s->step);
		say(&got, "%s%llx:", s->read ? "mr=" : kind, (unsigned long long)s->addr);
		for (uint32_t k = 0; k < s->len; k++)
			say(&got, "%02x", s->data[k]);
		say(&got, "\n");
	}
}

static void say_event(const struct sct_event *e)
{
	unsigned long long addr = e->addr, value = e->value, seq = e->seq;

	switch (e->kind) {
	case SCT_EV_REG:
		say(&got, "%s=%llx\n", reg_name(e->reg), value);
		break;
	case SCT_EV_ACCESSES:
		say_stores(e, "mw=");
		break;
	case SCT_EV_STORES:
		say_stores(e, "device ");
		break;
	case SCT_EV_LOOSE:
		say(&got, "%llu at %llx %s%llx:", seq, value, e->reg ? "mr=" : "mw=", addr);
		add(&got, e->data, e->len);
		say(&got, "\n");
		break;
	case SCT_EV_INSN:
	case SCT_EV_USER:
		say(&got, "%s %llu %llx", e->kind == SCT_EV_INSN ? "insn" : "user", seq, addr);
		for (uint32_t i = 0; i < e->len; i++)
			say(&got, "%s%02x", i ? "" : " ", e->data[i]);
		if (e->reg)
			say(&got, " %s", e->reg == SCT_MODE_64 ? "64" : "32");
		say(&got, "\n");
		break;
	case SCT_EV_THREAD:
		say(&got, "thread %llu%s\n", value, e->reg ? " for the first time" : "");
		break;
	default:
		say(&got, "%s\n", e->kind == SCT_EV_GAP ? "gap" : "other");
	}
}

static int memory_file(const void *data, size_t size, char path[64])
{
	int fd = memfd_create("trace", 0);

	ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

/* Reads data as a trace; returns what opening it returned. */
static int read_data(const void *data, size_t size, const struct sct_trace_options *options)
{
	struct sct_event events[SCT_BATCH_MIN];
	struct sct_trace t;
	char path[64];
	int fd = memory_file(data, size, path), rc = sct_trace_open(&t, path, options, &err);

	close(fd);
	got.len = 0;
	add(&got, "", 0);
	if (rc < 0)
		return rc;
	info = *t.ops->info(t.state);
	while ((rc = t.ops->next(t.state, events, SCT_BATCH_MIN, &err)) > 0)
		for (int i = 0; i < rc; i++)
			say_event(&events[i]);
	info = *t.ops->info(t.state); /* threads may have become known */
	damage = *t.ops->damage(t.state);
	lines = t.ops->counts(t.state)->count;
	sct_trace_close(&t);
	return rc;
}

static int read_text(const char *text)
{
	return read_data(text, strlen(text), &(struct sct_trace_options){ .threads = 1 });
}

/* Reads a sound trace. */
static inline void ck_events(const char *text, const char *expected)
{
	ck_assert_msg(read_text(text) == 0, "%s", err.text);
	ck_assert_str_eq(got.s, expected);
	ck_assert_msg(!damage.first.status, "%s", damage.first.text);
	ck_assert_uint_eq(damage.places, 0);
}

/* What lines begin with. */
#define A "asid=0x02017000,"
#define USER A "kernel=0,"
#define KERNEL A "kernel=1,"

#endif
