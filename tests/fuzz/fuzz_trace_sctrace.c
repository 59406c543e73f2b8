/* Fuzz target: the trace reader. Frames' checksums would keep every mutation from it, so it is given the plain stream.
 * In:  bytes of an unpacked trace
 * Out: nothing, or an abort
 */
#include "trace_fuzz.h"

static void check_stores(const struct sct_event *e)
{
	if (!e->len || e->value < e->len / 2)
		abort();
	for (uint32_t i = 0; i < e->len; i++) {
		const struct sct_store *s = &e->stores[i];

		if (!s->data || !s->len || (s->addr & 4095) + s->len > 4096)
			abort();
		touch(s->data, s->len);
	}
}

static void check(const struct sct_trace_info *info, const struct sct_event *e, uint64_t *seq)
{
	(void)seq;
	if (e->kind < SCT_EV_REG || e->kind > SCT_EV_GAP || e->vcpu >= 1024)
		abort();
	if (e->kind == SCT_EV_REG && e->reg >= SCT_REGS_MAX)
		abort();
	if (e->kind == SCT_EV_INSN && e->len > 15)
		abort();
	if (e->kind == SCT_EV_ZERO && (e->addr & 4095 || e->value > (UINT64_C(1) << 52) - (e->addr >> 12)))
		abort();
	if (e->kind == SCT_EV_INSN && info->arch->word == 4 && e->addr > UINT32_MAX)
		abort();
	if (e->kind == SCT_EV_WHO && (e->reg < SCT_FACT_PID || e->reg > SCT_FACT_UID || e->len > SCT_EXE_MAX))
		abort();
	if (e->kind == SCT_EV_STORES)
		check_stores(e);
	else if (e->data && e->len)
		touch(e->data, e->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sct_trace_options options = { .format = "sctrace", .threads = 1 };

	return fuzz_trace(data, size, &options, check);
}
