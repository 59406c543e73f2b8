/* What an architecture is, as data: registers, and how to name them. */
#ifndef SCT_ARCH_H
#define SCT_ARCH_H

#include <stdbool.h>
#include <stdint.h>

/* One register that is kept; sub-registers are names for parts of one. */
struct sct_reg {
	const char *name; /* as the field and QEMU's gdb stub write it: "rax", "eax", "cr3" */
	uint8_t index;    /* the register file's slot: eax and rax share one */
	uint8_t size;     /* bytes, 1 to 8 */
};

enum { SCT_REGS_MAX = 64 };

struct sct_arch {
	const char *name;           /* QEMU's target name: "i386", "x86_64" */
	uint8_t word;               /* bytes of a general register */
	const struct sct_reg *regs; /* ends with a NULL name */
	uint8_t pc, sp, asid;       /* slots of the program counter, stack pointer, page-table base */
};

extern const struct sct_arch sct_arch_i386, sct_arch_x86_64;

/* The architecture with that QEMU target name, or NULL. */
const struct sct_arch *sct_arch_find(const char *name);
/* The register called name, or NULL when this architecture keeps none of that name. */
const struct sct_reg *sct_arch_reg(const struct sct_arch *arch, const char *name);

/* A number that may be unknown. */
struct sct_word {
	bool known;
	uint64_t value;
};

/* A register file: values by slot, and which of them are known. */
struct sct_regs {
	uint64_t value[SCT_REGS_MAX];
	uint64_t known; /* bit i: value[i] is what the recording showed */
};

/* Reads part of slot r->index; false when it is unknown (then *value is untouched). */
static inline bool sct_regs_get(const struct sct_regs *regs, const struct sct_reg *r, uint64_t *value)
{
	if (!(regs->known >> r->index & 1))
		return false;
	*value = r->size >= 8 ? regs->value[r->index] : regs->value[r->index] & ((UINT64_C(1) << (8 * r->size)) - 1);
	return true;
}

static inline void sct_regs_set(struct sct_regs *regs, unsigned index, uint64_t value)
{
	regs->value[index] = value;
	regs->known |= UINT64_C(1) << index;
}

/* The CPU mode that decides how bytes are instructions and which ABI a call has. */
enum sct_mode { SCT_MODE_UNKNOWN, SCT_MODE_16, SCT_MODE_32, SCT_MODE_64 };

#endif
