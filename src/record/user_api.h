/* What interface version 1 (QEMU 7.2) has and version 4 has not, in our own words; the rest is qemu_api.h's.
 *
 * In:  nothing; the symbols are QEMU's and resolve when it loads the plugin
 * Out: declarations. Version 1's qemu_plugin_insn_data is another function than version 4's: not to be called here
 */
#ifndef SCT_RECORD_USER_API_H
#define SCT_RECORD_USER_API_H

#include "qemu_api.h"

enum { QEMU_API_USER_VERSION = 1 };

/* What linux-user's system calls give for results that never reach the guest (its target_errno_defs.h). */
enum {
	QEMU_RESULT_RESTART = -512,   /* the call is to be made again: the guest's pc goes back to the instruction */
	QEMU_RESULT_SIGRETURN = -513, /* the registers are already what a signal frame holds */
};

/* Before and after linux-user makes a system call of the guest's; 32-bit guests' words are sign-extended. */
typedef void (*qemu_syscall_cb)(uint64_t id, unsigned vcpu, int64_t nr, uint64_t a1, uint64_t a2, uint64_t a3,
                                uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8);
typedef void (*qemu_syscall_ret_cb)(uint64_t id, unsigned vcpu, int64_t nr, int64_t result);

void qemu_plugin_register_vcpu_syscall_cb(uint64_t id, qemu_syscall_cb cb);
void qemu_plugin_register_vcpu_syscall_ret_cb(uint64_t id, qemu_syscall_ret_cb cb);
/* Translated code does op to *data itself, without care for other threads. */
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, enum qemu_op op, void *data, uint64_t value);
/* Where the instruction lies in this process's memory. */
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);

/* The program that was started, as the emulator was told; NULL: none. Memory of the caller's (free). Only where a vCPU
 * runs or its code is translated. */
const char *qemu_plugin_path_to_binary(void);

#endif
