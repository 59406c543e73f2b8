/* Handlers that run in the middle of things: of calls, and of a block of code that ends with a call.
 *
 * In:  nothing
 * Out: exit status 0; no process but its own, for whoever reads the log that QEMU writes of it
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, SOON = 20000 };

static char *page;

static void handle(int signal)
{
	(void)signal;
	getppid();
}

static void repair(int signal)
{
	(void)signal;
	getpgrp();
	mprotect(page, PAGE, PROT_READ | PROT_WRITE);
}

/* getpid, behind a store that faults at first, in one block: it is called once. */
static long store_and_call(char *p)
{
	long r;

#ifdef __x86_64__
	__asm__ volatile("jmp 1f\n1: movb $1, (%1)\n\tmov $39, %%eax\n\tsyscall" : "=&a"(r) : "r"(p)
	                 : "rcx", "r11", "memory");
#else
	__asm__ volatile("jmp 1f\n1: movb $1, (%1)\n\tmov $20, %%eax\n\tint $0x80" : "=&a"(r) : "r"(p) : "memory");
#endif
	return r;
}

int main(void)
{
	struct sigaction handled = { .sa_handler = handle }, repaired = { .sa_handler = repair };
	const struct itimerval soon = { .it_value = { 0, SOON } };
	const struct timespec later = { 0, 5000 * SOON };
	int fds[2];
	char c;

	sigaction(SIGUSR1, &handled, NULL);
	sigaction(SIGALRM, &handled, NULL);
	sigaction(SIGSEGV, &repaired, NULL);
	kill(getpid(), SIGUSR1);
	if (pipe(fds) < 0 || setitimer(ITIMER_REAL, &soon, NULL) < 0)
		return 1;
	if (read(fds[0], &c, 1) != -1) /* EINTR */
		return 1;
	setitimer(ITIMER_REAL, &soon, NULL);
	nanosleep(&later, NULL);
	page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (store_and_call(page) != getpid())
		return 1;
	syscall(SYS_getuid);
	return raise(SIGUSR1);
}
