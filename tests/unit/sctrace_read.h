/* Reads sctrace traces that tests built, and asks which events they gave.
 * In:  a trace (trace_build.h)
 * Out: its events, whether threads are told apart and by what, its damage
 */
#ifndef SCT_TEST_SCTRACE_READ_H
#define SCT_TEST_SCTRACE_READ_H

#include <check.h>
#include <sys/mman.h>

#include "../../formats/formats.h"
#include "trace_build.h"

enum { EVENTS_MAX = 4096 };

static struct trace t; /* that the test builds */
static struct sct_event got[EVENTS_MAX];
static _Alignas(8) uint8_t bytes[1 << 20]; /* copies of the events' data */
static size_t nbytes;
static int n; /* of got */
static struct sct_damage damage;
static bool exact_threads;
static char thread_source[32]; /* empty: not told */
static struct sct_err err;

static inline void setup(void)
{
	t = trace_new;
	n = 0;
	nbytes = 0;
}

static inline void teardown(void)
{
	trace_fini(&t);
}

static inline const void *keep(const void *data, size_t size)
{
	nbytes = (nbytes + 7) & ~(size_t)7;
	ck_assert_uint_le(nbytes + size, sizeof bytes);
	nbytes += size;
	return memcpy(bytes + nbytes - size, data, size);
}

static inline void keep_stores(struct sct_event *e)
{
	struct sct_store *s = (struct sct_store *)keep(e->stores, e->len * sizeof *s);

	for (uint32_t i = 0; i < e->len; i++)
		s[i].data = keep(s[i].data, s[i].len);
	e->stores = s;
}

/* Reads all of data; returns what opening it returned. */
static inline int read_bytes(const void *data, size_t size, unsigned threads)
{
	struct sct_trace trace;
	const char *source;
	char path[64];
	int fd = memfd_create("trace", 0), rc;

	ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	n = 0;
	nbytes = 0;
	rc = sct_trace_open(&trace, path, &(struct sct_trace_options){ .threads = threads }, &err);
	close(fd);
	if (rc < 0)
		return rc;
	while ((rc = trace.ops->next(trace.state, got + n, SCT_BATCH_MIN, &err)) > 0)
		for (; rc; rc--, n++) {
			ck_assert_int_lt(n, EVENTS_MAX - SCT_BATCH_MIN);
			if (got[n].kind == SCT_EV_STORES)
				keep_stores(&got[n]);
			else if (got[n].data)
				got[n].data = keep(got[n].data, got[n].len);
		}
	damage = *trace.ops->damage(trace.state);
	exact_threads = trace.ops->info(trace.state)->exact_threads;
	source = trace.ops->info(trace.state)->thread_source;
	snprintf(thread_source, sizeof thread_source, "%s", source ? source : "");
	sct_trace_close(&trace);
	return rc;
}

/* Reads what was built both ways: plain and packed must tell the same. */
static inline void read_trace(void)
{
	static struct sct_event plain[EVENTS_MAX];
	struct sct_bytes file = packed(&t);
	int count;

	ck_assert_int_eq(read_bytes(t.plain.data, t.plain.len, 1), 0);
	count = n;
	memcpy(plain, got, sizeof plain);
	ck_assert_int_eq(read_bytes(file.data, file.len, 2), 0);
	ck_assert_int_eq(n, count);
	for (int i = 0; i < n; i++) {
		ck_assert_int_eq(got[i].kind, plain[i].kind);
		ck_assert_uint_eq(got[i].addr, plain[i].addr);
		ck_assert_uint_eq(got[i].value, plain[i].value);
	}
	sct_bytes_fini(&file);
}

/* Event i of that kind, counted from 0. */
static inline const struct sct_event *nth(enum sct_event_kind kind, int i)
{
	for (int k = 0; k < n; k++)
		if (got[k].kind == kind && !i--)
			return &got[k];
	ck_abort_msg("no such event of kind %d", kind);
}

static inline int how_many(enum sct_event_kind kind)
{
	int count = 0;

	for (int k = 0; k < n; k++)
		count += got[k].kind == kind;
	return count;
}

/* The last value of a register before event e. */
static inline uint64_t reg_before(const struct sct_event *e, const char *name)
{
	const struct sct_reg *r = sct_arch_reg(&sct_arch_x86_64, name);

	while (e-- > got)
		if (e->kind == SCT_EV_REG && e->reg == r->index)
			return e->value;
	ck_abort_msg("%s was not told", name);
}

static inline void ck_whole(void)
{
	ck_assert_msg(!damage.first.status, "%s", damage.first.text);
	ck_assert(!damage.truncated);
}

/* A case whose tests begin with an empty trace. */
static inline TCase *trace_case(void)
{
	TCase *c = tcase_create("all");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 120);
	return c;
}

#endif
