/* What fuzz targets of trace readers do: open bytes as a trace of one format, read it to its end, hold its events
 * against what later rooms rely on.
 * In:  bytes, options that name the reader, a check of one event
 * Out: nothing, or an abort
 */
#ifndef SCT_FUZZ_TRACE_H
#define SCT_FUZZ_TRACE_H

#include "../../formats/formats.h"
#include "memory_file.h"

/* Aborts where e is none that may be told. seq: the target's own, UINT64_MAX at first. */
typedef void (*fuzz_check)(const struct sct_trace_info *info, const struct sct_event *e, uint64_t *seq);

/* The sanitizer finds it when they are not all there. */
static inline void touch(const uint8_t *data, size_t len)
{
	const volatile uint8_t *bytes = data;

	(void)bytes[0];
	(void)bytes[len - 1];
}

static inline int fuzz_trace(const uint8_t *data, size_t size, const struct sct_trace_options *options,
                             fuzz_check check)
{
	struct sct_event events[SCT_BATCH_MIN];
	struct sct_trace t;
	struct sct_err err;
	char path[64];
	uint64_t seq = UINT64_MAX;
	int n, fd = memory_file(data, size, path);

	if (sct_trace_open(&t, path, options, &err) == SCT_OK) {
		while ((n = t.ops->next(t.state, events, SCT_BATCH_MIN, &err)) > 0)
			for (int i = 0; i < n; i++)
				check(t.ops->info(t.state), &events[i], &seq);
		if (t.ops->damage(t.state)->places && !t.ops->damage(t.state)->first.status)
			abort();
		t.ops->counts(t.state);
		sct_trace_close(&t);
	}
	close(fd);
	return 0;
}

#endif
