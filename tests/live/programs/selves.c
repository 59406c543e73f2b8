/* Processes that say who they are and what their descriptors are, each thing by a call of which it is true: a thread,
 * a child, a daemon. They take turns, so that the log of an emulator that they share stays readable.
 *
 * In:  /proc, /tmp
 * Out: lines "who pid=… tid=… ppid=… uid=… start=0 exe=… comm=…", each by one write; readlink of /proc/self/fd/N, each
 *      followed by an fcntl of descriptor N
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LAST = 24 }; /* descriptors that are looked at */

static void who(void)
{
	char line[1024], exe[512] = "", name[17] = "";
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	exe[n > 0 ? n : 0] = 0;
	prctl(PR_GET_NAME, name);
	n = snprintf(line, sizeof(line), "who pid=%d tid=%d ppid=%d uid=%d start=0 exe=%s comm=%s\n", getpid(),
	             (int)syscall(SYS_gettid), getppid(), getuid(), exe, name);
	write(1, line, n);
}

static void tell(void)
{
	char link[32], target[512];

	who();
	for (int fd = 0; fd < LAST; fd++) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		if (readlink(link, target, sizeof(target)) > 0)
			fcntl(fd, F_GETFD);
	}
}

static void open_some(void)
{
	int p[2], s = socket(AF_INET, SOCK_STREAM, 0), fd = open("/tmp", O_RDONLY | O_DIRECTORY);
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	bind(s, (void *)&here, sizeof(here));
	listen(s, 1);
	pipe(p);
	openat(fd, "selves.deleted", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	dup2(p[1], 12);
	fcntl(fd, F_DUPFD, 14);
	close(p[1]);
	openat(fd, "selves.kept", O_RDWR | O_CREAT, 0600);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, p);
}

static void *thread(void *none)
{
	tell();
	prctl(PR_SET_NAME, "a thread's name that is cut");
	close(open("/dev/null", O_WRONLY));
	open("/dev/zero", O_RDONLY);
	tell();
	return none;
}

/* Waits for the end of whoever has the other end of the pipe. */
static void await(const int pipe[2])
{
	char c;

	close(pipe[1]);
	read(pipe[0], &c, 1);
	close(pipe[0]);
}

/* The parent's parent waits until the daemon, whose parent is gone by then, has spoken. */
static void daemonise(void)
{
	int spoken[2], gone[2];

	pipe(spoken);
	if (!fork()) {
		close(spoken[0]);
		pipe(gone);
		if (fork())
			_exit(0);
		await(gone);
		setsid();
		umask(022);
		chdir("/");
		usleep(100000);
		close(0);
		open("/dev/null", O_RDWR);
		tell();
		_exit(0);
	}
	wait(NULL);
	await(spoken);
}

int main(void)
{
	pthread_t t;
	int child;

	open_some();
	tell();
	pthread_create(&t, NULL, thread, NULL);
	pthread_join(t, NULL);
	child = fork();
	if (!child) {
		open("/dev/full", O_WRONLY);
		tell();
		prctl(PR_SET_NAME, "a child");
		tell();
		execl("/bin/none", "none", NULL);
		who();
		_exit(0);
	}
	waitpid(child, NULL, 0);
	daemonise();
	tell();
	unlink("/tmp/selves.deleted");
	unlink("/tmp/selves.kept");
	tell();
	return 0;
}
