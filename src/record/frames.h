/* Compressed frames in a file: each whole or not there at all, with zstd's seek table behind them.
 *
 * Layout of the seek table: zstd's contrib/seekable_format/zstd_seekable_compression_format.md.
 */
#ifndef SCT_RECORD_FRAMES_H
#define SCT_RECORD_FRAMES_H

#include <zstd.h>

#include "../err.h"
#include "bytes.h"

struct sct_frames {
	int fd;
	ZSTD_CCtx *zstd;
	struct sct_bytes packed; /* one compressed frame */
	struct sct_bytes table;  /* entries of the seek table so far */
	uint32_t count;
	uint64_t offset;         /* bytes in the file, all of them whole frames */
	/* The descriptor to use now instead of fd, positioned at offset; -1: lost. NULL where nobody can take fd away. */
	int (*file)(void *ctx, int fd, uint64_t offset);
	void *ctx;
};

/* SCT_E_NOMEM: zstd has no memory. The descriptor is the frames' from then on. */
int sct_frames_init(struct sct_frames *f, int fd, struct sct_err *err);
/* Gives memory back; closes the descriptor if sct_frames_close did not. */
void sct_frames_fini(struct sct_frames *f);
/* Compresses data (level 3, checksum, content size) and writes it as one frame. SCT_E_IO: it could not be written;
 * the file then ends with the last whole frame. */
int sct_frames_write(struct sct_frames *f, const void *data, size_t size, struct sct_err *err);
/* Writes the seek table, and what was there before can be had back with sct_frames_cut. SCT_E_IO as above. */
int sct_frames_table(struct sct_frames *f, struct sct_err *err);
/* Cuts the file back to its first count frames, which end at offset. SCT_E_IO: it cannot be cut. */
int sct_frames_cut(struct sct_frames *f, uint32_t count, uint64_t offset, struct sct_err *err);
/* Writes the seek table and closes the file. SCT_E_IO as above. */
int sct_frames_close(struct sct_frames *f, struct sct_err *err);

#endif
