/* STORE and RAM chunks: what guest RAM holds.
 * In:  the current chunk of a reader
 * Out: STORE and ZERO events of guest-physical addresses
 */
#include <stdlib.h>

#include "trace_sctrace.h"

enum { PAGE_SHIFT = 12, PAGE = 1 << PAGE_SHIFT, PAGE_BITS = 16 };
#define PAGES_END (UINT64_C(1) << (64 - PAGE_SHIFT)) /* behind the last page number */

_Static_assert(SCT_ST_PAGES == 1 << PAGE_BITS, "PAGE_BITS is log2 of the table's size");

static const uint8_t zeros[16];

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
static bool get_page(struct sct_st_reader *r, uint64_t virt)
{
	const struct sct_st_page *p = find_page(r, virt);

	if (p->round != r->page_round)
		return false;
	r->page_virt = virt;
	r->page_phys = p->phys;
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
	r->store_behind = 0;
	r->page_virt = PAGES_END; /* none has this number */
	r->stage = SCT_ST_STORES;
	return true;
}

/* ---- stores ------------------------------------------------------------------------------------------------- */

struct store {
	unsigned head, size;
	uint64_t addr, next_phys;
	const uint8_t *data;
};

/* Where the store goes: r->page_phys and, over a page's end, s->next_phys. */
static bool take_pages(struct sct_st_reader *r, struct sct_cursor *c, struct store *s)
{
	uint64_t virt = s->addr >> PAGE_SHIFT;
	bool crosses = (s->addr & (PAGE - 1)) + s->size > PAGE;

	if (crosses != !!(s->head & SCT_STORE_NEXT))
		return false;
	if (s->head & SCT_STORE_PAGE) {
		r->page_virt = virt;
		r->page_phys = sct_take_varint(c);
		if (!put_page(r, virt, r->page_phys))
			return false;
	} else if (virt != r->page_virt && !get_page(r, virt)) {
		return false;
	}
	if (!crosses)
		return true;
	s->next_phys = sct_take_varint(c);
	virt = (virt + 1) & (PAGES_END - 1);
	return put_page(r, virt, s->next_phys);
}

static bool take_store(struct sct_st_reader *r, struct sct_cursor *c, struct store *s)
{
	s->head = sct_take_u8(c);
	s->size = 1u << (s->head & SCT_STORE_SIZE);
	s->addr = r->store_behind + (uint64_t)sct_take_zigzag(c);
	if (s->size > 16 || s->head & 0x80 || !take_pages(r, c, s))
		return false;
	r->store_behind = s->addr + s->size;
	s->data = s->head & SCT_STORE_ZERO ? zeros : sct_take(c, s->size);
	return !c->bad;
}

/* Field by field: a struct that is put together aside and then copied costs more than all else of a store. */
static void set_event(const struct sct_st_reader *r, struct sct_event *e, enum sct_event_kind kind, uint64_t addr,
                      unsigned len, const uint8_t *data)
{
	e->kind = (uint8_t)kind;
	e->reg = 0;
	e->vcpu = (uint16_t)r->vcpu_number;
	e->len = len;
	e->addr = addr;
	e->value = 0;
	e->seq = 0;
	e->time_ns = 0;
	e->data = data;
}

int sct_st_stores(struct sct_st_reader *r, struct sct_event *events, int max)
{
	struct sct_cursor c = r->chunk;
	struct store s = { 0 };
	int n = 0;

	while (sct_cursor_left(&c) && n < max - 1) {
		unsigned at, first;

		if (!take_store(r, &c, &s))
			return -1;
		if (s.head & SCT_STORE_IO)
			continue;
		at = (unsigned)(s.addr & (PAGE - 1));
		first = s.head & SCT_STORE_NEXT ? PAGE - at : s.size;
		set_event(r, &events[n++], SCT_EV_STORE, r->page_phys << PAGE_SHIFT | at, first, s.data);
		if (first < s.size)
			set_event(r, &events[n++], SCT_EV_STORE, s.next_phys << PAGE_SHIFT, s.size - first,
			          s.data + first);
	}
	r->chunk = c;
	if (!sct_cursor_left(&c))
		r->stage = SCT_ST_NEXT;
	return n;
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
	uint64_t n = zero_pages(r);

	if (n) {
		sct_take(&r->chunk, n);
		set_event(r, e, SCT_EV_ZERO, r->ram_page << PAGE_SHIFT, 0, NULL);
		e->value = n;
	} else {
		unsigned kind = sct_take_u8(&r->chunk);

		set_event(r, e, SCT_EV_STORE, r->ram_page << PAGE_SHIFT, PAGE, sct_take(&r->chunk, PAGE));
		if (kind != 1 || r->chunk.bad)
			return false;
		n = 1;
	}
	r->ram_page += n;
	r->ram_pages -= n;
	return true;
}

int sct_st_ram(struct sct_st_reader *r, struct sct_event *events, int max)
{
	int n = 0;

	while (r->ram_pages && n < max)
		if (!take_ram(r, &events[n++]))
			return -1;
	if (r->ram_pages)
		return n;
	r->stage = SCT_ST_NEXT;
	return sct_cursor_left(&r->chunk) ? -1 : n;
}
