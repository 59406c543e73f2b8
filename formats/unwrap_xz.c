/* xz input: streams of the .xz format, one behind the other.
 * In:  a source
 * Out: pieces of at most SCT_RUN bytes
 */
#include <lzma.h>

#include "unwrap.h"

#define MEMORY_MAX (UINT64_C(160) << 20) /* a dictionary of 128 MiB, as for zstd; xz -9 needs 65 MiB */

struct xz {
	struct sct_source *src;
	lzma_stream z;
	bool begun, ended;
	struct sct_err later; /* damage behind what the last piece delivered; status 0: none */
};

static bool xz_probe(const uint8_t *data, size_t size)
{
	static const uint8_t magic[] = { 0xfd, '7', 'z', 'X', 'Z', 0 };

	for (size_t i = 0; i < sizeof magic; i++)
		if (i >= size || data[i] != magic[i])
			return false;
	return true;
}

static int xz_open(void *state, struct sct_source *src, struct sct_err *err)
{
	struct xz *x = state;

	x->src = src;
	x->z = (lzma_stream)LZMA_STREAM_INIT;
	if (lzma_stream_decoder(&x->z, MEMORY_MAX, LZMA_CONCATENATED) != LZMA_OK)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory to unpack xz");
	return SCT_OK;
}

static int told(struct xz *x, struct sct_err *err, lzma_ret rc)
{
	uint64_t at = x->src->offset;

	switch (rc) {
	case LZMA_OK:
		return SCT_OK;
	case LZMA_STREAM_END:
		x->ended = true;
		return SCT_OK;
	case LZMA_BUF_ERROR:
		return sct_fail(err, SCT_E_TRUNCATED, at, "the file ends inside an xz stream");
	case LZMA_MEM_ERROR:
		return sct_fail(err, SCT_E_NOMEM, at, "no memory to unpack xz");
	case LZMA_MEMLIMIT_ERROR:
		return sct_fail(err, SCT_E_UNSUPPORTED, at, "xz: the dictionary is larger than 128 MiB");
	case LZMA_OPTIONS_ERROR:
		return sct_fail(err, SCT_E_UNSUPPORTED, at, "xz: filters or a check that are not known");
	default:
		return sct_fail(err, SCT_E_FORMAT, at, "xz stream: damaged bytes or checksum");
	}
}

static int step(struct xz *x, struct sct_err *err)
{
	struct sct_source *src = x->src;
	lzma_ret rc;

	if (sct_source_fill(src, SCT_SOURCE_READ, err) < 0)
		return err->status;
	x->z.next_in = src->data;
	x->z.avail_in = src->left;
	rc = lzma_code(&x->z, src->eof ? LZMA_FINISH : LZMA_RUN);
	sct_source_skip(src, src->left - x->z.avail_in);
	return told(x, err, rc);
}

static int xz_next(void *state, struct sct_slot *slot)
{
	struct xz *x = state;
	int rc = SCT_OK;

	if (x->later.status) {
		slot->err = x->later;
		x->later.status = SCT_OK;
		return slot->err.status;
	}
	if (x->ended)
		return 0;
	if (sct_slot_room(slot, SCT_RUN, &slot->err) < 0)
		return slot->err.status;
	slot->piece = (struct sct_piece){ slot->buf, 0, 0, !x->begun, false };
	x->begun = true;
	x->z.next_out = slot->buf;
	x->z.avail_out = SCT_RUN;
	while (rc == SCT_OK && x->z.avail_out && !x->ended)
		rc = step(x, &slot->err);
	slot->piece.size = SCT_RUN - x->z.avail_out;
	if (rc < 0) {
		x->ended = true;
		if (rc != SCT_E_TRUNCATED || !slot->piece.size)
			return rc;
		x->later = slot->err;
	}
	return slot->piece.size != 0;
}

static void xz_close(void *state)
{
	struct xz *x = state;

	lzma_end(&x->z);
}

const struct sct_unwrap_ops sct_unwrap_xz = {
	.name = "xz",
	.state_size = sizeof(struct xz),
	.probe = xz_probe,
	.open = xz_open,
	.next = xz_next,
	.close = xz_close,
};
