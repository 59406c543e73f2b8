/* Layouts: which struct an ABI's program means by a type's name, and the layouts that have been made.
 *
 * In:  the kernel's types, the built-in ones of each ABI, types of parameters as C has them
 * Out: layouts, lasting
 */
#include "layout.h"

#include <stdlib.h>
#include <string.h>

#include "../dwarf/builtin.h"
#include "layout_make.h"

enum { NAME = 128 };

/* What has been asked for, by where its text stands, for the tables' texts stay where they are. */
struct asked {
	const char *type; /* a copy: another text may have come to stand there */
	const struct sct_layout *layout;
};

/* The types of one ABI's programs. */
struct view {
	struct view *next;
	const struct sct_abi *abi;
	struct sct_types types; /* the built-in ones */
	struct sct_space builtin;
	struct sct_map asked;   /* struct asked, by the address of the text */
};

struct sct_layouts {
	struct sct_arena arena;
	struct sct_space kernel; /* db NULL: there are none */
	struct view *views;
};

struct sct_layouts *sct_layouts_new(const struct sct_types *kernel)
{
	struct sct_layouts *l = calloc(1, sizeof *l);

	if (!l)
		abort();
	l->kernel.db = kernel;
	l->kernel.arena = &l->arena;
	return l;
}

void sct_layouts_free(struct sct_layouts *l)
{
	if (!l)
		return;
	for (struct view *v = l->views, *next; v; v = next) {
		next = v->next;
		sct_types_fini(&v->types);
		sct_map_fini(&v->builtin.made);
		sct_map_fini(&v->asked);
		free(v);
	}
	sct_map_fini(&l->kernel.made);
	sct_arena_fini(&l->arena);
	free(l);
}

static struct view *view_of(struct sct_layouts *l, const struct sct_abi *abi)
{
	struct view *v = l->views;

	while (v && v->abi != abi && strcmp(v->abi->name, abi->name))
		v = v->next; /* an ABI has a row for each instruction */
	if (v)
		return v;
	v = calloc(1, sizeof *v);
	if (!v)
		abort();
	v->abi = abi;
	v->next = l->views;
	l->views = v;
	sct_types_init(&v->types);
	if (sct_types_builtin(&v->types, abi->name))
		v->builtin.db = &v->types;
	v->builtin.arena = &l->arena;
	return v;
}

/* ---- which types ---------------------------------------------------------------------------------------------- */

/* Where the kernel's types are of use to an ABI. */
enum use {
	USE_NOT,    /* another machine's */
	USE_NATIVE, /* its programs are what the kernel itself is */
	USE_COMPAT, /* programs of 32 bits on a kernel of 64 */
	USE_NAMED,  /* x32: as the native ones, but where the tables name a compat_ type */
};

static enum use use_of(const struct sct_layouts *l, const struct view *v)
{
	const struct sct_types *db = l->kernel.db;

	if (!db || !db->pointer_size || (v->builtin.db && v->types.big_endian != db->big_endian))
		return USE_NOT;
	if (v->abi->word == v->abi->ptr && v->abi->ptr == db->pointer_size)
		return USE_NATIVE;
	if (db->pointer_size != 8 || v->abi->ptr != 4)
		return USE_NOT;
	return v->abi->word == 4 ? USE_COMPAT : USE_NAMED;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

/* "rusage" of "struct rusage", "" of what has no keyword. */
static const char *tag_of(const char *type)
{
	static const char *const words[] = { "struct ", "union ", "enum " };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strncmp(type, words[i], strlen(words[i])))
			return type + strlen(words[i]);
	return "";
}

/* Whether a name is of 32-bit programs: compat_rusage, old_timespec32 (include/linux/{compat,time32}.h). */
static bool is_compat(const char *tag)
{
	return !strncmp(tag, "compat_", 7) || (!strncmp(tag, "old_", 4) && ends_with(tag, "32"));
}

/* Names by which the tables and the kernel's types call the same thing. A typedef of a struct without a name is only
 * in the built-in types: ISF has no typedefs. */
static const struct {
	const char *name, *tag;
} typedefs[] = {
	{ "siginfo_t", "struct siginfo" }, { "stack_t", "struct sigaltstack" },
	{ "compat_stack_t", "struct compat_sigaltstack" }, { "cap_user_header_t", "struct __user_cap_header_struct *" },
	{ "cap_user_data_t", "struct __user_cap_data_struct *" },
};

/* What 32-bit programs have of it, by the kernel's name where that is not compat_ and theirs. */
static const struct {
	const char *tag, *compat;
} others[] = {
	{ "__kernel_old_itimerval", "old_itimerval32" }, { "__kernel_old_timeval", "old_timeval32" },
	{ "utimbuf", "old_utimbuf32" }, { "user_msghdr", "compat_msghdr" }, { "__user_msghdr", "compat_msghdr" },
};

/* The name of what 32-bit programs call `tag` in the types of a 64-bit kernel. */
static void compat_name(const char *tag, char *name)
{
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		if (!strcmp(others[i].tag, tag)) {
			strcpy(name, others[i].compat);
			return;
		}
	}
	strcpy(name, is_compat(tag) ? "" : "compat_");
	strcat(name, tag);
}

/* Whether the kernel's own struct says less: in include/uapi/linux/msg.h the text of a message is one byte, and struct
 * compat_ipc_kludge has a number where its address is (ipc/msg.c). */
static bool says_less(const char *tag)
{
	return !strcmp(tag, "msgbuf") || !strcmp(tag, "ipc_kludge");
}

/* The kernel's own struct of that name, for that use, or SCT_NO_TYPE. */
static uint32_t find_kernel(const struct sct_types *db, enum use use, const char *type)
{
	const char *tag = tag_of(type);
	char name[2 * NAME];

	if (use == USE_NOT || !*tag || says_less(tag) || (use == USE_NAMED && !is_compat(tag)))
		return SCT_NO_TYPE;
	if (use == USE_NATIVE)
		return sct_types_find_any(db, type);
	memcpy(name, type, (size_t)(tag - type));
	compat_name(tag, name + (tag - type));
	return sct_types_find_any(db, name);
}

static const struct sct_layout *find(struct sct_layouts *l, struct view *v, const char *type, unsigned stars)
{
	struct sct_space *space = &l->kernel;
	uint32_t id = find_kernel(l->kernel.db, use_of(l, v), type);

	if (id == SCT_NO_TYPE) {
		space = &v->builtin;
		id = space->db ? sct_types_find_any(space->db, type) : SCT_NO_TYPE;
	}
	if (id == SCT_NO_TYPE)
		return NULL;
	return stars ? sct_layout_make_pointer(space, id, stars - 1) : sct_layout_make(space, id);
}

/* ---- types as C has them -------------------------------------------------------------------------------------- */

/* Takes a word off the front of a type: "const ". */
static bool skip_word(const char **type, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*type, word, n))
		return false;
	*type += n;
	return true;
}

/* "struct stat" and 1 of "const struct stat *". False: too long. */
static bool take_apart(const char *type, char *name, unsigned *stars)
{
	size_t n;

	while (skip_word(&type, "const ") || skip_word(&type, "volatile "))
		;
	n = strcspn(type, "*[(");
	*stars = 0;
	for (const char *p = type + n; *p; p++)
		*stars += *p == '*';
	while (n && type[n - 1] == ' ')
		n--;
	if (n >= NAME)
		return false;
	memcpy(name, type, n);
	name[n] = 0;
	return true;
}

/* What typedefs stand for: "struct siginfo" of "siginfo_t". */
static void resolve(char *name, unsigned *stars)
{
	unsigned more;

	for (size_t i = 0; i < sizeof typedefs / sizeof *typedefs; i++) {
		if (!strcmp(typedefs[i].name, name)) {
			take_apart(typedefs[i].tag, name, &more);
			*stars += more;
			return;
		}
	}
}

static const struct sct_layout *look_up(struct sct_layouts *l, struct view *v, const char *type)
{
	char name[NAME];
	unsigned stars;

	if (!take_apart(type, name, &stars))
		return NULL;
	resolve(name, &stars);
	return stars ? find(l, v, name, stars - 1) : NULL;
}

const struct sct_layout *sct_layouts_pointee(struct sct_layouts *l, const struct sct_abi *abi, const char *type)
{
	struct view *v = view_of(l, abi);
	struct asked *a = sct_map_get(&v->asked, (uintptr_t)type);

	if (a && !strcmp(a->type, type))
		return a->layout;
	a = sct_arena_alloc(&l->arena, sizeof *a);
	a->type = sct_arena_copy(&l->arena, type, strlen(type));
	a->layout = look_up(l, v, type);
	sct_map_put(&v->asked, (uintptr_t)type, a);
	return a->layout;
}

/* ---- what layouts are made from ------------------------------------------------------------------------------- */

const struct sct_layout *sct_layout_behind(const struct sct_layout *pointer)
{
	struct sct_origin *o = (struct sct_origin *)pointer->source; /* the arena's, writable */

	if (pointer->kind != SCT_L_POINTER)
		return NULL;
	if (!o->stars)
		return sct_layout_make(o->space, o->id);
	if (!o->behind)
		o->behind = sct_layout_make_pointer(o->space, o->id, o->stars - 1);
	return o->behind;
}

const char *sct_layout_enumerator(const struct sct_layout *layout, uint64_t value)
{
	const struct sct_origin *o = layout->source;
	const struct sct_types *db;
	const struct sct_type *t;
	const char *found = NULL;
	uint64_t mask;

	if (layout->kind != SCT_L_ENUM)
		return NULL;
	db = o->space->db;
	t = sct_type(db, o->id);
	if (t->flags & SCT_TYPE_CUT)
		return NULL;
	mask = t->size < 8 ? (UINT64_C(1) << (8 * t->size)) - 1 : UINT64_MAX;
	for (uint32_t i = 0; i < t->count; i++) {
		const struct sct_enumerator *e = &db->enumerators.at[t->first + i];
		const char *name = sct_types_name(db, e->name);

		/* of several names of a value the first of the alphabet: ISF does not keep their order */
		if (!((e->value ^ value) & mask) && (!found || strcmp(name, found) < 0))
			found = name;
	}
	return found;
}
