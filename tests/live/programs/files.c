/* Input and output in all its forms, with results that fail and results that do not.
 *
 * In:  /data, /tmp
 * Out: system calls for strace and the recording to agree on
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

static void vectors(int fd)
{
	char a[5], b[300], c[40];
	struct iovec out[] = { { "first ", 6 }, { "", 0 }, { "second\n\xff\x00\x01", 10 }, { "third\n", 6 } };
	struct iovec in[] = { { a, sizeof(a) }, { b, sizeof(b) }, { c, sizeof(c) } };

	writev(fd, out, 4);
	pwritev(fd, out, 4, INT64_C(0x123456789));
	lseek(fd, 0, SEEK_SET);
	readv(fd, in, 3);
	preadv(fd, in, 3, 3);
	preadv(fd, in, 3, INT64_C(0x123456789));
	preadv2(fd, in, 3, 2, 0);
	readv(fd, in, -1);
	readv(fd, (struct iovec *)8, 2);
}

static void offsets(int fd)
{
	char buf[700];

	memset(buf, 'x', sizeof(buf));
	pwrite64(fd, buf, sizeof(buf), INT64_C(0x100000007));
	pread64(fd, buf, sizeof(buf), INT64_C(0x100000000));
	pread64(fd, buf, 50, -1);
	lseek64(fd, INT64_C(0x200000000), SEEK_SET);
	lseek64(fd, -1, SEEK_CUR);
	if (ftruncate64(fd, INT64_C(0x100000100)))
		perror("ftruncate");
	posix_fadvise64(fd, INT64_C(0x100000000), 4096, POSIX_FADV_DONTNEED);
	fallocate64(fd, FALLOC_FL_KEEP_SIZE, 4096, 8192);
	readahead(fd, INT64_C(0x100000000), 4096);
	sync_file_range(fd, 0, 4096, SYNC_FILE_RANGE_WRITE);
	fsync(fd);
}

static void bad_arguments(void)
{
	char buf[16];
	void *hole = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd;

	munmap((char *)hole + 4096, 4096);
	memcpy((char *)hole + 4090, "abcdef", 6);
	fd = open("/data/file1", O_RDONLY);
	syscall(SYS_read, fd, hole + 4090, 100);
	syscall(SYS_open, hole + 4090, O_RDONLY);
	syscall(SYS_open, NULL, O_RDONLY);
	syscall(SYS_open, "", O_RDONLY);
	syscall(SYS_read, 99, buf, sizeof(buf));
	syscall(SYS_read, fd, NULL, 10);
	syscall(SYS_write, 1, (void *)16, 10);
	/* the kernel's own text, in page tables that are not isolated: nothing that a program can pass */
	syscall(SYS_open, (void *)(uintptr_t)(sizeof(void *) == 4 ? 0xc1000000 : 0xffffffff81000000), O_RDONLY);
	syscall(SYS_write, 99, "abc", 3);
	syscall(SYS_read, fd, buf, 0);
	syscall(SYS_readlink, "/data/link", (void *)16, 16);
	syscall(SYS_execve, "/no/such/program", NULL, NULL);
	syscall(SYS_execve, "/data/file1", (void *)16, NULL);
	syscall(SYS_pipe, (void *)16);
	syscall(SYS_close, -1);
	syscall(SYS_fcntl, fd, 9999, 5);
	close(fd);
	munmap(hole, 4096);
}

static void names(void)
{
	char buf[4096], *path;
	struct stat st;
	struct statfs fs;
	struct dirent **list;

	if (readlink("/data/link", buf, sizeof(buf)) < 0 || readlink("/proc/self/exe", buf, sizeof(buf)) < 0)
		perror("readlink");
	readlink("/data/file1", buf, sizeof(buf));
	readlink("/data/link", buf, 3);
	stat("/data/file1", &st);
	lstat("/data/link", &st);
	statfs("/", &fs);
	access("/data/none", R_OK);
	mkdir("/tmp/d", 0750);
	rename("/tmp/d", "/tmp/e");
	symlink("target of \t\x80\xff a link", "/tmp/e/l");
	path = getcwd(buf, sizeof(buf));
	if (!path || chdir("/tmp/e"))
		perror("getcwd");
	if (scandir("/data", &list, NULL, alphasort) < 0)
		perror("scandir");
	unlink("l");
	rmdir("/tmp/e");
	memset(buf, 'n', sizeof(buf));
	open(buf, O_RDONLY);
	buf[4095] = 0;
	open(buf, O_RDONLY);
}

static void attributes(int fd)
{
	char buf[64];

	setxattr("/tmp/io", "trusted.one", "value\0with nul", 14, 0);
	fsetxattr(fd, "trusted.two", "", 0, XATTR_CREATE);
	getxattr("/tmp/io", "trusted.one", buf, sizeof(buf));
	getxattr("/tmp/io", "trusted.none", buf, sizeof(buf));
	getxattr("/tmp/io", "trusted.one", buf, 3);
	fgetxattr(fd, "trusted.one", NULL, 0);
	listxattr("/tmp/io", buf, sizeof(buf));
	removexattr("/tmp/io", "trusted.one");
}

static void copies(int fd)
{
	int from = open("/data/file2", O_RDONLY), p[2];
	off64_t off = 5;
	char *map;

	lseek64(fd, 0, SEEK_SET);
	sendfile64(fd, from, &off, 10);
	sendfile64(fd, from, NULL, 10);
	off = 0;
	copy_file_range(from, &off, fd, NULL, 10, 0);
	if (pipe2(p, O_CLOEXEC) || pipe(p))
		perror("pipe");
	splice(from, &(off64_t){ 0 }, p[1], NULL, 8, 0);
	tee(p[0], p[1], 4, 0);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED) {
		map[1] = 'M';
		msync(map, 4096, MS_SYNC);
		mprotect(map, 4096, PROT_READ);
		madvise(map, 4096, MADV_DONTNEED);
		map = mremap(map, 4096, 8192, MREMAP_MAYMOVE);
		munmap(map, 8192);
	}
	mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 4096);
	mmap(NULL, 0, PROT_READ, MAP_SHARED, -1, 0);
}

int main(void)
{
	int fd = open("/tmp/io", O_RDWR | O_CREAT | O_TRUNC, 0640);
	int other = dup2(fd, 17);

	vectors(fd);
	offsets(fd);
	bad_arguments();
	names();
	attributes(fd);
	copies(other);
	dup3(fd, 18, O_CLOEXEC);
	fcntl(fd, F_GETFL);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	umask(022);
	close(fd);
	unlink("/tmp/io");
	return 0;
}
