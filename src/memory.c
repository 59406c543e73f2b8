/* Guest-physical memory as far as a recording shows it.
 * In:  stores, pages of zeros, gaps
 * Out: known bytes
 *
 * Pages hang in groups of 512 (2 MiB), groups in a hash map. Pages of zeros share one marker, and so do groups of
 * nothing but such pages. A page has a bitmap of its known bytes until all of them are.
 */
#include "memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	GROUP_SHIFT = 9,
	GROUP_PAGES = 1 << GROUP_SHIFT,
	BITMAP_WORDS = SCT_PAGE_SIZE / 64,
};

struct page {
	uint64_t *known; /* bit i of word j: byte 64 * j + i is known; NULL: all are */
	unsigned missing; /* bytes that are not known */
	uint8_t data[SCT_PAGE_SIZE];
};

struct group {
	unsigned zeros, own; /* how many of the pages are zero_page, and how many are neither that nor NULL */
	struct page *page[GROUP_PAGES];
};

/* Markers: only their addresses count, and nobody writes through them. */
static const struct page zero_page;
static const struct group zero_group;

static void *take(struct sct_memory *m, size_t size)
{
	void *p = calloc(1, size);

	if (!p) {
		fputs("sctrace: out of memory\n", stderr);
		abort();
	}
	m->bytes += size;
	return p;
}

static void give(struct sct_memory *m, void *p, size_t size)
{
	m->bytes -= p ? size : 0;
	free(p);
}

static void clear_slots(struct sct_memory *m)
{
	for (size_t i = 0; i < SCT_MEMORY_SLOTS; i++)
		m->slot[i] = (struct sct_memory_slot){ SCT_NO_PAGE, NULL };
}

/* Lets the front cache forget page number page, whose bytes move or are no longer. */
static void clear_slot(struct sct_memory *m, uint64_t page)
{
	struct sct_memory_slot *s = &m->slot[page & (SCT_MEMORY_SLOTS - 1)];

	if (s->page == page)
		*s = (struct sct_memory_slot){ SCT_NO_PAGE, NULL };
}

static bool is_own(const struct page *p)
{
	return p && p != &zero_page;
}

static void page_free(struct sct_memory *m, struct page *p)
{
	if (!is_own(p))
		return;
	m->generation++;
	give(m, p->known, BITMAP_WORDS * sizeof *p->known);
	give(m, p, sizeof *p);
}

static void group_free(struct sct_memory *m, struct group *g)
{
	if (!g || g == &zero_group)
		return;
	for (size_t i = 0; i < GROUP_PAGES && g->own; i++) {
		g->own -= is_own(g->page[i]);
		page_free(m, g->page[i]);
	}
	give(m, g, sizeof *g);
}

/* Puts p in the place of page number page of its group g. */
static void put_page(struct sct_memory *m, struct group *g, uint64_t page, struct page *p)
{
	struct page **place = &g->page[page & (GROUP_PAGES - 1)];

	clear_slot(m, page);
	g->zeros += (p == &zero_page) - (*place == &zero_page);
	g->own += is_own(p) - is_own(*place);
	page_free(m, *place);
	*place = p;
}

/* The group of page number page, with pages of its own: made where there was none. */
static struct group *own_group(struct sct_memory *m, uint64_t page)
{
	struct group *g = sct_map_get(&m->groups, page >> GROUP_SHIFT);
	bool zero = g == &zero_group;

	if (g && !zero)
		return g;
	g = take(m, sizeof *g);
	for (size_t i = 0; zero && i < GROUP_PAGES; i++)
		g->page[i] = (struct page *)&zero_page;
	g->zeros = zero ? GROUP_PAGES : 0;
	sct_map_put(&m->groups, page >> GROUP_SHIFT, g);
	return g;
}

/* The page with that number, NULL: nothing of it is known. */
static struct page *find_page(const struct sct_memory *m, uint64_t page)
{
	const struct group *g = sct_map_get(&m->groups, page >> GROUP_SHIFT);

	if (g == &zero_group)
		return (struct page *)&zero_page;
	return g ? g->page[page & (GROUP_PAGES - 1)] : NULL;
}

/* Whether the limit leaves no room for one more page in a new group. */
static bool full(const struct sct_memory *m)
{
	return sct_memory_bytes(m) + sizeof(struct group) + sizeof(struct page) + SCT_PAGE_SIZE / 8 > m->limit;
}

/* The limit has no room for the new content of page number page: the old one must not be taken for it. */
static void refuse(struct sct_memory *m, uint64_t page)
{
	struct group *g = sct_map_get(&m->groups, page >> GROUP_SHIFT);

	m->refused++;
	m->backing.read = NULL; /* or the old content would show through */
	if (g == &zero_group)
		sct_map_del(&m->groups, page >> GROUP_SHIFT);
	else if (g)
		put_page(m, g, page, NULL);
}

static void mark_known(struct sct_memory *m, struct page *p, size_t at, size_t len);

/* Copies what the backing has of page number page; it may begin and end anywhere in it. */
static void fill_from_backing(struct sct_memory *m, struct page *p, uint64_t page)
{
	uint64_t paddr = page << SCT_PAGE_SHIFT;
	size_t at = 0;

	while (m->backing.read && at < SCT_PAGE_SIZE) {
		size_t got = m->backing.read(m->backing.ctx, paddr + at, p->data + at, SCT_PAGE_SIZE - at);

		if (got)
			mark_known(m, p, at, got);
		at += got ? got : 1;
	}
}

/* The page with that number, with bytes of its own to be written, or NULL: refused. */
static struct page *own_page(struct sct_memory *m, uint64_t page)
{
	struct page *old = find_page(m, page), *p;

	if (is_own(old))
		return old;
	if (full(m)) {
		refuse(m, page);
		return NULL;
	}
	p = take(m, sizeof *p);
	if (!old) {
		p->known = take(m, BITMAP_WORDS * sizeof *p->known);
		p->missing = SCT_PAGE_SIZE;
		fill_from_backing(m, p, page);
	}
	put_page(m, own_group(m, page), page, p);
	return p;
}

/* Bytes at to at + len - 1 of p are known from now on. */
static void mark_known(struct sct_memory *m, struct page *p, size_t at, size_t len)
{
	while (len && p->known) {
		size_t bit = at % 64, n = len < 64 - bit ? len : 64 - bit;
		uint64_t mask = (n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1) << bit;
		uint64_t fresh = mask & ~p->known[at / 64];

		if (fresh) {
			p->missing -= (unsigned)__builtin_popcountll(fresh);
			p->known[at / 64] |= fresh;
		}
		at += n;
		len -= n;
	}
	if (p->known && !p->missing) {
		give(m, p->known, BITMAP_WORDS * sizeof *p->known);
		p->known = NULL;
	}
}

/* How many of the bytes from at on, len at most, are known without a hole. */
static size_t known_run(const struct page *p, size_t at, size_t len)
{
	size_t run = 0;

	while (p->known && run < len) {
		uint64_t unknown = ~p->known[(at + run) / 64] >> (at + run) % 64;

		if (unknown) {
			run += (size_t)__builtin_ctzll(unknown);
			return run < len ? run : len;
		}
		run += 64 - (at + run) % 64;
	}
	return len;
}

static bool all_zero(const uint8_t *data, size_t len)
{
	return !data[0] && !memcmp(data, data + 1, len - 1);
}

static void store_in_page(struct sct_memory *m, uint64_t page, size_t at, const uint8_t *data, size_t len)
{
	struct page *p;

	if (len == SCT_PAGE_SIZE && all_zero(data, len)) {
		sct_memory_zero(m, page, 1);
		return;
	}
	p = own_page(m, page);
	if (!p)
		return;
	memcpy(p->data + at, data, len);
	mark_known(m, p, at, len);
	if (!p->known)
		m->slot[page & (SCT_MEMORY_SLOTS - 1)] = (struct sct_memory_slot){ page, p->data };
}

/* len, or less where the last address comes first. */
static size_t clip(uint64_t paddr, size_t len)
{
	return len && len - 1 > UINT64_MAX - paddr ? (size_t)(UINT64_MAX - paddr + 1) : len;
}

void sct_memory_store_slow(struct sct_memory *m, uint64_t paddr, const void *data, size_t len)
{
	const uint8_t *from = data;

	len = clip(paddr, len);
	while (len) {
		size_t at = paddr & (SCT_PAGE_SIZE - 1);
		size_t n = len < SCT_PAGE_SIZE - at ? len : SCT_PAGE_SIZE - at;

		store_in_page(m, paddr >> SCT_PAGE_SHIFT, at, from, n);
		paddr += n;
		from += n;
		len -= n;
	}
}

/* The leading bytes that the backing has; it may give them in pieces. */
static size_t read_backing(const struct sct_memory *m, uint64_t paddr, uint8_t *buf, size_t len)
{
	size_t done = 0, got = 1;

	while (m->backing.read && done < len && got) {
		got = m->backing.read(m->backing.ctx, paddr + done, buf + done, len - done);
		done += got;
	}
	return done;
}

/* Reads within one page. */
static size_t read_in_page(struct sct_memory *m, uint64_t page, size_t at, uint8_t *buf, size_t len)
{
	struct sct_memory_slot *s = &m->slot[page & (SCT_MEMORY_SLOTS - 1)];
	struct page *p;

	if (s->page == page) {
		memcpy(buf, s->data + at, len);
		return len;
	}
	p = find_page(m, page);
	if (!p)
		return read_backing(m, (page << SCT_PAGE_SHIFT) + at, buf, len);
	len = known_run(p, at, len);
	memcpy(buf, p->data + at, len);
	if (is_own(p) && !p->known)
		*s = (struct sct_memory_slot){ page, p->data };
	return len;
}

size_t sct_memory_read(struct sct_memory *m, uint64_t paddr, void *buf, size_t len)
{
	uint8_t *to = buf;
	size_t done = 0;

	len = clip(paddr, len);
	while (done < len) {
		size_t at = (paddr + done) & (SCT_PAGE_SIZE - 1);
		size_t n = len - done < SCT_PAGE_SIZE - at ? len - done : SCT_PAGE_SIZE - at;
		size_t got = read_in_page(m, (paddr + done) >> SCT_PAGE_SHIFT, at, to + done, n);

		done += got;
		if (got < n)
			break;
	}
	if (m->notes)
		sct_memory_notes_add(m->notes, paddr, len, buf, done);
	return done;
}

/* The group that begins at page number page is zero. */
static void zero_group_at(struct sct_memory *m, uint64_t page)
{
	struct group *g = sct_map_get(&m->groups, page >> GROUP_SHIFT);

	if (!g && full(m)) {
		refuse(m, page);
		m->refused += GROUP_PAGES - 1;
		return;
	}
	for (uint64_t i = 0; g && g != &zero_group && g->own && i < GROUP_PAGES; i++)
		clear_slot(m, page + i);
	sct_map_put(&m->groups, page >> GROUP_SHIFT, (struct group *)&zero_group);
	group_free(m, g);
}

static void zero_page_at(struct sct_memory *m, uint64_t page)
{
	struct group *g = sct_map_get(&m->groups, page >> GROUP_SHIFT);

	if (g == &zero_group)
		return;
	if (!g && full(m)) {
		refuse(m, page);
		return;
	}
	g = own_group(m, page);
	put_page(m, g, page, (struct page *)&zero_page);
	if (g->zeros == GROUP_PAGES)
		zero_group_at(m, page & ~(uint64_t)(GROUP_PAGES - 1));
}

void sct_memory_zero(struct sct_memory *m, uint64_t page, uint64_t count)
{
	const uint64_t end = UINT64_C(1) << (64 - SCT_PAGE_SHIFT);

	if (page >= end)
		return;
	count = count < end - page ? count : end - page;
	while (count) {
		bool group = page % GROUP_PAGES == 0 && count >= GROUP_PAGES;
		uint64_t n = group ? GROUP_PAGES : 1;

		if (group)
			zero_group_at(m, page);
		else
			zero_page_at(m, page);
		page += n;
		count -= n;
	}
}

void sct_memory_set_backing(struct sct_memory *m, struct sct_backing backing)
{
	m->backing = backing;
	m->generation++;
}

uint8_t *sct_memory_page(struct sct_memory *m, uint64_t page)
{
	struct page *p = own_page(m, page);

	return p && !p->known ? p->data : NULL;
}

bool sct_memory_has(const struct sct_memory *m, uint64_t page)
{
	const struct page *p = find_page(m, page);

	return p && p->missing < SCT_PAGE_SIZE;
}

/* Bytes at to at + len - 1 of page number page are not known from now on. */
static void unknow_in_page(struct sct_memory *m, uint64_t page, size_t at, size_t len)
{
	struct page *p = own_page(m, page);

	if (!p)
		return;
	if (!p->known) {
		p->known = take(m, BITMAP_WORDS * sizeof *p->known);
		memset(p->known, 0xff, BITMAP_WORDS * sizeof *p->known);
		clear_slot(m, page);
		m->generation++;
	}
	for (size_t i = at; i < at + len; i++) {
		uint64_t bit = UINT64_C(1) << i % 64;

		p->missing += p->known[i / 64] & bit ? 1 : 0;
		p->known[i / 64] &= ~bit;
	}
}

void sct_memory_unknow(struct sct_memory *m, uint64_t paddr, size_t len)
{
	len = clip(paddr, len);
	while (len) {
		size_t at = paddr & (SCT_PAGE_SIZE - 1);
		size_t n = len < SCT_PAGE_SIZE - at ? len : SCT_PAGE_SIZE - at;

		unknow_in_page(m, paddr >> SCT_PAGE_SHIFT, at, n);
		paddr += n;
		len -= n;
	}
}

void sct_memory_init(struct sct_memory *m, uint64_t limit)
{
	m->groups = (struct sct_map){ 0 };
	m->backing = (struct sct_backing){ NULL, NULL };
	m->notes = NULL;
	m->bytes = m->refused = m->generation = 0;
	m->limit = limit;
	clear_slots(m);
}

void sct_memory_forget(struct sct_memory *m)
{
	clear_slots(m);
	m->backing.read = NULL;
	m->generation++;
	for (size_t i = 0; i < m->groups.size; i++)
		group_free(m, m->groups.slots[i].value);
	sct_map_fini(&m->groups);
}

void sct_memory_fini(struct sct_memory *m)
{
	sct_memory_forget(m);
}

uint64_t sct_memory_bytes(const struct sct_memory *m)
{
	return m->bytes + m->groups.size * sizeof *m->groups.slots;
}

uint64_t sct_memory_refused(const struct sct_memory *m)
{
	return m->refused;
}
