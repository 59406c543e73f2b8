/* One line of a table (sctrace-prototypes(5)), parsed. */
#ifndef PROTOTYPES_ROW_H
#define PROTOTYPES_ROW_H

#include <stdint.h>

enum { ROW_PARAMS = 6, ROW_FD_OF = 2 };

/* Members as in struct sct_param; enumerators by their C names, NULL where the marks say nothing. */
struct row_param {
	const char *name, *type, *cls, *dir, *len, *when, *even;
	unsigned size, slot, slot_hi, len_arg, len_at, len_add, elem, elem_signed, elem_fd, when_arg, when_at,
		when_value, when_mask;
	struct row_param *or_else; /* NULL: there is no other meaning */
};

struct row {
	unsigned long nr;
	const char *name, *entry, *flags, *sub;
	unsigned nparams, fd_by, nfd_of, fd_of[ROW_FD_OF];
	struct row_param param[ROW_PARAMS];
};

/* Parses "NR NAME ENTRY(PARAMETERS) FLAGS" for an ABI with words of that many bytes; dies, naming file and line, at
 * what is not understood, or needs more than `words` of them. Keeps pointers into line. */
void row_parse(struct row *row, char *line, unsigned word, unsigned words, const char *file, unsigned number);

#endif
