/* What reads of a memory gave, to find out later whether anything that they depend on has changed.
 * In:  reads and their results, a memory at another moment
 * Out: whether it would answer all of them in the same way
 */
#include "memory_notes.h"

#include "memory.h"

enum { LEN_MAX = 256 }; /* of a read that is kept */

void sct_memory_notes_clear(struct sct_memory_notes *n)
{
	n->full = false;
	n->count = n->nbytes = 0;
	memset(n->place, 0, sizeof n->place);
}

void sct_memory_notes_add(struct sct_memory_notes *n, uint64_t paddr, size_t len, const void *data, size_t known)
{
	uint16_t *place = &n->place[(paddr >> 3 ^ paddr >> SCT_PAGE_SHIFT) & (SCT_NOTES_PLACES - 1)];
	const struct sct_memory_note *last = *place ? &n->note[*place - 1] : NULL;

	if (last && last->paddr == paddr && last->len == len)
		return; /* all moments of these notes show the same there */
	if (n->count == SCT_NOTES || len > LEN_MAX || SCT_NOTES_BYTES - n->nbytes < (int)known) {
		n->full = true;
		return;
	}
	memcpy(n->bytes + n->nbytes, data, known);
	n->note[n->count++] = (struct sct_memory_note){ paddr, (uint16_t)len, (uint16_t)known, n->nbytes };
	n->nbytes += (uint16_t)known;
	*place = n->count;
}

/* The bytes that a read would give now: in the memory itself where its front cache has them, else read into buf. */
static const uint8_t *read_now(struct sct_memory *m, const struct sct_memory_note *note, uint8_t *buf, size_t *known)
{
	uint64_t page = note->paddr >> SCT_PAGE_SHIFT;
	const struct sct_memory_slot *s = &m->slot[page & (SCT_MEMORY_SLOTS - 1)];
	size_t at = note->paddr & (SCT_PAGE_SIZE - 1);

	if (s->page == page && at + note->len <= SCT_PAGE_SIZE) {
		*known = note->len;
		return s->data + at;
	}
	*known = sct_memory_read(m, note->paddr, buf, note->len);
	return buf;
}

static bool is_same(const uint8_t *a, const uint8_t *b, size_t len)
{
	uint64_t x, y;

	if (len != sizeof x)
		return !memcmp(a, b, len);
	memcpy(&x, a, sizeof x); /* pointers and entries of page tables, nearly all there are: one comparison */
	memcpy(&y, b, sizeof y);
	return x == y;
}

bool sct_memory_notes_hold(const struct sct_memory_notes *n, struct sct_memory *m)
{
	uint8_t buf[LEN_MAX];
	size_t known;

	for (const struct sct_memory_note *note = n->note; note < n->note + n->count; note++) {
		const uint8_t *now = read_now(m, note, buf, &known);

		if (known != note->known || !is_same(now, n->bytes + note->at, known))
			return false;
	}
	return !n->full;
}
