/* What threads of an x86_64 guest do in a recording by hand: numbers of calls, places in a program, steps.
 * In:  a recording (script.h)
 * Out: the same, with those steps
 */
#ifndef TEST_SCRIPT_X86_64_H
#define TEST_SCRIPT_X86_64_H

#include "script.h"

/* Numbers of calls (prototypes/linux_x64.txt). */
enum {
	READ = 0, WRITE = 1, OPEN = 2, CLOSE = 3, POLL = 7, RT_SIGRETURN = 15, IOCTL = 16, PIPE = 22, DUP = 32, DUP2 = 33,
	PAUSE = 34, NANOSLEEP = 35, GETPID = 39, SOCKET = 41, CONNECT = 42, ACCEPT = 43, BIND = 49, GETSOCKNAME = 51,
	SOCKETPAIR = 53, CLONE = 56, FORK = 57, VFORK = 58, EXECVE = 59, EXIT = 60, WAIT4 = 61, KILL = 62, FCNTL = 72,
	GETCWD = 79, CHDIR = 80, FCHDIR = 81, RENAME = 82, CREAT = 85, GETPPID = 110, PRCTL = 157, CHROOT = 161,
	GETTID = 186, SET_TID_ADDRESS = 218, RESTART_SYSCALL = 219, EXIT_GROUP = 231, MQ_OPEN = 240, INOTIFY_INIT = 253,
	OPENAT = 257, MKDIRAT = 258, UNSHARE = 272, TIMERFD_CREATE = 283, ACCEPT4 = 288, SIGNALFD4 = 289, EVENTFD2 = 290,
	EPOLL_CREATE1 = 291, DUP3 = 292, PIPE2 = 293, PERF_EVENT_OPEN = 298, FANOTIFY_INIT = 300, SETNS = 308,
	MEMFD_CREATE = 319, USERFAULTFD = 323, IO_URING_SETUP = 425, PIDFD_OPEN = 434, CLONE3 = 435, CLOSE_RANGE = 436,
	OPENAT2 = 437, LANDLOCK_CREATE_RULESET = 444, MEMFD_SECRET = 447,
};

/* A stub that enters the kernel, what lies behind it, another one, a handler, and where a new program begins. */
enum { STUB = 0x401000, BEHIND = STUB + 2, OTHER = 0x402000, HANDLER = 0x408000, START = 0x409000 };

/* Stack pointers of threads, of a signal's frame and of a child; address spaces. */
enum {
	SP = 0x7f0000, SP2 = 0x6f0000, FRAME = SP - 0x800, CHILD_SP = 0x5f0000,
	SPACE = 0x1000000, SPACE2 = 0x2000000, SPACE3 = 0x3000000,
};

/* include/uapi/linux/sched.h: what pthread_create passes to clone */
enum { THREAD_FLAGS = 0x3d0f00 };

/* A recording in which thread 1 is on its CPU. */
static inline struct script *thread_1(void)
{
	struct script *s = script_new(&sct_arch_x86_64);

	on(s, 0, 1, SPACE);
	return s;
}

static inline void args(struct script *s, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	reg(s, "edi", a);
	reg(s, "esi", b);
	reg(s, "edx", c);
	reg(s, "r10", d);
}

/* A call with up to three arguments, and its result. */
static inline void call(struct script *s, uint32_t nr, uint64_t a, uint64_t b, uint64_t c, int64_t result)
{
	args(s, a, b, c, 0);
	enter(s, nr, STUB, SP);
	leave(s, BEHIND, SP, (uint64_t)result);
}

/* A child's first step, behind the call that made it. */
static inline void first_step(struct script *s, unsigned vcpu, uint64_t thread, uint64_t space, uint64_t sp)
{
	born(s, vcpu, thread, space);
	leave(s, BEHIND, sp, 0);
}

/* The thread becomes another program, in another address space. */
static inline void exec_in(struct script *s, uint64_t thread, uint64_t space)
{
	enter(s, EXECVE, STUB, SP);
	on(s, s->vcpu, thread, space);
	leave(s, START, SP2, 0);
}

#endif
