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
	csh handle[SCT_MODE_64 + 1]; /* by enum sct_mode; [SCT_MODE_UNKNOWN] is not used */
	cs_insn *decoded;
	struct answer cache[CACHE_SIZE];
};

static const cs_mode modes[SCT_MODE_64 + 1] = {
	[SCT_MODE_16] = CS_MODE_16,
	[SCT_MODE_32] = CS_MODE_32,
	[SCT_MODE_64] = CS_MODE_64,
};

int sct_insn_new(struct sct_insn **insn, struct sct_err *err)
{
	struct sct_insn *in = calloc(1, sizeof *in);

	if (!in)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "out of memory");
	for (int m = SCT_MODE_16; m <= SCT_MODE_64; m++) {
		cs_err e = cs_open(CS_ARCH_X86, modes[m], &in->handle[m]);

		if (e != CS_ERR_OK) {
			sct_insn_free(in);
			return sct_fail(err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET, "Capstone has no x86: %s", cs_strerror(e));
		}
		cs_option(in->handle[m], CS_OPT_DETAIL, CS_OPT_ON);
	}
	in->decoded = cs_malloc(in->handle[SCT_MODE_64]);
	*insn = in;
	return SCT_OK;
}

void sct_insn_free(struct sct_insn *insn)
{
	if (!insn)
		return;
	if (insn->decoded)
		cs_free(insn->decoded, 1);
	for (int m = SCT_MODE_16; m <= SCT_MODE_64; m++)
		if (insn->handle[m])
			cs_close(&insn->handle[m]);
	free(insn);
}

static enum sct_insn_kind kind_of(const cs_insn *i)
{
	switch (i->id) {
	case X86_INS_SYSCALL:
		return SCT_INSN_SYSCALL;
	case X86_INS_SYSENTER:
		return SCT_INSN_SYSENTER;
	case X86_INS_INT:
		return i->detail->x86.operands[0].imm == 0x80 ? SCT_INSN_INT80 : SCT_INSN_NONE;
	default:
		return SCT_INSN_NONE;
	}
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
		a->kind = (uint8_t)kind_of(insn->decoded);
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
	if (!len || mode == SCT_MODE_UNKNOWN)
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
