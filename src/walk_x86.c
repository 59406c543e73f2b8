/* Page walks of the x86 family.
 * In:  control registers, a virtual address, replayed memory that holds the page tables
 * Out: the guest-physical address, or why there is none
 *
 * Source: Intel SDM volume 3A, chapter 4. The width of physical addresses is not in a recording, so the architecture's
 * largest, 52 bits, is assumed: a reserved bit above the real width goes unnoticed.
 */
#include "walk.h"

/* Intel SDM 3A 2.5 (CR0, CR4), 2.2.1 (EFER) */
#define CR0_PG (UINT64_C(1) << 31)
#define CR4_PSE (UINT64_C(1) << 4)
#define CR4_PAE (UINT64_C(1) << 5)
#define CR4_LA57 (UINT64_C(1) << 12)
#define EFER_LMA (UINT64_C(1) << 10)

/* Bits of an entry: Intel SDM 3A, tables 4-5, 4-9 to 4-11, 4-15 to 4-20. */
#define PRESENT (UINT64_C(1) << 0)
#define USER (UINT64_C(1) << 2)
#define LARGE (UINT64_C(1) << 7)
#define ADDRESS UINT64_C(0x000ffffffffff000)
#define BITS(high, low) (((UINT64_C(2) << ((high) - (low))) - 1) << (low))

/* What must be zero in an entry of a level, or there is no translation (4.7: a page fault with RSVD). */
struct level {
	uint8_t shift;           /* lowest bit of the virtual address that selects an entry: the page has 2^shift bytes */
	uint8_t index_bits;
	bool large;              /* bit 7 makes the entry a page instead of a table */
	bool user;               /* the entry has a say in user access */
	uint64_t reserved;       /* of a table's entry */
	uint64_t reserved_large; /* of a page's entry */
};

/* 32-bit paging, 4.3. A 4 MiB page's bits 20:13 are bits 39:32 of its address (PSE-36). */
static const struct level levels_2[] = {
	{ 22, 10, true, true, 0, BITS(21, 21) },
	{ 12, 10, false, true, 0, 0 },
};

/* PAE paging, 4.4. Bits 62:52 are reserved, other than with 4 levels. Hardware reads the four entries of the top table
 * when CR3 is loaded (4.4.1); kernels load CR3 after changing one, so memory shows the same. Their bits 8:5 and 2:1 are
 * reserved too, and loading them set is refused; but QEMU's emulation sets bit 5 itself, as in any other entry. */
static const struct level levels_3[] = {
	{ 30, 2, false, false, BITS(63, 52), 0 },
	{ 21, 9, true, true, BITS(62, 52), BITS(62, 52) | BITS(20, 13) },
	{ 12, 9, false, true, 0, BITS(62, 52) },
};

/* 4-level and 5-level paging, 4.5: the former begins at the second row. */
static const struct level levels_5[] = {
	{ 48, 9, false, true, BITS(7, 7), 0 },
	{ 39, 9, false, true, BITS(7, 7), 0 },
	{ 30, 9, true, true, 0, BITS(29, 13) },
	{ 21, 9, true, true, 0, BITS(20, 13) },
	{ 12, 9, false, true, 0, 0 },
};

const char *sct_page_walk_reason(enum sct_walk_status status)
{
	switch (status) {
	case SCT_WALK_UNMAPPED:
		return "unmapped";
	case SCT_WALK_NOT_RECORDED:
		return "not recorded";
	default:
		return NULL;
	}
}

struct sct_paging sct_paging_x86(uint64_t cr0, uint64_t cr3, uint64_t cr4, uint64_t efer)
{
	if (!(cr0 & CR0_PG))
		return (struct sct_paging){ 0, 0, false, 32, NULL };
	if (efer & EFER_LMA && cr4 & CR4_LA57)
		return (struct sct_paging){ cr3 & ADDRESS, 5, true, 57, NULL };
	if (efer & EFER_LMA)
		return (struct sct_paging){ cr3 & ADDRESS, 4, true, 48, NULL };
	if (cr4 & CR4_PAE)
		return (struct sct_paging){ cr3 & BITS(31, 5), 3, true, 32, NULL };
	return (struct sct_paging){ cr3 & BITS(31, 12), 2, cr4 & CR4_PSE, 32, NULL };
}

static const struct level *first_level(const struct sct_paging *paging)
{
	switch (paging->levels) {
	case 2:
		return levels_2;
	case 3:
		return levels_3;
	case 4:
		return levels_5 + 1;
	default:
		return levels_5;
	}
}

/* An address of 32 bits, or one whose upper bits repeat the highest that is translated (4.5.1: canonical). */
static bool is_address(const struct sct_paging *paging, uint64_t vaddr)
{
	if (paging->va_bits == 32)
		return vaddr >> 32 == 0;
	return vaddr >> (paging->va_bits - 1) == 0 || ~vaddr >> (paging->va_bits - 1) == 0;
}

/* Reads the entry for vaddr of the table at paddr. */
static bool read_entry(struct sct_memory *m, uint64_t table, const struct level *level, size_t size, uint64_t vaddr,
                       uint64_t *entry)
{
	uint64_t index = vaddr >> level->shift & ((1u << level->index_bits) - 1);
	uint8_t bytes[8] = { 0 };

	if (sct_memory_read(m, table + index * size, bytes, size) < size)
		return false;
	*entry = 0;
	for (size_t i = size; i--; )
		*entry = *entry << 8 | bytes[i];
	return true;
}

/* Where vaddr is in the page that entry of this level maps. */
static uint64_t address_in(const struct sct_paging *paging, const struct level *level, uint64_t entry, uint64_t vaddr)
{
	uint64_t size = UINT64_C(1) << level->shift;
	uint64_t base = entry & ADDRESS & ~(size - 1);

	if (paging->levels == 2 && level->large)
		base |= (entry & BITS(20, 13)) << (32 - 13);
	return base | (vaddr & (size - 1));
}

static enum sct_walk_status walk(const struct sct_paging *paging, struct sct_memory *m, uint64_t vaddr,
                                 struct sct_mapping *mapping)
{
	const struct level *level = first_level(paging);
	struct sct_mapping walked = { 0 };
	uint64_t table = paging->root, entry;
	bool user = true;

	if (!is_address(paging, vaddr))
		return SCT_WALK_UNMAPPED;
	if (!paging->levels) {
		*mapping = (struct sct_mapping){ .paddr = vaddr, .size = SCT_PAGE_SIZE, .user = true };
		return SCT_WALK_OK;
	}
	for (;; level++) {
		bool page;

		if (!read_entry(m, table, level, paging->levels == 2 ? 4 : 8, vaddr, &entry))
			return SCT_WALK_NOT_RECORDED;
		walked.tables[walked.ntables++] = table >> SCT_PAGE_SHIFT;
		page = level->shift == SCT_PAGE_SHIFT || (level->large && paging->large && entry & LARGE);
		if (!(entry & PRESENT) || entry & (page ? level->reserved_large : level->reserved))
			return SCT_WALK_UNMAPPED;
		user &= !level->user || entry & USER;
		if (page)
			break;
		table = entry & ADDRESS;
	}
	walked.paddr = address_in(paging, level, entry, vaddr);
	walked.size = UINT64_C(1) << level->shift;
	walked.user = user;
	*mapping = walked;
	return SCT_WALK_OK;
}

/* Whether one of the pages that were found has vaddr. */
static bool find_again(const struct sct_paging *paging, uint64_t vaddr, struct sct_mapping *mapping)
{
	const struct sct_walks *w = paging->walks;

	for (unsigned i = 0; i < w->found && i < SCT_WALKS; i++) {
		const struct sct_walked *page = &w->page[i];

		if (vaddr - page->base >= page->mapping.size || page->root != paging->root)
			continue;
		*mapping = page->mapping;
		mapping->paddr += vaddr - page->base;
		return true;
	}
	return false;
}

static void keep(const struct sct_paging *paging, uint64_t vaddr, const struct sct_mapping *mapping)
{
	uint64_t offset = vaddr & (mapping->size - 1);
	struct sct_walked *page = &paging->walks->page[paging->walks->found++ % SCT_WALKS];

	*page = (struct sct_walked){ paging->root, vaddr - offset, *mapping };
	page->mapping.paddr -= offset;
}

enum sct_walk_status sct_page_walk_x86(const struct sct_paging *paging, struct sct_memory *m, uint64_t vaddr,
                                       struct sct_mapping *mapping)
{
	enum sct_walk_status status;

	if (paging->walks && find_again(paging, vaddr, mapping))
		return SCT_WALK_OK;
	status = walk(paging, m, vaddr, mapping);
	if (paging->walks && status == SCT_WALK_OK)
		keep(paging, vaddr, mapping);
	return status;
}

size_t sct_virt_read(const struct sct_paging *paging, struct sct_memory *m, bool user, uint64_t vaddr, void *buf,
                     size_t len, enum sct_walk_status *status)
{
	uint8_t *to = buf;
	size_t done = 0;
	struct sct_mapping mapping;

	*status = SCT_WALK_OK;
	while (done < len) {
		size_t n, got;

		*status = SCT_WALK_UNMAPPED;
		if (done <= UINT64_MAX - vaddr)
			*status = sct_page_walk_x86(paging, m, vaddr + done, &mapping);
		if (*status == SCT_WALK_OK && user && !mapping.user)
			*status = SCT_WALK_UNMAPPED;
		if (*status != SCT_WALK_OK)
			break;
		n = mapping.size - (mapping.paddr & (mapping.size - 1));
		n = len - done < n ? len - done : n;
		got = sct_memory_read(m, mapping.paddr, to + done, n);
		done += got;
		if (got < n) {
			*status = SCT_WALK_NOT_RECORDED;
			break;
		}
	}
	return done;
}
