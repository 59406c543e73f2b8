/* Inside of the reader of QEMU's text logs: what its files share. */
#ifndef SCT_TRACE_QEMU_H
#define SCT_TRACE_QEMU_H

#include "../src/map.h"
#include "../src/proto.h"
#include "../src/step.h"
#include "formats.h"
#include "lines.h"

enum {
	SCT_QL_LINE_MAX = 1 << 20,     /* bytes: -strace shows strings whole */
	SCT_QL_VCPUS = 1024,
	SCT_QL_CODE_MAX = 8192 + 15,   /* bytes of a block: they lie in two pages (accel/tcg/translator.c) */
	SCT_QL_TABLE_MAX = 256 << 20,  /* bytes that the listed code of all blocks takes */
	SCT_QL_COUNT = 0x1ff,          /* of a block's cflags: how many instructions, 0: any (QEMU's CF_COUNT_MASK) */
	SCT_QL_ROWS = 72,
	SCT_QL_FIELDS = 4,
	SCT_QL_ROOM = 96,              /* events that one line can give, at most */
};

/* ---- lines -------------------------------------------------------------------------------------------------- */

struct sct_ql_line {
	const char *text; /* without the line break; until the next call */
	size_t len;
	uint64_t offset;  /* in the file, of the line or of the compressed unit that it came from */
};

/* Takes a number in hex digits, at most 16, off the line. Returns how many digits there were. */
unsigned sct_ql_hex(const char **p, const char *end, uint64_t *value);
/* Takes the text off the line, if it stands there. */
bool sct_ql_word(const char **p, const char *end, const char *text);

/* ---- code --------------------------------------------------------------------------------------------------- */

/* The instructions of a block, as "IN:" lists them. */
struct sct_ql_code {
	struct sct_ql_code *next; /* of those that wait to be freed */
	uint64_t pc, cs_base;
	uint32_t flags;
	uint32_t refs;
	uint32_t len, last, before; /* bytes; where the last instruction begins, and the one before it */
	bool bounds;                /* last and before are known */
	uint8_t bytes[];
};

struct sct_ql_table {
	struct sct_map blocks; /* by the host address of what QEMU made of them */
	struct sct_map fresh;  /* by pc: listed, but not run yet */
	struct sct_ql_code *gone; /* nobody holds them, but events that were told may */
	struct sct_ql_code *open; /* being listed */
	bool listing, broken;
	uint64_t bytes, listed, dropped, unsure;
};

/* SCT_E_NOMEM. */
int sct_ql_table_init(struct sct_ql_table *t, struct sct_err *err);
/* Lines of a listing: "IN:", its instructions, and the empty line behind them. False: the line is none of those. */
bool sct_ql_listing(struct sct_ql_table *t, const struct sct_ql_line *line);
/* The code of the block at that host address, held for the caller until sct_ql_release; NULL: unknown. several: more
 * than one vCPU runs. */
struct sct_ql_code *sct_ql_code(struct sct_ql_table *t, uint64_t host, uint64_t pc, uint64_t cs_base, uint32_t flags,
                                bool several);
void sct_ql_release(struct sct_ql_table *t, struct sct_ql_code *code);
/* Frees what only events of the last batch pointed at. */
void sct_ql_collect(struct sct_ql_table *t);
void sct_ql_table_fini(struct sct_ql_table *t);

/* ---- register dumps ----------------------------------------------------------------------------------------- */

/* One register dump, as far as it was read. */
struct sct_ql_dump {
	struct sct_regs regs;
	uint64_t pc;      /* virtual: instruction pointer and code segment's base */
	unsigned row;     /* next expected one */
	unsigned cpl;
	bool wide;        /* of 64-bit code */
	bool big;         /* the CPU is a 64-bit one */
	bool code16;      /* x86: the code segment is of 16-bit code; MIPS: instructions are not words */
	bool big_endian;
	unsigned end;     /* behind its last row */
	const struct sct_arch *arch; /* once it is complete */
	uint8_t slots[SCT_QL_ROWS][SCT_QL_FIELDS]; /* where each number goes */
};

/* How a line relates to a dump. */
enum sct_ql_row {
	SCT_QL_NOT,    /* it is no row of a dump */
	SCT_QL_ROW,
	SCT_QL_LAST,   /* the dump is complete with it */
	SCT_QL_BROKEN, /* a row, but not the one that comes next, or not whole */
};

void sct_ql_dump_init(struct sct_ql_dump *d);
/* Begins a dump if the line is the first row of one, or ends with it: QEMU writes others' text without a line break. */
bool sct_ql_dump_begin(struct sct_ql_dump *d, const struct sct_ql_line *line);
enum sct_ql_row sct_ql_dump_row(struct sct_ql_dump *d, const struct sct_ql_line *line);
/* The architecture whose dumps begin with that line; NULL: none that is known. */
const char *sct_ql_other_arch(const struct sct_ql_line *line);

/* ---- blocks ------------------------------------------------------------------------------------------------- */

/* A block that a vCPU is about to run: a "Trace" line, and the dump behind it. */
struct sct_ql_block {
	uint64_t host, pc, cs_base, seq;
	uint32_t flags, cflags;
	struct sct_ql_code *code; /* held; NULL: not listed */
	struct sct_regs regs;
	bool user, wide, code16;
};

struct sct_ql_vcpu {
	bool waiting;             /* `next` is announced, its registers are still to come */
	struct sct_ql_block next;
	bool running;             /* `now` was about to run when the log was last heard of this vCPU */
	struct sct_ql_block now;
	struct sct_regs told;     /* by events */
	bool threaded;            /* its THREAD event is told */
	bool back;                /* the kernel ran: what comes next in user mode is to be told */
	bool forks;               /* it is in a call that may be a fork */
	uint64_t thread;
	bool lived;               /* the thread has been told before */
};

enum { SCT_QL_ENTRIES = 8 }; /* kinds of entering instructions */

struct sct_ql_reader {
	struct sct_lines lines;
	struct sct_ql_table code;
	struct sct_ql_dump dump;
	bool dumping;            /* the line before was a row of `dump`, not its last */
	bool own;                /* `dump` is of an exception or the like */
	struct sct_ql_vcpu *vcpus[SCT_QL_VCPUS];
	unsigned nvcpus;
	unsigned waiting;        /* vCPUs whose registers are still to come */
	unsigned others;         /* dumps to come that are of no block */
	bool after_other;        /* the line before announced one of these */
	struct sct_step *step;
	struct sct_trace_info info;
	struct sct_damage damage;
	bool ready;              /* arch and mode are known */
	bool mixed;              /* lines of several processes */
	bool over;               /* the input is at its end */
	unsigned flushed;        /* vCPUs whose last block has been dealt with */
	uint64_t entry[SCT_QL_ENTRIES]; /* where the kernel begins behind each kind; 0: not seen yet */
	uint64_t seq, threads;
	uint64_t other_lines, stopped;
	struct sct_count counts[12];
	struct sct_err failed;   /* what ends the reading, once what came before it is told */
	struct sct_event *out;   /* of the call of `next` */
	int told;
	struct sct_event early[SCT_QL_ROOM];
};

/* The registers of v's announced block are known: decides what became of the block before. */
void sct_ql_begin(struct sct_ql_reader *r, struct sct_ql_vcpu *v, unsigned number);
/* The log ends: what became of v's last block. */
void sct_ql_end(struct sct_ql_reader *r, struct sct_ql_vcpu *v, unsigned number);
/* Lines are missing, bytes of them as far as known: nothing that is known holds any more. Tells a GAP, counts damage.
 * What the vCPUs were about to run is not told. */
void sct_ql_lost(struct sct_ql_reader *r, const struct sct_err *err, uint64_t bytes);
/* Forgets a block that did not run. */
void sct_ql_drop(struct sct_ql_reader *r, struct sct_ql_block *block);

#endif
