#!/bin/sh
# Snapshots of one stopped Debian guest in every form that QEMU writes, held against each other; snapshots.py does it.
#
# In:  programs in $BUILD (default: build); packages from the machine's apt, cached in build/live
# Out: a line for each form; last line "N passed, N failed"
#
# usage: tests/live/snapshots.sh [quick]    quick: one small guest of each architecture; without it also guests with
#                                          5 GiB on both boards, whose RAM goes on behind the hole for devices
# SCT_KEEP=1: the files stay in build/live/snapshots
set -u
. "$(dirname "$0")/lib.sh"
passed=0
failed=0
export BUILD="$build" WORK="$work/snapshots" IMAGE_FORMS="$work/snapshots/image_forms"

snapshots() { # architecture, name, RAM in MiB, forms to leave out, options of QEMU
	arch=$1
	shift
	GUEST=$work/guest-$arch python3 "$here/snapshots.py" "$@" >"$WORK/report" 2>&1
	sed '$d' "$WORK/report"
	counts=$(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$WORK/report")
	[ -n "$counts" ] || { tail -n 1 "$WORK/report"; counts="0 1"; }
	passed=$((passed + ${counts% *}))
	failed=$((failed + ${counts#* }))
}

mkdir -p "$WORK"
${CC:-gcc} -O2 -o "$IMAGE_FORMS" "$here/image_forms.c" -lsnappy || exit 1
guest i386 && guest amd64 || exit 1
if [ "${1:-}" = quick ]; then
	snapshots i386 i386 128 -compressed
	# the page tables of this one make a dump of 65,000 segments, which takes QEMU 8 s
	snapshots amd64 amd64 128 -paging -compressed -cpu Nehalem
else
	snapshots i386 i386 256 -vga std
	snapshots amd64 amd64 256 -cpu Nehalem
	for board in pc q35; do
		snapshots i386 "i386-$board-5G" 5120 -lime -avml -compressed -M $board
		snapshots amd64 "amd64-$board-5G" 5120 -lime -avml -paging -compressed -M $board -cpu Nehalem
	done
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
