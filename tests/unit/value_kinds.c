/* Tests of values: what each kind of argument means at entry and at return.
 *
 * In:  one-line tables of calls (values.h)
 * Out: a report; exit status 0 when all passed
 */
#include "values.h"

/* ---- numbers --------------------------------------------------------------------------------------------------- */

START_TEST(numbers)
{
	static const struct {
		uint8_t cls, size;
		uint64_t word;
		const char *expected;
	} rows[] = {
		{ SCT_C_UINT, 8, UINT64_MAX, "18446744073709551615u" },
		{ SCT_C_UINT, 4, UINT64_C(0xdeadbeefffffffff), "4294967295u" },
		{ SCT_C_UINT, 2, 0x12345, "9029u" },
		{ SCT_C_UINT, 1, 0x1ff, "255u" },
		{ SCT_C_INT, 8, UINT64_MAX, "-1" },
		{ SCT_C_INT, 4, 0xffffffff, "-1" },
		{ SCT_C_INT, 4, UINT64_C(0xffffffff7fffffff), "2147483647" },
		{ SCT_C_INT, 2, 0x8000, "-32768" },
		{ SCT_C_INT, 1, 0x80, "-128" },
		{ SCT_C_FD, 4, 0xffffff9c, "-100" },
		{ SCT_C_PTR, 4, UINT64_C(0x1234567812345678), "0x12345678" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct sct_param p[] = { { .name = "p", .cls = rows[i].cls, .size = rows[i].size, .slot_hi = 0xff } };
		struct test t = SETUP("linux_x64", p, rows[i].word);

		enter(&t);
		is(&t, rows[i].expected);
		sct_arena_fini(&t.arena);
	}
}
END_TEST

START_TEST(halves)
{
	static const struct sct_param offset[] = {
		{ .name = "offset", .cls = SCT_C_INT, .size = 8, .slot = 2, .slot_hi = 3 },
	};
	static const struct {
		uint64_t low, high;
		const char *expected;
	} rows[] = {
		{ 5, 0, "5" }, { 0xffffffff, 0xffffffff, "-1" }, { 0, 1, "4294967296" }, { 0x80000000, 0, "2147483648" },
		{ UINT64_C(0x700000001), UINT64_C(0x900000002), "8589934593" }, /* int $0x80 from 64-bit code: low halves */
	};
	struct test t;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		t = SETUP("linux_x86", offset, 0, 0, rows[i].low, rows[i].high);
		enter(&t);
		is(&t, rows[i].expected);
		sct_arena_fini(&t.arena);
	}
	t = SETUP("linux_x86", offset, 0, 0, 1, 2);
	t.call.word[3].known = false;
	t.call.why[3] = "not recorded";
	enter(&t);
	is(&t, "? (not recorded)");
	sct_arena_fini(&t.arena);
}
END_TEST

START_TEST(not_in_the_table)
{
	struct test t = SETUP("linux_x86", (struct sct_param[]){ SIGNED(0) }, 1, UINT64_C(0x100000002));

	t.call.word[5].known = false;
	t.call.why[5] = "unmapped";
	t.args = sct_values_enter(&t.call, &mem, &plain_view, &t.arena, &t.count);
	text[0] = 0;
	show_all(t.args, t.count);
	ck_assert_str_eq(text, "arg0=0x1, arg1=0x2, arg2=0, arg3=0, arg4=0, arg5=? (unmapped)");
	sct_arena_fini(&t.arena);
}
END_TEST

/* ---- strings --------------------------------------------------------------------------------------------------- */

START_TEST(strings)
{
	static const struct sct_param p[] = { P(0, SCT_C_STR, .dir = SCT_IN) };
	static const struct {
		uint64_t addr;
		const char *content, *expected;
	} rows[] = {
		{ BASE, "", "''" },
		{ BASE + 60, "over a line", "'over a line'" },
		{ BASE + PAGE - 3, "over a page", "'over a page'" },
		{ END - 4, "end", "'end'" },
		{ BASE + 64, "until the NUL\0not this", "'until the NUL'" },
		{ 0, NULL, "0" },
		{ BAD, NULL, "0x90000 (unmapped)" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct test t = SETUP("linux_x64", p, rows[i].addr);

		wipe();
		if (rows[i].content)
			put_text(rows[i].addr, rows[i].content);
		enter(&t);
		is(&t, rows[i].expected);
		sct_arena_fini(&t.arena);
	}
}
END_TEST

START_TEST(string_without_an_end)
{
	static const struct sct_param p[] = { P(0, SCT_C_STR, .dir = SCT_IN) };
	const struct sct_view short_ones = { .limits = { .str = 128, .buf = 128, .elems = 4, .total = 1 << 20 } };
	struct test t = SETUP("linux_x64", p, END - 3);

	memset(ram, 'x', sizeof ram);
	enter(&t);
	is(&t, "'xxx' of some (unmapped)");
	t.call.word[0].value = BASE;
	t.args = sct_values_enter(&t.call, &mem, &short_ones, &t.arena, &t.count);
	ck_assert_uint_eq(t.args[0].len, 128);
	ck_assert(t.args[0].partial && !t.args[0].unknown);
	sct_arena_fini(&t.arena);
}
END_TEST

/* As many bytes as the limit says, wherever lines of memory end. */
START_TEST(limited_string)
{
	static const struct sct_param p[] = { P(0, SCT_C_STR, .dir = SCT_IN) };
	static const struct { uint64_t addr; const char *content; size_t len; bool partial; } rows[] = {
		{ BASE, "four", 4, false }, { BASE, "fives", 5, false }, { BASE, "sixsix", 5, true },
		{ BASE + 60, "sixsix", 5, true }, { END - 7, "sixsix", 5, true },
	};
	const struct sct_view short_ones = { .limits = { .str = 5, .buf = 128, .elems = 4, .total = 1 << 20 } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct test t = SETUP("linux_x64", p, rows[i].addr);

		wipe();
		put_text(rows[i].addr, rows[i].content);
		enter(&t);
		t.args = sct_values_enter(&t.call, &mem, &short_ones, &t.arena, &t.count);
		ck_assert_uint_eq(t.args[0].len, rows[i].len);
		ck_assert_int_eq(t.args[0].partial, rows[i].partial);
		ck_assert(!t.args[0].unknown);
		sct_arena_fini(&t.arena);
	}
}
END_TEST

START_TEST(string_arrays)
{
	static const struct sct_param p[] = { P(0, SCT_C_STRV, .dir = SCT_IN) };
	static const struct {
		const char *abi, *expected;
		unsigned size;
		uint64_t addr, words[3];
	} rows[] = {
		{ "linux_x64", "['ls', '-l']", 8, BASE, { BASE + 100, BASE + 110, 0 } },
		{ "linux_x86", "['ls', '-l']", 4, BASE, { BASE + 100, BASE + 110, 0 } },
		{ "linux_x64", "[]", 8, BASE, { 0 } },
		{ "linux_x64", "['ls', 0x90000 (unmapped)]", 8, BASE, { BASE + 100, BAD, 0 } },
		{ "linux_x64", "['ls', '-l', 'ls'] of some (unmapped)", 8, END - 24, { BASE + 100, BASE + 110, BASE + 100 } },
		{ "linux_x64", "0x90000 (unmapped)", 8, BAD, { 0 } },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct test t = SETUP(rows[i].abi, p, rows[i].addr);

		wipe();
		put_text(BASE + 100, "ls");
		put_text(BASE + 110, "-l");
		if (rows[i].addr != BAD)
			put_words(rows[i].addr, rows[i].size, 3, rows[i].words);
		enter(&t);
		is(&t, rows[i].expected);
		sct_arena_fini(&t.arena);
	}
}
END_TEST

/* ---- lengths --------------------------------------------------------------------------------------------------- */

START_TEST(input_buffers)
{
	static const struct sct_param by_size[] = { P(0, SCT_C_BUF, .dir = SCT_IN, .len = SCT_LEN_ARG, .len_arg = 1),
	                                            UNSIGNED(1) };
	static const struct sct_param by_int[] = { P(0, SCT_C_BUF, .dir = SCT_IN, .len = SCT_LEN_ARG, .len_arg = 1),
	                                           SIGNED(1) };
	static const struct sct_param fixed[] = { P(0, SCT_C_BUF, .dir = SCT_IN, .len = SCT_LEN_FIXED, .len_arg = 4) };
	static const struct sct_param pages[] = { P(0, SCT_C_BUF, .dir = SCT_IN, .len = SCT_LEN_PAGES, .len_arg = 1),
	                                          UNSIGNED(1) };
	static const struct {
		const struct sct_param *p;
		uint64_t addr, len;
		const char *expected;
	} rows[] = {
		{ by_size, BASE, 5, "<abcde>" },
		{ by_size, BASE, 0, "<>" },
		{ by_size, BAD, 0, "<>" },
		{ by_size, BAD, 1, "0x90000 (unmapped)" },
		{ by_size, END - 2, 5, "<yz> of 5 (unmapped)" },
		{ by_int, BASE, 3, "<abc>" },
		{ by_int, BASE, 0xffffffff, "<>" },
		{ fixed, BASE, 0, "<abcd>" },
		{ pages, BASE, 4096, "<a>" },
		{ pages, BASE, 4097, "<ab>" },
		{ pages, BASE, 0, "<>" },
	};

	wipe();
	put(BASE, "abcdefgh", 8);
	put(END - 2, "yz", 2);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct test t = setup("linux_x64", rows[i].p, rows[i].p == fixed ? 1 : 2,
		                      (uint64_t[SCT_ARGS_MAX]){ rows[i].addr, rows[i].len });

		enter(&t);
		is(&t, rows[i].expected);
		sct_arena_fini(&t.arena);
	}
}
END_TEST

START_TEST(length_that_is_not_known)
{
	static const struct sct_param p[] = { P(0, SCT_C_BUF, .dir = SCT_IN, .len = SCT_LEN_ARG, .len_arg = 1),
	                                      UNSIGNED(1) };
	struct test t = SETUP("linux_x64", p, BASE);

	t.call.word[1].known = false;
	enter(&t);
	is(&t, "0x10000 (not recorded)");
	sct_arena_fini(&t.arena);
}
END_TEST

START_TEST(long_buffer)
{
	static const struct sct_param p[] = { P(0, SCT_C_BUF, .dir = SCT_IN, .len = SCT_LEN_ARG, .len_arg = 1),
	                                      UNSIGNED(1) };
	const struct sct_view short_ones = { .limits = { .str = 128, .buf = 3, .elems = 4, .total = 1 << 20 } };
	struct test t = SETUP("linux_x64", p, BASE, UINT64_MAX);

	wipe();
	put(BASE, "abcdefgh", 8);
	t.call.proto = &t.proto;
	t.args = sct_values_enter(&t.call, &mem, &short_ones, &t.arena, &t.count);
	ck_assert_uint_eq(t.args[0].len, 3);
	ck_assert(t.args[0].partial && !t.args[0].unknown && t.args[0].size == UINT64_MAX);
	sct_arena_fini(&t.arena);
}
END_TEST

START_TEST(buffers_by_result)
{
	static const struct sct_param p[] = { P(0, SCT_C_BUF, .dir = SCT_OUT, .len = SCT_LEN_RET, .len_arg = 1),
	                                      UNSIGNED(1) };
	static const struct {
		bool known;
		uint64_t result;
		const char *expected;
	} rows[] = {
		{ true, 3, "<new>" }, { true, 0, "<>" }, { true, 100, "<new data>" }, { true, (uint64_t)-14, "0x10000" },
		{ false, 3, "0x10000 (not recorded)" }, { true, (uint64_t)-5000, "<>" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct test t = SETUP("linux_x64", p, BASE, 8);

		put(BASE, "old data", 8);
		enter(&t);
		is(&t, "0x10000");
		put(BASE, "new data", 8);
		leave(&t, rows[i].known, rows[i].result);
		is(&t, rows[i].expected);
		sct_arena_fini(&t.arena);
	}
}
END_TEST

/* getsockname: as many bytes as the kernel says, and as there was room for. */
START_TEST(length_behind_a_pointer)
{
	static const struct sct_param p[] = {
		P(0, SCT_C_ADDR, .dir = SCT_OUT, .len = SCT_LEN_ARG_PTR, .len_arg = 1),
		P(1, SCT_C_NUM, .dir = SCT_INOUT, .elem = 4, .elem_signed = 1),
	};
	static const struct {
		uint64_t room, now;
		const char *expected;
	} rows[] = {
		{ 6, 4, "<abcd>" }, { 6, 6, "<abcdef>" }, { 6, 110, "<abcdef>" }, { 0, 4, "<>" },
	};
	struct test t;

	wipe();
	put(BASE, "abcdefgh", 8);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		t = SETUP("linux_x64", p, BASE, BASE + 64);
		put(BASE + 64, &rows[i].room, 4);
		enter(&t);
		put(BASE + 64, &rows[i].now, 4);
		leave(&t, true, 0);
		is(&t, rows[i].expected);
		sct_arena_fini(&t.arena);
	}
	/* nobody knows how much room there was */
	t = SETUP("linux_x64", p, BASE, BAD);
	enter(&t);
	leave(&t, true, 0);
	is(&t, "0x10000 (not recorded)");
	sct_arena_fini(&t.arena);
}
END_TEST

/* ---- numbers behind pointers ----------------------------------------------------------------------------------- */

START_TEST(numbers_behind_pointers)
{
	static const struct {
		struct sct_param p;
		const char *expected;
	} rows[] = {
		{ P(0, SCT_C_NUM, .dir = SCT_IN, .elem = 4, .elem_signed = 1), "*-2" },
		{ P(0, SCT_C_NUM, .dir = SCT_IN, .elem = 4), "*4294967294u" },
		{ P(0, SCT_C_NUM, .dir = SCT_IN, .elem = 8), "*25769803774u" },
		{ P(0, SCT_C_NUM, .dir = SCT_IN, .elem = 2, .elem_signed = 1), "*-2" },
		{ P(0, SCT_C_NUM, .dir = SCT_IN, .elem = 4, .elem_signed = 1, .len = SCT_LEN_FIXED, .len_arg = 2), "[-2, 5]" },
		{ P(0, SCT_C_NUM, .dir = SCT_IN, .elem = 4, .len = SCT_LEN_FIXED, .len_arg = 1), "[4294967294u]" },
	};

	wipe();
	put_words(BASE, 4, WORDS(0xfffffffe, 5));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct test t = setup("linux_x64", &rows[i].p, 1, (uint64_t[SCT_ARGS_MAX]){ BASE });

		enter(&t);
		is(&t, rows[i].expected);
		sct_arena_fini(&t.arena);
	}
}
END_TEST

START_TEST(array_into_an_unmapped_page)
{
	static const struct sct_param p[] = {
		P(0, SCT_C_NUM, .dir = SCT_IN, .elem = 4, .elem_signed = 1, .len = SCT_LEN_FIXED, .len_arg = 3),
	};
	struct test t = SETUP("linux_x64", p, END - 8);

	wipe();
	put_words(END - 8, 4, WORDS(7, 8));
	enter(&t);
	is(&t, "[7, 8] of 3 (unmapped)");
	sct_arena_fini(&t.arena);
}
END_TEST

/* ---- in and out ------------------------------------------------------------------------------------------------ */

START_TEST(in_and_out)
{
	static const struct sct_param p[] = { P(0, SCT_C_NUM, .dir = SCT_INOUT, .elem = 4, .elem_signed = 1) };
	static const struct {
		uint64_t before, after, result;
		const char *expected;
	} rows[] = {
		{ 5, 6, 0, "*5 -> *6" }, { 5, 5, 0, "*5" }, { 5, 6, (uint64_t)-22, "*5" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct test t = SETUP("linux_x64", p, BASE);

		put(BASE, &rows[i].before, 4);
		enter(&t);
		is(&t, "*5");
		put(BASE, &rows[i].after, 4);
		leave(&t, true, rows[i].result);
		is(&t, rows[i].expected);
		sct_arena_fini(&t.arena);
	}
}
END_TEST

/* What the kernel has written is not what was there before. */
START_TEST(in_and_out_that_was_absent)
{
	static const struct sct_param p[] = { P(0, SCT_C_NUM, .dir = SCT_INOUT, .elem = 4, .elem_signed = 1) };
	const struct sct_mem absent = { read_ram, why, NULL };
	struct test t = SETUP("linux_x64", p, BAD);

	enter(&t);
	is(&t, "0x90000 (unmapped)");
	leave(&t, true, 0);
	is(&t, "0x90000 (unmapped)");
	/* the page is there at return */
	t.args[0].raw = BASE;
	t.call.word[0].value = BASE;
	put_words(BASE, 4, WORDS(6));
	sct_values_return(&t.call, t.args, t.count, true, 0, &absent, &plain_view, &t.arena);
	is(&t, "0x10000 (unmapped) -> *6");
	sct_arena_fini(&t.arena);
}
END_TEST

/* ---- when a pointer means something ---------------------------------------------------------------------------- */

START_TEST(when)
{
	static const struct {
		uint8_t when;
		uint32_t value;
		uint64_t arg, result;
		const char *expected;
	} rows[] = {
		{ SCT_WHEN_BITS, 0x100, 0x111, 0, "*7" },
		{ SCT_WHEN_BITS, 0x100, 0x011, 0, "0x10000" },
		{ SCT_WHEN_ONE_OF, 1 << 3, 3, 0, "*7" },
		{ SCT_WHEN_ONE_OF, 1 << 3, 4, 0, "0x10000" },
		{ SCT_WHEN_ONE_OF, 1 << 3, 35, 0, "0x10000" },
		{ SCT_WHEN_RET, 0, 0, 42, "*7" },
		{ SCT_WHEN_RET, 0, 0, 0, "0x10000" },
		{ SCT_WHEN_RET, 0, 0, (uint64_t)-10, "0x10000" },
	};

	wipe();
	put_words(BASE, 4, WORDS(7));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct sct_param p[] = {
			P(0, SCT_C_NUM, .dir = SCT_OUT, .elem = 4, .elem_signed = 1, .when = rows[i].when, .when_arg = 1,
			  .when_value = rows[i].value),
			UNSIGNED(1),
		};
		struct test t = SETUP("linux_x64", p, BASE, rows[i].arg);

		enter(&t);
		is(&t, "0x10000");
		leave(&t, true, rows[i].result);
		is(&t, rows[i].expected);
		sct_arena_fini(&t.arena);
	}
}
END_TEST

START_TEST(when_is_not_known)
{
	static const struct sct_param p[] = {
		P(0, SCT_C_NUM, .dir = SCT_OUT, .elem = 4, .when = SCT_WHEN_BITS, .when_arg = 1, .when_value = 1), UNSIGNED(1),
	};
	struct test t = SETUP("linux_x64", p, BASE);

	t.call.word[1].known = false;
	enter(&t);
	leave(&t, true, 0);
	is(&t, "0x10000 (not recorded)");
	sct_arena_fini(&t.arena);
}
END_TEST

/* ---- results --------------------------------------------------------------------------------------------------- */

START_TEST(results)
{
	static const struct {
		const char *abi;
		unsigned flags;
		bool known;
		uint64_t raw;
		const char *expected, *error;
	} rows[] = {
		{ "linux_x64", 0, true, 42, "42", NULL },
		{ "linux_x64", 0, true, (uint64_t)-2, "-2", "ENOENT" },
		{ "linux_x64", 0, true, (uint64_t)-4096, "-4096", NULL },
		{ "linux_x86", 0, true, 0xfffffffe, "-2", "ENOENT" },
		{ "linux_x86", 0, true, UINT64_C(0xfffffffe00000003), "3", NULL },
		{ "linux_x64", SCT_P_PTR_RESULT, true, UINT64_C(0x7ffff7fc1000), "140737353879552u", NULL },
		{ "linux_x64", SCT_P_PTR_RESULT, true, (uint64_t)-12, "-12", "ENOMEM" },
		{ "linux_x86", SCT_P_PTR_RESULT, true, 0xb7fc1000, "3086749696u", NULL },
		{ "linux_x64", SCT_P_INT_RESULT, true, 0xffffffda, "-38", "ENOSYS" },
		{ "linux_x64", SCT_P_INT_RESULT, true, 16, "16", NULL },
		{ "linux_x64", 0, true, 0xffffffda, "4294967258", NULL },
		{ "linux_x64", 0, false, 42, "? (not recorded)", NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct test t = setup(rows[i].abi, NULL, 0, (uint64_t[SCT_ARGS_MAX]){ 0 });
		const char *error;
		struct sct_value v;

		t.proto.flags = (uint16_t)rows[i].flags;
		t.call.proto = &t.proto;
		v = sct_value_result(&t.call, rows[i].known, rows[i].raw, &error);
		text[0] = 0;
		show(&v);
		ck_assert_str_eq(text, rows[i].expected);
		ck_assert_pstr_eq(error, rows[i].error);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("value_kinds");
	TCase *t = tcase_create("value_kinds");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, numbers);
	tcase_add_test(t, halves);
	tcase_add_test(t, not_in_the_table);
	tcase_add_test(t, strings);
	tcase_add_test(t, string_without_an_end);
	tcase_add_test(t, limited_string);
	tcase_add_test(t, string_arrays);
	tcase_add_test(t, input_buffers);
	tcase_add_test(t, length_that_is_not_known);
	tcase_add_test(t, long_buffer);
	tcase_add_test(t, buffers_by_result);
	tcase_add_test(t, length_behind_a_pointer);
	tcase_add_test(t, numbers_behind_pointers);
	tcase_add_test(t, array_into_an_unmapped_page);
	tcase_add_test(t, in_and_out);
	tcase_add_test(t, in_and_out_that_was_absent);
	tcase_add_test(t, when);
	tcase_add_test(t, when_is_not_known);
	tcase_add_test(t, results);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
