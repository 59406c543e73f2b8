/* Tests of how calls are passed: ABI rows, argument words, multiplexers.
 *
 * In:  register files and memory by hand
 * Out: a report; exit status 0 when all passed
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/abi.h"
#include "suite.h"

/* ---- rows ------------------------------------------------------------------------------------------------------ */

#define X32 0x40000000u

START_TEST(which_row)
{
	static const struct {
		const char *profile;
		enum sct_insn_kind insn;
		enum sct_mode mode;
		uint32_t nr;
		const char *name;
		unsigned word, ptr;
		int after, again;
	} rows[] = {
		{ "linux_x64", SCT_INSN_SYSCALL, SCT_MODE_64, 0, "linux_x64", 8, 8, 2, 0 },
		{ "linux_x64", SCT_INSN_SYSCALL, SCT_MODE_64, 0x80000000, "linux_x64", 8, 8, 2, 0 },
		{ "linux_x64", SCT_INSN_SYSCALL, SCT_MODE_64, X32, "linux_x32", 8, 4, 2, 0 },
		{ "linux_x64", SCT_INSN_SYSCALL, SCT_MODE_64, X32 | 512, "linux_x32", 8, 4, 2, 0 },
		{ "linux_x64", SCT_INSN_SYSCALL, SCT_MODE_32, 0, "linux_x86", 4, 4, 4, 2 },
		{ "linux_x64", SCT_INSN_INT80, SCT_MODE_32, 0, "linux_x86", 4, 4, 2, 0 },
		{ "linux_x64", SCT_INSN_INT80, SCT_MODE_64, X32, "linux_x86", 4, 4, 2, 0 },
		{ "linux_x64", SCT_INSN_SYSENTER, SCT_MODE_32, 0, "linux_x86", 4, 4, 4, 2 },
		{ "linux_x86", SCT_INSN_INT80, SCT_MODE_32, 0, "linux_x86", 4, 4, 2, 0 },
		{ "linux_x86", SCT_INSN_SYSENTER, SCT_MODE_32, 0, "linux_x86", 4, 4, 4, 2 },
		{ "linux_x86", SCT_INSN_SYSCALL, SCT_MODE_32, 0, "linux_x86", 4, 4, 4, 2 },
		{ "linux_x86", SCT_INSN_SYSCALL, SCT_MODE_64, 0, NULL, 0, 0, 0, 0 },
		{ "linux_x64", SCT_INSN_SYSCALL, SCT_MODE_16, 0, NULL, 0, 0, 0, 0 },
		{ "linux_x64", SCT_INSN_NONE, SCT_MODE_64, 0, NULL, 0, 0, 0, 0 },
		{ "windows_7", SCT_INSN_INT80, SCT_MODE_32, 0, NULL, 0, 0, 0, 0 },
	};
	struct sct_profile p;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct sct_convention *c;
		const struct sct_abi *a;

		if (!sct_profile_init(&p, rows[i].profile, &sct_arch_x86_64)) {
			ck_assert_str_eq(rows[i].profile, "windows_7");
			continue;
		}
		c = sct_profile_find(&p, rows[i].insn, rows[i].mode, rows[i].nr);
		a = c ? c->abi : NULL;
		ck_assert_msg(!a == !rows[i].name, "row %zu", i);
		if (!a)
			continue;
		ck_assert_str_eq(a->name, rows[i].name);
		ck_assert_uint_eq(a->word, rows[i].word);
		ck_assert_uint_eq(a->ptr, rows[i].ptr);
		ck_assert_int_eq(a->after, rows[i].after);
		ck_assert_int_eq(a->again, rows[i].again);
		ck_assert_str_eq(a->table->profile, a->name);
	}
}
END_TEST

/* The same of other architectures, with which register says what. */
START_TEST(which_row_elsewhere)
{
	static const struct {
		const char *profile, *arch;
		enum sct_insn_kind insn;
		enum sct_mode mode;
		const char *abi;
		unsigned word;
		int after;
		const char *nr, *result, *failed, *args[7];
	} rows[] = {
		{ "linux_arm", "arm", SCT_INSN_SVC, SCT_MODE_ARM, "linux_arm", 4, 4, "r7", "r0", NULL,
		  { "r0", "r1", "r2", "r3", "r4", "r5" } },
		{ "linux_arm", "arm", SCT_INSN_SVC, SCT_MODE_THUMB, "linux_arm", 4, 2, "r7", "r0", NULL,
		  { "r0", "r1", "r2", "r3", "r4", "r5" } },
		{ "linux_arm", "arm", SCT_INSN_SVC_OABI, SCT_MODE_ARM },
		{ "linux_arm", "arm", SCT_INSN_SVC, SCT_MODE_A64 },
		{ "linux_arm64", "aarch64", SCT_INSN_SVC, SCT_MODE_A64, "linux_arm64", 8, 4, "w8", "x0", NULL,
		  { "x0", "x1", "x2", "x3", "x4", "x5" } },
		{ "linux_mips", "mipsel", SCT_INSN_SYSCALL, SCT_MODE_MIPS32, "linux_mips_o32", 4, 4, "v0", "v0", "a3",
		  { "a0", "a1", "a2", "a3", "sp", "sp", "sp" } },
		{ "linux_mips", "mipsel", SCT_INSN_SYSCALL, SCT_MODE_64 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct sct_arch *arch = sct_arch_find(rows[i].arch);
		const struct sct_convention *c;
		struct sct_profile p;

		ck_assert_str_eq(sct_abi_default_profile(arch), rows[i].profile);
		ck_assert_ptr_eq(sct_abi_profile_arch(rows[i].profile), arch);
		ck_assert(sct_profile_init(&p, rows[i].profile, arch));
		ck_assert(!sct_profile_init(&(struct sct_profile){ 0 }, rows[i].profile, &sct_arch_x86_64));
		c = sct_profile_find(&p, rows[i].insn, rows[i].mode, 0);
		ck_assert_msg(!c == !rows[i].abi, "row %zu", i);
		if (!c)
			continue;
		ck_assert_str_eq(c->abi->name, rows[i].abi);
		ck_assert_uint_eq(c->abi->word, rows[i].word);
		ck_assert_int_eq(c->abi->after, rows[i].after);
		ck_assert_str_eq(p.nr->name, rows[i].nr);
		ck_assert_str_eq(c->result->name, rows[i].result);
		ck_assert_pstr_eq(c->failed ? c->failed->name : NULL, rows[i].failed);
		for (unsigned k = 0; k < SCT_ARGS_MAX; k++)
			ck_assert_pstr_eq(c->args[k] ? c->args[k]->name : NULL, rows[i].args[k]);
	}
}
END_TEST

/* On MIPS a register says whether the result is an error number, and words lie on the stack. */
START_TEST(errors_by_flag)
{
	static const struct {
		uint64_t v0, a3;
		bool failed;
		const char *error;
	} rows[] = {
		{ 3, 0, false, NULL }, { 2, 1, true, "ENOENT" }, { 89, 1, true, "ENOSYS" }, { 145, 1, true, "ETIMEDOUT" },
		{ 0xfffffffe, 0, false, NULL },
	};
	struct sct_regs regs = { 0 };
	struct sct_profile p;

	ck_assert(sct_profile_init(&p, "linux_mips", &sct_arch_mipsel));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct sct_convention *c = sct_profile_find(&p, SCT_INSN_SYSCALL, SCT_MODE_MIPS32, 0);
		struct sct_call call = { .abi = c->abi, .result = c->result, .failed = c->failed };
		unsigned number;
		uint64_t value;

		regs.known = 0;
		sct_regs_set(&regs, c->result->index, rows[i].v0);
		ck_assert(!sct_call_result(&call, &regs, &value));
		sct_regs_set(&regs, c->failed->index, rows[i].a3);
		ck_assert(sct_call_result(&call, &regs, &value));
		ck_assert_int_eq(sct_call_failed(&call, value, &number), rows[i].failed);
		if (rows[i].failed)
			ck_assert_pstr_eq(sct_label(call.abi->errors, number), rows[i].error);
		else
			ck_assert_uint_eq(value, rows[i].v0);
	}
}
END_TEST

START_TEST(profiles)
{
	const char *summary;

	ck_assert_str_eq(sct_abi_default_profile(&sct_arch_i386), "linux_x86");
	ck_assert_str_eq(sct_abi_default_profile(&sct_arch_x86_64), "linux_x64");
	ck_assert_ptr_null(sct_abi_profile(1000, &summary));
}
END_TEST

/* ---- reading a call --------------------------------------------------------------------------------------------- */

enum { STACK = 0x7000, LIST = 0x8000 };

/* Memory holds a word at STACK and six at LIST. */
static size_t read_mem(void *ctx, uint64_t addr, void *buf, size_t len)
{
	static const uint32_t stack[] = { 66 }, list[] = { 71, 72, 73, 74, 75, 76 };
	const uint8_t *from = addr >= LIST ? (const uint8_t *)list : (const uint8_t *)stack;
	uint64_t start = addr >= LIST ? LIST : STACK;
	size_t size = addr >= LIST ? sizeof list : sizeof stack;

	(void)ctx;
	if (addr < start || addr >= start + size)
		return 0;
	len = len < start + size - addr ? len : (size_t)(start + size - addr);
	memcpy(buf, from + (addr - start), len);
	return len;
}

static const char *why(void *ctx, uint64_t addr)
{
	(void)ctx;
	(void)addr;
	return "unmapped";
}

static const struct sct_mem mem = { read_mem, why, NULL };

static const char *const names[] = {
	"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10",
};

enum { NAMES = sizeof names / sizeof *names };

/* Distinct values in all, each with rubbish in its upper half. */
static struct sct_regs registers(uint32_t nr)
{
	struct sct_regs r = { .known = 0 };

	for (unsigned i = 0; i < NAMES; i++)
		sct_regs_set(&r, sct_arch_reg(&sct_arch_x86_64, names[i])->index, UINT64_C(0x100000000) + i);
	sct_regs_set(&r, sct_arch_reg(&sct_arch_x86_64, "rax")->index, UINT64_C(0x500000000) + nr);
	return r;
}

static void set(struct sct_regs *r, const char *name, uint64_t value)
{
	sct_regs_set(r, sct_arch_reg(&sct_arch_x86_64, name)->index, value);
}

static void unset(struct sct_regs *r, const char *name)
{
	r->known &= ~(UINT64_C(1) << sct_arch_reg(&sct_arch_x86_64, name)->index);
}

static void read_call(struct sct_call *c, enum sct_insn_kind insn, enum sct_mode mode, const struct sct_regs *r)
{
	struct sct_profile p;

	ck_assert(sct_profile_init(&p, "linux_x64", &sct_arch_x86_64));
	ck_assert(sct_call_read(c, &p, insn, mode, r, &mem));
}

#define HIGH UINT64_C(0x100000000)

START_TEST(words)
{
	static const struct {
		enum sct_insn_kind insn;
		enum sct_mode mode;
		uint32_t nr;
		const char *name;
		uint64_t word[6];
	} rows[] = {
		{ SCT_INSN_SYSCALL, SCT_MODE_64, 9, "mmap", { HIGH + 5, HIGH + 4, HIGH + 3, HIGH + 10, HIGH + 8, HIGH + 9 } },
		{ SCT_INSN_SYSCALL, SCT_MODE_64, X32 | 9, "mmap",
		  { HIGH + 5, HIGH + 4, HIGH + 3, HIGH + 10, HIGH + 8, HIGH + 9 } },
		{ SCT_INSN_INT80, SCT_MODE_32, 192, "mmap2", { 1, 2, 3, 4, 5, STACK } },
		{ SCT_INSN_INT80, SCT_MODE_64, 192, "mmap2", { 1, 2, 3, 4, 5, STACK } },
		{ SCT_INSN_SYSENTER, SCT_MODE_32, 192, "mmap2", { 1, 2, 3, 4, 5, 66 } },
		{ SCT_INSN_SYSCALL, SCT_MODE_32, 192, "mmap2", { 1, STACK, 3, 4, 5, 66 } },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sct_regs r = registers(rows[i].nr);
		struct sct_call c;

		set(&r, "rbp", HIGH + STACK);
		set(&r, "rsp", HIGH + STACK);
		read_call(&c, rows[i].insn, rows[i].mode, &r);
		ck_assert_uint_eq(c.nr.value, rows[i].nr);
		ck_assert_str_eq(c.proto->name, rows[i].name);
		for (unsigned k = 0; k < 6; k++) {
			ck_assert_msg(c.word[k].known, "row %zu word %u", i, k);
			ck_assert_uint_eq(c.word[k].value, rows[i].word[k]);
		}
	}
}
END_TEST

START_TEST(sixth_word_in_absent_memory)
{
	struct sct_regs r = registers(192);
	struct sct_call c;

	set(&r, "rbp", 0x9999);
	read_call(&c, SCT_INSN_SYSENTER, SCT_MODE_32, &r);
	ck_assert(!c.word[5].known);
	ck_assert_str_eq(c.why[5], "unmapped");
	unset(&r, "rbp");
	read_call(&c, SCT_INSN_SYSENTER, SCT_MODE_32, &r);
	ck_assert(!c.word[5].known);
	ck_assert_str_eq(c.why[5], "not recorded");
}
END_TEST

START_TEST(unknown_registers)
{
	struct sct_regs r = registers(9);
	struct sct_call c;

	unset(&r, "rdx");
	read_call(&c, SCT_INSN_SYSCALL, SCT_MODE_64, &r);
	ck_assert(c.word[1].known && !c.word[2].known && c.word[3].known);
	ck_assert_str_eq(c.why[2], "not recorded");
	unset(&r, "rax");
	read_call(&c, SCT_INSN_SYSCALL, SCT_MODE_64, &r);
	ck_assert(!c.nr.known);
	ck_assert_ptr_null(c.proto);
}
END_TEST

START_TEST(numbers_outside_the_table)
{
	static const uint32_t numbers[] = { 100000, 0x80000000, 0xffffffff, 0x7fffffff };

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		struct sct_regs r = registers(numbers[i]);
		struct sct_call c;

		read_call(&c, SCT_INSN_SYSCALL, SCT_MODE_64, &r);
		ck_assert_ptr_null(c.proto);
		ck_assert_uint_eq(c.nr.value, numbers[i]);
	}
}
END_TEST

/* ---- socketcall and ipc ------------------------------------------------------------------------------------------ */

enum { SOCKETCALL = 102, IPC = 117 };

static void multiplexed(struct sct_call *c, uint32_t nr, uint64_t sub, uint64_t second)
{
	struct sct_regs r = registers(nr);

	set(&r, "rbx", sub);
	set(&r, "rcx", second);
	read_call(c, SCT_INSN_INT80, SCT_MODE_32, &r);
}

START_TEST(socketcall)
{
	struct sct_call c;

	multiplexed(&c, SOCKETCALL, 3, LIST);
	ck_assert_str_eq(c.proto->name, "connect");
	ck_assert_str_eq(c.outer->name, "socketcall");
	ck_assert_uint_eq(c.nr.value, SOCKETCALL);
	for (unsigned i = 0; i < 6; i++)
		ck_assert(c.word[i].known && c.word[i].value == 71 + i);
	/* the list ends at an unmapped page */
	multiplexed(&c, SOCKETCALL, 3, LIST + 16);
	ck_assert(c.word[1].known && c.word[1].value == 76);
	ck_assert(!c.word[2].known);
	ck_assert_str_eq(c.why[2], "unmapped");
	multiplexed(&c, SOCKETCALL, 99, LIST);
	ck_assert_str_eq(c.proto->name, "socketcall");
	ck_assert_ptr_null(c.outer);
	ck_assert_uint_eq(c.word[0].value, 99);
}
END_TEST

START_TEST(ipc)
{
	static const struct {
		uint64_t sub;
		const char *name;
	} rows[] = {
		{ 1, "semop" }, { 21, "shmat" }, { 12, "msgrcv" }, { 0x1000c, "msgrcv" }, { 24, "shmctl" }, { 99, "ipc" },
		{ 0x10001, "semop" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sct_call c;

		multiplexed(&c, IPC, rows[i].sub, 7);
		ck_assert_str_eq(c.proto->name, rows[i].name);
		ck_assert_int_eq(c.outer != NULL, rows[i].sub != 99);
		ck_assert_uint_eq(c.word[0].value, rows[i].sub);
		ck_assert_uint_eq(c.word[1].value, 7);
		ck_assert_uint_eq(c.word[4].value, 5);
	}
}
END_TEST

START_TEST(multiplexer_whose_sub_call_is_unknown)
{
	struct sct_regs r = registers(SOCKETCALL);
	struct sct_call c;

	unset(&r, "rbx");
	read_call(&c, SCT_INSN_INT80, SCT_MODE_32, &r);
	ck_assert_str_eq(c.proto->name, "socketcall");
	r = registers(SOCKETCALL);
	set(&r, "rbx", 3);
	unset(&r, "rcx");
	read_call(&c, SCT_INSN_INT80, SCT_MODE_32, &r);
	ck_assert_str_eq(c.proto->name, "connect");
	for (unsigned i = 0; i < 6; i++) {
		ck_assert(!c.word[i].known);
		ck_assert_str_eq(c.why[i], "not recorded");
	}
}
END_TEST
int main(void)
{
	Suite *s = suite_create("abi");
	TCase *t = tcase_create("abi");

	tcase_add_test(t, which_row);
	tcase_add_test(t, which_row_elsewhere);
	tcase_add_test(t, errors_by_flag);
	tcase_add_test(t, profiles);
	tcase_add_test(t, words);
	tcase_add_test(t, sixth_word_in_absent_memory);
	tcase_add_test(t, unknown_registers);
	tcase_add_test(t, numbers_outside_the_table);
	tcase_add_test(t, socketcall);
	tcase_add_test(t, ipc);
	tcase_add_test(t, multiplexer_whose_sub_call_is_unknown);
	suite_add_tcase(s, t);
	return run_tests(s);
}
