/* Inside of the reader of PANDA's `trace` and of Tenet's text: what its files share. */
#ifndef SCT_TRACE_PANDA_H
#define SCT_TRACE_PANDA_H

#include "../src/cursor.h"
#include "../src/map.h"
#include "formats.h"
#include "lines.h"

enum {
	SCT_PD_LINE_MAX = 64 << 10, /* PANDA's buffer of accesses has 8 KiB (trace.cpp, MEM_BUF_SIZE) and may overflow */
	SCT_PD_STORES = 4096,       /* of a batch; what its last line has comes on top */
	SCT_PD_BYTES = 64 << 10,    /* likewise */
	SCT_PD_EVENTS = 512,        /* likewise */
	SCT_PD_FIELD_MIN = 7,       /* "mw=0:0," */
	SCT_PD_STORES_ROOM = SCT_PD_STORES + SCT_PD_LINE_MAX / SCT_PD_FIELD_MIN + 2,
	SCT_PD_BYTES_ROOM = SCT_PD_BYTES + 3 * SCT_PD_LINE_MAX,
	SCT_PD_EVENTS_ROOM = SCT_PD_EVENTS + SCT_PD_STORES_ROOM + 4 * SCT_REGS_MAX,
	SCT_PD_PREFIX_MAX = 48,
	SCT_PD_NAMES = 256,
};

/* ---- lines -------------------------------------------------------------------------------------------------- */

/* What a name before a '=' stands for. */
enum sct_pd_kind {
	SCT_PD_REG,    /* a register that is kept */
	SCT_PD_PART,   /* a part of one, which no line of this architecture tells */
	SCT_PD_READ,
	SCT_PD_WRITE,
	SCT_PD_ASID,
	SCT_PD_KERNEL,
};

struct sct_pd_name {
	uint64_t key; /* name and '=' in the low bytes; 0: no name */
	uint8_t kind; /* enum sct_pd_kind */
	uint8_t slot; /* REG */
	uint8_t len;  /* of the key */
};

/* Accesses of lines, in order, until they are told. Index `first` is the first that was not. */
struct sct_pd_batch {
	struct sct_store *stores;
	uint8_t *bytes;
	unsigned n, first;
	size_t used;
	uint64_t seq; /* of the instruction that made stores[first] */
};

enum sct_pd_fault {
	SCT_PD_BAD = 1, /* not a line of this format */
	SCT_PD_ODD,     /* accessed bytes with an odd number of digits */
	SCT_PD_TWICE,   /* a register is named twice */
};

/* Parses lines of one trace into registers and the batch. */
struct sct_pd_parser {
	const struct sct_arch *arch;
	struct sct_pd_name names[SCT_PD_NAMES]; /* by hash of the key, the next free place on collision */
	uint64_t pc_key;
	unsigned pc_key_len;
	uint64_t outside;      /* bits that no number of this architecture has */
	bool loose;            /* bytes lost their leading zeros: accesses have their instruction's pc and the digits */
	uint64_t prefix[SCT_PD_PREFIX_MAX / 8], prefix_mask[SCT_PD_PREFIX_MAX / 8]; /* what many lines begin with */
	unsigned prefix_len, prefix_words; /* 0: none known */
	struct sct_pd_batch batch;

	struct sct_regs regs;  /* after the last line; of a line that failed anything */
	uint64_t pc_before;    /* of the line before; UINT64_MAX: unknown */
	uint16_t step;         /* of the line's accesses */
	/* of the last line */
	uint64_t seen;         /* slots that it named */
	uint64_t asid, kernel;
	bool has_asid, has_kernel;
	uint64_t unkept;       /* registers that are not kept, over all lines */
	int fault;             /* enum sct_pd_fault of a line that failed */
	const char *cause;
	const uint8_t *where;
};

/* SCT_E_NOMEM. */
int sct_pd_parser_init(struct sct_pd_parser *p, const struct sct_arch *arch, struct sct_err *err);
void sct_pd_parser_fini(struct sct_pd_parser *p);
/* Parses the line at `line`, which has a line break, and SCT_LINES_SLACK readable bytes behind. Returns what stands
 * behind it, or NULL: fault, cause and where are set, and the batch may have accesses more. */
const uint8_t *sct_pd_parse(struct sct_pd_parser *p, const uint8_t *line);
/* The same for a line that begins as the line given to sct_pd_learn did; sets *same to whether it does, and if not
 * returns NULL with nothing done. asid and kernel are as before. */
const uint8_t *sct_pd_parse_same(struct sct_pd_parser *p, const uint8_t *line, bool *same);
/* Keeps how this line begins, up to its pc, if it does so in the usual way. */
void sct_pd_learn(struct sct_pd_parser *p, const uint8_t *line);

/* ---- the first lines ---------------------------------------------------------------------------------------- */

/* What the names in a line show. */
struct sct_pd_shape {
	bool whole;     /* asid= or kernel=: of a machine */
	char pc[4];     /* "eip", "rip", "pc"; empty: none */
	char first[16]; /* the first register that is not the pc, in small letters */
	bool access;
};

/* Whether line [at, end), without its line break, consists of fields. */
bool sct_pd_shape(struct sct_pd_shape *s, const uint8_t *at, const uint8_t *end);
/* How sure that data are a trace of a whole machine (or else of one program). */
int sct_pd_probe(const uint8_t *data, size_t size, bool whole);

/* What the first lines tell of a trace. */
struct sct_pd_survey {
	bool whole;
	bool loose;
	struct sct_word pc; /* of the first line */
};

/* Reads the lines that the input begins with, initialises p. SCT_E_UNSUPPORTED: of an architecture that is not known
 * here, or of a version whose lines hold several instructions. SCT_E_USAGE: not of architecture `want` (NULL: any).
 * SCT_E_FORMAT: no such lines. SCT_E_NOMEM. */
int sct_pd_survey(struct sct_pd_survey *s, struct sct_pd_parser *p, struct sct_input *in, const struct sct_arch *want,
                  struct sct_err *err);

/* ---- threads ------------------------------------------------------------------------------------------------ */

/* A thread, by where its task keeps the stack pointer. */
struct sct_pd_place {
	uint64_t number;
	uint64_t sp; /* with which it stopped */
	bool fresh;  /* it has never run before, which was not told yet */
};

/* Zero-initialise. Numbers begin at 1. */
struct sct_pd_threads {
	struct sct_map places; /* by the address at which a task keeps its stack pointer */
	uint64_t last;         /* number given */
	uint64_t running;      /* 0: no switch was seen yet */
	uint64_t first;        /* the thread that ran before the first switch; 0: it was told */
	uint64_t told;         /* the one that was told last */
	struct sct_pd_place *place; /* of the running one; NULL: not known */
	bool known;            /* it was seen to stop before */
	bool starting;         /* it has not left the kernel's function of the switch, where it goes on with start_sp */
	uint64_t start_sp;
	uint64_t resume;       /* where threads go on that have run before; 0: not seen yet */
	uint64_t pushed_index; /* the last line that told a push */
	bool stored;           /* the last access stored the stack pointer, at stored_at, told by line stored_index */
	uint64_t stored_at, stored_index;
};

void sct_pd_threads_fini(struct sct_pd_threads *t);
/* Lines are missing: nobody knows who runs. */
void sct_pd_threads_lost(struct sct_pd_threads *t);
/* A line in kernel mode, number index, tells one access s, of a word of that value. old_sp, sp: before and after; pc:
 * of the line. */
void sct_pd_threads_line(struct sct_pd_threads *t, const struct sct_store *s, uint64_t value, uint64_t index,
                         uint64_t old_sp, uint64_t sp, uint64_t pc);

/* ---- ways into the kernel ----------------------------------------------------------------------------------- */

enum { SCT_PD_GATES = 256, SCT_PD_WAYS = 256 };

/* An entry point of the kernel, and how often a call through it was seen to return so many bytes behind its
 * instruction. */
struct sct_pd_gate {
	uint64_t pc, behind2, behind4;
	bool of_64; /* 64-bit code was seen to come in by `syscall` */
};

/* How the kernel was entered. */
struct sct_pd_entered {
	const char *code;   /* the two bytes of the entering instruction; NULL: not known */
	enum sct_mode mode; /* of the program, where the entry point tells it */
};

/* A thread's last way into the kernel, which may be a call; gate NULL: none. */
struct sct_pd_way {
	struct sct_pd_gate *gate;
	uint64_t thread, sp, pc, result; /* result: in its register in the kernel's first instruction */
};

/* Zero-initialise. */
struct sct_pd_gates {
	struct sct_pd_gate gates[SCT_PD_GATES];
	unsigned ngates;
	bool found_64; /* one of them has of_64: there is no other for 64-bit code */
	struct sct_pd_way ways[SCT_PD_WAYS]; /* by number of the thread, the last of each place */
};

/* Thread `thread` left user mode: registers of the instruction that left it, and of the kernel's first. Tells that
 * instruction where it is certain that it is the entering one. */
struct sct_pd_entered sct_pd_gate_in(struct sct_pd_gates *g, const struct sct_arch *arch, uint64_t thread,
                                     const struct sct_regs *before, const struct sct_regs *behind);
/* It is back in user mode, with these registers. */
void sct_pd_gate_out(struct sct_pd_gates *g, const struct sct_arch *arch, uint64_t thread, const struct sct_regs *regs);
/* Lines are missing. */
void sct_pd_gates_lost(struct sct_pd_gates *g);

/* ---- the reader --------------------------------------------------------------------------------------------- */

struct sct_pd_reader {
	struct sct_lines feed;
	struct sct_pd_parser parser;
	struct sct_pd_survey survey;
	struct sct_trace_info info;
	struct sct_damage damage;
	struct sct_count counts[8];

	const uint8_t *at, *stop; /* lines of the run that were not read */
	bool over;           /* no run follows */
	struct sct_err failed; /* what ended the reading; status 0: nothing did */
	uint64_t text_lines; /* lines of text begun, comments too */
	uint64_t index;      /* of the next line */
	uint64_t kernel_lines, accesses, device_writes;

	bool have;           /* the line before was read */
	bool kernel;         /* it was in kernel mode */
	uint64_t entered;    /* index of the first line of this stay in the kernel */
	uint64_t asid;       /* where the accesses of the next line happen */
	bool hole;           /* lines were lost since the last one that was read */
	bool user_due;       /* USER is to be told of the last line */
	uint64_t dirty;      /* slots that lines named since registers were told */
	struct sct_regs told;
	uint8_t asid_slot;

	struct sct_pd_threads threads;
	struct sct_pd_gates gates;

	struct sct_nondet *nondet;
	struct sct_device_write device; /* the next, or what is left of it; seq UINT64_MAX: none */
	bool device_used;    /* it was told: the next one is to be fetched */

	struct sct_event *queue; /* told by `next` from `out` on */
	unsigned nqueue, out;
};

/* Tells the accesses that were not told. */
void sct_pd_flush(struct sct_pd_reader *r);
/* Tells accesses, changed registers, and then that instruction seq is about to be executed (INSN) or that the vCPU is
 * back in user mode (USER), at the pc of the last line. how: what is known of an INSN, or NULL. */
void sct_pd_moment(struct sct_pd_reader *r, enum sct_event_kind kind, uint64_t seq, const struct sct_pd_entered *how);
/* Tells that lines are missing, unless that was the last thing told, and forgets registers. bytes: of text; places and
 * first cause are counted. */
void sct_pd_lost(struct sct_pd_reader *r, const struct sct_err *err, uint64_t bytes);
/* Opens the non-determinism log. */
int sct_pd_devices_open(struct sct_pd_reader *r, const struct sct_trace_hints *hints, struct sct_err *err);
/* Tells what devices wrote before instruction index, or a part of it. false: nothing. */
bool sct_pd_devices(struct sct_pd_reader *r, uint64_t index);
/* From here on nobody knows which instruction a device wrote before. */
void sct_pd_devices_end(struct sct_pd_reader *r);

#endif
