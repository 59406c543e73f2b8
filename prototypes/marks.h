/* What people know about system calls and sources do not say: marks.txt, laid over what the scanner found. */
#ifndef PROTOTYPES_MARKS_H
#define PROTOTYPES_MARKS_H

#include <stdbool.h>
#include <stddef.h>

struct mark {
	const char *calls; /* names separated by ',', or "*" */
	const char *param, *text;
	unsigned line;
	bool used;
};

struct marks {
	const char *path;
	struct mark *mark;
	size_t count, room;
};

void marks_read(struct marks *m, const char *path);
/* The marks of that parameter, or NULL. call is the entry point without "sys_" or "compat_sys_". A line that names the
 * call comes before one for any call; an any-call line for fd is for int types only, others for pointers only. */
const char *marks_find(struct marks *m, const char *call, const char *type, const char *param);
/* The flags of that call, separated by spaces; "" when there are none. */
const char *marks_flags(struct marks *m, const char *call);
/* Dies at the first line that names a call and was never asked for. */
void marks_check_used(const struct marks *m);

#endif
