/* What the plugin knows of a vCPU: its registers by name, and the state that its next event is encoded against.
 *
 * In:  QEMU's register interface
 * Out: a dictionary of registers, the same for all vCPUs, and their values
 */
#ifndef SCT_RECORD_GUEST_H
#define SCT_RECORD_GUEST_H

#include <stdatomic.h>

#include "../arch.h"
#include "bytes.h"
#include "qemu_api.h"

enum { SCT_GUEST_REGS = 40 };

/* Registers that callbacks ask for by role, as positions in the dictionary. */
enum sct_role { SCT_ROLE_SP, SCT_ROLE_CS, SCT_ROLE_CR0, SCT_ROLE_CR3, SCT_ROLE_EFER, SCT_ROLE_CR4, SCT_ROLES };

/* The registers that are recorded: filled from the first vCPU, then the same for all. */
struct sct_dict {
	const struct sct_arch *arch;
	unsigned count;
	struct {
		const char *name;
		uint8_t size; /* bytes */
		const struct sct_reg *reg; /* of the architecture; NULL: it keeps none of that name */
	} regs[SCT_GUEST_REGS];
	int role[SCT_ROLES];
	int general[16]; /* general registers by their number in instructions (Intel SDM 2A 2.1.5); -1: none */
};

struct sct_thread;

struct sct_vcpu {
	unsigned index;
	struct qemu_plugin_register *handles[SCT_GUEST_REGS], *pc;
	GByteArray *buf;
	uint64_t values[SCT_GUEST_REGS]; /* as of the last sct_vcpu_read */
	/* what the next event's deltas are against */
	uint64_t told[SCT_GUEST_REGS], told_pc, told_time, told_icount;
	uint32_t segment;           /* in which a KEYFRAME stands; UINT32_MAX: in none */
	struct sct_thread *thread;  /* who runs here; NULL: not known */
	struct sct_bytes blocks, stores; /* chunks being filled */
	struct sct_translation *pages;   /* level full: physical pages that the STORE chunk being filled has told */
	uint32_t pages_round;
	uint64_t last_block, last_store; /* what their next delta is against */
	atomic_flag held;           /* somebody is at these collections */
	unsigned tick;              /* of the stream when they were last taken in */
};

/* Finds the registers of the vCPU whose callback this is. *dict is filled when it is empty. NULL: no memory, or this
 * QEMU lacks a register that recording needs. */
struct sct_vcpu *sct_vcpu_new(unsigned index, struct sct_dict *dict);
/* One register, now. False: it could not be read. */
bool sct_vcpu_reg(struct sct_vcpu *v, struct qemu_plugin_register *handle, uint64_t *value);
/* All registers of the dictionary into v->values. */
void sct_vcpu_read(struct sct_vcpu *v, const struct sct_dict *dict);
/* The program counter register: inside a block it may still hold the block's start. */
uint64_t sct_vcpu_pc(struct sct_vcpu *v);
/* Privilege level 0 to 3; -1: not known (real mode, virtual-8086 mode). Reads the registers it needs. */
int sct_vcpu_cpl(struct sct_vcpu *v, const struct sct_dict *dict);
/* A dictionary value by role; 0 where there is no such register. */
uint64_t sct_vcpu_role(const struct sct_vcpu *v, const struct sct_dict *dict, enum sct_role role);
/* Whether a program can have memory at addr, by the CPU mode in v->values: the kernel refuses pointers into its own
 * part, which QEMU reads like any other where page tables are not isolated. */
bool sct_vcpu_may_be_user(const struct sct_vcpu *v, const struct sct_dict *dict, uint64_t addr);
/* The values as the decoder's register file. */
void sct_vcpu_regs(const struct sct_vcpu *v, const struct sct_dict *dict, struct sct_regs *regs);

#endif
