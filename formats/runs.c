/* Where a mapped file holds which memory: a table of runs, found by address.
 * In:  runs in any order, overlapping too
 * Out: bytes at an address; the ranges of memory that there are
 */
#include "runs.h"

#include <stdlib.h>
#include <string.h>

static int no_memory(struct sct_err *err)
{
	return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory");
}

/* The last address; memory can end with the last of all, so the one behind it has no number. */
static uint64_t last_of(const struct sct_run *run)
{
	return run->addr + (run->size - 1);
}

int sct_runs_add(struct sct_runs *r, struct sct_run run, struct sct_err *err)
{
	if (!run.size)
		return SCT_OK;
	if (run.size - 1 > UINT64_MAX - run.addr)
		run.size = UINT64_MAX - run.addr + 1;
	if (r->n == r->room) {
		size_t room = r->room ? 2 * r->room : 64;
		struct sct_run *grown = reallocarray(r->run, room, sizeof *grown);

		if (!grown)
			return no_memory(err);
		r->run = grown;
		r->room = room;
	}
	r->run[r->n++] = run;
	return SCT_OK;
}

/* ---- putting in order ---------------------------------------------------------------------------------------- */

/* By address, then by place in the file, so that the order is the same on every machine. */
static int in_order(const void *a, const void *b)
{
	const struct sct_run *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return ((uintptr_t)x->data > (uintptr_t)y->data) - ((uintptr_t)x->data < (uintptr_t)y->data);
}

/* Whether b tells the bytes that a tells, where both do: they are of the same place in the file. */
static bool same_bytes(const struct sct_run *a, const struct sct_run *b)
{
	if (!a->data || !b->data)
		return a->data == b->data;
	return b->data - a->data == (ptrdiff_t)(b->addr - a->addr);
}

/* Takes from run what comes at or before address `last`; false: nothing is left. */
static bool cut_front(struct sct_run *run, uint64_t last)
{
	uint64_t cut;

	if (last_of(run) <= last)
		return false;
	cut = last - run->addr + 1;
	run->addr += cut;
	run->size -= cut;
	if (run->data)
		run->data += cut;
	return true;
}

/* Makes one of runs that continue each other, and none of them overlap. */
static void merge(struct sct_runs *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		struct sct_run run = r->run[i], *before = n ? &r->run[n - 1] : NULL;

		if (before && run.addr <= last_of(before)) {
			r->overlaps += !same_bytes(before, &run);
			if (!cut_front(&run, last_of(before)))
				continue;
		}
		if (before && run.addr - 1 == last_of(before) && run.flags == before->flags && same_bytes(before, &run))
			before->size += run.size;
		else
			r->run[n++] = run;
	}
	r->n = n;
}

/* What they cover, whatever the bytes. */
static int cover(struct sct_runs *r, struct sct_err *err)
{
	r->ranges = reallocarray(NULL, r->n ? r->n : 1, sizeof *r->ranges);
	if (!r->ranges)
		return no_memory(err);
	for (size_t i = 0; i < r->n; i++) {
		const struct sct_run *run = &r->run[i];
		struct sct_range *before = r->nranges ? &r->ranges[r->nranges - 1] : NULL;

		if (before && before->addr + before->size == run->addr && before->flags == run->flags)
			before->size += run->size;
		else
			r->ranges[r->nranges++] = (struct sct_range){ run->addr, run->size, run->flags };
	}
	return SCT_OK;
}

int sct_runs_finish(struct sct_runs *r, struct sct_err *err)
{
	if (r->n)
		qsort(r->run, r->n, sizeof *r->run, in_order);
	merge(r);
	return cover(r, err);
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

/* The run that has addr, or NULL. */
static const struct sct_run *find(struct sct_runs *r, uint64_t addr)
{
	size_t low = 0, high = r->n;

	if (r->last < r->n && addr - r->run[r->last].addr < r->run[r->last].size)
		return &r->run[r->last];
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (addr < r->run[mid].addr)
			high = mid;
		else if (addr - r->run[mid].addr >= r->run[mid].size)
			low = mid + 1;
		else
			return &r->run[r->last = mid];
	}
	return NULL;
}

size_t sct_runs_read(struct sct_runs *r, uint64_t addr, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len && addr + done >= addr) {
		const struct sct_run *run = find(r, addr + done);
		uint64_t at, n;

		if (!run)
			break;
		at = addr + done - run->addr;
		n = run->size - at < len - done ? run->size - at : len - done;
		if (run->data)
			memcpy((uint8_t *)buf + done, run->data + at, n);
		else
			memset((uint8_t *)buf + done, 0, n);
		done += n;
	}
	return done;
}

void sct_runs_free(struct sct_runs *r)
{
	free(r->run);
	free(r->ranges);
	memset(r, 0, sizeof *r);
}
