/* What people know about system calls and sources do not say: marks.txt, laid over what the scanner found.
 * In:  marks.txt (sctrace-prototypes(5))
 * Out: marks of parameters, flags of calls
 */
#include "marks.h"

#include <string.h>

#include "text.h"

static void read_line(struct marks *m, char *line, unsigned number)
{
	struct mark *mark;
	char *calls = text_word(&line), *param = text_word(&line), *text = text_squeeze(line, strlen(line));

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

static bool in_list(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = list; p; p = strchr(p, ',')) {
		p += *p == ',';
		if (!strncmp(p, name, len) && (p[len] == ',' || !p[len]))
			return true;
	}
	return false;
}

const char *marks_find(struct marks *m, const char *call, const char *type, const char *param)
{
	bool pointer = text_ends(type, "*");
	const char *any = NULL;

	for (size_t i = 0; i < m->count; i++) {
		struct mark *k = &m->mark[i];

		if (strcmp(k->param, param))
			continue;
		if (!strcmp(k->calls, "*")) {
			if (pointer == (strcmp(k->text, "fd") != 0))
				any = k->text;
		} else if (in_list(k->calls, call)) {
			k->used = true;
			return k->text;
		}
	}
	return any;
}

const char *marks_flags(struct marks *m, const char *call)
{
	const char *flags = "";

	for (size_t i = 0; i < m->count; i++) {
		struct mark *k = &m->mark[i];

		if (strcmp(k->param, "-") || !in_list(k->calls, call))
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
