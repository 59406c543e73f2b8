/* The machine: registers and visible memory of each vCPU, kept up to date by events.
 * In:  events
 * Out: register files, running threads, memory as a vCPU sees it
 */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 64 }; /* memory is seen by aligned lines of so many bytes, or more */

/* More RAM than any recorded guest had: keeps a damaged recording from taking all memory. */
#define RAM_MAX (UINT64_C(64) << 30)

void sct_machine_init(struct sct_machine *m, const struct sct_arch *arch)
{
	memset(m, 0, sizeof *m);
	m->arch = arch;
	sct_memory_init(&m->ram, RAM_MAX);
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
	sct_memory_fini(&m->ram);
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
	if (!m->vcpus[number]) {
		m->vcpus[number] = must(calloc(1, sizeof **m->vcpus));
		m->vcpus[number]->machine = m;
	}
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
	sct_memory_forget(&m->ram);
	for (unsigned i = 0; i < SCT_MACHINE_VCPUS; i++) {
		if (!m->vcpus[i])
			continue;
		m->vcpus[i]->regs.known = 0;
		m->vcpus[i]->thread.known = false;
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
		break;
	case SCT_EV_STORES:
		for (uint32_t i = 0; i < e->len; i++)
			sct_memory_store(&m->ram, e->stores[i].addr, e->stores[i].data, e->stores[i].len);
		break;
	case SCT_EV_ZERO:
		sct_memory_zero(&m->ram, e->addr >> SCT_PAGE_SHIFT, e->value);
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

/* How the vCPU translates now; false: the recording does not show its control registers. */
static bool paging(const struct sct_vcpu *v, struct sct_paging *p)
{
	static const char *const names[4] = { "cr0", "cr3", "cr4", "efer" };
	uint64_t value[4];

	for (unsigned i = 0; i < 4; i++) {
		const struct sct_reg *r = sct_arch_reg(v->machine->arch, names[i]);

		if (!r || !sct_regs_get(&v->regs, r, &value[i]))
			return false;
	}
	*p = sct_paging_x86(value[0], value[1], value[2], value[3]);
	return true;
}

/* Bytes of replayed RAM behind a virtual address. */
static size_t read_replayed(struct sct_vcpu *v, uint64_t addr, void *buf, size_t len, enum sct_walk_status *status)
{
	struct sct_paging p;

	*status = SCT_WALK_NOT_RECORDED;
	if (!sct_memory_bytes(&v->machine->ram) || !paging(v, &p))
		return 0;
	return sct_virt_read(&p, &v->machine->ram, addr, buf, len, status);
}

/* What the vCPU was seen to see comes first: devices write RAM without a store that a recorder notices. */
static size_t read_virtual(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct sct_vcpu *v = ctx;
	enum sct_walk_status status;
	size_t done = 0, n;

	while (done < len) {
		const struct sct_seen *s = run_at(v, addr + done);

		if (s && s->readable) {
			size_t skip = (size_t)(addr + done - s->addr);

			n = s->len - skip < len - done ? s->len - skip : len - done;
			memcpy((uint8_t *)buf + done, v->bytes + s->at + skip, n);
		} else {
			/* up to the next line, where something may have been seen again */
			n = LINE - (addr + done) % LINE < len - done ? LINE - (addr + done) % LINE : len - done;
			n = s ? 0 : read_replayed(v, addr + done, (uint8_t *)buf + done, n, &status);
			if (!n)
				break;
		}
		done += n;
	}
	return done;
}

static const char *why_unknown(void *ctx, uint64_t addr)
{
	struct sct_vcpu *v = ctx;
	const struct sct_seen *s = run_at(v, addr);
	enum sct_walk_status status;
	uint8_t byte;

	if (s && !s->readable)
		return "unmapped";
	read_replayed(v, addr, &byte, 1, &status);
	return status == SCT_WALK_OK ? "not recorded" : sct_page_walk_reason(status);
}

struct sct_mem sct_machine_mem(struct sct_vcpu *vcpu)
{
	return (struct sct_mem){ read_virtual, why_unknown, vcpu };
}
