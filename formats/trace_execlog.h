/* Inside of the reader of QEMU's execlog plugin: what its files share. */
#ifndef SCT_TRACE_EXECLOG_H
#define SCT_TRACE_EXECLOG_H

#include "lines.h"

/* ---- lines: _line.c ----------------------------------------------------------------------------------------- */

/* What a line begins with: which vCPU executed what. */
struct sct_el_head {
	uint64_t vcpu, pc;
	uint8_t bytes[4]; /* of the instruction, those behind its end are not its own */
};

/* What may follow, any number of times. */
struct sct_el_field {
	bool access;      /* to memory; else a register has another value now */
	bool device;      /* the access names a device or RAM: a whole machine is recorded */
	const char *name; /* the register's, name_len bytes */
	size_t name_len;
	uint64_t value;  /* the register's, the low 64 bits */
	unsigned digits; /* how many hex digits the value has */
};

/* The text of a line without its line break; what is read is taken off its front. */
struct sct_el_text {
	const char *at, *end;
};

bool sct_el_read_head(struct sct_el_text *t, struct sct_el_head *head);
/* The next field: 1, 0 at the end of the line, -1: it is none; the text then begins with what is wrong. */
int sct_el_read_field(struct sct_el_text *t, struct sct_el_field *field);
/* The register that a field tells of; NULL: of none that arch keeps. False: of one with another size. */
bool sct_el_field_reg(const struct sct_el_field *field, const struct sct_arch *arch, const struct sct_reg **reg);

/* ---- where instructions lead: _flow.c ------------------------------------------------------------------------ */

enum sct_el_class {
	SCT_EL_FALLS,    /* to the next instruction; a signal or an interrupt may come between */
	SCT_EL_REPEATS,  /* there, or to itself: a string instruction */
	SCT_EL_BRANCHES, /* there, or to `target` in the bits of `mask`, or only to that: `always` */
	SCT_EL_ENTERS,   /* the kernel, by int 0x80 or syscall, and comes back behind itself */
	SCT_EL_LEADS,    /* anywhere */
};

/* What can be told of an instruction by its first four bytes. */
struct sct_el_flow {
	enum sct_el_class class;
	bool enters;   /* the kernel; sysenter LEADS, for where it comes back is the kernel's choice */
	bool moves_sp; /* whatever the registers hold, the stack pointer is another one afterwards */
	bool always;
	unsigned size;   /* bytes that are surely the instruction's own, up to its opcode; of one that enters, all */
	unsigned length; /* of the instruction; 0: the four bytes do not tell */
	uint64_t target, mask;
};

void sct_el_flow(struct sct_el_flow *flow, const struct sct_el_head *head, bool long_mode);
/* Whether the instruction of head can lead to pc without an exception, interrupt or signal. */
bool sct_el_can_follow(const struct sct_el_flow *flow, const struct sct_el_head *head, uint64_t pc);

/* _length.c: bytes of the instruction that begins with those four; 0: they do not tell. */
unsigned sct_el_length(const uint8_t bytes[4], bool long_mode);

/* ---- the reader --------------------------------------------------------------------------------------------- */

/* A vCPU between two of its lines. */
struct sct_el_vcpu {
	bool told;               /* that it is a thread */
	bool any;                /* there was a line, and since then no damage */
	bool user;               /* which was executed in user mode */
	bool sp_moved;           /* and showed another stack pointer */
	bool forks;              /* and entered the kernel for another process, by the number and flags */
	struct sct_el_head head; /* of that line */
	struct sct_el_flow flow;
	bool placed;          /* delta is known */
	uint64_t delta;       /* what to add to a line's address */
	struct sct_regs regs; /* as the lines show them */
	uint64_t dirty;       /* slots whose value no event has told */
};

enum {
	SCT_EL_LINE_MAX = 8 << 20,   /* bytes; a repeated string instruction makes 65536 times two accesses at most */
	SCT_EL_SURVEY_MAX = 4 << 20, /* bytes that decide what the log is of */
	SCT_EL_INSNS = 128,          /* of a batch */
	SCT_EL_VCPUS = 1024,
	SCT_EL_QUIET = 64 << 10, /* lines of a kernel after which registers are told, so that the caller has its turn */
	SCT_EL_COUNTS = 8,
};

struct sct_el_slots {
	uint8_t cs, cr0, eflags, number; /* number: of a system call and its result */
};

struct sct_el_reader {
	struct sct_lines feed;
	uint64_t offset; /* of the line in the file */

	struct sct_trace_info info;
	struct sct_el_slots slots;
	bool stale;            /* bytes behind an instruction's end are those of others: QEMU before 9.0 */
	bool sp_told, pc_told; /* stack pointer and program counter are among the registers that are recorded */
	bool distrusted;       /* registers say nothing more */
	bool gap;              /* to be told */
	struct sct_el_vcpu *vcpus[SCT_EL_VCPUS];
	uint64_t lines, user_lines, unknown_mode, breaks, forks;
	unsigned nvcpus;
	struct sct_damage damage;
	struct sct_err failed; /* what ends the reading, once what came before it is told */
	struct sct_count counts[SCT_EL_COUNTS];
	uint8_t bytes[SCT_EL_INSNS][4];
};

/* What the first lines tell: _survey.c. Fills r->info and what depends on it. SCT_E_USAGE, SCT_E_UNSUPPORTED: the
 * architecture. */
int sct_el_survey(struct sct_el_reader *r, const struct sct_trace_hints *hints, struct sct_err *err);
#endif
