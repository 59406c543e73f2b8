/* Tests of the reader of PANDA's trace: which thread runs, and which ways into the kernel are system calls, by what the
 * kernel does.
 * In:  lines of a machine's trace, some of them cut from a recording of Debian's i386 kernel
 * Out: events, as text
 */
#include "panda_text.h"
#include "suite.h"

/* ---- threads ------------------------------------------------------------------------------------------------ */

/* __switch_to_asm: the stack pointer goes to the task that stops, and comes from the one that goes on. */
#define LEAVE_1 KERNEL "eip=0xc1001607,mw=c1c44d5c:e0bec3c1\n"
#define LEAVE_2 KERNEL "eip=0xc1001607,mw=c2262b1c:0c5f3ac2\n"
#define TO_1 KERNEL "eip=0xc100160d,mr=c1c44d5c:e0bec3c1,esp=0xc1c3bee0\n"
#define TO_2 KERNEL "eip=0xc100160d,mr=c2262b1c:0c5f3ac2,esp=0xc23a5f0c\n"
#define TO_3 KERNEL "eip=0xc100160d,mr=c2270b1c:0c5f4bc2,esp=0xc24b5f0c\n"
#define IN_1 USER "eip=0x8048000\n" KERNEL "eip=0xc0000000,esp=0xc1c3bee4\n" \
	KERNEL "eip=0xc1001604,mw=c1c3bee0:46020000,esp=0xc1c3bee0\n"
#define IN_2 USER "eip=0x8048000\n" KERNEL "eip=0xc0000000,esp=0xc23a5f10\n" \
	KERNEL "eip=0xc1001604,mw=c23a5f0c:46020000,esp=0xc23a5f0c\n"
#define OUT USER "eip=0x8048002,esp=0xbfff0000\n"

/* Reads a sound trace; its thread events, in order. */
static void ck_threads(const char *text, const char *expected)
{
	struct text threads = { NULL, 0, 0 };

	ck_assert_msg(read_text(text) == 0, "%s", err.text);
	add(&threads, "", 0);
	for (const char *at = got.s; (at = strstr(at, "thread")); at = strchr(at, '\n'))
		add(&threads, at, (size_t)(strchr(at, '\n') + 1 - at));
	ck_assert_str_eq(threads.s, expected);
	free(threads.s);
}

START_TEST(threads)
{
	ck_threads(IN_1 OUT IN_1 LEAVE_1 TO_2 OUT OUT IN_2 OUT IN_2 LEAVE_2 TO_1 OUT, "thread 1\nthread 2\nthread 1\n");
	ck_assert(info.exact_threads);
	ck_threads(IN_1 OUT IN_1 OUT, "");
}
END_TEST

/* A thread that has run before goes on where all do; a new one goes on elsewhere. */
START_TEST(first_time)
{
	ck_threads(IN_1 LEAVE_1 TO_2 KERNEL "eip=0xc1001700,mr=c23a5f1c:001700c1,esp=0xc23a5f20\n" OUT
	           IN_2 LEAVE_2 TO_1 KERNEL "eip=0xc1001700,mr=c1c3bef0:001700c1,esp=0xc1c3bef4\n" OUT
	           IN_1 LEAVE_1 TO_3 KERNEL "eip=0xc1002000,mr=c24b5f1c:002000c1,esp=0xc24b5f20\n" OUT,
	           "thread 1\nthread 2\nthread 1\nthread 3 for the first time\n");
}
END_TEST

/* A task that goes on with another stack pointer than it stopped with is another one in its place. */
START_TEST(place_used_again)
{
	ck_threads(IN_1 LEAVE_1 TO_2 OUT IN_2 LEAVE_2 TO_1 OUT IN_1 LEAVE_1
	           KERNEL "eip=0xc100160d,mr=c2262b1c:1c5f3ac2,esp=0xc23a5f1c\n" OUT,
	           "thread 1\nthread 2\nthread 1\nthread 3\n");
}
END_TEST

/* Stores of the stack pointer that no switch follows, and loads that no store came before. */
START_TEST(no_switch)
{
	ck_threads(IN_1 LEAVE_1 KERNEL "eip=0xc1001608\n" TO_2 OUT, "");
	ck_threads(IN_1 TO_2 OUT, "");
	ck_threads(IN_1 KERNEL "eip=0xc1001607,mw=c1c44d5c:e1bec3c1\n" TO_2 OUT, "");
	ck_threads(IN_1 LEAVE_1 KERNEL "eip=0xc100160d,mr=c2262b1c:0c5f3ac2,esp=0xc23a5f10\n" OUT, "");
	ck_threads(IN_1 LEAVE_1 KERNEL "eip=0xc100160d,mr=c2262b1c:0c5f3ac2,mr=c0000000:00,esp=0xc23a5f0c\n" OUT, "");
}
END_TEST

#define USER_64 "asid=0x0000000001000000,kernel=0,"
#define KERNEL_64 "asid=0x0000000001000000,kernel=1,"

/* Stacks that are changed for other reasons: at the entry of a call, which saves the program's stack pointer and loads
 * the kernel's (entry_SYSCALL_64 before Linux 4.15), and for an interrupt (ENTER_IRQ_STACK, before 5.8). */
START_TEST(other_stacks)
{
	ck_threads(USER_64 "rip=0x401000,rsp=0x7ffe00001000\n"
	           KERNEL_64 "rip=0xffffffff81800000,rcx=0x401002\n" KERNEL_64 "rip=0xffffffff81800003\n"
	           KERNEL_64 "rip=0xffffffff8180000c,mw=ffff88801fc0c000:00100000fe7f0000\n"
	           KERNEL_64 "rip=0xffffffff81800015,mr=ffff88801fc0c008:0040040000c9ffff,rsp=0xffffc90000044000\n"
	           USER_64 "rip=0x401002,rsp=0x7ffe00001000\n", "");
	ck_threads(USER_64 "rip=0x401000,rsp=0x7ffe00001000\n" KERNEL_64 "rip=0xffffffff81800900,rsp=0xffffc90000043fc0\n"
	           KERNEL_64 "rip=0xffffffff81800904,mw=ffffc90000043fb8:00100000fe7f0000,rsp=0xffffc90000043fb8\n"
	           KERNEL_64 "rip=0xffffffff8180090c,mr=ffff88801fc0d100:ffffffff,mw=ffff88801fc0d100:00000000\n"
	           KERNEL_64 "rip=0xffffffff8180090e\n"
	           KERNEL_64 "rip=0xffffffff81800917,mw=ffff88801fc03ff8:b83f040000c9ffff\n"
	           KERNEL_64 "rip=0xffffffff81800920,mr=ffff88801fc0d0f8:0040c01f8088ffff,rsp=0xffff88801fc04000\n"
	           USER_64 "rip=0x401000,rsp=0x7ffe00001000\n", "");
}
END_TEST

/* The macro switch_to of x86_64 before Linux 4.9 has one instruction between its last push and the change. */
START_TEST(old_switch)
{
	ck_threads(USER_64 "rip=0x401000,rsp=0x7ffe00001000\n" KERNEL_64 "rip=0xffffffff81600000,rsp=0xffff880000043fc0\n"
	           KERNEL_64 "rip=0xffffffff81600001,mw=ffff880000043fb8:0202000000000000,rsp=0xffff880000043fb8\n"
	           KERNEL_64 "rip=0xffffffff81600004,rbp=0xffff880000099000\n"
	           KERNEL_64 "rip=0xffffffff8160000b,mw=ffff880000098618:b83f04000088ffff\n"
	           KERNEL_64 "rip=0xffffffff81600012,mr=ffff880000099618:b85f04000088ffff,rsp=0xffff880000045fb8\n"
	           USER_64 "rip=0x402000,rsp=0x7ffe00002000\n", "thread 1\nthread 2\n");
}
END_TEST

/* Behind missing lines the running thread is another one until it is seen again. */
START_TEST(threads_lost)
{
	ck_threads(IN_1 LEAVE_1 TO_2 OUT "x\n" IN_2 OUT IN_2 LEAVE_2 TO_1 OUT, "thread 1\nthread 2\nthread 3\nthread 1\n");
}
END_TEST

/* A stay in the kernel that changes the page-table base in its line number `late`. */
static uint64_t halves_of(const char *before, const char *then, unsigned late)
{
	file.len = 0;
	say(&file, "asid=0x%s,kernel=0,rip=0x401000,rsp=0x7ffe00001000\n", before);
	for (unsigned i = 1; i < late; i++)
		say(&file, "asid=0x%s,kernel=1,rip=0xffffffff81800000\n", before);
	say(&file, "asid=0x%s,kernel=1,rip=0xffffffff81800010\n", then);
	ck_assert_msg(read_text(file.s) == 0, "%s", err.text);
	return info.halves;
}

/* Page-table isolation changes the base at once; what comes later may be another process. */
START_TEST(halves_of_page_tables)
{
	ck_assert_uint_eq(halves_of("0000000005a23000", "0000000005a22000", 5), 0x1000);
	ck_assert_uint_eq(halves_of("0000000005a23881", "8000000005a22081", 5), 0x1000);
	ck_assert_uint_eq(halves_of("0000000005a23000", "0000000005a22000", 500), 0);
	ck_assert_uint_eq(halves_of("0000000005a22000", "0000000005a23000", 5), 0);
	ck_assert_uint_eq(halves_of("0000000005a23000", "0000000005a20000", 5), 0);
	ck_assert_uint_eq(halves_of("0000000005a23000", "0000000005a23000", 5), 0);
}
END_TEST

/* ---- ways into the kernel ----------------------------------------------------------------------------------- */

/* A call, or not: user code at pc, an entry point, and user code that goes on at `next` with eax. */
static void way(const char *pc, const char *entry, const char *next, const char *eax)
{
	say(&file, USER "eip=0x%s,eax=0x14,esp=0xbfff0000\n", pc);
	say(&file, KERNEL "eip=0x%s,esp=0xff403fec\n" KERNEL "eip=0xc0000000\n", entry);
	say(&file, USER "eip=0x%s,eax=0x%s,esp=0xbfff0000\n", next, eax);
}

/* What is known of the entering instruction of the last way. */
static const char *last_code(void)
{
	static char code[5]; /* two bytes in hex */
	const char *at = NULL;
	int n = 0;

	ck_assert_msg(read_text(file.s) == 0, "%s", err.text);
	for (const char *next = got.s; (next = strstr(next, "insn ")); next++)
		at = next;
	ck_assert_ptr_nonnull(at);
	code[0] = 0;
	sscanf(at, "insn %*u %*x%n", &n);
	if (at[n] == ' ')
		memcpy(code, at + n + 1, 4);
	return code;
}

static void ck_code(const char *code)
{
	ck_assert_str_eq(last_code(), code);
}

START_TEST(int80)
{
	way("8049095", "c191a10c", "8049097", "66");
	ck_code("");
	way("8049095", "c191a10c", "8049097", "67");
	ck_code("");
	way("8049095", "c191a10c", "8049097", "67");
	ck_code("cd80");
	way("8049200", "c191a10c", "8049202", "14");
	ck_code("cd80");
	way("8049200", "c191a200", "8049200", "14"); /* a page fault */
	ck_code("");
}
END_TEST

START_TEST(sysenter)
{
	for (unsigned i = 0; i < 3; i++)
		way("b7fd6555", "c191a010", "b7fd6559", "3");
	ck_code("0f34");
}
END_TEST

/* A call that is made again as restart_syscall comes back to the vDSO's `int $0x80` with that number, 0. */
START_TEST(restarted)
{
	for (unsigned i = 0; i < 3; i++)
		way("b7fd6555", "c191a010", "b7fd6557", "0");
	ck_code("");
	for (unsigned i = 0; i < 3; i++)
		way("b7fd6555", "c191a010", "b7fd6559", "0");
	way("b7fd6555", "c191a010", "b7fd6557", "0");
	way("b7fd6555", "c191a010", "b7fd6559", "0");
	ck_code("0f34");
}
END_TEST

/* Faults and interrupts give back all registers, whatever they return to. */
START_TEST(faults)
{
	for (unsigned i = 0; i < 4; i++) {
		way("8049095", "c191a200", "8049095", "14");
		way("8049095", "c191a200", "8049097", "14");
	}
	ck_code("");
}
END_TEST

/* An entry point that comes back in both ways proves nothing. */
START_TEST(both_ways)
{
	for (unsigned i = 0; i < 4; i++) {
		way("8049095", "c191a200", "8049097", "3");
		way("8049095", "c191a200", "8049099", "3");
	}
	ck_code("");
}
END_TEST

/* A handler of SIGILL skips an instruction of two bytes and sets its result: the way out is that of its sigreturn. */
START_TEST(emulated)
{
	for (unsigned i = 0; i < 4; i++) {
		say(&file, USER "eip=0x8049095,eax=0x14,esp=0xbfff0000\n" KERNEL "eip=0xc191a300,esp=0xff403fec\n");
		say(&file, USER "eip=0x8050000,eax=0x4,esp=0xbffe0000\n" USER "eip=0x8050006,eax=0xad\n");
		say(&file, KERNEL "eip=0xc191a10c,esp=0xff403fec\n" USER "eip=0x8049097,eax=0x3,esp=0xbfff0000\n");
	}
	say(&file, USER "eip=0x8049095,eax=0x14,esp=0xbfff0000\n" KERNEL "eip=0xc191a300,esp=0xff403fec\n");
	ck_code("");
}
END_TEST

/* Of 64 bits: only `syscall` leaves the stack pointer as it is. */
START_TEST(syscall_of_64_bits)
{
	const char *user = "asid=0x0000000001000000,kernel=0,rip=0x401000,rsp=0x7ffe0000\n";

	say(&file, "%sasid=0x0000000001000000,kernel=1,rip=0xffffffff81c00000,rcx=0x401002\n", user);
	ck_code("0f05");
	file.len = 0;
	say(&file, "%sasid=0x0000000001000000,kernel=1,rip=0xffffffff81c00b00,rsp=0xfffffe0000002fd8\n", user);
	ck_code("");
	file.len = 0;
	say(&file, "asid=0x0000000001000000,kernel=0,rip=0x401000\n"
	    "asid=0x0000000001000000,kernel=1,rip=0xffffffff81c00000\n");
	ck_code("");
}
END_TEST

/* A call by `syscall` from there, into the kernel at entry. */
static void syscall_at(const char *pc, const char *sp, const char *entry)
{
	say(&file, "asid=0x0000000001000000,kernel=0,rip=0x%s,rsp=0x%s\n", pc, sp);
	say(&file, "asid=0x0000000001000000,kernel=1,rip=0x%s\n", entry);
}

/* 64-bit code may be low, with a low stack; 32-bit code has an entry point of its own. */
START_TEST(syscall_of_both)
{
	syscall_at("401000", "4c9000", "ffffffff81c00000"); /* nobody knows yet */
	syscall_at("401000", "7ffe0000ff00", "ffffffff81c00000");
	syscall_at("401000", "4c9000", "ffffffff81c00000");
	syscall_at("f7f0c555", "ffe5ec0c", "ffffffff81c01a00");
	ck_assert_msg(read_text(file.s) == 0, "%s", err.text);
	got.len = 0;
	for (const char *at = strtok(got.s, "\n"); at; at = strtok(NULL, "\n"))
		if (!strncmp(at, "insn", 4))
			say(&file, "#%s\n", at);
	ck_assert_str_eq(strchr(file.s, '#'), "#insn 0 401000 0f05\n" "#insn 2 401000 0f05 64\n"
	                 "#insn 4 401000 0f05 64\n" "#insn 6 f7f0c555 0f05 32\n");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trace_panda_kernel");
	TCase *c = tcase_create("all");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, threads);
	tcase_add_test(c, first_time);
	tcase_add_test(c, place_used_again);
	tcase_add_test(c, no_switch);
	tcase_add_test(c, other_stacks);
	tcase_add_test(c, old_switch);
	tcase_add_test(c, threads_lost);
	tcase_add_test(c, halves_of_page_tables);
	tcase_add_test(c, int80);
	tcase_add_test(c, sysenter);
	tcase_add_test(c, restarted);
	tcase_add_test(c, faults);
	tcase_add_test(c, both_ways);
	tcase_add_test(c, emulated);
	tcase_add_test(c, syscall_of_64_bits);
	tcase_add_test(c, syscall_of_both);
	suite_add_tcase(s, c);
	return run_tests(s);
}
