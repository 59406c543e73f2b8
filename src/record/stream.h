/* Writes a trace file: chunks into segments, each compressed into one zstd frame by a thread of its own.
 *
 * At most about a second of events is not yet in the file: a segment is closed when it is full or a second old, or as
 * old as the configuration says.
 */
#ifndef SCT_RECORD_STREAM_H
#define SCT_RECORD_STREAM_H

#include <stdbool.h>

#include "../err.h"
#include "bytes.h"
#include "status.h"

struct sct_stream;

struct sct_stream_config {
	int fd;                    /* open for writing, at the file's start; the stream closes it */
	struct sct_counters *status; /* counters to keep */
	/* Appends the fields of a HEADER chunk as they are now. Called with the stream locked. */
	void (*header)(void *ctx, struct sct_bytes *out);
	/* All instructions executed so far. Called with the stream locked. */
	uint64_t (*instructions)(void *ctx);
	void *ctx;
	unsigned age_ms;           /* of a segment when it is closed; 0: 900 */
	int (*file)(void *ctx, int fd, uint64_t offset); /* struct sct_frames has the meaning; or NULL */
};

/* SCT_E_NOMEM: zstd or the system has no memory or no thread for it. */
int sct_stream_new(const struct sct_stream_config *config, struct sct_stream **stream, struct sct_err *err);

/* Everything below is called between these two; they give the events of all vCPUs their one order. */
void sct_stream_lock(struct sct_stream *s);
void sct_stream_unlock(struct sct_stream *s);
/* False when somebody else holds it. For callers that hold locks which the holder may be waiting for. */
bool sct_stream_trylock(struct sct_stream *s);

/* False once writing has failed or the stream is closed: nothing is recorded any more. */
bool sct_stream_alive(const struct sct_stream *s);
/* Number of the segment that the next chunk goes to. It changes only inside sct_stream_room. */
uint32_t sct_stream_segment(const struct sct_stream *s);
/* Closes the segment when it is full, and waits while the writer is too far behind. Called before what depends on
 * the segment is encoded. */
void sct_stream_room(struct sct_stream *s);
/* Appends a chunk. */
void sct_stream_chunk(struct sct_stream *s, uint8_t kind, unsigned vcpu, const void *data, size_t size);
/* Counts the chunk just written as an event; is_call: as an ENTER. */
void sct_stream_count(struct sct_stream *s, bool is_call);
/* Grows by one about every second. Read without the lock: what is kept outside of the stream should come in then. */
unsigned sct_stream_tick(const struct sct_stream *s);

/* Waits until all events so far are in the file. */
void sct_stream_flush(struct sct_stream *s);
/* As flush, and makes the file look closed: for the moment in which the process may end without a word (execve). What
 * was written for that is taken back by the next sct_stream_room. */
void sct_stream_seal(struct sct_stream *s);
/* Writes END, the last segment and the seek table; unlocks. Later calls write nothing. */
void sct_stream_close(struct sct_stream *s);
/* Gives a closed stream's memory back. Only where no vCPU can be on its way to the lock any more. */
void sct_stream_free(struct sct_stream *s);

#endif
