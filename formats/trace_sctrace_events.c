/* From the chunks of a segment to events.
 * In:  the current segment of a reader
 * Out: THREAD, WHO, REG, SEEN, INSN and USER events of its ENTER, RETURN and SWITCH chunks; STOREs by way of
 *      trace_sctrace_stores.c; GAPs
 *
 * Registers are told when they change. What was told is kept by slot of the architecture, what the deltas are against
 * by dictionary index: after a gap nothing counts as told, and everything is told anew at the next event.
 */
#include <stdio.h>
#include <stdlib.h>

#include "trace_sctrace.h"

enum { HEAD_EVENTS = 1 + SCT_ST_FACTS + SCT_REGS_MAX + 2 }; /* what an event may need before its memory, and behind it */

void sct_st_forget(struct sct_st_reader *r)
{
	for (unsigned i = 0; i < SCT_VCPUS_MAX; i++) {
		if (!r->vcpus[i])
			continue;
		r->vcpus[i]->told_known = 0;
		r->vcpus[i]->told_thread = false;
		r->vcpus[i]->all = true;
	}
}

void sct_st_damaged(struct sct_st_reader *r, const struct sct_err *err)
{
	r->damage.places++;
	if (!r->damage.first.status)
		r->damage.first = *err;
	r->gap = true;
	r->explained = true;
}

/* Offset in the file of the current chunk's payload, as near as it can be told. */
static uint64_t offset(const struct sct_st_reader *r)
{
	uint64_t at = (uint64_t)(r->chunk_data - r->seg.data);

	return r->seg.plain ? r->seg.offset + SCT_SEGMENT_HEADER + at : r->seg.offset;
}

/* The current chunk makes no sense: with it the rest of the segment is given up, but for segments that it may hide. */
static void bad_chunk(struct sct_st_reader *r)
{
	size_t at = (size_t)(r->chunk_data - r->seg.data);
	struct sct_err err;

	sct_fail(&err, SCT_E_FORMAT, offset(r), "segment %u, byte %zu: damaged chunk of kind %u", r->seg.number,
	         at + SCT_SEGMENT_HEADER, r->kind);
	sct_st_damaged(r, &err);
	r->damage.bytes += r->seg.size - at;
	r->inside = false;
	sct_st_search_inside(r, at);
}

/* ---- chunks that are no events ------------------------------------------------------------------------------ */

static bool keyframe(struct sct_st_reader *r)
{
	struct sct_cursor *c = &r->chunk;
	struct sct_st_vcpu *v = r->vcpus[r->vcpu_number];

	if (!v)
		v = r->vcpus[r->vcpu_number] = calloc(1, sizeof *v);
	if (!v)
		return false;
	v->time = sct_take_varint(c);
	v->icount = sct_take_varint(c);
	sct_take_varint(c); /* thread: the event behind it tells */
	sct_take_u8(c);     /* flags */
	for (unsigned i = 0; i < r->header.nregs; i++) {
		if (r->header.reg[i].size <= 8)
			v->value[i] = sct_take_le(c, r->header.reg[i].size);
		else
			sct_take(c, r->header.reg[i].size);
	}
	v->pc = 0;
	v->keyed = true;
	v->all = true;
	return !c->bad && !sct_cursor_left(c);
}

static bool lost(struct sct_st_reader *r)
{
	uint64_t count = sct_take_varint(&r->chunk);
	char text[200], what[40] = "events";
	size_t n = 0;
	struct sct_err err;

	for (; sct_cursor_left(&r->chunk) && n < sizeof text - 1; n++) {
		uint8_t b = sct_take_u8(&r->chunk);

		text[n] = b >= ' ' && b < 0x7f ? (char)b : '?';
	}
	text[n] = '\0';
	if (count)
		snprintf(what, sizeof what, "%llu events", (unsigned long long)count);
	sct_fail(&err, SCT_E_FORMAT, offset(r), "segment %u: the recorder lost %s of vCPU %u: %s", r->seg.number, what,
	         r->vcpu_number, text);
	sct_st_damaged(r, &err);
	r->explained = false; /* the numbers of events and segments go on */
	return !r->chunk.bad;
}

static bool end(struct sct_st_reader *r)
{
	struct sct_err err;

	r->end_events = sct_take_varint(&r->chunk);
	r->end_calls = sct_take_varint(&r->chunk);
	r->end_instructions = sct_take_varint(&r->chunk);
	r->ended = !r->chunk.bad;
	if (r->ended && r->end_events != r->next_event && !r->damage.places) {
		sct_fail(&err, SCT_E_FORMAT, offset(r), "the recorder counted %llu events, the recording has %llu",
		         (unsigned long long)r->end_events, (unsigned long long)r->next_event);
		sct_st_damaged(r, &err);
	}
	return r->ended;
}

/* ---- events ------------------------------------------------------------------------------------------------- */

/* Register i of the dictionary holds v->value[i]: tells it unless that is what was told last. */
static int tell(struct sct_st_reader *r, unsigned i, struct sct_event *e)
{
	struct sct_st_vcpu *v = r->vcpu;
	uint8_t slot = r->header.reg[i].slot;

	if (slot == SCT_ST_SLOT_NONE || ((v->told_known >> slot & 1) && v->told[slot] == v->value[i]))
		return 0;
	v->told[slot] = v->value[i];
	v->told_known |= UINT64_C(1) << slot;
	*e = (struct sct_event){ .kind = SCT_EV_REG, .reg = slot, .vcpu = (uint16_t)r->vcpu_number,
	                         .value = v->value[i] };
	return 1;
}

/* One entry of an event's list of registers; index as the loop over the list keeps it. */
static bool take_register(struct sct_st_reader *r, uint64_t *index)
{
	struct sct_cursor *c = &r->chunk;
	uint64_t skip = sct_take_varint(c), *value;
	unsigned size;

	if (skip >= r->header.nregs - *index)
		return false;
	*index += skip;
	size = r->header.reg[*index].size;
	if (size > 8)
		return sct_take(c, size);
	value = &r->vcpu->value[*index];
	*value += (uint64_t)sct_take_zigzag(c);
	return size == 8 || *value >> (8 * size) == 0;
}

static int take_registers(struct sct_st_reader *r, struct sct_event *events)
{
	uint64_t count = sct_take_varint(&r->chunk), index = 0;
	int n = 0;

	if (count > r->header.nregs)
		return -1;
	for (; count; count--, index++) {
		if (!take_register(r, &index))
			return -1;
		if (!r->vcpu->all && r->header.reg[index].size <= 8)
			n += tell(r, (unsigned)index, &events[n]);
	}
	if (!r->vcpu->all)
		return n;
	r->vcpu->all = false;
	for (unsigned i = 0; i < r->header.nregs; i++)
		if (r->header.reg[i].size <= 8)
			n += tell(r, i, &events[n]);
	return n;
}

/* Which thread runs. 0: the recording does not know; had it known before, what was known goes. */
static int take_thread(struct sct_st_reader *r, uint64_t thread, bool born, struct sct_event *e)
{
	struct sct_st_vcpu *v = r->vcpu;

	if (!thread && v->told_thread) {
		sct_st_forget(r);
		*e = (struct sct_event){ .kind = SCT_EV_GAP };
		return 1;
	}
	if (!thread || (v->told_thread && v->thread == thread && !born))
		return 0;
	v->told_thread = true;
	v->thread = thread;
	*e = (struct sct_event){ .kind = SCT_EV_THREAD, .reg = born, .vcpu = (uint16_t)r->vcpu_number,
	                         .value = thread };
	return 1;
}

/* Head of an ENTER, RETURN or SWITCH, and its registers. */
static int begin_event(struct sct_st_reader *r, struct sct_event *events)
{
	struct sct_cursor *c = &r->chunk;
	struct sct_st_vcpu *v = r->vcpu = r->vcpus[r->vcpu_number];
	const uint8_t *code;
	uint64_t thread;
	unsigned flags, size;
	int n, regs;

	if (!v || !v->keyed)
		return -1;
	v->time += sct_take_varint(c);
	v->icount += sct_take_varint(c);
	v->pc += (uint64_t)sct_take_zigzag(c);
	thread = sct_take_varint(c);
	flags = sct_take_u8(c);
	size = sct_take_u8(c);
	code = sct_take(c, size);
	if (c->bad || size > 15 || (size && r->kind != SCT_CHUNK_ENTER) ||
	    (r->header.arch->word == 4 && v->pc > UINT32_MAX))
		return -1;
	r->cut += flags & SCT_EVENT_CUT ? 1 : 0;
	n = take_thread(r, thread, flags & SCT_EVENT_BORN, events);
	n += sct_st_who_tell(r, events + n);
	regs = take_registers(r, events + n);
	if (regs < 0 || c->bad)
		return -1;
	r->last = (struct sct_event){
		.kind = r->kind == SCT_CHUNK_ENTER ? SCT_EV_INSN : SCT_EV_USER, .vcpu = (uint16_t)r->vcpu_number,
		.len = size, .addr = v->pc, .seq = r->by_event ? r->next_event : v->icount, .time_ns = v->time,
		.data = size ? code : NULL,
	};
	r->next_event++;
	return n + regs;
}

/* The memory's head; a SWITCH has none, and tells no moment of user code. */
static bool begin_memory(struct sct_st_reader *r)
{
	r->stage = r->kind == SCT_CHUNK_SWITCH ? SCT_ST_NEXT : SCT_ST_EVENT_MEMORY;
	if (r->kind == SCT_CHUNK_SWITCH)
		return !sct_cursor_left(&r->chunk);
	r->memory = (struct sct_st_memory){ .runs = sct_take_varint(&r->chunk), .room = SCT_EVENT_LINES_MAX };
	return !r->chunk.bad;
}

/* ---- chunks ------------------------------------------------------------------------------------------------- */

/* Head of the next chunk. False: it makes no sense. A chunk that the segment's end cuts is the end of the segment. */
static bool next_chunk(struct sct_st_reader *r)
{
	struct sct_cursor *c = &r->chunks;
	bool is_cut = r->seg.size < r->seg.length;
	uint64_t vcpu, len;

	r->chunk_data = c->at;
	r->kind = sct_take_u8(c);
	vcpu = sct_take_varint(c);
	len = sct_take_varint(c);
	r->chunk_data = c->bad ? r->chunk_data : c->at;
	if (c->bad || len > sct_cursor_left(c)) {
		r->inside = false;
		return is_cut;
	}
	r->chunk = sct_cursor(c->at, (size_t)len);
	sct_take(c, len);
	r->vcpu_number = (unsigned)vcpu;
	return vcpu < SCT_VCPUS_MAX;
}

/* Begins the chunk; returns the number of events, negative when it makes no sense. */
static int begin_chunk(struct sct_st_reader *r, struct sct_event *events)
{
	int n;

	if (r->kind < SCT_ST_KINDS)
		r->chunk_count[r->kind]++;
	switch (r->kind) {
	case SCT_CHUNK_HEADER: /* read when the segment began */
	case SCT_CHUNK_CODE:
	case SCT_CHUNK_EXEC:
		return 0;
	case SCT_CHUNK_KEYFRAME:
		return keyframe(r) ? 0 : -1;
	case SCT_CHUNK_ENTER:
	case SCT_CHUNK_RETURN:
	case SCT_CHUNK_SWITCH:
		n = begin_event(r, events);
		return n < 0 || !begin_memory(r) ? -1 : n;
	case SCT_CHUNK_STORE:
		return sct_st_stores_begin(r) ? 0 : -1;
	case SCT_CHUNK_RAM:
		return sct_st_ram_begin(r) ? 0 : -1;
	case SCT_CHUNK_LOST:
		return lost(r) ? 0 : -1;
	case SCT_CHUNK_END:
		return end(r) ? 0 : -1;
	case SCT_CHUNK_WHO:
		return sct_st_who(r) ? 0 : -1;
	}
	r->damage.unknown++;
	return 0;
}

/* At the end of the segment: whether all of it was there. */
static void end_segment(struct sct_st_reader *r)
{
	struct sct_err err;

	r->inside = false;
	if (r->seg.size == r->seg.length || r->feed.ended)
		return;
	sct_fail(&err, SCT_E_FORMAT, r->seg.offset, "segment %u has %zu bytes of chunks instead of %u", r->seg.number,
	         r->seg.size, r->seg.length);
	sct_st_damaged(r, &err);
}

/* Goes on from the current stage, with room for HEAD_EVENTS at least. */
static int step(struct sct_st_reader *r, struct sct_event *events, int max)
{
	switch (r->stage) {
	case SCT_ST_NEXT:
		if (r->gap) {
			r->gap = false;
			sct_st_forget(r);
			*events = (struct sct_event){ .kind = SCT_EV_GAP };
			return 1;
		}
		if (!sct_cursor_left(&r->chunks)) {
			r->inside = false;
			return 0;
		}
		if (!next_chunk(r))
			return -1;
		return r->inside ? begin_chunk(r, events) : 0;
	case SCT_ST_EVENT_MEMORY:
		return sct_st_memory(r, events, max);
	case SCT_ST_EVENT_END:
		*events = r->last;
		r->stage = SCT_ST_NEXT;
		return sct_cursor_left(&r->chunk) ? -1 : 1;
	case SCT_ST_STORES:
		return sct_st_stores(r, events);
	case SCT_ST_RAM:
		return sct_st_ram(r, events, max);
	}
	return -1;
}

int sct_st_decode(struct sct_st_reader *r, struct sct_event *events, int max)
{
	int n = 0;

	r->nstores = 0;
	while (r->inside && max - n >= HEAD_EVENTS && SCT_ST_STORES_MAX - r->nstores >= 2) {
		int got = step(r, events + n, max - n);

		if (got < 0) {
			r->stage = SCT_ST_NEXT;
			bad_chunk(r);
			return n;
		}
		n += got;
		if (!r->inside)
			end_segment(r);
	}
	return n;
}
