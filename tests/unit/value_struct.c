/* Tests of structs as values: members of every kind, pointers, gaps, limits, what tags choose.
 * In:  types by hand (kernel_types.h) and the built-in ones, calls by hand (values.h)
 * Out: a report; exit status 0 when all passed
 */
#include "kernel_types.h"
#include "suite.h"
#include "values.h"

static struct sct_view view;
static struct test t;

#define STRUCT_AT(dir_, type_, ...) \
	{ .name = "p", .type = type_, .cls = SCT_C_STRUCT, .dir = dir_, .size = 8, .slot_hi = 0xff, __VA_ARGS__ }

static void before(void)
{
	begin_types(false, 8);
	view = (struct sct_view){ .limits = SCT_LIMITS_DEFAULT };
	wipe();
}

static void after(void)
{
	sct_arena_fini(&t.arena);
	sct_layouts_free(view.layouts);
	sct_types_fini(&db);
}

static void end_types(void)
{
	sct_types_index_from(&db, 1);
	view.layouts = sct_layouts_new(&db);
}

static void enter_call(const char *abi, const struct sct_param *params, unsigned n, const uint64_t *words)
{
	t = setup(abi, params, n, words);
	t.call.proto = &t.proto;
	t.args = sct_values_enter(&t.call, &mem, &view, &t.arena, &t.count);
}

static void leave_call(uint64_t result)
{
	sct_values_return(&t.call, t.args, t.count, true, result, &mem, &view, &t.arena);
}

/* What an input argument of that type at that address reads as. */
static void ck_reads(const char *abi, const char *type, uint64_t addr, const char *expected)
{
	static struct sct_param in;

	in = (struct sct_param)STRUCT_AT(SCT_IN, type);
	sct_arena_fini(&t.arena);
	enter_call(abi, &in, 1, (uint64_t[SCT_ARGS_MAX]){ addr });
	is(&t, expected);
}

/* ---- members -------------------------------------------------------------------------------------------------- */

START_TEST(kinds)
{
	uint32_t color = add_enum("color", 0, "RED", 1, "BLUE", 2), row = ARRAY(c_int, 2);
	uint32_t d = add(SCT_TYPE_FLOAT, "double", 8, 0), f = add(SCT_TYPE_FLOAT, "float", 4, 0);
	const double number = 0.5;
	const float small = -2;

	STRUCT("s", 72, { "i", c_int, 0 }, { "l", c_ulong, 8 }, { "e", color, 16 }, { "t", ARRAY(c_char, 4), 20 },
	       { "b", ARRAY(c_uchar, 2), 24 }, { "m", ARRAY(row, 2), 28 }, { "d", d, 48 }, { "f", f, 56 },
	       { "n", ARRAY(c_char, 4), 60 });
	end_types();
	put_words(BASE, 4, WORDS(0xffffffff));
	put_words(BASE + 8, 8, WORDS(UINT64_MAX, 2));
	put(BASE + 20, "full", 4);
	put(BASE + 24, "AB", 2);
	put_words(BASE + 28, 4, WORDS(1, 2, 3, 4));
	put(BASE + 48, &number, 8);
	put(BASE + 56, &small, 4);
	put(BASE + 60, "x\0y", 4);
	ck_reads("linux_x64", "struct s *", BASE,
	         "{i=-1, l=18446744073709551615u, e=2u \"BLUE\", t='full', b=<AB>, m=[[1, 2], [3, 4]], "
	         "d=0x3fe0000000000000 \"0.5\", f=0xc0000000 \"-2\", n='x'}");
}
END_TEST

START_TEST(bitfields)
{
	STRUCT("s", 12, { "a", c_uint, 0, 0, 3 }, { "b", c_int, 0, 3, 6 }, { "c", c_uint, 0, 9, 23 },
	       { "d", c_ulong, 4, 4, 60 });
	end_types();
	put_words(BASE, 4, WORDS(5 | 0x21u << 3 | 0x7abcdeu << 9));
	put_words(BASE + 4, 8, WORDS(UINT64_C(0xfedcba987654321f)));
	ck_reads("linux_x64", "struct s *", BASE, "{a=5u, b=-31, c=8043742u, d=1147797409030816545u}");
}
END_TEST

START_TEST(unions)
{
	uint32_t u = UNION("u", 8, { "number", c_long, 0 }, { "half", c_int, 0 }, { "text", ARRAY(c_char, 8), 0 });

	STRUCT("s", 24, { "", u, 0 }, { "v", u, 8 }, { "w", c_int, 16 });
	end_types();
	put(BASE, "abc\0\0\0\0\0de\0\0\0\0\0\0\7", 17);
	/* what an anonymous union has is what the struct has */
	ck_reads("linux_x64", "struct s *", BASE,
	         "{half=6513249, number=6513249, text='abc', v={half=25956, number=25956, text='de'}, w=7}");
}
END_TEST

START_TEST(big_endian)
{
	struct sct_abi abi;
	struct sct_param in = STRUCT_AT(SCT_IN, "struct s *");

	after();
	begin_types(true, 8);
	STRUCT("s", 24, { "i", c_int, 0 }, { "s", c_ushort, 4 }, { "l", c_long, 8 }, { "a", c_uint, 16, 0, 3 },
	       { "b", c_int, 16, 3, 6 }, { "c", c_uint, 16, 9, 23 });
	end_types();
	put(BASE, "\0\0\1\2\3\4\0\0\1\2\3\4\5\6\7\x8\xb0\xfa\xbc\xde", 20);
	t = setup("linux_x64", &in, 1, (uint64_t[SCT_ARGS_MAX]){ BASE });
	abi = *t.call.abi;
	abi.name = "no such";
	t.call.abi = &abi;
	t.call.proto = &t.proto;
	t.args = sct_values_enter(&t.call, &mem, &view, &t.arena, &t.count);
	is(&t, "{i=258, s=772u, l=72623859790382856, a=5u, b=-31, c=8043742u}");
}
END_TEST

START_TEST(counted_and_sized)
{
	const struct sct_param counted[] = { STRUCT_AT(SCT_INOUT, "struct s *", .len = SCT_LEN_ARG, .len_arg = 1),
	                                     UNSIGNED(1) };
	const struct sct_param sized[] = {
		{ .name = "p", .type = "struct more *", .cls = SCT_C_SIZED, .dir = SCT_IN, .size = 8, .slot_hi = 0xff,
		  .len = SCT_LEN_ARG, .len_arg = 1 },
		UNSIGNED(1),
	};

	STRUCT("s", 4, { "x", c_int, 0 });
	STRUCT("more", 12, { "a", c_long, 0 }, { "b", c_int, 8 }, { "rest", ARRAY(c_int, 0), 12 });
	end_types();
	put_words(BASE, 4, WORDS(1, 2, 3, 4, 5));
	enter_call("linux_x64", counted, 2, (uint64_t[SCT_ARGS_MAX]){ BASE, 2 });
	is(&t, "[{x=1}, {x=2}]");
	put_words(BASE, 4, WORDS(9));
	leave_call(0);
	is(&t, "[{x=1}, {x=2}] -> [{x=9}, {x=2}]");
	sct_arena_fini(&t.arena);
	put_words(BASE, 4, WORDS(1, 0));
	enter_call("linux_x64", sized, 2, (uint64_t[SCT_ARGS_MAX]){ BASE, 8 });
	is(&t, "{a=1, rest=[]}");
	sct_arena_fini(&t.arena);
	enter_call("linux_x64", sized, 2, (uint64_t[SCT_ARGS_MAX]){ BASE, 20 });
	is(&t, "{a=1, b=3, rest=[4, 5]}");
	sct_arena_fini(&t.arena);
	enter_call("linux_x64", counted, 2, (uint64_t[SCT_ARGS_MAX]){ BASE, UINT64_MAX });
	ck_assert_uint_eq(t.args[0].nelems, view.limits.elems);
	ck_assert(t.args[0].partial);
}
END_TEST

/* ---- pointers ------------------------------------------------------------------------------------------------- */

/* struct node { struct node *next; char *name; int *number; void *any; } */
static void add_node(void)
{
	uint32_t next = POINTER(db.types.count + 4), name = POINTER(c_char), number = POINTER(c_int), any = POINTER(0);
	uint32_t node = STRUCT("node", 32, { "next", next, 0 }, { "name", name, 8 }, { "number", number, 16 },
	                       { "any", any, 24 });

	ck_assert_uint_eq(sct_type(&db, next)->to, node);
	end_types();
}

START_TEST(pointers)
{
	add_node();
	put_words(BASE, 8, WORDS(BASE + 64, BASE + 256, BASE + 320, BASE));
	put_words(BASE + 64, 8, WORDS(0, BAD, BAD, BAD));
	put_text(BASE + 256, "text");
	put_words(BASE + 320, 4, WORDS(0xffffffff));
	ck_reads("linux_x64", "struct node *", BASE,
	         "{next=*{next=0, name=0x90000 (unmapped), number=0x90000 (unmapped), any=0x90000}, name='text', "
	         "number=*-1, any=0x10000}");
}
END_TEST

START_TEST(cycles_and_depth)
{
	add_node();
	put_words(BASE, 8, WORDS(BASE + 64));
	put_words(BASE + 64, 8, WORDS(BASE));
	ck_reads("linux_x64", "struct node *", BASE,
	         "{next=*{next=0x10000 (cycle), name=0, number=0, any=0}, name=0, number=0, any=0}");
	for (int i = 0; i < 6; i++)
		put_words(BASE + 32 * i, 8, WORDS(BASE + 32 * (i + 1)));
	view.limits.depth = 1;
	ck_reads("linux_x64", "struct node *", BASE,
	         "{next=*{next=0x10040 (too deep), name=0, number=0, any=0}, name=0, number=0, any=0}");
	view.limits.depth = 0;
	ck_reads("linux_x64", "struct node *", BASE, "{next=0x10020 (too deep), name=0, number=0, any=0}");
}
END_TEST

static size_t values_in(const struct sct_value *v)
{
	size_t n = 1;

	for (size_t i = 0; i < v->nelems; i++)
		n += values_in(&v->elems[i]);
	return n;
}

/* Every node leads to hundreds of others, each of which does too: what a call may take is bounded. */
START_TEST(trees_are_bounded)
{
	const struct sct_param in[] = { STRUCT_AT(SCT_IN, "struct tree *") };
	uint32_t next = POINTER(db.types.count + 2), array = ARRAY(next, 512);
	uint32_t tree = STRUCT("tree", 4096, { "a", array, 0 });

	ck_assert_uint_eq(sct_type(&db, next)->to, tree);
	end_types();
	for (unsigned i = 0; i < SIZE / 8; i++)
		put_words(BASE + i * 8, 8, WORDS(BASE + i * 8 % PAGE));
	view.limits.depth = 1000;
	view.limits.total = 1 << 20;
	enter_call("linux_x64", in, 1, (uint64_t[SCT_ARGS_MAX]){ BASE });
	ck_assert_uint_le(values_in(t.args) * sizeof *t.args, view.limits.total + sizeof *t.args);
	ck_assert_uint_gt(values_in(t.args) * sizeof *t.args, view.limits.total / 4);
}
END_TEST

START_TEST(pointers_to_pointers)
{
	const struct sct_param in[] = { STRUCT_AT(SCT_IN, "struct s **", .len = SCT_LEN_ARG, .len_arg = 1), UNSIGNED(1) };

	STRUCT("s", 4, { "x", c_int, 0 });
	end_types();
	put_words(BASE, 8, WORDS(BASE + 64, BAD));
	put_words(BASE + 64, 4, WORDS(7));
	enter_call("linux_x64", in, 2, (uint64_t[SCT_ARGS_MAX]){ BASE, 2 });
	is(&t, "[*{x=7}, 0x90000 (unmapped)]");
}
END_TEST

/* ---- what cannot be read -------------------------------------------------------------------------------------- */

static bool page_is_there;

/* Memory whose second page may be missing. */
static size_t read_holes(void *ctx, uint64_t addr, void *buf, size_t len)
{
	uint64_t hole = BASE + PAGE, behind = hole + PAGE;

	if (page_is_there || addr >= behind)
		return read_ram(ctx, addr, buf, len);
	if (addr >= hole)
		return 0;
	return read_ram(ctx, addr, buf, addr + len > hole ? hole - addr : len);
}

static const char *why_hole(void *ctx, uint64_t addr)
{
	(void)ctx, (void)addr;
	return "not recorded";
}

static const struct sct_mem holes = { read_holes, why_hole, NULL };

START_TEST(gaps)
{
	const struct sct_param in[] = { STRUCT_AT(SCT_IN, "struct s *") };
	uint32_t hole = ARRAY(c_int, 1024);

	STRUCT("s", 8 + PAGE + 4, { "a", c_int, 0 }, { "b", c_long, 4 }, { "c", hole, 12 }, { "d", c_int, 4108 });
	end_types();
	page_is_there = false;
	t = setup("linux_x64", in, 1, (uint64_t[SCT_ARGS_MAX]){ BASE + PAGE - 4 });
	t.call.proto = &t.proto;
	put_words(BASE + PAGE - 4, 4, WORDS(1, 2));
	put_words(BASE + PAGE - 4 + 4108, 4, WORDS(3));
	t.args = sct_values_enter(&t.call, &holes, &view, &t.arena, &t.count);
	is(&t, "{a=1, b=? (not recorded), c=? (not recorded), d=3}");
	/* the kernel has fetched the page: what it read is there at return */
	page_is_there = true;
	sct_values_return(&t.call, t.args, t.count, true, 0, &holes, &view, &t.arena);
	ck_assert_ptr_null(t.args[0].elems[1].unknown);
	ck_assert_int_eq((int)t.args[0].elems[1].num, 2);
	ck_assert_uint_eq(t.args[0].elems[2].nelems, 1024);
}
END_TEST

START_TEST(nothing_to_be_read)
{
	STRUCT("s", 16, { "a", c_int, 0 }, { "b", c_long, 8 });
	end_types();
	ck_reads("linux_x64", "struct s *", BAD, "0x90000 (unmapped)");
	ck_reads("linux_x64", "struct s *", END - 4, "{a=0, b=? (unmapped)}");
	ck_reads("linux_x64", "struct unheard_of *", BASE, "0x10000");
	ck_reads("linux_x64", "struct s *", 0, "0");
}
END_TEST

/* ---- the built-in structs, and what tags choose ---------------------------------------------------------------- */

START_TEST(compat)
{
	STRUCT("compat_rlimit", 8, { "rlim_cur", c_uint, 0 }, { "rlim_max", c_uint, 4 });
	STRUCT("rlimit", 16, { "native", c_long, 0 });
	end_types();
	put_words(BASE, 4, WORDS(1, 2, 3, 4));
	ck_reads("linux_x86", "struct rlimit *", BASE, "{rlim_cur=1u, rlim_max=2u}");
	ck_reads("linux_x64", "struct rlimit *", BASE, "{native=8589934593}");
	ck_reads("linux_x86", "struct __kernel_timespec *", BASE, "{tv_sec=8589934593, tv_nsec=17179869187}");
	ck_reads("linux_x86", "struct old_timespec32 *", BASE, "{tv_sec=1, tv_nsec=2}");
}
END_TEST

START_TEST(siginfo)
{
	static const struct {
		int signal, code;
		const char *expected;
	} rows[] = {
		{ 15, 0, "_kill={_pid=7, _uid=8u}" },
		{ 17, 1, "_sigchld={_pid=7, _uid=8u, _status=9, _utime=0, _stime=0}" },
		{ 10, -1, "_rt={_pid=7, _uid=8u, _sigval={sival_int=9, sival_ptr=0x9}}" },
		{ 31, 1, "_sigsys={_call_addr=0x800000007, _syscall=9, _arch=0u}" },
	};
	char expected[256];

	end_types();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		put_words(BASE, 4, WORDS((uint64_t)rows[i].signal, 0, (uint64_t)rows[i].code, 0, 7, 8, 9));
		snprintf(expected, sizeof expected, "{si_signo=%d, si_errno=0, si_code=%d, _sifields={%s}}", rows[i].signal,
		         rows[i].code, rows[i].expected);
		ck_reads("linux_x64", "siginfo_t *", BASE, expected);
	}
}
END_TEST

START_TEST(sigevents)
{
	end_types();
	put_words(BASE, 8, WORDS(5));
	put_words(BASE + 8, 4, WORDS(10, 4, 77));
	ck_reads("linux_x64", "struct sigevent *", BASE,
	         "{sigev_value={sival_int=5, sival_ptr=0x5}, sigev_signo=10, sigev_notify=4, _sigev_un={_tid=77}}");
	put_words(BASE + 12, 4, WORDS(0));
	ck_reads("linux_x64", "struct sigevent *", BASE,
	         "{sigev_value={sival_int=5, sival_ptr=0x5}, sigev_signo=10, sigev_notify=0}");
}
END_TEST

START_TEST(file_handles)
{
	end_types();
	put_words(BASE, 4, WORDS(3, 1));
	put(BASE + 8, "abcd", 4);
	ck_reads("linux_x64", "struct file_handle *", BASE, "{handle_bytes=3u, handle_type=1, f_handle=<abc>}");
	put_words(BASE, 4, WORDS(0xffffffff));
	ck_reads("linux_x64", "struct file_handle *", BASE, "{handle_bytes=4294967295u, handle_type=1, f_handle=<>}");
}
END_TEST

static void ck_address(const void *data, size_t n, const char *expected)
{
	const struct sct_param in[] = {
		{ .name = "p", .type = "struct sockaddr *", .cls = SCT_C_ADDR, .dir = SCT_IN, .size = 8, .slot_hi = 0xff,
		  .len = SCT_LEN_ARG, .len_arg = 1 },
		UNSIGNED(1),
	};

	put(BASE, data, n);
	sct_arena_fini(&t.arena);
	enter_call("linux_x64", in, 2, (uint64_t[SCT_ARGS_MAX]){ BASE, n });
	is(&t, expected);
}

START_TEST(socket_addresses)
{
	static const uint8_t inet6[28] = { 10, 0, 0, 80, [23] = 1, [24] = 2 };

	end_types();
	ck_address("\2\0\1\xbb\x7f\0\0\1\0\0\0\0\0\0\0", 16,
	           "{sin_family=2u \"AF_INET\", sin_port=47873u \"443\", sin_addr={s_addr=16777343u \"127.0.0.1\"}, "
	           "__pad=<>}");
	ck_address(inet6, sizeof inet6,
	           "{sin6_family=10u \"AF_INET6\", sin6_port=20480u \"80\", sin6_flowinfo=0u, "
	           "sin6_addr={in6_u={u6_addr8=<> \"::1\"}}, sin6_scope_id=2u}");
	ck_address("\1\0/tmp/x\0rest", 13, "{sun_family=1u \"AF_UNIX\", sun_path='/tmp/x'}");
	ck_address("\1\0/tmp/x", 8, "{sun_family=1u \"AF_UNIX\", sun_path='/tmp/x'}");
	ck_address("\1\0\0na\0me", 8, "{sun_family=1u \"AF_UNIX\", sun_path=<> \"@na@me\"}");
	ck_address("\1\0", 2, "{sun_family=1u \"AF_UNIX\"}");
	/* a number that ends behind the address: it is not told, and that there is more is */
	ck_address("\2\0\1", 3, "{sin_family=2u \"AF_INET\"} of 4");
	ck_address("\2\0\1\xbb\x7f\0", 6,
	           "{sin_family=2u \"AF_INET\", sin_port=47873u \"443\", sin_addr={} of 1}");
}
END_TEST

/* Families of which no struct is known: all bytes, text or not, fewer or more than struct sockaddr has. */
START_TEST(other_socket_addresses)
{
	end_types();
	ck_address("\0\0abcdefghijklmn", 16, "{sa_family=0u \"AF_UNSPEC\", sa_data=<abcdefghijklmn>}");
	ck_address("\37\0a\0cd", 6, "{sa_family=31u \"AF_BLUETOOTH\", sa_data=<a>}");
	ck_assert_uint_eq(t.args[0].elems[1].len, 4);
	ck_address("\30\0abcdefghijklmnopqr", 20, "{sa_family=24u \"AF_PPPOX\", sa_data=<abcdefghijklmnopqr>}");
	ck_address("\77\77abcd", 6, "{sa_family=16191u, sa_data=<abcd>}");
	ck_address("\0\0", 2, "{sa_family=0u \"AF_UNSPEC\"}");
	ck_address("\2", 1, "<\2>");
}
END_TEST

/* As Linux declares it from 6.2 on. */
START_TEST(flexible_socket_addresses)
{
	uint32_t data = UNION("", 14, { "sa_data_min", ARRAY(c_char, 14), 0 }, { "sa_data", ARRAY(c_char, 0), 0 });

	STRUCT("sockaddr", 16, { "sa_family", c_ushort, 0 }, { "", data, 2 });
	end_types();
	ck_address("\30\0abcdefghijklmnopqr", 20, "{sa_family=24u \"AF_PPPOX\", sa_data=<abcdefghijklmnopqr>}");
	ck_address("\0\0", 2, "{sa_family=0u \"AF_UNSPEC\"}");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("value_struct");
	TCase *c = tcase_create("value_struct");

	tcase_add_checked_fixture(c, before, after);
	tcase_add_test(c, kinds);
	tcase_add_test(c, bitfields);
	tcase_add_test(c, unions);
	tcase_add_test(c, big_endian);
	tcase_add_test(c, counted_and_sized);
	tcase_add_test(c, pointers);
	tcase_add_test(c, cycles_and_depth);
	tcase_add_test(c, trees_are_bounded);
	tcase_add_test(c, pointers_to_pointers);
	tcase_add_test(c, gaps);
	tcase_add_test(c, nothing_to_be_read);
	tcase_add_test(c, compat);
	tcase_add_test(c, siginfo);
	tcase_add_test(c, sigevents);
	tcase_add_test(c, file_handles);
	tcase_add_test(c, socket_addresses);
	tcase_add_test(c, other_socket_addresses);
	tcase_add_test(c, flexible_socket_addresses);
	suite_add_tcase(s, c);
	return run_tests(s);
}
