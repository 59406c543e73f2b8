/* Fuzz target: the whole way from a trace to logs. What a recording claims about registers and memory decides which
 * system call is decoded and how deep: hostile claims must cost no more than honest ones.
 * In:  bytes of an unpacked trace of any format; behind a separator a snapshot, if there is one
 * Out: nothing, or an abort
 */
#include <string.h>

#include "../../src/pipeline.h"
#include "memory_file.h"

static const char separator[] = "\n\0snapshot\0\n";

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

/* The profile decides what the readers that know no architecture take the trace for; NULL: it is not given. False: then
 * the trace cannot be opened. */
static bool decode(const char *path, const char *profile, const struct sct_snapshot *snapshot)
{
	const struct sct_trace_options to = { .threads = 1, .hints.arch = profile ? sct_abi_profile_arch(profile) : NULL };
	const struct sct_pipeline_options options = {
		.profile = profile,
		.limits = { .str = 4096, .buf = 4096, .elems = 64 }, .snapshots = snapshot, .nsnapshots = snapshot != NULL,
	};
	struct run run = { 0 };
	const struct sct_pipeline_ops ops = { .enter = on_enter, .end = on_end, .ctx = &run };
	struct sct_pipeline *p;
	struct sct_trace t;
	struct sct_err err;

	if (sct_trace_open(&t, path, &to, &err) < 0)
		return false;
	if (sct_pipeline_new(&p, &t, &options, &ops, &err) == SCT_OK) {
		open_sinks(&run);
		sct_pipeline_run(p, &err);
		close_sinks(&run);
		sct_pipeline_free(p);
	}
	sct_trace_close(&t);
	return true;
}

static void decode_all(const char *path, const struct sct_snapshot *snapshot)
{
	if (!decode(path, NULL, snapshot)) {
		decode(path, "linux_x86", snapshot);
		decode(path, "linux_x64", snapshot);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memmem(data, size, separator, sizeof separator - 1);
	size_t len = end ? (size_t)(end - data) : size;
	size_t behind = end ? len + sizeof separator - 1 : size;
	char trace[64], image[64];
	int trace_fd = memory_file(data, len, trace), image_fd = memory_file(data + behind, size - behind, image);
	struct sct_snapshot s;
	struct sct_err err;

	if (end && sct_snapshot_open(&s, image, NULL, &err) == SCT_OK) {
		decode_all(trace, &s);
		sct_snapshot_close(&s);
	} else {
		decode_all(trace, NULL);
	}
	close(image_fd);
	close(trace_fd);
	return 0;
}
