/* Directory entries: records one behind the other, each of which says how long it is.
 *
 * In:  the layout of a record (layout.h), memory as the thread sees it
 * Out: an array of structs, each with its whole name
 *
 * Source: fs/readdir.c. A record's name goes on behind what its type has, as kernels before 6.5 declare d_name[1]; the
 * last byte of one of getdents is its d_type. Where the kernel's records cannot be what is there, something else has
 * been written over them.
 */
#include "value_walk.h"

#include <string.h>

/* What is in a record. */
struct entry {
	const struct sct_layout *layout;
	const struct sct_field *length; /* d_reclen; d_namlen: of the name, and there is one record only */
	uint64_t name;                  /* where the name is */
	bool single, type_last;
};

/* Where they are. */
struct entries {
	struct sct_walk *walk;
	struct entry entry;
	uint64_t at, size;
};

static const struct sct_field *field(const struct sct_layout *l, const char *name)
{
	for (uint32_t i = 0; i < l->nfields; i++)
		if (l->fields[i].name && !strcmp(l->fields[i].name, name))
			return &l->fields[i];
	return NULL;
}

/* False: it is not the type of a record. */
static bool entry_of(const struct sct_layout *l, struct entry *e)
{
	const struct sct_field *name = l ? field(l, "d_name") : NULL;

	if (!name)
		return false;
	*e = (struct entry){ .layout = l, .name = name->bit_offset / 8 };
	e->length = field(l, "d_reclen");
	e->type_last = e->length && !field(l, "d_type");
	e->single = !e->length;
	if (e->single)
		e->length = field(l, "d_namlen");
	return e->length && e->length->type->size == 2;
}

/* How long the record at that offset is. 0: not known, and walk->why says why. */
static uint64_t size_at(struct entries *d, uint64_t offset)
{
	const struct sct_mem *mem = d->walk->mem;
	uint64_t at = d->at + offset + d->entry.length->bit_offset / 8, size;
	bool big = d->entry.length->type->big_endian;
	uint8_t b[2];
	size_t got = mem->read(mem->ctx, at, b, sizeof b);

	if (got < sizeof b) {
		d->walk->why = mem->why(mem->ctx, at + got);
		return 0;
	}
	size = (uint64_t)b[!big] << 8 | b[big];
	if (d->entry.single)
		return d->entry.name + size + 1;
	if (size > d->entry.name + d->entry.type_last && size <= d->size - offset)
		return size;
	d->walk->why = "overwritten";
	return 0;
}

static void put_name(struct sct_walk *w, uint64_t at, uint64_t room, struct sct_value *v)
{
	const uint8_t *nul;

	v->name = "d_name";
	v->type = "char[]";
	sct_walk_bytes(w, at, room, v);
	nul = v->len ? memchr(v->data, 0, v->len) : NULL;
	if (!nul)
		return;
	v->meaning = SCT_M_STR;
	v->len = (size_t)(nul - v->data);
	v->partial = false;
	v->size = 0;
	v->unknown = NULL;
}

static void put_type(struct sct_walk *w, uint64_t at, struct sct_value *v)
{
	uint8_t type;

	v->name = "d_type";
	v->type = "unsigned char";
	v->width = 1;
	if (w->mem->read(w->mem->ctx, at, &type, 1)) {
		sct_walk_set(v, v->name, v->type, 1, type);
		sct_walk_number(v, false);
	} else {
		v->unknown = w->mem->why(w->mem->ctx, at);
	}
}

/* type: of the argument. */
static void put_record(struct entries *d, const char *type, uint64_t offset, uint64_t size, struct sct_value *v)
{
	struct sct_walk *w = d->walk;
	const struct entry *e = &d->entry;
	struct sct_value head = { .type = type, .raw = d->at + offset }, *m;
	size_t n = 0;

	sct_walk_sized(w, &head, e->name); /* the members before the name */
	m = sct_arena_alloc(w->arena, (head.nelems + 2) * sizeof *m);
	for (size_t i = 0; i < head.nelems; i++)
		if (head.elems[i].name && strcmp(head.elems[i].name, "d_name"))
			m[n++] = head.elems[i];
	put_name(w, head.raw + e->name, size - e->name - e->type_last, &m[n++]);
	if (e->type_last)
		put_type(w, head.raw + size - 1, &m[n++]);
	v->type = e->layout->type;
	v->meaning = SCT_M_STRUCT;
	v->elems = m;
	v->nelems = n;
}

/* How many records there are in the first room bytes; *end: the offset behind them. */
static size_t count_records(struct entries *d, uint64_t room, uint64_t *end)
{
	size_t count = 0;
	uint64_t size;

	for (*end = 0; *end < d->size && (size = size_at(d, *end)) && *end + size <= room; *end += size)
		count++;
	return count;
}

void sct_walk_dirents(struct sct_walk *w, struct sct_value *v, uint64_t n)
{
	struct entries d = { .walk = w, .at = v->raw, .size = n };
	uint64_t room, end, offset = 0, size;
	const char *unknown;
	struct sct_value *elems;
	size_t count, want, got;

	if (!w->view->layouts || !entry_of(sct_layouts_pointee(w->view->layouts, w->call->abi, v->type), &d.entry)) {
		sct_walk_bytes(w, v->raw, n, v);
		return;
	}
	w->why = NULL;
	if (d.entry.single)
		d.size = size_at(&d, 0);
	room = d.size < w->view->limits.buf ? d.size : w->view->limits.buf;
	count = count_records(&d, room, &end);
	want = sct_walk_take(w, count < w->view->limits.elems ? count : w->view->limits.elems, sizeof *elems);
	elems = sct_arena_alloc(w->arena, want * sizeof *elems + 1);
	unknown = w->why;
	for (got = 0; got < want && (size = size_at(&d, offset)); got++, offset += size)
		put_record(&d, v->type, offset, size, &elems[got]);
	sct_walk_finish(v, elems, got, end == d.size && !unknown ? count : UINT64_MAX, got < count ? NULL : unknown);
}
