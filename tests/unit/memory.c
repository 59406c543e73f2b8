/* Tests of replayed memory.
 * In:  stores, pages of zeros, gaps; random ones against a model that keeps a value and a known flag a byte
 * Out: known bytes
 */
#include "memory.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

#include "suite.h"

static struct sct_memory mem;

static void begin(void)
{
	sct_memory_init(&mem, UINT64_MAX);
}

static void end(void)
{
	sct_memory_fini(&mem);
	ck_assert_uint_eq(sct_memory_bytes(&mem), 0);
}

START_TEST(nothing_known)
{
	uint8_t b[4];

	ck_assert_uint_eq(sct_memory_read(&mem, 0, b, 4), 0);
	ck_assert_uint_eq(sct_memory_read(&mem, UINT64_MAX, b, 4), 0);
	ck_assert_uint_eq(sct_memory_read(&mem, 0, b, 0), 0);
}
END_TEST

START_TEST(leading_bytes)
{
	uint8_t b[16];

	sct_memory_store(&mem, 0x1000, "abcd", 4);
	sct_memory_store(&mem, 0x1005, "f", 1);
	ck_assert_uint_eq(sct_memory_read(&mem, 0x1000, b, 16), 4);
	ck_assert_mem_eq(b, "abcd", 4);
	ck_assert_uint_eq(sct_memory_read(&mem, 0x1004, b, 1), 0);
	ck_assert_uint_eq(sct_memory_read(&mem, 0x1005, b, 16), 1);
	sct_memory_store(&mem, 0x1004, "e", 1);
	ck_assert_uint_eq(sct_memory_read(&mem, 0x1002, b, 16), 4);
	ck_assert_mem_eq(b, "cdef", 4);
}
END_TEST

START_TEST(across_pages)
{
	uint8_t page[SCT_PAGE_SIZE], b[SCT_PAGE_SIZE * 3];

	memset(page, 7, sizeof page);
	sct_memory_store(&mem, 0x1ffe, "abcd", 4);
	ck_assert_uint_eq(sct_memory_read(&mem, 0x1ffe, b, 8), 4);
	ck_assert_mem_eq(b, "abcd", 4);
	sct_memory_store(&mem, 0x2000, page, sizeof page);
	sct_memory_store(&mem, 0x2ffe, "wxyz", 4);
	ck_assert_uint_eq(sct_memory_read(&mem, 0x1ffe, b, sizeof b), 2 + SCT_PAGE_SIZE + 2);
	ck_assert_mem_eq(b, "ab\7\7", 4);
	ck_assert_mem_eq(b + SCT_PAGE_SIZE, "wxyz", 4);
}
END_TEST

/* A page becomes wholly known byte by byte and is then as fast and as small as any. */
START_TEST(partly_known_to_known)
{
	uint8_t b[SCT_PAGE_SIZE];
	uint64_t partly;

	for (unsigned i = SCT_PAGE_SIZE; --i; )
		sct_memory_store(&mem, i, &(uint8_t){ (uint8_t)i }, 1);
	ck_assert_uint_eq(sct_memory_read(&mem, 0, b, sizeof b), 0);
	partly = sct_memory_bytes(&mem);
	sct_memory_store(&mem, 0, "", 1);
	ck_assert_uint_eq(partly - sct_memory_bytes(&mem), SCT_PAGE_SIZE / 8);
	ck_assert_uint_eq(sct_memory_read(&mem, 0, b, sizeof b), sizeof b);
	for (unsigned i = 0; i < sizeof b; i++)
		ck_assert_uint_eq(b[i], (uint8_t)i);
	sct_memory_store(&mem, 8, "ABCDEFGH", 8);
	sct_memory_store(&mem, 16, "abcdefghABCDEFGH", 16);
	sct_memory_store(&mem, 32, "xyz", 3);
	ck_assert_uint_eq(sct_memory_read(&mem, 8, b, 27), 27);
	ck_assert_mem_eq(b, "ABCDEFGHabcdefghABCDEFGHxyz", 27);
}
END_TEST

START_TEST(last_address)
{
	uint8_t b[8];

	sct_memory_store(&mem, UINT64_MAX - 1, "abcd", 4);
	ck_assert_uint_eq(sct_memory_read(&mem, UINT64_MAX - 1, b, 8), 2);
	ck_assert_mem_eq(b, "ab", 2);
	ck_assert_uint_eq(sct_memory_read(&mem, 0, b, 1), 0);
	sct_memory_zero(&mem, UINT64_MAX >> SCT_PAGE_SHIFT, 5);
	ck_assert_uint_eq(sct_memory_read(&mem, UINT64_MAX - 1, b, 8), 2);
	ck_assert_mem_eq(b, "\0", 2);
	sct_memory_zero(&mem, UINT64_MAX, 1);
	ck_assert_uint_eq(sct_memory_read(&mem, 0, b, 1), 0);
}
END_TEST

/* 64 GiB of zero pages cost a megabyte or so, however they come. */
START_TEST(zeros_are_cheap)
{
	static const uint8_t page[SCT_PAGE_SIZE];
	uint8_t b[2] = "xx";

	sct_memory_zero(&mem, 1, UINT64_C(1) << 24);
	ck_assert_uint_lt(sct_memory_bytes(&mem), 2 << 20);
	ck_assert_uint_eq(sct_memory_read(&mem, 0xffff, b, 2), 2);
	ck_assert_mem_eq(b, "\0", 2);
	ck_assert_uint_eq(sct_memory_read(&mem, 0xfff, b, 2), 0);
	ck_assert_uint_eq(sct_memory_read(&mem, UINT64_C(0x1000000fff), b, 2), 1 + 0);
	sct_memory_forget(&mem);
	for (uint64_t i = 0; i < 1 << 16; i++)
		sct_memory_store(&mem, i << SCT_PAGE_SHIFT, page, sizeof page);
	ck_assert_uint_lt(sct_memory_bytes(&mem), 1 << 16);
}
END_TEST

START_TEST(zero_over_written_and_back)
{
	uint8_t b[4];

	sct_memory_zero(&mem, 0, 1024);
	sct_memory_store(&mem, 0x1002, "xy", 2);
	ck_assert_uint_eq(sct_memory_read(&mem, 0x1001, b, 4), 4);
	ck_assert_mem_eq(b, "\0xy\0", 4);
	sct_memory_store(&mem, 0x1002, "z", 1);
	sct_memory_zero(&mem, 1, 1);
	ck_assert_uint_eq(sct_memory_read(&mem, 0x1001, b, 4), 4);
	ck_assert_mem_eq(b, "\0\0\0", 4);
	sct_memory_store(&mem, 0x1002, "z", 1);
	sct_memory_zero(&mem, 0, 512);
	ck_assert_uint_eq(sct_memory_read(&mem, 0x1001, b, 4), 4);
	ck_assert_mem_eq(b, "\0\0\0", 4);
}
END_TEST

START_TEST(forgotten)
{
	uint8_t page[SCT_PAGE_SIZE], b[1];

	memset(page, 1, sizeof page);
	sct_memory_store(&mem, 0, page, sizeof page);
	sct_memory_zero(&mem, 1, 1);
	sct_memory_forget(&mem);
	ck_assert_uint_eq(sct_memory_bytes(&mem), 0);
	ck_assert_uint_eq(sct_memory_read(&mem, 0, b, 1), 0);
	ck_assert_uint_eq(sct_memory_read(&mem, 0x1000, b, 1), 0);
	sct_memory_store(&mem, 1, "x", 1);
	ck_assert_uint_eq(sct_memory_read(&mem, 0, b, 1), 0);
	ck_assert_uint_eq(sct_memory_read(&mem, 1, b, 1), 1);
}
END_TEST

/* Beyond the limit nothing stale is kept: what was known and is overwritten becomes unknown. */
START_TEST(limited)
{
	const uint64_t limit = 1 << 20;
	uint8_t b[1];

	mem.limit = limit;
	sct_memory_zero(&mem, 1 << 20, 512);
	sct_memory_zero(&mem, 2 << 20, 3);
	sct_memory_store(&mem, 8, "x", 1);
	for (uint64_t i = 1; i < 1000; i++)
		sct_memory_store(&mem, (i << 30) + (1 << 29), "x", 1);
	ck_assert_uint_le(sct_memory_bytes(&mem), limit);
	ck_assert_uint_gt(sct_memory_refused(&mem), 500);
	ck_assert_uint_eq(sct_memory_read(&mem, (UINT64_C(999) << 30) + (1 << 29), b, 1), 0);
	ck_assert_uint_eq(sct_memory_read(&mem, UINT64_C(1) << 32, b, 1), 1);
	sct_memory_store(&mem, UINT64_C(1) << 32, "x", 1);
	ck_assert_uint_eq(sct_memory_read(&mem, UINT64_C(1) << 32, b, 1), 0);
	ck_assert_uint_eq(sct_memory_read(&mem, UINT64_C(2) << 32, b, 1), 1);
	sct_memory_store(&mem, UINT64_C(2) << 32, "x", 1);
	ck_assert_uint_eq(sct_memory_read(&mem, UINT64_C(2) << 32, b, 1), 0);
	sct_memory_zero(&mem, 3 << 20, 1);
	sct_memory_zero(&mem, 3 << 20, 512);
	ck_assert_uint_eq(sct_memory_read(&mem, UINT64_C(3) << 32, b, 1), 0);
	sct_memory_store(&mem, 8, "y", 1);
	ck_assert_uint_eq(sct_memory_read(&mem, 8, b, 1), 1);
	ck_assert_uint_eq(b[0], 'y');
}
END_TEST

/* xorshift64 (Marsaglia 2003): the same numbers in every run. */
static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* The model: windows of memory whose page numbers share slots of the front cache, and span groups. */
enum { WINDOW = 4 * SCT_PAGE_SIZE, WINDOWS = 3 };
static const uint64_t base[WINDOWS] = { 0x1fe000, 0x3fe000, UINT64_C(0x8000001fe000) };
static struct {
	uint8_t value[WINDOW];
	bool known[WINDOW];
} model[WINDOWS];

static void random_store(uint64_t *x, unsigned w)
{
	static const size_t sizes[] = { 1, 2, 4, 8, 16, 3, 64, 5000 };
	uint8_t data[5000];
	size_t len = sizes[next_random(x) % 8], at = next_random(x) % (WINDOW - len);

	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)next_random(x);
	sct_memory_store(&mem, base[w] + at, data, len);
	memcpy(model[w].value + at, data, len);
	memset(model[w].known + at, true, len);
}

static void random_read(uint64_t *x, unsigned w)
{
	uint8_t data[WINDOW];
	size_t at = next_random(x) % WINDOW, len = next_random(x) % (WINDOW - at + 1), want = 0;

	while (want < len && model[w].known[at + want])
		want++;
	ck_assert_uint_eq(sct_memory_read(&mem, base[w] + at, data, len), want);
	ck_assert(!memcmp(data, model[w].value + at, want));
}

static void random_zero(uint64_t *x, unsigned w)
{
	size_t first = next_random(x) % 4, count = 1 + next_random(x) % (4 - first);

	sct_memory_zero(&mem, (base[w] >> SCT_PAGE_SHIFT) + first, count);
	memset(model[w].value + first * SCT_PAGE_SIZE, 0, count * SCT_PAGE_SIZE);
	memset(model[w].known + first * SCT_PAGE_SIZE, true, count * SCT_PAGE_SIZE);
}

START_TEST(as_the_model)
{
	uint64_t x = 88172645463325252u + (uint64_t)_i;

	for (unsigned step = 0; step < 20000; step++) {
		unsigned w = next_random(&x) % WINDOWS;
		uint64_t what = next_random(&x) % 1000;

		if (what == 0) {
			sct_memory_forget(&mem);
			memset(model, 0, sizeof model);
		} else if (what < 3) {
			random_zero(&x, w);
		} else if (what < 600) {
			random_store(&x, w);
		} else {
			random_read(&x, w);
		}
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("memory");
	TCase *tc = tcase_create("memory");

	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, nothing_known);
	tcase_add_test(tc, leading_bytes);
	tcase_add_test(tc, across_pages);
	tcase_add_test(tc, partly_known_to_known);
	tcase_add_test(tc, last_address);
	tcase_add_test(tc, zeros_are_cheap);
	tcase_add_test(tc, zero_over_written_and_back);
	tcase_add_test(tc, forgotten);
	tcase_add_test(tc, limited);
	tcase_add_loop_test(tc, as_the_model, 0, 4);
	suite_add_tcase(s, tc);
	return run_tests(s);
}
