/* Signals at and inside of system calls: restarts, interruptions, handlers that nest, jump, or leave.
 *
 * In:  nothing
 * Out: every irregular return that Linux has
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static sigjmp_buf back;
static int jumps;

static void handler(int sig)
{
	getppid();
	if (jumps)
		siglongjmp(back, 1);
}

static void leave(int sig)
{
	_exit(9);
}

static void nested(int sig)
{
	getuid();
	if (sig == SIGUSR1)
		raise(SIGUSR2);
}

static void install(int sig, void (*function)(int), int flags)
{
	struct sigaction action = { .sa_handler = function, .sa_flags = flags };

	sigaction(sig, &action, NULL);
}

/* A child that sends sig to us `times` times, a little apart, then lets a byte into the pipe. */
static pid_t sender(int sig, int times, int fd)
{
	pid_t child = fork();

	if (child)
		return child;
	while (times--) {
		usleep(15000);
		kill(getppid(), sig);
	}
	usleep(15000);
	if (fd >= 0)
		write(fd, "x", 1);
	_exit(0);
}

static void reads(int flags)
{
	int p[2];
	char c;

	pipe(p);
	install(SIGUSR1, handler, flags);
	sender(SIGUSR1, 2, p[1]);
	while (read(p[0], &c, 1) < 0)
		;
	while (wait(NULL) < 0 && errno == EINTR)
		;
	close(p[0]);
	close(p[1]);
}

static void sleeps(void)
{
	struct timespec t = { 0, 60000000 }, left;
	struct pollfd none = { -1, 0, 0 };

	install(SIGUSR1, handler, SA_RESTART);
	sender(SIGUSR1, 1, -1);
	nanosleep(&t, &left);
	wait(NULL);
	sender(SIGUSR1, 1, -1);
	poll(&none, 1, 60);
	wait(NULL);
	install(SIGUSR1, SIG_IGN, 0);
	sender(SIGUSR1, 2, -1);
	nanosleep(&t, &left);
	poll(&none, 1, 50);
	wait(NULL);
}

/* Stopped and continued in a call: no handler runs, the kernel restarts by itself. */
static void stops(void)
{
	pid_t child = fork();

	if (!child) {
		struct timespec t = { 0, 80000000 };
		int p[2];
		char c;

		nanosleep(&t, NULL);
		pipe(p);
		if (!fork()) {
			usleep(90000);
			write(p[1], "y", 1);
			_exit(0);
		}
		read(p[0], &c, 1);
		_exit(0);
	}
	for (int i = 0; i < 4; i++) {
		usleep(25000);
		kill(child, SIGSTOP);
		usleep(5000);
		kill(child, SIGCONT);
	}
	waitpid(child, NULL, 0);
}

static void two_at_once(void)
{
	sigset_t set, old;

	install(SIGUSR1, handler, 0);
	install(SIGUSR2, handler, SA_SIGINFO);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, &old);
	raise(SIGUSR1);
	raise(SIGUSR2);
	sigprocmask(SIG_SETMASK, &old, NULL);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	sigsuspend(&old);
	sigprocmask(SIG_SETMASK, &old, NULL);
	install(SIGUSR1, nested, 0);
	install(SIGUSR2, nested, 0);
	kill(getpid(), SIGUSR1);
}

static void jumping(void)
{
	install(SIGALRM, handler, SA_RESTART);
	jumps = 1;
	if (!sigsetjmp(back, 1)) {
		ualarm(10000, 0);
		pause();
	}
	if (!sigsetjmp(back, 1))
		kill(getpid(), SIGALRM);
	jumps = 0;
}

static void other_stack(void)
{
	static char stack[32768];
	stack_t alt = { .ss_sp = stack, .ss_size = sizeof(stack) };

	sigaltstack(&alt, NULL);
	install(SIGUSR1, handler, SA_ONSTACK | SA_SIGINFO);
	kill(getpid(), SIGUSR1);
	install(SIGSEGV, handler, SA_ONSTACK);
	jumps = 1;
	if (!sigsetjmp(back, 1))
		*(volatile int *)8 = 1;
	jumps = 0;
	alt.ss_flags = SS_DISABLE;
	sigaltstack(&alt, NULL);
}

static void timer_and_wait(void)
{
	struct itimerval every = { { 0, 20000 }, { 0, 20000 } }, none = { { 0, 0 }, { 0, 0 } };
	sigset_t set;
	siginfo_t info;
	struct timespec t = { 0, 30000000 };

	install(SIGALRM, handler, SA_RESTART);
	setitimer(ITIMER_REAL, &every, NULL);
	if (!fork()) {
		usleep(70000);
		_exit(0);
	}
	wait(NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	while (sigtimedwait(&set, &info, &t) < 0 && errno == EINTR)
		setitimer(ITIMER_REAL, &none, NULL);
	setitimer(ITIMER_REAL, &none, NULL);
}

static void endings(void)
{
	if (!fork()) {
		install(SIGUSR1, leave, 0);
		kill(getpid(), SIGUSR1);
	}
	wait(NULL);
	if (!fork())
		kill(getpid(), SIGTERM);
	wait(NULL);
	if (!fork())
		kill(getpid(), SIGKILL);
	wait(NULL);
	if (!fork())
		syscall(SYS_exit, 300);
	wait(NULL);
}

int main(void)
{
	reads(SA_RESTART);
	reads(0);
	sleeps();
	stops();
	two_at_once();
	jumping();
	other_stack();
	timer_and_wait();
	endings();
	return 0;
}
