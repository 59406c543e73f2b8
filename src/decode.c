/* From calls in flight to records.
 * In:  a call at its entry, and how it ended
 * Out: its record, complete
 */
#include "decode.h"

const char *const sct_end_names[SCT_END_COUNT] = {
	[SCT_END_RETURNED] = "returned", [SCT_END_NORETURN] = "noreturn",     [SCT_END_EXEC] = "exec",
	[SCT_END_SIGNAL] = "signal",     [SCT_END_KILLED] = "killed",         [SCT_END_RESTARTED] = "restarted",
	[SCT_END_UNFINISHED] = "unfinished", [SCT_END_LOST] = "lost",
};

void sct_decode_enter(struct sct_decode *d, struct sct_open *open, const struct sct_entry *entry)
{
	struct sct_record *r = &open->record;
	const struct sct_call *call = &open->call;

	r->id = d->next_id++;
	r->cpu = entry->cpu;
	r->asid = (struct sct_word){ open->space_known, open->space };
	r->thread = sct_thread_number(open->thread);
	r->enter = entry->moment;
	r->insn = sct_insn_names[entry->insn];
	r->abi = call->abi->name;
	r->nr = call->nr;
	r->word = call->abi->word;
	r->name = call->proto ? call->proto->name : NULL;
	r->entry = call->proto ? call->proto->entry : NULL;
	open->args = sct_values_enter(call, &entry->mem, &d->view, &open->arena, &r->nargs);
	r->args = open->args;
	r->pid = *sct_thread_pid(open->thread);
	r->tid = *sct_thread_tid(open->thread);
}

void sct_decode_end(struct sct_decode *d, const struct sct_ending *e, const struct sct_moment *moment,
                    const struct sct_mem *mem)
{
	struct sct_open *open = e->open;
	struct sct_record *r = &open->record;
	bool known = e->known && e->end != SCT_END_NORETURN;

	r->end = (uint8_t)e->end;
	if (moment)
		r->ret = *moment;
	r->result = sct_value_result(&open->call, known, e->result, &r->error);
	if (!known)
		r->result.unknown = e->unknown;
	if (e->end != SCT_END_EXEC)
		sct_values_return(&open->call, open->args, r->nargs, known && mem, e->result, mem, &d->view, &open->arena);
}
