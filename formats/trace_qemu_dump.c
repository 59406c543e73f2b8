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
 * Arm and AArch64 (target/arm/cpu.c, arm_cpu_dump_state, aarch64_cpu_dump_state):
 *
 *	R00=8 R01=8 R02=8 R03=8                       and so on to R15
 *	PSR=8 NZCV T usr32
 *
 *	 PC=16 X00=16 X01=16                          three a line, then
 *	X29=16 X30=16  SP=16
 *	PSTATE=8 NZCV EL0t …
 *
 * MIPS (target/mips/cpu.c, mips_cpu_dump_state):
 *
 *	pc=0x8 HI=0x8 LO=0x8 ds FLAGS TARGET STATE     FLAGS: hflags (target/mips/cpu.h), of which the last two bits tell
 *	                                              the mode, 2 the user's, and 0x400 code that is not of 32-bit words
 *	GPR00: r0 8 at 8 v0 8 v1 8                    and so on to GPR28
 *	CP0 Status …
 *	    Config0 0x8 …                             its bit 15: big-endian (MIPS32 PRA, Config register)
 *	    Config2 …
 *	    Config4 …
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
	STATUS,  /* NAME=number, and in words whether this is user mode */
	FLAGS,   /* numbers, then MIPS's hflags */
	CONFIG,  /* MIPS's Config0 */
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
	{ "R00=", NUMBERS, { { "R00=", "r0" }, { "R01=", "r1" }, { "R02=", "r2" }, { "R03=", "r3" } } },
	{ "R04=", NUMBERS, { { "R04=", "r4" }, { "R05=", "r5" }, { "R06=", "r6" }, { "R07=", "r7" } } },
	{ "R08=", NUMBERS, { { "R08=", "r8" }, { "R09=", "r9" }, { "R10=", "r10" }, { "R11=", "r11" } } },
	{ "R12=", NUMBERS, { { "R12=", "r12" }, { "R13=", "sp" }, { "R14=", "lr" }, { "R15=", "pc" } } },
	{ "PSR=", STATUS, { { "PSR=", "cpsr" } } },
	{ " PC=", NUMBERS, { { " PC=", "pc" }, { "X00=", "x0" }, { "X01=", "x1" } } },
	{ "X02=", NUMBERS, { { "X02=", "x2" }, { "X03=", "x3" }, { "X04=", "x4" } } },
	{ "X05=", NUMBERS, { { "X05=", "x5" }, { "X06=", "x6" }, { "X07=", "x7" } } },
	{ "X08=", NUMBERS, { { "X08=", "x8" }, { "X09=", "x9" }, { "X10=", "x10" } } },
	{ "X11=", NUMBERS, { { "X11=", "x11" }, { "X12=", "x12" }, { "X13=", "x13" } } },
	{ "X14=", NUMBERS, { { "X14=", "x14" }, { "X15=", "x15" }, { "X16=", "x16" } } },
	{ "X17=", NUMBERS, { { "X17=", "x17" }, { "X18=", "x18" }, { "X19=", "x19" } } },
	{ "X20=", NUMBERS, { { "X20=", "x20" }, { "X21=", "x21" }, { "X22=", "x22" } } },
	{ "X23=", NUMBERS, { { "X23=", "x23" }, { "X24=", "x24" }, { "X25=", "x25" } } },
	{ "X26=", NUMBERS, { { "X26=", "x26" }, { "X27=", "x27" }, { "X28=", "x28" } } },
	{ "X29=", NUMBERS, { { "X29=", "x29" }, { "X30=", "x30" }, { " SP=", "sp" } } },
	{ "PSTA", STATUS, { { "PSTATE=", "cpsr" } } },
	{ "pc=0", FLAGS, { { "pc=0x", "pc" }, { "HI=0x", "hi" }, { "LO=0x", "lo" } } },
	{ "GPR0", NUMBERS, { { "GPR00: r0 ", "zero" }, { "at ", "at" }, { "v0 ", "v0" }, { "v1 ", "v1" } } },
	{ "GPR0", NUMBERS, { { "GPR04: a0 ", "a0" }, { "a1 ", "a1" }, { "a2 ", "a2" }, { "a3 ", "a3" } } },
	{ "GPR0", NUMBERS, { { "GPR08: t0 ", "t0" }, { "t1 ", "t1" }, { "t2 ", "t2" }, { "t3 ", "t3" } } },
	{ "GPR1", NUMBERS, { { "GPR12: t4 ", "t4" }, { "t5 ", "t5" }, { "t6 ", "t6" }, { "t7 ", "t7" } } },
	{ "GPR1", NUMBERS, { { "GPR16: s0 ", "s0" }, { "s1 ", "s1" }, { "s2 ", "s2" }, { "s3 ", "s3" } } },
	{ "GPR2", NUMBERS, { { "GPR20: s4 ", "s4" }, { "s5 ", "s5" }, { "s6 ", "s6" }, { "s7 ", "s7" } } },
	{ "GPR2", NUMBERS, { { "GPR24: t8 ", "t8" }, { "t9 ", "t9" }, { "k0 ", "k0" }, { "k1 ", "k1" } } },
	{ "GPR2", NUMBERS, { { "GPR28: gp ", "gp" }, { "sp ", "sp" }, { "s8 ", "s8" }, { "ra ", "ra" } } },
	{ "CP0 ", SKIP }, { "    ", CONFIG, { { "    Config0 0x", NULL } } }, { "    ", SKIP }, { "    ", SKIP },
};

enum {
	NROWS = sizeof rows / sizeof *rows,
	WIDE = 0, NARROW = WIDE + 5 + 15, ARM = NARROW + 3 + 15, A64 = ARM + 5, MIPS = A64 + 12,
};
_Static_assert((int)NROWS <= (int)SCT_QL_ROWS, "rows of all layouts");

/* What dumps there are: their rows; bytes of the first, 0: not always as many. */
static const struct layout {
	unsigned first, end, len;
	const struct sct_arch *arch;
} layouts[] = {
	/* slots are shared by i386 and x86_64, eax is the low half of rax's: x86_64 has all of them */
	{ WIDE, NARROW, 83, &sct_arch_x86_64 },
	{ NARROW, ARM, 51, &sct_arch_x86_64 },
	{ ARM, A64, 51, &sct_arch_arm },
	{ A64, MIPS, 62, &sct_arch_aarch64 },
	{ MIPS, NROWS, 0, &sct_arch_mipsel },
};

enum { NLAYOUTS = sizeof layouts / sizeof *layouts };

void sct_ql_dump_init(struct sct_ql_dump *d)
{
	memset(d, 0, sizeof *d);
	for (const struct layout *l = layouts; l < layouts + NLAYOUTS; l++)
		for (unsigned i = l->first; i < l->end; i++)
			for (unsigned k = 0; k < SCT_QL_FIELDS; k++)
				if (rows[i].field[k].reg)
					d->slots[i][k] = sct_arch_reg(l->arch, rows[i].field[k].reg)->index;
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
		if (!sct_ql_word(p, end, row->field[k].name) || !take_number(p, end, &value, &digits) ||
		    digits > 2u * d->arch->word)
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

/* "PSR=00000030 ---- T usr32", "PSTATE=40000000 -Z-- EL0t" */
static bool status(struct sct_ql_dump *d, const char *p, const char *end)
{
	if (!numbers(d, &p, end))
		return false;
	d->cpl = memmem(p, (size_t)(end - p), "usr", 3) || memmem(p, (size_t)(end - p), "EL0", 3) ? 3 : 0;
	return true;
}

#define HFLAG_KSU 3u     /* target/mips/cpu.h: MIPS_HFLAG_KSU, _UM, _M16 */
#define HFLAG_UM 2u
#define HFLAG_M16 0x400u

static bool mips_flags(struct sct_ql_dump *d, const char **p, const char *end)
{
	uint64_t flags;

	if (!numbers(d, p, end) || !sct_ql_word(p, end, "ds ") || !sct_ql_hex(p, end, &flags))
		return false;
	d->cpl = (flags & HFLAG_KSU) == HFLAG_UM ? 3 : 0;
	d->code16 = flags & HFLAG_M16;
	return true;
}

#define CONFIG0_BE 0x8000u

static bool config(struct sct_ql_dump *d, const char *p, const char *end)
{
	uint64_t value;

	if (!sct_ql_word(&p, end, rows[d->row].field[0].name) || !sct_ql_hex(&p, end, &value))
		return false;
	d->big_endian = value & CONFIG0_BE;
	return true;
}

static bool read_row(struct sct_ql_dump *d, const char *p, const char *end)
{
	switch (rows[d->row].kind) {
	case SEGMENT:
		return segment(d, p, end);
	case POINTER:
		return pointer(d, p, end);
	case STATUS:
		return status(d, p, end);
	case CONFIG:
		return config(d, p, end);
	case SKIP:
		return true;
	default:
		return numbers(d, &p, end);
	}
}

/* Begins a dump of that layout at p. */
static bool begin(struct sct_ql_dump *d, const struct layout *l, const char *p, const char *end)
{
	if (end - p < 4 || memcmp(p, rows[l->first].start, 4))
		return false;
	d->regs = (struct sct_regs){ 0 };
	d->row = l->first;
	d->end = l->end;
	d->wide = l->first != NARROW && l->arch->word == 8;
	d->arch = l->arch;
	d->code16 = d->big_endian = false;
	if (!(rows[d->row].kind == FLAGS ? mips_flags(d, &p, end) : numbers(d, &p, end)))
		return false;
	d->row++;
	return true;
}

bool sct_ql_dump_begin(struct sct_ql_dump *d, const struct sct_ql_line *line)
{
	const char *end = line->text + line->len;

	for (const struct layout *l = layouts; l < layouts + NLAYOUTS; l++) {
		const char *p = l->len ? end - l->len : line->text;

		if (line->len >= l->len && l->len && begin(d, l, p, end))
			return true;
		while (!l->len && (p = memmem(p, (size_t)(end - p), rows[l->first].start, 4)))
			if (begin(d, l, p++, end))
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
	if (d->row != d->end)
		return SCT_QL_ROW;
	if (d->arch != &sct_arch_x86_64)
		d->pc = d->regs.value[d->arch->pc];
	else
		d->arch = d->big ? &sct_arch_x86_64 : &sct_arch_i386;
	return SCT_QL_LAST;
}

const char *sct_ql_other_arch(const struct sct_ql_line *line)
{
	static const struct {
		const char *start, *arch;
	} others[] = {
		{ "pc=0x", "64-bit MIPS" }, { "NIP ", "ppc" }, { "PSW=", "s390x" }, { " pc ", "riscv" },
	};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		const char *p = line->text;

		if (sct_ql_word(&p, p + line->len, others[i].start))
			return others[i].arch;
	}
	return NULL;
}
