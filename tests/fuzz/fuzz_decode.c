/* Fuzz target: the whole way from a trace to logs. What a recording claims about registers and memory decides which
 * system call is decoded and how deep: hostile claims must cost no more than honest ones.
 * In:  bytes of an unpacked trace
 * Out: nothing, or an abort
 */
#include "../../src/pipeline.h"
#include "memory_file.h"

struct run {
	const struct sct_sink_ops *sink[2];
	void *state[2];
	struct sct_out *out;
	uint64_t next_id;
};

static int on_end(void *ctx, const struct sct_record *record, struct sct_err *err)
{
	struct run *run = ctx;

	if (record->id >= run->next_id || record->end >= SCT_END_COUNT)
		abort();
	for (int i = 0; i < 2; i++)
		if (run->sink[i]->record(run->state[i], record, err))
			abort();
	return SCT_OK;
}

static int on_enter(void *ctx, const struct sct_record *record, struct sct_err *err)
{
	struct run *run = ctx;

	(void)err;
	if (record->id != run->next_id++)
		abort();
	return SCT_OK;
}

static void open_sinks(struct run *run)
{
	static const char *const names[2] = { "jsonl", "json" };
	struct sct_err err;

	if (sct_out_open("/dev/null", &run->out, &err))
		abort();
	for (int i = 0; i < 2; i++) {
		run->sink[i] = sct_sink_find(names[i]);
		run->state[i] = calloc(1, run->sink[i]->state_size);
		if (!run->state[i] || run->sink[i]->open(run->state[i], run->out, &err))
			abort();
	}
}

static void close_sinks(struct run *run)
{
	struct sct_err err;

	for (int i = 0; i < 2; i++) {
		if (run->sink[i]->close(run->state[i], &err))
			abort();
		free(run->state[i]);
	}
	if (sct_out_commit(run->out, &err))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sct_trace_options to = { .format = "sctrace", .threads = 1 };
	const struct sct_pipeline_options options = { .limits = { .str = 4096, .buf = 4096, .elems = 64 } };
	struct run run = { 0 };
	const struct sct_pipeline_ops ops = { .enter = on_enter, .end = on_end, .ctx = &run };
	struct sct_pipeline *p;
	struct sct_trace t;
	struct sct_err err;
	char path[64];
	int fd = memory_file(data, size, path);

	if (sct_trace_open(&t, path, &to, &err) == SCT_OK) {
		if (sct_pipeline_new(&p, &t, &options, &ops, &err) == SCT_OK) {
			open_sinks(&run);
			sct_pipeline_run(p, &err);
			close_sinks(&run);
			sct_pipeline_free(p);
		}
		sct_trace_close(&t);
	}
	close(fd);
	return 0;
}
