/* Inside of the reader of sctrace traces: what its files share. */
#ifndef SCT_TRACE_SCTRACE_H
#define SCT_TRACE_SCTRACE_H

#include "../src/cursor.h"
#include "formats.h"
#include "sctrace.h"

enum {
	SCT_ST_REG_MAX = 64,       /* bytes of a register */
	SCT_ST_SLOT_NONE = 0xff,   /* the architecture keeps no such register */
	SCT_ST_KINDS = SCT_CHUNK_WHO + 1,
	SCT_ST_FACTS = SCT_WHO_UID + 1,
};

/* ---- header and dictionary ---------------------------------------------------------------------------------- */

struct sct_st_reg {
	uint8_t size; /* bytes */
	uint8_t slot; /* of the architecture's register file, or SCT_ST_SLOT_NONE */
};

struct sct_st_text {
	const uint8_t *data;
	size_t size;
};

/* What HEADER says. Texts point into the segment. */
struct sct_st_header {
	uint8_t id[16];
	struct sct_st_text recorder, emulator, target, start, filter, parent, thread_source, registers;
	uint64_t user_mode, big_endian, word, vcpus, level, started, threads;
	const struct sct_arch *arch;
	unsigned nregs;
	int asid; /* dictionary index of the address space register, or -1 */
	int efer; /* of the one that tells long mode, or -1 */
	struct sct_st_reg reg[SCT_DICT_MAX];
};

/* Reads the payload of a HEADER chunk. SCT_E_FORMAT, SCT_E_UNSUPPORTED with the cause; offset stands in messages. */
int sct_st_header_read(struct sct_st_header *h, const uint8_t *data, size_t size, uint64_t offset, struct sct_err *err);
/* The dictionary as text, "name:bytes" by spaces; the caller frees it. NULL: no memory. */
char *sct_st_header_registers(const struct sct_st_header *h);

/* ---- line cache --------------------------------------------------------------------------------------------- */

/* Where a segment last stored each line of each address space. Zero-initialise. */
struct sct_st_lines {
	struct sct_st_line {
		uint64_t space, number;
		uint32_t round; /* of the segment; that of another one: empty */
		uint32_t at;    /* offset of the line's bytes from the segment's first */
	} *slots;
	unsigned bits; /* log2 of the slots */
	uint32_t round;
	uint64_t factor[2]; /* of the hash: odd, drawn at random, so that no file can make its lines collide */
};

/* Two odd random numbers. */
void sct_st_draw(uint64_t factor[2]);
/* Forgets all; makes room for a segment of size bytes. SCT_E_NOMEM. */
int sct_st_lines_begin(struct sct_st_lines *l, size_t size, struct sct_err *err);
void sct_st_lines_put(struct sct_st_lines *l, uint64_t space, uint64_t number, uint32_t at);
/* False: this segment has not stored it. */
bool sct_st_lines_get(const struct sct_st_lines *l, uint64_t space, uint64_t number, uint32_t *at);
void sct_st_lines_fini(struct sct_st_lines *l);

/* ---- segments ----------------------------------------------------------------------------------------------- */

/* Finds segments in the pieces of an input. Zero-initialise but for `in`. */
struct sct_st_feed {
	struct sct_input *in;
	struct sct_piece piece;
	size_t at;             /* bytes of piece that were used */
	uint8_t *carry;        /* bytes of a segment that spans pieces */
	size_t from, to;       /* those that were not used; they come before those of piece */
	uint64_t carry_offset; /* of the unit that the first of them came from */
	bool fresh;            /* a segment begins with piece: those of carry belong to one that was cut short */
	bool lost;             /* not at a segment's beginning: search */
	bool ended;            /* the input has no more pieces */
	struct sct_err later;  /* why it ended early; status 0: it did not, or that was told */
	struct { size_t at, from, to; bool fresh; } mark; /* before the segment given last was used up */
};

struct sct_st_segment {
	const uint8_t *data; /* behind the segment header; until the next sct_st_feed_next */
	size_t size;         /* less than length when the recording ends inside */
	uint32_t length, number;
	uint64_t first_event;
	uint64_t offset;     /* in the file: of the segment, or of the compressed unit that it began in */
	bool plain;          /* byte i of data is at offset + SCT_SEGMENT_HEADER + i */
};

/* 1: the next segment; 0: the end. Negative: damage, as sct_input_next tells it, or SCT_E_FORMAT for bytes that are no
 * segment; after SCT_E_FORMAT and SCT_E_TRUNCATED call again. */
int sct_st_feed_next(struct sct_st_feed *f, struct sct_st_segment *seg, struct sct_err *err);
/* The segment given last makes no sense from its byte `at` (of data) on: search from there. */
void sct_st_feed_back(struct sct_st_feed *f, size_t at);
void sct_st_feed_fini(struct sct_st_feed *f);

/* ---- events ------------------------------------------------------------------------------------------------- */

struct sct_st_vcpu {
	bool keyed;           /* this segment has had its KEYFRAME */
	bool all;             /* tell every register at the next event, not only those that it changes */
	bool told_thread;     /* `thread` was told */
	uint64_t time, icount, pc, thread;
	uint64_t value[SCT_DICT_MAX]; /* by dictionary index; of larger registers than 8 bytes nothing is kept */
	uint64_t told[SCT_REGS_MAX];  /* by slot: what was told last */
	uint64_t told_known;          /* bit i: told[i] was */
};

/* A WHO chunk whose ENTER is still to come. */
struct sct_st_who {
	bool due;
	uint64_t vcpu;
	bool known[SCT_ST_FACTS]; /* by enum sct_who_field */
	uint64_t number[SCT_ST_FACTS];
	struct sct_st_text text[SCT_ST_FACTS];
};

/* The run of lines that is being told. */
struct sct_st_memory {
	uint64_t runs;        /* that follow the current one */
	uint64_t line, lines; /* next line's number, lines left in the current run */
	const uint8_t *states;/* two bits a line */
	uint64_t index;       /* of the next line in states */
	uint64_t room;        /* lines that this event may still have */
};

/* A virtual page of the current STORE chunk. */
struct sct_st_page {
	uint64_t virt, phys;
	uint32_t round; /* of the chunk */
};

/* Where decoding stands in the current STORE chunk. */
struct sct_st_place {
	uint64_t behind;               /* virtual address behind the store before */
	uint64_t page_virt, page_phys; /* of the store before */
};

enum {
	SCT_ST_PAGES = SCT_STORE_PAGES_MAX * 2, /* slots; a power of two */
	SCT_ST_STORES_MAX = 1024,               /* stores told at a time: they stay in the CPU's nearest cache */
};

/* Where decoding stands inside a chunk. */
enum sct_st_stage { SCT_ST_NEXT, SCT_ST_EVENT_MEMORY, SCT_ST_EVENT_END, SCT_ST_STORES, SCT_ST_RAM };

struct sct_st_reader {
	struct sct_st_feed feed;
	struct sct_damage damage;
	struct sct_trace_info info;
	char *texts[8];            /* strings of info */
	uint8_t id[16];
	struct sct_st_header header; /* of the current segment */
	struct sct_st_segment seg;
	struct sct_st_lines lines;
	struct sct_st_vcpu *vcpus[SCT_VCPUS_MAX]; /* allocated when first keyed */

	bool opened;       /* the first segment is in; info is complete */
	bool inside;       /* seg is being decoded */
	bool gap;          /* a GAP event is due */
	bool explained;    /* damage was told since the last sound segment */
	bool ended;        /* END was read */
	bool by_event;     /* seq is the event's number, not the instruction count */
	uint32_t next_number;
	uint64_t next_event;
	unsigned tries;    /* how often more a false segment may be searched for true ones */

	struct sct_cursor chunks; /* of seg, behind the current chunk */
	struct sct_cursor chunk;  /* payload of the current chunk, what is left of it */
	const uint8_t *chunk_data; /* its first byte */
	unsigned kind;            /* enum sct_chunk */
	enum sct_st_stage stage;
	unsigned vcpu_number;
	struct sct_st_vcpu *vcpu;
	struct sct_event last;        /* the INSN or USER event that ends the current chunk */
	struct sct_st_memory memory;
	struct sct_st_who who;
	struct sct_store store[SCT_ST_STORES_MAX]; /* those of the events told last */
	unsigned nstores;
	struct sct_st_place place;
	struct sct_st_page *pages;    /* hash table of SCT_ST_PAGES */
	unsigned pages_used;
	uint64_t page_factor[2];
	uint32_t page_round;
	uint64_t ram_page, ram_pages; /* next page, pages left */

	uint64_t segments, bytes, cut, chunk_count[SCT_ST_KINDS];
	uint64_t end_events, end_calls, end_instructions; /* as END has them */
	struct sct_count counts[SCT_ST_KINDS + 8];
};

/* Decodes the current segment on, into up to max events (at least SCT_BATCH_MIN); returns how many. r->inside is false
 * at its end. */
int sct_st_decode(struct sct_st_reader *r, struct sct_event *events, int max);
/* Parts of it, for the current chunk. They return the number of events, negative when the chunk makes no sense, and
 * set r->stage when they are through. */
int sct_st_memory(struct sct_st_reader *r, struct sct_event *events, int max);
int sct_st_stores(struct sct_st_reader *r, struct sct_event *event);
int sct_st_ram(struct sct_st_reader *r, struct sct_event *events, int max);
/* Begin a STORE or RAM chunk. False: it makes no sense, or there is no memory for it. */
bool sct_st_stores_begin(struct sct_st_reader *r);
bool sct_st_ram_begin(struct sct_st_reader *r);

/* Takes the current chunk, a WHO. False: it makes no sense. */
bool sct_st_who(struct sct_st_reader *r);
/* Tells the WHO that is due, if it is of the current event's vCPU, in up to SCT_ST_FACTS events; returns how many. */
int sct_st_who_tell(struct sct_st_reader *r, struct sct_event *events);

/* Counts a damaged place and keeps the first; a GAP is due. */
void sct_st_damaged(struct sct_st_reader *r, const struct sct_err *err);
/* The current segment makes no sense from byte `at` of its data on: what it hides is looked for, unless that was in
 * vain too often. */
void sct_st_search_inside(struct sct_st_reader *r, size_t at);
/* Nothing that was told holds any more: what comes next is told in full. */
void sct_st_forget(struct sct_st_reader *r);

#endif
