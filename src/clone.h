/* Flags of clone, clone3 and unshare: what a new thread shares with the one that makes it. */
#ifndef SCT_CLONE_H
#define SCT_CLONE_H

/* include/uapi/linux/sched.h: the same for every architecture */
enum {
	SCT_CLONE_VM = 0x100,
	SCT_CLONE_FS = 0x200,
	SCT_CLONE_FILES = 0x400,
	SCT_CLONE_VFORK = 0x4000,
	SCT_CLONE_PARENT = 0x8000,
	SCT_CLONE_THREAD = 0x10000,
	SCT_CLONE_NEWNS = 0x20000,
	SCT_CLONE_NEWUSER = 0x10000000,
};

#endif
