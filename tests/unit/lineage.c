/* Tests of who is who: process and thread numbers of children, and calls of processes that are gone.
 *
 * In:  recordings by hand (lineage_steps.h)
 * Out: a report; exit status 0 when all passed
 */
#include "lineage_steps.h"
#include "suite.h"

enum { ARGS = 0x7f1000, STATUS = 0x7f2000 };

/* include/uapi/linux/sched.h: what posix_spawn passes */
enum { SPAWN_FLAGS = 0x4100 | 17 };

START_TEST(child_runs_first)
{
	struct script *s = begin();

	enter(s, FORK, STUB, SP);
	first_step(s, 0, 2, SPACE2, SP);
	close_by(s, 2, SPACE2, SP);
	on(s, 0, 1, SPACE);
	leave(s, BEHIND, SP, 8);
	close_by(s, 2, SPACE2, SP);
	expect(s, BEGUN "2 close returned 0 thread=2 at 402002\n"
	                "1 fork returned 8 thread=1 pid=7 at 401002\n"
	                "3 close returned 0 thread=2 pid=8 tid=8 at 402002\n");
}
END_TEST

START_TEST(parent_runs_first)
{
	struct script *s = begin();

	enter(s, FORK, STUB, SP);
	leave(s, BEHIND, SP, 8);
	first_step(s, 0, 2, SPACE2, SP);
	close_by(s, 2, SPACE2, SP);
	expect(s, BEGUN "1 fork returned 8 thread=1 pid=7 at 401002\n"
	                "2 close returned 0 thread=2 pid=8 tid=8 at 402002\n");
}
END_TEST

START_TEST(fork_that_fails_has_no_child)
{
	struct script *s = begin();

	enter(s, FORK, STUB, SP);
	leave(s, BEHIND, SP, (uint64_t)-11);
	first_step(s, 0, 2, SPACE2, SP);
	close_by(s, 2, SPACE2, SP);
	expect(s, BEGUN "1 fork returned EAGAIN thread=1 pid=7 at 401002\n"
	                "2 close returned 0 thread=2 at 402002\n");
}
END_TEST

START_TEST(clone_of_a_thread)
{
	struct script *s = begin();

	call(s, CLONE, THREAD_FLAGS, CHILD_SP, 0, 8);
	first_step(s, 1, 2, SPACE, CHILD_SP);
	close_by(s, 2, SPACE, CHILD_SP);
	expect(s, BEGUN "1 clone returned 8 thread=1 pid=7 at 401002\n"
	                "2 close returned 0 thread=2 pid=7 tid=8 at 402002\n");
}
END_TEST

START_TEST(clone3_of_a_thread)
{
	const uint64_t clone_args[11] = { THREAD_FLAGS, 0, 0, 0, 0, CHILD_SP - 0x1000, 0x1000 };
	struct script *s = begin();

	see(s, ARGS, clone_args, sizeof clone_args);
	call(s, CLONE3, ARGS, sizeof clone_args, 0, 8);
	first_step(s, 1, 2, SPACE, CHILD_SP);
	close_by(s, 2, SPACE, CHILD_SP);
	expect(s, BEGUN "1 clone3 returned 8 thread=1 pid=7 at 401002\n"
	                "2 close returned 0 thread=2 pid=7 tid=8 at 402002\n");
}
END_TEST

START_TEST(vfork_and_posix_spawn)
{
	static const struct {
		const char *lines;
		uint32_t nr;
		uint64_t flags, stack;
	} rows[] = {
		{ BEGUN "2 close returned 0 thread=2 at 402002\n"
		        "1 vfork returned 8 thread=1 pid=7 at 401002\n"
		        "3 close returned 0 thread=2 pid=8 tid=8 at 402002\n", VFORK, 0, SP },
		{ BEGUN "2 close returned 0 thread=2 at 402002\n"
		        "1 clone returned 8 thread=1 pid=7 at 401002\n"
		        "3 close returned 0 thread=2 pid=8 tid=8 at 402002\n", CLONE, SPAWN_FLAGS, CHILD_SP },
	};

	for (unsigned i = 0; i < 2; i++) {
		struct script *s = begin();

		args(s, rows[i].flags, rows[i].stack, 0, 0);
		enter(s, rows[i].nr, STUB, SP);
		first_step(s, 0, 2, SPACE, rows[i].stack);
		close_by(s, 2, SPACE, rows[i].stack);
		on(s, 0, 1, SPACE);
		leave(s, BEHIND, SP, 8);
		close_by(s, 2, SPACE, rows[i].stack);
		expect(s, rows[i].lines);
	}
}
END_TEST

/* A new thread in the same address space is no child of a fork. */
START_TEST(wrong_address_space)
{
	struct script *s = begin();

	enter(s, FORK, STUB, SP);
	leave(s, BEHIND, SP, 8);
	first_step(s, 0, 2, SPACE, SP);
	close_by(s, 2, SPACE, SP);
	expect(s, BEGUN "1 fork returned 8 thread=1 pid=7 at 401002\n"
	                "2 close returned 0 thread=2 at 402002\n");
}
END_TEST

/* Two forks at one place before either child runs: whose is which is not told. Later ones are clear again. */
START_TEST(two_parents_fit)
{
	struct script *s = begin();

	for (uint64_t child = 8; child < 10; child++) {
		enter(s, FORK, STUB, SP);
		leave(s, BEHIND, SP, child);
	}
	for (uint64_t thread = 2; thread < 4; thread++) {
		first_step(s, 0, thread, SPACE2 * thread, SP);
		close_by(s, thread, SPACE2 * thread, SP);
	}
	on(s, 0, 1, SPACE);
	enter(s, FORK, STUB, SP);
	leave(s, BEHIND, SP, 10);
	first_step(s, 0, 4, SPACE2 * 4, SP);
	close_by(s, 4, SPACE2 * 4, SP);
	expect(s, BEGUN "1 fork returned 8 thread=1 pid=7 at 401002\n"
	                "2 fork returned 9 thread=1 pid=7 at 401002\n"
	                "3 close returned 0 thread=2 at 402002\n"
	                "4 close returned 0 thread=3 at 402002\n"
	                "5 fork returned 10 thread=1 pid=7 at 401002\n"
	                "6 close returned 0 thread=4 pid=10 tid=10 at 402002\n");
}
END_TEST

START_TEST(program_that_the_kernel_starts)
{
	struct script *s = begin();

	born(s, 0, 2, SPACE2);
	leave(s, START, SP2, 0);
	close_by(s, 2, SPACE2, SP2);
	script_run(s, say_record);
	ck_assert_str_eq(s->text, BEGUN "1 close returned 0 thread=2 at 402002\n");
	ck_assert_uint_eq(s->counts.orphans, 0);
	free(s);
}
END_TEST

START_TEST(callers_that_ask)
{
	static const struct { uint32_t nr; const char *lines; } rows[] = {
		{ GETTID, BEGUN "1 gettid returned 9 thread=1 pid=7 tid=9 at 401002\n" },
		{ SET_TID_ADDRESS, BEGUN "1 set_tid_address returned 9 thread=1 pid=7 tid=9 at 401002\n" },
	};

	for (unsigned i = 0; i < 2; i++) {
		struct script *s = begin();

		enter(s, rows[i].nr, STUB, SP);
		leave(s, BEHIND, SP, 9);
		expect(s, rows[i].lines);
	}
}
END_TEST

/* What one thread learns of its process holds for all of them. */
START_TEST(one_process)
{
	struct script *s = thread_1();

	call(s, CLONE, THREAD_FLAGS, CHILD_SP, 0, 8);
	first_step(s, 1, 2, SPACE, CHILD_SP);
	close_by(s, 2, SPACE, CHILD_SP);
	enter(s, GETPID, STUB, CHILD_SP);
	leave(s, BEHIND, CHILD_SP, 7);
	close_by(s, 1, SPACE, SP);
	expect(s, "0 clone returned 8 thread=1 at 401002\n"
	          "1 close returned 0 thread=2 tid=8 at 402002\n"
	          "2 getpid returned 7 thread=2 pid=7 tid=8 at 401002\n"
	          "3 close returned 0 thread=1 pid=7 at 402002\n");
}
END_TEST

/* One program: no address spaces; the thread that begins it is its leader; children of fork are not in the
 * recording. */
START_TEST(threads_of_a_program)
{
	struct script *s = script_new(&sct_arch_x86_64);

	s->info.user_mode = true;
	on(s, 0, 1, 0);
	enter(s, SET_TID_ADDRESS, STUB, SP);
	leave(s, BEHIND, SP, 7);
	call(s, CLONE, THREAD_FLAGS, CHILD_SP, 0, 8);
	first_step(s, 1, 2, 0, CHILD_SP);
	close_by(s, 2, 0, CHILD_SP);
	expect(s, "0 set_tid_address returned 7 thread=1 pid=7 tid=7 at 401002\n"
	          "1 clone returned 8 thread=1 pid=7 tid=7 at 401002\n"
	          "2 close returned 0 thread=2 pid=7 tid=8 at 402002\n");
}
END_TEST

/* A thread's execve gives it the number of its process, which may be unknown. */
START_TEST(new_image)
{
	struct script *s = begin();

	enter(s, GETTID, OTHER, SP);
	leave(s, OTHER + 2, SP, 9);
	enter(s, EXECVE, STUB, SP);
	on(s, 0, 1, SPACE2);
	leave(s, START, SP2, 0);
	close_by(s, 1, SPACE2, SP2);
	on(s, 0, 2, SPACE);
	enter(s, GETTID, OTHER, SP);
	leave(s, OTHER + 2, SP, 9);
	enter(s, EXECVE, STUB, SP);
	on(s, 0, 2, SPACE2);
	leave(s, START, SP2, 0);
	close_by(s, 2, SPACE2, SP2);
	expect(s, BEGUN "1 gettid returned 9 thread=1 pid=7 tid=9 at 402002\n"
	                "2 execve exec 0 thread=1 pid=7 tid=9 at 409000\n"
	                "3 close returned 0 thread=1 pid=7 tid=7 at 402002\n"
	                "4 gettid returned 9 thread=2 tid=9 at 402002\n"
	                "5 execve exec 0 thread=2 tid=9 at 409000\n"
	                "6 close returned 0 thread=2 at 402002\n");
}
END_TEST

/* wait4 tells that the child is gone: what it had open was killed. A child that was stopped is not gone. */
START_TEST(reaped)
{
	static const struct { uint32_t status; const char *lines; } rows[] = {
		{ 9, "2 read killed ? thread=2 pid=8 tid=8\n"
		     "3 wait4 returned 8 thread=1 pid=7 at 401002\n" },
		{ 0x137f, "3 wait4 returned 8 thread=1 pid=7 at 401002\n"
		          "2 read unfinished ? thread=2 pid=8 tid=8\n" },
	};

	for (unsigned i = 0; i < 2; i++) {
		struct script *s = begin();
		char lines[400];

		enter(s, FORK, STUB, SP);
		leave(s, BEHIND, SP, 8);
		first_step(s, 0, 2, SPACE2, SP);
		enter(s, READ, STUB, SP);
		on(s, 0, 1, SPACE);
		args(s, (uint64_t)-1, STATUS, 0, 0);
		enter(s, WAIT4, STUB, SP);
		see(s, STATUS, &rows[i].status, 4);
		leave(s, BEHIND, SP, 8);
		snprintf(lines, sizeof lines, BEGUN "1 fork returned 8 thread=1 pid=7 at 401002\n%s", rows[i].lines);
		expect(s, lines);
	}
}
END_TEST

/* A process of another PID namespace may have the number of the child that is gone: its calls go on. */
START_TEST(reaped_namesake)
{
	struct script *s = begin();
	uint32_t status = 9;

	on(s, 0, 5, SPACE2);
	enter(s, GETPID, STUB, SP);
	leave(s, BEHIND, SP, 8);
	enter(s, READ, STUB, SP);
	on(s, 0, 1, SPACE);
	args(s, (uint64_t)-1, STATUS, 0, 0);
	enter(s, WAIT4, STUB, SP);
	see(s, STATUS, &status, 4);
	leave(s, BEHIND, SP, 8);
	expect(s, BEGUN "1 getpid returned 8 thread=5 pid=8 at 401002\n"
	                "3 wait4 returned 8 thread=1 pid=7 at 401002\n"
	                "2 read unfinished ? thread=5 pid=8\n");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lineage");
	TCase *t = tcase_create("lineage");

	tcase_add_test(t, child_runs_first);
	tcase_add_test(t, parent_runs_first);
	tcase_add_test(t, fork_that_fails_has_no_child);
	tcase_add_test(t, clone_of_a_thread);
	tcase_add_test(t, clone3_of_a_thread);
	tcase_add_test(t, vfork_and_posix_spawn);
	tcase_add_test(t, wrong_address_space);
	tcase_add_test(t, two_parents_fit);
	tcase_add_test(t, program_that_the_kernel_starts);
	tcase_add_test(t, callers_that_ask);
	tcase_add_test(t, one_process);
	tcase_add_test(t, threads_of_a_program);
	tcase_add_test(t, new_image);
	tcase_add_test(t, reaped);
	tcase_add_test(t, reaped_namesake);
	suite_add_tcase(s, t);
	return run_tests(s);
}
