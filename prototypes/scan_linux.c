/* Makes the tables of Linux on x86 from a kernel source tree.
 * In:  a Linux source tree (Debian's linux-source-6.1); types.txt, marks.txt and multiplexed_x86.txt of this folder
 * Out: linux_x86.txt, linux_x64.txt, linux_x32.txt in this folder: one line a call (sctrace-prototypes(5))
 *
 * usage: scan_linux TREE FOLDER
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ksource.h"
#include "marks.h"
#include "text.h"

struct type {
	const char *name, *code[NTARGETS]; /* "u4", "i8", "ptr" */
};

struct profile {
	const char *name, *tbl, *abi[2]; /* second column of the .tbl lines that it has */
	enum target target;
	const char *rest; /* lines that no source has, to be appended */
};

static const struct profile profiles[] = {
	{ "linux_x86", "syscall_32.tbl", { "i386", "i386" }, TARGET_32, "multiplexed_x86.txt" },
	{ "linux_x64", "syscall_64.tbl", { "common", "64" }, TARGET_64, NULL },
	{ "linux_x32", "syscall_64.tbl", { "common", "x32" }, TARGET_64, NULL },
};

struct scan {
	const char *tree, *folder;
	struct ksource source;
	struct marks marks;
	struct type *types;
	size_t ntypes;
	unsigned unmarked; /* pointers whose direction is not known */
};

static void read_types(struct scan *s)
{
	const char *path = text_printf("%s/types.txt", s->folder);
	char *text = text_read(path), *line;

	for (unsigned n = 1; (line = text_line(&text)); n++) {
		char *all = text_squeeze(line, strlen(line)), *last = strrchr(all, ' '), *middle;

		if (!*all || *all == '#')
			continue;
		middle = last ? memrchr(all, ' ', (size_t)(last - all)) : NULL;
		if (!middle)
			die(path, n, "type and two sizes expected");
		*last = *middle = 0;
		s->types = grow(s->types, s->ntypes, s->ntypes + 1, sizeof *s->types);
		s->types[s->ntypes++] = (struct type){ all, { middle + 1, last + 1 } };
	}
}

/* "u4", "i8", "ptr" for a type; dies at one that is in no list. */
static const char *type_code(const struct scan *s, const char *type, enum target target, const struct definition *d)
{
	if (text_starts(type, "const "))
		type += 6;
	if (text_ends(type, "*"))
		return "ptr";
	for (size_t i = 0; i < s->ntypes; i++)
		if (!strcmp(s->types[i].name, type))
			return s->types[i].code[target];
	die(d->path, d->line, "%s: type '%s' is not in types.txt", d->entry, type);
}

/* The code of what a pointer points at; pointers to pointers are as wide as a pointer. */
static const char *pointee_code(const struct scan *s, const char *type, enum target target, const struct definition *d)
{
	size_t len = strlen(type) - 1;
	const char *code = type_code(s, text_squeeze(type, len), target, d);

	if (strcmp(code, "ptr"))
		return code;
	return target == TARGET_32 ? "u4" : "u8";
}

/* Splits in two halves? Then the length of their common stem in *stem. */
static bool halves(const char *lo, const char *hi, size_t *stem)
{
	static const char *const endings[][2] = {
		{ "_low", "_high" }, { "_low", "_hi" }, { "_lo", "_hi" }, { "_l", "_h" }, { "lo", "hi" },
	};

	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		if (!text_ends(lo, endings[i][0]) || !text_ends(hi, endings[i][1]))
			continue;
		*stem = strlen(lo) - strlen(endings[i][0]);
		if (*stem == strlen(hi) - strlen(endings[i][1]) && !strncmp(lo, hi, *stem))
			return true;
	}
	return false;
}

/* Two neighbours that are halves of one 64-bit value, on 32-bit ABIs. */
static bool print_halves(FILE *out, const struct field *f)
{
	size_t stem;

	if (!f[0].name || !f[1].name)
		return false;
	if (halves(f[0].name, f[1].name, &stem))
		fprintf(out, "loff_t %.*s [i8 lohi]", (int)stem, f[0].name);
	else if (halves(f[1].name, f[0].name, &stem))
		fprintf(out, "loff_t %.*s [i8 hilo]", (int)stem, f[0].name);
	else
		return false;
	return true;
}

/* Marks of a parameter that no line is about. */
static void print_default(struct scan *s, FILE *out, const struct profile *p, const struct definition *d,
			  const struct field *f)
{
	const char *code = type_code(s, f->type, p->target, d);

	if (strcmp(code, "ptr")) {
		fprintf(out, "%s%s", code, p->target == TARGET_32 && code[1] == '8' ? " lohi" : "");
	} else if (text_starts(f->type, "const ") || !text_ends(f->type, "*")) {
		fputs("ptr in", out);
	} else {
		fputs("ptr inout", out);
		fprintf(stderr, "%s: %s: %s%s: no mark\n", p->name, d->entry, f->type, f->name);
		s->unmarked++;
	}
}

static void print_param(struct scan *s, FILE *out, const struct profile *p, const struct definition *d,
			const struct field *f)
{
	const char *mark;

	if (!f->name)
		die(d->path, d->line, "%s: a parameter without a name", d->entry);
	mark = marks_find(&s->marks, d->entry, f->type, f->name);
	fprintf(out, "%s%s%s [", f->type, text_ends(f->type, "*") ? "" : " ", f->name);
	if (!mark)
		print_default(s, out, p, d, f);
	else if (!strcmp(mark, "num") || text_starts(mark, "num "))
		fprintf(out, "num:%s%s", pointee_code(s, f->type, p->target, d), mark + 3);
	else
		fprintf(out, "%s%s", mark, strcmp(mark, "str") ? "" : " in");
	fputc(']', out);
}

static void print_call(struct scan *s, FILE *out, const struct profile *p, const char *nr, const char *name,
		       const char *entry)
{
	const struct definition *d = ksource_find(&s->source, entry, p->target);

	if (!d)
		die(p->tbl, 0, "%s: no definition of %s", name, entry);
	fprintf(out, "%s %s %s(", nr, name, entry);
	for (unsigned i = 0; i < d->nfields; i++) {
		fputs(i ? ", " : "", out);
		if (p->target == TARGET_32 && i + 1 < d->nfields && print_halves(out, &d->field[i]))
			i++;
		else
			print_param(s, out, p, d, &d->field[i]);
	}
	fprintf(out, ")%s\n", marks_flags(&s->marks, entry));
}

/* One line of a .tbl file: number, ABI, name, entry point, perhaps a compat entry point. True: the profile has it. */
static bool take_row(struct scan *s, FILE *out, const struct profile *p, char *line)
{
	char *nr = text_word(&line), *abi = text_word(&line), *name = text_word(&line), *entry = text_word(&line);

	if (!nr || *nr == '#' || !entry || !strcmp(entry, "sys_ni_syscall"))
		return false;
	if (strcmp(abi, p->abi[0]) && strcmp(abi, p->abi[1]))
		return false;
	print_call(s, out, p, nr, name, entry);
	return true;
}

/* Rows of a .tbl file need not be sorted, those of a table are. */
static int by_number(const void *a, const void *b)
{
	return atoi(*(char *const *)a) - atoi(*(char *const *)b);
}

static void make_table(struct scan *s, const struct profile *p)
{
	const char *path = text_printf("%s/%s.txt", s->folder, p->name);
	char *text = text_read(text_printf("%s/arch/x86/entry/syscalls/%s", s->tree, p->tbl)), *line, **lines = NULL;
	FILE *out = fopen(path, "w");
	size_t count = 0;
	unsigned rows = 0;

	if (!out)
		die(path, 0, "cannot be written");
	for (; (line = text_line(&text)); count++) {
		lines = grow(lines, count, count + 1, sizeof *lines);
		lines[count] = line;
	}
	qsort(lines, count, sizeof *lines, by_number);
	fprintf(out, "# %s: made by scan_linux from a kernel source tree, types.txt and marks.txt; do not edit.\n"
		"# Format: sctrace-prototypes(5)\n", p->name);
	for (size_t i = 0; i < count; i++)
		rows += take_row(s, out, p, lines[i]);
	if (p->rest)
		fputs(text_read(text_printf("%s/%s", s->folder, p->rest)), out);
	if (fclose(out))
		die(path, 0, "cannot be written");
	printf("%s: %u calls\n", path, rows);
}

int main(int argc, char **argv)
{
	struct scan s = { 0 };

	if (argc != 3)
		die(NULL, 0, "usage: scan_linux TREE FOLDER");
	s.tree = argv[1];
	s.folder = argv[2];
	read_types(&s);
	marks_read(&s.marks, text_printf("%s/marks.txt", s.folder));
	ksource_scan(&s.source, s.tree);
	for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
		make_table(&s, &profiles[i]);
	marks_check_used(&s.marks);
	if (s.unmarked)
		fprintf(stderr, "scan_linux: %u pointers without a mark\n", s.unmarked);
	return 0;
}
