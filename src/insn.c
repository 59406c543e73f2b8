/* Which instruction some bytes are.
 * In:  instruction bytes and the CPU mode they run in
 * Out: the kind of entering instruction, from Capstone, through a cache
 */
#include "insn.h"

#include <capstone/capstone.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_SIZE = 256, INSN_MAX = 15 };

/* One answer; a place in the cache is picked by a hash of bytes and mode. */
struct answer {
	uint8_t bytes[INSN_MAX];
	uint8_t len;  /* bytes that were asked about; 0: empty */
	uint8_t mode, kind, size;
	bool jumps;
};

struct sct_insn {
	csh handle[SCT_MODES]; /* by enum sct_mode; 0: not of this architecture */
	cs_insn *decoded;
	struct answer cache[CACHE_SIZE];
};

/* What each mode is to Capstone, and the architecture in its messages. */
static const struct {
	cs_arch arch;
	cs_mode mode;
	const char *name;
} modes[SCT_MODES] = {
	[SCT_MODE_16] = { CS_ARCH_X86, CS_MODE_16, "x86" },
	[SCT_MODE_32] = { CS_ARCH_X86, CS_MODE_32, "x86" },
	[SCT_MODE_64] = { CS_ARCH_X86, CS_MODE_64, "x86" },
	[SCT_MODE_ARM] = { CS_ARCH_ARM, CS_MODE_ARM, "Arm" },
	[SCT_MODE_THUMB] = { CS_ARCH_ARM, CS_MODE_THUMB, "Arm" },
	[SCT_MODE_A64] = { CS_ARCH_ARM64, CS_MODE_ARM, "AArch64" },
	[SCT_MODE_MIPS32] = { CS_ARCH_MIPS, CS_MODE_MIPS32, "MIPS" },
};

int sct_insn_new(struct sct_insn **insn, const struct sct_arch *arch, struct sct_err *err)
{
	cs_arch family = modes[arch->modes[0]].arch;
	struct sct_insn *in = calloc(1, sizeof *in);

	if (!in)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "out of memory");
	for (int m = SCT_MODE_UNKNOWN + 1; m < SCT_MODES; m++) {
		cs_err e = modes[m].arch == family ? cs_open(family, modes[m].mode, &in->handle[m]) : CS_ERR_OK;

		if (e != CS_ERR_OK) {
			sct_insn_free(in);
			return sct_fail(err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET, "Capstone has no %s: %s", modes[m].name,
			                cs_strerror(e));
		}
		if (in->handle[m])
			cs_option(in->handle[m], CS_OPT_DETAIL, CS_OPT_ON);
	}
	in->decoded = cs_malloc(in->handle[arch->modes[0]]);
	*insn = in;
	return SCT_OK;
}

void sct_insn_free(struct sct_insn *insn)
{
	if (!insn)
		return;
	if (insn->decoded)
		cs_free(insn->decoded, 1);
	for (int m = 0; m < SCT_MODES; m++)
		if (insn->handle[m])
			cs_close(&insn->handle[m]);
	free(insn);
}

static bool int_80(const cs_insn *i)
{
	return i->detail->x86.operands[0].imm == 0x80;
}

static bool svc_0(const cs_insn *i)
{
	return i->detail->arm.operands[0].imm == 0 && i->detail->arm.cc == ARM_CC_AL;
}

static bool svc_always(const cs_insn *i)
{
	return i->detail->arm.cc == ARM_CC_AL;
}

/* Instructions that enter the kernel. On Arm, the number in the instruction counts in Arm code, where one other than 0
 * asks for a call of the old ABI, and not in Thumb code (arch/arm/kernel/entry-common.S, vector_swi); neither does
 * AArch64's. A conditional one may do nothing: flags are not looked at, and no C library has any. */
static const struct {
	uint8_t mode; /* enum sct_mode */
	unsigned id;  /* Capstone's, of that mode's architecture */
	uint8_t kind; /* enum sct_insn_kind */
	bool (*is)(const cs_insn *i); /* NULL: always */
} entering[] = {
	{ SCT_MODE_16, X86_INS_SYSCALL, SCT_INSN_SYSCALL }, { SCT_MODE_16, X86_INS_SYSENTER, SCT_INSN_SYSENTER },
	{ SCT_MODE_16, X86_INS_INT, SCT_INSN_INT80, int_80 },
	{ SCT_MODE_32, X86_INS_SYSCALL, SCT_INSN_SYSCALL }, { SCT_MODE_32, X86_INS_SYSENTER, SCT_INSN_SYSENTER },
	{ SCT_MODE_32, X86_INS_INT, SCT_INSN_INT80, int_80 },
	{ SCT_MODE_64, X86_INS_SYSCALL, SCT_INSN_SYSCALL }, { SCT_MODE_64, X86_INS_SYSENTER, SCT_INSN_SYSENTER },
	{ SCT_MODE_64, X86_INS_INT, SCT_INSN_INT80, int_80 },
	{ SCT_MODE_ARM, ARM_INS_SVC, SCT_INSN_SVC, svc_0 },
	{ SCT_MODE_ARM, ARM_INS_SVC, SCT_INSN_SVC_OABI, svc_always },
	{ SCT_MODE_THUMB, ARM_INS_SVC, SCT_INSN_SVC, svc_always },
	{ SCT_MODE_A64, ARM64_INS_SVC, SCT_INSN_SVC },
	{ SCT_MODE_MIPS32, MIPS_INS_SYSCALL, SCT_INSN_SYSCALL },
};

static enum sct_insn_kind kind_of(enum sct_mode mode, const cs_insn *i)
{
	for (size_t k = 0; k < sizeof entering / sizeof *entering; k++)
		if (entering[k].mode == mode && entering[k].id == i->id && (!entering[k].is || entering[k].is(i)))
			return (enum sct_insn_kind)entering[k].kind;
	return SCT_INSN_NONE;
}

static bool may_jump(const cs_insn *i)
{
	static const uint8_t groups[] = { CS_GRP_JUMP, CS_GRP_CALL, CS_GRP_RET, CS_GRP_INT, CS_GRP_IRET };

	for (unsigned g = 0; g < i->detail->groups_count; g++)
		if (memchr(groups, i->detail->groups[g], sizeof groups))
			return true;
	return false;
}

static void ask(struct sct_insn *insn, struct answer *a)
{
	const uint8_t *code = a->bytes;
	size_t left = a->len;
	uint64_t address = 0;

	a->kind = SCT_INSN_NONE;
	a->size = 0;
	a->jumps = true;
	if (cs_disasm_iter(insn->handle[a->mode], &code, &left, &address, insn->decoded)) {
		a->size = (uint8_t)insn->decoded->size;
		a->kind = (uint8_t)kind_of((enum sct_mode)a->mode, insn->decoded);
		a->jumps = may_jump(insn->decoded);
	}
}

static unsigned place(enum sct_mode mode, const uint8_t *bytes, size_t len)
{
	uint32_t h = 2166136261u ^ mode; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		h = (h ^ bytes[i]) * 16777619u;
	return (h ^ h >> 8) % CACHE_SIZE;
}

/* NULL: there is nothing to ask. */
static const struct answer *look(struct sct_insn *insn, enum sct_mode mode, const uint8_t *bytes, size_t len)
{
	struct answer *a;

	if (len > INSN_MAX)
		len = INSN_MAX;
	if (!len || !insn->handle[mode])
		return NULL;
	a = &insn->cache[place(mode, bytes, len)];
	if (a->len != len || a->mode != mode || memcmp(a->bytes, bytes, len)) {
		memcpy(a->bytes, bytes, len);
		a->len = (uint8_t)len;
		a->mode = (uint8_t)mode;
		ask(insn, a);
	}
	return a;
}

enum sct_insn_kind sct_insn_kind(struct sct_insn *insn, enum sct_mode mode, const uint8_t *bytes, size_t len,
                                 unsigned *size)
{
	const struct answer *a = look(insn, mode, bytes, len);

	*size = a ? a->size : 0;
	return a ? a->kind : SCT_INSN_NONE;
}

bool sct_insn_jumps(struct sct_insn *insn, enum sct_mode mode, const uint8_t *bytes, size_t len)
{
	const struct answer *a = look(insn, mode, bytes, len);

	return !a || a->jumps;
}
