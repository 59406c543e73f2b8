/* Calls of an x86_64 guest's threads that make, take and ask for descriptors, in a recording by hand.
 * In:  a recording (script.h)
 * Out: the same, with those calls; what descriptors are, as "3=/etc/passwd "
 */
#ifndef TEST_DESCRIPTORS_STEPS_H
#define TEST_DESCRIPTORS_STEPS_H

#include "script_x86_64.h"

/* where paths and other data lie */
enum { TEXT = 0x7f1000, DATA = 0x7f2000 };

/* O_CLOEXEC; CLONE_FILES and CLONE_FS */
enum { CLOEXEC = 02000000, SHARED_FILES = 0x400, SHARED_DIR = 0x200 };

#define CWD ((uint64_t)-100) /* AT_FDCWD */

static inline void open_as(struct script *s, const char *path, uint64_t flags, int64_t fd)
{
	see(s, TEXT, path, strlen(path) + 1);
	call(s, OPEN, TEXT, flags, 0, fd);
}

static inline void open_at(struct script *s, uint64_t dir, const char *path, int64_t fd)
{
	see(s, TEXT, path, strlen(path) + 1);
	call(s, OPENAT, dir, TEXT, 0, fd);
}

/* A call whose first argument is a path. */
static inline void path_call(struct script *s, uint32_t nr, const char *path, int64_t result)
{
	see(s, TEXT, path, strlen(path) + 1);
	call(s, nr, TEXT, 0, 0, result);
}

/* A write asks what a number is. */
static inline void ask(struct script *s, int fd)
{
	call(s, WRITE, (uint64_t)fd, 0, 0, 0);
}

/* The same of a directory, by a mkdirat that fails. */
static inline void ask_dir(struct script *s, uint64_t dir)
{
	see(s, TEXT, "x", 2);
	call(s, MKDIRAT, dir, TEXT, 0, -2);
}

/* "3=/etc/passwd " for each write and each mkdirat */
static inline int say_asked(void *ctx, const struct sct_record *r, struct sct_err *err)
{
	struct script *s = ctx;

	(void)err;
	if (r->name && (!strcmp(r->name, "write") || !strcmp(r->name, "mkdirat")))
		say(s, "%d=%s ", (int)r->args[0].num, r->args[0].text ? r->args[0].text : "?");
	return 0;
}

/* Holds the answers against that text, and ends the test's recording. */
static inline void tells(struct script *s, const char *texts)
{
	script_run(s, say_asked);
	ck_assert_str_eq(s->text, texts);
	free(s);
}

#endif
