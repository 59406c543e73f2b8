/* Tests of descriptors by what calls showed: paths, working directories, directories that move.
 *
 * In:  recordings by hand (descriptors_steps.h)
 * Out: a report; exit status 0 when all passed
 */
#include "descriptors_steps.h"
#include "suite.h"

START_TEST(directories)
{
	struct script *s = thread_1();

	open_as(s, "x", 0, 3); /* nobody knows where */
	ask(s, 3);
	path_call(s, CHDIR, "/home/", 0);
	open_as(s, "x", 0, 3);
	ask(s, 3);
	path_call(s, CHDIR, "./u//v", 0);
	open_as(s, "../y/.", 0, 4);
	ask(s, 4);
	path_call(s, CHDIR, "/nowhere", -2);
	open_at(s, CWD, ".", 5);
	ask(s, 5);
	open_at(s, 4, "z", 6);
	ask(s, 6);
	open_at(s, 77, "z", 7);
	ask(s, 7);
	open_at(s, 77, "/", 7);
	ask(s, 7);
	call(s, FCHDIR, 4, 0, 0, 0);
	open_as(s, "w", 0, 8);
	ask(s, 8);
	call(s, FCHDIR, 78, 0, 0, 0);
	open_as(s, "w", 0, 8);
	ask(s, 8);
	args(s, DATA, 64, 0, 0);
	enter(s, GETCWD, STUB, SP);
	see(s, DATA, "/root", 6);
	leave(s, BEHIND, SP, 6);
	open_as(s, "w", 0, 8);
	ask(s, 8);
	path_call(s, CHROOT, "/new", 0);
	open_as(s, "w", 0, 8);
	ask(s, 8);
	tells(s, "3=? 3=/home/x 4=/home/u/v/../y 5=/home/u/v 6=/home/u/v/../y/z 7=? 7=/ "
	         "8=/home/u/v/../y/w 8=? 8=/root/w 8=? ");
}
END_TEST

/* A directory that has got another name: what is opened from there on has none that calls showed. */
START_TEST(directories_that_move)
{
	struct script *s = thread_1();

	path_call(s, CHDIR, "/home/u", 0);
	open_as(s, "/home/u/v", 0, 3);
	open_as(s, "/home", 0, 4);
	path_call(s, RENAME, "/hom", 0);
	path_call(s, RENAME, "/home/u/", -2);
	open_as(s, "x", 0, 5);
	path_call(s, RENAME, "../u//", 0);
	ask(s, 3); /* it was opened by that path */
	open_as(s, "x", 0, 6);
	open_at(s, 3, "x", 7);
	open_at(s, 4, "x", 8);
	call(s, FCHDIR, 3, 0, 0, 0);
	open_as(s, "x", 0, 9);
	path_call(s, CHROOT, ".", 0);
	open_at(s, 4, "x", 10);
	for (int fd = 5; fd <= 10; fd++)
		ask(s, fd);
	tells(s, "3=/home/u/v 5=/home/u/x 6=? 7=? 8=/home/x 9=? 10=? ");
}
END_TEST

/* AT_FDCWD, where a directory is asked for. */
START_TEST(working_directory)
{
	struct script *s = thread_1();

	ask_dir(s, CWD);
	path_call(s, CHDIR, "/home/", 0);
	ask_dir(s, CWD);
	ask_dir(s, UINT32_MAX - 99); /* the kernel takes an int */
	ask(s, -100);
	ask_dir(s, CWD - 1);
	open_as(s, "d", 0, 3);
	ask_dir(s, 3);
	path_call(s, CHROOT, "/new", 0);
	ask_dir(s, CWD);
	tells(s, "-100=? -100=/home -100=/home -100=? -101=? 3=/home/d -100=? ");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("descriptors_paths");
	TCase *t = tcase_create("descriptors_paths");

	tcase_add_test(t, directories);
	tcase_add_test(t, directories_that_move);
	tcase_add_test(t, working_directory);
	suite_add_tcase(s, t);
	return run_tests(s);
}
