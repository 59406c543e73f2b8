/* System calls that sources do not define by SYSCALL_DEFINE: those written in assembler, or that take the
 * registers. Not compiled: scan_linux reads it as it reads include/linux/syscalls.h. */
#ifdef CONFIG_ARM
/* arch/arm/kernel/{sys_arm.c,signal.c,entry-common.S} */
asmlinkage long sys_arm_fadvise64_64(int fd, int advice, loff_t offset, loff_t len);
asmlinkage long sys_mmap2(unsigned long addr, unsigned long len, unsigned long prot, unsigned long flags, unsigned long fd, unsigned long pgoff);
asmlinkage long sys_sigreturn(void);
asmlinkage long sys_rt_sigreturn(void);
#endif
#ifdef CONFIG_MIPS
/* arch/mips/kernel/{syscall.c,signal.c,scall32-o32.S}; pipe's second descriptor is in a register of its own */
asmlinkage long sys_syscall(unsigned long nr, unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e);
asmlinkage long sysm_pipe(void);
asmlinkage long sys_sigreturn(void);
asmlinkage long sys_rt_sigreturn(void);
#endif
