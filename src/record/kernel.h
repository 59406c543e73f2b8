/* Where the guest's kernel lies: its symbols, and by how much the guest has moved it (KASLR).
 *
 * The slide is found when a system call enters the kernel: the first instruction there is the entry's. Code at
 * __switch_to_asm then proves it: it ends with a jump to __switch_to.
 */
#ifndef SCT_RECORD_KERNEL_H
#define SCT_RECORD_KERNEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "status.h"
#include "symbols.h"

enum { SCT_KERNEL_CODE = 512 }; /* bytes from __switch_to_asm on in which its last jump is sought */

/* Zero-initialise: no symbols were given. */
struct sct_kernel {
	_Atomic uint32_t state; /* enum sct_kernel_state */
	struct sct_symbols linked;
	uint64_t slide;
	unsigned word;          /* bytes of a word of this kernel */
};

/* Takes the symbols as hexadecimal numbers with colons between, in the order of enum sct_symbol. False: they are
 * not. */
bool sct_kernel_set(struct sct_kernel *k, const char *text);
/* Where the symbol is in the guest, by the slide. */
uint64_t sct_kernel_at(const struct sct_kernel *k, enum sct_symbol symbol);
/* Sets the slide: this kind of instruction has led to pc. False: pc cannot be its entry, whatever the slide. */
bool sct_kernel_entered(struct sct_kernel *k, enum sct_insn_kind kind, uint64_t pc);
/* Whether code, the guest's at __switch_to_asm, goes on to __switch_to. */
bool sct_kernel_proven(const struct sct_kernel *k, const uint8_t *code, size_t size);

#endif
