/* Numbers and words off a line.
 * In:  a line, how far it has been read
 * Out: what stands there
 */
#include <string.h>

#include "trace_qemu.h"

/* Digits and one more, so that 0 says: no digit. */
static const uint8_t digits[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
	['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
	['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

unsigned sct_ql_hex(const char **p, const char *end, uint64_t *value)
{
	const char *at = *p;
	uint64_t v = 0;
	unsigned n = 0;

	for (unsigned d; n < 16 && at < end && (d = digits[(unsigned char)*at]) != 0; at++, n++)
		v = v << 4 | (d - 1);
	*value = v;
	*p = at;
	return n;
}

bool sct_ql_word(const char **p, const char *end, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(end - *p) < len || memcmp(*p, text, len))
		return false;
	*p += len;
	return true;
}
