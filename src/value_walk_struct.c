/* Structs: one read of an object's bytes, and its members cut out of them.
 *
 * In:  layouts (layout.h), memory as the thread sees it
 * Out: values with their members, elements and what they point at
 *
 * Members of anonymous structs and unions stand among those of what they are in. Of a union all members are shown, each
 * with its own meaning, unless another member says which of them counts (value_walk_tags.c).
 */
#include "value_walk.h"

#include <stdio.h>
#include <string.h>

enum {
	NESTED = 64,      /* structs and arrays in one another that are looked into */
	FLOAT_TEXT = 32,
};

static uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* ---- bytes ---------------------------------------------------------------------------------------------------- */

/* Those at an offset: of the object as it was read, or, behind what could be read then, read for themselves into buf.
 * *got: how many of them are known. */
static const uint8_t *bytes_at(struct sct_cut *c, uint64_t offset, uint8_t *buf, size_t size, size_t *got)
{
	const struct sct_mem *mem = c->walk->mem;

	*got = size;
	if (offset + size <= c->got)
		return c->data + offset;
	*got = mem->read(mem->ctx, c->at + offset, buf, size);
	if (*got < size)
		c->walk->why = mem->why(mem->ctx, c->at + offset + *got);
	return buf;
}

static uint64_t assembled(const uint8_t *b, unsigned size, bool big_endian)
{
	uint64_t x = 0;

	for (unsigned i = 0; i < size; i++)
		x = x << 8 | b[big_endian ? i : size - 1 - i];
	return x;
}

static bool read_number(struct sct_cut *c, const struct sct_layout *l, uint64_t offset, uint64_t *x)
{
	uint8_t buf[8];
	size_t got;
	const uint8_t *b = bytes_at(c, offset, buf, l->size, &got);

	if (got < l->size)
		return false;
	*x = assembled(b, l->size, l->big_endian);
	return true;
}

/* The bits of a bitfield, bit_offset counted from the object's first byte. */
static bool read_bits(struct sct_cut *c, bool big_endian, uint64_t bit_offset, unsigned bits, uint64_t *x)
{
	unsigned first = (unsigned)(bit_offset % 8), size = (first + bits + 7) / 8;
	uint8_t buf[9];
	size_t got;
	const uint8_t *b = bytes_at(c, bit_offset / 8, buf, size, &got);

	if (got < size)
		return false;
	*x = 0;
	for (unsigned i = 0; i < bits; i++) {
		unsigned bit = first + (big_endian ? i : bits - 1 - i);

		*x = *x << 1 | (b[bit / 8] >> (big_endian ? 7 - bit % 8 : bit % 8) & 1);
	}
	return true;
}

/* ---- numbers, text, bytes ------------------------------------------------------------------------------------- */

static void put_float(struct sct_cut *c, struct sct_value *v)
{
	char text[FLOAT_TEXT];
	uint32_t low = (uint32_t)v->raw;
	double d;
	float f;

	memcpy(&d, &v->raw, sizeof d);
	memcpy(&f, &low, sizeof f);
	if (v->width == 4)
		snprintf(text, sizeof text, "%.9g", (double)f);
	else
		snprintf(text, sizeof text, "%.17g", d);
	v->text = sct_arena_copy(c->walk->arena, text, strlen(text));
}

/* Gives v the number x, of which so many bits count. */
static void put_number(struct sct_cut *c, const struct sct_layout *l, unsigned bits, uint64_t x, struct sct_value *v)
{
	sct_walk_set(v, v->name, v->type, l->size, x);
	v->cls = l->is_signed ? SCT_C_INT : SCT_C_UINT;
	if (l->kind == SCT_L_POINTER) {
		v->pointer = true;
		v->cls = SCT_C_PTR;
		return;
	}
	if (l->kind == SCT_L_FLOAT) {
		put_float(c, v);
		return;
	}
	v->meaning = l->is_signed ? SCT_M_INT : SCT_M_UINT;
	v->num = l->is_signed ? (uint64_t)((int64_t)(x << (64 - bits)) >> (64 - bits)) : x;
	if (l->kind == SCT_L_ENUM)
		v->text = sct_layout_enumerator(l, v->num);
}

/* Text or bytes in the object itself, n of them. */
static bool put_bytes(struct sct_cut *c, bool is_text, uint64_t offset, uint64_t n, struct sct_value *v)
{
	size_t want = (size_t)min64(n, c->walk->view->limits.buf), got;
	uint8_t *buf = NULL;
	const uint8_t *b, *nul;

	if (offset + want > c->got) {
		want = sct_walk_take(c->walk, want, 1);
		buf = sct_arena_alloc(c->walk->arena, want + 1);
	}
	b = bytes_at(c, offset, buf, want, &got);
	nul = is_text && got ? memchr(b, 0, got) : NULL;
	if (got < want && !nul)
		v->unknown = c->walk->why;
	if (want && !got)
		return false;
	v->meaning = is_text ? SCT_M_STR : SCT_M_BYTES;
	v->data = b;
	v->len = nul ? (size_t)(nul - b) : got;
	v->partial = !nul && got < n;
	v->size = v->partial ? n : 0;
	return true;
}

/* ---- what has parts ------------------------------------------------------------------------------------------- */

static bool put(struct sct_cut *c, const struct sct_layout *l, uint64_t offset, const struct sct_choice *choice,
                struct sct_value *v);

static bool is_path(const struct sct_frame *f, const struct sct_layout *l, uint64_t at)
{
	for (; f; f = f->up)
		if (f->at == at && f->layout == l)
			return true;
	return false;
}

static bool object(struct sct_cut *c, const struct sct_layout *l, struct sct_value *v);

/* The object of so many bytes behind a pointer in another. */
static void behind(const struct sct_cut *c, const struct sct_layout *l, uint64_t at, uint64_t end, struct sct_value *v)
{
	struct sct_cut inner = {
		.walk = c->walk, .at = at, .end = end, .depth = c->depth + 1, .nested = c->nested, .path = c->path,
	};

	v->type = l->type;
	object(&inner, l, v);
}

/* What a pointer in an object points at, as far as that is known and looked for. */
static void follow(struct sct_cut *c, const struct sct_layout *l, const struct sct_choice *choice, struct sct_value *v)
{
	struct sct_walk *w = c->walk;
	uint64_t end = choice && choice->bounded ? choice->behind : UINT64_MAX;
	const struct sct_layout *to = v->raw && end ? sct_layout_behind(l) : NULL;
	struct sct_value *e;

	if (!to || !strcmp(to->type, "unsigned char") || ((to->fields || to->kind == SCT_L_ARRAY) && !to->size))
		return; /* nothing, or as many bytes as nobody knows */
	if (c->depth >= w->view->limits.depth || !sct_walk_take(w, 1, sizeof *e)) {
		v->unknown = "too deep";
	} else if (is_path(c->path, to, v->raw)) {
		v->unknown = "cycle";
	} else if (!strcmp(to->type, "char")) {
		sct_walk_string(w, v->raw, v);
	} else {
		e = sct_arena_alloc(w->arena, sizeof *e);
		behind(c, to, v->raw, end, e);
		v->unknown = e->meaning || e->known ? NULL : e->unknown;
		v->meaning = v->unknown ? SCT_M_NONE : SCT_M_PTR;
		v->elems = v->unknown ? NULL : e;
		v->nelems = !v->unknown;
	}
}

/* How many elements an array has that lies at that offset: as its type says, or up to the end of what there is. */
static uint64_t elements(const struct sct_cut *c, const struct sct_layout *l, uint32_t size, uint64_t offset)
{
	uint64_t room = c->end != UINT64_MAX && c->end > offset ? c->end - offset : 0, fit = size ? room / size : 0;

	if (!l->count)
		return fit;
	return c->end == UINT64_MAX ? l->count : min64(l->count, fit);
}

static bool put_array(struct sct_cut *c, const struct sct_layout *l, uint64_t offset, struct sct_value *v)
{
	struct sct_walk *w = c->walk;
	uint64_t n = elements(c, l, l->of->size, offset);
	size_t want = sct_walk_take(w, min64(n, w->view->limits.elems), sizeof *v), got;
	struct sct_value *elems = sct_arena_alloc(w->arena, want * sizeof *elems + 1);
	const char *unknown = NULL;

	for (got = 0; got < want; got++) {
		struct sct_value *e = &elems[got];

		if (l->of->kind == SCT_L_STRUCT || l->of->kind == SCT_L_UNION)
			e->type = l->of->type;
		if (!put(c, l->of, offset + (uint64_t)got * l->of->size, NULL, e)) {
			unknown = e->unknown;
			break;
		}
	}
	sct_walk_finish(v, elems, got, n, unknown);
	return got || !unknown;
}

/* Whether a member is there, where an object has an end: all of a number, any of what has parts. *cut: only a part of a
 * number is. */
static bool is_there(const struct sct_cut *c, const struct sct_layout *l, uint64_t offset, bool *cut)
{
	if (c->end == UINT64_MAX)
		return true;
	if (l->kind == SCT_L_CHARS || l->kind == SCT_L_BYTES || l->kind == SCT_L_ARRAY)
		return offset < c->end || !l->count;
	if (l->kind == SCT_L_STRUCT || l->kind == SCT_L_UNION)
		return offset < c->end;
	*cut |= offset < c->end && offset + l->size > c->end;
	return offset + l->size <= c->end;
}

static bool put_field(struct sct_cut *c, const struct sct_field *f, uint64_t offset, const struct sct_choice *choice,
                      struct sct_value *v)
{
	uint64_t x;

	v->name = f->name;
	v->type = f->type->type;
	if (!f->bits)
		return put(c, f->type, offset + f->bit_offset / 8, choice, v);
	v->width = (uint8_t)f->type->size;
	if (!read_bits(c, f->type->big_endian, offset * 8 + f->bit_offset, f->bits, &x)) {
		v->unknown = c->walk->why;
		return false;
	}
	put_number(c, f->type, f->bits, x, v);
	return true;
}

/* Whether a field, which may be a descriptor, is one: the last of n members. */
static bool is_descriptor(const struct sct_fd_member *fd, const struct sct_value *m, size_t n)
{
	const struct sct_value *flags = fd->flags ? sct_walk_member(m, n - 1, fd->flags) : NULL;

	return m[n - 1].known && (!fd->flags || (flags && flags->raw & fd->bits));
}

/* Members of a struct, or of a union as far as choice lets them. */
static bool put_fields(struct sct_cut *c, const struct sct_layout *l, uint64_t offset, const struct sct_choice *choice,
                       struct sct_value *v)
{
	size_t want = sct_walk_take(c->walk, l->nfields, sizeof *v), n = 0;
	struct sct_value *m = sct_arena_alloc(c->walk->arena, want * sizeof *m + 1);
	const struct sct_frame here = { c->path, l, c->at + offset };
	bool any = false, cut = false;

	c->path = &here;
	for (uint32_t i = 0; i < l->nfields; i++) {
		const struct sct_field *f = &l->fields[i];
		struct sct_choice of_it = { 0 };

		if (!is_there(c, f->type, offset + f->bit_offset / 8, &cut))
			continue;
		if (choice && choice->only && (!f->name || strcmp(choice->only, f->name)))
			continue;
		if (l->tag && !sct_walk_chosen(c, l, f, m, n, &of_it))
			continue;
		if (n == want)
			break;
		any |= put_field(c, f, offset, &of_it, &m[n++]);
		if (f->fd && is_descriptor(f->fd, m, n)) {
			m[n - 1].cls = SCT_C_FD;
			c->walk->descriptors = true;
		}
	}
	c->path = here.up;
	if (!any && n) {
		v->unknown = m[0].unknown;
		return false;
	}
	v->meaning = SCT_M_STRUCT;
	v->elems = m;
	v->nelems = n;
	v->partial = cut;
	v->size = cut ? l->nfields : 0;
	if (want < l->nfields && n == want)
		v->unknown = "too deep";
	if (l->tag)
		sct_walk_describe(c, l, v);
	return true;
}

/* Gives v what lies at that offset of the object. False: nothing of it is known, and v->unknown says why. */
static bool put(struct sct_cut *c, const struct sct_layout *l, uint64_t offset, const struct sct_choice *choice,
                struct sct_value *v)
{
	bool known = false;
	uint64_t x;

	if (c->nested == NESTED) {
		v->unknown = "too deep";
		return false;
	}
	c->nested++;
	switch (l->kind) {
	case SCT_L_CHARS:
	case SCT_L_BYTES:
		known = put_bytes(c, l->kind == SCT_L_CHARS && !(choice && choice->bytes), offset,
		                  choice && choice->counted ? choice->count : elements(c, l, 1, offset), v);
		break;
	case SCT_L_ARRAY:
		known = put_array(c, l, offset, v);
		break;
	case SCT_L_STRUCT:
	case SCT_L_UNION:
		known = put_fields(c, l, offset, choice, v);
		break;
	default:
		v->width = (uint8_t)l->size;
		known = read_number(c, l, offset, &x);
		if (known && choice && choice->was)
			x = choice->was->raw;
		if (known)
			put_number(c, l, 8 * l->size, x, v);
		else
			v->unknown = c->walk->why;
		if (v->pointer)
			follow(c, l, choice, v);
	}
	c->nested--;
	return known;
}

/* ---- whole objects -------------------------------------------------------------------------------------------- */

static bool object(struct sct_cut *c, const struct sct_layout *l, struct sct_value *v)
{
	struct sct_walk *w = c->walk;
	size_t want = sct_walk_take(w, min64(min64(l->size, c->end), w->view->limits.buf), 1);
	uint8_t *data = sct_arena_alloc(w->arena, want + 1);

	c->got = want ? w->mem->read(w->mem->ctx, c->at, data, want) : 0;
	c->data = data;
	return put(c, l, 0, NULL, v);
}

/* The layout of what an argument points at; NULL: not known. */
static const struct sct_layout *pointee(const struct sct_walk *w, const char *type)
{
	return type && w->view->layouts ? sct_layouts_pointee(w->view->layouts, w->call->abi, type) : NULL;
}

void sct_walk_structs(struct sct_walk *w, struct sct_value *v, bool array, uint64_t n)
{
	const struct sct_layout *l = pointee(w, v->type);
	struct sct_value *elems;
	size_t want, got;

	if (!l)
		return;
	if (!array && (l->kind == SCT_L_STRUCT || l->kind == SCT_L_UNION)) {
		object(&(struct sct_cut){ .walk = w, .at = v->raw, .end = UINT64_MAX }, l, v);
		return;
	}
	want = sct_walk_take(w, min64(n, w->view->limits.elems), sizeof *elems);
	elems = sct_arena_alloc(w->arena, want * sizeof *elems + 1);
	for (got = 0; got < want; got++) {
		struct sct_cut c = { .walk = w, .at = v->raw + got * l->size, .end = UINT64_MAX };

		elems[got].type = l->type;
		if (!object(&c, l, &elems[got]))
			break;
	}
	sct_walk_finish(v, elems, got, n, got < want ? elems[got].unknown : NULL);
	if (!array && v->meaning == SCT_M_ARRAY)
		v->meaning = SCT_M_PTR;
}

void sct_walk_sized(struct sct_walk *w, struct sct_value *v, uint64_t n)
{
	const struct sct_layout *l = pointee(w, v->type);

	if (l)
		object(&(struct sct_cut){ .walk = w, .at = v->raw, .end = n }, l, v);
}

void sct_walk_sockaddr(struct sct_walk *w, uint64_t at, uint64_t n, struct sct_value *v)
{
	const struct sct_layout *any = pointee(w, "struct sockaddr *"), *l = NULL;
	const struct sct_family *family = any ? sct_walk_family(w, any->big_endian, at, n) : NULL;

	if (!family) {
		sct_walk_bytes(w, at, n, v);
		return;
	}
	if (family->type)
		l = pointee(w, family->type);
	object(&(struct sct_cut){ .walk = w, .at = at, .end = n }, l ? l : any, v);
	if (v->nelems)
		((struct sct_value *)v->elems)->text = family->name; /* elements are the arena's, writable */
}
