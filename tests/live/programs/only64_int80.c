/* 64-bit code that enters the kernel by int $0x80, and so speaks the 32-bit ABI.
 *
 * In:  nothing
 * Out: calls with i386 numbers between calls with 64-bit ones
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static long by_int80(long nr, long a, long b, long c, long d, long e, long f)
{
	long result;

	asm volatile("push %%rbp; mov %[f], %%rbp; int $0x80; pop %%rbp"
	             : "=a"(result)
	             : "0"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e), [f] "r"(f)
	             : "memory", "r8", "r9", "r10", "r11");
	return result;
}

int main(void)
{
	char *low = mmap((void *)0x10000000, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	char high[32] = "on the stack";
	long fd;

	strcpy(low, "/data/file5");
	fd = by_int80(5, (long)low, O_RDONLY, 0, 0, 0, 0);
	by_int80(3, fd, (long)low + 100, 20, 0, 0, 0);
	by_int80(4, 1, (long)low + 100, 20, 0, 0, 0);
	by_int80(4, 1, (long)high, 12, 0, 0, 0);
	by_int80(20, 0, 0, 0, 0, 0, 0);
	by_int80(192, 0, 4096, 1, 2, fd, 0);
	by_int80(140, fd, 0, 3, (long)low + 200, 0, 0);
	by_int80(20 | 0xffffffff00000000, 0, 0, 0, 0, 0, 0);
	by_int80(6, fd | 0x5500000000, 0, 0, 0, 0, 0);
	by_int80(9997, 1, 2, 3, 4, 5, 6);
	getpid();
	return 0;
}
