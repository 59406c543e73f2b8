/* Bounded reading of bytes that nobody vouches for.
 *
 * A cursor never reads past its end. The first read that would do so sets `bad` and returns zero, and so does
 * every later one: a decoder reads a whole structure and looks at `bad` once.
 */
#ifndef SCT_CURSOR_H
#define SCT_CURSOR_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sct_cursor {
	const uint8_t *at, *end;
	bool bad; /* a read would have passed the end, or a varint was longer than 64 bits */
};

static inline struct sct_cursor sct_cursor(const void *data, size_t size)
{
	const uint8_t *p = data;

	return (struct sct_cursor){ p, p + size, false };
}

static inline size_t sct_cursor_left(const struct sct_cursor *c)
{
	return (size_t)(c->end - c->at);
}

/* The next size bytes, in place; NULL when they are not all there. */
static inline const uint8_t *sct_take(struct sct_cursor *c, uint64_t size)
{
	const uint8_t *p = c->at;

	if (c->bad || size > sct_cursor_left(c)) {
		c->bad = true;
		c->at = c->end;
		return NULL;
	}
	c->at += size;
	return p;
}

/* Unsigned little-endian number of size bytes, 0 to 8. */
static inline uint64_t sct_take_le(struct sct_cursor *c, unsigned size)
{
	const uint8_t *p = sct_take(c, size);
	uint64_t v = 0;

	for (unsigned i = 0; p && i < size; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

/* The 8 bytes at p as a little-endian number; the caller knows that they are there. */
static inline uint64_t sct_load_le64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return le64toh(v);
}

static inline uint8_t sct_take_u8(struct sct_cursor *c)
{
	const uint8_t *p = sct_take(c, 1);

	return p ? *p : 0;
}

/* LEB128, unsigned: seven bits a byte, low ones first, the top bit says that more follow (DWARF 5, 7.6). */
static inline uint64_t sct_take_varint(struct sct_cursor *c)
{
	uint64_t v = 0;

	if (c->at < c->end && *c->at < 0x80)
		return *c->at++;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t b = sct_take_u8(c);

		if (c->bad || (shift == 63 && b > 1))
			break;
		v |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80)
			return v;
	}
	c->bad = true;
	c->at = c->end;
	return 0;
}

/* The varint at the start of 8 bytes that were loaded by sct_load_le64, for where there are many of lengths that no CPU
 * can foresee: there is no branch on the length. *size: how many bytes it has; 0: it ends behind them. */
static inline uint64_t sct_varint_in(uint64_t bytes, unsigned *size)
{
	uint64_t v, ends = ~bytes & UINT64_C(0x8080808080808080);

	*size = ends ? (unsigned)__builtin_ctzll(ends) / 8 + 1 : 0;
	v = bytes & (ends ^ (ends - 1)) & UINT64_C(0x7f7f7f7f7f7f7f7f); /* up to the first byte that ends one */
	/* seven bits in each 8, then 14 in each 16, then 28 in each 32 */
	v = (v & UINT64_C(0x007f007f007f007f)) | (v & UINT64_C(0x7f007f007f007f00)) >> 1;
	v = (v & UINT64_C(0x00003fff00003fff)) | (v & UINT64_C(0x3fff00003fff0000)) >> 2;
	return (v & UINT64_C(0x000000000fffffff)) | (v & UINT64_C(0x0fffffff00000000)) >> 4;
}

/* The signed number that a zigzag varint stands for: 0, -1, 1, -2 … are 0, 1, 2, 3 … */
static inline int64_t sct_zigzag(uint64_t v)
{
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static inline int64_t sct_take_zigzag(struct sct_cursor *c)
{
	return sct_zigzag(sct_take_varint(c));
}

#endif
