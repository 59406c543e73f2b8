/* Events: accesses in batches, registers when they are of use, what devices wrote.
 * In:  what lines told, PANDA's non-determinism log
 * Out: events in the queue
 */
#include <string.h>

#include "trace_panda.h"

static struct sct_event *put(struct sct_pd_reader *r, enum sct_event_kind kind)
{
	struct sct_event *e = &r->queue[r->nqueue++];

	*e = (struct sct_event){ .kind = (uint8_t)kind, .time_ns = SCT_TIME_UNKNOWN };
	return e;
}

/* ---- registers ---------------------------------------------------------------------------------------------- */

static void tell(struct sct_pd_reader *r, unsigned slot, uint64_t value)
{
	struct sct_event *e;

	if (r->told.known >> slot & 1 && r->told.value[slot] == value)
		return;
	sct_regs_set(&r->told, slot, value);
	e = put(r, SCT_EV_REG);
	e->reg = (uint8_t)slot;
	e->value = value;
}

static void tell_asid(struct sct_pd_reader *r)
{
	if (r->survey.whole)
		tell(r, r->asid_slot, r->asid);
}

/* The pc is told by INSN and USER themselves. */
static void tell_registers(struct sct_pd_reader *r)
{
	uint64_t slots = r->dirty & ~(UINT64_C(1) << r->parser.arch->pc);

	for (; slots; slots &= slots - 1) {
		unsigned slot = (unsigned)__builtin_ctzll(slots);

		tell(r, slot, r->parser.regs.value[slot]);
	}
	r->dirty = 0;
}

/* ---- threads ------------------------------------------------------------------------------------------------ */

static void tell_number(struct sct_pd_reader *r, uint64_t number, bool fresh)
{
	struct sct_event *e = put(r, SCT_EV_THREAD);

	e->value = number;
	e->reg = fresh;
	r->threads.told = number;
	r->info.exact_threads = true;
}

static void tell_thread(struct sct_pd_reader *r)
{
	struct sct_pd_threads *t = &r->threads;

	if (t->first)
		tell_number(r, t->first, false);
	t->first = 0;
	if (t->running != t->told)
		tell_number(r, t->running, t->place && t->place->fresh);
	if (t->place)
		t->place->fresh = false;
}

/* ---- accesses ----------------------------------------------------------------------------------------------- */

static void tell_loose(struct sct_pd_reader *r)
{
	const struct sct_pd_batch *b = &r->parser.batch;

	for (unsigned i = b->first; i < b->n; i++) {
		const struct sct_store *s = &b->stores[i];
		struct sct_event *e = put(r, SCT_EV_LOOSE);

		e->reg = s->read;
		e->addr = s->addr;
		e->len = s->len;
		e->data = s->data;
		e->seq = b->seq + s->step;
		memcpy(&e->value, s->data - sizeof e->value, sizeof e->value); /* trace_panda_line.c, digits() */
	}
}

void sct_pd_flush(struct sct_pd_reader *r)
{
	struct sct_pd_batch *b = &r->parser.batch;
	struct sct_event *e;

	if (b->first == b->n)
		return;
	tell_asid(r);
	r->accesses += b->n - b->first;
	if (r->parser.loose) {
		tell_loose(r);
	} else {
		e = put(r, SCT_EV_ACCESSES);
		e->reg = r->kernel;
		e->stores = b->stores + b->first;
		e->len = b->n - b->first;
		e->value = e->len;
		e->seq = b->seq;
	}
	b->first = b->n;
}

/* ---- moments ------------------------------------------------------------------------------------------------ */

void sct_pd_moment(struct sct_pd_reader *r, enum sct_event_kind kind, uint64_t seq, const struct sct_pd_entered *how)
{
	struct sct_event *e;

	sct_pd_flush(r);
	tell_thread(r);
	tell_asid(r);
	tell_registers(r);
	e = put(r, kind);
	e->addr = r->parser.regs.value[r->parser.arch->pc];
	e->seq = seq;
	if (!how)
		return;
	e->data = (const uint8_t *)how->code;
	e->len = how->code ? 2 : 0;
	e->reg = (uint8_t)how->mode;
}

void sct_pd_lost(struct sct_pd_reader *r, const struct sct_err *err, uint64_t bytes)
{
	sct_pd_flush(r);
	r->parser.regs.known = r->told.known = r->dirty = 0;
	r->parser.prefix_words = 0;
	sct_pd_threads_lost(&r->threads);
	sct_pd_gates_lost(&r->gates);
	r->have = r->user_due = false;
	r->damage.bytes += bytes;
	if (!r->hole) {
		put(r, SCT_EV_GAP);
		r->damage.places++;
	}
	r->hole = true;
	if (!r->damage.first.status)
		r->damage.first = *err;
}

/* ---- devices ------------------------------------------------------------------------------------------------ */

int sct_pd_devices_open(struct sct_pd_reader *r, const struct sct_trace_hints *hints, struct sct_err *err)
{
	r->device.seq = UINT64_MAX;
	if (!hints->nondet)
		return SCT_OK;
	if (!r->survey.whole)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET,
		                "a non-determinism log goes with the trace of a whole machine, this one is of a program");
	if (sct_nondet_open(&r->nondet, hints->nondet, hints->ram_size, err) < 0)
		return err->status;
	r->device_used = true;
	r->device.seq = 0;
	return SCT_OK;
}

void sct_pd_devices_end(struct sct_pd_reader *r)
{
	r->device.seq = UINT64_MAX;
	r->device_used = false;
}

/* A damaged log is told; what it would have said of memory is missing from here on. */
static void fetch(struct sct_pd_reader *r)
{
	struct sct_err e, err;
	int rc;

	do
		rc = sct_nondet_next(r->nondet, &r->device, &e);
	while (rc == 1 && !r->device.len);
	r->device_used = false;
	if (rc == 1)
		return;
	sct_pd_devices_end(r);
	if (!rc)
		return;
	r->damage.places++;
	sct_fail(&err, e.status, e.offset, "non-determinism log: %.300s", e.text);
	if (!r->damage.first.status)
		r->damage.first = err;
}

/* Tells the write page by page, as far as there is room for stores. */
static void tell_write(struct sct_pd_reader *r)
{
	struct sct_pd_batch *b = &r->parser.batch;
	struct sct_device_write *w = &r->device;
	struct sct_event *e;

	sct_pd_flush(r);
	e = put(r, SCT_EV_STORES);
	e->stores = b->stores + b->n;
	for (; w->len && b->n < SCT_PD_STORES_ROOM; e->len++) {
		uint32_t room = 4096 - (uint32_t)(w->addr & 4095), len = w->len < room ? w->len : room;

		b->stores[b->n++] = (struct sct_store){ .addr = w->addr, .data = w->data, .len = len };
		w->addr += len;
		w->data += len;
		w->len -= len;
	}
	e->value = e->len;
	b->first = b->n;
}

bool sct_pd_devices(struct sct_pd_reader *r, uint64_t index)
{
	if (r->device_used)
		fetch(r);
	if (r->device.seq == UINT64_MAX || r->device.seq > index)
		return false;
	tell_write(r);
	r->device_used = !r->device.len;
	r->device_writes += r->device_used;
	return true;
}
