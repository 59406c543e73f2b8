/* The three kinds of events, from callback to stream.
 *
 * In:  QEMU's callbacks at hooked instructions and blocks
 * Out: ENTER, RETURN and SWITCH events; the start of the recording
 */
#include "recorder.h"

#include <string.h>
#include <time.h>

struct sct_recorder sct_recorder;

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void sct_begin_time(struct sct_recorder *r)
{
	r->began_ns = clock_ns(CLOCK_MONOTONIC);
	r->started_unix_ns = clock_ns(CLOCK_REALTIME);
}

static bool user_mode(struct sct_recorder *r, struct sct_vcpu *v)
{
	return v && sct_vcpu_cpl(v, &r->dict) == 3;
}

/* Whose call enters or returns: the thread that runs, else whoever has this stack in this address space. */
static struct sct_thread *current_thread(struct sct_recorder *r, const struct sct_vcpu *v)
{
	if (v->thread && (sct_threads_exact(&r->threads) || sct_threads_assumed(v)))
		return v->thread;
	return sct_threads_guess(&r->threads, sct_vcpu_role(v, &r->dict, SCT_ROLE_CR3) >> 12 ^
	                                      sct_vcpu_role(v, &r->dict, SCT_ROLE_SP) << 24);
}

static uint64_t time_of(const struct sct_recorder *r)
{
	return clock_ns(CLOCK_MONOTONIC) - r->began_ns;
}

static void emit(struct sct_recorder *r, struct sct_vcpu *v, struct sct_event_in *e)
{
	if (e->lines && sct_lines_cut(e->lines)) {
		e->flags |= SCT_EVENT_CUT;
		atomic_fetch_add(&r->counters->cut, 1);
	}
	sct_emit(r->stream, v, &r->dict, e, &r->scratch);
}

/* What every ENTER and RETURN begins with: what happened before them, and the segment that they go to. */
static void prepare(struct sct_recorder *r, struct sct_vcpu *v)
{
	sct_flush_all(r);
	sct_stream_room(r->stream);
	sct_vcpu_read(v, &r->dict);
	sct_introspect_at(r, v);
}

/* Everything that belongs to an ENTER, but for its encoding. */
static void capture_enter(struct sct_recorder *r, struct sct_vcpu *v, const struct sct_enter_site *site,
                          struct sct_event_in *e)
{
	struct sct_thread *thread;

	prepare(r, v);
	thread = current_thread(r, v);
	e->chunk = SCT_CHUNK_ENTER;
	e->time_ns = time_of(r);
	/* the block may be another process's, mapped there at another page; the register holds the block's start */
	e->pc = site->vaddr + ((sct_vcpu_pc(v) - site->tb_vaddr) & ~UINT64_C(0xfff));
	if (r->dict.arch->word == 4)
		e->pc = (uint32_t)e->pc;
	e->thread = thread->serial;
	e->code = site->bytes;
	e->size = site->size;
	e->lines = r->capture.lines;
	sct_capture_enter(&r->capture, v, site->kind, e->pc, &thread->call);
	sct_introspect_told(r);
}

/* The first system call starts the recording. It waits for what belongs before it, all RAM at level full. Other vCPUs'
 * calls are not recorded until all is hooked: their returns could be missed. */
static void record_first(struct sct_recorder *r, struct sct_vcpu *v, const struct sct_enter_site *site)
{
	sct_begin_time(r);
	capture_enter(r, v, site, &r->first);
	memcpy(r->first_code, site->bytes, sizeof r->first_code);
	r->first.code = r->first_code;
	r->starter = v->index;
	atomic_store(&r->counters->state, SCT_STATE_RUNNING);
	atomic_store(&r->phase, SCT_PHASE_STARTING);
}

void sct_emit_first(struct sct_recorder *r)
{
	sct_stream_room(r->stream);
	emit(r, r->vcpu[r->starter], &r->first);
}

void sct_on_enter(unsigned vcpu, void *data)
{
	struct sct_recorder *r = &sct_recorder;
	const struct sct_enter_site *site = data;
	struct sct_vcpu *v = r->vcpu[vcpu];
	struct sct_event_in e = { .icount = qemu_plugin_u64_get(r->icount, vcpu) - site->rest };
	bool restart = false;

	if (!user_mode(r, v))
		return;
	sct_stream_lock(r->stream);
	sct_locate_enter(r, v, site->kind);
	if (!sct_stream_alive(r->stream)) {
		restart = atomic_exchange(&r->phase, SCT_PHASE_STOPPED) != SCT_PHASE_STOPPED;
	} else if (atomic_load(&r->phase) == SCT_PHASE_WAITING) {
		record_first(r, v, site);
		restart = true;
	} else if (atomic_load(&r->phase) == SCT_PHASE_RUNNING) {
		capture_enter(r, v, site, &e);
		emit(r, v, &e);
	}
	sct_stream_unlock(r->stream);
	if (restart)
		sct_restart();
}

void sct_on_return(unsigned vcpu, void *none)
{
	struct sct_recorder *r = &sct_recorder;
	struct sct_vcpu *v = r->vcpu[vcpu];
	struct sct_event_in e = { .chunk = SCT_CHUNK_RETURN, .icount = qemu_plugin_u64_get(r->icount, vcpu) };
	struct sct_thread *thread;

	(void)none;
	qemu_plugin_u64_set(r->pending, vcpu, 0);
	if (!user_mode(r, v))
		return;
	sct_stream_lock(r->stream);
	thread = v->thread;
	if (!sct_threads_exact(&r->threads) || !thread || thread->call.open || thread->unseen) {
		prepare(r, v);
		thread = current_thread(r, v);
		thread->unseen = false;
		e.time_ns = time_of(r);
		e.pc = sct_vcpu_pc(v);
		e.thread = thread->serial;
		e.lines = r->capture.lines;
		sct_capture_return(&r->capture, v, e.pc, &thread->call);
		emit(r, v, &e);
	}
	sct_stream_unlock(r->stream);
}

static void record_switch(struct sct_recorder *r, struct sct_vcpu *v, bool born)
{
	struct sct_event_in e = {
		.chunk = SCT_CHUNK_SWITCH,
		.flags = born ? SCT_EVENT_BORN : 0,
		.icount = qemu_plugin_u64_get(r->icount, v->index),
		.time_ns = time_of(r),
		.thread = sct_threads_exact(&r->threads) ? v->thread->serial : 0,
	};
	int cr3 = r->dict.role[SCT_ROLE_CR3];

	sct_flush_all(r);
	sct_stream_room(r->stream);
	/* a KEYFRAME that stands before this event tells all registers */
	if (v->segment != sct_stream_segment(r->stream))
		sct_vcpu_read(v, &r->dict);
	else
		sct_vcpu_reg(v, v->handles[cr3], &v->values[cr3]);
	emit(r, v, &e);
}

/* site NULL: at the symbol __switch_to. */
static void on_switch(struct sct_recorder *r, struct sct_vcpu *v, const struct sct_switch *site)
{
	bool born, switched;

	if (!v)
		return;
	sct_stream_lock(r->stream);
	switched = site ? sct_threads_switch(&r->threads, v, &r->dict, site, &born) :
	                  sct_threads_switch_to(&r->threads, v, &r->dict, &r->kernel, &born);
	atomic_store(&r->counters->exact_threads, sct_threads_exact(&r->threads));
	atomic_store(&r->counters->strays, r->threads.strays);
	if (switched && atomic_load(&r->phase) == SCT_PHASE_RUNNING)
		record_switch(r, v, born);
	sct_stream_unlock(r->stream);
}

void sct_on_switch(unsigned vcpu, void *site)
{
	on_switch(&sct_recorder, sct_recorder.vcpu[vcpu], site);
}

void sct_on_switch_to(unsigned vcpu, void *none)
{
	on_switch(&sct_recorder, sct_recorder.vcpu[vcpu], none);
}
