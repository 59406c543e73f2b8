/* A whole file as memory; a compressed one is unpacked first, into a file that has no name.
 * In:  a path; what cannot be mapped (a pipe, "-") is copied as a compressed file is
 * Out: its bytes, mapped read-only
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats.h"
#include "unwrap.h"
#include "unwrap_unnamed.h"

enum {
	PROBE = 8,        /* bytes that unwrappers want to see (formats/input.c) */
	BLOCK = 64 << 10, /* of a file being unpacked; one that is all zero is left as a hole */
};

static int fail_errno(struct sct_err *err, const char *what, int error)
{
	return sct_fail(err, SCT_E_IO, SCT_NO_OFFSET, "%s: %s", what, strerror(error));
}

static bool is_compressed(int fd)
{
	static const struct sct_unwrap_ops *const all[] = { &sct_unwrap_zstd, &sct_unwrap_gzip, &sct_unwrap_xz };
	uint8_t head[PROBE];
	ssize_t n = pread(fd, head, sizeof head, 0);

	for (size_t i = 0; n > 0 && i < sizeof all / sizeof *all; i++)
		if (all[i]->probe(head, (size_t)n))
			return true;
	return false;
}

/* ---- unpacking ---------------------------------------------------------------------------------------------- */

static bool is_zero(const uint8_t *data, size_t size)
{
	return !*data && !memcmp(data, data + 1, size - 1);
}

static int write_at(int fd, const uint8_t *data, size_t size, uint64_t at, struct sct_err *err)
{
	while (size) {
		ssize_t n = pwrite(fd, data, size, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail_errno(err, "cannot unpack it (TMPDIR names the folder where)", n < 0 ? errno : ENOSPC);
		data += n;
		size -= (size_t)n;
		at += (uint64_t)n;
	}
	return SCT_OK;
}

static int write_piece(int fd, const struct sct_piece *piece, uint64_t at, struct sct_err *err)
{
	for (size_t done = 0, n; done < piece->size; done += n) {
		n = piece->size - done < BLOCK ? piece->size - done : BLOCK;
		if (!is_zero(piece->data + done, n) && write_at(fd, piece->data + done, n, at + done, err) < 0)
			return err->status;
	}
	return SCT_OK;
}

static int unpack_into(int fd, struct sct_input *in, uint64_t *size, struct sct_err *err)
{
	struct sct_piece piece;
	int rc;

	for (*size = 0; (rc = sct_input_next(in, &piece, err)) > 0; *size += piece.size)
		if (write_piece(fd, &piece, *size, err) < 0)
			return err->status;
	if (rc < 0)
		return rc;
	if (!*size)
		return sct_fail(err, SCT_E_FORMAT, 0, "it unpacks to nothing");
	/* what ends in zeros ends in a hole */
	return ftruncate(fd, (off_t)*size) < 0 ? fail_errno(err, "cannot unpack it", errno) : SCT_OK;
}

static int unpack(struct sct_file *f, const char *path, struct sct_err *err)
{
	struct sct_input *in;
	int rc = SCT_E_IO;

	f->unpacked = true;
	if (sct_input_open(path, 1, &in, err) < 0)
		return err->status;
	f->fd = sct_unnamed_file(err);
	if (f->fd >= 0)
		rc = unpack_into(f->fd, in, &f->size, err);
	sct_input_close(in);
	return rc;
}

/* ---- opening ------------------------------------------------------------------------------------------------ */

/* Whether the file lies on disk as it is to be mapped: then f->fd and f->size are set. 0: it must be unpacked. */
static int open_plain(struct sct_file *f, const char *path, struct sct_err *err)
{
	off_t end;

	f->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0)
		return fail_errno(err, "cannot open it", errno);
	end = lseek(f->fd, 0, SEEK_END);
	if (end < 0)
		return fail_errno(err, "cannot tell its size", errno);
	if (!end)
		return sct_fail(err, SCT_E_FORMAT, 0, "the file is empty");
	f->size = (uint64_t)end;
	if (!is_compressed(f->fd))
		return 1;
	close(f->fd);
	f->fd = -1;
	return 0;
}

/* Anything but a file or a disk (a pipe above all) can be read only once, and is not opened to find that out. Files of
 * /proc say that they have no bytes. */
static bool can_be_mapped(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 || (S_ISREG(st.st_mode) && st.st_size) || S_ISBLK(st.st_mode);
}

static void *map_pages(const struct sct_file *f)
{
	return mmap(NULL, f->size, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, f->fd, 0);
}

static int map(struct sct_file *f, const char *path, struct sct_err *err)
{
	void *data = map_pages(f);

	if (data == MAP_FAILED && errno == ENODEV && !f->unpacked) { /* most files of /sys can be read only */
		close(f->fd);
		f->fd = -1;
		if (unpack(f, path, err) < 0)
			return err->status;
		data = map_pages(f);
	}
	if (data == MAP_FAILED)
		return fail_errno(err, "cannot map it", errno);
	f->data = data;
	return SCT_OK;
}

int sct_file_open(struct sct_file *f, const char *path, struct sct_err *err)
{
	int rc;

	*f = (struct sct_file){ .fd = -1 };
	rc = strcmp(path, "-") && can_be_mapped(path) ? open_plain(f, path, err) : 0;
	if (rc == 0)
		rc = unpack(f, path, err);
	if (rc >= 0)
		rc = map(f, path, err);
	if (rc < 0)
		sct_file_close(f);
	return rc;
}

void sct_file_close(struct sct_file *f)
{
	if (f->data)
		munmap((void *)f->data, f->size);
	if (f->fd >= 0)
		close(f->fd);
	*f = (struct sct_file){ .fd = -1 };
}
