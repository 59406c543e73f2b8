/* Which instructions enter the kernel.
 * In:  an instruction about to execute, the registers and the memory of its vCPU
 * Out: the way it enters, and the CPU mode
 */
#include "detect.h"

enum { INSN_MAX = 15 };

/* The CPU mode at addr. shown: by other means than registers. Where neither shows it, addresses above 4 GiB may tell:
 * 32-bit code has none. */
static enum sct_mode mode_at(const struct sct_vcpu *v, uint64_t addr, bool user_mode, enum sct_mode shown)
{
	const struct sct_arch *arch = v->machine->arch;
	enum sct_mode mode;

	if (user_mode && arch->program_mode != SCT_MODE_UNKNOWN)
		return arch->program_mode;
	if (shown != SCT_MODE_UNKNOWN)
		return shown;
	mode = sct_arch_mode(arch, &v->regs);
	if (mode == SCT_MODE_UNKNOWN && (addr >> 32 || (v->regs.known >> arch->sp & 1 && v->regs.value[arch->sp] >> 32)))
		return arch->high_mode;
	return mode;
}

/* Looks in the mode of f; where that is unknown, the bytes must be the same entering instruction in all there are. */
static void look(struct sct_insn *insn, const struct sct_arch *arch, struct sct_found *f, const uint8_t *bytes,
                 size_t len)
{
	unsigned size;

	if (f->mode != SCT_MODE_UNKNOWN) {
		f->kind = sct_insn_kind(insn, f->mode, bytes, len, &f->size);
		f->jumps = sct_insn_jumps(insn, f->mode, bytes, len);
		return;
	}
	f->kind = sct_insn_kind(insn, arch->modes[0], bytes, len, &f->size);
	f->jumps = true;
	if (sct_insn_kind(insn, arch->modes[1], bytes, len, &size) != f->kind || size != f->size) {
		f->kind = SCT_INSN_NONE;
		f->size = 0;
	}
}

/* Whether instructions follow that nothing tells of, the one at f not being the last of its block. */
static bool others_follow(const struct sct_found *f, const struct sct_event *e)
{
	return !e->data && e->value && f->kind == SCT_INSN_NONE && !(f->size && f->jumps);
}

static void count(struct sct_detect_counts *counts, const struct sct_found *f, const struct sct_event *e, size_t len)
{
	if (!len || others_follow(f, e))
		counts->unseen++;
	else if (!f->size && f->mode == SCT_MODE_UNKNOWN)
		counts->unknown_mode++;
	else if (f->kind == SCT_INSN_NONE && e->data)
		counts->no_entry++;
}

struct sct_found sct_detect(struct sct_insn *insn, struct sct_vcpu *v, const struct sct_event *e, bool user_mode,
                            struct sct_detect_counts *counts)
{
	struct sct_found f = { .addr = e->addr + (e->data ? e->value : 0), .jumps = true };
	struct sct_mem mem = sct_machine_mem(v);
	uint8_t held[INSN_MAX];
	const uint8_t *bytes = held;
	size_t len;
	bool user;

	if (e->data) {
		bytes = e->data + e->value;
		len = e->len - e->value;
	} else {
		len = mem.read(mem.ctx, f.addr, held, sizeof held);
	}
	f.mode = mode_at(v, f.addr, user_mode, e->reg);
	look(insn, v->machine->arch, &f, bytes, len);
	count(counts, &f, e, len);
	if (f.kind != SCT_INSN_NONE && !user_mode && sct_arch_user(v->machine->arch, &v->regs, &user) && !user) {
		counts->kernel++;
		f.kind = SCT_INSN_NONE;
	}
	return f;
}
