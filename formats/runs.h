/* Where a mapped file holds which memory: a table of runs, found by address. For snapshot readers. */
#ifndef SCT_RUNS_H
#define SCT_RUNS_H

#include <stddef.h>
#include <stdint.h>

#include "formats.h"

/* Memory from addr on, that lies in one piece. */
struct sct_run {
	uint64_t addr, size;
	const uint8_t *data; /* NULL: zero bytes */
	uint8_t flags;       /* of sct_range */
};

/* Zero-initialise; the bytes stay the caller's. */
struct sct_runs {
	struct sct_run *run;
	size_t n, room;
	bool later_counts;        /* where several tell of one address, the last of them in the file does; else the first */
	size_t last;              /* the run of the last read */
	struct sct_range *ranges; /* what they cover, once finished */
	size_t nranges;
	uint64_t overlaps; /* runs that began at an address of which another one told, of other bytes of the file */
};

/* Adds one; of size 0, none. What passes the last address is cut off. SCT_E_NOMEM. */
int sct_runs_add(struct sct_runs *r, struct sct_run run, struct sct_err *err);
/* Puts them in order, once, after the last is added. Bytes of the file count before zeros. SCT_E_NOMEM. */
int sct_runs_finish(struct sct_runs *r, struct sct_err *err);
/* sct_snapshot_ops.read */
size_t sct_runs_read(struct sct_runs *r, uint64_t addr, void *buf, size_t len);
void sct_runs_free(struct sct_runs *r);

#endif
