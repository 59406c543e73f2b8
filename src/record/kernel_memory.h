/* The kernel's memory beside a vCPU that runs a program.
 *
 * QEMU reads virtual memory as the program on the vCPU could, if it had the kernel's rights. Under page-table isolation
 * the program's tables lack the kernel's memory, so the kernel's are walked here, in physical memory.
 */
#ifndef SCT_RECORD_KERNEL_MEMORY_H
#define SCT_RECORD_KERNEL_MEMORY_H

#include "../walk.h"
#include "lines.h"
#include "physical.h"

/* The registers that tell how a vCPU translates. */
struct sct_controls {
	uint64_t cr0, cr3, cr4, efer;
};

struct sct_kernel_memory {
	struct sct_physical physical;
	struct sct_memory tables;  /* has nothing of its own: it reads physical memory */
	sct_read_line read_line;   /* where physical memory cannot be read */
	/* at this moment: */
	struct sct_paging paging;
	uint64_t from;             /* lowest address that is the kernel's */
	uint64_t pc;               /* of the program, whose page both halves' tables have */
	bool chosen;               /* paging's root is the kernel's */
	struct sct_walks walks;
};

/* Not to be moved afterwards. Without physical memory (an empty *physical) read_line, called with NULL, is all. */
void sct_kernel_memory_init(struct sct_kernel_memory *k, const struct sct_physical *physical, sct_read_line read_line);
/* The vCPU that is meant has these registers from now on, and is about to run the program's instruction at pc; nothing
 * from before is remembered. */
void sct_kernel_memory_at(struct sct_kernel_memory *k, const struct sct_controls *controls, uint64_t pc);
/* Reads the line at addr; false: it is not the kernel's, not mapped, or no RAM. ctx: the struct. */
bool sct_kernel_memory_line(void *ctx, uint64_t addr, uint8_t *line);

#endif
