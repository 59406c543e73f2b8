/* Input: the bytes of a file, unwrapped, piece by piece, if wished by a thread that works ahead.
 * In:  a path
 * Out: pieces, or damage with its place, in the file's order
 *
 * The results pass through a ring of slots. One belongs to the reader (the last that it took), the others are
 * filled or being filled. Without a second thread the reader fills a slot when it wants one.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "unwrap.h"

enum { SLOTS = 4 };

struct sct_input {
	struct sct_source src;
	const struct sct_unwrap_ops *ops;
	void *state;
	struct sct_slot slot[SLOTS];
	unsigned taken; /* results that the reader took, and */
	unsigned made;  /* results made; both only grow, modulo 2^32 */
	bool over;      /* the reader took the last result */
	uint64_t done;  /* as of the result that the reader took last */
	struct sct_err early; /* damage before the first piece, met while peeking; status 0: none, or told */
	uint64_t earlier;     /* how many more such damages there were */
	bool threaded, stop;
	pthread_t thread;
	pthread_mutex_t lock;      /* taken, made, stop */
	pthread_cond_t more, room; /* made has grown; taken has grown or stop was set */
};

int sct_slot_room(struct sct_slot *slot, size_t size, struct sct_err *err)
{
	uint8_t *buf;

	if (size <= slot->room && slot->buf)
		return SCT_OK;
	buf = malloc(size ? size : 1);
	if (!buf)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for a piece of %zu bytes", size);
	free(slot->buf);
	slot->buf = buf;
	slot->room = size;
	return SCT_OK;
}

/* Whether no result can follow this one. */
static bool is_last(int status)
{
	return status <= 0 && status != SCT_E_FORMAT && status != SCT_E_TRUNCATED;
}

static void make(struct sct_input *in, struct sct_slot *slot)
{
	slot->status = in->ops->next(in->state, slot);
	slot->done = in->src.offset;
}

/* ---- the second thread -------------------------------------------------------------------------------------- */

/* The slot to fill next; NULL: the reader wants no more. The reader keeps the one that it took last. */
static struct sct_slot *wait_for_room(struct sct_input *in)
{
	struct sct_slot *slot;

	pthread_mutex_lock(&in->lock);
	while (!in->stop && in->made - in->taken >= SLOTS - 1)
		pthread_cond_wait(&in->room, &in->lock);
	slot = in->stop ? NULL : &in->slot[in->made % SLOTS];
	pthread_mutex_unlock(&in->lock);
	return slot;
}

static void *ahead(void *ctx)
{
	struct sct_input *in = ctx;
	struct sct_slot *slot;
	bool last = false;

	while (!last && (slot = wait_for_room(in))) {
		make(in, slot);
		last = is_last(slot->status);
		pthread_mutex_lock(&in->lock);
		in->made++;
		pthread_cond_signal(&in->more);
		pthread_mutex_unlock(&in->lock);
	}
	return NULL;
}

/* Refused by the system: then without. Signals are the other threads' to handle. */
static void start_thread(struct sct_input *in)
{
	sigset_t all, before;

	pthread_mutex_init(&in->lock, NULL);
	pthread_cond_init(&in->more, NULL);
	pthread_cond_init(&in->room, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	in->threaded = pthread_create(&in->thread, NULL, ahead, in) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void end_thread(struct sct_input *in)
{
	if (!in->threaded)
		return;
	pthread_mutex_lock(&in->lock);
	in->stop = true;
	pthread_cond_signal(&in->room);
	pthread_mutex_unlock(&in->lock);
	pthread_join(in->thread, NULL);
	pthread_cond_destroy(&in->room);
	pthread_cond_destroy(&in->more);
	pthread_mutex_destroy(&in->lock);
}

/* ---- the reader's side -------------------------------------------------------------------------------------- */

/* Which unwrapper knows the file's first bytes. */
static int choose(struct sct_input *in, struct sct_err *err)
{
	static const struct sct_unwrap_ops *const all[] = {
		&sct_unwrap_zstd, &sct_unwrap_gzip, &sct_unwrap_xz, &sct_unwrap_plain,
	};

	if (sct_source_fill(&in->src, 8, err) < 0)
		return err->status;
	if (!in->src.left)
		return sct_fail(err, SCT_E_FORMAT, 0, "the file is empty");
	for (size_t i = 0; !in->ops; i++)
		if (all[i]->probe(in->src.data, in->src.left))
			in->ops = all[i];
	in->state = calloc(1, in->ops->state_size);
	if (!in->state)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory");
	return in->ops->open(in->state, &in->src, err);
}

int sct_input_open(const char *path, unsigned threads, struct sct_input **in, struct sct_err *err)
{
	struct sct_input *i = calloc(1, sizeof *i);

	if (!i)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory");
	if (sct_source_open(&i->src, path, err) < 0 || choose(i, err) < 0) {
		if (i->state)
			i->ops->close(i->state);
		free(i->state);
		sct_source_close(&i->src);
		free(i);
		return err->status;
	}
	/* a pipe may have nothing to give for long, and a thread that waits for it could not be told to end */
	if (threads > 1 && i->src.size)
		start_thread(i);
	*in = i;
	return SCT_OK;
}

void sct_input_close(struct sct_input *in)
{
	if (!in)
		return;
	end_thread(in);
	in->ops->close(in->state);
	free(in->state);
	sct_source_close(&in->src);
	for (unsigned i = 0; i < SLOTS; i++)
		free(in->slot[i].buf);
	free(in);
}

/* The oldest result that was not taken yet; makes it or waits for it. */
static struct sct_slot *front(struct sct_input *in)
{
	struct sct_slot *slot = &in->slot[in->threaded ? in->taken % SLOTS : 0];

	if (!in->threaded) {
		if (in->made == in->taken) {
			make(in, slot);
			in->made++;
		}
		return slot;
	}
	pthread_mutex_lock(&in->lock);
	while (in->made == in->taken)
		pthread_cond_wait(&in->more, &in->lock);
	pthread_mutex_unlock(&in->lock);
	return slot;
}

static void take(struct sct_input *in)
{
	if (!in->threaded) {
		in->taken++;
		return;
	}
	pthread_mutex_lock(&in->lock);
	in->taken++;
	pthread_cond_signal(&in->room);
	pthread_mutex_unlock(&in->lock);
}

/* Damage that peeking met: the first in full, the others by number. */
static int tell_early(struct sct_input *in, struct sct_err *err)
{
	*err = in->early;
	if (in->earlier)
		sct_fail(err, in->early.status, in->early.offset, "%.300s; %llu more damaged before the first sound one",
		         in->early.text, (unsigned long long)in->earlier);
	in->early.status = SCT_OK;
	return err->status;
}

int sct_input_next(struct sct_input *in, struct sct_piece *piece, struct sct_err *err)
{
	struct sct_slot *slot;

	if (in->early.status)
		return tell_early(in, err);
	if (in->over)
		return 0;
	slot = front(in);
	in->done = slot->done;
	in->over = is_last(slot->status);
	if (slot->status == 1)
		*piece = slot->piece;
	else if (slot->status < 0)
		*err = slot->err;
	take(in);
	return slot->status;
}

const uint8_t *sct_input_peek(struct sct_input *in, size_t *size)
{
	for (;;) {
		struct sct_slot *slot = front(in);

		if (slot->status == 1) {
			*size = slot->piece.size;
			return slot->piece.data;
		}
		if (is_last(slot->status))
			return NULL;
		if (!in->early.status)
			in->early = slot->err;
		else
			in->earlier++;
		take(in);
	}
}

void sct_input_position(const struct sct_input *in, uint64_t *done, uint64_t *total)
{
	*done = in->done;
	*total = in->src.size;
}
