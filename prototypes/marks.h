/* What people know about system calls and sources do not say: marks.txt, laid over what the scanner found. */
#ifndef PROTOTYPES_MARKS_H
#define PROTOTYPES_MARKS_H

#include <stdbool.h>
#include <stddef.h>

struct mark {
	const char *calls; /* names separated by ',', perhaps with a table's before them; or "*" */
	const char *param, *text;
	unsigned line;
	bool used;
};

struct marks {
	const char *path;
	const char *table; /* that is made now: "linux_x64" */
	struct mark *mark;
	size_t count, room;
};

void marks_read(struct marks *m, const char *path);
/* The marks of that parameter, or NULL. Lines name an entry point in full or without "sys_" and "compat_sys_", with
 * "TABLE:" before it for that table alone; the first that does comes before one for any call. Of the latter, "str" is
 * for pointers to characters, others are for numbers. */
const char *marks_find(struct marks *m, const char *entry, const char *type, const char *param);
/* The flags of that call, separated by spaces; "" when there are none. */
const char *marks_flags(struct marks *m, const char *entry);
/* Dies at the first line that names a call and was never asked for. */
void marks_check_used(const struct marks *m);

#endif
