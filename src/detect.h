/* Which instructions enter the kernel. */
#ifndef SCT_DETECT_H
#define SCT_DETECT_H

#include "insn.h"
#include "machine.h"

/* What was looked at and was no call, for -v. */
struct sct_detect_counts {
	uint64_t kernel;       /* entering instructions that ran in kernel mode */
	uint64_t unknown_mode; /* the registers do not show the CPU mode: what the bytes mean is unknown */
	uint64_t no_entry;     /* a reader took it for an entering instruction, Capstone does not */
};

/* What the instruction of an INSN event does, in which mode, and its length; SCT_INSN_NONE: it does not enter the kernel from user
 * mode. user_mode: the recording is of one program under an emulator, whose mode is its architecture's. */
enum sct_insn_kind sct_detect(struct sct_insn *insn, const struct sct_machine *m, const struct sct_vcpu *vcpu,
                              const struct sct_event *event, bool user_mode, enum sct_mode *mode,
                              unsigned *size, struct sct_detect_counts *counts);

#endif
