/* Tests of the reader of QEMU's text logs, whole machines and damage.
 *
 * In:  logs made by hand
 * Out: a report; exit status 0 when all passed
 */
#include "qemu_text.h"
#include "suite.h"

/* ---- machines ----------------------------------------------------------------------------------------------- */

#define USER64 { .wide = true, .big = true, .machine = true, .rsp = 0x7ffe0000, .rax = 1 }
#define KERNEL 0xffffffff81000000

static struct cpu in_kernel(struct cpu c)
{
	c.kernel = true;
	c.rsp = 0xffffc90000000000;
	return c;
}

START_TEST(machine_syscall)
{
	struct cpu c = USER64, k;

	LIST(0x401000, "48 8b 07", "0f 05");
	block(c, 0x401000);
	k = in_kernel(c);
	k.rsp = c.rsp;
	k.rcx = 0x401005;
	block(k, KERNEL);
	block(in_kernel(c), KERNEL + 64);
	LIST(0x401005, "90");
	block(c, 0x401005);
	block(c, 0x401006);
	TELLS("0:insn 401000+3/5 @0; 0:user 401005 @3; 0:insn 401006 unlisted @4; ");
	sound();
	ck_assert(!info.user_mode && !info.every_insn);
	ck_assert_uint_eq(reg[slot("cr3")], 0x2000);
}
END_TEST

/* A page fault in the same block: the kernel's stack, rcx by chance that of the call before. */
START_TEST(machine_fault)
{
	struct cpu c = USER64, k;

	c.rcx = 0x401005;
	LIST(0x401000, "48 8b 07", "0f 05");
	block(c, 0x401000);
	k = in_kernel(c);
	block(k, KERNEL);
	block(c, 0x401000);
	k.rsp = c.rsp;
	block(k, KERNEL + 0x800);
	TELLS("0:user 401000 @2; 0:insn 401000+3/5 @2; ");
}
END_TEST

/* The vDSO's: ebp shows that the last instruction was reached. */
START_TEST(machine_sysenter)
{
	struct cpu c = { .big = false, .machine = true, .rsp = 0xbf000010, .rbp = 0x55, .rax = 4 }, k;

	LIST(0xb7f00000, "51", "52", "55", "89 e5", "0f 34");
	block(c, 0xb7f00000);
	k = in_kernel(c);
	block(k, 0xc1000000);
	block(c, 0xb7f00000);
	k.rbp = 0xbf000004;
	block(k, 0xc1000800);
	block(c, 0xb7f00009);
	TELLS("0:user b7f00000 @2; 0:insn b7f00000+5/7 @2; 0:user b7f00009 @4; 0:insn b7f00009 unlisted @4; ");
}
END_TEST

/* A block of which the registers show nothing counts once it is known where that instruction leads. */
START_TEST(machine_known_entry)
{
	struct cpu c = { .big = false, .machine = true, .rsp = 0xbf000010, .rax = 4 };

	LIST(0x8049000, "8b 07", "cd 80");
	block(c, 0x8049000);
	block(in_kernel(c), 0xc1000000);
	LIST(0x8049100, "cd 80");
	block(c, 0x8049100);
	block(in_kernel(c), 0xc1000800);
	block(c, 0x8049000);
	block(in_kernel(c), 0xc1000800);
	block(c, 0x8049000);
	block(in_kernel(c), 0xc1000000);
	TELLS("0:user 8049100 @2; 0:insn 8049100+0/2 @2; 0:user 8049000 @4; 0:insn 8049000+2/4 @4; 0:user 8049000 @6; ");
}
END_TEST

/* -d int: dumps that are of no block. */
START_TEST(exceptions)
{
	struct cpu c = USER64, k;

	LIST(0x401000, "90");
	block(c, 0x401000);
	put("check_exception old: 0xffffffff new 0xe");
	put("     0: v=0e e=0004 i=0 cpl=3 IP=0033:0000000000401001 pc=0000000000401001 SP=002b:000000007ffe0000 CR2=0");
	c.pc = 0x401001;
	put_dump(&c);
	put("SMM: enter");
	k = at(in_kernel(c), 5);
	k.wide = false;
	put_dump(&k);
	block(in_kernel(c), KERNEL);
	LIST(0x401001, "90");
	block(c, 0x401001);
	TELLS("0:user 401001 @2; ");
	sound();
}
END_TEST

START_TEST(compat_code)
{
	struct cpu c = USER64;

	LIST(0x401000, "90");
	block(c, 0x401000);
	c.wide = false;
	LIST(0x8049000, "cd 80");
	block(c, 0x8049000);
	block(in_kernel(c), 0x1000);
	TELLS("0:insn 8049000+0/2 @1; ");
	ck_assert(info.arch == &sct_arch_x86_64);
	ck_assert_uint_eq(reg[slot("cs")], 0x23);
}
END_TEST

/* ---- damage ------------------------------------------------------------------------------------------------- */

START_TEST(cut)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "0f 05");
	block(c, 0x401000);
	c.pc = 0x401002;
	put_block(&c);
	len -= 300;
	TELLS("0:thread 0; 0:insn 401000+0/2 @0; ");
	ck_assert(damage.truncated);
	ck_assert_int_eq(damage.first.status, SCT_E_TRUNCATED);
}
END_TEST

START_TEST(broken_dump)
{
	struct cpu c = PROGRAM;
	char *row;

	LIST(0x401000, "0f 05");
	block(c, 0x401000);
	block(c, 0x401002);
	text[len] = 0;
	row = strstr(strstr(text, "R12=") + 4, "R12=");
	row[6] = 'x';
	LIST(0x403000, "0f 05");
	block(c, 0x403000);
	TELLS("gap; 0:thread 0; 0:insn 403000+0/2 @2; ");
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_uint_eq(damage.first.offset, (uint64_t)(row - text));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trace_qemu_machine");
	TCase *tc = tcase_create("trace_qemu_machine");

	tcase_add_checked_fixture(tc, begin, NULL);
	tcase_add_test(tc, machine_syscall);
	tcase_add_test(tc, machine_fault);
	tcase_add_test(tc, machine_sysenter);
	tcase_add_test(tc, machine_known_entry);
	tcase_add_test(tc, exceptions);
	tcase_add_test(tc, compat_code);
	tcase_add_test(tc, cut);
	tcase_add_test(tc, broken_dump);
	suite_add_tcase(suite, tc);
	return run_tests(suite);
}
