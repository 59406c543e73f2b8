/* Arm and AArch64 programs as data: registers, and which instruction set runs.
 * In:  register files
 * Out: slots, the mode of user code
 */
#include "arch.h"

#include <stddef.h>

enum { R0, SP = 13, LR, PC, CPSR };

static const struct sct_reg regs_arm[] = {
	{ "r0", R0, 4 }, { "r1", 1, 4 }, { "r2", 2, 4 }, { "r3", 3, 4 }, { "r4", 4, 4 }, { "r5", 5, 4 }, { "r6", 6, 4 },
	{ "r7", 7, 4 }, { "r8", 8, 4 }, { "r9", 9, 4 }, { "r10", 10, 4 }, { "r11", 11, 4 }, { "r12", 12, 4 },
	{ "sp", SP, 4 }, { "lr", LR, 4 }, { "pc", PC, 4 }, { "cpsr", CPSR, 4 },
	{ NULL, 0, 0 },
};

#define CPSR_T (1u << 5) /* Thumb: Arm ARM (ARMv7-A), B1.3.3 */

static enum sct_mode arm_mode(const struct sct_arch *arch, const struct sct_regs *regs)
{
	(void)arch;
	if (!(regs->known >> CPSR & 1))
		return SCT_MODE_UNKNOWN;
	return regs->value[CPSR] & CPSR_T ? SCT_MODE_THUMB : SCT_MODE_ARM;
}

const struct sct_arch sct_arch_arm = {
	.name = "arm", .word = 4, .regs = regs_arm, .pc = PC, .sp = SP, .asid = SCT_REGS_MAX,
	.modes = { SCT_MODE_ARM, SCT_MODE_THUMB }, .mode = arm_mode,
};

enum { X0, A64_SP = 31, A64_PC, PSTATE };

static const struct sct_reg regs_aarch64[] = {
	{ "x0", X0, 8 }, { "x1", 1, 8 }, { "x2", 2, 8 }, { "x3", 3, 8 }, { "x4", 4, 8 }, { "x5", 5, 8 }, { "x6", 6, 8 },
	{ "x7", 7, 8 }, { "x8", 8, 8 }, { "x9", 9, 8 }, { "x10", 10, 8 }, { "x11", 11, 8 }, { "x12", 12, 8 },
	{ "x13", 13, 8 }, { "x14", 14, 8 }, { "x15", 15, 8 }, { "x16", 16, 8 }, { "x17", 17, 8 }, { "x18", 18, 8 },
	{ "x19", 19, 8 }, { "x20", 20, 8 }, { "x21", 21, 8 }, { "x22", 22, 8 }, { "x23", 23, 8 }, { "x24", 24, 8 },
	{ "x25", 25, 8 }, { "x26", 26, 8 }, { "x27", 27, 8 }, { "x28", 28, 8 }, { "x29", 29, 8 }, { "x30", 30, 8 },
	{ "sp", A64_SP, 8 }, { "pc", A64_PC, 8 }, { "cpsr", PSTATE, 4 },
	/* the kernel takes 32 bits of a number: arch/arm64/kernel/syscall.c, do_el0_svc */
	{ "w8", 8, 4 },
	{ NULL, 0, 0 },
};

static enum sct_mode a64_mode(const struct sct_arch *arch, const struct sct_regs *regs)
{
	(void)arch;
	(void)regs;
	return SCT_MODE_A64;
}

const struct sct_arch sct_arch_aarch64 = {
	.name = "aarch64", .word = 8, .regs = regs_aarch64, .pc = A64_PC, .sp = A64_SP, .asid = SCT_REGS_MAX,
	.modes = { SCT_MODE_A64 }, .program_mode = SCT_MODE_A64, .high_mode = SCT_MODE_A64, .mode = a64_mode,
};
