/* Inside of the pipeline room: its state, and the ends of calls. */
#ifndef SCT_PIPELINE_END_H
#define SCT_PIPELINE_END_H

#include "pipeline.h"
#include "step.h"

/* The instruction that a vCPU executed last, in a trace that tells every one. */
struct sct_flow {
	bool any, entered;   /* there was one; it entered the kernel */
	struct sct_found at;
};

struct sct_pipeline {
	struct sct_trace *trace;
	const struct sct_trace_info *info;
	struct sct_pipeline_options options;
	struct sct_pipeline_ops ops;
	struct sct_pipeline_counts counts;
	struct sct_profile profile;
	struct sct_machine machine;
	struct sct_pending pending;
	struct sct_lineage lineage;
	struct sct_decode decode;
	struct sct_layouts *forgotten; /* of another kernel's types; calls in flight may name them */
	struct sct_annotate annotate;
	struct sct_os os; /* options.os, whose answers it keeps */
	struct sct_insn *insn;
	struct sct_step *step;
	struct sct_flow *flow; /* by vCPU, where the trace tells every instruction; else NULL */
};

/* A thread is back in user mode: when and where, and what memory holds then. */
struct sct_returned {
	struct sct_moment moment;
	bool readable; /* memory is still what the call left */
	struct sct_views views;
};

/* Each of these hands out records; negative, *err filled: who takes them has ended the run. */

/* Completes and hands out the record of a call that has ended, then forgets it. back: NULL where its thread has not
 * come back to user mode. */
int sct_pipeline_finish(struct sct_pipeline *p, const struct sct_ending *e, const struct sct_returned *back,
                        struct sct_err *err);
/* Ends what the entry of a call ends: itself where it never returns, others that would pile up. */
int sct_pipeline_entered(struct sct_pipeline *p, struct sct_open *open, struct sct_err *err);
/* Ends all open calls alike: at the end of the recording, or where records are missing. */
int sct_pipeline_finish_all(struct sct_pipeline *p, enum sct_end end, struct sct_err *err);

#endif
