/* A bootable kernel image of x86: its compressed vmlinux is unpacked, and loaded as a file of its own.
 * In:  a bzImage whose payload is compressed by gzip, xz, zstd, lz4, bzip2 or lzma
 * Out: what is found in its vmlinux, which is its BTF
 *
 * Layout (Documentation/arch/x86/boot.rst), little-endian:
 *   0x1f1  u8   setup sectors of 512 bytes; 0: 4        0x202  "HdrS"           0x206  u16  protocol version, 0x0208
 *   or later 0x248  u32  payload: offset behind the setup sectors and the boot sector    0x24c  u32  its size
 * Behind what is compressed, as its last 4 bytes, the payload says how large it unpacks to (for gzip that is part of
 * it).
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../src/cursor.h"
#include "../formats/unwrap_unnamed.h"
#include "loaders.h"
#include "vmlinuz_unpack.h"

enum { SECTOR = 512, SIZE_BEHIND = 4, SINCE = 0x208 };

struct payload {
	const uint8_t *data;
	uint32_t size;
	uint32_t unpacked; /* bytes that it says it unpacks to */
};

static uint64_t number(const struct sct_file *file, uint64_t at, unsigned bytes)
{
	struct sct_cursor c = sct_cursor(file->data + at, bytes);

	return sct_take_le(&c, bytes);
}

static bool is_image(const struct sct_file *file)
{
	return file->size >= 0x250 && !memcmp(file->data + 0x202, "HdrS", 4) && number(file, 0x206, 2) >= SINCE;
}

static int probe(const struct sct_file *file)
{
	return is_image(file) ? 90 : 0;
}

static int find_payload(const struct sct_file *file, struct payload *p, struct sct_err *err)
{
	uint64_t setup = number(file, 0x1f1, 1), at;

	at = ((setup ? setup : 4) + 1) * SECTOR + number(file, 0x248, 4);
	p->size = (uint32_t)number(file, 0x24c, 4);
	if (at > file->size || p->size > file->size - at || p->size <= SIZE_BEHIND)
		return sct_fail(err, SCT_E_TRUNCATED, file->size, "the kernel image ends inside its payload");
	p->data = file->data + at;
	p->unpacked = (uint32_t)number(file, at + p->size - SIZE_BEHIND, SIZE_BEHIND);
	if (p->data[0] != 0x1f || p->data[1] != 0x8b) /* gzip's own trailer */
		p->size -= SIZE_BEHIND;
	return SCT_OK;
}

/* The payload as a file that can be opened by name: then it is unpacked as any compressed file is. */
static int as_file(const struct payload *p, char *path, size_t size, struct sct_err *err)
{
	int fd = memfd_create("payload", MFD_CLOEXEC);
	uint32_t done = 0;

	while (fd >= 0 && done < p->size) {
		ssize_t n = write(fd, p->data + done, p->size - done);

		if (n <= 0) {
			close(fd);
			fd = -1;
		}
		done += n > 0 ? (uint32_t)n : 0;
	}
	if (fd < 0)
		return sct_fail(err, SCT_E_IO, SCT_NO_OFFSET, "cannot unpack the kernel image: no memory for its payload");
	snprintf(path, size, "/proc/self/fd/%d", fd);
	return fd;
}

/* What went wrong at an offset of the payload, or of what it unpacks to, as an error of the file. */
static int of_file(struct sct_err *err, uint64_t at, const char *where)
{
	struct sct_err inner = *err;

	if (inner.offset == SCT_NO_OFFSET)
		return inner.status;
	return sct_fail(err, inner.status, at, "%s, byte %llu: %s", where, (unsigned long long)inner.offset, inner.text);
}

static int unpack(const struct payload *p, uint64_t at, struct sct_file *vmlinux, struct sct_err *err)
{
	char path[64];
	int rc, fd = as_file(p, path, sizeof path, err);

	if (fd < 0)
		return fd;
	rc = sct_file_open(vmlinux, path, err);
	close(fd);
	if (rc < 0)
		return of_file(err, at, "its payload");
	if (vmlinux->unpacked)
		return SCT_OK;
	sct_file_close(vmlinux);
	return sct_fail(err, SCT_E_UNSUPPORTED, at, "the kernel image is compressed by something else than gzip, xz, zstd, "
		"lz4, bzip2 or lzma: unpack it first (extract-vmlinux of the kernel's scripts)");
}

/* The same where ordinary files are not compressed so. */
static int unpack_by(const struct sct_unpacker *unpacker, const struct payload *p, uint64_t at,
                     struct sct_file *vmlinux, struct sct_err *err)
{
	int rc, fd = sct_unnamed_file(err);
	char path[64];

	if (fd < 0)
		return fd;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	rc = unpacker->unpack(p->data, p->size, p->unpacked, fd, err);
	if (rc >= 0)
		rc = sct_file_open(vmlinux, path, err);
	close(fd);
	return rc < 0 ? of_file(err, at, "its payload") : SCT_OK;
}

static int load_vmlinux(struct sct_types *db, const struct sct_file *vmlinux, uint64_t at, struct sct_err *err)
{
	if (!sct_types_btf.probe(vmlinux))
		return sct_fail(err, SCT_E_FORMAT, at, "the vmlinux in it has no section .BTF");
	return sct_types_btf.load(db, vmlinux, err) < 0 ? of_file(err, at, "its vmlinux, unpacked") : SCT_OK;
}

static int load(struct sct_types *db, const struct sct_file *file, struct sct_err *err)
{
	struct sct_file vmlinux;
	const struct sct_unpacker *unpacker;
	struct payload p = { NULL, 0, 0 };
	uint64_t at;
	int rc;

	if (!is_image(file))
		return sct_fail(err, SCT_E_FORMAT, 0, "no kernel image");
	if (find_payload(file, &p, err) < 0)
		return err->status;
	at = (uint64_t)(p.data - file->data);
	unpacker = sct_unpacker_find(p.data, p.size);
	rc = unpacker ? unpack_by(unpacker, &p, at, &vmlinux, err) : unpack(&p, at, &vmlinux, err);
	if (rc < 0)
		return rc;
	rc = load_vmlinux(db, &vmlinux, at, err);
	sct_file_close(&vmlinux);
	return rc;
}

const struct sct_types_loader sct_types_vmlinuz = {
	.name = "vmlinuz",
	.summary = "bootable image of an x86 kernel, compressed in any way but lzo, for the BTF in it",
	.probe = probe,
	.load = load,
};
