/* A part of the loader of ISF. */
#ifndef SCT_ISF_H
#define SCT_ISF_H

#include <jansson.h>

#include "types.h"

/* Rewrites in place the numbers of JSON text from 2^63 to 2^64 - 1 as the negative ones of the same 64 bits:
 * addresses of kernels are such, and jansson knows signed 64-bit numbers only. Text in quotes is left alone. */
void sct_isf_fold_numbers(char *text, size_t size);

/* Notes the kernel that the file is of, where its symbols have linux_banner with its contents. SCT_E_USAGE: an earlier
 * source is of another. */
int sct_isf_identity(struct sct_types *db, const json_t *symbols, struct sct_err *err);

#endif
