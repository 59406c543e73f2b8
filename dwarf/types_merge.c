/* One type database added to another.
 * In:  two databases
 * Out: the first, with what the second has behind its own
 */
#include "types.h"

struct merge {
	struct sct_types *db;
	uint32_t types, members, enumerators, strings; /* what is added to each number of the second */
};

static uint32_t name(const struct merge *m, uint32_t at)
{
	return at ? at + m->strings : 0;
}

/* Type 0 is void in both. */
static uint32_t type(const struct merge *m, uint32_t id)
{
	return id && id != SCT_NO_TYPE ? id + m->types : id;
}

static void add_type(const struct merge *m, struct sct_type t)
{
	bool listed = t.kind == SCT_TYPE_STRUCT || t.kind == SCT_TYPE_UNION || t.kind == SCT_TYPE_FUNCTION;

	t.name = name(m, t.name);
	t.to = type(m, t.to);
	t.first += listed ? m->members : t.kind == SCT_TYPE_ENUM ? m->enumerators : 0;
	sct_types_add(m->db, &t);
}

static void add_symbol(const struct merge *m, const struct sct_symbol *s)
{
	uint64_t other = ~s->address;

	sct_types_add_symbol(m->db, name(m, s->name), type(m, s->type), s->has_address ? &s->address : NULL);
	if (s->several) /* as one that lies elsewhere, too */
		sct_types_add_symbol(m->db, name(m, s->name), type(m, s->type), &other);
}

static void add_members(const struct merge *m, const struct sct_types *from)
{
	for (uint32_t i = 0; i < from->members.count; i++) {
		struct sct_member x = from->members.at[i];

		x.name = name(m, x.name);
		x.type = type(m, x.type);
		sct_types_add_member(m->db, &x);
	}
	for (uint32_t i = 0; i < from->enumerators.count; i++) {
		struct sct_enumerator x = from->enumerators.at[i];

		x.name = name(m, x.name);
		sct_types_add_enumerator(m->db, &x);
	}
}

static bool fits(uint32_t a, uint32_t b)
{
	return a < UINT32_MAX - b;
}

static bool do_fit(const struct sct_types *db, const struct sct_types *from)
{
	return fits(db->types.count, from->types.count) && fits(db->members.count, from->members.count) &&
	       fits(db->enumerators.count, from->enumerators.count) && fits(db->symbols.count, from->symbols.count);
}

int sct_types_merge(struct sct_types *db, const struct sct_types *from, struct sct_err *err)
{
	struct merge m = { db, db->types.count - 1, db->members.count, db->enumerators.count, 0 };
	const char *banner = from->identity.banner ? sct_types_name(from, from->identity.banner) : NULL;
	uint32_t first = db->types.count;

	if (from->has_machine && sct_types_machine(db, from->big_endian, from->pointer_size, err) < 0)
		return err->status;
	if (sct_types_identity(db, from->identity.build_id, from->identity.build_id_size, banner, err) < 0)
		return err->status;
	m.strings = do_fit(db, from) ? sct_types_add_bytes(db, from->strings.at, from->strings.count) : SCT_NO_TYPE;
	if (m.strings == SCT_NO_TYPE)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "too many types for one database");
	for (uint32_t id = 1; id < from->types.count; id++)
		add_type(&m, from->types.at[id]);
	add_members(&m, from);
	for (uint32_t i = 0; i < from->symbols.count; i++)
		add_symbol(&m, &from->symbols.at[i]);
	sct_types_index_from(db, first);
	return SCT_OK;
}
