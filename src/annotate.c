/* Annotations: who made a call and what its descriptors are.
 * In:  records at their entry and their end, the operating system's data
 * Out: the records, with process, thread, names, texts of descriptors
 */
#include "annotate.h"

#include "value.h"

static void take_word(struct sct_word *to, const struct sct_word *from)
{
	if (from->known)
		*to = *from;
}

static void take_who(struct sct_record *r, const struct sct_who *who)
{
	take_word(&r->pid, &who->pid);
	take_word(&r->tid, &who->tid);
	take_word(&r->ppid, &who->ppid);
	take_word(&r->start_time_ns, &who->start_time_ns);
	take_word(&r->uid, &who->uid);
	if (who->comm)
		r->comm = who->comm;
	if (who->exe)
		r->exe = who->exe;
}

/* What descriptor number is of the thread that made the call; NULL: not known, or nothing. */
static const char *text_of(struct sct_annotate *a, struct sct_open *open, const struct sct_views *views, int number)
{
	const char *text = NULL;

	if (a->os && views)
		text = a->os->descriptor(a->os->state, &views->kernel, number, &open->arena);
	if (text)
		return *text ? text : NULL; /* what is not open now is not what calls showed, either */
	return sct_descriptors_text(&a->shown, open->thread, number, &open->arena);
}

/* One moment of one call. */
struct moment {
	struct sct_annotate *a;
	struct sct_open *open;
	const struct sct_views *views;
};

static bool tell(void *ctx, struct sct_value *v, int number)
{
	struct moment *m = ctx;

	v->text = text_of(m->a, m->open, m->views, number);
	return true;
}

void sct_annotate_enter(struct sct_annotate *a, struct sct_open *open, const struct sct_views *views)
{
	struct moment now = { a, open, views };
	struct sct_who who = { 0 };
	int number;

	if (a->os) {
		a->os->who(a->os->state, &views->kernel, &who, &open->arena);
		take_who(&open->record, &who);
	}
	for (size_t i = 0; i < open->record.nargs; i++)
		if (sct_value_is_descriptor(&open->args[i], &number))
			open->args[i].text = text_of(a, open, views, number);
	sct_values_descriptors(open->args, open->record.nargs, false, tell, &now);
	sct_descriptors_enter(&a->shown, open, &views->program);
}

void sct_annotate_end(struct sct_annotate *a, const struct sct_ending *e, const struct sct_views *views)
{
	bool known = e->known && e->end != SCT_END_NORETURN;
	struct moment now = { a, e->open, views };
	int number;

	sct_descriptors_end(&a->shown, e->open, views ? &views->program : NULL, known, e->result);
	if (sct_result_is_descriptor(&e->open->call, known, e->result, &number))
		e->open->record.result.text = text_of(a, e->open, views, number);
	sct_values_descriptors(e->open->args, e->open->record.nargs, true, tell, &now);
}

void sct_annotate_child(struct sct_annotate *a, const struct sct_thread *child, const struct sct_origin *origin)
{
	sct_descriptors_child(&a->shown, child, &origin->call, origin->flags, &origin->space);
}

void sct_annotate_missed(struct sct_annotate *a, const struct sct_word *space)
{
	if (space)
		sct_descriptors_missed(&a->shown, space);
	else
		sct_descriptors_gap(&a->shown);
}

void sct_annotate_fini(struct sct_annotate *a)
{
	sct_descriptors_fini(&a->shown);
}
