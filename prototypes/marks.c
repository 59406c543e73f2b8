/* What people know about system calls and sources do not say: marks.txt, laid over what the scanner found.
 * In:  marks.txt (sctrace-prototypes(5))
 * Out: marks of parameters, flags of calls
 */
#include "marks.h"

#include <string.h>

#include "text.h"

static void read_line(struct marks *m, char *line, unsigned number)
{
	bool more = *line == ' ' && m->count;
	struct mark *mark = more ? &m->mark[m->count - 1] : NULL;
	char *calls, *param, *text;

	if (more) {
		mark->text = text_printf("%s %s", mark->text, text_squeeze(line, strlen(line)));
		return;
	}
	calls = text_word(&line);
	param = text_word(&line);
	text = text_squeeze(line, strlen(line));
	if (!calls || *calls == '#')
		return;
	if (!param || !*text)
		die(m->path, number, "calls, parameter and marks expected");
	if (m->count == m->room) {
		m->mark = grow(m->mark, m->room, m->room + 256, sizeof *m->mark);
		m->room += 256;
	}
	mark = &m->mark[m->count++];
	*mark = (struct mark){ .calls = calls, .param = param, .text = text, .line = number };
}

void marks_read(struct marks *m, const char *path)
{
	char *text = text_read(path), *line;

	m->path = path;
	for (unsigned number = 1; (line = text_line(&text)); number++)
		read_line(m, line, number);
}

static bool in_list(const char *list, const char *name, size_t len)
{

	for (const char *p = list; p; p = strchr(p, ',')) {
		p += *p == ',';
		if (!strncmp(p, name, len) && (p[len] == ',' || !p[len]))
			return true;
	}
	return false;
}

static bool names(const struct marks *m, const char *list, const char *call)
{
	const char *here;

	if (in_list(list, call, strlen(call)))
		return true;
	here = strchr(list, ':') ? text_printf("%s:%s", m->table, call) : NULL;
	return here && in_list(list, here, strlen(here));
}

/* Does the list name that entry point, in full or without "sys_" or "compat_sys_"? */
static bool names_call(const struct marks *m, const char *list, const char *entry)
{
	const char *call = strstr(entry, "sys_");

	return names(m, list, entry) || (call && names(m, list, call + 4));
}

const char *marks_find(struct marks *m, const char *entry, const char *type, const char *param)
{
	const char *any = NULL;

	for (size_t i = 0; i < m->count; i++) {
		struct mark *k = &m->mark[i];

		if (strcmp(k->param, param))
			continue;
		if (!strcmp(k->calls, "*")) {
			if (strcmp(k->text, "str") ? !text_ends(type, "*") : text_ends(type, "char *"))
				any = k->text;
		} else if (names_call(m, k->calls, entry)) {
			k->used = true;
			return k->text;
		}
	}
	return any;
}

const char *marks_flags(struct marks *m, const char *entry)
{
	const char *flags = "";

	for (size_t i = 0; i < m->count; i++) {
		struct mark *k = &m->mark[i];

		if (strcmp(k->param, "-") || !names_call(m, k->calls, entry))
			continue;
		k->used = true;
		flags = text_printf("%s %s", flags, k->text);
	}
	return flags;
}

void marks_check_used(const struct marks *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (!m->mark[i].used && strcmp(m->mark[i].calls, "*"))
			die(m->path, m->mark[i].line, "no call of any table has this");
}
