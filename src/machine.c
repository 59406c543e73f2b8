/* The machine: registers and visible memory of each vCPU, kept up to date by events.
 * In:  events
 * Out: register files, running threads, memory as a vCPU sees it
 */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sct_machine_init(struct sct_machine *m, const struct sct_arch *arch)
{
	memset(m, 0, sizeof *m);
	m->arch = arch;
}

void sct_machine_fini(struct sct_machine *m)
{
	for (unsigned i = 0; i < SCT_MACHINE_VCPUS; i++) {
		if (!m->vcpus[i])
			continue;
		free(m->vcpus[i]->seen);
		free(m->vcpus[i]->bytes);
		free(m->vcpus[i]);
		m->vcpus[i] = NULL;
	}
}

static void *must(void *p)
{
	if (!p) {
		fputs("sctrace: out of memory\n", stderr);
		abort();
	}
	return p;
}

struct sct_vcpu *sct_machine_vcpu(struct sct_machine *m, unsigned number)
{
	if (number >= SCT_MACHINE_VCPUS)
		return NULL;
	if (!m->vcpus[number])
		m->vcpus[number] = must(calloc(1, sizeof **m->vcpus));
	return m->vcpus[number];
}

static void see(struct sct_vcpu *v, const struct sct_event *e)
{
	if (v->nseen == v->seen_room) {
		v->seen_room = v->seen_room ? v->seen_room * 2 : 32;
		v->seen = must(realloc(v->seen, v->seen_room * sizeof *v->seen));
	}
	v->seen[v->nseen++] = (struct sct_seen){ e->addr, e->len, (uint32_t)v->nbytes, e->data != NULL };
	if (!e->data)
		return;
	if (v->nbytes + e->len > v->bytes_room) {
		v->bytes_room = (v->nbytes + e->len) * 2;
		v->bytes = must(realloc(v->bytes, v->bytes_room));
	}
	memcpy(v->bytes + v->nbytes, e->data, e->len);
	v->nbytes += e->len;
}

void sct_machine_unsee(struct sct_vcpu *v)
{
	v->nseen = v->nbytes = v->last = 0;
}

/* Records are missing: no register, no thread and no memory is known any more. */
static void forget(struct sct_machine *m)
{
	for (unsigned i = 0; i < SCT_MACHINE_VCPUS; i++) {
		if (!m->vcpus[i])
			continue;
		m->vcpus[i]->regs.known = 0;
		m->vcpus[i]->thread.known = false;
		m->vcpus[i]->born = false;
		sct_machine_unsee(m->vcpus[i]);
	}
}

void sct_machine_apply(struct sct_machine *m, const struct sct_event *e)
{
	struct sct_vcpu *v = sct_machine_vcpu(m, e->vcpu);

	if (!v)
		return;
	switch (e->kind) {
	case SCT_EV_REG:
		sct_regs_set(&v->regs, e->reg, e->value);
		break;
	case SCT_EV_SEEN:
		see(v, e);
		break;
	case SCT_EV_THREAD:
		v->thread = (struct sct_word){ true, e->value };
		v->born = e->reg;
		break;
	case SCT_EV_GAP:
		forget(m);
		break;
	}
}

/* The run that holds addr, or NULL. */
static const struct sct_seen *run_at(struct sct_vcpu *v, uint64_t addr)
{
	for (size_t i = 0; i < v->nseen; i++) {
		size_t k = (v->last + i) % v->nseen;

		if (addr - v->seen[k].addr < v->seen[k].len) {
			v->last = k;
			return &v->seen[k];
		}
	}
	return NULL;
}

static size_t read_seen(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct sct_vcpu *v = ctx;
	size_t done = 0;

	while (done < len) {
		const struct sct_seen *s = run_at(v, addr + done);
		size_t skip, n;

		if (!s || !s->readable)
			break;
		skip = (size_t)(addr + done - s->addr);
		n = s->len - skip < len - done ? s->len - skip : len - done;
		memcpy((uint8_t *)buf + done, v->bytes + s->at + skip, n);
		done += n;
	}
	return done;
}

static const char *why_unseen(void *ctx, uint64_t addr)
{
	const struct sct_seen *s = run_at(ctx, addr);

	return s && !s->readable ? "unmapped" : "not recorded";
}

struct sct_mem sct_machine_mem(struct sct_vcpu *vcpu)
{
	return (struct sct_mem){ read_seen, why_unseen, vcpu };
}
