/* Fuzz target: PANDA's non-determinism log.
 * In:  bytes of a log
 * Out: nothing, or an abort
 */
#include "../../formats/formats.h"
#include "memory_file.h"

/* The sanitizer finds it when they are not all there. */
static void touch(const uint8_t *data, size_t len)
{
	const volatile uint8_t *bytes = data;

	(void)bytes[0];
	(void)bytes[len - 1];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sct_device_write w;
	struct sct_nondet *n;
	struct sct_err err;
	char path[64];
	uint64_t seq = 0;
	int rc, fd = memory_file(data, size, path);

	if (sct_nondet_open(&n, path, UINT64_C(5) << 30, &err) == SCT_OK) {
		while ((rc = sct_nondet_next(n, &w, &err)) > 0) {
			if (w.seq < seq || !w.data || !w.len)
				abort();
			seq = w.seq;
			touch(w.data, w.len);
		}
		if (rc < 0 && rc != err.status)
			abort();
		for (const struct sct_count *c = sct_nondet_counts(n); c->name; c++)
			touch((const uint8_t *)c->name, 1);
		sct_nondet_close(n);
	}
	close(fd);
	return 0;
}
