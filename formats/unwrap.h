/* How compressed input becomes pieces: what an unwrapper is, and those there are. Inside of the input room. */
#ifndef SCT_UNWRAP_H
#define SCT_UNWRAP_H

#include "formats.h"
#include "source.h"

/* One result on its way from an unwrapper to the reader. */
struct sct_slot {
	struct sct_piece piece; /* status 1; data lies in buf */
	struct sct_err err;     /* status negative */
	int status;             /* what sct_input_next returns */
	uint64_t done;          /* bytes of the file consumed so far */
	uint8_t *buf;
	size_t room;
};

/* Makes buf at least size bytes long; what it held is lost. SCT_E_NOMEM. */
int sct_slot_room(struct sct_slot *slot, size_t size, struct sct_err *err);

enum { SCT_RUN = 1 << 20 }; /* bytes of a piece that is a run of a stream, at most */

/* Opaque: the state_size bytes that the framework gives each unwrapper, zeroed. */
struct sct_unwrap_ops {
	const char *name;
	size_t state_size;
	/* Whether data, the first bytes of the file, are of this kind. */
	bool (*probe)(const uint8_t *data, size_t size);
	/* src is the caller's and outlives the state. */
	int (*open)(void *state, struct sct_source *src, struct sct_err *err);
	/* Fills slot->piece and returns 1; 0 at the end; a negative status with slot->err filled. May be called again
	 * after SCT_E_FORMAT and SCT_E_TRUNCATED: goes on behind the damage or ends. */
	int (*next)(void *state, struct sct_slot *slot);
	void (*close)(void *state);
};

extern const struct sct_unwrap_ops sct_unwrap_zstd, sct_unwrap_gzip, sct_unwrap_xz, sct_unwrap_plain;

#endif
