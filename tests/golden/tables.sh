#!/bin/sh
# Checks the system call tables against independent sources.
#
# In:  prototypes/*.txt; asm/unistd_{32,64,x32}.h and type definitions of linux-libc-dev; with TREE=folder, a kernel
#      source tree
# Out: one line a table on standard output; exit 1 and the differences on standard error where they disagree
#
# usage: [TREE=linux-source-6.1 BUILD=build] tests/golden/tables.sh
set -eu

cd "$(dirname "$0")/../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
status=0

# Names that have a number and no entry point in Linux 6.1: ask for nothing but that the list stays this one.
cat >"$tmp/no_entry" <<'END'
linux_x86: _sysctl afs_syscall bdflush break create_module ftime get_kernel_syms getpmsg gtty idle lock mpx nfsservctl prof profil putpmsg query_module stty ulimit vserver
linux_x64: _sysctl afs_syscall create_module epoll_ctl_old epoll_wait_old get_kernel_syms get_thread_area getpmsg nfsservctl putpmsg query_module security set_thread_area tuxcall uselib vserver
linux_x32: afs_syscall getpmsg putpmsg security tuxcall
END

numbers() { # profile: "number name" of its table, sorted
	awk '/^[0-9]/ { print $1, $2 }' "prototypes/$1.txt" | sort
}

header() { # file: the same of a header, up to the last number of Linux 6.1
	awk '/^#define __NR_/ {
		sub(/__NR_/, "", $2); nr = $NF + 0 # "1" or "(__X32_SYSCALL_BIT + 1)"
		if (nr <= 450 || nr >= 512) print nr, $2
	}' "$1" | sort
}

check() { # profile header: equal but for the names without an entry point
	file=$(echo "#include <asm/$2>" | ${CC:-cc} -M -x c - 2>/dev/null | tr ' ' '\n' | grep "asm/$2" || true)
	[ -n "$file" ] || { echo "tables: no asm/$2 (package linux-libc-dev)" >&2; exit 1; }
	numbers "$1" >"$tmp/ours"
	header "$file" >"$tmp/theirs"
	comm -23 "$tmp/ours" "$tmp/theirs" | sed "s/^/$1: not in $2: /" >"$tmp/extra"
	missing=$(comm -13 "$tmp/ours" "$tmp/theirs" | cut -d' ' -f2 | LC_ALL=C sort | tr '\n' ' ')
	known=$(sed -n "s/^$1: //p" "$tmp/no_entry")
	if [ -s "$tmp/extra" ] || [ "$missing" != "$known " ]; then
		cat "$tmp/extra" >&2
		echo "$1: without a row: $missing; expected: $known" >&2
		status=1
	else
		echo "$1: $(wc -l <"$tmp/ours") rows agree with $2, $(echo $missing | wc -w) names without an entry point"
	fi
}

check linux_x86 unistd_32.h
check linux_x64 unistd_64.h
check linux_x32 unistd_x32.h

# How many calls of Linux 6.1 have an entry point; Arm's six private ones beside them.
count() { # profile, rows without those behind a multiplexer
	rows=$(numbers "$1" | wc -l)
	[ "$(grep -c '^[0-9]' "prototypes/$1.txt")" = "$2" ] && [ "$rows" = "$2" ] && echo "$1: $rows rows" && return
	echo "$1: $rows rows, $2 expected" >&2
	status=1
}

count linux_arm $((399 + 6))
count linux_arm64 305
count linux_mips_o32 392

# Widths of types.txt against the headers that programs see, which name the same types otherwise.
types() { # -m32|-m64 column
	{
		printf '#include <linux/%s.h>\n' types posix_types aio_abi fs time_types
		while read -r type name; do
			awk -v t="$type" -v n="$name" -v column="$2" '!/^#/ && NF >= 3 {
				code = $(NF - 2 + column); $NF = $(NF - 1) = ""; sub(/ +$/, "")
				if ($0 == t) printf "_Static_assert(sizeof(%s) == %s && ((%s)-1 < (%s)0) == %d, \"%s\");\n",
					n, substr(code, 2), n, n, code ~ /^i/, t
			}' prototypes/types.txt
		done <<-END
			char char
			long long
			size_t __kernel_size_t
			off_t __kernel_off_t
			loff_t __kernel_loff_t
			pid_t __kernel_pid_t
			uid_t __kernel_uid32_t
			gid_t __kernel_gid32_t
			old_uid_t __kernel_old_uid_t
			old_gid_t __kernel_old_gid_t
			key_t __kernel_key_t
			mqd_t __kernel_mqd_t
			timer_t __kernel_timer_t
			clockid_t __kernel_clockid_t
			rwf_t __kernel_rwf_t
			aio_context_t aio_context_t
			__kernel_old_time_t __kernel_old_time_t
		END
	} >"$tmp/types.c"
	[ "$(grep -c '^_Static' "$tmp/types.c")" = 17 ] || { echo "tables: types.txt lacks a type" >&2; status=1; }
	${CC:-cc} "$1" -fsyntax-only "$tmp/types.c" || status=1
}

types -m32 1
types -m64 2

# made again from the sources, the tables are the same to the byte
if [ -n "${TREE:-}" ]; then
	make -s BUILD="${BUILD:-build}" "${BUILD:-build}/scan_linux"
	cp prototypes/*.txt prototypes/declared.h "$tmp"
	"${BUILD:-build}/scan_linux" "$TREE" "$tmp" >"$tmp/log"
	for p in linux_x86 linux_x64 linux_x32 linux_arm linux_arm64 linux_mips_o32; do
		cmp "prototypes/$p.txt" "$tmp/$p.txt" || status=1
	done
	[ $status != 0 ] || echo "tables: the same when made again from $TREE"
fi
exit $status
