/* Fuzz target: unwrapping of any file, with and without the second thread, which must not matter.
 * In:  bytes of a file
 * Out: nothing, or an abort
 */
#include "../../formats/formats.h"
#include "memory_file.h"

/* Everything that a reader of the file sees, as one number; statuses and places included. */
static uint64_t digest(const char *path, unsigned threads)
{
	const uint64_t prime = UINT64_C(0x100000001b3);
	struct sct_input *in;
	struct sct_piece p;
	struct sct_err err;
	uint64_t h = 0, results = 0;
	int rc;

	if (sct_input_open(path, threads, &in, &err) < 0)
		return (uint64_t)err.status;
	while ((rc = sct_input_next(in, &p, &err)) != 0) {
		h = (h ^ (uint64_t)rc) * prime;
		if (rc < 0) {
			h = (h ^ err.offset) * prime;
		} else {
			h = (h ^ p.offset ^ p.size << 20) * prime;
			for (size_t i = 0; i < p.size && i < 4096; i++)
				h = (h ^ p.data[i]) * prime;
		}
		/* a result takes a byte of the file at least, but for a bomb's runs */
		if (++results > 100000)
			break;
	}
	sct_input_close(in);
	return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	int fd = memory_file(data, size, path);

	if (digest(path, 1) != digest(path, 2))
		abort();
	close(fd);
	return 0;
}
