/* Which kernel an ISF file is of: what its symbol linux_banner holds.
 * In:  the symbols of an ISF file; their contents in base64 (RFC 4648)
 * Out: the banner
 */
#include <string.h>

#include "isf.h"

enum { BANNER_MAX = 1024 };

static int digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Up to size - 1 bytes, and a NUL behind them. */
static void decode(const char *text, char *out, size_t size)
{
	unsigned bits = 0, held = 0;
	size_t n = 0;

	for (; digit(*text) >= 0 && n + 1 < size; text++) {
		held = held << 6 | (unsigned)digit(*text);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[n++] = (char)(held >> bits);
		}
	}
	out[n] = '\0';
}

int sct_isf_identity(struct sct_types *db, const json_t *symbols, struct sct_err *err)
{
	const json_t *symbol = json_object_get(symbols, "linux_banner");
	const char *data = json_string_value(json_object_get(symbol, "constant_data"));
	char banner[BANNER_MAX];

	if (!data)
		return SCT_OK;
	decode(data, banner, sizeof banner);
	return strncmp(banner, "Linux version ", 14) ? SCT_OK : sct_types_identity(db, NULL, 0, banner, err);
}
