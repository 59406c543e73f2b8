/* Answers about the running program, kept as long as what they were read from is the same. */
#ifndef SCT_OS_KEPT_H
#define SCT_OS_KEPT_H

#include "os.h"

/* Makes *kept answer what os, the caller's and longer there, does. What is kept is told again at moments only that show
 * the same memory of the same kernel. To be given back with kept->free. False: no memory for it. */
bool sct_os_keep(struct sct_os *kept, struct sct_os *os);

#endif
