/* What instructions do to registers, where a recording shows the code that ran but not what it did. */
#ifndef SCT_STEP_H
#define SCT_STEP_H

#include <stddef.h>

#include "arch.h"
#include "err.h"

struct sct_step;

/* SCT_E_UNSUPPORTED: this Capstone was built without the architecture. */
int sct_step_new(struct sct_step **step, const struct sct_arch *arch, struct sct_err *err);
void sct_step_free(struct sct_step *step);
/* Applies the instructions in the len bytes of code at addr, all of which ran, in that order, to *regs: constants that
 * are loaded, copies of registers and zeroing idioms have a known result; any other register that an instruction may
 * write is unknown from then on, and all are where the bytes are no instructions. */
void sct_step_over(struct sct_step *step, enum sct_mode mode, struct sct_regs *regs, uint64_t addr, const uint8_t *code,
                   size_t len);

#endif
