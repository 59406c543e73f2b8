/* Records as PANDALOG entries: what sink_pandalog.c packs and sink_json.c prints. */
#ifndef SCT_PLOG_ENTRY_H
#define SCT_PLOG_ENTRY_H

#include <stdint.h>

#include "../src/arena.h"
#include "../src/record.h"
#include "pandalog.pb-c.h"

/* Reused from record to record. Zero-initialise before use. */
struct sct_plog {
	struct sct_arena arena; /* what the last entry consists of */
	uint64_t invented;      /* required fields written as 0 because the record does not know them */
};

/* The entry of one record; it lives until the next call. How values are encoded: plog_entry.c, sctrace-decode(1). */
const Panda__LogEntry *sct_plog_entry(struct sct_plog *p, const struct sct_record *r);
void sct_plog_fini(struct sct_plog *p);

#endif
