/* Every door to the street: what a trace reader, a snapshot reader and a log writer are, and the tables of those there
 * are.
 *
 * To add one: write formats/trace_X.c, formats/mem_X.c or formats/sink_X.c with one `const struct` of the kind
 * below, and name it in formats/formats.c.
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

/* Which stores to memory a trace shows. */
enum sct_shown {
	SCT_SHOWN_ALL,     /* everybody's, or what a vCPU sees is told before each event (SEEN) */
	SCT_SHOWN_PROGRAM, /* those of one program, none of the kernel's */
	SCT_SHOWN_NONE,    /* none */
};

/* What a trace says of itself. Strings belong to the reader; NULL or 0 where it does not say. */
struct sct_trace_info {
	const char *format;   /* the reader's name */
	const char *recorder; /* program and version */
	const char *emulator; /* QEMU and its version */
	const struct sct_arch *arch;
	bool user_mode;       /* one program under an emulator: no kernel, flat memory, a vCPU is a thread */
	unsigned vcpus;
	enum sct_level level;
	enum sct_shown shown;
	bool every_insn;      /* INSN tells every instruction in user mode (holes aside); there is no USER event then: the
	                         next INSN shows that the vCPU is back */
	struct sct_word first_pc; /* of the first instruction: a snapshot whose CPU stands there is of that moment */
	uint64_t halves;      /* the bit of the page-table base by which the two halves of an address space differ under
	                         page table isolation; 0: none is known, but may be while events are read */
	const char *start;    /* what started the recording: "reset", "first-syscall" */
	bool exact_threads;   /* THREAD events tell which thread runs; may become true while events are read */
	const char *thread_source; /* how the recorder knows: "stack switch", "symbols"; may change while
	                                events are read */
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
	uint64_t unproven;     /* entering instructions that may not have been reached: not told */
	bool truncated;        /* the recording was not closed: its end is missing */
	struct sct_err first;  /* the first damage; status 0: none */
};

/* What the user or other files say of a trace that its own bytes do not. All may be 0. */
struct sct_trace_hints {
	const struct sct_arch *arch; /* by the profile that was asked for */
	const char *nondet;          /* path of PANDA's non-determinism log of the same recording */
	uint64_t ram_size;           /* of the machine, from a snapshot */
};

/* Opaque: the state_size bytes that the framework gives each reader, zeroed. */
struct sct_trace_ops {
	const char *name;
	const char *summary; /* one line for --list-formats */
	size_t state_size;
	/* How sure, 0 (no) to 100, that data (the first bytes of the unwrapped input) are of this format. */
	int (*probe)(const uint8_t *data, size_t size);
	/* Reads the header. Negative: status, *err filled; close is called all the same. The input stays the caller's; the
	 * hints last until close. SCT_E_USAGE: hints.nondet is set and this format has no use for it. */
	int (*open)(void *state, struct sct_input *in, const struct sct_trace_hints *hints, struct sct_err *err);
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

struct sct_trace_options {
	const char *format; /* NULL: probe */
	unsigned threads;   /* of sct_input_open */
	struct sct_trace_hints hints;
};

/* SCT_E_USAGE: no reader of that name. SCT_E_FORMAT: no reader knows these bytes. What options point at lasts until
 * sct_trace_close. */
int sct_trace_open(struct sct_trace *t, const char *path, const struct sct_trace_options *options, struct sct_err *err);
void sct_trace_close(struct sct_trace *t);

/* ---- files that are mapped --------------------------------------------------------------------------------- */

/* A whole file as memory. Nothing of it is read before it is looked at. */
struct sct_file {
	const uint8_t *data;
	uint64_t size;
	int fd;        /* of the file, or of the unlinked one that it was unpacked into */
	bool unpacked; /* it was compressed (zstd, gzip, xz): data is what it unpacked to, in a file of $TMPDIR or /tmp */
};

/* SCT_E_IO: cannot be opened, mapped or (compressed) unpacked for want of disk; SCT_E_FORMAT, SCT_E_TRUNCATED: it is
 * empty, or the compressed file is damaged, byte offset in err. */
int sct_file_open(struct sct_file *f, const char *path, struct sct_err *err);
void sct_file_close(struct sct_file *f);

/* ---- memory snapshots -------------------------------------------------------------------------------------- */

enum { SCT_RANGE_WRITE = 1, SCT_RANGE_EXEC = 2 };

/* Memory of which a snapshot tells. */
struct sct_range {
	uint64_t addr, size;
	uint8_t flags; /* of virtual memory: what the program may do there; of RAM: SCT_RANGE_WRITE */
};

/* What a snapshot says of itself; lasts until it is closed. */
struct sct_snapshot_info {
	const char *format;          /* the reader's name */
	const char *producer;        /* program and version, or NULL */
	const char *machine;         /* "pc-i440fx-2.9", or NULL */
	const struct sct_arch *arch; /* NULL: it does not say, or one that is not known here (then arch_name) */
	const char *arch_name;       /* NULL: it does not say */
	bool program;                /* addresses are virtual, of one program; else guest-physical, of a machine */
	const struct sct_regs *cpus; /* register files at that moment, by slot of arch */
	unsigned ncpus;
	const struct sct_range *ranges; /* ascending, without overlap */
	size_t nranges;
	uint64_t ram_size;           /* of the machine, 0: it does not say */
	const struct sct_count *counts; /* what the format counts; ends with a NULL name; may be NULL */
	struct sct_err damage;       /* what could not be read of it, status 0: all could; the rest is of use */
};

struct sct_snapshot_ops {
	const char *name;    /* "migration" */
	const char *summary; /* one line for --list-formats */
	size_t state_size;   /* bytes of state, zeroed by the framework */
	/* How sure, 0 (no) to 100, that the file is of this format. */
	int (*probe)(const struct sct_file *file);
	/* base: what FILE@ADDR says, 0 without it; has_base tells which. Negative: status, *err filled with offset and
	 * cause; close is called all the same. The file outlives the state. Costs no more than finding out where things
	 * are: nothing is copied. SCT_E_USAGE: this format says itself where it lies. */
	int (*open)(void *state, const struct sct_file *file, bool has_base, uint64_t base, struct sct_err *err);
	const struct sct_snapshot_info *(*info)(void *state);
	/* Copies the leading bytes from addr on that it has, len at most; returns how many. */
	size_t (*read)(void *state, uint64_t addr, void *buf, size_t len);
	void (*close)(void *state);
};

extern const struct sct_snapshot_ops *const sct_snapshot_formats[]; /* ends with NULL */

struct sct_snapshot {
	const struct sct_snapshot_ops *ops;
	struct sct_file file;
	void *state;
};

/* spec is FILE or FILE@ADDR (a number in C's notation behind the last @ that one follows); format may be NULL.
 * SCT_E_USAGE: no reader of that name, or ADDR for one that knows itself. SCT_E_FORMAT: no reader knows these bytes
 * (raw images need an address). */
int sct_snapshot_open(struct sct_snapshot *s, const char *spec, const char *format, struct sct_err *err);
void sct_snapshot_close(struct sct_snapshot *s);
static inline const struct sct_snapshot_info *sct_snapshot_info(const struct sct_snapshot *s)
{
	return s->ops->info(s->state);
}

/* ---- PANDA's recordings: several files that belong together ------------------------------------------------ */

/* Where the files of a recording are; NULL: there is none such. Paths may be of unlinked files that are held open. */
struct sct_parts {
	char *trace, *snapshot, *nondet;
	int fds[2]; /* of what an archive was unpacked into; -1: none */
};

/* Resolves what a user gives as TRACE: a trace's own path (then only `trace` is filled), a PANDA recording's base
 * name (BASE-rr-snp, BASE-rr-nondet.log and BASE.trace, each plain or compressed), or an .rr2 archive, whose trace
 * lies beside it. SCT_E_IO, SCT_E_FORMAT, SCT_E_TRUNCATED: of the archive. A recording without a trace is no error:
 * trace NULL. */
int sct_parts_find(struct sct_parts *parts, const char *path, struct sct_err *err);
void sct_parts_free(struct sct_parts *parts);

/* One write of a device to RAM. */
struct sct_device_write {
	uint64_t seq;  /* the index of the instruction before which it was made */
	uint64_t addr; /* guest-physical */
	const uint8_t *data; /* valid until the next call */
	uint32_t len;
};

struct sct_nondet;

/* Opens PANDA's non-determinism log. ram_size: of the machine, which decides where RAM lies (0: below the hole).
 * Errors as of sct_file_open; SCT_E_FORMAT: it is no such log. */
int sct_nondet_open(struct sct_nondet **n, const char *path, uint64_t ram_size, struct sct_err *err);
void sct_nondet_close(struct sct_nondet *n);
/* The next write: 1, 0 at the end, or negative: SCT_E_FORMAT, SCT_E_TRUNCATED with offset and cause; nothing
 * follows. */
int sct_nondet_next(struct sct_nondet *n, struct sct_device_write *w, struct sct_err *err);
/* What it counts by kind, after the end; ends with a NULL name. The first is "instructions" of the recording. */
const struct sct_count *sct_nondet_counts(const struct sct_nondet *n);

/* Where byte offset of a PC's RAM is in guest-physical memory: RAM that does not fit below the hole for devices goes on
 * at 4 GiB (QEMU hw/i386/pc_piix.c: 3.5 GiB fit at most 0xe0000000, else 3 GiB lie below). */
uint64_t sct_pc_ram_address(uint64_t ram_size, uint64_t offset);

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
