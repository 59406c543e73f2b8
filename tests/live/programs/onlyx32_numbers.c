/* 64-bit code that makes x32 calls, as the kernel allows under syscall.x32=y.
 *
 * In:  nothing
 * Out: calls whose numbers have bit 30 set
 */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { X32 = 0x40000000 };

int main(void)
{
	char *low = mmap((void *)0x10000000, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	uint32_t *iov = (void *)(low + 1024);
	long fd;

	strcpy(low, "/data/file6");
	fd = syscall(X32 | SYS_open, low, O_RDONLY);
	syscall(X32 | SYS_read, fd, low + 100, 20);
	iov[0] = (uintptr_t)low + 100;
	iov[1] = 6;
	iov[2] = (uintptr_t)low;
	iov[3] = 5;
	syscall(X32 | 516, 1, iov, 2);
	syscall(X32 | SYS_lseek, fd, 3, SEEK_SET);
	syscall(X32 | 515, fd, iov, 2);
	syscall(X32 | SYS_getpid);
	syscall(X32 | 700, 1, 2, 3, 4, 5, 6);
	syscall(X32 | SYS_close, fd);
	return 0;
}
