/* A writer of JSON text (RFC 8259): one buffer before a log's output, no allocation.
 *
 * The caller puts the pieces in order: keys, brackets and commas are literals of its own, written with SCT_JSON.
 * Failures of the output are kept there (sct_out_status).
 */
#ifndef SCT_JSON_H
#define SCT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "formats.h"

enum {
	SCT_JSON_BUFFER = 32 << 10,
	SCT_JSON_PIECE = 256, /* the most that is written without asking for room again */
};

/* Numbers beyond it are not exact in readers that keep numbers as IEEE 754 doubles, as RFC 8259 6 warns. */
#define SCT_JSON_EXACT (UINT64_C(1) << 53)

/* Set `out`, zero `len`, leave `buf` as it is. */
struct sct_json {
	struct sct_out *out;
	size_t len; /* bytes waiting in buf */
	char buf[SCT_JSON_BUFFER];
};

/* Hands everything over to `out`. */
void sct_json_flush(struct sct_json *j);

/* Where the next bytes go, SCT_JSON_PIECE of them at most; sct_json_end takes them up to end. */
static inline char *sct_json_room(struct sct_json *j)
{
	if (j->len > SCT_JSON_BUFFER - SCT_JSON_PIECE)
		sct_json_flush(j);
	return j->buf + j->len;
}

static inline void sct_json_end(struct sct_json *j, const char *end)
{
	j->len = (size_t)(end - j->buf);
}

/* len (at most SCT_JSON_PIECE) bytes as they are. */
static inline void sct_json_raw(struct sct_json *j, const char *text, size_t len)
{
	char *p = sct_json_room(j);

	memcpy(p, text, len);
	sct_json_end(j, p + len);
}

/* A literal piece of JSON as it is: SCT_JSON(j, "\"args\":[") */
#define SCT_JSON(j, literal) sct_json_raw(j, "" literal, sizeof(literal) - 1)

void sct_json_uint(struct sct_json *j, uint64_t n);
void sct_json_int(struct sct_json *j, int64_t n);
/* "0x1f", with its quotes */
void sct_json_hex(struct sct_json *j, uint64_t n);
/* A number up to SCT_JSON_EXACT, a hex string beyond. */
void sct_json_number(struct sct_json *j, uint64_t n);
/* Base64 (RFC 4648 4) with its quotes. */
void sct_json_base64(struct sct_json *j, const uint8_t *data, size_t len);

/* What sct_json_string leaves unescaped beside printable ASCII. */
enum sct_json_charset {
	SCT_JSON_UTF8,  /* everything that JSON allows */
	SCT_JSON_ASCII, /* nothing: "\u00e9", as Python's json.dumps does by default */
};

/* Text with its quotes, escaped where it must be. text must be valid UTF-8. */
void sct_json_string(struct sct_json *j, const void *text, size_t len, enum sct_json_charset charset);
/* A NUL-terminated name, all of UTF-8; what is no UTF-8 in it becomes U+FFFD. NULL gives null. */
void sct_json_name(struct sct_json *j, const char *text);

/* Whether data is valid UTF-8 (Unicode 15.0, table 3-7): no surrogates, no overlong forms, nothing above U+10FFFF. */
bool sct_utf8_valid(const void *data, size_t len);

#endif
