/* Unpacks what kernel images are compressed by, beside the formats of ordinary files: lz4, bzip2, lzma.
 * In:  the compressed bytes of an image
 * Out: a file with what they unpack to
 *
 * Layout of lz4 (lz4_Frame_format.md, legacy frame; lib/decompress_unlz4.c): u32 magic 0x184c2102, then blocks: u32
 * compressed size, bytes; each unpacks to 8 MiB, the last one to as much or less. bzip2 has no specification but its
 * library; lzma is the older format of xz's (lzma-file-format.txt), 13 bytes of header before the data.
 */
#include "vmlinuz_unpack.h"

#include <bzlib.h>
#include <errno.h>
#include <lz4.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../src/cursor.h"

enum {
	PIECE = 256 << 10,     /* bytes written at once */
	LZ4_BLOCK = 8 << 20,
	LZMA_MEMORY = 256 << 20, /* bytes that a dictionary may take: the kernel's build has one of 32 MiB at most */
};

/* Where unpacked bytes go. */
struct target {
	int fd;
	uint64_t left;
	struct sct_err *err;
};

static int put(struct target *t, const uint8_t *data, size_t size)
{
	if (size > t->left)
		return sct_fail(t->err, SCT_E_FORMAT, SCT_NO_OFFSET, "it unpacks to more than it says");
	t->left -= size;
	while (size) {
		ssize_t n = write(t->fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return sct_fail(t->err, SCT_E_IO, SCT_NO_OFFSET, "cannot unpack it (TMPDIR names the folder where): %s",
			                strerror(n < 0 ? errno : ENOSPC));
		data += n;
		size -= (size_t)n;
	}
	return SCT_OK;
}

static int out_of_memory(struct sct_err *err)
{
	return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "out of memory");
}

/* ---- lz4 ---------------------------------------------------------------------------------------------------- */

static int lz4_blocks(const uint8_t *data, size_t size, struct target *t, char *block)
{
	struct sct_cursor c = sct_cursor(data + 4, size - 4);

	while (sct_cursor_left(&c)) {
		size_t at = (size_t)(c.at - data);
		uint64_t packed = sct_take_le(&c, 4);
		const uint8_t *from = sct_take(&c, packed);
		int n;

		if (!from)
			return sct_fail(t->err, SCT_E_TRUNCATED, at, "lz4: it ends inside a block");
		if (packed > LZ4_COMPRESSBOUND(LZ4_BLOCK))
			return sct_fail(t->err, SCT_E_FORMAT, at, "lz4: no block has %llu bytes", (unsigned long long)packed);
		n = LZ4_decompress_safe((const char *)from, block, (int)packed, LZ4_BLOCK);
		if (n < 0)
			return sct_fail(t->err, SCT_E_FORMAT, at, "lz4: the block is damaged");
		if (put(t, (const uint8_t *)block, (size_t)n) < 0)
			return t->err->status;
	}
	return SCT_OK;
}

static int unpack_lz4(const uint8_t *data, size_t size, uint64_t most, int fd, struct sct_err *err)
{
	struct target t = { fd, most, err };
	char *block = malloc(LZ4_BLOCK);
	int rc = block ? lz4_blocks(data, size, &t, block) : out_of_memory(err);

	free(block);
	return rc;
}

/* ---- bzip2 -------------------------------------------------------------------------------------------------- */

static int bzip2_stream(bz_stream *z, size_t size, struct target *t, uint8_t *piece)
{
	int rc = BZ_OK;

	while (rc == BZ_OK) {
		z->next_out = (char *)piece;
		z->avail_out = PIECE;
		rc = BZ2_bzDecompress(z);
		if (rc != BZ_OK && rc != BZ_STREAM_END)
			return sct_fail(t->err, SCT_E_FORMAT, size - z->avail_in, "bzip2: the data is damaged");
		if (rc == BZ_OK && !z->avail_in && z->avail_out == PIECE)
			return sct_fail(t->err, SCT_E_TRUNCATED, size, "bzip2: the data ends too early");
		if (put(t, piece, PIECE - z->avail_out) < 0)
			return t->err->status;
	}
	return SCT_OK;
}

static int unpack_bzip2(const uint8_t *data, size_t size, uint64_t most, int fd, struct sct_err *err)
{
	struct target t = { fd, most, err };
	bz_stream z = { .next_in = (char *)data, .avail_in = (unsigned)size };
	uint8_t *piece = malloc(PIECE);
	int rc;

	if (!piece || BZ2_bzDecompressInit(&z, 0, 0) != BZ_OK) {
		free(piece);
		return out_of_memory(err);
	}
	rc = bzip2_stream(&z, size, &t, piece);
	BZ2_bzDecompressEnd(&z);
	free(piece);
	return rc;
}

/* ---- lzma --------------------------------------------------------------------------------------------------- */

static int lzma_stream_of(lzma_stream *z, size_t size, struct target *t, uint8_t *piece)
{
	lzma_ret rc = LZMA_OK;

	while (rc == LZMA_OK) {
		z->next_out = piece;
		z->avail_out = PIECE;
		rc = lzma_code(z, LZMA_FINISH);
		if (rc == LZMA_BUF_ERROR)
			return sct_fail(t->err, SCT_E_TRUNCATED, size, "lzma: the data ends too early");
		if (rc != LZMA_OK && rc != LZMA_STREAM_END)
			return sct_fail(t->err, SCT_E_FORMAT, size - z->avail_in, "lzma: the data is damaged");
		if (put(t, piece, PIECE - z->avail_out) < 0)
			return t->err->status;
	}
	return SCT_OK;
}

static int unpack_lzma(const uint8_t *data, size_t size, uint64_t most, int fd, struct sct_err *err)
{
	struct target t = { fd, most, err };
	lzma_stream z = LZMA_STREAM_INIT;
	uint8_t *piece = malloc(PIECE);
	int rc;

	if (!piece || lzma_alone_decoder(&z, LZMA_MEMORY) != LZMA_OK) {
		free(piece);
		return out_of_memory(err);
	}
	z.next_in = data;
	z.avail_in = size;
	rc = lzma_stream_of(&z, size, &t, piece);
	lzma_end(&z);
	free(piece);
	return rc;
}

/* ---- which one ---------------------------------------------------------------------------------------------- */

const struct sct_unpacker *sct_unpacker_find(const uint8_t *data, size_t size)
{
	static const struct sct_unpacker all[] = {
		{ "lz4", { 0x02, 0x21, 0x4c, 0x18 }, 4, unpack_lz4 },
		{ "bzip2", { 'B', 'Z', 'h' }, 3, unpack_bzip2 },
		{ "lzma", { 0x5d, 0x00, 0x00 }, 3, unpack_lzma },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (size >= all[i].magic_size && !memcmp(data, all[i].magic, all[i].magic_size))
			return &all[i];
	return NULL;
}
