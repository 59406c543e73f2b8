/* Images of LiME, the Linux Memory Extractor, and of AVML without compression.
 * In:  headers, each followed by a piece of a machine's RAM
 * Out: memory
 *
 * Layout (LiME src/lime.h, version 1; numbers little-endian), again and again up to the end of the file:
 *
 *   u32 magic     0x4c694d45, the bytes EMiL
 *   u32 version   1
 *   u64 first     guest-physical address
 *   u64 last      of the last byte
 *   u8  reserved[8]
 *   bytes         last - first + 1 of them
 *
 * What lies between two pieces is not RAM, or RAM of zeros that AVML left out: nothing tells which.
 */
#include <string.h>

#include "../src/cursor.h"
#include "runs.h"

enum { HEADER = 32, MAGIC = 0x4c694d45, VERSION = 1 };

struct lime {
	struct sct_runs runs;
	struct sct_snapshot_info info;
	struct sct_count counts[2];
};

static int lime_probe(const struct sct_file *file)
{
	struct sct_cursor c = sct_cursor(file->data, file->size);

	return sct_take_le(&c, 4) == MAGIC && !c.bad ? 100 : 0;
}

/* Tells of damage, behind which nothing is of use. */
static int damaged(struct lime *l, int status, uint64_t at, const char *what)
{
	sct_fail(&l->info.damage, status, at, "%s", what);
	return 0;
}

/* Takes in the header and piece at c. 1; 0: it is damaged; negative: SCT_E_NOMEM. */
static int take_piece(struct lime *l, struct sct_cursor *c, uint64_t at, struct sct_err *err)
{
	uint64_t magic = sct_take_le(c, 4), version = sct_take_le(c, 4);
	uint64_t first = sct_take_le(c, 8), last = sct_take_le(c, 8), size = last - first + 1;
	struct sct_run run = { first, size, NULL, SCT_RANGE_WRITE };

	sct_take(c, 8);
	if (c->bad)
		return damaged(l, SCT_E_TRUNCATED, at, "it ends inside the header of a piece");
	if (magic != MAGIC || version != VERSION)
		return damaged(l, SCT_E_FORMAT, at, "no header of a piece, version 1, where one belongs");
	if (last < first || !size)
		return damaged(l, SCT_E_FORMAT, at, "a piece that ends before it begins");
	if (size > sct_cursor_left(c)) {
		run.size = sct_cursor_left(c);
		sct_fail(&l->info.damage, SCT_E_TRUNCATED, at, "it ends inside a piece of %ju bytes, of which %ju are there",
		         (uintmax_t)size, (uintmax_t)run.size);
	}
	run.data = sct_take(c, run.size);
	l->counts[0].count++;
	return sct_runs_add(&l->runs, run, err) < 0 ? err->status : run.size == size;
}

static int lime_open(void *state, const struct sct_file *file, bool has_base, uint64_t base, struct sct_err *err)
{
	struct lime *l = state;
	struct sct_cursor c = sct_cursor(file->data, file->size);
	int rc = 1;

	(void)base;
	if (has_base)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "an image of LiME says itself where it lies");
	if (!lime_probe(file))
		return sct_fail(err, SCT_E_FORMAT, 0, "not an image of LiME");
	l->info.format = "lime";
	l->info.counts = l->counts;
	l->counts[0].name = "pieces";
	while (rc > 0 && sct_cursor_left(&c))
		rc = take_piece(l, &c, (uint64_t)(c.at - file->data), err);
	if (rc < 0 || sct_runs_finish(&l->runs, err) < 0)
		return err->status;
	if (!l->runs.n)
		return *err = l->info.damage, err->status;
	if (l->runs.overlaps && !l->info.damage.status)
		sct_fail(&l->info.damage, SCT_E_FORMAT, SCT_NO_OFFSET, "%ju pieces tell of memory that another one tells of",
		         (uintmax_t)l->runs.overlaps);
	l->info.ranges = l->runs.ranges;
	l->info.nranges = l->runs.nranges;
	return SCT_OK;
}

static const struct sct_snapshot_info *lime_info(void *state)
{
	return &((struct lime *)state)->info;
}

static size_t lime_read(void *state, uint64_t addr, void *buf, size_t len)
{
	return sct_runs_read(&((struct lime *)state)->runs, addr, buf, len);
}

static void lime_close(void *state)
{
	sct_runs_free(&((struct lime *)state)->runs);
}

const struct sct_snapshot_ops sct_mem_lime = {
	.name = "lime",
	.summary = "memory image of LiME, and of AVML without compression",
	.state_size = sizeof(struct lime),
	.probe = lime_probe,
	.open = lime_open,
	.info = lime_info,
	.read = lime_read,
	.close = lime_close,
};
