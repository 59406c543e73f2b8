/* Reader of sctrace traces, sctrace-trace(5): segment by segment, over damage, to events.
 * In:  an input
 * Out: events, what the recording says of itself, what was damaged
 *
 * Layout: see sctrace.h. Files: _feed finds segments, _header reads what they begin with, _events decodes their chunks,
 * _who those of threads, _lines and _stores the memory in them. All data of events lie in the segment, which stays until the next one is
 * wanted, in a later call.
 */
#include <stdlib.h>
#include <string.h>

#include "trace_sctrace.h"

enum { TRIES = 1000 };

static int st_probe(const uint8_t *data, size_t size)
{
	return size >= 4 && !memcmp(data, SCT_SEGMENT_MAGIC, 4) ? 100 : 0;
}

void sct_st_search_inside(struct sct_st_reader *r, size_t at)
{
	if (!r->tries)
		return;
	r->tries--;
	sct_st_feed_back(&r->feed, at);
}

/* ---- segments in order -------------------------------------------------------------------------------------- */

/* Reads the HEADER chunk that the segment begins with; the chunks behind it are r->chunks. */
static int read_header(struct sct_st_reader *r, struct sct_st_header *h, struct sct_err *err)
{
	struct sct_cursor *c = &r->chunks;
	unsigned kind;
	uint64_t len;
	const uint8_t *data;

	*c = sct_cursor(r->seg.data, r->seg.size);
	kind = sct_take_u8(c);
	sct_take_varint(c); /* vCPU: of no meaning here */
	len = sct_take_varint(c);
	data = sct_take(c, len);
	if (c->bad && r->seg.size < r->seg.length && r->feed.ended)
		return sct_fail(err, SCT_E_TRUNCATED, r->seg.offset, "the recording ends inside a segment's header");
	if (c->bad || kind != SCT_CHUNK_HEADER || len > SCT_HEADER_MAX)
		return sct_fail(err, SCT_E_FORMAT, r->seg.offset, "segment %u does not begin with a header",
		                r->seg.number);
	r->chunk_count[kind]++;
	return sct_st_header_read(h, data, (size_t)len, r->seg.offset, err);
}

/* Whether the segment goes on with the recording that the first one began. */
static int check_order(struct sct_st_reader *r, const struct sct_st_header *h, struct sct_err *err)
{
	if (r->opened && (memcmp(h->id, r->id, sizeof r->id) || h->arch != r->info.arch))
		return sct_fail(err, SCT_E_FORMAT, r->seg.offset, "segment %u is of another recording", r->seg.number);
	if (r->opened && r->seg.number < r->next_number)
		return sct_fail(err, SCT_E_FORMAT, r->seg.offset, "segment %u stands behind segment %u", r->seg.number,
		                r->next_number - 1);
	if (r->ended)
		return sct_fail(err, SCT_E_FORMAT, r->seg.offset, "segment %u stands behind the recording's end",
		                r->seg.number);
	return SCT_OK;
}

/* Tells what is missing between this segment and the one before. */
static void check_gap(struct sct_st_reader *r)
{
	struct sct_err err;

	if (r->seg.number == r->next_number && (r->explained || r->seg.first_event == r->next_event))
		return;
	if (r->seg.number != r->next_number)
		sct_fail(&err, SCT_E_FORMAT, r->seg.offset, "segments %u to %u are missing", r->next_number,
		         r->seg.number - 1);
	else
		sct_fail(&err, SCT_E_FORMAT, r->seg.offset, "segment %u begins with event %llu instead of %llu",
		         r->seg.number, (unsigned long long)r->seg.first_event, (unsigned long long)r->next_event);
	r->gap = true;
	if (!r->explained)
		sct_st_damaged(r, &err);
}

/* A text of the header as a string of the reader's; NULL where it says nothing. */
static const char *keep(struct sct_st_reader *r, unsigned i, struct sct_st_text text)
{
	if (!text.size)
		return NULL;
	r->texts[i] = strndup((const char *)text.data, text.size);
	for (char *p = r->texts[i]; p && *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	return r->texts[i];
}

/* Threads are not known before the guest's kernel has run, and by its symbols not before it has shown where it lies: the
 * last header that knows counts. */
static void note_threads(struct sct_st_reader *r)
{
	struct sct_st_text source = r->header.thread_source;

	if (!r->header.threads)
		return;
	r->info.exact_threads = true;
	if (r->texts[6] && !strncmp(r->texts[6], (const char *)source.data, source.size) && !r->texts[6][source.size])
		return;
	free(r->texts[6]);
	r->texts[6] = NULL;
	r->info.thread_source = keep(r, 6, source);
}

/* Makes the segment the current one. SCT_E_FORMAT, SCT_E_UNSUPPORTED: it cannot be. */
static int begin_segment(struct sct_st_reader *r, struct sct_err *err)
{
	struct sct_st_header h;

	if (read_header(r, &h, err) < 0 || check_order(r, &h, err) < 0 ||
	    sct_st_lines_begin(&r->lines, r->seg.size, err) < 0)
		return err->status;
	check_gap(r);
	r->header = h;
	if (r->opened)
		note_threads(r);
	r->explained = false;
	r->inside = true;
	r->stage = SCT_ST_NEXT;
	r->who.due = false;
	r->next_number = r->seg.number + 1;
	r->next_event = r->seg.first_event;
	r->segments++;
	r->bytes += SCT_SEGMENT_HEADER + r->seg.size;
	if (r->tries < TRIES)
		r->tries++;
	for (unsigned i = 0; i < SCT_VCPUS_MAX; i++)
		if (r->vcpus[i])
			r->vcpus[i]->keyed = false;
	return SCT_OK;
}

static void truncated(struct sct_st_reader *r, const struct sct_err *err)
{
	r->damage.truncated = true;
	if (!r->damage.first.status)
		r->damage.first = *err;
}

/* Bytes that are no segment of this recording. While the next sound one is searched for that is no news. */
static void refuse_segment(struct sct_st_reader *r, const struct sct_err *err)
{
	bool searching = r->explained;
	uint64_t places = r->damage.places;

	sct_st_damaged(r, err);
	if (searching)
		r->damage.places = places;
	r->damage.bytes += SCT_SEGMENT_HEADER + r->seg.size;
	sct_st_search_inside(r, 0);
}

/* The end of the input: a recording that has no END was not closed. */
static int finish(struct sct_st_reader *r)
{
	struct sct_err err;
	uint64_t done, total;

	sct_input_position(r->feed.in, &done, &total);
	if (r->ended || r->damage.truncated)
		return 0;
	sct_fail(&err, SCT_E_TRUNCATED, done, "the recording was not closed: its end is missing");
	truncated(r, &err);
	return 0;
}

/* Goes to the next sound segment. Returns 1, 0 at the end, or what ends the reading. */
static int load(struct sct_st_reader *r, struct sct_err *err)
{
	for (;;) {
		struct sct_err e;
		int rc = sct_st_feed_next(&r->feed, &r->seg, &e);

		if (!rc)
			return finish(r);
		if (rc == SCT_E_FORMAT) {
			sct_st_damaged(r, &e);
			continue;
		}
		if (rc == 1)
			rc = begin_segment(r, &e);
		if (rc == SCT_OK)
			return 1;
		if (rc == SCT_E_TRUNCATED) {
			truncated(r, &e);
		} else if (rc == SCT_E_FORMAT || rc == SCT_E_UNSUPPORTED) {
			refuse_segment(r, &e);
		} else {
			*err = e;
			return rc;
		}
	}
}

/* ---- the plug ----------------------------------------------------------------------------------------------- */

static void fill_info(struct sct_st_reader *r)
{
	const struct sct_st_header *h = &r->header;

	memcpy(r->id, h->id, sizeof r->id);
	r->texts[5] = sct_st_header_registers(h);
	r->info = (struct sct_trace_info){
		.format = "sctrace",
		.recorder = keep(r, 0, h->recorder),
		.emulator = keep(r, 1, h->emulator),
		.arch = h->arch,
		.user_mode = h->user_mode,
		.vcpus = (unsigned)h->vcpus,
		.level = (enum sct_level)h->level,
		.start = keep(r, 2, h->start),
		.started_ns = h->started,
		.filter = keep(r, 3, h->filter),
		.parent = keep(r, 4, h->parent),
		.registers = r->texts[5],
	};
	note_threads(r);
}

static int st_open(void *state, struct sct_input *in, const struct sct_trace_hints *hints, struct sct_err *err)
{
	struct sct_st_reader *r = state;
	int rc;

	if (hints->nondet)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "a PANDA non-determinism log goes with PANDA's traces only");
	r->feed.in = in;
	r->tries = TRIES;
	rc = load(r, err);
	if (rc < 0)
		return rc;
	if (!rc) {
		*err = r->damage.first;
		return err->status;
	}
	/* of one vCPU the instructions tell the order; of several, and of a program whose threads they are, the events
	 * do */
	r->by_event = r->header.user_mode || r->header.vcpus != 1;
	r->opened = true;
	fill_info(r);
	return SCT_OK;
}

static const struct sct_trace_info *st_info(void *state)
{
	struct sct_st_reader *r = state;

	return &r->info;
}

static int st_next(void *state, struct sct_event *events, int max, struct sct_err *err)
{
	struct sct_st_reader *r = state;
	int n;

	for (;;) {
		if (!r->inside) {
			int rc = load(r, err);

			if (!rc && r->gap) { /* damage with nothing sound behind it */
				r->gap = false;
				*events = (struct sct_event){ .kind = SCT_EV_GAP };
				return 1;
			}
			if (rc <= 0)
				return rc;
		}
		n = sct_st_decode(r, events, max);
		if (n)
			return n;
	}
}

static const struct sct_damage *st_damage(void *state)
{
	struct sct_st_reader *r = state;

	return &r->damage;
}

static const struct sct_count *st_counts(void *state)
{
	static const char *const kinds[SCT_ST_KINDS] = {
		[SCT_CHUNK_HEADER] = "headers", [SCT_CHUNK_KEYFRAME] = "keyframes", [SCT_CHUNK_ENTER] = "enter",
		[SCT_CHUNK_RETURN] = "return", [SCT_CHUNK_SWITCH] = "switch", [SCT_CHUNK_CODE] = "code",
		[SCT_CHUNK_EXEC] = "exec", [SCT_CHUNK_STORE] = "store", [SCT_CHUNK_RAM] = "ram",
		[SCT_CHUNK_LOST] = "lost", [SCT_CHUNK_END] = "end",
		[SCT_CHUNK_WHO] = "who",
	};
	struct sct_st_reader *r = state;
	unsigned n = 0;

	r->counts[n++] = (struct sct_count){ "segments", r->segments };
	r->counts[n++] = (struct sct_count){ "bytes", r->bytes };
	if (r->ended)
		r->counts[n++] = (struct sct_count){ "instructions", r->end_instructions };
	r->counts[n++] = (struct sct_count){ "cut", r->cut };
	for (unsigned i = 1; i < SCT_ST_KINDS; i++)
		r->counts[n++] = (struct sct_count){ kinds[i], r->chunk_count[i] };
	r->counts[n] = (struct sct_count){ NULL, 0 };
	return r->counts;
}

static void st_close(void *state)
{
	struct sct_st_reader *r = state;

	for (unsigned i = 0; i < SCT_VCPUS_MAX; i++)
		free(r->vcpus[i]);
	for (unsigned i = 0; i < sizeof r->texts / sizeof *r->texts; i++)
		free(r->texts[i]);
	free(r->pages);
	sct_st_lines_fini(&r->lines);
	sct_st_feed_fini(&r->feed);
}

const struct sct_trace_ops sct_trace_sctrace = {
	.name = "sctrace",
	.summary = "recordings of sctrace-record, sctrace-trace(5)",
	.state_size = sizeof(struct sct_st_reader),
	.probe = st_probe,
	.open = st_open,
	.info = st_info,
	.next = st_next,
	.damage = st_damage,
	.counts = st_counts,
	.close = st_close,
};
