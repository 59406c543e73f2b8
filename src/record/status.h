/* What the plugin tells the launcher while and after it runs: one page of memory that both map.
 *
 * In:  counters, written by the plugin only
 * Out: the launcher's progress line and summary, right even when QEMU was killed
 */
#ifndef SCT_RECORD_STATUS_H
#define SCT_RECORD_STATUS_H

#include <stdatomic.h>
#include <stdint.h>

#define SCT_STATUS_MAGIC UINT64_C(0x3153544154534353)

enum sct_state {
	SCT_STATE_NONE,     /* the plugin never came to run */
	SCT_STATE_WAITING,  /* loaded; the recording has not started */
	SCT_STATE_RUNNING,
	SCT_STATE_FAILED,   /* stopped by an error, `error` says which; what is in the file is whole */
	SCT_STATE_CLOSED,   /* complete */
};

/* What came of the symbols that --kernel gives. */
enum sct_kernel_state {
	SCT_KERNEL_NONE,    /* none were given */
	SCT_KERNEL_SOUGHT,  /* where the guest has its kernel is not known yet */
	SCT_KERNEL_FOUND,   /* threads are told by them */
	SCT_KERNEL_REFUSED, /* they are not those of the guest's kernel */
};

/* What came of the types that --types gives. */
enum sct_types_state {
	SCT_TYPES_NONE,    /* none were given */
	SCT_TYPES_SOUGHT,  /* the kernel that they are of has not been seen in the guest's memory yet */
	SCT_TYPES_FOUND,   /* what they lead to is recorded */
	SCT_TYPES_REFUSED, /* they are not those of the guest's kernel */
};

struct sct_counters {
	_Atomic uint64_t magic; /* SCT_STATUS_MAGIC once the plugin has accepted this QEMU */
	_Atomic uint32_t state; /* enum sct_state */
	_Atomic uint32_t exact_threads;
	_Atomic uint32_t kernel; /* enum sct_kernel_state */
	_Atomic uint32_t types;  /* enum sct_types_state */
	_Atomic uint64_t calls, events, instructions; /* recorded; instructions as of the last segment */
	_Atomic uint64_t calls_written, events_written; /* of these, in the file */
	_Atomic uint64_t bytes, file_bytes;           /* written: before and after compression */
	_Atomic uint64_t cut;                         /* events whose memory met the limit */
	_Atomic uint64_t lost;                        /* events or stores that could not be recorded */
	_Atomic uint64_t waits, wait_ns;              /* how often and how long vCPUs waited for the writer */
	_Atomic uint64_t strays;                      /* stack switches that did not fit what was known of the vCPU */
	char error[512];                              /* complete before state is SCT_STATE_FAILED */
};

#endif
