/* Inside of the machine room: what numbers of the kernel's memory, sct_machine_kernel_shown's, stand for. */
#ifndef SCT_MACHINE_SHOWN_H
#define SCT_MACHINE_SHOWN_H

#include "machine.h"

/* The kernel's view was answered by what is not the kernel's: the number of this moment does not stand for that, and
 * is not given again. */
void sct_machine_strayed(struct sct_vcpu *v);
void sct_machine_shown_fini(struct sct_machine *m);

#endif
