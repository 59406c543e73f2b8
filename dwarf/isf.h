/* A part of the loader of ISF. */
#ifndef SCT_ISF_H
#define SCT_ISF_H

#include <stddef.h>

/* Rewrites in place the numbers of JSON text from 2^63 to 2^64 - 1 as the negative ones of the same 64 bits:
 * addresses of kernels are such, and jansson knows signed 64-bit numbers only. Text in quotes is left alone. */
void sct_isf_fold_numbers(char *text, size_t size);

#endif
