/* WHO chunks: who makes a call, as the recording says.
 * In:  the payload of a WHO chunk
 * Out: WHO events, before the ENTER that the chunk stands before
 *
 * Layout: varint id | varint length | bytes, until the end; ids are enum sct_who_field, others are passed over.
 */
#include <string.h>

#include "trace_sctrace.h"

/* By enum sct_who_field. */
static const struct { enum sct_fact fact; uint64_t max; bool text; } facts[SCT_ST_FACTS] = {
	[SCT_WHO_PID] = { SCT_FACT_PID, INT32_MAX, false },
	[SCT_WHO_TID] = { SCT_FACT_TID, INT32_MAX, false },
	[SCT_WHO_PPID] = { SCT_FACT_PPID, INT32_MAX, false },
	[SCT_WHO_COMM] = { SCT_FACT_COMM, SCT_COMM_MAX, true },
	[SCT_WHO_EXE] = { SCT_FACT_EXE, SCT_EXE_MAX, true },
	[SCT_WHO_UID] = { SCT_FACT_UID, UINT32_MAX, false },
};

/* The bytes of field id. False: it is not what it has to be. */
static bool take_fact(struct sct_st_who *who, uint64_t id, struct sct_cursor *c)
{
	if (id >= SCT_ST_FACTS || !facts[id].fact)
		return true;
	if (facts[id].text)
		who->text[id] = (struct sct_st_text){ c->at, sct_cursor_left(c) };
	else
		who->number[id] = sct_take_varint(c);
	who->known[id] = true;
	if (!facts[id].text)
		return !c->bad && !sct_cursor_left(c) && who->number[id] <= facts[id].max;
	return who->text[id].size <= facts[id].max && !memchr(c->at, 0, who->text[id].size);
}

bool sct_st_who(struct sct_st_reader *r)
{
	struct sct_cursor *c = &r->chunk;

	r->who = (struct sct_st_who){ .vcpu = r->vcpu_number };
	while (sct_cursor_left(c)) {
		uint64_t id = sct_take_varint(c), len = sct_take_varint(c);
		const uint8_t *bytes = sct_take(c, len);
		struct sct_cursor field;

		if (c->bad)
			return false;
		field = sct_cursor(bytes, (size_t)len);
		if (!take_fact(&r->who, id, &field))
			return false;
	}
	r->who.due = r->who.known[SCT_WHO_PID];
	return r->who.due;
}

int sct_st_who_tell(struct sct_st_reader *r, struct sct_event *events)
{
	const struct sct_st_who *who = &r->who;
	bool tell = who->due && who->vcpu == r->vcpu_number && r->kind == SCT_CHUNK_ENTER;
	int n = 0;

	r->who.due = false;
	for (unsigned i = SCT_WHO_PID; tell && i < SCT_ST_FACTS; i++)
		if (who->known[i])
			events[n++] = (struct sct_event){
				.kind = SCT_EV_WHO, .reg = (uint8_t)facts[i].fact, .vcpu = (uint16_t)r->vcpu_number,
				.value = who->number[i], .data = who->text[i].data, .len = (uint32_t)who->text[i].size,
			};
	return n;
}
