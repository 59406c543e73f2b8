/* Tests of the log writer `jsonl`.
 * In:  records by hand, nasty ones among them; every way to end
 * Out: the exact lines, tests/golden/records.jsonl
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../formats/formats.h"
#include "records.h"
#include "suite.h"

static char path[] = "/tmp/sctrace-jsonl-XXXXXX";
static char text[64 << 10], want[sizeof text];

static void slurp(const char *name, char *buf)
{
	FILE *f = fopen(name, "rb");

	ck_assert_msg(f != NULL, "%s is not there", name);
	buf[fread(buf, 1, sizeof text - 1, f)] = 0;
	fclose(f);
}

/* The text of n records, in `text`. */
static void write_log(const struct sct_record *records, size_t n)
{
	const struct sct_sink_ops *jsonl = sct_sink_find("jsonl");
	void *state = calloc(1, jsonl->state_size);
	struct sct_out *out;
	struct sct_err err;

	ck_assert_int_eq(sct_out_open(path, &out, &err), 0);
	ck_assert_int_eq(jsonl->open(state, out, &err), 0);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(jsonl->record(state, &records[i], &err), 0);
	ck_assert_int_eq(jsonl->close(state, &err), 0);
	ck_assert_int_eq(sct_out_commit(out, &err), 0);
	free(state);
	slurp(path, text);
}

static size_t same(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

START_TEST(by_hand)
{
	write_log(test_records, COUNT(test_records));
	slurp("tests/golden/records.jsonl", want);
	ck_assert_msg(!strcmp(text, want), "first difference at byte %zu", same(text, want));
}
END_TEST

START_TEST(log_without_records)
{
	write_log(NULL, 0);
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(ends)
{
	static const char *const names[] = { "returned", "noreturn", "exec", "signal", "killed", "restarted",
		                             "unfinished", "lost" };
	char end[40];

	ck_assert_uint_eq(COUNT(names), SCT_END_COUNT);
	for (unsigned i = 0; i < SCT_END_COUNT; i++) {
		struct sct_record r = test_records[0];

		r.end = (uint8_t)i;
		write_log(&r, 1);
		snprintf(end, sizeof end, ",\"end\":\"%s\"}\n", names[i]);
		ck_assert_str_eq(text + strlen(text) - strlen(end), end);
	}
}
END_TEST

/* Writers by name and by the ending of a path; a file called only ".json" has no ending. */
START_TEST(finding)
{
	ck_assert_ptr_eq(sct_sink_formats[0], sct_sink_find("jsonl"));
	ck_assert_ptr_eq(sct_sink_by_path("a.b/c.jsonl"), sct_sink_find("jsonl"));
	ck_assert_ptr_eq(sct_sink_by_path("x.json"), sct_sink_find("json"));
	ck_assert_ptr_eq(sct_sink_by_path("x.plog"), sct_sink_find("pandalog"));
	ck_assert_ptr_null(sct_sink_by_path("x.txt"));
	ck_assert_ptr_null(sct_sink_by_path(".json"));
	ck_assert_ptr_null(sct_sink_by_path("-"));
	ck_assert_ptr_null(sct_sink_find("xml"));
}
END_TEST

/* A value that nothing is known of is still an object. */
START_TEST(empty_value)
{
	static const struct sct_value nothing = { .name = NULL };
	struct sct_record r = test_records[6];

	r.args = &nothing;
	r.nargs = 1;
	write_log(&r, 1);
	ck_assert_ptr_nonnull(strstr(text, "\"args\":[{}],"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sink_jsonl");
	TCase *c = tcase_create("sink_jsonl");
	int failed;

	close(mkstemp(path));
	suite_add_tcase(s, c);
	tcase_add_test(c, by_hand);
	tcase_add_test(c, log_without_records);
	tcase_add_test(c, ends);
	tcase_add_test(c, finding);
	tcase_add_test(c, empty_value);
	failed = run_tests(s);
	unlink(path);
	return failed;
}
