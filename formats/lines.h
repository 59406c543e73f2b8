/* Runs of whole lines out of the pieces of an input: what readers of text share. */
#ifndef SCT_LINES_H
#define SCT_LINES_H

#include "formats.h"

enum { SCT_LINES_SLACK = 64 }; /* bytes behind each run that may be looked at, whatever they are */

/* Zero-initialise, set `in` and `max`. */
struct sct_lines {
	struct sct_input *in;  /* the caller's */
	size_t max;            /* bytes of a line, its break included; longer ones are damage */
	const uint8_t *start, *stop; /* the run */
	uint64_t offset;       /* of its first byte */
	uint64_t skipped;      /* bytes that no run had, since the caller last set it to 0 */
	bool uncounted;        /* nobody knows how many lines were lost */

	/* this room's */
	struct sct_piece piece;
	size_t at;             /* of the piece's first byte that was not used */
	uint8_t *carry;        /* a line that lies across pieces, or ends too near the end of one */
	size_t ncarry, room;
	uint64_t carry_offset; /* of its first byte */
	const uint8_t *next;   /* sct_lines_line: what it gives next of the run */
	bool skipping;         /* nothing before the next line break is of use */
};

/* The next run [start, stop): whole lines, each with its line break; until the next call. Returns 1, 0 at the end,
 * or negative. SCT_E_FORMAT: damaged input or a line that is too long; SCT_E_TRUNCATED: the last line or compressed
 * unit has no end; calling again goes on behind both. Others end it. */
int sct_lines_run(struct sct_lines *l, struct sct_err *err);
/* The next line alone: *from up to *end, where its break stands. Returns as sct_lines_run; not to be mixed with it. */
int sct_lines_line(struct sct_lines *l, const char **from, const char **end, struct sct_err *err);
/* Offset in the file of a byte of the run, or of the compressed unit that it came from. */
uint64_t sct_lines_offset(const struct sct_lines *l, const void *p);
void sct_lines_fini(struct sct_lines *l);

#endif
