/* Log writer `pandalog`: PANDALOG version 2, as PANDA's plog_reader.py and its own C++ reader take it.
 *
 * In:  records
 * Out: a PANDALOG file
 * Layout, little-endian (panda-re/panda: panda/include/panda/plog-cc.hpp, panda/src/plog-cc.cpp):
 *   0    u32 version 2 | u32 0 | u64 position of the directory | u32 chunk size | u32 0 | zeros up to byte 128
 *   128  chunks, back to back: a zlib stream each, of {u32 length, LogEntry}...
 *   then the directory: u32 count, and for each chunk {u64 first instruction, u64 position, u64 entries}
 * Entries stand in the order in which calls end, as in PANDA's own files; so a chunk's first instruction is the one
 * at which its first call ended, while `instr` of an entry is the one that entered the kernel.
 */
#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "formats.h"
#include "plog_entry.h"

enum {
	VERSION = 2,
	HEADER_SIZE = 128,
	CHUNK_SIZE = 16 << 20, /* PL_CHUNKSIZE: PANDA's reader has buffers of this size for a chunk, packed and not */
	/* a chunk that has so much is closed: even if it does not compress, its zlib stream fits into CHUNK_SIZE */
	CHUNK_FULL = CHUNK_SIZE - (8 << 10),
	ENTRY_MAX = INT32_MAX, /* protobuf's own limit of a message */
	PACKED_STEP = 64 << 10,
};

struct chunk {
	uint64_t start;   /* instruction at which its first call ended */
	uint64_t pos;     /* in the file */
	uint64_t entries;
};

struct pandalog {
	struct sct_out *out;
	struct sct_plog plog;
	z_stream zip;         /* open: zip.state is not NULL */
	struct chunk *chunks; /* the last is open while `unpacked` is not 0 */
	size_t count, room;
	uint64_t unpacked;    /* bytes in the open chunk */
	uint64_t largest;     /* unpacked bytes of the largest chunk */
	uint8_t *packed;      /* one entry with its length */
	size_t packed_room;
	uint8_t zipped[64 << 10];
};

static void put32(uint8_t *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof v);
}

static void put64(uint8_t *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof v);
}

static void release(struct pandalog *s)
{
	if (s->zip.state)
		deflateEnd(&s->zip);
	free(s->chunks);
	free(s->packed);
	sct_plog_fini(&s->plog);
	s->chunks = NULL;
	s->packed = NULL;
}

/* Packs size bytes into the open chunk; flush Z_FINISH ends its zlib stream. */
static void zip(struct pandalog *s, const uint8_t *data, size_t size, int flush)
{
	int status;

	s->zip.next_in = (uint8_t *)data;
	s->zip.avail_in = (uInt)size;
	do {
		s->zip.next_out = s->zipped;
		s->zip.avail_out = sizeof s->zipped;
		status = deflate(&s->zip, flush);
		assert(status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR);
		sct_out_write(s->out, s->zipped, sizeof s->zipped - s->zip.avail_out);
	} while (s->zip.avail_out == 0);
}

static void end_chunk(struct pandalog *s)
{
	if (!s->unpacked)
		return;
	zip(s, NULL, 0, Z_FINISH);
	deflateReset(&s->zip);
	if (s->unpacked > s->largest)
		s->largest = s->unpacked;
	s->unpacked = 0;
}

/* Begins a chunk with a call that ended at instruction `at`. The directory never goes back: PANDA searches it by
 * halves. */
static int begin_chunk(struct pandalog *s, uint64_t at, struct sct_err *err)
{
	const struct chunk *last = s->count ? &s->chunks[s->count - 1] : NULL;
	uint64_t start = !last ? 0 : at > last->start ? at : last->start;

	if (s->count == s->room) {
		size_t room = s->room ? 2 * s->room : 16;
		struct chunk *chunks = reallocarray(s->chunks, room, sizeof *chunks);

		if (!chunks)
			return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for %zu directory entries", room);
		s->chunks = chunks;
		s->room = room;
	}
	s->chunks[s->count++] = (struct chunk){ .start = start, .pos = sct_out_tell(s->out) };
	return 0;
}

/* The entry behind its length, in s->packed. */
static int pack(struct pandalog *s, const Panda__LogEntry *entry, size_t *size, struct sct_err *err)
{
	size_t n = panda__log_entry__get_packed_size(entry);

	if (n > ENTRY_MAX)
		return sct_fail(err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET, "a call of %zu bytes: PANDALOG has no room", n);
	if (n + 4 > s->packed_room) {
		size_t room = (n + 4 + PACKED_STEP - 1) / PACKED_STEP * PACKED_STEP;

		free(s->packed);
		s->packed = malloc(room);
		s->packed_room = s->packed ? room : 0;
		if (!s->packed)
			return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for an entry of %zu bytes", n);
	}
	put32(s->packed, (uint32_t)n);
	panda__log_entry__pack(entry, s->packed + 4);
	*size = n + 4;
	return 0;
}

static int pandalog_open(void *state, struct sct_out *out, struct sct_err *err)
{
	static const uint8_t header[HEADER_SIZE] = { VERSION };
	struct pandalog *s = state;

	if (!sct_out_can_patch(out))
		return sct_fail(err, SCT_E_IO, SCT_NO_OFFSET, "PANDALOG needs a regular file: its header comes last");
	if (deflateInit(&s->zip, Z_DEFAULT_COMPRESSION) != Z_OK)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for zlib");
	s->out = out;
	sct_out_write(out, header, sizeof header);
	return 0;
}

static int pandalog_record(void *state, const struct sct_record *r, struct sct_err *err)
{
	struct pandalog *s = state;
	size_t size = 0;
	int status = pack(s, sct_plog_entry(&s->plog, r), &size, err);

	if (status)
		return status;
	if (s->unpacked + size > CHUNK_FULL)
		end_chunk(s);
	if (!s->unpacked)
		status = begin_chunk(s, r->ret.known ? r->ret.seq : r->enter.seq, err);
	if (status)
		return status;
	zip(s, s->packed, size, Z_NO_FLUSH);
	s->unpacked += size;
	s->chunks[s->count - 1].entries++;
	return sct_out_status(s->out, err);
}

static void write_directory(struct pandalog *s)
{
	uint8_t b[24];

	put32(b, (uint32_t)s->count);
	sct_out_write(s->out, b, 4);
	for (size_t i = 0; i < s->count; i++) {
		put64(b, s->chunks[i].start);
		put64(b + 8, s->chunks[i].pos);
		put64(b + 16, s->chunks[i].entries);
		sct_out_write(s->out, b, sizeof b);
	}
}

static int pandalog_close(void *state, struct sct_err *err)
{
	struct pandalog *s = state;
	uint8_t header[24] = { VERSION };
	uint64_t chunk;

	end_chunk(s);
	/* one entry alone may be larger than a chunk; PANDA's reader takes its buffers' size from here */
	chunk = s->largest > CHUNK_FULL ? compressBound(s->largest) + 1 : CHUNK_SIZE;
	put64(header + 8, sct_out_tell(s->out));
	put32(header + 16, (uint32_t)chunk);
	write_directory(s);
	release(s);
	return sct_out_patch(s->out, 0, header, sizeof header, err);
}

static uint64_t pandalog_invented(void *state)
{
	return ((struct pandalog *)state)->plog.invented;
}

const struct sct_sink_ops sct_sink_pandalog = {
	.name = "pandalog",
	.ending = ".plog",
	.summary = "PANDA's log: field `syscall` of its LogEntry, for plog_reader.py and PANDA's plugins",
	.state_size = sizeof(struct pandalog),
	.open = pandalog_open,
	.record = pandalog_record,
	.close = pandalog_close,
	.invented = pandalog_invented,
};
