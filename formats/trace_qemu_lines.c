/* Lines out of the pieces of an input.
 * In:  pieces
 * Out: lines, in place where one piece holds all of it
 */
#include "trace_qemu.h"

#include <string.h>

/* Keeps bytes of a line that is not complete; what does not fit is not kept. */
static void carry(struct sct_ql_feed *f, const uint8_t *data, size_t size)
{
	size_t room = sizeof f->carry - f->carried;

	if (!f->carried)
		f->carry_offset = f->piece.offset + (f->piece.plain ? f->at : 0);
	memcpy(f->carry + f->carried, data, size < room ? size : room);
	f->carried += size < room ? size : room;
}

/* The next piece. Returns 1, 0 at the end, or damage, behind which the line that was begun is of no use. */
static int pull(struct sct_ql_feed *f, struct sct_err *err)
{
	int rc;

	f->at = f->piece.size = 0;
	rc = sct_input_next(f->in, &f->piece, err);
	if (rc < 0)
		f->carried = 0;
	f->ended = !rc;
	return rc;
}

/* The line that ends with the input, or the end. */
static int rest(struct sct_ql_feed *f, struct sct_ql_line *line)
{
	*line = (struct sct_ql_line){ f->carry, f->carried, f->carry_offset, true };
	f->carried = 0;
	return line->len > 0;
}

int sct_ql_feed_next(struct sct_ql_feed *f, struct sct_ql_line *line, struct sct_err *err)
{
	for (;;) {
		const uint8_t *start = NULL, *stop = NULL;
		size_t left = f->piece.size - f->at;
		int rc;

		if (left) {
			start = f->piece.data + f->at;
			stop = memchr(start, '\n', left);
		}
		if (stop && !f->carried) {
			*line = (struct sct_ql_line){ (const char *)start, (size_t)(stop - start),
			                              f->piece.offset + (f->piece.plain ? f->at : 0), false };
			f->at += line->len + 1;
			return 1;
		}
		if (left)
			carry(f, start, stop ? (size_t)(stop - start) : left);
		if (stop) {
			f->at += (size_t)(stop - start) + 1;
			*line = (struct sct_ql_line){ f->carry, f->carried, f->carry_offset, false };
			f->carried = 0;
			return 1;
		}
		if (f->ended)
			return rest(f, line);
		rc = pull(f, err);
		if (rc < 0)
			return rc;
	}
}

/* Digits and one more, so that 0 says: no digit. */
static const uint8_t digits[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
	['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
	['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

unsigned sct_ql_hex(const char **p, const char *end, uint64_t *value)
{
	const char *at = *p;
	uint64_t v = 0;
	unsigned n = 0;

	for (unsigned d; n < 16 && at < end && (d = digits[(unsigned char)*at]) != 0; at++, n++)
		v = v << 4 | (d - 1);
	*value = v;
	*p = at;
	return n;
}

bool sct_ql_word(const char **p, const char *end, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(end - *p) < len || memcmp(*p, text, len))
		return false;
	*p += len;
	return true;
}
