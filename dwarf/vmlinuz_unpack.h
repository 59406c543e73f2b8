/* Compressors of kernel images that ordinary files do not come in. */
#ifndef SCT_VMLINUZ_UNPACK_H
#define SCT_VMLINUZ_UNPACK_H

#include <stddef.h>
#include <stdint.h>

#include "../src/err.h"

struct sct_unpacker {
	const char *name; /* "lz4" */
	uint8_t magic[4]; /* what the compressed bytes begin with */
	uint8_t magic_size;
	/* Writes what data unpacks to into the file; at most `most` bytes. SCT_E_FORMAT, SCT_E_TRUNCATED: damage, with its
	 * offset in data; SCT_E_IO: the file takes no more; SCT_E_NOMEM. */
	int (*unpack)(const uint8_t *data, size_t size, uint64_t most, int fd, struct sct_err *err);
};

/* The one for these bytes, or NULL. */
const struct sct_unpacker *sct_unpacker_find(const uint8_t *data, size_t size);

#endif
