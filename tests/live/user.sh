#!/bin/sh
# Programs under qemu-user: recorded, decoded, and compared with QEMU's own log of the same run.
#
# In:  programs in $BUILD (default: build); Debian's qemu-user 7.2, taken from apt when the machine has none with plugins
# Out: a line for every program; last line "N passed, N failed"
#
# usage: tests/live/user.sh [quick]     quick: without programs whose processes write QEMU's log at the same time: its
#                                      lines then run into each other at times, and say less than the recording
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=${BUILD:-$here/../../build}
work=${SCT_LIVE:-$build/live}/user
passed=0
failed=0
mkdir -p "$work"
work=$(cd "$work" && pwd)

decode() { # directory
	for trace in "$1"/t.zst*; do
		log=$1/t${trace#"$1"/t.zst}
		"$build/sctrace-decode" "$trace" --no-progress -o "$log.jsonl" 2>>"$1/decode.err"
		status=$?
		[ $status != 2 ] || : >"$log.cut"
		[ $status = 0 ] || [ $status = 2 ] || return 1
	done
}

try() { # bits, QEMU, name
	out=$work/$3.$1
	rm -rf "$out"
	mkdir -p "$out"
	# the pipe is open until the last process has ended, orphans too
	timeout 120 "$build/sctrace-record" -o "$out/t.zst" -- "$2" -d strace,tid -D "$out/log.%d" "$work/bin/$3.$1" \
		2>&1 </dev/null | cat >"$out/out"
	if decode "$out" && result=$(python3 "$here/user_compare.py" "$out" "$1" "$work/bin/$3.$1" 2>&1); then
		passed=$((passed + 1))
		echo "ok   $3.$1: $result"
	else
		failed=$((failed + 1))
		echo "FAIL $3.$1: $result"
	fi
}

qemu=$("$here/qemu_user.sh" "$work") || { echo "no qemu-user with plugins here, and none to be had"; exit 1; }
mkdir -p "$work/bin"
# not signals: the log that QEMU makes of it is a tangle, for it is interrupted while it writes
programs="files strange sockets selves"
[ "${1:-}" = quick ] || programs="$programs processes threads who"
for name in $programs; do
	for bits in 64 32; do
		# QEMU 7.2 itself ends when it logs this program's recvfrom
		[ $name.$bits != sockets.32 ] || continue
		${CC:-gcc} -O1 -g0 -w -pthread -mno-red-zone -D_GNU_SOURCE -m$bits -static -no-pie -o "$work/bin/$name.$bits" \
			"$here/programs/$name.c" || exit 1
		if [ $bits = 64 ]; then try 64 "$qemu/qemu-x86_64" $name; else try 32 "$qemu/qemu-i386" $name; fi
	done
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
