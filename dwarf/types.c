/* The type database: flat arrays that grow, and the index from names to what they name.
 * In:  types, members, enumerators and symbols, from loaders
 * Out: the same by number or by name
 */
#include "types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

/* ---- growing ------------------------------------------------------------------------------------------------ */

static void *resized(void *at, size_t count, size_t size)
{
	void *p = realloc(at, count * size);

	if (!p) {
		fputs("sctrace: out of memory\n", stderr);
		abort();
	}
	return p;
}

/* The room that holds need elements: twice as much as there was, or more. */
static uint32_t enough(uint32_t room, uint32_t need)
{
	uint64_t twice = room ? (uint64_t)room * 2 : FIRST_ROOM;

	twice = twice > need ? twice : need;
	return twice < UINT32_MAX ? (uint32_t)twice : UINT32_MAX;
}

/* Room for `more` elements behind those that there are; the caller has made sure that the sum stays below 2^32. */
#define RESERVE(array, more) do { \
	if ((more) > (array)->room - (array)->count) { \
		(array)->room = enough((array)->room, (array)->count + (more)); \
		(array)->at = resized((array)->at, (array)->room, sizeof *(array)->at); \
	} \
} while (0)

uint32_t sct_types_add_bytes(struct sct_types *db, const void *data, size_t size)
{
	uint32_t at = db->strings.count;

	if (size >= UINT32_MAX - at)
		return SCT_NO_TYPE;
	RESERVE(&db->strings, (uint32_t)size);
	if (size)
		memcpy(db->strings.at + at, data, size);
	db->strings.count += (uint32_t)size;
	return at;
}

uint32_t sct_types_add_name(struct sct_types *db, const char *name)
{
	return *name ? sct_types_add_bytes(db, name, strlen(name) + 1) : 0;
}

uint32_t sct_types_add(struct sct_types *db, const struct sct_type *type)
{
	RESERVE(&db->types, 1);
	db->types.at[db->types.count] = *type;
	return db->types.count++;
}

uint32_t sct_types_add_member(struct sct_types *db, const struct sct_member *member)
{
	RESERVE(&db->members, 1);
	db->members.at[db->members.count] = *member;
	return db->members.count++;
}

uint32_t sct_types_add_enumerator(struct sct_types *db, const struct sct_enumerator *enumerator)
{
	RESERVE(&db->enumerators, 1);
	db->enumerators.at[db->enumerators.count] = *enumerator;
	return db->enumerators.count++;
}

int sct_types_machine(struct sct_types *db, bool big_endian, uint8_t pointer_size, struct sct_err *err)
{
	if (db->has_machine && db->big_endian != big_endian)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET,
			"its types are of a machine of the other byte order than those before");
	if (db->pointer_size && pointer_size && db->pointer_size != pointer_size)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "its types have pointers of %u bytes, those before of %u",
			pointer_size, db->pointer_size);
	db->has_machine = true;
	db->big_endian = big_endian;
	if (pointer_size)
		db->pointer_size = pointer_size;
	return SCT_OK;
}

static int other_kernel(const struct sct_types *db, const char *banner, struct sct_err *err)
{
	if (banner && db->identity.banner)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "it is of another kernel (%.150s) than those before (%.150s)",
			banner, sct_types_name(db, db->identity.banner));
	return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET,
		"it is of another build of the kernel than those before: their build ids differ");
}

static bool same_banner(const char *a, const char *b)
{
	size_t length = strcspn(a, "\n");

	return length == strcspn(b, "\n") && !memcmp(a, b, length);
}

/* The banner without the line break that it ends in: not every source has it. */
static int add_banner(struct sct_types *db, const char *banner, struct sct_err *err)
{
	size_t length = strcspn(banner, "\n");
	uint32_t at = sct_types_add_bytes(db, banner, length);

	if (at == SCT_NO_TYPE || sct_types_add_bytes(db, "", 1) == SCT_NO_TYPE)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "more than 4 GiB of names");
	db->identity.banner = length ? at : 0;
	return SCT_OK;
}

int sct_types_identity(struct sct_types *db, const uint8_t *build_id, size_t size, const char *banner,
                       struct sct_err *err)
{
	size = size <= sizeof db->identity.build_id ? size : 0; /* of a kind that is not known */
	if (size && db->identity.build_id_size &&
	    (size != db->identity.build_id_size || memcmp(build_id, db->identity.build_id, size)))
		return other_kernel(db, banner, err);
	if (banner && db->identity.banner && !same_banner(banner, sct_types_name(db, db->identity.banner)))
		return other_kernel(db, banner, err);
	if (size)
		memcpy(db->identity.build_id, build_id, size);
	if (size)
		db->identity.build_id_size = (uint32_t)size;
	return banner && !db->identity.banner ? add_banner(db, banner, err) : SCT_OK;
}

void sct_types_init(struct sct_types *db)
{
	memset(db, 0, sizeof *db);
	sct_types_add_bytes(db, "", 1);
	sct_types_add(db, &(struct sct_type){ .kind = SCT_TYPE_VOID });
}

void sct_types_fini(struct sct_types *db)
{
	free(db->types.at);
	free(db->members.at);
	free(db->enumerators.at);
	free(db->symbols.at);
	free(db->strings.at);
	free(db->by_name.slots);
	free(db->symbol_by_name.slots);
	memset(db, 0, sizeof *db);
}

/* ---- names -------------------------------------------------------------------------------------------------- */

/* Eight bytes of a name at a time, multiplied by 2^64 over the golden ratio (Knuth, TAOCP 3, 6.4) and folded; begun
 * with a kind, so that a struct and a typedef of one name lie apart. Indices are kept in files by it: dwarf/cache.c,
 * VERSION. */
static uint32_t hash(unsigned kind, const char *name)
{
	size_t len = strlen(name);
	uint64_t h = kind + len, word;

	for (; len >= sizeof word; len -= sizeof word, name += sizeof word) {
		memcpy(&word, name, sizeof word);
		h = (h ^ word) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	word = 0;
	memcpy(&word, name, len);
	h = (h ^ word) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(h >> 32);
}

typedef bool is_it_fn(const struct sct_types *db, uint32_t id, unsigned kind, const char *name);

static bool is_type(const struct sct_types *db, uint32_t id, unsigned kind, const char *name)
{
	const struct sct_type *t = sct_type(db, id);

	return t->kind == kind && !strcmp(sct_types_name(db, t->name), name);
}

static bool is_symbol(const struct sct_types *db, uint32_t id, unsigned kind, const char *name)
{
	return !kind && !strcmp(sct_types_name(db, db->symbols.at[id].name), name);
}

/* The slot of what is called so, or the empty one where it would go. The index has at least one empty slot. */
static uint32_t *slot(const struct sct_types *db, const struct sct_types_index *x, is_it_fn *is_it, unsigned kind,
                      const char *name)
{
	uint32_t i = hash(kind, name) & (x->size - 1);

	while (x->slots[i] && !is_it(db, x->slots[i] - 1, kind, name))
		i = (i + 1) & (x->size - 1);
	return &x->slots[i];
}

static unsigned type_kind(const struct sct_types *db, uint32_t id)
{
	return sct_type(db, id)->kind;
}

static uint32_t type_name(const struct sct_types *db, uint32_t id)
{
	return sct_type(db, id)->name;
}

/* Empties the index and makes it twice as large as need asks for. */
static void resize_index(struct sct_types_index *x, uint32_t need)
{
	uint32_t size = 256;

	while (size < need && size < UINT32_C(1) << 31)
		size *= 2;
	free(x->slots);
	x->slots = memset(resized(NULL, size, sizeof *x->slots), 0, size * sizeof *x->slots);
	x->size = size;
	x->used = 0;
}

/* What can be looked up: it has a name, and is a definition. */
static bool is_findable(const struct sct_type *t)
{
	return t->name && (t->kind == SCT_TYPE_STRUCT || t->kind == SCT_TYPE_UNION || t->kind == SCT_TYPE_ENUM ||
	                   t->kind == SCT_TYPE_TYPEDEF || t->kind == SCT_TYPE_INT || t->kind == SCT_TYPE_FLOAT);
}

static void index_type(struct sct_types *db, uint32_t id)
{
	uint32_t *at;

	if (!is_findable(sct_type(db, id)))
		return;
	at = slot(db, &db->by_name, is_type, type_kind(db, id), sct_types_name(db, type_name(db, id)));
	if (!*at) {
		*at = id + 1;
		db->by_name.used++;
	}
}

static uint32_t findable_from(const struct sct_types *db, uint32_t first)
{
	uint32_t n = 0;

	for (uint32_t id = first; id < db->types.count; id++)
		n += is_findable(sct_type(db, id));
	return n;
}

void sct_types_index_from(struct sct_types *db, uint32_t first)
{
	uint32_t need = db->by_name.used + findable_from(db, first);

	if (need > db->by_name.size / 2) {
		resize_index(&db->by_name, need * 2 + 1);
		first = 0;
	}
	for (uint32_t id = first; id < db->types.count; id++)
		index_type(db, id);
}

uint32_t sct_types_find(const struct sct_types *db, enum sct_type_kind kind, const char *name)
{
	uint32_t *at = db->by_name.size ? slot(db, &db->by_name, is_type, kind, name) : NULL;

	return at && *at ? *at - 1 : SCT_NO_TYPE;
}

uint32_t sct_types_find_any(const struct sct_types *db, const char *name)
{
	static const struct {
		enum sct_type_kind kind;
		const char *word;
	} order[] = {
		{ SCT_TYPE_STRUCT, "struct " }, { SCT_TYPE_UNION, "union " }, { SCT_TYPE_ENUM, "enum " },
		{ SCT_TYPE_TYPEDEF, NULL }, { SCT_TYPE_INT, NULL }, { SCT_TYPE_FLOAT, NULL },
	};
	uint32_t id = SCT_NO_TYPE;

	for (size_t i = 0; i < 3; i++)
		if (!strncmp(name, order[i].word, strlen(order[i].word)))
			return sct_types_find(db, order[i].kind, name + strlen(order[i].word));
	for (size_t i = 0; i < sizeof order / sizeof *order && id == SCT_NO_TYPE; i++)
		id = sct_types_find(db, order[i].kind, name);
	return id;
}

/* ---- symbols ------------------------------------------------------------------------------------------------ */

static void index_symbol(struct sct_types *db, uint32_t id)
{
	*slot(db, &db->symbol_by_name, is_symbol, 0, sct_types_name(db, db->symbols.at[id].name)) = id + 1;
	db->symbol_by_name.used++;
}

/* Room in the index for so many symbols, half of it left empty. */
static void grow_symbol_index(struct sct_types *db, uint64_t symbols)
{
	if (symbols < db->symbol_by_name.size / 2)
		return;
	resize_index(&db->symbol_by_name, symbols < UINT32_MAX / 4 ? (uint32_t)symbols * 2 + 1 : UINT32_MAX);
	for (uint32_t i = 0; i < db->symbols.count; i++)
		index_symbol(db, i);
}

void sct_types_expect_symbols(struct sct_types *db, uint32_t more)
{
	grow_symbol_index(db, (uint64_t)db->symbols.count + more);
}

void sct_types_add_symbol(struct sct_types *db, uint32_t name, uint32_t type, const uint64_t *address)
{
	struct sct_symbol *s;
	uint32_t *at;

	if (db->symbols.count >= db->symbol_by_name.size / 2)
		grow_symbol_index(db, (uint64_t)db->symbols.count * 4); /* seldom, for each time all are put in anew */
	at = slot(db, &db->symbol_by_name, is_symbol, 0, sct_types_name(db, name));
	if (!*at) {
		RESERVE(&db->symbols, 1);
		db->symbols.at[db->symbols.count] = (struct sct_symbol){ .name = name, .type = SCT_NO_TYPE };
		*at = ++db->symbols.count;
		db->symbol_by_name.used++;
	}
	s = &db->symbols.at[*at - 1];
	if (s->type == SCT_NO_TYPE)
		s->type = type;
	if (!address)
		return;
	s->several |= s->has_address && s->address != *address;
	if (!s->has_address)
		s->address = *address;
	s->has_address = true;
}

const struct sct_symbol *sct_types_symbol(const struct sct_types *db, const char *name)
{
	uint32_t *at = db->symbol_by_name.size ? slot(db, &db->symbol_by_name, is_symbol, 0, name) : NULL;

	return at && *at ? &db->symbols.at[*at - 1] : NULL;
}

/* ---- what types come to ------------------------------------------------------------------------------------- */

/* The definition that a FORWARD stands for, or itself. */
static uint32_t defined(const struct sct_types *db, uint32_t id)
{
	const struct sct_type *t = sct_type(db, id);
	enum sct_type_kind kind = t->flags & SCT_TYPE_OF_UNION ? SCT_TYPE_UNION :
	                          t->flags & SCT_TYPE_OF_ENUM ? SCT_TYPE_ENUM : SCT_TYPE_STRUCT;
	uint32_t found = sct_types_find(db, kind, sct_types_name(db, t->name));

	return found != SCT_NO_TYPE ? found : id;
}

uint32_t sct_type_strip(const struct sct_types *db, uint32_t id)
{
	for (int step = 0; step < SCT_TYPES_DEPTH; step++) {
		const struct sct_type *t = sct_type(db, id);

		switch (t->kind) {
		case SCT_TYPE_TYPEDEF:
		case SCT_TYPE_CONST:
		case SCT_TYPE_VOLATILE:
		case SCT_TYPE_RESTRICT:
		case SCT_TYPE_TAG: id = t->to; break;
		case SCT_TYPE_FORWARD: return defined(db, id);
		default: return id;
		}
	}
	return 0;
}

bool sct_type_size(const struct sct_types *db, uint32_t id, uint32_t *size)
{
	uint64_t elements = 1, bytes;
	const struct sct_type *t = sct_type(db, sct_type_strip(db, id));

	for (int step = 0; t->kind == SCT_TYPE_ARRAY; step++) {
		elements *= t->count;
		if (step == SCT_TYPES_DEPTH || elements > UINT32_MAX)
			return false;
		t = sct_type(db, sct_type_strip(db, t->to));
	}
	if (t->kind == SCT_TYPE_VOID || t->kind == SCT_TYPE_FUNCTION || t->kind == SCT_TYPE_FORWARD)
		return false;
	bytes = t->kind == SCT_TYPE_POINTER ? db->pointer_size : t->size;
	if ((t->kind == SCT_TYPE_POINTER && !bytes) || bytes * elements > UINT32_MAX)
		return false;
	*size = (uint32_t)(bytes * elements);
	return true;
}
