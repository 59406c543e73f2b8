/* How a system call is passed: one row for each combination of profile, entering instruction and CPU mode.
 *
 * Sources: System V ABI x86-64 psABI A.2.1; Linux arch/x86/entry/{entry_64.S,entry_64_compat.S,entry_32.S,common.c},
 * arch/arm/kernel/entry-common.S, arch/arm64/kernel/syscall.c, arch/mips/kernel/scall32-o32.S.
 */
#ifndef SCT_ABI_H
#define SCT_ABI_H

#include <stdbool.h>
#include <stddef.h>

#include "arch.h"
#include "proto.h"

/* Instructions that enter the kernel. */
enum sct_insn_kind {
	SCT_INSN_NONE, SCT_INSN_SYSCALL, SCT_INSN_SYSENTER, SCT_INSN_INT80, SCT_INSN_SVC,
	SCT_INSN_SVC_OABI, /* Arm's svc with the call's number in itself: no profile has such calls */
	SCT_INSN_KINDS
};
extern const char *const sct_insn_names[SCT_INSN_KINDS]; /* "syscall" … as the record has them */

enum { SCT_ARGS_MAX = 7 };

/* Where one argument word is: in a register, or in memory at an offset from one. */
struct sct_where {
	const char *reg; /* NULL: this ABI has no such argument */
	bool memory;     /* the word is at [reg + offset] */
	int16_t offset;
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
	const char *failed;    /* register that is not 0 when the call failed; the result is then the error number itself.
	                          NULL: results from -4095 to -1 are error numbers (include/linux/err.h, MAX_ERRNO) */
	const char *repeat;    /* register that holds the number when a call is to be made again */
	const struct sct_labels *errors; /* names of error numbers */
	struct sct_where args[SCT_ARGS_MAX];
	int8_t after;          /* the call's return address, counted from the entering instruction */
	int8_t again;          /* where a restarted call resumes, counted likewise */
	int8_t older_after, older_again; /* the same of older kernels' vDSOs; 0: they have no others */
	const struct sct_table *table;
};

/* Whether pc is where a call returns to that entered at the instruction `at`. */
bool sct_abi_is_after(const struct sct_abi *abi, uint64_t at, uint64_t pc);
/* Whether it is where such a call resumes to be made again. */
bool sct_abi_is_again(const struct sct_abi *abi, uint64_t at, uint64_t pc);

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
	/* where abi has these; NULL: the architecture keeps no such register, or abi has none */
	const struct sct_reg *result, *failed, *repeat;
	const struct sct_proto *proto; /* NULL: number unknown or not in the table. The inner call of a multiplexer */
	const struct sct_proto *outer; /* the multiplexer (socketcall, ipc), or NULL */
	struct sct_word nr, word[SCT_ARGS_MAX];
	const char *why[SCT_ARGS_MAX]; /* word[i] unknown: why */
};

/* An ABI with its registers as an architecture has them; NULL: it keeps none of that name. */
struct sct_convention {
	const struct sct_abi *abi;
	const struct sct_reg *result, *failed, *repeat, *args[SCT_ARGS_MAX];
};

enum { SCT_CONVENTIONS_MAX = 8 };

/* A profile on an architecture: all that calls look up, looked up once. */
struct sct_profile {
	const struct sct_reg *nr; /* the same for all: the number is part of what tells them apart */
	struct sct_convention conv[SCT_CONVENTIONS_MAX];
	unsigned count;
};

/* False: there is no profile of that name, or it is of another family of architectures. "linux_x64" has x64, x32 and
 * x86 calls, "linux_x86" only x86 ones. */
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

/* The result of the call as registers show it, errors as negative numbers of 64 bits; false: unknown. */
bool sct_call_result(const struct sct_call *call, const struct sct_regs *regs, uint64_t *value);
/* Whether registers behind a call can be those of the thread that made it with these before: it gets the ones of its
 * arguments back, but that of the result. */
bool sct_call_kept(const struct sct_call *call, const struct sct_arch *arch, const struct sct_regs *before,
                   const struct sct_regs *behind);
/* Bytes of the result that count: those of the ABI's word, fewer where the call returns fewer. */
unsigned sct_call_result_size(const struct sct_call *call);
/* Whether that value is an error; then *number is which. */
bool sct_call_failed(const struct sct_call *call, uint64_t value, unsigned *number);
/* Reads number and argument words of the call that insn at the moment of regs and mem makes. False: no ABI fits. */
bool sct_call_read(struct sct_call *call, const struct sct_profile *profile, enum sct_insn_kind insn,
                   enum sct_mode mode, const struct sct_regs *regs, const struct sct_mem *mem);

#endif
