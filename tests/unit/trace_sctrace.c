/* Tests of the trace reader: each kind of chunk, deltas, lines, vCPUs, gaps and damage.
 * In:  traces built by hand
 * Out: events
 */
#include "../../formats/formats.h"

#include <check.h>
#include <sys/mman.h>

#include "trace_build.h"

enum { EVENTS_MAX = 4096 };

static struct trace t;
static struct sct_event got[EVENTS_MAX];
static _Alignas(8) uint8_t bytes[1 << 20]; /* copies of the events' data */
static size_t nbytes;
static int n;
static struct sct_damage damage;
static bool exact_threads;
static char thread_source[32]; /* empty: not told */
static struct sct_err err;

static void setup(void)
{
	t = trace_new;
	n = 0;
	nbytes = 0;
}

static void teardown(void)
{
	trace_fini(&t);
}

static const void *keep(const void *data, size_t size)
{
	nbytes = (nbytes + 7) & ~(size_t)7;
	ck_assert_uint_le(nbytes + size, sizeof bytes);
	nbytes += size;
	return memcpy(bytes + nbytes - size, data, size);
}

static void keep_stores(struct sct_event *e)
{
	struct sct_store *s = (struct sct_store *)keep(e->stores, e->len * sizeof *s);

	for (uint32_t i = 0; i < e->len; i++)
		s[i].data = keep(s[i].data, s[i].len);
	e->stores = s;
}

/* Reads all of data; returns what opening it returned. */
static int read_bytes(const void *data, size_t size, unsigned threads)
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
static void read_trace(void)
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
static const struct sct_event *nth(enum sct_event_kind kind, int i)
{
	for (int k = 0; k < n; k++)
		if (got[k].kind == kind && !i--)
			return &got[k];
	ck_abort_msg("no such event of kind %d", kind);
}

static int how_many(enum sct_event_kind kind)
{
	int count = 0;

	for (int k = 0; k < n; k++)
		count += got[k].kind == kind;
	return count;
}

/* The last value of a register before event e. */
static uint64_t reg_before(const struct sct_event *e, const char *name)
{
	const struct sct_reg *r = sct_arch_reg(&sct_arch_x86_64, name);

	while (e-- > got)
		if (e->kind == SCT_EV_REG && e->reg == r->index)
			return e->value;
	ck_abort_msg("%s was not told", name);
}

static void ck_whole(void)
{
	ck_assert_msg(!damage.first.status, "%s", damage.first.text);
	ck_assert(!damage.truncated);
}

START_TEST(deltas)
{
	struct sct_bytes b = { 0 };
	const struct sct_event *e;

	keyframe(&t, 0, 100, 1000, 5, 6, 0x1000);
	event_head(&b, 10, 20, 0x401000, 3, 0, "\x0f\x05");
	sct_put_varint(&b, 2);
	sct_put_varint(&b, 1); /* rbx */
	sct_put_zigzag(&b, -7);
	sct_put_varint(&b, 1); /* xmm0, one behind cr3 */
	sct_put(&b, "0123456789abcdef", 16);
	sct_put_varint(&b, 0);
	add(&t, SCT_CHUNK_ENTER, 0, &b);
	event(&t, SCT_CHUNK_RETURN, 0, 5, 2, 3);
	end(&t);
	read_trace();
	ck_whole();
	e = nth(SCT_EV_INSN, 0);
	ck_assert_uint_eq(e->addr, 0x401000);
	ck_assert_uint_eq(e->seq, 1020);
	ck_assert_uint_eq(e->time_ns, 110);
	ck_assert_uint_eq(e->len, 2);
	ck_assert_mem_eq(e->data, "\x0f\x05", 2);
	ck_assert_uint_eq(reg_before(e, "rax"), 5);
	ck_assert_uint_eq(reg_before(e, "rbx"), UINT64_MAX);
	ck_assert_uint_eq(reg_before(e, "cr3"), 0x1000);
	ck_assert_int_eq(how_many(SCT_EV_REG), 3);
	ck_assert_uint_eq(nth(SCT_EV_THREAD, 0)->value, 3);
	ck_assert_int_eq(how_many(SCT_EV_THREAD), 1);
	e = nth(SCT_EV_USER, 0);
	ck_assert_uint_eq(e->addr, 0x401002);
	ck_assert_uint_eq(e->seq, 1025);
}
END_TEST

START_TEST(lines)
{
	struct sct_bytes b = { 0 };
	uint8_t line[64];

	memset(line, 'a', sizeof line);
	keyframe(&t, 0, 0, 0, 0, 0, 0x1000);
	event_head(&b, 0, 1, 0x10, 1, 0, "\x0f\x05");
	sct_put_varint(&b, 0);
	sct_put_varint(&b, 2);       /* runs */
	sct_put_zigzag(&b, 0x100);   /* lines 0x100 to 0x103: NEW NEW UNREADABLE UNREADABLE */
	sct_put_varint(&b, 4);
	sct_put_u8(&b, 1 | 1 << 2 | 2 << 4 | 2 << 6);
	sct_put(&b, line, 64);
	memset(line, 'b', sizeof line);
	sct_put(&b, line, 64);
	sct_put_zigzag(&b, -0x104);  /* line 0: NEW */
	sct_put_varint(&b, 1);
	sct_put_u8(&b, 1);
	sct_put(&b, line, 64);
	add(&t, SCT_CHUNK_ENTER, 0, &b);
	event_head(&b, 0, 1, 2, 1, 0, "");
	sct_put_varint(&b, 0);
	sct_put_varint(&b, 1);
	sct_put_zigzag(&b, 0x101);   /* SAME, NEW */
	sct_put_varint(&b, 2);
	sct_put_u8(&b, 0 | 1 << 2);
	sct_put(&b, line, 64);
	add(&t, SCT_CHUNK_RETURN, 0, &b);
	end(&t);
	read_trace();
	ck_whole();
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 0)->addr, 0x4000);
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 0)->len, 128);
	ck_assert_int_eq(nth(SCT_EV_SEEN, 0)->data[63], 'a');
	ck_assert_int_eq(nth(SCT_EV_SEEN, 0)->data[64], 'b');
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 1)->addr, 0x4080);
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 1)->len, 128);
	ck_assert_ptr_null(nth(SCT_EV_SEEN, 1)->data);
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 2)->addr, 0);
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 3)->addr, 0x4040);
	ck_assert_int_eq(nth(SCT_EV_SEEN, 3)->data[0], 'b');
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 4)->addr, 0x4080);
	ck_assert_int_eq(how_many(SCT_EV_SEEN), 5);
}
END_TEST

/* One run over the address where the kernel's begin: programs do not see what is behind it. */
static void run_over(uint64_t boundary)
{
	struct sct_bytes b = { 0 };
	uint8_t line[64] = { 0 };

	event_head(&b, 0, 1, 0x10, 1, 0, "\x0f\x05");
	sct_put_varint(&b, 0);
	sct_put_varint(&b, 1);
	sct_put_zigzag(&b, (int64_t)(boundary / 64) - 1);
	sct_put_varint(&b, 2);
	sct_put_u8(&b, 1 | 1 << 2);
	sct_put(&b, line, 64);
	sct_put(&b, line, 64);
	add(&t, SCT_CHUNK_ENTER, 0, &b);
	end(&t);
	read_trace();
	ck_whole();
}

static void expect_kernel_from(uint64_t boundary)
{
	ck_assert_int_eq(how_many(SCT_EV_SEEN), 2);
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 0)->addr, boundary - 64);
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 0)->reg, 0);
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 1)->addr, boundary);
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 1)->reg, 1);
}

/* A 64-bit processor: what its mode says, 64-bit where that is not told. */
static void put_efer(uint64_t efer)
{
	struct sct_bytes b = { 0 };

	sct_put_varint(&t.dictionary, 1);
	put_reg(&t.dictionary, "efer", 8);
	sct_put_varint(&b, 0);
	sct_put_varint(&b, 0);
	sct_put_varint(&b, 1);
	sct_put_u8(&b, 0);
	sct_put_le(&b, efer, 8);
	add(&t, SCT_CHUNK_KEYFRAME, 0, &b);
}

START_TEST(lines_of_the_kernel)
{
	keyframe(&t, 0, 0, 0, 0, 0, 0x1000);
	run_over(UINT64_C(1) << 63);
	expect_kernel_from(UINT64_C(1) << 63);
}
END_TEST

START_TEST(lines_of_the_kernel_long_mode)
{
	put_efer(0xd01);
	run_over(UINT64_C(1) << 63);
	expect_kernel_from(UINT64_C(1) << 63);
}
END_TEST

START_TEST(lines_of_the_kernel_32_bits)
{
	put_efer(0);
	run_over(0xc0000000);
	expect_kernel_from(0xc0000000);
}
END_TEST

START_TEST(lines_of_a_program)
{
	t.user_mode = 1;
	put_efer(0);
	run_over(0xc0000000);
	ck_assert_int_eq(how_many(SCT_EV_SEEN), 1);
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 0)->reg, 0);
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 0)->len, 128);
}
END_TEST

/* SAME of a line that another address space stored is damage, not that line. */
START_TEST(lines_of_another_space)
{
	struct sct_bytes b = { 0 };
	uint8_t line[64] = { 0 };

	keyframe(&t, 0, 0, 0, 0, 0, 0x1000);
	event_head(&b, 0, 1, 0x10, 1, 0, "\x0f\x05");
	sct_put_varint(&b, 0);
	sct_put_varint(&b, 1);
	sct_put_zigzag(&b, 0x100);
	sct_put_varint(&b, 1);
	sct_put_u8(&b, 1);
	sct_put(&b, line, 64);
	add(&t, SCT_CHUNK_ENTER, 0, &b);
	event_head(&b, 0, 1, 2, 1, 0, "");
	sct_put_varint(&b, 1);
	sct_put_varint(&b, 2);
	sct_put_zigzag(&b, 0x1000); /* cr3 */
	sct_put_varint(&b, 1);
	sct_put_zigzag(&b, 0x100);
	sct_put_varint(&b, 1);
	sct_put_u8(&b, 0);
	add(&t, SCT_CHUNK_RETURN, 0, &b);
	end(&t);
	read_trace();
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_int_eq(damage.first.status, SCT_E_FORMAT);
	ck_assert_int_eq(how_many(SCT_EV_USER), 0);
	ck_assert_int_eq(how_many(SCT_EV_INSN), 1);
}
END_TEST

/* A recording that begins before the kernel runs knows threads later only, and by symbols later still. */
START_TEST(threads_known_later)
{
	t.threads = 0;
	keyframe(&t, 0, 0, 500, 1, 0, 0x1000);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 0);
	segment(&t);
	t.threads = 1;
	t.thread_source = "stack switch";
	keyframe(&t, 0, 0, 500, 1, 0, 0x1000);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
	segment(&t);
	t.thread_source = "symbols";
	end(&t);
	read_trace();
	ck_whole();
	ck_assert(exact_threads);
	ck_assert_str_eq(thread_source, "symbols");
}
END_TEST

START_TEST(several_vcpus)
{
	t.vcpus = 2;
	keyframe(&t, 0, 0, 500, 1, 0, 0x1000);
	keyframe(&t, 1, 0, 900, 2, 0, 0x2000);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
	event(&t, SCT_CHUNK_ENTER, 1, 1, 0x20, 2);
	event(&t, SCT_CHUNK_RETURN, 0, 1, 2, 1);
	end(&t);
	read_trace();
	ck_whole();
	ck_assert_uint_eq(nth(SCT_EV_INSN, 0)->seq, 0);
	ck_assert_uint_eq(nth(SCT_EV_INSN, 1)->seq, 1);
	ck_assert_uint_eq(nth(SCT_EV_INSN, 1)->vcpu, 1);
	ck_assert_uint_eq(nth(SCT_EV_INSN, 1)->addr, 0x20);
	ck_assert_uint_eq(nth(SCT_EV_USER, 0)->seq, 2);
	ck_assert_uint_eq(nth(SCT_EV_USER, 0)->addr, 0x12);
}
END_TEST

START_TEST(switches)
{
	struct sct_bytes b = { 0 };

	keyframe(&t, 0, 0, 0, 1, 2, 0x1000);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
	event_head(&b, 1, 1, 0, 2, SCT_EVENT_BORN, "");
	sct_put_varint(&b, 1);
	sct_put_varint(&b, 2);
	sct_put_zigzag(&b, 0x1000);
	add(&t, SCT_CHUNK_SWITCH, 0, &b);
	end(&t);
	read_trace();
	ck_whole();
	ck_assert_uint_eq(nth(SCT_EV_THREAD, 1)->value, 2);
	ck_assert_uint_eq(nth(SCT_EV_THREAD, 1)->reg, 1);
	ck_assert_uint_eq(got[n - 1].value, 0x2000);
	ck_assert_int_eq(how_many(SCT_EV_USER), 0);
}
END_TEST

/* A register is told again only when it changes, over a segment's end too. */
START_TEST(next_segment)
{
	keyframe(&t, 0, 0, 0, 1, 2, 3);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
	segment(&t);
	keyframe(&t, 0, 1, 1, 1, 9, 3);
	event(&t, SCT_CHUNK_RETURN, 0, 1, 0x12, 1);
	end(&t);
	read_trace();
	ck_whole();
	ck_assert_int_eq(how_many(SCT_EV_REG), 4);
	ck_assert_uint_eq(reg_before(nth(SCT_EV_USER, 0), "rbx"), 9);
	ck_assert_uint_eq(nth(SCT_EV_USER, 0)->addr, 0x12);
	ck_assert_uint_eq(nth(SCT_EV_USER, 0)->seq, 2);
}
END_TEST

static void put_store(struct sct_bytes *b, unsigned head, int64_t delta, uint64_t page, uint64_t next, const char *value)
{
	sct_put_u8(b, (uint8_t)head);
	sct_put_zigzag(b, delta);
	if (head & SCT_STORE_PAGE)
		sct_put_varint(b, page);
	if (head & SCT_STORE_NEXT)
		sct_put_varint(b, next);
	if (!(head & SCT_STORE_ZERO))
		sct_put(b, value, 1u << (head & SCT_STORE_SIZE));
}

static void ck_store(const struct sct_store *s, uint64_t addr, const void *data, uint32_t len)
{
	ck_assert_uint_eq(s->addr, addr);
	ck_assert_uint_eq(s->len, len);
	ck_assert_mem_eq(s->data, data, len);
}

START_TEST(stores)
{
	struct sct_bytes b = { 0 };
	const struct sct_event *e;

	put_store(&b, 2 | SCT_STORE_PAGE, 0x7010, 0x55, 0, "abcd");
	put_store(&b, 3, 4, 0, 0, "ABCDEFGH");                            /* 0x7018, page known */
	put_store(&b, 0 | SCT_STORE_IO, 0, 0, 0, "x");                    /* RAM did not change */
	put_store(&b, 3 | SCT_STORE_NEXT, 0x7ffc - 0x7021, 0, 0x99, "01234567");
	put_store(&b, 4 | SCT_STORE_ZERO, 0, 0, 0, NULL);                 /* 0x8004, told by the one before */
	add(&t, SCT_CHUNK_STORE, 3, &b);
	end(&t);
	read_trace();
	ck_whole();
	ck_assert_int_eq(how_many(SCT_EV_STORES), 1);
	e = nth(SCT_EV_STORES, 0);
	ck_assert_uint_eq(e->vcpu, 3);
	ck_assert_uint_eq(e->value, 4);
	ck_assert_uint_eq(e->len, 5);
	ck_store(&e->stores[0], 0x55010, "abcd", 4);
	ck_store(&e->stores[1], 0x55018, "ABCDEFGH", 8);
	ck_store(&e->stores[2], 0x55ffc, "0123", 4);
	ck_store(&e->stores[3], 0x99000, "4567", 4);
	ck_store(&e->stores[4], 0x99004, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}
END_TEST

/* Zeros that go on where the store before ended are told as one, in one page. */
START_TEST(stores_of_zeros)
{
	static const uint8_t zeros[4096];
	struct sct_bytes b = { 0 };
	const struct sct_event *e;

	put_store(&b, 3 | SCT_STORE_PAGE | SCT_STORE_ZERO, 0x7000, 0x55, 0, NULL);
	for (int i = 1; i < 512; i++)
		put_store(&b, 3 | SCT_STORE_ZERO, 0, 0, 0, NULL);
	put_store(&b, 3 | SCT_STORE_PAGE | SCT_STORE_ZERO, 0, 0x99, 0, NULL); /* 0x8000 */
	for (int i = 1; i < 10; i++)
		put_store(&b, 3 | SCT_STORE_ZERO, 0, 0, 0, NULL);
	put_store(&b, 2 | SCT_STORE_ZERO, 0, 0, 0, NULL); /* of another size */
	put_store(&b, 2 | SCT_STORE_ZERO, 4, 0, 0, NULL); /* a gap */
	put_store(&b, 2, 0, 0, 0, "abcd");
	put_store(&b, 2 | SCT_STORE_ZERO, 0x8ff6 - 0x8060, 0, 0, NULL);
	put_store(&b, 2 | SCT_STORE_ZERO, 0, 0, 0, NULL);
	put_store(&b, 2 | SCT_STORE_ZERO | SCT_STORE_NEXT, 0, 0, 0x77, NULL); /* over the page's end */
	add(&t, SCT_CHUNK_STORE, 0, &b);
	end(&t);
	read_trace();
	ck_whole();
	e = nth(SCT_EV_STORES, 0);
	ck_assert_uint_eq(e->value, 512 + 10 + 1 + 1 + 1 + 2 + 1);
	ck_assert_uint_eq(e->len, 8);
	ck_store(&e->stores[0], 0x55000, zeros, 4096);
	ck_store(&e->stores[1], 0x99000, zeros, 80);
	ck_store(&e->stores[2], 0x99050, zeros, 4);
	ck_store(&e->stores[3], 0x99058, zeros, 4);
	ck_store(&e->stores[4], 0x9905c, "abcd", 4);
	ck_store(&e->stores[5], 0x99ff6, zeros, 8);
	ck_store(&e->stores[6], 0x99ffe, zeros, 2);
	ck_store(&e->stores[7], 0x77000, zeros, 2);
}
END_TEST

/* Distances of every length, to pages that were told: to the last ones of a chunk they lead as to all others. */
START_TEST(stores_far_apart)
{
	struct sct_bytes b = { 0 };
	const struct sct_event *e;
	uint64_t behind = 0;
	int64_t delta;

	put_store(&b, 0 | SCT_STORE_PAGE, 0x10, 1, 0, "0");
	for (int k = 12; k < 64; k++)
		put_store(&b, 0 | SCT_STORE_PAGE, k == 12 ? (1 << 12) - 1 : (INT64_C(1) << (k - 1)) - 1, (uint64_t)k, 0, "1");
	behind = (UINT64_C(1) << 63) + 0x11;
	for (int k = 12; k < 64; k++) {
		delta = (int64_t)(0x20 + (uint64_t)k - behind);
		put_store(&b, 2, delta, 0, 0, "2222");
		delta = (int64_t)((UINT64_C(1) << k) + 0x20 - (0x20 + (uint64_t)k + 4));
		put_store(&b, 3, delta, 0, 0, "33333333");
		behind = (UINT64_C(1) << k) + 0x28;
	}
	add(&t, SCT_CHUNK_STORE, 0, &b);
	end(&t);
	read_trace();
	ck_whole();
	e = nth(SCT_EV_STORES, 0);
	ck_assert_uint_eq(e->len, 3 * 52 + 1);
	for (unsigned k = 12; k < 64; k++) {
		ck_store(&e->stores[k - 11], (uint64_t)k << 12 | 0x10, "1", 1);
		ck_store(&e->stores[53 + 2 * (k - 12)], 1 << 12 | (0x20 + k), "2222", 4);
		ck_store(&e->stores[54 + 2 * (k - 12)], (uint64_t)k << 12 | 0x20, "33333333", 8);
	}
}
END_TEST

/* A page that no store of the chunk has told is damage. */
START_TEST(store_to_an_untold_page)
{
	struct sct_bytes b = { 0 };

	put_store(&b, 2 | SCT_STORE_PAGE, 0x7010, 0x55, 0, "abcd");
	add(&t, SCT_CHUNK_STORE, 0, &b);
	put_store(&b, 2, 0x7010, 0, 0, "abcd");
	add(&t, SCT_CHUNK_STORE, 0, &b);
	end(&t);
	read_trace();
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_int_eq(how_many(SCT_EV_STORES), 1);
}
END_TEST

START_TEST(ram)
{
	struct sct_bytes b = { 0 };
	uint8_t page[4096];

	memset(page, 'p', sizeof page);
	sct_put_varint(&b, 0x10);
	sct_put_varint(&b, 4);
	sct_put_u8(&b, 0);
	sct_put_u8(&b, 0);
	sct_put_u8(&b, 1);
	sct_put(&b, page, sizeof page);
	sct_put_u8(&b, 0);
	add(&t, SCT_CHUNK_RAM, 0, &b);
	end(&t);
	read_trace();
	ck_whole();
	ck_assert_int_eq(n, 3);
	ck_assert_int_eq(got[0].kind, SCT_EV_ZERO);
	ck_assert_uint_eq(got[0].addr, 0x10000);
	ck_assert_uint_eq(got[0].value, 2);
	ck_assert_int_eq(got[1].kind, SCT_EV_STORES);
	ck_assert_uint_eq(got[1].len, 1);
	ck_store(got[1].stores, 0x12000, page, sizeof page);
	ck_assert_int_eq(got[2].kind, SCT_EV_ZERO);
	ck_assert_uint_eq(got[2].addr, 0x13000);
}
END_TEST

START_TEST(unknown_chunks)
{
	struct sct_bytes b = { 0 };

	sct_put(&b, "something new", 13);
	add(&t, 200, 5, &b);
	keyframe(&t, 0, 0, 0, 1, 2, 3);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
	end(&t);
	read_trace();
	ck_whole();
	ck_assert_uint_eq(damage.unknown, 1);
	ck_assert_int_eq(how_many(SCT_EV_INSN), 1);
}
END_TEST

/* A WHO of process 7. */
static struct sct_bytes who_begin(void)
{
	struct sct_bytes b = { 0 };

	put_number(&b, SCT_WHO_PID, 7);
	return b;
}

/* The facts are told before the call's event; not for another vCPU, nor for a return. */
START_TEST(callers)
{
	struct sct_bytes b = who_begin();
	const struct sct_event *e;

	t.vcpus = 2;
	put_number(&b, SCT_WHO_TID, 8);
	put_number(&b, SCT_WHO_PPID, 1);
	put_field(&b, SCT_WHO_COMM, "name of 15 byte", 15);
	put_field(&b, SCT_WHO_EXE, "/bin/program", 12);
	put_number(&b, SCT_WHO_UID, UINT32_MAX);
	put_field(&b, 99, "from the future", 15);
	keyframe(&t, 1, 0, 0, 1, 2, 3);
	add(&t, SCT_CHUNK_WHO, 1, &b);
	event(&t, SCT_CHUNK_ENTER, 1, 1, 0x10, 2);
	b = who_begin();
	add(&t, SCT_CHUNK_WHO, 0, &b);
	event(&t, SCT_CHUNK_RETURN, 1, 1, 0x12, 2);
	event(&t, SCT_CHUNK_ENTER, 1, 1, 0x14, 2);
	end(&t);
	read_trace();
	ck_whole();
	ck_assert_int_eq(how_many(SCT_EV_WHO), 6);
	e = nth(SCT_EV_WHO, 0);
	ck_assert_uint_eq(e[-1].kind, SCT_EV_THREAD);
	for (unsigned i = 0; i < 6; i++) {
		ck_assert_uint_eq(e[i].reg, SCT_FACT_PID + i);
		ck_assert_uint_eq(e[i].vcpu, 1);
	}
	ck_assert_uint_eq(e[0].value, 7);
	ck_assert_uint_eq(e[1].value, 8);
	ck_assert_uint_eq(e[2].value, 1);
	ck_assert_uint_eq(e[3].len, 15);
	ck_assert_mem_eq(e[4].data, "/bin/program", 12);
	ck_assert_uint_eq(e[5].value, UINT32_MAX);
}
END_TEST

/* What no caller can be is damage. */
START_TEST(callers_that_are_none)
{
	struct sct_bytes b = { 0 };

	if (_i)
		put_number(&b, SCT_WHO_PID, _i == 1 ? UINT64_C(1) << 31 : 7);
	switch (_i) {
	case 2: put_field(&b, SCT_WHO_TID, "\x80", 1); break;
	case 3: put_field(&b, SCT_WHO_TID, "\x01\x01", 2); break;
	case 4: put_field(&b, SCT_WHO_COMM, "name of 16 bytes", 16); break;
	case 5: put_field(&b, SCT_WHO_EXE, "/a\0b", 4); break;
	case 6: sct_put(&b, "\x02\x05\x01", 3); break;
	}
	keyframe(&t, 0, 0, 0, 1, 2, 3);
	add(&t, SCT_CHUNK_WHO, 0, &b);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
	end(&t);
	read_trace();
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_int_eq(how_many(SCT_EV_WHO), 0);
	ck_assert_int_eq(how_many(SCT_EV_INSN), 0);
}
END_TEST

START_TEST(lost_events)
{
	struct sct_bytes b = { 0 };
	const struct sct_event *gap;

	keyframe(&t, 0, 0, 0, 1, 2, 3);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
	sct_put_varint(&b, 4);
	sct_put(&b, "why", 3);
	add(&t, SCT_CHUNK_LOST, 0, &b);
	event(&t, SCT_CHUNK_RETURN, 0, 1, 2, 1);
	end(&t);
	read_trace();
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_ptr_nonnull(strstr(damage.first.text, "4 events of vCPU 0: why"));
	gap = nth(SCT_EV_GAP, 0);
	ck_assert(nth(SCT_EV_INSN, 0) < gap && gap < nth(SCT_EV_USER, 0));
	/* everything is told anew */
	ck_assert_int_eq(how_many(SCT_EV_REG), 6);
	ck_assert_int_eq(how_many(SCT_EV_THREAD), 2);
}
END_TEST

START_TEST(missing_segments)
{
	for (int i = 0; i < 3; i++) {
		keyframe(&t, 0, 0, 0, 1, 2, 3);
		event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
		segment(&t);
		if (i == 0)
			t.number = 3;
	}
	end(&t);
	read_trace();
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_str_eq(damage.first.text, "segments 1 to 2 are missing");
	ck_assert_int_eq(how_many(SCT_EV_GAP), 1);
	ck_assert_int_eq(how_many(SCT_EV_INSN), 3);
}
END_TEST

START_TEST(missing_events)
{
	keyframe(&t, 0, 0, 0, 1, 2, 3);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
	segment(&t);
	t.first_event = t.events = 8;
	end(&t);
	read_trace();
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_str_eq(damage.first.text, "segment 1 begins with event 8 instead of 1");
}
END_TEST

START_TEST(not_closed)
{
	keyframe(&t, 0, 0, 0, 1, 2, 3);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
	segment(&t);
	read_trace();
	ck_assert(damage.truncated);
	ck_assert_uint_eq(damage.places, 0);
	ck_assert_int_eq(damage.first.status, SCT_E_TRUNCATED);
	ck_assert_int_eq(how_many(SCT_EV_GAP), 0);
	ck_assert_int_eq(how_many(SCT_EV_INSN), 1);
}
END_TEST

START_TEST(event_without_keyframe)
{
	keyframe(&t, 0, 0, 0, 1, 2, 3);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
	segment(&t);
	event(&t, SCT_CHUNK_RETURN, 0, 1, 0x12, 1);
	end(&t);
	read_trace();
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_int_eq(how_many(SCT_EV_USER), 0);
}
END_TEST

START_TEST(threads_become_unknown)
{
	keyframe(&t, 0, 0, 0, 1, 2, 3);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 5);
	event(&t, SCT_CHUNK_RETURN, 0, 1, 2, 0);
	end(&t);
	read_trace();
	ck_whole();
	ck_assert_int_eq(how_many(SCT_EV_THREAD), 1);
	ck_assert_int_eq(how_many(SCT_EV_GAP), 1);
}
END_TEST

/* The three segments of the tests below: an ENTER each. */
static void three_segments(void)
{
	for (unsigned i = 0; i < 3; i++) {
		keyframe(&t, 0, 0, 0, 1, 2, 3);
		event(&t, SCT_CHUNK_ENTER, 0, 1, 0x100 * (i + 1), 1);
		if (i < 2)
			segment(&t);
	}
	end(&t);
}

/* Each byte of the plain stream flipped: the reader comes to an end, and what it tells of undamaged segments is
 * true. */
START_TEST(flipped_bytes)
{
	three_segments();
	for (size_t i = 0; i < t.plain.len; i++) {
		t.plain.data[i] ^= 0x41;
		if (read_bytes(t.plain.data, t.plain.len, 1) == 0)
			ck_assert_int_le(how_many(SCT_EV_INSN), 4);
		t.plain.data[i] ^= 0x41;
	}
}
END_TEST

START_TEST(flipped_in_a_frame)
{
	struct sct_bytes file;
	size_t first, second;

	three_segments();
	file = packed(&t);
	first = ZSTD_findFrameCompressedSize(file.data, file.len);
	second = ZSTD_findFrameCompressedSize(file.data + first, file.len - first);
	for (size_t i = first; i < first + second; i++) {
		file.data[i] ^= 0x10;
		ck_assert_int_eq(read_bytes(file.data, file.len, 1), 0);
		/* two bits of a frame's descriptor mean nothing */
		if (how_many(SCT_EV_INSN) != 3) {
			ck_assert_int_eq(how_many(SCT_EV_INSN), 2);
			ck_assert_uint_eq(nth(SCT_EV_INSN, 0)->addr, 0x100);
			ck_assert_uint_eq(nth(SCT_EV_INSN, 1)->addr, 0x300);
			ck_assert_int_eq(how_many(SCT_EV_GAP), 1);
			ck_assert_uint_eq(damage.places, 1);
			ck_assert_uint_eq(damage.first.offset, first);
			ck_assert(!damage.truncated);
		}
		file.data[i] ^= 0x10;
	}
	sct_bytes_fini(&file);
}
END_TEST

START_TEST(truncated)
{
	struct sct_bytes file;

	three_segments();
	file = packed(&t);
	for (size_t size = 1; size < file.len; size++) {
		if (read_bytes(file.data, size, 1) < 0)
			continue;
		/* the recording is whole when only its seek table is missing */
		ck_assert(damage.truncated || how_many(SCT_EV_INSN) == 3);
		ck_assert_uint_eq(damage.places, 0);
	}
	for (size_t size = 1; size < t.plain.len; size++) {
		if (read_bytes(t.plain.data, size, 1) < 0)
			continue;
		ck_assert(damage.truncated);
		ck_assert_uint_eq(damage.places, 0);
	}
	sct_bytes_fini(&file);
}
END_TEST

START_TEST(another_recording_behind)
{
	three_segments();
	t.id = 8;
	t.number = 0;
	t.first_event = t.events = 0;
	three_segments();
	read_trace();
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_ptr_nonnull(strstr(damage.first.text, "another recording"));
	ck_assert_int_eq(how_many(SCT_EV_INSN), 3);
}
END_TEST

/* Opening fails with that text. */
static void ck_refused(const char *text)
{
	struct sct_bytes file;

	end(&t);
	file = packed(&t);
	ck_assert_int_lt(read_bytes(file.data, file.len, 1), 0);
	ck_assert_msg(strstr(err.text, text) != NULL, "%s", err.text);
	sct_bytes_fini(&file);
}

START_TEST(dictionary_twice)
{
	sct_put_varint(&t.dictionary, 2);
	put_reg(&t.dictionary, "rax", 8);
	put_reg(&t.dictionary, "rax", 8);
	ck_refused("twice");
}
END_TEST

START_TEST(dictionary_halves)
{
	sct_put_varint(&t.dictionary, 2);
	put_reg(&t.dictionary, "rax", 8);
	put_reg(&t.dictionary, "eax", 4);
	ck_refused("twice");
}
END_TEST

START_TEST(dictionary_sizes)
{
	sct_put_varint(&t.dictionary, 1);
	put_reg(&t.dictionary, "rax", 4);
	ck_refused("does not have");
}
END_TEST

START_TEST(dictionary_empty_register)
{
	sct_put_varint(&t.dictionary, 1);
	put_reg(&t.dictionary, "odd", 0);
	ck_refused("0 or of more than 64");
}
END_TEST

START_TEST(dictionary_count)
{
	sct_put_varint(&t.dictionary, 200);
	put_reg(&t.dictionary, "rax", 8);
	ck_refused("ends early");
}
END_TEST

START_TEST(dictionary_many)
{
	sct_put_varint(&t.dictionary, UINT64_MAX);
	ck_refused("more than 256");
}
END_TEST

START_TEST(other_target)
{
	t.target = "sparc";
	ck_refused("architecture sparc");
}
END_TEST

START_TEST(other_word)
{
	t.word = 4;
	ck_refused("word size");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trace_sctrace");
	TCase *c = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 120);
	tcase_add_test(c, deltas);
	tcase_add_test(c, lines);
	tcase_add_test(c, lines_of_the_kernel);
	tcase_add_test(c, lines_of_the_kernel_long_mode);
	tcase_add_test(c, lines_of_the_kernel_32_bits);
	tcase_add_test(c, lines_of_a_program);
	tcase_add_test(c, lines_of_another_space);
	tcase_add_test(c, threads_known_later);
	tcase_add_test(c, several_vcpus);
	tcase_add_test(c, switches);
	tcase_add_test(c, next_segment);
	tcase_add_test(c, stores);
	tcase_add_test(c, stores_of_zeros);
	tcase_add_test(c, stores_far_apart);
	tcase_add_test(c, store_to_an_untold_page);
	tcase_add_test(c, ram);
	tcase_add_test(c, unknown_chunks);
	tcase_add_test(c, callers);
	tcase_add_loop_test(c, callers_that_are_none, 0, 7);
	tcase_add_test(c, lost_events);
	tcase_add_test(c, missing_segments);
	tcase_add_test(c, missing_events);
	tcase_add_test(c, not_closed);
	tcase_add_test(c, event_without_keyframe);
	tcase_add_test(c, threads_become_unknown);
	tcase_add_test(c, flipped_bytes);
	tcase_add_test(c, flipped_in_a_frame);
	tcase_add_test(c, truncated);
	tcase_add_test(c, another_recording_behind);
	tcase_add_test(c, dictionary_twice);
	tcase_add_test(c, dictionary_halves);
	tcase_add_test(c, dictionary_sizes);
	tcase_add_test(c, dictionary_empty_register);
	tcase_add_test(c, dictionary_count);
	tcase_add_test(c, dictionary_many);
	tcase_add_test(c, other_target);
	tcase_add_test(c, other_word);
	suite_add_tcase(s, c);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
