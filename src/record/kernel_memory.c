/* Reads the kernel's memory beside a vCPU that runs a program.
 *
 * In:  control registers, physical memory
 * Out: lines
 */
#include "kernel_memory.h"

#include "../../formats/sctrace.h"

/* Page-table isolation: this bit tells the program's top-level table from the kernel's (arch/x86/mm/pti.c,
 * PTI_PGTABLE_SWITCH_BIT; arch/x86/entry/calling.h). */
#define ISOLATED (UINT64_C(1) << 12)

/* Where the kernel's addresses begin, which the trace's reader knows too (sctrace-trace(5)). */
#define KERNEL_64 (UINT64_C(1) << 63)
#define KERNEL_32 UINT64_C(0xc0000000)
#define EFER_LMA (UINT64_C(1) << 10) /* long mode is active, Intel SDM 3A 2.2.1 */

/* RAM only: reading from a device could change what it does. */
static size_t read_physical(void *ctx, uint64_t paddr, void *buf, size_t len)
{
	const struct sct_physical *p = ctx;

	if (p->is_io(paddr))
		return 0;
	p->rw(paddr, buf, len, false);
	return len;
}

void sct_kernel_memory_init(struct sct_kernel_memory *k, const struct sct_physical *physical, sct_read_line read_line)
{
	*k = (struct sct_kernel_memory){ .physical = *physical, .read_line = read_line };
	sct_memory_init(&k->tables, 0);
	if (k->physical.rw)
		sct_memory_set_backing(&k->tables, (struct sct_backing){ read_physical, &k->physical });
}

void sct_kernel_memory_at(struct sct_kernel_memory *k, const struct sct_controls *c, uint64_t pc)
{
	k->paging = sct_paging_x86(c->cr0, c->cr3, c->cr4, c->efer);
	k->paging.walks = &k->walks; /* the kernel's data lie together in large pages, so that few walks are needed */
	k->walks.found = 0;
	k->from = c->efer & EFER_LMA ? KERNEL_64 : KERNEL_32;
	k->pc = pc;
	k->chosen = false;
}

/* From here on walks begin at the kernel's root. Under isolation both halves have the program's pages, and only the
 * kernel's has all of the kernel, though some of its text and read-only data may be in the other one too
 * (arch/x86/mm/pti.c, pti_clone_kernel_text). Without it what lies there is anything but tables of this program. */
static void choose(struct sct_kernel_memory *k)
{
	struct sct_paging kernel = k->paging;
	struct sct_mapping here, there;

	k->chosen = true;
	kernel.root &= ~ISOLATED;
	if (kernel.root != k->paging.root && sct_page_walk_x86(&k->paging, &k->tables, k->pc, &here) == SCT_WALK_OK &&
	    sct_page_walk_x86(&kernel, &k->tables, k->pc, &there) == SCT_WALK_OK && here.paddr == there.paddr)
		k->paging = kernel;
}

bool sct_kernel_memory_line(void *ctx, uint64_t addr, uint8_t *line)
{
	struct sct_kernel_memory *k = ctx;
	struct sct_mapping mapping;

	if (addr < k->from)
		return false;
	if (!k->physical.rw)
		return k->read_line(NULL, addr, line);
	if (!k->chosen)
		choose(k);
	return sct_page_walk_x86(&k->paging, &k->tables, addr, &mapping) == SCT_WALK_OK &&
	       read_physical(&k->physical, mapping.paddr, line, SCT_LINE) == SCT_LINE;
}
