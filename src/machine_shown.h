/* Inside of the machine room: what numbers of the kernel's memory, sct_machine_kernel_shown's, stand for. */
#ifndef SCT_MACHINE_SHOWN_H
#define SCT_MACHINE_SHOWN_H

#include "machine.h"

/* What the kernel's view was answered by is not the kernel's memory alone: the number of this moment does not stand for
 * that, and is not given again. */
void sct_machine_strayed(struct sct_vcpu *v);
/* The kernel's view was answered by len bytes of a run, from byte `at` of the vCPU's copy on. */
void sct_machine_read_run(struct sct_vcpu *v, uint32_t at, size_t len);
/* Where what the kernel reads of replayed memory at this moment is noted; NULL: nowhere. */
struct sct_memory_notes *sct_machine_notes(const struct sct_vcpu *v);
void sct_machine_shown_fini(struct sct_machine *m);

#endif
