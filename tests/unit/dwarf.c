/* Tests of the loader of DWARF: one program in every form that compilers and linkers give its debug information.
 * In:  C that is written here and compiled by $CC (gcc)
 * Out: what the database has then, errors
 */
#include "loaded_types.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

extern const struct sct_types_loader sct_types_dwarf;

static char folder[] = "/tmp/sctrace-dwarf-XXXXXX";

static const char HEADER[] =
	"struct declared; typedef unsigned char u8;\n"
	"typedef struct { int counter; } atomic_t;\n"
	"enum color { RED, GREEN = 5 }; enum sign { MINUS = -3, PLUS = 3 };\n"
	"enum wide { WIDE = 0x123456789abcLL }; enum top { TOP = 0x80000000u };\n"
	"struct bits { unsigned a:3, b:5; int c:7; u8 d; unsigned long long e:33; _Bool g:1; enum color h:4; };\n"
	"struct all { char c; signed char sc; double d; const char *name; struct declared *d1; struct all *next;\n"
	"	int matrix[3][4][5]; enum color col; union { int i; float f; } u; union { int x; struct { u8 lo, hi; }; };\n"
	"	int (*fn)(struct all *, const char *, ...); int (*arr[2])(void); volatile atomic_t at; char text[]; };\n"
	"struct __attribute__((packed)) packed { char a; int b; unsigned x:20; atomic_t t; };\n";
static const char FIRST[] =
	"struct all all; struct bits bits; struct packed packed; enum sign sign; enum wide wide; enum top top;\n"
	"struct twin { int a; } *one; extern int elsewhere;\n"
	"int variadic(const char *format, ...) { return format[0] + (int)wide; }\n"
	"static __attribute__((noinline)) unsigned helper(struct all *a, atomic_t *t) { return a->c + t->counter; }\n"
	"long entry(struct all *a, u8 *p, enum color c) { return helper(a + *p, (atomic_t *)a->next) + c; }\n";
static const char SECOND[] =
	"struct twin { int a; int b; } *two; static struct all again; struct bits more;\n"
	"int main(void) { return again.c + more.a; }\n";

static void put(const char *name, const char *text, const char *more)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "%s%s", text, more);
	fclose(f);
}

__attribute__((format(printf, 1, 2)))
static void run(const char *format, ...)
{
	char command[1024];
	va_list args;
	int n = snprintf(command, sizeof command, "cd %s && ", folder);

	va_start(args, format);
	vsnprintf(command + n, sizeof command - (size_t)n, format, args);
	va_end(args);
	ck_assert_msg(!system(command), "%s", command);
}

static const char *compiler(void)
{
	return getenv("CC") ? getenv("CC") : "gcc";
}

static int load(const char *name)
{
	char path[256];
	struct sct_file file;
	int rc;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	ck_assert_msg(sct_file_open(&file, path, &err) == SCT_OK, "%s", err.text);
	ck_assert_int_gt(sct_types_dwarf.probe(&file), 0);
	rc = sct_types_dwarf.load(&db, &file, &err);
	sct_file_close(&file);
	return rc;
}

static void ck_loads(const char *name)
{
	ck_assert_msg(load(name) == SCT_OK, "%s: %s", name, err.text);
}

static void ck_enum(const char *name, uint32_t size, uint8_t flags, int64_t first)
{
	const struct sct_type *t = found(SCT_TYPE_ENUM, name);

	ck_assert_uint_eq(t->size, size);
	ck_assert_uint_eq(t->flags, flags);
	ck_assert_int_eq((int64_t)db.enumerators.at[t->first].value, first);
}

static void ck_symbol(const char *name, const char *expected)
{
	const struct sct_symbol *s = sct_types_symbol(&db, name);
	char text[128];

	ck_assert_msg(s && s->type != SCT_NO_TYPE, "%s", name);
	sct_type_declare(&db, s->type, name, text, sizeof text);
	ck_assert_str_eq(text, expected);
}

static void ck_bits(void)
{
	const struct sct_type *t = found(SCT_TYPE_STRUCT, "bits");

	ck_assert_uint_eq(t->size, 8);
	ck_member(t, 0, "unsigned int a", 0, 3);
	ck_member(t, 1, "unsigned int b", 3, 5);
	ck_member(t, 2, "int c", 8, 7);
	ck_member(t, 3, "u8 d", 16, 0);
	ck_member(t, 5, "_Bool g", 57, 1);
	ck_member(t, 6, "enum color h", 58, 4);
	t = found(SCT_TYPE_STRUCT, "packed");
	ck_assert_uint_eq(t->size, 12);
	ck_member(t, 1, "int b", 8, 0);
	ck_member(t, 2, "unsigned int x", 40, 20);
	ck_member(t, 3, "atomic_t t", 64, 0);
}

static void ck_all(uint32_t word)
{
	const struct sct_type *t = found(SCT_TYPE_STRUCT, "all");
	uint32_t at = (word == 8 ? 16 : 12) * 8, bits = word * 8;

	ck_assert_uint_eq(t->count, 14);
	ck_member(t, 1, "signed char sc", 8, 0);
	ck_member(t, 3, "const char *name", at, 0);
	ck_member(t, 4, "struct declared *d1", at + bits, 0);
	ck_member(t, 5, "struct all *next", at + 2 * bits, 0);
	ck_member(t, 6, "int matrix[3][4][5]", at + 3 * bits, 0);
	at += 3 * bits + 60 * 32;
	ck_member(t, 8, "union {...} u", at + 32, 0);
	ck_member(t, 9, "union {...}", at + 64, 0);
	at = (at + 96 + bits - 1) / bits * bits;
	ck_member(t, 10, "int (*fn)(struct all *, const char *, ...)", at, 0);
	ck_member(t, 11, "int (*arr[2])(void)", at + bits, 0);
	ck_member(t, 12, "volatile atomic_t at", at + 3 * bits, 0);
	ck_member(t, 13, "char text[]", at + 3 * bits + 32, 0);
	ck_assert_ptr_eq(sct_type(&db, sct_type(&db, db.members.at[t->first + 5].type)->to), t);
}

static void ck_program(uint32_t word)
{
	ck_assert_uint_eq(db.pointer_size, word);
	ck_all(word);
	ck_enum("color", 4, 0, 0);
	ck_enum("sign", 4, SCT_TYPE_SIGNED, -3);
	ck_enum("wide", 8, 0, 0x123456789abc);
	ck_enum("top", 4, 0, 0x80000000);
	ck_symbol("variadic", "int variadic(const char *, ...)");
	ck_symbol("helper", "unsigned int helper(struct all *, atomic_t *)");
	ck_symbol("all", "struct all all");
	ck_assert_uint_eq(sct_types_find(&db, SCT_TYPE_STRUCT, "declared"), SCT_NO_TYPE);
	ck_assert_uint_eq(found(SCT_TYPE_INT, "char")->flags & SCT_TYPE_CHAR, SCT_TYPE_CHAR);
	ck_assert_uint_eq(found(SCT_TYPE_INT, "unsigned char")->flags, 0);
}

static void sources(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	put("first.c", HEADER, FIRST);
	put("second.c", HEADER, SECOND);
}

static void clean(void)
{
	char command[64];

	snprintf(command, sizeof command, "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static const struct form {
	const char *flags;
	bool object;   /* the first file alone, not linked */
	uint32_t word;
} forms[] = {
	{ "-gdwarf-4", false, 8 }, { "-gdwarf-5", false, 8 }, { "-gdwarf-4", true, 8 }, { "-gdwarf-5", true, 8 },
	{ "-gdwarf-2 -gstrict-dwarf", false, 8 }, { "-gdwarf-3 -gstrict-dwarf", true, 8 },
	{ "-gdwarf-4 -m32", true, 4 }, { "-gdwarf-5 -m32", true, 4 }, { "-gdwarf-5 -m32 -gz=zlib", true, 4 },
	{ "-gdwarf-5 -gz=zlib", true, 8 }, { "-gdwarf-5 -gz=zlib", false, 8 }, { "-gdwarf-4 -gz=zlib-gnu", false, 8 },
	{ "-gdwarf-4 -gsplit-dwarf", false, 8 }, { "-gdwarf-5 -gsplit-dwarf", false, 8 },
	{ "-gdwarf-5 -gsplit-dwarf", true, 8 }, { "-gdwarf-5 -gdwarf64", true, 8 },
	{ "-gdwarf-4 -fdebug-types-section", false, 8 }, { "-gdwarf-5 -fdebug-types-section", false, 8 },
	{ "-gdwarf-5 -O2", true, 8 },
};

START_TEST(every_form)
{
	const struct form *form = &forms[_i];

	/* not every compiler has every form: what gcc alone has is left out where another one builds */
	if (strstr(compiler(), "clang") && (strstr(form->flags, "strict") || strstr(form->flags, "zlib-gnu")))
		return;
	run("%s %s -o program first.c %s", compiler(), form->flags, form->object ? "-c" : "second.c");
	ck_loads("program");
	ck_program(form->word);
	ck_bits();
	if (form->object)
		return;
	/* what both units have is there once; the first of two that differ is found by its name */
	ck_assert_uint_eq(found(SCT_TYPE_STRUCT, "twin")->count, 1);
	ck_symbol("two", "struct twin *two");
	ck_assert_uint_eq(sct_type(&db, sct_type(&db, sct_types_symbol(&db, "two")->type)->to)->count, 2);
	ck_assert_ptr_eq(sct_type(&db, sct_types_symbol(&db, "more")->type), found(SCT_TYPE_STRUCT, "bits"));
	ck_assert(sct_types_symbol(&db, "main")->has_address);
}
END_TEST

START_TEST(separate)
{
	run("%s -g -o whole first.c second.c && mkdir -p .debug", compiler());
	run("objcopy --only-keep-debug whole .debug/whole.debug && strip -g whole -o bare");
	run("objcopy --add-gnu-debuglink=.debug/whole.debug bare linked");
	ck_loads("linked");
	ck_program(8);
	sct_types_fini(&db);
	sct_types_init(&db);
	ck_assert_int_eq(load("bare"), SCT_E_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.text, "no DWARF"));
	/* of another build */
	run("%s -g -o .debug/whole.debug first.c second.c -DOTHER -Wl,--build-id=0x1234", compiler());
	ck_assert_int_eq(load("linked"), SCT_E_FORMAT);
}
END_TEST

START_TEST(split_file_is_missing)
{
	run("%s -gdwarf-5 -gsplit-dwarf -o program first.c second.c && rm *.dwo", compiler());
	ck_assert_int_eq(load("program"), SCT_E_IO);
	ck_assert_ptr_nonnull(strstr(err.text, ".dwo"));
}
END_TEST

START_TEST(what_is_refused)
{
	run("gcc -gdwarf-4 -fdebug-types-section -c -o types.o first.c");
	ck_assert_int_eq(load("types.o"), SCT_E_UNSUPPORTED);
	ck_assert_uint_ne(err.offset, SCT_NO_OFFSET);
	run("%s -gdwarf-5 -o whole first.c second.c && objcopy -R .debug_abbrev whole cut", compiler());
	ck_assert_int_eq(load("cut"), SCT_E_FORMAT);
	run("head -c 9000 whole >cut");
	ck_assert_int_eq(load("cut"), SCT_E_TRUNCATED);
	ck_assert_uint_eq(err.offset, 9000);
	run("%s -gdwarf-5 -c -o little.o first.c", compiler());
	sct_types_fini(&db);
	sct_types_init(&db);
	ck_assert_int_eq(sct_types_machine(&db, true, 8, &err), SCT_OK);
	ck_assert_int_eq(load("little.o"), SCT_E_USAGE);
}
END_TEST

START_TEST(identity)
{
	static const uint8_t same[] = { 1, 2, 3, 4, 5, 6, 7, 8 }, other[] = { 1, 2, 3, 4, 5, 6, 7, 9 };
	static const char KERNEL[] = "const char linux_banner[] = \"Linux version 6.1.0 (x) #1\\n\";\n";

	put("kernel.c", HEADER, KERNEL);
	run("%s -g -o kernel kernel.c first.c second.c -Wl,--build-id=0x0102030405060708", compiler());
	ck_loads("kernel");
	ck_assert_str_eq(sct_types_name(&db, db.identity.banner), "Linux version 6.1.0 (x) #1");
	ck_assert_uint_eq(db.identity.build_id_size, 8);
	ck_assert_int_eq(sct_types_identity(&db, same, 8, "Linux version 6.1.0 (x) #1", &err), SCT_OK);
	ck_assert_int_eq(sct_types_identity(&db, other, 8, NULL, &err), SCT_E_USAGE);
	ck_assert_int_eq(sct_types_identity(&db, NULL, 0, "Linux version 6.1.1 (x) #1\n", &err), SCT_E_USAGE);
	ck_assert_ptr_nonnull(strstr(err.text, "6.1.1"));
	/* with symbols alone */
	run("%s -o kernel kernel.c first.c second.c -Wl,--build-id=0x0102030405060708", compiler());
	sct_types_fini(&db);
	sct_types_init(&db);
	ck_loads("kernel");
	ck_assert_uint_eq(db.identity.build_id_size, 8);
	ck_assert(sct_types_symbol(&db, "variadic")->has_address);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("dwarf");
	Suite *s = suite_create("dwarf");

	tcase_add_unchecked_fixture(t, sources, clean);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, every_form, 0, sizeof forms / sizeof *forms);
	tcase_add_test(t, separate);
	tcase_add_test(t, split_file_is_missing);
	tcase_add_test(t, what_is_refused);
	tcase_add_test(t, identity);
	tcase_set_timeout(t, 120);
	suite_add_tcase(s, t);
	return run_tests(s);
}
