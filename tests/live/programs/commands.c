/* Calls of which one argument says what another one is: locks and owners by fcntl, names by prctl; and the entries of
 * directories.
 *
 * In:  /data, /tmp
 * Out: system calls for strace and the recording to agree on
 */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* what only 32-bit programs have */
#ifndef SYS_fcntl64
#define SYS_fcntl64 -1
#endif

/* libc's names of these commands depend on how wide it takes off_t to be */
enum { GETLK = 5, SETLK, SETLKW, GETLK64 = 12, SETLK64, SETLKW64, SETOWN_EX, GETOWN_EX, GETOWNER_UIDS };
enum { OFD_GETLK = 36, OFD_SETLK, OFD_SETLKW, DUPFD_CLOEXEC = 1030, GET_RW_HINT = 1035, SET_RW_HINT };

static unsigned long out[64];

/* What the kernel fills begins with what cannot be its answer. */
static void call(long nr, long a, long b, const void *c, long d)
{
	if (nr < 0)
		return;
	memset(out, 0xa5, sizeof(out));
	syscall(nr, a, b, c, d);
}

static void locks(int fd, int other)
{
	struct { short type, whence; long start, len; int pid; } lock = { F_WRLCK, SEEK_SET, 12345, 678, 0 };
	struct { short type, whence; int64_t start, len; int pid; } wide = { F_RDLCK, SEEK_SET, 0x123456789, 10, 0 };

	call(SYS_fcntl, fd, SETLK, &lock, 0);
	call(SYS_fcntl, fd, GETLK, &lock, 0);
	call(SYS_fcntl64, fd, SETLKW64, &wide, 0);
	call(SYS_fcntl64, fd, GETLK64, &wide, 0);
	lock.type = wide.type = F_WRLCK;
	wide.start += 100; /* locks of a file are in the way of those of its process */
	if (SYS_fcntl64 < 0) { /* else fcntl refuses them, and strace shows what would be there */
		call(SYS_fcntl, fd, OFD_SETLK, &lock, 0);
		call(SYS_fcntl, other, OFD_GETLK, &lock, 0);
	}
	call(SYS_fcntl64, fd, OFD_SETLKW, &wide, 0);
	call(SYS_fcntl64, other, OFD_GETLK, &wide, 0);
	call(SYS_fcntl, fd, SETLKW, (void *)16, 0);
}

static void commands(int fd)
{
	struct { int type, pid; } owner = { 1, getpid() };
	uint64_t hint = 2;

	call(SYS_fcntl, fd, SETOWN_EX, &owner, 0);
	call(SYS_fcntl, fd, GETOWN_EX, out, 0);
	call(SYS_fcntl, fd, GETOWNER_UIDS, out, 0);
	call(SYS_fcntl, fd, SET_RW_HINT, &hint, 0);
	call(SYS_fcntl, fd, GET_RW_HINT, out, 0);
	call(SYS_fcntl, fd, F_DUPFD, (void *)20, 0);
	call(SYS_fcntl, fd, DUPFD_CLOEXEC, (void *)30, 0);
	call(SYS_fcntl, fd, F_GETFL, NULL, 0);
	call(SYS_prctl, PR_SET_NAME, (long)"a name that is cut", NULL, 0);
	call(SYS_prctl, PR_GET_NAME, (long)out, NULL, 0);
	call(SYS_prctl, PR_GET_PDEATHSIG, (long)out, NULL, 0);
	call(SYS_prctl, PR_SET_DUMPABLE, 1, NULL, 0);
}

static void entries(int dir)
{
	syscall(SYS_getdents, dir, out, sizeof(out));
	lseek(dir, 0, SEEK_SET);
	syscall(SYS_getdents64, dir, out, 100);
	syscall(SYS_getdents64, dir, out, sizeof(out));
	syscall(SYS_getdents64, dir, out, 8);
}

int main(void)
{
	int fd = open("/tmp/commands", O_RDWR | O_CREAT, 0600), other = open("/tmp/commands", O_RDWR);
	int dir = open("/data", O_RDONLY | O_DIRECTORY);

	alarm(10); /* nothing waits for long */
	locks(fd, other);
	commands(fd);
	entries(dir);
	return 0;
}
