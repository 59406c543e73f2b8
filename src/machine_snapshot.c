/* What snapshots tell the machine: memory and registers at the recording's start.
 * In:  opened snapshots
 * Out: bytes under the replayed memory, registers that the trace does not show
 */
#include "../formats/formats.h"
#include "machine.h"

#define CR0_PG (UINT64_C(1) << 31)   /* paging is on: Intel SDM 3A 2.5 */
#define EFER_LMA (UINT64_C(1) << 10) /* long mode is active: Intel SDM 3A 2.2.1 */

/* Index of the first range that begins behind addr; the one before it may hold addr. */
static size_t behind(const struct sct_snapshot_info *info, uint64_t addr)
{
	size_t low = 0, high = info->nranges;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (info->ranges[middle].addr > addr)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Whether stores that were missed cannot have changed memory at addr: a program's code and constant data. What a
 * machine has in its RAM may have been replaced as a whole. */
static bool is_constant(const struct sct_machine *m, const struct sct_snapshot_info *info, uint64_t addr)
{
	size_t i = behind(info, addr);

	return m->program && i && addr - info->ranges[i - 1].addr < info->ranges[i - 1].size &&
	       !(info->ranges[i - 1].flags & SCT_RANGE_WRITE);
}

/* Whether none of the threads of a program's core file stood where the recording begins. */
static bool is_of_elsewhere(const struct sct_machine *m, const struct sct_snapshot_info *info)
{
	for (unsigned i = 0; i < info->ncpus; i++)
		if (!(info->cpus[i].known >> m->arch->pc & 1) || info->cpus[i].value[m->arch->pc] == m->start.value)
			return false;
	return m->start.known;
}

/* A program's file tells what its writable memory was when it was loaded, not when the recording began. A raw image is
 * what its user says. */
static bool is_of_moment(const struct sct_machine *m, const struct sct_snapshot_info *info)
{
	return !m->constant_only && (!info->program || (info->ncpus && !is_of_elsewhere(m, info)));
}

/* len, or less where the next range begins. */
static size_t up_to_next(const struct sct_snapshot_info *info, uint64_t addr, size_t len)
{
	size_t i = behind(info, addr);

	return i < info->nranges && info->ranges[i].addr - addr < len ? (size_t)(info->ranges[i].addr - addr) : len;
}

static size_t read_snapshots(void *ctx, uint64_t addr, void *buf, size_t len)
{
	const struct sct_machine *m = ctx;

	for (size_t i = m->nsnapshots; i--; ) {
		const struct sct_snapshot *s = &m->snapshots[i];
		const struct sct_snapshot_info *info = sct_snapshot_info(s);
		size_t n = 0;

		len = up_to_next(info, addr, len); /* where it has something on top of those below */
		if (is_of_moment(m, info) || is_constant(m, info, addr))
			n = s->ops->read(s->state, addr, buf, len);
		if (n)
			return n;
	}
	return 0;
}

void sct_machine_set_backing(struct sct_machine *m)
{
	if (m->nsnapshots && (m->program || !m->constant_only))
		sct_memory_set_backing(&m->ram, (struct sct_backing){ read_snapshots, m });
}

void sct_machine_set_snapshots(struct sct_machine *m, const struct sct_snapshot *snapshots, size_t count)
{
	m->snapshots = snapshots;
	m->nsnapshots = count;
	sct_machine_set_backing(m);
}

void sct_machine_missed_stores(struct sct_machine *m)
{
	if (m->constant_only && !sct_memory_bytes(&m->ram))
		return;
	m->constant_only = true;
	sct_memory_forget(&m->ram);
	sct_machine_set_backing(m);
}

/* Before a kernel has paging on, it makes no system calls possible: the control registers will be others by then, and
 * when they change not every trace tells. */
static bool will_change(const struct sct_machine *m, const struct sct_regs *from)
{
	const struct sct_reg *cr0 = m->control[0];
	uint64_t value;

	return cr0 && sct_regs_get(from, cr0, &value) && !(value & CR0_PG);
}

/* Registers that tell how the vCPU translates, and, where general says so, those below the program counter. */
static void seed(struct sct_machine *m, struct sct_vcpu *v, const struct sct_regs *from, bool general)
{
	uint64_t mask = general ? (UINT64_C(1) << m->arch->pc) - 1 : 0;

	for (unsigned i = 0; i < SCT_CONTROLS && !will_change(m, from); i++)
		if (m->control[i])
			mask |= UINT64_C(1) << m->control[i]->index;
	for (unsigned i = 0; i < SCT_REGS_MAX; i++)
		if (mask & from->known & ~v->regs.known & UINT64_C(1) << i)
			sct_regs_set(&v->regs, i, from->value[i]);
}

/* Dumps have no EFER, but they call a machine x86_64 only where it is in long mode (QEMU's cpu_get_dump_info, in
 * target/i386/arch_dump.c, asks for that; a kernel's own dump is of a 64-bit kernel). */
static void seed_long_mode(const struct sct_machine *m, struct sct_vcpu *v, const struct sct_regs *from)
{
	const struct sct_reg *efer = sct_arch_reg(m->arch, "efer");

	if (m->arch == &sct_arch_x86_64 && !((from->known | v->regs.known) >> efer->index & 1))
		sct_regs_set(&v->regs, efer->index, EFER_LMA);
}

bool sct_machine_seed(struct sct_machine *m, const struct sct_word *first_pc)
{
	m->start = *first_pc;
	for (size_t i = m->nsnapshots; i--; ) {
		const struct sct_snapshot_info *info = sct_snapshot_info(&m->snapshots[i]);
		bool same;

		if (!info->ncpus || info->arch != m->arch)
			continue;
		same = first_pc->known && info->cpus[0].known >> m->arch->pc & 1 &&
		       info->cpus[0].value[m->arch->pc] == first_pc->value;
		for (unsigned k = 0; k < info->ncpus && k < SCT_MACHINE_VCPUS; k++) {
			seed(m, sct_machine_vcpu(m, k), &info->cpus[k], same);
			seed_long_mode(m, sct_machine_vcpu(m, k), &info->cpus[k]);
		}
		return same;
	}
	return false;
}
