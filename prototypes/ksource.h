/* System call definitions in a kernel source tree: SYSCALL_DEFINEn and its relatives. */
#ifndef PROTOTYPES_KSOURCE_H
#define PROTOTYPES_KSOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "cond.h"

enum { FIELDS_MAX = 12 }; /* SC_ARG64 puts two arguments into one field, so six are enough; room for mistakes */

struct field {
	const char *type, *name; /* without __user; name NULL where a header gives none */
};

struct definition {
	const char *entry; /* "sys_read", "compat_sys_ioctl" */
	const char *path;
	unsigned line;
	const char *arch; /* folder of arch/ that it was found in, or NULL */
	bool header; /* a declaration, no definition */
	enum tri holds[NTARGETS];
	unsigned nfields;
	struct field field[FIELDS_MAX];
};

struct ksource {
	struct definition *def;
	size_t count, room;
};

/* Collects the definitions of the tree at path, and declarations of what is none in C from that file; dies when there
 * are none. */
void ksource_scan(struct ksource *k, const char *path, const char *declared);
/* The definition of entry in that build: its own architecture's, else the generic one, else the declaration; NULL
 * when there is none. Dies where two that differ are both possible. */
const struct definition *ksource_find(const struct ksource *k, const char *entry, enum target target);

#endif
