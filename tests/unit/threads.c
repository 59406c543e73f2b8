/* Tests of calls in flight where the recording does not number threads: address space and stack pointer tell who
 * returns, and what they leave in doubt stays open.
 *
 * In:  recordings by hand (script_x86_64.h)
 * Out: a report; exit status 0 when all passed
 */
#include "script_x86_64.h"
#include "suite.h"

static struct script *begin(void)
{
	struct script *s = script_new(&sct_arch_x86_64);

	on(s, 0, 0, SPACE);
	return s;
}

START_TEST(threads_share_a_stub)
{
	struct script *s = begin();

	enter(s, READ, STUB, SP);
	enter(s, WRITE, STUB, SP2);
	leave(s, BEHIND, SP, 11);
	leave(s, BEHIND, SP2, 12);
	expect(s, "0 read returned 11 at 401002\n"
	          "1 write returned 12 at 401002\n");
}
END_TEST

START_TEST(processes_share_a_stack_pointer)
{
	struct script *s = begin();

	enter(s, READ, STUB, SP);
	on(s, 1, 0, SPACE2);
	enter(s, WRITE, STUB, SP);
	leave(s, BEHIND, SP, 12);
	on(s, 1, 0, SPACE);
	leave(s, BEHIND, SP, 11);
	expect(s, "1 write returned 12 at 401002\n"
	          "0 read returned 11 at 401002\n");
}
END_TEST

/* 32-bit kernels with PAE keep page tables of several processes in one page. */
START_TEST(page_tables_share_a_page)
{
	struct script *s = script_new(&sct_arch_i386);

	reg(s, "cr4", 0x20);
	on(s, 0, 0, SPACE + 0x20);
	enter_by(s, INT80, 2, 3, STUB, SP);
	on(s, 0, 0, SPACE + 0x40);
	enter_by(s, INT80, 2, 4, STUB, SP);
	on(s, 0, 0, SPACE + 0x20);
	leave(s, BEHIND, SP, 5);
	expect(s, "0 read returned 5 at 401002\n"
	          "1 write unfinished ?\n");
}
END_TEST

/* Kernel and user half of an isolated page table, and whatever number the TLB has for it, are one address space. */
START_TEST(page_table_isolation_and_pcid)
{
	struct script *s = begin();

	on(s, 0, 0, SPACE + 0x1801);
	enter(s, READ, STUB, SP);
	on(s, 0, 0, SPACE + 0x1802);
	leave(s, BEHIND, SP, 11);
	expect(s, "0 read returned 11 at 401002\n");
}
END_TEST

START_TEST(no_address_space_no_thread)
{
	struct script *s = script_new(&sct_arch_x86_64);

	reg(s, "cs", CS_64);
	enter(s, READ, STUB, SP);
	leave(s, BEHIND, SP, 11);
	script_run(s, say_record);
	ck_assert_str_eq(s->text, "");
	ck_assert_uint_eq(s->counts.no_thread, 1);
	free(s);
}
END_TEST

START_TEST(exit_ends_at_its_entry)
{
	struct script *s = begin();

	enter(s, EXIT, STUB, SP);
	enter(s, READ, STUB, SP);
	leave(s, BEHIND, SP, 1);
	expect(s, "0 exit noreturn ?\n"
	          "1 read returned 1 at 401002\n");
}
END_TEST

START_TEST(restart_without_handler)
{
	struct script *s = begin();

	enter(s, READ, STUB, SP);
	leave(s, STUB, SP, READ);
	enter(s, READ, STUB, SP);
	leave(s, BEHIND, SP, 4);
	expect(s, "0 read restarted 4 restarts=1 at 401002\n");
}
END_TEST

START_TEST(behind_a_handler)
{
	struct script *s = begin();

	enter(s, READ, STUB, SP);
	leave(s, HANDLER, FRAME, 0);
	enter(s, WRITE, OTHER, FRAME - 64);
	leave(s, OTHER + 2, FRAME - 64, 1);
	enter(s, RT_SIGRETURN, HANDLER + 0x100, FRAME + 8);
	leave(s, BEHIND, SP, (uint64_t)-4);
	expect(s, "1 write returned 1 at 402002\n"
	          "2 rt_sigreturn noreturn ?\n"
	          "0 read returned EINTR at 401002\n");
}
END_TEST

/* A handler on a stack of its own may begin where another thread has a call open. */
START_TEST(stranger_at_the_same_stack_pointer)
{
	struct script *s = begin();

	enter(s, READ, STUB, SP);
	leave(s, HANDLER, SP, 0);
	leave(s, BEHIND, SP, 9);
	expect(s, "0 read returned 9 at 401002\n");
}
END_TEST

START_TEST(exec_is_left_unfinished)
{
	struct script *s = begin();

	exec_in(s, 0, SPACE2);
	enter(s, CLOSE, STUB, SP2);
	leave(s, BEHIND, SP2, 0);
	expect(s, "1 close returned 0 at 401002\n"
	          "0 execve unfinished ?\n");
}
END_TEST

/* Nobody tells their end, but they must not pile up over a long recording. */
START_TEST(execs_are_let_go)
{
	struct script *s = begin();

	for (unsigned i = 0; i < 1200; i++)
		enter(s, EXECVE, STUB, SP + i * 0x1000);
	enter(s, CLOSE, OTHER, SP2);
	leave(s, OTHER + 2, SP2, 0);
	script_run(s, say_record);
	ck_assert_uint_eq(count_before(s, "execve lost ?", "close"), 1200 - 1024);
	ck_assert_int_eq(strncmp(s->text, "0 execve lost ?\n1 execve lost ?\n", 32), 0);
	free(s);
}
END_TEST

START_TEST(fork)
{
	struct script *s = begin();

	enter(s, FORK, STUB, SP);
	on(s, 0, 0, SPACE2);
	leave(s, BEHIND, SP, 0);
	enter(s, CLOSE, OTHER, SP);
	leave(s, OTHER + 2, SP, 0);
	on(s, 0, 0, SPACE);
	leave(s, BEHIND, SP, 42);
	expect(s, "1 close returned 0 at 402002\n"
	          "0 fork returned 42 at 401002\n");
}
END_TEST

/* The child has its parent's address space and stack pointer. */
START_TEST(vfork)
{
	struct script *s = begin();

	enter(s, VFORK, STUB, SP);
	leave(s, BEHIND, SP, 0);
	enter(s, CLOSE, OTHER, SP);
	leave(s, OTHER + 2, SP, 0);
	enter(s, EXECVE, OTHER, SP);
	leave(s, BEHIND, SP, 42);
	expect(s, "1 close returned 0 at 402002\n"
	          "0 vfork returned 42 at 401002\n"
	          "2 execve unfinished ?\n");
}
END_TEST

START_TEST(vfork_child_exits)
{
	struct script *s = begin();

	enter(s, VFORK, STUB, SP);
	leave(s, BEHIND, SP, 0);
	enter(s, EXIT, OTHER, SP);
	leave(s, BEHIND, SP, 42);
	expect(s, "1 exit noreturn ?\n"
	          "0 vfork returned 42 at 401002\n");
}
END_TEST

/* All through one function: 42 may be what the parent's call or the child's returned. */
START_TEST(vfork_and_child_at_one_place)
{
	struct script *s = begin();

	enter(s, VFORK, STUB, SP);
	leave(s, BEHIND, SP, 0);
	enter(s, READ, STUB, SP);
	leave(s, BEHIND, SP, 42);
	expect(s, "0 vfork unfinished ?\n"
	          "1 read unfinished ?\n");
}
END_TEST

/* A recording that learns how to tell threads while one of them is in a call. */
START_TEST(a_number_comes_during_a_call)
{
	struct script *s = script_new(&sct_arch_x86_64);

	on(s, 0, 0, SPACE);
	enter(s, READ, STUB, SP);
	event(s, SCT_EV_THREAD)->value = 8; /* it stops */
	on(s, 0, 9, SPACE2);
	enter(s, WRITE, STUB, SP);
	on(s, 0, 8, SPACE);
	leave(s, BEHIND, SP, 3);
	on(s, 0, 9, SPACE2);
	leave(s, BEHIND, SP, 4);
	expect(s, "0 read returned 3 thread=8 at 401002\n"
	          "1 write returned 4 thread=9 at 401002\n");
}
END_TEST

START_TEST(a_number_comes_during_a_restarted_call)
{
	struct script *s = begin();

	enter(s, WRITE, STUB, SP);
	leave(s, STUB, SP, WRITE);
	enter(s, WRITE, STUB, SP);
	event(s, SCT_EV_THREAD)->value = 8;
	on(s, 0, 9, SPACE2);
	on(s, 0, 8, SPACE);
	leave(s, BEHIND, SP, 3);
	expect(s, "0 write restarted 3 restarts=1 thread=8 at 401002\n");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("threads");
	TCase *t = tcase_create("threads");

	tcase_add_test(t, threads_share_a_stub);
	tcase_add_test(t, processes_share_a_stack_pointer);
	tcase_add_test(t, page_tables_share_a_page);
	tcase_add_test(t, page_table_isolation_and_pcid);
	tcase_add_test(t, no_address_space_no_thread);
	tcase_add_test(t, exit_ends_at_its_entry);
	tcase_add_test(t, restart_without_handler);
	tcase_add_test(t, behind_a_handler);
	tcase_add_test(t, stranger_at_the_same_stack_pointer);
	tcase_add_test(t, exec_is_left_unfinished);
	tcase_add_test(t, execs_are_let_go);
	tcase_add_test(t, fork);
	tcase_add_test(t, vfork);
	tcase_add_test(t, vfork_child_exits);
	tcase_add_test(t, vfork_and_child_at_one_place);
	tcase_add_test(t, a_number_comes_during_a_call);
	tcase_add_test(t, a_number_comes_during_a_restarted_call);
	suite_add_tcase(s, t);
	return run_tests(s);
}
