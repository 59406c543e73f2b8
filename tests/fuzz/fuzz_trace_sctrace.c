/* Fuzz target: the trace reader. Frames' checksums would keep every mutation from it, so it is given the plain stream.
 * In:  bytes of an unpacked trace
 * Out: nothing, or an abort
 */
#include "../../formats/formats.h"
#include "memory_file.h"

/* The sanitizer finds it when they are not all there. */
static void touch(const uint8_t *data, size_t len)
{
	const volatile uint8_t *bytes = data;

	(void)bytes[0];
	(void)bytes[len - 1];
}

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

static void check(const struct sct_trace *t, const struct sct_event *e)
{
	if (e->kind < SCT_EV_REG || e->kind > SCT_EV_GAP || e->vcpu >= 1024)
		abort();
	if (e->kind == SCT_EV_REG && e->reg >= SCT_REGS_MAX)
		abort();
	if (e->kind == SCT_EV_INSN && e->len > 15)
		abort();
	if (e->kind == SCT_EV_ZERO && (e->addr & 4095 || e->value > (UINT64_C(1) << 52) - (e->addr >> 12)))
		abort();
	if (e->kind == SCT_EV_INSN && t->ops->info(t->state)->arch->word == 4 && e->addr > UINT32_MAX)
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
	struct sct_event events[SCT_BATCH_MIN];
	struct sct_trace t;
	struct sct_err err;
	char path[64];
	int n, fd = memory_file(data, size, path);

	if (sct_trace_open(&t, path, &options, &err) == SCT_OK) {
		while ((n = t.ops->next(t.state, events, SCT_BATCH_MIN, &err)) > 0)
			for (int i = 0; i < n; i++)
				check(&t, &events[i]);
		if (t.ops->damage(t.state)->places && !t.ops->damage(t.state)->first.status)
			abort();
		t.ops->counts(t.state);
		sct_trace_close(&t);
	}
	close(fd);
	return 0;
}
