/* A kernel's types by hand, put in one by one as a loader does.
 * In:  names, sizes, members
 * Out: a type database
 */
#ifndef TEST_KERNEL_TYPES_H
#define TEST_KERNEL_TYPES_H

#include <check.h>
#include <string.h>

#include "../../dwarf/types.h"

static struct sct_types db;
static struct sct_err err;

static uint32_t add(enum sct_type_kind kind, const char *name, uint32_t size, unsigned flags)
{
	struct sct_type t = { .kind = kind, .name = sct_types_add_name(&db, name), .size = size, .flags = (uint8_t)flags };

	t.count = kind == SCT_TYPE_INT ? size * 8 : 0;
	return sct_types_add(&db, &t);
}

static inline uint32_t made_of(enum sct_type_kind kind, const char *name, uint32_t to, uint32_t count)
{
	struct sct_type t = { .kind = kind, .name = sct_types_add_name(&db, name), .to = to, .count = count };

	return sct_types_add(&db, &t);
}

#define POINTER(to) made_of(SCT_TYPE_POINTER, "", to, 0)
#define ARRAY(to, n) made_of(SCT_TYPE_ARRAY, "", to, n)

/* A member at a byte, or with bits that begin at a bit. */
struct field {
	const char *name;
	uint32_t type, byte, bit, bits;
};

static inline uint32_t with_members(enum sct_type_kind kind, const char *name, uint32_t size, const struct field *f,
                                    uint32_t n)
{
	struct sct_type t = { .kind = kind, .name = sct_types_add_name(&db, name), .size = size, .count = n };

	t.first = db.members.count;
	for (uint32_t i = 0; i < n; i++)
		sct_types_add_member(&db, &(struct sct_member){ sct_types_add_name(&db, f[i].name), f[i].type,
		                                                f[i].byte * 8 + f[i].bit, f[i].bits });
	return sct_types_add(&db, &t);
}

#define FIELDS(...) (struct field[]){ __VA_ARGS__ }, sizeof((struct field[]){ __VA_ARGS__ }) / sizeof(struct field)
#define STRUCT(name, size, ...) with_members(SCT_TYPE_STRUCT, name, size, FIELDS(__VA_ARGS__))
#define UNION(name, size, ...) with_members(SCT_TYPE_UNION, name, size, FIELDS(__VA_ARGS__))

static inline uint32_t add_enum(const char *name, unsigned flags, const char *first, uint64_t one, const char *second,
                                uint64_t two)
{
	struct sct_type t = { .kind = SCT_TYPE_ENUM, .name = sct_types_add_name(&db, name), .size = 4, .count = 2 };

	t.flags = (uint8_t)flags;
	t.first = db.enumerators.count;
	sct_types_add_enumerator(&db, &(struct sct_enumerator){ sct_types_add_name(&db, first), one });
	sct_types_add_enumerator(&db, &(struct sct_enumerator){ sct_types_add_name(&db, second), two });
	return sct_types_add(&db, &t);
}

/* Base types, as DWARF and BTF name them. */
static uint32_t c_char, c_uchar, c_int, c_uint, c_ushort, c_long, c_ulong;

static inline void begin_types(bool big_endian, uint8_t pointer_size)
{
	sct_types_init(&db);
	ck_assert_int_eq(sct_types_machine(&db, big_endian, pointer_size, &err), SCT_OK);
	c_char = add(SCT_TYPE_INT, "char", 1, SCT_TYPE_SIGNED | SCT_TYPE_CHAR);
	c_uchar = add(SCT_TYPE_INT, "unsigned char", 1, SCT_TYPE_CHAR);
	c_int = add(SCT_TYPE_INT, "int", 4, SCT_TYPE_SIGNED);
	c_uint = add(SCT_TYPE_INT, "unsigned int", 4, 0);
	c_ushort = add(SCT_TYPE_INT, "short unsigned int", 2, 0);
	c_long = add(SCT_TYPE_INT, "long int", pointer_size, SCT_TYPE_SIGNED);
	c_ulong = add(SCT_TYPE_INT, "long unsigned int", pointer_size, 0);
}

#endif
