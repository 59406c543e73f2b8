/* gzip input: members of RFC 1952, one behind the other.
 * In:  a source
 * Out: pieces of at most SCT_RUN bytes
 */
#include <zlib.h>

#include "unwrap.h"

struct gzip {
	struct sct_source *src;
	z_stream z;
	bool inside;      /* of a member */
	bool ended;       /* by damage: deflate has no place to go on at */
	uint64_t member;  /* offset of the member */
};

static bool gzip_probe(const uint8_t *data, size_t size)
{
	return size >= 3 && data[0] == 0x1f && data[1] == 0x8b && data[2] == 8;
}

static int gzip_open(void *state, struct sct_source *src, struct sct_err *err)
{
	struct gzip *g = state;

	g->src = src;
	if (inflateInit2(&g->z, 15 + 16) != Z_OK) /* the largest window, gzip's header and checksum */
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory to unpack gzip");
	return SCT_OK;
}

static int fail(struct gzip *g, struct sct_slot *slot, int status, const char *cause)
{
	g->ended = true;
	return sct_fail(&slot->err, status, g->member, "gzip member: %s", cause);
}

/* At a member's beginning. Zeros behind the last member are padding (gzip(1), -d). */
static int begin_member(struct gzip *g, struct sct_slot *slot)
{
	struct sct_source *src = g->src;

	for (;;) {
		if (sct_source_fill(src, SCT_SOURCE_READ, &slot->err) < 0)
			return slot->err.status;
		while (src->left && !*src->data)
			sct_source_skip(src, 1);
		if (src->left)
			break;
		if (src->eof)
			return 0;
	}
	if (sct_source_fill(src, 3, &slot->err) < 0)
		return slot->err.status;
	g->member = src->offset;
	if (!gzip_probe(src->data, src->left))
		return fail(g, slot, SCT_E_FORMAT, "neither a member nor the end of the file");
	inflateReset(&g->z);
	g->inside = true;
	return 1;
}

/* Unpacks what the window holds into the rest of the piece. */
static int step(struct gzip *g, struct sct_slot *slot)
{
	int rc;

	if (sct_source_fill(g->src, SCT_SOURCE_READ, &slot->err) < 0)
		return slot->err.status;
	g->z.next_in = (Bytef *)(uintptr_t)g->src->data; /* zlib only reads there */
	g->z.avail_in = (uInt)g->src->left;
	rc = inflate(&g->z, Z_NO_FLUSH);
	sct_source_skip(g->src, g->src->left - g->z.avail_in);
	switch (rc) {
	case Z_STREAM_END:
		g->inside = false;
		return SCT_OK;
	case Z_OK:
	case Z_BUF_ERROR:
		if (g->src->eof && !g->src->left && g->z.avail_out)
			return fail(g, slot, SCT_E_TRUNCATED, "the file ends inside it");
		return SCT_OK;
	case Z_MEM_ERROR:
		return fail(g, slot, SCT_E_NOMEM, "no memory");
	default:
		return fail(g, slot, SCT_E_FORMAT, g->z.msg ? g->z.msg : "damaged");
	}
}

static int gzip_next(void *state, struct sct_slot *slot)
{
	struct gzip *g = state;
	bool starts = !g->inside;
	int rc;

	if (g->ended)
		return 0;
	if (sct_slot_room(slot, SCT_RUN, &slot->err) < 0)
		return slot->err.status;
	do {
		if (!g->inside) {
			rc = begin_member(g, slot);
			if (rc <= 0)
				return rc;
		}
		g->z.next_out = slot->buf;
		g->z.avail_out = SCT_RUN;
		do
			rc = step(g, slot);
		while (rc == SCT_OK && g->inside && g->z.avail_out);
		/* what came out before the damage is delivered first; the checksum behind it was not reached */
		if (rc < 0 && (g->z.avail_out == SCT_RUN || rc != SCT_E_TRUNCATED))
			return rc;
		if (rc == SCT_E_TRUNCATED)
			g->ended = false; /* the next call meets the end again, with nothing to deliver */
	} while (g->z.avail_out == SCT_RUN);
	slot->piece = (struct sct_piece){ slot->buf, SCT_RUN - g->z.avail_out, g->member, starts, false };
	return 1;
}

static void gzip_close(void *state)
{
	struct gzip *g = state;

	inflateEnd(&g->z);
}

const struct sct_unwrap_ops sct_unwrap_gzip = {
	.name = "gzip",
	.state_size = sizeof(struct gzip),
	.probe = gzip_probe,
	.open = gzip_open,
	.next = gzip_next,
	.close = gzip_close,
};
