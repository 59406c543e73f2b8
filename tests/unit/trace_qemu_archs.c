/* Tests of the reader of QEMU's text logs, programs of Arm, AArch64 and MIPS: what is told of code that is listed as
 * numbers or by names, and which logs are refused.
 *
 * In:  logs made by hand
 * Out: a report; exit status 0 when all passed
 */
#include "qemu_text.h"
#include "suite.h"

static void announce_block(const char *pc, const char *flags, unsigned count)
{
	len += (size_t)sprintf(text + len, "Trace 0: 0x7f0000%.8s [00000000/%s/%s/00000%03x] \n", pc, pc, flags,
	                       0x200 + count);
}

static void put_arm(const char *pc, const char *psr, unsigned count)
{
	announce_block(pc, "00000000", count);
	put("R00=00000001 R01=00000002 R02=00000003 R03=00000004");
	put("R04=00000005 R05=00000006 R06=00000007 R07=00000014");
	put("R08=00000000 R09=00000000 R10=00000000 R11=00000000");
	len += (size_t)sprintf(text + len, "R12=00000000 R13=40800000 R14=00000000 R15=%s\n", pc);
	put(psr);
}

static void put_mips(const char *pc, const char *hflags, const char *config)
{
	announce_block(pc, "000000e2", 1);
	len += (size_t)sprintf(text + len, "pc=0x%s HI=0x00000000 LO=0x00000000 ds %s 00000000 0\n", pc, hflags);
	put("GPR00: r0 00000000 at 00000000 v0 00000fb4 v1 00000000");
	put("GPR04: a0 00000001 a1 00000002 a2 00000003 a3 00000004");
	put("GPR08: t0 00000000 t1 00000000 t2 00000000 t3 00000000");
	put("GPR12: t4 00000000 t5 00000000 t6 00000000 t7 00000000");
	put("GPR16: s0 00000000 s1 00000000 s2 00000000 s3 00000000");
	put("GPR20: s4 00000000 s5 00000000 s6 00000000 s7 00000000");
	put("GPR24: t8 00000000 t9 00000000 k0 00000000 k1 00000000");
	put("GPR28: gp 00000000 sp 40800000 s8 00000000 ra 00000000");
	put("CP0 Status  0x24000010 Cause   0x00000000 EPC    0x00000000");
	len += (size_t)sprintf(text + len, "    Config0 0x%s Config1 0x9e190c8f LLAddr 0x0000000000000000\n", config);
	put("    Config2 0x80000000 Config3 0x00000000");
	put("    Config4 0x00000000 Config5 0x00000000");
}

static void list(const char *line)
{
	put("----------------");
	put("IN: ");
	put(line);
	put("");
}

/* The CPU mode decides which bytes enter the kernel. */
START_TEST(arm_and_thumb)
{
	list("0x00010000:  ef000000  svc      #0");
	put_arm("00010000", "PSR=00000010 ---- A usr32", 1);
	list("0x00010004:  df00       svc      #0");
	put_arm("00010004", "PSR=00000030 ---- T usr32", 1);
	list("0x00010006:  f04f 0b00  mov.w    fp, #0");
	put_arm("00010006", "PSR=00000030 ---- T usr32", 1);
	TELLS("0:thread 0; 0:insn 10000+0/4 @0; 0:insn 10004+0/2 @1; 0:insn 10006+0/4 @2; ");
	ck_assert_ptr_eq(info.arch, &sct_arch_arm);
	ck_assert(info.user_mode && info.every_insn);
	ck_assert_uint_eq(reg[sct_arch_reg(&sct_arch_arm, "r7")->index], 0x14);
	ck_assert_uint_eq(reg[sct_arch_reg(&sct_arch_arm, "sp")->index], 0x40800000);
	ck_assert_uint_eq(reg[sct_arch_reg(&sct_arch_arm, "cpsr")->index], 0x30);
}
END_TEST

/* No bytes are listed: only what is called syscall is known. */
START_TEST(mips)
{
	list("0x00400000:  addiu\tv0,zero,4020");
	put_mips("00400000", "00e2", "80000482");
	list("0x00400004:  syscall");
	put_mips("00400004", "00e2", "80000482");
	list("0x00400008:  nop");
	put_mips("00400008", "00e2", "80000482");
	ck_assert_int_eq(read_log(), SCT_OK);
	ck_assert_ptr_nonnull(strstr(told, "insn 400004+0/4 @1; "));
	ck_assert_ptr_null(strstr(told, "400000"));
	ck_assert_ptr_nonnull(strstr(told, "400008"));
	ck_assert_ptr_eq(info.arch, &sct_arch_mipsel);
	ck_assert(info.user_mode && !info.every_insn);
	ck_assert_uint_eq(reg[sct_arch_reg(&sct_arch_mipsel, "v0")->index], 4020);
}
END_TEST

static void is_refused(const char *why)
{
	ck_assert_msg(read_log() == SCT_E_UNSUPPORTED, "%s: %s", why, err.text);
	ck_assert_msg(strstr(err.text, why), "%s", err.text);
	begin();
}

START_TEST(refused)
{
	put_arm("00010000", "PSR=600001d3 -ZC- A svc32", 1);
	is_refused("kernel mode");
	put_arm("00010000", "PSR=00000010 ---- A usr32", 0);
	is_refused("-singlestep");
	put_mips("00400000", "00e2", "80008482");
	is_refused("big-endian");
	put_mips("00400000", "00e0", "80000482");
	is_refused("kernel mode");
	put_mips("00400000", "04e2", "80000482");
	is_refused("32-bit words");
	announce_block("0000000120000000", "000000e2", 1);
	put("pc=0x0000000120000000 HI=0x0000000000000000 LO=0x0000000000000000 ds 00e2 0000000000000000 0");
	is_refused("64-bit MIPS");
}
END_TEST

/* A program does not go into the kernel: behind it, everything is damage. */
START_TEST(kernel_later)
{
	list("0x00010000:  ef000000  svc      #0");
	put_arm("00010000", "PSR=00000010 ---- A usr32", 1);
	put_arm("c0010000", "PSR=600001d3 -ZC- A svc32", 1);
	ck_assert_int_eq(read_log(), SCT_OK);
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_ptr_nonnull(strstr(damage.first.text, "kernel mode"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trace_qemu_archs");
	TCase *tc = tcase_create("trace_qemu_archs");

	tcase_add_checked_fixture(tc, begin, NULL);
	tcase_add_test(tc, arm_and_thumb);
	tcase_add_test(tc, mips);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, kernel_later);
	suite_add_tcase(suite, tc);
	return run_tests(suite);
}
