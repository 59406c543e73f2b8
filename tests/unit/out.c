/* Tests of where logs go: whole files under their names, or none.
 * In:  paths of all kinds, a full disk, a reader that goes away
 * Out: files and errors
 */
#include "../../formats/formats.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

static char dir[] = "/tmp/sctrace-out-XXXXXX";
static struct sct_out *out;
static struct sct_err err;

static void in_dir(void)
{
	ck_assert_int_eq(chdir(dir), 0);
}

static void spit(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void ck_file(const char *path, const char *want)
{
	char got[4096] = "";
	FILE *f = fopen(path, "r");

	ck_assert_msg(f != NULL, "%s is not there", path);
	got[fread(got, 1, sizeof got - 1, f)] = 0;
	fclose(f);
	ck_assert_str_eq(got, want);
}

/* How many files the directory has, to find left-over temporary ones. */
static int count_files(void)
{
	DIR *d = opendir(".");
	int n = 0;

	for (struct dirent *e; (e = readdir(d));)
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	closedir(d);
	return n;
}

START_TEST(new_file)
{
	struct stat st;

	in_dir();
	umask(027);
	ck_assert_int_eq(sct_out_open("new.log", &out, &err), 0);
	sct_out_write(out, "one ", 4);
	sct_out_write(out, "two", 3);
	ck_assert_uint_eq(sct_out_tell(out), 7);
	ck_assert_int_lt(access("new.log", F_OK), 0);
	ck_assert_int_eq(sct_out_commit(out, &err), 0);
	ck_file("new.log", "one two");
	ck_assert_int_eq(stat("new.log", &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0640);
	unlink("new.log");
	ck_assert_int_eq(count_files(), 0);
}
END_TEST

START_TEST(replaces_whole)
{
	struct stat st;

	in_dir();
	spit("old.log", "what stood there before");
	ck_assert_int_eq(chmod("old.log", 0604), 0);
	ck_assert_int_eq(symlink("old.log", "link.log"), 0);
	ck_assert_int_eq(sct_out_open("link.log", &out, &err), 0);
	sct_out_write(out, "new", 3);
	ck_file("old.log", "what stood there before");
	ck_assert_int_eq(sct_out_commit(out, &err), 0);
	ck_file("old.log", "new");
	ck_assert_int_eq(lstat("link.log", &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	ck_assert_int_eq(stat("old.log", &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0604);
	unlink("link.log");
	unlink("old.log");
	ck_assert_int_eq(count_files(), 0);
}
END_TEST

START_TEST(abort_leaves_nothing)
{
	in_dir();
	spit("kept.log", "kept");
	ck_assert_int_eq(sct_out_open("kept.log", &out, &err), 0);
	sct_out_write(out, "lost", 4);
	sct_out_abort(out);
	ck_file("kept.log", "kept");
	unlink("kept.log");
	ck_assert_int_eq(count_files(), 0);
}
END_TEST

START_TEST(longest_name)
{
	char name[256];

	in_dir();
	memset(name, 'n', 255);
	name[255] = 0;
	ck_assert_int_eq(sct_out_open(name, &out, &err), 0);
	ck_assert_int_eq(sct_out_commit(out, &err), 0);
	ck_file(name, "");
	unlink(name);
}
END_TEST

START_TEST(refused)
{
	in_dir();
	ck_assert_int_eq(sct_out_open("no/such/dir.log", &out, &err), SCT_E_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "No such file"));
	ck_assert_int_eq(sct_out_open("", &out, &err), SCT_E_IO);
	ck_assert_int_eq(sct_out_open("new/", &out, &err), SCT_E_IO);
	ck_assert_int_eq(sct_out_open(".", &out, &err), SCT_E_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "Is a directory"));
	ck_assert_int_eq(count_files(), 0);
}
END_TEST

START_TEST(patch)
{
	static char big[600 << 10], back[sizeof big];
	FILE *f;

	in_dir();
	memset(big, 'b', sizeof big);
	ck_assert_int_eq(sct_out_open("patch.log", &out, &err), 0);
	ck_assert(sct_out_can_patch(out));
	sct_out_write(out, "head", 4);
	ck_assert_int_eq(sct_out_patch(out, 0, "HE", 2, &err), 0);
	sct_out_write(out, big, sizeof big - 4);
	ck_assert_uint_eq(sct_out_tell(out), sizeof big);
	ck_assert_int_eq(sct_out_patch(out, 2, "AD", 2, &err), 0);
	ck_assert_int_eq(sct_out_patch(out, sizeof big - 3, "END", 3, &err), 0);
	ck_assert_int_eq(sct_out_commit(out, &err), 0);
	f = fopen("patch.log", "r");
	ck_assert_uint_eq(fread(back, 1, sizeof back, f), sizeof back);
	ck_assert_int_eq(fgetc(f), EOF);
	fclose(f);
	memcpy(big, "HEAD", 4);
	memmove(big + sizeof big - 3, "END", 3);
	ck_assert_mem_eq(back, big, sizeof big);
	unlink("patch.log");
}
END_TEST

START_TEST(full_device)
{
	static char big[300 << 10];

	ck_assert_int_eq(sct_out_open("/dev/full", &out, &err), 0);
	ck_assert(!sct_out_can_patch(out));
	ck_assert_int_eq(sct_out_patch(out, 0, "", 0, &err), SCT_E_IO);
	sct_out_write(out, "x", 1);
	ck_assert_int_eq(sct_out_status(out, &err), 0);
	sct_out_write(out, big, sizeof big);
	ck_assert_int_eq(sct_out_status(out, &err), SCT_E_IO);
	sct_out_write(out, big, sizeof big);
	memset(&err, 0, sizeof err);
	ck_assert_int_eq(sct_out_commit(out, &err), SCT_E_IO);
	ck_assert_int_eq(err.status, SCT_E_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "No space left"));
}
END_TEST

/* The last bytes are written at commit: their failure must not be lost. */
START_TEST(full_at_commit)
{
	ck_assert_int_eq(sct_out_open("/dev/full", &out, &err), 0);
	sct_out_write(out, "x", 1);
	ck_assert_int_eq(sct_out_commit(out, &err), SCT_E_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "No space left"));
}
END_TEST

/* A limit in the middle of the file, as a disk that fills up: no signal, an error, and no file. */
START_TEST(size_limit)
{
	static char big[100 << 10];
	struct rlimit limit = { 250 << 10, 250 << 10 };

	in_dir();
	spit("limit.log", "kept");
	ck_assert_int_eq(sct_out_open("limit.log", &out, &err), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (int i = 0; i < 4; i++)
		sct_out_write(out, big, sizeof big);
	ck_assert_int_eq(sct_out_commit(out, &err), SCT_E_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "File too large"));
	ck_file("limit.log", "kept");
	unlink("limit.log");
	ck_assert_int_eq(count_files(), 0);
}
END_TEST

START_TEST(broken_pipe)
{
	int ends[2];
	sigset_t pending;

	ck_assert_int_eq(pipe(ends), 0);
	close(ends[0]);
	ck_assert_int_eq(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
	ck_assert_int_eq(sct_out_open("-", &out, &err), 0);
	ck_assert(!sct_out_can_patch(out));
	sct_out_write(out, "x", 1);
	ck_assert_int_eq(sct_out_commit(out, &err), SCT_E_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "Broken pipe"));
	sigpending(&pending);
	ck_assert(!sigismember(&pending, SIGPIPE));
}
END_TEST

/* The reader leaves in the middle of a write: the system takes a part and sends SIGPIPE all the same. */
START_TEST(broken_in_a_write)
{
	static char big[1 << 20];
	int ends[2];
	pid_t reader;

	ck_assert_int_eq(pipe(ends), 0);
	reader = fork();
	if (!reader) {
		close(ends[1]);
		_exit(read(ends[0], big, 100000) < 0);
	}
	close(ends[0]);
	ck_assert_int_eq(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
	close(ends[1]);
	ck_assert_int_eq(sct_out_open("-", &out, &err), 0);
	sct_out_write(out, big, sizeof big);
	ck_assert_int_eq(sct_out_status(out, &err), SCT_E_IO);
	ck_assert_int_eq(sct_out_commit(out, &err), SCT_E_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "Broken pipe"));
	waitpid(reader, NULL, 0);
}
END_TEST

START_TEST(standard_output)
{
	int fd;

	in_dir();
	fd = open("redirected", O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	ck_assert_int_eq(sct_out_open("-", &out, &err), 0);
	ck_assert(sct_out_can_patch(out));
	sct_out_write(out, "log", 3);
	ck_assert_int_eq(sct_out_patch(out, 0, "L", 1, &err), 0);
	sct_out_write(out, "!", 1);
	ck_assert_int_eq(sct_out_commit(out, &err), 0);
	ck_file("redirected", "Log!");
	/* behind bytes that are not ours, or in append mode, offsets are not the file's */
	ck_assert_int_eq(sct_out_open("-", &out, &err), 0);
	ck_assert(!sct_out_can_patch(out));
	sct_out_abort(out);
	lseek(fd, 0, SEEK_SET);
	fcntl(fd, F_SETFL, O_APPEND);
	ck_assert_int_eq(sct_out_open("-", &out, &err), 0);
	ck_assert(!sct_out_can_patch(out));
	sct_out_abort(out);
	ck_file("redirected", "Log!");
	unlink("redirected");
}
END_TEST

START_TEST(closed_output)
{
	close(STDOUT_FILENO);
	ck_assert_int_eq(sct_out_open("-", &out, &err), SCT_E_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "Bad file descriptor"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("out");
	TCase *c = tcase_create("out");
	int failed;

	if (!mkdtemp(dir))
		return 1;
	suite_add_tcase(s, c);
	tcase_add_test(c, new_file);
	tcase_add_test(c, replaces_whole);
	tcase_add_test(c, abort_leaves_nothing);
	tcase_add_test(c, longest_name);
	tcase_add_test(c, refused);
	tcase_add_test(c, patch);
	tcase_add_test(c, full_device);
	tcase_add_test(c, full_at_commit);
	tcase_add_test(c, size_limit);
	tcase_add_test(c, broken_pipe);
	tcase_add_test(c, broken_in_a_write);
	tcase_add_test(c, standard_output);
	tcase_add_test(c, closed_output);
	failed = run_tests(s);
	rmdir(dir);
	return failed;
}
