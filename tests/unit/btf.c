/* Tests of the loader of BTF: every kind of type, both byte orders, a module on top of its vmlinux, damage.
 * In:  sections that are built here, type by type
 * Out: what the database has then, errors with their offsets
 */
#include "loaded_types.h"

#include <stdlib.h>
#include <string.h>

#include "suite.h"

enum { INT = 1, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, CONST = 10, FUNC = 12, PROTO, VAR, FLOAT = 16, TAG = 18,
       ENUM64 };

static uint8_t image[4096], types[2048];
static char strings[1024];
static size_t types_size, strings_size;
static bool big;
static uint32_t base_strings; /* size of the strings that a module's go on behind */

static void put_at(uint8_t *to, size_t *size, uint32_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		to[(*size)++] = (uint8_t)(value >> 8 * (big ? bytes - 1 - i : i));
}

static void put(uint32_t value)
{
	put_at(types, &types_size, value, 4);
}

static uint32_t name(const char *text)
{
	uint32_t at = (uint32_t)strings_size;

	if (!*text)
		return 0;
	strcpy(strings + strings_size, text);
	strings_size += strlen(text) + 1;
	return base_strings + at;
}

static void type(unsigned kind, const char *called, uint32_t entries, uint32_t value)
{
	put(name(called));
	put(kind << 24 | entries);
	put(value);
}

static void integer(const char *called, uint32_t size, uint32_t encoding)
{
	type(INT, called, 0, size);
	put(encoding << 24 | size * 8);
}

static void member(const char *called, uint32_t id, uint32_t place)
{
	put(name(called));
	put(id);
	put(place);
}

static void start(bool is_big)
{
	big = is_big;
	types_size = 0;
	strings_size = 1;
	base_strings = 0;
	strings[0] = '\0';
}

static size_t finish(void)
{
	size_t size = 0;

	put_at(image, &size, 0xeb9f, 2);
	image[size++] = 1;
	image[size++] = 0;
	put_at(image, &size, 24, 4);
	put_at(image, &size, 0, 4);
	put_at(image, &size, (uint32_t)types_size, 4);
	put_at(image, &size, (uint32_t)types_size, 4);
	put_at(image, &size, (uint32_t)strings_size, 4);
	memcpy(image + size, types, types_size);
	memcpy(image + size + types_size, strings, strings_size);
	return size + types_size + strings_size;
}

static int load_bytes(size_t size)
{
	struct sct_file file = { .data = image, .size = size, .fd = -1 };

	ck_assert_ptr_eq(sct_types_probe(&file), &sct_types_btf);
	return sct_types_btf.load(&db, &file, &err);
}

static void load(void)
{
	ck_assert_msg(load_bytes(finish()) == SCT_OK, "%s", err.text);
}

static void ck_fails(int status, uint64_t offset)
{
	ck_assert_int_eq(load_bytes(finish()), status);
	ck_assert_int_eq(err.status, status);
	ck_assert_uint_eq(err.offset, offset);
}

/* 1 int, 2 long unsigned int, 3 struct task */
static void small_kernel(bool is_big)
{
	start(is_big);
	integer("int", 4, 1);
	integer("long unsigned int", 8, 0);
	type(STRUCT, "task", 2, 16);
	member("pid", 1, 0);
	member("stack", 2, 64);
}

static void every_kind(bool is_big)
{
	const struct sct_type *t;
	uint32_t size;

	small_kernel(is_big);
	type(PTR, "", 0, 3);                    /* 4 */
	type(ARRAY, "", 0, 0);                  /* 5: int [3] */
	put(1), put(1), put(3);
	type(STRUCT, "all", 5 | 1u << 31, 24);  /* 6, with bitfields */
	member("task", 4, 0);
	member("low", 1, 3 << 24 | 64);
	member("high", 1, 29 << 24 | 67);
	member("v", 5, 96);
	member("", 7, 96);
	type(UNION, "", 1, 8);                  /* 7 */
	member("word", 2, 0);
	type(ENUM, "sign", 2 | 1u << 31, 4);    /* 8 */
	put(name("MINUS")), put((uint32_t)-1);
	put(name("PLUS")), put(1);
	type(ENUM64, "wide", 1, 8);             /* 9 */
	put(name("TOP")), put(5), put(0x80000000);
	type(TYPEDEF, "task_t", 0, 11);         /* 10 */
	type(CONST, "", 0, 3);                  /* 11 */
	type(PROTO, "", 2, 1);                  /* 12 */
	put(name("a")), put(4);
	put(0), put(0);
	type(FUNC, "printk", 1, 12);            /* 13 */
	type(VAR, "init_task", 0, 3);           /* 14 */
	put(1);
	type(FLOAT, "double", 0, 8);            /* 15 */
	type(FWD, "gone", 1u << 31, 0);         /* 16 */
	type(TAG, "rcu", 0, 3);                 /* 17 */
	type(ENUM, "only_declared", 0, 4);      /* 18 */
	type(ENUM, "cut", 1, 8);                /* 19 */
	put(name("LOW")), put(1);
	load();

	ck_assert_uint_eq(db.pointer_size, 8);
	ck_assert(db.big_endian == is_big);
	t = found(SCT_TYPE_STRUCT, "all");
	ck_assert_uint_eq(t->size, 24);
	ck_member(t, 0, "struct task *task", 0, 0);
	ck_member(t, 1, "int low", 64, 3);
	ck_member(t, 2, "int high", 67, 29);
	ck_member(t, 3, "int v[3]", 96, 0);
	ck_member(t, 4, "union {...}", 96, 0);
	t = found(SCT_TYPE_ENUM, "sign");
	ck_assert(t->flags & SCT_TYPE_SIGNED && (int64_t)db.enumerators.at[t->first].value == -1);
	t = found(SCT_TYPE_ENUM, "wide");
	ck_assert_uint_eq(db.enumerators.at[t->first].value, UINT64_C(0x8000000000000005));
	ck_assert(!(t->flags & SCT_TYPE_CUT) && found(SCT_TYPE_ENUM, "cut")->flags & SCT_TYPE_CUT);
	ck_assert(sct_type_size(&db, sct_types_find_any(&db, "task_t"), &size) && size == 16);
	ck_assert_uint_eq(found(SCT_TYPE_FLOAT, "double")->size, 8);
	ck_assert_uint_eq(sct_types_find_any(&db, "gone"), SCT_NO_TYPE);
	ck_assert_uint_eq(sct_types_find_any(&db, "only_declared"), SCT_NO_TYPE);
	ck_assert(sct_types_symbol(&db, "init_task") && !sct_types_symbol(&db, "init_task")->has_address);
	t = sct_type(&db, sct_types_symbol(&db, "printk")->type);
	ck_assert(t->kind == SCT_TYPE_FUNCTION && t->count == 1 && t->flags & SCT_TYPE_VARIADIC);
}

START_TEST(little_endian)
{
	every_kind(false);
}
END_TEST

START_TEST(big_endian)
{
	every_kind(true);
}
END_TEST

START_TEST(old_bitfields)
{
	const struct sct_type *t;

	start(false);
	type(INT, "unsigned int", 0, 4);
	put(5 << 16 | 7); /* 7 bits, from the 5th on */
	integer("int", 4, 1);
	type(STRUCT, "old", 2, 8);
	member("bits", 1, 8);
	member("whole", 2, 32);
	load();
	t = found(SCT_TYPE_STRUCT, "old");
	ck_member(t, 0, "unsigned int bits", 13, 7);
	ck_member(t, 1, "int whole", 32, 0);
}
END_TEST

START_TEST(old_enums)
{
	const struct sct_type *t;

	start(false);
	type(ENUM, "old", 1, 4);
	put(name("MINUS_OR_NOT")), put((uint32_t)-1);
	load();
	t = found(SCT_TYPE_ENUM, "old");
	ck_assert(t->flags == SCT_TYPE_NO_SIGN && db.enumerators.at[t->first].value == UINT32_MAX);
	type(ENUM, "new", 1 | 1u << 31, 4); /* from here on they say it */
	put(name("MINUS")), put((uint32_t)-1);
	teardown();
	sct_types_init(&db);
	load();
	ck_assert_uint_eq(found(SCT_TYPE_ENUM, "old")->flags, 0);
}
END_TEST

START_TEST(module)
{
	const struct sct_type *t;
	uint32_t kernel_strings;

	small_kernel(false);
	load();
	kernel_strings = (uint32_t)strings_size;
	start(false);
	strings_size = 0;
	base_strings = kernel_strings;
	type(PTR, "", 0, 3); /* 4: to the kernel's struct task */
	type(STRUCT, "device", 2, 16);
	member("owner", 4, 0);
	put(1), put(1), put(64); /* by a name of the kernel's strings: "int" */
	load();
	t = found(SCT_TYPE_STRUCT, "device");
	ck_member(t, 0, "struct task *owner", 0, 0);
	ck_member(t, 1, "int int", 64, 0);
	ck_assert_uint_eq(found(SCT_TYPE_STRUCT, "task")->count, 2);
}
END_TEST

static void write_image(const char *path)
{
	size_t size = finish();
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(image, 1, size, f), size);
	fclose(f);
}

/* As kernels from 6.11 on have them: what the module needs of vmlinux by name and size, its own types behind. */
START_TEST(module_with_its_base)
{
	char folder[] = "/tmp/sctrace-btf-XXXXXX", path[64], command[512];
	const struct sct_type *t;
	struct sct_file file;
	uint32_t size;
	int rc;

	small_kernel(false);
	load();
	ck_assert_ptr_nonnull(mkdtemp(folder));
	start(false);
	integer("int", 4, 1);
	type(STRUCT, "task", 0, found(SCT_TYPE_STRUCT, "task")->size);
	snprintf(path, sizeof path, "%s/base", folder);
	write_image(path);
	base_strings = (uint32_t)strings_size;
	types_size = strings_size = 0;
	type(PTR, "", 0, 2); /* 3: to struct task of the base */
	type(STRUCT, "device", 3, 64);
	member("owner", 3, 0);
	member("own", 2, 64);
	put(1), put(1), put(256); /* by a name of the base's strings: "int" */
	snprintf(path, sizeof path, "%s/own", folder);
	write_image(path);
	snprintf(path, sizeof path, "%s/module", folder);
	snprintf(command, sizeof command, "cd %s && objcopy -I binary -O elf64-x86-64 --rename-section .data=.BTF own "
		"module && objcopy --add-section .BTF.base=base module", folder);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(sct_file_open(&file, path, &err), SCT_OK);
	rc = sct_types_btf.load(&db, &file, &err);
	sct_file_close(&file);
	snprintf(command, sizeof command, "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
	ck_assert_msg(rc == SCT_OK, "%s", err.text);
	t = found(SCT_TYPE_STRUCT, "device");
	ck_member(t, 0, "struct task *owner", 0, 0);
	ck_member(t, 1, "struct task own", 64, 0);
	ck_member(t, 2, "int int", 256, 0);
	ck_assert_uint_eq(found(SCT_TYPE_STRUCT, "task")->count, 2);
	ck_assert(sct_type_size(&db, db.members.at[t->first + 1].type, &size));
	ck_assert_uint_eq(size, found(SCT_TYPE_STRUCT, "task")->size);
}
END_TEST

START_TEST(module_alone)
{
	start(false);
	strings_size = 0;
	base_strings = 100;
	type(STRUCT, "device", 0, 0);
	ck_fails(SCT_E_USAGE, SCT_NO_OFFSET);
}
END_TEST

START_TEST(other_machine)
{
	small_kernel(false);
	load();
	small_kernel(true);
	ck_fails(SCT_E_USAGE, SCT_NO_OFFSET);
}
END_TEST

START_TEST(damage)
{
	small_kernel(false);
	type(PTR, "", 0, 5);
	ck_fails(SCT_E_FORMAT, 24 + 16 + 16 + 36);
	small_kernel(false);
	type(31, "", 0, 0);
	ck_fails(SCT_E_FORMAT, 24 + 16 + 16 + 36);
	start(false);
	put(77), put(INT << 24), put(4), put(32);
	ck_fails(SCT_E_FORMAT, 24);
	start(false);
	type(STRUCT, "s", 0xffff, 4);
	ck_fails(SCT_E_FORMAT, 24);
	start(false);
	put(0), put(PTR << 24);
	ck_fails(SCT_E_FORMAT, 24);
}
END_TEST

START_TEST(every_cut)
{
	size_t size;

	small_kernel(false);
	size = finish();
	for (size_t cut = 2; cut < size; cut++) {
		teardown();
		setup();
		ck_assert_int_lt(load_bytes(cut), 0);
		ck_assert_uint_le(err.offset, cut);
	}
	image[2] = 2;
	ck_assert_int_eq(load_bytes(size), SCT_E_UNSUPPORTED);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("btf");
	TCase *c = tcase_create("btf");

	suite_add_tcase(s, c);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, little_endian);
	tcase_add_test(c, big_endian);
	tcase_add_test(c, old_bitfields);
	tcase_add_test(c, old_enums);
	tcase_add_test(c, module);
	tcase_add_test(c, module_with_its_base);
	tcase_add_test(c, module_alone);
	tcase_add_test(c, other_machine);
	tcase_add_test(c, damage);
	tcase_add_test(c, every_cut);
	return run_tests(s);
}
