/* The one error object.
 * In:  a status, an offset, a printf-like text
 * Out: a filled struct sct_err
 */
#include "err.h"

#include <stdarg.h>
#include <stdio.h>

int sct_fail(struct sct_err *err, int status, uint64_t offset, const char *fmt, ...)
{
	va_list ap;

	err->status = status;
	err->offset = offset;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	return status;
}
