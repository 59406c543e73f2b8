/* Tests of calls in flight where the recording numbers threads: who returns, how calls end, with which result.
 *
 * In:  recordings by hand (script_x86_64.h)
 * Out: a report; exit status 0 when all passed
 */
#include "script_x86_64.h"
#include "suite.h"

/* A `syscall` of low code where no register shows the mode, and its return so many bytes behind. */
static void enter_in(struct script *s, enum sct_mode mode, unsigned behind)
{
	enter(s, GETPID, STUB, SP);
	s->events[s->n - 1].reg = (uint8_t)mode;
	leave(s, STUB + behind, SP, 7);
}

START_TEST(mode_without_code_segment)
{
	struct script *s = script_new(&sct_arch_x86_64);

	event(s, SCT_EV_THREAD)->value = 1;
	reg(s, "cr3", SPACE);
	reg(s, "efer", 0x500);
	enter_in(s, SCT_MODE_64, 2);
	enter_in(s, SCT_MODE_32, 4);
	enter_in(s, SCT_MODE_UNKNOWN, 2);
	script_run(s, say_record);
	ck_assert_str_eq(s->text, "0 getpid returned 7 thread=1 pid=7 at 401002\n"
	                          "1 mkdir returned 7 thread=1 pid=7 at 401004\n");
	ck_assert_uint_eq(s->counts.no_abi, 1);
	free(s);
}
END_TEST

/* ---- plain ways ----------------------------------------------------------------------------------------------- */

START_TEST(threads_share_a_stub)
{
	struct script *s = thread_1();

	enter(s, READ, STUB, SP);
	on(s, 0, 2, SPACE);
	enter(s, WRITE, STUB, SP2);
	on(s, 0, 1, SPACE);
	leave(s, BEHIND, SP, 11);
	on(s, 0, 2, SPACE);
	leave(s, BEHIND, SP2, (uint64_t)-32);
	expect(s, "0 read returned 11 thread=1 at 401002\n"
	          "1 write returned EPIPE thread=2 at 401002\n");
}
END_TEST

START_TEST(thread_moves_to_another_vcpu)
{
	struct script *s = thread_1();

	enter(s, READ, STUB, SP);
	on(s, 1, 1, SPACE);
	leave(s, BEHIND, SP, 3);
	expect(s, "0 read returned 3 thread=1 at 401002\n");
}
END_TEST

START_TEST(return_without_entry_is_an_orphan)
{
	struct script *s = thread_1();

	leave(s, BEHIND, SP, 5);
	enter(s, READ, STUB, SP);
	leave(s, BEHIND, SP, 6);
	script_run(s, say_record);
	ck_assert_str_eq(s->text, "0 read returned 6 thread=1 at 401002\n");
	ck_assert_uint_eq(s->counts.orphans, 1);
	free(s);
}
END_TEST

START_TEST(unfinished_and_lost)
{
	struct script *s = thread_1();

	enter(s, READ, STUB, SP);
	gap(s);
	on(s, 0, 1, SPACE);
	leave(s, BEHIND, SP, 6);
	enter(s, PAUSE, STUB, SP);
	expect(s, "0 read lost ? thread=1\n"
	          "1 pause unfinished ? thread=1\n");
}
END_TEST

START_TEST(entry_without_return_between_is_lost)
{
	struct script *s = thread_1();

	enter(s, READ, STUB, SP);
	enter(s, WRITE, OTHER, SP);
	leave(s, OTHER + 2, SP, 1);
	expect(s, "0 read lost ? thread=1\n"
	          "1 write returned 1 thread=1 at 402002\n");
}
END_TEST

START_TEST(input_that_was_absent_stays_unknown_without_a_return)
{
	struct script *s = thread_1();

	reg(s, "edi", 0x5000);
	enter(s, EXECVE, STUB, SP);
	gap(s);
	on(s, 0, 1, SPACE);
	reg(s, "edi", 0x5000);
	enter(s, EXECVE, STUB, SP);
	expect(s, "0 execve lost ? thread=1\n"
	          "1 execve unfinished ? thread=1\n");
}
END_TEST

START_TEST(exit_ends_at_its_entry)
{
	struct script *s = thread_1();

	enter(s, EXIT, STUB, SP);
	on(s, 0, 2, SPACE);
	enter(s, EXIT_GROUP, STUB, SP2);
	expect(s, "0 exit noreturn ? thread=1\n"
	          "1 exit_group noreturn ? thread=2\n");
}
END_TEST

START_TEST(exit_group_kills_what_others_have_open)
{
	struct script *s = thread_1();

	enter(s, GETPID, STUB, SP);
	leave(s, BEHIND, SP, 7);
	enter(s, READ, STUB, SP);
	on(s, 0, 2, SPACE);
	enter(s, GETPID, STUB, SP2);
	leave(s, BEHIND, SP2, 7);
	enter(s, EXIT_GROUP, STUB, SP2);
	expect(s, "0 getpid returned 7 thread=1 pid=7 at 401002\n"
	          "2 getpid returned 7 thread=2 pid=7 at 401002\n"
	          "3 exit_group noreturn ? thread=2 pid=7\n"
	          "1 read killed ? thread=1 pid=7\n");
}
END_TEST

START_TEST(doomed_calls_are_let_go)
{
	struct script *s = thread_1();

	/* every process has a thread that waits, and another that ends both */
	for (unsigned i = 0; i < 1100; i++) {
		on(s, 0, 2 * i + 1, SPACE + i * 0x1000);
		enter(s, GETPID, STUB, SP);
		leave(s, BEHIND, SP, i + 10);
		enter(s, PAUSE, STUB, SP);
		on(s, 0, 2 * i + 2, SPACE + i * 0x1000);
		enter(s, GETPID, STUB, SP2);
		leave(s, BEHIND, SP2, i + 10);
		enter(s, EXIT_GROUP, STUB, SP2);
	}
	on(s, 0, 1, SPACE2);
	enter(s, CLOSE, OTHER, SP);
	leave(s, OTHER + 2, SP, 0);
	script_run(s, say_record);
	ck_assert_uint_eq(count_before(s, "pause killed ?", "close"), 1100 - 1024);
	free(s);
}
END_TEST

START_TEST(a_thread_that_was_born_before_a_gap_returns)
{
	struct script *s = thread_1();

	born(s, 0, 2, SPACE2);
	gap(s);
	on(s, 0, 2, SPACE2);
	enter(s, READ, STUB, SP);
	leave(s, BEHIND, SP, 9);
	expect(s, "0 read returned 9 thread=2 at 401002\n");
}
END_TEST

/* ---- new images ----------------------------------------------------------------------------------------------- */

START_TEST(exec_that_succeeds)
{
	struct script *s = thread_1();

	exec_in(s, 1, SPACE2);
	enter(s, CLOSE, STUB, SP2);
	leave(s, BEHIND, SP2, 0);
	expect(s, "0 execve exec 0 thread=1 at 409000\n"
	          "1 close returned 0 thread=1 at 401002\n");
}
END_TEST

START_TEST(exec_that_fails)
{
	struct script *s = thread_1();

	enter(s, EXECVE, STUB, SP);
	leave(s, BEHIND, SP, (uint64_t)-2);
	expect(s, "0 execve returned ENOENT thread=1 at 401002\n");
}
END_TEST

START_TEST(exec_from_a_thread_becomes_the_leader)
{
	struct script *s = thread_1();

	enter(s, GETPID, STUB, SP);
	leave(s, BEHIND, SP, 7);
	enter(s, GETTID, STUB, SP);
	leave(s, BEHIND, SP, 8);
	on(s, 0, 2, SPACE);
	enter(s, GETPID, STUB, SP2);
	leave(s, BEHIND, SP2, 7);
	enter(s, PAUSE, STUB, SP2);
	on(s, 0, 1, SPACE);
	exec_in(s, 1, SPACE2);
	enter(s, CLOSE, STUB, SP2);
	leave(s, BEHIND, SP2, 0);
	expect(s, "0 getpid returned 7 thread=1 pid=7 at 401002\n"
	          "1 gettid returned 8 thread=1 pid=7 tid=8 at 401002\n"
	          "2 getpid returned 7 thread=2 pid=7 at 401002\n"
	          "4 execve exec 0 thread=1 pid=7 tid=8 at 409000\n"
	          "5 close returned 0 thread=1 pid=7 tid=7 at 401002\n"
	          "3 pause killed ? thread=2 pid=7\n");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pending");
	TCase *t = tcase_create("pending");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, mode_without_code_segment);
	tcase_add_test(t, threads_share_a_stub);
	tcase_add_test(t, thread_moves_to_another_vcpu);
	tcase_add_test(t, return_without_entry_is_an_orphan);
	tcase_add_test(t, unfinished_and_lost);
	tcase_add_test(t, entry_without_return_between_is_lost);
	tcase_add_test(t, input_that_was_absent_stays_unknown_without_a_return);
	tcase_add_test(t, exit_ends_at_its_entry);
	tcase_add_test(t, exit_group_kills_what_others_have_open);
	tcase_add_test(t, doomed_calls_are_let_go);
	tcase_add_test(t, a_thread_that_was_born_before_a_gap_returns);
	tcase_add_test(t, exec_that_succeeds);
	tcase_add_test(t, exec_that_fails);
	tcase_add_test(t, exec_from_a_thread_becomes_the_leader);
	suite_add_tcase(s, t);
	return run_tests(s);
}
