/* Pages of a kdump file, unpacked when they are read.
 * In:  spans of pages, the table of descriptors
 * Out: memory
 *
 * Layout of a descriptor (makedumpfile diskdump_mod.h, page_desc_t; little-endian), one for each page of the second
 * bitmap:
 *
 *    0 u64 offset of its bytes in the dump; pages of zeros share them
 *    8 u32 size of them
 *   12 u32 flags: 1 zlib, 2 LZO1X, 4 snappy, 0x20 zstd; none of these: not packed
 *   16 u64 flags of the kernel's for this page
 */
#include "mem_kdump.h"

#include <lzo/lzo1x.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "../src/cursor.h"

enum { DESCRIPTOR = 24, ZLIB = 1, LZO = 2, SNAPPY = 4, ZSTD = 0x20 };

struct descriptor {
	uint64_t at; /* its own offset in the dump */
	uint64_t offset;
	uint32_t size, flags;
};

/* ---- unpacking: true when a whole page came out --------------------------------------------------------------- */

static bool plain(const uint8_t *in, size_t size, uint8_t *page, size_t page_size)
{
	if (size == page_size)
		memcpy(page, in, size);
	return size == page_size;
}

static bool zlib(const uint8_t *in, size_t size, uint8_t *page, size_t page_size)
{
	uLongf n = page_size;

	return uncompress(page, &n, in, size) == Z_OK && n == page_size;
}

static bool lzo(const uint8_t *in, size_t size, uint8_t *page, size_t page_size)
{
	lzo_uint n = page_size;

	return lzo1x_decompress_safe(in, size, page, &n, NULL) == LZO_E_OK && n == page_size;
}

static bool snappy(const uint8_t *in, size_t size, uint8_t *page, size_t page_size)
{
	size_t n = page_size;

	return snappy_uncompress((const char *)in, size, (char *)page, &n) == SNAPPY_OK && n == page_size;
}

static bool zstd(const uint8_t *in, size_t size, uint8_t *page, size_t page_size)
{
	return ZSTD_decompress(page, page_size, in, size) == page_size;
}

static bool unpack(uint32_t flags, const uint8_t *in, size_t size, uint8_t *page, size_t page_size)
{
	switch (flags & (ZLIB | LZO | SNAPPY | ZSTD)) {
	case 0: return plain(in, size, page, page_size);
	case ZLIB: return zlib(in, size, page, page_size);
	case LZO: return lzo(in, size, page, page_size);
	case SNAPPY: return snappy(in, size, page, page_size);
	case ZSTD: return zstd(in, size, page, page_size);
	default: return false;
	}
}

/* ---- finding -------------------------------------------------------------------------------------------------- */

/* The span that has page pfn, or NULL. */
static const struct sct_kdump_span *find(const struct sct_kdump *k, uint64_t pfn)
{
	size_t low = 0, high = k->nspans;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct sct_kdump_span *s = &k->spans[mid];

		if (pfn < s->pfn)
			high = mid;
		else if (pfn - s->pfn >= s->count)
			low = mid + 1;
		else
			return s;
	}
	return NULL;
}

/* The descriptor of page pfn of span s; false: the dump ends before it. */
static bool describe(struct sct_kdump *k, const struct sct_kdump_span *s, uint64_t pfn, struct descriptor *d)
{
	uint8_t bytes[DESCRIPTOR];
	struct sct_cursor c = sct_cursor(bytes, sizeof bytes);

	d->at = k->descriptors + (s->rank + (pfn - s->pfn)) * DESCRIPTOR;
	if (!sct_kdump_bytes(k, d->at, bytes, sizeof bytes))
		return false;
	d->offset = sct_take_le(&c, 8);
	d->size = (uint32_t)sct_take_le(&c, 4);
	d->flags = (uint32_t)sct_take_le(&c, 4);
	return true;
}

static bool load(struct sct_kdump *k, const struct sct_kdump_span *s, uint64_t pfn, uint8_t *page)
{
	struct descriptor d = { 0 };

	/* a page is kept as it is where packing it gains nothing, so none is longer than that */
	if (describe(k, s, pfn, &d) && d.size <= k->page_size && sct_kdump_bytes(k, d.offset, k->packed, d.size) &&
	    unpack(d.flags, k->packed, d.size, page, k->page_size))
		return true;
	k->counts[KDUMP_BROKEN].count++;
	if (!k->info.damage.status)
		sct_fail(&k->info.damage, SCT_E_FORMAT, d.at, "the page at %#jx (%u bytes, flags %#x) does not unpack",
		         (uintmax_t)pfn * k->page_size, d.size, d.flags);
	return false;
}

void sct_kdump_check_end(struct sct_kdump *k)
{
	const struct sct_kdump_span *last = k->nspans ? &k->spans[k->nspans - 1] : NULL;
	struct descriptor d;

	if (!last || k->info.damage.status)
		return;
	if (!describe(k, last, last->pfn + last->count - 1, &d))
		sct_fail(&k->info.damage, SCT_E_TRUNCATED, d.at, "it ends inside the table of pages");
	else if (d.size > k->page_size || !sct_kdump_bytes(k, d.offset, k->packed, d.size))
		sct_fail(&k->info.damage, SCT_E_TRUNCATED, d.at, "it ends before the last page (%u bytes at %#jx)", d.size,
		         (uintmax_t)d.offset);
}

/* Page pfn, or NULL: the file does not have it. Valid until the next call. */
static const uint8_t *page_of(struct sct_kdump *k, uint64_t pfn)
{
	struct sct_kdump_slot *slot = &k->cache[pfn & (KDUMP_CACHE - 1)];
	const struct sct_kdump_span *s;

	if (slot->data && slot->pfn == pfn)
		return slot->data;
	s = find(k, pfn);
	if (!s)
		return NULL;
	if (!slot->data)
		slot->data = malloc(k->page_size);
	if (!slot->data)
		return NULL;
	slot->pfn = load(k, s, pfn, slot->data) ? pfn : UINT64_MAX;
	return slot->pfn == pfn ? slot->data : NULL;
}

size_t sct_kdump_read(struct sct_kdump *k, uint64_t addr, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len && addr + done >= addr) {
		size_t at = (addr + done) % k->page_size, n = k->page_size - at;
		const uint8_t *page = page_of(k, (addr + done) / k->page_size);

		if (!page)
			break;
		if (n > len - done)
			n = len - done;
		memcpy((uint8_t *)buf + done, page + at, n);
		done += n;
	}
	return done;
}
