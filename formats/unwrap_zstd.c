/* zstd input: frames of RFC 8878, one behind the other, each on its own.
 * In:  a source
 * Out: a piece for each frame of at most SCT_PIECE_MAX bytes; runs of larger ones and of those that do not say how
 *      large they are; damage, told once for each damaged stretch, and the frames behind it
 *
 * The search for the next frame behind damage begins inside the damaged frame, whose own length may be what is
 * damaged. Bytes that are looked at twice that way are paid for out of a credit that sound frames earn, so that the
 * whole takes time in proportion to the file, whatever is in it.
 */
#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_getFrameHeader */
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "../src/cursor.h"
#include "seektable.h"
#include "unwrap.h"

#define FRAME_MAGIC 0xfd2fb528u
#define SKIPPABLE_MAGIC 0x184d2a50u /* and the 15 behind it */
enum {
	SKIPPABLE_HEAD = 8,
	FRAME_HEAD_MAX = 18, /* RFC 8878, 3.1.1.1 */
	WINDOW_LOG_MAX = 27, /* 128 MiB: zstd's own default limit */
	LOOK = 64 << 10,
	CREDIT = 64 << 20,
};

struct zstd {
	struct sct_source *src;
	ZSTD_DCtx *dctx;
	bool streaming;          /* inside of a frame that comes in runs */
	bool starts;             /* its next run is the first */
	uint64_t frame;          /* offset of the current frame */
	uint64_t unpacked;       /* bytes that came out of the current frame, of a streaming one */
	uint64_t credit;
	struct sct_seek seek;
	struct sct_seek_sum sum; /* of all frames so far */
	bool damaged;            /* some frame was: sum is not to be had */
	struct sct_err later;    /* damage behind what the last piece delivered; status 0: none */
};

static uint32_t magic_at(const uint8_t *data)
{
	struct sct_cursor c = sct_cursor(data, 4);

	return (uint32_t)sct_take_le(&c, 4);
}

static bool is_skippable(uint32_t magic)
{
	return (magic & ~15u) == SKIPPABLE_MAGIC;
}

static bool zstd_probe(const uint8_t *data, size_t size)
{
	return size >= 4 && (magic_at(data) == FRAME_MAGIC || is_skippable(magic_at(data)));
}

static int zstd_open(void *state, struct sct_source *src, struct sct_err *err)
{
	struct zstd *z = state;

	z->src = src;
	z->credit = CREDIT;
	z->dctx = ZSTD_createDCtx();
	if (!z->dctx)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory to unpack zstd");
	ZSTD_DCtx_setParameter(z->dctx, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	return SCT_OK;
}

static void zstd_close(void *state)
{
	struct zstd *z = state;

	ZSTD_freeDCtx(z->dctx);
}

/* zstd's own words speak of its buffers. */
static const char *cause_of(size_t code)
{
	switch (ZSTD_getErrorCode(code)) {
	case ZSTD_error_checksum_wrong:
		return "wrong checksum";
	case ZSTD_error_dictionary_wrong:
		return "it needs a dictionary";
	case ZSTD_error_frameParameter_windowTooLarge:
		return "its window is larger than 128 MiB";
	case ZSTD_error_memory_allocation:
		return "no memory to unpack it";
	default:
		return "damaged data";
	}
}

/* ---- behind damage ----------------------------------------------------------------------------------------- */

/* Moves on by size bytes, further than the window reaches if need be, but not behind the end. */
static int skip(struct sct_source *src, uint64_t size, struct sct_err *err)
{
	while (size) {
		size_t n;

		if (sct_source_fill(src, 1, err) < 0)
			return err->status;
		if (!src->left)
			break;
		n = src->left < size ? src->left : (size_t)size;
		sct_source_skip(src, n);
		size -= n;
	}
	return SCT_OK;
}

/* Moves to the next bytes that can begin a frame, or to the end. */
static int scan(struct sct_source *src, struct sct_err *err)
{
	static const uint8_t magic[] = { 0x28, 0xb5, 0x2f, 0xfd };

	for (;;) {
		const uint8_t *p;

		if (sct_source_fill(src, SCT_SOURCE_READ, err) < 0)
			return err->status;
		p = memmem(src->data, src->left, magic, sizeof magic);
		if (p) {
			sct_source_skip(src, (size_t)(p - src->data));
			return SCT_OK;
		}
		if (src->eof) {
			sct_source_skip(src, src->left);
			return SCT_OK;
		}
		sct_source_skip(src, src->left - (sizeof magic - 1));
	}
}

/* To the next frame: where the seek table has it, else the first magic number that is `from` bytes on or more. */
static int resync(struct zstd *z, size_t from, struct sct_err *err)
{
	uint64_t next = sct_seek_next(&z->seek, z->src, z->frame);
	int rc;

	z->damaged = true;
	z->streaming = false;
	if (next > z->src->offset)
		return skip(z->src, next - z->src->offset, err);
	rc = skip(z->src, from, err);
	return rc < 0 ? rc : scan(z->src, err);
}

/* Tells damage of the current frame and goes on behind it; from as for resync. */
static int damage(struct zstd *z, struct sct_slot *slot, int status, size_t from, const char *cause)
{
	struct sct_err err;

	if (resync(z, from, &err) < 0) {
		slot->err = err;
		return err.status;
	}
	if (z->src->left) /* a file that goes on was not cut there */
		status = SCT_E_FORMAT;
	return sct_fail(&slot->err, status, z->frame, "zstd frame: %s", cause);
}

/* ---- frames that are no data -------------------------------------------------------------------------------- */

/* Holds the table against the frames before it, where that can be done. */
static int check_table(struct zstd *z, struct sct_slot *slot, uint32_t size)
{
	const char *cause;

	if (z->damaged || size > SCT_SOURCE_MAX)
		return SCT_OK;
	if (sct_source_fill(z->src, size, &slot->err) < 0)
		return slot->err.status;
	if (z->src->left < size)
		return SCT_OK; /* the caller finds the end */
	cause = sct_seek_check(z->src->data, size, &z->sum);
	if (!cause)
		return SCT_OK;
	z->damaged = true;
	sct_source_skip(z->src, size);
	return sct_fail(&slot->err, SCT_E_FORMAT, z->frame, "seek table: %s", cause);
}

/* The window begins with a skippable frame: passes it. */
static int pass_skippable(struct zstd *z, struct sct_slot *slot)
{
	struct sct_source *src = z->src;
	struct sct_cursor c;
	uint32_t magic, size;

	if (sct_source_fill(src, SKIPPABLE_HEAD, &slot->err) < 0)
		return slot->err.status;
	c = sct_cursor(src->data, src->left);
	magic = (uint32_t)sct_take_le(&c, 4);
	size = (uint32_t)sct_take_le(&c, 4);
	if (c.bad || (src->regular && size > src->size - src->offset - SKIPPABLE_HEAD))
		return damage(z, slot, SCT_E_TRUNCATED, 1, "the file ends inside a skippable one");
	sct_source_skip(src, SKIPPABLE_HEAD);
	if (magic == SCT_SEEK_FRAME_MAGIC && check_table(z, slot, size) < 0)
		return slot->err.status;
	if (skip(src, size, &slot->err) < 0)
		return slot->err.status;
	if (src->offset < z->frame + SKIPPABLE_HEAD + size)
		return sct_fail(&slot->err, SCT_E_TRUNCATED, z->frame, "the file ends inside a skippable zstd frame");
	return SCT_OK;
}

/* ---- whole frames ------------------------------------------------------------------------------------------ */

/* Gets the whole frame into the window; *size is its length, 0 when the file ends inside of it, and *fault set when
 * its blocks make no sense. Looks at each byte about twice: the window doubles. */
static int gather(struct zstd *z, size_t *size, const char **fault, struct sct_err *err)
{
	struct sct_source *src = z->src;

	*size = 0;
	for (size_t want = LOOK;; want = want < SCT_SOURCE_MAX / 2 ? want * 2 : SCT_SOURCE_MAX) {
		size_t n;

		if (sct_source_fill(src, want, err) < 0)
			return err->status;
		n = ZSTD_findFrameCompressedSize(src->data, src->left);
		if (!ZSTD_isError(n)) {
			*size = n;
			return SCT_OK;
		}
		if (ZSTD_getErrorCode(n) != ZSTD_error_srcSize_wrong) {
			*fault = "damaged data";
			return SCT_OK;
		}
		if (src->eof)
			return SCT_OK;
		if (want == SCT_SOURCE_MAX) {
			*fault = "longer than its content can be";
			return SCT_OK;
		}
	}
}

/* The file ends inside the frame, or a damaged length makes it seem so. What came before the end is of use, though
 * no checksum vouches for it. */
static int cut_frame(struct zstd *z, struct sct_slot *slot, size_t content)
{
	static const uint8_t magic[] = { 0x28, 0xb5, 0x2f, 0xfd };
	ZSTD_inBuffer in = { z->src->data, z->src->left, 0 };
	ZSTD_outBuffer out = { slot->buf, content, 0 };
	size_t rc = 1, before;

	if (memmem(z->src->data + 4, z->src->left - 4, magic, sizeof magic))
		return damage(z, slot, SCT_E_FORMAT, 4, "a length in it is damaged");
	ZSTD_DCtx_reset(z->dctx, ZSTD_reset_session_only);
	do {
		before = in.pos + out.pos;
		rc = ZSTD_decompressStream(z->dctx, &out, &in);
	} while (!ZSTD_isError(rc) && rc && in.pos + out.pos != before);
	sct_source_skip(z->src, z->src->left);
	z->damaged = true;
	sct_fail(&z->later, SCT_E_TRUNCATED, z->frame, "the file ends inside a zstd frame");
	slot->piece = (struct sct_piece){ slot->buf, out.pos, z->frame, true, false };
	return out.pos != 0;
}

/* The frame of size bytes does not unpack. Its end is where the next one begins, unless the lengths in it are what
 * is wrong. */
static int broken_frame(struct zstd *z, struct sct_slot *slot, size_t size, size_t content, const char *cause)
{
	uint64_t cost = size + content;

	if (sct_source_fill(z->src, size + 4, &slot->err) < 0)
		return slot->err.status;
	if (z->src->left < size + 4 ? z->src->left == size : zstd_probe(z->src->data + size, 4))
		return damage(z, slot, SCT_E_FORMAT, size, cause);
	if (cost > z->credit)
		return damage(z, slot, SCT_E_FORMAT, size, cause);
	z->credit -= cost;
	return damage(z, slot, SCT_E_FORMAT, 4, cause);
}

/* A frame whose blocks end nowhere: its whole window was looked at. */
static int endless_frame(struct zstd *z, struct sct_slot *slot, const char *cause)
{
	size_t looked = z->src->left;

	if (looked > z->credit)
		return damage(z, slot, SCT_E_FORMAT, looked, cause);
	z->credit -= looked;
	return damage(z, slot, SCT_E_FORMAT, 4, cause);
}

static int whole_frame(struct zstd *z, struct sct_slot *slot, size_t content)
{
	const char *fault = NULL;
	size_t size, n;

	if (sct_slot_room(slot, content, &slot->err) < 0 || gather(z, &size, &fault, &slot->err) < 0)
		return slot->err.status;
	if (fault)
		return endless_frame(z, slot, fault);
	if (!size)
		return cut_frame(z, slot, content);
	n = ZSTD_decompressDCtx(z->dctx, slot->buf, content, z->src->data, size);
	if (ZSTD_isError(n))
		return broken_frame(z, slot, size, content, cause_of(n));
	slot->piece = (struct sct_piece){ slot->buf, n, z->frame, true, false };
	sct_seek_sum_add(&z->sum, (uint32_t)size, (uint32_t)n);
	z->credit += size;
	sct_source_skip(z->src, size);
	return 1;
}

/* ---- frames in runs ---------------------------------------------------------------------------------------- */

/* One step of the stream. 1: there is more to do for this run; 0: the frame has ended. */
static int step(struct zstd *z, ZSTD_outBuffer *out, struct sct_slot *slot)
{
	struct sct_source *src = z->src;
	ZSTD_inBuffer in;
	size_t rc, before = out->pos;

	if (sct_source_fill(src, SCT_SOURCE_READ, &slot->err) < 0)
		return slot->err.status;
	in = (ZSTD_inBuffer){ src->data, src->left, 0 };
	rc = ZSTD_decompressStream(z->dctx, out, &in);
	if (ZSTD_isError(rc))
		return damage(z, slot, SCT_E_FORMAT, src->offset == z->frame ? 4 : in.pos, cause_of(rc));
	sct_source_skip(src, in.pos);
	if (!rc)
		return 0;
	if (src->eof && !src->left && out->pos == before) {
		z->streaming = false;
		z->damaged = true;
		return sct_fail(&slot->err, SCT_E_TRUNCATED, z->frame, "the file ends inside a zstd frame");
	}
	return 1;
}

static int next_run(struct zstd *z, struct sct_slot *slot)
{
	ZSTD_outBuffer out;
	int rc;

	if (sct_slot_room(slot, SCT_RUN, &slot->err) < 0)
		return slot->err.status;
	out = (ZSTD_outBuffer){ slot->buf, SCT_RUN, 0 };
	do
		rc = step(z, &out, slot);
	while (rc == 1 && out.pos < out.size);
	if (rc == SCT_E_TRUNCATED && out.pos)
		z->later = slot->err;
	else if (rc < 0)
		return rc;
	z->unpacked += out.pos;
	if (!rc) {
		z->streaming = false;
		z->credit += z->src->offset - z->frame;
		sct_seek_sum_add(&z->sum, (uint32_t)(z->src->offset - z->frame), (uint32_t)z->unpacked);
	}
	slot->piece = (struct sct_piece){ slot->buf, out.pos, z->frame, z->starts, false };
	z->starts = false;
	return 1;
}

/* ---- one after the other ------------------------------------------------------------------------------------ */

/* The window begins with a frame's magic number. */
static int begin_frame(struct zstd *z, struct sct_slot *slot)
{
	ZSTD_frameHeader head;
	size_t rc = ZSTD_getFrameHeader(&head, z->src->data, z->src->left);

	if (ZSTD_isError(rc))
		return damage(z, slot, SCT_E_FORMAT, 4, cause_of(rc));
	if (rc)
		return damage(z, slot, SCT_E_TRUNCATED, 4, "the file ends inside its header");
	if (head.frameContentSize <= SCT_PIECE_MAX)
		return whole_frame(z, slot, (size_t)head.frameContentSize);
	ZSTD_DCtx_reset(z->dctx, ZSTD_reset_session_only);
	z->streaming = z->starts = true;
	z->unpacked = 0;
	return next_run(z, slot);
}

/* Neither frame nor end. */
static int stray_bytes(struct zstd *z, struct sct_slot *slot)
{
	if (z->src->left < 4)
		return damage(z, slot, SCT_E_TRUNCATED, z->src->left, "the file ends inside its magic number");
	return damage(z, slot, SCT_E_FORMAT, 1, "no magic number where one must begin");
}

static int zstd_next(void *state, struct sct_slot *slot)
{
	struct zstd *z = state;
	int rc = SCT_OK;

	if (z->later.status) {
		slot->err = z->later;
		z->later.status = SCT_OK;
		return slot->err.status;
	}
	/* frames may be empty, and so may be the last run of one */
	for (slot->piece.size = 0; rc >= 0 && !slot->piece.size;) {
		if (z->streaming) {
			rc = next_run(z, slot);
			continue;
		}
		z->frame = z->src->offset;
		if (sct_source_fill(z->src, FRAME_HEAD_MAX, &slot->err) < 0)
			return slot->err.status;
		if (!z->src->left)
			return 0;
		if (!zstd_probe(z->src->data, z->src->left))
			rc = stray_bytes(z, slot);
		else if (is_skippable(magic_at(z->src->data)))
			rc = pass_skippable(z, slot);
		else
			rc = begin_frame(z, slot);
		if (!rc && z->later.status)
			return zstd_next(state, slot);
	}
	return rc;
}

const struct sct_unwrap_ops sct_unwrap_zstd = {
	.name = "zstd",
	.state_size = sizeof(struct zstd),
	.probe = zstd_probe,
	.open = zstd_open,
	.next = zstd_next,
	.close = zstd_close,
};
