/* Tests of the loaders of text: ISF JSON, System.map and kallsyms.
 * In:  text that is written here
 * Out: what the database has then, errors
 */
#include "../../dwarf/isf.h"
#include "loaded_types.h"

#include <string.h>

#include "suite.h"

#define BASES "\"base_types\":{\"pointer\":{\"size\":8,\"signed\":false,\"kind\":\"int\",\"endian\":\"little\"}," \
	"\"int\":{\"size\":4,\"signed\":true,\"kind\":\"int\",\"endian\":\"little\"}," \
	"\"void\":{\"size\":0,\"signed\":false,\"kind\":\"void\",\"endian\":\"little\"}}"

static int load(const char *loader, const char *text)
{
	struct sct_file file = { .data = (const uint8_t *)text, .size = strlen(text), .fd = -1 };
	const struct sct_types_loader *l = sct_types_probe(&file);

	ck_assert_ptr_nonnull(l);
	ck_assert_str_eq(l->name, loader);
	return l->load(&db, &file, &err);
}

static void ck_loads(const char *loader, const char *text)
{
	ck_assert_msg(load(loader, text) == SCT_OK, "%s", err.text);
}

START_TEST(members)
{
	const struct sct_type *t;

	ck_loads("isf", "{" BASES ",\"user_types\":{"
		"\"task\":{\"size\":64,\"kind\":\"struct\",\"fields\":{"
		"\"zeta\":{\"offset\":0,\"type\":{\"kind\":\"pointer\",\"subtype\":{\"kind\":\"struct\",\"name\":\"task\"}}},"
		"\"table\":{\"offset\":24,\"type\":{\"kind\":\"array\",\"count\":2,"
			"\"subtype\":{\"kind\":\"array\",\"count\":3,\"subtype\":{\"kind\":\"base\",\"name\":\"int\"}}}},"
		"\"bit\":{\"offset\":8,\"type\":{\"kind\":\"bitfield\",\"bit_length\":3,\"bit_position\":5,"
			"\"type\":{\"kind\":\"base\",\"name\":\"int\"}}},"
		"\"call\":{\"offset\":48,\"type\":{\"kind\":\"pointer\",\"subtype\":{\"kind\":\"function\"}}},"
		"\"unnamed_field_0\":{\"offset\":56,\"anonymous\":true,"
			"\"type\":{\"kind\":\"union\",\"name\":\"unnamed_0123456789abcdef\"}},"
		"\"elsewhere\":{\"offset\":16,"
			"\"type\":{\"kind\":\"pointer\",\"subtype\":{\"kind\":\"union\",\"name\":\"gone\"}}}}},"
		"\"unnamed_0123456789abcdef\":{\"size\":8,\"kind\":\"union\",\"fields\":{"
		"\"kind\":{\"offset\":0,\"type\":{\"kind\":\"enum\",\"name\":\"kind\"}}}}},"
		"\"enums\":{\"kind\":{\"size\":4,\"base\":\"int\",\"constants\":{\"ZERO\":0,\"MINUS\":-1}}}}");
	t = sct_type(&db, sct_types_find(&db, SCT_TYPE_STRUCT, "task"));
	ck_assert_uint_eq(t->count, 6);
	ck_member(t, 0, "struct task *zeta", 0, 0);
	ck_member(t, 1, "int bit", 69, 3);
	ck_member(t, 2, "union gone *elsewhere", 128, 0);
	ck_member(t, 3, "int table[2][3]", 192, 0);
	ck_member(t, 4, "void (*call)(...)", 384, 0);
	ck_member(t, 5, "union {...}", 448, 0);
	t = sct_type(&db, sct_types_find(&db, SCT_TYPE_ENUM, "kind"));
	ck_assert(t->flags & SCT_TYPE_SIGNED && t->count == 2);
	ck_assert(db.enumerators.at[t->first].value == UINT64_MAX && !db.enumerators.at[t->first + 1].value);
	ck_assert_uint_eq(db.pointer_size, 8);
}
END_TEST

START_TEST(symbols_with_addresses)
{
	const struct sct_symbol *s;

	ck_loads("isf", "{" BASES ",\"user_types\":{},\"symbols\":{"
		"\"init_task\":{\"address\":18446744071606220288,\"type\":{\"kind\":\"base\",\"name\":\"int\"}},"
		"\"do_exit\":{\"address\":18446744071579345136,\"type\":{\"kind\":\"base\",\"name\":\"void\"}},"
		"\"nowhere\":{\"address\":0}}}");
	s = sct_types_symbol(&db, "init_task");
	ck_assert(s && s->has_address && s->address == 0xffffffff82a1b600 && s->type != SCT_NO_TYPE);
	s = sct_types_symbol(&db, "do_exit");
	ck_assert(s && s->has_address && s->type == SCT_NO_TYPE);
	ck_assert(!sct_types_symbol(&db, "nowhere")->has_address);
}
END_TEST

START_TEST(numbers_above_int64)
{
	char text[] = "[18446744073709551615,\"18446744073709551615\",9223372036854775807, 12345678901234567890.5]";

	sct_isf_fold_numbers(text, strlen(text));
	ck_assert_str_eq(text,
	                 "[-1                  ,\"18446744073709551615\",9223372036854775807, 12345678901234567890.5]");
}
END_TEST

static void ck_refused(const char *text)
{
	teardown();
	setup();
	ck_assert_int_eq(load("isf", text), SCT_E_FORMAT);
}

#define FIELD(type) "{" BASES ",\"user_types\":{\"s\":{\"size\":4,\"kind\":\"struct\",\"fields\":{\"f\":" type "}}}}"

START_TEST(damage)
{
	ck_refused("{\"metadata\":{}");
	ck_assert_uint_eq(err.offset, 14);
	ck_refused("{\"metadata\":{}}");
	ck_refused("{\"base_types\":{\"x\":{\"size\":1,\"kind\":\"strange\"}},\"user_types\":{}}");
	ck_refused("{\"base_types\":{\"x\":7},\"user_types\":{}}");
	ck_refused(FIELD("7"));
	ck_refused(FIELD("{\"offset\":-1,\"type\":{\"kind\":\"base\",\"name\":\"int\"}}"));
	ck_refused(FIELD("{\"offset\":0}"));
	ck_refused(FIELD("{\"offset\":0,\"type\":{\"kind\":\"base\",\"name\":\"long\"}}"));
	ck_refused(FIELD("{\"offset\":0,\"type\":{\"kind\":\"array\",\"subtype\":{\"kind\":\"base\",\"name\":\"int\"}}}"));
	ck_refused(FIELD("{\"offset\":4294967295,\"type\":{\"kind\":\"base\",\"name\":\"int\"}}"));
	ck_assert_ptr_nonnull(strstr(err.text, "s: a member without an offset"));
}
END_TEST

START_TEST(too_deep)
{
	char text[8192] = "{" BASES ",\"user_types\":{\"s\":{\"size\":4,\"kind\":\"struct\","
		"\"fields\":{\"f\":{\"offset\":0,\"type\":";

	for (int i = 0; i < 50; i++)
		strcat(text, "{\"kind\":\"pointer\",\"subtype\":");
	strcat(text, "{\"kind\":\"base\",\"name\":\"int\"}");
	for (int i = 0; i < 50; i++)
		strcat(text, "}");
	strcat(text, "}}}}}");
	ck_refused(text);
	ck_assert_ptr_nonnull(strstr(err.text, "too deep"));
}
END_TEST

START_TEST(kallsyms)
{
	const struct sct_symbol *s;

	ck_loads("symbols", "0000000000000000 A fixed_percpu_data\n0000000000021040 A cpu_info\nffffffff81000000 T _stext\n"
		"ffffffff82a1b600 D init_task\nffffffffc0000000 t helper\t[ext4]\nffffffff81000010 t once\n"
		"ffffffff81000020 t once\n"
		"ffffffff81e00000 r __func__.1\n");
	s = sct_types_symbol(&db, "init_task");
	ck_assert(s && s->has_address && s->address == 0xffffffff82a1b600 && s->type == SCT_NO_TYPE);
	ck_assert_ptr_null(sct_types_symbol(&db, "helper"));
	s = sct_types_symbol(&db, "cpu_info"); /* in each CPU's data */
	ck_assert(s && s->has_address && s->address == 0x21040);
	ck_assert_ptr_null(sct_types_symbol(&db, "fixed_percpu_data"));
	ck_assert(sct_types_symbol(&db, "once")->several);
	ck_assert_uint_eq(db.types.count, 1);
}
END_TEST

START_TEST(kallsyms_damage)
{
	ck_assert_int_eq(load("symbols", "c1000000 T _stext\nc1000000 T a\nc1000000 T b\nc100 T c\n"), SCT_E_FORMAT);
	ck_assert_uint_eq(err.offset, 44);
	ck_assert_int_eq(load("symbols", "c1000000 T _stext\nc1000000 T a\nc1000000 T b\n"
	                                 "c1000000 B The real one is elsewhere\n"),
	                 SCT_E_FORMAT);
	ck_assert_uint_eq(err.offset, 44);
	ck_assert_int_eq(load("symbols", "00000000 T _stext\n00000000 T a\n00000000 T b\n"), SCT_E_FORMAT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("isf");
	TCase *c = tcase_create("isf");

	suite_add_tcase(s, c);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, members);
	tcase_add_test(c, symbols_with_addresses);
	tcase_add_test(c, numbers_above_int64);
	tcase_add_test(c, damage);
	tcase_add_test(c, too_deep);
	tcase_add_test(c, kallsyms);
	tcase_add_test(c, kallsyms_damage);
	return run_tests(s);
}
