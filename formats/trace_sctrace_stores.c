/* STORE and RAM chunks: what guest RAM holds.
 * In:  the current chunk of a reader
 * Out: STORES and ZERO events of guest-physical addresses
 */
#include <stdlib.h>
#include <string.h>

#include "trace_sctrace.h"

enum { PAGE_SHIFT = 12, PAGE = 1 << PAGE_SHIFT, PAGE_BITS = 16 };
#define PAGES_END (UINT64_C(1) << (64 - PAGE_SHIFT)) /* behind the last page number */

_Static_assert(SCT_ST_PAGES == 1 << PAGE_BITS, "PAGE_BITS is log2 of the table's size");

static const uint8_t zeros[PAGE];

/* ---- virtual pages ------------------------------------------------------------------------------------------ */

/* The slot of that virtual page, or the empty one where it belongs; at most half of them are used. */
static struct sct_st_page *find_page(const struct sct_st_reader *r, uint64_t virt)
{
	size_t i = (size_t)((virt * r->page_factor[0]) >> (64 - PAGE_BITS));

	while (r->pages[i].round == r->page_round && r->pages[i].virt != virt)
		i = (i + 1) & (SCT_ST_PAGES - 1);
	return &r->pages[i];
}

static bool put_page(struct sct_st_reader *r, uint64_t virt, uint64_t phys)
{
	struct sct_st_page *p = find_page(r, virt);

	if (p->round != r->page_round && r->pages_used++ == SCT_STORE_PAGES_MAX)
		return false;
	*p = (struct sct_st_page){ virt, phys, r->page_round };
	return phys < PAGES_END;
}

/* The physical page of a virtual one that the chunk has told before. */
static bool get_page(const struct sct_st_reader *r, struct sct_st_place *at, uint64_t virt)
{
	const struct sct_st_page *p = find_page(r, virt);

	if (p->round != r->page_round)
		return false;
	at->page_virt = virt;
	at->page_phys = p->phys;
	return true;
}

bool sct_st_stores_begin(struct sct_st_reader *r)
{
	if (!r->pages || r->page_round == UINT32_MAX) {
		free(r->pages);
		r->page_round = 0;
		r->pages = calloc(SCT_ST_PAGES, sizeof *r->pages);
		if (!r->pages)
			return false;
		sct_st_draw(r->page_factor);
	}
	r->page_round++;
	r->pages_used = 0;
	r->place.behind = 0;
	r->place.page_virt = PAGES_END; /* none has this number */
	r->stage = SCT_ST_STORES;
	return true;
}

static void tell_stores(const struct sct_st_reader *r, struct sct_event *e, const struct sct_store *from,
                        const struct sct_store *to, uint64_t count)
{
	*e = (struct sct_event){ .kind = SCT_EV_STORES, .vcpu = (uint16_t)r->vcpu_number, .len = (uint32_t)(to - from),
	                         .value = count, .stores = from };
}

/* ---- stores ------------------------------------------------------------------------------------------------- */

enum { STORE_MAX = 1 + 3 * 10 + 16 }; /* bytes of the longest store */

struct store {
	unsigned head, size;
	uint64_t addr, next_phys;
	const uint8_t *data;
};

/* The varint at *p, of which 10 bytes at least can be read; *bad: it makes no sense. */
static inline uint64_t varint(const uint8_t **p, bool *bad)
{
	struct sct_cursor c;
	unsigned size;
	uint64_t v;

	if (**p < 0x80)
		return *(*p)++;
	v = sct_varint_in(sct_load_le64(*p), &size);
	*p += size;
	if (size)
		return v;
	c = sct_cursor(*p, 10);
	v = sct_take_varint(&c);
	*p = c.at;
	*bad |= c.bad;
	return v;
}

/* What stands before the value of the store at p, where STORE_MAX bytes can be read: head, distance, and the pages that
 * it goes to, at->page_phys and, over a page's end, s->next_phys. Returns the value's place, or NULL: no sense. */
static inline const uint8_t *parse_store(struct sct_st_reader *r, struct sct_st_place *at, const uint8_t *p,
                                         struct store *s)
{
	bool bad = false, crosses;
	uint64_t virt;

	s->head = *p++;
	s->size = 1u << (s->head & SCT_STORE_SIZE);
	s->addr = at->behind + (uint64_t)sct_zigzag(varint(&p, &bad));
	at->behind = s->addr + s->size;
	virt = s->addr >> PAGE_SHIFT;
	crosses = (s->addr & (PAGE - 1)) + s->size > PAGE;
	if (s->size > 16 || s->head & 0x80 || crosses != !!(s->head & SCT_STORE_NEXT))
		return NULL;
	if (s->head & SCT_STORE_PAGE) {
		at->page_virt = virt;
		at->page_phys = varint(&p, &bad);
		bad |= !put_page(r, virt, at->page_phys);
	} else if (virt != at->page_virt && !get_page(r, at, virt)) {
		return NULL;
	}
	if (crosses) {
		s->next_phys = varint(&p, &bad);
		bad |= !put_page(r, (virt + 1) & (PAGES_END - 1), s->next_phys);
	}
	return bad ? NULL : p;
}

static bool take_store(struct sct_st_reader *r, struct sct_st_place *at, struct sct_cursor *c, struct store *s)
{
	const uint8_t *begin = c->at, *value;
	uint8_t tail[STORE_MAX];
	size_t size;

	/* behind the chunk lie others, so that nothing needs to be checked byte by byte, but for the segment's end */
	if ((size_t)(r->chunks.end - begin) < STORE_MAX) {
		memset(tail, 0, sizeof tail);
		memcpy(tail, begin, (size_t)(r->chunks.end - begin));
		begin = tail;
	}
	value = parse_store(r, at, begin, s);
	if (!value)
		return false;
	size = (size_t)(value - begin);
	s->data = s->head & SCT_STORE_ZERO ? zeros : c->at + size;
	size += s->head & SCT_STORE_ZERO ? 0 : s->size;
	if (size > sct_cursor_left(c))
		return false;
	c->at += size;
	return true;
}

/* Stores of zeros of that size that go on where the one before ended, as many as the rest of its page has room for.
 * Clearing memory makes them by the million; each is two bytes, its head and a distance of 0. */
static unsigned take_zeros(struct sct_cursor *c, unsigned head, unsigned room)
{
	const uint64_t four = UINT64_C(0x0001000100010001) * head;
	unsigned n = 0;

	while (room - n >= 4 && sct_cursor_left(c) >= 8 && sct_load_le64(c->at) == four) {
		c->at += 8;
		n += 4;
	}
	while (n < room && sct_cursor_left(c) >= 2 && c->at[0] == head && !c->at[1]) {
		c->at += 2;
		n++;
	}
	return n;
}

/* Tells the store, in two parts where it reaches into another page; returns behind them. */
static struct sct_store *set_store(struct sct_store *to, const struct sct_st_place *at, const struct store *s)
{
	unsigned offset = (unsigned)(s->addr & (PAGE - 1));

	to->addr = at->page_phys << PAGE_SHIFT | offset;
	to->data = s->data;
	to->len = s->size;
	if (!(s->head & SCT_STORE_NEXT))
		return to + 1;
	to[0].len = PAGE - offset;
	to[1].addr = s->next_phys << PAGE_SHIFT;
	to[1].data = s->data + to[0].len;
	to[1].len = s->size - to[0].len;
	return to + 2;
}

/* The whole loop works on copies: what is written through `to` could be the reader's as far as the compiler knows. */
int sct_st_stores(struct sct_st_reader *r, struct sct_event *e)
{
	struct sct_store *first = r->store + r->nstores, *to = first, *end = r->store + SCT_ST_STORES_MAX;
	struct sct_st_place at = r->place;
	struct sct_cursor c = r->chunk;
	struct store s = { 0 };
	uint64_t count = 0;

	while (sct_cursor_left(&c) && end - to >= 2) {
		if (!take_store(r, &at, &c, &s))
			return -1;
		if (s.head & SCT_STORE_IO)
			continue;
		to = set_store(to, &at, &s);
		count++;
		if (s.data == zeros && !(s.head & SCT_STORE_NEXT)) {
			unsigned size = s.head & SCT_STORE_SIZE, room = PAGE - (unsigned)(at.behind & (PAGE - 1));
			unsigned more = take_zeros(&c, size | SCT_STORE_ZERO, (room & (PAGE - 1)) >> size);

			to[-1].len += more << size;
			at.behind += more << size;
			count += more;
		}
	}
	r->chunk = c;
	r->place = at;
	r->nstores = (unsigned)(to - r->store);
	if (!sct_cursor_left(&c))
		r->stage = SCT_ST_NEXT;
	if (to == first)
		return 0;
	tell_stores(r, e, first, to, count);
	return 1;
}

/* ---- RAM ---------------------------------------------------------------------------------------------------- */

bool sct_st_ram_begin(struct sct_st_reader *r)
{
	r->ram_page = sct_take_varint(&r->chunk);
	r->ram_pages = sct_take_varint(&r->chunk);
	r->stage = SCT_ST_RAM;
	/* each page takes a byte at least */
	return !r->chunk.bad && r->ram_pages <= sct_cursor_left(&r->chunk) && r->ram_page < PAGES_END &&
	       r->ram_pages <= PAGES_END - r->ram_page;
}

/* How many of the next pages are zero. */
static uint64_t zero_pages(const struct sct_st_reader *r)
{
	uint64_t n = 0;

	while (n < r->ram_pages && n < sct_cursor_left(&r->chunk) && !r->chunk.at[n])
		n++;
	return n;
}

/* The next page, or all zero pages up to the next other one. */
static bool take_ram(struct sct_st_reader *r, struct sct_event *e)
{
	uint64_t n = zero_pages(r), addr = r->ram_page << PAGE_SHIFT;

	if (n) {
		sct_take(&r->chunk, n);
		*e = (struct sct_event){ .kind = SCT_EV_ZERO, .vcpu = (uint16_t)r->vcpu_number, .addr = addr, .value = n };
	} else {
		unsigned kind = sct_take_u8(&r->chunk);
		struct sct_store *s = &r->store[r->nstores++];

		*s = (struct sct_store){ addr, sct_take(&r->chunk, PAGE), PAGE };
		if (kind != 1 || r->chunk.bad)
			return false;
		tell_stores(r, e, s, s + 1, 1);
		n = 1;
	}
	r->ram_page += n;
	r->ram_pages -= n;
	return true;
}

int sct_st_ram(struct sct_st_reader *r, struct sct_event *events, int max)
{
	int n = 0;

	while (r->ram_pages && n < max && r->nstores < SCT_ST_STORES_MAX)
		if (!take_ram(r, &events[n++]))
			return -1;
	if (r->ram_pages)
		return n;
	r->stage = SCT_ST_NEXT;
	return sct_cursor_left(&r->chunk) ? -1 : n;
}
