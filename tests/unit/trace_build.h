/* Builds small sctrace traces by hand, chunk by chunk, after sctrace-trace(5) and not after the recorder.
 * In:  chunks
 * Out: the unpacked stream, or the zstd file with its seek table
 */
#ifndef SCT_TEST_TRACE_BUILD_H
#define SCT_TEST_TRACE_BUILD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "../../formats/sctrace.h"
#include "../../src/record/bytes.h"

enum { FRAMES_MAX = 64 };

struct trace {
	struct sct_bytes plain;         /* all finished segments */
	struct sct_bytes chunks;        /* of the open segment */
	size_t begin[FRAMES_MAX + 1];   /* of each segment in plain */
	unsigned segments;
	uint32_t number;                /* of the next segment */
	uint64_t events;                /* so far; the head of the next segment has first_event */
	uint64_t first_event;
	/* of the header: */
	const char *target;
	unsigned word, vcpus, user_mode, threads;
	const char *thread_source;      /* NULL: none */
	struct sct_bytes dictionary;    /* empty: rax:8 rbx:8 cr3:8 xmm0:16 */
	uint8_t id;
};

static const struct trace trace_new = { .target = "x86_64", .word = 8, .vcpus = 1, .threads = 1, .id = 7 };

static inline void put_reg(struct sct_bytes *b, const char *name, uint8_t size)
{
	sct_put_u8(b, (uint8_t)strlen(name));
	sct_put(b, name, strlen(name));
	sct_put_u8(b, size);
}

static inline void put_field(struct sct_bytes *b, unsigned id, const void *data, size_t size)
{
	sct_put_varint(b, id);
	sct_put_varint(b, size);
	sct_put(b, data, size);
}

static inline void put_number(struct sct_bytes *b, unsigned id, uint64_t n)
{
	struct sct_bytes v = { 0 };

	sct_put_varint(&v, n);
	put_field(b, id, v.data, v.len);
	sct_bytes_fini(&v);
}

static inline void put_chunk(struct sct_bytes *to, unsigned kind, unsigned vcpu, const struct sct_bytes *payload)
{
	sct_put_u8(to, (uint8_t)kind);
	sct_put_varint(to, vcpu);
	sct_put_varint(to, payload->len);
	sct_put(to, payload->data, payload->len);
}

/* Adds a chunk to the open segment and empties payload. */
static inline void add(struct trace *t, unsigned kind, unsigned vcpu, struct sct_bytes *payload)
{
	put_chunk(&t->chunks, kind, vcpu, payload);
	if (kind >= SCT_CHUNK_ENTER && kind <= SCT_CHUNK_SWITCH)
		t->events++;
	sct_bytes_fini(payload);
}

static inline void put_header(const struct trace *t, struct sct_bytes *to)
{
	struct sct_bytes h = { 0 }, d = { 0 };
	uint8_t id[16];

	memset(id, t->id, sizeof id);
	put_field(&h, SCT_HEADER_FILE_ID, id, sizeof id);
	put_field(&h, SCT_HEADER_RECORDER, "by hand", 7);
	put_field(&h, SCT_HEADER_EMULATOR, "none", 4);
	put_field(&h, SCT_HEADER_TARGET, t->target, strlen(t->target));
	put_number(&h, SCT_HEADER_USER_MODE, t->user_mode);
	put_number(&h, SCT_HEADER_BIG_ENDIAN, 0);
	put_number(&h, SCT_HEADER_WORD, t->word);
	put_number(&h, SCT_HEADER_VCPUS, t->vcpus);
	put_number(&h, SCT_HEADER_LEVEL, 0);
	put_field(&h, SCT_HEADER_START, "reset", 5);
	put_number(&h, SCT_HEADER_STARTED, 1000);
	put_number(&h, SCT_HEADER_THREADS, t->threads);
	if (t->thread_source)
		put_field(&h, SCT_HEADER_THREAD_SOURCE, t->thread_source, strlen(t->thread_source));
	put_field(&h, 99, "from the future", 15);
	if (t->dictionary.len) {
		sct_put(&d, t->dictionary.data, t->dictionary.len);
	} else {
		sct_put_varint(&d, 4);
		put_reg(&d, "rax", 8);
		put_reg(&d, "rbx", 8);
		put_reg(&d, "cr3", 8);
		put_reg(&d, "xmm0", 16);
	}
	put_field(&h, SCT_HEADER_REGISTERS, d.data, d.len);
	put_chunk(to, SCT_CHUNK_HEADER, 0, &h);
	sct_bytes_fini(&d);
	sct_bytes_fini(&h);
}

/* Ends the open segment. */
static inline void segment(struct trace *t)
{
	struct sct_bytes head = { 0 };

	put_header(t, &head);
	t->begin[t->segments++] = t->plain.len;
	sct_put(&t->plain, SCT_SEGMENT_MAGIC, 4);
	sct_put_le(&t->plain, SCT_SEGMENT_VERSION, 4);
	sct_put_le(&t->plain, head.len + t->chunks.len, 4);
	sct_put_le(&t->plain, t->number++, 4);
	sct_put_le(&t->plain, t->first_event, 8);
	sct_put(&t->plain, head.data, head.len);
	sct_put(&t->plain, t->chunks.data, t->chunks.len);
	t->begin[t->segments] = t->plain.len;
	t->first_event = t->events;
	sct_bytes_fini(&head);
	sct_bytes_fini(&t->chunks);
}

/* KEYFRAME with values for the default dictionary. */
static inline void keyframe(struct trace *t, unsigned vcpu, uint64_t time, uint64_t icount, uint64_t rax, uint64_t rbx,
                            uint64_t cr3)
{
	struct sct_bytes b = { 0 };

	sct_put_varint(&b, time);
	sct_put_varint(&b, icount);
	sct_put_varint(&b, 1);
	sct_put_u8(&b, 0);
	sct_put_le(&b, rax, 8);
	sct_put_le(&b, rbx, 8);
	sct_put_le(&b, cr3, 8);
	sct_put_le(&b, 0, 8);
	sct_put_le(&b, 0, 8);
	add(t, SCT_CHUNK_KEYFRAME, vcpu, &b);
}

/* Head of an event up to its code. */
static inline void event_head(struct sct_bytes *b, uint64_t time, uint64_t icount, int64_t pc, uint64_t thread,
                              unsigned flags, const char *code)
{
	sct_put_varint(b, time);
	sct_put_varint(b, icount);
	sct_put_zigzag(b, pc);
	sct_put_varint(b, thread);
	sct_put_u8(b, (uint8_t)flags);
	sct_put_u8(b, (uint8_t)strlen(code));
	sct_put(b, code, strlen(code));
}

/* An event whose registers do not change and that has no memory. */
static inline void event(struct trace *t, unsigned kind, unsigned vcpu, uint64_t icount, int64_t pc, uint64_t thread)
{
	struct sct_bytes b = { 0 };

	event_head(&b, 1, icount, pc, thread, 0, kind == SCT_CHUNK_ENTER ? "\x0f\x05" : "");
	sct_put_varint(&b, 0);
	if (kind != SCT_CHUNK_SWITCH)
		sct_put_varint(&b, 0);
	add(t, kind, vcpu, &b);
}

static inline void end(struct trace *t)
{
	struct sct_bytes b = { 0 };

	sct_put_varint(&b, t->events);
	sct_put_varint(&b, 0);
	sct_put_varint(&b, 0);
	add(t, SCT_CHUNK_END, 0, &b);
	segment(t);
}

/* The zstd file: a frame with a checksum for each segment, and the seek table. */
static inline struct sct_bytes packed(const struct trace *t)
{
	struct sct_bytes file = { 0 }, table = { 0 };
	ZSTD_CCtx *z = ZSTD_createCCtx();

	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	for (unsigned i = 0; i < t->segments; i++) {
		size_t size = t->begin[i + 1] - t->begin[i], n;

		sct_bytes_reserve(&file, ZSTD_compressBound(size));
		n = ZSTD_compress2(z, file.data + file.len, file.room - file.len, t->plain.data + t->begin[i], size);
		file.len += n;
		sct_put_le(&table, n, 4);
		sct_put_le(&table, size, 4);
	}
	sct_put_le(&file, 0x184d2a5e, 4);
	sct_put_le(&file, table.len + 9, 4);
	sct_put(&file, table.data, table.len);
	sct_put_le(&file, t->segments, 4);
	sct_put_u8(&file, 0);
	sct_put_le(&file, 0x8f92eab1, 4);
	ZSTD_freeCCtx(z);
	sct_bytes_fini(&table);
	return file;
}

static inline void trace_fini(struct trace *t)
{
	sct_bytes_fini(&t->plain);
	sct_bytes_fini(&t->chunks);
	sct_bytes_fini(&t->dictionary);
}

#endif
