/* One line of a table (sctrace-prototypes(5)), parsed.
 * In:  "NR NAME ENTRY(TYPE NAME [MARKS], ...) FLAGS"
 * Out: struct row
 */
#include "row.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

struct parse {
	struct row *row;
	const char *file;
	unsigned line, word, words;
};

struct keyword {
	const char *text, *value;
};

static const struct keyword classes[] = {
	{ "fd", "FD" },    { "ptr", "PTR" }, { "str", "STR" },	 { "strv", "STRV" }, { "buf", "BUF" },
	{ "iov", "IOV" },  { "msg", "MSG" }, { "mmsg", "MMSG" }, { "addr", "ADDR" }, { "words", "WORDS" },
	{ "struct", "STRUCT" }, { "sized", "SIZED" }, { "dirfd", "DIRFD" },
	{ "dirents", "DIRENTS" },
};

static const struct keyword directions[] = {
	{ "in", "SCT_IN" }, { "out", "SCT_OUT" }, { "inout", "SCT_INOUT" }, { "remote", "SCT_REMOTE" },
};

static const struct keyword flags[] = {
	{ "noreturn", "SCT_P_NORETURN" }, { "sigreturn", "SCT_P_SIGRETURN" },	{ "exec", "SCT_P_EXEC" },
	{ "fork", "SCT_P_FORK" },	  { "restart", "SCT_P_RESTART" },	{ "ptr-result", "SCT_P_PTR_RESULT" },
	{ "getpid", "SCT_P_GETPID" },	  { "gettid", "SCT_P_GETTID" },
	{ "fd-result", "SCT_P_FD_RESULT" }, { "int-result", "SCT_P_INT_RESULT" },
};

static const struct keyword subs[] = {
	{ "sub=socketcall", "SCT_SUB_SOCKETCALL" }, { "sub=ipc", "SCT_SUB_IPC" },
};

#define FIND(list, word) find(list, sizeof(list) / sizeof *(list), word)

static const char *find(const struct keyword *list, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(list[i].text, word))
			return list[i].value;
	return NULL;
}

static unsigned number(const struct parse *p, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	if (end == text || *end || n > UINT32_MAX)
		die(p->file, p->line, "'%s' is not a number", text);
	return (unsigned)n;
}

/* Names go into C source as they are: identifiers, in types also spaces and '*'. */
static void check_chars(const struct parse *p, const char *text, const char *others)
{
	for (const char *c = text; *c; c++)
		if (!text_ident(*c) && !strchr(others, *c))
			die(p->file, p->line, "'%s' is not a name", text);
	if (!*text)
		die(p->file, p->line, "a name is missing");
}

/* The index of the parameter called name. */
static unsigned param_index(const struct parse *p, const char *name)
{
	for (unsigned i = 0; i < p->row->nparams; i++)
		if (!strcmp(p->row->param[i].name, name))
			return i;
	die(p->file, p->line, "%s has no parameter '%s'", p->row->name, name);
}

/* "u4", "i8": sign and bytes of a number. */
static bool number_code(const char *code, unsigned *size, unsigned *is_signed)
{
	if ((*code != 'u' && *code != 'i') || !code[1] || !strchr("1248", code[1]) || code[2])
		return false;
	*size = (unsigned)(code[1] - '0');
	*is_signed = *code == 'i';
	return true;
}

/* "PARAM" or "PARAM+BYTES" behind a '*': which one, and how many bytes behind where it points. */
static unsigned behind(const struct parse *p, char *text, unsigned *at)
{
	char *plus = strchr(text, '+');

	if (plus) {
		*plus = 0;
		*at = number(p, plus + 1);
	}
	return param_index(p, text);
}

static const struct keyword len_kinds[] = {
	{ "pages/", "SCT_LEN_PAGES" }, { "ret/", "SCT_LEN_RET" }, { "bits/", "SCT_LEN_BITS" },
};

/* len=NUMBER, len=PARAM, len=*PARAM, len=*PARAM+AT, len=ret/PARAM, len=pages/PARAM, len=bits/PARAM, each but the first
 * perhaps behind ADD+ */
static void take_len(const struct parse *p, struct row_param *a, char *value)
{
	char *plus = strchr(value, '+');

	if (plus && (*value != '*')) {
		*plus = 0;
		a->len_add = strcmp(value, "word") ? number(p, value) : p->word;
		value = plus + 1;
	}
	if (strchr("0123456789", *value)) {
		a->len = "SCT_LEN_FIXED";
		a->len_arg = number(p, value);
		return;
	}
	if (*value == '*') {
		a->len = "SCT_LEN_ARG_PTR";
		a->len_arg = behind(p, value + 1, &a->len_at);
		return;
	}
	for (size_t i = 0; i < sizeof len_kinds / sizeof *len_kinds; i++) {
		if (text_starts(value, len_kinds[i].text)) {
			a->len = len_kinds[i].value;
			a->len_arg = param_index(p, value + strlen(len_kinds[i].text));
			return;
		}
	}
	a->len = "SCT_LEN_ARG";
	a->len_arg = param_index(p, value);
}

static unsigned one_of(const struct parse *p, char *list)
{
	unsigned bits = 0;

	for (char *comma; list; list = comma) {
		comma = strchr(list, ',');
		if (comma)
			*comma++ = 0;
		if (number(p, list) > 31)
			die(p->file, p->line, "when: %s is above 31", list);
		bits |= UINT32_C(1) << number(p, list);
	}
	return bits;
}

static const struct keyword results[] = {
	{ "ret", "SCT_WHEN_RET" }, { "eintr", "SCT_WHEN_EINTR" },
};

/* when=ret; when=eintr; when=PARAM&BITS; when=PARAM:N,N,...; when=PARAM=N; the last two also PARAM&MASK; when=*PARAM=N,
 * when=*PARAM+AT=N */
static void take_when(const struct parse *p, struct row_param *a, char *value)
{
	char *mask = strchr(value, '&'), *op = value + strcspn(value, ":="), kind = *op;

	a->when = FIND(results, value);
	if (a->when)
		return;
	if (!kind && !mask)
		die(p->file, p->line, "when=%s: '&', ':' or '=' expected", value);
	*op = 0;
	if (mask)
		*mask++ = 0;
	a->when_arg = *value == '*' ? behind(p, value + 1, &a->when_at) : param_index(p, value);
	if (!kind) {
		a->when = "SCT_WHEN_BITS";
		a->when_value = number(p, mask);
		return;
	}
	a->when_mask = mask ? number(p, mask) : 0;
	a->when = kind == ':' ? "SCT_WHEN_ONE_OF" : *value == '*' ? "SCT_WHEN_PTR_IS" : "SCT_WHEN_IS";
	a->when_value = kind == ':' ? one_of(p, op + 1) : number(p, op + 1);
}

/* "struct", "struct:NAME": the latter says what TYPE does not. */
static bool take_class(const struct parse *p, struct row_param *a, const char *mark)
{
	const char *colon = strchr(mark, ':'), *word = text_squeeze(mark, colon ? (size_t)(colon - mark) : strlen(mark));

	if (!FIND(classes, word) || (colon && strcmp(word, "struct") && strcmp(word, "sized")))
		return false;
	a->cls = FIND(classes, word);
	a->size = strcmp(word, "fd") && strcmp(word, "dirfd") ? p->word : 4;
	if (colon) {
		check_chars(p, colon + 1, "");
		a->type = text_printf("struct %s *", colon + 1);
	}
	return true;
}

/* The numbers behind num: are those of a code, or descriptors. */
static bool take_numbers(struct row_param *a, const char *code)
{
	a->elem_fd = !strcmp(code, "fd");
	return number_code(a->elem_fd ? "i4" : code, &a->elem, &a->elem_signed);
}

static void take_mark(const struct parse *p, struct row_param *a, char *mark)
{
	unsigned size, is_signed;

	if (text_starts(mark, "num:") && take_numbers(a, mark + 4)) {
		a->cls = "NUM";
	} else if (number_code(mark, &size, &is_signed)) {
		a->cls = is_signed ? "INT" : "UINT";
		a->size = size;
	} else if (!strcmp(mark, "word")) {
		a->cls = "UINT";
		a->size = p->word;
	} else if (take_class(p, a, mark)) {
		return;
	} else if (FIND(directions, mark)) {
		a->dir = FIND(directions, mark);
	} else if (text_starts(mark, "len=")) {
		take_len(p, a, mark + 4);
	} else if (text_starts(mark, "when=")) {
		take_when(p, a, mark + 5);
	} else if (text_starts(mark, "even=")) {
		a->even = mark + 5;
		check_chars(p, a->even, "");
	} else if (text_starts(mark, "slot=")) {
		a->slot = number(p, mark + 5);
	} else if (!strcmp(mark, "lohi")) {
		a->slot_hi = a->slot + 1;
	} else if (!strcmp(mark, "hilo")) {
		a->slot_hi = a->slot++;
	} else {
		die(p->file, p->line, "%s, %s: mark '%s' is not known", p->row->name, a->name, mark);
	}
}

enum { NO_SLOT = 0xff };

static bool by_result(const struct row_param *a)
{
	return a->when && (!strcmp(a->when, "SCT_WHEN_RET") || !strcmp(a->when, "SCT_WHEN_EINTR"));
}

/* The marks of one meaning up to a '|', then those of the others. */
static void take_marks(const struct parse *p, struct row_param *a, char *marks)
{
	const char *type = a->type;
	char *mark;

	while ((mark = text_word(&marks)) && strcmp(mark, "|"))
		take_mark(p, a, mark);
	if (!a->cls)
		die(p->file, p->line, "%s, %s: no class", p->row->name, a->name);
	if (!strcmp(a->cls, "NUM"))
		a->size = p->word;
	if (!a->dir)
		a->dir = "SCT_IN";
	if (!mark)
		return;
	if (!a->when || by_result(a))
		die(p->file, p->line, "%s, %s: '|' behind what always holds, or what only the result says", p->row->name,
		    a->name);
	a->or_else = grow(NULL, 0, 1, sizeof *a->or_else);
	*a->or_else = (struct row_param){ .name = a->name, .type = type, .slot = a->slot, .slot_hi = a->slot_hi };
	take_marks(p, a->or_else, marks);
}

/* Cuts "TYPE NAME [MARKS]" at *list; returns the marks, or NULL at the end of the list. */
static char *cut_param(const struct parse *p, struct row_param *a, char **list)
{
	char *text = *list + strspn(*list, ", "), *open = strchr(text, '['), *close = open ? strchr(open, ']') : NULL;
	char *name;

	if (!*text)
		return NULL;
	if (!close || open == text || open[-1] != ' ')
		die(p->file, p->line, "'%s': TYPE NAME [MARKS] expected", text);
	*close = open[-1] = 0;
	*list = close + 1;
	for (name = open - 1; name > text && text_ident(name[-1]); name--)
		;
	if (name == text || !*name)
		die(p->file, p->line, "'%s': type and name expected", text);
	a->name = name;
	a->type = text_squeeze(text, (size_t)(name - text));
	check_chars(p, a->type, " *");
	return open + 1;
}

static void take_params(const struct parse *p, char *list)
{
	char *marks[ROW_PARAMS], *m;
	struct row *r = p->row;
	unsigned slot = 0;
	struct row_param extra;

	/* names first: a mark may name a later parameter */
	while ((m = cut_param(p, r->nparams < ROW_PARAMS ? &r->param[r->nparams] : &extra, &list))) {
		if (r->nparams == ROW_PARAMS)
			die(p->file, p->line, "%s has too many parameters", r->name);
		marks[r->nparams++] = m;
	}
	for (unsigned i = 0; i < r->nparams; i++) {
		struct row_param *a = &r->param[i];

		a->slot = slot;
		a->slot_hi = NO_SLOT;
		take_marks(p, a, marks[i]);
		slot = (a->slot_hi != NO_SLOT && a->slot_hi > a->slot ? a->slot_hi : a->slot) + 1;
	}
	if (slot > p->words)
		die(p->file, p->line, "%s has more words than an ABI passes", r->name);
}

/* fd-result=PARAM:N,N: only with these values of the parameter */
static void take_fd_result(const struct parse *p, char *value)
{
	struct row *r = p->row;
	char *list = strchr(value, ':');

	if (!list)
		die(p->file, p->line, "%s: fd-result=%s: ':' expected", r->name, value);
	*list++ = 0;
	r->fd_by = param_index(p, value);
	for (char *comma; list; list = comma) {
		comma = strchr(list, ',');
		if (comma)
			*comma++ = 0;
		if (r->nfd_of == ROW_FD_OF || number(p, list) > UINT16_MAX)
			die(p->file, p->line, "%s: fd-result: more numbers than there is room for, or too large ones", r->name);
		r->fd_of[r->nfd_of++] = number(p, list);
	}
}

static void take_flags(const struct parse *p, char *text)
{
	struct row *r = p->row;

	r->flags = "";
	for (char *word; (word = text_word(&text));) {
		if (text_starts(word, "fd-result=")) {
			take_fd_result(p, word + strlen("fd-result="));
			word[strlen("fd-result")] = 0;
		}
		if (FIND(subs, word))
			r->sub = FIND(subs, word);
		else if (FIND(flags, word))
			r->flags = text_printf("%s%s%s", r->flags, *r->flags ? " | " : "", FIND(flags, word));
		else
			die(p->file, p->line, "%s: flag '%s' is not known", r->name, word);
	}
}

void row_parse(struct row *row, char *line, unsigned word, unsigned words, const char *file, unsigned n)
{
	struct parse p = { .row = row, .file = file, .line = n, .word = word, .words = words };
	char *nr = text_word(&line), *name = text_word(&line), *open = strchr(line, '('), *close;

	close = open ? (char *)text_close(open) : NULL;
	if (!nr || !name || !close)
		die(file, n, "NUMBER NAME ENTRY(PARAMETERS) FLAGS expected");
	*open = *close = 0;
	*row = (struct row){ .nr = number(&p, nr), .name = name, .entry = text_squeeze(line, strlen(line)) };
	check_chars(&p, row->name, "");
	check_chars(&p, row->entry, "");
	take_params(&p, open + 1);
	take_flags(&p, close + 1);
}
