/* Calls in flight: which thread made them, and what a thread's way back to user mode means for them. */
#ifndef SCT_PENDING_H
#define SCT_PENDING_H

#include "arena.h"
#include "machine.h"
#include "map.h"
#include "record.h"

struct sct_thread;

enum sct_open_state {
	SCT_OPEN_RUNNING, /* in the kernel */
	SCT_OPEN_HANDLER, /* a signal handler runs; the call restarts or gives its result when sigreturn leaves it */
	SCT_OPEN_AGAIN,   /* user mode resumed on the entering instruction: the next call is this one again */
};

/* A call between its entry and its end. Owned by sct_pending until sct_pending_drop. */
struct sct_open {
	struct sct_open *prev, *next; /* all open calls, in the order of entry */
	struct sct_open *below;       /* the same thread's call that this one interrupted */
	struct sct_thread *thread;
	uint8_t state;                /* enum sct_open_state */
	bool doomed;                  /* its process is ending: if it does not return, it was killed */
	bool sp_known, space_known;
	uint64_t pc;                  /* where the entering instruction stands, without its prefixes: the kernel, which
	                                 goes back by two bytes to restart it, does not know of any */
	uint64_t sp, space;           /* at entry */
	struct sct_regs regs;         /* likewise */
	struct sct_call call;
	struct sct_record record;
	struct sct_value *args;       /* the record's, still to be completed */
	struct sct_arena arena;       /* everything that the record points at */
};

/* What the return of a thread to user mode ended. */
struct sct_ending {
	struct sct_open *open; /* NULL: nothing ended */
	enum sct_end end;
	bool known;            /* the result is known */
	uint64_t result;
	const char *unknown;   /* else why not */
};

struct sct_pending {
	struct sct_map threads;      /* by the recording's thread number, else by address space and stack pointer */
	struct sct_open first;       /* anchor of the list of all open calls */
	struct sct_open *spare;      /* used ones, arenas empty, to be taken again */
	uint64_t orphans;            /* returns of calls that began before the recording did */
};

void sct_pending_init(struct sct_pending *p);
/* Frees everything, open calls included. */
void sct_pending_fini(struct sct_pending *p);

/* The thread that runs on vcpu, made when it is new. The stack pointer tells threads apart where the recording does
 * not number them; NULL: registers show neither. */
struct sct_thread *sct_pending_thread(struct sct_pending *p, const struct sct_machine *m, const struct sct_vcpu *vcpu);

/* The thread that made call id, which had no number, is number. Nothing happens where that call has ended, or its
 * thread has a number. */
void sct_pending_number(struct sct_pending *p, uint64_t id, uint64_t number);
/* That thread has never run before: its first step in user mode is not the return of a call. */
void sct_thread_born(struct sct_thread *t);
/* Whether the thread that returns on vcpu takes its first step; it is then no longer new. NULL: it is not new. */
struct sct_thread *sct_pending_first_step(struct sct_pending *p, const struct sct_machine *m,
                                          const struct sct_vcpu *vcpu);
/* A thread is about to enter the kernel with call; pc is the entering instruction's, behind its prefixes. Returns
 * the open call that it enters again (restarts has been counted), or a new one, whose record the caller fills.
 * *lost: a call of this thread whose end the recording does not hold, or one more than it can come back to behind
 * handlers: the caller ends it first; else open is NULL. */
struct sct_open *sct_pending_enter(struct sct_pending *p, struct sct_thread *t, const struct sct_machine *m,
                                   const struct sct_vcpu *vcpu, uint64_t pc, const struct sct_call *call,
                                   struct sct_ending *lost);
/* A vCPU is back in user mode at pc: what that ends. */
struct sct_ending sct_pending_leave(struct sct_pending *p, const struct sct_machine *m, struct sct_vcpu *vcpu,
                                    uint64_t pc);
/* Whether a vCPU that is in user mode at pc stands where a call that is open in its thread returns to. */
bool sct_pending_is_after(const struct sct_pending *p, const struct sct_machine *m, const struct sct_vcpu *vcpu,
                          uint64_t pc);
/* The call of that thread that never comes back (exit, sigreturn) is over. */
void sct_pending_noreturn(struct sct_pending *p, struct sct_open *open);
/* The oldest open call, or NULL: for the end of a recording and for gaps. */
struct sct_open *sct_pending_oldest(struct sct_pending *p);
/* Forgets an ended call. */
void sct_pending_drop(struct sct_pending *p, struct sct_open *open);

/* A process: what its threads share, and its children's parent is known by. */
struct sct_process {
	unsigned refs;              /* threads and children */
	struct sct_process *parent; /* NULL: not known */
	struct sct_word pid;
	bool gone;                  /* its end was shown: its children have another parent */
	uint64_t called;            /* lineage's clock when it called last */
	bool doubtful;              /* it may have ended itself since */
	bool of_init;               /* its parent is number 1, which does not end before it */
	bool renamed;               /* its threads' names may be changed unseen */
};

/* NULL: out of memory, and the process is one that nothing is known of. The parent may be NULL. */
struct sct_process *sct_process_new(struct sct_process *parent);
struct sct_process *sct_process_ref(struct sct_process *p);
void sct_process_put(struct sct_process *p);

/* Who a thread is, as the recording itself says. */
struct sct_told {
	struct sct_word pid, tid, ppid, uid; /* pid unknown: it says nothing */
	char comm[16];                       /* empty: not known */
	char *exe;                           /* or NULL */
};

/* What the recording showed of a thread, by results of the calls that name it. */
struct sct_self {
	struct sct_word pid, tid;    /* pid: where it is in no process that is known */
	struct sct_process *process; /* or NULL */
	bool leader;                 /* its number is its process's */
	char comm[16];               /* its name (include/linux/sched.h, TASK_COMM_LEN); empty: not known */
	struct sct_told told;
};

struct sct_self *sct_thread_self(struct sct_thread *t);
/* The thread is of that process. NULL: of one that is not known. */
void sct_self_join(struct sct_self *self, struct sct_process *process);

static inline struct sct_word *sct_thread_pid(struct sct_thread *t)
{
	struct sct_self *self = sct_thread_self(t);

	return self->process ? &self->process->pid : &self->pid;
}

static inline struct sct_word *sct_thread_tid(struct sct_thread *t)
{
	return &sct_thread_self(t)->tid;
}

/* The recording's exact number; known false where it has none. */
struct sct_word sct_thread_number(const struct sct_thread *t);

#endif
