/* Which calls are logged: by who made them, by name, by failure; and what the followed processes have begun.
 * In:  what a user asks for; records at their entry and at their end
 * Out: pass or not
 *
 * Records end in another order than calls are entered: what a child does may end before the fork does that made it. So
 * a process is known for a child by its parent's number, where records have that, and by the result of the fork.
 * Numbers of processes are used again: when threads began tells processes of one number apart, where records have it;
 * else exit_group, and forks of others that give the number.
 */
#include "filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clone.h"

enum { COMM_MAX = 15 }; /* bytes of a name that the kernel keeps: TASK_COMM_LEN with its NUL is 16 */

/* A process that is followed. */
struct process {
	struct sct_word start;   /* when its first thread began */
	struct sct_word earliest; /* it did not begin before this: when the thread began that made it */
	uint64_t seq;            /* when it was first seen to be followed; once it has ended, when it called exit_group */
	bool ended;
};

/* ---- what a user asks for ------------------------------------------------------------------------------------ */

static bool is(const struct sct_word *wanted, const struct sct_word *have)
{
	return !wanted->known || (have->known && have->value == wanted->value);
}

static bool is_called(const char *wanted, const struct sct_record *r)
{
	if (!wanted)
		return true;
	if (strchr(wanted, '/'))
		return r->exe && !strcmp(r->exe, wanted);
	return r->comm && !strncmp(r->comm, wanted, COMM_MAX);
}

/* Whether who made the call is asked for. */
static bool is_picked(const struct sct_filter_spec *s, const struct sct_record *r)
{
	return is(&s->pid, &r->pid) && is(&s->tid, &r->tid) && is(&s->asid, &r->asid) && is_called(s->process, r);
}

/* Whether what was called is asked for. */
static bool is_wanted(const struct sct_filter_spec *s, const struct sct_record *r)
{
	if (s->failed && !r->error)
		return false;
	for (unsigned i = 0; i < s->nnames; i++)
		if (r->name && !strcmp(r->name, s->names[i]))
			return true;
	return !s->nnames;
}

bool sct_filter_picks(const struct sct_filter_spec *s)
{
	return s->pid.known || s->tid.known || s->asid.known || s->process;
}

/* ---- who is followed ----------------------------------------------------------------------------------------- */

static struct process *find(const struct sct_filter *f, const struct sct_word *pid)
{
	return pid->known ? sct_map_get(&f->processes, pid->value) : NULL;
}

static void forget(struct sct_filter *f, uint64_t pid)
{
	free(sct_map_del(&f->processes, pid));
}

static struct process *add(struct sct_filter *f, uint64_t pid, uint64_t seq)
{
	struct process *p = calloc(1, sizeof *p);

	if (!p) {
		fputs("sctrace: out of memory\n", stderr);
		abort();
	}
	p->seq = seq;
	free(sct_map_put(&f->processes, pid, p));
	return p;
}

static bool is_first_thread(const struct sct_record *r)
{
	return r->tid.known && r->tid.value == r->pid.value;
}

static bool is_before(const struct sct_word *a, const struct sct_word *b)
{
	return a->known && b->known && a->value < b->value;
}

/* Which of the processes of one number a record is of: that one, an earlier or a later one. */
enum incarnation { EARLIER, THIS, LATER };

static enum incarnation compare(const struct process *p, const struct sct_record *r)
{
	if (is_before(&r->start_time_ns, &p->start) || is_before(&r->start_time_ns, &p->earliest))
		return EARLIER;
	if (is_first_thread(r) && is_before(&p->start, &r->start_time_ns))
		return LATER;
	return p->ended && r->enter.seq > p->seq ? LATER : THIS;
}

/* Whether a process that is followed made the call, which makes new ones followed. */
static bool is_followed(struct sct_filter *f, const struct sct_record *r)
{
	struct process *p = find(f, &r->pid), *parent = find(f, &r->ppid);
	enum incarnation of = p ? compare(p, r) : LATER;
	bool picked = is_picked(f->spec, r) || (of == LATER && parent && parent != p && !parent->ended);

	if (!r->pid.known || of == EARLIER)
		return picked;
	if (of == LATER && p)
		forget(f, r->pid.value);
	if (of == LATER && !picked)
		return false;
	if (of == LATER)
		p = add(f, r->pid.value, r->enter.seq);
	if (!p->start.known && is_first_thread(r))
		p->start = r->start_time_ns;
	return true;
}

/* The flags that clone or clone3 was given. */
static bool clone_flags(const struct sct_record *r, uint64_t *flags)
{
	const struct sct_value *v = r->nargs ? &r->args[0] : NULL;

	if (!strcmp(r->name, "clone3")) {
		while (v && v->meaning == SCT_M_PTR && v->nelems)
			v = &v->elems[0];
		v = v && v->meaning == SCT_M_STRUCT && v->nelems && !strcmp(v->elems[0].name, "flags") ? &v->elems[0] : NULL;
	}
	if (!v || !v->known)
		return false;
	*flags = v->raw;
	return true;
}

/* The number of the process that the call has made; false: it has made none, or a thread, or that is not known. */
static bool has_forked(const struct sct_record *r, uint64_t *child)
{
	uint64_t flags = 0;
	bool clone = r->name && (!strcmp(r->name, "clone") || !strcmp(r->name, "clone3"));

	if (!clone && (!r->name || (strcmp(r->name, "fork") && strcmp(r->name, "vfork"))))
		return false;
	if (!r->result.known || (int32_t)r->result.raw <= 0 || (clone && !clone_flags(r, &flags)))
		return false;
	*child = (uint32_t)r->result.raw;
	return !(flags & SCT_CLONE_THREAD);
}

/* What an ended call says of other processes, or of the end of its own. */
static void learn(struct sct_filter *f, const struct sct_record *r, bool followed)
{
	struct process *p = find(f, &r->pid);
	uint64_t child;

	if (followed && p && r->name && !strcmp(r->name, "exit_group") && r->end == SCT_END_NORETURN) {
		p->ended = true;
		p->seq = r->enter.seq;
	}
	if (!has_forked(r, &child))
		return;
	p = sct_map_get(&f->processes, child);
	if (p && p->seq > r->enter.seq)
		return; /* it is this child that has been seen since */
	if (followed)
		add(f, child, r->enter.seq)->earliest = r->start_time_ns;
	else if (p)
		forget(f, child);
}

void sct_filter_enter(struct sct_filter *f, const struct sct_record *r)
{
	if (f->spec->follow)
		is_followed(f, r);
}

bool sct_filter_pass(struct sct_filter *f, const struct sct_record *r)
{
	bool passes;

	if (!f->spec->follow)
		return is_picked(f->spec, r) && is_wanted(f->spec, r);
	passes = is_followed(f, r);
	learn(f, r, passes);
	return passes && is_wanted(f->spec, r);
}

void sct_filter_fini(struct sct_filter *f)
{
	for (size_t i = 0; i < f->processes.size; i++)
		free(f->processes.slots[i].value);
	sct_map_fini(&f->processes);
}
