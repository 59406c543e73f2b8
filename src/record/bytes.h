/* A growing buffer of bytes, and how the trace format writes numbers into it.
 *
 * In:  numbers and bytes
 * Out: their encoding: little-endian, LEB128 and zigzag as formats/sctrace.h has them
 */
#ifndef SCT_RECORD_BYTES_H
#define SCT_RECORD_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Zero-initialise before use. */
struct sct_bytes {
	uint8_t *data;
	size_t len, room;
};

/* Makes room for size more bytes. A recorder without memory cannot go on, and cannot leave quietly either. */
static inline void sct_bytes_reserve(struct sct_bytes *b, size_t size)
{
	if (b->room - b->len >= size)
		return;
	b->room = (b->len + size) * 2;
	b->data = realloc(b->data, b->room);
	if (!b->data)
		abort();
}

static inline void sct_put(struct sct_bytes *b, const void *data, size_t size)
{
	sct_bytes_reserve(b, size);
	if (size)
		memcpy(b->data + b->len, data, size);
	b->len += size;
}

static inline void sct_put_u8(struct sct_bytes *b, uint8_t v)
{
	sct_put(b, &v, 1);
}

static inline void sct_put_le(struct sct_bytes *b, uint64_t v, unsigned size)
{
	sct_bytes_reserve(b, size);
	for (unsigned i = 0; i < size; i++)
		b->data[b->len++] = (uint8_t)(v >> (8 * i));
}

static inline void sct_put_varint(struct sct_bytes *b, uint64_t v)
{
	sct_bytes_reserve(b, 10);
	for (; v >= 0x80; v >>= 7)
		b->data[b->len++] = (uint8_t)(v | 0x80);
	b->data[b->len++] = (uint8_t)v;
}

static inline void sct_put_zigzag(struct sct_bytes *b, int64_t v)
{
	sct_put_varint(b, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

static inline void sct_bytes_fini(struct sct_bytes *b)
{
	free(b->data);
	*b = (struct sct_bytes){ 0 };
}

#endif
