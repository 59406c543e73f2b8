/* A writer of JSON text.
 * In:  numbers, UTF-8 text, bytes
 * Out: JSON tokens in the buffer of a log's output
 */
#include "json.h"

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))
#define TOPS EACH(0x80)

static uint64_t load8(const void *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof w);
	return w;
}

/* Not 0 when one of the eight bytes of w is below n, n <= 128. */
static inline uint64_t has_below(uint64_t w, uint8_t n)
{
	return (w - EACH(n)) & ~w & TOPS;
}

static inline uint64_t has_byte(uint64_t w, uint8_t byte)
{
	return has_below(w ^ EACH(byte), 1);
}

void sct_json_flush(struct sct_json *j)
{
	sct_out_write(j->out, j->buf, j->len);
	j->len = 0;
}

void sct_json_uint(struct sct_json *j, uint64_t n)
{
	char digits[20], *p = digits + sizeof digits;

	do {
		*--p = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	sct_json_raw(j, p, (size_t)(digits + sizeof digits - p));
}

void sct_json_int(struct sct_json *j, int64_t n)
{
	if (n < 0)
		SCT_JSON(j, "-");
	sct_json_uint(j, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

void sct_json_hex(struct sct_json *j, uint64_t n)
{
	unsigned digits = n ? (67 - (unsigned)__builtin_clzll(n)) / 4 : 1;
	char *p = sct_json_room(j);

	memcpy(p, "\"0x", 3);
	for (unsigned i = digits; i > 0; i--, n >>= 4)
		p[2 + i] = "0123456789abcdef"[n & 15];
	p[3 + digits] = '"';
	sct_json_end(j, p + 4 + digits);
}

void sct_json_number(struct sct_json *j, uint64_t n)
{
	if (n > SCT_JSON_EXACT)
		sct_json_hex(j, n);
	else
		sct_json_uint(j, n);
}

/* Four characters for up to three bytes. */
static void base64_group(char *p, const uint8_t *data, size_t len)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t w = (uint32_t)data[0] << 16 | (len > 1 ? (uint32_t)data[1] << 8 : 0) | (len > 2 ? data[2] : 0);

	p[0] = alphabet[w >> 18];
	p[1] = alphabet[w >> 12 & 63];
	p[2] = len > 1 ? alphabet[w >> 6 & 63] : '=';
	p[3] = len > 2 ? alphabet[w & 63] : '=';
}

void sct_json_base64(struct sct_json *j, const uint8_t *data, size_t len)
{
	enum { GROUPS = SCT_JSON_PIECE / 4 };

	SCT_JSON(j, "\"");
	while (len) {
		char *p = sct_json_room(j);

		for (int i = 0; i < GROUPS && len; i++, p += 4) {
			size_t n = len < 3 ? len : 3;

			base64_group(p, data, n);
			data += n;
			len -= n;
		}
		sct_json_end(j, p);
	}
	SCT_JSON(j, "\"");
}

/* "\u00e9" of one UTF-16 unit. */
static char *escape_unit(char *p, unsigned unit)
{
	memcpy(p, "\\u", 2);
	for (int i = 0; i < 4; i++)
		p[2 + i] = "0123456789abcdef"[unit >> (12 - 4 * i) & 15];
	return p + 6;
}

/* A character that may not stand for itself; above U+FFFF a pair of surrogates (RFC 8259 7). */
static char *escape(char *p, uint32_t c)
{
	static const char letters[0x80] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
		                            ['"'] = '"', ['\\'] = '\\' };

	if (c < 0x80 && letters[c]) {
		*p++ = '\\';
		*p++ = letters[c];
		return p;
	}
	if (c >= 0x10000) {
		p = escape_unit(p, 0xd7c0 + (c >> 10));
		c = 0xdc00 | (c & 0x3ff);
	}
	return escape_unit(p, c);
}

/* The character that begins at s, and how many bytes it has. s is valid UTF-8. */
static uint32_t decode(const uint8_t *s, size_t *len)
{
	size_t more = s[0] < 0x80 ? 0 : s[0] < 0xe0 ? 1 : s[0] < 0xf0 ? 2 : 3;
	uint32_t c = more ? s[0] & (0x3fu >> more) : s[0];

	*len = 1 + more;
	for (size_t i = 1; i <= more; i++)
		c = c << 6 | (s[i] & 0x3f);
	return c;
}

/* Whether eight bytes can all stand for themselves. */
static bool plain8(uint64_t w, enum sct_json_charset charset)
{
	uint64_t bad = has_below(w, 0x20) | has_byte(w, '"') | has_byte(w, '\\');

	if (charset == SCT_JSON_ASCII)
		bad |= (w & TOPS) | has_byte(w, 0x7f);
	return !bad;
}

static bool plain1(uint8_t c, enum sct_json_charset charset)
{
	return c >= 0x20 && c != '"' && c != '\\' && (charset == SCT_JSON_UTF8 || c < 0x7f);
}

/* Characters of s for one piece of the buffer. Returns how many bytes of s they were. */
static size_t string_piece(struct sct_json *j, const uint8_t *s, size_t len, enum sct_json_charset charset)
{
	char *p = sct_json_room(j), *last = p + SCT_JSON_PIECE - 16;
	size_t i = 0, n;

	while (i < len && p <= last) {
		if (len - i >= 8 && plain8(load8(s + i), charset)) {
			memcpy(p, s + i, 8);
			p += 8;
			i += 8;
		} else if (plain1(s[i], charset)) {
			*p++ = (char)s[i++];
		} else {
			p = escape(p, decode(s + i, &n));
			i += n;
		}
	}
	sct_json_end(j, p);
	return i;
}

void sct_json_string(struct sct_json *j, const void *text, size_t len, enum sct_json_charset charset)
{
	const uint8_t *s = text;

	SCT_JSON(j, "\"");
	while (len) {
		size_t n = string_piece(j, s, len, charset);

		s += n;
		len -= n;
	}
	SCT_JSON(j, "\"");
}

/* Bytes of the character that begins at s, 0: none does. The second byte's range depends on the first (Unicode,
 * table 3-7). */
static size_t utf8_length(const uint8_t *s, size_t len)
{
	uint8_t a = s[0], low = 0x80, high = 0xbf;
	size_t n = a < 0x80 ? 1 : a < 0xc2 ? 0 : a < 0xe0 ? 2 : a < 0xf0 ? 3 : a < 0xf5 ? 4 : 0;

	if (n < 2 || n > len)
		return n > len ? 0 : n;
	if (a == 0xe0)
		low = 0xa0;
	else if (a == 0xed)
		high = 0x9f;
	else if (a == 0xf0)
		low = 0x90;
	else if (a == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool sct_utf8_valid(const void *data, size_t len)
{
	const uint8_t *s = data;

	while (len) {
		size_t n = len >= 8 && !(load8(s) & TOPS) ? 8 : *s < 0x80 ? 1 : utf8_length(s, len);

		if (!n)
			return false;
		s += n;
		len -= n;
	}
	return true;
}

/* Names come from tables and type information; where one is no UTF-8 the bad bytes become U+FFFD, because the log must
 * stay JSON and a name is not a value. */
static void repaired(struct sct_json *j, const char *text)
{
	SCT_JSON(j, "\"");
	for (size_t left = strlen(text), n; left; text += n, left -= n) {
		n = utf8_length((const uint8_t *)text, left);
		if (n)
			string_piece(j, (const uint8_t *)text, n, SCT_JSON_UTF8);
		else
			SCT_JSON(j, "\\ufffd");
		n += !n;
	}
	SCT_JSON(j, "\"");
}

/* A short name of nothing but printable ASCII that needs no escapes, as most are. False: it is none, nothing is written. */
static bool plain_name(struct sct_json *j, const char *text)
{
	char *p = sct_json_room(j), *last = p + SCT_JSON_PIECE - 2;

	*p++ = '"';
	while (p < last && plain1((uint8_t)*text, SCT_JSON_ASCII))
		*p++ = *text++;
	if (*text)
		return false;
	*p++ = '"';
	sct_json_end(j, p);
	return true;
}

void sct_json_name(struct sct_json *j, const char *text)
{
	size_t len;

	if (!text) {
		SCT_JSON(j, "null");
		return;
	}
	if (plain_name(j, text))
		return;
	len = strlen(text);
	if (sct_utf8_valid(text, len))
		sct_json_string(j, text, len, SCT_JSON_UTF8);
	else
		repaired(j, text);
}
