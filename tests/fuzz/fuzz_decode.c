/* Fuzz target: the whole way from a trace to logs. What a recording claims about registers and memory decides which
 * system call is decoded and how deep: hostile claims must cost no more than honest ones.
 * In:  bytes of an unpacked trace of any format; behind a separator a snapshot, if there is one
 * Out: nothing, or an abort
 */
#include <string.h>

#include "memory_file.h"
#include "records_fuzz.h"

static const char separator[] = "\n\0snapshot\0\n";

/* The profile decides what the readers that know no architecture take the trace for; NULL: it is not given. False: then
 * the trace cannot be opened. */
static bool decode(const char *path, const char *profile, const struct sct_snapshot *snapshot)
{
	const struct sct_trace_options to = { .threads = 1, .hints.arch = profile ? sct_abi_profile_arch(profile) : NULL };
	const struct sct_pipeline_options options = {
		.profile = profile,
		.limits = { .str = 4096, .buf = 4096, .elems = 64, .total = 1 << 20, .depth = 3 },
		.snapshots = snapshot, .nsnapshots = snapshot != NULL,
	};
	struct sct_trace t;
	struct sct_err err;

	if (sct_trace_open(&t, path, &to, &err) < 0)
		return false;
	fuzz_pipeline(&t, &options);
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
