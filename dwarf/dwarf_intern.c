/* What is the same once in the database: names, and types that are made from the same types.
 * In:  types as they were read
 * Out: their numbers
 */
#include "dwarf_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- stacks ------------------------------------------------------------------------------------------------- */

static void *grown(void *at, uint32_t *room, size_t size)
{
	*room = *room ? *room * 2 : 64;
	at = realloc(at, *room * size);
	if (!at) {
		fputs("sctrace: out of memory\n", stderr);
		abort();
	}
	return at;
}

#define PUSH(array, value) do { \
	if ((array)->count == (array)->room) \
		(array)->at = grown((array)->at, &(array)->room, sizeof *(array)->at); \
	(array)->at[(array)->count++] = (value); \
} while (0)

void sct_dwarf_push_member(struct sct_dwarf_build *b, const struct sct_member *member)
{
	PUSH(&b->members, *member);
}

void sct_dwarf_push_enumerator(struct sct_dwarf_build *b, const struct sct_enumerator *enumerator)
{
	PUSH(&b->enumerators, *enumerator);
}

void sct_dwarf_push_later(struct sct_dwarf_build *b, uint64_t offset, uint32_t id)
{
	PUSH(&b->later, ((struct sct_dwarf_later){ offset, id }));
}

void sct_dwarf_build_fini(struct sct_dwarf_build *b)
{
	sct_number_map_fini(&b->by_offset);
	sct_number_map_fini(&b->names);
	sct_number_map_fini(&b->shapes);
	sct_number_map_fini(&b->signatures);
	free(b->later.at);
	free(b->members.at);
	free(b->enumerators.at);
}

/* ---- names -------------------------------------------------------------------------------------------------- */

/* Each name is one of a file's, or the end of one: together they are hardly longer than what the file has. */
static uint32_t new_name(struct sct_dwarf_build *b, const char *name, uint64_t key)
{
	size_t size = strlen(name) + 1;
	uint32_t at;

	if (size > b->names_left) {
		sct_fail(b->err, SCT_E_FORMAT, SCT_NO_OFFSET, "DWARF: its names are together longer than %d times its sections",
			SCT_DWARF_NAMES_MOST);
		return SCT_NO_TYPE;
	}
	b->names_left -= size;
	at = sct_types_add_name(b->db, name);
	if (at == SCT_NO_TYPE)
		sct_fail(b->err, SCT_E_NOMEM, SCT_NO_OFFSET, "more than 4 GiB of names");
	else
		sct_number_map_put(&b->names, key, at);
	return at;
}

uint32_t sct_dwarf_name(struct sct_dwarf_build *b, const char *name)
{
	uint64_t key = sct_hash_more(SCT_HASH_START, name, strlen(name));
	uint32_t at;

	if (!*name)
		return 0;
	for (;; key++) {
		at = sct_number_map_get(&b->names, key);
		if (at == SCT_MAP_NONE)
			break;
		if (!strcmp(sct_types_name(b->db, at), name))
			return at;
	}
	return new_name(b, name, key);
}

/* ---- types -------------------------------------------------------------------------------------------------- */

static bool has_members(const struct sct_type *t)
{
	return t->kind == SCT_TYPE_STRUCT || t->kind == SCT_TYPE_UNION || t->kind == SCT_TYPE_FUNCTION;
}

static uint64_t hash(const struct sct_dwarf_build *b, const struct sct_type *t, uint32_t first)
{
	const uint32_t all[] = { t->name, t->size, t->to, t->count, t->kind, t->flags };
	uint64_t h = sct_hash_more(SCT_HASH_START, all, sizeof all);

	if (has_members(t) && t->count)
		return sct_hash_more(h, b->members.at + first, t->count * sizeof *b->members.at);
	for (uint32_t i = 0; t->kind == SCT_TYPE_ENUM && i < t->count; i++) { /* between name and value nothing is set */
		const uint64_t one[] = { b->enumerators.at[first + i].name, b->enumerators.at[first + i].value };

		h = sct_hash_more(h, one, sizeof one);
	}
	return h;
}

static bool same_enumerators(const struct sct_enumerator *a, const struct sct_enumerator *b, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (a[i].name != b[i].name || a[i].value != b[i].value)
			return false;
	return true;
}

static bool is_same(const struct sct_dwarf_build *b, uint32_t id, const struct sct_type *t, uint32_t first)
{
	const struct sct_type *its = sct_type(b->db, id);

	if (its->name != t->name || its->size != t->size || its->to != t->to || its->count != t->count ||
	    its->kind != t->kind || its->flags != t->flags)
		return false;
	if (!t->count)
		return true;
	if (has_members(t))
		return !memcmp(b->db->members.at + its->first, b->members.at + first, t->count * sizeof *b->members.at);
	return t->kind != SCT_TYPE_ENUM ||
	       same_enumerators(b->db->enumerators.at + its->first, b->enumerators.at + first, t->count);
}

void sct_dwarf_settle(struct sct_dwarf_build *b, uint32_t id, uint32_t first)
{
	struct sct_type *t = &b->db->types.at[id];

	if (has_members(t)) {
		t->first = b->db->members.count;
		t->count = b->members.count - first;
		for (uint32_t i = first; i < b->members.count; i++)
			sct_types_add_member(b->db, &b->members.at[i]);
		b->members.count = first;
	} else if (t->kind == SCT_TYPE_ENUM) {
		t->first = b->db->enumerators.count;
		t->count = b->enumerators.count - first;
		for (uint32_t i = first; i < b->enumerators.count; i++)
			sct_types_add_enumerator(b->db, &b->enumerators.at[i]);
		b->enumerators.count = first;
	}
}

uint32_t sct_dwarf_intern(struct sct_dwarf_build *b, const struct sct_type *t, uint32_t first)
{
	uint64_t key = hash(b, t, first);
	uint32_t id;

	for (;; key++) {
		id = sct_number_map_get(&b->shapes, key);
		if (id == SCT_MAP_NONE)
			break;
		if (is_same(b, id, t, first)) {
			if (has_members(t))
				b->members.count = first;
			else if (t->kind == SCT_TYPE_ENUM)
				b->enumerators.count = first;
			return id;
		}
	}
	id = sct_types_add(b->db, t);
	sct_number_map_put(&b->shapes, key, id);
	sct_dwarf_settle(b, id, first);
	return id;
}
