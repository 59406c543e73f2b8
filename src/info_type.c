/* sctrace-info --type: a type as C declares it, with the place of each member, as pahole writes it.
 * In:  a name, files with types
 * Out: text on standard output: "member; OFFSET SIZE", of a bitfield "OFFSET:BIT SIZE", where OFFSET and SIZE are of
 *      the unit that holds it; what lies between members
 */
#include "info_type.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../dwarf/loaders.h"
#include "info.h"

enum {
	DEPTH = 32,         /* anonymous structs in one another */
	MEMBERS = 1 << 16,  /* lines of one layout */
	DECLARATION = 2048, /* bytes of one member's */
	TYPE_WIDTH = 26, NAME_WIDTH = 21, TAB = 8, /* columns */
};

struct layout {
	const struct sct_types *db;
	unsigned lines; /* that may still be written */
};

static const char *name_of(const struct layout *l, uint32_t name)
{
	return sct_types_name(l->db, name);
}

static void indent(unsigned depth)
{
	for (; depth; depth--)
		putchar('\t');
}

/* ---- enums -------------------------------------------------------------------------------------------------- */

static void enumerator(const struct layout *l, const struct sct_enumerator *e, unsigned flags, int width)
{
	printf("%-*s = ", width, name_of(l, e->name));
	if (flags & SCT_TYPE_NO_SIGN && e->value >> 31)
		printf("%" PRIu64 ", /* or %" PRId32 ": the source does not say */\n", e->value, (int32_t)e->value);
	else if (flags & SCT_TYPE_SIGNED)
		printf("%" PRId64 ",\n", (int64_t)e->value);
	else
		printf("%" PRIu64 ",\n", e->value);
}

static int longest(const struct layout *l, const struct sct_type *t)
{
	size_t width = 0;

	for (uint32_t i = 0; i < t->count; i++) {
		size_t n = strlen(name_of(l, l->db->enumerators.at[t->first + i].name));

		width = n > width ? n : width;
	}
	return (int)(width < DECLARATION ? width : DECLARATION);
}

static void enumerators(struct layout *l, const struct sct_type *t, unsigned depth)
{
	int width = longest(l, t);

	for (uint32_t i = 0; i < t->count && l->lines; i++, l->lines--) {
		indent(depth + 1);
		enumerator(l, &l->db->enumerators.at[t->first + i], t->flags, width);
	}
}

/* ---- members ------------------------------------------------------------------------------------------------ */

/* Where a member lies: bytes from the start of the outermost struct. */
struct place {
	uint64_t byte;
	uint32_t size; /* bytes; of a bitfield those of its type */
	uint32_t bit;  /* of a bitfield, within the unit of its type */
};

static struct place place_of(const struct layout *l, const struct sct_member *m, uint64_t base)
{
	struct place p = { .byte = base + m->bit_offset / 8 };

	if (!sct_type_size(l->db, m->type, &p.size))
		p.size = 0;
	if (m->bits && p.size) {
		/* the unit of its type that it begins in, as a compiler lays bitfields out */
		p.byte = base + m->bit_offset / (p.size * 8) * p.size;
		p.bit = m->bit_offset % (p.size * 8);
	}
	return p;
}

/* "TYPE NAME;" or "} NAME;", and behind it the place. width: columns that the line has for it. */
static void line(const char *text, int width, const struct sct_member *m, const struct place *p)
{
	if (m->bits)
		printf("%-*s /* %5" PRIu64 ":%2u %5u */\n", width, text, p->byte, p->bit, p->size);
	else
		printf("%-*s /* %5" PRIu64 " %5u */\n", width, text, p->byte, p->size);
}

/* A member in two columns: stars stand with the type; what is declared around the name stands with the name. */
static void columns(const struct layout *l, const struct sct_member *m, const char *bits, int width, char *text)
{
	char whole[DECLARATION / 2], type[DECLARATION / 2];
	const char *name = name_of(l, m->name);
	size_t before;

	sct_type_declare(l->db, m->type, "", type, sizeof type);
	if (strstr(type, "(*")) {
		before = (size_t)(strstr(type, "(*") - type);
		sct_type_declare(l->db, m->type, name, whole, sizeof whole);
		snprintf(text, DECLARATION, "%-*.*s%s%s;", width + 1, (int)before, whole, whole + before, bits);
	} else {
		before = strcspn(type, "[");
		snprintf(text, DECLARATION, "%-*.*s %s%s%s;", width, (int)before, type, name, type + before, bits);
	}
}

static void members(struct layout *l, const struct sct_type *t, uint64_t base, unsigned depth);

/* The struct, union or enum without a name that a member is made of. */
struct spelled_out {
	const struct sct_type *type; /* NULL: it is of another type */
	bool is_const, is_volatile;
	unsigned stars;              /* of a pointer to it: its members then lie from there on */
	char dimensions[256];        /* of an array of them */
};

/* Goes one step from a type to what it is made of; false: it is neither qualified nor an array. */
static bool unwrap(struct spelled_out *s)
{
	const struct sct_type *t = s->type;
	size_t len = strlen(s->dimensions);

	switch (t->kind) {
	case SCT_TYPE_CONST: s->is_const = true; return true;
	case SCT_TYPE_VOLATILE: s->is_volatile = true; return true;
	case SCT_TYPE_TAG: return true;
	case SCT_TYPE_POINTER: /* only what needs no parentheses, and is not qualified itself */
		return !s->is_const && !s->is_volatile && s->stars++ < 2;
	case SCT_TYPE_ARRAY:
		if (s->stars)
			return false;
		snprintf(s->dimensions + len, sizeof s->dimensions - len, t->count ? "[%u]" : "[]", t->count);
		return true;
	default: return false;
	}
}

static void spell_out(const struct layout *l, uint32_t id, struct spelled_out *s)
{
	unsigned kind;

	memset(s, 0, sizeof *s);
	s->type = sct_type(l->db, id);
	for (int step = 0; step < DEPTH && unwrap(s); step++)
		s->type = sct_type(l->db, s->type->to);
	kind = s->type->kind;
	if (s->type->name || (kind != SCT_TYPE_STRUCT && kind != SCT_TYPE_UNION && kind != SCT_TYPE_ENUM))
		s->type = NULL;
}

static void opening(const struct spelled_out *s)
{
	printf("%s%s", s->is_const ? "const " : "", s->is_volatile ? "volatile " : "");
	puts(s->type->kind == SCT_TYPE_ENUM ? "enum {" : s->type->kind == SCT_TYPE_UNION ? "union {" : "struct {");
}

static void inner(struct layout *l, const struct spelled_out *s, uint64_t base, unsigned depth)
{
	opening(s);
	if (s->type->kind == SCT_TYPE_ENUM)
		enumerators(l, s->type, depth);
	else
		members(l, s->type, base, depth + 1);
	indent(depth);
}

static void member(struct layout *l, const struct sct_member *m, uint64_t base, unsigned depth)
{
	char text[DECLARATION], bits[16] = "";
	const char *name = name_of(l, m->name);
	struct place p = place_of(l, m, base);
	struct spelled_out s;
	int width = depth * TAB < TYPE_WIDTH ? TYPE_WIDTH - (int)(depth - 1) * TAB : 0;

	spell_out(l, m->type, &s);
	if (m->bits)
		snprintf(bits, sizeof bits, ":%u", m->bits);
	indent(depth);
	if (s.type && depth < DEPTH) {
		inner(l, &s, s.stars ? 0 : p.byte, depth);
		snprintf(text, sizeof text, "}%s%.*s%s%s%s;", *name ? " " : "", (int)s.stars, "**", name, s.dimensions, bits);
	} else {
		columns(l, m, bits, width, text);
	}
	line(text, width + 1 + NAME_WIDTH, m, &p);
}

/* ---- structs ------------------------------------------------------------------------------------------------ */

/* How much of a struct no member has. */
struct gaps {
	uint64_t end; /* bits from its start up to which members reach */
	uint64_t bytes, holes, bits, bit_holes;
};

static void gap(struct gaps *g, uint64_t from, uint64_t to, unsigned depth)
{
	uint64_t bits = to - from;

	if (!bits)
		return;
	putchar('\n');
	indent(depth);
	if (bits % 8) {
		printf("/* XXX %" PRIu64 " bits hole, try to pack */\n\n", bits);
		g->bits += bits;
		g->bit_holes++;
	} else {
		printf("/* XXX %" PRIu64 " bytes hole, try to pack */\n\n", bits / 8);
		g->bytes += bits / 8;
		g->holes++;
	}
}

/* Counts a member of a struct, and tells what lies between it and what came before. */
static void count_member(const struct layout *l, const struct sct_member *m, struct gaps *g, unsigned depth)
{
	uint64_t start = m->bit_offset, end;
	uint32_t size = 0;

	sct_type_size(l->db, m->type, &size);
	end = start + (m->bits ? m->bits : (uint64_t)size * 8);
	if (start > g->end)
		gap(g, g->end, start, depth);
	g->end = end > g->end ? end : g->end;
}

static struct gaps members_and_gaps(struct layout *l, const struct sct_type *t, uint64_t base, unsigned depth)
{
	struct gaps g = { 0 };

	for (uint32_t i = 0; i < t->count && l->lines; i++) {
		const struct sct_member *m = &l->db->members.at[t->first + i];

		l->lines--;
		if (t->kind == SCT_TYPE_STRUCT)
			count_member(l, m, &g, depth);
		member(l, m, base, depth);
	}
	if (t->kind == SCT_TYPE_UNION)
		g.end = (uint64_t)t->size * 8;
	return g;
}

static void members(struct layout *l, const struct sct_type *t, uint64_t base, unsigned depth)
{
	members_and_gaps(l, t, base, depth);
}

/* The line that begins a definition; a typedef's own struct has no name. */
static void begin(struct layout *l, const char *kind, const struct sct_type *t)
{
	const char *name = name_of(l, t->name);

	printf("%s%s%s {\n", kind, *name ? " " : "", name);
}

static void composite(struct layout *l, const struct sct_type *t)
{
	struct gaps g;

	begin(l, t->kind == SCT_TYPE_UNION ? "union" : "struct", t);
	g = members_and_gaps(l, t, 0, 1);
	printf("\n\t/* size: %u, members: %u */\n", t->size, t->count);
	if (g.holes || g.bit_holes)
		printf("\t/* holes: %" PRIu64 ", sum holes: %" PRIu64 ", bit holes: %" PRIu64 ", sum bit holes: %" PRIu64
		       " bits */\n", g.holes, g.bytes, g.bit_holes, g.bits);
	if ((uint64_t)t->size * 8 > g.end)
		printf("\t/* padding: %" PRIu64 ", bit_padding: %" PRIu64 " bits */\n", t->size - (g.end + 7) / 8, -g.end & 7);
	puts("};");
}

/* ---- what was asked for ------------------------------------------------------------------------------------- */

static void layout(struct layout *l, uint32_t id)
{
	const struct sct_type *t = sct_type(l->db, id);
	char text[DECLARATION];

	switch (t->kind) {
	case SCT_TYPE_STRUCT:
	case SCT_TYPE_UNION: composite(l, t); break;
	case SCT_TYPE_ENUM:
		begin(l, "enum", t);
		enumerators(l, t, 0);
		printf("}; /* size: %u%s */\n", t->size, t->flags & SCT_TYPE_CUT ? ", of values only the low 32 bits" : "");
		break;
	case SCT_TYPE_TYPEDEF:
		sct_type_declare(l->db, t->to, name_of(l, t->name), text, sizeof text);
		printf("typedef %s;\n", text);
		break;
	default: printf("%s; /* size: %u */\n", name_of(l, t->name), t->size); break;
	}
}

/* A typedef is followed to what it is for, where that lies in memory in parts. */
static void chain(struct layout *l, uint32_t id)
{
	uint32_t end = sct_type_strip(l->db, id);
	unsigned kind = sct_type(l->db, end)->kind;

	layout(l, id);
	if (end != id && (kind == SCT_TYPE_STRUCT || kind == SCT_TYPE_UNION || kind == SCT_TYPE_ENUM)) {
		putchar('\n');
		layout(l, end);
	}
}

/* A function or variable: what it is and where, as far as the files say. */
static void symbol(const struct sct_types *db, const struct sct_symbol *s)
{
	const char *name = sct_types_name(db, s->name);
	char text[DECLARATION];

	if (s->type == SCT_NO_TYPE)
		snprintf(text, sizeof text, "%s", name);
	else
		sct_type_declare(db, s->type, name, text, sizeof text);
	printf("%s;", text);
	if (s->has_address)
		printf(" /* at 0x%" PRIx64 "%s */", s->address, s->several ? ", and others of the name elsewhere" : "");
	putchar('\n');
}

static int write_layout(const struct sct_types *db, const char *name)
{
	struct layout l = { db, MEMBERS };
	uint32_t id = sct_types_find_any(db, name);
	const struct sct_symbol *s = sct_types_symbol(db, name);
	struct sct_err err;

	if (id == SCT_NO_TYPE && !s) {
		sct_fail(&err, SCT_E_USAGE, SCT_NO_OFFSET, "no such type");
		sct_info_say(name, &err);
		return EXIT_FAILURE;
	}
	if (id == SCT_NO_TYPE)
		symbol(db, s);
	else
		chain(&l, id);
	if (!l.lines) {
		sct_fail(&err, SCT_E_FORMAT, SCT_NO_OFFSET, "its layout has more than %d lines and was cut", MEMBERS);
		sct_info_say(name, &err);
		return EXIT_FAILURE;
	}
	if (fflush(stdout) || ferror(stdout)) {
		perror("sctrace-info: standard output");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

int sct_info_type(const char *name, char **paths, const struct sct_types_how *how)
{
	struct sct_types db;
	struct sct_err err;
	int status = EXIT_SUCCESS;

	sct_types_init(&db);
	for (; *paths && status == EXIT_SUCCESS; paths++) {
		if (sct_kernel_types_add(&db, *paths, how, &err) < 0) {
			sct_info_say(*paths, &err);
			status = EXIT_FAILURE;
		}
	}
	if (status == EXIT_SUCCESS)
		status = write_layout(&db, name);
	sct_types_fini(&db);
	return status;
}
