/* Inside of the machine room: accesses at virtual addresses. */
#ifndef SCT_MACHINE_ACCESS_H
#define SCT_MACHINE_ACCESS_H

#include "machine.h"

/* Carries out an ACCESSES event. */
void sct_machine_access(struct sct_vcpu *v, const struct sct_event *e);
/* The len bytes at that virtual address are no longer known: something unknown was stored there. */
void sct_machine_unknow(struct sct_vcpu *v, uint64_t addr, size_t len);
/* m->local is of v's address space from now on; what it held of another one is forgotten. */
void sct_machine_enter_space(struct sct_machine *m, const struct sct_vcpu *v);
/* Counts one comparison of len bytes at a virtual address, at instruction seq. */
void sct_agreement_note(struct sct_agreement *a, uint64_t seq, uint64_t addr, const uint8_t *trace,
                        const uint8_t *memory, size_t len);

#endif
