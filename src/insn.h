/* Which instruction some bytes are: Capstone's answer, kept for bytes that were seen before. */
#ifndef SCT_INSN_H
#define SCT_INSN_H

#include <stddef.h>

#include "abi.h"
#include "err.h"

struct sct_insn;

/* Ready for all modes of the architecture's family. SCT_E_UNSUPPORTED: this Capstone was built without it. */
int sct_insn_new(struct sct_insn **insn, const struct sct_arch *arch, struct sct_err *err);
void sct_insn_free(struct sct_insn *insn);
/* What the instruction at the start of bytes is in that mode, and its length in *size. SCT_INSN_NONE with *size 0:
 * these bytes are no instruction; with another size: it does not enter the kernel. */
enum sct_insn_kind sct_insn_kind(struct sct_insn *insn, enum sct_mode mode, const uint8_t *bytes, size_t len,
                                 unsigned *size);
/* Whether control may go elsewhere than behind the instruction at the start of bytes, as Capstone groups it: jumps,
 * calls, returns, interrupts; also where the bytes are no instruction. */
bool sct_insn_jumps(struct sct_insn *insn, enum sct_mode mode, const uint8_t *bytes, size_t len);

#endif
