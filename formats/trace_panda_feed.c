/* Runs of whole lines out of the pieces of an input.
 * In:  pieces
 * Out: runs, in place but for lines that lie across pieces or end within the last bytes of one
 */
#include <stdlib.h>
#include <string.h>

#include "trace_panda.h"

static uint64_t piece_offset(const struct sct_pd_feed *f)
{
	return f->piece.plain ? f->piece.offset + f->at : f->piece.offset;
}

uint64_t sct_pd_feed_offset(const struct sct_pd_feed *f, const uint8_t *p)
{
	return f->piece.plain ? f->offset + (uint64_t)(p - f->start) : f->offset;
}

static void drop_carry(struct sct_pd_feed *f)
{
	f->skipped += f->ncarry;
	f->ncarry = 0;
}

/* The run was read; if it lay in the carry, what stands behind it there moves to the front. */
static void drop_run(struct sct_pd_feed *f)
{
	if (f->carry && f->start == f->carry && f->ncarry) {
		size_t used = (size_t)(f->stop - f->start);

		f->ncarry -= used;
		memmove(f->carry, f->stop, f->ncarry);
		if (f->piece.plain)
			f->carry_offset += used;
	}
	f->start = f->stop = NULL;
}

/* The next piece. Returns 1, 0 at the end, or damage. */
static int pull(struct sct_pd_feed *f, struct sct_err *err)
{
	int rc;

	f->piece.size = f->at = 0;
	rc = sct_input_next(f->in, &f->piece, err);
	if (!rc && f->ncarry) {
		drop_carry(f);
		return sct_fail(err, SCT_E_TRUNCATED, f->carry_offset, "the file ends inside a line");
	}
	if (rc < 0) { /* what follows may begin inside a line */
		f->piece.size = 0;
		drop_carry(f);
		f->skipping = f->uncounted = true;
	}
	return rc;
}

static void skip(struct sct_pd_feed *f)
{
	const uint8_t *from = f->piece.data + f->at;
	size_t rest = f->piece.size - f->at;
	const uint8_t *nl = memchr(from, '\n', rest);
	size_t n = nl ? (size_t)(nl + 1 - from) : rest;

	f->skipped += n;
	f->at += n;
	f->skipping = !nl;
}

/* Makes a run of the lines that lie in the piece with enough behind them. */
static bool run_in_place(struct sct_pd_feed *f)
{
	const uint8_t *from = f->piece.data + f->at, *nl = NULL;
	size_t rest = f->piece.size - f->at;

	if (rest > SCT_PD_SLACK)
		nl = memrchr(from, '\n', rest - SCT_PD_SLACK);
	if (!nl)
		return false;
	f->offset = piece_offset(f);
	f->start = from;
	f->stop = nl + 1;
	f->at += (size_t)(f->stop - from);
	return true;
}

static int too_long(struct sct_pd_feed *f, struct sct_err *err)
{
	uint64_t offset = f->ncarry ? f->carry_offset : piece_offset(f);

	drop_carry(f);
	f->skipping = true;
	return sct_fail(err, SCT_E_FORMAT, offset, "a line has more than %d bytes", SCT_PD_LINE_MAX);
}

/* Moves bytes of the piece into the carry: up to the end of the line that is there, or else all. Returns 1 when that
 * made a run, 0 when more is needed. */
static int run_in_carry(struct sct_pd_feed *f, struct sct_err *err)
{
	const uint8_t *from = f->piece.data + f->at, *nl;
	size_t n = f->piece.size - f->at;

	if (!f->carry && !(f->carry = calloc(1, SCT_PD_LINE_MAX + SCT_PD_SLACK)))
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for a line");
	nl = f->ncarry ? memchr(from, '\n', n) : memrchr(from, '\n', n);
	if (f->ncarry && nl)
		n = (size_t)(nl + 1 - from);
	if (n > SCT_PD_LINE_MAX - f->ncarry)
		return too_long(f, err);
	if (!f->ncarry)
		f->carry_offset = piece_offset(f);
	memcpy(f->carry + f->ncarry, from, n);
	f->at += n;
	f->start = f->carry;
	f->offset = f->carry_offset;
	f->stop = nl ? f->carry + f->ncarry + (nl + 1 - from) : f->carry;
	f->ncarry += n;
	return nl != NULL;
}

int sct_pd_feed_next(struct sct_pd_feed *f, struct sct_err *err)
{
	int rc;

	drop_run(f);
	for (;;) {
		if (f->at == f->piece.size && (rc = pull(f, err)) <= 0)
			return rc;
		if (f->skipping) {
			skip(f);
			continue;
		}
		if (!f->ncarry && run_in_place(f))
			return 1;
		rc = run_in_carry(f, err);
		if (rc)
			return rc;
	}
}

void sct_pd_feed_fini(struct sct_pd_feed *f)
{
	free(f->carry);
}
