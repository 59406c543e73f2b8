/* STORE and RAM chunks: what guest RAM holds.
 * In:  the current chunk of a reader
 * Out: STORE events of guest-physical addresses
 */
#include <stdlib.h>

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

static struct sct_event store_event(const struct sct_st_reader *r, uint64_t phys, unsigned at, unsigned len,
                                    const uint8_t *data)
{
	return (struct sct_event){ .kind = SCT_EV_STORE, .vcpu = (uint16_t)r->vcpu_number, .len = len,
	                           .addr = phys << PAGE_SHIFT | at, .data = data };
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
		events[n++] = store_event(r, r->page_phys, at, first, s.data);
		if (first < s.size)
			events[n++] = store_event(r, s.next_phys, 0, s.size - first, s.data + first);
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

int sct_st_ram(struct sct_st_reader *r, struct sct_event *events, int max)
{
	int n = 0;

	for (; r->ram_pages && n < max; r->ram_pages--, r->ram_page++) {
		unsigned kind = sct_take_u8(&r->chunk);
		const uint8_t *data = kind ? sct_take(&r->chunk, PAGE) : zeros;

		if (kind > 1 || r->chunk.bad)
			return -1;
		events[n++] = store_event(r, r->ram_page, 0, PAGE, data);
	}
	if (r->ram_pages)
		return n;
	r->stage = SCT_ST_NEXT;
	return sct_cursor_left(&r->chunk) ? -1 : n;
}
