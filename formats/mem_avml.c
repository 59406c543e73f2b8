/* Images of AVML, Microsoft's memory acquisition tool, as it compresses them.
 * In:  blocks of a machine's RAM, in chunks that are packed with snappy
 * Out: memory
 *
 * Layout (AVML src/image.rs, src/io/snappy.rs, version 2; snappy framing_format.txt; numbers little-endian), again and
 * again up to the end of the file:
 *
 *   u32 magic    0x4c4d5641, the bytes AVML
 *   u32 version  2
 *   u64 first    guest-physical address
 *   u64 last     of the last byte
 *   u64 0
 *   chunks       until last - first + 1 bytes have come out of them
 *   u64          how many bytes the chunks are
 *
 * A chunk: u8 type, u24 size of what follows. 0xff: "sNaPpY", the first of a block. 0 and 1: u32 checksum, then packed
 * or plain bytes, which are at most 65536 when they are unpacked. 0x80 to 0xfe: to be skipped.
 * The checksum is CRC-32C of the unpacked bytes, turned right by 15 bits, plus 0xa282ead8.
 *
 * AVML leaves out blocks of zeros, up to 16 MiB each: nothing tells them from what is not RAM.
 */
#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>

#include "../src/cursor.h"
#include "formats.h"

enum {
	MAGIC = 0x4c4d5641,
	VERSION = 2,
	PACKED = 0,
	PLAIN = 1,
	SKIPPED = 0x80,
	STREAM = 0xff,
	CHUNK_MAX = 64 << 10, /* unpacked */
	CACHE = 16,           /* unpacked chunks that are kept, a power of two */
};

/* One that has bytes. */
struct chunk {
	uint64_t addr;
	const uint8_t *data;   /* behind the checksum */
	uint32_t packed, size; /* bytes at data; of them when they are unpacked */
	bool plain;
};

struct slot {
	size_t chunk;  /* its number, when data is not NULL */
	uint8_t *data; /* NULL: nothing yet */
};

struct avml {
	const struct sct_file *file;
	struct chunk *chunks;
	size_t nchunks, room;
	struct sct_range *ranges;
	struct slot cache[CACHE];
	uint32_t crc[256]; /* CRC-32C of each byte */
	struct sct_count counts[4];
	struct sct_snapshot_info info;
};

enum { BLOCKS, CHUNKS, BROKEN }; /* counts */

/* ---- finding the chunks --------------------------------------------------------------------------------------- */

static uint64_t offset(const struct avml *a, const uint8_t *at)
{
	return (uint64_t)(at - a->file->data);
}

/* Tells of damage, of which the first is kept; what is behind it is not of use. */
static int damaged(struct avml *a, int status, const uint8_t *at, const char *what)
{
	if (!a->info.damage.status)
		sct_fail(&a->info.damage, status, offset(a, at), "%s", what);
	return 0;
}

static int add_chunk(struct avml *a, const struct chunk *c, struct sct_err *err)
{
	if (a->nchunks == a->room) {
		size_t room = a->room ? 2 * a->room : 256;
		struct chunk *grown = reallocarray(a->chunks, room, sizeof *grown);

		if (!grown)
			return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory");
		a->chunks = grown;
		a->room = room;
	}
	a->chunks[a->nchunks++] = *c;
	return 1;
}

/* Takes in one chunk of a block that has left more bytes to come, from *addr on, and moves *addr. 1; 0: damaged;
 * negative: SCT_E_NOMEM. */
static int take_chunk(struct avml *a, struct sct_cursor *c, uint64_t *addr, uint64_t left, struct sct_err *err)
{
	const uint8_t *start = c->at;
	unsigned type = sct_take_u8(c);
	uint64_t length = sct_take_le(c, 3);
	const uint8_t *body = sct_take(c, length);
	struct chunk chunk = { *addr, NULL, 0, 0, type == PLAIN };
	size_t size;

	if (!body)
		return damaged(a, SCT_E_TRUNCATED, start, "it ends inside a chunk");
	if (type == STREAM && (length != 6 || memcmp(body, "sNaPpY", 6)))
		return damaged(a, SCT_E_FORMAT, start, "a stream that is not snappy's");
	if (type >= SKIPPED)
		return 1;
	if (type != PACKED && type != PLAIN)
		return damaged(a, SCT_E_FORMAT, start, "a chunk of a type that is not defined");
	if (length < 4)
		return damaged(a, SCT_E_FORMAT, start, "a chunk without its checksum");
	chunk.data = body + 4;
	chunk.packed = (uint32_t)length - 4;
	size = chunk.packed;
	if (type == PACKED && snappy_uncompressed_length((const char *)chunk.data, chunk.packed, &size) != SNAPPY_OK)
		return damaged(a, SCT_E_FORMAT, start, "a chunk that does not say how long it is");
	if (size > CHUNK_MAX || size > left)
		return damaged(a, SCT_E_FORMAT, start, "a chunk that has more bytes than it can");
	chunk.size = (uint32_t)size;
	*addr += size;
	return size ? add_chunk(a, &chunk, err) : 1;
}

/* As take_chunk. */
static int take_block(struct avml *a, struct sct_cursor *c, struct sct_err *err)
{
	const uint8_t *start = c->at, *chunks;
	uint64_t magic = sct_take_le(c, 4), version = sct_take_le(c, 4);
	uint64_t first = sct_take_le(c, 8), last = sct_take_le(c, 8), addr = first;

	sct_take(c, 8);
	if (c->bad)
		return damaged(a, SCT_E_TRUNCATED, start, "it ends inside the header of a block");
	if (magic != MAGIC || version != VERSION)
		return damaged(a, SCT_E_FORMAT, start, "no header of a block, version 2, where one belongs");
	if (last < first || (!first && last == UINT64_MAX))
		return damaged(a, SCT_E_FORMAT, start, "a block that ends before it begins");
	a->counts[BLOCKS].count++;
	chunks = c->at;
	while (addr - first != last - first + 1) {
		int rc = take_chunk(a, c, &addr, last - first + 1 - (addr - first), err);

		if (rc <= 0)
			return rc;
	}
	if (sct_take_le(c, 8) != (uint64_t)(c->at - chunks) - 8 || c->bad)
		return damaged(a, c->bad ? SCT_E_TRUNCATED : SCT_E_FORMAT, start, "the length behind a block is not its own");
	return 1;
}

/* ---- putting them in order ------------------------------------------------------------------------------------ */

static int in_order(const void *a, const void *b)
{
	const struct chunk *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return (x->data > y->data) - (x->data < y->data);
}

/* Leaves out those that tell of memory of which one before them does. */
static void separate(struct avml *a)
{
	size_t n = 0;

	if (a->nchunks)
		qsort(a->chunks, a->nchunks, sizeof *a->chunks, in_order);
	for (size_t i = 0; i < a->nchunks; i++) {
		if (n && a->chunks[i].addr - a->chunks[n - 1].addr < a->chunks[n - 1].size)
			damaged(a, SCT_E_FORMAT, a->chunks[i].data, "a chunk that tells of memory of which another one does");
		else
			a->chunks[n++] = a->chunks[i];
	}
	a->nchunks = n;
	a->counts[CHUNKS].count = n;
}

static int cover(struct avml *a, struct sct_err *err)
{
	size_t n = 0;

	a->ranges = reallocarray(NULL, a->nchunks + 1, sizeof *a->ranges);
	if (!a->ranges)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory");
	for (size_t i = 0; i < a->nchunks; i++) {
		const struct chunk *c = &a->chunks[i];

		if (n && a->ranges[n - 1].addr + a->ranges[n - 1].size == c->addr)
			a->ranges[n - 1].size += c->size;
		else
			a->ranges[n++] = (struct sct_range){ c->addr, c->size, SCT_RANGE_WRITE };
	}
	a->info.ranges = a->ranges;
	a->info.nranges = n;
	return SCT_OK;
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

/* CRC-32C: RFC 3720, appendix B.4; its polynomial with the low bits first is 0x82f63b78. */
static void fill_crc(uint32_t *table)
{
	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0x82f63b78 : 0);
	}
}

static uint32_t checksum(const struct avml *a, const uint8_t *data, size_t size)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < size; i++)
		crc = crc >> 8 ^ a->crc[(crc ^ data[i]) & 0xff];
	crc = ~crc;
	return (crc >> 15 | crc << 17) + 0xa282ead8;
}

static bool unpack(const struct avml *a, const struct chunk *c, uint8_t *out)
{
	struct sct_cursor sum = sct_cursor(c->data - 4, 4);
	size_t size = c->size;

	if (c->plain)
		memcpy(out, c->data, size);
	else if (snappy_uncompress((const char *)c->data, c->packed, (char *)out, &size) != SNAPPY_OK || size != c->size)
		return false;
	return checksum(a, out, size) == sct_take_le(&sum, 4);
}

/* The number of the chunk that has addr; nchunks: none has. */
static size_t find(const struct avml *a, uint64_t addr)
{
	size_t low = 0, high = a->nchunks;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (addr < a->chunks[mid].addr)
			high = mid;
		else if (addr - a->chunks[mid].addr >= a->chunks[mid].size)
			low = mid + 1;
		else
			return mid;
	}
	return a->nchunks;
}

/* The bytes of chunk i; NULL: they are broken. Valid until the next call. */
static const uint8_t *bytes_of(struct avml *a, size_t i)
{
	struct slot *slot = &a->cache[i & (CACHE - 1)];

	if (slot->data && slot->chunk == i)
		return slot->data;
	if (!slot->data)
		slot->data = malloc(CHUNK_MAX);
	if (!slot->data)
		return NULL;
	slot->chunk = i;
	if (unpack(a, &a->chunks[i], slot->data))
		return slot->data;
	slot->chunk = SIZE_MAX;
	a->counts[BROKEN].count++;
	damaged(a, SCT_E_FORMAT, a->chunks[i].data, "a chunk that does not unpack, or has another checksum");
	return NULL;
}

static size_t avml_read(void *state, uint64_t addr, void *buf, size_t len)
{
	struct avml *a = state;
	size_t done = 0;

	while (done < len && addr + done >= addr) {
		size_t i = find(a, addr + done), at, n;
		const uint8_t *data = i < a->nchunks ? bytes_of(a, i) : NULL;

		if (!data)
			break;
		at = addr + done - a->chunks[i].addr;
		n = a->chunks[i].size - at < len - done ? a->chunks[i].size - at : len - done;
		memcpy((uint8_t *)buf + done, data + at, n);
		done += n;
	}
	return done;
}

/* ---- the reader ----------------------------------------------------------------------------------------------- */

static int avml_probe(const struct sct_file *file)
{
	struct sct_cursor c = sct_cursor(file->data, file->size);

	return sct_take_le(&c, 4) == MAGIC && !c.bad ? 100 : 0;
}

static int avml_open(void *state, const struct sct_file *file, bool has_base, uint64_t base, struct sct_err *err)
{
	struct avml *a = state;
	struct sct_cursor c = sct_cursor(file->data, file->size);
	int rc = 1;

	(void)base;
	if (has_base)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "an image of AVML says itself where it lies");
	if (!avml_probe(file))
		return sct_fail(err, SCT_E_FORMAT, 0, "not a compressed image of AVML");
	a->file = file;
	a->info.format = "avml";
	a->info.producer = "AVML";
	a->info.counts = a->counts;
	a->counts[BLOCKS].name = "blocks";
	a->counts[CHUNKS].name = "chunks";
	a->counts[BROKEN].name = "reads of broken chunks";
	fill_crc(a->crc);
	while (rc > 0 && sct_cursor_left(&c))
		rc = take_block(a, &c, err);
	if (rc < 0)
		return rc;
	if (!a->nchunks && a->info.damage.status)
		return *err = a->info.damage, err->status;
	separate(a);
	return cover(a, err);
}

static const struct sct_snapshot_info *avml_info(void *state)
{
	return &((struct avml *)state)->info;
}

static void avml_close(void *state)
{
	struct avml *a = state;

	for (size_t i = 0; i < CACHE; i++)
		free(a->cache[i].data);
	free(a->chunks);
	free(a->ranges);
}

const struct sct_snapshot_ops sct_mem_avml = {
	.name = "avml",
	.summary = "compressed memory image of AVML",
	.state_size = sizeof(struct avml),
	.probe = avml_probe,
	.open = avml_open,
	.info = avml_info,
	.read = avml_read,
	.close = avml_close,
};
