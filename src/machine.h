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
	bool kernel;   /* the kernel's: no program sees it */
};

struct sct_vcpu {
	struct sct_machine *machine;
	struct sct_regs regs;
	struct sct_word thread; /* the recording's exact number of the running thread */
	struct sct_word inside; /* id of the call that it has entered the kernel with and not come back from */
	struct sct_seen *seen;  /* what the next INSN or USER event may read */
	size_t nseen, seen_room;
	bool unsorted;          /* they are to be put in order of address before the next look */
	uint8_t *bytes;         /* the copy */
	size_t nbytes, bytes_room;
	size_t last;            /* index in seen of the last hit */
	struct sct_walks walks; /* of the kernel's addresses at a moment that has a number */
	struct sct_kernel_shown *shown; /* what this moment's memory of the kernel was numbered by; NULL: it was not */
};

enum { SCT_MACHINE_VCPUS = 1024 };

/* How often a trace and the replayed memory were held against each other, and where they first disagreed. */
struct sct_agreement {
	uint64_t compared, different;
	uint64_t seq, addr;       /* of the first difference: which instruction, at which virtual address */
	uint8_t len;              /* how many bytes of it follow, at most 16 */
	uint8_t trace[16], memory[16];
};

enum {
	SCT_TLB_SIZE = 1024, /* a power of two */
	SCT_CONTROLS = 4,    /* registers that tell how a vCPU translates */
	SCT_SHOWN_SLOTS = 256, /* of moments whose kernel's memory is kept to know it again */
};

/* A translation that is kept; empty: generation 0. */
struct sct_tlb {
	uint64_t vpage, root, generation, page;
	uint8_t *data; /* the page's bytes; NULL: not all of them are known */
	bool part;     /* but some were */
	bool table;    /* the page holds page tables */
};

struct sct_snapshot;

struct sct_machine {
	const struct sct_arch *arch;
	const struct sct_reg *control[SCT_CONTROLS]; /* cr0, cr3, cr4, efer */
	bool program;          /* one program: ram is its memory, by virtual address */
	const struct sct_snapshot *snapshots;
	size_t nsnapshots;
	struct sct_word start; /* where the recording begins */
	bool constant_only;    /* stores have been missed: of snapshots only what nobody can write is still so */
	struct sct_vcpu *vcpus[SCT_MACHINE_VCPUS]; /* allocated when first heard of */
	struct sct_memory ram; /* replayed: what snapshot and stores of the recording show */
	struct sct_tlb tlb[SCT_TLB_SIZE];
	struct sct_map tables; /* pages of ram that translations in tlb came from */
	struct sct_memory local; /* by virtual address of one address space: what was accessed since the kernel last
	                            returned, where page tables are not known */
	struct sct_word space; /* the one that local is of */
	struct sct_kernel_shown *shown; /* SCT_SHOWN_SLOTS; NULL: none was asked for */
	uint64_t nshown;
	bool isolated;         /* the guest's kernel was seen to isolate its page tables, which it does always or never */
	uint64_t halves;       /* bit of its number that is the same for user and kernel mode; 0: none */
	struct sct_agreement code, reads; /* of instructions' bytes, and of values that the trace shows to be read */
	struct sct_agreement kernel_reads; /* in kernel mode: what the CPU itself stores there (interrupt frames, bits of page
	                                      tables) no trace shows, so they differ here and there */
	uint64_t unmapped;     /* accesses at addresses that the replayed page tables do not map */
};

/* program: the recording is of one program and shows its virtual memory, no kernel. */
void sct_machine_init(struct sct_machine *m, const struct sct_arch *arch, bool program);
void sct_machine_fini(struct sct_machine *m);
/* Puts snapshots under the memory, a later one on top of those before; they outlive the machine. */
void sct_machine_set_snapshots(struct sct_machine *m, const struct sct_snapshot *snapshots, size_t count);
/* Puts what snapshots still tell under the memory, after it was forgotten. */
void sct_machine_set_backing(struct sct_machine *m);
/* Notes where the recording begins: a program's core file from elsewhere tells of constant memory only. Gives the vCPUs
 * the control registers of the last snapshot that has CPUs, and the general ones too where its first
 * CPU stood at first_pc: then it is of the moment at which the trace begins. Returns whether it was. */
bool sct_machine_seed(struct sct_machine *m, const struct sct_word *first_pc);
/* Stores may have been missed: what is known of writable memory is known no longer. Whole snapshots' constant parts
 * (a program's code and read-only data) stay. */
void sct_machine_missed_stores(struct sct_machine *m);
/* The vCPU is back in user mode and its event has been dealt with: ends what is known only for the time of a call. */
void sct_machine_back(struct sct_machine *m);
/* Holds an instruction's bytes of the trace against memory, counting in m->code. */
void sct_machine_compare_code(struct sct_vcpu *vcpu, uint64_t seq, uint64_t addr, const uint8_t *bytes, size_t len);
/* The vCPU of that number; NULL: more than SCT_MACHINE_VCPUS. */
struct sct_vcpu *sct_machine_vcpu(struct sct_machine *m, unsigned number);
/* How the vCPU translates now; false: the recording does not show its control registers. */
bool sct_vcpu_paging(const struct sct_vcpu *v, struct sct_paging *p);
/* Whether it is known which half of a process's tables paging's are, where the kernel may isolate them. */
bool sct_vcpu_knows_halves(const struct sct_vcpu *v, const struct sct_paging *p);
/* Takes in what a REG, SEEN, STORES, ACCESSES, LOOSE, ZERO, THREAD or GAP event tells. */
void sct_machine_apply(struct sct_machine *m, const struct sct_event *event);
/* Forgets what the vCPU saw: its INSN or USER event has been dealt with. */
void sct_machine_unsee(struct sct_vcpu *vcpu);
/* Memory as the program on that vCPU sees it now; valid as long as the machine. */
struct sct_mem sct_machine_mem(struct sct_vcpu *vcpu);
/* The same as the kernel would see it if it ran there. */
struct sct_mem sct_machine_kernel_mem(struct sct_vcpu *vcpu);
/* A number of what sct_machine_kernel_mem shows of that vCPU now: where a later moment has the same number, every read
 * that is made of it from now to the moment's end (sct_machine_unsee) gives the same. 0: none of this moment. */
uint64_t sct_machine_kernel_shown(struct sct_vcpu *vcpu);

#endif
