/* The machine: registers and visible memory of each vCPU, kept up to date by events.
 * In:  events
 * Out: register files, running threads, memory as a vCPU sees it
 */
#include "machine_access.h"
#include "machine_shown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More RAM than any recorded guest had: keeps a damaged recording from taking all memory. */
#define RAM_MAX (UINT64_C(64) << 30)

enum { CR0, CR3, CR4, EFER, CONTROLS = SCT_CONTROLS };

void sct_machine_init(struct sct_machine *m, const struct sct_arch *arch, bool program)
{
	static const char *const names[CONTROLS] = { "cr0", "cr3", "cr4", "efer" };

	memset(m, 0, sizeof *m);
	m->arch = arch;
	m->program = program;
	for (unsigned i = 0; i < CONTROLS; i++)
		m->control[i] = sct_arch_reg(arch, names[i]);
	sct_memory_init(&m->ram, RAM_MAX);
	sct_memory_init(&m->local, RAM_MAX);
	m->ram.generation = 1; /* entries of the empty TLB have 0 */
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
	sct_machine_shown_fini(m);
	sct_map_fini(&m->tables);
	sct_memory_fini(&m->local);
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

static uint64_t end_of(const struct sct_seen *s)
{
	return s->addr + s->len;
}

static void see(struct sct_vcpu *v, const struct sct_event *e)
{
	uint64_t room = UINT64_MAX - e->addr;
	uint32_t len = e->len < room ? e->len : (uint32_t)room;

	if (!len)
		return;
	if (v->nseen == v->seen_room) {
		v->seen_room = v->seen_room ? v->seen_room * 2 : 32;
		v->seen = must(realloc(v->seen, v->seen_room * sizeof *v->seen));
	}
	v->unsorted |= v->nseen && e->addr < end_of(&v->seen[v->nseen - 1]);
	v->seen[v->nseen++] = (struct sct_seen){ e->addr, len, (uint32_t)v->nbytes, e->data != NULL, e->reg != 0 };
	if (!e->data)
		return;
	if (v->nbytes + len > v->bytes_room) {
		v->bytes_room = (v->nbytes + len) * 2;
		v->bytes = must(realloc(v->bytes, v->bytes_room));
	}
	memcpy(v->bytes + v->nbytes, e->data, len);
	v->nbytes += len;
}

void sct_machine_unsee(struct sct_vcpu *v)
{
	v->nseen = v->nbytes = v->last = 0;
	v->unsorted = false;
	v->shown = NULL;
}

void sct_machine_enter_space(struct sct_machine *m, const struct sct_vcpu *v)
{
	struct sct_word space = { false, 0 };

	space.known = sct_arch_asid(m->arch, &v->regs, &space.value);
	space.value &= ~m->halves;
	if (space.known && m->space.known && space.value == m->space.value)
		return;
	sct_memory_forget(&m->local);
	m->space = space;
}

void sct_machine_back(struct sct_machine *m)
{
	if (!m->space.known)
		return;
	sct_memory_forget(&m->local);
	m->space.known = false;
}

void sct_machine_compare_code(struct sct_vcpu *v, uint64_t seq, uint64_t addr, const uint8_t *bytes, size_t len)
{
	struct sct_mem mem = sct_machine_mem(v);
	uint8_t held[256];
	size_t n = len < sizeof held ? len : sizeof held;

	if (v->machine->nsnapshots && n && mem.read(mem.ctx, addr, held, n) == n)
		sct_agreement_note(&v->machine->code, seq, addr, bytes, held, n);
}

/* Records are missing: no register, no thread and no memory is known any more. */
static void forget(struct sct_machine *m)
{
	sct_memory_forget(&m->ram);
	sct_memory_forget(&m->local);
	m->constant_only = true;
	m->isolated = false;
	sct_machine_set_backing(m);
	for (unsigned i = 0; i < SCT_MACHINE_VCPUS; i++) {
		if (!m->vcpus[i])
			continue;
		m->vcpus[i]->regs.known = 0;
		m->vcpus[i]->thread.known = m->vcpus[i]->inside.known = false;
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
		m->ram.generation++; /* page tables may be among them */
		break;
	case SCT_EV_ACCESSES:
		sct_machine_access(v, e);
		break;
	case SCT_EV_LOOSE:
		sct_machine_unknow(v, e->addr, e->len);
		break;
	case SCT_EV_ZERO:
		sct_memory_zero(&m->ram, e->addr >> SCT_PAGE_SHIFT, e->value);
		break;
	case SCT_EV_GAP:
		forget(m);
		break;
	}
}

static int by_address(const void *a, const void *b)
{
	const struct sct_seen *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	/* what was readable first, so that the order is the same everywhere */
	return x->readable != y->readable ? y->readable - x->readable : x->at < y->at ? -1 : x->at > y->at;
}

/* Puts the runs in order, each byte in one of them. */
static void sort_runs(struct sct_vcpu *v)
{
	size_t n = 0;

	qsort(v->seen, v->nseen, sizeof *v->seen, by_address);
	for (size_t i = 0; i < v->nseen; i++) {
		struct sct_seen s = v->seen[i];
		uint64_t behind = n ? end_of(&v->seen[n - 1]) : 0;

		if (n && end_of(&s) <= behind)
			continue;
		if (n && s.addr < behind) {
			uint32_t cut = (uint32_t)(behind - s.addr);

			s = (struct sct_seen){ behind, s.len - cut, s.at + cut, s.readable, s.kernel };
		}
		v->seen[n++] = s;
	}
	v->nseen = n;
	v->unsorted = false;
}

/* The run that holds addr, or NULL; *next is then where the next one begins, UINT64_MAX: nowhere. */
static const struct sct_seen *run_at(struct sct_vcpu *v, uint64_t addr, uint64_t *next)
{
	size_t low = 0, high;

	if (v->unsorted)
		sort_runs(v);
	high = v->nseen;
	if (v->last < high && addr - v->seen[v->last].addr < v->seen[v->last].len)
		return &v->seen[v->last];
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (addr - v->seen[middle].addr < v->seen[middle].len) {
			v->last = middle;
			return &v->seen[middle];
		}
		if (v->seen[middle].addr > addr)
			high = middle;
		else
			low = middle + 1;
	}
	*next = low < v->nseen ? v->seen[low].addr : UINT64_MAX;
	return NULL;
}

bool sct_vcpu_paging(const struct sct_vcpu *v, struct sct_paging *p)
{
	uint64_t value[CONTROLS];

	for (unsigned i = 0; i < CONTROLS; i++) {
		const struct sct_reg *r = v->machine->control[i];

		value[i] = 0;
		if (r && sct_regs_get(&v->regs, r, &value[i]))
			continue;
		if (i != EFER || v->machine->arch->word == 8)
			return false; /* a CPU without long mode has no EFER.LMA */
	}
	*p = sct_paging_x86(value[CR0], value[CR3], value[CR4], value[EFER]);
	return true;
}

/* Page-table isolation has two top-level tables a process, one behind the other; this bit of their address tells the
 * program's, which lacks the kernel's memory (arch/x86/mm/pti.c, PTI_PGTABLE_SWITCH_BIT). */
#define ISOLATED (UINT64_C(1) << 12)

bool sct_vcpu_knows_halves(const struct sct_vcpu *v, const struct sct_paging *p)
{
	return !(p->root & ISOLATED) || v->machine->halves & ISOLATED || v->machine->isolated;
}

/* Whether paging's root is the program's table of two: the kernel's has the program's stack at the same place. Without
 * isolation the bit is one of an address, and what lies before the table is anything but tables of this process. */
static bool is_isolated(struct sct_vcpu *v, const struct sct_paging *p)
{
	struct sct_machine *m = v->machine;
	struct sct_paging kernel = *p;
	struct sct_mapping here, there;
	uint64_t sp = v->regs.value[m->arch->sp];

	if (sct_vcpu_knows_halves(v, p))
		return p->root & ISOLATED;
	sct_machine_strayed(v); /* what follows depends on the stack, too */
	kernel.root &= ~ISOLATED;
	if (v->regs.known >> m->arch->sp & 1 && sct_page_walk_x86(p, &m->ram, sp, &here) == SCT_WALK_OK &&
	    sct_page_walk_x86(&kernel, &m->ram, sp, &there) == SCT_WALK_OK)
		m->isolated = here.paddr == there.paddr;
	return m->isolated;
}

/* Bytes of replayed RAM behind a virtual address, as the program or the kernel finds it. */
static size_t read_mapped(struct sct_vcpu *v, bool kernel, uint64_t addr, void *buf, size_t len,
                         enum sct_walk_status *status)
{
	struct sct_machine *m = v->machine;
	struct sct_paging p = { .va_bits = 64 };
	size_t done;

	if (!m->program && !sct_vcpu_paging(v, &p))
		return 0;
	p.walks = m->ram.notes ? &v->walks : NULL;
	done = sct_virt_read(&p, &m->ram, !m->program && !kernel && p.levels, addr, buf, len, status);
	if (done || !kernel || !is_isolated(v, &p))
		return done;
	p.root &= ~ISOLATED;
	return sct_virt_read(&p, &m->ram, false, addr, buf, len, status);
}

static size_t read_paged(struct sct_vcpu *v, bool kernel, uint64_t addr, void *buf, size_t len,
                         enum sct_walk_status *status)
{
	size_t done;

	v->machine->ram.notes = kernel ? sct_machine_notes(v) : NULL;
	done = read_mapped(v, kernel, addr, buf, len, status);
	v->machine->ram.notes = NULL;
	return done;
}

static size_t read_replayed(struct sct_vcpu *v, bool kernel, uint64_t addr, void *buf, size_t len,
                            enum sct_walk_status *status)
{
	struct sct_machine *m = v->machine;
	size_t done;

	*status = SCT_WALK_NOT_RECORDED;
	if (!sct_memory_bytes(&m->ram) && !m->ram.backing.read && !m->space.known)
		return 0;
	done = read_paged(v, kernel, addr, buf, len, status);
	if (done == len || *status != SCT_WALK_NOT_RECORDED || !m->space.known)
		return done;
	sct_machine_enter_space(m, v);
	return done + sct_memory_read(&m->local, addr + done, (uint8_t *)buf + done, len - done);
}

/* What the vCPU was seen to see comes first: devices write RAM without a store that a recorder notices. */
static size_t read_virtual(struct sct_vcpu *v, bool kernel, uint64_t addr, void *buf, size_t len)
{
	enum sct_walk_status status;
	size_t done = 0, n;

	while (done < len) {
		uint64_t at = addr + done, next;
		const struct sct_seen *s = run_at(v, at, &next);

		if (s && s->kernel < kernel)
			sct_machine_strayed(v);
		if (s && s->readable && s->kernel <= kernel) {
			n = (size_t)(end_of(s) - at);
			n = n < len - done ? n : len - done;
			memcpy((uint8_t *)buf + done, v->bytes + s->at + (at - s->addr), n);
			if (s->kernel)
				sct_machine_read_run(v, s->at + (uint32_t)(at - s->addr), n);
		} else {
			n = s ? 0 : next - at < len - done ? (size_t)(next - at) : len - done;
			n = n ? read_replayed(v, kernel, at, (uint8_t *)buf + done, n, &status) : 0;
			if (!n)
				break;
		}
		done += n;
	}
	return done;
}

static const char *why_unknown(struct sct_vcpu *v, bool kernel, uint64_t addr)
{
	uint64_t next;
	const struct sct_seen *s = run_at(v, addr, &next);
	enum sct_walk_status status;
	uint8_t byte;

	if (s && (!s->readable || s->kernel > kernel))
		return "unmapped";
	read_replayed(v, kernel, addr, &byte, 1, &status);
	return status == SCT_WALK_OK ? "not recorded" : sct_page_walk_reason(status);
}

static size_t read_user(void *ctx, uint64_t addr, void *buf, size_t len)
{
	return read_virtual(ctx, false, addr, buf, len);
}

static const char *why_user(void *ctx, uint64_t addr)
{
	return why_unknown(ctx, false, addr);
}

static size_t read_kernel(void *ctx, uint64_t addr, void *buf, size_t len)
{
	return read_virtual(ctx, true, addr, buf, len);
}

static const char *why_kernel(void *ctx, uint64_t addr)
{
	return why_unknown(ctx, true, addr);
}

struct sct_mem sct_machine_mem(struct sct_vcpu *vcpu)
{
	return (struct sct_mem){ read_user, why_user, vcpu };
}

struct sct_mem sct_machine_kernel_mem(struct sct_vcpu *vcpu)
{
	return (struct sct_mem){ read_kernel, why_kernel, vcpu };
}
