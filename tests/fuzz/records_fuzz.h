/* What fuzz targets of the pipeline do with records: log writers write them, and their numbers are in order.
 * In:  records
 * Out: nothing, or an abort
 */
#ifndef SCT_FUZZ_RECORDS_H
#define SCT_FUZZ_RECORDS_H

#include <stdlib.h>

#include "../../src/pipeline.h"

/* pandalog writes what json does, in a file that it can seek in. */
static const char *const fuzz_sinks[] = { "jsonl", "json" };
enum { FUZZ_SINKS = sizeof fuzz_sinks / sizeof *fuzz_sinks };

struct fuzz_records {
	const struct sct_sink_ops *sink[FUZZ_SINKS];
	void *state[FUZZ_SINKS];
	struct sct_out *out;
	uint64_t next_id;
};

static inline int fuzz_on_end(void *ctx, const struct sct_record *record, struct sct_err *err)
{
	struct fuzz_records *r = ctx;

	if (record->id >= r->next_id || record->end >= SCT_END_COUNT)
		abort();
	for (int i = 0; i < FUZZ_SINKS; i++)
		if (r->sink[i]->record(r->state[i], record, err))
			abort();
	return SCT_OK;
}

static inline int fuzz_on_enter(void *ctx, const struct sct_record *record, struct sct_err *err)
{
	struct fuzz_records *r = ctx;

	(void)err;
	if (record->id != r->next_id++)
		abort();
	return SCT_OK;
}

static inline void fuzz_open_sinks(struct fuzz_records *r)
{
	struct sct_err err;

	if (sct_out_open("/dev/null", &r->out, &err))
		abort();
	for (int i = 0; i < FUZZ_SINKS; i++) {
		r->sink[i] = sct_sink_find(fuzz_sinks[i]);
		r->state[i] = calloc(1, r->sink[i]->state_size);
		if (!r->state[i] || r->sink[i]->open(r->state[i], r->out, &err))
			abort();
	}
}

static inline void fuzz_close_sinks(struct fuzz_records *r)
{
	struct sct_err err;

	for (int i = 0; i < FUZZ_SINKS; i++) {
		if (r->sink[i]->close(r->state[i], &err))
			abort();
		free(r->state[i]);
	}
	if (sct_out_commit(r->out, &err))
		abort();
}

/* Runs the trace, which stays the caller's, to its end; nothing happens where the options do not fit it. */
static inline void fuzz_pipeline(struct sct_trace *t, const struct sct_pipeline_options *options)
{
	struct fuzz_records records = { .next_id = 0 };
	const struct sct_pipeline_ops ops = { .enter = fuzz_on_enter, .end = fuzz_on_end, .ctx = &records };
	struct sct_pipeline *p;
	struct sct_err err;

	if (sct_pipeline_new(&p, t, options, &ops, &err) < 0)
		return;
	fuzz_open_sinks(&records);
	sct_pipeline_run(p, &err);
	fuzz_close_sinks(&records);
	sct_pipeline_free(p);
}

#endif
