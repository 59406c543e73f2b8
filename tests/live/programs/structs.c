/* Every struct that a call takes or gives, with values that tell their members apart.
 *
 * In:  /data, /tmp
 * Out: system calls whose structs strace prints member by member; unions of every tag; lists that loop or lead nowhere
 */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <linux/seccomp.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* what only one of the two architectures has */
#ifndef SYS_newfstatat
#define SYS_newfstatat -1
#endif
#ifndef SYS_semtimedop
#define SYS_semtimedop -1
#endif
#ifndef SYS_stat64
#define SYS_stat64 -1
#define SYS_fstat64 -1
#define SYS_fstatat64 -1
#define SYS_statfs64 -1
#define SYS_oldstat -1
#define SYS_olduname -1
#define SYS_oldolduname -1
#define SYS_ugetrlimit -1
#define SYS_clock_gettime64 -1
#define SYS_clock_getres_time64 -1
#define SYS_clock_nanosleep_time64 -1
#define SYS_utimensat_time64 -1
#define SYS_timer_settime64 -1
#define SYS_timer_gettime64 -1
#define SYS_timerfd_settime64 -1
#define SYS_timerfd_gettime64 -1
#define SYS_ppoll_time64 -1
#define SYS_pselect6_time64 -1
#define SYS_rt_sigtimedwait_time64 -1
#define SYS_sched_rr_get_interval_time64 -1
#define SYS_clock_adjtime64 -1
#define SYS_futex_time64 -1
#endif

enum { WORDS = 64 };

static unsigned long out[WORDS]; /* big enough for every struct that the kernel fills */

/* A call whose number this architecture has; what the kernel fills begins with what cannot be its answer. */
static long call(long nr, ...)
{
	long a[6];
	va_list args;

	if (nr < 0)
		return -1;
	memset(out, 0xa5, sizeof(out));
	va_start(args, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	return syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

#define CALL(nr, ...) call(SYS_##nr, __VA_ARGS__, 0L, 0L, 0L, 0L, 0L, 0L)

static void files(void)
{
	struct { long sec, nsec; } times[2] = { { 1111111111, 222222222 }, { 1333333333, 444444444 } };
	struct { int64_t sec, nsec; } wide[2] = { { 1211111111, 322222222 }, { 4433333333, 544444444 } };
	struct { long sec, usec; } parts[2] = { { 1011111111, 123456 }, { 1233333333, 654321 } };
	struct open_how how = { O_RDONLY | O_CLOEXEC, 0, RESOLVE_NO_SYMLINKS };
	const char *name = "/tmp/structs";
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0640);

	write(fd, "some bytes", 10);
	lseek64(fd, 123456789, SEEK_SET);
	write(fd, "far", 3);
	chown(name, 12345, 54321);
	chmod(name, 04751);
	CALL(utimensat, AT_FDCWD, name, times, 0);
	CALL(stat, name, out);
	CALL(utimensat_time64, AT_FDCWD, name, wide, 0);
	CALL(fstat, fd, out);
	CALL(newfstatat, AT_FDCWD, name, out, AT_SYMLINK_NOFOLLOW);
	CALL(stat64, name, out);
	CALL(fstat64, fd, out);
	CALL(fstatat64, AT_FDCWD, name, out, 0);
	CALL(statx, AT_FDCWD, name, 0, STATX_ALL, out);
	CALL(utimes, name, parts);
	CALL(utime, name, parts);
	CALL(futimesat, AT_FDCWD, name, parts);
	CALL(lstat, "/data/link", out);
	CALL(oldstat, "/data/file1", out);
	mknod("/tmp/structs.node", S_IFCHR | 0600, makedev(0x12, 0x345));
	CALL(stat, "/tmp/structs.node", out);
	CALL(statx, AT_FDCWD, "/tmp/structs.node", 0, STATX_BASIC_STATS, out);
	CALL(stat, "/none", out);
	CALL(stat, name, 16);
	CALL(statfs, "/tmp", out);
	CALL(fstatfs, fd, out);
	CALL(statfs64, "/proc", 84, out);
	CALL(openat2, AT_FDCWD, "/data/file2", &how, sizeof(how));
	CALL(openat2, AT_FDCWD, "/data/file2", &how, 8);
	unlink("/tmp/structs.node");
	unlink(name);
}

static void clocks(void)
{
	struct { long sec, nsec; } little = { 0, 1234567 }, never = { -7, 2000000000 };
	struct { int64_t sec, nsec; } wide = { 0, 1234567 };
	struct { long sec, usec; } day = { 5, 7654321 };
	struct { int minutes, kind; } zone = { 60, 7 };
	int32_t kept[64];

	CALL(clock_gettime, CLOCK_REALTIME, out);
	CALL(clock_getres, CLOCK_MONOTONIC, out);
	CALL(clock_settime, CLOCK_REALTIME, &never);
	CALL(clock_gettime64, CLOCK_REALTIME, out);
	CALL(clock_getres_time64, CLOCK_MONOTONIC, out);
	CALL(gettimeofday, out, kept);
	CALL(gettimeofday, out, 0);
	CALL(settimeofday, &day, &zone);
	CALL(nanosleep, &little, out);
	CALL(nanosleep, &never, out);
	CALL(clock_nanosleep, CLOCK_MONOTONIC, 0, &little, out);
	CALL(clock_nanosleep_time64, CLOCK_MONOTONIC, 0, &wide, out);
	memset(kept, 0, sizeof(kept));
	CALL(adjtimex, kept);
	memset(kept, 0, sizeof(kept));
	CALL(clock_adjtime, CLOCK_REALTIME, kept);
	memset(kept, 0, sizeof(kept));
	CALL(clock_adjtime64, CLOCK_REALTIME, kept);
	CALL(times, out);
	CALL(time, out);
}

static void timers(void)
{
	struct { long interval, interval_nsec, sec, nsec; } spec = { 33, 44000, 55, 66000 };
	struct { int64_t interval, interval_nsec, sec, nsec; } wide = { 34, 45000, 56, 67000 };
	struct { long interval, interval_usec, sec, usec; } real = { 1000, 2000, 3000, 4000 };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2, .sigev_value.sival_int = 0x1234 };
	int timer[3], fd;

	memset(timer, 0, sizeof(timer));
	CALL(timer_create, CLOCK_REALTIME, &event, &timer[0]);
	event.sigev_notify = SIGEV_NONE;
	CALL(timer_create, CLOCK_MONOTONIC, &event, &timer[1]);
	event.sigev_notify = SIGEV_THREAD_ID;
	event._sigev_un._tid = getpid();
	CALL(timer_create, CLOCK_MONOTONIC, &event, &timer[2]);
	CALL(timer_create, CLOCK_MONOTONIC, NULL, out);
	CALL(timer_settime, timer[0], 0, &spec, out);
	CALL(timer_settime64, timer[0], 0, &wide, out);
	CALL(timer_gettime, timer[0], out);
	CALL(timer_gettime64, timer[0], out);
	CALL(timer_delete, timer[0]);
	CALL(setitimer, ITIMER_REAL, &real, out);
	CALL(getitimer, ITIMER_REAL, out);
	memset(&real, 0, sizeof(real));
	CALL(setitimer, ITIMER_REAL, &real, out);
	fd = syscall(SYS_timerfd_create, CLOCK_MONOTONIC, 0);
	CALL(timerfd_settime, fd, 0, &spec, out);
	CALL(timerfd_settime64, fd, 0, &wide, out);
	CALL(timerfd_gettime, fd, out);
	CALL(timerfd_gettime64, fd, out);
	close(fd);
}

static void limits(void)
{
	struct { unsigned long cur, max; } limit = { 123, 456 };
	struct rlimit64 wide = { 77, 300 };

	CALL(getrlimit, RLIMIT_NOFILE, out);
	CALL(ugetrlimit, RLIMIT_STACK, out);
	CALL(prlimit64, 0, RLIMIT_NOFILE, &wide, out);
	CALL(setrlimit, RLIMIT_CORE, &limit);
	CALL(getrlimit, RLIMIT_CORE, out);
	CALL(getrusage, RUSAGE_SELF, out);
	CALL(getrusage, RUSAGE_CHILDREN, out);
	CALL(uname, out);
	CALL(olduname, out);
	CALL(oldolduname, out);
	CALL(sysinfo, out);
}

static void tasks(void)
{
	struct { unsigned version; int pid; } head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct sched_attr attr = { .size = sizeof(attr), .sched_policy = 3, .sched_nice = 5 };
	struct sched_param param = { 0 };
	unsigned long mask[4] = { 1 };

	CALL(capget, &head, out);
	CALL(capset, &head, (memset(mask, 0, sizeof(mask)), mask));
	CALL(sched_getattr, 0, out, sizeof(attr), 0);
	CALL(sched_setattr, 0, &attr, 0);
	CALL(sched_getparam, 0, out);
	CALL(sched_setscheduler, 0, 0, &param);
	CALL(sched_setparam, 0, &param);
	CALL(sched_rr_get_interval, 0, out);
	CALL(sched_rr_get_interval_time64, 0, out);
	mask[0] = 1;
	CALL(sched_setaffinity, 0, sizeof(mask), mask);
	CALL(sched_getaffinity, 0, sizeof(out), out);
	CALL(getcpu, &mask[0], &mask[1], 0);
	CALL(getresuid, &mask[0], &mask[1], &mask[2]);
	CALL(prctl, PR_SET_NAME, "a new name");
}

static void handler(int sig, siginfo_t *info, void *context)
{
	getppid();
}

static void signals(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct { void *sp; int flags; size_t size; } stack = { malloc(65536), 0, 65536 };
	uint64_t usr2 = 1 << (SIGUSR2 - 1);
	long sent[WORDS];
	siginfo_t *info = (void *)sent;
	struct { long sec, nsec; } soon = { 0, 10000000 };

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGHUP);
	sigaddset(&action.sa_mask, SIGTERM);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR1, NULL, &action);
	CALL(rt_sigprocmask, SIG_BLOCK, &usr2, out, 8);
	memset(sent, 0, sizeof(sent));
	info->si_signo = SIGUSR2;
	info->si_code = SI_QUEUE;
	info->si_pid = 4321;
	info->si_uid = 8765;
	info->si_value.sival_int = 0x12345678;
	CALL(rt_sigqueueinfo, getpid(), SIGUSR2, info);
	CALL(rt_sigpending, out, 8);
	CALL(rt_sigtimedwait, &usr2, out, &soon, 8);
	kill(getpid(), SIGUSR2);
	CALL(rt_sigtimedwait, &usr2, out, &soon, 8);
	CALL(rt_tgsigqueueinfo, getpid(), getpid(), SIGUSR1, info);
	CALL(rt_sigtimedwait, &usr2, out, &soon, 8);
	CALL(sigaltstack, &stack, NULL);
	CALL(sigaltstack, NULL, out);
	CALL(signalfd4, -1, &usr2, 8, 0);
	stack.flags = SS_DISABLE;
	CALL(sigaltstack, &stack, NULL);
}

static void children(void)
{
	struct clone_args args = { .flags = CLONE_PARENT_SETTID, .parent_tid = (uintptr_t)out, .exit_signal = SIGCHLD };
	pid_t child = CALL(clone3, &args, sizeof(args));

	if (!child)
		_exit(42);
	CALL(waitid, P_PID, child, out, WEXITED | WNOWAIT, NULL);
	CALL(waitid, P_ALL, 0, out, WEXITED, out + 32);
	CALL(waitid, P_ALL, 0, out, WEXITED, NULL);
	child = fork();
	if (!child) {
		raise(SIGKILL);
		_exit(1);
	}
	CALL(wait4, child, out, 0, out + 32);
}

static void waiting(void)
{
	struct { long sec, nsec; } soon = { 0, 2000000 };
	struct { int64_t sec, nsec; } wide = { 0, 1500000 };
	struct { long sec, usec; } usec = { 0, 3000 };
	struct pollfd p[3] = { { 0, POLLIN, 0 }, { 99, POLLOUT, 0 }, { -1, POLLIN | POLLHUP, 7 } };
	struct epoll_event event = { EPOLLIN | EPOLLET, { .u64 = 0x1122334455667788 } };
	struct { unsigned long *set; size_t size; } masked = { out + 40, 8 };
	unsigned long read[4] = { 1 }, write[4] = { 2 };
	int pipes[2], ep = epoll_create1(0);

	pipe(pipes);
	close(pipes[1]);
	p[0].fd = pipes[0];
	CALL(poll, p, 3, 5);
	CALL(poll, p + 2, 1, 1);
	CALL(ppoll, p, 3, &soon, NULL, 8);
	CALL(ppoll, p + 2, 1, &soon, NULL, 8);
	CALL(epoll_ctl, ep, EPOLL_CTL_ADD, pipes[0], &event);
	CALL(epoll_ctl, ep, EPOLL_CTL_MOD, 77, &event);
	CALL(epoll_wait, ep, out, 4, 10);
	CALL(epoll_pwait, ep, out, 4, 10, NULL, 8);
	CALL(epoll_pwait2, ep, out, 4, &wide, NULL, 8);
	CALL(epoll_ctl, ep, EPOLL_CTL_DEL, pipes[0], NULL);
	CALL(epoll_wait, ep, out, 4, 0);
#ifdef SYS__newselect
	CALL(_newselect, 2, read, write, NULL, &usec);
#else
	CALL(select, 2, read, write, NULL, &usec);
#endif
	CALL(pselect6, 0, NULL, NULL, NULL, &soon, &masked);
	close(ep);
	close(pipes[0]);
}

static void addresses(void)
{
	struct sockaddr_in in = { AF_INET, htons(4712), { htonl(0x7f000002) } };
	struct sockaddr_in6 in6 = { AF_INET6, htons(4713), htonl(0x12345), IN6ADDR_LOOPBACK_INIT, 77 };
	struct sockaddr_nl nl = { AF_NETLINK, 0, 0, 0x11 };
	struct sockaddr_un un = { AF_UNIX, "\0abstract name" };
	struct { unsigned short family; char data[40]; } odd = { 99, "nobody's family" };
	int s = socket(AF_INET, SOCK_DGRAM, 0), s6 = socket(AF_INET6, SOCK_DGRAM, 0);
	int n = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), u = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct linger linger = { 1, 5 };
	struct timeval t = { 3, 4567 };
	socklen_t size = sizeof(struct sockaddr_storage);

	bind(s, (void *)&in, sizeof(in));
	getsockname(s, (void *)out, &size);
	connect(s, (void *)&in, sizeof(in));
	size = sizeof(out);
	getpeername(s, (void *)out, &size);
	bind(s6, (void *)&in6, sizeof(in6));
	sendto(s6, "x", 1, 0, (void *)&in6, sizeof(in6));
	bind(n, (void *)&nl, sizeof(nl));
	size = sizeof(out);
	getsockname(n, (void *)out, &size);
	bind(u, (void *)&un, offsetof(struct sockaddr_un, sun_path) + 14);
	size = sizeof(out);
	getsockname(u, (void *)out, &size);
	connect(u, (void *)&odd, sizeof(odd));
	bind(s, (void *)&in, 3);
	setsockopt(s, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	close(s), close(s6), close(n), close(u);
}

static void messages(void)
{
	struct sockaddr_in to = { AF_INET, htons(4714), { htonl(INADDR_LOOPBACK) } };
	char text[] = "a message", control[64];
	struct iovec iov[] = { { text, 2 }, { text + 2, 7 } };
	struct msghdr m = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = iov, .msg_iovlen = 2 };
	struct mmsghdr mm[2] = { { m }, { m } };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	bind(s, (void *)&to, sizeof(to));
	sendmsg(s, &m, 0);
	sendmmsg(s, mm, 2, 0);
	memset(&to, 0, sizeof(to));
	m.msg_control = control;
	m.msg_controllen = sizeof(control);
	recvmsg(s, &m, 0);
	recvmmsg(s, mm, 2, MSG_DONTWAIT, NULL);
	close(s);
}

static void queues(void)
{
	struct { long flags, maxmsg, msgsize, curmsgs, reserved[4]; } attr = { 0, 3, 50 }, old;
	struct { long sec, nsec; } soon = { 1, 2 };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct sembuf ops[] = { { 0, 2, IPC_NOWAIT }, { 1, -1, SEM_UNDO | IPC_NOWAIT } };
	int q = CALL(mq_open, "queue", O_RDWR | O_CREAT | O_NONBLOCK, 0600, &attr);
	int shm = shmget(0x1234, 8192, IPC_CREAT | 0640), sem = semget(0x2345, 2, IPC_CREAT | 0604);
	int m = msgget(0x3456, IPC_CREAT | 0620);

	CALL(mq_getsetattr, q, NULL, out);
	attr.flags = O_NONBLOCK;
	CALL(mq_getsetattr, q, &attr, out);
	CALL(mq_timedsend, q, "abc", 3, 5, &soon);
	CALL(mq_notify, q, &event);
	CALL(mq_timedreceive, q, out, 50, out + 32, &soon);
	CALL(mq_unlink, "queue");
	close(q);
	semop(sem, ops, 2);
	CALL(semtimedop, sem, ops, 1, &soon);
	semctl(sem, 0, IPC_STAT, out);
	msgctl(m, IPC_STAT, (void *)out);
	shmctl(shm, IPC_STAT, (void *)out);
	shmctl(0, IPC_INFO, (void *)out);
	semctl(sem, 0, IPC_RMID), msgctl(m, IPC_RMID, NULL), shmctl(shm, IPC_RMID, NULL);
}

static void rings(void)
{
	struct io_uring_params params = { .flags = IORING_SETUP_CLAMP, .sq_thread_idle = 17 };
	struct iocb block = {
		.aio_data = 0x77, .aio_lio_opcode = IOCB_CMD_PREAD, .aio_buf = (uintptr_t)out, .aio_nbytes = 9,
	};
	struct iocb *blocks[] = { &block };
	struct sock_filter code[] = { { 0x20, 0, 0, 4 }, { 0x06, 1, 2, 0x7fff0000 } };
	struct sock_fprog program = { 2, code };
	struct { long sec, nsec; } now = { 0, 0 };
	unsigned long context = 0;
	unsigned handle[34] = { 128 };
	int fd = open("/data/file3", O_RDONLY), ring = CALL(io_uring_setup, 4, &params);

	block.aio_fildes = fd;
	CALL(io_setup, 3, &context);
	CALL(io_submit, context, 1, blocks);
	CALL(io_getevents, context, 0, 2, out, &now);
	CALL(io_destroy, context);
	CALL(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	CALL(seccomp, SECCOMP_SET_MODE_FILTER, 0x80, &program);
	CALL(name_to_handle_at, AT_FDCWD, "/tmp", handle, out, 0);
	close(ring);
	close(fd);
}

/* Lists in the program's memory that the kernel would walk only when the thread ends. */
static void chains(void)
{
	struct link { struct link *next; } a = { NULL }, b = { &a };
	struct { struct link list; long offset; struct link *pending; } head = { { &a }, 24, &b };

	a.next = &b;
	CALL(set_robust_list, &head, sizeof(head));
	head.list.next = (void *)16;
	CALL(set_robust_list, &head, sizeof(head));
	head.list.next = &head.list;
	CALL(set_robust_list, &head, sizeof(head));
	head.list.next = NULL;
	head.pending = NULL;
	CALL(set_robust_list, &head, sizeof(head));
	CALL(get_robust_list, 0, out, out + 1);
}

/* A struct whose end lies in no page. */
static void torn(void)
{
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(pages, 1, 8192);
	munmap(pages + 4096, 4096);
	CALL(nanosleep, pages + 4096 - sizeof(long), NULL);
	CALL(settimeofday, pages + 4096 - 4, NULL);
	CALL(clock_gettime, CLOCK_REALTIME, pages + 4096 - 4);
	CALL(rt_sigaction, SIGUSR1, pages + 4096 - 9, NULL, 8);
	CALL(poll, pages + 4096 - 12, 3, 0);
	munmap(pages, 4096);
}

int main(void)
{
	alarm(30); /* nothing waits for long */
	files();
	clocks();
	timers();
	limits();
	tasks();
	signals();
	children();
	waiting();
	addresses();
	messages();
	queues();
	rings();
	chains();
	torn();
	return 0;
}
