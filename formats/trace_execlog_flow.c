/* Where an instruction of x86 can lead, by its first four bytes: enough to notice that a log leaves lines out.
 * In:  an instruction, its address
 * Out: its class; whether an address can follow
 *
 * Opcodes: Intel SDM volume 2, appendix A. What is not in the table falls through, or is not for user mode.
 */
#include "trace_execlog.h"

#include <string.h>

enum { TWO_BYTES = 0x0f };

/* Opcodes from first to last; where they lead, and how many bytes behind them tell where. */
struct row {
	uint8_t escape; /* TWO_BYTES, or 0 */
	uint8_t first, last;
	uint8_t class;
	uint8_t rel;   /* BRANCHES: bytes of the distance, counted from the instruction's end */
	uint8_t forms; /* which of the eight forms that the second byte's middle bits tell apart do so; 0: all */
	bool always, moves_sp;
};

static const struct row rows[] = {
	{ 0, 0x50, 0x57, SCT_EL_FALLS, .moves_sp = true }, /* push */
	{ 0, 0x58, 0x5b, SCT_EL_FALLS, .moves_sp = true }, /* pop; 5c is of the stack pointer itself */
	{ 0, 0x5d, 0x5f, SCT_EL_FALLS, .moves_sp = true },
	{ 0, 0x68, 0x68, SCT_EL_FALLS, .moves_sp = true },
	{ 0, 0x6a, 0x6a, SCT_EL_FALLS, .moves_sp = true },
	{ 0, 0x6c, 0x6f, SCT_EL_REPEATS }, /* ins, outs */
	{ 0, 0x70, 0x7f, SCT_EL_BRANCHES, .rel = 1 },
	{ 0, 0x9a, 0x9a, SCT_EL_LEADS },
	{ 0, 0xa4, 0xa7, SCT_EL_REPEATS }, /* movs, cmps */
	{ 0, 0xaa, 0xaf, SCT_EL_REPEATS }, /* stos, lods, scas */
	{ 0, 0xc2, 0xc3, SCT_EL_LEADS, .moves_sp = true },
	{ 0, 0xca, 0xcd, SCT_EL_LEADS },              /* far returns, interrupts */
	{ 0, 0xcf, 0xcf, SCT_EL_LEADS },              /* iret */
	{ 0, 0xe0, 0xe3, SCT_EL_BRANCHES, .rel = 1 }, /* loop, jcxz */
	{ 0, 0xe8, 0xe8, SCT_EL_BRANCHES, .rel = 4, .always = true, .moves_sp = true },
	{ 0, 0xe9, 0xe9, SCT_EL_BRANCHES, .rel = 4, .always = true },
	{ 0, 0xea, 0xea, SCT_EL_LEADS },
	{ 0, 0xeb, 0xeb, SCT_EL_BRANCHES, .rel = 1, .always = true },
	{ 0, 0xf1, 0xf1, SCT_EL_LEADS },
	{ 0, 0xff, 0xff, SCT_EL_LEADS, .forms = 0x3c }, /* indirect calls and jumps */
	{ TWO_BYTES, 0x0b, 0x0b, SCT_EL_LEADS },        /* ud2 */
	{ TWO_BYTES, 0x34, 0x35, SCT_EL_LEADS },        /* sysenter, sysexit */
	{ TWO_BYTES, 0x80, 0x8f, SCT_EL_BRANCHES, .rel = 4 },
};

static bool is_prefix(uint8_t byte, bool rex)
{
	return memchr("\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0\xf2\xf3", byte, 11) || (rex && (byte & 0xf0) == 0x40);
}

static const struct row *find_row(uint8_t escape, uint8_t opcode)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].escape == escape && opcode >= rows[i].first && opcode <= rows[i].last)
			return &rows[i];
	return NULL;
}

/* The target of a branch whose distance begins at bytes[at]: as far as it is among the four bytes. */
static void set_target(struct sct_el_flow *f, const struct sct_el_head *head, const struct row *row, unsigned at)
{
	uint64_t distance = 0;
	unsigned have = 4 - at < row->rel ? 4 - at : row->rel;

	for (unsigned i = 0; i < have; i++)
		distance |= (uint64_t)head->bytes[at + i] << 8 * i;
	if (row->rel == 1)
		distance = (uint64_t)(int8_t)distance;
	f->target = head->pc + at + row->rel + distance;
	f->mask = row->rel == 1 ? UINT64_MAX : (UINT64_C(1) << 8 * have) - 1;
	f->always = row->always;
}

/* Of the entering instructions: int 0x80, syscall, sysenter. */
static bool is_entering(const uint8_t *b)
{
	return (b[0] == 0xcd && b[1] == 0x80) || (b[0] == TWO_BYTES && (b[1] == 0x05 || b[1] == 0x34));
}

void sct_el_flow(struct sct_el_flow *flow, const struct sct_el_head *head, bool long_mode)
{
	const uint8_t *b = head->bytes;
	const struct row *row;
	bool short_operands = false;
	unsigned at = 0;

	*flow = (struct sct_el_flow){ .class = SCT_EL_FALLS, .size = 4, .length = sct_el_length(b, long_mode) };
	for (; at < 4 && is_prefix(b[at], long_mode); at++)
		short_operands |= b[at] == 0x66;
	if (at == 4 || (at == 3 && b[at] == TWO_BYTES))
		return; /* what it is does not show; a long nop, mostly */
	flow->size = at + 1 + (b[at] == TWO_BYTES);
	if (at < 3 && is_entering(b + at)) {
		flow->enters = true;
		flow->size = at + 2;
		flow->class = b[at + 1] == 0x34 ? SCT_EL_LEADS : SCT_EL_ENTERS;
		return;
	}
	row = b[at] == TWO_BYTES ? find_row(TWO_BYTES, b[at + 1]) : find_row(0, b[at]);
	if (!row || (row->forms && at < 3 && !(row->forms >> (b[at + 1] >> 3 & 7) & 1)))
		return;
	flow->class = (enum sct_el_class)row->class;
	flow->moves_sp = row->moves_sp;
	if (flow->class == SCT_EL_BRANCHES && short_operands)
		flow->class = SCT_EL_LEADS; /* of 16 bits: where that leads depends on the mode */
	else if (flow->class == SCT_EL_BRANCHES)
		set_target(flow, head, row, flow->size);
}

bool sct_el_can_follow(const struct sct_el_flow *f, const struct sct_el_head *head, uint64_t pc)
{
	enum { LONGEST = 15 };
	uint64_t distance = pc - head->pc;
	bool next = f->length ? distance == f->length : distance >= f->size && distance <= LONGEST;

	switch (f->class) {
	case SCT_EL_FALLS: return next;
	case SCT_EL_REPEATS: return next || !distance;
	case SCT_EL_BRANCHES: return (next && !f->always) || !((pc ^ f->target) & f->mask);
	case SCT_EL_ENTERS: return distance == f->size;
	case SCT_EL_LEADS: return true;
	}
	return true;
}
