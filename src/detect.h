/* Which instructions enter the kernel. */
#ifndef SCT_DETECT_H
#define SCT_DETECT_H

#include "insn.h"
#include "machine.h"

/* What was looked at and was no call, for -v. */
struct sct_detect_counts {
	uint64_t kernel;       /* entering instructions that ran in kernel mode */
	uint64_t unknown_mode; /* the registers do not show the CPU mode: what the bytes mean is unknown */
	uint64_t no_entry;     /* a recorder took it for an entering instruction, Capstone does not */
	uint64_t unseen;       /* instructions whose bytes neither trace nor memory shows */
};

/* The instruction of an INSN event. */
struct sct_found {
	enum sct_insn_kind kind; /* SCT_INSN_NONE: it does not enter the kernel, or not from user mode */
	enum sct_mode mode;      /* SCT_MODE_UNKNOWN: the instruction is the same in all */
	unsigned size;           /* bytes; 0: what instruction it is, is not known */
	bool jumps;              /* control may go elsewhere than behind it */
	uint64_t addr;
};

/* Looks at the last instruction that event tells. user_mode: the recording is of one program under an emulator,
 * whose mode is its architecture's. */
struct sct_found sct_detect(struct sct_insn *insn, struct sct_vcpu *vcpu, const struct sct_event *event, bool user_mode,
                            struct sct_detect_counts *counts);

#endif
