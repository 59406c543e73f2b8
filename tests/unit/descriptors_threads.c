/* Tests of descriptors by what calls showed: who shares a table and a directory with whom.
 *
 * In:  recordings by hand (descriptors_steps.h)
 * Out: a report; exit status 0 when all passed
 */
#include "descriptors_steps.h"
#include "suite.h"

/* The child has what was open when it was made, whoever runs first. */
START_TEST(fork_copies)
{
	struct script *s = thread_1();

	open_as(s, "/a", 0, 3);
	open_as(s, "/b", 0, 4);
	path_call(s, CHDIR, "/home", 0);
	enter(s, FORK, STUB, SP);
	if (_i)
		first_step(s, 0, 2, SPACE2, SP);
	on(s, 0, 1, SPACE);
	leave(s, BEHIND, SP, 8);
	call(s, CLOSE, 3, 0, 0, 0);
	path_call(s, CHDIR, "/other", 0);
	if (!_i)
		first_step(s, 0, 2, SPACE2, SP);
	on(s, 0, 2, SPACE2);
	ask(s, 3);
	call(s, CLOSE, 4, 0, 0, 0);
	open_as(s, "x", 0, 5);
	ask(s, 5);
	on(s, 0, 1, SPACE);
	ask(s, 3);
	ask(s, 4);
	ask(s, 5);
	tells(s, "3=/a 5=/home/x 3=? 4=/b 5=? ");
}
END_TEST

/* What another thread changes while the parent is in fork is not known of the child. */
START_TEST(fork_beside_a_thread)
{
	struct script *s = thread_1();

	open_as(s, "/a", 0, 3);
	open_as(s, "/b", 0, 4);
	args(s, THREAD_FLAGS, CHILD_SP, 0, 0);
	enter(s, CLONE, STUB, SP);
	leave(s, BEHIND, SP, 8);
	first_step(s, 0, 2, SPACE, CHILD_SP);
	on(s, 0, 1, SPACE);
	enter(s, FORK, STUB, SP);
	on(s, 0, 2, SPACE);
	call(s, CLOSE, 3, 0, 0, 0);
	open_as(s, "/c", 0, 3);
	on(s, 0, 1, SPACE);
	leave(s, BEHIND, SP, 9);
	first_step(s, 0, 3, SPACE2, SP);
	ask(s, 3);
	ask(s, 4);
	on(s, 0, 1, SPACE);
	ask(s, 3);
	tells(s, "3=? 4=/b 3=/c ");
}
END_TEST

START_TEST(threads_share)
{
	struct script *s = thread_1();

	open_as(s, "/a", 0, 3);
	path_call(s, CHDIR, "/home", 0);
	args(s, THREAD_FLAGS, CHILD_SP, 0, 0);
	enter(s, CLONE, STUB, SP);
	leave(s, BEHIND, SP, 8);
	first_step(s, 0, 2, SPACE, CHILD_SP);
	open_as(s, "/b", 0, 4);
	call(s, CLOSE, 3, 0, 0, 0);
	path_call(s, CHDIR, "/other", 0);
	on(s, 0, 1, SPACE);
	ask(s, 3);
	ask(s, 4);
	open_as(s, "x", 0, 5);
	ask(s, 5);
	call(s, UNSHARE, SHARED_FILES | SHARED_DIR, 0, 0, 0);
	call(s, CLOSE, 4, 0, 0, 0);
	path_call(s, CHDIR, "/third", 0);
	on(s, 0, 2, SPACE);
	ask(s, 4);
	open_as(s, "x", 0, 6);
	ask(s, 6);
	call(s, CLOSE_RANGE, 0, UINT32_MAX, 2, 0);
	ask(s, 4);
	tells(s, "3=? 4=/b 5=/other/x 4=/b 6=/other/x 4=? ");
}
END_TEST

START_TEST(vfork_copies)
{
	struct script *s = thread_1();

	open_as(s, "/a", 0, 3);
	open_as(s, "/b", CLOEXEC, 4);
	enter(s, VFORK, STUB, SP);
	first_step(s, 0, 2, SPACE, SP);
	call(s, DUP2, 4, 1, 0, 1);
	call(s, CLOSE, 3, 0, 0, 0);
	exec_in(s, 2, SPACE2);
	ask(s, 1);
	ask(s, 4);
	on(s, 0, 1, SPACE);
	leave(s, BEHIND, SP, 8);
	ask(s, 1);
	ask(s, 3);
	ask(s, 4);
	tells(s, "1=/b 4=? 1=? 3=/a 4=/b ");
}
END_TEST

/* Threads that were there before the recording share what their address space shares. */
START_TEST(threads_from_before)
{
	struct script *s = thread_1();

	open_as(s, "/a", 0, 3);
	on(s, 1, 2, SPACE);
	ask(s, 9);
	ask(s, 3);
	call(s, CLOSE, 3, 0, 0, 0);
	on(s, 0, 1, SPACE);
	ask(s, 3);
	on(s, 0, 3, SPACE2);
	open_as(s, "/b", 0, 3);
	on(s, 0, 1, SPACE);
	ask(s, 3);
	tells(s, "9=? 3=/a 3=? 3=? ");
}
END_TEST

/* A new thread of which nobody knows whose child it is: it may be a vfork's child, or share everything. */
START_TEST(threads_from_nowhere)
{
	struct script *s = thread_1();

	open_as(s, "/a", 0, 3);
	first_step(s, 0, 2, SPACE, 0x4f0000);
	call(s, DUP2, 7, 3, 0, 3);
	on(s, 0, 1, SPACE);
	ask(s, 3);
	open_as(s, "/b", 0, 4);
	ask(s, 4);
	exec_in(s, 1, SPACE2);
	open_as(s, "/c", 0, 4);
	ask(s, 4);
	tells(s, "3=? 4=? 4=/c ");
}
END_TEST

/* A process was killed unseen, and another one has got its page tables. */
START_TEST(address_space_again)
{
	struct script *s = thread_1();

	on(s, 0, 9, SPACE2);
	open_as(s, "/old", 0, 3);
	on(s, 0, 1, SPACE);
	enter(s, FORK, STUB, SP);
	leave(s, BEHIND, SP, 8);
	first_step(s, 0, 2, SPACE2, SP);
	ask(s, 3);
	on(s, 0, 9, SPACE2);
	ask(s, 3);
	tells(s, "3=? 3=? ");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("descriptors_threads");
	TCase *t = tcase_create("descriptors_threads");

	tcase_add_loop_test(t, fork_copies, 0, 2);
	tcase_add_test(t, fork_beside_a_thread);
	tcase_add_test(t, threads_share);
	tcase_add_test(t, vfork_copies);
	tcase_add_test(t, threads_from_before);
	tcase_add_test(t, threads_from_nowhere);
	tcase_add_test(t, address_space_again);
	suite_add_tcase(s, t);
	return run_tests(s);
}
