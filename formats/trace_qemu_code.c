/* The code of blocks, as QEMU lists it when it translates them, and which block a host address means.
 * In:  lines of listings; host addresses of "Trace" lines
 * Out: bytes, with the place of the last instruction
 *
 * Layout of a listing (disas/capstone.c, cap_dump_insn; disas/disas.c):
 *
 *	IN: symbol
 *	0x00410324:  48 8b 84 24 00 01 00 00  movq     0x100(%rsp), %rax     eight bytes a line, more on lines of their own
 *	0x08049b00:  31 ed                    xorl     %ebp, %ebp
 *	(empty line)
 *
 * Arm's and AArch64's instructions are listed as numbers of 4 or 8 digits, whose bytes lie in memory the other way
 * round ("0x00038770:  f04f 0b00  mov.w    fp, #0"), MIPS's by their mnemonics alone ("0x004005e0:  move	zero,ra").
 *
 * or, by a QEMU without Capstone, "0x08049b00:  " and lines "OBJD-T: 31ed…" of up to 32 bytes for the whole block.
 *
 * A listing says pc, but neither vCPU nor address space: it is of the block with that pc that runs next and has a host
 * address not seen before. When QEMU throws its blocks away it uses host addresses again; a listing comes before.
 */
#include <stdlib.h>
#include <string.h>

#include "trace_qemu.h"

/* Under CF_PCREL, one block serves all virtual addresses at which a page is mapped (accel/tcg/cpu-exec.c,
 * tb_lookup_cmp). */
#define PAGE_OFFSET UINT64_C(0xfff)

/* What a block takes in the table, besides its bytes: itself and its place in the map. */
enum { OVERHEAD = sizeof(struct sct_ql_code) + 48 };

static void put_away(struct sct_ql_table *t, struct sct_ql_code *c)
{
	t->bytes -= OVERHEAD + c->len;
	c->next = t->gone;
	t->gone = c;
}

void sct_ql_release(struct sct_ql_table *t, struct sct_ql_code *c)
{
	if (c && !--c->refs)
		put_away(t, c);
}

void sct_ql_collect(struct sct_ql_table *t)
{
	while (t->gone) {
		struct sct_ql_code *c = t->gone;

		t->gone = c->next;
		free(c);
	}
}

static void release_all(struct sct_ql_table *t, struct sct_map *m)
{
	for (size_t i = 0; i < m->size; i++)
		if (m->slots[i].value)
			sct_ql_release(t, m->slots[i].value);
	sct_map_fini(m);
	*m = (struct sct_map){ 0 };
}

void sct_ql_table_fini(struct sct_ql_table *t)
{
	release_all(t, &t->blocks);
	release_all(t, &t->fresh);
	free(t->open);
	sct_ql_collect(t);
}

/* ---- listings ----------------------------------------------------------------------------------------------- */

int sct_ql_table_init(struct sct_ql_table *t, struct sct_err *err)
{
	t->open = malloc(sizeof *t->open + SCT_QL_CODE_MAX);
	return t->open ? SCT_OK : sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for a block's code");
}

static void begin(struct sct_ql_table *t)
{
	*t->open = (struct sct_ql_code){ .bounds = true };
	t->listing = true;
	t->broken = false;
}

/* The listing is complete: it is the newest of its pc, and if it makes no sense, it still is. */
static void finish(struct sct_ql_table *t)
{
	struct sct_ql_code *o = t->open, *c;

	t->listing = false;
	t->listed++;
	if (t->broken)
		o->len = 0;
	if (t->bytes + OVERHEAD + o->len > SCT_QL_TABLE_MAX) {
		t->dropped += t->blocks.used + t->fresh.used;
		release_all(t, &t->blocks);
		release_all(t, &t->fresh);
	}
	c = malloc(sizeof *c + o->len);
	if (!c) {
		t->dropped++;
		return;
	}
	memcpy(c, o, sizeof *c + o->len);
	c->refs = 1;
	t->bytes += OVERHEAD + c->len;
	sct_ql_release(t, sct_map_put(&t->fresh, c->pc, c));
}

/* Takes bytes as " 31 ed", " f04f 0b00" or, packed, as "31ed"; *unit: how many each number has. False: there is not
 * one, or too many. */
static bool take_bytes(struct sct_ql_code *c, const char **p, const char *end, bool packed, unsigned *unit)
{
	uint32_t was = c->len;

	while (end - *p >= 2) {
		const char *at = *p + !packed;
		uint64_t number;
		unsigned digits;

		if (end - at < 2 || (!packed && **p != ' '))
			break;
		digits = sct_ql_hex(&at, packed ? at + 2 : end, &number);
		if ((digits != 2 && digits != 4 && digits != 8) || (!packed && at < end && *at != ' '))
			break;
		*unit = digits / 2;
		if (c->len + *unit > SCT_QL_CODE_MAX)
			return false;
		for (unsigned i = 0; i < *unit; i++)
			c->bytes[c->len++] = (uint8_t)(number >> (8 * i));
		*p = at;
	}
	return c->len > was;
}

/* An instruction of MIPS, listed by its mnemonic alone. `syscall` without a number is all of its bytes; what others are
 * is not told. */
static bool take_name(struct sct_ql_code *c, const char *p, const char *end)
{
	static const uint8_t words[2][4] = { { 0 }, { 0x0c } };
	bool is_syscall = end - p == 8 && !memcmp(p, " syscall", 8);

	if (c->len + 4 > SCT_QL_CODE_MAX)
		return false;
	c->before = c->last;
	c->last = c->len;
	memcpy(c->bytes + c->len, words[is_syscall], 4);
	c->len += 4;
	return true;
}

/* "0x00410324:  48 8b …  mnemonic": an instruction; without a mnemonic, more bytes of the one before. Without bytes,
 * the head of what is listed in OBJD-T lines. */
static bool instruction(struct sct_ql_code *c, const char *p, const char *end)
{
	uint32_t was = c->len;
	unsigned unit = 1;
	uint64_t pc;

	if (!sct_ql_word(&p, end, "0x") || !sct_ql_hex(&p, end, &pc) || !sct_ql_word(&p, end, ": "))
		return false;
	if (!was)
		c->pc = pc;
	if (pc != c->pc + was)
		return false;
	if (!take_bytes(c, &p, end, false, &unit)) {
		if (p + 1 < end && *p == ' ' && p[1] != ' ')
			return take_name(c, p, end);
		c->bounds = false;
		return !was;
	}
	while (p < end && *p == ' ')
		p++;
	/* Capstone could not tell where instructions begin, unless all are words */
	if (unit < 4 && sct_ql_word(&p, end, ".byte"))
		return false;
	if (p < end && was) {
		c->before = c->last;
		c->last = was;
	}
	return p < end || was;
}

bool sct_ql_listing(struct sct_ql_table *t, const struct sct_ql_line *line)
{
	const char *p = line->text, *end = p + line->len;
	unsigned unit;

	if (sct_ql_word(&p, end, "IN:")) {
		begin(t);
		return true;
	}
	if (!t->listing)
		return false;
	if (!line->len) {
		finish(t);
		return true;
	}
	if (sct_ql_word(&p, end, "OBJD-T: ")) {
		t->broken |= t->open->bounds || !take_bytes(t->open, &p, end, true, &unit) || p < end;
		return true;
	}
	if (line->len < 2 || memcmp(p, "0x", 2)) {
		t->broken = true; /* "Disassembler disagrees with translator" */
		return false;
	}
	t->broken |= !instruction(t->open, p, end);
	return true;
}

/* ---- blocks ------------------------------------------------------------------------------------------------- */

static bool same_bytes(const struct sct_ql_code *a, const struct sct_ql_code *b)
{
	return a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

struct sct_ql_code *sct_ql_code(struct sct_ql_table *t, uint64_t host, uint64_t pc, uint64_t cs_base, uint32_t flags,
                                bool several)
{
	struct sct_ql_code *known = sct_map_get(&t->blocks, host), *fresh = sct_map_get(&t->fresh, pc);
	bool same = known && !((known->pc ^ pc) & PAGE_OFFSET) && known->cs_base == cs_base && known->flags == flags;

	if (fresh && same && several && !same_bytes(known, fresh)) {
		t->unsure++; /* another vCPU may have listed it and be about to run it */
		return NULL;
	}
	if (fresh) {
		sct_map_del(&t->fresh, pc);
		fresh->cs_base = cs_base;
		fresh->flags = flags;
		sct_ql_release(t, sct_map_put(&t->blocks, host, fresh));
		known = fresh;
	} else if (!same) {
		return NULL;
	}
	if (!known->len)
		return NULL;
	known->refs++;
	return known;
}
