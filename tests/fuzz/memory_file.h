/* Bytes as a file that sct_input_open can open.
 * In:  bytes
 * Out: a path in /proc/self/fd
 */
#ifndef SCT_FUZZ_MEMORY_FILE_H
#define SCT_FUZZ_MEMORY_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Writes the file's path to path; close the result when it has been opened. */
static inline int memory_file(const void *data, size_t size, char path[64])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

#endif
