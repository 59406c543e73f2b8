/* Linux's own data: the running task of each CPU, its process, its descriptors.
 *
 * What differs between kernels is where members lie: struct sct_linux_layout holds these numbers, by names that do not
 * change. They come from a type database or from PANDA's kernelinfo.conf; the code that follows pointers is the same for
 * all kernels from 2.6.32 on. That code asks for memory through struct sct_mem only, so that a recorder can run it beside
 * the guest and keep what it touched.
 */
#ifndef SCT_OS_LINUX_H
#define SCT_OS_LINUX_H

#include "os.h"

/* One number of a layout; table sct_linux_fields says what each is. */
enum sct_linux_field {
	/* addresses of symbols, as linked: KASLR's slide is not in them */
	SCT_LX_BANNER,          /* linux_banner */
	SCT_LX_PER_CPU_OFFSET,  /* __per_cpu_offset */
	SCT_LX_CURRENT,         /* place of the running task's pointer in per-CPU data: current_task, pcpu_hot.current_task */
	/* places of members in bytes; of sizes the bytes */
	SCT_LX_TASK_PID, SCT_LX_TASK_TGID, SCT_LX_TASK_REAL_PARENT, SCT_LX_TASK_GROUP_LEADER, SCT_LX_TASK_COMM,
	SCT_LX_TASK_COMM_SIZE, SCT_LX_TASK_START, SCT_LX_TASK_START_IS_TIMESPEC, SCT_LX_TASK_CRED, SCT_LX_TASK_MM,
	SCT_LX_TASK_FILES, SCT_LX_CRED_UID, SCT_LX_MM_EXE_FILE,
	SCT_LX_FILES_FDT, SCT_LX_FDT_MAX, SCT_LX_FDT_FD,
	SCT_LX_FILE_DENTRY, SCT_LX_FILE_MNT, SCT_LX_FILE_INODE,
	SCT_LX_DENTRY_PARENT, SCT_LX_DENTRY_NAME, SCT_LX_DENTRY_LEN, SCT_LX_DENTRY_INODE, SCT_LX_DENTRY_HASH_PPREV,
	SCT_LX_DENTRY_SB,
	SCT_LX_MOUNT_MNT, SCT_LX_MOUNT_PARENT, SCT_LX_MOUNT_POINT, SCT_LX_MNT_ROOT,
	SCT_LX_INODE_MODE, SCT_LX_INODE_INO,
	SCT_LX_SB_TYPE, SCT_LX_SB_MAGIC, SCT_LX_FSTYPE_NAME,
	SCT_LX_SOCKET_SK, SCT_LX_SOCKET_INODE, SCT_LX_SOCKET_TYPE,
	SCT_LX_SK_FAMILY, SCT_LX_SK_PROTOCOL, SCT_LX_SK_DADDR, SCT_LX_SK_SADDR, SCT_LX_SK_DPORT, SCT_LX_SK_NUM,
	SCT_LX_SK_DADDR6, SCT_LX_SK_SADDR6, SCT_LX_SK_STATE,
	SCT_LX_UNIX_ADDR, SCT_LX_UNIX_ADDR_LEN, SCT_LX_UNIX_ADDR_NAME,
	SCT_LX_FIELDS,
};

struct sct_linux_layout {
	struct sct_word at[SCT_LX_FIELDS]; /* unknown: what needs it stays unknown */
	uint8_t ptr;                       /* bytes of the kernel's pointers */
};

#endif
