/* What instructions do to registers.
 * In:  instruction bytes that ran, the registers before them
 * Out: the registers behind them, as far as they follow from these
 *
 * Capstone tells instructions and operands. It is not asked which registers an instruction writes besides its operands:
 * a register that its tables forget would keep a value that is no longer true. So effects[] lists what is known to
 * write nothing else than it says (Intel SDM 2, "Operation" of each), and behind any other instruction every register
 * that user code can change is unknown.
 */
#include "step.h"

#include <capstone/capstone.h>
#include <stdlib.h>

enum effect {
	OTHER,  /* nobody knows, but of vector instructions */
	ANY,    /* nobody knows */
	NONE,   /* no register but flags */
	JUMP,   /* likewise, but what stands behind may not be what runs next */
	DEST,   /* the first operand, in a way that is not followed; and flags */
	BOTH,   /* the first two operands */
	MOV,    /* first operand = second, zero-extended */
	SIGNED, /* the same, sign-extended */
	LEA,
	PUSH, POP, LEAVE,
	XOR, SUB, ADD, AND, OR,
};

#define OF(name, effect) [X86_INS_##name] = effect

static const uint8_t effects[X86_INS_ENDING] = {
	OF(NOP, NONE), OF(ENDBR32, NONE), OF(ENDBR64, NONE), OF(PAUSE, NONE), OF(CMP, NONE), OF(TEST, NONE),
	OF(BT, NONE), OF(CLD, NONE), OF(STD, NONE), OF(CLC, NONE), OF(STC, NONE), OF(CMC, NONE), OF(LFENCE, NONE),
	OF(MFENCE, NONE), OF(SFENCE, NONE), OF(PREFETCHNTA, NONE), OF(PREFETCHT0, NONE), OF(PREFETCHT1, NONE),
	OF(PREFETCHT2, NONE), OF(PREFETCHW, NONE),
	OF(JMP, JUMP), OF(JAE, JUMP), OF(JA, JUMP), OF(JBE, JUMP), OF(JB, JUMP), OF(JE, JUMP), OF(JGE, JUMP),
	OF(JG, JUMP), OF(JLE, JUMP), OF(JL, JUMP), OF(JNE, JUMP), OF(JNO, JUMP), OF(JNP, JUMP), OF(JNS, JUMP),
	OF(JO, JUMP), OF(JP, JUMP), OF(JS, JUMP),
	OF(ADC, DEST), OF(SBB, DEST), OF(NOT, DEST), OF(NEG, DEST), OF(INC, DEST), OF(DEC, DEST), OF(SHL, DEST),
	OF(SHR, DEST), OF(SAR, DEST), OF(SAL, DEST), OF(ROL, DEST), OF(ROR, DEST), OF(RCL, DEST), OF(RCR, DEST),
	OF(SHLD, DEST), OF(SHRD, DEST), OF(BSF, DEST), OF(BSR, DEST), OF(TZCNT, DEST), OF(LZCNT, DEST),
	OF(POPCNT, DEST), OF(BSWAP, DEST), OF(BTS, DEST), OF(BTR, DEST), OF(BTC, DEST), OF(CMOVA, DEST),
	OF(CMOVAE, DEST), OF(CMOVB, DEST), OF(CMOVBE, DEST), OF(CMOVE, DEST), OF(CMOVG, DEST), OF(CMOVGE, DEST),
	OF(CMOVL, DEST), OF(CMOVLE, DEST), OF(CMOVNE, DEST), OF(CMOVNO, DEST), OF(CMOVNP, DEST), OF(CMOVNS, DEST),
	OF(CMOVO, DEST), OF(CMOVP, DEST), OF(CMOVS, DEST), OF(SETA, DEST), OF(SETAE, DEST), OF(SETB, DEST),
	OF(SETBE, DEST), OF(SETE, DEST), OF(SETG, DEST), OF(SETGE, DEST), OF(SETL, DEST), OF(SETLE, DEST),
	OF(SETNE, DEST), OF(SETNO, DEST), OF(SETNP, DEST), OF(SETNS, DEST), OF(SETO, DEST), OF(SETP, DEST),
	OF(SETS, DEST),
	/* vector instructions with a result in ecx that is no operand */
	OF(PCMPESTRI, ANY), OF(PCMPISTRI, ANY), OF(VPCMPESTRI, ANY), OF(VPCMPISTRI, ANY),
	OF(XCHG, BOTH), OF(XADD, BOTH),
	OF(MOV, MOV), OF(MOVABS, MOV), OF(MOVZX, MOV), OF(MOVSX, SIGNED), OF(MOVSXD, SIGNED), OF(LEA, LEA),
	OF(PUSH, PUSH), OF(POP, POP), OF(LEAVE, LEAVE),
	OF(XOR, XOR), OF(SUB, SUB), OF(ADD, ADD), OF(AND, AND), OF(OR, OR),
};

/* Where a register of Capstone's is in the file. */
struct part {
	uint8_t slot, size, shift; /* size 0: it is none that is kept */
	int8_t base;               /* of a segment register: slot of the base it brings along; else -1 */
	bool general;
};

struct sct_step {
	csh handle[SCT_MODE_64 + 1]; /* by enum sct_mode; 0: nothing is known of that mode's instructions */
	cs_insn *decoded;
	struct part parts[X86_REG_ENDING];
	uint8_t sp, bp, pc, flags;
	uint64_t general;    /* slots of general registers */
	uint64_t changeable; /* slots that user code can change, whatever it does */
};

/* ---- the register file -------------------------------------------------------------------------------------- */

/* Each general register under its names. */
static const struct {
	x86_reg whole, dword, word, low, high;
} families[] = {
	{ X86_REG_RAX, X86_REG_EAX, X86_REG_AX, X86_REG_AL, X86_REG_AH },
	{ X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL, X86_REG_CH },
	{ X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL, X86_REG_DH },
	{ X86_REG_RBX, X86_REG_EBX, X86_REG_BX, X86_REG_BL, X86_REG_BH },
	{ X86_REG_RSP, X86_REG_ESP, X86_REG_SP, X86_REG_SPL, X86_REG_INVALID },
	{ X86_REG_RBP, X86_REG_EBP, X86_REG_BP, X86_REG_BPL, X86_REG_INVALID },
	{ X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL, X86_REG_INVALID },
	{ X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL, X86_REG_INVALID },
	{ X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B, X86_REG_INVALID },
	{ X86_REG_R9, X86_REG_R9D, X86_REG_R9W, X86_REG_R9B, X86_REG_INVALID },
	{ X86_REG_R10, X86_REG_R10D, X86_REG_R10W, X86_REG_R10B, X86_REG_INVALID },
	{ X86_REG_R11, X86_REG_R11D, X86_REG_R11W, X86_REG_R11B, X86_REG_INVALID },
	{ X86_REG_R12, X86_REG_R12D, X86_REG_R12W, X86_REG_R12B, X86_REG_INVALID },
	{ X86_REG_R13, X86_REG_R13D, X86_REG_R13W, X86_REG_R13B, X86_REG_INVALID },
	{ X86_REG_R14, X86_REG_R14D, X86_REG_R14W, X86_REG_R14B, X86_REG_INVALID },
	{ X86_REG_R15, X86_REG_R15D, X86_REG_R15W, X86_REG_R15B, X86_REG_INVALID },
};

static const struct {
	x86_reg reg;
	const char *name, *base;
} segments[] = {
	{ X86_REG_CS, "cs", NULL }, { X86_REG_SS, "ss", NULL }, { X86_REG_DS, "ds", NULL }, { X86_REG_ES, "es", NULL },
	{ X86_REG_FS, "fs", "fs_base" }, { X86_REG_GS, "gs", "gs_base" },
};

static void add_family(struct sct_step *s, const struct sct_arch *arch, unsigned i)
{
	const char *name = cs_reg_name(s->handle[SCT_MODE_64], families[i].whole);
	const struct sct_reg *r = sct_arch_reg(arch, name);

	if (!r)
		r = sct_arch_reg(arch, cs_reg_name(s->handle[SCT_MODE_64], families[i].dword));
	if (!r)
		return;
	s->parts[families[i].whole] = (struct part){ r->index, 8, 0, -1, true };
	s->parts[families[i].dword] = (struct part){ r->index, 4, 0, -1, true };
	s->parts[families[i].word] = (struct part){ r->index, 2, 0, -1, true };
	s->parts[families[i].low] = (struct part){ r->index, 1, 0, -1, true };
	if (families[i].high != X86_REG_INVALID)
		s->parts[families[i].high] = (struct part){ r->index, 1, 8, -1, true };
	s->changeable |= UINT64_C(1) << r->index;
}

static void add_segments(struct sct_step *s, const struct sct_arch *arch)
{
	for (size_t i = 0; i < sizeof segments / sizeof *segments; i++) {
		const struct sct_reg *r = sct_arch_reg(arch, segments[i].name);
		const struct sct_reg *base = segments[i].base ? sct_arch_reg(arch, segments[i].base) : NULL;

		if (r)
			s->parts[segments[i].reg] = (struct part){ r->index, 2, 0, base ? (int8_t)base->index : -1, false };
		s->changeable |= (r ? UINT64_C(1) << r->index : 0) | (base ? UINT64_C(1) << base->index : 0);
	}
}

/* Gets ready for the x86 family. */
static int learn(struct sct_step *s, const struct sct_arch *arch, unsigned flags, struct sct_err *err)
{
	static const cs_mode modes[] = { 0, CS_MODE_16, CS_MODE_32, CS_MODE_64 };

	for (int m = SCT_MODE_16; m <= SCT_MODE_64; m++) {
		cs_err e = cs_open(CS_ARCH_X86, modes[m], &s->handle[m]);

		if (e != CS_ERR_OK)
			return sct_fail(err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET, "Capstone has no x86: %s", cs_strerror(e));
		cs_option(s->handle[m], CS_OPT_DETAIL, CS_OPT_ON);
	}
	s->decoded = cs_malloc(s->handle[SCT_MODE_64]);
	for (unsigned i = 0; i < sizeof families / sizeof *families; i++)
		add_family(s, arch, i);
	s->general = s->changeable;
	add_segments(s, arch);
	s->flags = (uint8_t)flags;
	s->changeable |= UINT64_C(1) << flags;
	s->pc = arch->pc;
	s->sp = s->parts[X86_REG_ESP].slot;
	s->bp = s->parts[X86_REG_EBP].slot;
	return SCT_OK;
}

int sct_step_new(struct sct_step **out, const struct sct_arch *arch, struct sct_err *err)
{
	const struct sct_reg *flags = sct_arch_reg(arch, "eflags");
	struct sct_step *s = calloc(1, sizeof *s);

	if (!s)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "out of memory");
	if (flags && learn(s, arch, flags->index, err) < 0) {
		sct_step_free(s);
		return err->status;
	}
	*out = s;
	return SCT_OK;
}

void sct_step_free(struct sct_step *s)
{
	if (!s)
		return;
	if (s->decoded)
		cs_free(s->decoded, 1);
	for (int m = SCT_MODE_16; m <= SCT_MODE_64; m++)
		if (s->handle[m])
			cs_close(&s->handle[m]);
	free(s);
}

/* ---- values ------------------------------------------------------------------------------------------------- */

/* One instruction at work. */
struct work {
	struct sct_step *step;
	struct sct_regs *regs;
	const cs_insn *insn;
	uint64_t addr;  /* behind the instruction: what rip stands for in an operand */
	unsigned word;  /* bytes of a stack slot: 4 or 8 */
};

static uint64_t mask(unsigned size)
{
	return size >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * size)) - 1;
}

static void forget(struct work *w, unsigned slot)
{
	w->regs->known &= ~(UINT64_C(1) << slot);
}

static bool read_reg(const struct work *w, x86_reg reg, uint64_t *value)
{
	const struct part *p = &w->step->parts[reg];

	if (!p->size || !(w->regs->known >> p->slot & 1))
		return false;
	*value = w->regs->value[p->slot] >> p->shift & mask(p->size);
	return true;
}

/* Writes to 32 bits clear the upper half (SDM 1, 3.4.1.1); to fewer, they leave the rest as it is. */
static void write_reg(struct work *w, x86_reg reg, bool known, uint64_t value)
{
	const struct part *p = &w->step->parts[reg];
	uint64_t whole = value;

	if (!p->size)
		return;
	if (p->base >= 0)
		forget(w, (unsigned)p->base);
	if (p->size < 4) {
		known = known && w->regs->known >> p->slot & 1;
		whole = w->regs->value[p->slot] & ~(mask(p->size) << p->shift);
		whole |= (value & mask(p->size)) << p->shift;
	} else {
		whole &= mask(p->size);
	}
	if (known)
		sct_regs_set(w->regs, p->slot, whole);
	else
		forget(w, p->slot);
}

/* The value of operand i; false: memory, or unknown. */
static bool operand(const struct work *w, unsigned i, uint64_t *value)
{
	const cs_x86_op *op = &w->insn->detail->x86.operands[i];

	if (op->type == X86_OP_REG)
		return read_reg(w, op->reg, value);
	*value = (uint64_t)op->imm;
	return op->type == X86_OP_IMM;
}

/* Operand i, where it is a register, gets value. */
static void result(struct work *w, unsigned i, bool known, uint64_t value)
{
	const cs_x86 *x = &w->insn->detail->x86;

	if (i < x->op_count && x->operands[i].type == X86_OP_REG)
		write_reg(w, x->operands[i].reg, known, value);
}

/* A part of an address; there is none, or it is known. */
static bool term(const struct work *w, x86_reg reg, uint64_t *value)
{
	*value = 0;
	if (reg == X86_REG_INVALID)
		return true;
	if (reg == X86_REG_RIP) {
		*value = w->addr;
		return true;
	}
	return read_reg(w, reg, value);
}

static void lea(struct work *w)
{
	const cs_x86 *x = &w->insn->detail->x86;
	const x86_op_mem *m = &x->operands[1].mem;
	uint64_t base, index;
	bool known = term(w, m->base, &base);

	known = term(w, m->index, &index) && known;
	result(w, 0, known, (base + index * (uint64_t)m->scale + (uint64_t)m->disp) & mask(x->addr_size));
}

static void arithmetic(struct work *w, enum effect e)
{
	const cs_x86_op *op = w->insn->detail->x86.operands;
	bool same = op[0].type == X86_OP_REG && op[1].type == X86_OP_REG && op[0].reg == op[1].reg;
	uint64_t a = 0, b = 0;
	bool known = operand(w, 0, &a);

	known = operand(w, 1, &b) && known;
	if (same && (e == XOR || e == SUB)) {
		result(w, 0, true, 0);
		return;
	}
	if (e == AND && op[1].type == X86_OP_IMM && !b) /* whatever was there */
		known = true;
	result(w, 0, known, e == XOR ? a ^ b : e == SUB ? a - b : e == ADD ? a + b : e == AND ? a & b : a | b);
}

static void move(struct work *w, bool sign)
{
	const cs_x86_op *from = &w->insn->detail->x86.operands[1];
	uint64_t value = 0;
	bool known = operand(w, 1, &value);

	if (sign && from->size < 8 && value >> (8 * from->size - 1) & 1)
		value |= ~mask(from->size);
	result(w, 0, known, value);
}

/* Stack slots are words of the mode; an operand-size prefix makes them others. */
static bool plain_stack(const struct work *w)
{
	return w->word && !w->insn->detail->x86.prefix[2];
}

static void move_sp(struct work *w, int64_t by)
{
	unsigned sp = w->step->sp;

	if (!plain_stack(w))
		forget(w, sp);
	else
		w->regs->value[sp] = (w->regs->value[sp] + (uint64_t)by) & mask(w->word);
}

static void leave(struct work *w)
{
	w->regs->value[w->step->sp] = w->regs->value[w->step->bp];
	if (!(w->regs->known >> w->step->bp & 1))
		forget(w, w->step->sp);
	else
		w->regs->known |= UINT64_C(1) << w->step->sp;
	forget(w, w->step->bp);
	move_sp(w, (int)w->word);
}

/* ---- instructions ------------------------------------------------------------------------------------------- */

/* Vector instructions write general registers only where these are operands. */
static bool is_vector(const struct work *w)
{
	static const uint8_t groups[] = {
		X86_GRP_MMX, X86_GRP_SSE1, X86_GRP_SSE2, X86_GRP_SSE3, X86_GRP_SSSE3, X86_GRP_SSE41, X86_GRP_SSE42,
		X86_GRP_AVX, X86_GRP_AVX2,
	};

	for (size_t i = 0; i < sizeof groups; i++)
		if (cs_insn_group(w->step->handle[SCT_MODE_64], w->insn, groups[i]))
			return true;
	return false;
}

static void vector(struct work *w)
{
	for (unsigned i = 0; i < w->insn->detail->x86.op_count; i++)
		result(w, i, false, 0);
}

/* What is repeated is none of those. mov, lea and arithmetic have two operands; what has not is something else. */
static enum effect effect_of(const struct work *w)
{
	const cs_x86 *x = &w->insn->detail->x86;
	enum effect e = w->insn->id < X86_INS_ENDING ? effects[w->insn->id] : OTHER;

	if ((e == MOV || e == SIGNED || e == LEA || e >= XOR) && x->op_count != 2)
		return OTHER;
	return e > JUMP && (x->prefix[0] == X86_PREFIX_REP || x->prefix[0] == X86_PREFIX_REPNE) ? OTHER : e;
}

static void stack(struct work *w, enum effect e)
{
	if (e == PUSH)
		move_sp(w, -(int)w->word);
	else if (e == LEAVE)
		leave(w);
	else
		move_sp(w, (int)w->word);
	if (e == POP)
		result(w, 0, false, 0);
}

static void apply(struct work *w)
{
	enum effect e = effect_of(w);

	switch (e) {
	case OTHER:
		if (is_vector(w)) {
			vector(w);
			break;
		}
		/* fallthrough */
	case ANY:
		w->regs->known &= ~w->step->changeable;
		break;
	case NONE:
	case JUMP:
		break;
	case BOTH:
		result(w, 1, false, 0);
		result(w, 0, false, 0);
		break;
	case DEST:
		result(w, 0, false, 0);
		break;
	case MOV:
	case SIGNED:
		move(w, e == SIGNED);
		break;
	case LEA:
		lea(w);
		break;
	case PUSH:
	case POP:
	case LEAVE:
		stack(w, e);
		break;
	default:
		arithmetic(w, e);
	}
	if (e < MOV || e >= XOR)
		forget(w, w->step->flags);
}

static struct work work(struct sct_step *step, enum sct_mode mode, struct sct_regs *regs, uint64_t addr)
{
	return (struct work){ step, regs, step->decoded, addr, mode == SCT_MODE_64 ? 8 : mode == SCT_MODE_32 ? 4 : 0 };
}

/* Decodes the next instruction. False: the bytes are none. */
static bool next(struct work *w, enum sct_mode mode, const uint8_t **code, size_t *len)
{
	csh handle = mode <= SCT_MODE_64 ? w->step->handle[mode] : 0;

	return handle && *len && cs_disasm_iter(handle, code, len, &w->addr, w->step->decoded);
}

void sct_step_over(struct sct_step *step, enum sct_mode mode, struct sct_regs *regs, uint64_t addr, const uint8_t *code,
                   size_t len)
{
	struct work w = work(step, mode, regs, addr);
	size_t all = len;

	while (next(&w, mode, &code, &len))
		apply(&w);
	if (len)
		regs->known = 0;
	else if (step->decoded)
		regs->value[step->pc] += all;
}

/* ---- faults ------------------------------------------------------------------------------------------------- */

/* Whether the instruction cannot but end, and go on behind itself: it has but numbers and general registers. */
static bool is_sure(const struct work *w)
{
	const cs_x86 *x = &w->insn->detail->x86;
	enum effect e = effect_of(w);

	if (e <= ANY || e == JUMP || e == PUSH || e == POP || e == LEAVE || x->prefix[0] == X86_PREFIX_LOCK)
		return false;
	if (w->insn->id == X86_INS_NOP || w->insn->id == X86_INS_LEA) /* an address, not what is there */
		return true;
	for (const cs_x86_op *op = x->operands; op < x->operands + x->op_count; op++)
		if (op->type != X86_OP_IMM && (op->type != X86_OP_REG || !w->step->parts[op->reg].general))
			return false;
	return true;
}

/* Whether later holds a register as it is in `end`, in which it is another than in `start`. */
static bool shows(const struct sct_step *step, const struct sct_regs *start, const struct sct_regs *end,
                  const struct sct_regs *later)
{
	uint64_t known = start->known & end->known & later->known & step->general & ~(UINT64_C(1) << step->sp);

	for (unsigned i = 0; i < SCT_REGS_MAX; i++)
		if (known >> i & 1 && start->value[i] != end->value[i] && later->value[i] == end->value[i])
			return true;
	return false;
}

bool sct_step_reached(struct sct_step *step, enum sct_mode mode, const struct sct_regs *before,
                      const struct sct_regs *later, uint64_t addr, const uint8_t *code, size_t len)
{
	struct sct_regs regs = *before, start = { 0 };
	struct work w = work(step, mode, &regs, addr);
	bool sure = true;

	while (next(&w, mode, &code, &len)) {
		if (!is_sure(&w)) {
			sure = false;
			start = regs;
		}
		apply(&w);
	}
	return !len && (sure || (later && shows(step, &start, &regs, later)));
}
