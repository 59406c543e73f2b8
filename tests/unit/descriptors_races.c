/* Tests of descriptors and directories that threads change at the same time: who was last is not known.
 *
 * In:  recordings by hand (descriptors_steps.h)
 * Out: a report; exit status 0 when all passed
 */
#include "descriptors_steps.h"
#include "suite.h"

/* ---- what threads do --------------------------------------------------------------------------------------------- */

/* Thread 1 on its CPU, thread 2 on another: one of them begins a call, or ends it. */
static void starts(struct script *s, unsigned thread, uint32_t nr, uint64_t a, uint64_t b, uint64_t c)
{
	on(s, thread - 1, thread, SPACE);
	reg(s, "edi", a);
	reg(s, "esi", b);
	reg(s, "edx", c);
	enter(s, nr, STUB, thread == 1 ? SP : CHILD_SP);
}

static void ends(struct script *s, unsigned thread, int64_t result)
{
	on(s, thread - 1, thread, SPACE);
	leave(s, BEHIND, thread == 1 ? SP : CHILD_SP, (uint64_t)result);
}

static void starts_path(struct script *s, unsigned thread, uint32_t nr, const char *path)
{
	on(s, thread - 1, thread, SPACE);
	see(s, TEXT, path, strlen(path) + 1);
	starts(s, thread, nr, TEXT, 0, 0);
}

static void starts_open(struct script *s, unsigned thread, const char *path)
{
	starts_path(s, thread, OPEN, path);
}

static void opens(struct script *s, unsigned thread, const char *path, int fd)
{
	starts_open(s, thread, path);
	ends(s, thread, fd);
}

static void makes(struct script *s, unsigned thread, uint32_t nr, uint64_t a, uint64_t b, uint64_t c, int64_t result)
{
	starts(s, thread, nr, a, b, c);
	ends(s, thread, result);
}

static void asks(struct script *s, unsigned thread, int fd)
{
	makes(s, thread, WRITE, (uint64_t)fd, 0, 0, 0);
}

/* Thread 1, which has opened two files and made thread 2. */
static struct script *begin(void)
{
	struct script *s = script_new(&sct_arch_x86_64);

	starts_path(s, 1, CHDIR, "/home");
	ends(s, 1, 0);
	opens(s, 1, "/a", 3);
	opens(s, 1, "/b", 4);
	starts(s, 1, CLONE, THREAD_FLAGS, CHILD_SP, 0);
	ends(s, 1, 8);
	first_step(s, 1, 2, SPACE, CHILD_SP);
	return s;
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

/* A number that one call gives while another takes it away: who was last is not known. */
START_TEST(races_of_numbers)
{
	struct script *s = begin();

	starts_open(s, 1, "/c"); /* the number is there before the call returns */
	makes(s, 2, CLOSE, 5, 0, 0, 0);
	ends(s, 1, 5);
	asks(s, 1, 5);
	starts_open(s, 1, "/d");
	makes(s, 2, DUP2, 3, 6, 0, 6);
	ends(s, 1, 6);
	asks(s, 1, 6);
	starts_open(s, 1, "/e");
	makes(s, 2, CLOSE_RANGE, 5, 90, 0, 0);
	ends(s, 1, 7);
	asks(s, 1, 7);
	starts(s, 2, CLOSE, 8, 0, 0);
	opens(s, 1, "/f", 8);
	ends(s, 2, 0);
	asks(s, 1, 8);
	starts(s, 2, CLOSE, 9, 0, 0);
	starts_open(s, 1, "/g");
	ends(s, 2, 0);
	ends(s, 1, 9);
	asks(s, 1, 9);
	starts_open(s, 1, "/h"); /* of other numbers nothing is lost */
	starts(s, 2, CLOSE, 4, 0, 0);
	ends(s, 1, 10);
	ends(s, 2, 0);
	asks(s, 1, 10);
	tells(s, "5=? 6=? 7=? 8=? 9=? 10=/h ");
}
END_TEST

/* While dup2 is under way a number may be the old file or the new one. */
START_TEST(races_of_copies)
{
	struct script *s = begin();

	starts(s, 2, DUP2, 3, 4, 0);
	asks(s, 1, 4);
	ends(s, 2, 4);
	asks(s, 1, 4);
	starts(s, 2, DUP, 4, 0, 0); /* of the file that 4 was when it began */
	opens(s, 1, "/x", 7);
	makes(s, 1, DUP2, 7, 4, 0, 4);
	ends(s, 2, 8);
	asks(s, 1, 4);
	asks(s, 1, 8);
	tells(s, "4=? 4=/a 4=/x 8=? ");
}
END_TEST

/* An address goes to the socket that had the number when the call began. */
START_TEST(races_of_sockets)
{
	static const uint8_t addr[] = { 2, 0, 0, 80, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct script *s = begin();

	makes(s, 1, SOCKET, 2, 1, 0, 5);
	see(s, DATA, addr, sizeof addr);
	starts(s, 1, CONNECT, 5, DATA, sizeof addr);
	makes(s, 2, CLOSE, 5, 0, 0, 0);
	makes(s, 2, SOCKET, 2, 1, 0, 5);
	ends(s, 1, 0);
	asks(s, 2, 5);
	tells(s, "5=TCP ");
}
END_TEST

/* What unshare copies is what the table had then. */
START_TEST(races_of_unshare)
{
	struct script *s = begin();

	starts(s, 1, UNSHARE, SHARED_FILES, 0, 0);
	makes(s, 2, CLOSE, 4, 0, 0, 0);
	opens(s, 2, "/c", 4);
	ends(s, 1, 0);
	asks(s, 1, 3);
	asks(s, 1, 4);
	asks(s, 2, 4);
	tells(s, "3=/a 4=? 4=/c ");
}
END_TEST

/* Paths begin where the directory was when the kernel followed them. */
START_TEST(races_of_directories)
{
	struct script *s = begin();

	starts_path(s, 2, CHDIR, "/other");
	opens(s, 1, "x", 5);
	ends(s, 2, 0);
	asks(s, 1, 5);
	starts_open(s, 1, "y");
	starts_path(s, 2, CHDIR, "/third");
	ends(s, 2, 0);
	ends(s, 1, 6);
	asks(s, 1, 6);
	opens(s, 1, "z", 7);
	asks(s, 1, 7);
	tells(s, "5=? 6=? 7=/third/z ");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("descriptors_races");
	TCase *t = tcase_create("descriptors_races");

	tcase_add_test(t, races_of_numbers);
	tcase_add_test(t, races_of_copies);
	tcase_add_test(t, races_of_sockets);
	tcase_add_test(t, races_of_unshare);
	tcase_add_test(t, races_of_directories);
	suite_add_tcase(s, t);
	return run_tests(s);
}
