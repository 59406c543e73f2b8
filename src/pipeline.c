/* The pipeline: events to machine, detect, pending, decode, annotate.
 * In:  an opened trace
 * Out: records, through callbacks
 */
#include "os_kept.h"
#include "pipeline_end.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH = 256 };

static int check_profile(struct sct_pipeline *p, struct sct_err *err)
{
	if (!p->info->arch)
		return sct_fail(err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET, "the recording does not name an architecture known here");
	if (!p->info->user_mode && !p->info->arch->machine)
		return sct_fail(err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET, "a recording of a whole machine of %s: of that "
		                "architecture only recordings of single programs are read", p->info->arch->name);
	if (!p->options.profile)
		p->options.profile = sct_abi_default_profile(p->info->arch);
	if (!p->options.profile)
		return sct_fail(err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET, "no profile for %s", p->info->arch->name);
	if (sct_profile_init(&p->profile, p->options.profile, p->info->arch))
		return SCT_OK;
	if (sct_abi_profile_arch(p->options.profile))
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "profile %s is none of a recording of %s", p->options.profile,
		                p->info->arch->name);
	return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "no profile called '%s' (--list-profiles)", p->options.profile);
}

/* A snapshot must be of what the trace is of. */
static int check_snapshots(const struct sct_pipeline *p, struct sct_err *err)
{
	for (size_t i = 0; i < p->options.nsnapshots; i++) {
		const struct sct_snapshot_info *s = sct_snapshot_info(&p->options.snapshots[i]);
		const char *arch = s->arch ? s->arch->name : s->arch_name;

		if (arch && strcmp(arch, p->info->arch->name))
			return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "the trace is of %s, snapshot %zu of %s",
			                p->info->arch->name, i + 1, arch);
		if (s->program != p->info->user_mode && strcmp(s->format, "raw"))
			return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "the trace is of %s, snapshot %zu of %s",
			                p->info->user_mode ? "one program" : "a whole machine", i + 1,
			                s->program ? "one program" : "a whole machine");
	}
	return SCT_OK;
}

static void start_machine(struct sct_pipeline *p)
{
	struct sct_machine *m = &p->machine;

	sct_machine_init(m, p->info->arch, p->info->user_mode);
	sct_machine_set_snapshots(m, p->options.snapshots, p->options.nsnapshots);
	if (p->info->shown == SCT_SHOWN_NONE)
		sct_machine_missed_stores(m);
	p->counts.seeded = sct_machine_seed(m, &p->info->first_pc);
}

int sct_pipeline_new(struct sct_pipeline **out, struct sct_trace *trace, const struct sct_pipeline_options *options,
                     const struct sct_pipeline_ops *ops, struct sct_err *err)
{
	struct sct_pipeline *p = calloc(1, sizeof *p);
	int r;

	if (!p)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "out of memory");
	p->trace = trace;
	p->info = trace->ops->info(trace->state);
	p->options = *options;
	p->ops = *ops;
	p->decode.view.limits = options->limits;
	if (p->info->user_mode) /* there is no kernel in it to hold types against, nor do BTF and ISF name a machine */
		p->options.types = NULL;
	p->decode.view.layouts = sct_layouts_new(p->options.types);
	p->annotate.shown.program = p->lineage.program = p->info->user_mode;
	sct_pending_init(&p->pending);
	r = check_profile(p, err);
	if (!r && options->os && !sct_os_keep(&p->os, options->os))
		r = sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "out of memory");
	p->annotate.os = options->os ? &p->os : NULL;
	if (!r)
		r = sct_insn_new(&p->insn, p->info->arch, err);
	if (!r)
		r = sct_step_new(&p->step, p->info->arch, err);
	if (!r && p->info->every_insn && !(p->flow = calloc(SCT_MACHINE_VCPUS, sizeof *p->flow)))
		r = sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "out of memory");
	if (!r)
		r = check_snapshots(p, err);
	if (r) {
		sct_pipeline_free(p);
		return r;
	}
	start_machine(p);
	*out = p;
	return SCT_OK;
}

void sct_pipeline_free(struct sct_pipeline *p)
{
	if (!p)
		return;
	sct_annotate_fini(&p->annotate);
	if (p->os.state)
		p->os.free(p->os.state);
	sct_lineage_fini(&p->lineage);
	sct_pending_fini(&p->pending);
	sct_layouts_free(p->decode.view.layouts);
	sct_layouts_free(p->forgotten);
	sct_machine_fini(&p->machine);
	sct_step_free(p->step);
	sct_insn_free(p->insn);
	free(p->flow);
	free(p);
}

const struct sct_pipeline_counts *sct_pipeline_counts(struct sct_pipeline *p)
{
	p->counts.orphans = p->pending.orphans;
	p->counts.reads = p->machine.reads;
	p->counts.kernel_reads = p->machine.kernel_reads;
	p->counts.code = p->machine.code;
	p->counts.unmapped = p->machine.unmapped;
	return &p->counts;
}

static struct sct_moment moment_of(const struct sct_event *e)
{
	return (struct sct_moment){ true, e->seq, e->addr, e->time_ns };
}

static struct sct_views views_of(struct sct_vcpu *v, unsigned cpu)
{
	unsigned ptr = sct_arch_kernel_ptr(v->machine->arch, &v->regs);

	return (struct sct_views){ sct_machine_mem(v), { .mem = sct_machine_kernel_mem(v), .cpu = cpu, .ptr = ptr } };
}

/* The types are of another kernel than the recorded one: what they say of structs is not to be believed either. */
static void forget_types(struct sct_pipeline *p)
{
	p->options.types = NULL;
	p->forgotten = p->decode.view.layouts;
	p->decode.view.layouts = sct_layouts_new(NULL);
}

static void decode(struct sct_pipeline *p, struct sct_vcpu *v, struct sct_open *open, const struct sct_entry *entry)
{
	struct sct_views views = views_of(v, entry->cpu);
	struct sct_os *os = p->annotate.os;

	views.kernel.shown = os ? sct_machine_kernel_shown(v) : 0;
	if (os && p->options.types && os->is_other(os->state, &views.kernel))
		forget_types(p);
	sct_decode_enter(&p->decode, open, entry);
	sct_lineage_enter(&p->lineage, open);
	sct_annotate_enter(&p->annotate, open, &views);
}

/* The vCPU enters the kernel with a call that cannot be told. */
static void missed(struct sct_pipeline *p, const struct sct_vcpu *v)
{
	struct sct_word space = { false, 0 };

	space.known = sct_arch_asid(p->info->arch, &v->regs, &space.value);
	sct_annotate_missed(&p->annotate, &space);
}

static int begin(struct sct_pipeline *p, struct sct_vcpu *v, const struct sct_call *call,
                 struct sct_entry *entry, struct sct_err *err)
{
	struct sct_thread *t = sct_pending_thread(&p->pending, &p->machine, v);
	struct sct_ending lost;
	struct sct_open *open;
	unsigned restarts;
	int r = SCT_OK;

	if (!t) {
		p->counts.no_thread++;
		missed(p, v);
		return SCT_OK;
	}
	open = sct_pending_enter(&p->pending, t, &p->machine, v, entry->pc, call, &lost);
	restarts = open->record.restarts;
	if (lost.open)
		r = sct_pipeline_finish(p, &lost, NULL, err);
	if (!r && !restarts)
		decode(p, v, open, entry);
	v->inside = (struct sct_word){ true, open->record.id };
	if (r || restarts)
		return r;
	p->counts.calls++;
	p->counts.not_in_table += !call->proto;
	if (call->proto && (call->proto->flags & SCT_P_FORK))
		sct_lineage_fork(&p->lineage, open, &entry->mem);
	if (p->ops.enter)
		r = p->ops.enter(p->ops.ctx, &open->record, err);
	return r ? r : sct_pipeline_entered(p, open, err);
}

/* A vCPU is back in user mode: a call has ended, or a new thread (a fork's child, a program that the kernel starts)
 * takes its first step. */
static int on_user(struct sct_pipeline *p, const struct sct_event *e, struct sct_vcpu *v, struct sct_err *err)
{
	struct sct_thread *child = sct_pending_first_step(&p->pending, &p->machine, v);
	struct sct_returned back = { moment_of(e), true, views_of(v, e->vcpu) };
	struct sct_ending ending;
	struct sct_origin origin;

	v->inside.known = false;
	if (child) {
		origin = sct_lineage_child(&p->lineage, &p->pending, child, &p->machine, v, e->addr);
		sct_annotate_child(&p->annotate, child, &origin);
		return SCT_OK;
	}
	ending = sct_pending_leave(&p->pending, &p->machine, v, e->addr);
	if (!ending.open)
		return SCT_OK;
	/* a handler has run since: what the call wrote may have been overwritten */
	back.readable = ending.open->state != SCT_OPEN_HANDLER;
	return sct_pipeline_finish(p, &ending, &back, err);
}

/* Whether control can have gone from the last instruction to pc. */
static bool can_follow(const struct sct_flow *last, uint64_t pc)
{
	if (!last->any || last->entered || last->at.jumps)
		return true;
	/* a repeated string instruction is told once for each turn */
	return pc == last->at.addr + last->at.size || pc == last->at.addr;
}

/* The next instruction of a trace that tells every one: it shows whether a call has ended before it. */
static int follow(struct sct_pipeline *p, const struct sct_event *e, struct sct_vcpu *v, struct sct_err *err)
{
	struct sct_flow *last = &p->flow[e->vcpu];
	bool program = p->info->shown == SCT_SHOWN_PROGRAM, back;

	if (!program)
		return last->entered ? on_user(p, e, v, err) : SCT_OK;
	back = sct_pending_is_after(&p->pending, &p->machine, v, e->addr);
	if (!can_follow(last, e->addr) || (last->entered && !back)) {
		p->counts.first_hole = p->counts.holes++ ? p->counts.first_hole : e->seq;
		sct_machine_missed_stores(&p->machine);
		sct_annotate_missed(&p->annotate, NULL);
	}
	return back ? on_user(p, e, v, err) : SCT_OK;
}

/* Reads the call that the entering instruction f makes and begins it. */
static int enter(struct sct_pipeline *p, const struct sct_event *e, struct sct_vcpu *v, const struct sct_found *f,
                 struct sct_err *err)
{
	unsigned entering = p->info->arch->entering ? p->info->arch->entering : f->size;
	struct sct_entry entry = { .mem = sct_machine_mem(v), .insn = f->kind, .pc = f->addr + f->size - entering };
	struct sct_call call;

	entry.cpu = e->vcpu;
	entry.moment = moment_of(e);
	entry.moment.pc = f->addr; /* the event may begin with other instructions */
	if (sct_call_read(&call, &p->profile, f->kind, f->mode, &v->regs, &entry.mem))
		return begin(p, v, &call, &entry, err);
	p->counts.no_abi++;
	missed(p, v);
	return SCT_OK;
}

/* The same, where other instructions come first: their effects last until the recording shows registers again. */
static int enter_behind(struct sct_pipeline *p, const struct sct_event *e, struct sct_vcpu *v,
                        const struct sct_found *f, struct sct_err *err)
{
	struct sct_regs shown = v->regs;
	int r;

	sct_step_over(p->step, f->mode, &v->regs, e->addr, e->data, e->value);
	r = enter(p, e, v, f, err);
	v->regs = shown;
	return r;
}

/* How many instructions may have been calls that nobody could see. */
static uint64_t untold_of(const struct sct_detect_counts *c)
{
	return c->unseen + c->unknown_mode;
}

/* A vCPU is about to execute in user mode. */
static int on_insn(struct sct_pipeline *p, const struct sct_event *e, struct sct_vcpu *v, struct sct_err *err)
{
	struct sct_found f;
	uint64_t untold;
	int r = SCT_OK;

	if (p->flow)
		r = follow(p, e, v, err);
	if (r)
		return r;
	if (e->data && p->options.nsnapshots)
		sct_machine_compare_code(v, e->seq, e->addr, e->data, e->len);
	untold = untold_of(&p->counts.detect);
	f = sct_detect(p->insn, v, e, p->info->user_mode, &p->counts.detect);
	if (untold_of(&p->counts.detect) != untold)
		sct_annotate_missed(&p->annotate, NULL);
	if (p->flow)
		p->flow[e->vcpu] = (struct sct_flow){ true, f.kind != SCT_INSN_NONE, f };
	if (f.kind == SCT_INSN_NONE)
		return SCT_OK;
	r = e->data && e->value ? enter_behind(p, e, v, &f, err) : enter(p, e, v, &f, err);
	if (p->info->shown == SCT_SHOWN_PROGRAM)
		sct_machine_missed_stores(&p->machine);
	return r;
}

/* A vCPU whose thread had no number learns it: so does the call that it is in. */
static void name_thread(struct sct_pipeline *p, const struct sct_event *e)
{
	const struct sct_vcpu *v = sct_machine_vcpu(&p->machine, e->vcpu);

	if (v && !v->thread.known && v->inside.known)
		sct_pending_number(&p->pending, v->inside.value, e->value);
}

/* What the recording says of the thread that a vCPU runs. */
static void on_who(struct sct_pipeline *p, const struct sct_event *e)
{
	struct sct_vcpu *v = sct_machine_vcpu(&p->machine, e->vcpu);
	struct sct_thread *t = v && v->thread.known ? sct_pending_thread(&p->pending, &p->machine, v) : NULL;

	if (t)
		sct_lineage_told(t, e);
}

/* A vCPU runs another thread. */
static void on_thread(struct sct_pipeline *p, const struct sct_event *e)
{
	struct sct_vcpu *v = sct_machine_vcpu(&p->machine, e->vcpu);
	struct sct_thread *t = v && e->reg ? sct_pending_thread(&p->pending, &p->machine, v) : NULL;

	if (t)
		sct_thread_born(t);
}

static int take(struct sct_pipeline *p, const struct sct_event *e, struct sct_err *err)
{
	struct sct_vcpu *v;
	int r = SCT_OK;

	if (e->kind == SCT_EV_GAP) {
		r = sct_pipeline_finish_all(p, SCT_END_LOST, err);
		sct_annotate_missed(&p->annotate, NULL);
	} else if (e->kind == SCT_EV_INSN || e->kind == SCT_EV_USER) {
		v = sct_machine_vcpu(&p->machine, e->vcpu);
		if (!v)
			return SCT_OK;
		r = e->kind == SCT_EV_INSN ? on_insn(p, e, v, err) : on_user(p, e, v, err);
		sct_machine_unsee(v);
		if (e->kind == SCT_EV_USER)
			sct_machine_back(&p->machine);
		return r;
	}
	if (e->kind == SCT_EV_THREAD)
		name_thread(p, e);
	sct_machine_apply(&p->machine, e);
	if (e->kind == SCT_EV_THREAD)
		on_thread(p, e);
	else if (e->kind == SCT_EV_WHO)
		on_who(p, e);
	return r;
}

int sct_pipeline_run(struct sct_pipeline *p, struct sct_err *err)
{
	const struct sct_trace_ops *ops = p->trace->ops;
	struct sct_event events[BATCH];
	int n, r = SCT_OK;

	while (!r && (n = ops->next(p->trace->state, events, BATCH, err)) != 0) {
		if (n < 0) {
			sct_pipeline_finish_all(p, SCT_END_UNFINISHED, err);
			return n;
		}
		p->machine.halves = p->info->halves;
		for (int i = 0; i < n && !r; i++)
			r = take(p, &events[i], err);
		if (!r && p->options.strict && ops->damage(p->trace->state)->first.status) {
			*err = ops->damage(p->trace->state)->first;
			r = err->status;
		}
		if (!r && p->ops.tick)
			r = p->ops.tick(p->ops.ctx, err);
	}
	if (!r || r == SCT_E_INTERRUPTED) {
		struct sct_err later;
		int end = sct_pipeline_finish_all(p, p->counts.holes ? SCT_END_LOST : SCT_END_UNFINISHED, &later);

		if (end && !r)
			*err = later;
		r = r ? r : end;
	}
	return r;
}
