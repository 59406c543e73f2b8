/* Where the guest's kernel lies.
 *
 * In:  addresses of symbols, of the instruction that a system call has led to, code of the kernel
 * Out: the slide, and whether that is proven
 */
#include "kernel.h"

#include <stdlib.h>
#include <string.h>

bool sct_kernel_set(struct sct_kernel *k, const char *text)
{
	char *end;

	for (unsigned i = 0; i < SCT_SYMBOLS; i++, text = end + 1) {
		k->linked.at[i] = strtoull(text, &end, 16);
		if (end == text || *end != (i + 1 < SCT_SYMBOLS ? ':' : 0))
			return false;
	}
	k->word = k->linked.at[SCT_SYM_SWITCH_TO] >> 32 ? 8 : 4;
	atomic_store(&k->state, SCT_KERNEL_SOUGHT);
	return true;
}

static uint64_t wrap(const struct sct_kernel *k, uint64_t addr)
{
	return k->word == 4 ? (uint32_t)addr : addr;
}

uint64_t sct_kernel_at(const struct sct_kernel *k, enum sct_symbol symbol)
{
	return wrap(k, k->linked.at[symbol] + k->slide);
}

bool sct_kernel_entered(struct sct_kernel *k, enum sct_insn_kind kind, uint64_t pc)
{
	uint64_t slide = pc - k->linked.at[SCT_SYM_ENTRY + kind];

	/* the kernel is moved by whole pages */
	if (slide & 0xfff || wrap(k, pc) != pc)
		return false;
	k->slide = slide;
	return true;
}

bool sct_kernel_proven(const struct sct_kernel *k, const uint8_t *code, size_t size)
{
	uint64_t distance = k->linked.at[SCT_SYM_SWITCH_TO] - k->linked.at[SCT_SYM_SWITCH_ASM];
	int32_t rel;

	/* jmp rel32: e9, then the distance from the next instruction (Intel SDM 2A, JMP) */
	for (size_t i = 0; i + 5 <= size; i++) {
		memcpy(&rel, code + i + 1, sizeof rel);
		if (code[i] == 0xe9 && wrap(k, i + 5 + (uint64_t)(int64_t)rel) == wrap(k, distance))
			return true;
	}
	return false;
}
