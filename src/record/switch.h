/* The kernel's switch of stacks, recognised by its instructions.
 *
 * Linux switches threads by storing the stack pointer into the old task's struct and loading it from the new one's, at
 * the same offset, in two neighbouring instructions (arch/x86/entry/entry_{32,64}.S, __switch_to_asm). The second
 * one's base register is then the address of the new thread's task_struct.
 */
#ifndef SCT_RECORD_SWITCH_H
#define SCT_RECORD_SWITCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One place in the kernel that switches stacks. */
struct sct_switch {
	uint64_t pc;      /* of the load */
	uint8_t from, to; /* numbers of the base registers */
	int32_t disp;
	uint8_t word;     /* bytes of a word in this code */
	uint8_t words;    /* pushed before the stack pointer was stored: the return address lies behind them */
};

/* Whether instruction b right behind a is a stack switch; *site is filled but for pc and words. */
bool sct_switch_match(const uint8_t *a, size_t alen, const uint8_t *b, size_t blen, bool wide,
                      struct sct_switch *site);
/* How many words the instructions that end at the end of code push, one after the other. */
unsigned sct_switch_words(const uint8_t *code, size_t len, bool wide);

#endif
