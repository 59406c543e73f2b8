/* The seek table of zstd's seekable format, as a help and as a witness.
 * In:  the end of a regular file, or the table's bytes; the sizes of the frames that were read
 * Out: where the next frame begins; whether the table is true
 *
 * Layout (zstd's contrib/seekable_format/zstd_seekable_compression_format.md), little-endian:
 *   u32 0x184d2a5e | u32 size of what follows
 *   entries, one a frame: u32 bytes in the file | u32 bytes unwrapped | u32 checksum, when the descriptor says so
 *   u32 entries | u8 descriptor: bit 7 entries have checksums, bits 6 to 2 are 0 | u32 0x8f92eab1
 */
#include "seektable.h"

#include "../src/cursor.h"

#define SEEKABLE_MAGIC 0x8f92eab1u
enum {
	HEAD = 8, FOOT = 9,
	WITH_CHECKSUM = 0x80, RESERVED = 0x7c,
	ENTRIES_MAX = 1 << 22, /* more than files of a MiB a frame have */
};

void sct_seek_sum_add(struct sct_seek_sum *sum, uint32_t packed, uint32_t unpacked)
{
	const uint64_t prime = UINT64_C(0x100000001b3); /* FNV-1a's */

	sum->frames++;
	sum->hash = (sum->hash ^ packed) * prime;
	sum->hash = (sum->hash ^ unpacked) * prime;
}

/* Bytes of all entries, and of one in *entry, as the last FOOT bytes of a table tell; false: they are no foot. */
static bool read_foot(const uint8_t *foot, unsigned *entry, uint64_t *count)
{
	struct sct_cursor c = sct_cursor(foot, FOOT);
	uint8_t descriptor;

	*count = sct_take_le(&c, 4);
	descriptor = sct_take_u8(&c);
	*entry = descriptor & WITH_CHECKSUM ? 12 : 8;
	return sct_take_le(&c, 4) == SEEKABLE_MAGIC && !(descriptor & RESERVED);
}

/* The entry at s->at; s moves on. */
static bool step(struct sct_seek *s, const struct sct_source *src)
{
	uint8_t entry[4];
	struct sct_cursor c = sct_cursor(entry, sizeof entry);
	uint64_t packed;

	if (s->at >= s->end || !sct_source_read_at(src, s->at, entry, sizeof entry))
		return false;
	packed = sct_take_le(&c, 4);
	s->at += s->entry;
	s->frame += packed;
	return packed != 0;
}

/* Finds the table and walks it once: a true one adds up to its own place. */
static bool look(struct sct_seek *s, const struct sct_source *src)
{
	uint8_t foot[FOOT], head[HEAD];
	struct sct_cursor c = sct_cursor(head, sizeof head);
	uint64_t count, size, begin;

	if (src->size < HEAD + FOOT || !sct_source_read_at(src, src->size - FOOT, foot, FOOT) ||
	    !read_foot(foot, &s->entry, &count))
		return false;
	size = count * s->entry;
	if (count > ENTRIES_MAX || size > src->size - HEAD - FOOT)
		return false;
	begin = src->size - HEAD - FOOT - size;
	if (!sct_source_read_at(src, begin, head, HEAD) || sct_take_le(&c, 4) != SCT_SEEK_FRAME_MAGIC ||
	    sct_take_le(&c, 4) != size + FOOT)
		return false;
	s->at = begin + HEAD;
	s->end = s->at + size;
	while (s->at < s->end)
		if (!step(s, src) || s->frame > begin)
			return false;
	s->at = begin + HEAD;
	return s->frame == begin;
}

uint64_t sct_seek_next(struct sct_seek *s, const struct sct_source *src, uint64_t behind)
{
	if (!s->looked) {
		s->looked = true;
		s->valid = look(s, src);
		s->frame = 0;
	}
	if (!s->valid)
		return 0;
	while (s->frame <= behind)
		if (!step(s, src))
			return 0;
	return s->frame;
}

const char *sct_seek_check(const uint8_t *content, size_t size, const struct sct_seek_sum *sum)
{
	struct sct_seek_sum table = { 0, 0 };
	struct sct_cursor c;
	uint64_t count;
	unsigned entry;

	if (size < FOOT || !read_foot(content + size - FOOT, &entry, &count) || count * entry != size - FOOT)
		return "its foot is damaged";
	c = sct_cursor(content, size - FOOT);
	for (uint64_t i = 0; i < count; i++) {
		uint32_t packed = (uint32_t)sct_take_le(&c, 4), unpacked = (uint32_t)sct_take_le(&c, 4);

		sct_take(&c, entry - 8);
		sct_seek_sum_add(&table, packed, unpacked);
	}
	if (table.frames != sum->frames || table.hash != sum->hash)
		return "its entries are not the sizes of the frames before it";
	return NULL;
}
