/* What the files of the kdump reader share. */
#ifndef SCT_MEM_KDUMP_H
#define SCT_MEM_KDUMP_H

#include "notes.h"
#include "runs.h"

enum {
	KDUMP_PAGE_MIN = 4 << 10,
	KDUMP_PAGE_MAX = 256 << 10,
	KDUMP_CACHE = 64, /* unpacked pages that are kept, a power of two */
};

/* Pages that the file has, without a gap. */
struct sct_kdump_span {
	uint64_t pfn, count; /* page frame numbers: addresses / page size */
	uint64_t rank;       /* of the first of them among all pages of the file */
};

struct sct_kdump_slot {
	uint64_t pfn;  /* of data, when it is not NULL */
	uint8_t *data; /* a page; NULL: nothing yet */
};

struct sct_kdump {
	struct sct_runs bytes; /* the dump's, by their offset in it: a flattened one has them in another order */
	unsigned page_size;
	uint64_t descriptors; /* offset in the dump of the table of pages */
	struct sct_kdump_span *spans;
	size_t nspans, spans_room;
	struct sct_range *ranges;
	struct sct_notes notes;
	struct sct_kdump_slot cache[KDUMP_CACHE];
	uint8_t *packed; /* room for a page as the dump has it */
	struct sct_count counts[4];
	struct sct_snapshot_info info;
};

enum { KDUMP_PAGES, KDUMP_LEFT_OUT, KDUMP_BROKEN }; /* counts */

/* sct_snapshot_ops.read */
size_t sct_kdump_read(struct sct_kdump *k, uint64_t addr, void *buf, size_t len);
/* Tells in info.damage that the file ends before its last page. */
void sct_kdump_check_end(struct sct_kdump *k);

/* Copies size bytes at offset of the dump; false: they are not all there. */
static inline bool sct_kdump_bytes(struct sct_kdump *k, uint64_t offset, void *buf, size_t size)
{
	return sct_runs_read(&k->bytes, offset, buf, size) == size;
}

#endif
