/* Every door to the street: what a trace reader and a log writer are, and the tables of those there are.
 *
 * To add one: write formats/trace_X.c or formats/sink_X.c with one `const struct` of the kind below, and name it in
 * formats/formats.c.
 */
#ifndef SCT_FORMATS_H
#define SCT_FORMATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../src/arch.h"
#include "../src/err.h"
#include "../src/event.h"
#include "../src/record.h"

/* ---- input: the bytes of a file, unwrapped ---------------------------------------------------------------- */

struct sct_input;

/* Opens path ("-": standard input); plain, zstd, gzip and xz are told by their first bytes. threads > 1 unwraps
 * regular files ahead in a second thread; the results are the same. SCT_E_IO: cannot be opened or read (text says
 * why). SCT_E_FORMAT: it is empty. */
int sct_input_open(const char *path, unsigned threads, struct sct_input **in, struct sct_err *err);
void sct_input_close(struct sct_input *in);

/* A run of unwrapped bytes, in place until the next call. */
struct sct_piece {
	const uint8_t *data;
	size_t size;
	uint64_t offset;  /* of the first byte of the compressed unit it came from, in the file as it lies on disk */
	bool starts_unit; /* data begins where an independently compressed unit (zstd frame, gzip member) begins */
	bool plain;       /* not compressed: byte data[i] is at offset + i of the file */
};

/* The next piece: a whole zstd frame when it unwraps to at most SCT_PIECE_MAX bytes, else a run of the stream.
 * Returns 1, 0 at the end of the file, or a negative status for damage. Calling again after SCT_E_FORMAT (damaged
 * bytes, wrong checksum) and SCT_E_TRUNCATED (the file ends inside a unit; what could be unwrapped of it came
 * before) goes on behind the damaged unit where one can be found (the next zstd frame), and ends the file otherwise.
 * After any other status only sct_input_close is of use: SCT_E_IO, SCT_E_NOMEM, SCT_E_UNSUPPORTED,
 * SCT_E_INTERRUPTED (a signal handler that was set up without SA_RESTART ran while reading). */
int sct_input_next(struct sct_input *in, struct sct_piece *piece, struct sct_err *err);
/* The first piece of the unwrapped input, without taking it; for probing, before the first sct_input_next. NULL:
 * there is none, and sct_input_next says why. */
const uint8_t *sct_input_peek(struct sct_input *in, size_t *size);
/* Bytes of the file consumed so far and its size (0: unknown), for progress. */
void sct_input_position(const struct sct_input *in, uint64_t *done, uint64_t *total);

enum { SCT_PIECE_MAX = 16 << 20 };

/* ---- trace readers ---------------------------------------------------------------------------------------- */

enum sct_level { SCT_LEVEL_SYSCALLS, SCT_LEVEL_BLOCKS, SCT_LEVEL_FULL };
extern const char *const sct_level_names[3]; /* "syscalls", "blocks", "full" */

/* What a trace says of itself. Strings belong to the reader; NULL or 0 where it does not say. */
struct sct_trace_info {
	const char *format;   /* the reader's name */
	const char *recorder; /* program and version */
	const char *emulator; /* QEMU and its version */
	const struct sct_arch *arch;
	bool user_mode;       /* one program under an emulator: no kernel, flat memory, a vCPU is a thread */
	unsigned vcpus;
	enum sct_level level;
	const char *start;    /* what started the recording: "reset", "first-syscall" */
	bool exact_threads;   /* THREAD events tell which thread runs; may become true while events are read */
	const char *thread_source; /* how the recorder knows: "stack switch", "symbols" */
	uint64_t started_ns;  /* Unix time in ns, or 0 */
	const char *filter;   /* what was left out on purpose */
	const char *parent;   /* the recording that this one was forked from */
	const char *registers;/* those that are recorded, as "name:bytes", by spaces */
};

/* Something that a format counts in its own terms, for sctrace-info. */
struct sct_count {
	const char *name;
	uint64_t count;
};

/* What a reader had to leave out, with its first cause. */
struct sct_damage {
	uint64_t places;       /* how many separate places were damaged */
	uint64_t bytes;        /* unwrapped bytes skipped, as far as known */
	uint64_t unknown;      /* parts of kinds that this version does not know, skipped by their length */
	bool truncated;        /* the recording was not closed: its end is missing */
	struct sct_err first;  /* the first damage; status 0: none */
};

/* Opaque: the state_size bytes that the framework gives each reader, zeroed. */
struct sct_trace_ops {
	const char *name;
	const char *summary; /* one line for --list-formats */
	size_t state_size;
	/* How sure, 0 (no) to 100, that data (the first bytes of the unwrapped input) are of this format. */
	int (*probe)(const uint8_t *data, size_t size);
	/* Reads the header. Negative: status, *err filled; close is called all the same. The input stays the caller's. */
	int (*open)(void *state, struct sct_input *in, struct sct_err *err);
	const struct sct_trace_info *(*info)(void *state);
	/* Fills up to max events (at least SCT_BATCH_MIN); returns how many, 0 at the end, negative only when nothing
	 * more can be read. Damage is skipped, counted in *damage() and told by a GAP event. */
	int (*next)(void *state, struct sct_event *events, int max, struct sct_err *err);
	const struct sct_damage *(*damage)(void *state);
	/* What the format counts; ends with a NULL name. The function may be NULL. */
	const struct sct_count *(*counts)(void *state);
	void (*close)(void *state);
};

enum { SCT_BATCH_MIN = 128 };

extern const struct sct_trace_ops *const sct_trace_formats[]; /* ends with NULL */

/* An opened trace: the input and the reader that probed highest (or the one called name). */
struct sct_trace {
	const struct sct_trace_ops *ops;
	struct sct_input *in;
	void *state;
};

/* SCT_E_USAGE: no reader of that name. SCT_E_FORMAT: no reader knows these bytes. name may be NULL. */
int sct_trace_open(struct sct_trace *t, const char *path, const char *name, unsigned threads, struct sct_err *err);
void sct_trace_close(struct sct_trace *t);

/* ---- log writers ------------------------------------------------------------------------------------------ */

/* Where a log goes: a file written beside its name and renamed when complete, or standard output. */
struct sct_out;

/* path "-" is standard output. SCT_E_IO: not writable. */
int sct_out_open(const char *path, struct sct_out **out, struct sct_err *err);
/* Buffered write; a failure is kept and told by sct_out_status and sct_out_commit. */
void sct_out_write(struct sct_out *out, const void *data, size_t size);
/* 0, or the first failure of a write so far (SCT_E_IO), so that a long run can end when its log has. */
int sct_out_status(const struct sct_out *out, struct sct_err *err);
/* Bytes written so far, for formats that refer back. */
uint64_t sct_out_tell(const struct sct_out *out);
/* Whether sct_out_patch can work: a regular file that begins with our first byte. */
bool sct_out_can_patch(const struct sct_out *out);
/* Rewrites size bytes at offset at; only on files that can seek. SCT_E_IO otherwise. */
int sct_out_patch(struct sct_out *out, uint64_t at, const void *data, size_t size, struct sct_err *err);
/* Flushes, closes and gives the file its name. SCT_E_IO: what failed first (full disk and the like); then no file
 * stands under the name. Frees out in every case. */
int sct_out_commit(struct sct_out *out, struct sct_err *err);
/* Gives up: removes the half-written file, frees out. */
void sct_out_abort(struct sct_out *out);

struct sct_sink_ops {
	const char *name;    /* "jsonl" */
	const char *ending;  /* ".jsonl" */
	const char *summary;
	size_t state_size;
	int (*open)(void *state, struct sct_out *out, struct sct_err *err);
	int (*record)(void *state, const struct sct_record *record, struct sct_err *err);
	/* Writes what must stand at the end and frees what the state holds: called once after every open that succeeded,
	 * also when a record failed. The caller commits or aborts out. */
	int (*close)(void *state, struct sct_err *err);
	/* How many required fields had to be written as 0 because they are unknown (-v tells); may be NULL. */
	uint64_t (*invented)(void *state);
};

extern const struct sct_sink_ops *const sct_sink_formats[]; /* ends with NULL; the first is the default */

/* The writer of that name, or NULL. */
const struct sct_sink_ops *sct_sink_find(const char *name);
/* The writer whose ending path has, or NULL. */
const struct sct_sink_ops *sct_sink_by_path(const char *path);

#endif
