/* The plugin's one context, and what its rooms do to it.
 *
 * QEMU's callbacks carry no context of ours, so there is a single static one (sct_recorder).
 */
#ifndef SCT_RECORD_RECORDER_H
#define SCT_RECORD_RECORDER_H

#include <pthread.h>

#include "../../formats/formats.h"
#include "../../formats/sctrace.h"
#include "capture.h"
#include "emit.h"
#include "guest.h"
#include "kernel.h"
#include "kernel_memory.h"
#include "stream.h"
#include "threads.h"

enum sct_phase {
	SCT_PHASE_WAITING,  /* for the first system call: only what is needed to see it and to know its thread */
	SCT_PHASE_STARTING, /* it came; QEMU is about to drop its translations so that everything gets hooked */
	SCT_PHASE_RUNNING,
	SCT_PHASE_STOPPED,  /* writing failed, or QEMU ends */
};

/* Guest code that was translated at levels blocks and full; once for the same bytes at the same place. */
struct sct_block {
	uint64_t pc, id;
	uint8_t mode; /* enum sct_mode */
	uint8_t user; /* runs in user mode */
	uint16_t insns;
	uint32_t size;
	uint8_t bytes[];
};

struct sct_recorder {
	/* set at load */
	uint64_t id; /* QEMU's name for this plugin */
	enum sct_level level;
	bool from_reset, quiet; /* quiet: a launcher reads the counters */
	size_t buffer_limit;
	int fd;
	char emulator[128];
	uint8_t file_id[16];
	uint64_t started_unix_ns, began_ns; /* wall clock and monotonic, at the start of the recording */
	unsigned vcpus_max;
	struct sct_counters own, *counters;
	struct sct_dict dict;
	struct sct_stream *stream;
	struct qemu_plugin_scoreboard *score;
	struct qemu_u64 pending; /* not 0: this vCPU has left the kernel and not been in user mode yet */
	struct qemu_u64 icount;
	struct qemu_u64 locating; /* not 0: this vCPU's next blocks of the kernel show where it lies */
	/* guarded by `setup` */
	pthread_mutex_t setup;
	struct sct_arena sites;  /* what callbacks of translated code point at; lives as long as the translations */
	/* guarded by the stream's lock */
	struct sct_threads threads;
	struct sct_kernel kernel;
	struct sct_capture capture;
	struct sct_os os;        /* tells of the guest's processes; empty: no types were given */
	struct sct_kernel_memory kernel_memory;
	struct sct_bytes scratch;
	struct sct_map blocks;   /* hash of the code -> struct sct_block */
	uint64_t block_ids, instructions;
	unsigned starter;        /* vCPU whose system call started the recording */
	struct sct_event_in first; /* that call, until all is hooked; its memory is in `capture` */
	uint8_t first_code[15];
	_Atomic unsigned phase;  /* enum sct_phase */
	_Atomic unsigned vcpus;
	struct sct_vcpu *vcpu[SCT_VCPUS_MAX];
};

extern struct sct_recorder sct_recorder;
/* A vCPU of this host thread, for its register handles: they act on whatever vCPU runs. NULL in other threads. */
extern _Thread_local struct sct_vcpu *sct_self;

/* events.c: the recording's time begins; an entering instruction, the first user instruction after the kernel, a
 * switch of threads */
struct sct_enter_site {
	uint64_t vaddr, tb_vaddr; /* as translated: another process may run the block at another page */
	uint32_t rest;            /* instructions of the block from this one on */
	uint8_t kind, size;       /* enum sct_insn_kind; bytes */
	uint8_t bytes[15];
};
void sct_begin_time(struct sct_recorder *r);
/* Writes the event that started the recording. The stream is locked. */
void sct_emit_first(struct sct_recorder *r);
void sct_on_enter(unsigned vcpu, void *site);
void sct_on_return(unsigned vcpu, void *none);
void sct_on_switch(unsigned vcpu, void *site);
void sct_on_switch_to(unsigned vcpu, void *none);

/* locate.c: where the kernel lies that --kernel gives the symbols of. The stream is locked but for callbacks. */
/* Whether that is still to be found out. No lock is needed. */
bool sct_locating(struct sct_recorder *r);
/* v is about to enter the kernel by that instruction. */
void sct_locate_enter(struct sct_recorder *r, struct sct_vcpu *v, enum sct_insn_kind kind);
/* QEMU has dropped its translations. */
void sct_locate_restarted(struct sct_recorder *r);
void sct_on_kernel(unsigned vcpu, void *none);

/* introspect.c: the guest's own data. The stream is locked but for the first two. */
/* Takes the layouts that fd, which is closed, holds as text. False: they make no sense. */
bool sct_introspect_set(struct sct_recorder *r, int fd);
/* The capture is ready. */
void sct_introspect_start(struct sct_recorder *r);
/* The next event is v's, whose registers have been read. */
void sct_introspect_at(struct sct_recorder *r, struct sct_vcpu *v);
/* An event's memory has been captured: tells the launcher, or the user, whether the kernel was found. */
void sct_introspect_told(struct sct_recorder *r);

/* hooks.c: what gets instrumented */
void sct_on_translate(uint64_t id, struct qemu_plugin_tb *tb);
void sct_on_flush(uint64_t id);

/* plugin.c: phases */
void sct_register(uint64_t id);
/* Makes QEMU translate anew, with the hooks of the phase that then is. */
void sct_restart(void);

/* blocks.c: levels blocks and full */
/* Makes v ready for level full. False: no memory. */
bool sct_vcpu_collects(struct sct_vcpu *v);
const struct sct_block *sct_block_get(struct qemu_plugin_tb *tb, uint8_t mode, bool user);
void sct_on_block(unsigned vcpu, void *block);
/* data not NULL: the value is to be read from memory, for it may not have been stored at all */
void sct_on_store(unsigned vcpu, uint32_t info, uint64_t vaddr, void *data);
/* Takes what all vCPUs have collected into the stream, which is locked: an event shows what other vCPUs have done. */
void sct_flush_all(struct sct_recorder *r);

/* ram.c: False: this QEMU does not export what a snapshot needs. */
bool sct_ram_possible(void);
/* Writes all guest RAM. No vCPU runs, the stream is locked. */
void sct_ram_write(struct sct_stream *s);

#endif
