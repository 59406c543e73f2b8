/* What a system call looks like: rows of the generated tables (prototypes/linux_*.txt, sctrace-prototypes(5)). */
#ifndef SCT_PROTO_H
#define SCT_PROTO_H

#include <stdint.h>

/* How the value of a parameter is to be understood. */
enum sct_class {
	SCT_C_UINT,   /* unsigned number of `size` bytes */
	SCT_C_INT,    /* signed number of `size` bytes */
	SCT_C_FD,     /* file descriptor: a signed 32-bit number */
	SCT_C_DIRFD,  /* the same, and SCT_AT_FDCWD is the caller's working directory */
	SCT_C_PTR,    /* pointer to something without a meaning here (a struct, void, a function) */
	SCT_C_NUM,    /* pointer to `count` numbers of `elem` bytes each (int *, loff_t *, u64 *, int[2]) */
	SCT_C_STR,    /* pointer to a string that ends with NUL */
	SCT_C_STRV,   /* pointer to an array of string pointers that ends with NULL (argv, envp) */
	SCT_C_BUF,    /* pointer to as many bytes as `len` says */
	SCT_C_IOV,    /* pointer to an array of struct iovec, as many as `len` says */
	SCT_C_MSG,    /* pointer to one struct msghdr (user_msghdr) */
	SCT_C_MMSG,   /* pointer to an array of struct mmsghdr, as many as `len` says */
	SCT_C_ADDR,   /* pointer to a struct sockaddr of `len` bytes, of the type that its family says */
	SCT_C_WORDS,  /* pointer to argument words of a multiplexed call (socketcall, ipc) */
	SCT_C_STRUCT, /* pointer to as many structs (or unions) of its type as `len` says, one without it */
	SCT_C_SIZED,  /* pointer to one struct of which there are as many bytes as `len` says: members behind them, which
	                 an older or a newer program has not, are left out (clone3, openat2, bpf) */
	SCT_C_DIRENTS, /* pointer to records of its type that say themselves how long they are, in as many bytes as `len`
	                  says (getdents) */
};

/* What says so where a descriptor of a directory may stand: AT_FDCWD (include/uapi/linux/fcntl.h). */
enum { SCT_AT_FDCWD = -100 };

/* Of SCT_C_IOV, SCT_C_MSG and SCT_C_MMSG: the direction of the data. The structs that describe it are always read at
 * entry; under SCT_OUT the data is what the result says was filled. */
enum sct_dir {
	SCT_REMOTE = 0, /* SCT_C_IOV only: the data is in the memory of another process and not to be read here */
	SCT_IN = 1,
	SCT_OUT = 2,
	SCT_INOUT = 3,
};

/* Where a length or count comes from; len_add is added to what it is. At return an `out` buffer has min(ret, len) bytes
 * under LEN_RET. */
enum sct_len {
	SCT_LEN_NONE,
	SCT_LEN_ARG,     /* the value of parameter number len_arg */
	SCT_LEN_ARG_PTR, /* the 32-bit number that lies len_at bytes behind where parameter len_arg points (getsockname's
	                    addrlen); of what the kernel wrote, the smaller of that number at entry and at return */
	SCT_LEN_RET,     /* at return the result, never more than parameter len_arg */
	SCT_LEN_FIXED,   /* len_arg itself is the number */
	SCT_LEN_BITS,    /* numbers of `elem` bytes that hold as many bits as the value of parameter len_arg (select) */
	SCT_LEN_PAGES,   /* one for each page of 4096 bytes in the value of parameter len_arg, the last may be a part */
};

/* When a pointer means what its class says; otherwise what `or_else` says, and without one it is SCT_C_PTR and nothing
 * is known to be behind it. */
enum sct_when {
	SCT_WHEN_ALWAYS,
	SCT_WHEN_BITS,   /* (parameter when_arg & when_value) != 0: clone's parent_tidptr under CLONE_PARENT_SETTID */
	SCT_WHEN_ONE_OF, /* parameter when_arg, of its bits only those of when_mask (0: all), is below 32 and that bit of
	                    when_value is set: syslog's buf by type */
	SCT_WHEN_RET,    /* the result is above 0: wait4's stat_addr; for what the kernel writes */
	SCT_WHEN_EINTR,  /* the call failed with EINTR: nanosleep's rmtp; with `even` the only outputs of failed calls */
	SCT_WHEN_IS,     /* parameter when_arg, of its bits only those of when_mask (0: all), is when_value: reboot's arg */
	SCT_WHEN_PTR_IS, /* the 32-bit number that lies when_at bytes behind where parameter when_arg points is when_value:
	                    capget's data by the version in its header */
};

struct sct_param {
	const char *name, *type; /* as the kernel's SYSCALL_DEFINE spells them, without __user */
	uint8_t cls;             /* enum sct_class */
	uint8_t dir;             /* enum sct_dir; for non-pointers SCT_IN */
	uint8_t size;            /* bytes of the value itself: 1, 2, 4, 8 */
	uint8_t slot;            /* number of the argument register that holds it, or its low half */
	uint8_t slot_hi;         /* a 64-bit value in two 32-bit registers: number of that with the high half; else 0xff */
	uint8_t len;             /* enum sct_len */
	uint8_t elem;            /* SCT_C_NUM: bytes of one number; its sign is elem_signed */
	uint8_t elem_signed;
	uint8_t elem_fd;         /* SCT_C_NUM: the numbers are file descriptors */
	uint16_t len_arg;        /* index of the parameter, or the fixed number; see len */
	uint8_t len_at, len_add; /* see len */
	uint8_t when;            /* enum sct_when */
	uint8_t when_arg, when_at;
	uint32_t when_value, when_mask;
	const char *even;        /* the error ("EOVERFLOW") with which the call fails and has written here nevertheless; NULL:
	                            there is none */
	/* What the parameter is when `when` does not hold, or NULL: the same word with another type, class and so on, and
	 * perhaps a `when` and an or_else of its own. Of a chain, only the last may depend on the result; every other
	 * condition is known at entry. The class may be one of a number: semctl's arg. */
	const struct sct_param *or_else;
};

enum sct_proto_flag {
	SCT_P_NORETURN = 1,   /* never comes back to its caller: exit, exit_group */
	SCT_P_SIGRETURN = 2,  /* restores the registers of a signal frame: sigreturn, rt_sigreturn */
	SCT_P_EXEC = 4,       /* on success a new image begins: execve, execveat */
	SCT_P_FORK = 8,       /* on success returns twice: fork, vfork, clone, clone3 */
	SCT_P_RESTART = 16,   /* restart_syscall: continues an earlier call */
	SCT_P_PTR_RESULT = 32,/* the result is an address or an unsigned word: mmap, brk, shmat */
	SCT_P_GETPID = 64,    /* the result is the caller's process id */
	SCT_P_GETTID = 128,   /* the result is the caller's thread id: gettid, set_tid_address */
	SCT_P_INT_RESULT = 512,/* the result has 32 bits and is not extended: modify_ldt (arch/x86/kernel/ldt.c) */
	SCT_P_FD_RESULT = 256,/* the result is a new descriptor: open, dup, socket; fcntl by its command */
};

enum { SCT_FD_OF_MAX = 2 };

struct sct_proto {
	uint32_t nr;              /* the number as the guest passes it, without x32's bit 30 */
	const char *name;         /* as users know it: "read" */
	const char *entry;        /* the kernel's entry point: "sys_read" */
	const struct sct_param *params;
	uint8_t nparams;
	uint16_t flags;           /* enum sct_proto_flag */
	uint8_t sub;              /* multiplexed calls: which table of sub-calls, enum sct_sub; else 0 */
	/* SCT_P_FD_RESULT: only where parameter fd_by is one of the nfd_of numbers; nfd_of 0: always */
	uint8_t fd_by, nfd_of;
	uint16_t fd_of[SCT_FD_OF_MAX];
};

/* Calls that hide others behind their first argument. */
enum sct_sub { SCT_SUB_NONE, SCT_SUB_SOCKETCALL, SCT_SUB_IPC };

struct sct_table {
	const char *profile;            /* "linux_x64" */
	const struct sct_proto *protos; /* sorted by nr */
	uint32_t count;
	/* The calls behind socketcall and ipc, by sub-call number in .nr; NULL where the ABI has none. Slots of
	 * parameters: socketcall: index of the word in the array that its second argument `args` points at
	 * (net/socket.c). ipc: number of the register argument of ipc itself: first 1, second 2, third 3, ptr 4,
	 * fifth 5 (ipc/syscall.c). ipc's call has a version in its upper half; rows whose nr has one are for that
	 * version, others for every version that has no row. */
	const struct sct_proto *socketcall, *ipc;
	uint32_t nsocketcall, nipc;
};

extern const struct sct_table sct_table_linux_x64, sct_table_linux_x32, sct_table_linux_x86, sct_table_linux_arm,
	sct_table_linux_arm64, sct_table_linux_mips_o32;

/* The row for nr, or NULL: not in the table. */
const struct sct_proto *sct_table_find(const struct sct_table *table, uint64_t nr);
/* The row for sub-call number nr of that multiplexer, or NULL. nr is the multiplexer's first argument, for ipc with
 * its version. */
const struct sct_proto *sct_table_sub(const struct sct_table *table, enum sct_sub sub, uint64_t nr);

/* Names of numbers, generated from prototypes/labels/. */
struct sct_labels {
	const char *const *names; /* by number, NULL in the gaps */
	unsigned count;
};

/* Linux's error numbers: the generic ones (asm-generic/errno.h), and MIPS's. */
extern const struct sct_labels sct_labels_errno, sct_labels_errno_mips;

/* The name of a number ("ENOENT"), or NULL. */
const char *sct_label(const struct sct_labels *labels, unsigned number);

#endif
