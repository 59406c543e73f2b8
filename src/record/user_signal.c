/* Signal handlers that run in the middle of a system call, as far as the interface lets them be seen.
 *
 * In:  the program's own sigaction calls, blocks that begin where a handler does, results "make it again"
 * Out: which call a handler has interrupted, and when that call is made again
 *
 * Where linux-user wants a call made again, either the program's next instruction is that call's own, or a handler runs
 * first, whose sigreturn then leads back to it. A handler may also never come back (longjmp): only a call that is the
 * very next instruction behind the sigreturn is taken for the interrupted one.
 */
#include "user.h"

#include <string.h>

static bool is_call(const struct sct_open_call *call, const char *name)
{
	return call->known && call->call.proto && !strcmp(call->call.proto->name, name);
}

/* The first word of each kind of struct sigaction is the handler (arch/x86/include/asm/signal.h); the small values
 * SIG_DFL and SIG_IGN are none. */
void sct_user_note_handler(struct sct_user *u, const struct sct_open_call *call)
{
	const struct sct_word *arg = &call->call.word[1];
	uint64_t handler = 0;

	if (is_call(call, "signal")) {
		handler = arg->value;
	} else if (is_call(call, "rt_sigaction") || is_call(call, "sigaction")) {
		if (!arg->known || !arg->value || !sct_user_read(u, arg->value, &handler, u->dict.arch->word))
			return;
	}
	if (handler > 1)
		sct_map_put(&u->handlers, handler, u);
}

bool sct_user_is_handler(struct sct_user *u, uint64_t pc)
{
	bool is;

	if (!u->stream)
		return false;
	sct_stream_lock(u->stream);
	is = sct_map_get(&u->handlers, pc);
	sct_stream_unlock(u->stream);
	return is;
}

void sct_user_interrupted(struct sct_user_thread *t)
{
	if (t->interruptions == SCT_USER_NESTED) {
		memmove(t->interrupted, t->interrupted + 1, sizeof t->interrupted - sizeof *t->interrupted);
		t->interruptions--;
	}
	t->interrupted[t->interruptions++] = (struct sct_user_place){ t->call.pc, (uint32_t)t->vcpu.values[0] };
}

bool sct_user_resumes(struct sct_user *u, struct sct_user_thread *t, int64_t nr)
{
	bool next = t->sigreturned && !atomic_load(&u->threaded) && sct_user_instructions(u) == t->sigreturn_insns + 1;

	t->sigreturned = false;
	while (next && t->interruptions) {
		const struct sct_user_place *p = &t->interrupted[--t->interruptions];

		if (p->pc == t->pc && p->nr == (uint32_t)nr)
			return true;
	}
	return false;
}
