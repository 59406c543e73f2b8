/* Tests of layouts: how types come out, and which struct a program of each ABI means.
 * In:  types by hand (kernel_types.h), the built-in ones
 * Out: a report; exit status 0 when all passed
 */
#include <stdio.h>
#include <stdlib.h>

#include "../../src/layout.h"
#include "kernel_types.h"
#include "suite.h"

static const struct sct_abi x64 = { .name = "linux_x64", .word = 8, .ptr = 8 };
static const struct sct_abi x32 = { .name = "linux_x32", .word = 8, .ptr = 4 };
static const struct sct_abi x86 = { .name = "linux_x86", .word = 4, .ptr = 4 };
static const struct sct_abi other = { .name = "no such", .word = 8, .ptr = 8 };

static struct sct_layouts *layouts;
static char text[4096];

/* "struct x 8: int a 0; unsigned int:3 b 4.5:3" */
static const char *shown(const struct sct_layout *l)
{
	size_t n = (size_t)snprintf(text, sizeof text, "%s %u:", l->type, l->size);

	for (uint32_t i = 0; i < l->nfields; i++) {
		const struct sct_field *f = &l->fields[i];

		n += (size_t)snprintf(text + n, sizeof text - n, "%s %s %s %u", i ? ";" : "", f->type->type,
		                      f->name ? f->name : "-", f->bit_offset / 8);
		if (f->bits)
			n += (size_t)snprintf(text + n, sizeof text - n, ".%u:%u", f->bit_offset % 8, f->bits);
	}
	return text;
}

static void setup(void)
{
	begin_types(false, 8);
}

static void teardown(void)
{
	sct_layouts_free(layouts);
	sct_types_fini(&db);
}

static void end_types(void)
{
	sct_types_index_from(&db, 1);
	layouts = sct_layouts_new(&db);
}

static void ck_shown(const struct sct_abi *abi, const char *type, const char *expected)
{
	const struct sct_layout *l = sct_layouts_pointee(layouts, abi, type);

	if (!expected)
		ck_assert_ptr_null(l);
	else
		ck_assert_msg(l && !strcmp(shown(l), expected), "%s: %s", type, l ? shown(l) : "nothing");
}

START_TEST(names)
{
	uint32_t alias = made_of(SCT_TYPE_TYPEDEF, "uid_t", made_of(SCT_TYPE_CONST, "", c_uint, 0), 0);
	uint32_t function = made_of(SCT_TYPE_FUNCTION, "", c_int, 0), row = ARRAY(c_int, 2);

	STRUCT("s", 136, { "a", alias, 0 }, { "b", c_ulong, 8 },
	       { "c", POINTER(made_of(SCT_TYPE_CONST, "", c_char, 0)), 16 }, { "d", POINTER(function), 24 },
	       { "e", ARRAY(row, 3), 32 }, { "f", ARRAY(c_char, 65), 56 }, { "g", POINTER(0), 128 });
	end_types();
	ck_shown(&x64, "const struct s *",
	         "struct s 136: unsigned int a 0; unsigned long b 8; char * c 16; void (*)() d 24; int [3][2] e 32; "
	         "char [65] f 56; void * g 128");
	ck_shown(&x64, "struct s *",
	         "struct s 136: unsigned int a 0; unsigned long b 8; char * c 16; void (*)() d 24; int [3][2] e 32; "
	         "char [65] f 56; void * g 128");
	ck_shown(&x64, "struct s", NULL);
	ck_shown(&x64, "void *", NULL);
	ck_assert_int_eq(sct_layouts_pointee(layouts, &x64, "struct s *")->fields[5].type->kind, SCT_L_CHARS);
}
END_TEST

/* Another order of what lies at one place, as ISF has it, is the same layout. */
START_TEST(anonymous_members)
{
	uint32_t a = STRUCT("", 8, { "y", c_int, 4 }, { "x", c_int, 0 });
	uint32_t u1 = UNION("", 8, { "raw", c_long, 0 }, { "", a, 0 });
	uint32_t u2 = UNION("", 8, { "", a, 0 }, { "raw", c_long, 0 });

	STRUCT("one", 16, { "n", c_int, 0 }, { "", u1, 8 });
	STRUCT("two", 16, { "", u2, 8 }, { "n", c_int, 0 });
	STRUCT("named", 16, { "n", c_int, 0 }, { "u", u1, 8 });
	end_types();
	ck_shown(&x64, "struct one *", "struct one 16: int n 0; long raw 8; int x 8; int y 12");
	ck_shown(&x64, "struct two *", "struct two 16: int n 0; long raw 8; int x 8; int y 12");
	ck_shown(&x64, "struct named *", "struct named 16: int n 0; union u 8");
}
END_TEST

/* dwarf2json calls a struct behind a typedef as the typedef, so for all sources that is its name. */
START_TEST(structs_behind_typedefs)
{
	uint32_t set = made_of(SCT_TYPE_TYPEDEF, "sigset_t", STRUCT("", 8, { "sig", c_ulong, 0 }), 0);
	uint32_t alias = made_of(SCT_TYPE_TYPEDEF, "__sigset", made_of(SCT_TYPE_CONST, "", set, 0), 0);
	uint32_t value = UNION("sigval", 8, { "number", c_long, 0 });
	uint32_t value_t = made_of(SCT_TYPE_TYPEDEF, "sigval_t", value, 0);
	uint32_t isf = STRUCT("sigset_t", 8, { "sig", c_ulong, 0 });
	uint32_t isf_value = UNION("sigval_t", 8, { "number", c_long, 0 });

	STRUCT("one", 40, { "a", alias, 0 }, { "b", POINTER(set), 8 }, { "c", ARRAY(set, 1), 16 }, { "d", value_t, 24 },
	       { "e", value, 32 });
	STRUCT("two", 40, { "a", isf, 0 }, { "b", POINTER(isf), 8 }, { "c", ARRAY(isf, 1), 16 }, { "d", isf_value, 24 },
	       { "e", value, 32 });
	end_types();
	ck_shown(&x64, "struct one *",
	         "struct one 40: sigset_t a 0; sigset_t * b 8; sigset_t [1] c 16; sigval_t d 24; union sigval e 32");
	ck_shown(&x64, "struct two *",
	         "struct two 40: sigset_t a 0; sigset_t * b 8; sigset_t [1] c 16; sigval_t d 24; union sigval e 32");
}
END_TEST

START_TEST(bits_and_empty_members)
{
	uint32_t nothing = with_members(SCT_TYPE_STRUCT, "key", 0, NULL, 0);

	STRUCT("s", 4, { "a", c_uint, 0, 0, 3 }, { "", c_uint, 0, 3, 2 }, { "b", c_int, 0, 5, 20 }, { "k", nothing, 4 },
	       { "p", ARRAY(c_char, 3), 0, 0, 7 }, { "more", ARRAY(c_uchar, 0), 4 });
	end_types();
	ck_shown(&x64, "struct s *", "struct s 4: unsigned int:3 a 0.0:3; int:20 b 0.5:20; unsigned char [] more 4");
}
END_TEST

START_TEST(enums)
{
	add_enum("color", 0, "RED", 1, "A_RED", 1);
	add_enum("deep", SCT_TYPE_CUT, "LOW", 1, "HIGH", 2);
	end_types();
	ck_assert_str_eq(sct_layout_enumerator(sct_layouts_pointee(layouts, &x64, "enum color *"), 1), "A_RED");
	ck_assert_ptr_null(sct_layout_enumerator(sct_layouts_pointee(layouts, &x64, "enum color *"), 2));
	ck_assert_ptr_null(sct_layout_enumerator(sct_layouts_pointee(layouts, &x64, "enum deep *"), 1));
}
END_TEST

START_TEST(pointers)
{
	const struct sct_layout *l;

	STRUCT("iocb", 8, { "a", c_long, 0 });
	end_types();
	l = sct_layouts_pointee(layouts, &x64, "struct iocb **");
	ck_assert_str_eq(l->type, "struct iocb *");
	ck_assert_str_eq(sct_layout_behind(l)->type, "struct iocb");
	l = sct_layouts_pointee(layouts, &x64, "struct iocb ***");
	ck_assert_str_eq(l->type, "struct iocb **");
	ck_assert_str_eq(sct_layout_behind(l)->type, "struct iocb *");
	ck_assert_ptr_eq(sct_layout_behind(l), sct_layout_behind(l));
	ck_assert_str_eq(sct_layout_behind(sct_layout_behind(l))->type, "struct iocb");
}
END_TEST

/* The same words where another text stood before. */
START_TEST(a_text_that_has_changed)
{
	char type[16] = "struct a *";

	STRUCT("a", 4, { "x", c_int, 0 });
	STRUCT("b", 4, { "y", c_int, 0 });
	end_types();
	ck_shown(&x64, type, "struct a 4: int x 0");
	type[7] = 'b';
	ck_shown(&x64, type, "struct b 4: int y 0");
	type[7] = 'c';
	ck_shown(&x64, type, NULL);
}
END_TEST

/* What hostile types make: structs in themselves, structs of structs of structs. */
START_TEST(circles)
{
	uint32_t inner = c_int, self = STRUCT("self", 8, { "me", db.types.count, 0 }, { "n", c_int, 4 });

	ck_assert_uint_eq(db.members.at[sct_type(&db, self)->first].type, self);
	for (int i = 0; i < 1000; i++)
		inner = STRUCT("", 4, { "", inner, 0 }, { "x", c_int, 0 });
	STRUCT("deep", 4, { "d", inner, 0 });
	inner = STRUCT("", 4, { "a", c_int, 0 });
	for (int i = 0; i < 30; i++)
		inner = STRUCT("", 4, { "", inner, 0 }, { "", inner, 0 });
	STRUCT("wide", 4, { "", inner, 0 });
	end_types();
	ck_shown(&x64, "struct self *", "struct self 8: int n 4");
	ck_assert_ptr_nonnull(sct_layouts_pointee(layouts, &x64, "struct deep *"));
	ck_assert_uint_le(sct_layouts_pointee(layouts, &x64, "struct wide *")->nfields, 4096);
}
END_TEST

/* ---- whose struct --------------------------------------------------------------------------------------------- */

START_TEST(native_and_compat)
{
	STRUCT("rusage", 8, { "native", c_long, 0 });
	STRUCT("compat_rusage", 4, { "compat", c_int, 0 });
	STRUCT("__kernel_old_itimerval", 8, { "native", c_long, 0 });
	STRUCT("old_itimerval32", 4, { "compat", c_int, 0 });
	STRUCT("sigaltstack", 8, { "native", c_long, 0 });
	STRUCT("compat_sigaltstack", 4, { "compat", c_int, 0 });
	STRUCT("timezone", 8, { "native", c_long, 0 });
	STRUCT("unheard_of", 8, { "native", c_long, 0 });
	STRUCT("msgbuf", 8, { "mtext", c_int, 4 });
	STRUCT("compat_msgbuf", 8, { "mtext", c_int, 4 });
	STRUCT("compat_ipc_kludge", 8, { "msgp", c_uint, 0 });
	end_types();
	ck_shown(&x64, "struct rusage *", "struct rusage 8: long native 0");
	ck_shown(&x86, "struct rusage *", "struct compat_rusage 4: int compat 0");
	ck_shown(&x86, "struct compat_rusage *", "struct compat_rusage 4: int compat 0");
	ck_shown(&x86, "struct __kernel_old_itimerval *", "struct old_itimerval32 4: int compat 0");
	ck_shown(&x86, "const stack_t *", "struct compat_sigaltstack 4: int compat 0");
	ck_shown(&x64, "const stack_t *", "struct sigaltstack 8: long native 0");
	/* never the native one: the built-in one, or nothing */
	ck_shown(&x86, "struct timezone *", "struct timezone 8: int tz_minuteswest 0; int tz_dsttime 4");
	ck_shown(&x86, "struct unheard_of *", NULL);
	/* the table of x32 names what is not as in 64-bit programs */
	ck_shown(&x32, "struct compat_rusage *", "struct compat_rusage 4: int compat 0");
	ck_shown(&x32, "struct timezone *", "struct timezone 8: int tz_minuteswest 0; int tz_dsttime 4");
	ck_shown(&other, "struct timezone *", "struct timezone 8: long native 0");
	/* the kernel's has one byte of the text */
	ck_shown(&x64, "struct msgbuf *", "struct msgbuf 8: long mtype 0; char [] mtext 8");
	ck_shown(&x86, "struct msgbuf *", "struct msgbuf 4: long mtype 0; char [] mtext 4");
	ck_shown(&x86, "struct ipc_kludge *", "struct ipc_kludge 8: struct msgbuf * msgp 0; long msgtyp 4");
}
END_TEST

START_TEST(another_machine)
{
	teardown();
	begin_types(false, 4);
	STRUCT("timezone", 4, { "kernel", c_int, 0 });
	end_types();
	ck_shown(&x64, "struct timezone *", "struct timezone 8: int tz_minuteswest 0; int tz_dsttime 4");
	ck_shown(&x86, "struct timezone *", "struct timezone 4: int kernel 0");
	teardown();
	begin_types(true, 8);
	STRUCT("timezone", 4, { "kernel", c_int, 0 });
	end_types();
	ck_shown(&x64, "struct timezone *", "struct timezone 8: int tz_minuteswest 0; int tz_dsttime 4");
}
END_TEST

START_TEST(no_kernel)
{
	layouts = sct_layouts_new(NULL);
	ck_shown(&x64, "struct __kernel_timespec *",
	         "struct __kernel_timespec 16: long long tv_sec 0; long long tv_nsec 8");
	ck_shown(&x86, "struct old_timespec32 *", "struct old_timespec32 8: int tv_sec 0; int tv_nsec 4");
	ck_shown(&other, "struct timezone *", NULL);
	ck_assert_ptr_nonnull(sct_layouts_pointee(layouts, &x64, "siginfo_t *"));
	ck_assert_ptr_nonnull(sct_layouts_pointee(layouts, &x86, "siginfo_t *"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("layout");
	TCase *t = tcase_create("layout");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, names);
	tcase_add_test(t, anonymous_members);
	tcase_add_test(t, structs_behind_typedefs);
	tcase_add_test(t, bits_and_empty_members);
	tcase_add_test(t, enums);
	tcase_add_test(t, pointers);
	tcase_add_test(t, a_text_that_has_changed);
	tcase_add_test(t, circles);
	tcase_add_test(t, native_and_compat);
	tcase_add_test(t, another_machine);
	tcase_add_test(t, no_kernel);
	suite_add_tcase(s, t);
	return run_tests(s);
}
