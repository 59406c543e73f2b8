/* Tests of the reader of QEMU's text logs, programs under qemu-user: what it tells of which blocks, and what not.
 *
 * In:  logs made by hand
 * Out: a report; exit status 0 when all passed
 */
#include "qemu_text.h"
#include "suite.h"

/* ---- programs ----------------------------------------------------------------------------------------------- */

START_TEST(single_instructions)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "31 ed");
	block(c, 0x401000);
	LIST(0x401002, "0f 05");
	c.rax = 39;
	c.rdi = 77;
	block(c, 0x401002);
	LIST(0x401004, "90");
	c.rax = 1234;
	block(c, 0x401004);
	TELLS("0:thread 0; 0:insn 401002+0/2 @1; 0:insn 401004+0/1 @2; ");
	sound();
	ck_assert(info.user_mode && info.every_insn && info.arch == &sct_arch_x86_64);
	ck_assert_int_eq(info.shown, SCT_SHOWN_NONE);
	ck_assert_uint_eq(reg[slot("rax")], 1234);
	ck_assert_uint_eq(reg[slot("rdi")], 77);
	ck_assert_uint_eq(reg[slot("cs")], 0x33);
	ck_assert_uint_eq(reg[slot("gs_base")], 0x5000);
	ck_assert_uint_eq(reg[slot("cr0")], 0x80050033);
	ck_assert_uint_eq(reg[slot("efer")], 0x500);
	ck_assert_uint_eq(reg[slot("eflags")], 0x202);
}
END_TEST

START_TEST(a_block)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "48 8b 07", "48 8b 84 24 00 01 00 00", "b8 27 00 00 00", "0f 05");
	block(c, 0x401000);
	block(c, 0x401012);
	TELLS("0:thread 0; 0:insn 401000+16/18 @0; 0:insn 401012 unlisted @1; ");
	sound();
}
END_TEST

START_TEST(long_instruction)
{
	struct cpu c = PROGRAM;

	put("----------------");
	put("IN: symbol");
	put("0x00401000:  48 c7 84 24 a0 01 00 00  movq     $0x12345678, 0x1a0(%rsp)");
	put("0x00401008:  78 56 34 12");
	put("0x0040100c:  0f 05                    syscall  ");
	put("");
	block(c, 0x401000);
	block(c, 0x40100e);
	TELLS("0:thread 0; 0:insn 401000+12/14 @0; 0:insn 40100e unlisted @1; ");
}
END_TEST

START_TEST(i386)
{
	struct cpu c = { .rsp = 0x40800000, .rax = 4, .rbp = 0xffffffff };

	LIST(0x8049000, "cd 80");
	block(c, 0x8049000);
	c.rax = 5;
	block(c, 0x8049002);
	TELLS("0:thread 0; 0:insn 8049000+0/2 @0; 0:insn 8049002 unlisted @1; ");
	ck_assert(info.user_mode && info.arch == &sct_arch_i386);
	ck_assert_uint_eq(reg[slot("rbp")], 0xffffffff);
	ck_assert_uint_eq(reg[slot("rax")], 5);
}
END_TEST

/* The instruction before the last one faults: the call is not made. */
START_TEST(left_early)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "c6 00 01", "b8 27 00 00 00", "0f 05");
	LIST(0x402000, "c3");
	block(c, 0x401000);
	block(c, 0x402000);
	LIST(0x401003, "b8 27 00 00 00", "0f 05");
	block(c, 0x401003);
	block(c, 0x40100a);
	TELLS("0:thread 0; 0:insn 401003+5/7 @2; 0:insn 40100a unlisted @3; ");
}
END_TEST

/* A handler comes next, but nothing in the block can fault. */
START_TEST(handler)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "89 f7", "b8 27 00 00 00", "0f 05");
	LIST(0x402000, "c3");
	block(c, 0x401000);
	block(c, 0x402000);
	TELLS("0:thread 0; 0:insn 401000+7/9 @0; 0:insn 402000+0/1 @1; ");
}
END_TEST

START_TEST(stopped)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "0f 05");
	block(c, 0x401000);
	put("Stopped execution of TB chain before 0x7f0000401000 [0000000000401000] symbol");
	LIST(0x402000, "c3");
	block(c, 0x402000);
	TELLS("");
	sound();
}
END_TEST

/* -strace writes a line's beginning, and another thread goes on behind it. */
START_TEST(strace_lines_between)
{
	struct cpu c = PROGRAM;

	put("4711 brk(NULL) = 0x00000000004b0000");
	LIST(0x401000, "0f 05");
	put("4711 read(4,\"Trace 0: nothing\",1)");
	len--;
	block(c, 0x401000);
	put("--- SIGALRM {si_signo=SIGALRM, si_code=SI_KERNEL, si_pid=0, si_uid=0} ---");
	c.pc = 0x401002;
	put_trace(&c);
	len += (size_t)sprintf(text + len, "4712 futex(0x1,2");
	put_dump(&c);
	put(" = 0");
	TELLS("0:thread 0; 0:insn 401000+0/2 @0; 0:insn 401002 unlisted @1; ");
	sound();
}
END_TEST

/* Two vCPUs' lines run into each other: the instruction pointer tells whose registers are whose. */
START_TEST(two_threads)
{
	struct cpu c = PROGRAM, d = PROGRAM;

	LIST(0x401000, "0f 05");
	LIST(0x402000, "0f 05");
	c.pc = 0x401000;
	d.pc = 0x402000;
	d.vcpu = 1;
	put_block(&c);
	c.pc = 0x401002;
	put_trace(&c);
	put_trace(&d);
	put_dump(&d);
	put_dump(&c);
	TELLS("0:thread 0; 0:insn 401000+0/2 @0; 0:insn 401002 unlisted @1; 1:thread 1; 1:insn 402000+0/2 @2; ");
	sound();
}
END_TEST

START_TEST(same_place)
{
	struct cpu c = PROGRAM, d = PROGRAM;

	LIST(0x401000, "0f 05");
	c.pc = d.pc = 0x401000;
	d.vcpu = 1;
	put_trace(&c);
	put_trace(&d);
	put_dump(&c);
	put_dump(&d);
	LIST(0x403000, "0f 05");
	block(c, 0x403000);
	block(c, 0x403002);
	ck_assert_int_eq(read_log(), SCT_E_FORMAT); /* before anything is known of the machine */
	begin();
	block(c, 0x400000);
	put_trace(&c);
	put_trace(&d);
	put_dump(&c);
	put_dump(&d);
	LIST(0x403000, "0f 05");
	block(c, 0x403000);
	LIST(0x403002, "90");
	block(c, 0x403002);
	TELLS("gap; gap; 0:thread 0; 0:insn 403000+0/2 @3; 0:insn 403002+0/1 @4; ");
	ck_assert_uint_eq(damage.places, 2);
}
END_TEST

/* A call at 0x402000, and what the CPU is where it has returned. */
static void put_call(struct cpu before, struct cpu behind)
{
	LIST(0x402000, "0f 05");
	block(before, 0x402000);
	LIST(0x402002, "90");
	block(behind, 0x402002);
}

/* fork returns twice: with the parent's number the call has ended, and from then on nobody knows who calls. */
START_TEST(fork_parent)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "b8 39 00 00 00", "0f 05");
	block(c, 0x401000);
	LIST(0x401007, "90");
	c.rax = 4711;
	block(c, 0x401007);
	put_call(c, c);
	TELLS("0:thread 0; 0:insn 401000+5/7 @0; 0:insn 401007+0/1 @1; gap; 0:insn 402000+0/2 @2; gap; ");
	ck_assert_int_eq(damage.first.status, SCT_E_UNSUPPORTED);
}
END_TEST

START_TEST(fork_child)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "b8 39 00 00 00", "0f 05");
	block(c, 0x401000);
	LIST(0x401007, "90");
	c.rax = 0;
	block(c, 0x401007);
	TELLS("0:thread 0; 0:insn 401000+5/7 @0; gap; ");
}
END_TEST

START_TEST(fork_fails)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "b8 39 00 00 00", "0f 05");
	block(c, 0x401000);
	LIST(0x401007, "90");
	c.rax = (uint64_t)-11;
	block(c, 0x401007);
	TELLS("0:thread 0; 0:insn 401000+5/7 @0; 0:insn 401007+0/1 @1; ");
	sound();
}
END_TEST

/* Each process writes its Trace line and its registers on their own: those of the other one may come between. */
START_TEST(fork_tangled)
{
	struct cpu c = PROGRAM, d;

	LIST(0x401000, "b8 39 00 00 00", "0f 05");
	block(c, 0x401000);
	LIST(0x401007, "90");
	c.pc = 0x401007;
	d = c;
	d.rax = 0;
	c.rax = 4711;
	put_trace(&c);
	put_trace(&d);
	put_dump(&c);
	put_dump(&d);
	put_call(c, d);
	TELLS("gap; gap; 0:insn 402000+0/2 @3; gap; ");
}
END_TEST

/* Any log in which one vCPU seems to begin two blocks at once is that of two processes, wherever the fork was. */
START_TEST(fork_tangled_later)
{
	struct cpu c = PROGRAM, d;

	LIST(0x401000, "0f 05");
	block(c, 0x400000);
	LIST(0x402000, "0f 05");
	d = c;
	c.pc = 0x401000;
	d.pc = 0x402000;
	put_trace(&c);
	put_trace(&d);
	put_dump(&d);
	put_dump(&c);
	put_call(c, d);
	TELLS("gap; gap; 0:insn 402000+0/2 @3; gap; ");
}
END_TEST

/* The line that announces a block is damaged: registers that belong to none show it. */
START_TEST(block_that_is_not_announced)
{
	struct cpu c = PROGRAM;

	block(c, 0x400000);
	LIST(0x402000, "0f 05");
	put("Tr?ce 0: 0x7f0000402000 [00000000/0000000000402000/104000b3/00000200] symbol");
	c.pc = 0x402000;
	put_dump(&c);
	block(c, 0x402002);
	ck_assert_int_eq(read_log(), SCT_OK);
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_int_eq(damage.first.status, SCT_E_FORMAT);
}
END_TEST

/* clone with CLONE_VM makes a thread; an exit leaves the vCPU's number to another one. */
START_TEST(clone_thread)
{
	struct cpu c = PROGRAM;

	c.rdi = 0x3d0f00;
	LIST(0x401000, "b8 38 00 00 00", "0f 05");
	block(c, 0x401000);
	LIST(0x401007, "b8 3c 00 00 00", "0f 05");
	c.rax = 4711;
	block(c, 0x401007);
	LIST(0x402000, "0f 05");
	block(c, 0x402000);
	TELLS("0:thread 0; 0:insn 401000+5/7 @0; 0:insn 401007+5/7 @1; 0:thread 1; 0:insn 402000+0/2 @2; ");
	sound();
}
END_TEST

/* QEMU gives it x86_64's numbers, as no Linux does. */
START_TEST(int80_in_64_bit_program)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "cd 80");
	block(c, 0x401000);
	block(c, 0x401002);
	TELLS("0:thread 0; 0:insn 401002 unlisted @1; ");
}
END_TEST

START_TEST(other_code_at_the_place)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "0f 05");
	block(c, 0x401000);
	LIST(0x401002, "eb fc");
	block(c, 0x401002);
	LIST(0x401000, "90"); /* the same host address, used again */
	block(c, 0x401000);
	block(c, 0x401002);
	TELLS("0:thread 0; 0:insn 401000+0/2 @0; 0:insn 401002+0/2 @1; ");
}
END_TEST

START_TEST(no_capstone)
{
	struct cpu c = PROGRAM;

	put("IN: ");
	put("0x00401000:  ");
	put("OBJD-T: 0f05");
	put("");
	put("IN: ");
	put("0x00401002:  ");
	put("OBJD-T: b8270000000f05");
	put("");
	c.count = 1;
	block(c, 0x401000);
	c.count = 0;
	block(c, 0x401002); /* where its last instruction begins is not known */
	TELLS("0:thread 0; 0:insn 401000+0/2 @0; 0:insn 401002 unlisted @1; ");
}
END_TEST

START_TEST(listing_that_is_no_code)
{
	struct cpu c = PROGRAM;

	put("IN: ");
	put("0x00401000:  62                       .byte    0x62");
	put("0x00401001:  0f 05                    syscall  ");
	put("");
	block(c, 0x401000);
	put("IN: ");
	put("0x00402000:  90                       nop      ");
	put("0x00402008:  0f 05                    syscall  ");
	put("");
	block(c, 0x402000);
	TELLS("0:thread 0; 0:insn 401000 unlisted @0; 0:insn 402000 unlisted @1; ");
}
END_TEST

/* ---- what is no such log --------------------------------------------------------------------------------- */

START_TEST(no_registers)
{
	struct cpu c = PROGRAM;

	c.pc = 0x401000;
	put_trace(&c);
	put_trace(&c);
	ck_assert_int_eq(read_log(), SCT_E_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.text, "-d exec,cpu"));
	len = 0;
	put("IN: ");
	ck_assert_int_eq(read_log(), SCT_E_FORMAT);
}
END_TEST

START_TEST(other_architectures_are_refused)
{
	put("Trace 0: 0x7f1ba2400100 [81009331/0000000000400580/00000001/00000201] ");
	put("NIP 0000000000400580   LR 0000000000000000 CTR 0000000000000000 XER 0000000000000000 CPU#0");
	ck_assert_int_eq(read_log(), SCT_E_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.text, "ppc"));
}
END_TEST

START_TEST(probing)
{
	extern const struct sct_trace_ops sct_trace_qemu;
	struct cpu c = PROGRAM;

	ck_assert_int_eq(sct_trace_qemu.probe((const uint8_t *)"SCTS\1\0\0", 7), 0);
	ck_assert_int_eq(sct_trace_qemu.probe((const uint8_t *)"", 0), 0);
	ck_assert_int_eq(sct_trace_qemu.probe((const uint8_t *)"Trace of something\n", 19), 0);
	put_block(&c);
	ck_assert_int_ge(sct_trace_qemu.probe((const uint8_t *)text, len), 90);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trace_qemu");
	TCase *tc = tcase_create("trace_qemu");

	tcase_add_checked_fixture(tc, begin, NULL);
	tcase_add_test(tc, single_instructions);
	tcase_add_test(tc, a_block);
	tcase_add_test(tc, long_instruction);
	tcase_add_test(tc, i386);
	tcase_add_test(tc, left_early);
	tcase_add_test(tc, handler);
	tcase_add_test(tc, stopped);
	tcase_add_test(tc, strace_lines_between);
	tcase_add_test(tc, two_threads);
	tcase_add_test(tc, same_place);
	tcase_add_test(tc, fork_parent);
	tcase_add_test(tc, fork_child);
	tcase_add_test(tc, fork_fails);
	tcase_add_test(tc, block_that_is_not_announced);
	tcase_add_test(tc, fork_tangled);
	tcase_add_test(tc, fork_tangled_later);
	tcase_add_test(tc, clone_thread);
	tcase_add_test(tc, int80_in_64_bit_program);
	tcase_add_test(tc, other_code_at_the_place);
	tcase_add_test(tc, no_capstone);
	tcase_add_test(tc, listing_that_is_no_code);
	tcase_add_test(tc, no_registers);
	tcase_add_test(tc, other_architectures_are_refused);
	tcase_add_test(tc, probing);
	suite_add_tcase(suite, tc);
	return run_tests(suite);
}
