/* What instructions do to registers, where a recording shows the code that ran but not what it did. */
#ifndef SCT_STEP_H
#define SCT_STEP_H

#include <stddef.h>

#include "arch.h"
#include "err.h"

struct sct_step;

/* Of other architectures than the x86 family nothing is known: their code leaves all registers unknown.
 * SCT_E_UNSUPPORTED: this Capstone was built without x86. SCT_E_NOMEM. */
int sct_step_new(struct sct_step **step, const struct sct_arch *arch, struct sct_err *err);
void sct_step_free(struct sct_step *step);
/* Applies the instructions in the len bytes of code at addr, all of which ran, in that order, to *regs: constants that
 * are loaded, copies of registers and zeroing idioms have a known result; any other register that an instruction may
 * write is unknown from then on, and all are where the bytes are no instructions. */
void sct_step_over(struct sct_step *step, enum sct_mode mode, struct sct_regs *regs, uint64_t addr, const uint8_t *code,
                   size_t len);
/* Whether all of the instructions in those bytes ran, and not only the first ones, up to one that faulted. True: none
 * of them can fault; or `later` (NULL: nothing is known), the registers before any other code has changed them, holds
 * what only those behind the last that can fault have done. False: it is not known. */
bool sct_step_reached(struct sct_step *step, enum sct_mode mode, const struct sct_regs *before,
                      const struct sct_regs *later, uint64_t addr, const uint8_t *code, size_t len);

#endif
