/* An event: one fact of a recording, in time order, independent of the format that it was read from. */
#ifndef SCT_EVENT_H
#define SCT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

/* Events of one vCPU come in the order in which they happened; those of several vCPUs in the recording's order.
 * What a vCPU's registers and visible memory hold at an INSN or USER event is told by the REG and SEEN events of
 * that vCPU before it. */
enum sct_event_kind {
	SCT_EV_REG = 1, /* register `reg` of the vCPU holds `value` from now on */
	SCT_EV_SEEN,    /* the vCPU sees `len` bytes `data` at virtual address `addr`; data NULL: not readable now.
	                   Holds for the next INSN or USER event of this vCPU only. `reg` 1: the kernel's memory, which no
	                   program sees */
	SCT_EV_STORES,  /* the `len` `stores` were made, in this order; `value` of the guest's own, of which
	                   one may tell several */
	SCT_EV_ACCESSES,/* the vCPU made the `len` `stores` at virtual addresses, in this order, in the address space that
	                   it was in; reads are among them. `value` as for STORES; `reg` 1: in kernel mode */
	SCT_EV_LOOSE,   /* the instruction at `value` stored (`reg` 1: read) bytes at virtual address `addr` of which only
	                   `len` hex digits at `data` are known: each byte's leading zero was left out */
	SCT_EV_ZERO,    /* `value` pages of 4096 bytes from guest-physical address `addr` on are zero */
	SCT_EV_INSN,    /* the vCPU is about to execute the `len` bytes `data` at `addr`, in user mode; data NULL: those
	                   that memory holds there. `value` of the bytes come first and are other instructions, whose
	                   effects on registers the recording does not show; without data, 1: others may follow at once
	                   that no event tells. `reg`: the CPU's mode (enum sct_mode), where the recording shows it by
	                   other means than registers; else 0 */
	SCT_EV_USER,    /* the vCPU is back in user mode, about to execute at `addr` */
	SCT_EV_THREAD,  /* the vCPU runs thread `value` from now on; `reg` 1: that thread has never run before */
	SCT_EV_WHO,     /* of the thread that the vCPU runs, from its next INSN on: the fact `reg` (enum sct_fact), in `value`
	                   or the `len` bytes of text `data`. PID comes first: all that does not follow is not known */
	SCT_EV_GAP,     /* records are missing here: what is known of every vCPU and of memory is no longer */
};

/* What a recording itself says of a thread: numbers of its process, itself and its process's parent; the thread's name,
 * the path of the program, the real user id. */
enum sct_fact { SCT_FACT_PID = 1, SCT_FACT_TID, SCT_FACT_PPID, SCT_FACT_COMM, SCT_FACT_EXE, SCT_FACT_UID };

enum { SCT_COMM_MAX = 15, SCT_EXE_MAX = 4095 }; /* bytes, without NULs */

/* Bytes that were written, or seen. Those of STORES lie in one page of 4096. */
struct sct_store {
	uint64_t addr; /* guest-physical; virtual in ACCESSES */
	const uint8_t *data;
	uint32_t len;
	bool read;     /* not written: memory was seen to hold them. Only in ACCESSES */
	uint16_t step; /* ACCESSES: the accessing instruction is number `seq` + step of the recording */
};

struct sct_event {
	uint8_t kind; /* enum sct_event_kind */
	uint8_t reg;  /* REG: slot of the register file (sct_reg.index) */
	uint16_t vcpu;
	uint32_t len;        /* bytes at data; STORES and ACCESSES: how many. An INSN's last instruction has at most 15 */
	uint64_t addr;       /* virtual, for ZERO guest-physical */
	uint64_t value;
	uint64_t seq;        /* INSN, USER, ACCESSES, LOOSE: the record's `seq` (sctrace-decode(1)) */
	uint64_t time_ns;    /* INSN, USER: since the recording began, or SCT_TIME_UNKNOWN */
	union {              /* the reader's; valid until its next `next` */
		const uint8_t *data;
		const struct sct_store *stores;
	};
};

#define SCT_TIME_UNKNOWN UINT64_MAX

#endif
