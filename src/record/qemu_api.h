/* The functions and types of QEMU's plugin interface that the recorder uses, declared in our own words.
 *
 * In:  nothing; the symbols are QEMU's and resolve when it loads the plugin
 * Out: declarations as of interface version 4 (QEMU 10.0; docs/devel/tcg-plugins.rst is its manual)
 */
#ifndef SCT_RECORD_QEMU_API_H
#define SCT_RECORD_QEMU_API_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QEMU_API_VERSION = 4 };

#define QEMU_VISIBLE __attribute__((visibility("default")))

struct qemu_plugin_tb;         /* a block of guest code under translation */
struct qemu_plugin_insn;       /* one instruction of it */
struct qemu_plugin_register;   /* handle of a register */
struct qemu_plugin_scoreboard; /* an array with one element for each vCPU, addressable from translated code */
struct qemu_plugin_hwaddr;     /* where a memory access went; valid inside the callback */

/* What QEMU tells a plugin about itself and the guest when it loads it. */
struct qemu_info {
	const char *target_name; /* "x86_64" */
	struct {
		int min, cur; /* interface versions that this QEMU serves */
	} version;
	bool system_emulation; /* a machine, else one program */
	int smp_vcpus, max_vcpus; /* machine only */
};

/* One uint64_t of each element of a scoreboard. */
struct qemu_u64 {
	struct qemu_plugin_scoreboard *score;
	size_t offset;
};

/* Element of the array that qemu_plugin_get_registers returns. */
struct qemu_reg_desc {
	struct qemu_plugin_register *handle;
	const char *name, *feature;
};

/* The value of the access that a memory callback is about; value is little-endian in host order. */
struct qemu_mem_value {
	int type; /* log2 of the bytes */
	union {
		uint8_t u8;
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;
		struct {
			uint64_t low, high;
		} u128;
	} data;
};

enum qemu_cb_flags { QEMU_NO_REGS, QEMU_R_REGS };  /* whether a callback reads registers */
enum qemu_mem_rw { QEMU_MEM_R = 1, QEMU_MEM_W = 2 };
enum qemu_op { QEMU_OP_ADD, QEMU_OP_STORE };       /* what translated code does to a qemu_u64 by itself */
enum qemu_cond { QEMU_COND_NE = 3 };

typedef void (*qemu_simple_cb)(uint64_t id);
typedef void (*qemu_vcpu_cb)(uint64_t id, unsigned vcpu);
typedef void (*qemu_udata_cb)(uint64_t id, void *data);
typedef void (*qemu_trans_cb)(uint64_t id, struct qemu_plugin_tb *tb);
typedef void (*qemu_exec_cb)(unsigned vcpu, void *data);
typedef void (*qemu_mem_cb)(unsigned vcpu, uint32_t info, uint64_t vaddr, void *data);

/* Forgets all callbacks and translations; cb runs while all vCPUs stand still, and registers anew. */
void qemu_plugin_reset(uint64_t id, qemu_simple_cb cb);
void qemu_plugin_register_vcpu_init_cb(uint64_t id, qemu_vcpu_cb cb);
void qemu_plugin_register_vcpu_idle_cb(uint64_t id, qemu_vcpu_cb cb);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, qemu_trans_cb cb);
void qemu_plugin_register_flush_cb(uint64_t id, qemu_simple_cb cb);
void qemu_plugin_register_atexit_cb(uint64_t id, qemu_udata_cb cb, void *data);

void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, qemu_exec_cb cb, enum qemu_cb_flags flags,
                                          void *data);
void qemu_plugin_register_vcpu_tb_exec_cond_cb(struct qemu_plugin_tb *tb, qemu_exec_cb cb, enum qemu_cb_flags flags,
                                               enum qemu_cond cond, struct qemu_u64 entry, uint64_t value, void *data);
void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(struct qemu_plugin_tb *tb, enum qemu_op op,
                                                       struct qemu_u64 entry, uint64_t value);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_exec_cb cb, enum qemu_cb_flags flags,
                                            void *data);
void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(struct qemu_plugin_insn *insn, enum qemu_op op,
                                                         struct qemu_u64 entry, uint64_t value);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qemu_mem_cb cb, enum qemu_cb_flags flags,
                                      enum qemu_mem_rw rw, void *data);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *dest, size_t len);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

unsigned qemu_plugin_mem_size_shift(uint32_t info);
struct qemu_mem_value qemu_plugin_mem_get_value(uint32_t info);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t info, uint64_t vaddr);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *haddr);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *haddr);

int qemu_plugin_num_vcpus(void);
GArray *qemu_plugin_get_registers(void);
/* Appends the register's bytes to buf and returns how many, 0 or less when it cannot be read. */
int qemu_plugin_read_register(struct qemu_plugin_register *reg, GByteArray *buf);
/* Sets data to len bytes of the current vCPU's virtual memory; false: not mapped. */
bool qemu_plugin_read_memory_vaddr(uint64_t addr, GByteArray *data, size_t len);

struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t element_size);
uint64_t qemu_plugin_u64_get(struct qemu_u64 entry, unsigned vcpu);
void qemu_plugin_u64_set(struct qemu_u64 entry, unsigned vcpu, uint64_t value);

#endif
