/* System call definitions in a kernel source tree: SYSCALL_DEFINEn and its relatives.
 * In:  .c files of the directories that kernels are built from, include/linux/{syscalls,compat}.h
 * Out: entry points with types and names of their parameters
 */
#include "ksource.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "text.h"

static const char *const dirs[] = {
	"arch/x86", "arch/arm", "arch/arm64", "arch/mips", "block", "drivers", "fs", "init", "io_uring", "ipc",
	"kernel", "lib", "mm", "net", "security",
};
/* never part of these kernels: user-mode Linux, machines without an MMU or timers; 32-bit programs on 64-bit kernels of
 * other architectures than x86 */
static const char *const skipped[] = {
	"arch/x86/um", "mm/nommu.c", "kernel/time/posix-stubs.c", "arch/arm64/kernel/sys32.c", "arch/mips/kernel/linux32.c",
};
/* which of arch/ a build has */
static const char *const archs[NTARGETS] = {
	[TARGET_32] = "x86", [TARGET_64] = "x86", [TARGET_ARM] = "arm", [TARGET_ARM64] = "arm64", [TARGET_MIPS] = "mips",
};

/* Comments become spaces; line breaks stay, so that lines can be counted. */
static void strip(char *s)
{
	char quote = 0;

	for (; *s; s++) {
		if (quote && *s == '\\' && s[1]) {
			s++;
		} else if (quote) {
			quote = *s == quote || *s == '\n' ? 0 : quote;
		} else if (*s == '"' || *s == '\'') {
			quote = *s;
		} else if (s[0] == '/' && s[1] == '*') {
			for (; *s && !(s[0] == '*' && s[1] == '/'); s++)
				*s = *s == '\n' ? '\n' : ' ';
			if (*s)
				s[0] = s[1] = ' ';
			else
				s--;
		} else if (s[0] == '/' && s[1] == '/') {
			for (; s[1] && s[1] != '\n'; s++)
				*s = ' ';
			*s = ' ';
		}
	}
}

static bool is_word(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && !memcmp(s, word, len);
}

/* A type as the tables have it: no __user, one space between words, pointers as "T *" and "T **". */
static const char *clean_type(const char *s, size_t len)
{
	char *out = grow(NULL, 0, 2 * len + 1, 1), *o = out;

	while (len && s[len - 1] == ' ')
		len--;
	for (size_t i = 0, n; i < len; i += n) {
		for (n = 0; i + n < len && text_ident(s[i + n]); n++)
			;
		if (!n) {
			n = 1;
			if (s[i] == '*') {
				if (o > out && o[-1] != '*')
					*o++ = ' ';
				*o++ = '*';
			}
			continue;
		}
		if (is_word(s + i, n, "__user") || is_word(s + i, n, "__force"))
			continue;
		if (is_word(s + i, n, "const") && i + n == len && o > out)
			continue; /* of the parameter itself */
		if (o > out)
			*o++ = ' ';
		memcpy(o, s + i, n);
		o += n;
	}
	*o = 0;
	return out;
}

static const char *next_comma(const char *p, const char *end)
{
	while (p < end && *p != ',')
		p = *p == '(' ? text_close(p) + 1 : p + 1;
	return p;
}

static void add_field(struct definition *d, const char *type, const char *name)
{
	if (d->nfields == FIELDS_MAX)
		die(d->path, d->line, "%s has too many parameters", d->entry);
	d->field[d->nfields++] = (struct field){ type, name };
}

/* The list behind a name: type, name, type, name …; SC_ARG64(name) and its like are a u64 in two words. */
static void macro_fields(struct definition *d, const char *p, const char *end)
{
	while (p < end) {
		const char *type_end = next_comma(p, end), *name_end;
		char *type = text_squeeze(p, (size_t)(type_end - p));

		if (text_starts(type, "SC_ARG64(") || text_starts(type, "compat_arg_u64_dual(")) {
			char *name = strchr(type, '(') + 1;

			add_field(d, "u64", text_squeeze(name, strcspn(name, ")")));
			p = type_end + 1;
			continue;
		}
		if (type_end >= end)
			die(d->path, d->line, "%s: a type without a name", d->entry);
		name_end = next_comma(type_end + 1, end);
		add_field(d, clean_type(p, (size_t)(type_end - p)),
			  text_squeeze(type_end + 1, (size_t)(name_end - type_end - 1)));
		p = name_end + 1;
	}
}

/* The list of a declaration: "type name, type name"; a parameter may be unnamed. */
static void declared_fields(struct definition *d, const char *p, const char *end)
{
	for (const char *e; p < end; p = e + 1) {
		char *all;
		size_t len;

		e = next_comma(p, end);
		all = text_squeeze(p, (size_t)(e - p));
		len = strlen(all);
		while (len && text_ident(all[len - 1]))
			len--;
		if (!strcmp(all, "void"))
			continue;
		if (!len || !all[len]) /* one word, or a '*' at the end: only a type */
			add_field(d, clean_type(all, strlen(all)), NULL);
		else
			add_field(d, clean_type(all, len), all + len);
	}
}

static const char *arch_of(const char *path)
{
	const char *folder = strstr(path, "/arch/");

	for (enum target t = 0; folder && t < NTARGETS; t++)
		if (text_starts(folder + 6, archs[t]) && folder[6 + strlen(archs[t])] == '/')
			return archs[t];
	return NULL;
}

static struct definition *new_definition(struct ksource *k, const char *path, unsigned line, const struct cond *cond)
{
	struct definition *d;

	if (k->count == k->room) {
		k->def = grow(k->def, k->room, k->room + 256, sizeof *k->def);
		k->room += 256;
	}
	d = &k->def[k->count++];
	d->path = path;
	d->line = line;
	d->arch = arch_of(path);
	for (enum target t = 0; t < NTARGETS; t++)
		d->holds[t] = cond_holds(cond, t);
	return d;
}

/* One SYSCALL_DEFINEn(name, …). SYSCALL32_DEFINEn is native on 32-bit kernels and compat on others. */
static void take_macro(struct ksource *k, const char *text, const char *path, unsigned line, const struct cond *cond)
{
	const char *open = strchr(text, '('), *close = open ? text_close(open) : NULL, *comma;
	bool compat = text_starts(text, "COMPAT_"), both = text_starts(text, "SYSCALL32_");
	struct definition *d;

	if (!close)
		die(path, line, "a definition without end");
	for (int i = 0; i <= both; i++) {
		d = new_definition(k, path, line, cond);
		comma = next_comma(open + 1, close);
		d->entry = text_printf("%ssys_%s", compat || i ? "compat_" : "",
				       text_squeeze(open + 1, (size_t)(comma - open - 1)));
		macro_fields(d, comma + 1, close);
		for (enum target t = 0; both && t < NTARGETS; t++)
			if (cond_is_64(t) == !i)
				d->holds[t] = NO;
	}
}

static void take_declaration(struct ksource *k, const char *text, const char *path, unsigned line,
			     const struct cond *cond)
{
	const char *name = strstr(text, "sys"), *open = strchr(text, '('), *close = open ? text_close(open) : NULL;
	struct definition *d;

	if (!name || !close || name > open)
		return;
	while (text_ident(name[-1]))
		name--;
	d = new_definition(k, path, line, cond);
	d->header = true;
	d->entry = text_squeeze(name, (size_t)(open - name));
	declared_fields(d, open + 1, close);
}

/* The directive behind a '#', with its continued lines. */
static const char *directive(const char *p)
{
	const char *end = strchr(p, '\n');
	char *text;

	while (end && end[-1] == '\\')
		end = strchr(end + 1, '\n');
	text = text_squeeze(p, end ? (size_t)(end - p) : strlen(p));
	for (char *c = text; *c; c++)
		if (*c == '\\')
			*c = ' ';
	return text;
}

static void scan_file(struct ksource *k, const char *path, bool header)
{
	char *text = text_read(path);
	struct cond cond = { 0 };
	unsigned line = 0;

	if (!header && !strstr(text, "SYSCALL"))
		goto out;
	strip(text);
	for (const char *p = text; p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
		line++;
		if (*p == '#')
			cond_directive(&cond, directive(p + 1));
		else if (header && text_starts(p, "asmlinkage long "))
			take_declaration(k, p, path, line, &cond);
		else if (!header && (text_starts(p, "SYSCALL_DEFINE") || text_starts(p, "COMPAT_SYSCALL_DEFINE") ||
				     text_starts(p, "SYSCALL32_DEFINE")))
			take_macro(k, p, path, line, &cond);
	}
out:
	free(text);
}

static bool is_skipped(const char *path)
{
	for (size_t i = 0; i < sizeof skipped / sizeof *skipped; i++)
		if (text_ends(path, skipped[i]))
			return true;
	return false;
}

static void scan_dir(struct ksource *k, const char *dir)
{
	struct dirent **entry;
	int n = scandir(dir, &entry, NULL, alphasort);

	if (n < 0)
		die(dir, 0, "cannot be read");
	for (int i = 0; i < n; free(entry[i++])) {
		char *path = text_printf("%s/%s", dir, entry[i]->d_name);
		struct stat st;

		if (entry[i]->d_name[0] == '.' || is_skipped(path) || lstat(path, &st))
			continue;
		if (S_ISDIR(st.st_mode))
			scan_dir(k, path);
		else if (S_ISREG(st.st_mode) && text_ends(path, ".c"))
			scan_file(k, path, false);
	}
	free(entry);
}

void ksource_scan(struct ksource *k, const char *path, const char *declared)
{
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
		scan_dir(k, text_printf("%s/%s", path, dirs[i]));
	if (!k->count)
		die(path, 0, "has no system call definitions");
	scan_file(k, declared, true);
	scan_file(k, text_printf("%s/include/linux/syscalls.h", path), true);
	scan_file(k, text_printf("%s/include/linux/compat.h", path), true);
}

static bool same(const struct definition *a, const struct definition *b)
{
	if (a->nfields != b->nfields)
		return false;
	for (unsigned i = 0; i < a->nfields; i++)
		if (strcmp(a->field[i].type, b->field[i].type) || strcmp(a->field[i].name, b->field[i].name))
			return false;
	return true;
}

const struct definition *ksource_find(const struct ksource *k, const char *entry, enum target target)
{
	const struct definition *best = NULL;

	for (size_t i = 0; i < k->count; i++) {
		const struct definition *d = &k->def[i];
		bool better, equal;

		if (d->holds[target] == NO || strcmp(d->entry, entry) || (d->arch && strcmp(d->arch, archs[target])))
			continue;
		better = !best || (best->header && !d->header) || (!best->arch && d->arch);
		equal = best && best->header == d->header && best->arch == d->arch;
		if (equal && !d->header && !same(best, d))
			die(d->path, d->line, "%s differs from %s:%u", entry, best->path, best->line);
		if (better)
			best = d;
	}
	return best;
}
