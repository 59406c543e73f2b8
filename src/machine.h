/* The machine: what is known of a guest's vCPUs and memory at one moment of the recording. */
#ifndef SCT_MACHINE_H
#define SCT_MACHINE_H

#include "abi.h"
#include "event.h"
#include "memory.h"
#include "walk.h"

/* A run of bytes that a vCPU saw; data lies in the vCPU's copy. */
struct sct_seen {
	uint64_t addr;
	uint32_t len;
	uint32_t at;   /* offset in the copy */
	bool readable; /* false: not mapped at that moment */
};

struct sct_vcpu {
	struct sct_machine *machine;
	struct sct_regs regs;
	struct sct_word thread; /* the recording's exact number of the running thread */
	struct sct_seen *seen;  /* what the next INSN or USER event may read */
	size_t nseen, seen_room;
	bool unsorted;          /* they are to be put in order of address before the next look */
	uint8_t *bytes;         /* the copy */
	size_t nbytes, bytes_room;
	size_t last;            /* index in seen of the last hit */
};

enum { SCT_MACHINE_VCPUS = 1024 };

/* How often a trace and the replayed memory were held against each other, and where they first disagreed. */
struct sct_agreement {
	uint64_t compared, different;
	uint64_t seq, addr;       /* of the first difference: which instruction, at which virtual address */
	uint8_t len;              /* how many bytes of it follow, at most 16 */
	uint8_t trace[16], memory[16];
};

struct sct_machine {
	const struct sct_arch *arch;
	struct sct_vcpu *vcpus[SCT_MACHINE_VCPUS]; /* allocated when first heard of */
	struct sct_memory ram; /* replayed: what snapshot and stores of the recording show */
	struct sct_agreement reads, code; /* of values that the trace shows to be read, and of instructions' bytes */
	uint64_t unmapped;     /* accesses at addresses that the replayed page tables do not map */
};

void sct_machine_init(struct sct_machine *m, const struct sct_arch *arch);
void sct_machine_fini(struct sct_machine *m);
/* The vCPU of that number; NULL: more than SCT_MACHINE_VCPUS. */
struct sct_vcpu *sct_machine_vcpu(struct sct_machine *m, unsigned number);
/* Takes in what a REG, SEEN, STORES, ZERO, THREAD or GAP event tells. */
void sct_machine_apply(struct sct_machine *m, const struct sct_event *event);
/* Forgets what the vCPU saw: its INSN or USER event has been dealt with. */
void sct_machine_unsee(struct sct_vcpu *vcpu);
/* Memory as that vCPU sees it now; valid as long as the machine. */
struct sct_mem sct_machine_mem(struct sct_vcpu *vcpu);

#endif
