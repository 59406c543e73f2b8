/* Register dumps of QEMU's logs.
 * In:  lines
 * Out: registers
 *
 * Layout (target/i386/cpu-dump.c, x86_cpu_dump_state), rows in this order:
 *
 *	EAX=8 EBX=8 ECX=8 EDX=8                       RAX=16 … and R8 to R15 when 64-bit code runs
 *	ESI=8 EDI=8 EBP=8 ESP=8
 *	EIP=8 EFL=8 [DOSZAPC] CPL=3 II=0 A20=1 SMM=0 HLT=0
 *	ES =selector base limit flags …               likewise CS SS DS FS GS LDT TR; bases of 16 digits in 64-bit code
 *	GDT=     base limit                           IDT likewise
 *	CR0=8 CR2=8 CR3=8 CR4=8                       CR2 and CR3 of 16 digits in long mode
 *	DR0=… DR1=… DR2=… DR3=…                       16 digits by a QEMU for 64-bit CPUs, in any mode
 *	DR6=… DR7=…
 *	CCS=… CCD=… CCO=…
 *	EFER=16
 *
 * Rows of -d fpu and -d vpu come behind these and are of no use here.
 */
#include <string.h>

#include "trace_qemu.h"

enum kind {
	NUMBERS, /* NAME=number, by spaces; to the registers of the row's fields */
	POINTER, /* the same, then flags of the CPU */
	SEGMENT, /* NAME=selector base limit flags */
	DEBUG,   /* numbers that are not kept */
	SKIP,    /* is there, and that is all */
};

struct field {
	const char *name, *reg; /* in the log; here, NULL: not kept. Of a segment the second is its base */
};

struct row {
	const char *start;
	uint8_t kind;
	struct field field[SCT_QL_FIELDS];
};

#define SEGMENT_ROWS                                                                                \
	{ "ES =", SEGMENT, { { NULL, "es" } } }, { "CS =", SEGMENT, { { NULL, "cs" } } },               \
	{ "SS =", SEGMENT, { { NULL, "ss" } } }, { "DS =", SEGMENT, { { NULL, "ds" } } },               \
	{ "FS =", SEGMENT, { { NULL, "fs" }, { NULL, "fs_base" } } },                                   \
	{ "GS =", SEGMENT, { { NULL, "gs" }, { NULL, "gs_base" } } },                                   \
	{ "LDT=", SKIP }, { "TR =", SKIP }, { "GDT=", SKIP }, { "IDT=", SKIP },                         \
	{ "CR0=", NUMBERS, { { "CR0=", "cr0" }, { "CR2=", "cr2" }, { "CR3=", "cr3" }, { "CR4=", "cr4" } } }, \
	{ "DR0=", DEBUG, { { "DR0=", NULL } } }, { "DR6=", SKIP }, { "CCS=", SKIP },                    \
	{ "EFER", NUMBERS, { { "EFER=", "efer" } } }

static const struct row rows[] = {
	{ "RAX=", NUMBERS, { { "RAX=", "rax" }, { "RBX=", "rbx" }, { "RCX=", "rcx" }, { "RDX=", "rdx" } } },
	{ "RSI=", NUMBERS, { { "RSI=", "rsi" }, { "RDI=", "rdi" }, { "RBP=", "rbp" }, { "RSP=", "rsp" } } },
	{ "R8 =", NUMBERS, { { "R8 =", "r8" }, { "R9 =", "r9" }, { "R10=", "r10" }, { "R11=", "r11" } } },
	{ "R12=", NUMBERS, { { "R12=", "r12" }, { "R13=", "r13" }, { "R14=", "r14" }, { "R15=", "r15" } } },
	{ "RIP=", POINTER, { { "RIP=", "rip" }, { "RFL=", "eflags" } } },
	SEGMENT_ROWS,
	{ "EAX=", NUMBERS, { { "EAX=", "rax" }, { "EBX=", "rbx" }, { "ECX=", "rcx" }, { "EDX=", "rdx" } } },
	{ "ESI=", NUMBERS, { { "ESI=", "rsi" }, { "EDI=", "rdi" }, { "EBP=", "rbp" }, { "ESP=", "rsp" } } },
	{ "EIP=", POINTER, { { "EIP=", "rip" }, { "EFL=", "eflags" } } },
	SEGMENT_ROWS,
};

enum { NROWS = sizeof rows / sizeof *rows, WIDE = 0, NARROW = 5 + 15, WIDE_FIRST = 83, NARROW_FIRST = 51 };
_Static_assert((int)NROWS <= (int)SCT_QL_ROWS, "rows of both layouts");

/* Slots are shared by i386 and x86_64, eax is the low half of rax's: x86_64 has all of them. */
void sct_ql_dump_init(struct sct_ql_dump *d)
{
	memset(d, 0, sizeof *d);
	for (unsigned i = 0; i < NROWS; i++)
		for (unsigned k = 0; k < SCT_QL_FIELDS; k++)
			if (rows[i].field[k].reg)
				d->slots[i][k] = sct_arch_reg(&sct_arch_x86_64, rows[i].field[k].reg)->index;
}

/* A number of 8 or 16 digits that a space or the line's end follows. */
static bool take_number(const char **p, const char *end, uint64_t *value, unsigned *digits)
{
	*digits = sct_ql_hex(p, end, value);
	if ((*digits != 8 && *digits != 16) || (*p < end && **p != ' '))
		return false;
	*p += *p < end;
	return true;
}

static bool numbers(struct sct_ql_dump *d, const char **p, const char *end)
{
	const struct row *row = &rows[d->row];
	uint64_t value;
	unsigned digits;

	for (unsigned k = 0; k < SCT_QL_FIELDS && row->field[k].name; k++) {
		if (!sct_ql_word(p, end, row->field[k].name) || !take_number(p, end, &value, &digits))
			return false;
		if (row->field[k].reg)
			sct_regs_set(&d->regs, d->slots[d->row][k], value);
		else
			d->big = digits == 16;
	}
	return true;
}

/* " [-------] CPL=3 …" behind instruction pointer and flags. */
static bool pointer(struct sct_ql_dump *d, const char *p, const char *end)
{
	uint64_t cpl;

	if (!numbers(d, &p, end) || end - p < 15 || *p != '[' || p[8] != ']')
		return false;
	p += 9;
	if (!sct_ql_word(&p, end, " CPL=") || sct_ql_hex(&p, end, &cpl) != 1 || cpl > 3)
		return false;
	d->cpl = (unsigned)cpl;
	d->pc = d->regs.value[d->slots[d->row][0]];
	return true;
}

#define SEGMENT_BIG 0x00400000u /* of flags: the D/B bit of the descriptor (SDM 3A, 3.4.5) */

static bool segment(struct sct_ql_dump *d, const char *p, const char *end)
{
	const struct row *row = &rows[d->row];
	uint64_t selector, base, limit, flags;
	unsigned digits;

	p += 4;
	if (sct_ql_hex(&p, end, &selector) != 4 || !sct_ql_word(&p, end, " ") || !take_number(&p, end, &base, &digits) ||
	    !take_number(&p, end, &limit, &digits) || !take_number(&p, end, &flags, &digits))
		return false;
	sct_regs_set(&d->regs, d->slots[d->row][0], selector);
	if (row->field[1].reg)
		sct_regs_set(&d->regs, d->slots[d->row][1], base);
	if (row->start[0] == 'C') {
		d->pc += d->wide ? 0 : base;
		d->code16 = !d->wide && !(flags & SEGMENT_BIG);
	}
	return true;
}

static bool read_row(struct sct_ql_dump *d, const char *p, const char *end)
{
	switch (rows[d->row].kind) {
	case SEGMENT:
		return segment(d, p, end);
	case POINTER:
		return pointer(d, p, end);
	case SKIP:
		return true;
	default:
		return numbers(d, &p, end);
	}
}

bool sct_ql_dump_begin(struct sct_ql_dump *d, const struct sct_ql_line *line)
{
	static const struct {
		unsigned row, len;
	} firsts[] = { { WIDE, WIDE_FIRST }, { NARROW, NARROW_FIRST } };

	for (unsigned i = 0; i < 2; i++) {
		const char *p = line->text + line->len - firsts[i].len, *end = line->text + line->len;

		if (line->len < firsts[i].len || memcmp(p, rows[firsts[i].row].start, 4))
			continue;
		d->regs = (struct sct_regs){ 0 };
		d->row = firsts[i].row;
		d->wide = d->row == WIDE;
		if (!numbers(d, &p, end))
			return false;
		d->row++;
		return true;
	}
	return false;
}

/* Whether a line that is not the row which is due can be of any dump. */
static bool any_row(const struct sct_ql_line *line)
{
	for (unsigned i = 0; i < NROWS; i++)
		if (line->len >= 4 && !memcmp(line->text, rows[i].start, 4))
			return true;
	return false;
}

enum sct_ql_row sct_ql_dump_row(struct sct_ql_dump *d, const struct sct_ql_line *line)
{
	const char *p = line->text, *end = p + line->len;

	/* older QEMUs leave the lazy flags out */
	if (rows[d->row].start[0] == 'C' && rows[d->row].start[1] == 'C' && line->len >= 4 && !memcmp(p, "EFER", 4))
		d->row++;
	if (line->len < 4 || memcmp(p, rows[d->row].start, 4))
		return any_row(line) ? SCT_QL_BROKEN : SCT_QL_NOT;
	if (!read_row(d, p, end))
		return SCT_QL_BROKEN;
	d->row++;
	return d->row == NARROW || d->row == NROWS ? SCT_QL_LAST : SCT_QL_ROW;
}

const char *sct_ql_other_arch(const struct sct_ql_line *line)
{
	static const struct {
		const char *start, *arch;
	} others[] = {
		{ " PC=", "aarch64" }, { "R00=", "arm" }, { "pc=0x", "mips" }, { "NIP ", "ppc" }, { "PSW=", "s390x" },
		{ " pc ", "riscv" },
	};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		const char *p = line->text;

		if (sct_ql_word(&p, p + line->len, others[i].start))
			return others[i].arch;
	}
	return NULL;
}
