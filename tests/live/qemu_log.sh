#!/bin/sh
# Text logs of programs under qemu-user, decoded, held against the -strace lines that the same run writes into them.
#
# In:  programs in $BUILD (default: build); qemu-user: the machine's, and Debian's 7.2, taken from apt if it is not here
# Out: a line for every log; last line "N passed, N failed"
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=${BUILD:-$here/../../build}
work=${SCT_LIVE:-$build/live}
passed=0
failed=0
mkdir -p "$work/qemu_log/bin" "$work/user"
work=$(cd "$work" && pwd)
build=$(cd "$build" && pwd)

# Where the QEMUs are, by version.
find_qemus() {
	command -v qemu-x86_64 >/dev/null && command -v qemu-i386 >/dev/null && dirname "$(command -v qemu-x86_64)"
	if [ ! -x "$work/user/qemu/usr/bin/qemu-x86_64" ]; then
		version=$(apt-cache madison qemu-user | sed -n 's/.*| *\([^ ]*:7\.2[^ ]*\) .*/\1/p' | head -n 1)
		(cd "$work/user" && apt-get download -q "qemu-user=$version" && dpkg-deb -x qemu-user_*.deb qemu) >&2 ||
			return 0
	fi
	echo "$work/user/qemu/usr/bin"
}

try() { # QEMU, program, what has to be there, options...
	qemu=$1 program=$2 how=$3
	shift 3
	name="$(basename "$qemu") $(basename "$program") $("$qemu" --version | sed -n 's/.*version \([0-9]*\.[0-9]*\).*/\1/p') $*"
	log=$work/qemu_log/log
	(cd "$work/qemu_log" && timeout 60 "$qemu" -strace "$@" -D "$log" "$program" ${arguments:-} >/dev/null 2>&1 </dev/null)
	why=$("$build/sctrace-decode" "$log" --no-progress -o "$log.jsonl" 2>&1)
	status=$?
	# of blocks of several instructions the last may not have been reached: handlers runs into faults on purpose
	[ "$how" = all ] || [ "$why" = "${why#*nothing shows that they were reached}" ] || [ $status != 2 ] || status=0
	if [ $status = 0 ] &&
		result=$(python3 "$here/qemu_log.py" "$log" "$log.jsonl" "$how" 2>&1); then
		passed=$((passed + 1))
		echo "ok   $name: $result"
	else
		failed=$((failed + 1))
		echo "FAIL $name: $why ${result:-}"
	fi
	rm -f "$log" "$log.jsonl"
}

# Single instructions show everything.
try_single() { # QEMU, program, what has to be there
	single=-singlestep
	! "$1" -help | grep -q one-insn-per-tb || single=-one-insn-per-tb
	try "$1" "$2" "$3" -d in_asm,exec,cpu,nochain $single
}

# Blocks of instructions show what their code tells; chained ones leave calls out.
try_all() { # QEMU, program
	try_single "$1" "$2" all
	try "$1" "$2" most -d in_asm,exec,cpu,nochain
	try "$1" "$2" some -d in_asm,exec,cpu
}

qemus=$(find_qemus)
[ -n "$qemus" ] || { echo "SKIPPED: no qemu-user here, and none to be had"; echo "0 passed, 0 failed"; exit 0; }
for source in "$here/handlers.c" "$here/programs/files.c" "$here/programs/strange.c"; do
	for bits in 64 32; do
		program=$work/qemu_log/bin/$(basename "$source" .c).$bits
		${CC:-gcc} -O1 -g0 -w -pthread -mno-red-zone -D_GNU_SOURCE -m$bits -static -no-pie -o "$program" \
			"$source" || exit 1
		for qemu in $qemus; do
			[ $bits = 64 ] || try_all "$qemu/qemu-i386" "$program"
			[ $bits = 32 ] || try_all "$qemu/qemu-x86_64" "$program"
		done
	done
done

# Other architectures: Debian's busybox of each. Words on MIPS's stack are in no log.
arguments="ls -l /etc/hostname /nonexistent"
while read -r arch target how; do
	program=$work/qemu_log/$arch/bin/busybox
	[ -x "$program" ] || "$here/foreign.sh" "$arch" busybox-static "$work/qemu_log/$arch" ||
		{ echo "SKIPPED: no busybox-static of $arch to be had"; continue; }
	for qemu in $qemus; do
		[ ! -x "$qemu/qemu-$target" ] || try_single "$qemu/qemu-$target" "$program" "$how"
	done
done <<END
arm64 aarch64 all
armhf arm all
mipsel mipsel most
END
echo "$passed passed, $failed failed"
[ $failed = 0 ]
