/* The command line of sctrace-decode: sctrace-decode(1). */
#ifndef SCT_OPTIONS_H
#define SCT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "err.h"
#include "filter.h"
#include "sources.h"
#include "value.h"

enum sct_action { SCT_ACTION_DECODE, SCT_ACTION_HELP, SCT_ACTION_VERSION, SCT_ACTION_FORMATS, SCT_ACTION_PROFILES };

struct sct_options {
	enum sct_action action;
	struct sct_sources_spec sources;
	const char *output, *format;
	struct sct_filter_spec filter;
	struct sct_limits limits;
	int progress; /* 1, 0, -1: when standard error is a terminal */
	bool verbose, strict, verify;
	char *names;  /* the copy; free() it */
};

/* Fills *o from the command line. SCT_E_USAGE: it makes no sense, err->text says which part. */
int sct_options_parse(struct sct_options *o, int argc, char **argv, struct sct_err *err);
void sct_options_help(FILE *to);

#endif
