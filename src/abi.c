/* How a system call is passed: one row for each way, and the reading of a call by its row.
 * In:  entering instruction, CPU mode, registers, memory
 * Out: number, argument words, prototype
 */
#include "abi.h"

#include "cursor.h"

#include <assert.h>
#include <string.h>

const char *const sct_insn_names[SCT_INSN_KINDS] = {
	[SCT_INSN_SYSCALL] = "syscall",
	[SCT_INSN_SYSENTER] = "sysenter",
	[SCT_INSN_INT80] = "int80",
	[SCT_INSN_SVC] = "svc",
	[SCT_INSN_SVC_OABI] = "svc",
};

#define X64_ARGS { { "rdi" }, { "rsi" }, { "rdx" }, { "r10" }, { "r8" }, { "r9" } }
#define ARM_ARGS { { "r0" }, { "r1" }, { "r2" }, { "r3" }, { "r4" }, { "r5" } }
#define X32_BIT 0x40000000u /* __X32_SYSCALL_BIT */

static const struct sct_abi rows[] = {
	{
		.name = "linux_x64", .insn = SCT_INSN_SYSCALL, .mode = SCT_MODE_64, .word = 8, .ptr = 8,
		.nr_mask = X32_BIT, .nr_match = 0, .nr = "eax", .result = "rax", .repeat = "rax", .errors = &sct_labels_errno,
		.args = X64_ARGS,
		.after = 2, .again = 0, .table = &sct_table_linux_x64,
	}, {
		.name = "linux_x32", .insn = SCT_INSN_SYSCALL, .mode = SCT_MODE_64, .word = 8, .ptr = 4,
		.nr_mask = X32_BIT, .nr_match = X32_BIT, .nr = "eax", .result = "rax", .repeat = "rax",
		.errors = &sct_labels_errno,
		.args = X64_ARGS,
		.after = 2, .again = 0, .table = &sct_table_linux_x32,
	}, {
		/* legal from 64-bit code too: the kernel takes the low halves (entry_INT80_compat) */
		.name = "linux_x86", .insn = SCT_INSN_INT80, .word = 4, .ptr = 4,
		.nr = "eax", .result = "eax", .repeat = "eax", .errors = &sct_labels_errno,
		.args = { { "ebx" }, { "ecx" }, { "edx" }, { "esi" }, { "edi" }, { "ebp" } },
		.after = 2, .again = 0, .table = &sct_table_linux_x86,
	}, {
		/* The vDSO pushed ecx, edx and ebp and copied esp to ebp: the sixth argument is on its stack. It returns
		 * to int80_landing_pad, behind the `int $0x80` that follows, and restarts on that
		 * (arch/x86/entry/vdso/vdso32/system_call.S). Before Linux 4.4 seven nops lie between
		 * (arch/x86/vdso/vdso32/sysenter.S). */
		.name = "linux_x86", .insn = SCT_INSN_SYSENTER, .word = 4, .ptr = 4,
		.nr = "eax", .result = "eax", .repeat = "eax", .errors = &sct_labels_errno,
		.args = { { "ebx" }, { "ecx" }, { "edx" }, { "esi" }, { "edi" }, { "ebp", true, 0 } },
		.after = 4, .again = 2, .older_after = 11, .older_again = 9, .table = &sct_table_linux_x86,
	}, {
		/* AMD's 32-bit syscall: the CPU overwrites ecx, so the vDSO carries it in ebp, and ebp on its stack
		 * (entry_SYSCALL_compat). Same landing pad: `syscall` is followed by `int $0x80` likewise. */
		.name = "linux_x86", .insn = SCT_INSN_SYSCALL, .mode = SCT_MODE_32, .word = 4, .ptr = 4,
		.nr = "eax", .result = "eax", .repeat = "eax", .errors = &sct_labels_errno,
		.args = { { "ebx" }, { "ebp" }, { "edx" }, { "esi" }, { "edi" }, { "esp", true, 0 } },
		.after = 4, .again = 2, .table = &sct_table_linux_x86,
	}, {
		.name = "linux_arm", .insn = SCT_INSN_SVC, .mode = SCT_MODE_ARM, .word = 4, .ptr = 4,
		.nr = "r7", .result = "r0", .repeat = "r7", .errors = &sct_labels_errno, .args = ARM_ARGS,
		.after = 4, .again = 0, .table = &sct_table_linux_arm,
	}, {
		.name = "linux_arm", .insn = SCT_INSN_SVC, .mode = SCT_MODE_THUMB, .word = 4, .ptr = 4,
		.nr = "r7", .result = "r0", .repeat = "r7", .errors = &sct_labels_errno, .args = ARM_ARGS,
		.after = 2, .again = 0, .table = &sct_table_linux_arm,
	}, {
		.name = "linux_arm64", .insn = SCT_INSN_SVC, .mode = SCT_MODE_A64, .word = 8, .ptr = 8,
		.nr = "w8", .result = "x0", .repeat = "w8", .errors = &sct_labels_errno,
		.args = { { "x0" }, { "x1" }, { "x2" }, { "x3" }, { "x4" }, { "x5" } },
		.after = 4, .again = 0, .table = &sct_table_linux_arm64,
	}, {
		/* a3 tells whether v0 is a result or an error number; a restarted call has both as they were */
		.name = "linux_mips_o32", .insn = SCT_INSN_SYSCALL, .mode = SCT_MODE_MIPS32, .word = 4, .ptr = 4,
		.nr = "v0", .result = "v0", .failed = "a3", .repeat = "v0", .errors = &sct_labels_errno_mips,
		.args = { { "a0" }, { "a1" }, { "a2" }, { "a3" }, { "sp", true, 16 }, { "sp", true, 20 }, { "sp", true, 24 } },
		.after = 4, .again = 0, .table = &sct_table_linux_mips_o32,
	},
};

static const struct {
	const char *name, *summary;
	const char *arch;    /* recordings of this architecture have it by default */
	const char *abis[3]; /* names of the rows that apply */
} profiles[] = {
	{ "linux_x86", "Linux on i386", "i386", { "linux_x86" } },
	{ "linux_x64", "Linux on x86_64, with its 32-bit and x32 programs", "x86_64",
	  { "linux_x64", "linux_x32", "linux_x86" } },
	{ "linux_arm", "Linux on Arm, EABI", "arm", { "linux_arm" } },
	{ "linux_arm64", "Linux on AArch64", "aarch64", { "linux_arm64" } },
	{ "linux_mips", "Linux on little-endian MIPS, o32", "mipsel", { "linux_mips_o32" } },
};

enum { NPROFILES = sizeof profiles / sizeof *profiles };

bool sct_abi_is_after(const struct sct_abi *abi, uint64_t at, uint64_t pc)
{
	return pc == at + (uint64_t)abi->after || (abi->older_after && pc == at + (uint64_t)abi->older_after);
}

bool sct_abi_is_again(const struct sct_abi *abi, uint64_t at, uint64_t pc)
{
	return pc == at + (uint64_t)abi->again || (abi->older_again && pc == at + (uint64_t)abi->older_again);
}

const char *sct_abi_profile(unsigned i, const char **summary)
{
	if (i >= NPROFILES)
		return NULL;
	*summary = profiles[i].summary;
	return profiles[i].name;
}

const char *sct_abi_default_profile(const struct sct_arch *arch)
{
	for (unsigned i = 0; i < NPROFILES; i++)
		if (!strcmp(profiles[i].arch, arch->name))
			return profiles[i].name;
	return NULL;
}

const struct sct_arch *sct_abi_profile_arch(const char *name)
{
	for (unsigned i = 0; i < NPROFILES; i++)
		if (!strcmp(profiles[i].name, name))
			return sct_arch_find(profiles[i].arch);
	return NULL;
}

static const struct sct_reg *find_reg(const struct sct_arch *arch, const char *name)
{
	return name ? sct_arch_reg(arch, name) : NULL;
}

static void resolve(struct sct_convention *conv, const struct sct_abi *abi, const struct sct_arch *arch)
{
	conv->abi = abi;
	conv->result = find_reg(arch, abi->result);
	conv->failed = find_reg(arch, abi->failed);
	conv->repeat = find_reg(arch, abi->repeat);
	for (unsigned i = 0; i < SCT_ARGS_MAX; i++)
		conv->args[i] = find_reg(arch, abi->args[i].reg);
}

static bool has_abi(unsigned profile, const char *abi)
{
	for (unsigned i = 0; i < sizeof profiles->abis / sizeof *profiles->abis && profiles[profile].abis[i]; i++)
		if (!strcmp(profiles[profile].abis[i], abi))
			return true;
	return false;
}

bool sct_profile_init(struct sct_profile *profile, const char *name, const struct sct_arch *arch)
{
	unsigned k = 0;

	while (k < NPROFILES && strcmp(profiles[k].name, name))
		k++;
	if (k == NPROFILES)
		return false;
	*profile = (struct sct_profile){ 0 };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!has_abi(k, rows[i].name))
			continue;
		assert(profile->count < SCT_CONVENTIONS_MAX);
		profile->nr = sct_arch_reg(arch, rows[i].nr);
		resolve(&profile->conv[profile->count++], &rows[i], arch);
	}
	return profile->nr;
}

const struct sct_convention *sct_profile_find(const struct sct_profile *profile, enum sct_insn_kind insn,
                                              enum sct_mode mode, uint32_t nr)
{
	for (unsigned i = 0; i < profile->count; i++) {
		const struct sct_abi *a = profile->conv[i].abi;

		if (a->insn == insn && (a->mode == SCT_MODE_UNKNOWN || a->mode == mode) &&
		    (nr & a->nr_mask) == a->nr_match)
			return &profile->conv[i];
	}
	return NULL;
}

static struct sct_word reg_word(const struct sct_regs *regs, const struct sct_reg *r)
{
	struct sct_word w = { false, 0 };

	w.known = r && sct_regs_get(regs, r, &w.value);
	return w;
}

bool sct_mem_word(const struct sct_mem *mem, uint64_t addr, unsigned size, uint64_t *value)
{
	uint8_t bytes[8];
	struct sct_cursor c = sct_cursor(bytes, size);

	if (mem->read(mem->ctx, addr, bytes, size) < size)
		return false;
	*value = sct_take_le(&c, size);
	return true;
}

static void read_arg(struct sct_call *call, unsigned i, const struct sct_reg *reg, const struct sct_regs *regs,
                     const struct sct_mem *mem)
{
	const struct sct_where *where = &call->abi->args[i];

	call->why[i] = "not recorded";
	call->word[i] = reg_word(regs, reg);
	if (where->memory && call->word[i].known) {
		uint64_t at = call->word[i].value + (uint64_t)where->offset;

		call->word[i].known = sct_mem_word(mem, at, call->abi->word, &call->word[i].value);
		if (!call->word[i].known)
			call->why[i] = mem->why(mem->ctx, at);
	}
}

/* socketcall's own arguments are an array of words in memory: they take the place of the registers' words. */
static void read_words(struct sct_call *call, const struct sct_mem *mem)
{
	const struct sct_word list = call->word[1];
	unsigned size = call->abi->ptr;

	for (unsigned i = 0; i < SCT_ARGS_MAX; i++) {
		uint64_t at = list.value + i * size;

		call->word[i].value = 0;
		call->word[i].known = list.known && sct_mem_word(mem, at, size, &call->word[i].value);
		call->why[i] = list.known ? mem->why(mem->ctx, at) : "not recorded";
	}
}

/* The row of the inner call where the number is that of a multiplexer. */
static void look_inside(struct sct_call *call, const struct sct_mem *mem)
{
	const struct sct_proto *inner;

	if (!call->proto || !call->proto->sub || !call->word[0].known)
		return;
	inner = sct_table_sub(call->abi->table, call->proto->sub, call->word[0].value);
	if (!inner)
		return;
	call->outer = call->proto;
	call->proto = inner;
	if (call->outer->sub == SCT_SUB_SOCKETCALL)
		read_words(call, mem);
}

bool sct_call_read(struct sct_call *call, const struct sct_profile *profile, enum sct_insn_kind insn,
                   enum sct_mode mode, const struct sct_regs *regs, const struct sct_mem *mem)
{
	const struct sct_convention *conv;

	*call = (struct sct_call){ .nr = reg_word(regs, profile->nr) };
	conv = sct_profile_find(profile, insn, mode, (uint32_t)call->nr.value);
	if (!conv)
		return false;
	call->abi = conv->abi;
	call->result = conv->result;
	call->failed = conv->failed;
	call->repeat = conv->repeat;
	for (unsigned i = 0; i < SCT_ARGS_MAX; i++)
		read_arg(call, i, conv->args[i], regs, mem);
	if (call->nr.known)
		call->proto = sct_table_find(call->abi->table, call->nr.value & ~(uint64_t)call->abi->nr_match);
	look_inside(call, mem);
	return true;
}

bool sct_call_result(const struct sct_call *call, const struct sct_regs *regs, uint64_t *value)
{
	uint64_t failed = 0, result;

	if (!call->result || !sct_regs_get(regs, call->result, &result))
		return false;
	if (call->abi->failed && (!call->failed || !sct_regs_get(regs, call->failed, &failed)))
		return false;
	*value = failed ? -result : result;
	return true;
}

/* On the vDSO's landing pad, which pops them, the second and third are still what SYSEXIT or SYSRET needed. */
bool sct_call_kept(const struct sct_call *call, const struct sct_arch *arch, const struct sct_regs *before,
                   const struct sct_regs *behind)
{
	const struct sct_abi *abi = call->abi;
	uint64_t was, is;

	for (unsigned i = 0; i < SCT_ARGS_MAX; i++) {
		const struct sct_reg *r = abi->args[i].memory ? NULL : find_reg(arch, abi->args[i].reg);

		if (!r || r == call->result || r == call->failed || (abi->again && (i == 1 || i == 2)))
			continue;
		if (sct_regs_get(before, r, &was) && sct_regs_get(behind, r, &is) && was != is)
			return false;
	}
	return true;
}

unsigned sct_call_result_size(const struct sct_call *call)
{
	return call->proto && (call->proto->flags & SCT_P_INT_RESULT) ? 4 : call->abi->word;
}

bool sct_call_failed(const struct sct_call *call, uint64_t value, unsigned *number)
{
	/* with a flag, what is as large as 32 bits are is no error */
	int64_t v = sct_call_result_size(call) == 4 && !call->abi->failed ? (int32_t)value : (int64_t)value;

	*number = (unsigned)-v;
	return v < 0 && v >= -4095;
}
