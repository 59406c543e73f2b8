/* Types from DIEs, each kind by its tag.
 * In:  DIEs of types (DWARF 5, chapter 5)
 * Out: types in the database, of which equal ones are one
 *
 * A named struct, union or enum is known again by its signature; its members are read when it is seen first. Everything
 * else is known again by what it is made from, so unnamed structs by all of their members.
 */
#include <string.h>

#include "dwarf_build.h"

typedef uint32_t add_fn(struct sct_dwarf_build *b, Dwarf_Die die, const struct sct_die *d, struct sct_type *t,
                        unsigned depth);

static uint32_t failed(struct sct_dwarf_build *b, const struct sct_die *d, const char *what)
{
	sct_die_damaged(b->file, d->offset, what, b->err);
	return SCT_NO_TYPE;
}

static uint32_t made_from(struct sct_dwarf_build *b, const struct sct_die *d, unsigned depth)
{
	return sct_die_has(d, SCT_DW_TYPE) ? sct_dwarf_type_at(b, d->value[SCT_DW_TYPE], depth) : 0;
}

/* ---- kinds -------------------------------------------------------------------------------------------------- */

static uint32_t add_base(struct sct_dwarf_build *b, Dwarf_Die die, const struct sct_die *d, struct sct_type *t,
                         unsigned depth)
{
	uint64_t encoding = d->value[SCT_DW_ENCODING];

	(void)die, (void)depth;
	t->kind = encoding == DW_ATE_float ? SCT_TYPE_FLOAT : SCT_TYPE_INT;
	if (encoding == DW_ATE_complex_float || encoding == DW_ATE_imaginary_float)
		return 0;
	if (t->kind == SCT_TYPE_INT)
		t->count = (uint32_t)(sct_die_has(d, SCT_DW_BIT_SIZE) ? d->value[SCT_DW_BIT_SIZE] : t->size * 8);
	if (encoding == DW_ATE_signed || encoding == DW_ATE_signed_char)
		t->flags |= SCT_TYPE_SIGNED;
	/* C calls three types so; only one of them is for text */
	if ((encoding == DW_ATE_signed_char || encoding == DW_ATE_unsigned_char) && !strcmp(d->name, "char"))
		t->flags |= SCT_TYPE_CHAR;
	if (encoding == DW_ATE_boolean)
		t->flags |= SCT_TYPE_BOOL;
	return sct_dwarf_intern(b, t, 0);
}

/* A name whose definition is elsewhere. */
static uint32_t add_forward(struct sct_dwarf_build *b, struct sct_type *t)
{
	t->flags = t->kind == SCT_TYPE_UNION ? SCT_TYPE_OF_UNION : t->kind == SCT_TYPE_ENUM ? SCT_TYPE_OF_ENUM : 0;
	t->kind = SCT_TYPE_FORWARD;
	t->size = 0;
	return sct_dwarf_intern(b, t, 0);
}

static int read_inside(struct sct_dwarf_build *b, Dwarf_Die die, struct sct_type *t, unsigned depth)
{
	return t->kind == SCT_TYPE_ENUM ? sct_dwarf_enumerators(b, die, t) : sct_dwarf_members(b, die, t, depth);
}

static uint32_t depth_of_stack(const struct sct_dwarf_build *b, const struct sct_type *t)
{
	return t->kind == SCT_TYPE_ENUM ? b->enumerators.count : b->members.count;
}

static uint32_t add_composite(struct sct_dwarf_build *b, Dwarf_Die die, const struct sct_die *d, struct sct_type *t,
                              unsigned depth)
{
	uint32_t id, first = depth_of_stack(b, t);

	if (sct_die_has(d, SCT_DW_SIGNATURE))
		return sct_dwarf_type_at(b, d->value[SCT_DW_SIGNATURE], depth);
	if (sct_die_has(d, SCT_DW_DECLARATION))
		return add_forward(b, t);
	if (!t->name)
		return read_inside(b, die, t, depth) < 0 ? SCT_NO_TYPE : sct_dwarf_intern(b, t, first);
	id = sct_types_add(b->db, t);
	sct_dwarf_push_later(b, d->offset, id);
	return id;
}

/* Some compilers say of an enum whether it is signed, or name the integer type that it is kept in. */
static uint32_t add_enum(struct sct_dwarf_build *b, Dwarf_Die die, const struct sct_die *d, struct sct_type *t,
                         unsigned depth)
{
	uint32_t in = made_from(b, d, depth);

	if (in == SCT_NO_TYPE)
		return SCT_NO_TYPE;
	in = sct_type_strip(b->db, in);
	if (sct_type(b->db, in)->kind == SCT_TYPE_INT)
		t->flags |= sct_type(b->db, in)->flags & SCT_TYPE_SIGNED;
	if (d->value[SCT_DW_ENCODING] == DW_ATE_signed)
		t->flags |= SCT_TYPE_SIGNED;
	return add_composite(b, die, d, t, depth);
}

static uint32_t add_reference(struct sct_dwarf_build *b, Dwarf_Die die, const struct sct_die *d, struct sct_type *t,
                              unsigned depth)
{
	(void)die;
	t->size = 0;
	t->name = t->kind == SCT_TYPE_TYPEDEF ? t->name : 0;
	t->to = made_from(b, d, depth);
	return t->to == SCT_NO_TYPE ? SCT_NO_TYPE : sct_dwarf_intern(b, t, 0);
}

/* Elements in one dimension; 0: flexible. Compilers have written -1 as the last index of an array of no elements. */
static uint64_t elements(const struct sct_die *range)
{
	uint64_t last = range->value[SCT_DW_UPPER];

	if (sct_die_has(range, SCT_DW_COUNT))
		return range->value[SCT_DW_COUNT];
	return sct_die_has(range, SCT_DW_UPPER) && last != UINT32_MAX ? last + 1 : 0;
}

/* The array whose first dimension is child's; the dimensions behind it are what its elements are arrays of. */
static uint32_t dimensions(struct sct_dwarf_build *b, Dwarf_Die *child, uint32_t of, unsigned depth)
{
	struct sct_type t = { .kind = SCT_TYPE_ARRAY };
	struct sct_die range;
	uint64_t count;
	int more;

	if (sct_die_read(b->file, *child, &range, b->err) < 0)
		return SCT_NO_TYPE;
	if (!depth)
		return failed(b, &range, "an array of too many dimensions");
	more = sct_die_next(b->file, child, b->err);
	t.to = more < 0 ? SCT_NO_TYPE : more ? dimensions(b, child, of, depth - 1) : of;
	if (t.to == SCT_NO_TYPE || range.tag != DW_TAG_subrange_type)
		return t.to;
	count = elements(&range);
	if (count > UINT32_MAX)
		return failed(b, &range, "an array of more than 4294967295 elements");
	t.count = (uint32_t)count;
	return sct_dwarf_intern(b, &t, 0);
}

static uint32_t add_array(struct sct_dwarf_build *b, Dwarf_Die die, const struct sct_die *d, struct sct_type *t,
                          unsigned depth)
{
	uint32_t of = made_from(b, d, depth);
	Dwarf_Die child = NULL;
	int rc = of == SCT_NO_TYPE ? -1 : sct_die_child(b->file, die, &child, b->err);

	if (rc > 0)
		of = dimensions(b, &child, of, SCT_TYPES_DEPTH);
	sct_die_done(b->file, child);
	if (rc)
		return rc < 0 ? SCT_NO_TYPE : of;
	*t = (struct sct_type){ .kind = SCT_TYPE_ARRAY, .to = of };
	return sct_dwarf_intern(b, t, 0);
}

static uint32_t add_function(struct sct_dwarf_build *b, Dwarf_Die die, const struct sct_die *d, struct sct_type *t,
                             unsigned depth)
{
	uint32_t first = b->members.count;

	*t = (struct sct_type){ .kind = SCT_TYPE_FUNCTION, .to = made_from(b, d, depth) };
	if (t->to == SCT_NO_TYPE || sct_dwarf_parameters(b, die, t, depth) < 0)
		return SCT_NO_TYPE;
	return sct_dwarf_intern(b, t, first);
}

/* ---- by tag ------------------------------------------------------------------------------------------------- */

static const struct {
	uint16_t tag;
	uint8_t kind;
	bool is_found; /* by its name */
	add_fn *add;
} tags[] = {
	{ DW_TAG_structure_type, SCT_TYPE_STRUCT, true, add_composite },
	{ DW_TAG_typedef, SCT_TYPE_TYPEDEF, true, add_reference },
	{ DW_TAG_union_type, SCT_TYPE_UNION, true, add_composite },
	{ DW_TAG_enumeration_type, SCT_TYPE_ENUM, true, add_enum },
	{ DW_TAG_base_type, SCT_TYPE_INT, true, add_base },
	{ DW_TAG_class_type, SCT_TYPE_STRUCT, true, add_composite },
	{ DW_TAG_pointer_type, SCT_TYPE_POINTER, false, add_reference },
	{ DW_TAG_reference_type, SCT_TYPE_POINTER, false, add_reference },
	{ DW_TAG_rvalue_reference_type, SCT_TYPE_POINTER, false, add_reference },
	{ DW_TAG_const_type, SCT_TYPE_CONST, false, add_reference },
	{ DW_TAG_volatile_type, SCT_TYPE_VOLATILE, false, add_reference },
	{ DW_TAG_restrict_type, SCT_TYPE_RESTRICT, false, add_reference },
	{ DW_TAG_atomic_type, SCT_TYPE_TAG, false, add_reference },
	{ DW_TAG_array_type, SCT_TYPE_ARRAY, false, add_array },
	{ DW_TAG_subroutine_type, SCT_TYPE_FUNCTION, false, add_function },
};

bool sct_dwarf_is_type(uint16_t tag)
{
	for (size_t i = 0; i < sizeof tags / sizeof *tags && tags[i].is_found; i++)
		if (tags[i].tag == tag)
			return true;
	return false;
}

static uint32_t by_tag(struct sct_dwarf_build *b, Dwarf_Die die, const struct sct_die *d, unsigned depth)
{
	struct sct_type t = { .size = (uint32_t)d->value[SCT_DW_SIZE] };

	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
		if (tags[i].tag != d->tag)
			continue;
		if (d->value[SCT_DW_SIZE] > UINT32_MAX)
			return failed(b, d, "a type of 4 GiB or more");
		t.kind = tags[i].kind;
		t.name = sct_dwarf_name(b, d->name);
		return t.name == SCT_NO_TYPE ? SCT_NO_TYPE : tags[i].add(b, die, d, &t, depth);
	}
	return 0; /* what is of no kind that C has is not described */
}

/* Reads the DIE of a type that this unit has not referred to yet. */
static uint32_t new_in_unit(struct sct_dwarf_build *b, Dwarf_Die die, uint16_t tag, unsigned depth)
{
	bool composite = tag == DW_TAG_structure_type || tag == DW_TAG_union_type || tag == DW_TAG_enumeration_type ||
	                 tag == DW_TAG_class_type;
	uint64_t key = 0;
	int has_key = composite ? sct_dwarf_signature(b, die, tag, &key) : 0;
	uint32_t id = has_key > 0 ? sct_number_map_get(&b->signatures, key) : SCT_MAP_NONE;
	struct sct_die d;

	if (id != SCT_MAP_NONE)
		return id;
	if (has_key < 0 || sct_die_read(b->file, die, &d, b->err) < 0)
		return SCT_NO_TYPE;
	if (!depth)
		return failed(b, &d, "types that refer to each other in a circle");
	id = by_tag(b, die, &d, depth - 1);
	if (has_key && id != SCT_NO_TYPE)
		sct_number_map_put(&b->signatures, key, id);
	return id;
}

static uint32_t type_of_die(struct sct_dwarf_build *b, Dwarf_Die die, uint64_t offset, unsigned depth)
{
	Dwarf_Error error = NULL;
	Dwarf_Half tag = 0;
	uint32_t id;
	int rc = dwarf_tag(die, &tag, &error);

	if (rc != DW_DLV_OK) {
		sct_die_fail(b->file, offset, rc, error, b->err);
		return SCT_NO_TYPE;
	}
	id = new_in_unit(b, die, tag, depth);
	if (id != SCT_NO_TYPE)
		sct_number_map_put(&b->by_offset, offset, id);
	return id;
}

uint32_t sct_dwarf_type_at(struct sct_dwarf_build *b, uint64_t offset, unsigned depth)
{
	uint32_t id = sct_number_map_get(&b->by_offset, offset);
	Dwarf_Die die = NULL;

	if (id != SCT_MAP_NONE)
		return id;
	if (sct_die_at(b->file, offset, &die, b->err) < 0)
		return SCT_NO_TYPE;
	id = type_of_die(b, die, offset, depth);
	sct_die_done(b->file, die);
	return id;
}

uint32_t sct_dwarf_type(struct sct_dwarf_build *b, Dwarf_Die die)
{
	uint64_t offset = sct_die_offset(die);
	uint32_t id = sct_number_map_get(&b->by_offset, offset);

	return id != SCT_MAP_NONE ? id : type_of_die(b, die, offset, SCT_DWARF_DEPTH);
}

uint32_t sct_dwarf_type_of(struct sct_dwarf_build *b, const struct sct_die *d)
{
	return made_from(b, d, SCT_DWARF_DEPTH);
}

uint32_t sct_dwarf_function(struct sct_dwarf_build *b, Dwarf_Die die, const struct sct_die *d)
{
	struct sct_type t;

	return add_function(b, die, d, &t, SCT_DWARF_DEPTH);
}

/* ---- members, later ----------------------------------------------------------------------------------------- */

static int finish_one(struct sct_dwarf_build *b, const struct sct_dwarf_later *l)
{
	struct sct_type t = *sct_type(b->db, l->id);
	uint32_t first = depth_of_stack(b, &t);
	Dwarf_Die die = NULL;
	int rc;

	if (sct_die_at(b->file, l->offset, &die, b->err) < 0)
		return b->err->status;
	rc = read_inside(b, die, &t, SCT_DWARF_DEPTH);
	sct_die_done(b->file, die);
	if (rc < 0)
		return rc;
	b->db->types.at[l->id].flags = t.flags;
	sct_dwarf_settle(b, l->id, first);
	return SCT_OK;
}

int sct_dwarf_finish_later(struct sct_dwarf_build *b)
{
	while (b->later.count) {
		struct sct_dwarf_later l = b->later.at[--b->later.count];

		if (finish_one(b, &l) < 0)
			return b->err->status;
	}
	return SCT_OK;
}
