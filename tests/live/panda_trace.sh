#!/bin/sh
# Runs of an amd64 guest as PANDA's trace with a dump of memory, and by the recorder, held against each other call by call;
# panda_trace.py does it.
#
# In:  programs in $BUILD (default: build); packages from the machine's apt, cached in build/live
# Out: a report for each run; last line "N passed, N failed"
#
# usage: tests/live/panda_trace.sh [NAME...]    these runs only
# SCT_KEEP=1: the files stay in build/live/panda
set -u
. "$(dirname "$0")/lib.sh"
passed=0
failed=0
export BUILD="$build" WORK="$work/panda" GUEST="$work/guest-amd64" PLUGIN="$work/panda/panda_trace.so"

run() { # name, jobs, millions of instructions, kernel command line, QEMU options...
	name=$1 jobs=$2 limit=${3}000000
	shift 3
	if timeout "${SCT_BOOT_TIMEOUT:-600}" "$python" "$here/panda_trace.py" "$name" "$jobs" "$limit" "$@" \
		>"$WORK/report" 2>&1; then
		echo "ok   $name"
		passed=$((passed + 1))
	else
		echo "FAIL $name"
		failed=$((failed + 1))
	fi
	cat "$WORK/report"
	[ -n "${SCT_KEEP:-}" ] || rm -rf "${WORK:?}/$name"
}

each() {
	case $1 in
	plain) run plain panda 4 "nokaslr pti=off" -cpu Nehalem ;;
	kaslr-pti) run kaslr-pti panda 12 "pti=on" -cpu Nehalem ;;
	kaslr-pti-32) run kaslr-pti-32 panda32 10 "pti=on" -cpu Nehalem ;;
	amd-32) run amd-32 panda32 10 "" -cpu qemu64 ;;
	*) echo "panda_trace: no such run: $1"; exit 1 ;;
	esac
}

python=${PYTHON:-/usr/bin/python3}
mkdir -p "$WORK"
${CC:-gcc} -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -fPIC -shared -pthread $(pkg-config --cflags glib-2.0) \
	-o "$PLUGIN" "$here/panda_trace.c" $(pkg-config --libs glib-2.0) || exit 1
guest amd64 || exit 1
[ $# != 0 ] || set -- plain kaslr-pti kaslr-pti-32 amd-32
for which in "$@"; do each "$which"; done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
