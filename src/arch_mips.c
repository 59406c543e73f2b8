/* Little-endian MIPS programs of 32 bits as data: registers.
 * In:  register files
 * Out: slots, the mode of user code
 */
#include "arch.h"

#include <stddef.h>

enum { SP = 29, PC = 32, HI, LO };

/* By their names in the o32 ABI (System V ABI, MIPS supplement, 3-11). */
static const struct sct_reg regs_mips[] = {
	{ "zero", 0, 4 }, { "at", 1, 4 }, { "v0", 2, 4 }, { "v1", 3, 4 }, { "a0", 4, 4 }, { "a1", 5, 4 }, { "a2", 6, 4 },
	{ "a3", 7, 4 }, { "t0", 8, 4 }, { "t1", 9, 4 }, { "t2", 10, 4 }, { "t3", 11, 4 }, { "t4", 12, 4 }, { "t5", 13, 4 },
	{ "t6", 14, 4 }, { "t7", 15, 4 }, { "s0", 16, 4 }, { "s1", 17, 4 }, { "s2", 18, 4 }, { "s3", 19, 4 },
	{ "s4", 20, 4 }, { "s5", 21, 4 }, { "s6", 22, 4 }, { "s7", 23, 4 }, { "t8", 24, 4 }, { "t9", 25, 4 },
	{ "k0", 26, 4 }, { "k1", 27, 4 }, { "gp", 28, 4 }, { "sp", SP, 4 }, { "s8", 30, 4 }, { "ra", 31, 4 },
	{ "pc", PC, 4 }, { "hi", HI, 4 }, { "lo", LO, 4 },
	{ NULL, 0, 0 },
};

static enum sct_mode mips_mode(const struct sct_arch *arch, const struct sct_regs *regs)
{
	(void)arch;
	(void)regs;
	return SCT_MODE_MIPS32;
}

const struct sct_arch sct_arch_mipsel = {
	.name = "mipsel", .word = 4, .regs = regs_mips, .pc = PC, .sp = SP, .asid = SCT_REGS_MAX,
	.modes = { SCT_MODE_MIPS32 }, .program_mode = SCT_MODE_MIPS32, .mode = mips_mode,
};
