/* i386 and x86_64 as data: registers, CPU modes, address spaces, signal frames.
 * In:  register files
 * Out: slots, the mode of user code, the address space
 */
#include "arch.h"

#include <stddef.h>

/* Slots are shared by both: eax is the low half of rax's slot. */
enum {
	RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15,
	RIP, EFLAGS, CS, SS, DS, ES, FS, GS, FS_BASE, GS_BASE, K_GS_BASE, CR0, CR2, CR3, CR4, EFER,
};

#define SEGMENTS_AND_SYSTEM(word)                                                                  \
	{ "eflags", EFLAGS, 4 }, { "cs", CS, 4 }, { "ss", SS, 4 }, { "ds", DS, 4 }, { "es", ES, 4 },   \
	{ "fs", FS, 4 }, { "gs", GS, 4 }, { "fs_base", FS_BASE, word }, { "gs_base", GS_BASE, word },  \
	{ "k_gs_base", K_GS_BASE, word }, { "cr0", CR0, word }, { "cr2", CR2, word },                  \
	{ "cr3", CR3, word }, { "cr4", CR4, word }, { "efer", EFER, word }

#define LOW_HALVES                                                                                 \
	{ "eax", RAX, 4 }, { "ecx", RCX, 4 }, { "edx", RDX, 4 }, { "ebx", RBX, 4 }, { "esp", RSP, 4 }, \
	{ "ebp", RBP, 4 }, { "esi", RSI, 4 }, { "edi", RDI, 4 }, { "eip", RIP, 4 }

static const struct sct_reg regs_i386[] = {
	LOW_HALVES,
	SEGMENTS_AND_SYSTEM(4),
	{ NULL, 0, 0 },
};

/* Names of eight bytes come first: they are the ones that recordings use. */
static const struct sct_reg regs_x86_64[] = {
	{ "rax", RAX, 8 }, { "rcx", RCX, 8 }, { "rdx", RDX, 8 }, { "rbx", RBX, 8 },
	{ "rsp", RSP, 8 }, { "rbp", RBP, 8 }, { "rsi", RSI, 8 }, { "rdi", RDI, 8 },
	{ "r8", R8, 8 }, { "r9", R9, 8 }, { "r10", R10, 8 }, { "r11", R11, 8 },
	{ "r12", R12, 8 }, { "r13", R13, 8 }, { "r14", R14, 8 }, { "r15", R15, 8 },
	{ "rip", RIP, 8 },
	SEGMENTS_AND_SYSTEM(8),
	LOW_HALVES,
	{ NULL, 0, 0 },
};

static bool known(const struct sct_regs *regs, unsigned slot)
{
	return regs->known >> slot & 1;
}

/* Code segment selectors of Linux user code on a 64-bit kernel: arch/x86/include/asm/segment.h. */
enum { USER32_CS = 0x23, USER_CS = 0x33 };
#define EFER_LMA (1u << 10) /* long mode is active: Intel SDM 3A 2.2.1 */

/* 64-bit kernels run on a CPU that has not been seen to be out of long mode. */
static bool in_long_mode(const struct sct_arch *arch, const struct sct_regs *regs)
{
	return arch->word == 8 && (!known(regs, EFER) || regs->value[EFER] & EFER_LMA);
}

/* CPU mode of user code: EFER.LMA and, in long mode, the code segment selector, whose values are part of the kernel's
 * ABI. */
static enum sct_mode mode_of(const struct sct_arch *arch, const struct sct_regs *regs)
{
	if (!in_long_mode(arch, regs))
		return SCT_MODE_32;
	if (!known(regs, CS))
		return SCT_MODE_UNKNOWN;
	switch (regs->value[CS] & 0xffff) {
	case USER_CS:
		return SCT_MODE_64;
	case USER32_CS:
		return SCT_MODE_32;
	default:
		return SCT_MODE_UNKNOWN;
	}
}

/* CS.RPL: Intel SDM 3A 5.5. */
static bool is_user(const struct sct_arch *arch, const struct sct_regs *regs, bool *user)
{
	(void)arch;
	if (!known(regs, CS))
		return false;
	*user = (regs->value[CS] & 3) == 3;
	return true;
}

#define CR4_PAE (1u << 5)

/* What cr3 holds beside the address of the table: Intel SDM 3A 4.3, 4.4.1 (PAE tables are 32 bytes, so several share a
 * page), 4.5 (the low 12 bits are flags or the PCID; bits above 51 are reserved or LAM's). */
static bool space_of(const struct sct_arch *arch, const struct sct_regs *regs, uint64_t *asid)
{
	bool long_mode = arch->word == 8;
	uint64_t mask = UINT64_C(0x000ffffffffff000);

	if (!known(regs, CR3))
		return false;
	if (known(regs, EFER))
		long_mode = regs->value[EFER] & EFER_LMA;
	if (!long_mode)
		mask = known(regs, CR4) && (regs->value[CR4] & CR4_PAE) ? 0xffffffe0 : 0xfffff000;
	*asid = regs->value[CR3] & mask;
	return true;
}

/* A kernel of 64 bits runs its programs, of 32 bits too, in long mode; one of 32 bits never enters it. */
static unsigned kernel_ptr_of(const struct sct_arch *arch, const struct sct_regs *regs)
{
	if (arch->word == 4)
		return 4;
	return !known(regs, EFER) ? 0 : regs->value[EFER] & EFER_LMA ? 8 : 4;
}

/* Every signal frame that Linux lays on a user stack (arch/x86/include/asm/sigframe.h). Which one a task gets is its
 * own personality's, not the call's: `int $0x80` from 64-bit code is interrupted by a 64-bit frame. */
static const struct sct_sigframe frames[] = {
	/* rt_sigframe of 64-bit code: pretcode 8, then ucontext: flags 8, link 8, stack 24, sigcontext in the order
	 * r8 … r15, di, si, bp, bx, dx, ax, cx, sp, ip (arch/x86/include/uapi/asm/{ucontext.h,sigcontext.h}) */
	{ .ip = 48 + 16 * 8, .sp = 48 + 15 * 8, .result = 48 + 13 * 8, .word = 8 },
	/* the same with the x32 ucontext, whose head is flags 4, link 4, stack 12, padding 4 */
	{ .ip = 32 + 16 * 8, .sp = 32 + 15 * 8, .result = 32 + 13 * 8, .word = 8 },
	/* 32-bit code, sigframe: pretcode, sig, sigcontext: gs fs es ds di si bp sp bx dx cx ax trapno err ip … */
	{ .ip = 8 + 56, .sp = 8 + 28, .result = 8 + 44, .word = 4 },
	/* 32-bit code, rt_sigframe: pretcode, sig, two pointers, siginfo 128, ucontext: flags, link, stack 12,
	 * sigcontext */
	{ .ip = 164 + 56, .sp = 164 + 28, .result = 164 + 44, .word = 4 },
	{ 0 },
};

const struct sct_arch sct_arch_i386 = {
	.name = "i386", .word = 4, .regs = regs_i386, .pc = RIP, .sp = RSP, .asid = CR3, .entering = 2,
	.modes = { SCT_MODE_32 }, .program_mode = SCT_MODE_32, .machine = true, .mode = mode_of, .user = is_user,
	.space = space_of, .kernel_ptr = kernel_ptr_of, .frames = frames,
};

const struct sct_arch sct_arch_x86_64 = {
	.name = "x86_64", .word = 8, .regs = regs_x86_64, .pc = RIP, .sp = RSP, .asid = CR3, .entering = 2,
	.modes = { SCT_MODE_64, SCT_MODE_32 }, .program_mode = SCT_MODE_64, .high_mode = SCT_MODE_64, .machine = true,
	.mode = mode_of, .user = is_user, .space = space_of, .kernel_ptr = kernel_ptr_of, .frames = frames,
};
