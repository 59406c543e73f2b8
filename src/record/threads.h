/* Who runs on a vCPU: told by the kernel's stack switch, recognised by its instructions, or by the kernel's symbols.
 *
 * A switch of stacks (switch.h) shows the address of the new thread's task_struct. A thread that has never run before
 * has a stack that returns to elsewhere than the stacks of those that were switched away from (ret_from_fork).
 * With symbols (kernel.h) both are told by __switch_to: its arguments, and the return address that it begins with.
 */
#ifndef SCT_RECORD_THREADS_H
#define SCT_RECORD_THREADS_H

#include "../map.h"
#include "capture.h"
#include "guest.h"
#include "kernel.h"
#include "switch.h"

enum { SCT_SWITCH_SITES = 16, SCT_SWITCH_RETURNS = 8 };

/* A thread, from its first sight to its end; a task_struct that is used again is another thread. */
struct sct_thread {
	uint64_t task;   /* address of its task_struct, or another key while threads are not known; 0: to be known later */
	uint64_t serial; /* `thread` in events; 0 while threads are not known */
	bool unseen;     /* born since recording, has not been in user mode */
	struct sct_open_call call;
};

struct sct_threads {
	struct sct_map by_task, guesses;
	uint64_t serials;
	unsigned sites, returns;
	struct sct_switch site[SCT_SWITCH_SITES];
	uint64_t known_return[SCT_SWITCH_RETURNS]; /* where threads that were switched away from go on */
	bool found, broken; /* a switch was seen; one could not be understood, so that threads are not known */
	bool symbols;       /* threads are told by the kernel's symbols */
	uint64_t strays;
};

/* The site's place in the table, added if it is new. NULL: the table is full. */
const struct sct_switch *sct_threads_site(struct sct_threads *t, const struct sct_switch *site);

/* The running vCPU is about to load the new stack pointer. False: this was no switch of threads, nothing changed.
 * *born: the thread has never run before. */
bool sct_threads_switch(struct sct_threads *t, struct sct_vcpu *v, const struct sct_dict *dict,
                        const struct sct_switch *site, bool *born);
/* The running vCPU is at the first instruction of __switch_to. Returns and *born as above. */
bool sct_threads_switch_to(struct sct_threads *t, struct sct_vcpu *v, const struct sct_dict *dict,
                           const struct sct_kernel *kernel, bool *born);
/* Whether events can tell exactly which thread runs. */
bool sct_threads_exact(const struct sct_threads *t);
/* What tells them: "symbols", "stack switch", or "" while nothing does. */
const char *sct_threads_source(const struct sct_threads *t);
/* From now on symbols tell threads; vCPUs have none that they do not run. */
void sct_threads_by_symbols(struct sct_threads *t);
/* Some thread runs on v: the next switch there, which must not be missed, will tell which. */
void sct_threads_assume(struct sct_threads *t, struct sct_vcpu *v);
bool sct_threads_assumed(const struct sct_vcpu *v);
/* If it is such a one: who runs on v is not going to be known. */
void sct_threads_dismiss(struct sct_vcpu *v);
/* While threads are not known: what is kept under this key (address space and stack pointer). */
struct sct_thread *sct_threads_guess(struct sct_threads *t, uint64_t key);

#endif
