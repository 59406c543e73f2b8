/* Processes of an x86_64 guest in a recording by hand, and the calls that ask who makes them.
 * In:  a recording (script.h)
 * Out: the same, with those steps
 */
#ifndef TEST_LINEAGE_STEPS_H
#define TEST_LINEAGE_STEPS_H

#include "script_x86_64.h"

/* Thread 1 is process 7. */
static inline struct script *begin(void)
{
	struct script *s = thread_1();

	enter(s, GETPID, OTHER, SP);
	leave(s, OTHER + 2, SP, 7);
	return s;
}

#define BEGUN "0 getpid returned 7 thread=1 pid=7 at 402002\n"

/* A call of that thread, whose record says who it is. */
static inline void close_by(struct script *s, uint64_t thread, uint64_t space, uint64_t sp)
{
	on(s, 0, thread, space);
	enter(s, CLOSE, OTHER, sp);
	leave(s, OTHER + 2, sp, 0);
}

#endif
