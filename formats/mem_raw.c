/* Raw images of memory: QEMU's pmemsave, what dd copied.
 * In:  the bytes of memory from the address on that FILE@ADDR says
 * Out: memory
 *
 * Layout: none; byte i of the file is the one at ADDR + i.
 */
#include "runs.h"

struct raw {
	struct sct_runs runs;
	struct sct_snapshot_info info;
};

/* Any file could be one. */
static int raw_probe(const struct sct_file *file)
{
	(void)file;
	return 0;
}

static int raw_open(void *state, const struct sct_file *file, bool has_base, uint64_t base, struct sct_err *err)
{
	struct raw *r = state;

	if (!has_base)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "a raw image does not say where it lies: give FILE@ADDR");
	if (sct_runs_add(&r->runs, (struct sct_run){ base, file->size, file->data, SCT_RANGE_WRITE }, err) < 0 ||
	    sct_runs_finish(&r->runs, err) < 0)
		return err->status;
	if (r->runs.ranges->size < file->size)
		sct_fail(&r->info.damage, SCT_E_FORMAT, r->runs.ranges->size, "at this address, it passes the end of memory");
	r->info.format = "raw";
	r->info.ranges = r->runs.ranges;
	r->info.nranges = r->runs.nranges;
	return SCT_OK;
}

static const struct sct_snapshot_info *raw_info(void *state)
{
	return &((struct raw *)state)->info;
}

static size_t raw_read(void *state, uint64_t addr, void *buf, size_t len)
{
	return sct_runs_read(&((struct raw *)state)->runs, addr, buf, len);
}

static void raw_close(void *state)
{
	sct_runs_free(&((struct raw *)state)->runs);
}

const struct sct_snapshot_ops sct_mem_raw = {
	.name = "raw",
	.summary = "raw image of memory, with its address (FILE@ADDR)",
	.state_size = sizeof(struct raw),
	.probe = raw_probe,
	.open = raw_open,
	.info = raw_info,
	.read = raw_read,
	.close = raw_close,
};
