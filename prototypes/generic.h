/* System call numbers of the architectures that have no list of their own: include/uapi/asm-generic/unistd.h. */
#ifndef PROTOTYPES_GENERIC_H
#define PROTOTYPES_GENERIC_H

#include "cond.h"

/* The header's calls of that build as lines of a .tbl file, "NUMBER generic NAME ENTRY"; the caller's. Dies where the
 * header cannot be read, or has a line that is not understood. */
char *generic_rows(const char *path, enum target target);

#endif
