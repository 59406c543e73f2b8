/* The bytes of a file or pipe as they come, through a window that can look ahead. Inside of the input room. */
#ifndef SCT_SOURCE_H
#define SCT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../src/err.h"

/* Zero-initialise; sct_source_open fills it. Readers look at data..data+left and move with sct_source_skip. */
struct sct_source {
	int fd;
	const uint8_t *data; /* next byte; the window begins here */
	size_t left;         /* bytes in the window */
	uint64_t offset;     /* of *data in the file */
	uint64_t size;       /* of a regular file, else 0 */
	bool regular;
	bool eof;            /* the window reaches the end of the file */
	uint8_t *buf;
	size_t room;
};

enum {
	SCT_SOURCE_READ = 256 << 10, /* bytes asked of the system at once, at least */
	SCT_SOURCE_MAX = 20 << 20,   /* the longest window: more than a zstd frame of SCT_PIECE_MAX bytes can take */
};

/* path "-" is standard input. SCT_E_IO: cannot be opened (text says why). */
int sct_source_open(struct sct_source *s, const char *path, struct sct_err *err);
void sct_source_close(struct sct_source *s);
/* Reads until the window has want bytes (at most SCT_SOURCE_MAX) or the file ends. SCT_E_IO, SCT_E_NOMEM;
 * SCT_E_INTERRUPTED: a signal handler that was set up without SA_RESTART ran. */
int sct_source_fill(struct sct_source *s, size_t want, struct sct_err *err);
/* Drops size bytes, no more than are in the window. */
void sct_source_skip(struct sct_source *s, size_t size);
/* Copies size bytes at an offset of a regular file, wherever the window is. False: they are not there. */
bool sct_source_read_at(const struct sct_source *s, uint64_t offset, void *buf, size_t size);

#endif
