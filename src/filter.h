/* Which calls are logged: sctrace-decode(1), options --process to --failed. */
#ifndef SCT_FILTER_H
#define SCT_FILTER_H

#include <stdbool.h>

#include "map.h"
#include "record.h"

enum { SCT_FILTER_MAX = 256 };

/* What a user asks for; strings are the caller's. What is not set picks everything. */
struct sct_filter_spec {
	struct sct_word pid, tid, asid;
	const char *process;               /* the name of a thread; with a '/' in it the path of its program */
	bool follow;                       /* also the processes that made these calls, and their descendants */
	const char *names[SCT_FILTER_MAX]; /* of calls */
	unsigned nnames;
	bool failed;
};

/* What has been seen of the processes that are followed. Zero-initialise but for spec, which outlives it. */
struct sct_filter {
	const struct sct_filter_spec *spec;
	struct sct_map processes; /* by pid: the last followed one of that number */
};

/* Whether the spec picks by who calls: then there is something to follow. */
bool sct_filter_picks(const struct sct_filter_spec *spec);
/* Notes a call that was entered, in the order of entry. Of use under `follow` only. */
void sct_filter_enter(struct sct_filter *f, const struct sct_record *r);
/* Whether this record of a call that has ended passes. What the recording does not show matches nothing. */
bool sct_filter_pass(struct sct_filter *f, const struct sct_record *r);
void sct_filter_fini(struct sct_filter *f);

#endif
