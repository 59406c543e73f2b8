/* BTF, the types that a Linux kernel carries with itself: of vmlinux, of modules, or raw as in /sys/kernel/btf.
 * In:  an ELF file with a section .BTF, or that section alone; either byte order
 * Out: types, and functions and variables with their types as symbols
 *
 * Layout (Documentation/bpf/btf.rst, include/uapi/linux/btf.h), in the byte order that the magic shows:
 *   0   u16  magic 0xeb9f        8   u32 types: offset behind the header   16  u32 strings: offset behind the header
 *   2   u8   version 1           12  u32 their size                        20  u32 their size
 *   3   u8   flags               4   u32 size of this header
 * Types, numbered from 1 (a module's go on behind those of vmlinux, and so do its offsets of strings):
 *   0   u32  name
 *   4   u32  entries (16 bits), kind (5 bits from bit 24), bit 31: kind flag
 *   8   u32  size or type, by kind; then what table `kinds` says
 */
#include <string.h>

#include "../src/cursor.h"
#include "elf_section.h"
#include "loaders.h"

enum {
	MAGIC = 0xeb9f,
	HEADER = 24,   /* bytes of version 1 */
	TYPE = 12,     /* bytes of a type without what follows */
	KINDS_MAX = 32,
};

enum btf_kind {
	BTF_INT = 1, BTF_PTR, BTF_ARRAY, BTF_STRUCT, BTF_UNION, BTF_ENUM, BTF_FWD, BTF_TYPEDEF, BTF_VOLATILE, BTF_CONST,
	BTF_RESTRICT, BTF_FUNC, BTF_FUNC_PROTO, BTF_VAR, BTF_DATASEC, BTF_FLOAT, BTF_DECL_TAG, BTF_TYPE_TAG, BTF_ENUM64,
};

struct btf {
	struct sct_types *db;
	struct sct_err *err;
	const uint8_t *data; /* the whole section */
	uint64_t size;
	uint64_t offset;     /* of data in the file */
	bool big;
	uint32_t string, strings;   /* this part's strings: offset in the database, size */
	uint32_t first, known;      /* database's number of its first type; number that it has in BTF */
	uint32_t count;             /* types of this part */
	bool signs;                 /* some enum says that it is signed: the writer knew that flag */
	uint32_t base_strings;      /* offset from which on strings are this part's; 0: there is no base */
	const uint8_t *types, *types_end;
};

/* A type as it stands in the section. */
struct entry {
	uint32_t name, n, value;
	uint8_t kind;
	bool flag;
	struct sct_cursor more; /* what follows it */
};

static uint32_t u32(const struct btf *b, struct sct_cursor *c)
{
	uint32_t v = (uint32_t)sct_take_le(c, 4);

	return b->big ? __builtin_bswap32(v) : v;
}

static int damaged(const struct btf *b, const uint8_t *at, const char *what)
{
	return sct_fail(b->err, SCT_E_FORMAT, b->offset + (uint64_t)(at - b->data), "BTF: %s", what);
}

/* ---- names and references ----------------------------------------------------------------------------------- */

/* The database's offset of a string; SCT_NO_TYPE: there is no such string. */
static uint32_t string(const struct btf *b, uint32_t name)
{
	uint32_t at;

	if (name >= b->base_strings)
		at = name - b->base_strings < b->strings ? b->string + (name - b->base_strings) : SCT_NO_TYPE;
	else
		at = b->db->btf.string + name;
	return at != SCT_NO_TYPE && !b->db->strings.at[at] ? 0 : at;
}

/* The database's number of a type; SCT_NO_TYPE: there is no such type. */
static uint32_t reference(const struct btf *b, uint32_t id)
{
	if (!id)
		return 0;
	if (id >= b->known)
		return id - b->known < b->count ? b->first + (id - b->known) : SCT_NO_TYPE;
	return b->db->btf.type + (id - 1);
}

/* ---- kinds -------------------------------------------------------------------------------------------------- */

typedef bool add_fn(struct btf *b, struct entry *e, struct sct_type *t);

static bool add_int(struct btf *b, struct entry *e, struct sct_type *t)
{
	uint32_t data = u32(b, &e->more), encoding = data >> 24;

	t->size = e->value;
	t->count = data & 0xff; /* its bits; bits 16 to 23 are where they begin */
	t->first = data >> 16 & 0xff;
	t->flags = (encoding & 1 ? SCT_TYPE_SIGNED : 0) | (encoding & 2 ? SCT_TYPE_CHAR : 0) |
	           (encoding & 4 ? SCT_TYPE_BOOL : 0);
	return true;
}

static bool add_sized(struct btf *b, struct entry *e, struct sct_type *t)
{
	(void)b;
	t->size = e->value;
	return true;
}

static bool add_reference(struct btf *b, struct entry *e, struct sct_type *t)
{
	t->to = reference(b, e->value);
	return t->to != SCT_NO_TYPE;
}

static bool add_forward(struct btf *b, struct entry *e, struct sct_type *t)
{
	(void)b;
	t->flags = e->flag ? SCT_TYPE_OF_UNION : 0;
	return true;
}

static bool add_array(struct btf *b, struct entry *e, struct sct_type *t)
{
	t->to = reference(b, u32(b, &e->more));
	u32(b, &e->more); /* the type of its index */
	t->count = u32(b, &e->more);
	return t->to != SCT_NO_TYPE;
}

static bool add_members(struct btf *b, struct entry *e, struct sct_type *t)
{
	t->size = e->value;
	t->first = b->db->members.count;
	t->count = e->n;
	for (uint32_t i = 0; i < e->n; i++) {
		uint32_t name = string(b, u32(b, &e->more)), type = reference(b, u32(b, &e->more)), place = u32(b, &e->more);

		if (name == SCT_NO_TYPE || type == SCT_NO_TYPE)
			return false;
		sct_types_add_member(b->db, &(struct sct_member){
			.name = name, .type = type, .bit_offset = e->flag ? place & 0xffffff : place,
			.bits = e->flag ? place >> 24 : 0,
		});
	}
	return true;
}

static bool add_enum(struct btf *b, struct entry *e, struct sct_type *t)
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
		uint32_t name = string(b, u32(b, &e->more)), value = u32(b, &e->more), high = 0;

		if (e->kind == BTF_ENUM64)
			high = u32(b, &e->more);
		else if (e->flag && value >> 31)
			high = UINT32_MAX;
		if (name == SCT_NO_TYPE)
			return false;
		sct_types_add_enumerator(b->db, &(struct sct_enumerator){ name, (uint64_t)high << 32 | value });
	}
	return true;
}

static bool add_function(struct btf *b, struct entry *e, struct sct_type *t)
{
	t->name = 0;
	t->to = reference(b, e->value);
	t->first = b->db->members.count;
	for (uint32_t i = 0; i < e->n; i++) {
		uint32_t name = string(b, u32(b, &e->more)), id = u32(b, &e->more), type = reference(b, id);

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
static bool add_symbol(struct btf *b, struct entry *e, struct sct_type *t)
{
	uint32_t type = reference(b, e->value);

	if (type == SCT_NO_TYPE)
		return false;
	if (t->name)
		sct_types_add_symbol(b->db, t->name, type, NULL);
	t->name = 0;
	return true;
}

static bool add_nothing(struct btf *b, struct entry *e, struct sct_type *t)
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

static int take(struct btf *b, struct sct_cursor *c, struct entry *e)
{
	const uint8_t *at = c->at, *more;
	uint32_t info;
	uint64_t size;

	e->name = u32(b, c);
	info = u32(b, c);
	e->value = u32(b, c);
	e->n = info & 0xffff;
	e->kind = info >> 24 & 0x1f;
	e->flag = info >> 31;
	if (c->bad)
		return damaged(b, at, "the types end inside one");
	if (!kinds[e->kind].add)
		return damaged(b, at, "a type of a kind that is not known");
	size = kinds[e->kind].once + (uint64_t)kinds[e->kind].each * e->n;
	more = sct_take(c, size);
	if (!more)
		return damaged(b, at, "the types end inside one");
	e->more = sct_cursor(more, size);
	return SCT_OK;
}

static int count(struct btf *b)
{
	struct sct_cursor c = sct_cursor(b->types, (size_t)(b->types_end - b->types));
	struct entry e;

	for (b->count = 0; sct_cursor_left(&c); b->count++)
		if (take(b, &c, &e) < 0)
			return b->err->status;
	return SCT_OK;
}

static int add(struct btf *b)
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
			return damaged(b, at, "a name lies behind the end of the strings");
		if (!kinds[e.kind].add(b, &e, &t))
			return damaged(b, at, "it refers to a type or a string that there is not");
		sct_types_add(b->db, &t);
	}
	return SCT_OK;
}

/* Before kernel 4.20 a bitfield was a member whose integer says itself which of its bits count. */
static void old_bitfields(struct sct_types *db, uint32_t first)
{
	for (uint32_t i = first; i < db->members.count; i++) {
		struct sct_member *m = &db->members.at[i];
		const struct sct_type *t = sct_type(db, m->type);

		if (!m->bits && t->kind == SCT_TYPE_INT && t->count && t->count < t->size * 8 && !(t->flags & SCT_TYPE_BOOL)) {
			m->bits = t->count;
			m->bit_offset += t->first;
		}
	}
}

static bool any_high(const struct sct_types *db, const struct sct_type *t)
{
	for (uint32_t i = 0; i < t->count; i++)
		if (db->enumerators.at[t->first + i].value >> 31)
			return true;
	return false;
}

/* Before kernel 6.0 no enum said whether it is signed. */
static void old_enums(const struct btf *b)
{
	for (uint32_t id = b->first; id < b->db->types.count; id++) {
		struct sct_type *t = &b->db->types.at[id];

		if (t->kind == SCT_TYPE_ENUM && !(t->flags & SCT_TYPE_CUT) && any_high(b->db, t))
			t->flags |= SCT_TYPE_NO_SIGN;
	}
}

/* ---- header ------------------------------------------------------------------------------------------------- */

/* A part of the section by its offset behind the header; NULL: it is not all there. */
static const uint8_t *part(const struct btf *b, uint32_t header, uint32_t offset, uint32_t size)
{
	uint64_t at = (uint64_t)header + offset;

	return at <= b->size && size <= b->size - at ? b->data + at : NULL;
}

static int take_strings(struct btf *b, const uint8_t *strings, uint32_t size)
{
	bool has_base = b->db->btf.types, standalone;

	if (size && strings[size - 1])
		return damaged(b, strings + size - 1, "the strings do not end in NUL");
	/* the first string is the empty one, but a module's, for whom vmlinux has it */
	standalone = !size || !*strings;
	if (!standalone && !has_base)
		return sct_fail(b->err, SCT_E_USAGE, SCT_NO_OFFSET,
			"it is BTF of a module: name that of its vmlinux before it");
	b->known = standalone ? 1 : b->db->btf.types;
	b->base_strings = standalone ? 0 : b->db->btf.strings;
	b->signs = !standalone && b->db->btf.signs;
	b->strings = size;
	b->string = sct_types_add_bytes(b->db, strings, size);
	if (b->string == SCT_NO_TYPE)
		return sct_fail(b->err, SCT_E_NOMEM, SCT_NO_OFFSET, "more than 4 GiB of names");
	return SCT_OK;
}

static int take_header(struct btf *b)
{
	struct sct_cursor c = sct_cursor(b->data, b->size);
	uint32_t header, type_at, type_size, string_at, string_size;
	const uint8_t *strings;
	uint16_t magic = (uint16_t)sct_take_le(&c, 2);
	uint8_t version = sct_take_u8(&c);

	b->big = magic == __builtin_bswap16(MAGIC);
	sct_take_u8(&c);
	header = u32(b, &c);
	type_at = u32(b, &c);
	type_size = u32(b, &c);
	string_at = u32(b, &c);
	string_size = u32(b, &c);
	if (c.bad || header < HEADER || (magic != MAGIC && !b->big))
		return damaged(b, b->data, "no header");
	if (version != 1)
		return sct_fail(b->err, SCT_E_UNSUPPORTED, b->offset, "BTF of version %u", version);
	b->types = part(b, header, type_at, type_size);
	strings = part(b, header, string_at, string_size);
	if (!b->types || !strings)
		return sct_fail(b->err, SCT_E_TRUNCATED, b->offset + b->size, "BTF ends inside its types or strings");
	b->types_end = b->types + type_size;
	return take_strings(b, strings, string_size);
}

/* BTF does not say how large a pointer is; Linux's long is as large (Documentation/process, LP64 and ILP32). */
static uint8_t size_of_long(const struct btf *b)
{
	static const char *const names[] = { "long unsigned int", "unsigned long", "long int", "long" };

	for (uint32_t id = b->first; id < b->db->types.count; id++) {
		const struct sct_type *t = sct_type(b->db, id);

		for (size_t i = 0; t->kind == SCT_TYPE_INT && t->size <= 8 && i < sizeof names / sizeof *names; i++)
			if (!strcmp(sct_types_name(b->db, t->name), names[i]))
				return (uint8_t)t->size;
	}
	return 0;
}

static void note_base(const struct btf *b)
{
	struct sct_types *db = b->db;

	if (db->btf.types)
		return;
	db->btf.type = b->first;
	db->btf.types = b->count + 1;
	db->btf.string = b->string;
	db->btf.strings = b->strings;
	db->btf.signs = b->signs;
}

/* pointer_size 0: the file does not say. */
static int load_section(struct btf *b, uint8_t pointer_size)
{
	uint32_t members = b->db->members.count;

	if (take_header(b) < 0 || count(b) < 0)
		return b->err->status;
	b->first = b->db->types.count;
	if (add(b) < 0)
		return b->err->status;
	if (sct_types_machine(b->db, b->big, pointer_size ? pointer_size : size_of_long(b), b->err) < 0)
		return b->err->status;
	old_bitfields(b->db, members);
	if (!b->signs)
		old_enums(b);
	note_base(b);
	sct_types_index_from(b->db, b->first);
	return SCT_OK;
}

/* ---- where it lies in a file -------------------------------------------------------------------------------- */

static bool is_raw(const struct sct_file *file)
{
	struct sct_cursor c = sct_cursor(file->data, file->size);
	uint16_t magic = (uint16_t)sct_take_le(&c, 2);

	return !c.bad && (magic == MAGIC || magic == __builtin_bswap16(MAGIC));
}

static int probe(const struct sct_file *file)
{
	struct sct_elf_section section;

	if (sct_is_elf(file))
		return sct_elf_section(file, ".BTF", &section) ? 100 : 0;
	return is_raw(file) ? 90 : 0;
}

static int load(struct sct_types *db, const struct sct_file *file, struct sct_err *err)
{
	struct btf b = { .db = db, .err = err, .data = file->data, .size = file->size };
	struct sct_elf_section section = { 0 }, base;

	if (sct_is_elf(file)) {
		if (!sct_elf_section(file, ".BTF", &section))
			return sct_fail(err, SCT_E_FORMAT, 0, "no section .BTF");
		if (sct_elf_section(file, ".BTF.base", &base))
			return sct_fail(err, SCT_E_UNSUPPORTED, base.offset, "BTF of a module with a base of its own (.BTF.base)");
		b.offset = section.offset;
		b.data += section.offset;
		b.size = section.size;
	}
	return load_section(&b, section.pointer_size);
}

const struct sct_types_loader sct_types_btf = {
	.name = "btf",
	.summary = "BTF: /sys/kernel/btf/vmlinux, vmlinux, kernel modules, ELF objects with a section .BTF",
	.probe = probe,
	.load = load,
};
