/* A database that a test's loader fills, and what is asked of it.
 * In:  types that were loaded
 * Out: held against what they should be
 */
#ifndef TEST_LOADED_TYPES_H
#define TEST_LOADED_TYPES_H

#include <check.h>

#include "../../dwarf/loaders.h"

static struct sct_types db;
static struct sct_err err;

static void setup(void)
{
	sct_types_init(&db);
}

static void teardown(void)
{
	sct_types_fini(&db);
}

/* The type of this name, which must be there. */
static inline const struct sct_type *found(enum sct_type_kind kind, const char *name)
{
	uint32_t id = sct_types_find(&db, kind, name);

	ck_assert_msg(id != SCT_NO_TYPE, "%s", name);
	return sct_type(&db, id);
}

static inline void ck_member(const struct sct_type *t, uint32_t i, const char *expected, uint32_t bit_offset,
                             uint32_t bits)
{
	const struct sct_member *m = &db.members.at[t->first + i];
	char text[128];

	ck_assert_uint_lt(i, t->count);
	sct_type_declare(&db, m->type, sct_types_name(&db, m->name), text, sizeof text);
	ck_assert_str_eq(text, expected);
	ck_assert_uint_eq(m->bit_offset, bit_offset);
	ck_assert_uint_eq(m->bits, bits);
}

#endif
