/* Who runs on a vCPU, without symbols: the kernel's stack switch, recognised by its instructions.
 *
 * A switch of stacks (switch.h) shows the address of the new thread's task_struct. A thread that has never run before
 * has a stack that returns to elsewhere than the stacks of those that were switched away from (ret_from_fork).
 */
#ifndef SCT_RECORD_THREADS_H
#define SCT_RECORD_THREADS_H

#include "../map.h"
#include "capture.h"
#include "guest.h"
#include "switch.h"

enum { SCT_SWITCH_SITES = 16, SCT_SWITCH_RETURNS = 8 };

/* A thread, from its first sight to its end; a task_struct that is used again is another thread. */
struct sct_thread {
	uint64_t task;   /* address of its task_struct, or another key while threads are not known */
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
	uint64_t strays;
};

/* The site's place in the table, added if it is new. NULL: the table is full. */
const struct sct_switch *sct_threads_site(struct sct_threads *t, const struct sct_switch *site);

/* The running vCPU is about to load the new stack pointer. False: this was no switch of threads, nothing changed.
 * *born: the thread has never run before. */
bool sct_threads_switch(struct sct_threads *t, struct sct_vcpu *v, const struct sct_dict *dict,
                        const struct sct_switch *site, bool *born);
/* Whether events can tell exactly which thread runs. */
bool sct_threads_exact(const struct sct_threads *t);
/* While threads are not known: what is kept under this key (address space and stack pointer). */
struct sct_thread *sct_threads_guess(struct sct_threads *t, uint64_t key);

#endif
