/* What an operating system's own data say of the program that runs: who it is, what its descriptors are.
 *
 * Everything is read anew at each question: what is told holds for this moment only. */
#ifndef SCT_OS_H
#define SCT_OS_H

#include <stdint.h>

#include "abi.h"
#include "arena.h"

/* The kernel's memory as one vCPU's page tables show it, at one moment. */
struct sct_os_view {
	struct sct_mem mem;
	unsigned cpu;   /* number of the vCPU */
	unsigned ptr;   /* bytes of the kernel's addresses, as the vCPU's registers show; 0: they do not */
	uint64_t shown; /* stands for what is read of the memory: at another moment of the same number it is the same. 0: that
	                   is not known */
};

/* A thread. Strings lie in the arena that was given; NULL: not known. */
struct sct_who {
	struct sct_word pid, tid, ppid;
	struct sct_word start_time_ns; /* when the thread began, since the guest booted */
	struct sct_word uid;           /* real user id */
	const char *comm, *exe;        /* the thread's name; the path of its program */
};

struct sct_os {
	const char *name; /* "linux" */
	/* Who runs on the view's vCPU. What cannot be read stays unknown. */
	void (*who)(void *state, const struct sct_os_view *view, struct sct_who *who, struct sct_arena *arena);
	/* What descriptor fd of the thread that runs on the view's vCPU is, as /proc/PID/fd and strace -yy name it:
	 * "/etc/passwd", "pipe:[123]", "TCP:[127.0.0.1:80->127.0.0.1:4242]"; of SCT_AT_FDCWD the path of the thread's
	 * working directory. "": it is not open; NULL: not known. */
	const char *(*descriptor)(void *state, const struct sct_os_view *view, int fd, struct sct_arena *arena);
	/* Whether the kernel is known to be another one than that of the types which came with what `state` was made of:
	 * they are of no use then. */
	bool (*is_other)(void *state, const struct sct_os_view *view);
	/* Which kernel was found, and where: as long as the number is the same, answers depend on the view alone. 0: it is
	 * still sought. */
	uint64_t (*found)(void *state);
	void (*free)(void *state);
	void *state;
};

#endif
