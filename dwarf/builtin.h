/* Layouts of the structs that programs hand to system calls, for each ABI, without any file: generated from the
 * kernel's headers for user space (prototypes/structs_*.txt, sctrace-prototypes(5)). */
#ifndef SCT_TYPES_BUILTIN_H
#define SCT_TYPES_BUILTIN_H

#include "types.h"

/* Fills an empty database with the structs of that ABI ("linux_x64", "linux_x32", "linux_x86", …). False: there are
 * none for it, the database stays empty. */
bool sct_types_builtin(struct sct_types *db, const char *abi);

#endif
