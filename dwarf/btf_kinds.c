/* Types of BTF, each kind by its number.
 * In:  the types of a section
 * Out: types, members, enumerators and symbols in the database
 *
 * Layout of a type (Documentation/bpf/btf.rst, include/uapi/linux/btf.h), in the section's byte order:
 *   0   u32  name
 *   4   u32  entries (16 bits), kind (5 bits from bit 24), bit 31: kind flag
 *   8   u32  size or type, by kind; then what table `kinds` says
 */
#include <string.h>

#include "btf.h"

enum { KINDS_MAX = 32 };

enum btf_kind {
	BTF_INT = 1, BTF_PTR, BTF_ARRAY, BTF_STRUCT, BTF_UNION, BTF_ENUM, BTF_FWD, BTF_TYPEDEF, BTF_VOLATILE, BTF_CONST,
	BTF_RESTRICT, BTF_FUNC, BTF_FUNC_PROTO, BTF_VAR, BTF_DATASEC, BTF_FLOAT, BTF_DECL_TAG, BTF_TYPE_TAG, BTF_ENUM64,
};

/* A type as it stands in the section. */
struct entry {
	uint32_t name, n, value;
	uint8_t kind;
	bool flag;
	struct sct_cursor more; /* what follows it */
};

uint32_t sct_btf_u32(const struct sct_btf *b, struct sct_cursor *c)
{
	uint32_t v = (uint32_t)sct_take_le(c, 4);

	return b->big ? __builtin_bswap32(v) : v;
}

int sct_btf_damaged(const struct sct_btf *b, const uint8_t *at, const char *what)
{
	return sct_fail(b->err, SCT_E_FORMAT, b->offset + (uint64_t)(at - b->data), "BTF: %s", what);
}

/* ---- names and references ----------------------------------------------------------------------------------- */

/* The database's offset of a string; SCT_NO_TYPE: there is no such string. */
static uint32_t string(const struct sct_btf *b, uint32_t name)
{
	uint32_t at;

	if (name >= b->base.strings)
		at = name - b->base.strings < b->strings ? b->string + (name - b->base.strings) : SCT_NO_TYPE;
	else
		at = b->base.string + name;
	return at != SCT_NO_TYPE && !b->db->strings.at[at] ? 0 : at;
}

/* The database's number of a type; SCT_NO_TYPE: there is no such type. */
static uint32_t reference(const struct sct_btf *b, uint32_t id)
{
	if (!id)
		return 0;
	if (id >= b->known)
		return id - b->known < b->count ? b->first + (id - b->known) : SCT_NO_TYPE;
	return b->base.type + (id - 1);
}

/* ---- kinds -------------------------------------------------------------------------------------------------- */

typedef bool add_fn(struct sct_btf *b, struct entry *e, struct sct_type *t);

static bool add_int(struct sct_btf *b, struct entry *e, struct sct_type *t)
{
	uint32_t data = sct_btf_u32(b, &e->more), encoding = data >> 24;

	t->size = e->value;
	t->count = data & 0xff; /* its bits; bits 16 to 23 are where they begin */
	t->first = data >> 16 & 0xff;
	t->flags = (encoding & 1 ? SCT_TYPE_SIGNED : 0) | (encoding & 2 ? SCT_TYPE_CHAR : 0) |
	           (encoding & 4 ? SCT_TYPE_BOOL : 0);
	if (!strcmp(sct_types_name(b->db, t->name), "char")) /* pahole, which makes kernels' BTF, does not say it */
		t->flags |= SCT_TYPE_CHAR;
	return true;
}

static bool add_sized(struct sct_btf *b, struct entry *e, struct sct_type *t)
{
	(void)b;
	t->size = e->value;
	return true;
}

static bool add_reference(struct sct_btf *b, struct entry *e, struct sct_type *t)
{
	t->to = reference(b, e->value);
	return t->to != SCT_NO_TYPE;
}

static bool add_forward(struct sct_btf *b, struct entry *e, struct sct_type *t)
{
	(void)b;
	t->flags = e->flag ? SCT_TYPE_OF_UNION : 0;
	return true;
}

static bool add_array(struct sct_btf *b, struct entry *e, struct sct_type *t)
{
	t->to = reference(b, sct_btf_u32(b, &e->more));
	sct_btf_u32(b, &e->more); /* the type of its index */
	t->count = sct_btf_u32(b, &e->more);
	return t->to != SCT_NO_TYPE;
}

static bool add_members(struct sct_btf *b, struct entry *e, struct sct_type *t)
{
	t->size = e->value;
	t->first = b->db->members.count;
	t->count = e->n;
	for (uint32_t i = 0; i < e->n; i++) {
		uint32_t name = string(b, sct_btf_u32(b, &e->more)), type = reference(b, sct_btf_u32(b, &e->more));
		uint32_t place = sct_btf_u32(b, &e->more);

		if (name == SCT_NO_TYPE || type == SCT_NO_TYPE)
			return false;
		sct_types_add_member(b->db, &(struct sct_member){
			.name = name, .type = type, .bit_offset = e->flag ? place & 0xffffff : place,
			.bits = e->flag ? place >> 24 : 0,
		});
	}
	return true;
}

static bool add_enum(struct sct_btf *b, struct entry *e, struct sct_type *t)
{
	if (!e->n) { /* so an enum is written of which only the name is known */
		t->kind = SCT_TYPE_FORWARD;
		t->flags = SCT_TYPE_OF_ENUM;
		return true;
	}
	b->signs |= e->flag || e->kind == BTF_ENUM64;
	t->size = e->value;
	t->flags = (e->flag ? SCT_TYPE_SIGNED : 0) | (e->kind == BTF_ENUM && e->value > 4 ? SCT_TYPE_CUT : 0);
	t->first = b->db->enumerators.count;
	t->count = e->n;
	for (uint32_t i = 0; i < e->n; i++) {
		uint32_t name = string(b, sct_btf_u32(b, &e->more)), value = sct_btf_u32(b, &e->more), high = 0;

		if (e->kind == BTF_ENUM64)
			high = sct_btf_u32(b, &e->more);
		else if (e->flag && value >> 31)
			high = UINT32_MAX;
		if (name == SCT_NO_TYPE)
			return false;
		sct_types_add_enumerator(b->db, &(struct sct_enumerator){ name, (uint64_t)high << 32 | value });
	}
	return true;
}

static bool add_function(struct sct_btf *b, struct entry *e, struct sct_type *t)
{
	t->name = 0;
	t->to = reference(b, e->value);
	t->first = b->db->members.count;
	for (uint32_t i = 0; i < e->n; i++) {
		uint32_t name = string(b, sct_btf_u32(b, &e->more)), id = sct_btf_u32(b, &e->more), type = reference(b, id);

		if (name == SCT_NO_TYPE || type == SCT_NO_TYPE)
			return false;
		if (!name && !id && i == e->n - 1) /* so the three dots are written */
			t->flags = SCT_TYPE_VARIADIC;
		else
			sct_types_add_member(b->db, &(struct sct_member){ .name = name, .type = type });
	}
	t->count = b->db->members.count - t->first;
	return t->to != SCT_NO_TYPE;
}

/* A function or a variable is no type, but has a number among them. */
static bool add_symbol(struct sct_btf *b, struct entry *e, struct sct_type *t)
{
	uint32_t type = reference(b, e->value);

	if (type == SCT_NO_TYPE)
		return false;
	if (t->name)
		sct_types_add_symbol(b->db, t->name, type, NULL);
	t->name = 0;
	return true;
}

static bool add_nothing(struct sct_btf *b, struct entry *e, struct sct_type *t)
{
	(void)b, (void)e;
	t->name = 0;
	return true;
}

/* What follows a type: `once` bytes, and `each` bytes for each of its entries. */
static const struct {
	uint8_t once, each;
	uint8_t kind;
	add_fn *add;
} kinds[KINDS_MAX] = {
	[BTF_INT] = { 4, 0, SCT_TYPE_INT, add_int },
	[BTF_PTR] = { 0, 0, SCT_TYPE_POINTER, add_reference },
	[BTF_ARRAY] = { 12, 0, SCT_TYPE_ARRAY, add_array },
	[BTF_STRUCT] = { 0, 12, SCT_TYPE_STRUCT, add_members },
	[BTF_UNION] = { 0, 12, SCT_TYPE_UNION, add_members },
	[BTF_ENUM] = { 0, 8, SCT_TYPE_ENUM, add_enum },
	[BTF_FWD] = { 0, 0, SCT_TYPE_FORWARD, add_forward },
	[BTF_TYPEDEF] = { 0, 0, SCT_TYPE_TYPEDEF, add_reference },
	[BTF_VOLATILE] = { 0, 0, SCT_TYPE_VOLATILE, add_reference },
	[BTF_CONST] = { 0, 0, SCT_TYPE_CONST, add_reference },
	[BTF_RESTRICT] = { 0, 0, SCT_TYPE_RESTRICT, add_reference },
	[BTF_FUNC] = { 0, 0, SCT_TYPE_VOID, add_symbol }, /* its entries are its linkage */
	[BTF_FUNC_PROTO] = { 0, 8, SCT_TYPE_FUNCTION, add_function },
	[BTF_VAR] = { 4, 0, SCT_TYPE_VOID, add_symbol },
	[BTF_DATASEC] = { 0, 12, SCT_TYPE_VOID, add_nothing },
	[BTF_FLOAT] = { 0, 0, SCT_TYPE_FLOAT, add_sized },
	[BTF_DECL_TAG] = { 4, 0, SCT_TYPE_VOID, add_nothing },
	[BTF_TYPE_TAG] = { 0, 0, SCT_TYPE_TAG, add_reference },
	[BTF_ENUM64] = { 0, 12, SCT_TYPE_ENUM, add_enum },
};

/* ---- types one by one --------------------------------------------------------------------------------------- */

static int take(struct sct_btf *b, struct sct_cursor *c, struct entry *e)
{
	const uint8_t *at = c->at, *more;
	uint32_t info;
	uint64_t size;

	e->name = sct_btf_u32(b, c);
	info = sct_btf_u32(b, c);
	e->value = sct_btf_u32(b, c);
	e->n = info & 0xffff;
	e->kind = info >> 24 & 0x1f;
	e->flag = info >> 31;
	if (c->bad)
		return sct_btf_damaged(b, at, "the types end inside one");
	if (!kinds[e->kind].add)
		return sct_btf_damaged(b, at, "a type of a kind that is not known");
	size = kinds[e->kind].once + (uint64_t)kinds[e->kind].each * e->n;
	more = sct_take(c, size);
	if (!more)
		return sct_btf_damaged(b, at, "the types end inside one");
	e->more = sct_cursor(more, size);
	return SCT_OK;
}

int sct_btf_count(struct sct_btf *b)
{
	struct sct_cursor c = sct_cursor(b->types, (size_t)(b->types_end - b->types));
	struct entry e;

	for (b->count = 0; sct_cursor_left(&c); b->count++)
		if (take(b, &c, &e) < 0)
			return b->err->status;
	return SCT_OK;
}

int sct_btf_add(struct sct_btf *b)
{
	struct sct_cursor c = sct_cursor(b->types, (size_t)(b->types_end - b->types));

	while (sct_cursor_left(&c)) {
		const uint8_t *at = c.at;
		struct sct_type t = { 0 };
		struct entry e;

		if (take(b, &c, &e) < 0)
			return b->err->status;
		t.kind = kinds[e.kind].kind;
		t.name = string(b, e.name);
		if (t.name == SCT_NO_TYPE)
			return sct_btf_damaged(b, at, "a name lies behind the end of the strings");
		if (!kinds[e.kind].add(b, &e, &t))
			return sct_btf_damaged(b, at, "it refers to a type or a string that there is not");
		sct_types_add(b->db, &t);
	}
	return SCT_OK;
}
