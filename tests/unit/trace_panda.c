/* Tests of the reader of PANDA's trace and Tenet's text: what lines of a machine and of a program mean.
 * In:  lines, some of them cut from real traces
 * Out: events, as text
 */
#include "panda_text.h"
#include "suite.h"

/* ---- a machine ---------------------------------------------------------------------------------------------- */

/* Lines 261486 and so on of a recording of Debian's i386 kernel: read(2) by sysenter, and the way back. */
START_TEST(enter_and_return)
{
	ck_events(USER "eip=0xb7fd6552,mw=bfd63c94:01000000,esp=0xbfd63c94\n"
	          USER "eip=0xb7fd6553,mw=bfd63c90:b83dd6bf,esp=0xbfd63c90\n"
	          USER "eip=0xb7fd6555,ebp=0xbfd63c90\n"
	          KERNEL "eip=0xc191a010,esp=0xff404000\n"
	          KERNEL "eip=0xc191a011,mw=ff403ffc:46000000,esp=0xff403ffc\n"
	          KERNEL "eip=0xc191a0f9,mr=ff403ffc:01000000,eax=0x1,esp=0xff404000\n"
	          KERNEL "eip=0xc191a0fa\n"
	          USER "eip=0xb7fd6559,esp=0xbfd63c90\n"
	          USER "eip=0xb7fd655a,mr=bfd63c90:b83dd6bf,esp=0xbfd63c94\n",
	          "cr3=2017000\n0 mw=bfd63c94:01000000\n0 mw=bfd63c90:b83dd6bf\n"
	          "esp=bfd63c90\nebp=bfd63c90\ninsn 2 b7fd6555\n"
	          "3 mw=ff403ffc:46000000\n4 mr=ff403ffc:01000000\neax=1\nuser 7 b7fd6559\n"
	          "7 mr=bfd63c90:b83dd6bf\n");
	ck_assert_str_eq(info.format, "panda");
	ck_assert(!info.user_mode && !info.every_insn);
	ck_assert_int_eq(info.shown, SCT_SHOWN_ALL);
	ck_assert_int_eq(info.level, SCT_LEVEL_FULL);
	ck_assert_ptr_eq(info.arch, &sct_arch_i386);
	ck_assert(info.first_pc.known);
	ck_assert_uint_eq(info.first_pc.value, 0xb7fd6552);
	ck_assert_uint_eq(lines, 9);
}
END_TEST

/* The CPU's own pushes stand in the line of the first kernel instruction: they come behind the instruction. */
START_TEST(pushes_of_entry)
{
	ck_events(USER "eip=0x8049095,eax=0x14\n"
	          KERNEL "eip=0xc1919e38,mw=ff403ffc:7b000000,mw=ff403ff8:602ad6bf,esp=0xff403fec\n"
	          USER "eip=0x8049097,mr=ff403fec:97900408,eax=0x66\n",
	          "cr3=2017000\neax=14\ninsn 0 8049095\n0 mw=ff403ffc:7b000000\n0 mw=ff403ff8:602ad6bf\n"
	          "1 mr=ff403fec:97900408\neax=66\nesp=ff403fec\nuser 2 8049097\n");
}
END_TEST

/* One instruction in user mode: it is returned to and enters again. */
START_TEST(one_instruction)
{
	ck_events(KERNEL "eip=0xc0000000,ebx=0x1\n" USER "eip=0x8049095\n" KERNEL "eip=0xc1919e38\n",
	          "cr3=2017000\nebx=1\nuser 1 8049095\ninsn 1 8049095\n");
}
END_TEST

/* Accesses happen where the line before was; registers that go back to what was told are not told again. */
START_TEST(address_spaces)
{
	ck_events("asid=0x02017000,kernel=1,eip=0xc0000000,eax=0x1\n"
	          "asid=0x02018000,kernel=1,eip=0xc0000003,mw=c0100000:11\n"
	          "asid=0x02018000,kernel=1,eip=0xc0000004,mw=c0100001:22,eax=0x2\n"
	          "asid=0x02018000,kernel=1,eip=0xc0000005,eax=0x1\n"
	          "asid=0x02017000,kernel=0,eip=0x8048000,mr=c0100002:33\n"
	          "asid=0x02017000,kernel=1,eip=0xc0000006,mw=c0100003:44\n"
	          "asid=0x02017000,kernel=0,eip=0x8048000\n",
	          "cr3=2017000\n0 mw=c0100000:11\ncr3=2018000\n1 mw=c0100001:22\n3 mr=c0100002:33\n"
	          "cr3=2017000\neax=1\nuser 4 8048000\ninsn 4 8048000\n4 mw=c0100003:44\nuser 6 8048000\n");
}
END_TEST

/* PANDA's buffer overflowed: accesses lie before the line's own start. */
START_TEST(overflow)
{
	ck_events(USER "eip=0x8048000\n"
	          "mw=c1c3bf18:00000000,mr=c1c3bf14:70da90c1,asid=0x02017000,kernel=1,eip=0xc191a2c2,esp=0xc1c3bf14\n"
	          USER "eip=0x8048002\n",
	          "cr3=2017000\ninsn 0 8048000\n0 mw=c1c3bf18:00000000\n0 mr=c1c3bf14:70da90c1\n"
	          "esp=c1c3bf14\nuser 2 8048002\n");
}
END_TEST

/* The shape of PANDA's README: 0x before addresses, registers among accesses; and 64 bits. */
START_TEST(addresses_with_0x_and_64_bits)
{
	ck_events("eax=0xc10343f0,asid=0x34c0ad20,kernel=0,eip=0xc17efb88,mw=0xc1b17f68:44000000,esp=0xc1b17f68\n"
	          "kernel=1,asid=0x34c0ad20,mr=0xc1b17f68:C4FFFFFF,eip=0xC17F0140\n",
	          "cr3=34c0ad20\n0 mw=c1b17f68:44000000\neax=c10343f0\nesp=c1b17f68\ninsn 0 c17efb88\n"
	          "0 mr=c1b17f68:c4ffffff\n");
	ck_events("asid=0x000000000a2be000,kernel=0,rip=0x7ffff7fc1234,rax=0xffffffffffffffff,r8=0x8,r15=0xf\n"
	          "asid=0x000000000a2be000,kernel=1,rip=0xffffffff81c00000,rcx=0x7ffff7fc1236,"
	          "mw=ffff88800f800000:00112233445566778899aabbccddeeff\n",
	          "cr3=a2be000\nrax=ffffffffffffffff\nr8=8\nr15=f\ninsn 0 7ffff7fc1234\n"
	          "0 mw=ffff88800f800000:00112233445566778899aabbccddeeff\n");
	ck_assert_ptr_eq(info.arch, &sct_arch_x86_64);
}
END_TEST

/* ---- one program -------------------------------------------------------------------------------------------- */

/* PANDA's trace with target=t1, from its beginning. */
START_TEST(one_program)
{
	ck_events("eip=0x8049613,eax=0xbfd62a60,ecx=0x0,esp=0xbfd62a58,ebp=0x0,esi=0x0,edi=0x0\n"
	          "eip=0x8049614,mw=bfd62a54:00000000,esp=0xbfd62a54\n"
	          "eip=0x804961e,mr=bfd62a5c:602ad6bf\n",
	          "eax=bfd62a60\necx=0\nesp=bfd62a58\nebp=0\nesi=0\nedi=0\ninsn 0 8049613\n"
	          "0 mw=bfd62a54:00000000\nesp=bfd62a54\ninsn 1 8049614\n"
	          "1 mr=bfd62a5c:602ad6bf\ninsn 2 804961e\n");
	ck_assert_str_eq(info.format, "tenet");
	ck_assert(info.user_mode && info.every_insn);
	ck_assert_int_eq(info.shown, SCT_SHOWN_PROGRAM);
}
END_TEST

/* Other tracers: the pc last or left out where it is the same, comments, CRLF, names in capitals, registers that are
 * not kept. */
START_TEST(lines_of_other_tracers)
{
	ck_events("# a trace\r\n\r\n"
	          "RAX=0x4,rbx=0x1e288060,rip=0x1401f6530\r\n"
	          "rip=0x1401f6535,mw=0xbae450:6080281E00000000\r\n"
	          "#\n"
	          "xmm0=0x00112233445566778899aabbccddeeff,mrw=0xbae458:0100,rbx=0X5\n",
	          "rax=4\nrbx=1e288060\ninsn 0 1401f6530\n0 mw=bae450:6080281e00000000\ninsn 1 1401f6535\n"
	          "1 mw=bae458:0100\nrbx=5\ninsn 2 1401f6535\n");
	ck_assert_uint_eq(lines, 3);
}
END_TEST

/* ---- devices ------------------------------------------------------------------------------------------------ */

static void put_number(struct text *t, uint64_t n, size_t size)
{
	add(t, &n, size); /* little-endian, as the machines are that these tests run on */
}

/* An entry of the log: len bytes written to addr before instruction seq. */
static void put_write(struct text *log, uint64_t seq, uint64_t addr, uint32_t len)
{
	put_number(log, seq, 8);
	put_number(log, 6, 1); /* a skipped call */
	put_number(log, 0, 1);
	put_number(log, 0, 1); /* memory write */
	put_number(log, addr, 8);
	put_number(log, 0, 8);
	put_number(log, len, 8);
	for (uint32_t i = 0; i < len; i++)
		put_number(log, 0x41 + i % 26, 1);
}

/* Before the instruction that has their number: behind the line's accesses, before it is told. */
START_TEST(devices)
{
	const char *text = USER "eip=0x1\n" USER "eip=0x2,mw=10:aa\n" KERNEL "eip=0x3,mw=20:bb\n" USER "eip=0x4,mw=30:cc\n";
	struct sct_trace_options options = { .threads = 1, .hints.ram_size = 256 << 20 };
	struct text log = { NULL, 0, 0 };
	char path[64];
	int fd;

	put_number(&log, 4, 8);
	put_write(&log, 1, 0x1ffe, 4);
	put_write(&log, 3, 0x3000, 1);
	put_write(&log, 3, 0x3001, 1);
	put_write(&log, 9, 0x4000, 1);
	put_number(&log, 9, 8);
	put_number(&log, 7, 1); /* the end */
	put_number(&log, 0, 1);
	fd = memory_file(log.s, log.len, path);
	options.hints.nondet = path;
	ck_assert_msg(read_data(text, strlen(text), &options) == 0, "%s", err.text);
	ck_assert_str_eq(got.s, "cr3=2017000\n0 mw=10:aa\ndevice 1ffe:4142\ndevice 2000:4344\ninsn 1 2\n1 mw=20:bb\n"
	                 "2 mw=30:cc\ndevice 3000:41\ndevice 3001:41\nuser 3 4\n");
	ck_assert_msg(!damage.first.status, "%s", damage.first.text);
	close(fd);
	fd = memory_file(log.s, 60, path);
	ck_assert_msg(read_data(text, strlen(text), &options) == 0, "%s", err.text);
	ck_assert_ptr_nonnull(strstr(damage.first.text, "non-determinism log"));
	ck_assert_ptr_nonnull(strstr(got.s, "user 3 4"));
	close(fd);
	free(log.s);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trace_panda");
	TCase *c = tcase_create("all");

	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, enter_and_return);
	tcase_add_test(c, pushes_of_entry);
	tcase_add_test(c, one_instruction);
	tcase_add_test(c, address_spaces);
	tcase_add_test(c, overflow);
	tcase_add_test(c, addresses_with_0x_and_64_bits);
	tcase_add_test(c, one_program);
	tcase_add_test(c, lines_of_other_tracers);
	tcase_add_test(c, devices);
	suite_add_tcase(s, c);
	return run_tests(s);
}
