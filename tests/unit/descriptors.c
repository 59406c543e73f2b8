/* Tests of descriptors by what calls showed: every call that makes or takes one, and who shares a table with whom.
 *
 * In:  recordings by hand (script.h); writes ask what a number is
 * Out: a report; exit status 0 when all passed
 */
#include "script.h"

#include "../../src/descriptors_table.h"

/* numbers of x86_64 */
enum {
	WRITE = 1, OPEN = 2, CLOSE = 3, IOCTL = 16, PIPE = 22, DUP = 32, DUP2 = 33, SOCKET = 41, CONNECT = 42, ACCEPT = 43,
	BIND = 49, GETSOCKNAME = 51, GETPEERNAME = 52, SOCKETPAIR = 53, CLONE = 56, FORK = 57, VFORK = 58, EXECVE = 59,
	EXIT = 60, FCNTL = 72, GETCWD = 79, CHDIR = 80, FCHDIR = 81, RENAME = 82, CREAT = 85, CHROOT = 161, MQ_OPEN = 240,
	INOTIFY_INIT = 253, OPENAT = 257, MKDIRAT = 258, UNSHARE = 272, TIMERFD_CREATE = 283, ACCEPT4 = 288, SIGNALFD4 = 289, EVENTFD2 = 290,
	EPOLL_CREATE1 = 291, DUP3 = 292, PIPE2 = 293, PERF_EVENT_OPEN = 298, FANOTIFY_INIT = 300, SETNS = 308,
	MEMFD_CREATE = 319, USERFAULTFD = 323, IO_URING_SETUP = 425, PIDFD_OPEN = 434, CLOSE_RANGE = 436, OPENAT2 = 437,
	LANDLOCK_CREATE_RULESET = 444, MEMFD_SECRET = 447, NOT_IN_TABLE = 5000,
};

enum {
	STUB = 0x401000, BEHIND = STUB + 2, START = 0x409000, SP = 0x7f0000, SP2 = 0x6f0000, CHILD_SP = 0x5f0000,
	TEXT = 0x7f1000, DATA = 0x7f2000, LEN = 0x7f3000, SPACE = 0x1000000, SPACE2 = 0x2000000,
};

enum { CLOEXEC = 02000000, THREAD_FLAGS = 0x3d0f00, SHARED_FILES = 0x400, SHARED_DIR = 0x200, VM = 0x100 };

#define CWD ((uint64_t)-100)

/* ---- what threads do ---------------------------------------------------------------------------------------- */

static void args(struct script *s, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	reg(s, "edi", a);
	reg(s, "esi", b);
	reg(s, "edx", c);
	reg(s, "r10", d);
}

/* A call with up to three arguments, and its result. */
static void call(struct script *s, uint32_t nr, uint64_t a, uint64_t b, uint64_t c, int64_t result)
{
	args(s, a, b, c, 0);
	enter(s, nr, STUB, SP);
	leave(s, BEHIND, SP, (uint64_t)result);
}

static void open_as(struct script *s, const char *path, uint64_t flags, int64_t fd)
{
	see(s, TEXT, path, strlen(path) + 1);
	call(s, OPEN, TEXT, flags, 0, fd);
}

static void open_at(struct script *s, uint64_t dir, const char *path, int64_t fd)
{
	see(s, TEXT, path, strlen(path) + 1);
	call(s, OPENAT, dir, TEXT, 0, fd);
}

/* A call whose first argument is a path. */
static void path_call(struct script *s, uint32_t nr, const char *path, int64_t result)
{
	see(s, TEXT, path, strlen(path) + 1);
	call(s, nr, TEXT, 0, 0, result);
}

static void ask(struct script *s, int fd)
{
	call(s, WRITE, (uint64_t)fd, 0, 0, 0);
}

static void exec_in(struct script *s, uint64_t thread, uint64_t space)
{
	enter(s, EXECVE, STUB, SP);
	on(s, s->vcpu, thread, space);
	leave(s, START, SP2, 0);
}

/* A child's first step, behind the call that made it. */
static void first_step(struct script *s, uint64_t thread, uint64_t space, uint64_t sp)
{
	born(s, 0, thread, space);
	leave(s, BEHIND, sp, 0);
}

static struct script *begin(void)
{
	struct script *s = script_new(&sct_arch_x86_64);

	on(s, 0, 1, SPACE);
	return s;
}

/* ---- what it comes to --------------------------------------------------------------------------------------- */

/* What a directory's descriptor is, by a call that fails. */
static void ask_dir(struct script *s, uint64_t dir)
{
	see(s, TEXT, "x", 2);
	call(s, MKDIRAT, dir, TEXT, 0, -2);
}

/* "3=/etc/passwd " for each write and each mkdirat */
static int say_asked(void *ctx, const struct sct_record *r, struct sct_err *err)
{
	struct script *s = ctx;

	(void)err;
	if (r->name && (!strcmp(r->name, "write") || !strcmp(r->name, "mkdirat")))
		say(s, "%d=%s ", (int)r->args[0].num, r->args[0].text ? r->args[0].text : "?");
	return 0;
}

static void tells(struct script *s, const char *texts)
{
	script_run(s, say_asked);
	ck_assert_str_eq(s->text, texts);
	free(s);
}

/* ---- numbers of one process --------------------------------------------------------------------------------- */

START_TEST(files)
{
	struct script *s = begin();

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
	struct script *s = begin();

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

START_TEST(directories)
{
	struct script *s = begin();

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
	tells(s, "3=? 3=/home/x 4=/home/u/v/../y 5=/home/u/v 6=/home/u/v/../y/z 7=? 7=/ 8=/home/u/v/../y/w 8=? 8=/root/w 8=? ");
}
END_TEST

/* A directory that has got another name: what is opened from there on has none that calls showed. */
START_TEST(directories_that_move)
{
	struct script *s = begin();

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
	struct script *s = begin();

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

START_TEST(names_that_are_none)
{
	struct script *s = begin();
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
	struct script *s = begin();
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
	struct script *s = begin();

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

/* struct sockaddr_in */
static void see_address(struct script *s, const char *host, unsigned port)
{
	uint8_t addr[16] = { 2, 0, (uint8_t)(port >> 8), (uint8_t)port };
	unsigned b[4];

	sscanf(host, "%u.%u.%u.%u", &b[0], &b[1], &b[2], &b[3]);
	for (unsigned i = 0; i < 4; i++)
		addr[4 + i] = (uint8_t)b[i];
	see(s, DATA, addr, sizeof addr);
}

/* A call that the kernel gives an address back from. */
static void address_call(struct script *s, uint32_t nr, int fd, const char *host, unsigned port, uint32_t room, int64_t r)
{
	const uint32_t whole = 16;

	args(s, (uint64_t)fd, DATA, LEN, 0);
	see(s, LEN, &room, 4);
	enter(s, nr, STUB, SP);
	see_address(s, host, port);
	see(s, LEN, &whole, 4);
	leave(s, BEHIND, SP, (uint64_t)r);
}

START_TEST(sockets)
{
	struct script *s = begin();

	call(s, SOCKET, 2, 1, 0, 3);
	see_address(s, "0.0.0.0", 80);
	call(s, BIND, 3, DATA, 16, 0);
	ask(s, 3);
	address_call(s, ACCEPT, 3, "10.0.0.1", 4711, 16, 4);
	ask(s, 4);
	address_call(s, GETSOCKNAME, 4, "10.0.0.2", 80, 16, 0);
	ask(s, 4);
	address_call(s, ACCEPT4, 3, "10.0.0.1", 4711, 4, 5); /* no room for it */
	ask(s, 5);
	call(s, SOCKET, 2, 1, 0, 6);
	see_address(s, "10.0.0.3", 443);
	call(s, CONNECT, 6, DATA, 16, -115); /* not yet */
	ask(s, 6);
	call(s, DUP, 6, 0, 0, 7);
	see_address(s, "10.0.0.3", 443);
	call(s, CONNECT, 6, DATA, 16, 0);
	ask(s, 7);
	see(s, DATA, "\1\0/run/x", 9);
	call(s, SOCKET, 1, 1, 0, 8);
	see(s, DATA, "\1\0/run/x", 9);
	call(s, BIND, 8, DATA, 9, 0);
	ask(s, 8);
	tells(s, "3=TCP:[0.0.0.0:80] 4=TCP:[->10.0.0.1:4711] 4=TCP:[10.0.0.2:80->10.0.0.1:4711] 5=TCP 6=TCP "
	         "7=TCP:[->10.0.0.3:443] 8=UNIX-STREAM:[\"/run/x\"] ");
}
END_TEST

START_TEST(exec_closes)
{
	struct script *s = begin();

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
	struct script *s = begin();

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
	struct script *s = begin();

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

/* ---- several threads ---------------------------------------------------------------------------------------- */

/* The child has what was open when it was made, whoever runs first. */
START_TEST(fork_copies)
{
	struct script *s = begin();

	open_as(s, "/a", 0, 3);
	open_as(s, "/b", 0, 4);
	path_call(s, CHDIR, "/home", 0);
	enter(s, FORK, STUB, SP);
	if (_i)
		first_step(s, 2, SPACE2, SP);
	on(s, 0, 1, SPACE);
	leave(s, BEHIND, SP, 8);
	call(s, CLOSE, 3, 0, 0, 0);
	path_call(s, CHDIR, "/other", 0);
	if (!_i)
		first_step(s, 2, SPACE2, SP);
	on(s, 0, 2, SPACE2);
	ask(s, 3);
	call(s, CLOSE, 4, 0, 0, 0);
	open_as(s, "x", 0, 5);
	ask(s, 5);
	on(s, 0, 1, SPACE);
	ask(s, 3);
	ask(s, 4);
	ask(s, 5);
	tells(s, "3=/a 5=/home/x 3=? 4=/b 5=? ");
}
END_TEST

/* What another thread changes while the parent is in fork is not known of the child. */
START_TEST(fork_beside_a_thread)
{
	struct script *s = begin();

	open_as(s, "/a", 0, 3);
	open_as(s, "/b", 0, 4);
	args(s, THREAD_FLAGS, CHILD_SP, 0, 0);
	enter(s, CLONE, STUB, SP);
	leave(s, BEHIND, SP, 8);
	first_step(s, 2, SPACE, CHILD_SP);
	on(s, 0, 1, SPACE);
	enter(s, FORK, STUB, SP);
	on(s, 0, 2, SPACE);
	call(s, CLOSE, 3, 0, 0, 0);
	open_as(s, "/c", 0, 3);
	on(s, 0, 1, SPACE);
	leave(s, BEHIND, SP, 9);
	first_step(s, 3, SPACE2, SP);
	ask(s, 3);
	ask(s, 4);
	on(s, 0, 1, SPACE);
	ask(s, 3);
	tells(s, "3=? 4=/b 3=/c ");
}
END_TEST

START_TEST(threads_share)
{
	struct script *s = begin();

	open_as(s, "/a", 0, 3);
	path_call(s, CHDIR, "/home", 0);
	args(s, THREAD_FLAGS, CHILD_SP, 0, 0);
	enter(s, CLONE, STUB, SP);
	leave(s, BEHIND, SP, 8);
	first_step(s, 2, SPACE, CHILD_SP);
	open_as(s, "/b", 0, 4);
	call(s, CLOSE, 3, 0, 0, 0);
	path_call(s, CHDIR, "/other", 0);
	on(s, 0, 1, SPACE);
	ask(s, 3);
	ask(s, 4);
	open_as(s, "x", 0, 5);
	ask(s, 5);
	call(s, UNSHARE, SHARED_FILES | SHARED_DIR, 0, 0, 0);
	call(s, CLOSE, 4, 0, 0, 0);
	path_call(s, CHDIR, "/third", 0);
	on(s, 0, 2, SPACE);
	ask(s, 4);
	open_as(s, "x", 0, 6);
	ask(s, 6);
	call(s, CLOSE_RANGE, 0, UINT32_MAX, 2, 0);
	ask(s, 4);
	tells(s, "3=? 4=/b 5=/other/x 4=/b 6=/other/x 4=? ");
}
END_TEST

START_TEST(vfork_copies)
{
	struct script *s = begin();

	open_as(s, "/a", 0, 3);
	open_as(s, "/b", CLOEXEC, 4);
	enter(s, VFORK, STUB, SP);
	first_step(s, 2, SPACE, SP);
	call(s, DUP2, 4, 1, 0, 1);
	call(s, CLOSE, 3, 0, 0, 0);
	exec_in(s, 2, SPACE2);
	ask(s, 1);
	ask(s, 4);
	on(s, 0, 1, SPACE);
	leave(s, BEHIND, SP, 8);
	ask(s, 1);
	ask(s, 3);
	ask(s, 4);
	tells(s, "1=/b 4=? 1=? 3=/a 4=/b ");
}
END_TEST

/* Threads that were there before the recording share what their address space shares. */
START_TEST(threads_from_before)
{
	struct script *s = begin();

	open_as(s, "/a", 0, 3);
	on(s, 1, 2, SPACE);
	ask(s, 9);
	ask(s, 3);
	call(s, CLOSE, 3, 0, 0, 0);
	on(s, 0, 1, SPACE);
	ask(s, 3);
	on(s, 0, 3, SPACE2);
	open_as(s, "/b", 0, 3);
	on(s, 0, 1, SPACE);
	ask(s, 3);
	tells(s, "9=? 3=/a 3=? 3=? ");
}
END_TEST

/* A new thread of which nobody knows whose child it is: it may be a vfork's child, or share everything. */
START_TEST(threads_from_nowhere)
{
	struct script *s = begin();

	open_as(s, "/a", 0, 3);
	first_step(s, 2, SPACE, 0x4f0000);
	call(s, DUP2, 7, 3, 0, 3);
	on(s, 0, 1, SPACE);
	ask(s, 3);
	open_as(s, "/b", 0, 4);
	ask(s, 4);
	exec_in(s, 1, SPACE2);
	open_as(s, "/c", 0, 4);
	ask(s, 4);
	tells(s, "3=? 4=? 4=/c ");
}
END_TEST

/* A process was killed unseen, and another one has got its page tables. */
START_TEST(address_space_again)
{
	struct script *s = begin();

	on(s, 0, 9, SPACE2);
	open_as(s, "/old", 0, 3);
	on(s, 0, 1, SPACE);
	enter(s, FORK, STUB, SP);
	leave(s, BEHIND, SP, 8);
	first_step(s, 2, SPACE2, SP);
	ask(s, 3);
	on(s, 0, 9, SPACE2);
	ask(s, 3);
	tells(s, "3=? 3=? ");
}
END_TEST

/* ---- what is not known -------------------------------------------------------------------------------------- */

/* A seccomp listener has put a file into another process. */
START_TEST(numbers_from_elsewhere)
{
	struct script *s = begin();

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

START_TEST(holes)
{
	struct script *s = begin();

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
	struct script *s = begin();

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
START_TEST(no_numbers)
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
START_TEST(program)
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

START_TEST(many)
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
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, files);
	tcase_add_test(t, copies);
	tcase_add_test(t, directories);
	tcase_add_test(t, directories_that_move);
	tcase_add_test(t, working_directory);
	tcase_add_test(t, names_that_are_none);
	tcase_add_loop_test(t, new_ones, 0, (int)(sizeof news / sizeof *news));
	tcase_add_test(t, pairs);
	tcase_add_test(t, sockets);
	tcase_add_test(t, exec_closes);
	tcase_add_test(t, exec_that_fails);
	tcase_add_loop_test(t, ranges, 0, 3);
	tcase_add_loop_test(t, fork_copies, 0, 2);
	tcase_add_test(t, fork_beside_a_thread);
	tcase_add_test(t, threads_share);
	tcase_add_test(t, vfork_copies);
	tcase_add_test(t, threads_from_before);
	tcase_add_test(t, threads_from_nowhere);
	tcase_add_test(t, address_space_again);
	tcase_add_test(t, numbers_from_elsewhere);
	tcase_add_test(t, holes);
	tcase_add_loop_test(t, lost_calls, 0, 10);
	tcase_add_test(t, no_numbers);
	tcase_add_test(t, program);
	tcase_add_test(t, many);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
