/* The stream writer: one segment is being filled, a bounded queue of full ones waits for the writer thread.
 *
 * In:  chunks, in order, from whoever holds the lock
 * Out: a file of zstd frames, each written whole or not at all; a seek table at the end; counters
 *
 * Two locks: `build` for the segment being filled, `queue` for what the writer thread sees. `build` is taken first.
 */
#include "stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include "../../formats/sctrace.h"
#include "frames.h"

enum {
	QUEUE_MAX = 16,                /* full segments that may wait: 16 MiB */
	TICK_NS = 100 * 1000 * 1000,   /* the writer looks for an old segment so often */
	AGE_NS = 900 * 1000 * 1000,    /* a segment of this age is closed, if nothing else is said */
};

struct segment {
	struct segment *next;
	struct sct_bytes head, chunks; /* segment header and HEADER chunk; everything else */
	uint64_t first_event, events, calls;
	uint64_t began_ns;
	uint32_t number;
};

struct sct_stream {
	struct sct_stream_config config;
	pthread_mutex_t build, queue;
	pthread_cond_t filled, drained;
	pthread_t writer;
	struct segment *open;            /* build */
	uint64_t events, calls;          /* build */
	uint32_t segments;               /* build */
	struct segment *first, **last;   /* queue */
	struct segment *spare;           /* queue */
	unsigned waiting;                /* queue */
	bool ending;                     /* queue */
	_Atomic bool dead;
	_Atomic unsigned tick;
	struct sct_frames frames;        /* the writer's; with an empty queue, of whoever holds `build` */
	bool sealed;                     /* build: what comes behind the following is to be taken back */
	struct {
		uint32_t segments, count;
		uint64_t offset;
	} seal;                          /* build */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- the writer thread --------------------------------------------------------------------------------- */

static void fail(struct sct_stream *s, const struct sct_err *err)
{
	struct sct_counters *st = s->config.status;

	if (atomic_exchange(&s->dead, true))
		return;
	snprintf(st->error, sizeof st->error, "%s", err->text);
	atomic_store(&st->state, SCT_STATE_FAILED);
	fprintf(stderr, "sctrace: recording stopped: %s\n", err->text);
}

static void write_segment(struct sct_stream *s, struct segment *seg)
{
	struct sct_counters *st = s->config.status;
	struct sct_err err;

	if (atomic_load(&s->dead))
		return;
	sct_put(&seg->head, seg->chunks.data, seg->chunks.len);
	if (sct_frames_write(&s->frames, seg->head.data, seg->head.len, &err) < 0) {
		fail(s, &err);
		return;
	}
	atomic_fetch_add(&st->bytes, seg->head.len);
	atomic_store(&st->file_bytes, s->frames.offset);
	atomic_fetch_add(&st->calls_written, seg->calls);
	atomic_fetch_add(&st->events_written, seg->events);
}

static void close_segment(struct sct_stream *s);

static uint64_t age_ns(const struct sct_stream *s)
{
	return s->config.age_ms ? s->config.age_ms * UINT64_C(1000000) : AGE_NS;
}

/* Nobody fills the open segment up: close it when it is old. A vCPU at work holds the lock only for moments. */
static void flush_old(struct sct_stream *s)
{
	if (pthread_mutex_trylock(&s->build))
		return;
	if (s->open && now_ns() - s->open->began_ns >= age_ns(s))
		close_segment(s);
	pthread_mutex_unlock(&s->build);
}

/* The next full segment; NULL after some time without one. */
static struct segment *take(struct sct_stream *s, bool *ending)
{
	struct segment *seg;
	struct timespec until;

	pthread_mutex_lock(&s->queue);
	if (!s->first && !s->ending) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += age_ns(s) < TICK_NS ? (long)age_ns(s) : TICK_NS;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&s->filled, &s->queue, &until);
	}
	seg = s->first;
	if (seg) {
		s->first = seg->next;
		if (!s->first)
			s->last = &s->first;
	}
	*ending = s->ending;
	pthread_mutex_unlock(&s->queue);
	return seg;
}

static void give_back(struct sct_stream *s, struct segment *seg)
{
	pthread_mutex_lock(&s->queue);
	seg->next = s->spare;
	s->spare = seg;
	s->waiting--;
	pthread_cond_signal(&s->drained);
	pthread_mutex_unlock(&s->queue);
}

static void *writer(void *ctx)
{
	struct sct_stream *s = ctx;
	uint64_t ticked = now_ns();
	bool ending = false;

	for (;;) {
		struct segment *seg = take(s, &ending);

		if (seg) {
			write_segment(s, seg);
			give_back(s, seg);
		} else if (ending) {
			return NULL;
		} else {
			flush_old(s);
		}
		if (now_ns() - ticked >= AGE_NS) {
			ticked = now_ns();
			atomic_fetch_add(&s->tick, 1);
		}
	}
}

/* ---- filling ------------------------------------------------------------------------------------------- */

/* Puts the segment header and the HEADER chunk in front. */
static void finish_head(struct sct_stream *s, struct segment *seg)
{
	struct sct_bytes fields = { 0 }, header = { 0 };

	s->config.header(s->config.ctx, &fields);
	sct_put_u8(&header, SCT_CHUNK_HEADER);
	sct_put_varint(&header, 0);
	sct_put_varint(&header, fields.len);
	sct_put(&header, fields.data, fields.len);
	sct_put(&seg->head, SCT_SEGMENT_MAGIC, 4);
	sct_put_le(&seg->head, SCT_SEGMENT_VERSION, 4);
	sct_put_le(&seg->head, header.len + seg->chunks.len, 4);
	sct_put_le(&seg->head, seg->number, 4);
	sct_put_le(&seg->head, seg->first_event, 8);
	sct_put(&seg->head, header.data, header.len);
	sct_bytes_fini(&fields);
	sct_bytes_fini(&header);
}

/* Hands the open segment to the writer. */
static void close_segment(struct sct_stream *s)
{
	struct segment *seg = s->open;

	finish_head(s, seg);
	atomic_store(&s->config.status->instructions, s->config.instructions(s->config.ctx));
	s->open = NULL;
	s->segments++;
	pthread_mutex_lock(&s->queue);
	seg->next = NULL;
	*s->last = seg;
	s->last = &seg->next;
	s->waiting++;
	pthread_cond_signal(&s->filled);
	pthread_mutex_unlock(&s->queue);
}

static void wait_for_writer(struct sct_stream *s)
{
	uint64_t began = 0;

	pthread_mutex_lock(&s->queue);
	while (s->waiting >= QUEUE_MAX) {
		if (!began)
			began = now_ns();
		pthread_cond_wait(&s->drained, &s->queue);
	}
	pthread_mutex_unlock(&s->queue);
	if (began) {
		atomic_fetch_add(&s->config.status->waits, 1);
		atomic_fetch_add(&s->config.status->wait_ns, now_ns() - began);
	}
}

static void open_segment(struct sct_stream *s)
{
	struct segment *seg;

	pthread_mutex_lock(&s->queue);
	seg = s->spare;
	if (seg)
		s->spare = seg->next;
	pthread_mutex_unlock(&s->queue);
	if (!seg)
		seg = calloc(1, sizeof *seg);
	if (!seg)
		abort();
	seg->head.len = seg->chunks.len = 0;
	seg->events = seg->calls = 0;
	seg->first_event = s->events;
	seg->number = s->segments;
	seg->began_ns = now_ns();
	s->open = seg;
}

/* Takes back what sct_stream_seal has written. */
static void unseal(struct sct_stream *s)
{
	struct sct_err err;

	s->sealed = false;
	s->segments = s->seal.segments;
	if (sct_stream_alive(s))
		atomic_store(&s->config.status->state, SCT_STATE_RUNNING);
	if (sct_stream_alive(s) && sct_frames_cut(&s->frames, s->seal.count, s->seal.offset, &err) < 0)
		fail(s, &err);
}

void sct_stream_room(struct sct_stream *s)
{
	if (s->sealed)
		unseal(s);
	if (s->open && s->open->chunks.len >= SCT_SEGMENT_TARGET)
		close_segment(s);
	if (!s->open)
		wait_for_writer(s);
}

void sct_stream_chunk(struct sct_stream *s, uint8_t kind, unsigned vcpu, const void *data, size_t size)
{
	if (!sct_stream_alive(s))
		return;
	if (!s->open)
		open_segment(s);
	sct_put_u8(&s->open->chunks, kind);
	sct_put_varint(&s->open->chunks, vcpu);
	sct_put_varint(&s->open->chunks, size);
	sct_put(&s->open->chunks, data, size);
}

void sct_stream_count(struct sct_stream *s, bool is_call)
{
	struct sct_counters *st = s->config.status;

	if (!sct_stream_alive(s))
		return;
	s->events++;
	s->open->events++;
	atomic_store(&st->events, s->events);
	if (!is_call)
		return;
	s->calls++;
	s->open->calls++;
	atomic_store(&st->calls, s->calls);
}

/* ---- the rest ------------------------------------------------------------------------------------------ */

void sct_stream_lock(struct sct_stream *s)
{
	pthread_mutex_lock(&s->build);
}

void sct_stream_unlock(struct sct_stream *s)
{
	pthread_mutex_unlock(&s->build);
}

bool sct_stream_trylock(struct sct_stream *s)
{
	return pthread_mutex_trylock(&s->build) == 0;
}

bool sct_stream_alive(const struct sct_stream *s)
{
	return !atomic_load_explicit(&s->dead, memory_order_relaxed);
}

uint32_t sct_stream_segment(const struct sct_stream *s)
{
	return s->segments;
}

unsigned sct_stream_tick(const struct sct_stream *s)
{
	return atomic_load_explicit(&s->tick, memory_order_relaxed);
}

int sct_stream_new(const struct sct_stream_config *config, struct sct_stream **stream, struct sct_err *err)
{
	struct sct_stream *s = calloc(1, sizeof *s);

	if (!s || sct_frames_init(&s->frames, config->fd, err) < 0) {
		free(s);
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for the compressor");
	}
	s->config = *config;
	s->frames.file = config->file;
	s->frames.ctx = config->ctx;
	s->last = &s->first;
	pthread_mutex_init(&s->build, NULL);
	pthread_mutex_init(&s->queue, NULL);
	pthread_cond_init(&s->filled, NULL);
	pthread_cond_init(&s->drained, NULL);
	if (pthread_create(&s->writer, NULL, writer, s)) {
		sct_frames_fini(&s->frames);
		free(s);
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "the system refused a thread");
	}
	*stream = s;
	return SCT_OK;
}

static void put_end(struct sct_stream *s)
{
	struct sct_bytes b = { 0 };

	sct_stream_room(s);
	sct_put_varint(&b, s->events);
	sct_put_varint(&b, s->calls);
	sct_put_varint(&b, s->config.instructions(s->config.ctx));
	sct_stream_chunk(s, SCT_CHUNK_END, 0, b.data, b.len);
	sct_bytes_fini(&b);
}

void sct_stream_flush(struct sct_stream *s)
{
	if (s->open)
		close_segment(s);
	pthread_mutex_lock(&s->queue);
	while (s->waiting)
		pthread_cond_wait(&s->drained, &s->queue);
	pthread_mutex_unlock(&s->queue);
}

void sct_stream_seal(struct sct_stream *s)
{
	struct sct_err err;

	sct_stream_flush(s);
	s->seal.segments = s->segments;
	s->seal.count = s->frames.count;
	s->seal.offset = s->frames.offset;
	put_end(s);
	sct_stream_flush(s);
	if (sct_stream_alive(s) && sct_frames_table(&s->frames, &err) < 0)
		fail(s, &err);
	if (sct_stream_alive(s))
		atomic_store(&s->config.status->state, SCT_STATE_CLOSED);
	s->sealed = true;
}

/* The stream itself stays: a vCPU may still be on its way to the lock. */
void sct_stream_close(struct sct_stream *s)
{
	struct sct_err err;

	put_end(s);
	if (s->open)
		close_segment(s);
	pthread_mutex_lock(&s->queue);
	s->ending = true;
	pthread_cond_signal(&s->filled);
	pthread_mutex_unlock(&s->queue);
	pthread_join(s->writer, NULL);
	if (!atomic_load(&s->dead) && sct_frames_close(&s->frames, &err) < 0)
		fail(s, &err);
	atomic_store(&s->config.status->file_bytes, s->frames.offset);
	if (!atomic_exchange(&s->dead, true))
		atomic_store(&s->config.status->state, SCT_STATE_CLOSED);
	sct_frames_fini(&s->frames);
	sct_stream_unlock(s);
}

void sct_stream_free(struct sct_stream *s)
{
	struct segment *next;

	for (struct segment *seg = s->spare; seg; seg = next) {
		next = seg->next;
		sct_bytes_fini(&seg->head);
		sct_bytes_fini(&seg->chunks);
		free(seg);
	}
	pthread_mutex_destroy(&s->build);
	pthread_mutex_destroy(&s->queue);
	pthread_cond_destroy(&s->filled);
	pthread_cond_destroy(&s->drained);
	free(s);
}
