/* The seek table of zstd's seekable format, as a help and as a witness. Inside of the input room. */
#ifndef SCT_SEEKTABLE_H
#define SCT_SEEKTABLE_H

#include "source.h"

/* What the frames read so far must have as their table. Zero-initialise. */
struct sct_seek_sum {
	uint64_t frames, hash;
};

/* Adds a frame of that many bytes in the file and unwrapped. */
void sct_seek_sum_add(struct sct_seek_sum *sum, uint32_t packed, uint32_t unpacked);

/* A walk over the table of a regular file, from front to back. Zero-initialise. */
struct sct_seek {
	bool looked, valid;
	uint64_t at, end;    /* offset of the next entry, and behind the last one */
	uint64_t frame;      /* offset of the frame of the next entry */
	unsigned entry;      /* bytes of an entry */
};

/* Offset of the first frame behind offset `behind`, by the table at the end of the file, or 0: no valid table, or no
 * frame. `behind` must not shrink from call to call. */
uint64_t sct_seek_next(struct sct_seek *s, const struct sct_source *src, uint64_t behind);

/* What is wrong with content, the size bytes behind the skippable frame's head, as a seek table of exactly the frames
 * of sum; NULL: nothing. */
const char *sct_seek_check(const uint8_t *content, size_t size, const struct sct_seek_sum *sum);

#define SCT_SEEK_FRAME_MAGIC 0x184d2a5eu /* of the skippable frame that holds the table */

#endif
