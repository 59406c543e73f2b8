/* Tests of calls in flight that signals interrupt: restarts, handlers, results in signal frames, sigreturn.
 *
 * In:  recordings by hand (script_x86_64.h)
 * Out: a report; exit status 0 when all passed
 */
#include "script_x86_64.h"
#include "suite.h"

#define EINTR_RESULT ((uint64_t)-4)

/* ---- signal frames -------------------------------------------------------------------------------------------- */

/* The four layouts, written down from the kernel's structs (arch/x86/include/asm/sigframe.h) apart from the table
 * under test: offsets of ip, sp and result register from the handler's stack pointer. */
struct layout {
	const char *name;
	unsigned ip, sp, ax, word;
};

static const struct layout layouts[] = {
	{ "rt_sigframe of 64-bit code", 176, 168, 152, 8 },
	{ "rt_sigframe of x32 code", 160, 152, 136, 8 },
	{ "sigframe of 32-bit code", 64, 36, 52, 4 },
	{ "rt_sigframe of 32-bit code", 220, 192, 208, 4 },
};

/* The next event sees a frame at `at` that holds this context. */
static void frame(struct script *s, const struct layout *l, uint64_t at, uint64_t ip, uint64_t sp, uint64_t ax)
{
	uint8_t bytes[256] = { 0 };

	memcpy(bytes + l->ip, &ip, l->word);
	memcpy(bytes + l->sp, &sp, l->word);
	memcpy(bytes + l->ax, &ax, l->word);
	see(s, at, bytes, sizeof bytes);
}

/* The handler's way out: sigreturn, and the restored context. */
static void sigreturn(struct script *s, uint64_t pc, uint64_t sp, uint64_t ax)
{
	enter(s, RT_SIGRETURN, HANDLER + 0x100, FRAME + 8);
	leave(s, pc, sp, ax);
}

/* ---- restarts ------------------------------------------------------------------------------------------------- */

START_TEST(restart_without_handler)
{
	struct script *s = thread_1();

	enter(s, READ, STUB, SP);
	leave(s, STUB, SP, READ);
	enter(s, READ, STUB, SP);
	leave(s, STUB, SP, READ);
	enter(s, READ, STUB, SP);
	leave(s, BEHIND, SP, 4);
	expect(s, "0 read restarted 4 restarts=2 thread=1 at 401002\n");
}
END_TEST

/* The kernel goes back by two bytes, whatever stands before them. */
START_TEST(prefixes)
{
	struct script *s = thread_1();

	enter_by(s, "\x48\x0f\x05", 3, READ, STUB, SP);
	leave(s, STUB + 3, SP, 4);
	enter_by(s, "\x48\x0f\x05", 3, READ, STUB, SP);
	leave(s, STUB + 1, SP, READ);
	enter(s, READ, STUB + 1, SP);
	leave(s, STUB + 3, SP, 5);
	expect(s, "0 read returned 4 thread=1 at 401003\n"
	          "1 read restarted 5 restarts=1 thread=1 at 401003\n");
}
END_TEST

START_TEST(restart_syscall_continues)
{
	struct script *s = thread_1();

	enter(s, NANOSLEEP, STUB, SP);
	leave(s, STUB, SP, RESTART_SYSCALL);
	enter(s, RESTART_SYSCALL, STUB, SP);
	leave(s, BEHIND, SP, 0);
	expect(s, "0 nanosleep restarted 0 restarts=1 thread=1 at 401002\n");
}
END_TEST

START_TEST(restart_behind_a_handler)
{
	struct script *s = thread_1();

	enter(s, READ, STUB, SP);
	frame(s, &layouts[0], FRAME, STUB, SP, READ);
	leave(s, HANDLER, FRAME, 0);
	enter(s, WRITE, OTHER, FRAME - 64);
	leave(s, OTHER + 2, FRAME - 64, 1);
	sigreturn(s, STUB, SP, READ);
	enter(s, READ, STUB, SP);
	leave(s, BEHIND, SP, 4);
	expect(s, "1 write returned 1 thread=1 at 402002\n"
	          "2 rt_sigreturn noreturn ? thread=1\n"
	          "0 read restarted 4 restarts=1 thread=1 at 401002\n");
}
END_TEST

/* The kernel has set the thread back onto the instruction; before it executes, another signal comes. */
START_TEST(handler_before_the_restart)
{
	struct script *s = thread_1();

	enter(s, READ, STUB, SP);
	leave(s, STUB, SP, READ);
	enter(s, WRITE, OTHER, FRAME - 64);
	leave(s, OTHER + 2, FRAME - 64, 1);
	sigreturn(s, STUB, SP, READ);
	enter(s, READ, STUB, SP);
	leave(s, BEHIND, SP, 4);
	expect(s, "1 write returned 1 thread=1 at 402002\n"
	          "2 rt_sigreturn noreturn ? thread=1\n"
	          "0 read restarted 4 restarts=1 thread=1 at 401002\n");
}
END_TEST

START_TEST(restart_of_sysenter_is_int80)
{
	struct script *s = script_new(&sct_arch_i386);

	on(s, 0, 1, SPACE);
	enter_by(s, SYSENTER, 2, 3, STUB, SP);
	leave(s, STUB + 2, SP, 3);
	enter_by(s, INT80, 2, 3, STUB + 2, SP);
	leave(s, STUB + 4, SP, 8);
	enter_by(s, SYSENTER, 2, 3, STUB, SP);
	leave(s, STUB + 4, SP, (uint32_t)-9);
	expect(s, "0 read restarted 8 restarts=1 thread=1 at 401004\n"
	          "1 read returned EBADF thread=1 at 401004\n");
}
END_TEST

/* Before Linux 4.4 seven nops lie between sysenter and int80. */
START_TEST(sysenter_of_an_older_vdso)
{
	struct script *s = script_new(&sct_arch_i386);

	on(s, 0, 1, SPACE);
	enter_by(s, SYSENTER, 2, 3, STUB, SP);
	leave(s, STUB + 9, SP, 3);
	enter_by(s, INT80, 2, 3, STUB + 9, SP);
	leave(s, STUB + 11, SP, 8);
	enter_by(s, SYSENTER, 2, 3, STUB, SP);
	leave(s, STUB + 11, SP, (uint32_t)-9);
	expect(s, "0 read restarted 8 restarts=1 thread=1 at 40100b\n"
	          "1 read returned EBADF thread=1 at 40100b\n");
}
END_TEST

/* ---- signals -------------------------------------------------------------------------------------------------- */

START_TEST(result_is_in_the_frame)
{
	for (unsigned i = 0; i < 2; i++) {
		struct script *s = thread_1();

		enter(s, READ, STUB, SP);
		frame(s, &layouts[i], FRAME, BEHIND, SP, EINTR_RESULT);
		leave(s, HANDLER, FRAME, 0);
		sigreturn(s, BEHIND, SP, EINTR_RESULT);
		expect(s, "0 read signal EINTR thread=1 at 408000\n"
		          "1 rt_sigreturn noreturn ? thread=1\n");
	}
	for (unsigned i = 2; i < 4; i++) {
		struct script *s = script_new(&sct_arch_i386);

		on(s, 0, 1, SPACE);
		enter_by(s, SYSENTER, 2, 3, STUB, SP);
		frame(s, &layouts[i], FRAME, STUB + 4, SP, 77);
		leave(s, HANDLER, FRAME, 10);
		expect(s, "0 read signal 77 thread=1 at 408000\n");
	}
}
END_TEST

START_TEST(two_signals_at_once)
{
	const uint64_t inner = FRAME - 0x800;
	struct script *s = thread_1();

	enter(s, READ, STUB, SP);
	frame(s, &layouts[0], inner, HANDLER, FRAME, 0);
	frame(s, &layouts[0], FRAME, BEHIND, SP, 12);
	leave(s, HANDLER + 0x40, inner, 0);
	expect(s, "0 read signal 12 thread=1 at 408040\n");
}
END_TEST

START_TEST(handler_jumps_out)
{
	struct script *s = thread_1();

	enter(s, READ, STUB, SP);
	frame(s, &layouts[0], FRAME, BEHIND, SP, EINTR_RESULT);
	leave(s, HANDLER, FRAME, 0);
	enter(s, WRITE, OTHER, SP + 0x100);
	leave(s, OTHER + 2, SP + 0x100, 1);
	expect(s, "0 read signal EINTR thread=1 at 408000\n"
	          "1 write returned 1 thread=1 at 402002\n");
}
END_TEST

START_TEST(frame_not_readable)
{
	struct script *s = thread_1();

	enter(s, READ, STUB, SP);
	leave(s, HANDLER, FRAME, 0);
	sigreturn(s, BEHIND, SP, EINTR_RESULT);
	expect(s, "1 rt_sigreturn noreturn ? thread=1\n"
	          "0 read signal EINTR thread=1 at 401002\n");
}
END_TEST

/* read's buffer, as far as it is known */
static int say_buffer(void *ctx, const struct sct_record *r, struct sct_err *err)
{
	const struct sct_value *buffer = r->nargs > 1 ? &r->args[1] : NULL;

	(void)err;
	if (buffer)
		say(ctx, "%.*s%s", (int)buffer->len, (const char *)buffer->data, buffer->unknown ? buffer->unknown : "");
	return 0;
}

/* Behind a handler nobody knows who wrote last to what the kernel filled. */
START_TEST(memory_is_that_of_the_first_step)
{
	static const char *const expected[] = { "filled", "not recorded" };

	for (unsigned i = 0; i < 2; i++) {
		struct script *s = thread_1();

		reg(s, "esi", 0x5000);
		reg(s, "edx", 6);
		enter(s, READ, STUB, SP);
		see(s, 0x5000, "filled", 6);
		if (i == 0)
			frame(s, &layouts[0], FRAME, BEHIND, SP, 6);
		leave(s, HANDLER, FRAME, 0);
		enter(s, RT_SIGRETURN, HANDLER + 0x100, FRAME + 8);
		see(s, 0x5000, "HANDLE", 6);
		leave(s, BEHIND, SP, 6);
		script_run(s, say_buffer);
		ck_assert_str_eq(s->text, expected[i]);
		free(s);
	}
}
END_TEST

START_TEST(frame_not_readable_and_the_handler_jumps)
{
	struct script *s = thread_1();

	enter(s, READ, STUB, SP);
	leave(s, HANDLER, FRAME, 0);
	enter(s, WRITE, OTHER, SP + 0x100);
	leave(s, OTHER + 2, SP + 0x100, 1);
	expect(s, "1 write returned 1 thread=1 at 402002\n"
	          "0 read signal ? thread=1\n");
}
END_TEST

START_TEST(exit_in_a_handler_ends_what_it_interrupted)
{
	struct script *s = thread_1();

	enter(s, READ, STUB, SP);
	leave(s, HANDLER, FRAME, 0);
	enter(s, EXIT_GROUP, OTHER, FRAME - 64);
	on(s, 0, 2, SPACE2);
	enter(s, WRITE, STUB, SP2);
	leave(s, BEHIND, SP2, 1);
	expect(s, "1 exit_group noreturn ? thread=1\n"
	          "0 read signal ? thread=1\n"
	          "2 write returned 1 thread=2 at 401002\n");
}
END_TEST

/* A second signal is delivered by the sigreturn of the first: the restored context lies in the second's frame. */
START_TEST(sigreturn_into_another_handler)
{
	struct script *s = thread_1();

	enter(s, READ, STUB, SP);
	leave(s, HANDLER, FRAME, 0);
	sigreturn(s, HANDLER + 0x40, FRAME, 0);
	sigreturn(s, BEHIND, SP, 5);
	expect(s, "1 rt_sigreturn noreturn ? thread=1\n"
	          "2 rt_sigreturn noreturn ? thread=1\n"
	          "0 read signal 5 thread=1 at 401002\n");
}
END_TEST

START_TEST(handlers_that_never_come_back_do_not_pile_up)
{
	struct script *s = thread_1();

	/* each is interrupted, to be made again, and left by a jump */
	for (unsigned i = 0; i < 300; i++) {
		enter(s, READ, STUB, SP);
		leave(s, HANDLER, FRAME, 0);
	}
	enter(s, EXIT, OTHER, SP);
	script_run(s, say_record);
	ck_assert_int_eq(strncmp(s->text, "0 read signal ?", 15), 0);
	ck_assert_uint_eq(count_before(s, "read signal ?", "exit"), 300 - 63);
	free(s);
}
END_TEST

/* Memory in which every word, taken for a saved stack pointer, leads on: the search must give up. */
START_TEST(frames_without_end)
{
	static uint64_t stack[65536 / 8];
	struct script *s;

	for (size_t i = 0; i < sizeof stack / 8; i++)
		stack[i] = (uint64_t)(SP - sizeof stack + i * 8 + 264 + i % 7 * 8) & ~UINT64_C(7);
	s = thread_1();
	enter(s, READ, STUB, SP);
	for (unsigned i = 0; i < 1; i++) {
		see(s, SP - sizeof stack, stack, sizeof stack - 4096);
		leave(s, HANDLER, SP - sizeof stack, 0);
	}
	expect(s, "0 read signal ? thread=1\n");
}
END_TEST

/* It failed, and a signal came at its return: the 0 in the register is the kernel's gift to the handler. */
START_TEST(exec_that_fails_into_a_handler)
{
	struct script *s = thread_1();

	enter(s, EXECVE, STUB, SP);
	leave(s, HANDLER, FRAME, 0);
	sigreturn(s, BEHIND, SP, (uint64_t)-2);
	expect(s, "1 rt_sigreturn noreturn ? thread=1\n"
	          "0 execve signal ENOENT thread=1 at 401002\n");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("signals");
	TCase *t = tcase_create("signals");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, restart_without_handler);
	tcase_add_test(t, prefixes);
	tcase_add_test(t, restart_syscall_continues);
	tcase_add_test(t, restart_behind_a_handler);
	tcase_add_test(t, handler_before_the_restart);
	tcase_add_test(t, restart_of_sysenter_is_int80);
	tcase_add_test(t, sysenter_of_an_older_vdso);
	tcase_add_test(t, result_is_in_the_frame);
	tcase_add_test(t, two_signals_at_once);
	tcase_add_test(t, handler_jumps_out);
	tcase_add_test(t, frame_not_readable);
	tcase_add_test(t, memory_is_that_of_the_first_step);
	tcase_add_test(t, frame_not_readable_and_the_handler_jumps);
	tcase_add_test(t, exit_in_a_handler_ends_what_it_interrupted);
	tcase_add_test(t, sigreturn_into_another_handler);
	tcase_add_test(t, handlers_that_never_come_back_do_not_pile_up);
	tcase_add_test(t, frames_without_end);
	tcase_add_test(t, exec_that_fails_into_a_handler);
	suite_add_tcase(s, t);
	return run_tests(s);
}
