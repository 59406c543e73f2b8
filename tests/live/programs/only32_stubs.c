/* The ways into the kernel that 32-bit code has: int $0x80 and the vDSO's stub (sysenter, or syscall on AMD).
 *
 * In:  AT_SYSINFO of the auxiliary vector
 * Out: six-argument calls, multiplexed calls and non-RT signal frames through each
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The sixth argument goes into ebp and the stack pointer moves, so operands come from statics. */
static unsigned long stub, sixth;

#define ENTER(how, nr, a, b, c, d, e, result) \
	asm volatile("push %%ebp; mov %[f], %%ebp; " how "; pop %%ebp" \
	             : "=a"(result) \
	             : "0"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e), [f] "m"(sixth), [stub] "m"(stub) \
	             : "memory")

static long by_int80(long nr, long a, long b, long c, long d, long e, long f)
{
	long result;

	sixth = f;
	ENTER("int $0x80", nr, a, b, c, d, e, result);
	return result;
}

static long by_stub(long nr, long a, long b, long c, long d, long e, long f)
{
	long result;

	sixth = f;
	ENTER("call *%[stub]", nr, a, b, c, d, e, result);
	return result;
}

static void each(long (*call)(long, long, long, long, long, long, long))
{
	char buf[20];
	long fd = call(SYS_open, (long)"/data/file4", O_RDONLY, 0, 0, 0, 0), p;
	long words[] = { AF_UNIX, SOCK_STREAM, 0, (long)buf };
	unsigned long old[] = { 0, 4096, 3, 0x22, -1, 0 };

	call(SYS_read, fd, (long)buf, sizeof(buf), 0, 0, 0);
	p = call(SYS_mmap2, 0, 4096, 1, 2, fd, 0);
	call(SYS_munmap, p, 4096, 0, 0, 0, 0);
	call(SYS_mmap2, 0, 4096, 1, 2, fd, 0x12345678);
	call(SYS_mmap, (long)old, 0, 0, 0, 0, 0);
	call(SYS_pread64, fd, (long)buf, 7, 3, 0, 0);
	call(SYS_socketcall, 8, (long)words, 0, 0, 0, 0);
	call(SYS_socketcall, 8, 16, 0, 0, 0, 0);
	call(SYS_socketcall, 99, (long)words, 0, 0, 0, 0);
	call(SYS_ipc, 23, 0, 4096, 0600, 0, 0);
	call(9998, 1, 2, 3, 4, 5, 6);
	call(SYS_close, fd, 0, 0, 0, 0, 0);
}

static void handler(int sig)
{
	getppid();
}

/* Signal frames of the old kind need the old sigaction, which libc no longer uses. */
static void old_frames(void)
{
	struct { void (*handler)(int); unsigned long mask, flags; void (*restorer)(void); } old = { handler, 0, 0, NULL };

	syscall(SYS_sigaction, SIGUSR1, &old, NULL);
	kill(getpid(), SIGUSR1);
	syscall(SYS_signal, SIGUSR2, handler);
	kill(getpid(), SIGUSR2);
}

int main(void)
{
	each(by_int80);
	stub = getauxval(AT_SYSINFO);
	if (stub)
		each(by_stub);
	old_frames();
	return 0;
}
