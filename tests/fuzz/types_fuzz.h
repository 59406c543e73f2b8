/* What every fuzz target of a loader of types does: loads the bytes, then asks all that can be asked.
 * In:  bytes, the loader
 * Out: nothing, or an abort
 */
#ifndef SCT_TYPES_FUZZ_H
#define SCT_TYPES_FUZZ_H

#include <stdlib.h>
#include <string.h>

#include "../../dwarf/loaders.h"

/* The sanitizer finds what lies outside. */
static inline void ask_type(const struct sct_types *db, uint32_t id)
{
	const struct sct_type *t = sct_type(db, id);
	const char *name = sct_types_name(db, t->name);
	char text[128];
	uint32_t size;

	if (sct_type_strip(db, id) >= db->types.count || strlen(name) > db->strings.count)
		abort();
	sct_type_size(db, id, &size);
	sct_type_declare(db, id, name, text, sizeof text);
	sct_types_find_any(db, name);
	if (t->kind != SCT_TYPE_ENUM && t->kind != SCT_TYPE_STRUCT && t->kind != SCT_TYPE_UNION &&
	    t->kind != SCT_TYPE_FUNCTION)
		return;
	for (uint32_t i = 0; i < t->count; i++) {
		if (t->kind == SCT_TYPE_ENUM)
			name = sct_types_name(db, db->enumerators.at[t->first + i].name);
		else
			name = sct_types_name(db, db->members.at[t->first + i].name);
		if (strlen(name) > db->strings.count)
			abort();
		if (t->kind != SCT_TYPE_ENUM && db->members.at[t->first + i].type >= db->types.count)
			abort();
	}
}

static inline void ask_things(const struct sct_types *db)
{
	for (uint32_t id = 0; id < db->types.count; id++)
		ask_type(db, id);
	for (uint32_t i = 0; i < db->symbols.count; i++) {
		const struct sct_symbol *s = &db->symbols.at[i];

		sct_types_symbol(db, sct_types_name(db, s->name));
		if (s->type != SCT_NO_TYPE && s->type >= db->types.count)
			abort();
	}
}

/* What has a name is found by it. */
static inline void ask_names(const struct sct_types *db)
{
	for (uint32_t id = 0; id < db->types.count; id++) {
		const struct sct_type *t = sct_type(db, id);

		if (t->kind == SCT_TYPE_STRUCT && t->name &&
		    sct_types_find(db, SCT_TYPE_STRUCT, sct_types_name(db, t->name)) == SCT_NO_TYPE)
			abort();
	}
	for (uint32_t i = 0; i < db->symbols.count; i++)
		if (sct_types_symbol(db, sct_types_name(db, db->symbols.at[i].name)) != &db->symbols.at[i])
			abort();
}

static inline void ask_all(const struct sct_types *db)
{
	ask_things(db);
	ask_names(db);
}

/* Loads data into the database; false: it is refused, and nothing may be asked. */
static inline bool fuzz_load(struct sct_types *db, const struct sct_types_loader *loader, const uint8_t *data,
                             size_t size)
{
	struct sct_file file = { .data = data, .size = size, .fd = -1 };
	struct sct_err err = { 0 };

	if (!size)
		return false;
	loader->probe(&file);
	if (loader->load(db, &file, &err) == SCT_OK)
		return true;
	if (!err.status || !*err.text)
		abort();
	return false;
}

static inline void fuzz_types(const struct sct_types_loader *loader, const uint8_t *data, size_t size)
{
	struct sct_types db;

	sct_types_init(&db);
	if (fuzz_load(&db, loader, data, size))
		ask_all(&db);
	sct_types_fini(&db);
}

#endif
