/* Tests of the ground that all rooms stand on: errors, bounded reading, arena, map.
 *
 * In:  bytes, sizes, keys
 * Out: a report; exit status 0 when all passed
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/arena.h"
#include "../../src/cursor.h"
#include "../../src/err.h"
#include "../../src/map.h"
#include "suite.h"

START_TEST(an_error_is_complete)
{
	struct sct_err err;
	char long_text[1000];

	ck_assert_int_eq(sct_fail(&err, SCT_E_FORMAT, 7, "%s %d", "chunk", 3), SCT_E_FORMAT);
	ck_assert_int_eq(err.status, SCT_E_FORMAT);
	ck_assert_uint_eq(err.offset, 7);
	ck_assert_str_eq(err.text, "chunk 3");
	memset(long_text, 'x', sizeof long_text);
	long_text[sizeof long_text - 1] = 0;
	sct_fail(&err, SCT_E_IO, SCT_NO_OFFSET, "%s", long_text);
	ck_assert_uint_eq(strlen(err.text), sizeof err.text - 1);
}
END_TEST

/* ---- cursor ---------------------------------------------------------------------------------------------------- */

START_TEST(reads_end_at_the_end)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5 };
	struct sct_cursor c = sct_cursor(bytes, sizeof bytes);

	ck_assert_uint_eq(sct_take_u8(&c), 1);
	ck_assert_uint_eq(sct_take_le(&c, 2), 0x0302);
	ck_assert_uint_eq(sct_take_le(&c, 0), 0);
	ck_assert_uint_eq(sct_cursor_left(&c), 2);
	ck_assert_uint_eq(sct_take_le(&c, 4), 0);
	ck_assert(c.bad);
	ck_assert_uint_eq(sct_take_u8(&c), 0);
	ck_assert_uint_eq(sct_cursor_left(&c), 0);
}
END_TEST

START_TEST(absurd_sizes)
{
	static const uint8_t bytes[8] = { 0 };
	struct sct_cursor c = sct_cursor(bytes, sizeof bytes);

	ck_assert_ptr_eq(sct_take(&c, 8), bytes);
	ck_assert_ptr_nonnull(sct_take(&c, 0));
	c = sct_cursor(bytes, sizeof bytes);
	ck_assert_ptr_null(sct_take(&c, UINT64_MAX));
	ck_assert(c.bad);
	c = sct_cursor(NULL, 0);
	ck_assert_uint_eq(sct_take_varint(&c), 0);
	ck_assert(c.bad);
}
END_TEST

START_TEST(varints)
{
	static const struct {
		uint8_t bytes[11];
		unsigned size;
		bool bad;
		uint64_t value;
	} rows[] = {
		{ { 0 }, 1, false, 0 },
		{ { 0x7f }, 1, false, 127 },
		{ { 0x80, 1 }, 2, false, 128 },
		{ { 0xe5, 0x8e, 0x26 }, 3, false, 624485 },
		{ { 0x80, 0x80, 0 }, 3, false, 0 },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1 }, 10, false, UINT64_MAX },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2 }, 10, true, 0 },
		{ { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x81, 0 }, 11, true, 0 },
		{ { 0x80 }, 1, true, 0 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sct_cursor c = sct_cursor(rows[i].bytes, rows[i].size);

		ck_assert_uint_eq(sct_take_varint(&c), rows[i].value);
		ck_assert_int_eq(c.bad, rows[i].bad);
		ck_assert_uint_eq(sct_cursor_left(&c), 0);
	}
}
END_TEST

START_TEST(zigzags)
{
	static const struct {
		uint8_t bytes[10];
		unsigned size;
		int64_t value;
	} rows[] = {
		{ { 0 }, 1, 0 }, { { 1 }, 1, -1 }, { { 2 }, 1, 1 }, { { 3 }, 1, -2 }, { { 0x80, 1 }, 2, 64 },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1 }, 10, INT64_MIN },
		{ { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1 }, 10, INT64_MAX },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sct_cursor c = sct_cursor(rows[i].bytes, rows[i].size);

		ck_assert_int_eq(sct_take_zigzag(&c), rows[i].value);
		ck_assert(!c.bad);
	}
}
END_TEST

/* ---- arena ----------------------------------------------------------------------------------------------------- */

START_TEST(pieces_are_zeroed_aligned_and_apart)
{
	static const size_t sizes[] = { 1, 0, 31, 4096, 33, 100000, 5, 4095, 2000, 2000, 2000 };
	enum { N = sizeof sizes / sizeof *sizes };
	struct sct_arena a = { 0 };

	for (unsigned round = 0; round < 3; round++) {
		uint8_t *piece[N];

		for (unsigned i = 0; i < N; i++) {
			piece[i] = sct_arena_alloc(&a, sizes[i]);
			ck_assert_uint_eq((uintptr_t)piece[i] % _Alignof(max_align_t), 0);
			for (size_t k = 0; k < sizes[i]; k++)
				ck_assert_uint_eq(piece[i][k], 0);
			memset(piece[i], (int)i + 1, sizes[i]);
		}
		for (unsigned i = 0; i < N; i++)
			for (size_t k = 0; k < sizes[i]; k++)
				ck_assert_uint_eq(piece[i][k], i + 1);
		sct_arena_reset(&a);
	}
	sct_arena_fini(&a);
	ck_assert_ptr_null(a.head);
}
END_TEST

START_TEST(copies_end_with_nul)
{
	struct sct_arena a = { 0 };

	ck_assert_str_eq(sct_arena_copy(&a, "abcdef", 3), "abc");
	ck_assert_str_eq(sct_arena_copy(&a, NULL, 0), "");
	sct_arena_fini(&a);
	sct_arena_reset(&a);
	ck_assert_ptr_null(a.head);
}
END_TEST

/* ---- map ------------------------------------------------------------------------------------------------------- */

enum { KEYS = 3000 };

/* Keys that lie close, that collide in their low bits, and that are far apart. */
static uint64_t key(unsigned i)
{
	switch (i % 3) {
	case 0: return i;
	case 1: return (uint64_t)i << 32;
	default: return i * UINT64_C(0x9e3779b97f4a7c15);
	}
}

START_TEST(map_against_an_array)
{
	static char value[KEYS];
	static void *model[KEYS];
	struct sct_map m = { 0 };
	uint32_t random = 1;

	ck_assert_ptr_null(sct_map_get(&m, 0));
	ck_assert_ptr_null(sct_map_del(&m, 0));
	for (unsigned step = 0; step < 60000; step++) {
		unsigned i = (random = random * 1664525 + 1013904223) >> 8;
		bool put = i & 1;

		i = (i >> 1) % KEYS;
		if (put)
			ck_assert_ptr_eq(sct_map_put(&m, key(i), &value[(i + step) % KEYS]), model[i]);
		else
			ck_assert_ptr_eq(sct_map_del(&m, key(i)), model[i]);
		model[i] = put ? &value[(i + step) % KEYS] : NULL;
	}
	for (unsigned i = 0; i < KEYS; i++)
		ck_assert_ptr_eq(sct_map_get(&m, key(i)), model[i]);
	sct_map_fini(&m);
	ck_assert_ptr_null(sct_map_get(&m, key(1)));
}
END_TEST

START_TEST(map_stays_small)
{
	struct sct_map m = { 0 };
	char value;

	for (uint64_t i = 0; i < 100000; i++) {
		sct_map_put(&m, i, &value);
		ck_assert_ptr_eq(sct_map_del(&m, i), &value);
	}
	ck_assert_uint_eq(m.used, 0);
	ck_assert_uint_le(m.size, 64);
	sct_map_fini(&m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ground");
	TCase *t = tcase_create("ground");

	tcase_add_test(t, an_error_is_complete);
	tcase_add_test(t, reads_end_at_the_end);
	tcase_add_test(t, absurd_sizes);
	tcase_add_test(t, varints);
	tcase_add_test(t, zigzags);
	tcase_add_test(t, pieces_are_zeroed_aligned_and_apart);
	tcase_add_test(t, copies_end_with_nul);
	tcase_add_test(t, map_against_an_array);
	tcase_add_test(t, map_stays_small);
	suite_add_tcase(s, t);
	return run_tests(s);
}
