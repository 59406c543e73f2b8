/* Lines out of the pieces of an input.
 * In:  pieces
 * Out: lines, in place but for those that lie across pieces
 */
#include "trace_execlog.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 << 10 };

static uint64_t here(const struct sct_el_reader *r)
{
	return r->piece.offset + (r->piece.plain ? r->at : 0);
}

/* The next piece. Returns 1, 0 at the end, or damage, behind which a line may have lost its beginning. */
static int pull(struct sct_el_reader *r, struct sct_err *err)
{
	int rc;

	r->piece = (struct sct_piece){ 0 };
	r->at = 0;
	rc = sct_input_next(r->in, &r->piece, err);
	if (rc > 0)
		return rc;
	r->piece.size = 0;
	if (!rc && r->ncarry) {
		r->ncarry = 0;
		return sct_fail(err, SCT_E_TRUNCATED, r->offset, "the log ends inside a line");
	}
	r->ncarry = 0;
	r->skipping |= rc < 0;
	return rc;
}

/* Room for n more bytes of a line; NULL: memory was refused. */
static char *grow(struct sct_el_reader *r, size_t n)
{
	size_t room = r->carry_room ? r->carry_room : FIRST_ROOM;
	char *carry;

	while (room < r->ncarry + n)
		room *= 2;
	if (room == r->carry_room)
		return r->carry;
	carry = realloc(r->carry, room);
	if (carry) {
		r->carry = carry;
		r->carry_room = room;
	}
	return carry;
}

/* Keeps the beginning of a line whose end is not in this piece. */
static int keep(struct sct_el_reader *r, const char *from, size_t n, struct sct_err *err)
{
	if (!r->ncarry)
		r->offset = here(r);
	if (n > SCT_EL_LINE_MAX - r->ncarry) {
		r->ncarry = 0;
		r->skipping = true;
		return sct_fail(err, SCT_E_FORMAT, r->offset, "a line has more than %d bytes", SCT_EL_LINE_MAX);
	}
	if (!grow(r, n))
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for a line of %zu bytes", r->ncarry + n);
	memcpy(r->carry + r->ncarry, from, n);
	r->ncarry += n;
	r->at = r->piece.size;
	return SCT_OK;
}

/* A line break is at nl: gives what stands before it. */
static void give(struct sct_el_reader *r, const char *from, const char *nl, struct sct_el_text *line)
{
	if (r->ncarry) {
		*line = (struct sct_el_text){ r->carry, r->carry + r->ncarry };
	} else {
		*line = (struct sct_el_text){ from, nl };
		r->offset = here(r);
	}
	r->ncarry = 0;
	r->at = (size_t)(nl + 1 - (const char *)r->piece.data);
	if (line->end > line->at && line->end[-1] == '\r')
		line->end--;
}

int sct_el_next_line(struct sct_el_reader *r, struct sct_el_text *line, struct sct_err *err)
{
	for (;;) {
		const char *from, *nl;
		size_t rest;
		int rc;

		if (r->at == r->piece.size && (rc = pull(r, err)) <= 0)
			return rc;
		from = (const char *)r->piece.data + r->at;
		rest = r->piece.size - r->at;
		nl = memchr(from, '\n', rest);
		if (r->skipping) {
			r->skipping = !nl;
			r->at = nl ? (size_t)(nl + 1 - (const char *)r->piece.data) : r->piece.size;
			r->damage.bytes += nl ? (size_t)(nl + 1 - from) : rest;
		} else if (!nl || r->ncarry) {
			rc = keep(r, from, nl ? (size_t)(nl - from) : rest, err);
			if (rc < 0)
				return rc;
			if (nl) {
				give(r, from, nl, line);
				return 1;
			}
		} else {
			give(r, from, nl, line);
			return 1;
		}
	}
}
