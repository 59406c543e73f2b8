#!/bin/sh
# QEMU's log of whole guests, system_log.py: i386 and amd64.
#
# In:  programs in $BUILD (default: build); packages from the machine's apt, cached in build/live
# Out: one line for each guest; the last line is "N passed, N failed"
set -u
. "$(dirname "$0")/lib.sh"
export BUILD="$build"
. "$root/tests/lib.sh"

system_log() { # architecture
	export GUEST="$work/guest-$1" WORK="$work/log-$1"
	rm -rf "$WORK"
	mkdir -p "$WORK"
	python3 "$here/system_log.py"
	status=$?
	rm -rf "$WORK"
	return $status
}

guest i386 && guest amd64 || exit 1
for arch in i386 amd64; do
	test_that "log of a whole machine, $arch" system_log $arch
done
finish
