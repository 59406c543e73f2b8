/* The HEADER chunk: what a recording says of itself, in every segment. */
#ifndef SCT_RECORD_HEADER_H
#define SCT_RECORD_HEADER_H

#include <stdbool.h>

#include "../../formats/formats.h"
#include "bytes.h"
#include "guest.h"

/* Strings are the caller's. */
struct sct_header {
	const uint8_t *file_id; /* 16 bytes */
	const char *emulator;
	const struct sct_dict *dict;
	bool user_mode, exact_threads;
	unsigned vcpus;
	enum sct_level level;
	const char *start;         /* what began the recording */
	uint64_t started_unix_ns;
	const char *thread_source; /* what tells threads apart, or NULL */
	const char *parent;        /* file of the recording this one was forked from, or NULL */
};

/* Appends the chunk's payload. */
void sct_header_put(const struct sct_header *header, struct sct_bytes *out);

#endif
