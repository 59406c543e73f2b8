/* The memory of events: lines that a segment stores once and names again, told as runs.
 * In:  the memory part of an event's chunk
 * Out: SEEN events whose data lie in the segment
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "trace_sctrace.h"

#define EFER_LMA (UINT64_C(1) << 10) /* long mode is active, Intel SDM 3A 2.2.1 */

void sct_st_draw(uint64_t factor[2])
{
	static const uint64_t fallback[2] = { UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xff51afd7ed558ccd) };

	if (getrandom(factor, 2 * sizeof *factor, GRND_NONBLOCK) != 2 * (ssize_t)sizeof *factor)
		memcpy(factor, fallback, sizeof fallback);
	factor[0] |= 1;
	factor[1] |= 1;
}

int sct_st_lines_begin(struct sct_st_lines *l, size_t size, struct sct_err *err)
{
	unsigned bits = 10;
	struct sct_st_line *slots;

	while (((size_t)1 << bits) < size / SCT_LINE * 2)
		bits++;
	if (l->slots && bits <= l->bits && l->round < UINT32_MAX) {
		l->round++;
		return SCT_OK;
	}
	if (!l->slots)
		sct_st_draw(l->factor);
	if (bits < l->bits)
		bits = l->bits;
	slots = calloc((size_t)1 << bits, sizeof *slots);
	if (!slots)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for the lines of a segment");
	free(l->slots);
	l->slots = slots;
	l->bits = bits;
	l->round = 1;
	return SCT_OK;
}

void sct_st_lines_fini(struct sct_st_lines *l)
{
	free(l->slots);
	l->slots = NULL;
}

/* The line's slot, or the empty one where it belongs. Half of them at least are empty: a line takes SCT_LINE bytes of
 * the segment that they were measured by. */
static struct sct_st_line *find(const struct sct_st_lines *l, uint64_t space, uint64_t number)
{
	size_t mask = ((size_t)1 << l->bits) - 1;
	uint64_t h = (number + (space ^ space >> 32) * l->factor[1]) * l->factor[0];
	size_t i = (size_t)(h >> (64 - l->bits));

	while (l->slots[i].round == l->round && (l->slots[i].number != number || l->slots[i].space != space))
		i = (i + 1) & mask;
	return &l->slots[i];
}

void sct_st_lines_put(struct sct_st_lines *l, uint64_t space, uint64_t number, uint32_t at)
{
	*find(l, space, number) = (struct sct_st_line){ space, number, l->round, at };
}

bool sct_st_lines_get(const struct sct_st_lines *l, uint64_t space, uint64_t number, uint32_t *at)
{
	const struct sct_st_line *line = find(l, space, number);

	if (line->round != l->round)
		return false;
	*at = line->at;
	return true;
}

/* ---- runs --------------------------------------------------------------------------------------------------- */

/* The next line's bytes, NULL data for an unreadable one. False: it makes no sense. */
static bool next_line(struct sct_st_reader *r, uint64_t space, const uint8_t **data)
{
	struct sct_st_memory *m = &r->memory;
	unsigned state = m->states[m->index / 4] >> 2 * (m->index % 4) & 3;
	uint32_t at;

	switch (state) {
	case SCT_LINE_SAME:
		if (!sct_st_lines_get(&r->lines, space, m->line, &at))
			return false;
		*data = r->seg.data + at;
		return true;
	case SCT_LINE_NEW:
		*data = sct_take(&r->chunk, SCT_LINE);
		if (*data)
			sct_st_lines_put(&r->lines, space, m->line, (uint32_t)(*data - r->seg.data));
		return *data;
	case SCT_LINE_UNREADABLE:
		*data = NULL;
		return true;
	}
	return false;
}

/* Head of the next run. */
static bool next_run(struct sct_st_reader *r)
{
	struct sct_st_memory *m = &r->memory;

	m->runs--;
	m->line += (uint64_t)sct_take_zigzag(&r->chunk);
	m->lines = sct_take_varint(&r->chunk);
	m->index = 0;
	if (!m->lines || m->lines > m->room || m->line > UINT64_MAX / SCT_LINE ||
	    m->lines - 1 > UINT64_MAX / SCT_LINE - m->line)
		return false;
	m->room -= m->lines;
	m->states = sct_take(&r->chunk, (m->lines + 3) / 4);
	return m->states;
}

/* Whether the line at addr can be told in one event with those before it: it lies behind them in the segment too. */
static bool joins(const struct sct_event *e, uint64_t addr, const uint8_t *data, uint64_t kernel)
{
	if (!addr || e->addr + e->len != addr || e->reg != (addr >= kernel))
		return false;
	return data ? e->data && e->data + e->len == data : !e->data;
}

/* The lowest address that is the kernel's (arch/x86/Kconfig, VMSPLIT; Documentation/x86/x86_64/mm.rst). A program under
 * an emulator has none. */
static uint64_t kernel_from(const struct sct_st_reader *r)
{
	const struct sct_st_header *h = &r->header;

	if (h->user_mode)
		return UINT64_MAX;
	if (h->word == 8 && (h->efer < 0 || r->vcpu->value[h->efer] & EFER_LMA))
		return UINT64_C(1) << 63;
	return UINT64_C(0xc0000000);
}

int sct_st_memory(struct sct_st_reader *r, struct sct_event *events, int max)
{
	struct sct_st_memory *m = &r->memory;
	uint64_t space = r->header.asid >= 0 ? r->vcpu->value[r->header.asid] : 0, kernel = kernel_from(r);
	const uint8_t *data;
	int n = 0;

	while (m->lines || m->runs) {
		uint64_t addr;

		if (!m->lines) {
			if (!next_run(r))
				return -1;
			continue;
		}
		/* a line may need an event of its own; that it does not is only known when it has been taken */
		if (n == max)
			return n;
		if (!next_line(r, space, &data))
			return -1;
		addr = m->line * SCT_LINE;
		if (n && joins(&events[n - 1], addr, data, kernel))
			events[n - 1].len += SCT_LINE;
		else
			events[n++] = (struct sct_event){ .kind = SCT_EV_SEEN, .vcpu = (uint16_t)r->vcpu_number,
			                                  .reg = addr >= kernel, .len = SCT_LINE, .addr = addr,
			                                  .data = data };
		m->line++;
		m->index++;
		m->lines--;
	}
	r->stage = SCT_ST_EVENT_END;
	return n;
}
