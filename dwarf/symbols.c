/* System.map and /proc/kallsyms: where a kernel's symbols are.
 * In:  text, one symbol a line
 * Out: symbols with addresses
 *
 * Layout (nm(1); kernel/kallsyms.c, s_show): ADDRESS KIND NAME [TAB "[" MODULE "]"], ADDRESS of 8 or 16 hexadecimal
 * digits, KIND one letter. Symbols of modules are left out, and so are those whose address is shown as 0 to who may not
 * know it. Absolute ones (A, a) are taken: those of per-CPU variables are, which count from the start of a CPU's data.
 */
#include <ctype.h>
#include <string.h>

#include "loaders.h"

enum { PROBE_LINES = 3, NAME_MAX_BYTES = 512 }; /* KSYM_NAME_LEN is 512 (include/linux/kallsyms.h) */

struct symbol_line {
	uint64_t address;
	char kind;
	const char *name;
	size_t len;
	bool of_module;
};

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The line at text, which ends at end; false: it is none of this format. */
static bool parse(const char *text, const char *end, struct symbol_line *l)
{
	const char *start = text;

	for (l->address = 0; text < end && digit(*text) >= 0; text++)
		l->address = l->address << 4 | (uint64_t)digit(*text);
	if ((text - start != 8 && text - start != 16) || end - text < 4 || text[0] != ' ' || text[2] != ' ')
		return false;
	if (!isalpha((unsigned char)text[1]) && text[1] != '?')
		return false;
	l->kind = text[1];
	l->name = text += 3;
	while (text < end && isgraph((unsigned char)*text))
		text++;
	l->len = (size_t)(text - l->name);
	l->of_module = end - text > 1 && text[0] == '\t' && text[1] == '[';
	return l->len > 0 && l->len < NAME_MAX_BYTES && (text == end || l->of_module);
}

static const char *end_of_line(const char *text, const char *end)
{
	const char *newline = memchr(text, '\n', (size_t)(end - text));

	return newline ? newline : end;
}

static int probe(const struct sct_file *file)
{
	const char *text = (const char *)file->data, *end = text + file->size;
	struct symbol_line l;

	for (int i = 0; i < PROBE_LINES && text < end; i++) {
		const char *newline = end_of_line(text, end);

		if (!parse(text, newline, &l))
			return 0;
		text = newline + 1;
	}
	return 80;
}

static bool has_place(const struct symbol_line *l)
{
	return l->address && !l->of_module && l->kind != 'U' && l->kind != 'u';
}

static int add(struct sct_types *db, const struct symbol_line *l, struct sct_err *err)
{
	char name[NAME_MAX_BYTES];
	uint32_t at;

	memcpy(name, l->name, l->len);
	name[l->len] = '\0';
	at = sct_types_add_name(db, name);
	if (at == SCT_NO_TYPE)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "more than 4 GiB of names");
	sct_types_add_symbol(db, at, SCT_NO_TYPE, &l->address);
	return SCT_OK;
}

static int load(struct sct_types *db, const struct sct_file *file, struct sct_err *err)
{
	const char *start = (const char *)file->data, *text = start, *end = text + file->size;
	uint64_t found = 0;

	while (text < end) {
		const char *newline = end_of_line(text, end);
		struct symbol_line l;

		if (!parse(text, newline, &l))
			return sct_fail(err, SCT_E_FORMAT, (uint64_t)(text - start), "no line of a symbol: address, kind, name");
		if (has_place(&l) && add(db, &l, err) < 0)
			return err->status;
		found += has_place(&l);
		text = newline + 1;
	}
	if (!found)
		return sct_fail(err, SCT_E_FORMAT, 0,
			"no symbol has an address in it (/proc/kallsyms shows them to root alone)");
	return SCT_OK;
}

const struct sct_types_loader sct_types_symbols = {
	.name = "symbols",
	.summary = "System.map or /proc/kallsyms: addresses of a kernel's symbols",
	.probe = probe,
	.load = load,
};
