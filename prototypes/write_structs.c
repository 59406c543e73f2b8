/* Writes the types of an object file as text that people read and diff.
 * In:  an object file of one ABI with debugging information, or another file that the type database reads
 * Out: standard output: struct, union, enum and typedef, sorted by name (sctrace-prototypes(5))
 *
 * usage: write_structs ABI FILE
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../dwarf/loaders.h"
#include "text.h"

enum { NESTED = 16, DIMENSIONS = 8 };

/* A declarator, taken apart: what it is made from, how many pointers to that, dimensions outermost first. */
struct shape {
	uint32_t base;
	unsigned pointers, dimensions;
	uint32_t dimension[DIMENSIONS];
};

/* Base types as C has them shortest, whatever the compiler calls them. */
static const char *const spellings[][2] = {
	{ "long int", "long" }, { "short int", "short" }, { "short unsigned int", "unsigned short" },
	{ "long unsigned int", "unsigned long" }, { "long long int", "long long" },
	{ "long long unsigned int", "unsigned long long" },
};

static const struct {
	unsigned kind;
	const char *word;
} words[] = {
	{ SCT_TYPE_STRUCT, "struct" }, { SCT_TYPE_UNION, "union" }, { SCT_TYPE_ENUM, "enum" },
	{ SCT_TYPE_TYPEDEF, "typedef" },
};

static const char *word_of(const struct sct_type *t)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (words[i].kind == t->kind)
			return words[i].word;
	return NULL;
}

static const char *base_name(const struct sct_types *db, uint32_t id)
{
	const struct sct_type *t = sct_type(db, id);
	const char *name = sct_types_name(db, t->name);

	switch (t->kind) {
	case SCT_TYPE_VOID: return "void";
	case SCT_TYPE_FUNCTION: return "function";
	case SCT_TYPE_FORWARD: return text_printf("%s %s", t->flags & SCT_TYPE_OF_UNION ? "union" : "struct", name);
	case SCT_TYPE_ENUM:
		return *name ? text_printf("enum %s", name) : t->flags & SCT_TYPE_SIGNED ? "int" : "unsigned int";
	case SCT_TYPE_STRUCT:
	case SCT_TYPE_UNION: return text_printf("%s%s%s", word_of(t), *name ? " " : "", name);
	default: break;
	}
	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
		if (!strcmp(name, spellings[i][0]))
			return spellings[i][1];
	return name;
}

/* Dimensions stand behind pointers in the text: a pointer to an array cannot be written. */
static struct shape take_apart(const struct sct_types *db, uint32_t id)
{
	struct shape s = { 0 };

	for (s.base = sct_type_strip(db, id);; s.base = sct_type_strip(db, sct_type(db, s.base)->to)) {
		const struct sct_type *t = sct_type(db, s.base);

		if (t->kind == SCT_TYPE_ARRAY && !s.pointers && s.dimensions < DIMENSIONS)
			s.dimension[s.dimensions++] = t->count;
		else if (t->kind == SCT_TYPE_POINTER)
			s.pointers++;
		else if (t->kind == SCT_TYPE_ARRAY)
			die(NULL, 0, "a pointer to an array, or one of too many dimensions");
		else
			return s;
	}
}

static const char *type_text(const struct sct_types *db, const struct shape *s)
{
	const char *text = base_name(db, s->base);

	for (unsigned i = 0; i < s->pointers; i++)
		text = text_printf("%s%s*", text, i ? "" : " ");
	for (unsigned i = 0; i < s->dimensions; i++)
		text = s->dimension[i] ? text_printf("%s[%u]", text, s->dimension[i]) : text_printf("%s[]", text);
	return text;
}

/* A struct or union without a name is written where it is used. */
static bool is_written_here(const struct sct_types *db, const struct shape *s)
{
	const struct sct_type *t = sct_type(db, s->base);

	return (t->kind == SCT_TYPE_STRUCT || t->kind == SCT_TYPE_UNION) && !t->name;
}

static void write_members(const struct sct_types *db, const struct sct_type *t, unsigned depth)
{
	if (depth > NESTED)
		die(NULL, 0, "types nested too deep");
	for (uint32_t i = t->first; i < t->first + t->count; i++) {
		const struct sct_member *m = &db->members.at[i];
		const char *name = sct_types_name(db, m->name);
		struct shape s = take_apart(db, m->type);
		uint32_t size = 0;

		sct_type_size(db, m->type, &size);
		for (unsigned k = 0; k < depth; k++)
			putchar('\t');
		if (m->bits)
			printf("%u.%u :%u", m->bit_offset / 8, m->bit_offset % 8, m->bits);
		else
			printf("%u %u", m->bit_offset / 8, size);
		printf(" %s %s\n", type_text(db, &s), *name ? name : "-");
		if (is_written_here(db, &s))
			write_members(db, sct_type(db, s.base), depth + 1);
	}
}

static void write_enum(const struct sct_types *db, const struct sct_type *t)
{
	printf("enum %s %u %s\n", sct_types_name(db, t->name), t->size,
	       t->flags & SCT_TYPE_SIGNED ? "signed" : "unsigned");
	for (uint32_t i = t->first; i < t->first + t->count; i++) {
		const struct sct_enumerator *e = &db->enumerators.at[i];

		if (t->flags & SCT_TYPE_SIGNED)
			printf("\t%" PRId64, (int64_t)e->value);
		else
			printf("\t%" PRIu64, e->value);
		printf(" %s\n", sct_types_name(db, e->name));
	}
}

static void write_typedef(const struct sct_types *db, const struct sct_type *t)
{
	struct shape s = take_apart(db, t->to);
	uint32_t size = 0;

	sct_type_size(db, t->to, &size);
	printf("typedef %u %s %s\n", size, type_text(db, &s), sct_types_name(db, t->name));
	if (is_written_here(db, &s))
		write_members(db, sct_type(db, s.base), 1);
}

static void write_type(const struct sct_types *db, uint32_t id)
{
	const struct sct_type *t = sct_type(db, id);

	if (t->kind == SCT_TYPE_TYPEDEF) {
		write_typedef(db, t);
	} else if (t->kind == SCT_TYPE_ENUM) {
		write_enum(db, t);
	} else {
		printf("%s %s %u\n", word_of(t), sct_types_name(db, t->name), t->size);
		write_members(db, t, 1);
	}
}

/* Of typedefs only those that stand for a struct or a pointer to one: calls have parameters of these. */
static bool is_wanted(const struct sct_types *db, const struct sct_type *t)
{
	struct shape s;
	unsigned kind;

	if (!word_of(t) || !t->name)
		return false;
	if (t->kind != SCT_TYPE_TYPEDEF)
		return true;
	s = take_apart(db, t->to);
	kind = sct_type(db, s.base)->kind;
	return (kind == SCT_TYPE_STRUCT || kind == SCT_TYPE_UNION) && !s.dimensions;
}

struct named {
	const char *key; /* kind and name */
	uint32_t id;
};

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->key, ((const struct named *)b)->key);
}

static void write_types(const struct sct_types *db)
{
	struct named *list = grow(NULL, 0, db->types.count, sizeof *list);
	size_t n = 0;

	for (uint32_t id = 1; id < db->types.count; id++) {
		const struct sct_type *t = sct_type(db, id);

		if (is_wanted(db, t))
			list[n++] = (struct named){ text_printf("%u %s", t->kind, sct_types_name(db, t->name)), id };
	}
	qsort(list, n, sizeof *list, by_key);
	for (size_t i = 0; i < n; i++)
		if (!i || strcmp(list[i].key, list[i - 1].key))
			write_type(db, list[i].id);
}

int main(int argc, char **argv)
{
	static const struct sct_types_options options;
	struct sct_types db;
	struct sct_err err;

	if (argc != 3)
		die(NULL, 0, "usage: write_structs ABI FILE");
	sct_types_init(&db);
	if (sct_types_load(&db, argv[2], &options, &err) < 0)
		die(argv[2], 0, "%s", err.text);
	printf("# structs_%s: made by `make structs` from a kernel source tree; do not edit.\n"
	       "# Format: sctrace-prototypes(5)\nmachine %s %u\n", argv[1], db.big_endian ? "big" : "little",
	       db.pointer_size);
	write_types(&db);
	sct_types_fini(&db);
	return fflush(stdout) || ferror(stdout);
}
