/* Fuzz target: the reader of PANDA's trace and Tenet's text.
 * In:  text of a trace
 * Out: nothing, or an abort
 */
#include "trace_fuzz.h"

#include <ctype.h>

static void check_accesses(const struct sct_event *e)
{
	if (!e->len)
		abort();
	for (uint32_t i = 0; i < e->len; i++) {
		if (!e->stores[i].data || !e->stores[i].len)
			abort();
		touch(e->stores[i].data, e->stores[i].len);
	}
}

static void check_loose(const struct sct_event *e)
{
	if (!e->len)
		abort();
	for (uint32_t i = 0; i < e->len; i++)
		if (!isxdigit(e->data[i]))
			abort();
}

/* seq: of the last event that has one. */
static void check(const struct sct_trace_info *info, const struct sct_event *e, uint64_t *seq)
{
	if (e->kind == SCT_EV_REG && (e->reg >= SCT_REGS_MAX || e->reg == info->arch->pc))
		abort();
	if (e->kind == SCT_EV_ACCESSES)
		check_accesses(e);
	if (e->kind == SCT_EV_LOOSE)
		check_loose(e);
	if (e->kind != SCT_EV_INSN && e->kind != SCT_EV_USER)
		return;
	if (info->arch->word == 4 && e->addr > UINT32_MAX)
		abort();
	if (info->user_mode && e->kind == SCT_EV_USER)
		abort();
	/* an instruction may be the first in user mode and the one that leaves it */
	if (*seq != UINT64_MAX && (info->user_mode ? e->seq <= *seq : e->seq < *seq))
		abort();
	*seq = e->seq;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sct_trace_options options = { .format = "panda", .threads = 1 };

	return fuzz_trace(data, size, &options, check);
}
