/* sctrace-info --type: how a type lies in memory. */
#ifndef SCT_INFO_TYPE_H
#define SCT_INFO_TYPE_H

#include "kernel_types.h"

/* Writes the layout of the type called name, out of the files (types, symbols) taken together, to standard output.
 * Returns an exit status: EXIT_FAILURE when a file cannot be read or there is no such type, which is said on standard
 * error. */
int sct_info_type(const char *name, char **paths, const struct sct_types_how *how);

#endif
