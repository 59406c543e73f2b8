/* Files without a name, for what is unpacked. */
#ifndef SCT_UNWRAP_UNNAMED_H
#define SCT_UNWRAP_UNNAMED_H

#include "../src/err.h"

/* A new file in $TMPDIR (or /tmp) that has no name, open for reading and writing; the system takes it back when it is
 * closed. SCT_E_IO: the folder has no room for one, or is none. */
int sct_unnamed_file(struct sct_err *err);

#endif
