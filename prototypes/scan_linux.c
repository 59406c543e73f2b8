/* Makes the tables of Linux from a kernel source tree.
 * In:  a Linux source tree (Debian's linux-source-6.1); types.txt, marks.txt, declared.h, multiplexed_*.txt of this
 *      folder
 * Out: linux_*.txt in this folder: one line a call (sctrace-prototypes(5))
 *
 * usage: scan_linux TREE FOLDER
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generic.h"
#include "ksource.h"
#include "marks.h"
#include "text.h"

struct type {
	const char *name, *code[2]; /* "u4", "i8", "ptr": where a long has 32 and 64 bits */
};

struct profile {
	const char *name, *tbl, *abi[2]; /* second column of the .tbl lines that it has */
	enum target target;
	const char *rest; /* lines that no source has, to be appended */
	unsigned base;    /* of the numbers in the .tbl */
	const char *set;  /* mark of a signal set that is more than one number of 64 bits */
	bool pairs;       /* a 64-bit number in two words begins at an even one, as in the C ABI of the architecture */
};

#define X86 "arch/x86/entry/syscalls/"
#define GENERIC "include/uapi/asm-generic/unistd.h"
#define O32 "arch/mips/kernel/syscalls/syscall_o32.tbl"

static const struct profile profiles[] = {
	{ "linux_x86", X86 "syscall_32.tbl", { "i386", "i386" }, TARGET_32, "multiplexed_x86.txt" },
	{ "linux_x64", X86 "syscall_64.tbl", { "common", "64" }, TARGET_64 },
	{ "linux_x32", X86 "syscall_64.tbl", { "common", "x32" }, TARGET_64 },
	{ "linux_arm", "arch/arm/tools/syscall.tbl", { "common", "eabi" }, TARGET_ARM, "private_arm.txt", .pairs = true },
	{ "linux_arm64", GENERIC, { "generic", "generic" }, TARGET_ARM64 },
	{ "linux_mips_o32", O32, { "o32", "o32" }, TARGET_MIPS, "multiplexed_x86.txt", .base = 4000,
	  .set = " len=2", .pairs = true },
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
			return s->types[i].code[cond_is_64(target)];
	die(d->path, d->line, "%s: type '%s' is not in types.txt", d->entry, type);
}

/* The code of what a pointer points at; pointers to pointers are as wide as a pointer. */
static const char *pointee_code(const struct scan *s, const char *type, enum target target, const struct definition *d)
{
	size_t len = strlen(type) - 1;
	const char *code = type_code(s, text_squeeze(type, len), target, d);

	if (strcmp(code, "ptr"))
		return code;
	return cond_is_64(target) ? "u8" : "u4";
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

static bool in_two_words(const struct scan *s, const struct profile *p, const struct definition *d,
			 const struct field *f)
{
	const char *code = type_code(s, f->type, p->target, d);

	return !cond_is_64(p->target) && strcmp(code, "ptr") && code[1] == '8';
}

/* Marks of a parameter that no line is about, and that begins at that word. */
static void print_default(struct scan *s, FILE *out, const struct profile *p, const struct definition *d,
			  const struct field *f, unsigned word)
{
	const char *code = type_code(s, f->type, p->target, d);

	if (in_two_words(s, p, d, f)) {
		fputs(code, out);
		if (p->pairs)
			fprintf(out, " slot=%u", word);
		fputs(" lohi", out);
	} else if (strcmp(code, "ptr")) {
		fputs(code, out);
	} else if (text_starts(f->type, "const ") || !text_ends(f->type, "*")) {
		fputs("ptr in", out);
	} else {
		fputs("ptr inout", out);
		fprintf(stderr, "%s: %s: %s%s: no mark\n", p->name, d->entry, f->type, f->name);
		s->unmarked++;
	}
}

static void print_param(struct scan *s, FILE *out, const struct profile *p, const struct definition *d,
			const struct field *f, unsigned word)
{
	const char *mark;

	if (!f->name)
		die(d->path, d->line, "%s: a parameter without a name", d->entry);
	mark = marks_find(&s->marks, d->entry, f->type, f->name);
	fprintf(out, "%s%s%s [", f->type, text_ends(f->type, "*") ? "" : " ", f->name);
	if (!mark)
		print_default(s, out, p, d, f, word);
	else if (!strcmp(mark, "num") || text_starts(mark, "num "))
		fprintf(out, "num:%s%s", pointee_code(s, f->type, p->target, d), mark + 3);
	else
		fprintf(out, "%s%s", mark, strcmp(mark, "str") ? "" : " in");
	if (mark && p->set && text_starts(mark, "num:u8") && strstr(f->type, "sigset_t"))
		fputs(p->set, out);
	fputc(']', out);
}

/* The definition behind an entry point: MIPS saves registers in __sys_fork and its like, Arm corrects a length in
 * sys_statfs64_wrapper, before they go there. */
static const struct definition *find_definition(const struct scan *s, const struct profile *p, const char *entry)
{
	const struct definition *d = ksource_find(&s->source, entry, p->target);

	if (!d && text_starts(entry, "__"))
		d = ksource_find(&s->source, entry + 2, p->target);
	if (!d && text_ends(entry, "_wrapper"))
		d = ksource_find(&s->source, text_squeeze(entry, strlen(entry) - strlen("_wrapper")), p->target);
	return d;
}

static void print_call(struct scan *s, FILE *out, const struct profile *p, const char *nr, const char *name,
		       const char *entry)
{
	const struct definition *d = find_definition(s, p, entry);
	unsigned word = 0;

	if (!d)
		die(p->tbl, 0, "%s: no definition of %s", name, entry);
	fprintf(out, "%lu %s %s(", strtoul(nr, NULL, 10) + p->base, name, d->entry);
	for (unsigned i = 0; i < d->nfields; i++, word++) {
		fputs(i ? ", " : "", out);
		if (!cond_is_64(p->target) && i + 1 < d->nfields && print_halves(out, &d->field[i])) {
			i++;
			word++;
			continue;
		}
		word += p->pairs && in_two_words(s, p, d, &d->field[i]) && word % 2;
		print_param(s, out, p, d, &d->field[i], word);
		word += in_two_words(s, p, d, &d->field[i]);
	}
	fprintf(out, ")%s\n", marks_flags(&s->marks, d->entry));
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
	const char *path = text_printf("%s/%s.txt", s->folder, p->name), *source = text_printf("%s/%s", s->tree, p->tbl);
	char *text = text_ends(source, ".h") ? generic_rows(source, p->target) : text_read(source), *line, **lines = NULL;
	FILE *out = fopen(path, "w");
	size_t count = 0;
	unsigned rows = 0;

	s->marks.table = p->name;
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
	ksource_scan(&s.source, s.tree, text_printf("%s/declared.h", s.folder));
	for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
		make_table(&s, &profiles[i]);
	marks_check_used(&s.marks);
	if (s.unmarked)
		fprintf(stderr, "scan_linux: %u pointers without a mark\n", s.unmarked);
	return 0;
}
