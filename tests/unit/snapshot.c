/* Tests of opening files and snapshots: what is mapped, what is unpacked, FILE@ADDR.
 * In:  files of all kinds
 * Out: their bytes, formats, errors
 */
#include "../../formats/formats.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "suite.h"

static char folder[] = "/tmp/sctrace-snapshot-XXXXXX";
static struct sct_file f;
static struct sct_snapshot s;
static struct sct_err err;

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
}

static void teardown(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(system("rm -rf /tmp/sctrace-snapshot-??????"), 0);
}

static void spit(const char *path, const void *data, size_t size)
{
	FILE *out = fopen(path, "wb");

	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(fwrite(data, 1, size, out), size);
	ck_assert_int_eq(fclose(out), 0);
}

/* ---- files -------------------------------------------------------------------------------------------------- */

START_TEST(plain)
{
	spit("a", "some bytes", 10);
	ck_assert_int_eq(sct_file_open(&f, "a", &err), SCT_OK);
	ck_assert_uint_eq(f.size, 10);
	ck_assert_mem_eq(f.data, "some bytes", 10);
	ck_assert(!f.unpacked);
	sct_file_close(&f);
	ck_assert_int_eq(f.fd, -1);
}
END_TEST

/* 64 GiB of holes: nothing of it is read, so nothing of it takes memory. */
START_TEST(sparse)
{
	struct rusage before, after;

	spit("a", "", 0);
	ck_assert_int_eq(truncate("a", (off_t)64 << 30), 0);
	getrusage(RUSAGE_SELF, &before);
	ck_assert_int_eq(sct_file_open(&f, "a", &err), SCT_OK);
	ck_assert_uint_eq(f.size, UINT64_C(64) << 30);
	ck_assert_uint_eq(f.data[f.size - 1], 0);
	getrusage(RUSAGE_SELF, &after);
	ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 16 << 10);
	sct_file_close(&f);
}
END_TEST

START_TEST(zstd)
{
	static uint8_t data[300000], packed[400000];
	size_t n;
	struct stat st;

	data[0] = data[299999] = 'x';
	data[150000] = 'y';
	n = ZSTD_compress(packed, sizeof packed, data, sizeof data, 1);
	spit("a", packed, n);
	ck_assert_int_eq(sct_file_open(&f, "a", &err), SCT_OK);
	ck_assert(f.unpacked);
	ck_assert_uint_eq(f.size, sizeof data);
	ck_assert_mem_eq(f.data, data, sizeof data);
	ck_assert_int_eq(fstat(f.fd, &st), 0);
	ck_assert_uint_eq(st.st_nlink, 0);
	ck_assert_int_lt(st.st_blocks * 512, 250000); /* zeros are holes */
	sct_file_close(&f);
	spit("a", packed, n - 1);
	ck_assert_int_eq(sct_file_open(&f, "a", &err), SCT_E_TRUNCATED);
	ck_assert_int_eq(f.fd, -1);
}
END_TEST

START_TEST(zeros_at_the_end)
{
	gzFile out = gzopen("a", "wb");
	static const uint8_t data[200000] = { 1 };

	ck_assert_int_eq(gzwrite(out, data, sizeof data), sizeof data);
	ck_assert_int_eq(gzclose(out), Z_OK);
	ck_assert_int_eq(sct_file_open(&f, "a", &err), SCT_OK);
	ck_assert_uint_eq(f.size, sizeof data);
	ck_assert_mem_eq(f.data, data, sizeof data);
	sct_file_close(&f);
}
END_TEST

START_TEST(nowhere_to_unpack)
{
	uint8_t packed[64];

	spit("a", packed, ZSTD_compress(packed, sizeof packed, "bytes", 5, 1));
	setenv("TMPDIR", "/nowhere", 1);
	ck_assert_int_eq(sct_file_open(&f, "a", &err), SCT_E_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "/nowhere"));
	unsetenv("TMPDIR");
}
END_TEST

START_TEST(not_to_be_opened)
{
	ck_assert_int_eq(sct_file_open(&f, "none", &err), SCT_E_IO);
	ck_assert_int_eq(sct_file_open(&f, ".", &err), SCT_E_IO);
	spit("a", "", 0);
	ck_assert_int_eq(sct_file_open(&f, "a", &err), SCT_E_FORMAT);
	ck_assert_int_eq(f.fd, -1);
	ck_assert_ptr_null(f.data);
}
END_TEST

/* What can be read only once is opened only once. */
START_TEST(pipe_by_name)
{
	pid_t child;
	int status;

	ck_assert_int_eq(mkfifo("a", 0600), 0);
	child = fork();
	if (!child) {
		spit("a", "through a pipe", 14);
		_exit(0);
	}
	ck_assert_int_eq(sct_file_open(&f, "a", &err), SCT_OK);
	ck_assert_uint_eq(f.size, 14);
	ck_assert_mem_eq(f.data, "through a pipe", 14);
	sct_file_close(&f);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* ---- snapshots ---------------------------------------------------------------------------------------------- */

static int open_spec(const char *spec, const char *format)
{
	memset(&err, 0, sizeof err);
	return sct_snapshot_open(&s, spec, format, &err);
}

/* An image of bytes that no format knows lies at the address. */
START_TEST(raw_at)
{
	uint8_t byte = 0;

	spit("a", "image", 5);
	ck_assert_int_eq(open_spec("a@0x1000", NULL), SCT_OK);
	ck_assert_str_eq(sct_snapshot_info(&s)->format, "raw");
	ck_assert_uint_eq(s.ops->read(s.state, 0x1002, &byte, 1), 1);
	ck_assert_uint_eq(byte, 'a');
	ck_assert_uint_eq(s.ops->read(s.state, 0xfff, &byte, 1), 0);
	sct_snapshot_close(&s);
	ck_assert_int_eq(open_spec("a@16", NULL), SCT_OK);
	ck_assert_uint_eq(s.ops->read(s.state, 16, &byte, 1), 1);
	sct_snapshot_close(&s);
}
END_TEST

START_TEST(at_in_a_name)
{
	spit("a@b", "image", 5);
	spit("a@1x", "image", 5);
	ck_assert_int_eq(open_spec("a@b", NULL), SCT_E_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.text, "FILE@ADDR"));
	ck_assert_int_eq(open_spec("a@1x", NULL), SCT_E_FORMAT);
	ck_assert_int_eq(open_spec("a@b@0", NULL), SCT_OK);
	sct_snapshot_close(&s);
	ck_assert_int_eq(open_spec("a@b@99999999999999999999999", NULL), SCT_E_USAGE);
	ck_assert_int_eq(open_spec("@0", NULL), SCT_E_IO);
}
END_TEST

/* A format that is told by its bytes says itself where it lies. */
START_TEST(place_only_of_raw_memory)
{
	spit("a", "QEVM\0\0\0\3", 8);
	ck_assert_int_eq(open_spec("a@0x1000", NULL), SCT_E_USAGE);
	ck_assert_int_eq(open_spec("a@0x1000", "raw"), SCT_OK);
	sct_snapshot_close(&s);
	ck_assert_int_eq(open_spec("a", "none such"), SCT_E_USAGE);
	ck_assert_ptr_null(s.ops);
}
END_TEST

/* Offsets of a compressed snapshot are none of the file on disk. */
START_TEST(no_offset_in_what_was_unpacked)
{
	uint8_t packed[64];

	spit("a", packed, ZSTD_compress(packed, sizeof packed, "QEVM\0\0\0\2", 8, 1));
	ck_assert_int_eq(open_spec("a", NULL), SCT_E_UNSUPPORTED);
	ck_assert_uint_eq(err.offset, SCT_NO_OFFSET);
	ck_assert_ptr_nonnull(strstr(err.text, "at byte 4 of what it unpacks to"));
}
END_TEST

START_TEST(pc_ram)
{
	ck_assert_uint_eq(sct_pc_ram_address(0, 0x123456), 0x123456);
	ck_assert_uint_eq(sct_pc_ram_address(0xdfffffff, 0xdffff000), 0xdffff000);
	ck_assert_uint_eq(sct_pc_ram_address(0xe0000000, 0xbfffffff), 0xbfffffff);
	ck_assert_uint_eq(sct_pc_ram_address(0xe0000000, 0xc0000000), 0x100000000);
	ck_assert_uint_eq(sct_pc_ram_address(UINT64_C(5) << 30, UINT64_C(4) << 30), 0x140000000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("snapshot");
	TCase *t = tcase_create("files");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, plain);
	tcase_add_test(t, sparse);
	tcase_add_test(t, zstd);
	tcase_add_test(t, zeros_at_the_end);
	tcase_add_test(t, nowhere_to_unpack);
	tcase_add_test(t, not_to_be_opened);
	tcase_add_test(t, pipe_by_name);
	tcase_add_test(t, raw_at);
	tcase_add_test(t, at_in_a_name);
	tcase_add_test(t, place_only_of_raw_memory);
	tcase_add_test(t, no_offset_in_what_was_unpacked);
	tcase_add_test(t, pc_ram);
	suite_add_tcase(suite, t);
	return run_tests(suite);
}
