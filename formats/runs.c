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

/* ---- putting in order ----------------------------------------------------------------------------------------- */

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

/* Whether what x tells counts where y tells too. */
static bool counts_before(const struct sct_runs *r, const struct sct_run *x, const struct sct_run *y)
{
	if (!x->data || !y->data)
		return x->data != NULL;
	return r->later_counts ? x->data > y->data : x->data < y->data;
}

/* The runs that begin at or before some address, as a heap: the one that counts is on top. Those that have ended are
 * taken out when they get there. */
struct heap {
	const struct sct_run **run;
	size_t n;
};

static void push(struct heap *h, const struct sct_runs *r, const struct sct_run *run)
{
	size_t at = h->n++;

	for (size_t up; at && counts_before(r, run, h->run[up = (at - 1) / 2]); at = up)
		h->run[at] = h->run[up];
	h->run[at] = run;
}

static void pop(struct heap *h, const struct sct_runs *r)
{
	const struct sct_run *run = h->run[--h->n];
	size_t at = 0, down;

	while ((down = 2 * at + 1) < h->n) {
		if (down + 1 < h->n && counts_before(r, h->run[down + 1], h->run[down]))
			down++;
		if (!counts_before(r, h->run[down], run))
			break;
		h->run[at] = h->run[down];
		at = down;
	}
	h->run[at] = run;
}

/* Appends the part of run from addr to last, to the run before where it continues that. */
static size_t append(struct sct_run *out, size_t n, const struct sct_run *run, uint64_t addr, uint64_t last)
{
	struct sct_run part = { addr, last - addr + 1, run->data ? run->data + (addr - run->addr) : NULL, run->flags };
	struct sct_run *before = n ? &out[n - 1] : NULL;

	if (before && addr - 1 == last_of(before) && part.flags == before->flags && same_bytes(before, &part)) {
		before->size += part.size;
		return n;
	}
	out[n] = part;
	return n + 1;
}

/* Fills out with runs that do not overlap, and continue each other nowhere; returns how many: less than twice as many,
 * for each one begins where one of the others begins or ends. */
static size_t separate(struct sct_runs *r, struct heap *h, struct sct_run *out)
{
	uint64_t at = 0, last;
	size_t n = 0;

	for (size_t i = 0; i < r->n || h->n; at = last + 1) {
		if (!h->n)
			at = r->run[i].addr;
		for (; i < r->n && r->run[i].addr <= at; i++) {
			r->overlaps += h->n && last_of(h->run[0]) >= at && !same_bytes(h->run[0], &r->run[i]);
			push(h, r, &r->run[i]);
		}
		last = at - 1;
		if (last_of(h->run[0]) < at) {
			pop(h, r);
			continue;
		}
		last = last_of(h->run[0]);
		if (i < r->n && r->run[i].addr <= last)
			last = r->run[i].addr - 1;
		n = append(out, n, h->run[0], at, last);
		if (last == UINT64_MAX)
			break;
	}
	return n;
}

static int merge(struct sct_runs *r, struct sct_err *err)
{
	struct heap h = { reallocarray(NULL, r->n + 1, sizeof *h.run), 0 };
	struct sct_run *out = reallocarray(NULL, r->n + 1, 2 * sizeof *out), *fit;

	if (!h.run || !out) {
		free(h.run);
		free(out);
		return no_memory(err);
	}
	r->n = separate(r, &h, out);
	free(h.run);
	free(r->run);
	fit = reallocarray(out, r->n + 1, sizeof *out);
	r->run = fit ? fit : out;
	return SCT_OK;
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
	return merge(r, err) < 0 ? err->status : cover(r, err);
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

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
