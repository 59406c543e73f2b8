/* Tests of directory entries as values: records of each call, names, what is not whole.
 * In:  calls of the tables over memory by hand
 * Out: a report; exit status 0 when all passed
 */
#include "kernel_types.h"
#include "suite.h"
#include "values.h"

static struct sct_view view;
static struct test t;
static uint64_t end; /* of the records that have been put */

/* A record of getdents64, or of getdents with words of that many bytes. */
static void put_record(unsigned word, uint64_t ino, const char *name, unsigned size)
{
	unsigned head = word ? 2 * word + 2 : 19, first = word ? word : 8;

	put_words(end, first, WORDS(ino, ino + 1));
	put_words(end + 2 * first, 2, WORDS(size));
	put_text(end + head, name);
	put_words(end + (word ? size - 1 : head - 1), 1, WORDS(8));
	end += size;
}

static void begin(const struct sct_types *types)
{
	view = (struct sct_view){ .limits = SCT_LIMITS_DEFAULT, .layouts = sct_layouts_new(types) };
	wipe();
	end = BASE;
}

/* What the second argument of that call is when it has given so much. */
static void gives(const char *abi, const struct sct_table *table, unsigned nr, uint64_t result, const char *expected)
{
	sct_arena_fini(&t.arena);
	t = setup(abi, NULL, 0, (uint64_t[SCT_ARGS_MAX]){ 3, BASE, SIZE });
	t.call.proto = sct_table_find(table, nr);
	t.args = sct_values_enter(&t.call, &mem, &view, &t.arena, &t.count);
	sct_values_return(&t.call, t.args, t.count, true, result, &mem, &view, &t.arena);
	text[0] = 0;
	show(&t.args[1]);
	ck_assert_str_eq(text, expected);
}

static void gives64(uint64_t result, const char *expected)
{
	gives("linux_x64", &sct_table_linux_x64, 217, result, expected);
}

static void finish(void)
{
	sct_arena_fini(&t.arena);
	sct_layouts_free(view.layouts);
}

#define A "{d_ino=1u, d_off=2, d_reclen=24u, d_type=8u, d_name='a'}"
#define LONGER "{d_ino=5u, d_off=6, d_reclen=32u, d_type=8u, d_name='longer name'}"

START_TEST(records)
{
	begin(NULL);
	put_record(0, 1, "a", 24);
	put_record(0, 5, "longer name", 32);
	gives64(56, "[" A ", " LONGER "]");
	gives64(24, "[" A "]");
	gives64(0, "[]");
	gives64((uint64_t)-22, "0x10000");
	finish();
}
END_TEST

/* Its records end with d_type. */
START_TEST(older)
{
	begin(NULL);
	put_record(8, 1, "a", 24);
	put_record(8, 2, "b", 24);
	gives("linux_x64", &sct_table_linux_x64, 78, 48,
	      "[{d_ino=1u, d_off=2u, d_reclen=24u, d_name='a', d_type=8u}, "
	      "{d_ino=2u, d_off=3u, d_reclen=24u, d_name='b', d_type=8u}]");
	finish();
	begin(NULL);
	put_record(4, 1, "a", 16);
	gives("linux_x86", &sct_table_linux_x86, 141, 16, "[{d_ino=1u, d_off=2u, d_reclen=16u, d_name='a', d_type=8u}]");
	finish();
}
END_TEST

/* One record, which says how long its name is. */
START_TEST(oldest)
{
	begin(NULL);
	put_words(BASE, 4, WORDS(1, 2));
	put_words(BASE + 8, 2, WORDS(3));
	put_text(BASE + 10, "abc");
	gives("linux_x86", &sct_table_linux_x86, 89, 1, "[{d_ino=1u, d_offset=2u, d_namlen=3u, d_name='abc'}]");
	gives("linux_x86", &sct_table_linux_x86, 89, 0, "0x10000");
	finish();
}
END_TEST

/* Kernels before 6.5 say that a name has one byte. */
START_TEST(declared_short)
{
	begin_types(false, 8);
	STRUCT("linux_dirent", 24, { "d_ino", c_ulong, 0 }, { "d_off", c_ulong, 8 }, { "d_reclen", c_ushort, 16 },
	       { "d_name", ARRAY(c_char, 1), 18 });
	sct_types_index_from(&db, 1);
	begin(&db);
	put_record(8, 1, "name", 24);
	gives("linux_x64", &sct_table_linux_x64, 78, 24,
	      "[{d_ino=1u, d_off=2u, d_reclen=24u, d_name='name', d_type=8u}]");
	finish();
	sct_types_fini(&db);
}
END_TEST

START_TEST(not_whole)
{
	begin(NULL);
	put_record(0, 1, "a", 24);
	put_record(0, 5, "longer name", 32);
	gives64(55, "[" A "] of some (overwritten)"); /* the second does not fit */
	gives64(30, "[" A "] of some (overwritten)");
	put_words(BASE + 24 + 16, 2, WORDS(19)); /* not even a name's NUL */
	gives64(56, "[" A "] of some (overwritten)");
	put_words(BASE + 24 + 16, 2, WORDS(0));
	gives64(56, "[" A "] of some (overwritten)");
	put_words(BASE + 16, 2, WORDS(0xffff));
	gives64(56, "0x10000 (overwritten)");
	finish();
}
END_TEST

/* Memory ends inside of the records. */
START_TEST(not_mapped)
{
	begin(NULL);
	for (end = BASE; end + 2048 <= END;)
		put_record(0, 1, "a", 2048);
	gives64(SIZE, "[{d_ino=1u, d_off=2, d_reclen=2048u, d_type=8u, d_name='a'}, "
	              "{d_ino=1u, d_off=2, d_reclen=2048u, d_type=8u, d_name='a'}, "
	              "{d_ino=1u, d_off=2, d_reclen=2048u, d_type=8u, d_name='a'}, "
	              "{d_ino=1u, d_off=2, d_reclen=2048u, d_type=8u, d_name='a'}, "
	              "{d_ino=1u, d_off=2, d_reclen=2048u, d_type=8u, d_name='a'}, "
	              "{d_ino=1u, d_off=2, d_reclen=2048u, d_type=8u, d_name='a'}]");
	finish();
	begin(NULL);
	end = END - 24;
	put_record(0, 1, "a", 24);
	memmove(ram, ram + SIZE - 24, 24);
	put_words(BASE + 16, 2, WORDS(SIZE - 10));
	sct_arena_fini(&t.arena);
	t = setup("linux_x64", NULL, 0, (uint64_t[SCT_ARGS_MAX]){ 3, BASE, 2 * SIZE });
	t.call.proto = sct_table_find(&sct_table_linux_x64, 217);
	t.args = sct_values_enter(&t.call, &mem, &view, &t.arena, &t.count);
	sct_values_return(&t.call, t.args, t.count, true, SIZE + 100, &mem, &view, &t.arena);
	text[0] = 0;
	show(&t.args[1]);
	ck_assert_str_eq(text, "[{d_ino=1u, d_off=2, d_reclen=12278u, d_type=8u, d_name='a'}] of some (unmapped)");
	finish();
}
END_TEST

/* As many as limits let through; what is behind them is not known to be wrong. */
START_TEST(limits)
{
	begin(NULL);
	put_record(0, 1, "a", 24);
	put_record(0, 5, "longer name", 32);
	view.limits.elems = 1;
	gives64(56, "[" A "] of 2");
	view.limits.elems = 8;
	view.limits.buf = 40;
	gives64(56, "[" A "] of some");
	finish();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("value_dirent");
	TCase *c = tcase_create("value_dirent");

	suite_add_tcase(s, c);
	tcase_add_test(c, records);
	tcase_add_test(c, older);
	tcase_add_test(c, oldest);
	tcase_add_test(c, declared_short);
	tcase_add_test(c, not_whole);
	tcase_add_test(c, not_mapped);
	tcase_add_test(c, limits);
	return run_tests(s);
}
