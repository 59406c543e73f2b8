/* Tests of the type database: lookups, sizes, symbols of several sources, declarations, circles.
 * In:  types that are put in one by one
 * Out: what the database says of them
 */
#include "../../dwarf/types.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "suite.h"

static struct sct_types db;
static struct sct_err err;

static uint32_t add(enum sct_type_kind kind, const char *name, uint32_t to, uint32_t size, uint32_t count)
{
	uint32_t at = sct_types_add_name(&db, name);

	return sct_types_add(&db, &(struct sct_type){ .kind = kind, .name = at, .to = to, .size = size, .count = count });
}

static uint32_t pointer_to(uint32_t to)
{
	return add(SCT_TYPE_POINTER, "", to, 0, 0);
}

/* A function that takes types a and b and returns void. */
static uint32_t function(uint32_t a, uint32_t b)
{
	uint32_t first = sct_types_add_member(&db, &(struct sct_member){ .type = a }), id;

	sct_types_add_member(&db, &(struct sct_member){ .type = b });
	id = add(SCT_TYPE_FUNCTION, "", 0, 0, 2);
	db.types.at[id].first = first;
	return id;
}

static void ck_size(uint32_t id, uint32_t expected)
{
	uint32_t size;

	ck_assert(sct_type_size(&db, id, &size));
	ck_assert_uint_eq(size, expected);
}

static void ck_no_size(uint32_t id)
{
	uint32_t size;

	ck_assert(!sct_type_size(&db, id, &size));
}

static void ck_declares(uint32_t id, const char *name, const char *expected)
{
	char text[256];

	sct_type_declare(&db, id, name, text, sizeof text);
	ck_assert_str_eq(text, expected);
}

static void setup(void)
{
	sct_types_init(&db);
	ck_assert_int_eq(sct_types_machine(&db, false, 8, &err), SCT_OK);
}

static void teardown(void)
{
	sct_types_fini(&db);
}

START_TEST(names)
{
	uint32_t tag = add(SCT_TYPE_STRUCT, "stat", 0, 144, 0), alias = add(SCT_TYPE_TYPEDEF, "stat", 0, 0, 0);
	uint32_t integer = add(SCT_TYPE_INT, "int", 0, 4, 32);

	add(SCT_TYPE_STRUCT, "stat", 0, 1, 0);
	add(SCT_TYPE_FORWARD, "elsewhere", 0, 0, 0);
	sct_types_index_from(&db, 1);
	ck_assert_uint_eq(sct_types_find(&db, SCT_TYPE_STRUCT, "stat"), tag);
	ck_assert_uint_eq(sct_types_find(&db, SCT_TYPE_TYPEDEF, "stat"), alias);
	ck_assert_uint_eq(sct_types_find(&db, SCT_TYPE_UNION, "stat"), SCT_NO_TYPE);
	ck_assert_uint_eq(sct_types_find_any(&db, "stat"), tag);
	ck_assert_uint_eq(sct_types_find_any(&db, "struct stat"), tag);
	ck_assert_uint_eq(sct_types_find_any(&db, "union stat"), SCT_NO_TYPE);
	ck_assert_uint_eq(sct_types_find_any(&db, "int"), integer);
	ck_assert_uint_eq(sct_types_find_any(&db, "elsewhere"), SCT_NO_TYPE);
	ck_assert_uint_eq(sct_types_find_any(&db, ""), SCT_NO_TYPE);
}
END_TEST

START_TEST(many_names)
{
	char name[16];

	for (int part = 0; part < 3; part++) {
		uint32_t first = db.types.count;

		for (int i = 0; i < 3000; i++) {
			snprintf(name, sizeof name, "t%d", part * 3000 + i);
			add(SCT_TYPE_STRUCT, name, 0, (uint32_t)(part * 3000 + i), 0);
		}
		sct_types_index_from(&db, first);
	}
	for (int i = 0; i < 9000; i++) {
		snprintf(name, sizeof name, "t%d", i);
		ck_size(sct_types_find(&db, SCT_TYPE_STRUCT, name), (uint32_t)i);
	}
}
END_TEST

START_TEST(sizes)
{
	uint32_t integer = add(SCT_TYPE_INT, "int", 0, 4, 32), row = add(SCT_TYPE_ARRAY, "", integer, 0, 3);
	uint32_t table = add(SCT_TYPE_ARRAY, "", row, 0, 5), alias = add(SCT_TYPE_TYPEDEF, "table_t", table, 0, 0);
	uint32_t forward = add(SCT_TYPE_FORWARD, "task", 0, 0, 0), id = alias;

	ck_size(alias, 60);
	ck_size(add(SCT_TYPE_CONST, "", alias, 0, 0), 60);
	ck_size(add(SCT_TYPE_ARRAY, "", integer, 0, 0), 0);
	ck_size(pointer_to(0), 8);
	ck_no_size(0);
	ck_no_size(forward);
	add(SCT_TYPE_STRUCT, "task", 0, 9792, 0);
	sct_types_index_from(&db, 1);
	ck_size(forward, 9792);
	for (int i = 0; i < 8; i++)
		id = add(SCT_TYPE_ARRAY, "", id, 0, UINT32_MAX);
	ck_no_size(id);
}
END_TEST

START_TEST(circles)
{
	uint32_t a = db.types.count, b = a + 1;
	char text[128];

	add(SCT_TYPE_TYPEDEF, "a", b, 0, 0);
	add(SCT_TYPE_CONST, "", a, 0, 0);
	ck_assert_uint_eq(sct_type_strip(&db, a), 0);
	ck_no_size(a);
	a = add(SCT_TYPE_ARRAY, "", db.types.count, 0, 1); /* of itself */
	ck_no_size(a);
	sct_type_declare(&db, a, "x", text, sizeof text);
	a = pointer_to(db.types.count);
	sct_type_declare(&db, a, "x", text, sizeof text);
	a = function(db.types.count, db.types.count); /* takes two of its own kind */
	sct_type_declare(&db, a, "x", text, sizeof text);
	ck_assert_uint_eq(text[sizeof text - 1], '\0');
}
END_TEST

/* Functions that take functions that take functions …, 60,000 parameters each. */
START_TEST(endless_parameters)
{
	uint32_t id = 0;
	char text[128];

	for (int level = 0; level < 10; level++) {
		uint32_t first = db.members.count, count = 60000, inner = id;

		for (uint32_t i = 0; i < count; i++)
			sct_types_add_member(&db, &(struct sct_member){ .type = inner });
		id = add(SCT_TYPE_FUNCTION, "", 0, 0, count);
		db.types.at[id].first = first;
	}
	sct_type_declare(&db, id, "x", text, sizeof text);
	ck_assert_int_eq(strncmp(text, "void x(void ", 12), 0);
}
END_TEST

START_TEST(declarations)
{
	uint32_t integer = add(SCT_TYPE_INT, "int", 0, 4, 32), rq = add(SCT_TYPE_STRUCT, "rq", 0, 64, 0);
	uint32_t constant = add(SCT_TYPE_CONST, "", rq, 0, 0), array = add(SCT_TYPE_ARRAY, "", integer, 0, 2);
	uint32_t table = add(SCT_TYPE_ARRAY, "", array, 0, 4), variadic;

	ck_declares(0, "", "void");
	ck_declares(pointer_to(0), "p", "void *p");
	ck_declares(pointer_to(constant), "", "const struct rq *");
	ck_declares(add(SCT_TYPE_CONST, "", pointer_to(rq), 0, 0), "p", "struct rq *const p");
	ck_declares(table, "t", "int t[4][2]");
	ck_declares(pointer_to(table), "t", "int (*t)[4][2]");
	ck_declares(add(SCT_TYPE_ARRAY, "", pointer_to(rq), 0, 0), "t", "struct rq *t[]");
	ck_declares(pointer_to(function(pointer_to(rq), integer)), "f", "void (*f)(struct rq *, int)");
	ck_declares(pointer_to(function(pointer_to(function(rq, integer)), integer)), "f",
	            "void (*f)(void (*)(struct rq, int), int)");
	ck_declares(pointer_to(add(SCT_TYPE_FUNCTION, "", integer, 0, 0)), "f", "int (*f)(void)");
	variadic = function(integer, integer);
	db.types.at[variadic].flags = SCT_TYPE_VARIADIC;
	ck_declares(variadic, "printk", "void printk(int, int, ...)");
	ck_declares(add(SCT_TYPE_UNION, "", 0, 8, 0), "u", "union {...} u");
}
END_TEST

static void put_symbol(const char *name, uint32_t type, uint64_t address)
{
	sct_types_add_symbol(&db, sct_types_add_name(&db, name), type, address ? &address : NULL);
}

START_TEST(symbols)
{
	uint32_t task = add(SCT_TYPE_STRUCT, "task_struct", 0, 9792, 0);
	const struct sct_symbol *s;
	char name[16];

	put_symbol("init_task", task, 0);
	put_symbol("init_task", SCT_NO_TYPE, 0xffffffff82a1b940);
	put_symbol("twice", SCT_NO_TYPE, 1);
	put_symbol("twice", SCT_NO_TYPE, 2);
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "s%d", i);
		put_symbol(name, SCT_NO_TYPE, (uint64_t)i + 1);
	}
	s = sct_types_symbol(&db, "init_task");
	ck_assert(s && s->type == task && s->has_address && s->address == 0xffffffff82a1b940 && !s->several);
	s = sct_types_symbol(&db, "twice");
	ck_assert(s && s->address == 1 && s->several && s->type == SCT_NO_TYPE);
	s = sct_types_symbol(&db, "s4999");
	ck_assert(s && s->address == 5000);
	ck_assert_ptr_null(sct_types_symbol(&db, "nothing"));
}
END_TEST

START_TEST(one_machine_in_a_database)
{
	ck_assert_int_eq(sct_types_machine(&db, false, 0, &err), SCT_OK);
	ck_assert_uint_eq(db.pointer_size, 8);
	ck_assert_int_eq(sct_types_machine(&db, false, 4, &err), SCT_E_USAGE);
	ck_assert_int_eq(sct_types_machine(&db, true, 8, &err), SCT_E_USAGE);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("types");
	TCase *c = tcase_create("types");

	suite_add_tcase(s, c);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, names);
	tcase_add_test(c, many_names);
	tcase_add_test(c, sizes);
	tcase_add_test(c, circles);
	tcase_add_test(c, endless_parameters);
	tcase_add_test(c, declarations);
	tcase_add_test(c, symbols);
	tcase_add_test(c, one_machine_in_a_database);
	return run_tests(s);
}
