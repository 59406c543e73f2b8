/* What the first lines show: whether these are such lines at all, of which kind, architecture and version.
 * In:  the first bytes of the input
 * Out: a score for probing; the parser for the trace, or why there is none
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "trace_panda.h"

enum {
	SURVEY = 1 << 20,  /* bytes */
	PROBE = 64 << 10,
	PROBE_LINES = 16,
};

/* ---- shapes ------------------------------------------------------------------------------------------------- */

static const uint8_t *pass_hex(const uint8_t *at, const uint8_t *end)
{
	const uint8_t *from;

	if (end - at > 2 && at[0] == '0' && (at[1] | 0x20) == 'x')
		at += 2;
	for (from = at; at < end && isxdigit(*at); at++)
		;
	return at > from ? at : NULL;
}

/* Takes in a field's name, which is in small letters. */
static void note_name(struct sct_pd_shape *s, const char *name)
{
	static const char *const pcs[] = { "eip", "rip", "pc" };

	if (!strcmp(name, "mr") || !strcmp(name, "mw") || !strcmp(name, "mrw")) {
		s->access = true;
		return;
	}
	if (!strcmp(name, "asid") || !strcmp(name, "kernel")) {
		s->whole = true;
		return;
	}
	for (unsigned i = 0; i < sizeof pcs / sizeof *pcs; i++)
		if (!strcmp(name, pcs[i])) {
			strcpy(s->pc, pcs[i]);
			return;
		}
	if (!*s->first)
		strcpy(s->first, name);
}

/* One field; returns what stands behind it, or NULL. */
static const uint8_t *field(struct sct_pd_shape *s, const uint8_t *at, const uint8_t *end)
{
	char name[sizeof s->first] = "";
	unsigned n = 0;

	for (; at < end && n < sizeof name - 1 && (isalnum(*at) || *at == '_'); at++)
		name[n++] = (char)tolower(*at);
	if (!n || at == end || *at != '=')
		return NULL;
	note_name(s, name);
	at = pass_hex(at + 1, end);
	if (at && at < end && *at == ':')
		at = pass_hex(at + 1, end);
	return at;
}

bool sct_pd_shape(struct sct_pd_shape *s, const uint8_t *at, const uint8_t *end)
{
	*s = (struct sct_pd_shape){ .whole = false };
	if (end > at && end[-1] == '\r')
		end--;
	for (;;) {
		at = field(s, at, end);
		if (!at)
			return false;
		if (at == end)
			return true;
		if (*at++ != ',')
			return false;
	}
}

static bool is_comment(const uint8_t *line, const uint8_t *nl)
{
	return *line == '#' || line == nl || (*line == '\r' && line + 1 == nl);
}

int sct_pd_probe(const uint8_t *data, size_t size, bool whole)
{
	const uint8_t *end = data + (size < PROBE ? size : PROBE), *nl;
	struct sct_pd_shape s;
	int score = 90;

	for (unsigned lines = 0; lines < PROBE_LINES && data < end && (nl = memchr(data, '\n', (size_t)(end - data)));
	     data = nl + 1) {
		if (is_comment(data, nl))
			continue;
		if (sct_pd_shape(&s, data, nl) && *s.pc)
			return s.whole == whole ? score : 0;
		score = 60; /* a damaged line came first */
		lines++;
	}
	return 0;
}

/* ---- architectures ------------------------------------------------------------------------------------------ */

static const struct sct_arch *arch_of(const struct sct_pd_shape *s)
{
	if (!strcmp(s->pc, "eip"))
		return &sct_arch_i386;
	return !strcmp(s->pc, "rip") ? &sct_arch_x86_64 : NULL;
}

/* The first sound line that names a pc; false: none. */
static bool find_shape(struct sct_pd_shape *s, const uint8_t *at, const uint8_t *stop)
{
	while (at < stop) {
		const uint8_t *nl = memchr(at, '\n', (size_t)(stop - at));

		if (!is_comment(at, nl) && sct_pd_shape(s, at, nl) && *s->pc)
			return true;
		at = nl + 1;
	}
	return false;
}

static int choose_arch(const struct sct_pd_shape *s, const struct sct_arch *want, const struct sct_arch **arch,
                       struct sct_err *err)
{
	const char *guess = !strcmp(s->first, "x0") ? " (aarch64)" : !strcmp(s->first, "r0") ? " (arm)" : "";

	*arch = arch_of(s);
	if (!*arch)
		return sct_fail(err, SCT_E_UNSUPPORTED, 0,
		                "the trace is of an architecture%s that is not known here: its registers are called %s and %s",
		                guess, s->pc, *s->first ? s->first : "nothing else");
	if (want && want != *arch)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "the trace is of %s, not of %s", (*arch)->name, want->name);
	return SCT_OK;
}

/* ---- versions ----------------------------------------------------------------------------------------------- */

/* Parses the lines [at, stop) to see how bytes are written. */
static int try_lines(struct sct_pd_survey *s, struct sct_pd_parser *p, const uint8_t *from, const uint8_t *stop,
                     uint64_t offset, bool plain, struct sct_err *err)
{
	for (const uint8_t *at = from, *end; at < stop; at = end) {
		end = (const uint8_t *)memchr(at, '\n', (size_t)(stop - at)) + 1;
		if (is_comment(at, end - 1))
			continue;
		p->batch.n = 0;
		p->batch.used = 0;
		p->regs.known = 0;
		if (sct_pd_parse(p, at)) {
			if (!s->pc.known)
				s->pc = (struct sct_word){ p->regs.known >> p->arch->pc & 1, p->regs.value[p->arch->pc] };
		} else if (p->fault == SCT_PD_TWICE) {
			return sct_fail(err, SCT_E_UNSUPPORTED, offset + (plain ? (uint64_t)(p->where - from) : 0),
			                "%s: a version of PANDA whose lines hold several instructions each", p->cause);
		} else if (p->fault == SCT_PD_ODD) {
			s->loose = p->loose = true;
			end = at;
		}
	}
	return SCT_OK;
}

/* What `open` learns from lines [text, stop). */
static int survey(struct sct_pd_survey *s, struct sct_pd_parser *p, const uint8_t *text, const uint8_t *stop,
                  const struct sct_arch *want, struct sct_err *err)
{
	const struct sct_arch *arch;
	struct sct_pd_shape shape;
	int rc;

	if (!find_shape(&shape, text, stop))
		return sct_fail(err, SCT_E_FORMAT, 0, "no line of a trace among the first %zu bytes", (size_t)(stop - text));
	s->whole = shape.whole;
	rc = choose_arch(&shape, want, &arch, err);
	if (rc == SCT_OK)
		rc = sct_pd_parser_init(p, arch, err);
	if (rc == SCT_OK)
		rc = try_lines(s, p, text, stop, 0, true, err);
	if (rc < 0)
		return rc;
	p->batch.n = 0;
	p->batch.used = 0;
	p->unkept = 0;
	p->regs = (struct sct_regs){ .known = 0 };
	p->pc_before = UINT64_MAX;
	return SCT_OK;
}

int sct_pd_survey(struct sct_pd_survey *s, struct sct_pd_parser *p, struct sct_input *in, const struct sct_arch *want,
                  struct sct_err *err)
{
	size_t size = 0;
	const uint8_t *data = sct_input_peek(in, &size), *nl;
	uint8_t *text;
	int rc;

	if (size > SURVEY)
		size = SURVEY;
	nl = size ? memrchr(data, '\n', size) : NULL;
	if (!nl)
		return sct_fail(err, SCT_E_FORMAT, 0, "no line ends among the first %zu bytes", size);
	size = (size_t)(nl + 1 - data);
	text = calloc(1, size + SCT_LINES_SLACK);
	if (!text)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for the first lines");
	memcpy(text, data, size);
	rc = survey(s, p, text, text + size, want, err);
	free(text);
	return rc;
}
