/* From the types of a database to layouts: typedefs and qualifiers gone, members of anonymous structs and unions moved
 * to where C lets them be named, everything in an order that does not depend on who described the types.
 *
 * In:  a type database (dwarf/types.h)
 * Out: layouts, each made once
 *
 * DWARF and BTF keep the order in which members were declared, ISF does not: members lie by their place, those of one
 * place (unions) by their names, an anonymous one by the name of its first member.
 */
#include "layout_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TEXT = 256,        /* of a type's name; what is longer is cut */
	FIELDS_MAX = 4096, /* of one struct with those of its anonymous members */
};

/* In the map for what has no layout, and for what is being made: a struct that is in itself. */
static const struct sct_layout nothing;

/* ---- names ---------------------------------------------------------------------------------------------------- */

/* GCC's names of base types as programmers write them; clang has these already. */
static const struct {
	const char *gcc, *name;
} base_names[] = {
	{ "long int", "long" }, { "long unsigned int", "unsigned long" }, { "short int", "short" },
	{ "short unsigned int", "unsigned short" }, { "long long int", "long long" },
	{ "long long unsigned int", "unsigned long long" }, { "__int128 unsigned", "unsigned __int128" },
};

static const char *base_name(const char *name)
{
	for (size_t i = 0; i < sizeof base_names / sizeof *base_names; i++)
		if (!strcmp(base_names[i].gcc, name))
			return base_names[i].name;
	return *name ? name : "?";
}

static const char *keyword(const struct sct_type *t)
{
	switch (t->kind) {
	case SCT_TYPE_STRUCT: return "struct";
	case SCT_TYPE_UNION: return "union";
	case SCT_TYPE_ENUM: return "enum";
	case SCT_TYPE_FORWARD:
		return t->flags & SCT_TYPE_OF_UNION ? "union" : t->flags & SCT_TYPE_OF_ENUM ? "enum" : "struct";
	default: return NULL;
	}
}

static bool is_typedef_name(const char *name)
{
	size_t n = strlen(name);

	return n > 2 && !strcmp(name + n - 2, "_t");
}

/* By what a type is called and known: the typedef that stands right before a struct or union, else what is behind all
 * typedefs. For dwarf2json a struct behind a typedef is one of the typedef's name, whatever name it has itself. */
static uint32_t called(const struct sct_types *db, uint32_t id)
{
	for (int step = 0; step < SCT_TYPES_DEPTH; step++) {
		const struct sct_type *t = sct_type(db, id), *to = sct_type(db, t->to);

		if (t->kind != SCT_TYPE_TYPEDEF && t->kind != SCT_TYPE_CONST && t->kind != SCT_TYPE_VOLATILE &&
		    t->kind != SCT_TYPE_RESTRICT && t->kind != SCT_TYPE_TAG)
			break;
		if (t->kind == SCT_TYPE_TYPEDEF && (to->kind == SCT_TYPE_STRUCT || to->kind == SCT_TYPE_UNION ||
		                                    (to->kind == SCT_TYPE_FORWARD && !(to->flags & SCT_TYPE_OF_ENUM))))
			return id;
		id = t->to;
	}
	return sct_type_strip(db, id);
}

/* Writes texts one behind the other; what does not fit is cut. */
static void join(char *text, const char *const *parts, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		for (const char *p = parts[i]; *p && len < TEXT - 1; p++)
			text[len++] = *p;
	text[len] = 0;
}

#define JOIN(text, ...) \
	join(text, (const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

/* Puts a type that is made from no other before what was declared of it. A struct that is named as typedefs are goes
 * without its keyword: ISF does not tell it from a typedef of a struct without a name. */
static void put_base(const struct sct_types *db, uint32_t id, const char *declarator, char *text)
{
	const struct sct_type *t = sct_type(db, sct_type_strip(db, id));
	const char *name = sct_types_name(db, sct_type(db, called(db, id))->name);
	const char *word = keyword(t), *space = *declarator ? " " : "";

	if (t->kind == SCT_TYPE_VOID)
		JOIN(text, "void", space, declarator);
	else if (!word || is_typedef_name(name))
		JOIN(text, base_name(name), space, declarator);
	else
		JOIN(text, word, *name ? " " : "", name, space, declarator);
}

static const struct sct_type *stripped(const struct sct_types *db, uint32_t id)
{
	return sct_type(db, sct_type_strip(db, id));
}

/* The type as C has it, from the name outwards. What functions return and take is not told: ISF does not know. */
static void type_text(const struct sct_types *db, uint32_t id, const char *declarator, char *text)
{
	const struct sct_type *t = stripped(db, id);
	char now[TEXT], next[TEXT], count[16];

	JOIN(now, declarator);
	for (int step = 0; step < SCT_TYPES_DEPTH; step++) {
		if (t->kind == SCT_TYPE_POINTER) {
			uint8_t to = stripped(db, t->to)->kind;
			bool nearer = to == SCT_TYPE_ARRAY || to == SCT_TYPE_FUNCTION;

			JOIN(next, nearer ? "(*" : "*", now, nearer ? ")" : "");
		} else if (t->kind == SCT_TYPE_ARRAY) {
			snprintf(count, sizeof count, t->count ? "[%u]" : "[]", t->count);
			JOIN(next, now, count);
		} else {
			break;
		}
		memcpy(now, next, TEXT);
		id = t->to;
		t = stripped(db, id);
	}
	if (t->kind == SCT_TYPE_FUNCTION)
		JOIN(text, "void ", now, "()");
	else
		put_base(db, id, now, text);
}

/* ---- layouts -------------------------------------------------------------------------------------------------- */

static struct sct_layout *new_layout(struct sct_space *s, uint32_t id, uint8_t kind, uint32_t size)
{
	struct sct_layout *l = sct_arena_alloc(s->arena, sizeof *l);
	char text[TEXT];

	type_text(s->db, id, "", text);
	l->type = sct_arena_copy(s->arena, text, strlen(text));
	l->kind = kind;
	l->size = size;
	l->big_endian = s->db->big_endian;
	return l;
}

static const struct sct_origin *new_origin(struct sct_space *s, uint32_t id, unsigned stars)
{
	struct sct_origin *o = sct_arena_alloc(s->arena, sizeof *o);

	*o = (struct sct_origin){ .space = s, .id = id, .stars = stars };
	return o;
}

static bool is_base(const struct sct_types *db, const struct sct_type *t, const char *name)
{
	return t->kind == SCT_TYPE_INT && t->size == 1 && !strcmp(sct_types_name(db, t->name), name);
}

static const struct sct_layout *make_number(struct sct_space *s, uint32_t id, const struct sct_type *t)
{
	bool wide = t->size > 8 || (t->kind == SCT_TYPE_FLOAT && t->size != 4 && t->size != 8);
	struct sct_layout *l;

	if (!t->size)
		return NULL;
	l = new_layout(s, id, t->kind == SCT_TYPE_FLOAT ? SCT_L_FLOAT : t->flags & SCT_TYPE_SIGNED ? SCT_L_INT : SCT_L_UINT,
	               t->size);
	l->is_signed = t->kind != SCT_TYPE_FLOAT && (t->flags & SCT_TYPE_SIGNED);
	if (wide) { /* no number that a record has */
		l->kind = SCT_L_BYTES;
		l->count = t->size;
	} else if (t->kind == SCT_TYPE_ENUM) {
		l->kind = SCT_L_ENUM;
		l->source = new_origin(s, id, 0);
	}
	return l;
}

const struct sct_layout *sct_layout_make_pointer(struct sct_space *s, uint32_t id, unsigned stars)
{
	static const char all[] = "********************************";
	uint8_t kind = stripped(s->db, id)->kind;
	char text[TEXT], declarator[sizeof all + 2];
	struct sct_layout *l;

	if (!s->db->pointer_size || stars + 1 >= sizeof all)
		return NULL;
	snprintf(declarator, sizeof declarator, kind == SCT_TYPE_FUNCTION || kind == SCT_TYPE_ARRAY ? "(%.*s)" : "%.*s",
		(int)stars + 1, all);
	type_text(s->db, id, declarator, text);
	l = sct_arena_alloc(s->arena, sizeof *l);
	l->type = sct_arena_copy(s->arena, text, strlen(text));
	l->kind = SCT_L_POINTER;
	l->size = s->db->pointer_size;
	l->big_endian = s->db->big_endian;
	l->source = new_origin(s, id, stars);
	return l;
}

static const struct sct_layout *make_array(struct sct_space *s, uint32_t id, const struct sct_type *t)
{
	const struct sct_type *of = stripped(s->db, t->to);
	const struct sct_layout *element = sct_layout_make(s, t->to);
	struct sct_layout *l;
	uint32_t size;

	if (!element || !sct_type_size(s->db, id, &size))
		return NULL;
	l = new_layout(s, id, SCT_L_ARRAY, size);
	if (is_base(s->db, of, "char"))
		l->kind = SCT_L_CHARS;
	else if (is_base(s->db, of, "unsigned char"))
		l->kind = SCT_L_BYTES;
	l->count = t->count;
	l->of = element;
	return l;
}

/* ---- structs -------------------------------------------------------------------------------------------------- */

/* A member in the making: with what it becomes, one field or those of an anonymous struct. */
struct part {
	struct sct_field field;
	bool inlined; /* the fields of its type stand for it */
	uint32_t order;
};

/* By what parts of one place are ordered. */
static const char *part_name(const struct part *p)
{
	if (!p->inlined)
		return p->field.name ? p->field.name : "";
	return p->field.type->fields[0].name ? p->field.type->fields[0].name : "";
}

static int by_place(const void *a, const void *b)
{
	const struct part *p = a, *q = b;
	int names;

	if (p->field.bit_offset != q->field.bit_offset)
		return p->field.bit_offset < q->field.bit_offset ? -1 : 1;
	names = strcmp(part_name(p), part_name(q));
	return names ? names : p->order < q->order ? -1 : p->order > q->order;
}

/* The type of a bitfield: its own, with its bits in its name. NULL: bits of something that is no number. */
static const struct sct_layout *bits_of(struct sct_space *s, const struct sct_layout *whole, uint32_t bits)
{
	struct sct_layout *l = sct_arena_alloc(s->arena, sizeof *l);
	char text[TEXT + 16];

	if (bits > 64 || (whole->kind != SCT_L_INT && whole->kind != SCT_L_UINT && whole->kind != SCT_L_ENUM))
		return NULL;
	snprintf(text, sizeof text, "%s:%u", whole->type, bits);
	*l = *whole;
	l->type = sct_arena_copy(s->arena, text, strlen(text));
	return l;
}

/* False: the member is nothing that has a value. */
static bool make_part(struct sct_space *s, const struct sct_member *m, uint32_t *room, struct part *p)
{
	const char *name = sct_types_name(s->db, m->name);
	const struct sct_layout *l = sct_layout_make(s, m->type);

	if (l && m->bits)
		l = bits_of(s, l, m->bits);
	if (!l || !*room)
		return false;
	p->field = (struct sct_field){ *name ? name : NULL, l, m->bit_offset, m->bits, NULL };
	if (l->kind == SCT_L_STRUCT || l->kind == SCT_L_UNION) {
		if (!l->nfields)
			return false; /* an empty struct, which only marks a place */
		p->inlined = !*name && l->nfields <= *room;
	} else if (!*name) {
		return false; /* a bitfield that is nothing but room */
	}
	*room -= p->inlined ? l->nfields : 1;
	return true;
}

/* Puts the fields that a part becomes at fields[at]; returns the index behind them. */
static uint32_t put_part(const struct part *p, struct sct_field *fields, uint32_t at)
{
	if (!p->inlined) {
		fields[at] = p->field;
		return at + 1;
	}
	for (uint32_t i = 0; i < p->field.type->nfields; i++) {
		fields[at] = p->field.type->fields[i];
		fields[at++].bit_offset += p->field.bit_offset;
	}
	return at;
}

static const struct {
	const char *type;
	uint8_t tag;
} tags[] = {
	{ "struct siginfo", SCT_TAG_SIGINFO }, { "siginfo_t", SCT_TAG_SIGINFO },
	{ "struct compat_siginfo", SCT_TAG_SIGINFO }, { "compat_siginfo_t", SCT_TAG_SIGINFO },
	{ "struct sigevent", SCT_TAG_SIGEVENT }, { "struct compat_sigevent", SCT_TAG_SIGEVENT },
	{ "struct in_addr", SCT_TAG_IPV4 }, { "struct in6_addr", SCT_TAG_IPV6 },
	{ "struct sockaddr_in", SCT_TAG_INET }, { "struct sockaddr_in6", SCT_TAG_INET6 },
	{ "struct sockaddr_un", SCT_TAG_UNIX }, { "struct file_handle", SCT_TAG_HANDLE },
	{ "struct sockaddr", SCT_TAG_SOCKADDR }, { "struct msgbuf", SCT_TAG_MESSAGE },
	{ "struct ipc_kludge", SCT_TAG_KLUDGE },
};

static uint8_t tag_of(const char *type)
{
	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
		if (!strcmp(tags[i].type, type))
			return tags[i].tag;
	return SCT_TAG_NONE;
}

/* Descriptors that the kernel takes: include/uapi/linux/{aio_abi,sched,mount,io_uring,landlock,if_xdp}.h,
 * include/uapi/asm-generic/poll.h, mm/mmap.c. Those of another process (bpf's task_fd_query), and members of unions of
 * which nothing tells whether they count (the others of union bpf_attr), are numbers. */
static const struct sct_fd_member fd_members[] = {
	{ "struct pollfd", "fd" },
	{ "struct iocb", "aio_fildes" },
	{ "struct iocb", "aio_resfd", "aio_flags", 1 },                          /* IOCB_FLAG_RESFD */
	{ "struct clone_args", "cgroup", "flags", UINT64_C(0x200000000) },       /* CLONE_INTO_CGROUP */
	{ "struct mount_attr", "userns_fd", "attr_set", 0x100000 },              /* MOUNT_ATTR_IDMAP */
	{ "struct io_uring_params", "wq_fd", "flags", 1 << 5 },                  /* IORING_SETUP_ATTACH_WQ */
	{ "struct landlock_path_beneath_attr", "parent_fd" },
	{ "struct sockaddr_xdp", "sxdp_shared_umem_fd", "sxdp_flags", 1 },       /* XDP_SHARED_UMEM */
	{ "struct mmap_arg_struct", "fd" },
};

/* Says of the fields of that type which are descriptors. */
static void note_descriptors(const char *type, struct sct_field *fields, uint32_t n)
{
	for (size_t k = 0; k < sizeof fd_members / sizeof *fd_members; k++)
		for (uint32_t i = 0; !strcmp(fd_members[k].type, type) && i < n; i++)
			if (fields[i].name && !strcmp(fd_members[k].name, fields[i].name))
				fields[i].fd = &fd_members[k];
}

static const struct sct_layout *make_struct(struct sct_space *s, uint32_t id, const struct sct_type *t)
{
	struct sct_layout *l = new_layout(s, id, t->kind == SCT_TYPE_STRUCT ? SCT_L_STRUCT : SCT_L_UNION, t->size);
	uint32_t first = t->first, count = t->count < FIELDS_MAX ? t->count : FIELDS_MAX, n = 0, room = FIELDS_MAX;
	struct part *parts = sct_arena_alloc(s->arena, count * sizeof *parts + 1);
	struct sct_field *fields;

	for (uint32_t i = 0; i < count; i++) {
		parts[n] = (struct part){ .order = i };
		n += make_part(s, &s->db->members.at[first + i], &room, &parts[n]);
	}
	qsort(parts, n, sizeof *parts, by_place);
	l->tag = tag_of(l->type);
	l->fields = fields = sct_arena_alloc(s->arena, (FIELDS_MAX - room) * sizeof *fields + 1);
	for (uint32_t i = 0; i < n; i++)
		l->nfields = put_part(&parts[i], fields, l->nfields);
	note_descriptors(l->type, fields, l->nfields);
	return l;
}

/* ---- the whole ------------------------------------------------------------------------------------------------ */

/* id is what t is called by. */
static const struct sct_layout *make(struct sct_space *s, uint32_t id, const struct sct_type *t)
{
	switch (t->kind) {
	case SCT_TYPE_INT:
	case SCT_TYPE_FLOAT:
	case SCT_TYPE_ENUM: return make_number(s, id, t);
	case SCT_TYPE_POINTER: return sct_layout_make_pointer(s, t->to, 0);
	case SCT_TYPE_ARRAY: return make_array(s, id, t);
	case SCT_TYPE_STRUCT:
	case SCT_TYPE_UNION: return make_struct(s, id, t);
	default: return NULL;
	}
}

const struct sct_layout *sct_layout_make(struct sct_space *s, uint32_t id)
{
	uint32_t name = called(s->db, id);
	const struct sct_layout *l = sct_map_get(&s->made, name);

	if (!l && s->depth < SCT_TYPES_DEPTH) {
		sct_map_put(&s->made, name, (void *)&nothing);
		s->depth++;
		l = make(s, name, stripped(s->db, name));
		s->depth--;
		if (l)
			sct_map_put(&s->made, name, (void *)l);
	}
	return l != &nothing ? l : NULL;
}
