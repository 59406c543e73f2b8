/* Unsigned 64-bit numbers in JSON, for a reader that knows signed ones only.
 * In:  JSON text
 * Out: the same, with numbers from 2^63 on as negative ones; each takes as many bytes as before
 */
#include "isf.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS = 20 }; /* of 2^64 - 1 */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The number of these digits; false: it needs more than 64 bits. */
static bool value_of(const char *digits, size_t n, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < n; i++)
		if (__builtin_mul_overflow(*value, 10u, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(digits[i] - '0'), value))
			return false;
	return true;
}

static void fold(char *digits, size_t n)
{
	char text[DIGITS + 4];
	uint64_t value;
	int len;

	if (!value_of(digits, n, &value) || value <= INT64_MAX)
		return;
	len = snprintf(text, sizeof text, "%" PRId64, (int64_t)value);
	if (len < 0 || (size_t)len > n)
		return;
	memcpy(digits, text, (size_t)len);
	memset(digits + len, ' ', n - (size_t)len);
}

/* The place behind text in quotes that begins at i. */
static size_t skip_quoted(const char *text, size_t size, size_t i)
{
	for (i++; i < size && text[i] != '"'; i++)
		if (text[i] == '\\')
			i++;
	return i < size ? i + 1 : size;
}

void sct_isf_fold_numbers(char *text, size_t size)
{
	size_t i = 0;

	while (i < size) {
		size_t start = i;

		if (text[i] == '"') {
			i = skip_quoted(text, size, i);
			continue;
		}
		while (i < size && is_digit(text[i]))
			i++;
		/* 2^63 has 19 digits; a fraction, an exponent or a sign is of another kind of number */
		if (i - start >= DIGITS - 1 && !(start && strchr("-+.eE", text[start - 1])) &&
		    !(i < size && strchr(".eE", text[i])))
			fold(text + start, i - start);
		i += i == start;
	}
}
