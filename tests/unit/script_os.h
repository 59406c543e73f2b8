/* Runs a recording by hand beside an operating system that answers what a test wants.
 * In:  the recording (script.h), the answers
 * Out: its records
 */
#ifndef TEST_SCRIPT_OS_H
#define TEST_SCRIPT_OS_H

#include "script.h"

/* The same answers for every caller and every descriptor. */
struct os_answers {
	struct sct_who who;
	const char *descriptor; /* NULL: not known; "": it is not open */
};

static inline void os_who(void *state, const struct sct_os_view *view, struct sct_who *who, struct sct_arena *arena)
{
	(void)view;
	(void)arena;
	*who = ((const struct os_answers *)state)->who;
}

static inline const char *os_descriptor(void *state, const struct sct_os_view *view, int fd, struct sct_arena *arena)
{
	(void)view;
	(void)fd;
	(void)arena;
	return ((const struct os_answers *)state)->descriptor;
}

static inline bool os_never(void *state, const struct sct_os_view *view)
{
	(void)state;
	(void)view;
	return false;
}

static inline uint64_t os_always(void *state)
{
	(void)state;
	return 1;
}

/* Holds what end says of the records against that text, and ends the test's recording. */
static inline void expect_beside(struct script *s, struct os_answers answers,
                                 int (*end)(void *, const struct sct_record *, struct sct_err *), const char *text)
{
	struct sct_os os = { "test", os_who, os_descriptor, os_never, os_always, NULL, &answers };

	script_run_beside(s, &os, end);
	ck_assert_str_eq(s->text, text);
	free(s);
}

#endif
