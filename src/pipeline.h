/* The pipeline: from an opened trace to records, one call at a time. The only room that knows the order of the rooms.
 */
#ifndef SCT_PIPELINE_H
#define SCT_PIPELINE_H

#include "../formats/formats.h"
#include "annotate.h"
#include "decode.h"
#include "detect.h"
#include "lineage.h"
#include "os.h"
#include "pending.h"

struct sct_pipeline;

/* What the pipeline hands out. Records and everything in them belong to the pipeline and end with the callback.
 * A negative return (status, *err filled) ends the run with it. */
struct sct_pipeline_ops {
	/* A call was entered; its record has no return, result and end yet. May be NULL. */
	int (*enter)(void *ctx, const struct sct_record *record, struct sct_err *err);
	/* A call has ended. */
	int (*end)(void *ctx, const struct sct_record *record, struct sct_err *err);
	/* Called now and then, for progress and interruption; may be NULL. */
	int (*tick)(void *ctx, struct sct_err *err);
	void *ctx;
};

struct sct_pipeline_options {
	const char *profile;      /* NULL: the recording's own */
	struct sct_limits limits;
	const struct sct_types *types; /* of the recorded kernel; NULL: none. The caller's, longer than the pipeline. Of no
	                                  use to the recording of a single program */
	struct sct_os *os;             /* tells who runs; NULL: only what results of calls show. Likewise */
	bool strict;              /* stop at the first damage */
	/* Memory at the start of the trace; a later one lies on top of those before it. The caller's, longer than the
	 * pipeline. */
	const struct sct_snapshot *snapshots;
	size_t nsnapshots;
};

/* Counts of a run, for -v. */
struct sct_pipeline_counts {
	uint64_t calls, ended[SCT_END_COUNT];
	uint64_t orphans;     /* returns of calls that began before the recording did */
	uint64_t no_thread;   /* entries whose thread neither the recording nor the registers show */
	uint64_t no_abi;      /* entries that no ABI of the profile describes */
	uint64_t not_in_table;
	uint64_t holes;       /* places in a trace of every instruction where control cannot have gone from one to the next:
	                         some are missing, or another thread or a signal handler runs */
	uint64_t first_hole;  /* the seq behind the first of them */
	struct sct_agreement code, reads, kernel_reads; /* the trace against the replayed memory: machine.h */
	uint64_t unmapped;    /* accesses at addresses that the replayed page tables do not map */
	bool seeded;          /* the general registers at the start are those of a snapshot's CPUs */
	struct sct_detect_counts detect;
};

/* SCT_E_USAGE: no profile of that name; SCT_E_UNSUPPORTED: the recording's architecture has none. The trace stays the
 * caller's. */
int sct_pipeline_new(struct sct_pipeline **p, struct sct_trace *trace, const struct sct_pipeline_options *options,
                     const struct sct_pipeline_ops *ops, struct sct_err *err);
/* Reads the whole trace. 0: to its end (damage is the trace's to tell); negative: it was ended. */
int sct_pipeline_run(struct sct_pipeline *p, struct sct_err *err);
const struct sct_pipeline_counts *sct_pipeline_counts(struct sct_pipeline *p);
void sct_pipeline_free(struct sct_pipeline *p);

#endif
