/* Segments out of the pieces of an input, whether a piece is one segment or they lie across each other.
 * In:  pieces
 * Out: segments, in place where one piece holds it all
 *
 * Layout of a segment's head: "SCTS" | u32 version | u32 length of all chunks | u32 number of the segment
 * | u64 number of its first event; little-endian.
 *
 * Unused bytes are those of carry[from..to), then those of piece behind `at`. The search for a segment behind damage
 * goes forward only, so reading takes time in proportion to the input.
 */
#include <stdlib.h>
#include <string.h>

#include "trace_sctrace.h"

enum { CARRY_ROOM = 2 * (SCT_SEGMENT_HEADER + SCT_SEGMENT_MAX) };

static size_t piece_left(const struct sct_st_feed *f)
{
	return f->piece.size - f->at;
}

static size_t left(const struct sct_st_feed *f)
{
	return f->to - f->from + piece_left(f);
}

/* Offset in the file of the first unused byte, or of the unit it came from. */
static uint64_t offset(const struct sct_st_feed *f)
{
	if (!f->piece.plain)
		return f->to > f->from ? f->carry_offset : f->piece.offset;
	return f->piece.offset + f->at - (f->to - f->from);
}

/* Moves size bytes of the piece into the carry. At most SCT_SEGMENT_HEADER + SCT_SEGMENT_MAX are wanted there at a
 * time, and it has twice that: moving them to the front is paid for by as many bytes that came in. */
static int carry(struct sct_st_feed *f, size_t size, struct sct_err *err)
{
	if (!f->carry) {
		f->carry = malloc(CARRY_ROOM);
		if (!f->carry)
			return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for a segment");
	}
	if (f->from == f->to) {
		f->from = f->to = 0;
		f->carry_offset = f->piece.offset;
	}
	if (size > CARRY_ROOM - f->to) {
		memmove(f->carry, f->carry + f->from, f->to - f->from);
		f->to -= f->from;
		f->from = 0;
	}
	memcpy(f->carry + f->to, f->piece.data + f->at, size);
	f->to += size;
	f->at += size;
	return SCT_OK;
}

static bool begins_segment(const struct sct_piece *p)
{
	return p->starts_unit && p->size >= 4 && !memcmp(p->data, SCT_SEGMENT_MAGIC, 4);
}

/* The next piece; what is left of the current one is carried. Returns 1, 0 at the end, or damage. */
static int pull(struct sct_st_feed *f, struct sct_err *err)
{
	int rc;

	if (piece_left(f) && carry(f, piece_left(f), err) < 0)
		return err->status;
	f->piece.size = f->at = 0;
	rc = sct_input_next(f->in, &f->piece, err);
	if (rc == SCT_E_TRUNCATED) { /* nothing comes behind it; what came before it is told first */
		f->later = *err;
		rc = 0;
	}
	f->ended = !rc;
	f->fresh = rc == 1 && f->from < f->to && begins_segment(&f->piece);
	return rc;
}

/* Bytes that can belong to one segment. */
static size_t usable(const struct sct_st_feed *f)
{
	return f->fresh ? f->to - f->from : left(f);
}

/* Makes want unused bytes, or as many as there are, lie behind each other at *data. Returns 1 when it is want bytes,
 * 0 when it is fewer, or damage of the input. */
static int gather(struct sct_st_feed *f, size_t want, const uint8_t **data, struct sct_err *err)
{
	size_t have;
	int rc;

	while (usable(f) < want && !f->ended && !f->fresh) {
		rc = pull(f, err);
		if (rc < 0)
			return rc;
	}
	have = usable(f) < want ? usable(f) : want;
	if (f->from < f->to && f->to - f->from < have && carry(f, have - (f->to - f->from), err) < 0)
		return err->status;
	*data = f->from < f->to ? f->carry + f->from : f->piece.data + f->at;
	return have == want;
}

/* Uses size bytes up. What stays in the carry and is in the piece too is better read there. */
static void use(struct sct_st_feed *f, size_t size)
{
	size_t n = f->to - f->from < size ? f->to - f->from : size;

	f->from += n;
	f->at += size - n;
	if (f->to - f->from <= f->at && !f->fresh) {
		f->at -= f->to - f->from;
		f->from = f->to = 0;
	}
	if (f->from == f->to)
		f->fresh = false;
}

/* Goes to the next bytes that can begin a segment. Returns 1, 0 at the end, or damage of the input. */
static int search(struct sct_st_feed *f, struct sct_err *err)
{
	for (;;) {
		const uint8_t *data, *found;
		int rc = gather(f, 4, &data, err);
		size_t n = f->from < f->to ? f->to - f->from : piece_left(f);

		if (rc < 0)
			return rc;
		if (!rc) {
			use(f, usable(f));
			if (f->ended)
				return 0;
			continue;
		}
		found = memmem(data, n, SCT_SEGMENT_MAGIC, 4);
		if (found) {
			use(f, (size_t)(found - data));
			return 1;
		}
		use(f, n - 3);
	}
}

/* Why the SCT_SEGMENT_HEADER bytes at data begin no segment; NULL: they do. */
static const char *read_head(struct sct_st_segment *seg, const uint8_t *data)
{
	struct sct_cursor c = sct_cursor(data + 4, SCT_SEGMENT_HEADER - 4);

	if (memcmp(data, SCT_SEGMENT_MAGIC, 4))
		return "no segment begins here";
	if (sct_take_le(&c, 4) != SCT_SEGMENT_VERSION)
		return "a segment of another version of the format than 1";
	seg->length = (uint32_t)sct_take_le(&c, 4);
	seg->number = (uint32_t)sct_take_le(&c, 4);
	seg->first_event = sct_take_le(&c, 8);
	return seg->length > SCT_SEGMENT_MAX ? "a segment of more than 8 MiB" : NULL;
}

/* Damage of the input: what is carried has lost its other half. */
static int lose(struct sct_st_feed *f, int status)
{
	f->from = f->to = 0;
	f->fresh = false;
	f->lost = true;
	return status;
}

/* Behind the last whole segment, with fewer bytes than a segment's head has. */
static int tail(struct sct_st_feed *f, struct sct_err *err)
{
	size_t rest = usable(f);
	bool cut = !f->ended;
	uint64_t at = offset(f);

	use(f, rest);
	if (cut)
		return sct_fail(err, SCT_E_FORMAT, at, "a segment is cut short inside its head");
	if (f->later.status) {
		*err = f->later;
		f->later.status = SCT_OK;
		return err->status;
	}
	return rest ? sct_fail(err, SCT_E_TRUNCATED, at, "the recording ends inside a segment's head") : 0;
}

static int take_segment(struct sct_st_feed *f, struct sct_st_segment *seg, struct sct_err *err)
{
	size_t whole = SCT_SEGMENT_HEADER + seg->length;
	const uint8_t *data;
	int rc = gather(f, whole, &data, err);

	if (rc < 0)
		return lose(f, rc);
	seg->data = data + SCT_SEGMENT_HEADER;
	seg->size = (rc ? whole : usable(f)) - SCT_SEGMENT_HEADER;
	seg->plain = f->piece.plain;
	f->mark.at = f->at;
	f->mark.from = f->from;
	f->mark.to = f->to;
	f->mark.fresh = f->fresh;
	use(f, SCT_SEGMENT_HEADER + seg->size);
	f->lost = false;
	return 1;
}

int sct_st_feed_next(struct sct_st_feed *f, struct sct_st_segment *seg, struct sct_err *err)
{
	for (;;) {
		const uint8_t *data;
		const char *fault;
		int rc = f->lost ? search(f, err) : 1;

		if (rc > 0)
			rc = gather(f, SCT_SEGMENT_HEADER, &data, err);
		if (rc < 0)
			return lose(f, rc);
		if (!rc)
			return tail(f, err);
		seg->offset = offset(f);
		fault = read_head(seg, data);
		if (!fault)
			return take_segment(f, seg, err);
		use(f, 1);
		if (f->lost)
			continue;
		f->lost = true;
		return sct_fail(err, SCT_E_FORMAT, seg->offset, "%s", fault);
	}
}

void sct_st_feed_back(struct sct_st_feed *f, size_t at)
{
	f->at = f->mark.at;
	f->from = f->mark.from;
	f->to = f->mark.to;
	f->fresh = f->mark.fresh;
	use(f, SCT_SEGMENT_HEADER + at);
	f->lost = true;
}

void sct_st_feed_fini(struct sct_st_feed *f)
{
	free(f->carry);
	f->carry = NULL;
}
