/* Fuzz target: the reader of QEMU's text logs.
 * In:  bytes of a log
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

static void check(const struct sct_event *e)
{
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
	struct sct_event events[SCT_BATCH_MIN];
	struct sct_trace t;
	struct sct_err err;
	char path[64];
	int n, fd = memory_file(data, size, path);

	if (sct_trace_open(&t, path, &options, &err) == SCT_OK) {
		while ((n = t.ops->next(t.state, events, SCT_BATCH_MIN, &err)) > 0)
			for (int i = 0; i < n; i++)
				check(&events[i]);
		if (t.ops->damage(t.state)->places && !t.ops->damage(t.state)->first.status)
			abort();
		t.ops->counts(t.state);
		sct_trace_close(&t);
	}
	close(fd);
	return 0;
}
