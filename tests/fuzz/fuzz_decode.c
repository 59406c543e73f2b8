/* Fuzz target: the whole way from a trace to logs. What a recording claims about registers and memory decides which
 * system call is decoded and how deep: hostile claims must cost no more than honest ones.
 * In:  bytes of an unpacked trace of any format; behind a separator a snapshot, if there is one
 * Out: nothing, or an abort
 */
#include "decode_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sct_trace_options to = { .format = "sctrace", .threads = 1 };
	struct sct_trace t;
	struct sct_err err;
	char path[64];
	int fd = memory_file(data, size, path);

	if (sct_trace_open(&t, path, &to, &err) == SCT_OK) {
		fuzz_decode(&t, NULL, NULL, 0);
		sct_trace_close(&t);
	}
	close(fd);
	return 0;
}
