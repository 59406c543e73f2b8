/* Tests of what instructions do to registers.
 *
 * In:  bytes, registers before
 * Out: a report; exit status 0 when all passed
 */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/step.h"
#include "suite.h"

/* Before each row's code: every slot i holds 0x1111111111111100 + i and is known, or what the row says. */
#define BEFORE(i) (UINT64_C(0x1111111111111100) + (i))

struct expect {
	const char *reg;
	bool known;
	uint64_t value;
};

#define CODE(s) s, sizeof(s) - 1
#define IS(reg, value) { reg, true, value }
#define UNKNOWN(reg) { reg, false, 0 }
#define SAME(reg, slot) { reg, true, BEFORE(slot) }

static const struct row {
	const char *what, *code;
	size_t len;
	struct expect expect[4];
	const char *unknown; /* a register that is unknown before */
} rows64[] = {
	{ "mov $nr,%eax", CODE("\xb8\xe7\x00\x00\x00"), { IS("rax", 231), SAME("rdi", 7) } },
	{ "mov $-1,%eax", CODE("\xb8\xff\xff\xff\xff"), { IS("rax", 0xffffffff) } },
	{ "mov $-1,%rax", CODE("\x48\xc7\xc0\xff\xff\xff\xff"), { IS("rax", UINT64_MAX) } },
	{ "movabs", CODE("\x48\xb8\x08\x07\x06\x05\x04\x03\x02\x81"), { IS("rax", 0x8102030405060708) } },
	{ "mov %rsi,%rdi", CODE("\x48\x89\xf7"), { SAME("rdi", 6) } },
	{ "mov %esi,%edi clears the upper half", CODE("\x89\xf7"), { IS("rdi", 0x11111106) } },
	{ "mov of unknown", CODE("\x48\x89\xf7"), { UNKNOWN("rdi"), UNKNOWN("rsi"), SAME("rax", 0) }, "rsi" },
	{ "mov $5,%al", CODE("\xb0\x05"), { IS("rax", 0x1111111111111105) } },
	{ "mov $5,%ah", CODE("\xb4\x05"), { IS("rax", 0x1111111111110500) } },
	{ "mov $5,%al of unknown", CODE("\xb0\x05"), { UNKNOWN("rax") }, "rax" },
	{ "mov $5,%ax", CODE("\x66\xb8\x05\x00"), { IS("rax", 0x1111111111110005) } },
	{ "movzx %al,%edi", CODE("\x0f\xb6\xf8"), { IS("rdi", 0) } },
	{ "movsx %cl,%rdi", CODE("\x48\x0f\xbe\xf9"), { IS("rdi", 1) } },
	{ "movslq", CODE("\xb8\xfe\xff\xff\xff\x48\x63\xf8"), { IS("rdi", UINT64_MAX - 1), IS("rax", 0xfffffffe) } },
	{ "load", CODE("\x48\x8b\x07"), { UNKNOWN("rax"), SAME("rdi", 7) } },
	{ "store", CODE("\x48\x89\x07"), { SAME("rax", 0), SAME("rdi", 7), SAME("rsp", 4) } },
	{ "xor %eax,%eax", CODE("\x31\xc0"), { IS("rax", 0), UNKNOWN("eflags") } },
	{ "xor of an unknown one by itself", CODE("\x31\xc0"), { IS("rax", 0) }, "rax" },
	{ "sub %rax,%rax", CODE("\x48\x29\xc0"), { IS("rax", 0) }, "rax" },
	{ "xor %ecx,%eax", CODE("\x31\xc8"), { IS("rax", 1) } },
	{ "sub $8,%rsp", CODE("\x48\x83\xec\x08"), { IS("rsp", BEFORE(4) - 8) } },
	{ "add $-128,%rsp", CODE("\x48\x83\xc4\x80"), { IS("rsp", BEFORE(4) - 128) } },
	{ "and $-16,%rsp", CODE("\x48\x83\xe4\xf0"), { IS("rsp", BEFORE(4) & ~UINT64_C(15)) } },
	{ "and $0,%eax", CODE("\x83\xe0\x00"), { IS("rax", 0) }, "rax" },
	{ "or $-1,%eax", CODE("\x83\xc8\xff"), { IS("rax", 0xffffffff) } },
	{ "or $-1 of unknown", CODE("\x83\xc8\xff"), { UNKNOWN("rax") }, "rax" },
	{ "add memory", CODE("\x48\x03\x07"), { UNKNOWN("rax") } },
	{ "lea 16(%rsi,%rdx,4),%rdi", CODE("\x48\x8d\x7c\x96\x10"), { IS("rdi", BEFORE(6) + 4 * BEFORE(2) + 16) } },
	{ "lea -1(%rdx),%edi", CODE("\x8d\x7a\xff"), { IS("rdi", 0x11111101) } },
	{ "lea of unknown", CODE("\x48\x8d\x7c\x96\x10"), { UNKNOWN("rdi") }, "rdx" },
	{ "lea 7(%rip),%rdi", CODE("\x48\x8d\x3d\x07\x00\x00\x00"), { IS("rdi", 0x400000 + 7 + 7) } },
	{ "lea with 32-bit addresses", CODE("\x67\x48\x8d\x7e\x10"), { IS("rdi", 0x11111116) } },
	{ "push, pop", CODE("\x50\x51\x5f"), { IS("rsp", BEFORE(4) - 8), UNKNOWN("rdi"), SAME("rcx", 1) } },
	{ "push of 16 bits", CODE("\x66\x50"), { UNKNOWN("rsp") } },
	{ "pop %rsp", CODE("\x5c"), { UNKNOWN("rsp") } },
	{ "leave", CODE("\xc9"), { IS("rsp", BEFORE(5) + 8), UNKNOWN("rbp") } },
	{ "nop, nopw, endbr64", CODE("\x90\x66\x0f\x1f\x44\x00\x00\xf3\x0f\x1e\xfa"), { SAME("rax", 0), SAME("rcx", 1) } },
	{ "cmp, test, jne", CODE("\x39\xc8\x85\xc0\x75\x10"), { SAME("rax", 0), SAME("rcx", 1), UNKNOWN("eflags") } },
	{ "neg", CODE("\x48\xf7\xd8"), { UNKNOWN("rax"), SAME("rdx", 2) } },
	{ "sete %al", CODE("\x0f\x94\xc0"), { UNKNOWN("rax") } },
	{ "cmove %rcx,%rax", CODE("\x48\x0f\x44\xc1"), { UNKNOWN("rax"), SAME("rcx", 1) } },
	{ "xchg %rcx,%rdx", CODE("\x48\x87\xd1"), { UNKNOWN("rdx"), UNKNOWN("rcx"), SAME("rax", 0) } },
	{ "lock xadd %ecx,(%rdx)", CODE("\xf0\x0f\xc1\x0a"), { UNKNOWN("rcx"), SAME("rdx", 2), SAME("rax", 0) } },
	{ "lock cmpxchg %ecx,(%rdx)", CODE("\xf0\x0f\xb1\x0a"), { UNKNOWN("rax") } },
	{ "imul writes what it does", CODE("\xf7\xe9"), { UNKNOWN("rax"), UNKNOWN("rdx") } },
	{ "cqo", CODE("\x48\x99"), { UNKNOWN("rdx") } },
	{ "cpuid", CODE("\x0f\xa2"), { UNKNOWN("rax"), UNKNOWN("rbx"), UNKNOWN("rcx"), UNKNOWN("rdx") } },
	{ "rdtsc", CODE("\x0f\x31"), { UNKNOWN("rax"), UNKNOWN("rdx") } },
	{ "rep movsb", CODE("\xf3\xa4"), { UNKNOWN("rsi"), UNKNOWN("rdi"), UNKNOWN("rcx") } },
	{ "stos", CODE("\x48\xab"), { UNKNOWN("rdi") } },
	{ "movsl is no vector instruction", CODE("\xa5"), { UNKNOWN("rsi"), UNKNOWN("rdi") } },
	{ "syscall", CODE("\x0f\x05"), { UNKNOWN("rax"), UNKNOWN("rcx"), UNKNOWN("r11") } },
	{ "movaps", CODE("\x0f\x29\x44\x24\x10\x0f\x28\xc8"), { SAME("rsp", 4), SAME("rax", 0) } },
	{ "movq %xmm0,%rax", CODE("\x66\x48\x0f\x7e\xc0"), { UNKNOWN("rax"), SAME("rcx", 1) } },
	{ "pmovmskb %xmm0,%ecx", CODE("\x66\x0f\xd7\xc8"), { UNKNOWN("rcx"), SAME("rax", 0) } },
	{ "pcmpistri", CODE("\x66\x0f\x3a\x63\xc8\x00"), { UNKNOWN("rcx") } },
	{ "vpxor", CODE("\xc5\xf9\xef\xc0"), { SAME("rax", 0), SAME("rcx", 1) } },
	{ "mov %eax,%fs", CODE("\x8e\xe0"), { IS("fs", 0x1111111111111100), UNKNOWN("fs_base"), SAME("rax", 0) } },
	{ "wrfsbase", CODE("\xf3\x48\x0f\xae\xd0"), { UNKNOWN("fs_base") } },
	{ "no instruction", CODE("\x06\x90"), { UNKNOWN("rax"), UNKNOWN("cr3"), UNKNOWN("rsp") } },
	{ "cut instruction", CODE("\xb8\x01\x00"), { UNKNOWN("rax"), UNKNOWN("rcx") } },
	{ "rip", CODE("\x90\x90"), { IS("rip", BEFORE(16) + 2) } },
};

static const struct row rows32[] = {
	{ "mov $1,%eax", CODE("\xb8\x01\x00\x00\x00"), { IS("eax", 1), IS("ebx", 0x11111103) } },
	{ "push %ebp; mov %esp,%ebp", CODE("\x55\x89\xe5"), { IS("esp", 0x11111100), IS("ebp", 0x11111100) } },
	{ "dec %eax, which 64-bit code takes for a prefix", CODE("\x48\x89\xd0"), { IS("eax", 0x11111102) } },
	{ "pop %ebx", CODE("\x5b"), { UNKNOWN("ebx"), IS("esp", 0x11111108) } },
	{ "mov %gs:0x10,%ecx", CODE("\x65\x8b\x0d\x10\x00\x00\x00"), { UNKNOWN("ecx") } },
	{ "pop %gs", CODE("\x0f\xa9"), { UNKNOWN("gs"), UNKNOWN("gs_base"), IS("esp", 0x11111108) } },
	{ "pusha", CODE("\x60"), { UNKNOWN("esp") } },
	{ "popa", CODE("\x61"), { UNKNOWN("eax"), UNKNOWN("esp") } },
};

static void check(const struct row *row, const struct sct_arch *arch, enum sct_mode mode)
{
	struct sct_regs regs = { .known = UINT64_MAX };
	struct sct_step *step;
	struct sct_err err;

	for (unsigned i = 0; i < SCT_REGS_MAX; i++)
		regs.value[i] = arch->word == 8 ? BEFORE(i) : (uint32_t)BEFORE(i);
	if (row->unknown)
		regs.known &= ~(UINT64_C(1) << sct_arch_reg(arch, row->unknown)->index);
	ck_assert_int_eq(sct_step_new(&step, arch, &err), 0);
	sct_step_over(step, mode, &regs, 0x400000, (const uint8_t *)row->code, row->len);
	for (const struct expect *e = row->expect; e < row->expect + 4 && e->reg; e++) {
		unsigned slot = sct_arch_reg(arch, e->reg)->index;
		bool known = regs.known >> slot & 1;

		ck_assert_msg(known == e->known, "%s: %s is %sknown", row->what, e->reg, known ? "" : "un");
		ck_assert_msg(!known || regs.value[slot] == e->value, "%s: %s is %#" PRIx64 ", not %#" PRIx64, row->what,
		              e->reg, regs.value[slot], e->value);
	}
	sct_step_free(step);
}

START_TEST(in_64_bit_code)
{
	check(&rows64[_i], &sct_arch_x86_64, SCT_MODE_64);
}
END_TEST

START_TEST(in_32_bit_code)
{
	check(&rows32[_i], &sct_arch_i386, SCT_MODE_32);
}
END_TEST

START_TEST(unknown_mode)
{
	struct sct_regs regs = { .known = UINT64_MAX };
	struct sct_step *step;
	struct sct_err err;

	ck_assert_int_eq(sct_step_new(&step, &sct_arch_x86_64, &err), 0);
	sct_step_over(step, SCT_MODE_UNKNOWN, &regs, 0, (const uint8_t *)"\x90", 1);
	ck_assert_uint_eq(regs.known, 0);
	regs.known = UINT64_MAX;
	sct_step_over(step, SCT_MODE_UNKNOWN, &regs, 0, NULL, 0);
	ck_assert_uint_eq(regs.known, UINT64_MAX);
	sct_step_free(step);
}
END_TEST

/* Whether code runs to its end, by the registers before (as above) and what is seen later. */
static const struct {
	const char *what, *code;
	size_t len;
	bool seen;
	struct expect later; /* one register; the others are as before */
	bool reached;
} reached[] = {
	{ "nothing", CODE(""), false, { 0 }, true },
	{ "mov $nr,%eax", CODE("\xb8\x01\x00\x00\x00"), false, { 0 }, true },
	{ "mov, xor, lea, nop", CODE("\x48\x89\xf7\x31\xd2\x48\x8d\x7c\x96\x10\x66\x0f\x1f\x44\x00\x00"), false,
	  { 0 }, true },
	{ "a load", CODE("\x48\x8b\x07"), false, { 0 }, false },
	{ "a load, and nothing behind", CODE("\x48\x8b\x07"), true, IS("rax", 5), false },
	{ "a store, then a number", CODE("\x48\x89\x07\xb8\x27\x00\x00\x00"), true, IS("rax", 39), true },
	{ "the same, not run to the end", CODE("\x48\x89\x07\xb8\x27\x00\x00\x00"), true, SAME("rax", 0), false },
	{ "a number, then a store", CODE("\xb8\x27\x00\x00\x00\x48\x89\x07"), true, IS("rax", 39), false },
	{ "a store, then what was there before", CODE("\x48\x89\x07\x48\x89\xc0"), true, SAME("rax", 0), false },
	{ "push", CODE("\x50"), false, { 0 }, false },
	{ "push, mov %rsp,%rbp", CODE("\x55\x48\x89\xe5"), true, IS("rbp", BEFORE(4) - 8), true },
	{ "a jump", CODE("\x75\x00"), false, { 0 }, false },
	{ "mov %eax,%fs", CODE("\x8e\xe0"), false, { 0 }, false },
	{ "mov %rax,%cr3", CODE("\x0f\x22\xd8"), false, { 0 }, false },
	{ "div", CODE("\xf7\xf1"), false, { 0 }, false },
	{ "lock without memory", CODE("\xf0\x01\xc8"), false, { 0 }, false },
	{ "no instruction", CODE("\x06"), true, IS("rax", 5), false },
};

START_TEST(runs_to_the_end)
{
	struct sct_regs before = { .known = UINT64_MAX }, later;
	struct sct_step *step;
	struct sct_err err;

	for (unsigned i = 0; i < SCT_REGS_MAX; i++)
		before.value[i] = BEFORE(i);
	later = before;
	if (reached[_i].seen)
		later.value[sct_arch_reg(&sct_arch_x86_64, reached[_i].later.reg)->index] = reached[_i].later.value;
	ck_assert_int_eq(sct_step_new(&step, &sct_arch_x86_64, &err), 0);
	ck_assert_msg(sct_step_reached(step, SCT_MODE_64, &before, reached[_i].seen ? &later : NULL, 0x400000,
	                               (const uint8_t *)reached[_i].code, reached[_i].len) == reached[_i].reached,
	              "%s", reached[_i].what);
	sct_step_free(step);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("step");
	TCase *tc = tcase_create("step");

	tcase_add_loop_test(tc, in_64_bit_code, 0, sizeof rows64 / sizeof *rows64);
	tcase_add_loop_test(tc, in_32_bit_code, 0, sizeof rows32 / sizeof *rows32);
	tcase_add_test(tc, unknown_mode);
	tcase_add_loop_test(tc, runs_to_the_end, 0, sizeof reached / sizeof *reached);
	suite_add_tcase(suite, tc);
	return run_tests(suite);
}
