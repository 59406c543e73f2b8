/* ISF, the JSON in which volatility3 and dwarf2json keep types and symbols.
 * In:  a JSON object; symbols' addresses are unsigned 64-bit numbers
 * Out: types, symbols with addresses, the kernel's banner
 *
 * Layout (volatility3 framework/schemas/schema-6.2.0.json; what dwarf2json writes):
 *   base_types  {NAME: {size, signed, kind: int|char|bool|float|void, endian}}; "pointer" tells how large pointers are
 *   user_types  {NAME: {size, kind: struct|union|class, fields: {NAME: {offset, type: T, anonymous}}}}, fields by name
 *   enums       {NAME: {size, base: NAME of a base type, constants: {NAME: number}}}
 *   symbols     {NAME: {address, type: T, constant_data: its contents in base64, of a few}}
 *   T           {kind: base|struct|union|class|enum, name} | {kind: pointer, subtype: T} | {kind: function}
 *               | {kind: array, count, subtype: T} | {kind: bitfield, bit_position, bit_length, type: T}
 * There are no typedefs in it, and functions have no parameters. What had no name in C is called unnamed_ and 16
 * digits.
 */
#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "isf.h"
#include "loaders.h"

enum { PROBE = 4096 };

struct isf {
	struct sct_types *db;
	struct sct_err *err;
	const json_t *base_types, *user_types, *enums, *symbols;
	uint32_t first;     /* database's number of the first type of this file */
	const char *within; /* what is being read, for messages */
};

/* Under this key a type's own object keeps the number that the database gave it. */
static const char NUMBER[] = " number";

static int wrong(const struct isf *f, const char *what)
{
	return sct_fail(f->err, SCT_E_FORMAT, SCT_NO_OFFSET, "ISF: %.100s: %s", f->within, what);
}

/* ---- pieces ------------------------------------------------------------------------------------------------- */

static bool number(const json_t *object, const char *key, uint64_t max, uint64_t *value)
{
	const json_t *n = json_object_get(object, key);

	if (!json_is_integer(n) || json_integer_value(n) < 0 || (uint64_t)json_integer_value(n) > max)
		return false;
	*value = (uint64_t)json_integer_value(n);
	return true;
}

static const char *text(const json_t *object, const char *key)
{
	const char *t = json_string_value(json_object_get(object, key));

	return t ? t : "";
}

static bool is_unnamed(const char *name)
{
	static const char prefix[] = "unnamed_";

	return !strncmp(name, prefix, strlen(prefix)) && strspn(name + strlen(prefix), "0123456789abcdef") == 16 &&
	       strlen(name) == strlen(prefix) + 16;
}

static uint32_t add_name(struct isf *f, const char *name)
{
	uint32_t at = is_unnamed(name) ? 0 : sct_types_add_name(f->db, name);

	if (at == SCT_NO_TYPE)
		sct_fail(f->err, SCT_E_NOMEM, SCT_NO_OFFSET, "more than 4 GiB of names");
	return at;
}

/* ---- references --------------------------------------------------------------------------------------------- */

/* Each gives the number of the type, or SCT_NO_TYPE with the error filled. */
typedef uint32_t refer_fn(struct isf *f, const json_t *t, unsigned depth);

static uint32_t refer(struct isf *f, const json_t *t, unsigned depth);

static uint32_t numbered(struct isf *f, const json_t *table, const json_t *t, uint8_t flags)
{
	const char *name = text(t, "name");
	const json_t *definition = json_object_get(table, name);
	struct sct_type forward = { .kind = SCT_TYPE_FORWARD, .flags = flags };

	if (json_is_object(definition))
		return (uint32_t)json_integer_value(json_object_get(definition, NUMBER));
	forward.name = add_name(f, name);
	return forward.name == SCT_NO_TYPE ? SCT_NO_TYPE : sct_types_add(f->db, &forward);
}

static uint32_t refer_base(struct isf *f, const json_t *t, unsigned depth)
{
	const json_t *definition = json_object_get(f->base_types, text(t, "name"));

	(void)depth;
	if (!strcmp(text(t, "name"), "void"))
		return 0;
	if (json_is_object(definition))
		return (uint32_t)json_integer_value(json_object_get(definition, NUMBER));
	wrong(f, "a base type that is not defined");
	return SCT_NO_TYPE;
}

static uint32_t refer_struct(struct isf *f, const json_t *t, unsigned depth)
{
	(void)depth;
	return numbered(f, f->user_types, t, 0);
}

static uint32_t refer_union(struct isf *f, const json_t *t, unsigned depth)
{
	(void)depth;
	return numbered(f, f->user_types, t, SCT_TYPE_OF_UNION);
}

static uint32_t refer_enum(struct isf *f, const json_t *t, unsigned depth)
{
	(void)depth;
	return numbered(f, f->enums, t, SCT_TYPE_OF_ENUM);
}

static uint32_t refer_pointer(struct isf *f, const json_t *t, unsigned depth)
{
	struct sct_type type = { .kind = SCT_TYPE_POINTER, .to = refer(f, json_object_get(t, "subtype"), depth + 1) };

	return type.to == SCT_NO_TYPE ? SCT_NO_TYPE : sct_types_add(f->db, &type);
}

static uint32_t refer_array(struct isf *f, const json_t *t, unsigned depth)
{
	struct sct_type type = { .kind = SCT_TYPE_ARRAY };
	uint64_t count;

	if (!number(t, "count", UINT32_MAX, &count)) {
		wrong(f, "an array without a count");
		return SCT_NO_TYPE;
	}
	type.count = (uint32_t)count;
	type.to = refer(f, json_object_get(t, "subtype"), depth + 1);
	return type.to == SCT_NO_TYPE ? SCT_NO_TYPE : sct_types_add(f->db, &type);
}

static uint32_t refer_function(struct isf *f, const json_t *t, unsigned depth)
{
	(void)t, (void)depth;
	/* which parameters it has is not said: any */
	return sct_types_add(f->db, &(struct sct_type){ .kind = SCT_TYPE_FUNCTION, .flags = SCT_TYPE_VARIADIC });
}

static const struct {
	const char *kind;
	refer_fn *refer;
} references[] = {
	{ "base", refer_base }, { "struct", refer_struct }, { "class", refer_struct }, { "union", refer_union },
	{ "enum", refer_enum }, { "pointer", refer_pointer }, { "array", refer_array }, { "function", refer_function },
};

static uint32_t refer(struct isf *f, const json_t *t, unsigned depth)
{
	const char *kind = text(t, "kind");

	for (size_t i = 0; i < sizeof references / sizeof *references && depth < SCT_TYPES_DEPTH; i++)
		if (!strcmp(references[i].kind, kind))
			return references[i].refer(f, t, depth);
	wrong(f, depth < SCT_TYPES_DEPTH ? "a type of a kind that is not known" :
	                                   "pointers and arrays in one another too deep");
	return SCT_NO_TYPE;
}

/* ---- types without what is in them -------------------------------------------------------------------------- */

static const struct {
	const char *word;
	uint8_t kind, flags;
} base_kinds[] = {
	{ "int", SCT_TYPE_INT, 0 }, { "char", SCT_TYPE_INT, SCT_TYPE_CHAR }, { "bool", SCT_TYPE_INT, SCT_TYPE_BOOL },
	{ "float", SCT_TYPE_FLOAT, 0 }, { "void", SCT_TYPE_VOID, 0 },
};

static int add_base(struct isf *f, json_t *t, struct sct_type *type)
{
	const char *kind = text(t, "kind");
	size_t i = 0;

	while (i < sizeof base_kinds / sizeof *base_kinds && strcmp(base_kinds[i].word, kind))
		i++;
	if (i == sizeof base_kinds / sizeof *base_kinds || type->size > 64)
		return wrong(f, "a base type of a kind or size that is not known");
	type->kind = base_kinds[i].kind;
	type->flags = base_kinds[i].flags;
	if (strcmp(sct_types_name(f->db, type->name), "char")) /* C calls three types so; only one of them is for text */
		type->flags &= (uint8_t)~SCT_TYPE_CHAR;
	if (json_is_true(json_object_get(t, "signed")))
		type->flags |= SCT_TYPE_SIGNED;
	type->count = type->kind == SCT_TYPE_INT ? type->size * 8 : 0;
	return SCT_OK;
}

static int add_user(struct isf *f, json_t *t, struct sct_type *type)
{
	(void)f;
	type->kind = strcmp(text(t, "kind"), "union") ? SCT_TYPE_STRUCT : SCT_TYPE_UNION;
	return SCT_OK;
}

static int add_enum(struct isf *f, json_t *t, struct sct_type *type)
{
	const json_t *base = json_object_get(f->base_types, text(t, "base"));

	(void)f;
	type->kind = SCT_TYPE_ENUM;
	type->flags = json_is_true(json_object_get(base, "signed")) ? SCT_TYPE_SIGNED : 0;
	return SCT_OK;
}

/* Adds each type of a table, and writes its number into its object. */
static int number_all(struct isf *f, const json_t *table, int (*add)(struct isf *f, json_t *t, struct sct_type *type))
{
	const char *name;
	json_t *t;

	json_object_foreach((json_t *)table, name, t) {
		struct sct_type type = { 0 };
		uint64_t size;

		f->within = name;
		if (!number(t, "size", UINT32_MAX, &size))
			return wrong(f, "a type without a size");
		type.size = (uint32_t)size;
		type.name = add_name(f, name);
		if (type.name == SCT_NO_TYPE || add(f, t, &type) < 0)
			return f->err->status;
		if (json_object_set_new(t, NUMBER, json_integer(sct_types_add(f->db, &type))) < 0)
			return sct_fail(f->err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory");
	}
	return SCT_OK;
}

/* ---- what is in them ---------------------------------------------------------------------------------------- */

static int add_field(struct isf *f, const char *name, const json_t *field)
{
	const json_t *t = json_object_get(field, "type");
	struct sct_member m = { 0 };
	uint64_t offset, position = 0, bits = 0;

	if (!number(field, "offset", UINT32_MAX / 8, &offset))
		return wrong(f, "a member without an offset");
	if (!strcmp(text(t, "kind"), "bitfield")) {
		if (!number(t, "bit_position", 512, &position) || !number(t, "bit_length", 512, &bits) ||
		    offset * 8 + position > UINT32_MAX)
			return wrong(f, "a bitfield without position and length");
		t = json_object_get(t, "type");
	}
	m.name = json_is_true(json_object_get(field, "anonymous")) ? 0 : add_name(f, name);
	m.type = refer(f, t, 0);
	if (m.name == SCT_NO_TYPE || m.type == SCT_NO_TYPE)
		return f->err->status;
	m.bit_offset = (uint32_t)(offset * 8 + position);
	m.bits = (uint32_t)bits;
	sct_types_add_member(f->db, &m);
	return SCT_OK;
}

static int by_place(const void *a, const void *b)
{
	const struct sct_member *x = a, *y = b;

	if (x->bit_offset != y->bit_offset)
		return x->bit_offset < y->bit_offset ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name; /* names were added one by one: the order of the file */
}

static int add_fields(struct isf *f, const json_t *t, uint32_t id)
{
	json_t *fields = json_object_get(t, "fields"), *field;
	uint32_t first = f->db->members.count;
	struct sct_type *type;
	const char *name;

	json_object_foreach(fields, name, field)
		if (add_field(f, name, field) < 0)
			return f->err->status;
	type = &f->db->types.at[id];
	type->first = first;
	type->count = f->db->members.count - first;
	if (type->count)
		qsort(f->db->members.at + first, type->count, sizeof *f->db->members.at, by_place);
	return SCT_OK;
}

static int by_value(const void *a, const void *b)
{
	const struct sct_enumerator *x = a, *y = b;
	int64_t v = (int64_t)x->value, w = (int64_t)y->value;

	if (v != w)
		return v < w ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

static int add_constants(struct isf *f, const json_t *t, uint32_t id)
{
	json_t *constants = json_object_get(t, "constants"), *value;
	uint32_t first = f->db->enumerators.count;
	struct sct_type *type;
	const char *name;

	json_object_foreach(constants, name, value) {
		uint32_t at = add_name(f, name);

		if (at == SCT_NO_TYPE)
			return f->err->status;
		if (!json_is_integer(value))
			return wrong(f, "an enumerator that is no number");
		sct_types_add_enumerator(f->db, &(struct sct_enumerator){ at, (uint64_t)json_integer_value(value) });
	}
	type = &f->db->types.at[id];
	type->first = first;
	type->count = f->db->enumerators.count - first;
	if (type->count)
		qsort(f->db->enumerators.at + first, type->count, sizeof *f->db->enumerators.at, by_value);
	return SCT_OK;
}

static int fill_all(struct isf *f, const json_t *table, int (*fill)(struct isf *f, const json_t *t, uint32_t id))
{
	const char *name;
	json_t *t;

	json_object_foreach((json_t *)table, name, t) {
		f->within = name;
		if (fill(f, t, (uint32_t)json_integer_value(json_object_get(t, NUMBER))) < 0)
			return f->err->status;
	}
	return SCT_OK;
}

static int add_symbols(struct isf *f)
{
	const char *name;
	json_t *s;

	json_object_foreach((json_t *)f->symbols, name, s) {
		const json_t *address = json_object_get(s, "address"), *t = json_object_get(s, "type");
		uint64_t at = (uint64_t)json_integer_value(address);
		uint32_t type = SCT_NO_TYPE, name_at = add_name(f, name);

		f->within = name;
		if (name_at == SCT_NO_TYPE)
			return f->err->status;
		/* functions are of type void, which says nothing */
		if (t && strcmp(text(t, "name"), "void") && (type = refer(f, t, 0)) == SCT_NO_TYPE)
			return f->err->status;
		if (name_at)
			sct_types_add_symbol(f->db, name_at, type, at ? &at : NULL);
	}
	return SCT_OK;
}

/* ---- the whole ---------------------------------------------------------------------------------------------- */

static int note_machine(struct isf *f)
{
	const json_t *pointer = json_object_get(f->base_types, "pointer");
	uint64_t size = 0;

	if (number(pointer, "size", 8, &size) && size != 4 && size != 8)
		size = 0;
	return sct_types_machine(f->db, !strcmp(text(pointer, "endian"), "big"), (uint8_t)size, f->err);
}

static int add_all(struct isf *f, const json_t *root)
{
	f->base_types = json_object_get(root, "base_types");
	f->user_types = json_object_get(root, "user_types");
	f->enums = json_object_get(root, "enums");
	f->symbols = json_object_get(root, "symbols");
	f->first = f->db->types.count;
	if (!json_is_object(f->base_types) || !json_is_object(f->user_types))
		return sct_fail(f->err, SCT_E_FORMAT, 0, "JSON, but no ISF: it has no base_types and user_types");
	if (note_machine(f) < 0 || number_all(f, f->base_types, add_base) < 0 ||
	    number_all(f, f->user_types, add_user) < 0 || number_all(f, f->enums, add_enum) < 0)
		return f->err->status;
	if (fill_all(f, f->user_types, add_fields) < 0 || fill_all(f, f->enums, add_constants) < 0 ||
	    add_symbols(f) < 0 || sct_isf_identity(f->db, f->symbols, f->err) < 0)
		return f->err->status;
	sct_types_index_from(f->db, f->first);
	return SCT_OK;
}

static int probe(const struct sct_file *file)
{
	static const char *const keys[] = {
		"\"metadata\"", "\"base_types\"", "\"user_types\"", "\"symbols\"", "\"enums\"",
	};
	size_t size = file->size < PROBE ? file->size : PROBE, i = 0;

	while (i < size && isspace(file->data[i]))
		i++;
	if (i == size || file->data[i] != '{')
		return 0;
	for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
		if (memmem(file->data, size, keys[k], strlen(keys[k])))
			return 70;
	return 0;
}

static int load(struct sct_types *db, const struct sct_file *file, struct sct_err *err)
{
	struct isf f = { .db = db, .err = err, .within = "the file" };
	json_error_t error;
	char *copy = malloc(file->size);
	json_t *root;
	int rc;

	if (!copy)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for a file of %" PRIu64 " bytes", file->size);
	memcpy(copy, file->data, file->size);
	sct_isf_fold_numbers(copy, file->size);
	root = json_loadb(copy, file->size, 0, &error);
	free(copy);
	if (!root)
		return sct_fail(err, SCT_E_FORMAT, (uint64_t)error.position, "JSON: %s", error.text);
	rc = add_all(&f, root);
	json_decref(root);
	return rc;
}

const struct sct_types_loader sct_types_isf = {
	.name = "isf",
	.summary = "ISF: JSON of dwarf2json and volatility3",
	.probe = probe,
	.load = load,
};
