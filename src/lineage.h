/* Who is who: process and thread numbers, as the recording says, or as the results of
 * fork and clone and of the calls that ask for them show. */
#ifndef SCT_LINEAGE_H
#define SCT_LINEAGE_H

#include "pending.h"
#include "proto_rows.h"

struct sct_birth;

/* Zero-initialise before use. */
struct sct_lineage {
	struct sct_birth *births; /* fork and clone calls whose child or result is still to come, newest first */
	unsigned count;
	bool program;             /* the recording is of one program: all threads are one process's */
	bool forked;              /* which has forked */
	struct sct_process *process; /* the program's */
	struct sct_word first;    /* the program's thread that called first */
	uint64_t clock;           /* how often a process may have ended */
	uint64_t doubt;           /* when any may have */
	struct sct_map doubts;    /* by number: when that one may have */
	struct sct_proto_rows calls; /* what each has to do with it */
};

void sct_lineage_fini(struct sct_lineage *l);
/* A WHO event of the thread. */
void sct_lineage_told(struct sct_thread *t, const struct sct_event *who);
/* A call has been entered and decoded: fills in what is known of its caller. */
void sct_lineage_enter(struct sct_lineage *l, struct sct_open *open);
/* A fork, vfork, clone or clone3 has been entered. Calls of threads without a number are not followed. */
void sct_lineage_fork(struct sct_lineage *l, const struct sct_open *open, const struct sct_mem *mem);
/* Where a new thread comes from. */
struct sct_origin {
	struct sct_word call;  /* id of the call that made it */
	struct sct_word space; /* its address space */
	uint64_t flags;        /* clone's */
};

/* A thread that has never run before is in user mode for the first time, at pc: whose child it is. */
struct sct_origin sct_lineage_child(struct sct_lineage *l, struct sct_pending *p, struct sct_thread *child,
                       const struct sct_machine *m, const struct sct_vcpu *vcpu, uint64_t pc);
/* A call has ended: what its result says of its caller or its child. */
void sct_lineage_result(struct sct_lineage *l, struct sct_pending *p, struct sct_open *open, bool known,
                        uint64_t result);
/* Whether that ended call tells that a process is gone (wait4 and waitpid with the status of an end), and which. */
bool sct_lineage_reaped(const struct sct_open *open, bool known, uint64_t result, struct sct_word *pid);
/* Whether o is a call of the process with that number that `wait` has just reaped. */
bool sct_lineage_is_reaped(const struct sct_open *o, const struct sct_open *wait, const struct sct_word *pid);
/* An exit_group has been entered, or an execve has succeeded: what the process's other threads have open will not
 * return, unless it does before the kernel reaches them. */
void sct_lineage_alone(struct sct_pending *p, const struct sct_open *open);

/* ---- within lineage ---- */

/* The thread's process, made where none is known; NULL: out of memory. */
struct sct_process *sct_lineage_process(struct sct_thread *t);
/* What the call's result says of its caller. */
void sct_lineage_learn(struct sct_lineage *l, struct sct_open *open, bool known, uint64_t result);

#endif
