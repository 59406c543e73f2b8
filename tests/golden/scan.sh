#!/bin/sh
# Checks scan_linux, gen_tables and gen_structs on a kernel tree of a few lines that has every trap, and on lines they
# must refuse.
#
# In:  the sources below, prototypes/*.c
# Out: one line on standard output; exit 1 and the differences on standard error
#
# usage: [BUILD=build] tests/golden/scan.sh
set -eu

cd "$(dirname "$0")/../.."
build=${BUILD:-build}
make -s BUILD="$build" "$build/scan_linux" "$build/gen_tables" "$build/gen_structs"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tree=$tmp/tree
status=0

for d in arch/x86/entry/syscalls arch/x86/um arch/arm/tools arch/arm64 arch/mips/kernel/syscalls include/uapi/asm-generic block drivers fs init io_uring ipc kernel lib mm net security include/linux; do
	mkdir -p "$tree/$d"
done

cat >"$tree/arch/x86/entry/syscalls/syscall_32.tbl" <<'END'
# number abi name entry compat
9	i386	seek		sys_seek
2	i386	clone		sys_clone		compat_sys_ia32_clone
3	i386	gone
4	i386	refused		sys_ni_syscall
5	i386	pread64		sys_ia32_pread64
6	i386	mark		sys_mark		compat_sys_mark
7	i386	cookie		sys_cookie
8	i386	two		sys_two
END
cat >"$tree/arch/x86/entry/syscalls/syscall_64.tbl" <<'END'
0	common	read		sys_read
1	64	clone		sys_clone
6	common	mark		sys_mark
8	common	two		sys_two
512	x32	ioctl		compat_sys_ioctl
END
cat >"$tree/arch/arm/tools/syscall.tbl" <<'END'
# 7 was sys_waitpid
2	oabi	old		sys_old
4	common	read		sys_read
6	eabi	cookie		sys_cookie
8	common	two		sys_two
9	common	pos_wrapped	sys_pos_wrapper
END
cat >"$tree/arch/mips/kernel/syscalls/syscall_o32.tbl" <<'END'
0	o32	syscall		sys_syscall	sys32_syscall
1	o32	pos		sys_pos
2	o32	clone		__sys_clone
END
cat >"$tree/include/uapi/asm-generic/unistd.h" <<'END'
#define __NR_read 63
__SYSCALL(__NR_read, sys_read)
#if __BITS_PER_LONG == 32
#define __NR_none 64
__SYSCALL(__NR_none, sys_none)
#endif
#define __NR_mark 65
__SC_COMP(__NR_mark, sys_mark, \
	  compat_sys_mark)
#define __NR3264_two 7
__SC_3264(__NR3264_two, sys_none, sys_two)
#if __BITS_PER_LONG == 64 && !defined(__SYSCALL_COMPAT)
#define __NR_two __NR3264_two
#else
#define __NR_two64 __NR3264_two
#endif
#define __NR_syscalls 451
END
cat >"$tree/kernel/a.c" <<'END'
SYSCALL_DEFINE3(pos, int, fd, loff_t, pos, int, next)
/* SYSCALL_DEFINE1(read, int, in_a_comment) */
// SYSCALL_DEFINE1(read, int, in_a_comment)
static const char *s = "/* not a comment";
#ifdef CONFIG_CLONE_BACKWARDS
SYSCALL_DEFINE3(clone, unsigned long, flags, unsigned long, tls, int __user *, child)
#elif defined(CONFIG_CLONE_BACKWARDS2)
SYSCALL_DEFINE3(clone, int __user *, child, unsigned long, flags, unsigned long, tls)
#else
SYSCALL_DEFINE3(clone, unsigned long, flags,
		int __user *, child, /* the other way round */
		unsigned long, tls)
#endif
SYSCALL_DEFINE3(read, unsigned int, fd, char __user *, buf, size_t, count)
{
}
COMPAT_SYSCALL_DEFINE3(ioctl, unsigned int, fd, unsigned int, cmd, compat_ulong_t, arg)
#if !defined(CONFIG_ARCH_SPLIT_ARG64) && \
	defined(CONFIG_64BIT)
SYSCALL_DEFINE2(mark, int, fd, __u64, mask)
#endif
#if defined(CONFIG_ARCH_SPLIT_ARG64) || defined(CONFIG_COMPAT)
SYSCALL32_DEFINE3(mark, int, fd, SC_ARG64(mask))
#endif
SYSCALL_DEFINE4(seek, unsigned int, fd, unsigned long, offset_high, unsigned long, offset_low, loff_t __user *, result)
END
cat >"$tree/arch/x86/b.c" <<'END'
SYSCALL_DEFINE5(ia32_pread64, unsigned int, fd, char __user *, ubuf, u32, count, u32, poslo, u32, poshi)
SYSCALL_DEFINE2(two, const char __user *const __user *, argv, struct s __user *const, own)
END
echo 'SYSCALL_DEFINE1(two, int, generic)' >"$tree/fs/two.c"
echo 'SYSCALL_DEFINE1(read, int, user_mode_linux)' >"$tree/arch/x86/um/read.c"
cat >"$tree/include/linux/syscalls.h" <<'END'
asmlinkage long sys_cookie(u64 cookie64, char __user *buf,
			   size_t len);
asmlinkage long sys_read(unsigned int, char __user *, size_t);
END
: >"$tree/include/linux/compat.h"

tables() { # makes the folder that scan_linux works in
	mkdir -p "$1"
	cp prototypes/types.txt "$1"
	echo '# behind a multiplexer' >"$1/multiplexed_x86.txt"
	echo '983041 own arm_own()' >"$1/private_arm.txt"
	echo 'asmlinkage long sys_syscall(unsigned long nr);' >"$1/declared.h"
	cat >"$1/marks.txt" <<'END'
*                  fd     fd
read,ia32_pread64  buf    buf out len=ret/count
ia32_pread64       ubuf   buf out len=ret/count
clone              child  num out
clone              -      fork
seek               result num out
two                argv   strv in
two                own    struct:t in when=argv=1
 | ptr out
cookie             buf    buf out len=ret/len
END
}

tables "$tmp/t"
"$build/scan_linux" "$tree" "$tmp/t" >/dev/null
cat >"$tmp/expected" <<'END'
2 clone sys_clone(unsigned long flags [u4], unsigned long tls [u4], int *child [num:i4 out]) fork
5 pread64 sys_ia32_pread64(unsigned int fd [fd], char *ubuf [buf out len=ret/count], u32 count [u4], loff_t pos [i8 lohi])
6 mark sys_mark(int fd [fd], u64 mask [u8 lohi])
7 cookie sys_cookie(u64 cookie64 [u8 lohi], char *buf [buf out len=ret/len], size_t len [u4])
8 two sys_two(const char * const *argv [strv in], struct s *own [struct:t in when=argv=1 | ptr out])
9 seek sys_seek(unsigned int fd [fd], loff_t offset [i8 hilo], loff_t *result [num:i8 out])
0 read sys_read(unsigned int fd [fd], char *buf [buf out len=ret/count], size_t count [u8])
1 clone sys_clone(unsigned long flags [u8], int *child [num:i4 out], unsigned long tls [u8]) fork
6 mark sys_mark(int fd [fd], __u64 mask [u8])
8 two sys_two(const char * const *argv [strv in], struct s *own [struct:t in when=argv=1 | ptr out])
0 read sys_read(unsigned int fd [fd], char *buf [buf out len=ret/count], size_t count [u8])
6 mark sys_mark(int fd [fd], __u64 mask [u8])
8 two sys_two(const char * const *argv [strv in], struct s *own [struct:t in when=argv=1 | ptr out])
512 ioctl compat_sys_ioctl(unsigned int fd [fd], unsigned int cmd [u4], compat_ulong_t arg [u4])
4 read sys_read(unsigned int fd [fd], char *buf [buf out len=ret/count], size_t count [u4])
6 cookie sys_cookie(u64 cookie64 [u8 slot=0 lohi], char *buf [buf out len=ret/len], size_t len [u4])
8 two sys_two(int generic [i4])
9 pos_wrapped sys_pos(int fd [fd], loff_t pos [i8 slot=2 lohi], int next [i4])
983041 own arm_own()
7 two sys_two(int generic [i4])
63 read sys_read(unsigned int fd [fd], char *buf [buf out len=ret/count], size_t count [u8])
65 mark sys_mark(int fd [fd], __u64 mask [u8])
4000 syscall sys_syscall(unsigned long nr [u4])
4001 pos sys_pos(int fd [fd], loff_t pos [i8 slot=2 lohi], int next [i4])
4002 clone sys_clone(unsigned long flags [u4], unsigned long tls [u4], int *child [num:i4 out]) fork
END
grep -hv '^#' "$tmp/t/linux_x86.txt" "$tmp/t/linux_x64.txt" "$tmp/t/linux_x32.txt" \
	"$tmp/t/linux_arm.txt" "$tmp/t/linux_arm64.txt" "$tmp/t/linux_mips_o32.txt" | diff "$tmp/expected" - >&2 || status=1

refused() { # what expected-message command…
	what=$1 message=$2
	shift 2
	if "$@" >/dev/null 2>"$tmp/err" || ! grep -q "$message" "$tmp/err"; then
		echo "scan: $what: expected '$message', got '$(cat "$tmp/err")'" >&2
		status=1
	fi
}

# what scan_linux must not guess
refused 'no tree' 'cannot be read' "$build/scan_linux" "$tmp/none" "$tmp/t"
echo 'no_such_call x fd' >>"$tmp/t/marks.txt"
refused 'stale mark' 'marks.txt:11: no call' "$build/scan_linux" "$tree" "$tmp/t"
tables "$tmp/t"
sed -i '/^size_t/d' "$tmp/t/types.txt"
refused 'unknown type' "'size_t' is not in types.txt" "$build/scan_linux" "$tree" "$tmp/t"
tables "$tmp/t"
echo 'SYSCALL_DEFINE1(read, int, fd)' >"$tree/fs/twin.c"
refused 'twins' 'sys_read differs from' "$build/scan_linux" "$tree" "$tmp/t"
rm "$tree/fs/twin.c"
echo '10 i386 none sys_none' >>"$tree/arch/x86/entry/syscalls/syscall_32.tbl"
refused 'no definition' 'no definition of sys_none' "$build/scan_linux" "$tree" "$tmp/t"

# lines that gen_tables must refuse: message, then line
while IFS='|' read -r message line; do
	printf '# head\n%s\n' "$line" >"$tmp/linux_x64.txt"
	refused "$line" "linux_x64.txt:2: .*$message" "$build/gen_tables" "$tmp/linux_x64.txt"
done <<'END'
NUMBER NAME|1
NUMBER NAME|1 read sys_read
NUMBER NAME|1 read sys_read(int fd [fd]
not a number|x read sys_read()
not a number|-1 read sys_read()
not a number|4294967296 read sys_read()
TYPE NAME|1 read sys_read(int fd)
TYPE NAME|1 read sys_read(int fd[fd])
type and name|1 read sys_read(fd [fd])
is not a name|1 "read" sys_read()
is not a name|1 read sys read()
is missing|1 read ()
is not a name|1 read sys_read(int\ fd [fd])
no class|1 read sys_read(int fd [])
not known|1 read sys_read(int fd [u3])
not known|1 read sys_read(int fd [num:x])
not known|1 read sys_read(int fd [fd]) fast
no parameter|1 read sys_read(int fd [fd]) fd-result=x:1
expected|1 read sys_read(int fd [fd]) fd-result=fd
more numbers|1 read sys_read(int fd [fd]) fd-result=fd:1,2,3
no parameter|1 read sys_read(char *buf [buf in len=count])
no parameter|1 read sys_read(char *buf [str when=x:1])
expected|1 read sys_read(char *buf [str when=x])
above 31|1 read sys_read(char *buf [str when=x:32], int x [i4])
not known|1 read sys_read(char *buf [buf:t in])
no parameter|1 read sys_read(char *buf [struct in when=*x=1])
no parameter|1 read sys_read(char *buf [struct in len=word+x])
behind what always|1 read sys_read(char *buf [struct in | ptr in])
behind what always|1 read sys_read(char *buf [struct out when=ret | ptr in])
no class|1 read sys_read(char *buf [struct in when=buf=1 | in])
too many|1 a sys_a(int a [i4], int b [i4], int c [i4], int d [i4], int e [i4], int f [i4], int g [i4])
more words|1 a sys_a(int a [i4 slot=6])
END
printf '2 b sys_b()\n1 a sys_a()\n' >"$tmp/linux_x64.txt"
refused 'order' 'linux_x64.txt:2: number 1 behind 2' "$build/gen_tables" "$tmp/linux_x64.txt"
refused 'no file' 'cannot be opened' "$build/gen_tables" "$tmp/none.txt"

# lines that gen_structs must refuse, behind the first one that has the machine
while IFS='|' read -r message line; do
	printf "machine little 8\n$line\n" >"$tmp/structs_linux_x64.txt"
	refused "$line" "structs_linux_x64.txt:.*$message" "$build/gen_structs" "$tmp/structs_linux_x64.txt"
done <<'END'
not a definition|thing a 4
name and size|struct a
a number|struct a x
a second definition|struct a 4\nstruct a 4
indented too deep|struct a 4\n\t\t0 4 int x
a number|struct a 4\n\tx 4 int x
type and name|struct a 4\n\t0 4 int
not known|struct a 4\n\t0 4 integer x
not a name|struct a 4\n\t0 4 int x-y
':' is|struct a 4\n\t0.1 2 int x
a number|struct a 4\n\t0 4 int[x] y
dimensions|struct a 4\n\t0 4 int[1]x y
value and name|enum a 4 signed\n\tA
END
printf 'struct a 4\n' >"$tmp/structs_linux_x64.txt"
refused 'no machine' 'no machine' "$build/gen_structs" "$tmp/structs_linux_x64.txt"

[ $status != 0 ] || echo "scan: tables of the small tree as expected, bad lines refused"
exit $status
