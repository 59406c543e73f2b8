/* Encodes events into the stream.
 *
 * In:  a vCPU whose registers were just read, captured memory
 * Out: KEYFRAME, ENTER, RETURN and SWITCH chunks (formats/sctrace.h)
 */
#ifndef SCT_RECORD_EMIT_H
#define SCT_RECORD_EMIT_H

#include "guest.h"
#include "lines.h"
#include "stream.h"

struct sct_event_in {
	uint8_t chunk;         /* SCT_CHUNK_ENTER, RETURN or SWITCH */
	uint8_t flags;
	uint64_t pc, icount, time_ns, thread;
	const uint8_t *code;   /* ENTER: the instruction */
	size_t size;
	struct sct_lines *lines; /* ENTER, RETURN: the memory; NULL: none of it */
};

/* Appends the event of vCPU v. The stream is locked; scratch is any buffer, for its memory. */
void sct_emit(struct sct_stream *s, struct sct_vcpu *v, const struct sct_dict *dict, const struct sct_event_in *e,
              struct sct_bytes *scratch);

#endif
