/* Tests of the JSON text writer.
 * In:  numbers, text, bytes at their edges
 * Out: the exact JSON tokens
 */
#include "../../formats/json.h"

#include <check.h>
#include <stdlib.h>
#include <unistd.h>

#include "suite.h"

static char path[] = "/tmp/sctrace-json-XXXXXX";
static struct sct_json json;
static char text[300000];

static void begin(void)
{
	struct sct_err err;

	ck_assert_int_eq(sct_out_open(path, &json.out, &err), 0);
	json.len = 0;
}

/* What was written since begin. */
static const char *written(void)
{
	struct sct_err err;
	FILE *f;
	size_t n;

	sct_json_flush(&json);
	ck_assert_int_eq(sct_out_commit(json.out, &err), 0);
	f = fopen(path, "rb");
	ck_assert_ptr_nonnull(f);
	n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = 0;
	return text;
}

START_TEST(numbers)
{
	begin();
	sct_json_uint(&json, 0);
	SCT_JSON(&json, " ");
	sct_json_uint(&json, UINT64_MAX);
	SCT_JSON(&json, " ");
	sct_json_int(&json, INT64_MIN);
	SCT_JSON(&json, " ");
	sct_json_int(&json, -1);
	SCT_JSON(&json, " ");
	sct_json_number(&json, SCT_JSON_EXACT);
	SCT_JSON(&json, " ");
	sct_json_number(&json, SCT_JSON_EXACT + 1);
	ck_assert_str_eq(written(), "0 18446744073709551615 -9223372036854775808 -1 9007199254740992 "
	                            "\"0x20000000000001\"");
}
END_TEST

START_TEST(hex)
{
	begin();
	for (int shift = 0; shift <= 64; shift += 4)
		sct_json_hex(&json, shift < 64 ? UINT64_C(1) << shift : UINT64_MAX);
	sct_json_hex(&json, 0);
	sct_json_hex(&json, 0xf);
	ck_assert_str_eq(written(),
	                 "\"0x1\"\"0x10\"\"0x100\"\"0x1000\"\"0x10000\"\"0x100000\"\"0x1000000\"\"0x10000000\""
	                 "\"0x100000000\"\"0x1000000000\"\"0x10000000000\"\"0x100000000000\"\"0x1000000000000\""
	                 "\"0x10000000000000\"\"0x100000000000000\"\"0x1000000000000000\"\"0xffffffffffffffff\""
	                 "\"0x0\"\"0xf\"");
}
END_TEST

START_TEST(base64)
{
	static const char *const cases[][2] = { /* RFC 4648 10 */
		{ "", "\"\"" }, { "f", "\"Zg==\"" }, { "fo", "\"Zm8=\"" }, { "foo", "\"Zm9v\"" },
		{ "foob", "\"Zm9vYg==\"" }, { "fooba", "\"Zm9vYmE=\"" }, { "foobar", "\"Zm9vYmFy\"" },
		{ "\xff\xef\xbe", "\"/+++\"" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		begin();
		sct_json_base64(&json, (const uint8_t *)cases[i][0], strlen(cases[i][0]));
		ck_assert_str_eq(written(), cases[i][1]);
	}
}
END_TEST

START_TEST(escapes)
{
	static const char all[] = "\"\\/\b\f\n\r\t\x01\x1f\x7f <&> "
	                          "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf";

	begin();
	sct_json_string(&json, all, strlen(all), SCT_JSON_UTF8);
	ck_assert_str_eq(written(), "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f <&> \xc3\xa9 \xe2\x82\xac "
	                            "\xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf\"");
	begin();
	sct_json_string(&json, all, strlen(all), SCT_JSON_ASCII);
	ck_assert_str_eq(written(), "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f <&> \\u00e9 \\u20ac "
	                            "\\ud83d\\ude00 \\udbff\\udfff\"");
	begin();
	sct_json_string(&json, "a\0b", 3, SCT_JSON_UTF8);
	ck_assert_str_eq(written(), "\"a\\u0000b\"");
}
END_TEST

/* Each byte at each place of a run of eight is escaped or not by itself. */
START_TEST(escapes_in_runs)
{
	char run[24], want[64];

	for (unsigned c = 0x20; c < 0x7f; c++) {
		for (unsigned at = 0; at < 16; at++) {
			memset(run, 'x', 16);
			run[at] = (char)c;
			snprintf(want, sizeof want, "\"%.*s%s%c%.*s\"", (int)at, "xxxxxxxxxxxxxxxx",
			         c == '"' || c == '\\' ? "\\" : "", (char)c, (int)(15 - at), "xxxxxxxxxxxxxxxx");
			begin();
			sct_json_string(&json, run, 16, c & 1 ? SCT_JSON_UTF8 : SCT_JSON_ASCII);
			ck_assert_str_eq(written(), want);
		}
	}
}
END_TEST

/* Names as long as pieces of the buffer, a little more and less, with something to escape at their end or nothing. */
START_TEST(names_of_any_length)
{
	static const struct { const char *end, *written; } ends[] = { { "", "" }, { "\"", "\\\"" }, { "\xff", "\\ufffd" } };
	static char name[3 * SCT_JSON_PIECE + 2], want[3 * SCT_JSON_PIECE + 16];

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		for (int len = 1; len < 2 * SCT_JSON_PIECE + 4; len += len % SCT_JSON_PIECE == 4 ? SCT_JSON_PIECE - 8 : 1) {
			snprintf(name, sizeof name, "%0*d%s", len, 0, ends[i].end);
			snprintf(want, sizeof want, "\"%0*d%s\"", len, 0, ends[i].written);
			begin();
			sct_json_name(&json, name);
			ck_assert_str_eq(written(), want);
		}
	}
}
END_TEST

START_TEST(names)
{
	begin();
	sct_json_name(&json, NULL);
	sct_json_name(&json, "");
	sct_json_name(&json, "struct \"x\"");
	sct_json_name(&json, "bad\xff\xc3\xa9\xc3");
	ck_assert_str_eq(written(), "null\"\"\"struct \\\"x\\\"\"\"bad\\ufffd\xc3\xa9\\ufffd\"");
}
END_TEST

/* Longer than every buffer on the way. */
START_TEST(long_string)
{
	enum { N = 40000 };
	static uint8_t data[N];
	const char *got;

	memset(data, '\n', N);
	begin();
	sct_json_string(&json, data, N, SCT_JSON_UTF8);
	got = written();
	ck_assert_uint_eq(strlen(got), 2 * N + 2);
	for (int i = 0; i < N; i++)
		ck_assert(got[1 + 2 * i] == '\\' && got[2 + 2 * i] == 'n');
	memset(data, 0, N);
	begin();
	sct_json_base64(&json, data, N);
	got = written();
	ck_assert_uint_eq(strlen(got), (N + 2) / 3 * 4 + 2);
	ck_assert_uint_eq(strspn(got + 1, "A"), (N * 4 + 2) / 3);
}
END_TEST

/* Unicode table 3-7, spelled out another way: encode every code point, and decode what claims to be one. */
static bool valid_slowly(const uint8_t *s, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c = n == 1 ? s[0] : s[0] & (0xffu >> (n + 1));

	if (n == 1)
		return s[0] < 0x80;
	if (n > 4 || s[0] >> (7 - n) != (0x7e & (0xff >> (7 - n))))
		return false;
	for (size_t i = 1; i < n; i++) {
		if (s[i] >> 6 != 2)
			return false;
		c = c << 6 | (s[i] & 0x3f);
	}
	return c >= least[n] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
}

START_TEST(utf8_two_and_three)
{
	for (uint32_t w = 0; w < 1 << 24; w += w < 0x800000 ? 251 : 1) {
		uint8_t s[3] = { (uint8_t)(w >> 16), (uint8_t)(w >> 8), (uint8_t)w };

		if (s[0] >= 0xe0)
			ck_assert_msg(sct_utf8_valid(s, 3) == valid_slowly(s, 3), "%06x", w);
		else if (s[0] >= 0x80)
			ck_assert_msg(sct_utf8_valid(s, 2) == valid_slowly(s, 2), "%06x", w);
	}
}
END_TEST

START_TEST(utf8_edges)
{
	static const struct {
		const char *s;
		bool valid;
	} cases[] = {
		{ "", true }, { "plain ASCII of more than eight bytes", true }, { "\xc3\xa9", true }, { "\xc3", false },
		{ "12345678\xc3", false }, { "\xc0\x80", false }, { "\xc1\xbf", false }, { "\xe0\x9f\xbf", false },
		{ "\xe0\xa0\x80", true }, { "\xed\x9f\xbf", true }, { "\xed\xa0\x80", false },
		{ "\xed\xbf\xbf", false }, { "\xee\x80\x80", true }, { "\xef\xbf\xbf", true },
		{ "\xf0\x8f\xbf\xbf", false }, { "\xf0\x90\x80\x80", true }, { "\xf4\x8f\xbf\xbf", true },
		{ "\xf4\x90\x80\x80", false }, { "\xf5\x80\x80\x80", false }, { "\xff", false },
		{ "\x80", false }, { "\xe2\x82", false }, { "\xf0\x9f\x98", false }, { "\xe2\x28\xa1", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_msg(sct_utf8_valid(cases[i].s, strlen(cases[i].s)) == cases[i].valid, "case %zu", i);
	ck_assert(sct_utf8_valid(NULL, 0));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("json");
	TCase *c = tcase_create("json");
	int failed;

	close(mkstemp(path));
	suite_add_tcase(s, c);
	tcase_add_test(c, numbers);
	tcase_add_test(c, hex);
	tcase_add_test(c, base64);
	tcase_add_test(c, escapes);
	tcase_add_test(c, escapes_in_runs);
	tcase_add_test(c, names);
	tcase_add_test(c, names_of_any_length);
	tcase_add_test(c, long_string);
	tcase_add_test(c, utf8_two_and_three);
	tcase_add_test(c, utf8_edges);
	tcase_set_timeout(c, 60);
	failed = run_tests(s);
	unlink(path);
	return failed;
}
