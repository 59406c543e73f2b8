/* The kernel's memory beside a vCPU that runs a program.
 *
 * QEMU reads virtual memory as the program on the vCPU could, if it had the kernel's rights. Under page-table isolation
 * the program's tables lack the kernel's memory, so the kernel's are walked here, in physical memory.
 */
#ifndef SCT_RECORD_KERNEL_MEMORY_H
#define SCT_RECORD_KERNEL_MEMORY_H

#include "../walk.h"
#include "guest.h"
#include "physical.h"

enum { SCT_KERNEL_MAPPINGS = 16 };

struct sct_kernel_memory {
	const struct sct_dict *dict;
	struct sct_physical physical;
	struct sct_memory tables; /* has nothing of its own: it reads physical memory */
	/* at this moment */
	struct sct_vcpu *vcpu;
	struct sct_paging paging;
	bool sure;                /* a walk from that root has led to memory: it is the kernel's */
	struct sct_mapping mapping[SCT_KERNEL_MAPPINGS];
	uint64_t base[SCT_KERNEL_MAPPINGS]; /* virtual address at which each begins */
	unsigned mappings;
};

/* Not to be moved afterwards. A QEMU that does not let physical memory be read gives what its own walk reaches. */
void sct_kernel_memory_init(struct sct_kernel_memory *k, const struct sct_dict *dict);
/* It is about v from now on, whose values have been read; nothing from before is remembered. */
void sct_kernel_memory_at(struct sct_kernel_memory *k, struct sct_vcpu *v);
/* Reads the line at addr; false: it is not the kernel's, not mapped, or no RAM. ctx: the struct. */
bool sct_kernel_memory_line(void *ctx, uint64_t addr, uint8_t *line);

#endif
