/* Fuzz target: the reader of the execlog plugin's output.
 * In:  text of a log
 * Out: nothing, or an abort
 */
#include "trace_fuzz.h"

/* What a reader of events may rely on. seq: of the last event that has one. */
static void check(const struct sct_trace_info *info, const struct sct_event *e, uint64_t *seq)
{
	if (e->vcpu >= 1024 || (e->kind == SCT_EV_REG && (e->reg >= SCT_REGS_MAX || e->reg == info->arch->pc)))
		abort();
	if (e->kind != SCT_EV_INSN && e->kind != SCT_EV_USER)
		return;
	if (info->arch->word == 4 && e->addr > UINT32_MAX)
		abort();
	if (e->kind == SCT_EV_USER ? info->user_mode : !e->data || !e->len || e->len > 4)
		abort();
	if (*seq != UINT64_MAX && e->seq < *seq)
		abort();
	*seq = e->seq;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sct_trace_options options = { .format = "execlog", .threads = 1,
		                                       .hints.arch = size % 2 ? &sct_arch_i386 : &sct_arch_x86_64 };

	return fuzz_trace(data, size, &options, check);
}
