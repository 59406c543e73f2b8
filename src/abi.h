/* How a system call is passed: one row for each combination of profile, entering instruction and CPU mode.
 *
 * Sources: System V ABI x86-64 psABI A.2.1; Linux arch/x86/entry/{entry_64.S,entry_64_compat.S,entry_32.S,common.c}.
 */
#ifndef SCT_ABI_H
#define SCT_ABI_H

#include <stdbool.h>
#include <stddef.h>

#include "arch.h"
#include "proto.h"

/* Instructions that enter the kernel. */
enum sct_insn_kind { SCT_INSN_NONE, SCT_INSN_SYSCALL, SCT_INSN_SYSENTER, SCT_INSN_INT80, SCT_INSN_KINDS };
extern const char *const sct_insn_names[SCT_INSN_KINDS]; /* "syscall" … as the record has them */

enum { SCT_ARGS_MAX = 6 };

/* Where one argument word is: in a register, or in memory at an offset from one. */
struct sct_where {
	const char *reg; /* NULL: this ABI has no such argument */
	bool memory;     /* the word is at [reg + offset] */
	int16_t offset;
};

/* How a signal frame lies on the user stack (arch/x86/include/asm/sigframe.h); offsets from the stack pointer at
 * which the handler begins. */
struct sct_sigframe {
	uint16_t ip, sp, result; /* the interrupted context's registers */
	uint8_t word;            /* bytes of each of the three */
};

struct sct_abi {
	const char *name;      /* the record's `abi`: "linux_x64", "linux_x32", "linux_x86" */
	const char *arch;      /* architectures it is for, by name; NULL: any of the family */
	uint8_t insn;          /* enum sct_insn_kind */
	uint8_t mode;          /* enum sct_mode of the entering code, SCT_MODE_UNKNOWN: any */
	uint8_t word;          /* bytes of an argument word and of the result */
	uint8_t ptr;           /* bytes of a pointer and of a long in the caller's memory: 4 for x32, whose words are 8 */
	uint32_t nr_mask, nr_match; /* the row applies when (nr & nr_mask) == nr_match (x32's bit 30) */
	const char *nr, *result;    /* registers, by name */
	struct sct_where args[SCT_ARGS_MAX];
	int8_t after;          /* the call's return address, counted from the entering instruction */
	int8_t again;          /* where a restarted call resumes, counted likewise */
	const struct sct_table *table;
};

/* Every signal frame that Linux lays on an x86 user stack; the last has word 0. Which one a task gets is its own
 * personality's, not the call's: `int $0x80` from 64-bit code is interrupted by a 64-bit frame. */
extern const struct sct_sigframe sct_sigframes[];

/* Memory as one thread sees it at one moment. */
struct sct_mem {
	/* Copies the leading bytes at virtual address addr that are known, len at most; returns how many. */
	size_t (*read)(void *ctx, uint64_t addr, void *buf, size_t len);
	/* Why the byte at addr is not known: "unmapped", "not recorded". */
	const char *(*why)(void *ctx, uint64_t addr);
	void *ctx;
};

/* Reads the little-endian number of size bytes, 1 to 8, at addr. False, *value untouched: not all of it is known. */
bool sct_mem_word(const struct sct_mem *mem, uint64_t addr, unsigned size, uint64_t *value);

/* One system call as its registers show it, before any decoding. */
struct sct_call {
	const struct sct_abi *abi;
	const struct sct_reg *result;  /* where abi has the result; NULL: the architecture keeps no such register */
	const struct sct_proto *proto; /* NULL: number unknown or not in the table. The inner call of a multiplexer */
	const struct sct_proto *outer; /* the multiplexer (socketcall, ipc), or NULL */
	struct sct_word nr, word[SCT_ARGS_MAX];
	const char *why[SCT_ARGS_MAX]; /* word[i] unknown: why */
};

/* An ABI with its registers as an architecture has them; NULL: it keeps none of that name. */
struct sct_convention {
	const struct sct_abi *abi;
	const struct sct_reg *result, *args[SCT_ARGS_MAX];
};

enum { SCT_CONVENTIONS_MAX = 8 };

/* A profile on an architecture: all that calls look up, looked up once. */
struct sct_profile {
	const struct sct_reg *nr; /* the same for all: the number is part of what tells them apart */
	struct sct_convention conv[SCT_CONVENTIONS_MAX];
	unsigned count;
};

/* False: there is no profile of that name. "linux_x64" has x64, x32 and x86 calls, "linux_x86" only x86 ones. */
bool sct_profile_init(struct sct_profile *profile, const char *name, const struct sct_arch *arch);
/* The convention of that instruction in that mode with that number, or NULL: none known. */
const struct sct_convention *sct_profile_find(const struct sct_profile *profile, enum sct_insn_kind insn,
                                              enum sct_mode mode, uint32_t nr);
/* Profiles by number, for --list-profiles; NULL behind the last. */
const char *sct_abi_profile(unsigned i, const char **summary);
/* The profile that a recording of this architecture has by itself, or NULL. */
const char *sct_abi_default_profile(const struct sct_arch *arch);
/* The architecture whose recordings have that profile by themselves; NULL: no profile of that name. */
const struct sct_arch *sct_abi_profile_arch(const char *name);

/* Reads number and argument words of the call that insn at the moment of regs and mem makes. False: no ABI fits. */
bool sct_call_read(struct sct_call *call, const struct sct_profile *profile, enum sct_insn_kind insn,
                   enum sct_mode mode, const struct sct_regs *regs, const struct sct_mem *mem);

/* CPU mode of user code. x86: EFER.LMA and, in long mode, the code segment selector, whose values are part of the
 * kernel's ABI (arch/x86/include/asm/segment.h: __USER32_CS 0x23, __USER_CS 0x33). */
enum sct_mode sct_arch_mode(const struct sct_arch *arch, const struct sct_regs *regs);
/* True, false by *user, when the registers show whether the CPU is in user mode (CS.RPL, Intel SDM 3A 5.5). */
bool sct_arch_user(const struct sct_arch *arch, const struct sct_regs *regs, bool *user);
/* The address space that the registers select: the address of the top-level page table, without flags and PCID. Under
 * page-table isolation that of the half which is in use, in user mode the user's. False: unknown. */
bool sct_arch_asid(const struct sct_arch *arch, const struct sct_regs *regs, uint64_t *asid);

#endif
