/* Lines of memory, and the cache of what a segment holds of them.
 *
 * In:  pages of guest memory
 * Out: runs of lines as formats/sctrace.h has them
 */
#include "lines.h"

#include <stdlib.h>
#include <string.h>

#include "../../formats/sctrace.h"

enum {
	PAGE = 4096,
	PAGES = 32,            /* pages of the current event that are kept: pointers tend to stay near */
	CACHE_SLOTS = 1 << 16, /* four times as many as a segment of nothing but lines can have */
	CACHE_MAX = CACHE_SLOTS * 3 / 4,
	KERNEL_LINES = 2048,   /* of one event: who runs takes some 30, a descriptor as many */
};

struct line {
	uint64_t number; /* address / SCT_LINE */
	uint8_t state;   /* enum sct_line_state; SAME only once encoded */
	uint8_t data[SCT_LINE];
};

/* A line by its number: what is sorted. */
struct key {
	uint64_t number;
	uint32_t at; /* its place among the lines */
};

struct page {
	uint64_t addr;
	bool used, mapped;
	uint8_t data[PAGE];
};

struct cached {
	uint64_t space, number;
	uint32_t round; /* of the segment it was stored in; another round's slot is empty */
	uint8_t data[SCT_LINE];
};

struct sct_lines {
	sct_read_page read_page;
	void *ctx;
	sct_read_line read_kernel;
	void *kernel;        /* its ctx */
	uint64_t mask;
	size_t limit, count;
	bool cut, gaps;
	struct line *lines;
	struct key *order;   /* of all lines, once they are to be encoded */
	uint64_t *numbers;
	uint32_t *index;     /* hash table over lines, their position + 1; 0: empty */
	size_t index_slots;  /* a power of two */
	struct page pages[PAGES];
	unsigned next_page;
	struct cached *cache;
	uint32_t round, segment;
	size_t cached;
};

struct sct_lines *sct_lines_new(size_t limit, sct_read_page read_page, void *ctx)
{
	struct sct_lines *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->read_page = read_page;
	l->ctx = ctx;
	l->limit = limit;
	l->index_slots = 64;
	while (l->index_slots < (limit + KERNEL_LINES) * 2)
		l->index_slots *= 2;
	l->lines = calloc(limit + KERNEL_LINES, sizeof *l->lines);
	l->order = calloc(limit + KERNEL_LINES, sizeof *l->order);
	l->numbers = calloc(limit + KERNEL_LINES, sizeof *l->numbers);
	l->index = calloc(l->index_slots, sizeof *l->index);
	l->cache = calloc(CACHE_SLOTS, sizeof *l->cache);
	if (!l->lines || !l->order || !l->numbers || !l->index || !l->cache) {
		sct_lines_free(l);
		return NULL;
	}
	return l;
}

void sct_lines_set_kernel(struct sct_lines *l, sct_read_line read_line, void *ctx)
{
	l->read_kernel = read_line;
	l->kernel = ctx;
}

void sct_lines_free(struct sct_lines *l)
{
	free(l->lines);
	free(l->order);
	free(l->numbers);
	free(l->index);
	free(l->cache);
	free(l);
}

static size_t hash(uint64_t number, uint64_t space)
{
	uint64_t h = (number ^ space * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xff51afd7ed558ccd);

	return (size_t)(h >> 32);
}

static uint32_t *index_slot(struct sct_lines *l, uint64_t number)
{
	size_t i = hash(number, 0) & (l->index_slots - 1);

	while (l->index[i] && l->lines[l->index[i] - 1].number != number)
		i = (i + 1) & (l->index_slots - 1);
	return &l->index[i];
}

/* Last in, first out: a probe sequence stays whole for those that are still to be taken out. */
static void empty_index(struct sct_lines *l)
{
	for (size_t i = l->count; i-- > 0;)
		*index_slot(l, l->numbers[i]) = 0;
}

void sct_lines_begin(struct sct_lines *l, uint64_t address_mask)
{
	empty_index(l);
	l->count = 0;
	l->cut = l->gaps = false;
	l->mask = address_mask;
	for (unsigned i = 0; i < PAGES; i++)
		l->pages[i].used = false;
}

static struct page *get_page(struct sct_lines *l, uint64_t addr)
{
	struct page *p;

	for (unsigned i = 0; i < PAGES; i++)
		if (l->pages[i].used && l->pages[i].addr == addr)
			return &l->pages[i];
	p = &l->pages[l->next_page++ % PAGES];
	p->used = true;
	p->addr = addr;
	p->mapped = l->read_page(l->ctx, addr, p->data);
	return p;
}

/* Adds the line, whose bytes and state are to be filled in. */
static struct line *new_line(struct sct_lines *l, uint64_t number, uint32_t *slot)
{
	struct line *line = &l->lines[l->count];

	l->numbers[l->count] = line->number = number;
	*slot = (uint32_t)++l->count;
	return line;
}

/* The line in this capture; NULL at the limit. */
static struct line *get_line(struct sct_lines *l, uint64_t number)
{
	uint32_t *slot = index_slot(l, number);
	struct line *line;
	struct page *p;
	uint64_t addr = number * SCT_LINE;

	if (*slot)
		return &l->lines[*slot - 1];
	if (l->count >= l->limit) {
		l->cut = true;
		return NULL;
	}
	p = get_page(l, addr & ~(uint64_t)(PAGE - 1));
	line = new_line(l, number, slot);
	line->state = p->mapped ? SCT_LINE_NEW : SCT_LINE_UNREADABLE;
	l->gaps |= !p->mapped;
	if (p->mapped)
		memcpy(line->data, p->data + (addr & (PAGE - 1)), SCT_LINE);
	return line;
}

/* The kernel's line in this capture; NULL: it cannot be read, or at the limit. */
static struct line *get_kernel_line(struct sct_lines *l, uint64_t number)
{
	uint32_t *slot = index_slot(l, number);
	uint8_t data[SCT_LINE];
	struct line *line;

	if (*slot)
		return &l->lines[*slot - 1];
	if (l->count == l->limit + KERNEL_LINES || !l->read_kernel || !l->read_kernel(l->kernel, number * SCT_LINE, data))
		return NULL;
	line = new_line(l, number, slot);
	line->state = SCT_LINE_NEW;
	memcpy(line->data, data, SCT_LINE);
	return line;
}

/* Reads by lines that get gives for addresses as far as mask lets them be told apart. */
static size_t read_by(struct sct_lines *l, struct line *(*get)(struct sct_lines *l, uint64_t number), uint64_t mask,
                      uint64_t addr, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		uint64_t at = (addr + done) & mask;
		size_t off = at % SCT_LINE, n = SCT_LINE - off;
		const struct line *line = get(l, at / SCT_LINE);

		if (!line || line->state == SCT_LINE_UNREADABLE)
			break;
		if (n > len - done)
			n = len - done;
		memcpy((uint8_t *)buf + done, line->data + off, n);
		done += n;
	}
	return done;
}

static size_t read_lines(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct sct_lines *l = ctx;

	return read_by(l, get_line, l->mask, addr, buf, len);
}

static size_t read_kernel_lines(void *ctx, uint64_t addr, void *buf, size_t len)
{
	return read_by(ctx, get_kernel_line, UINT64_MAX, addr, buf, len);
}

static const char *why_not(void *ctx, uint64_t addr)
{
	(void)ctx;
	(void)addr;
	return "unmapped";
}

struct sct_mem sct_lines_mem(struct sct_lines *l)
{
	return (struct sct_mem){ read_lines, why_not, l };
}

struct sct_mem sct_lines_kernel_mem(struct sct_lines *l)
{
	return (struct sct_mem){ read_kernel_lines, why_not, l };
}

void sct_lines_touch(struct sct_lines *l, uint64_t addr, size_t size)
{
	uint64_t first = addr & l->mask & ~(uint64_t)(SCT_LINE - 1);
	size_t span = size ? (size_t)((addr & l->mask) - first) + size : 0;

	for (size_t done = 0; done < span; done += SCT_LINE) {
		const struct line *line = get_line(l, ((first + done) & l->mask) / SCT_LINE);

		if (!line || line->state == SCT_LINE_UNREADABLE)
			return;
	}
}

const uint64_t *sct_lines_numbers(const struct sct_lines *l, size_t *count)
{
	*count = l->count;
	return l->numbers;
}

bool sct_lines_gaps(const struct sct_lines *l)
{
	return l->gaps;
}

bool sct_lines_cut(const struct sct_lines *l)
{
	return l->cut;
}

/* ---- encoding ------------------------------------------------------------------------------------------ */

static void new_segment(struct sct_lines *l, uint32_t segment)
{
	l->segment = segment;
	l->cached = 0;
	if (++l->round == 0) {
		memset(l->cache, 0, CACHE_SLOTS * sizeof *l->cache);
		l->round = 1;
	}
}

/* Whether the segment last stored this line with the same bytes; from now on it did. */
static bool stored(struct sct_lines *l, uint64_t space, const struct line *line)
{
	size_t i = hash(line->number, space) & (CACHE_SLOTS - 1);
	struct cached *c;

	while (c = &l->cache[i], c->round == l->round && (c->number != line->number || c->space != space))
		i = (i + 1) & (CACHE_SLOTS - 1);
	if (c->round == l->round && !memcmp(c->data, line->data, SCT_LINE))
		return true;
	if (c->round != l->round) {
		if (l->cached == CACHE_MAX)
			return false;
		l->cached++;
	}
	c->round = l->round;
	c->space = space;
	c->number = line->number;
	memcpy(c->data, line->data, SCT_LINE);
	return false;
}

static int by_number(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

/* Lines i to end - 1 have numbers that follow each other. */
static void encode_run(struct sct_lines *l, size_t i, size_t end, uint64_t space, struct sct_bytes *out)
{
	size_t states = out->len, bytes = (end - i + 3) / 4;

	sct_bytes_reserve(out, bytes);
	memset(out->data + states, 0, bytes);
	out->len += bytes;
	for (size_t k = i; k < end; k++) {
		struct line *line = &l->lines[l->order[k].at];

		if (line->state == SCT_LINE_NEW && stored(l, space, line))
			line->state = SCT_LINE_SAME;
		out->data[states + (k - i) / 4] |= (uint8_t)(line->state << 2 * ((k - i) % 4));
		if (line->state == SCT_LINE_NEW)
			sct_put(out, line->data, SCT_LINE);
	}
}

static size_t run_end(const struct sct_lines *l, size_t i)
{
	size_t end = i + 1;

	while (end < l->count && l->order[end].number == l->order[end - 1].number + 1)
		end++;
	return end;
}

void sct_lines_encode(struct sct_lines *l, uint32_t segment, uint64_t space, struct sct_bytes *out)
{
	size_t runs = 0;
	uint64_t behind = 0;

	if (segment != l->segment || !l->round)
		new_segment(l, segment);
	for (size_t i = 0; i < l->count; i++)
		l->order[i] = (struct key){ l->lines[i].number, (uint32_t)i };
	qsort(l->order, l->count, sizeof *l->order, by_number);
	for (size_t i = 0; i < l->count; i = run_end(l, i))
		runs++;
	sct_put_varint(out, runs);
	for (size_t i = 0, end; i < l->count; i = end) {
		end = run_end(l, i);
		sct_put_zigzag(out, (int64_t)(l->order[i].number - behind));
		sct_put_varint(out, end - i);
		behind = l->order[end - 1].number + 1;
		encode_run(l, i, end, space, out);
	}
	empty_index(l);
	l->count = 0;
}
