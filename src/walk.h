/* From virtual to guest-physical addresses, by the page tables in the replayed memory itself. */
#ifndef SCT_WALK_H
#define SCT_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"

enum sct_walk_status {
	SCT_WALK_OK,
	SCT_WALK_UNMAPPED,     /* the tables say: no such page; or no address of this mode */
	SCT_WALK_NOT_RECORDED, /* the recording does not show a table on the way, or not the byte itself */
};

/* The record's word for it ("unmapped", "not recorded"); NULL for SCT_WALK_OK. */
const char *sct_page_walk_reason(enum sct_walk_status status);

struct sct_walks;

/* How one vCPU translates at one moment. */
struct sct_paging {
	uint64_t root;     /* guest-physical address of the top-level table */
	uint8_t levels;    /* of tables: 0 (identity), 2, 3, 4, 5 */
	bool large;        /* with 2 levels: 4 MiB pages are on */
	uint8_t va_bits;   /* of a virtual address: 32, 48, 57 */
	struct sct_walks *walks; /* the caller's: pages that were found at this moment, not to be walked to again; NULL: every
	                            walk is made */
};

/* x86's paging mode by its control registers (Intel SDM 3A 4.1.1). cr3 need not be the one of the other three: under
 * page-table isolation either half's will do for user addresses, only the kernel's for kernel ones. */
struct sct_paging sct_paging_x86(uint64_t cr0, uint64_t cr3, uint64_t cr4, uint64_t efer);

enum { SCT_TABLES_MAX = 5 };

/* Where a virtual address is. */
struct sct_mapping {
	uint64_t paddr; /* guest-physical address of the very byte */
	uint64_t size;  /* bytes of its page */
	bool user;      /* user mode may access it (all levels have U/S set, Intel SDM 3A 4.6) */
	uint8_t ntables;
	uint64_t tables[SCT_TABLES_MAX]; /* page numbers of the tables on the way: who stores there changes translations */
};

enum { SCT_WALKS = 16 };

/* Pages that walks have found, the last ones. Its owner sets found to 0 before tables may have changed. */
struct sct_walks {
	unsigned found;
	struct sct_walked {
		uint64_t root, base; /* of the tables; the page's virtual address */
		struct sct_mapping mapping; /* of its first byte */
	} page[SCT_WALKS];
};

/* Finds vaddr; fills *mapping only with SCT_WALK_OK. Nothing but paging->walks is remembered between calls: stores may
 * change the tables. */
enum sct_walk_status sct_page_walk_x86(const struct sct_paging *paging, struct sct_memory *m, uint64_t vaddr,
                                       struct sct_mapping *mapping);
/* Copies the known bytes that lead the len bytes at virtual address vaddr and returns how many. Where fewer than len,
 * *status says what is wrong with the first that is missing, else it is SCT_WALK_OK. Addresses do not wrap. user: what
 * user mode may not access counts as unmapped. */
size_t sct_virt_read(const struct sct_paging *paging, struct sct_memory *m, bool user, uint64_t vaddr, void *buf,
                     size_t len, enum sct_walk_status *status);

#endif
