/* Tests of descriptors by what calls showed: every call that makes or takes one, and what is not known of them.
 *
 * In:  recordings by hand (descriptors_steps.h)
 * Out: a report; exit status 0 when all passed
 */
#include "descriptors_steps.h"
#include "suite.h"

#include "../../src/descriptors_table.h"

enum { NOT_IN_TABLE = 5000 }; /* a number of a call */

START_TEST(opened_and_closed)
{
	struct script *s = thread_1();

	ask(s, 0);
	open_as(s, "/a", 0, 3);
	open_at(s, CWD, "/b", 4);
	path_call(s, CREAT, "/c", 5);
	open_as(s, "/d", 0, -2);
	for (int fd = 3; fd < 7; fd++)
		ask(s, fd);
	ask(s, -1);
	call(s, CLOSE, 4, 0, 0, 0);
	ask(s, 4);
	open_as(s, "/e", 0, 4);
	ask(s, 4);
	tells(s, "0=? 3=/a 4=/b 5=/c 6=? -1=? 4=? 4=/e ");
}
END_TEST

START_TEST(copies)
{
	struct script *s = thread_1();

	open_as(s, "/a", 0, 3);
	call(s, DUP, 3, 0, 0, 4);
	call(s, DUP2, 3, 9, 0, 9);
	call(s, DUP3, 9, 8, CLOEXEC, 8);
	call(s, FCNTL, 3, 0, 20, 20);
	call(s, FCNTL, 3, 1030, 30, 30);
	call(s, FCNTL, 3, 1, 0, 1); /* F_GETFD gives no number */
	for (const int *fd = (const int[]){ 4, 9, 8, 20, 30, 1, 0 }; *fd; fd++)
		ask(s, *fd);
	open_as(s, "/b", 0, 5);
	call(s, DUP2, 5, 9, 0, 9);
	call(s, DUP2, 77, 4, 0, 4); /* of what nobody knows */
	call(s, DUP2, 5, 8, 0, -9);
	call(s, DUP2, 5, 5, 0, 5);
	for (const int *fd = (const int[]){ 9, 4, 8, 5, 0 }; *fd; fd++)
		ask(s, *fd);
	tells(s, "4=/a 9=/a 8=/a 20=/a 30=/a 1=? 9=/b 4=? 8=/a 5=/b ");
}
END_TEST

START_TEST(names_that_are_none)
{
	struct script *s = thread_1();
	const uint64_t how[3] = { CLOEXEC, 0, 0 }, in_root[3] = { 0, 0, 0x10 };

	open_as(s, "/tmp", 020200002, 3); /* O_TMPFILE */
	ask(s, 3);
	see(s, TEXT, NULL, 1);
	call(s, OPEN, TEXT, 0, 0, 4);
	ask(s, 4);
	see(s, TEXT, "/a", 3);
	see(s, DATA, how, sizeof how);
	args(s, CWD, TEXT, DATA, sizeof how);
	enter(s, OPENAT2, STUB, SP);
	leave(s, BEHIND, SP, 5);
	ask(s, 5);
	see(s, TEXT, "/a", 3);
	see(s, DATA, in_root, sizeof in_root);
	args(s, CWD, TEXT, DATA, sizeof in_root);
	enter(s, OPENAT2, STUB, SP);
	leave(s, BEHIND, SP, 6);
	ask(s, 6);
	exec_in(s, 1, SPACE2);
	ask(s, 5);
	tells(s, "3=? 4=? 5=/a 6=? 5=? ");
}
END_TEST

static const struct { uint32_t nr; uint64_t a, b, c; const char *text; } news[] = {
	{ EPOLL_CREATE1, 0, 0, 0, "anon_inode:[eventpoll]" },
	{ EVENTFD2, 0, 0, 0, "anon_inode:[eventfd]" },
	{ TIMERFD_CREATE, 0, 0, 0, "anon_inode:[timerfd]" },
	{ SIGNALFD4, UINT64_MAX, 0, 8, "anon_inode:[signalfd]" },
	{ INOTIFY_INIT, 0, 0, 0, "anon_inode:inotify" },
	{ FANOTIFY_INIT, 0, 0, 0, "anon_inode:[fanotify]" },
	{ USERFAULTFD, 0, 0, 0, "anon_inode:[userfaultfd]" },
	{ PERF_EVENT_OPEN, 0, 0, 0, "anon_inode:[perf_event]" },
	{ PIDFD_OPEN, 1, 0, 0, "anon_inode:[pidfd]" },
	{ LANDLOCK_CREATE_RULESET, DATA, 8, 0, "anon_inode:[landlock-ruleset]" },
	{ LANDLOCK_CREATE_RULESET, 0, 0, 1, "?" }, /* a version */
	{ MEMFD_SECRET, 0, 0, 0, "/secretmem (deleted)" },
	{ MEMFD_CREATE, TEXT, 0, 0, "/memfd:name (deleted)" },
	{ MQ_OPEN, TEXT, 0, 0, "/name" },
	{ SOCKET, 1, 1, 0, "UNIX-STREAM" },
	{ SOCKET, 2, 1 | CLOEXEC, 6, "TCP" },
	{ SOCKET, 10, 2, 0, "UDPv6" },
	{ SOCKET, 16, 3, 15, "NETLINK" },
	{ SOCKET, 77, 1, 0, "socket" },
};

START_TEST(new_ones)
{
	struct script *s = thread_1();
	char lines[100];

	see(s, TEXT, "name", 5);
	call(s, news[_i].nr, news[_i].a, news[_i].b, news[_i].c, 3);
	ask(s, 3);
	snprintf(lines, sizeof lines, "3=%s ", news[_i].text);
	tells(s, lines);
}
END_TEST

/* Both numbers stand in memory when the call has returned. */
static void pair(struct script *s, uint32_t nr, int first, int second)
{
	const int numbers[2] = { first, second };

	if (nr == SOCKETPAIR)
		args(s, 1, 2, 0, DATA);
	else
		args(s, DATA, CLOEXEC, 0, 0);
	enter(s, nr, STUB, SP);
	see(s, DATA, numbers, sizeof numbers);
	leave(s, BEHIND, SP, 0);
	ask(s, first);
	ask(s, second);
}

START_TEST(pairs)
{
	struct script *s = thread_1();

	pair(s, PIPE, 3, 4);
	pair(s, SOCKETPAIR, 5, 6);
	pair(s, PIPE2, 7, 8);
	call(s, PIPE, DATA, 0, 0, 0); /* which, nobody saw */
	exec_in(s, 1, SPACE2);
	ask(s, 3);
	ask(s, 7);
	tells(s, "3=pipe 4=pipe 5=UNIX 6=UNIX 7=pipe 8=pipe 3=pipe 7=? ");
}
END_TEST

START_TEST(exec_closes)
{
	struct script *s = thread_1();

	open_as(s, "/a", 0, 3);
	open_as(s, "/b", CLOEXEC, 4);
	call(s, DUP, 4, 0, 0, 5);
	call(s, FCNTL, 3, 1030, 0, 6);
	open_as(s, "/c", CLOEXEC, 7);
	call(s, FCNTL, 7, 2, 0, 0);
	open_as(s, "/d", 0, 8);
	call(s, IOCTL, 8, 0x5451, 0, 0);
	open_as(s, "/e", 0, 9);
	call(s, FCNTL, 9, 2, 1, 0);
	exec_in(s, 1, SPACE2);
	for (int fd = 3; fd < 10; fd++)
		ask(s, fd);
	tells(s, "3=/a 4=? 5=/b 6=? 7=/c 8=? 9=? ");
}
END_TEST

START_TEST(exec_that_fails)
{
	struct script *s = thread_1();

	open_as(s, "/b", CLOEXEC, 4);
	call(s, EXECVE, 0, 0, 0, -2);
	ask(s, 4);
	tells(s, "4=/b ");
}
END_TEST

START_TEST(ranges)
{
	static const struct { uint64_t flags; int64_t result; const char *text; } rows[] = {
		{ 0, 0, "3=/3 4=? 5=? 6=/6 3=/3 4=? " },
		{ 4, 0, "3=/3 4=/4 5=/5 6=/6 3=/3 4=? " },
		{ 0, -22, "3=/3 4=/4 5=/5 6=/6 3=/3 4=/4 " },
	};
	struct script *s = thread_1();

	for (int fd = 3; fd < 7; fd++)
		open_as(s, (const char *const[]){ "/3", "/4", "/5", "/6" }[fd - 3], 0, fd);
	call(s, CLOSE_RANGE, 4, 5, rows[_i].flags, rows[_i].result);
	for (int fd = 3; fd < 7; fd++)
		ask(s, fd);
	exec_in(s, 1, SPACE2);
	ask(s, 3);
	ask(s, 4);
	tells(s, rows[_i].text);
}
END_TEST

/* ---- what is not known ------------------------------------------------------------------------------------------- */

/* A seccomp listener has put a file into another process. */
START_TEST(numbers_from_elsewhere)
{
	struct script *s = thread_1();

	open_as(s, "/a", 0, 3);
	call(s, IOCTL, 9, 0x40182103, 0, -22);
	ask(s, 3);
	on(s, 1, 2, SPACE2);
	call(s, IOCTL, 9, 0x40182103, 0, 3);
	on(s, 0, 1, SPACE);
	ask(s, 3);
	tells(s, "3=/a 3=? ");
}
END_TEST

START_TEST(a_gap_forgets)
{
	struct script *s = thread_1();

	open_as(s, "/a", 0, 3);
	gap(s);
	on(s, 0, 1, SPACE);
	ask(s, 3);
	open_as(s, "/b", 0, 4);
	ask(s, 4);
	tells(s, "3=? 4=/b ");
}
END_TEST

/* Calls whose end the recording does not hold may have done their work. */
START_TEST(lost_calls)
{
	static const struct { uint32_t nr; uint64_t a, b, c; const char *text; } rows[] = {
		{ DUP2, 4, 3, 0, "3=? 4=/b 3=? 4=/b " },
		{ CLOSE, 3, 0, 0, "3=? 4=/b 3=? 4=/b " },
		{ CLOSE_RANGE, 3, 3, 0, "3=? 4=/b 3=? 4=/b " },
		{ CLOSE_RANGE, 3, 3, 2, "3=? 4=? 3=? 4=? " },
		{ FCNTL, 3, 2, 1, "3=/a 4=/b 3=? 4=/b " },
		{ UNSHARE, SHARED_FILES, 0, 0, "3=? 4=? 3=? 4=? " },
		{ EXECVE, 0, 0, 0, "3=? 4=? 3=? 4=? " },
		{ NOT_IN_TABLE, 0, 0, 0, "3=? 4=? 3=? 4=? " },
		{ SETNS, 3, 0, 0, "3=/a 4=/b 3=/a 4=/b " },
		{ IO_URING_SETUP, 8, 0, 0, "3=? 4=? 3=? 4=? " },
	};
	struct script *s = thread_1();

	open_as(s, "/a", 0, 3);
	open_as(s, "/b", 0, 4);
	args(s, rows[_i].a, rows[_i].b, rows[_i].c, 0);
	enter(s, rows[_i].nr, STUB, SP);
	ask(s, 3); /* the same thread enters again */
	ask(s, 4);
	exec_in(s, 1, SPACE2);
	ask(s, 3);
	ask(s, 4);
	tells(s, rows[_i].text);
}
END_TEST

/* Without thread numbers nobody knows whose call it is: what it does may be another thread's doing. */
START_TEST(threads_without_numbers)
{
	struct script *s = script_new(&sct_arch_x86_64);

	on(s, 0, 0, SPACE);
	open_as(s, "/a", 0, 3);
	ask(s, 3);
	on(s, 1, 5, SPACE);
	open_as(s, "/b", 0, 4);
	ask(s, 4);
	on(s, 0, 0, SPACE);
	call(s, CLOSE, 4, 0, 0, 0);
	on(s, 1, 5, SPACE);
	ask(s, 4);
	tells(s, "3=? 4=/b 4=? ");
}
END_TEST

/* A program's recording is of one process, as long as it does not fork. */
START_TEST(one_program)
{
	struct script *s = script_new(&sct_arch_x86_64);

	s->info.user_mode = true;
	on(s, 0, 0, 0);
	open_as(s, "/a", 0, 3);
	ask(s, 3);
	call(s, FORK, 0, 0, 0, 8);
	ask(s, 3);
	open_as(s, "/b", 0, 4);
	ask(s, 4);
	tells(s, "3=/a 3=? 4=? ");
}
END_TEST

START_TEST(more_than_a_table_holds)
{
	struct sct_descriptors d = { 0 };
	struct sct_fd_dir *dir = sct_fd_dir_new(NULL);
	struct sct_fd_table *t = sct_fd_table_new(&d, NULL, dir);
	struct sct_fd_file *f = sct_fd_file_new(SCT_FD_NAMED, "pipe");

	for (int fd = SCT_FD_LIST_MAX + 9; fd >= 0; fd--)
		sct_fd_set(t, fd, f, fd % 2 ? SCT_FD_CLOSED : SCT_FD_KEPT);
	ck_assert_uint_eq(t->list->count, SCT_FD_LIST_MAX);
	ck_assert_ptr_null(sct_fd_find(t->list, 9));
	ck_assert_ptr_eq(sct_fd_find(t->list, 10)->file, f);
	sct_fd_remove(t, 100, 199);
	ck_assert_uint_eq(t->list->count, SCT_FD_LIST_MAX - 100);
	ck_assert_int_eq(sct_fd_find(t->list, 200)->fd, 200);
	sct_fd_exec(t);
	ck_assert_uint_eq(t->list->count, (SCT_FD_LIST_MAX - 100) / 2);
	sct_fd_file_put(f);
	sct_fd_table_put(&d, t);
	sct_fd_dir_put(dir);
	ck_assert_ptr_null(d.tables);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("descriptors");
	TCase *t = tcase_create("descriptors");

	tcase_add_test(t, opened_and_closed);
	tcase_add_test(t, copies);
	tcase_add_test(t, names_that_are_none);
	tcase_add_loop_test(t, new_ones, 0, (int)(sizeof news / sizeof *news));
	tcase_add_test(t, pairs);
	tcase_add_test(t, exec_closes);
	tcase_add_test(t, exec_that_fails);
	tcase_add_loop_test(t, ranges, 0, 3);
	tcase_add_test(t, numbers_from_elsewhere);
	tcase_add_test(t, a_gap_forgets);
	tcase_add_loop_test(t, lost_calls, 0, 10);
	tcase_add_test(t, threads_without_numbers);
	tcase_add_test(t, one_program);
	tcase_add_test(t, more_than_a_table_holds);
	suite_add_tcase(s, t);
	return run_tests(s);
}
