/* Processes and threads that say who they are: each line that they write is a call whose caller the line describes.
 *
 * In:  /proc, /tmp; with arguments: a number, how many more of itself it is to begin
 * Out: lines "who pid=… tid=… ppid=… uid=… start=… exe=… comm=…", each by one write; start in clock ticks, as
 *      /proc/self/task/TID/stat has it; comm is last, for it may hold anything
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Field 22 of proc_pid_stat(5), counted from the bracket that ends the name. */
static unsigned long long started(void)
{
	char text[1024], *at;
	int fd;
	ssize_t n;

	snprintf(text, sizeof(text), "/proc/self/task/%d/stat", (int)syscall(SYS_gettid));
	fd = open(text, O_RDONLY);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

static void tell(void)
{
	char line[1024], exe[256] = "", name[17] = "";
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	exe[n > 0 ? n : 0] = 0;
	prctl(PR_GET_NAME, name);
	n = snprintf(line, sizeof(line), "who pid=%d tid=%d ppid=%d uid=%d start=%llu exe=%s comm=%s\n", getpid(),
	             (int)syscall(SYS_gettid), getppid(), getuid(), started(), exe, name);
	write(1, line, n);
}

static void *thread(void *arg)
{
	char name[16];

	tell();
	snprintf(name, sizeof(name), "thread %ld \xc3\xa9", (long)arg);
	prctl(PR_SET_NAME, name);
	tell();
	return NULL;
}

static void threads(void)
{
	pthread_t t[3];

	for (long i = 0; i < 3; i++) {
		pthread_create(&t[i], NULL, thread, (void *)i);
		usleep(25000); /* so that they begin in different ticks */
	}
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
}

/* A child that outlives its parent, and sees whose it is before and after. */
static void orphan(void)
{
	int p[2];
	char c;

	pipe(p);
	if (!fork()) {
		close(p[1]);
		if (fork())
			_exit(0);
		usleep(30000);
		tell();
		close(p[0]);
		_exit(0);
	}
	close(p[0]);
	wait(NULL);
	usleep(80000);
	close(p[1]);
}

static void other_user(void)
{
	if (!fork()) {
		setresgid(2345, 2345, 2345);
		setresuid(1234, 0, 0);
		tell();
		setresuid(-1, 1234, -1);
		tell();
		_exit(0);
	}
	wait(NULL);
}

/* The same program under another name, with one file descriptor that exec closes and one that it does not. */
static void again(const char *self, int left)
{
	char number[8];

	snprintf(number, sizeof(number), "%d", left);
	if (!fork()) {
		open("/data/file7", O_RDONLY);
		open("/data/file8", O_RDONLY | O_CLOEXEC);
		symlink("/proc/self/exe", "/tmp/another name");
		execl(left % 2 ? self : "/tmp/another name", left % 2 ? "who" : "other", number, NULL);
		_exit(1);
	}
	wait(NULL);
}

static void *replace(void *self)
{
	prctl(PR_SET_NAME, "replacer");
	tell();
	execl(self, "who", "0", NULL);
	return NULL;
}

static void exec_by_thread(char *self)
{
	pthread_t t;

	if (!fork()) {
		pthread_create(&t, NULL, replace, self);
		for (;;)
			pause();
	}
	wait(NULL);
}

int main(int argc, char **argv)
{
	char self[256] = "";
	int left = argc > 1 ? atoi(argv[1]) : 2;

	alarm(60); /* nothing waits for long */
	readlink("/proc/self/exe", self, sizeof(self) - 1);
	tell();
	if (left)
		again(self, left - 1);
	if (argc > 1)
		return 0;
	threads();
	other_user();
	orphan();
	exec_by_thread(self);
	if (!vfork()) {
		tell();
		_exit(0);
	}
	unlink("/tmp/another name");
	return 0;
}
