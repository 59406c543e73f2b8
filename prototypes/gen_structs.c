/* Turns the structs of every ABI into C, at build time.
 * In:  structs_*.txt: types and their members (sctrace-prototypes(5))
 * Out: standard output: what dwarf/builtin_sets.h declares, as constant data
 *
 * usage: gen_structs FILE... >structs.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../dwarf/types.h"
#include "text.h"

enum { NESTED = 16, DIMENSIONS = 8 };

/* All names of all ABIs in one block, each once; it begins with the empty one. */
struct names {
	char *at;
	size_t len, room;
};

/* An ABI's types, as they will stand in a database. */
struct set {
	const char *abi;
	struct sct_type *type;
	struct sct_member *member;
	struct sct_enumerator *enumerator;
	uint32_t types, members, enumerators, pointer_size;
	bool big_endian;
};

struct input {
	const char *path;
	char *rest, *line; /* text behind the line at hand; that line, NULL: there are no more */
	unsigned number;
	struct set *set;
	struct names *names;
};

/* 0 bytes: as wide as a pointer. */
static const struct base {
	const char *name;
	uint32_t size;
	uint8_t flags;
} bases[] = {
	{ "char", 1, SCT_TYPE_SIGNED | SCT_TYPE_CHAR }, { "signed char", 1, SCT_TYPE_SIGNED | SCT_TYPE_CHAR },
	{ "unsigned char", 1, SCT_TYPE_CHAR },          { "_Bool", 1, SCT_TYPE_BOOL },
	{ "short", 2, SCT_TYPE_SIGNED },                { "unsigned short", 2, 0 },
	{ "int", 4, SCT_TYPE_SIGNED },                  { "unsigned int", 4, 0 },
	{ "long", 0, SCT_TYPE_SIGNED },                 { "unsigned long", 0, 0 },
	{ "long long", 8, SCT_TYPE_SIGNED },            { "unsigned long long", 8, 0 },
};

static const struct {
	const char *word;
	uint8_t kind, flags; /* flags of the FORWARD */
} keywords[] = {
	{ "struct", SCT_TYPE_STRUCT, 0 },
	{ "union", SCT_TYPE_UNION, SCT_TYPE_OF_UNION },
	{ "enum", SCT_TYPE_ENUM, SCT_TYPE_OF_ENUM },
};

enum { KEYWORDS = sizeof keywords / sizeof *keywords };

static _Noreturn void bad(const struct input *in, const char *what, const char *text)
{
	die(in->path, in->number, "%s: '%s'", what, text ? text : "");
}

/* The number before the character `end`, with *text moved behind it. */
static uint32_t number(const struct input *in, char **text, char end)
{
	char *behind = *text;
	unsigned long n = *text ? strtoul(*text, &behind, 10) : 0;

	if (behind == *text || *behind != end || n > UINT32_MAX)
		bad(in, "a number is expected", *text);
	*text = behind + 1;
	return (uint32_t)n;
}

/* ---- what goes into a set ----------------------------------------------------------------------------------- */

static uint32_t name_offset(struct input *in, const char *name)
{
	struct names *n = in->names;
	size_t size = strlen(name) + 1;
	char *key = text_printf("-%s", name), *found;

	for (const char *c = name; *c; c++)
		if (!text_ident(*c) && *c != ' ')
			bad(in, "not a name", name);
	if (!*name)
		return 0;
	*key = 0; /* between two NULs, lest the end of a longer one be found */
	found = memmem(n->at, n->len, key, size + 1);
	if (found)
		return (uint32_t)(found + 1 - n->at);
	if (n->len + size > n->room) {
		n->at = grow(n->at, n->room, n->room * 2 + size, 1);
		n->room = n->room * 2 + size;
	}
	memcpy(n->at + n->len, name, size);
	n->len += size;
	return (uint32_t)(n->len - size);
}

static uint32_t add_type(struct set *s, struct sct_type t)
{
	s->type = grow(s->type, s->types, s->types + 1, sizeof *s->type);
	s->type[s->types] = t;
	return s->types++;
}

/* For what is made from other types alone: the one that is like t, added when there is none. */
static uint32_t like(struct set *s, struct sct_type t)
{
	for (uint32_t i = 1; i < s->types; i++) {
		const struct sct_type *k = &s->type[i];

		if (k->kind == t.kind && k->name == t.name && k->to == t.to && k->count == t.count)
			return i;
	}
	return add_type(s, t);
}

/* A struct, union or enum by its name, until its definition comes a FORWARD. */
static uint32_t tagged(struct input *in, unsigned keyword, const char *name)
{
	struct sct_type t = { .kind = SCT_TYPE_FORWARD, .name = name_offset(in, name), .flags = keywords[keyword].flags };

	for (uint32_t i = 1; i < in->set->types; i++) {
		const struct sct_type *k = &in->set->type[i];

		if (k->name == t.name && (k->kind == keywords[keyword].kind || (k->kind == t.kind && k->flags == t.flags)))
			return i;
	}
	return add_type(in->set, t);
}

static uint32_t base_type(struct input *in, const char *name)
{
	for (const struct base *b = bases; b < bases + sizeof bases / sizeof *bases; b++) {
		uint32_t size = b->size ? b->size : in->set->pointer_size;

		if (!strcmp(b->name, name))
			return like(in->set, (struct sct_type){ .kind = SCT_TYPE_INT, .name = name_offset(in, name),
				.size = size, .count = size * 8, .flags = b->flags });
	}
	if (!strcmp(name, "function"))
		return like(in->set, (struct sct_type){ .kind = SCT_TYPE_FUNCTION });
	if (strcmp(name, "void"))
		bad(in, "a type that is not known", name);
	return 0;
}

/* ---- lines -------------------------------------------------------------------------------------------------- */

static void next_line(struct input *in)
{
	do {
		in->line = text_line(&in->rest);
		in->number++;
	} while (in->line && (!*in->line || *in->line == '#'));
}

/* The line at hand without its indentation, if it is indented so deep. */
static char *indented(struct input *in, unsigned depth)
{
	if (!in->line || strspn(in->line, "\t") < depth)
		return NULL;
	if (in->line[depth] == '\t')
		bad(in, "indented too deep", in->line);
	return in->line + depth;
}

static void members(struct input *in, uint32_t id, unsigned depth);

/* Cuts "[2][3]" off the end of a type. */
static unsigned dimensions(const struct input *in, char *text, uint32_t dimension[DIMENSIONS])
{
	char *at = strchr(text, '[');
	unsigned n = 0;

	for (; at && *at; n++) {
		if (*at != '[' || n == DIMENSIONS)
			bad(in, "dimensions are wrong", text);
		*at++ = 0;
		if (*at == ']')
			at++;
		else
			dimension[n] = number(in, &at, ']');
	}
	return n;
}

static unsigned keyword_of(const char *text)
{
	unsigned k = 0;

	while (k < KEYWORDS && (!text_starts(text, keywords[k].word) || text_ident(text[strlen(keywords[k].word)])))
		k++;
	return k;
}

/* "struct iovec *", "unsigned long[4]", "struct" with members on the next lines, depth deep, size bytes. */
static uint32_t parse_type(struct input *in, char *text, uint32_t size, unsigned depth)
{
	uint32_t dimension[DIMENSIONS] = { 0 }, id, count = 1;
	unsigned pointers = 0, n = dimensions(in, text, dimension), k;
	char *end = text + strlen(text);

	for (; end > text && (end[-1] == '*' || end[-1] == ' '); *--end = 0)
		pointers += end[-1] == '*';
	for (unsigned i = 0; i < n; i++)
		count *= dimension[i];
	k = keyword_of(text);
	next_line(in);
	if (k == KEYWORDS) {
		id = base_type(in, text);
	} else if (text[strlen(keywords[k].word)] == ' ') {
		id = tagged(in, k, text + strlen(keywords[k].word) + 1);
	} else {
		id = add_type(in->set, (struct sct_type){ .kind = keywords[k].kind,
		                                          .size = pointers || !count ? 0 : size / count });
		members(in, id, depth);
	}
	while (pointers--)
		id = like(in->set, (struct sct_type){ .kind = SCT_TYPE_POINTER, .to = id });
	while (n--)
		id = like(in->set, (struct sct_type){ .kind = SCT_TYPE_ARRAY, .to = id, .count = dimension[n] });
	return id;
}

/* Cuts the name off "TYPE NAME"; "-" is none. */
static const char *cut_name(const struct input *in, char *text)
{
	char *space = strrchr(text, ' ');

	if (!space || !space[1])
		bad(in, "type and name are expected", text);
	*space = 0;
	return strcmp(space + 1, "-") ? space + 1 : "";
}

/* "OFFSET SIZE TYPE NAME", of bitfields "BYTE.BIT :BITS TYPE NAME". */
static struct sct_member parse_member(struct input *in, char *text, unsigned depth, uint32_t *end)
{
	struct sct_member m = { 0 };
	uint32_t size = 0;
	const char *name;

	if (text[strspn(text, "0123456789")] == '.') {
		m.bit_offset = number(in, &text, '.') * 8;
		m.bit_offset += number(in, &text, ' ');
		if (*text++ != ':')
			bad(in, "':' is expected", text);
		m.bits = number(in, &text, ' ');
	} else {
		m.bit_offset = number(in, &text, ' ') * 8;
		size = number(in, &text, ' ');
	}
	name = cut_name(in, text);
	m.name = name_offset(in, name);
	m.type = parse_type(in, text, size, depth + 1);
	*end = m.bit_offset / 8 + size;
	return m;
}

/* Members of one type stand side by side: those of a nested one come before. A type that has no size ends where the
 * last of them does. */
static void members(struct input *in, uint32_t id, unsigned depth)
{
	struct sct_member *own = NULL;
	struct set *s = in->set;
	uint32_t n = 0, end, last = 0;
	char *text;

	if (depth > NESTED)
		bad(in, "nested too deep", in->line);
	while ((text = indented(in, depth))) {
		own = grow(own, n, n + 1, sizeof *own);
		own[n++] = parse_member(in, text, depth, &end);
		last = end > last ? end : last;
	}
	s->member = grow(s->member, s->members, s->members + n + 1, sizeof *s->member);
	if (n)
		memcpy(s->member + s->members, own, n * sizeof *own);
	s->type[id].first = s->members;
	s->type[id].count = n;
	s->type[id].size = s->type[id].size ? s->type[id].size : last;
	s->members += n;
}

static void enumerators(struct input *in, uint32_t id)
{
	struct set *s = in->set;
	char *text, *end;

	s->type[id].first = s->enumerators;
	for (; (text = indented(in, 1)); next_line(in)) {
		bool negative = *text == '-';
		uint64_t value = strtoull(text + negative, &end, 10);

		if (end == text + negative || *end != ' ')
			bad(in, "value and name are expected", text);
		s->enumerator = grow(s->enumerator, s->enumerators, s->enumerators + 1, sizeof *s->enumerator);
		s->enumerator[s->enumerators++] = (struct sct_enumerator){ .name = name_offset(in, end + 1),
			.value = negative ? -value : value };
		s->type[id].count++;
	}
}

/* "struct NAME SIZE", "enum NAME SIZE SIGN", and what is in it. */
static void definition(struct input *in, unsigned keyword, char *text)
{
	char *name = text_word(&text), *size = text_word(&text), *sign = text_word(&text);
	uint32_t id;

	if (!name || !size)
		bad(in, "name and size are expected", name);
	id = tagged(in, keyword, name);
	if (in->set->type[id].kind != SCT_TYPE_FORWARD)
		bad(in, "a second definition", name);
	in->set->type[id] = (struct sct_type){ .kind = keywords[keyword].kind, .name = name_offset(in, name),
		.size = number(in, &size, 0), .flags = sign && !strcmp(sign, "signed") ? SCT_TYPE_SIGNED : 0 };
	next_line(in);
	if (keywords[keyword].kind == SCT_TYPE_ENUM)
		enumerators(in, id);
	else
		members(in, id, 1);
}

/* "typedef SIZE TYPE NAME" */
static void type_definition(struct input *in, char *text)
{
	uint32_t size = number(in, &text, ' '), to;
	const char *name = cut_name(in, text);

	to = parse_type(in, text, size, 1);
	add_type(in->set, (struct sct_type){ .kind = SCT_TYPE_TYPEDEF, .name = name_offset(in, name), .to = to });
}

static void machine(struct input *in, char *text)
{
	char *order = text_word(&text), *size = text_word(&text);

	in->set->big_endian = order && !strcmp(order, "big");
	in->set->pointer_size = number(in, &size, 0);
	next_line(in);
}

static void read_set(struct input *in)
{
	add_type(in->set, (struct sct_type){ .kind = SCT_TYPE_VOID });
	for (next_line(in); in->line;) {
		char *text = in->line, *word = text_word(&text);
		unsigned k = word ? keyword_of(word) : KEYWORDS;

		if (k < KEYWORDS)
			definition(in, k, text);
		else if (word && !strcmp(word, "typedef"))
			type_definition(in, text);
		else if (word && !strcmp(word, "machine"))
			machine(in, text);
		else
			bad(in, "not a definition", word);
	}
	if (!in->set->pointer_size)
		bad(in, "no machine", NULL);
}

/* ---- as C --------------------------------------------------------------------------------------------------- */

static void print_set(const struct set *s)
{
	printf("static const struct sct_type %s_types[] = {\n", s->abi);
	for (uint32_t i = 0; i < s->types; i++) {
		const struct sct_type *t = &s->type[i];

		printf("\t{ %u, %u, %u, %u, %u, %u, %u },\n", t->name, t->size, t->to, t->first, t->count, t->kind, t->flags);
	}
	printf("};\nstatic const struct sct_member %s_members[] = {\n", s->abi);
	for (uint32_t i = 0; i < s->members; i++)
		printf("\t{ %u, %u, %u, %u },\n", s->member[i].name, s->member[i].type, s->member[i].bit_offset,
		       s->member[i].bits);
	printf("};\nstatic const struct sct_enumerator %s_enumerators[] = {\n", s->abi);
	for (uint32_t i = 0; i < s->enumerators; i++)
		printf("\t{ %u, UINT64_C(%llu) },\n", s->enumerator[i].name, (unsigned long long)s->enumerator[i].value);
	puts("\t{ 0, 0 }\n};");
}

static void print_names(const struct names *n)
{
	puts("const char sct_builtin_names[] =");
	for (size_t at = 0; at < n->len; at += strlen(n->at + at) + 1)
		printf("\t\"%s\\0\"\n", n->at + at);
	printf(";\nconst uint32_t sct_builtin_names_size = %zu;\n", n->len);
}

static void print_sets(const struct set *set, int count)
{
	puts("const struct sct_builtin_set sct_builtin_sets[] = {");
	for (const struct set *s = set; s < set + count; s++)
		printf("\t{ \"%s\", %s_types, %s_members, %s_enumerators, %u, %u, %u, %u, %s },\n", s->abi, s->abi, s->abi,
		       s->abi, s->types, s->members, s->enumerators, s->pointer_size, s->big_endian ? "true" : "false");
	puts("\t{ NULL }\n};");
}

int main(int argc, char **argv)
{
	struct set *sets = grow(NULL, 0, (size_t)argc, sizeof *sets);
	struct names names = { .at = grow(NULL, 0, 1, 1), .len = 1, .room = 1 };

	puts("/* Made by gen_structs; the sources are prototypes/structs_*.txt. */\n#include \"../dwarf/builtin_sets.h\"");
	for (int i = 1; i < argc; i++) {
		const char *slash = strrchr(argv[i], '/'), *name = slash ? slash + 1 : argv[i];
		struct input in = { .path = argv[i], .rest = text_read(argv[i]), .set = &sets[i - 1], .names = &names };

		if (!text_starts(name, "structs_"))
			die(argv[i], 0, "a name like structs_linux_x64.txt is expected");
		name += strlen("structs_");
		sets[i - 1].abi = text_squeeze(name, strcspn(name, "."));
		read_set(&in);
		print_set(&sets[i - 1]);
	}
	print_names(&names);
	print_sets(sets, argc - 1);
	if (argc < 2 || fflush(stdout) || ferror(stdout))
		die(NULL, 0, argc < 2 ? "usage: gen_structs FILE..." : "standard output: cannot be written");
	return 0;
}
