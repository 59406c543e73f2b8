/* Threads: which one runs, by the kernel's own switches of stacks.
 * In:  lines in kernel mode, one by one
 * Out: numbers of threads, and whether one runs for the first time
 *
 * Linux switches threads by two instructions on x86: it stores the stack pointer in the task that stops and loads it
 * from the task that goes on (arch/x86/entry/entry_{32,64}.S, __switch_to_asm; before 4.9 the macro switch_to of
 * arch/x86/include/asm/switch_to.h). Where a task keeps it is a name for its thread as long as the task is there: a
 * task that goes on with another stack pointer than it stopped with is a new one in the same place. Threads that have
 * run before all go on behind the one call of __switch_to_asm, a new one goes on elsewhere (ret_from_fork).
 *
 * Some kernels change to the stack of a call or of an interrupt by two such instructions too (entry_SYSCALL_64 before
 * 4.15, ENTER_IRQ_STACK from then to 5.7). But a thread that stops has just pushed its registers, those have not.
 */
#include <stdlib.h>

#include "trace_panda.h"

enum { PUSHED_BEFORE = 2 }; /* x86_64 before 4.9 sets rbp in between */

void sct_pd_threads_fini(struct sct_pd_threads *t)
{
	for (size_t i = 0; i < t->places.size; i++)
		free(t->places.slots[i].value);
	sct_map_fini(&t->places);
}

void sct_pd_threads_lost(struct sct_pd_threads *t)
{
	if (t->running)
		t->running = ++t->last; /* whichever it is now; where its task is shows when it stops */
	t->told = 0;
	t->place = NULL;
	t->stored = t->starting = false;
}

static struct sct_pd_place *place_at(struct sct_pd_threads *t, uint64_t addr)
{
	struct sct_pd_place *p = sct_map_get(&t->places, addr);

	if (p)
		return p;
	p = calloc(1, sizeof *p);
	if (p)
		sct_map_put(&t->places, addr, p);
	return p;
}

/* The running thread stops: its task is at from. The one at to goes on with sp. */
static void change(struct sct_pd_threads *t, uint64_t from, uint64_t old_sp, uint64_t to, uint64_t sp)
{
	struct sct_pd_place *stops = place_at(t, from), *goes_on = place_at(t, to);

	if (!stops || !goes_on) {
		sct_pd_threads_lost(t);
		return;
	}
	if (!t->running)
		t->first = t->running = ++t->last;
	stops->number = t->running;
	stops->sp = old_sp;
	t->known = goes_on->number && goes_on->sp == sp;
	if (!t->known)
		*goes_on = (struct sct_pd_place){ .number = ++t->last };
	t->place = goes_on;
	t->running = goes_on->number;
	t->starting = true;
	t->start_sp = sp;
}

/* The thread that goes on has left __switch_to by a return to pc. */
static void started(struct sct_pd_threads *t, uint64_t pc)
{
	t->starting = false;
	if (t->known && !t->resume)
		t->resume = pc;
	if (t->place)
		t->place->fresh = !t->known && t->resume && pc != t->resume;
}

void sct_pd_threads_line(struct sct_pd_threads *t, const struct sct_store *s, uint64_t value, uint64_t index,
                         uint64_t old_sp, uint64_t sp, uint64_t pc)
{
	if (!s->read) {
		if (s->addr == sp && sp == old_sp - s->len)
			t->pushed_index = index;
		t->stored = value == sp && sp == old_sp && index - t->pushed_index <= PUSHED_BEFORE;
		t->stored_at = s->addr;
		t->stored_index = index;
		return;
	}
	if (t->stored && sp != old_sp && value == sp && t->stored_index + 1 == index)
		change(t, t->stored_at, old_sp, s->addr, sp);
	else if (t->starting && value == pc && s->addr >= t->start_sp)
		started(t, pc);
	t->stored = false;
}
