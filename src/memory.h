/* Guest-physical memory as far as a recording shows it: every byte is known or not. */
#ifndef SCT_MEMORY_H
#define SCT_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "map.h"
#include "memory_notes.h"

enum {
	SCT_PAGE_SHIFT = 12,
	SCT_PAGE_SIZE = 1 << SCT_PAGE_SHIFT,
	SCT_MEMORY_SLOTS = 512, /* of the front cache, a power of two; 2 MiB of recently used memory */
};

/* One place of the front cache: a page that is wholly known and has bytes of its own. */
struct sct_memory_slot {
	uint64_t page; /* page number, or SCT_NO_PAGE */
	uint8_t *data; /* SCT_PAGE_SIZE bytes */
};

#define SCT_NO_PAGE UINT64_MAX /* no address has this page number: they have 64 bits, page numbers 52 */

/* Where bytes come from that no store has told: snapshots of the memory at the recording's start. Copies the leading
 * bytes from paddr on that there are, len at most, and returns how many. */
struct sct_backing {
	size_t (*read)(void *ctx, uint64_t paddr, void *buf, size_t len);
	void *ctx;
};

/* The caller's storage; its members are this room's. */
struct sct_memory {
	struct sct_memory_slot slot[SCT_MEMORY_SLOTS]; /* by low bits of the page number */
	struct sct_map groups;                         /* page number / 512 to a group of pages */
	uint64_t bytes, limit;                         /* of memory that pages and groups take and may take */
	uint64_t refused;
	struct sct_backing backing;                    /* read NULL: there is none */
	struct sct_memory_notes *notes; /* the caller's: takes what sct_memory_read gives; NULL: nothing does */
	uint64_t generation; /* changes when a pointer that sct_memory_page gave may no longer be what it was */
};

/* Begins with nothing known. limit: bytes that the pages may take together, UINT64_MAX for no bound; it keeps a
 * damaged or hostile recording from taking all memory, so it belongs above what the guest can have. */
void sct_memory_init(struct sct_memory *m, uint64_t limit);
void sct_memory_fini(struct sct_memory *m);

/* What m holds before any store. The backing outlives m; forgetting drops it: it no longer tells of this moment. */
void sct_memory_set_backing(struct sct_memory *m, struct sct_backing backing);
/* Page number page as SCT_PAGE_SIZE bytes that may be read and written in place, brought in from the backing where no
 * store was; NULL: not all of its bytes are known, or it was refused. Valid as long as m->generation stays. */
uint8_t *sct_memory_page(struct sct_memory *m, uint64_t page);
/* Whether a byte of page number page is known, not counting what only the backing has. */
bool sct_memory_has(const struct sct_memory *m, uint64_t page);
/* The len bytes at paddr are no longer known. */
void sct_memory_unknow(struct sct_memory *m, uint64_t paddr, size_t len);

/* Out of line half of sct_memory_store; call that. */
void sct_memory_store_slow(struct sct_memory *m, uint64_t paddr, const void *data, size_t len);

/* The len bytes at guest-physical address paddr are data from now on, and known. A page that the limit has no room
 * for becomes unknown instead, and is counted (sct_memory_refused). Bytes beyond the last address are ignored. */
static inline void sct_memory_store(struct sct_memory *m, uint64_t paddr, const void *data, size_t len)
{
	uint64_t page = paddr >> SCT_PAGE_SHIFT;
	const struct sct_memory_slot *s = &m->slot[page & (SCT_MEMORY_SLOTS - 1)];
	size_t at = paddr & (SCT_PAGE_SIZE - 1);

	if (s->page != page || len > 16 || at + len > SCT_PAGE_SIZE) {
		sct_memory_store_slow(m, paddr, data, len);
		return;
	}
	if (len == 8) /* sizes that the compiler turns into one move, the usual ones first */
		memcpy(s->data + at, data, 8);
	else if (len == 4)
		memcpy(s->data + at, data, 4);
	else if (len == 1)
		s->data[at] = *(const uint8_t *)data;
	else
		memcpy(s->data + at, data, len);
}

/* Copies the known bytes that lead the len bytes at paddr; returns how many, 0 when the first is not known. */
size_t sct_memory_read(struct sct_memory *m, uint64_t paddr, void *buf, size_t len);
/* count pages from page number page on are zero from now on. Costs a few bytes for every 2 MiB, and time for every
 * 2 MiB: the caller bounds count. */
void sct_memory_zero(struct sct_memory *m, uint64_t page, uint64_t count);
/* Nothing is known any more: records are missing. */
void sct_memory_forget(struct sct_memory *m);
/* Bytes of the tool's own memory that the replayed memory takes. */
uint64_t sct_memory_bytes(const struct sct_memory *m);
/* How often the limit had no room for a page's new content since init. */
uint64_t sct_memory_refused(const struct sct_memory *m);

#endif
