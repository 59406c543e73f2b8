/* The few symbols of a Linux kernel that tell its threads apart, out of a file that lists them.
 *
 * In:  System.map, what /proc/kallsyms shows, or an ELF vmlinux
 * Out: addresses as they stand in the file: where the guest has moved its kernel to (KASLR) is not in it
 */
#ifndef SCT_RECORD_SYMBOLS_H
#define SCT_RECORD_SYMBOLS_H

#include <stdint.h>

#include "../abi.h"
#include "../err.h"

enum sct_symbol {
	SCT_SYM_SWITCH_ASM, /* __switch_to_asm: leaves one thread's stack for another's and goes on in */
	SCT_SYM_SWITCH_TO,  /* __switch_to: its arguments are the old and the new task_struct */
	SCT_SYM_FORK,       /* ret_from_fork, since 6.6 ret_from_fork_asm: where a new thread's stack returns to */
	SCT_SYM_ENTRY,      /* + enum sct_insn_kind: where that instruction leads to; 0: not told */
	SCT_SYMBOLS = SCT_SYM_ENTRY + SCT_INSN_INT80 + 1, /* those of x86 */
};

struct sct_symbols {
	uint64_t at[SCT_SYMBOLS];
};

/* Reads them. SCT_E_IO: the file cannot be read; SCT_E_FORMAT, SCT_E_TRUNCATED: it is no such list; SCT_E_UNSUPPORTED:
 * what threads are told by is not in it. The text of *err says what to give instead. */
int sct_symbols_read(const char *path, struct sct_symbols *symbols, struct sct_err *err);

#endif
