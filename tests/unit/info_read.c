/* Tests of sctrace-info --read: memory out of snapshots that lie on top of each other.
 * In:  images of memory
 * Out: the bytes that are written, the exit status
 */
#include "info.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

static char folder[] = "/tmp/sctrace-info-XXXXXX";
static char low[128], high[128], output[128]; /* two images and where output goes */
static char low_spec[160], high_spec[160];
static struct sct_err err;

/* A file of size bytes, all value. */
static void write_image(char *path, const char *name, int value, size_t size)
{
	FILE *f;

	snprintf(path, 128, "%s/%s", folder, name);
	f = fopen(path, "wb");
	ck_assert_ptr_nonnull(f);
	while (size--)
		fputc(value, f);
	ck_assert_int_eq(fclose(f), 0);
}

/* 8192 bytes 'a' at 0x1000; 16 bytes 'b' at 0x1ff8, in their middle */
static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	write_image(low, "low", 'a', 8192);
	write_image(high, "high", 'b', 16);
	snprintf(output, sizeof output, "%s/output", folder);
	snprintf(low_spec, sizeof low_spec, "%s@0x1000", low);
	snprintf(high_spec, sizeof high_spec, "%s@0x1ff8", high);
}

static void teardown(void)
{
	unlink(low);
	unlink(high);
	unlink(output);
	rmdir(folder);
}

/* Runs --read with standard output in a file; *size of its bytes, in place until the next call. */
static const char *run(const char *what, bool zero_fill, char **specs, int status, size_t *size)
{
	static char bytes[16384];
	struct sct_info_read read = { .zero_fill = zero_fill };
	FILE *f;

	ck_assert_int_eq(sct_info_read_parse(&read, what, &err), SCT_OK);
	ck_assert_ptr_nonnull(freopen(output, "wb", stdout));
	ck_assert_int_eq(sct_info_read(&read, specs), status);
	f = fopen(output, "rb");
	ck_assert_ptr_nonnull(f);
	*size = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	return bytes;
}

START_TEST(overlay)
{
	char *both[] = { low_spec, high_spec, NULL }, *reversed[] = { high_spec, low_spec, NULL };
	size_t size;
	const char *bytes = run("0x1ff0+32", false, both, EXIT_SUCCESS, &size);

	ck_assert_uint_eq(size, 32);
	ck_assert_mem_eq(bytes, "aaaaaaaabbbbbbbbbbbbbbbbaaaaaaaa", 32);
	bytes = run("0x1ff0+32", false, reversed, EXIT_SUCCESS, &size);
	ck_assert_uint_eq(size, 32);
	ck_assert_mem_eq(bytes, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 32);
}
END_TEST

START_TEST(missing)
{
	char *one[] = { low_spec, NULL };
	size_t size;
	const char *bytes = run("0x2ffe+4", false, one, SCT_INFO_DAMAGED, &size);

	ck_assert_uint_eq(size, 2);
	ck_assert_mem_eq(bytes, "aa", 2);
	bytes = run("0x2ffe+4", true, one, EXIT_SUCCESS, &size);
	ck_assert_uint_eq(size, 4);
	ck_assert_mem_eq(bytes, "aa\0\0", 4);
	bytes = run("0xffffffffffffffff+1", true, one, EXIT_SUCCESS, &size);
	ck_assert_uint_eq(size, 1);
	ck_assert_mem_eq(bytes, "\0", 1);
	run("0xfff+2", false, one, SCT_INFO_DAMAGED, &size);
	ck_assert_uint_eq(size, 0);
}
END_TEST

START_TEST(no_snapshot)
{
	char *none[] = { output, NULL };
	size_t size;

	run("0+1", false, none, EXIT_FAILURE, &size);
	ck_assert_uint_eq(size, 0);
}
END_TEST

static const char *const senseless[] = {
	"", "+", "1", "1+", "+1", "1+0", "1+x", "-1+1", "1+-1", "1+1 ", " 1+1", "0xffffffffffffffff+2",
	"1+0xffffffffffffffffff",
};

START_TEST(makes_no_sense)
{
	struct sct_info_read read;

	ck_assert_int_eq(sct_info_read_parse(&read, senseless[_i], &err), SCT_E_USAGE);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("info_read");
	TCase *t = tcase_create("read");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, overlay);
	tcase_add_test(t, missing);
	tcase_add_test(t, no_snapshot);
	tcase_add_loop_test(t, makes_no_sense, 0, sizeof senseless / sizeof *senseless);
	suite_add_tcase(s, t);
	return run_tests(s);
}
