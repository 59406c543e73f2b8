/* Recording of one program under qemu-user: its one context, and what its rooms do to it.
 *
 * QEMU's callbacks carry no context of ours, so there is a single static one (sct_user).
 */
#ifndef SCT_RECORD_USER_H
#define SCT_RECORD_USER_H

#include <limits.h>
#include <sys/types.h>

#include "../../formats/sctrace.h"
#include "capture.h"
#include "../map.h"
#include "stream.h"

enum {
	SCT_USER_BUFFER = 64 << 10, SCT_USER_BUFFER_MAX = 1 << 20, /* bytes: of one buffer, and what may be asked for */
};

enum { SCT_USER_NESTED = 16 }; /* interrupted calls of one thread that are kept in mind */

struct sct_user_place {
	uint64_t pc; /* of the entering instruction */
	uint32_t nr;
};

/* Who makes calls, as the program itself would find out. */
struct sct_user_who {
	pid_t pid, tid, ppid;
	uid_t uid;
	char comm[16];
	uint32_t segment; /* of the recording, that tells this */
};

/* A thread of the guest: qemu-user gives each a vCPU, and a number that was used before to a later one. */
struct sct_user_thread {
	struct sct_vcpu vcpu; /* only values and what the next event is encoded against */
	uint64_t serial;      /* `thread` in events */
	struct sct_user_who who; /* as it was told last */
	bool newborn;         /* begun by clone or fork, and no event has told of it yet */
	bool entering;        /* an entering instruction has executed: */
	uint8_t size, code[15];
	uint64_t pc;
	struct sct_open_call call;
	bool again;           /* the call is to be made again: at once, or when a handler has run */
	bool sigreturned;     /* sigreturn was the last call, */
	uint64_t sigreturn_insns; /* when so many instructions had been executed */
	unsigned interruptions;
	struct sct_user_place interrupted[SCT_USER_NESTED]; /* calls to be made again when a handler has run */
};

struct sct_user {
	/* set at load */
	char root[PATH_MAX];   /* the file of the first process; its descendants' are root.PID */
	char emulator[128];
	char emulator_comm[16]; /* the name that the emulator's thread began with */
	/* of the program, set before its first instruction; "": not known */
	char exe[PATH_MAX], comm[16];
	bool has_program; /* these are as they will stay */
	size_t buffer_limit;   /* bytes of one buffer that are recorded */
	/* of this process */
	char path[PATH_MAX], parent[PATH_MAX]; /* parent "": not forked from a recorded one */
	uint8_t file_id[16];
	uint64_t started_unix_ns, began_ns;
	int fd;                /* of the recording; -1: not open */
	uint64_t device, inode; /* of the file that it was opened for */
	struct sct_counters own, *counters;
	struct sct_stream *stream;   /* NULL: not recorded */
	struct sct_dict dict;
	struct sct_capture capture;
	struct sct_bytes scratch;
	int64_t host_offset;         /* guest address + host_offset is where it lies in this process */
	uint64_t insns, insns_before; /* executed by the first thread; by the process that this one was forked from */
	uint64_t insns_alone;        /* executed when the second thread began: from then on they are not counted */
	struct sct_map handlers;     /* addresses of signal handlers; guarded by the stream's lock */
	_Atomic bool threaded;       /* there has been a second thread */
	_Atomic bool forked;         /* this is a child that has not begun its own recording */
	_Atomic uint64_t serials;
	_Atomic unsigned vcpus;      /* how many numbers of vCPUs have been in use */
	struct sct_user_thread *thread[SCT_VCPUS_MAX];
};

extern struct sct_user sct_user;

/* user_guest.c: registers and memory, without QEMU's help */

/* Fills the dictionary: the registers that the callbacks show. False: no architecture of ours. */
bool sct_user_dict(struct sct_dict *dict, const char *target);
/* Sets the registers to a call's number and arguments. */
void sct_user_set_call(struct sct_vcpu *v, const struct sct_dict *dict, int64_t nr, const uint64_t args[6]);
/* Sets the register of the result. */
void sct_user_set_result(struct sct_vcpu *v, const struct sct_dict *dict, int64_t result);
/* Which entering instruction these bytes are. */
enum sct_insn_kind sct_user_insn(const uint8_t *code, size_t size, bool wide);
/* Copies guest memory, which this process shares; false: not all of it is readable. */
bool sct_user_read(const struct sct_user *u, uint64_t addr, void *buf, size_t size);

/* user_signal.c: calls that are interrupted and made again */

/* Learns of a handler, where call, just entered, sets one. The stream is locked. */
void sct_user_note_handler(struct sct_user *u, const struct sct_open_call *call);
/* Whether a handler begins at pc. */
bool sct_user_is_handler(struct sct_user *u, uint64_t pc);
/* A handler begins while t's call is to be made again. */
void sct_user_interrupted(struct sct_user_thread *t);
/* Whether the call number nr that t is about to make at t->pc is one that a handler has interrupted. */
bool sct_user_resumes(struct sct_user *u, struct sct_user_thread *t, int64_t nr);

/* user_who.c: who calls */

/* Keeps the emulator's name. Called by the thread that loads the plugin. */
void sct_user_who_begin(struct sct_user *u);
/* Learns which program runs: path is the one that the emulator was given, the directory still the one that it was
 * started in. */
void sct_user_set_program(struct sct_user *u, const char *path);
/* Tells who makes the call that the next event is of, where this segment has not told the same. Called by that thread,
 * the stream locked and with room. */
void sct_user_tell_who(struct sct_user *u, struct sct_user_thread *t);

/* user_process.c: the recording of this process, as a file */

/* Begins the recording u->path, in u->fd if that is open already. On failure u->stream stays NULL. */
int sct_user_open(struct sct_user *u, struct sct_err *err);
/* In a child, on the thread that forked: leaves the parent's recording alone and begins one of its own. */
void sct_user_adopt(struct sct_user *u, unsigned vcpu);
/* Makes fork leave both recordings whole. Called once. */
void sct_user_watch_forks(void);
/* Instructions executed, as far as they are counted. */
uint64_t sct_user_instructions(const struct sct_user *u);
/* Nanoseconds since the recording began. */
uint64_t sct_user_time(const struct sct_user *u);

#endif
