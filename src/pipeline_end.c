/* The ends of calls: records completed and handed out, of what returns, and of what will not.
 * In:  calls that have ended
 * Out: their records
 */
#include "pipeline_end.h"

#include <string.h>

enum { PILE_MAX = 1024 }; /* calls that are open without hope of an end that an event tells */

static int finish_killed(struct sct_pipeline *p, const struct sct_open *wait, const struct sct_word *pid,
                         struct sct_err *err);
static int finish_interrupted(struct sct_pipeline *p, struct sct_open *exit, struct sct_err *err);

int sct_pipeline_finish(struct sct_pipeline *p, const struct sct_ending *e, const struct sct_returned *back,
                        struct sct_err *err)
{
	const struct sct_views *views = back && back->readable ? &back->views : NULL;
	bool known = e->known && e->end != SCT_END_NORETURN;
	struct sct_word pid;
	int r = SCT_OK;

	sct_lineage_result(&p->lineage, &p->pending, e->open, known, e->result);
	sct_decode_end(&p->decode, e, back ? &back->moment : NULL, views ? &views->program : NULL);
	sct_annotate_end(&p->annotate, e, views);
	p->counts.ended[e->end]++;
	if (sct_lineage_reaped(e->open, known, e->result, &pid))
		r = finish_killed(p, e->open, &pid, err);
	if (!r)
		r = p->ops.end(p->ops.ctx, &e->open->record, err);
	if (!r && e->end == SCT_END_NORETURN)
		r = finish_interrupted(p, e->open, err);
	if (e->end == SCT_END_EXEC)
		sct_lineage_alone(&p->pending, e->open);
	if (e->end == SCT_END_NORETURN)
		sct_pending_noreturn(&p->pending, e->open);
	else
		sct_pending_drop(&p->pending, e->open);
	return r;
}

/* A process is gone: the calls that its threads had open will never return. */
static int finish_killed(struct sct_pipeline *p, const struct sct_open *wait, const struct sct_word *pid,
                         struct sct_err *err)
{
	struct sct_ending e = { .end = SCT_END_KILLED };
	struct sct_open *next;
	int r = SCT_OK;

	for (struct sct_open *o = p->pending.first.next; !r && o != &p->pending.first; o = next) {
		next = o->next;
		e.open = o;
		if (sct_lineage_is_reaped(o, wait, pid))
			r = sct_pipeline_finish(p, &e, NULL, err);
	}
	return r;
}

/* A thread that exits in a signal handler never comes back to the calls that handlers interrupted. */
static int finish_interrupted(struct sct_pipeline *p, struct sct_open *exit, struct sct_err *err)
{
	struct sct_ending e = { .end = SCT_END_SIGNAL, .unknown = "not recorded" };
	int r = SCT_OK;

	if ((exit->call.proto->flags & SCT_P_SIGRETURN) || !exit->record.thread.known)
		return SCT_OK;
	while (!r && (e.open = exit->below))
		r = sct_pipeline_finish(p, &e, NULL, err);
	return r;
}

int sct_pipeline_finish_all(struct sct_pipeline *p, enum sct_end end, struct sct_err *err)
{
	struct sct_ending e = { .end = end, .unknown = "not recorded" };
	int r = SCT_OK;

	while (!r && (e.open = sct_pending_oldest(&p->pending))) {
		e.end = end;
		if (end == SCT_END_UNFINISHED && e.open->state == SCT_OPEN_HANDLER)
			e.end = SCT_END_SIGNAL;
		else if (end == SCT_END_UNFINISHED && e.open->doomed)
			e.end = SCT_END_KILLED;
		r = sct_pipeline_finish(p, &e, NULL, err);
	}
	return r;
}

/* Other threads of a process that ends, unless something tells that the process is gone. */
static bool is_doomed(const struct sct_open *o)
{
	return o->doomed;
}

/* An execve of a thread without a number, which nobody can know in its new image. */
static bool is_untraceable(const struct sct_open *o)
{
	return !o->record.thread.known && o->call.proto && (o->call.proto->flags & SCT_P_EXEC);
}

/* Ends the oldest of such calls where there are many, or a long recording would pile them up. */
static int let_go(struct sct_pipeline *p, bool (*is)(const struct sct_open *), enum sct_end end, struct sct_err *err)
{
	struct sct_ending e = { .end = end, .unknown = "not recorded" };
	struct sct_open *first = &p->pending.first, *next;
	unsigned n = 0;
	int r = SCT_OK;

	for (struct sct_open *o = first->next; o != first; o = o->next)
		n += is(o);
	for (struct sct_open *o = first->next; !r && n > PILE_MAX; o = next) {
		next = o->next;
		if (!is(o))
			continue;
		n--;
		e.open = o;
		r = sct_pipeline_finish(p, &e, NULL, err);
	}
	return r;
}

int sct_pipeline_entered(struct sct_pipeline *p, struct sct_open *open, struct sct_err *err)
{
	const struct sct_proto *proto = open->call.proto;
	const struct sct_ending over = { .open = open, .end = SCT_END_NORETURN };
	int r = SCT_OK;

	if (is_untraceable(open))
		r = let_go(p, is_untraceable, SCT_END_LOST, err);
	if (!r && proto && proto->flags & SCT_P_NORETURN && !strcmp(proto->name, "exit_group")) {
		sct_lineage_alone(&p->pending, open);
		r = let_go(p, is_doomed, SCT_END_KILLED, err);
	}
	if (!r && proto && (proto->flags & (SCT_P_NORETURN | SCT_P_SIGRETURN)))
		r = sct_pipeline_finish(p, &over, NULL, err);
	return r;
}
