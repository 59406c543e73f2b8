/* The structs that programs hand to system calls: what `make structs` compiles for each ABI.
 * In:  the kernel's headers for user space, from a source tree (prototypes/structs.sh); no C library
 * Out: an object file whose debugging information has every type that is named here
 *
 * Only what the kernel's headers for programs do not have, or have otherwise than its calls read it, is declared here.
 * Sources: include/linux/{socket,signal_types,compat,dirent,kexec,time32,types}.h, include/vdso/time32.h, mm/mmap.c,
 * fs/{aio,readdir,select}.c, arch/{x86,arm,mips} of Linux 6.1.
 */
#include <stddef.h>

/* asm/signal.h has a C library's idea of these two; the calls have another */
#define sigaction library_sigaction
#define sigset_t library_sigset_t
#include <asm/signal.h>
#undef sigaction
#undef sigset_t
#undef sa_handler

/* the header takes x32 for an ABI with structs of its own here, but its programs make the 64-bit call */
#if defined __x86_64__ && defined __ILP32__
#define __statfs_word __kernel_long_t
#endif

#include <asm/fcntl.h>
#include <asm/ipcbuf.h>
#include <asm/msgbuf.h>
#include <asm/poll.h>
#include <asm/sembuf.h>
#include <asm/shmbuf.h>
#include <asm/siginfo.h>
#include <asm/stat.h>
#include <asm/statfs.h>
#include <asm/termbits.h>
#include <asm/termios.h>
#include <linux/aio_abi.h>
#include <linux/bpf.h>
#include <linux/can.h>
#include <linux/capability.h>
#include <linux/dqblk_xfs.h>
#include <linux/eventpoll.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/if_alg.h>
#include <linux/if_packet.h>
#include <linux/if_pppox.h>
#include <linux/if_xdp.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/io_uring.h>
#include <linux/ipc.h>
#include <linux/landlock.h>
#include <linux/llc.h>
#include <linux/mount.h>
#include <linux/mqueue.h>
#define msgbuf one_letter_msgbuf
#include <linux/msg.h>
#undef msgbuf
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/perf_event.h>
#include <linux/phonet.h>
#include <linux/qrtr.h>
#include <linux/quota.h>
#include <linux/resource.h>
#include <linux/rseq.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <linux/seccomp.h>
#include <linux/sem.h>
#include <linux/shm.h>
#include <linux/stat.h>
#include <linux/sysinfo.h>
#include <linux/time.h>
#include <linux/time_types.h>
#include <linux/times.h>
#include <linux/timex.h>
#include <linux/tipc.h>
#include <linux/uio.h>
#include <linux/un.h>
#include <linux/utime.h>
#include <linux/utsname.h>
#include <linux/vm_sockets.h>
#include <linux/x25.h>
#if defined __x86_64__ || defined __i386__
#include <asm/ldt.h>
#endif
#ifdef __i386__
#include <asm/vm86.h>
#endif

/* ---- signals ------------------------------------------------------------------------------------------------ */

#ifdef __mips__
enum { SIGNALS = 128 };
#else
enum { SIGNALS = 64 };
#endif

typedef struct {
	unsigned long sig[SIGNALS / 8 / sizeof(unsigned long)];
} sigset_t;

/* Of these four, each architecture has its own: MIPS has the flags first and no restorer. */
#ifdef __mips__
struct sigaction {
	unsigned int sa_flags;
	__sighandler_t sa_handler;
	sigset_t sa_mask;
};

struct old_sigaction {
	unsigned int sa_flags;
	__sighandler_t sa_handler;
	unsigned long sa_mask[4]; /* one word of a mask, and room (arch/mips/kernel/signal.c) */
};
#else
struct sigaction {
	__sighandler_t sa_handler;
	unsigned long sa_flags;
	__sigrestore_t sa_restorer;
	sigset_t sa_mask;
};

struct old_sigaction {
	__sighandler_t sa_handler;
	unsigned long sa_mask;
	unsigned long sa_flags;
	__sigrestore_t sa_restorer;
};
#endif

/* x32 programs share the calls of these two structs with 64-bit ones. */
#if defined __x86_64__ && defined __ILP32__
typedef __u64 signal_set, signal_set_size;
#else
typedef sigset_t *signal_set;
typedef size_t signal_set_size;
#endif

struct __aio_sigset {
	signal_set sigmask;
	signal_set_size sigsetsize;
};

/* What the sixth argument of pselect6 points at (fs/select.c). */
struct sigset_argpack {
	signal_set p;
	signal_set_size size;
};

/* ---- times -------------------------------------------------------------------------------------------------- */

struct old_timespec32 {
	__s32 tv_sec;
	__s32 tv_nsec;
};

struct old_timeval32 {
	__s32 tv_sec;
	__s32 tv_usec;
};

struct old_itimerspec32 {
	struct old_timespec32 it_interval;
	struct old_timespec32 it_value;
};

struct old_itimerval32 {
	struct old_timeval32 it_interval;
	struct old_timeval32 it_value;
};

struct old_utimbuf32 {
	__s32 actime;
	__s32 modtime;
};

struct old_timex32 {
	__u32 modes;
	__s32 offset, freq, maxerror, esterror, status, constant, precision, tolerance;
	struct old_timeval32 time;
	__s32 tick, ppsfreq, jitter, shift, stabil, jitcnt, calcnt, errcnt, stbcnt, tai;
	__s32 : 32, : 32, : 32, : 32, : 32, : 32, : 32, : 32, : 32, : 32, : 32;
};

/* ---- files -------------------------------------------------------------------------------------------------- */

struct linux_dirent {
	__kernel_ulong_t d_ino;
	__kernel_ulong_t d_off;
	unsigned short d_reclen;
	char d_name[];
};

struct linux_dirent64 {
	__u64 d_ino;
	__s64 d_off;
	unsigned short d_reclen;
	unsigned char d_type;
	char d_name[];
};

struct old_linux_dirent {
	unsigned long d_ino;
	unsigned long d_offset;
	unsigned short d_namlen;
	char d_name[];
};

struct ustat {
	__kernel_daddr_t f_tfree;
	__kernel_ulong_t f_tinode;
	char f_fname[6];
	char f_fpack[6];
};

struct file_handle {
	__u32 handle_bytes;
	int handle_type;
	unsigned char f_handle[];
};

typedef __kernel_fd_set fd_set;

/* The arguments of calls that take them in memory. */
struct sel_arg_struct {
	unsigned long n;
	void *inp, *outp, *exp; /* sets of n bits, which may be less than an fd_set has */
	struct __kernel_old_timeval *tvp;
};

struct mmap_arg_struct {
	unsigned long addr;
	unsigned long len;
	unsigned long prot;
	unsigned long flags;
	unsigned long fd;
	unsigned long offset;
};

/* ---- sockets; struct sockaddr is in include/sys/socket.h, where the kernel's headers look for it ------------- */

struct user_msghdr {
	void *msg_name;
	int msg_namelen;
	struct iovec *msg_iov;
	__kernel_size_t msg_iovlen;
	void *msg_control;
	__kernel_size_t msg_controllen;
	unsigned int msg_flags;
};

struct mmsghdr {
	struct user_msghdr msg_hdr;
	unsigned int msg_len;
};

struct cmsghdr {
	size_t cmsg_len;
	int cmsg_level;
	int cmsg_type;
};

struct ucred {
	__u32 pid;
	__u32 uid;
	__u32 gid;
};

struct linger {
	int l_onoff;
	int l_linger;
};

/* include/net/bluetooth/{hci_sock,l2cap,rfcomm,sco}.h; an address there is six bytes */
typedef struct {
	__u8 b[6];
} bdaddr_t;

struct sockaddr_hci {
	unsigned short hci_family;
	unsigned short hci_dev;
	unsigned short hci_channel;
};

struct sockaddr_l2 {
	unsigned short l2_family;
	__le16 l2_psm;
	bdaddr_t l2_bdaddr;
	__le16 l2_cid;
	__u8 l2_bdaddr_type;
};

struct sockaddr_rc {
	unsigned short rc_family;
	bdaddr_t rc_bdaddr;
	__u8 rc_channel;
};

struct sockaddr_sco {
	unsigned short sco_family;
	bdaddr_t sco_bdaddr;
};

/* The header's has a text of one byte. */
struct msgbuf {
	__kernel_long_t mtype;
	char mtext[];
};

/* ---- the rest ----------------------------------------------------------------------------------------------- */

struct kexec_segment {
	void *buf;
	size_t bufsz;
	unsigned long mem;
	size_t memsz;
};

struct getcpu_cache {
	unsigned long blob[128 / sizeof(long)];
};

/* ---- what x32 programs share with 32-bit ones, under the names that the kernel gives to it ------------------ */

#if defined __x86_64__ && defined __ILP32__
#undef _UAPI_ASM_GENERIC_SIGINFO_H /* installed, the header has no _UAPI there */
#undef _ASM_GENERIC_SIGINFO_H
#undef _ASM_X86_SIGINFO_H
#define sigval compat_sigval
#define sigval_t compat_sigval_t
#define __sifields compat_sifields
#define siginfo compat_siginfo
#define siginfo_t compat_siginfo_t
#define sigevent compat_sigevent
#define sigevent_t compat_sigevent_t
#include <asm/siginfo.h>
#undef sigval
#undef sigval_t
#undef siginfo
#undef siginfo_t
#undef sigevent
#undef sigevent_t

typedef stack_t compat_stack_t;

struct compat_sigaction {
	__sighandler_t sa_handler;
	unsigned long sa_flags;
	__sigrestore_t sa_restorer;
	sigset_t sa_mask;
};

struct compat_rusage {
	struct old_timeval32 ru_utime;
	struct old_timeval32 ru_stime;
	long ru_maxrss, ru_ixrss, ru_idrss, ru_isrss, ru_minflt, ru_majflt, ru_nswap, ru_inblock, ru_oublock;
	long ru_msgsnd, ru_msgrcv, ru_nsignals, ru_nvcsw, ru_nivcsw;
};

struct compat_kexec_segment {
	void *buf;
	size_t bufsz;
	unsigned long mem;
	size_t memsz;
};

struct compat_robust_list {
	struct compat_robust_list *next;
};

struct compat_robust_list_head {
	struct compat_robust_list list;
	long futex_offset;
	struct compat_robust_list *list_op_pending;
};

struct compat_msghdr {
	void *msg_name;
	int msg_namelen;
	struct iovec *msg_iov;
	size_t msg_iovlen;
	void *msg_control;
	size_t msg_controllen;
	unsigned int msg_flags;
};

struct compat_mmsghdr {
	struct compat_msghdr msg_hdr;
	unsigned int msg_len;
};
#endif

/* ---- what is asked for: a type is in the debugging information when a variable is of it --------------------- */

#define S(name) struct name s_##name;
#define T(name) name t_##name;

S(__aio_sigset) S(__kernel_itimerspec) S(__kernel_old_itimerval) S(__kernel_old_timeval)
S(__kernel_sockaddr_storage) S(__kernel_timespec) S(__kernel_timex)
S(clone_args) S(cmsghdr) S(epoll_event) S(f_owner_ex) S(file_handle) S(flock) S(fs_disk_quota) S(fs_quota_stat)
S(fs_quota_statv) S(futex_waitv) S(getcpu_cache) S(if_dqblk) S(if_dqinfo) S(if_nextdqblk) S(io_event)
S(io_uring_getevents_arg) S(io_uring_params) S(io_uring_probe) S(io_uring_rsrc_register) S(io_uring_rsrc_update)
S(io_uring_files_update) S(iocb) S(iovec) S(ip_mreqn) S(ipc64_perm) S(ipc_perm) S(ipv6_mreq) S(in_pktinfo)
S(kexec_segment) S(landlock_path_beneath_attr) S(landlock_ruleset_attr) S(linger) S(linux_dirent) S(linux_dirent64)
S(mmap_arg_struct) S(mmsghdr) S(mount_attr) S(mq_attr) S(msgbuf) S(msginfo) S(msqid64_ds) S(msqid_ds) S(new_utsname)
S(nlmsghdr) S(old_itimerspec32) S(old_itimerval32) S(old_linux_dirent) S(old_sigaction) S(old_timespec32)
S(old_timeval32) S(old_timex32) S(old_utimbuf32) S(old_utsname) S(oldold_utsname) S(open_how) S(perf_event_attr)
S(pollfd) S(rlimit) S(rlimit64) S(robust_list) S(robust_list_head) S(rseq) S(rusage) S(sched_attr) S(sched_param)
S(seccomp_data)
S(seccomp_notif_sizes) S(sel_arg_struct) S(sembuf) S(semid64_ds) S(semid_ds) S(seminfo) S(shm_info) S(shmid64_ds)
S(shmid_ds) S(shminfo) S(shminfo64) S(sigaction) S(sigaltstack) S(sigevent) S(siginfo) S(sigset_argpack) S(sock_filter)
S(sock_fprog) S(sockaddr) S(sockaddr_alg) S(sockaddr_can) S(sockaddr_hci) S(sockaddr_in) S(sockaddr_in6) S(sockaddr_l2)
S(sockaddr_ll) S(sockaddr_llc) S(sockaddr_nl) S(sockaddr_pkt) S(sockaddr_pn) S(sockaddr_pppox) S(sockaddr_qrtr)
S(sockaddr_rc) S(sockaddr_sco) S(sockaddr_tipc) S(sockaddr_un) S(sockaddr_vm) S(sockaddr_x25) S(sockaddr_xdp) S(stat)
S(statfs) S(statfs64) S(statx) S(sysinfo) S(termios) S(timezone) S(tms) S(ucred) S(user_msghdr) S(ustat) S(utimbuf)
S(winsize) S(__user_cap_header_struct) S(__user_cap_data_struct)

union bpf_attr u_bpf_attr;
union sigval u_sigval;
enum landlock_rule_type e_landlock_rule_type;

T(cap_user_data_t) T(cap_user_header_t) T(fd_set) T(siginfo_t) T(sigset_t) T(stack_t)

#ifndef __LP64__
S(ipc_kludge) S(flock64)
#endif
#if defined __i386__ || defined __arm__ || (defined __mips__ && !defined __LP64__)
S(stat64)
#endif
#ifdef __i386__
S(vm86_struct) S(vm86plus_struct)
#endif
#if defined __i386__ || defined __x86_64__
S(__old_kernel_stat) S(user_desc)
#endif
#if defined __x86_64__ && defined __ILP32__
S(compat_kexec_segment) S(compat_mmsghdr) S(compat_msghdr) S(compat_robust_list_head) S(compat_rusage)
S(compat_sigaction) S(compat_sigevent) S(compat_siginfo) T(compat_stack_t)
#endif
