/* System call numbers of the architectures that have no list of their own.
 * In:  include/uapi/asm-generic/unistd.h
 * Out: lines as in a .tbl file
 *
 * Layout: "#define __NR_NAME NUMBER", then one of
 *
 *	__SYSCALL(__NR_NAME, ENTRY)
 *	__SC_3264(__NR_NAME, ENTRY_32, ENTRY_64)
 *	__SC_COMP(__NR_NAME, ENTRY, ENTRY_COMPAT)
 *	__SC_COMP_3264(__NR_NAME, ENTRY_32, ENTRY_64, ENTRY_COMPAT)
 *
 * Where the entry differs, so does the name: __NR3264_lseek is __NR_lseek or __NR_llseek at the end of the header.
 */
#include "generic.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { CALLS_MAX = 1024 };

struct call {
	const char *macro, *name, *number, *entry;
};

struct generic {
	const char *path;
	unsigned line, count;
	enum target target;
	struct cond cond;
	struct call calls[CALLS_MAX];
};

static struct call *find(struct generic *g, const char *macro)
{
	for (unsigned i = 0; i < g->count; i++)
		if (!strcmp(g->calls[i].macro, macro))
			return &g->calls[i];
	return NULL;
}

/* "__NR_read 63", and at the end "__NR_lseek __NR3264_lseek". */
static void take_define(struct generic *g, char *text)
{
	char *macro = text_word(&text), *value = text_word(&text);
	struct call *call;

	if (!macro || !value || !text_starts(macro, "__NR"))
		return;
	call = find(g, value);
	if (call && text_starts(macro, "__NR_"))
		call->name = macro + strlen("__NR_");
	if (call || !strchr("0123456789", *value))
		return;
	if (g->count == CALLS_MAX)
		die(g->path, g->line, "too many calls");
	g->calls[g->count++] = (struct call){ .macro = macro, .number = value,
		                              .name = text_starts(macro, "__NR_") ? macro + strlen("__NR_") : NULL };
}

/* The entry point of a call, which is one of several in the parentheses behind its number. */
static void take_entry(struct generic *g, const char *text)
{
	static const struct {
		const char *macro;
		unsigned at[2]; /* which, by bits of a long */
	} forms[] = {
		{ "__SYSCALL(", { 1, 1 } }, { "__SC_3264(", { 1, 2 } }, { "__SC_COMP(", { 1, 1 } },
		{ "__SC_COMP_3264(", { 1, 2 } },
	};

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		const char *p = text + strlen(forms[i].macro);
		struct call *call;

		if (!text_starts(text, forms[i].macro))
			continue;
		call = find(g, text_squeeze(p, strcspn(p, ",")));
		for (unsigned n = forms[i].at[cond_is_64(g->target)]; p && n; n--)
			p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL;
		if (!call || !p)
			die(g->path, g->line, "a call without a number or entry point");
		call->entry = text_squeeze(p, strcspn(p, ",)\\"));
	}
}

/* The header's lines; continued ones are one. */
static void take_lines(struct generic *g)
{
	char *text = text_read(g->path), *line;

	for (char *p = text; (p = strstr(p, "\\\n"));)
		p[0] = p[1] = ' ';
	while ((line = text_line(&text))) {
		g->line++;
		if (*line == '#')
			cond_directive(&g->cond, line + 1);
		if (cond_holds(&g->cond, g->target) == NO)
			continue;
		if (text_starts(line, "#define"))
			take_define(g, line + strlen("#define"));
		else
			take_entry(g, line);
	}
}

char *generic_rows(const char *path, enum target target)
{
	struct generic *g = grow(NULL, 0, 1, sizeof *g);
	const char *rows = "";

	g->path = path;
	g->target = target;
	take_lines(g);
	for (unsigned i = 0; i < g->count; i++)
		if (g->calls[i].name && g->calls[i].entry)
			rows = text_printf("%s%s generic %s %s\n", rows, g->calls[i].number, g->calls[i].name, g->calls[i].entry);
	return text_printf("%s", rows);
}
