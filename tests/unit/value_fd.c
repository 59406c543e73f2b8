/* Tests of which values are descriptors: arguments, elements of arrays, members of structs.
 *
 * In:  calls by hand (values.h); built-in structs, and a kernel's by hand (kernel_types.h)
 * Out: a report; exit status 0 when all passed
 */
#include "kernel_types.h"
#include "suite.h"
#include "values.h"

static struct sct_view view;
static struct test t;

static void before(void)
{
	begin_types(false, 8);
	view = (struct sct_view){ .limits = SCT_LIMITS_DEFAULT, .layouts = sct_layouts_new(NULL) };
	wipe();
}

static void after(void)
{
	sct_arena_fini(&t.arena);
	sct_layouts_free(view.layouts);
	sct_types_fini(&db);
}

static void enter_call(const char *abi, const struct sct_param *params, unsigned n, const uint64_t *words)
{
	sct_arena_fini(&t.arena);
	t = setup(abi, params, n, words);
	t.call.proto = &t.proto;
	t.args = sct_values_enter(&t.call, &mem, &view, &t.arena, &t.count);
}

static void leave_call(uint64_t result)
{
	sct_values_return(&t.call, t.args, t.count, true, result, &mem, &view, &t.arena);
}

#define ENTER(abi, params, ...) \
	enter_call(abi, params, sizeof(params) / sizeof *(params), (uint64_t[SCT_ARGS_MAX]){ __VA_ARGS__ })

/* ---- numbers --------------------------------------------------------------------------------------------------- */

START_TEST(numbers)
{
	static const struct {
		struct sct_value v;
		int number; /* -1: no descriptor */
	} rows[] = {
		{ { .known = true, .meaning = SCT_M_INT, .cls = SCT_C_FD, .num = 3 }, 3 },
		{ { .known = true, .meaning = SCT_M_UINT, .cls = SCT_C_FD, .num = 0 }, 0 },
		{ { .known = true, .meaning = SCT_M_INT, .cls = SCT_C_FD, .num = UINT64_MAX }, -1 },
		{ { .known = true, .meaning = SCT_M_INT, .cls = SCT_C_FD, .num = (uint64_t)SCT_AT_FDCWD }, -1 },
		{ { .known = true, .meaning = SCT_M_INT, .cls = SCT_C_DIRFD, .num = (uint64_t)SCT_AT_FDCWD }, SCT_AT_FDCWD },
		{ { .known = true, .meaning = SCT_M_INT, .cls = SCT_C_DIRFD, .num = (uint64_t)-99 }, -1 },
		{ { .known = true, .meaning = SCT_M_UINT, .cls = SCT_C_FD, .num = INT32_MAX }, INT32_MAX },
		{ { .known = true, .meaning = SCT_M_UINT, .cls = SCT_C_FD, .num = UINT64_C(1) << 32 | 3 }, -1 },
		{ { .known = true, .meaning = SCT_M_INT, .cls = SCT_C_INT, .num = 3 }, -1 },
		{ { .known = true, .meaning = SCT_M_NONE, .cls = SCT_C_FD, .num = 3 }, -1 },
		{ { .known = false, .meaning = SCT_M_INT, .cls = SCT_C_FD, .num = 3 }, -1 },
	};
	int number;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_int_eq(sct_value_is_descriptor(&rows[i].v, &number), rows[i].number != -1);
		ck_assert(rows[i].number == -1 || number == rows[i].number);
	}
}
END_TEST

/* ---- what arguments point at ----------------------------------------------------------------------------------- */

static unsigned most; /* that are asked for */

static bool list(void *ctx, struct sct_value *v, int number)
{
	unsigned *n = ctx;

	ck_assert_uint_eq(v->cls, SCT_C_FD);
	say("%s%d", *n ? " " : "", number);
	return ++*n < most;
}

/* The descriptors among what the arguments point at are these. */
static void ck_inner(bool leaving, const char *expected)
{
	unsigned n = 0;

	text[0] = 0;
	sct_values_descriptors(t.args, t.count, leaving, list, &n);
	ck_assert_str_eq(text, expected);
}

#define STRUCT_AT(dir_, type_, ...) \
	{ .name = "p", .type = type_, .cls = SCT_C_STRUCT, .dir = dir_, .size = 8, .slot_hi = 0xff, __VA_ARGS__ }
#define PAIR(at, dir_, fd) P(at, SCT_C_NUM, .dir = dir_, .elem = 4, .elem_signed = 1, .elem_fd = fd, \
                             .len = SCT_LEN_FIXED, .len_arg = 2)

START_TEST(arrays)
{
	static const struct sct_param out[] = { PAIR(0, SCT_OUT, 1), PAIR(1, SCT_OUT, 0) };
	static const struct sct_param in[] = { PAIR(0, SCT_IN, 0), PAIR(1, SCT_IN, 1) };

	most = 100;
	put_words(BASE, 4, WORDS(3, 4, 5, UINT32_MAX));
	ENTER("linux_x64", out, BASE, BASE + 8);
	ck_inner(false, "");
	leave_call(0);
	ck_inner(true, "3 4");
	ENTER("linux_x64", out, BASE, BASE + 8);
	leave_call((uint64_t)-24); /* it failed: what stands there is not the kernel's */
	ck_inner(true, "");
	ENTER("linux_x64", out, BAD, BASE + 8);
	leave_call(0);
	ck_inner(true, "");
	ENTER("linux_x64", in, BASE, BASE + 8);
	ck_inner(false, "5");
	leave_call(0);
	ck_inner(true, "");
}
END_TEST

START_TEST(polls)
{
	static const struct sct_param p[] = {
		STRUCT_AT(SCT_INOUT, "struct pollfd *", .len = SCT_LEN_ARG, .len_arg = 1), UNSIGNED(1),
	};

	most = 100;
	put_words(BASE, 4, WORDS(5, 1, UINT32_MAX, 1, 0, 4));
	ENTER("linux_x64", p, BASE, 3);
	ck_inner(false, "5 0");
	leave_call(0);
	ck_inner(true, ""); /* nothing has changed */
	put_words(BASE + 4, 2, WORDS(1, 1)); /* revents */
	leave_call(1);
	ck_inner(true, "5 0");
	most = 1;
	ck_inner(true, "5");
	ck_inner(false, "5");
}
END_TEST

/* ---- members --------------------------------------------------------------------------------------------------- */

struct member {
	unsigned at, size;
	uint64_t value;
};

/* Structs with some of their members set, and which descriptors are in them. */
static const struct {
	const char *abi, *type;
	struct member set[3];
	const char *expected;
} structs[] = {
	{ "linux_x64", "struct pollfd *", { { 0, 4, 5 } }, "5" },
	{ "linux_x86", "struct pollfd *", { { 0, 4, 5 } }, "5" },
	{ "linux_x64", "struct pollfd *", { { 0, 4, UINT32_MAX } }, "" },
	{ "linux_x64", "struct epoll_event *", { { 4, 8, 5 } }, "" },
	{ "linux_x64", "struct iocb *", { { 20, 4, 6 }, { 60, 4, 9 } }, "6" },
	{ "linux_x64", "struct iocb *", { { 20, 4, 6 }, { 56, 4, 1 }, { 60, 4, 9 } }, "6 9" },
	{ "linux_x86", "struct iocb *", { { 20, 4, 6 }, { 56, 4, 1 }, { 60, 4, 9 } }, "6 9" },
	{ "linux_x64", "struct clone_args *", { { 0, 8, 0x11 }, { 80, 8, 7 } }, "" },
	{ "linux_x64", "struct clone_args *", { { 0, 8, UINT64_C(0x200000000) }, { 80, 8, 7 } }, "7" },
	{ "linux_x64", "struct mount_attr *", { { 0, 8, 1 }, { 24, 8, 7 } }, "" },
	{ "linux_x64", "struct mount_attr *", { { 0, 8, 0x100001 }, { 24, 8, 7 } }, "7" },
	{ "linux_x64", "struct mount_attr *", { { 0, 8, 0x100000 }, { 24, 8, UINT64_C(0x100000007) } }, "" },
	{ "linux_x64", "struct io_uring_params *", { { 8, 4, 1 }, { 24, 4, 8 } }, "" },
	{ "linux_x64", "struct io_uring_params *", { { 8, 4, 32 }, { 24, 4, 8 } }, "8" },
	{ "linux_x64", "struct landlock_path_beneath_attr *", { { 8, 4, 4 } }, "4" },
	{ "linux_x64", "struct landlock_path_beneath_attr *", { { 8, 4, 0xffffff9c } }, "" }, /* AT_FDCWD means nothing */
	{ "linux_x86", "struct mmap_arg_struct *", { { 16, 4, 3 } }, "3" },
	{ "linux_x86", "struct mmap_arg_struct *", { { 16, 4, UINT32_MAX } }, "" },
};

START_TEST(members)
{
	static struct sct_param p[] = { P(0, SCT_C_STRUCT, .dir = SCT_IN) };

	p->type = structs[_i].type;
	most = 100;
	for (const struct member *m = structs[_i].set; m < structs[_i].set + 3 && m->size; m++)
		put_words(BASE + m->at, m->size, 1, &m->value);
	ENTER(structs[_i].abi, p, BASE);
	ck_assert_uint_eq(t.args[0].meaning, SCT_M_STRUCT);
	ck_inner(false, structs[_i].expected);
}
END_TEST

/* Where the kernel's own types are known, members count by the same names; behind pointers, too. */
START_TEST(kernel_structs)
{
	static const struct sct_param p[] = { STRUCT_AT(SCT_IN, "struct holder *") };
	uint32_t pollfd = STRUCT("pollfd", 16, { "events", c_int, 0 }, { "fd", c_int, 8 });

	STRUCT("holder", 32, { "fd", c_int, 0 }, { "polls", ARRAY(pollfd, 1), 8 }, { "next", POINTER(pollfd), 24 });
	sct_types_index_from(&db, 1);
	sct_layouts_free(view.layouts);
	view.layouts = sct_layouts_new(&db);
	most = 100;
	put_words(BASE, 8, WORDS(2, 0, 3, BASE + 64));
	put_words(BASE + 72, 8, WORDS(4));
	ENTER("linux_x64", p, BASE);
	ck_inner(false, "3 4"); /* the first one is called fd, but nothing says that it is one */
}
END_TEST

int main(void)
{
	Suite *s = suite_create("value_fd");
	TCase *c = tcase_create("value_fd");

	tcase_add_checked_fixture(c, before, after);
	tcase_add_test(c, numbers);
	tcase_add_test(c, arrays);
	tcase_add_test(c, polls);
	tcase_add_loop_test(c, members, 0, sizeof structs / sizeof *structs);
	tcase_add_test(c, kernel_structs);
	suite_add_tcase(s, c);
	return run_tests(s);
}
