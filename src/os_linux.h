/* Linux's own data: the running task of each CPU, its process, its descriptors.
 *
 * What differs between kernels is where members lie: struct sct_linux_layout holds these numbers, by names that do not
 * change. They come from a type database or from PANDA's kernelinfo.conf; the code that follows pointers is the same
 * for all kernels from 2.6.32 on. That code asks for memory through struct sct_mem only, so that a recorder can run it
 * beside the guest and keep what it touched.
 */
#ifndef SCT_OS_LINUX_H
#define SCT_OS_LINUX_H

#include "os.h"

struct sct_types;
struct sct_err;

/* One number of a layout. */
enum sct_linux_field {
	/* addresses of symbols, as linked: KASLR's slide is not in them */
	SCT_LX_BANNER,          /* linux_banner */
	SCT_LX_INIT_TASK,       /* init_task, CPU 0's idle thread */
	SCT_LX_NOTES,           /* __start_notes: ELF notes, the build id among them */
	SCT_LX_PER_CPU_OFFSET,  /* __per_cpu_offset */
	SCT_LX_CURRENT,         /* of the running task's pointer, in per-CPU data: current_task, pcpu_hot.current_task */
	/* numbers */
	SCT_LX_PER_CPU_0,       /* where the address of __per_cpu_offset is not known: what it has for CPU 0. Kernels for
	                           one CPU: 0 */
	/* places of members in bytes, which may be negative; of sizes the bytes */
	SCT_LX_TASK_PID, SCT_LX_TASK_TGID, SCT_LX_TASK_REAL_PARENT, SCT_LX_TASK_COMM, SCT_LX_TASK_COMM_SIZE,
	SCT_LX_TASK_START,      /* monotonic */
	SCT_LX_TASK_START_IS_TIMESPEC, /* not 0: it is a struct timespec (before 3.17), else ns in 8 bytes */
	SCT_LX_TASK_CRED, SCT_LX_TASK_MM, SCT_LX_TASK_FILES, SCT_LX_TASK_FS, SCT_LX_CRED_UID, SCT_LX_MM_EXE_FILE,
	SCT_LX_FS_PWD_DENTRY, SCT_LX_FS_PWD_MNT,
	SCT_LX_FILES_FDT, SCT_LX_FDT_MAX, SCT_LX_FDT_FD,
	SCT_LX_FILE_DENTRY, SCT_LX_FILE_MNT,
	SCT_LX_DENTRY_PARENT, SCT_LX_DENTRY_NAME, SCT_LX_DENTRY_INODE, SCT_LX_DENTRY_HASH_PPREV,
	SCT_LX_DENTRY_OP, SCT_LX_DENTRY_SB,
	SCT_LX_DENTRY_FLAGS,    /* where these tell what is in the hash table; unknown: its chain tells */
	SCT_LX_OP_DNAME,        /* of the function that makes up names, in struct dentry_operations */
	SCT_LX_MNT_ROOT,
	SCT_LX_MNT_PARENT, SCT_LX_MNT_POINT, /* counted from struct vfsmount */
	SCT_LX_MOUNT_MNT,       /* where struct vfsmount lies in what mnt_parent points at */
	SCT_LX_INODE_INO, SCT_LX_SB_TYPE, SCT_LX_FSTYPE_NAME,
	SCT_LX_INODE_SK,        /* of a socket's inode, which lies in a struct socket_alloc: the pointer socket.sk */
	SCT_LX_SOCKET_INODE,    /* where the inode is from struct socket on */
	SCT_LX_SK_SOCKET, SCT_LX_SK_FAMILY, SCT_LX_SK_STATE, SCT_LX_SK_PROT, SCT_LX_PROT_NAME, SCT_LX_SK_PROTOCOL,
	SCT_LX_SK_SADDR, SCT_LX_SK_DADDR, SCT_LX_SK_SADDR6, SCT_LX_SK_DADDR6, SCT_LX_SK_SPORT, SCT_LX_SK_DPORT,
	SCT_LX_UNIX_ADDR, SCT_LX_UNIX_PEER, SCT_LX_UNIX_ADDR_LEN, SCT_LX_UNIX_ADDR_NAME,
	SCT_LX_NETLINK_PORTID,
	SCT_LX_FIELDS,
};

enum { SCT_LINUX_BANNER_MAX = 512, SCT_LINUX_BUILD_ID_MAX = 32 };

/* What tells the kernel that a layout is of from others. */
struct sct_linux_kernel {
	char head[SCT_LINUX_BANNER_MAX], tail[SCT_LINUX_BANNER_MAX]; /* linux_banner begins and ends so; "": not known */
	uint8_t build_id[SCT_LINUX_BUILD_ID_MAX];
	uint32_t build_id_size; /* 0: not known */
};

struct sct_linux_layout {
	struct sct_word at[SCT_LX_FIELDS]; /* unknown: what needs it stays unknown */
	uint8_t ptr;                       /* bytes of the kernel's pointers: 4, 8 */
	bool of_types;                     /* it comes from types, which tell structs of calls too */
	struct sct_linux_kernel kernel;
};

/* Bytes that a layout's text takes at most, with its NUL. */
enum { SCT_LINUX_TEXT = 8 + SCT_LX_FIELDS * 18 + 2 * (2 * SCT_LINUX_BANNER_MAX + SCT_LINUX_BUILD_ID_MAX) };

/* The layout as one line of text, for a recorder that reads no types itself. False: size bytes are too few. */
bool sct_linux_layout_write(const struct sct_linux_layout *layout, char *text, size_t size);
/* The layout that text was made of; false, *layout untouched: it is none, or of another version of this program. */
bool sct_linux_layout_read(struct sct_linux_layout *layout, const char *text);

enum sct_linux_state {
	SCT_LINUX_SOUGHT,       /* the kernel has not been seen in memory yet */
	SCT_LINUX_FOUND,        /* and is the layout's */
	SCT_LINUX_OTHER_KERNEL, /* but is another one: nothing is read from it */
	SCT_LINUX_NO_ADDRESSES, /* the layout has no addresses to look at: only its banner is looked for */
};

struct sct_linux_report {
	enum sct_linux_state state;
	uint64_t slide; /* FOUND: what KASLR adds to addresses as linked */
	bool same;      /* NO_ADDRESSES: the recorded kernel's banner is the layout's */
	bool unnamed;   /* FOUND: the layout does not say which kernel it is of; what is known of this one fits */
	bool unshown;   /* FOUND: it says so, but memory does not show which kernel this is; likewise */
	bool mixed;     /* FOUND: by a layout of the recorded kernel beside types of another one */
	bool uncompared; /* FOUND: likewise, but which kernel the types are of is not known */
	/* OTHER_KERNEL, mixed: banners or build ids, of the layout's (mixed: the types') kernel and of the recording's */
	char expected[SCT_LINUX_BANNER_MAX], found[SCT_LINUX_BANNER_MAX];
};

/* Fills *os so that it tells of Linux, by the first of count layouts (which are copied) that is the recorded kernel's.
 * beside: the guest still runs; all of its kernel's memory is not looked through to say which other kernel it is.
 * SCT_E_NOMEM. os->free(os->state) gives it back. */
int sct_linux_os(struct sct_os *os, const struct sct_linux_layout *layouts, size_t count, bool beside,
                 struct sct_err *err);
/* How it stands with finding the kernel; lasts as long as the os. */
const struct sct_linux_report *sct_linux_report(const struct sct_os *os);

/* The layout that types and symbols of a kernel give. */
void sct_linux_layout_of_types(struct sct_linux_layout *layout, const struct sct_types *types);

/* Whether a file's first bytes are those of PANDA's kernelinfo.conf. */
bool sct_linux_is_kernelinfo(const void *data, size_t size);
/* The layouts of that file, one for each group; *layouts is to be given to free(). SCT_E_FORMAT: no such file, with its
 * byte offset; SCT_E_NOMEM. */
int sct_linux_layouts_of_kernelinfo(const void *data, size_t size, struct sct_linux_layout **layouts, size_t *count,
                                    struct sct_err *err);

#endif
