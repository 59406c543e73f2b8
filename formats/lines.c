/* Runs of whole lines out of the pieces of an input.
 * In:  pieces
 * Out: runs, in place but for lines that lie across pieces or end within the last bytes of one
 */
#include "lines.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 << 10 };

static uint64_t piece_offset(const struct sct_lines *l)
{
	return l->piece.plain ? l->piece.offset + l->at : l->piece.offset;
}

uint64_t sct_lines_offset(const struct sct_lines *l, const void *p)
{
	return l->piece.plain ? l->offset + (uint64_t)((const uint8_t *)p - l->start) : l->offset;
}

static void drop_carry(struct sct_lines *l)
{
	l->skipped += l->ncarry;
	l->ncarry = 0;
}

/* The run was read; if it lay in the carry, what stands behind it there moves to the front. */
static void drop_run(struct sct_lines *l)
{
	if (l->carry && l->start == l->carry && l->ncarry) {
		size_t used = (size_t)(l->stop - l->start);

		l->ncarry -= used;
		memmove(l->carry, l->stop, l->ncarry);
		if (l->piece.plain)
			l->carry_offset += used;
	}
	l->start = l->stop = NULL;
}

/* The next piece. Returns 1, 0 at the end, or damage. */
static int pull(struct sct_lines *l, struct sct_err *err)
{
	int rc;

	l->piece.size = l->at = 0;
	rc = sct_input_next(l->in, &l->piece, err);
	if (rc <= 0)
		l->piece.size = 0;
	if (!rc && l->ncarry) {
		drop_carry(l);
		return sct_fail(err, SCT_E_TRUNCATED, l->carry_offset, "the file ends inside a line");
	}
	if (rc < 0) { /* what follows may begin inside a line */
		drop_carry(l);
		l->skipping = l->uncounted = true;
	}
	return rc;
}

static void skip(struct sct_lines *l)
{
	const uint8_t *from = l->piece.data + l->at;
	size_t rest = l->piece.size - l->at;
	const uint8_t *nl = memchr(from, '\n', rest);
	size_t n = nl ? (size_t)(nl + 1 - from) : rest;

	l->skipped += n;
	l->at += n;
	l->skipping = !nl;
}

/* Makes a run of the lines that lie in the piece with enough behind them. */
static bool run_in_place(struct sct_lines *l)
{
	const uint8_t *from = l->piece.data + l->at, *nl = NULL;
	size_t rest = l->piece.size - l->at;

	if (rest > SCT_LINES_SLACK)
		nl = memrchr(from, '\n', rest - SCT_LINES_SLACK);
	if (!nl)
		return false;
	l->offset = piece_offset(l);
	l->start = from;
	l->stop = nl + 1;
	l->at += (size_t)(l->stop - from);
	return true;
}

static int too_long(struct sct_lines *l, struct sct_err *err)
{
	uint64_t offset = l->ncarry ? l->carry_offset : piece_offset(l);

	drop_carry(l);
	l->skipping = true;
	return sct_fail(err, SCT_E_FORMAT, offset, "a line has more than %zu bytes", l->max);
}

/* Room in the carry for n more bytes and the slack. */
static int grow(struct sct_lines *l, size_t n, struct sct_err *err)
{
	size_t want = l->ncarry + n + SCT_LINES_SLACK, room = l->room ? l->room : FIRST_ROOM;
	uint8_t *carry;

	if (want <= l->room)
		return SCT_OK;
	while (room < want)
		room *= 2;
	carry = realloc(l->carry, room);
	if (!carry)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for a line of %zu bytes", want);
	memset(carry + l->ncarry, 0, room - l->ncarry);
	l->carry = carry;
	l->room = room;
	return SCT_OK;
}

/* Moves bytes of the piece into the carry: up to the end of the line that is there, or else all. Returns 1 when that
 * made a run, 0 when more is needed. */
static int run_in_carry(struct sct_lines *l, struct sct_err *err)
{
	const uint8_t *from = l->piece.data + l->at, *nl;
	size_t n = l->piece.size - l->at;

	nl = l->ncarry ? memchr(from, '\n', n) : memrchr(from, '\n', n);
	if (l->ncarry && nl)
		n = (size_t)(nl + 1 - from);
	if (n > l->max - l->ncarry)
		return too_long(l, err);
	if (grow(l, n, err) < 0)
		return err->status;
	if (!l->ncarry)
		l->carry_offset = piece_offset(l);
	memcpy(l->carry + l->ncarry, from, n);
	l->at += n;
	l->start = l->carry;
	l->offset = l->carry_offset;
	l->stop = nl ? l->carry + l->ncarry + (nl + 1 - from) : l->carry;
	l->ncarry += n;
	return nl != NULL;
}

int sct_lines_run(struct sct_lines *l, struct sct_err *err)
{
	int rc;

	drop_run(l);
	for (;;) {
		if (l->at == l->piece.size && (rc = pull(l, err)) <= 0)
			return rc;
		if (l->skipping) {
			skip(l);
			continue;
		}
		if (!l->ncarry && run_in_place(l))
			return 1;
		rc = run_in_carry(l, err);
		if (rc)
			return rc;
	}
}

int sct_lines_line(struct sct_lines *l, const char **from, const char **end, struct sct_err *err)
{
	int rc;

	if (l->next == l->stop) {
		rc = sct_lines_run(l, err);
		l->next = rc > 0 ? l->start : l->stop;
		if (rc <= 0)
			return rc;
	}
	*from = (const char *)l->next;
	l->next = memchr(l->next, '\n', (size_t)(l->stop - l->next));
	*end = (const char *)l->next++;
	return 1;
}

void sct_lines_fini(struct sct_lines *l)
{
	free(l->carry);
}
