/* One line of a trace: names, numbers and bytes of memory, several characters at a time.
 * In:  a line with its line break, and readable bytes behind it
 * Out: registers, accesses in the batch, address space and kernel mode, or what is wrong with it
 *
 * Layout: fields with commas between them, in any order; a line break (LF or CRLF) ends the line.
 *   asid=0xHEX               the page-table base (whole machine)
 *   kernel=0 or 1            (whole machine)
 *   NAME=0xHEX               a register, the pc among them; unchanged ones are left out
 *   mr=ADDR:BYTES            memory that was read, mw= written, mrw= both: then BYTES are those written
 * 0x may be missing, small and capital letters are the same. BYTES are two hex digits a byte in memory order; old
 * versions of PANDA leave out the leading zero of each (they print %x where later ones print %02x).
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "trace_panda.h"

#define ONES UINT64_C(0x0101010101010101)

/* ---- names -------------------------------------------------------------------------------------------------- */

static unsigned hash(uint64_t key)
{
	return (unsigned)(key * UINT64_C(0x9e3779b97f4a7c15) >> 56); /* the golden ratio: spreads to the high bits */
}

/* The name and its '=' as one number; longer names are not kept. */
static unsigned make_key(const char *name, uint64_t *key)
{
	char text[9] = "";
	size_t len = strlen(name);

	if (len > 7)
		return 0;
	memcpy(text, name, len);
	text[len] = '=';
	*key = sct_load_le64((const uint8_t *)text);
	return (unsigned)len + 1;
}

static void add_name(struct sct_pd_parser *p, const char *name, enum sct_pd_kind kind, unsigned slot)
{
	struct sct_pd_name n = { .kind = (uint8_t)kind, .slot = (uint8_t)slot };
	unsigned at;

	n.len = (uint8_t)make_key(name, &n.key);
	if (!n.len)
		return;
	for (at = hash(n.key); p->names[at].key; at = (at + 1) % SCT_PD_NAMES)
		;
	p->names[at] = n;
}

/* Whether r is the low half of another register of its architecture. */
static bool is_part(const struct sct_arch *arch, const struct sct_reg *r)
{
	for (const struct sct_reg *o = arch->regs; o->name; o++)
		if (o->index == r->index && o->size > r->size)
			return true;
	return false;
}

int sct_pd_parser_init(struct sct_pd_parser *p, const struct sct_arch *arch, struct sct_err *err)
{
	p->arch = arch;
	p->outside = arch->word < 8 ? ~((UINT64_C(1) << 8 * arch->word) - 1) : 0;
	p->pc_before = UINT64_MAX;
	add_name(p, "mr", SCT_PD_READ, 0);
	add_name(p, "mw", SCT_PD_WRITE, 0);
	add_name(p, "mrw", SCT_PD_WRITE, 0);
	add_name(p, "asid", SCT_PD_ASID, 0);
	add_name(p, "kernel", SCT_PD_KERNEL, 0);
	for (const struct sct_reg *r = arch->regs; r->name; r++) {
		add_name(p, r->name, is_part(arch, r) ? SCT_PD_PART : SCT_PD_REG, r->index);
		if (r->index == arch->pc && !is_part(arch, r))
			p->pc_key_len = make_key(r->name, &p->pc_key);
	}
	p->batch.stores = malloc(SCT_PD_STORES_ROOM * sizeof *p->batch.stores);
	p->batch.bytes = malloc(SCT_PD_BYTES_ROOM);
	if (!p->batch.stores || !p->batch.bytes)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for a batch of accesses");
	return SCT_OK;
}

void sct_pd_parser_fini(struct sct_pd_parser *p)
{
	free(p->batch.stores);
	free(p->batch.bytes);
}

/* The name that w, the text's next 8 bytes, begins with; NULL: none that has a meaning. */
static inline const struct sct_pd_name *find_name(const struct sct_pd_parser *p, uint64_t w)
{
	uint64_t x = w ^ ('=' * ONES);
	uint64_t equals = (x - ONES) & ~x & (0x80 * ONES); /* the lowest bit set is that of the first '=' */
	uint64_t key = (w | 0x20 * ONES) & (equals ^ (equals - 1));
	const struct sct_pd_name *n = &p->names[hash(key)];

	if (!equals)
		return NULL;
	while (n->key != key) {
		if (!n->key)
			return NULL;
		n = n == &p->names[SCT_PD_NAMES - 1] ? p->names : n + 1;
	}
	return n;
}

/* ---- numbers ------------------------------------------------------------------------------------------------ */

static const uint8_t *fail(struct sct_pd_parser *p, int fault, const uint8_t *where, const char *cause)
{
	p->fault = fault;
	p->where = where;
	p->cause = cause;
	return NULL;
}

static inline bool is_digit(uint8_t c)
{
	return (uint8_t)(c - '0') < 10 || (uint8_t)((c | 0x20) - 'a') < 6;
}

/* How many of the characters in w are hex digits before the first that is none. In each byte: adding what makes 0x80 of
 * the first value outside of a range tells by the top bit who is inside; no sum reaches the next byte. */
static inline unsigned digits_in(uint64_t w)
{
	uint64_t low = w & 0x7f * ONES;
	uint64_t not_number = (low ^ '0' * ONES) + (0x80 - 10) * ONES;
	uint64_t letter = (low | 0x20 * ONES) ^ 0x60 * ONES; /* 1 to 6 */
	uint64_t is_letter = (letter + 0x7f * ONES) & ~(letter + (0x80 - 7) * ONES);
	uint64_t none = ((not_number & ~is_letter) | w) & 0x80 * ONES;

	return none ? (unsigned)__builtin_ctzll(none) / 8 : 8;
}

/* The four bytes that eight hex digits stand for, in the order of the digits, lowest first. */
static inline uint32_t pack(uint64_t w)
{
	uint64_t v = (w & 0x0f * ONES) + 9 * (w >> 6 & ONES);

	v = (v << 4 | v >> 8) & UINT64_C(0x00ff00ff00ff00ff);
	v = (v | v >> 8) & UINT64_C(0x0000ffff0000ffff);
	return (uint32_t)(v | v >> 16);
}

/* n hex digits, 1 to 8, as a number. */
static inline uint64_t number_of(uint64_t w, unsigned n)
{
	return __builtin_bswap32(pack(w << 8 * (8 - n)));
}

/* One to 16 hex digits. */
static inline const uint8_t *hex(struct sct_pd_parser *p, const uint8_t *at, uint64_t *value)
{
	uint64_t w = sct_load_le64(at), v;
	unsigned n = digits_in(w);

	if (!n)
		return fail(p, SCT_PD_BAD, at, "no hex digit where a number must be");
	v = number_of(w, n);
	at += n;
	if (n == 8 && is_digit(*at)) {
		w = sct_load_le64(at);
		n = digits_in(w);
		v = v << 4 * n | number_of(w, n);
		at += n;
		if (is_digit(*at))
			return fail(p, SCT_PD_BAD, at, "a number has more than 16 digits");
	}
	*value = v;
	return at;
}

static inline const uint8_t *pass_0x(const uint8_t *at)
{
	return at[0] == '0' && (at[1] | 0x20) == 'x' ? at + 2 : at;
}

/* ---- accesses ----------------------------------------------------------------------------------------------- */

static inline const uint8_t *bytes(struct sct_pd_parser *p, const uint8_t *at, struct sct_store *s)
{
	uint8_t *out = p->batch.bytes + p->batch.used;
	const uint8_t *end = p->batch.bytes + SCT_PD_BYTES_ROOM - 8;
	unsigned n;

	s->data = out;
	do {
		uint64_t w = sct_load_le64(at);
		uint32_t four = htole32(pack(w));

		n = digits_in(w);
		memcpy(out, &four, 4);
		out += n / 2;
		at += n;
		if (out > end)
			return fail(p, SCT_PD_BAD, at, "an access has more bytes than a line may have");
	} while (n == 8 && is_digit(*at));
	if (n & 1) /* damage is no proof of an old version */
		return fail(p, *at == ',' || *at == '\n' || *at == '\r' ? SCT_PD_ODD : SCT_PD_BAD, at,
		            "accessed bytes have an odd number of digits");
	if (out == s->data)
		return fail(p, SCT_PD_BAD, at, "an access has no bytes");
	s->len = (uint32_t)(out - s->data);
	p->batch.used += s->len;
	return at;
}

/* Keeps the digits themselves, behind the pc of the instruction. */
static const uint8_t *digits(struct sct_pd_parser *p, const uint8_t *at, struct sct_store *s)
{
	uint8_t *out = p->batch.bytes + p->batch.used;
	const uint8_t *from = at;

	while (is_digit(*at))
		at++;
	if (at == from)
		return fail(p, SCT_PD_BAD, at, "an access has no bytes");
	if (at - from > SCT_PD_LINE_MAX)
		return fail(p, SCT_PD_BAD, at, "an access has more bytes than a line may have");
	memcpy(out, &p->pc_before, sizeof p->pc_before);
	s->data = out + sizeof p->pc_before;
	s->len = (uint32_t)(at - from);
	memcpy(out + sizeof p->pc_before, from, s->len);
	p->batch.used += sizeof p->pc_before + s->len;
	return at;
}

static inline const uint8_t *access_field(struct sct_pd_parser *p, const uint8_t *at, bool read, uint64_t *wide)
{
	struct sct_store *s = &p->batch.stores[p->batch.n];

	at = hex(p, pass_0x(at), &s->addr);
	if (!at)
		return NULL;
	if (*at != ':')
		return fail(p, SCT_PD_BAD, at, "no ':' behind the address of an access");
	*wide |= s->addr;
	s->read = read;
	s->step = p->step;
	at = p->loose ? digits(p, at + 1, s) : bytes(p, at + 1, s);
	p->batch.n += at != NULL;
	return at;
}

/* ---- fields ------------------------------------------------------------------------------------------------- */

static bool is_name(uint8_t c)
{
	return (uint8_t)(c - '0') < 10 || (uint8_t)((c | 0x20) - 'a') < 26 || c == '_' || c == '.';
}

/* A register that is not kept: its value may be as long as it likes. */
static const uint8_t *other_field(struct sct_pd_parser *p, const uint8_t *at)
{
	const uint8_t *name = at;

	while (is_name(*at))
		at++;
	if (at == name || *at != '=')
		return fail(p, SCT_PD_BAD, name, "no NAME=VALUE");
	name = at = pass_0x(at + 1);
	while (is_digit(*at))
		at++;
	if (at == name)
		return fail(p, SCT_PD_BAD, at, "no hex digit where a number must be");
	p->unkept++;
	return at;
}

static const uint8_t *machine_field(struct sct_pd_parser *p, const uint8_t *at, bool *has, uint64_t *value,
                                    uint64_t max)
{
	const uint8_t *from = at;

	if (*has)
		return fail(p, SCT_PD_BAD, at, "asid or kernel is told twice");
	*has = true;
	at = hex(p, pass_0x(at), value);
	if (at && *value > max)
		return fail(p, SCT_PD_BAD, from, "kernel is neither 0 nor 1, or asid too large");
	return at;
}

static inline const uint8_t *register_field(struct sct_pd_parser *p, const uint8_t *at, unsigned slot, uint64_t *wide)
{
	uint64_t bit = UINT64_C(1) << slot;

	if (p->seen & bit)
		return fail(p, slot == p->arch->pc ? SCT_PD_BAD : SCT_PD_TWICE, at, "a register is named twice in a line");
	p->seen |= bit;
	at = hex(p, pass_0x(at), &p->regs.value[slot]);
	*wide |= p->regs.value[slot];
	return at;
}

static inline const uint8_t *field(struct sct_pd_parser *p, const uint8_t *at, uint64_t *wide)
{
	const struct sct_pd_name *n = find_name(p, sct_load_le64(at));

	if (!n)
		return other_field(p, at);
	at += n->len;
	switch (n->kind) {
	case SCT_PD_REG:
		return register_field(p, at, n->slot, wide);
	case SCT_PD_READ:
	case SCT_PD_WRITE:
		return access_field(p, at, n->kind == SCT_PD_READ, wide);
	case SCT_PD_ASID:
		return machine_field(p, at, &p->has_asid, &p->asid, ~p->outside);
	case SCT_PD_KERNEL:
		return machine_field(p, at, &p->has_kernel, &p->kernel, 1);
	default:
		return fail(p, SCT_PD_BAD, at - n->len, "a 32-bit register in a trace with 64-bit ones");
	}
}

/* Fields up to the end of the line; wide: all bits of the numbers so far. */
static inline const uint8_t *fields(struct sct_pd_parser *p, const uint8_t *line, const uint8_t *at, uint64_t wide)
{
	for (;;) {
		at = field(p, at, &wide);
		if (!at)
			return NULL;
		if (*at != ',')
			break;
		at++;
		if (at - line > SCT_PD_LINE_MAX)
			return fail(p, SCT_PD_BAD, line, "a line is too long");
	}
	if (*at == '\r')
		at++;
	if (*at != '\n')
		return fail(p, SCT_PD_BAD, at, "neither a comma nor the line's end behind a field");
	if (wide & p->outside)
		return fail(p, SCT_PD_BAD, line, "a number has more bits than a register of this architecture");
	return at + 1;
}

static inline void begin(struct sct_pd_parser *p)
{
	p->pc_before = p->regs.known >> p->arch->pc & 1 ? p->regs.value[p->arch->pc] : UINT64_MAX;
	p->seen = 0;
}

const uint8_t *sct_pd_parse(struct sct_pd_parser *p, const uint8_t *line)
{
	const uint8_t *end;

	begin(p);
	p->has_asid = p->has_kernel = false;
	end = fields(p, line, line, 0);
	p->regs.known |= p->seen;
	return end;
}

/* ---- what lines begin with ---------------------------------------------------------------------------------- */

static bool is_same(const struct sct_pd_parser *p, const uint8_t *line)
{
	uint64_t differs = !p->prefix_words;

	for (unsigned i = 0; i < p->prefix_words; i++)
		differs |= (sct_load_le64(line + 8 * i) ^ p->prefix[i]) & p->prefix_mask[i];
	return !differs;
}

const uint8_t *sct_pd_parse_same(struct sct_pd_parser *p, const uint8_t *line, bool *same)
{
	uint64_t *pc = &p->regs.value[p->arch->pc];
	const uint8_t *end;

	*same = is_same(p, line);
	if (!*same)
		return NULL;
	begin(p);
	end = hex(p, line + p->prefix_len, pc);
	p->seen = UINT64_C(1) << p->arch->pc;
	if (end && *end == '\n' && !(*pc & p->outside))
		end++;
	else if (end)
		end = *end == ',' ? fields(p, line, end + 1, *pc) : fail(p, SCT_PD_BAD, end, "no comma behind the pc");
	p->regs.known |= p->seen;
	return end;
}

static const uint8_t *pass(const uint8_t *at, const char *text)
{
	size_t len = strlen(text);

	return at && !memcmp(at, text, len) ? at + len : NULL;
}

static const uint8_t *pass_number(const uint8_t *at)
{
	for (unsigned i = 0; at && i < 16 && is_digit(*at); i++)
		at++;
	return at;
}

void sct_pd_learn(struct sct_pd_parser *p, const uint8_t *line)
{
	const uint8_t *at = line;
	uint8_t text[SCT_PD_PREFIX_MAX] = { 0 };

	p->prefix_len = p->prefix_words = 0;
	if (p->has_asid) {
		at = pass_number(pass(line, "asid=0x"));
		at = pass_number(pass(at, ",kernel="));
		at = pass(at, ",");
	}
	if (!at || (sct_load_le64(at) ^ p->pc_key) << 8 * (8 - p->pc_key_len))
		return;
	at = pass(at + p->pc_key_len, "0x");
	if (!at || at - line > SCT_PD_PREFIX_MAX)
		return;
	p->prefix_len = (unsigned)(at - line);
	p->prefix_words = (p->prefix_len + 7) / 8;
	memcpy(text, line, p->prefix_len);
	for (unsigned i = 0; i < p->prefix_words; i++)
		p->prefix[i] = sct_load_le64(text + 8 * i);
	memset(text, 0xff, p->prefix_len);
	for (unsigned i = 0; i < p->prefix_words; i++)
		p->prefix_mask[i] = sct_load_le64(text + 8 * i);
}
