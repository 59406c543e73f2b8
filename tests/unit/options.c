/* Tests of sctrace-decode's command line.
 * In:  command lines
 * Out: what they mean, or which part makes no sense
 */
#include "options.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

enum { WORDS_MAX = 160 };

static char *words[WORDS_MAX + 1];
static int nwords;
static struct sct_options o;
static struct sct_err err;

/* The command line of one text; words are separated by spaces. */
static int parse(const char *text)
{
	static char copy[4096];
	char *save = NULL;

	nwords = 0;
	snprintf(copy, sizeof copy, "sctrace-decode %s", text);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		ck_assert_int_lt(nwords, WORDS_MAX);
		words[nwords++] = w;
	}
	words[nwords] = NULL;
	return sct_options_parse(&o, nwords, words, &err);
}

START_TEST(defaults)
{
	ck_assert_int_eq(parse("a.trace"), SCT_OK);
	ck_assert_int_eq(o.action, SCT_ACTION_DECODE);
	ck_assert_str_eq(o.sources.trace, "a.trace");
	ck_assert_ptr_null(o.sources.trace_format);
	ck_assert_ptr_null(o.sources.snapshot_format);
	ck_assert_ptr_null(o.sources.nondet);
	ck_assert_ptr_null(o.sources.profile);
	ck_assert_uint_eq(o.sources.nsnapshots, 0);
	ck_assert_uint_eq(o.sources.threads, 2);
	ck_assert_str_eq(o.output, "-");
	ck_assert(!o.verify && !o.strict && !o.verbose);
	ck_assert_int_eq(o.progress, -1);
}
END_TEST

START_TEST(sources)
{
	ck_assert_int_eq(parse("-s ram@0x100000 --snapshot=a.out a.trace -s b --nondet n --snapshot-format raw "
	                       "--trace-format panda --verify-snapshot -p linux_x86 -j 7"),
	                 SCT_OK);
	ck_assert_str_eq(o.sources.trace, "a.trace");
	ck_assert_uint_eq(o.sources.nsnapshots, 3);
	ck_assert_str_eq(o.sources.snapshots[0], "ram@0x100000");
	ck_assert_str_eq(o.sources.snapshots[1], "a.out");
	ck_assert_str_eq(o.sources.snapshots[2], "b");
	ck_assert_str_eq(o.sources.nondet, "n");
	ck_assert_str_eq(o.sources.snapshot_format, "raw");
	ck_assert_str_eq(o.sources.trace_format, "panda");
	ck_assert_str_eq(o.sources.profile, "linux_x86");
	ck_assert_uint_eq(o.sources.threads, 7);
	ck_assert(o.verify);
}
END_TEST

START_TEST(many_snapshots)
{
	char text[1024] = "a.trace";

	for (unsigned i = 0; i < SCT_SNAPSHOTS_MAX; i++)
		strcat(text, " -s x");
	ck_assert_int_eq(parse(text), SCT_OK);
	ck_assert_uint_eq(o.sources.nsnapshots, SCT_SNAPSHOTS_MAX);
	strcat(text, " -s x");
	ck_assert_int_eq(parse(text), SCT_E_USAGE);
	ck_assert_str_eq(err.text, "--snapshot: more than 64 files");
}
END_TEST

static const struct {
	const char *line, *text;
} senseless[] = {
	{ "", "no TRACE given (--help explains)" },
	{ "a b", "one TRACE only; 'b' is too much" },
	{ "a -s", "a value is missing after '-s' (--help lists the options)" },
	{ "a --nondet", "a value is missing after '--nondet' (--help lists the options)" },
	{ "a --snapshots x", "unknown option '--snapshots' (--help lists the options)" },
	{ "a -j 0", "--threads: 0 is not between 1 and 1024" },
	{ "a -j many", "--threads: 'many' is not a number" },
	{ "a --pid -1", "--pid: '-1' is not a number" },
	{ "a --syscall ,", "--syscall: no names in ','" },
	{ "a --follow", "--follow: whom? (--process, --pid, --tid, --asid)" },
	{ "a --limit deep=3", "--limit: 'deep=3' is not string=N, buffer=N, elements=N, total=N or depth=N" },
	{ "a --limit depth", "--limit: 'depth' is not string=N, buffer=N, elements=N, total=N or depth=N" },
	{ "a --limit depth=65", "--limit: depth=65 is more than 64" },
	{ "a --limit total=x", "--limit: 'x' is not a number" },
	{ "a --syscall opne", "--syscall: no system call is called 'opne'" },
};

START_TEST(makes_no_sense)
{
	ck_assert_int_eq(parse(senseless[_i].line), SCT_E_USAGE);
	ck_assert_str_eq(err.text, senseless[_i].text);
	free(o.names);
}
END_TEST

START_TEST(kernel_types)
{
	ck_assert_int_eq(parse("a.trace -t vmlinux --types System.map --no-btf --no-cache"), SCT_OK);
	ck_assert_uint_eq(o.sources.ntypes, 2);
	ck_assert_str_eq(o.sources.types[0], "vmlinux");
	ck_assert_str_eq(o.sources.types[1], "System.map");
	ck_assert(o.sources.how.no_btf && o.sources.how.no_cache);
	ck_assert_int_eq(parse("a.trace"), SCT_OK);
	ck_assert(!o.sources.ntypes && !o.sources.how.no_btf && !o.sources.how.no_cache);
}
END_TEST

START_TEST(limits)
{
	ck_assert_int_eq(parse("a"), SCT_OK);
	ck_assert_mem_eq(&o.limits, &sct_limits_default, sizeof o.limits);
	ck_assert_int_eq(parse("a --limit string=1 --limit buffer=0x10 --limit elements=3 --limit total=4 --limit depth=0"),
	                 SCT_OK);
	ck_assert_uint_eq(o.limits.str, 1);
	ck_assert_uint_eq(o.limits.buf, 16);
	ck_assert_uint_eq(o.limits.elems, 3);
	ck_assert_uint_eq(o.limits.total, 4);
	ck_assert_uint_eq(o.limits.depth, 0);
}
END_TEST

START_TEST(filter)
{
	struct sct_filter f = { .spec = &o.filter };
	const struct sct_record open = { .name = "open", .pid = { true, 7 } };
	const struct sct_record failed = { .name = "openat", .error = "ENOENT" };
	const struct sct_record unnamed = { .pid = { true, 7 } };

	ck_assert_int_eq(parse("a --syscall open,close --pid 7"), SCT_OK);
	ck_assert(sct_filter_pass(&f, &open));
	ck_assert(!sct_filter_pass(&f, &failed));
	ck_assert(!sct_filter_pass(&f, &unnamed));
	free(o.names);
	ck_assert_int_eq(parse("a --failed"), SCT_OK);
	ck_assert(!sct_filter_pass(&f, &open));
	ck_assert(sct_filter_pass(&f, &failed));
	free(o.names);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("options");
	TCase *t = tcase_create("command line");

	tcase_add_test(t, defaults);
	tcase_add_test(t, sources);
	tcase_add_test(t, many_snapshots);
	tcase_add_loop_test(t, makes_no_sense, 0, sizeof senseless / sizeof *senseless);
	tcase_add_test(t, kernel_types);
	tcase_add_test(t, limits);
	tcase_add_test(t, filter);
	suite_add_tcase(s, t);
	return run_tests(s);
}
