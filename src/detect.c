/* Which instructions enter the kernel.
 * In:  an instruction about to execute, the registers of its vCPU
 * Out: the way it enters, and the CPU mode
 */
#include "detect.h"

enum sct_insn_kind sct_detect(struct sct_insn *insn, const struct sct_machine *m, const struct sct_vcpu *v,
                              const struct sct_event *e, bool user_mode, enum sct_mode *mode,
                              unsigned *size, struct sct_detect_counts *counts)
{
	enum sct_insn_kind kind;
	bool user;

	if (user_mode)
		*mode = m->arch->word == 8 ? SCT_MODE_64 : SCT_MODE_32;
	else
		*mode = sct_arch_mode(m->arch, &v->regs);
	if (*mode == SCT_MODE_UNKNOWN) {
		counts->unknown_mode++;
		return SCT_INSN_NONE;
	}
	kind = sct_insn_kind(insn, *mode, e->data, e->len, size);
	if (kind == SCT_INSN_NONE) {
		counts->no_entry++;
		return kind;
	}
	if (!user_mode && sct_arch_user(m->arch, &v->regs, &user) && !user) {
		counts->kernel++;
		return SCT_INSN_NONE;
	}
	return kind;
}
