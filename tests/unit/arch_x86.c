/* Tests of what registers of x86 say: CPU modes, user mode, address spaces, parts of registers, signal frames.
 *
 * In:  register files by hand
 * Out: a report; exit status 0 when all passed
 */
#include <check.h>
#include <stddef.h>
#include <ucontext.h>

#include "../../src/arch.h"
#include "suite.h"

static void set(struct sct_regs *r, const char *name, uint64_t value)
{
	sct_regs_set(r, sct_arch_reg(&sct_arch_x86_64, name)->index, value);
}

#define NONE UINT64_MAX

START_TEST(modes)
{
	static const struct {
		const struct sct_arch *arch;
		uint64_t efer, cs;
		enum sct_mode mode;
	} rows[] = {
		{ &sct_arch_x86_64, 0xd01, 0x33, SCT_MODE_64 },
		{ &sct_arch_x86_64, 0xd01, 0x23, SCT_MODE_32 },
		{ &sct_arch_x86_64, 0xd01, 0x73, SCT_MODE_UNKNOWN },
		{ &sct_arch_x86_64, 0xd01, NONE, SCT_MODE_UNKNOWN },
		{ &sct_arch_x86_64, NONE, 0x33, SCT_MODE_64 },
		{ &sct_arch_x86_64, 0, 0x73, SCT_MODE_32 },
		{ &sct_arch_i386, NONE, 0x73, SCT_MODE_32 },
		{ &sct_arch_i386, NONE, NONE, SCT_MODE_32 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sct_regs r = { .known = 0 };

		if (rows[i].efer != NONE)
			set(&r, "efer", rows[i].efer);
		if (rows[i].cs != NONE)
			set(&r, "cs", rows[i].cs);
		ck_assert_msg(sct_arch_mode(rows[i].arch, &r) == rows[i].mode, "row %zu", i);
	}
}
END_TEST

START_TEST(user_mode)
{
	struct sct_regs r = { .known = 0 };
	bool user;

	ck_assert(!sct_arch_user(&sct_arch_x86_64, &r, &user));
	set(&r, "cs", 0x33);
	ck_assert(sct_arch_user(&sct_arch_x86_64, &r, &user) && user);
	set(&r, "cs", 0x10);
	ck_assert(sct_arch_user(&sct_arch_x86_64, &r, &user) && !user);
}
END_TEST

START_TEST(address_spaces)
{
	static const struct {
		const struct sct_arch *arch;
		uint64_t efer, cr4, cr3, asid;
	} rows[] = {
		{ &sct_arch_x86_64, 0xd01, 0x20, UINT64_C(0x8000000012345abc), 0x12345000 }, /* PCID, and no flush */
		{ &sct_arch_x86_64, 0xd01, 0x20, UINT64_C(0x2000000012345018), 0x12345000 }, /* LAM */
		{ &sct_arch_x86_64, 0, 0x20, 0x12345678, 0x12345660 },
		{ &sct_arch_i386, NONE, 0x20, 0x12345678, 0x12345660 },
		{ &sct_arch_i386, NONE, 0x10, 0x12345018, 0x12345000 },
	};
	struct sct_regs r = { .known = 0 };
	uint64_t asid;

	ck_assert(!sct_arch_asid(&sct_arch_x86_64, &r, &asid));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		r.known = 0;
		if (rows[i].efer != NONE)
			set(&r, "efer", rows[i].efer);
		set(&r, "cr4", rows[i].cr4);
		set(&r, "cr3", rows[i].cr3);
		ck_assert(sct_arch_asid(rows[i].arch, &r, &asid));
		ck_assert_uint_eq(asid, rows[i].asid);
	}
}
END_TEST

START_TEST(kernels_addresses)
{
	struct sct_regs r = { .known = 0 };

	ck_assert_uint_eq(sct_arch_kernel_ptr(&sct_arch_i386, &r), 4);
	ck_assert_uint_eq(sct_arch_kernel_ptr(&sct_arch_x86_64, &r), 0);
	set(&r, "efer", 0xd01);
	ck_assert_uint_eq(sct_arch_kernel_ptr(&sct_arch_x86_64, &r), 8);
	set(&r, "efer", 0x800); /* NX alone */
	ck_assert_uint_eq(sct_arch_kernel_ptr(&sct_arch_x86_64, &r), 4);
	ck_assert_uint_eq(sct_arch_kernel_ptr(&sct_arch_aarch64, &r), 0);
}
END_TEST

START_TEST(registers_and_their_parts)
{
	struct sct_regs r = { .known = 0 };
	uint64_t value = 7;

	ck_assert(!sct_regs_get(&r, sct_arch_reg(&sct_arch_x86_64, "eax"), &value));
	ck_assert_uint_eq(value, 7);
	set(&r, "rax", UINT64_C(0x1122334455667788));
	ck_assert(sct_regs_get(&r, sct_arch_reg(&sct_arch_x86_64, "eax"), &value));
	ck_assert_uint_eq(value, 0x55667788);
	ck_assert_ptr_null(sct_arch_reg(&sct_arch_i386, "rax"));
	ck_assert_ptr_null(sct_arch_find("mips"));
	ck_assert_ptr_eq(sct_arch_find("i386"), &sct_arch_i386);
}
END_TEST

/* 64-bit: the return address, then what <ucontext.h> describes to handlers. */
START_TEST(frame_as_handlers_see_it)
{
	const struct sct_sigframe *f = sct_arch_x86_64.frames;
	const size_t registers_at = 8 + offsetof(ucontext_t, uc_mcontext.gregs);

	ck_assert_uint_eq(sizeof(greg_t), 8);
	ck_assert_uint_eq(f->ip, registers_at + REG_RIP * 8);
	ck_assert_uint_eq(f->sp, registers_at + REG_RSP * 8);
	ck_assert_uint_eq(f->result, registers_at + REG_RAX * 8);
	ck_assert_uint_eq(f->word, 8);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("arch_x86");
	TCase *t = tcase_create("arch_x86");

	tcase_add_test(t, modes);
	tcase_add_test(t, user_mode);
	tcase_add_test(t, address_spaces);
	tcase_add_test(t, kernels_addresses);
	tcase_add_test(t, registers_and_their_parts);
	tcase_add_test(t, frame_as_handlers_see_it);
	suite_add_tcase(s, t);
	return run_tests(s);
}
