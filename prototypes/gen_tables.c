/* Turns tables and label lists into C, at build time.
 * In:  linux_*.txt: one line a call (sctrace-prototypes(5)); files in labels/: number and name
 * Out: standard output: sct_table_* and sct_labels_* of proto.h, static const data
 *
 * usage: gen_tables FILE... >tables.c
 *
 * A file in a folder `labels` is a label list, any other a table, whose profile is its name without ".txt".
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "row.h"
#include "text.h"

/* What is being read, for messages and names. */
struct input {
	const char *path, *profile;
	unsigned line;
};

/* One list of calls: the table itself or the calls behind a multiplexer. */
struct list {
	const char *prefix; /* of the numbers in the text */
	const char *member; /* of struct sct_table, "n" before it for the count */
	struct row *row;
	size_t count;
};

enum { LISTS = 3 };

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* name and depth: of the array that has what the parameter is else. */
static void print_param(const struct row_param *p, const char *name, unsigned index, unsigned depth)
{
	printf("\t{ .name = \"%s\", .type = \"%s\", .cls = SCT_C_%s, .dir = %s, .size = %u, .slot = %u, .slot_hi = %u",
	       p->name, p->type, p->cls, p->dir, p->size, p->slot, p->slot_hi);
	if (p->len)
		printf(", .len = %s, .len_arg = %u, .len_at = %u, .len_add = %u", p->len, p->len_arg, p->len_at, p->len_add);
	if (p->elem)
		printf(", .elem = %u, .elem_signed = %u, .elem_fd = %u", p->elem, p->elem_signed, p->elem_fd);
	if (p->when)
		printf(", .when = %s, .when_arg = %u, .when_at = %u, .when_value = 0x%x, .when_mask = 0x%x", p->when,
		       p->when_arg, p->when_at, p->when_value, p->when_mask);
	if (p->even)
		printf(", .even = \"%s\"", p->even);
	if (p->or_else)
		printf(", .or_else = &%s_%u_%u", name, index, depth);
	fputs(" }", stdout);
}

/* The other meanings of a parameter, the last one first: each points to the next. */
static void print_others(const struct row_param *p, const char *name, unsigned index, unsigned depth)
{
	if (!p)
		return;
	print_others(p->or_else, name, index, depth + 1);
	printf("static const struct sct_param %s_%u_%u =\n", name, index, depth);
	print_param(p, name, index, depth + 1);
	puts(";");
}

static void print_params(const struct input *in, const struct list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct row *r = &l->row[i];
		const char *name = text_printf("%s_%s_%lu", in->profile, l->member, r->nr);

		if (!r->nparams)
			continue;
		for (unsigned k = 0; k < r->nparams; k++)
			print_others(r->param[k].or_else, name, k, 0);
		printf("static const struct sct_param %s[] = {\n", name);
		for (unsigned k = 0; k < r->nparams; k++) {
			print_param(&r->param[k], name, k, 0);
			puts(",");
		}
		puts("};");
	}
}

static void print_row(const struct input *in, const struct list *l, const struct row *r)
{
	printf("\t{ .nr = %lu, .name = \"%s\", .entry = \"%s\"", r->nr, r->name, r->entry);
	if (r->nparams)
		printf(", .params = %s_%s_%lu, .nparams = %u", in->profile, l->member, r->nr, r->nparams);
	if (*r->flags)
		printf(", .flags = %s", r->flags);
	if (r->nfd_of)
		printf(", .fd_by = %u, .nfd_of = %u, .fd_of = { %u, %u }", r->fd_by, r->nfd_of, r->fd_of[0], r->fd_of[1]);
	if (r->sub)
		printf(", .sub = %s", r->sub);
	puts(" },");
}

static void print_rows(const struct input *in, const struct list *l)
{
	printf("static const struct sct_proto %s_%s[] = {\n", in->profile, l->member);
	for (size_t i = 0; i < l->count; i++)
		print_row(in, l, &l->row[i]);
	puts("};");
}

/* Room for a row at the end of the list that the line's number belongs to; *line moves behind the list's prefix. */
static struct row *next_row(struct list *lists, char **line)
{
	struct list *l = lists;

	for (struct list *k = lists + 1; k < lists + LISTS; k++) {
		if (text_starts(*line, k->prefix)) {
			l = k;
			*line += strlen(k->prefix);
		}
	}
	l->row = grow(l->row, l->count, l->count + 1, sizeof *l->row);
	return &l->row[l->count++];
}

static void check_order(const struct input *in, const struct list *lists)
{
	for (const struct list *l = lists; l < lists + LISTS; l++)
		if (l->count > 1 && l->row[l->count - 1].nr <= l->row[l->count - 2].nr)
			die(in->path, in->line, "number %lu behind %lu", l->row[l->count - 1].nr,
			    l->row[l->count - 2].nr);
}

/* Bytes of an argument word, and how many of them a call can have. */
static const struct {
	const char *profile;
	unsigned word, words;
} abis[] = {
	{ "linux_x86", 4, 6 }, { "linux_x64", 8, 6 }, { "linux_x32", 8, 6 },
	{ "linux_arm", 4, 6 }, { "linux_arm64", 8, 6 }, { "linux_mips_o32", 4, 7 },
};

static unsigned abi_of(const struct input *in)
{
	for (unsigned i = 0; i < sizeof abis / sizeof *abis; i++)
		if (!strcmp(abis[i].profile, in->profile))
			return i;
	die(in->path, 0, "a profile whose argument words are not known");
}

static void print_table(struct input *in)
{
	struct list lists[LISTS] = {
		{ "", "protos", NULL, 0 },
		{ "socketcall:", "socketcall", NULL, 0 },
		{ "ipc:", "ipc", NULL, 0 },
	};
	char *text = text_read(in->path), *line;
	unsigned abi = abi_of(in);
	struct row *row;

	while ((line = text_line(&text))) {
		in->line++;
		if (!*line || *line == '#')
			continue;
		row = next_row(lists, &line);
		row_parse(row, line, abis[abi].word, abis[abi].words, in->path, in->line);
		check_order(in, lists);
	}
	for (struct list *l = lists; l < lists + LISTS; l++) {
		if (!l->count)
			continue;
		print_params(in, l);
		print_rows(in, l);
	}
	printf("const struct sct_table sct_table_%s = {\n\t.profile = \"%s\",\n\t.protos = %s_protos, .count = %zu,\n",
	       in->profile, in->profile, in->profile, lists[0].count);
	for (struct list *l = lists + 1; l < lists + LISTS; l++)
		if (l->count)
			printf("\t.%s = %s_%s, .n%s = %zu,\n", l->member, in->profile, l->member, l->member, l->count);
	puts("};");
}

/* "NUMBER NAME" a line, as an array by number. */
static void print_labels(struct input *in)
{
	char *text = text_read(in->path), *line;

	printf("static const char *const %s_names[] = {\n", in->profile);
	while ((line = text_line(&text))) {
		char *number = text_word(&line), *name = text_word(&line), *end;
		unsigned long n;

		in->line++;
		if (!number || *number == '#')
			continue;
		n = strtoul(number, &end, 10);
		if (*end || !name || n > 4095)
			die(in->path, in->line, "number below 4096 and name expected");
		printf("\t[%lu] = \"%s\",\n", n, name);
	}
	printf("};\nconst struct sct_labels sct_labels_%s = { %s_names, sizeof %s_names / sizeof *%s_names };\n",
	       in->profile, in->profile, in->profile, in->profile);
}

int main(int argc, char **argv)
{
	puts("/* Made by gen_tables; the sources are in prototypes/. */\n#include \"proto.h\"");
	for (int i = 1; i < argc; i++) {
		const char *name = base_name(argv[i]);
		struct input in = { .path = argv[i] };

		in.profile = text_squeeze(name, strcspn(name, "."));
		if (strstr(argv[i], "labels/"))
			print_labels(&in);
		else
			print_table(&in);
	}
	if (argc < 2 || fflush(stdout) || ferror(stdout))
		die(NULL, 0, argc < 2 ? "usage: gen_tables FILE..." : "standard output: cannot be written");
	return 0;
}
