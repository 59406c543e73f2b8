/* Types as C declares them.
 * In:  the type database, the number of a type, the name of what is declared
 * Out: text; what hostile types make endless is cut
 */
#include "types.h"

#include <stdio.h>
#include <string.h>

enum {
	TEXT = 2048,   /* of one declarator, parameters included */
	NESTED = 6,    /* functions within functions' parameters */
	STEPS = 4096,  /* types that are looked at for one declaration */
};

/* A declaration in the making. */
struct words {
	const struct sct_types *db;
	unsigned steps; /* that are left */
};

static void append(char *text, const char *more)
{
	size_t len = strlen(text);

	snprintf(text + len, TEXT - len, "%s", more);
}

static void prepend(char *text, const char *before)
{
	size_t n = strlen(before), len = strlen(text);

	if (n >= TEXT)
		return;
	if (len >= TEXT - n) /* what does not fit is cut at the end */
		len = TEXT - n - 1;
	memmove(text + n, text, len);
	memcpy(text, before, n);
	text[n + len] = '\0';
}

static bool binds_tighter(const struct sct_types *db, uint32_t id)
{
	return sct_type(db, id)->kind == SCT_TYPE_ARRAY || sct_type(db, id)->kind == SCT_TYPE_FUNCTION;
}

static void declare(struct words *w, uint32_t id, const char *name, char *text, unsigned nested);

static void parameters(struct words *w, const struct sct_type *function, char *text, unsigned nested)
{
	char one[TEXT];

	append(text, "(");
	for (uint32_t i = 0; i < function->count && nested < NESTED && w->steps; i++) {
		declare(w, w->db->members.at[function->first + i].type, "", one, nested + 1);
		append(text, i ? ", " : "");
		append(text, one);
	}
	if (function->flags & SCT_TYPE_VARIADIC)
		append(text, function->count ? ", ..." : "...");
	else if (!function->count)
		append(text, "void");
	append(text, ")");
}

static const char *keyword(const struct sct_type *t)
{
	switch (t->kind) {
	case SCT_TYPE_STRUCT: return "struct ";
	case SCT_TYPE_UNION: return "union ";
	case SCT_TYPE_ENUM: return "enum ";
	case SCT_TYPE_FORWARD:
		return t->flags & SCT_TYPE_OF_UNION ? "union " : t->flags & SCT_TYPE_OF_ENUM ? "enum " : "struct ";
	default: return "";
	}
}

/* Puts the type that everything else is made from, and its qualifiers, before the declarator. */
static void base(struct words *w, uint32_t id, const char *qualifiers, char *text)
{
	const struct sct_type *t = sct_type(w->db, id);
	const char *name = sct_types_name(w->db, t->name), *kind = keyword(t);

	if (*text && *text != '[')
		prepend(text, " ");
	prepend(text, t->kind == SCT_TYPE_VOID ? "void" : *name ? name : *kind ? "{...}" : "?");
	prepend(text, kind);
	prepend(text, qualifiers);
}

static const char *qualifier(const struct sct_type *t)
{
	switch (t->kind) {
	case SCT_TYPE_CONST: return "const ";
	case SCT_TYPE_VOLATILE: return "volatile ";
	case SCT_TYPE_RESTRICT: return "restrict ";
	case SCT_TYPE_TAG: return "";
	default: return NULL;
	}
}

/* From the name outwards: what a declarator is, is what stands nearest to the name. */
static void declare(struct words *w, uint32_t id, const char *name, char *text, unsigned nested)
{
	char qualifiers[64] = "", count[16];

	snprintf(text, TEXT, "%s", name);
	while (w->steps) {
		const struct sct_type *t = sct_type(w->db, id);

		w->steps--;
		if (qualifier(t)) {
			if (strlen(qualifiers) + 10 < sizeof qualifiers)
				strcat(qualifiers, qualifier(t));
		} else if (t->kind == SCT_TYPE_POINTER) {
			prepend(text, qualifiers);
			prepend(text, binds_tighter(w->db, t->to) ? "(*" : "*");
			append(text, binds_tighter(w->db, t->to) ? ")" : "");
			*qualifiers = '\0';
		} else if (t->kind == SCT_TYPE_ARRAY) {
			snprintf(count, sizeof count, t->count ? "[%u]" : "[]", t->count);
			append(text, count);
		} else if (t->kind == SCT_TYPE_FUNCTION) {
			parameters(w, t, text, nested);
		} else {
			break;
		}
		id = t->to;
	}
	base(w, id, qualifiers, text);
}

void sct_type_declare(const struct sct_types *db, uint32_t id, const char *name, char *buf, size_t size)
{
	struct words w = { db, STEPS };
	char text[TEXT];

	declare(&w, id, name, text, 0);
	snprintf(buf, size, "%s", text);
}
