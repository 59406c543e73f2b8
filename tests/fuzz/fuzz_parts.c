/* Fuzz target: archives of PANDA's recordings. A checksum would keep every mutation from the members, so it is given
 * the plain tar, which it compresses.
 * In:  bytes of a tar archive, or (the first bit tells) of what is taken for the compressed one
 * Out: nothing, or an abort
 */
#include "../../formats/formats.h"
#include "memory_file.h"

#include <string.h>
#include <zlib.h>

/* data as a gzip file. */
static int compressed_file(const uint8_t *data, size_t size, char path[64])
{
	z_stream z = { .next_in = (uint8_t *)data, .avail_in = (unsigned)size };
	size_t room;
	uint8_t *out;
	int fd;

	if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	room = deflateBound(&z, size);
	out = malloc(room);
	z.next_out = out;
	z.avail_out = (unsigned)room;
	if (!out || deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	fd = memory_file(out, room - z.avail_out, path);
	deflateEnd(&z);
	free(out);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sct_parts parts;
	struct sct_err err;
	char path[64];
	bool plain = size && data[0] & 0x80;
	int rc, fd = plain ? memory_file(data, size, path) : compressed_file(data, size, path);

	rc = sct_parts_find(&parts, path, &err);
	if (rc == SCT_OK && !parts.trace && !parts.snapshot && !parts.nondet)
		abort();
	if (rc == SCT_OK && ((parts.fds[0] >= 0) != !!parts.snapshot || (parts.fds[1] >= 0) != !!parts.nondet))
		abort();
	sct_parts_free(&parts);
	close(fd);
	return 0;
}
