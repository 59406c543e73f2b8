/* Tests of finding the files of a PANDA recording: names, archives, damaged archives.
 * In:  files made here
 * Out: paths, errors
 */
#include "../../formats/formats.h"

#include <archive.h>
#include <archive_entry.h>
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "suite.h"

static char dir[] = "/tmp/sctrace-parts-XXXXXX";
static struct sct_parts parts;
static struct sct_err err;

static void touch(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	close(fd);
}

static void in_new_dir(const char *name)
{
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_int_eq(mkdir(name, 0700), 0);
	ck_assert_int_eq(chdir(name), 0);
}

struct member {
	const char *name, *text;
};

/* An archive as PANDA writes it; members end with a NULL name. */
static void make_archive(const char *path, const struct member *members)
{
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();

	archive_write_add_filter_gzip(a);
	archive_write_set_format_pax_restricted(a);
	ck_assert_int_eq(archive_write_open_filename(a, path), ARCHIVE_OK);
	for (const struct member *m = members; m->name; m++) {
		archive_entry_clear(e);
		archive_entry_set_pathname(e, m->name);
		archive_entry_set_filetype(e, AE_IFREG);
		archive_entry_set_size(e, (int64_t)strlen(m->text));
		ck_assert_int_eq(archive_write_header(a, e), ARCHIVE_OK);
		archive_write_data(a, m->text, strlen(m->text));
	}
	archive_entry_free(e);
	archive_write_free(a);
}

/* The header of a tar member (POSIX pax, ustar); a size beyond eight octal digits as GNU tar writes it. */
static void put_header(gzFile f, const char *name, uint64_t size)
{
	char block[512] = "";
	unsigned sum = 0;

	strcpy(block, name);
	strcpy(block + 100, "0000600");
	block[124] = (char)0x80;
	for (unsigned i = 0; i < 8; i++)
		block[124 + 11 - i] = (char)(size >> 8 * i);
	block[156] = '0';
	memcpy(block + 257, "ustar  ", 8);
	memset(block + 148, ' ', 8);
	for (unsigned i = 0; i < sizeof block; i++)
		sum += (unsigned char)block[i];
	snprintf(block + 148, 8, "%06o", sum);
	ck_assert_int_eq(gzwrite(f, block, sizeof block), sizeof block);
}

/* An archive whose snapshot says that it has so many bytes, and ends behind 1024. */
static void make_lying(const char *path, uint64_t size)
{
	static const char bytes[1024];
	gzFile f = gzopen(path, "wb");

	put_header(f, "RRv2", 0);
	put_header(f, "snapshot", size);
	ck_assert_int_eq(gzwrite(f, bytes, sizeof bytes), sizeof bytes);
	gzclose(f);
}

static void make_sound(const char *path)
{
	make_archive(path, (struct member[]){ { "RRv2", "Created with QEMU version 2.9.1!\n" },
	                                      { "capture.cmd", "panda" },
	                                      { "snapshot", "QEVM and more" },
	                                      { "metadata.json", "{}" },
	                                      { "nondetlog", "entries" },
	                                      { "sha1", "0" },
	                                      { NULL } });
}

static void ck_path(const char *got, const char *want)
{
	if (want)
		ck_assert_str_eq(got ? got : "(none)", want);
	else
		ck_assert_msg(!got, "%s", got);
}

static void ck_parts(const char *path, const char *trace, const char *snapshot, const char *nondet)
{
	ck_assert_msg(sct_parts_find(&parts, path, &err) == 0, "%s", err.text);
	ck_path(parts.trace, trace);
	ck_path(parts.snapshot, snapshot);
	ck_path(parts.nondet, nondet);
	ck_assert_int_lt(parts.fds[0], 0);
	ck_assert_int_lt(parts.fds[1], 0);
	sct_parts_free(&parts);
}

static void ck_bytes(const char *path, const char *want)
{
	char got[100] = "";
	int fd = open(path, O_RDONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(read(fd, got, sizeof got - 1), (ssize_t)strlen(want));
	ck_assert_str_eq(got, want);
	close(fd);
}

START_TEST(a_trace)
{
	in_new_dir("a_trace");
	touch("t.trace");
	touch("t.trace-rr-snp");
	ck_parts("t.trace", "t.trace", NULL, NULL);
	ck_parts("-", "-", NULL, NULL);
	ck_parts("nothing", "nothing", NULL, NULL);
	ck_parts(".", ".", NULL, NULL);
}
END_TEST

START_TEST(base_name)
{
	in_new_dir("base_name");
	touch("r-rr-snp");
	ck_parts("r", NULL, "r-rr-snp", NULL);
	touch("r-rr-nondet.log.zst");
	touch("r-trace.txt.xz");
	ck_parts("r", "r-trace.txt.xz", "r-rr-snp", "r-rr-nondet.log.zst");
	touch("r.trace.gz");
	touch("r-rr-snp.gz");
	ck_parts("r", "r.trace.gz", "r-rr-snp", "r-rr-nondet.log.zst");
	touch("r.trace");
	ck_parts("r", "r.trace", "r-rr-snp", "r-rr-nondet.log.zst");
	ck_assert_int_eq(mkdir("r", 0700), 0);
	ck_parts("../base_name/r", "../base_name/r.trace", "../base_name/r-rr-snp", "../base_name/r-rr-nondet.log.zst");
}
END_TEST

START_TEST(an_archive)
{
	in_new_dir("an_archive");
	make_sound("a.rr2");
	for (int i = 0; i < 3; i++) {
		if (i == 2)
			touch("a.trace.zst");
		ck_assert_msg(sct_parts_find(&parts, i ? "a" : "a.rr2", &err) == 0, "%s", err.text);
		ck_path(parts.trace, i == 2 ? "a.trace.zst" : NULL);
		ck_bytes(parts.snapshot, "QEVM and more");
		ck_bytes(parts.nondet, "entries");
		ck_assert_int_ge(parts.fds[0], 0);
		ck_assert_int_ge(parts.fds[1], 0);
		sct_parts_free(&parts);
	}
	make_sound("other-name");
	ck_assert_int_eq(sct_parts_find(&parts, "other-name", &err), 0);
	ck_bytes(parts.snapshot, "QEVM and more");
	sct_parts_free(&parts);
}
END_TEST

/* What is unpacked has no name, in $TMPDIR. */
START_TEST(unpacked_in_tmpdir)
{
	in_new_dir("where_to");
	make_sound("a.rr2");
	setenv("TMPDIR", "/nowhere/at/all", 1);
	ck_assert_int_eq(sct_parts_find(&parts, "a.rr2", &err), SCT_E_IO);
	ck_assert(strstr(err.text, "/nowhere/at/all"));
	ck_assert_int_eq(mkdir("tmp", 0700), 0);
	setenv("TMPDIR", "tmp", 1);
	ck_assert_int_eq(sct_parts_find(&parts, "a.rr2", &err), 0);
	ck_assert_int_eq(rmdir("tmp"), 0);
	sct_parts_free(&parts);
}
END_TEST

/* Only an archive that says so is one. */
START_TEST(other_archives)
{
	in_new_dir("other_archives");
	make_archive("x.tgz", (struct member[]){ { "snapshot", "of something else" }, { NULL } });
	ck_parts("x.tgz", "x.tgz", NULL, NULL);
	make_archive("half.rr2", (struct member[]){ { "nondetlog", "entries" }, { "RRv2", "" }, { NULL } });
	ck_assert_int_eq(sct_parts_find(&parts, "half.rr2", &err), 0);
	ck_path(parts.snapshot, NULL);
	ck_bytes(parts.nondet, "entries");
	sct_parts_free(&parts);
	make_archive("empty.rr2", (struct member[]){ { "RRv2", "" }, { NULL } });
	ck_assert_int_eq(sct_parts_find(&parts, "empty.rr2", &err), SCT_E_FORMAT);
}
END_TEST

static void cut(const char *from, const char *to, double part)
{
	static char buf[64 << 10];
	int in = open(from, O_RDONLY), out = open(to, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	ssize_t n = read(in, buf, sizeof buf);

	ck_assert_int_gt(n, 0);
	n = (ssize_t)((double)n * part);
	ck_assert_int_eq(write(out, buf, (size_t)n), n);
	close(in);
	close(out);
}

START_TEST(damaged)
{
	in_new_dir("damaged");
	make_sound("a.rr2");
	for (double part = 0.2; part < 1; part += 0.2) {
		cut("a.rr2", "cut.rr2", part);
		ck_assert_int_eq(sct_parts_find(&parts, "cut.rr2", &err), SCT_E_TRUNCATED);
		ck_assert(!parts.snapshot && !parts.nondet && parts.fds[0] < 0 && parts.fds[1] < 0);
	}
	make_archive("twice.rr2", (struct member[]){ { "RRv2", "" }, { "snapshot", "a" }, { "snapshot", "b" }, { NULL } });
	ck_assert_int_eq(sct_parts_find(&parts, "twice.rr2", &err), SCT_E_FORMAT);
	make_lying("short.rr2", 1000000);
	ck_assert_int_eq(sct_parts_find(&parts, "short.rr2", &err), SCT_E_TRUNCATED);
}
END_TEST

START_TEST(bombs)
{
	struct member many[100] = { { "RRv2", "" } };

	in_new_dir("bombs");
	make_lying("large.rr2", UINT64_C(1) << 40);
	ck_assert_int_eq(sct_parts_find(&parts, "large.rr2", &err), SCT_E_FORMAT);
	ck_assert(strstr(err.text, "1099511627776"));
	for (unsigned i = 1; i < 90; i++)
		many[i] = (struct member){ "sha1", "" };
	make_archive("many.rr2", many);
	ck_assert_int_eq(sct_parts_find(&parts, "many.rr2", &err), SCT_E_FORMAT);
	ck_assert(strstr(err.text, "members"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("parts");
	TCase *c = tcase_create("parts");
	char command[100];
	int failed;

	if (!mkdtemp(dir))
		return 1;
	suite_add_tcase(s, c);
	tcase_add_test(c, a_trace);
	tcase_add_test(c, base_name);
	tcase_add_test(c, an_archive);
	tcase_add_test(c, unpacked_in_tmpdir);
	tcase_add_test(c, other_archives);
	tcase_add_test(c, damaged);
	tcase_add_test(c, bombs);
	failed = run_tests(s);
	snprintf(command, sizeof command, "rm -r '%s'", dir);
	return system(command) || failed != 0;
}
