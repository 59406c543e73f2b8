/* Answers about the running program, kept as long as what they were read from is the same.
 * In:  questions at moments whose memory has a number, an operating system's data
 * Out: its answers
 *
 * Most calls of a program are made by the same thread with the same few descriptors, and reading a path again takes
 * longer than the rest of a call.
 */
#include "os_kept.h"

#include <stdlib.h>
#include <string.h>

enum {
	KEPT = 256, /* moments */
	DESCRIPTORS = 64, /* of one moment */
};

struct descriptor {
	int fd;
	const char *text;
};

/* Answers at the moments of one number. */
struct moment {
	uint64_t shown, found; /* shown 0: none */
	bool is_known;         /* who is */
	struct sct_who who;
	unsigned ndescriptors;
	struct descriptor descriptors[DESCRIPTORS];
	struct sct_arena arena; /* of the strings */
};

struct kept {
	struct sct_os *os;
	struct moment moments[KEPT];
};

/* What was answered at such a moment, maybe nothing yet; NULL: it cannot be known again. */
static struct moment *moment_of(struct kept *k, const struct sct_os_view *view)
{
	struct moment *m = &k->moments[view->shown % KEPT];
	uint64_t found = view->shown ? k->os->found(k->os->state) : 0;

	if (!found)
		return NULL;
	if (m->shown == view->shown && m->found == found)
		return m;
	m->shown = view->shown;
	m->found = found;
	m->is_known = false;
	m->ndescriptors = 0;
	sct_arena_reset(&m->arena);
	return m;
}

/* Whether the kernel was found when the answers began and is the same still: what was answered may be kept. */
static bool may_keep(const struct kept *k, const struct moment *m)
{
	return m && k->os->found(k->os->state) == m->found;
}

static const char *copy(const char *text, struct sct_arena *arena)
{
	return text ? sct_arena_copy(arena, text, strlen(text)) : NULL;
}

static struct sct_who copy_who(const struct sct_who *who, struct sct_arena *arena)
{
	struct sct_who w = *who;

	w.comm = copy(who->comm, arena);
	w.exe = copy(who->exe, arena);
	return w;
}

static void kept_who(void *state, const struct sct_os_view *view, struct sct_who *who, struct sct_arena *arena)
{
	struct kept *k = state;
	struct moment *m = moment_of(k, view);

	if (m && m->is_known) {
		*who = copy_who(&m->who, arena);
		return;
	}
	k->os->who(k->os->state, view, who, arena);
	if (!may_keep(k, m))
		return;
	m->who = copy_who(who, &m->arena);
	m->is_known = true;
}

static const char *kept_descriptor(void *state, const struct sct_os_view *view, int fd, struct sct_arena *arena)
{
	struct kept *k = state;
	struct moment *m = moment_of(k, view);
	const char *text;

	for (unsigned i = 0; m && i < m->ndescriptors; i++)
		if (m->descriptors[i].fd == fd)
			return copy(m->descriptors[i].text, arena);
	text = k->os->descriptor(k->os->state, view, fd, arena);
	if (may_keep(k, m) && m->ndescriptors < DESCRIPTORS)
		m->descriptors[m->ndescriptors++] = (struct descriptor){ fd, copy(text, &m->arena) };
	return text;
}

static bool kept_is_other(void *state, const struct sct_os_view *view)
{
	struct kept *k = state;
	struct moment *m = moment_of(k, view);

	/* who runs was told under the same kernel: it is the one that was found */
	return !(m && m->is_known) && k->os->is_other(k->os->state, view);
}

static uint64_t kept_found(void *state)
{
	struct kept *k = state;

	return k->os->found(k->os->state);
}

static void kept_free(void *state)
{
	struct kept *k = state;

	for (size_t i = 0; k && i < KEPT; i++)
		sct_arena_fini(&k->moments[i].arena);
	free(k);
}

bool sct_os_keep(struct sct_os *kept, struct sct_os *os)
{
	struct kept *k = calloc(1, sizeof *k);

	if (!k)
		return false;
	k->os = os;
	*kept = (struct sct_os){ os->name, kept_who, kept_descriptor, kept_is_other, kept_found, kept_free, k };
	return true;
}
