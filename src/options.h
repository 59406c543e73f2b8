/* The command line of sctrace-decode: sctrace-decode(1). */
#ifndef SCT_OPTIONS_H
#define SCT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "err.h"
#include "record.h"
#include "sources.h"

enum { SCT_FILTER_MAX = 256 };

/* Which calls are logged. Strings point into the command line's own copy. */
struct sct_filter {
	struct sct_word pid, tid, asid;
	const char *names[SCT_FILTER_MAX]; /* of --syscall */
	unsigned nnames;
	bool failed;
};

enum sct_action { SCT_ACTION_DECODE, SCT_ACTION_HELP, SCT_ACTION_VERSION, SCT_ACTION_FORMATS, SCT_ACTION_PROFILES };

struct sct_options {
	enum sct_action action;
	struct sct_sources_spec sources;
	const char *output, *format;
	struct sct_filter filter;
	int progress; /* 1, 0, -1: when standard error is a terminal */
	bool verbose, strict, verify;
	char *names;  /* the copy; free() it */
};

/* Fills *o from the command line. SCT_E_USAGE: it makes no sense, err->text says which part. */
int sct_options_parse(struct sct_options *o, int argc, char **argv, struct sct_err *err);
void sct_options_help(FILE *to);
/* Whether the filter lets this record pass. A pid, tid or asid that is unknown does not match any. */
bool sct_filter_pass(const struct sct_filter *f, const struct sct_record *r);

#endif
