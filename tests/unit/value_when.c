/* Tests of what a parameter means by other arguments, memory and the result: rows of the tables over memory by hand.
 * In:  calls of the tables, argument words, memory
 * Out: the value of one argument as text
 */
#include "suite.h"
#include "values.h"

static struct sct_view view = { .limits = SCT_LIMITS_DEFAULT };

enum { X64, X86 };

/* Which argument of which call is looked at, what stands at BASE and BASE + 0x100, and what is expected at entry and at
 * return. */
struct row {
	unsigned abi, nr, arg;
	uint64_t words[SCT_ARGS_MAX];
	uint64_t result;
	const char *type, *entered, *left;
};

#define EINTR_RESULT ((uint64_t)-4)
#define EINVAL_RESULT ((uint64_t)-22)
#define EOVERFLOW_RESULT ((uint64_t)-75)
#define TIME "{tv_sec=1, tv_nsec=2}"

static const struct row rows[] = {
	/* nanosleep's rest is there when it was interrupted, and only then */
	{ X64, 35, 1, { BASE + 0x100, BASE }, EINTR_RESULT, "struct __kernel_timespec *", "0x10000", TIME },
	{ X64, 35, 1, { BASE + 0x100, BASE }, 0, "struct __kernel_timespec *", "0x10000", "0x10000" },
	{ X64, 35, 1, { BASE + 0x100, BASE }, EINVAL_RESULT, "struct __kernel_timespec *", "0x10000", "0x10000" },
	{ X64, 230, 3, { 0, 0, BASE, BASE }, EINTR_RESULT, "struct __kernel_timespec *", "0x10000", TIME },
	{ X64, 230, 3, { 0, 1, BASE, BASE }, EINTR_RESULT, "struct __kernel_timespec *", "0x10000", "0x10000" },
	/* futex: what the operation makes of the fourth argument, whatever its flags */
	{ X64, 202, 3, { BASE, 128 | 9, 0, BASE }, 0, "const struct __kernel_timespec *", TIME, TIME },
	{ X64, 202, 3, { BASE, 128 | 1, 0, BASE }, 0, "const struct __kernel_timespec *", "0x10000", "0x10000" },
	/* semctl's argument may be a number */
	{ X64, 66, 3, { 1, 0, 16, 42 }, 0, "unsigned long", "42u", "42u" },
	{ X64, 66, 3, { 1, 0, 17, BASE }, 0, "unsigned long", "0x10000", "0x10000" },
	{ X64, 66, 3, { 1, 0, 3, BASE }, 3, "struct seminfo *", "0x10000",
	  "{semmap=1, semmni=0, semmns=2, semmnu=0, semmsl=0, semopm=0, semume=0, semusz=0, semvmx=0, semaem=0}" },
	/* a thread's name, given and asked for; a number to be filled in; a number */
	{ X64, 157, 1, { 15, BASE + 0x110 }, 0, "unsigned long", "'abcdef'", "'abcdef'" },
	{ X64, 157, 1, { 16, BASE + 0x110 }, 0, "unsigned long", "0x10110", "'abcdef'" },
	{ X86, 172, 1, { 37, BASE }, 0, "unsigned long", "0x10000", "*1" },
	{ X64, 157, 1, { 38, BASE }, 0, "unsigned long", "65536u", "65536u" },
	{ X64, 157, 4, { 0x53564d41, 0, 0, 0, BASE + 0x110 }, 0, "unsigned long", "'abcdef'", "'abcdef'" },
	/* fcntl by its command, of which 32-bit programs have two calls */
	{ X64, 72, 2, { 3, 5, BASE }, 0, "struct flock *", "{l_type=1, l_whence=0, l_start=2, l_len=0, l_pid=0}", NULL },
	{ X64, 72, 2, { 3, 37, BASE }, 0, "struct flock *", "{l_type=1, l_whence=0, l_start=2, l_len=0, l_pid=0}", NULL },
	{ X86, 55, 2, { 3, 7, BASE }, 0, "struct flock *", "{l_type=1, l_whence=0, l_start=0, l_len=2, l_pid=0}", NULL },
	{ X86, 55, 2, { 3, 37, BASE }, 0, "unsigned long", "65536u", "65536u" },
	{ X86, 221, 2, { 3, 13, BASE }, 0, "struct flock64 *",
	  "{l_type=1, l_whence=0, l_start=8589934592, l_len=0, l_pid=0}", NULL },
	{ X64, 72, 2, { 3, 16, BASE }, 0, "struct f_owner_ex *", "0x10000", "{type=1, pid=0}" },
	{ X64, 72, 2, { 3, 17, BASE }, 0, "unsigned long", "0x10000", "[1u, 0u]" },
	{ X64, 72, 2, { 3, 1036, BASE }, 0, "unsigned long", "*1u", "*1u" },
	{ X64, 72, 2, { 3, 4, BASE }, 0, "unsigned long", "65536u", "65536u" },
	/* an alternative by an exact number: LINUX_REBOOT_CMD_RESTART2 */
	{ X64, 169, 3, { 0, 0, 0xa1b2c3d4, BASE }, 0, "void *", "'\1'", "'\1'" },
	{ X64, 169, 3, { 0, 0, 0x01234567, BASE }, 0, "void *", "0x10000", "0x10000" },
	/* the version in the header says how many structs there are */
	{ X64, 126, 1, { BASE + 0x100, BASE }, 0, "const cap_user_data_t",
	  "[{effective=1u, permitted=0u, inheritable=2u}, {effective=0u, permitted=0u, inheritable=0u}]", NULL },
	{ X64, 126, 1, { BASE + 0x110, BASE }, 0, "const cap_user_data_t",
	  "[{effective=1u, permitted=0u, inheritable=2u}]", NULL },
	/* sets of as many words as there are bits */
	{ X64, 23, 1, { 65, BASE, 0, 0, 0 }, 0, "fd_set *", "[1u, 2u]", NULL },
	{ X64, 23, 1, { 64, BASE, 0, 0, 0 }, 0, "fd_set *", "[1u]", NULL },
	{ X86, 142, 1, { 65, BASE, 0, 0, 0 }, 0, "fd_set *", "[1u, 0u, 2u]", NULL },
	/* a message: its type and as many bytes as were got */
	{ X64, 70, 1, { 1, BASE + 0x108, 100 }, 3, "struct msgbuf *", "0x10108", "{mtype=5, mtext=<abc>}" },
	{ X64, 69, 1, { 1, BASE + 0x108, 2 }, 0, "struct msgbuf *", "{mtype=5, mtext=<ab>}", NULL },
	{ X86, 400, 1, { 1, BASE + 0x10c, 6 }, 0, "struct msgbuf *", "{mtype=0, mtext=<abcdef>}", NULL },
	{ X64, 69, 1, { 1, BASE + 0x1f8, 4 }, 0, "struct msgbuf *", "{mtype=0, mtext=<\3>}", NULL },
	/* waitid: no time, which the kernel does not write */
	{ X64, 247, 2, { 1, 7, BASE + 0x180, 4 }, 0, "struct siginfo *", "0x10180",
	  "{si_signo=17, si_errno=0, si_code=1, _sifields={_sigchld={_pid=3, _uid=4u, _status=5}}}" },
	{ X86, 284, 2, { 1, 7, BASE + 0x184, 4 }, 0, "struct siginfo *", "0x10184",
	  "{si_signo=0, si_errno=1, si_code=0, _sifields={_kill={_pid=3, _uid=4u}}}" },
	{ X86, 284, 2, { 1, 7, BASE + 0x1c0, 4 }, 0, "struct siginfo *", "0x101c0",
	  "{si_signo=17, si_errno=0, si_code=1, _sifields={_sigchld={_pid=3, _uid=4u, _status=5}}}" },
	{ X64, 128, 1, { BASE, BASE + 0x180 }, 17, "siginfo_t *", "0x10180",
	  "{si_signo=17, si_errno=0, si_code=1, _sifields={_sigchld={_pid=3, _uid=4u, _status=5, _utime=6, _stime=7}}}" },
	/* name_to_handle_at: numbers go in, a handle comes out; or, with EOVERFLOW, how long it would have been */
	{ X64, 303, 2, { 0, 0, BASE + 0x200, BASE }, 0, "struct file_handle *", "{handle_bytes=3u, handle_type=1}",
	  "{handle_bytes=3u, handle_type=1} -> {handle_bytes=3u, handle_type=1, f_handle=<abc>}" },
	{ X64, 303, 2, { 0, 0, BASE + 0x200, BASE }, EOVERFLOW_RESULT, "struct file_handle *",
	  "{handle_bytes=3u, handle_type=1}", "{handle_bytes=3u, handle_type=1}" },
	{ X64, 303, 3, { 0, 0, BASE + 0x200, BASE }, EOVERFLOW_RESULT, "int *", "0x10000", "*1" },
	{ X64, 303, 3, { 0, 0, BASE + 0x200, BASE }, EINVAL_RESULT, "int *", "0x10000", "0x10000" },
	{ X64, 304, 1, { 0, BASE + 0x200 }, 3, "struct file_handle *",
	  "{handle_bytes=3u, handle_type=1, f_handle=<abc>}", NULL },
	/* a struct that says itself how large it is */
	{ X64, 314, 1, { 0, BASE + 0x140 }, 0, "struct sched_attr *", "{size=8u, sched_policy=7u}", NULL },
};

START_TEST(meanings)
{
	const struct row *r = &rows[_i];
	struct test t = setup(r->abi == X64 ? "linux_x64" : "linux_x86", NULL, 0, r->words);
	const struct sct_proto *proto = sct_table_find(r->abi == X64 ? &sct_table_linux_x64 : &sct_table_linux_x86, r->nr);

	wipe();
	put_words(BASE, 8, WORDS(1, 2));
	put_words(BASE + 0x100, 4, WORDS(0x20080522, 0));
	put_words(BASE + 0x108, 8, WORDS(5));
	put_words(BASE + 0x110, 4, WORDS(0x63626166));
	put_text(BASE + 0x110, "abcdef");
	put_words(BASE + 0x140, 4, WORDS(8, 7, 9, 9, 9));
	put_words(BASE + 0x180, 4, WORDS(17, 0, 1, 0, 3, 4, 5, 0, 6, 0, 7, 0));
	put_words(BASE + 0x1c0, 4, WORDS(17, 0, 1, 3, 4, 5, 6, 7));
	put_words(BASE + 0x200, 4, WORDS(3, 1));
	put_text(BASE + 0x208, "abc");
	if (r->words[0] == BASE + 0x110)
		put_words(BASE + 0x110, 4, WORDS(0x19980330, 0));
	t.call.proto = proto;
	view.layouts = sct_layouts_new(NULL);
	t.args = sct_values_enter(&t.call, &mem, &view, &t.arena, &t.count);
	text[0] = 0;
	show(&t.args[r->arg]);
	ck_assert_str_eq(t.args[r->arg].type, r->type);
	if (r->entered)
		ck_assert_str_eq(text, r->entered);
	sct_values_return(&t.call, t.args, t.count, true, r->result, &mem, &view, &t.arena);
	text[0] = 0;
	show(&t.args[r->arg]);
	if (r->left)
		ck_assert_str_eq(text, r->left);
	sct_arena_fini(&t.arena);
	sct_layouts_free(view.layouts);
}
END_TEST

/* What decides is not recorded: neither meaning is claimed. */
START_TEST(undecided)
{
	struct test t = setup("linux_x64", NULL, 0, (uint64_t[SCT_ARGS_MAX]){ 1, 0, 0, BASE });

	wipe();
	t.call.proto = sct_table_find(&sct_table_linux_x64, 66);
	t.call.word[2].known = false;
	view.layouts = sct_layouts_new(NULL);
	t.args = sct_values_enter(&t.call, &mem, &view, &t.arena, &t.count);
	text[0] = 0;
	show(&t.args[3]);
	ck_assert_str_eq(text, "0x10000 (not recorded)");
	sct_arena_fini(&t.arena);
	sct_layouts_free(view.layouts);
}
END_TEST

/* msgrcv as old programs of i386 call it: the message is behind a pointer that the kernel reads, as long as the result
 * says, and before the call nothing that counts is there. */
START_TEST(kludge)
{
	static const struct { uint64_t result; const char *left; } ends[] = {
		{ 3, "{msgp=0x10110, msgtyp=9} -> {msgp=*{mtype=6, mtext=<abc>}, msgtyp=9}" },
		{ EINVAL_RESULT, "{msgp=0x10110, msgtyp=9}" },
	};
	struct test t = setup("linux_x86", NULL, 0, (uint64_t[SCT_ARGS_MAX]){ 12, 1, 20, 0, BASE });

	t.call.proto = sct_table_sub(&sct_table_linux_x86, SCT_SUB_IPC, 12);
	view.layouts = sct_layouts_new(NULL);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		wipe();
		put_words(BASE, 4, WORDS(BASE + 0x110, 9));
		put_words(BASE + 0x110, 4, WORDS(5));
		t.args = sct_values_enter(&t.call, &mem, &view, &t.arena, &t.count);
		/* by another thread, too late for the kernel */
		put_words(BASE, 4, WORDS(BASE + 0x180));
		put_words(BASE + 0x110, 4, WORDS(6));
		put_text(BASE + 0x114, "abcd");
		sct_values_return(&t.call, t.args, t.count, true, ends[i].result, &mem, &view, &t.arena);
		text[0] = 0;
		show(&t.args[1]);
		ck_assert_str_eq(text, ends[i].left);
	}
	sct_arena_fini(&t.arena);
	sct_layouts_free(view.layouts);
}
END_TEST

/* fcntl gives a descriptor under two of its commands. */
START_TEST(results)
{
	static const struct { unsigned nr; uint64_t cmd, result; bool is; } calls[] = {
		{ 72, 0, 5, true }, { 72, 1030, 5, true }, { 72, 3, 5, false }, { 72, 0, (uint64_t)-9, false },
		{ 72, 1030 + (UINT64_C(1) << 32), 5, true }, { 32, 3, 5, true }, { 0, 0, 5, false },
	};
	struct test t = setup("linux_x64", NULL, 0, (uint64_t[SCT_ARGS_MAX]){ 3 });
	int number;

	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		t.call.proto = sct_table_find(&sct_table_linux_x64, calls[i].nr);
		t.call.word[1] = (struct sct_word){ true, calls[i].cmd };
		ck_assert(sct_result_is_descriptor(&t.call, true, calls[i].result, &number) == calls[i].is);
		ck_assert(!sct_result_is_descriptor(&t.call, false, calls[i].result, &number));
	}
	t.call.proto = sct_table_find(&sct_table_linux_x64, 72);
	t.call.word[1].known = false;
	ck_assert(!sct_result_is_descriptor(&t.call, true, 5, &number));
	sct_arena_fini(&t.arena);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("value_when");
	TCase *c = tcase_create("value_when");

	suite_add_tcase(s, c);
	tcase_add_loop_test(c, meanings, 0, sizeof rows / sizeof *rows);
	tcase_add_test(c, undecided);
	tcase_add_test(c, kludge);
	tcase_add_test(c, results);
	return run_tests(s);
}
