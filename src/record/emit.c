/* Events against what was told before.
 *
 * In:  values
 * Out: what changed, as chunks
 */
#include "emit.h"

#include "../../formats/sctrace.h"

/* Those of the dictionary's entries from .. to - 1 that changed. */
static void put_registers(struct sct_vcpu *v, unsigned from, unsigned to, struct sct_bytes *out)
{
	unsigned changed = 0, behind = 0;

	for (unsigned i = from; i < to; i++)
		changed += v->values[i] != v->told[i];
	sct_put_varint(out, changed);
	for (unsigned i = from; i < to; i++) {
		if (v->values[i] == v->told[i])
			continue;
		sct_put_varint(out, i - behind);
		sct_put_zigzag(out, (int64_t)(v->values[i] - v->told[i]));
		v->told[i] = v->values[i];
		behind = i + 1;
	}
}

static void put_keyframe(struct sct_stream *s, struct sct_vcpu *v, const struct sct_dict *dict,
                         const struct sct_event_in *e, struct sct_bytes *out)
{
	out->len = 0;
	sct_put_varint(out, e->time_ns);
	sct_put_varint(out, e->icount);
	sct_put_varint(out, e->thread);
	sct_put_u8(out, 0);
	for (unsigned i = 0; i < dict->count; i++) {
		sct_put_le(out, v->values[i], dict->regs[i].size);
		v->told[i] = v->values[i];
	}
	sct_stream_chunk(s, SCT_CHUNK_KEYFRAME, v->index, out->data, out->len);
	v->told_pc = 0;
	v->told_time = e->time_ns;
	v->told_icount = e->icount;
	v->segment = sct_stream_segment(s);
}

static void put_head(struct sct_vcpu *v, const struct sct_event_in *e, struct sct_bytes *out)
{
	uint64_t pc = e->chunk == SCT_CHUNK_SWITCH ? v->told_pc : e->pc;

	sct_put_varint(out, e->time_ns - v->told_time);
	sct_put_varint(out, e->icount - v->told_icount);
	sct_put_zigzag(out, (int64_t)(pc - v->told_pc));
	sct_put_varint(out, e->thread);
	sct_put_u8(out, e->flags);
	sct_put_u8(out, (uint8_t)e->size);
	sct_put(out, e->code, e->size);
	v->told_time = e->time_ns;
	v->told_icount = e->icount;
	v->told_pc = pc;
}

void sct_emit(struct sct_stream *s, struct sct_vcpu *v, const struct sct_dict *dict, const struct sct_event_in *e,
              struct sct_bytes *scratch)
{
	unsigned cr3 = (unsigned)dict->role[SCT_ROLE_CR3];
	bool has_cr3 = dict->role[SCT_ROLE_CR3] >= 0; /* not that of a single program */
	bool is_switch = e->chunk == SCT_CHUNK_SWITCH;

	if (!sct_stream_alive(s))
		return;
	if (v->segment != sct_stream_segment(s))
		put_keyframe(s, v, dict, e, scratch);
	scratch->len = 0;
	put_head(v, e, scratch);
	put_registers(v, is_switch && has_cr3 ? cr3 : 0, !is_switch ? dict->count : has_cr3 ? cr3 + 1 : 0, scratch);
	if (e->lines)
		sct_lines_encode(e->lines, sct_stream_segment(s), has_cr3 ? v->values[cr3] : 0, scratch);
	else if (!is_switch)
		sct_put_varint(scratch, 0);
	sct_stream_chunk(s, e->chunk, v->index, scratch->data, scratch->len);
	sct_stream_count(s, e->chunk == SCT_CHUNK_ENTER);
}
