/* zstd frames and their seek table.
 *
 * In:  segments' bytes
 * Out: a file that is valid zstd after each call
 */
#include "frames.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { LEVEL = 3 };

#define SKIPPABLE_MAGIC 0x184d2a5eu
#define SEEKABLE_MAGIC 0x8f92eab1u

int sct_frames_init(struct sct_frames *f, int fd, struct sct_err *err)
{
	*f = (struct sct_frames){ .fd = fd, .zstd = ZSTD_createCCtx() };
	if (!f->zstd)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for the compressor");
	ZSTD_CCtx_setParameter(f->zstd, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(f->zstd, ZSTD_c_checksumFlag, 1);
	ZSTD_CCtx_setParameter(f->zstd, ZSTD_c_contentSizeFlag, 1);
	return SCT_OK;
}

void sct_frames_fini(struct sct_frames *f)
{
	ZSTD_freeCCtx(f->zstd);
	sct_bytes_fini(&f->packed);
	sct_bytes_fini(&f->table);
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	f->zstd = NULL;
}

static void check_file(struct sct_frames *f)
{
	if (f->file)
		f->fd = f->file(f->ctx, f->fd, f->offset);
}

/* One write(2) unless the system takes less; what was taken of a frame that does not fit is cut off again. */
static int write_whole(struct sct_frames *f, const uint8_t *data, size_t size, struct sct_err *err)
{
	size_t done = 0;
	int why;

	check_file(f);
	while (done < size) {
		ssize_t n = write(f->fd, data + done, size - done);

		if (n > 0) {
			done += (size_t)n;
		} else if (n < 0 && errno != EINTR) {
			why = errno;
			/* a pipe cannot be cut; its reader sees a frame that ends early */
			if (done && ftruncate(f->fd, (off_t)f->offset) < 0 && errno != EINVAL)
				return sct_fail(err, SCT_E_IO, f->offset, "%s; a partial frame stays at the end",
				                strerror(why));
			return sct_fail(err, SCT_E_IO, f->offset, "cannot write the trace: %s", strerror(why));
		}
	}
	f->offset += size;
	return SCT_OK;
}

int sct_frames_write(struct sct_frames *f, const void *data, size_t size, struct sct_err *err)
{
	size_t n;
	int rc;

	f->packed.len = 0;
	sct_bytes_reserve(&f->packed, ZSTD_compressBound(size));
	n = ZSTD_compress2(f->zstd, f->packed.data, f->packed.room, data, size);
	if (ZSTD_isError(n))
		return sct_fail(err, SCT_E_NOMEM, f->offset, "zstd: %s", ZSTD_getErrorName(n));
	rc = write_whole(f, f->packed.data, n, err);
	if (rc < 0)
		return rc;
	sct_put_le(&f->table, n, 4);
	sct_put_le(&f->table, size, 4);
	f->count++;
	return SCT_OK;
}

int sct_frames_table(struct sct_frames *f, struct sct_err *err)
{
	struct sct_bytes b = { 0 };
	int rc;

	sct_put_le(&b, SKIPPABLE_MAGIC, 4);
	sct_put_le(&b, f->table.len + 9, 4);
	sct_put(&b, f->table.data, f->table.len);
	sct_put_le(&b, f->count, 4);
	sct_put_u8(&b, 0); /* descriptor: no checksums here, each frame has its own */
	sct_put_le(&b, SEEKABLE_MAGIC, 4);
	rc = write_whole(f, b.data, b.len, err);
	sct_bytes_fini(&b);
	return rc;
}

int sct_frames_cut(struct sct_frames *f, uint32_t count, uint64_t offset, struct sct_err *err)
{
	check_file(f);
	if (ftruncate(f->fd, (off_t)offset) < 0 || lseek(f->fd, (off_t)offset, SEEK_SET) < 0)
		return sct_fail(err, SCT_E_IO, offset, "cannot go back in the trace: %s", strerror(errno));
	f->count = count;
	f->table.len = (size_t)count * 8;
	f->offset = offset;
	return SCT_OK;
}

int sct_frames_close(struct sct_frames *f, struct sct_err *err)
{
	int rc = sct_frames_table(f, err), fd = f->fd;

	f->fd = -1;
	if (close(fd) < 0 && rc == SCT_OK)
		return sct_fail(err, SCT_E_IO, f->offset, "cannot write the trace: %s", strerror(errno));
	return rc;
}
