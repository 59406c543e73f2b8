/* The guest's RAM at the start of a full recording.
 *
 * In:  physical memory
 * Out: RAM chunks
 */
#include "physical.h"
#include "recorder.h"

#include <string.h>

enum {
	PAGE = 4096,
	CHUNK_PAGES = 128,
	FINE_END = 16 << 20,  /* below, RAM and devices lie page by page; above, in large pieces */
	STEP = 64 << 10,      /* how finely pieces are looked for */
	HIGH_STEP = 2 << 20,  /* the same above 4 GiB */
};

#define GIB (UINT64_C(1) << 30)
#define LIMIT (UINT64_C(1) << 40) /* guests with more RAM than this exceed what a trace is good for */

struct ram {
	struct sct_physical physical;
	struct sct_stream *stream;
	struct sct_bytes chunk;
	uint64_t next_page; /* behind the chunk's last page */
	unsigned pages;     /* in the chunk */
};

bool sct_ram_possible(void)
{
	struct sct_physical physical;

	return sct_physical_find(&physical);
}

static void put_chunk(struct ram *m)
{
	struct sct_bytes head = { 0 };

	if (!m->pages)
		return;
	sct_put_varint(&head, m->next_page - m->pages);
	sct_put_varint(&head, m->pages);
	sct_put(&head, m->chunk.data, m->chunk.len);
	sct_stream_room(m->stream);
	sct_stream_chunk(m->stream, SCT_CHUNK_RAM, 0, head.data, head.len);
	sct_bytes_fini(&head);
	m->chunk.len = 0;
	m->pages = 0;
}

static void put_page(struct ram *m, uint64_t addr)
{
	static const uint8_t zero[PAGE];
	uint8_t page[PAGE];

	if (m->pages == CHUNK_PAGES || m->next_page != addr / PAGE)
		put_chunk(m);
	m->physical.rw(addr, page, PAGE, false);
	if (memcmp(page, zero, PAGE)) {
		sct_put_u8(&m->chunk, 1);
		sct_put(&m->chunk, page, PAGE);
	} else {
		sct_put_u8(&m->chunk, 0);
	}
	m->pages++;
	m->next_page = addr / PAGE + 1;
}

static void put_pages(struct ram *m, uint64_t from, uint64_t to)
{
	for (uint64_t at = from; at < to; at += PAGE)
		if (!m->physical.is_io(at))
			put_page(m, at);
}

void sct_ram_write(struct sct_stream *s)
{
	struct ram m = { .stream = s, .next_page = UINT64_MAX };
	uint64_t ends = 5 * GIB; /* the search ends one GiB behind the last RAM that was found */

	if (!sct_physical_find(&m.physical))
		return;
	put_pages(&m, 0, FINE_END);
	for (uint64_t at = FINE_END; at < ends && at < LIMIT; at += at < 4 * GIB ? STEP : HIGH_STEP) {
		if (m.physical.is_io(at))
			continue;
		put_pages(&m, at, at + (at < 4 * GIB ? STEP : HIGH_STEP));
		if (at + 2 * GIB > ends)
			ends = at + 2 * GIB;
	}
	put_chunk(&m);
	sct_bytes_fini(&m.chunk);
}
