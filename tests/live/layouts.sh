#!/bin/sh
# Layouts of types of a Debian guest's kernel, held against pahole's.
#
# In:  $BUILD/sctrace-info; pahole (Debian's package dwarves); a kernel image, by default the amd64 guest's; or a vmlinux
#      with BTF and DWARF (Debian's packages linux-image-*-dbg), then its DWARF is compared
# Out: the types that differ; the last line is "N passed, N failed"
#
# usage: tests/live/layouts.sh [COUNT [SEED [KERNEL]]]
set -eu
. "$(dirname "$0")/lib.sh"
kernel=${3:-$work/guest-amd64/vmlinuz}
[ $# -ge 3 ] || guest amd64
raw=$(mktemp)
trap 'rm -f "$raw"' EXIT
"${PYTHON:-/usr/bin/python3}" "$here/layouts.py" "$kernel" "$raw" "${1:-500}" "${2:-1}"
