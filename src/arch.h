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

struct sct_regs;
struct sct_sigframe;

/* The CPU mode that decides how bytes are instructions and which ABI a call has. */
enum sct_mode {
	SCT_MODE_UNKNOWN,
	SCT_MODE_16, SCT_MODE_32, SCT_MODE_64, /* x86 */
	SCT_MODE_ARM, SCT_MODE_THUMB,
	SCT_MODE_A64,
	SCT_MODE_MIPS32,
	SCT_MODES,
};

struct sct_arch {
	const char *name;           /* QEMU's target name: "i386", "x86_64", "aarch64" */
	uint8_t word;               /* bytes of a general register */
	const struct sct_reg *regs; /* ends with a NULL name */
	uint8_t pc, sp, asid;       /* slots of the program counter, stack pointer, page-table base (SCT_REGS_MAX: none) */
	uint8_t entering;           /* bytes of entering instructions without prefixes; 0: there are no prefixes */
	uint8_t modes[2];           /* modes of user code, where registers do not show which; the second may be UNKNOWN */
	uint8_t program_mode;       /* mode of programs under an emulator; SCT_MODE_UNKNOWN: as registers show */
	uint8_t high_mode;          /* mode of code, or with a stack, above 4 GiB; SCT_MODE_UNKNOWN: that tells nothing */
	bool machine;               /* recordings of whole machines are read: page tables, user and kernel mode are known */
	/* CPU mode of user code, as registers show it; SCT_MODE_UNKNOWN: they do not. */
	enum sct_mode (*mode)(const struct sct_arch *arch, const struct sct_regs *regs);
	/* The following are NULL where machine is false. Whether the registers show that the CPU is in user mode, or not
	 * (*user); false: they show neither. */
	bool (*user)(const struct sct_arch *arch, const struct sct_regs *regs, bool *user);
	/* The address space that the registers select; false: unknown. */
	bool (*space)(const struct sct_arch *arch, const struct sct_regs *regs, uint64_t *asid);
	/* Bytes of an address of the kernel that runs the CPU's programs; 0: the registers do not show it. */
	unsigned (*kernel_ptr)(const struct sct_arch *arch, const struct sct_regs *regs);
	const struct sct_sigframe *frames; /* signal frames that Linux lays on user stacks, the last with word 0 */
};

extern const struct sct_arch sct_arch_i386, sct_arch_x86_64, sct_arch_arm, sct_arch_aarch64, sct_arch_mipsel;

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

/* CPU mode of user code, or SCT_MODE_UNKNOWN. */
static inline enum sct_mode sct_arch_mode(const struct sct_arch *arch, const struct sct_regs *regs)
{
	return arch->mode(arch, regs);
}

/* True, false by *user, when the registers show whether the CPU is in user mode. */
static inline bool sct_arch_user(const struct sct_arch *arch, const struct sct_regs *regs, bool *user)
{
	return arch->user && arch->user(arch, regs, user);
}

/* The address space that the registers select: the address of the top-level page table, without flags and PCID. Under
 * page-table isolation that of the half which is in use, in user mode the user's. False: unknown. */
static inline bool sct_arch_asid(const struct sct_arch *arch, const struct sct_regs *regs, uint64_t *asid)
{
	return arch->space && arch->space(arch, regs, asid);
}

/* Bytes of an address of the kernel, by the registers of a CPU whose program calls it: 4, 8. 0: they do not show it. */
static inline unsigned sct_arch_kernel_ptr(const struct sct_arch *arch, const struct sct_regs *regs)
{
	return arch->kernel_ptr ? arch->kernel_ptr(arch, regs) : 0;
}

/* How a signal frame lies on the user stack; offsets from the stack pointer at which the handler begins. */
struct sct_sigframe {
	uint16_t ip, sp, result; /* the interrupted context's registers */
	uint8_t word;            /* bytes of each of the three */
};

#endif
