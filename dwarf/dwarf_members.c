/* Members of structs and unions, enumerators, parameters.
 * In:  the children of a DIE
 * Out: members and enumerators on the stacks
 */
#include <stdlib.h>

#include "dwarf_build.h"

static int damaged(struct sct_dwarf_build *b, const struct sct_die *d, const char *what)
{
	return sct_die_damaged(b->file, d->offset, what, b->err);
}

/* ---- where a member lies ------------------------------------------------------------------------------------- */

/* Before DWARF 4 a bitfield's place is counted from the most significant bit of a unit that it lies in (DWARF 3,
 * 5.6.6); our bits count as the machine's bytes do. */
static bool old_bits(struct sct_dwarf_build *b, const struct sct_die *d, uint32_t type, uint64_t *bits)
{
	uint64_t unit = d->value[SCT_DW_SIZE];
	uint32_t size;

	if (!sct_die_has(d, SCT_DW_SIZE)) {
		if (!sct_type_size(b->db, type, &size))
			return false;
		unit = size;
	}
	*bits = d->value[SCT_DW_PLACE] * 8;
	if (b->file->big_endian)
		*bits += d->value[SCT_DW_BIT_OFFSET];
	else
		*bits += unit * 8 - d->value[SCT_DW_BIT_OFFSET] - d->value[SCT_DW_BIT_SIZE];
	return true;
}

static int place(struct sct_dwarf_build *b, const struct sct_die *d, struct sct_member *m)
{
	uint64_t bits = d->value[SCT_DW_PLACE] * 8; /* none in unions: 0 */

	if (d->value[SCT_DW_PLACE] > UINT32_MAX / 8 || d->value[SCT_DW_SIZE] > UINT32_MAX ||
	    d->value[SCT_DW_BIT_SIZE] > UINT32_MAX)
		return damaged(b, d, "a member lies behind 512 MiB");
	m->bits = (uint32_t)d->value[SCT_DW_BIT_SIZE];
	if (m->bits && sct_die_has(d, SCT_DW_DATA_BIT_OFFSET))
		bits += d->value[SCT_DW_DATA_BIT_OFFSET];
	else if (m->bits && sct_die_has(d, SCT_DW_BIT_OFFSET) && !old_bits(b, d, m->type, &bits))
		return damaged(b, d, "a bitfield of a type without a size");
	if (bits > UINT32_MAX)
		return damaged(b, d, "a bitfield that lies outside of its struct");
	m->bit_offset = (uint32_t)bits;
	return SCT_OK;
}

/* ---- children ----------------------------------------------------------------------------------------------- */

/* What is done with one child: 1: go on, 0: the rest is of no interest, negative: *b->err. */
typedef int child_fn(struct sct_dwarf_build *b, const struct sct_die *d, struct sct_type *t, unsigned depth);

static int children(struct sct_dwarf_build *b, Dwarf_Die die, child_fn *take, struct sct_type *t, unsigned depth)
{
	Dwarf_Die child = NULL;
	int rc = sct_die_child(b->file, die, &child, b->err);

	while (rc > 0) {
		struct sct_die d;

		if (sct_die_read(b->file, child, &d, b->err) < 0)
			rc = b->err->status;
		else
			rc = take(b, &d, t, depth);
		if (rc > 0)
			rc = sct_die_next(b->file, &child, b->err);
	}
	sct_die_done(b->file, child);
	return rc;
}

static int take_member(struct sct_dwarf_build *b, const struct sct_die *d, struct sct_type *t, unsigned depth)
{
	struct sct_member m = { 0 };

	(void)t;
	/* what C++ derives from lies in it like an anonymous member; static members are declared here, and lie elsewhere */
	if ((d->tag != DW_TAG_member && d->tag != DW_TAG_inheritance) || sct_die_has(d, SCT_DW_DECLARATION))
		return 1;
	m.name = sct_dwarf_name(b, d->name);
	if (m.name == SCT_NO_TYPE)
		return b->err->status;
	m.type = sct_die_has(d, SCT_DW_TYPE) ? sct_dwarf_type_at(b, d->value[SCT_DW_TYPE], depth) : 0;
	if (m.type == SCT_NO_TYPE || place(b, d, &m) < 0)
		return b->err->status;
	sct_dwarf_push_member(b, &m);
	return 1;
}

static int by_place(const void *a, const void *b)
{
	const struct sct_member *x = a, *y = b;

	return x->bit_offset != y->bit_offset ? x->bit_offset < y->bit_offset ? -1 : 1 : 0;
}

/* Compilers write members by ascending place; what else there is (languages that lay out as they like) is sorted. */
static void ascending(struct sct_dwarf_build *b, uint32_t first)
{
	for (uint32_t i = first + 1; i < b->members.count; i++)
		if (b->members.at[i].bit_offset < b->members.at[i - 1].bit_offset) {
			qsort(b->members.at + first, b->members.count - first, sizeof *b->members.at, by_place);
			return;
		}
}

int sct_dwarf_members(struct sct_dwarf_build *b, Dwarf_Die die, struct sct_type *t, unsigned depth)
{
	uint32_t first = b->members.count;
	int rc = children(b, die, take_member, t, depth);

	if (t->kind == SCT_TYPE_STRUCT)
		ascending(b, first);
	t->count = b->members.count - first;
	return rc;
}

static int take_enumerator(struct sct_dwarf_build *b, const struct sct_die *d, struct sct_type *t, unsigned depth)
{
	struct sct_enumerator e = { .value = d->value[SCT_DW_VALUE] };

	(void)depth;
	if (d->tag != DW_TAG_enumerator)
		return 1;
	e.name = sct_dwarf_name(b, d->name);
	if (e.name == SCT_NO_TYPE)
		return b->err->status;
	if (d->negative)
		t->flags |= SCT_TYPE_SIGNED;
	sct_dwarf_push_enumerator(b, &e);
	return 1;
}

int sct_dwarf_enumerators(struct sct_dwarf_build *b, Dwarf_Die die, struct sct_type *t)
{
	uint32_t first = b->enumerators.count;
	int rc = children(b, die, take_enumerator, t, 0);

	t->count = b->enumerators.count - first;
	return rc;
}

static int take_parameter(struct sct_dwarf_build *b, const struct sct_die *d, struct sct_type *t, unsigned depth)
{
	struct sct_member m = { 0 };

	if (d->tag == DW_TAG_unspecified_parameters)
		t->flags |= SCT_TYPE_VARIADIC;
	if (d->tag != DW_TAG_formal_parameter) /* the function's body begins */
		return 0;
	m.name = sct_dwarf_name(b, d->name);
	if (m.name == SCT_NO_TYPE)
		return b->err->status;
	m.type = sct_die_has(d, SCT_DW_TYPE) ? sct_dwarf_type_at(b, d->value[SCT_DW_TYPE], depth) : 0;
	if (m.type == SCT_NO_TYPE)
		return b->err->status;
	sct_dwarf_push_member(b, &m);
	return 1;
}

int sct_dwarf_parameters(struct sct_dwarf_build *b, Dwarf_Die die, struct sct_type *t, unsigned depth)
{
	uint32_t first = b->members.count;
	int rc = children(b, die, take_parameter, t, depth);

	t->count = b->members.count - first;
	return rc;
}
