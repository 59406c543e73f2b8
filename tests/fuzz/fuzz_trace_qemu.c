/* Fuzz target: the reader of QEMU's text logs.
 * In:  bytes of a log
 * Out: nothing, or an abort
 */
#include "trace_fuzz.h"

static void check(const struct sct_trace_info *info, const struct sct_event *e, uint64_t *seq)
{
	(void)info;
	(void)seq;
	if (e->kind != SCT_EV_REG && e->kind != SCT_EV_INSN && e->kind != SCT_EV_USER && e->kind != SCT_EV_THREAD &&
	    e->kind != SCT_EV_GAP)
		abort();
	if (e->vcpu >= 1024 || (e->kind == SCT_EV_REG && e->reg >= SCT_REGS_MAX))
		abort();
	if (e->kind == SCT_EV_INSN && e->data && (e->value > e->len || e->len - e->value > 15))
		abort();
	if (e->kind == SCT_EV_INSN && e->data && e->len)
		touch(e->data, e->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sct_trace_options options = { .format = "qemu-log", .threads = 1 };

	return fuzz_trace(data, size, &options, check);
}
