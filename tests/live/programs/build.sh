#!/bin/sh
# Compiles the test programs for a guest.
#
# In:  *.c beside this script
# Out: DIR/NAME, DIR/NAME.dyn (against the guest's libc); on amd64 also NAME.32 and, for those that are made for it, x32
#
# usage: tests/live/programs/build.sh amd64|i386 DIR
set -eu

arch=$1
dir=$2
here=$(cd "$(dirname "$0")" && pwd)
# no warnings: these programs do wrong things on purpose; no red zone: some push in assembly
cc="${CC:-gcc} -O1 -g0 -w -pthread -mno-red-zone -D_GNU_SOURCE"

build() { # suffix, flags...
	suffix=$1
	shift
	for c in "$here"/*.c; do
		name=$(basename "$c" .c)
		case $name in
		only64_*) [ "$suffix" = "" ] && [ "$arch" = amd64 ] || continue ;;
		only32_*) [ "$arch$suffix" = i386 ] || [ "$suffix" = .32 ] || continue ;;
		onlyx32_*) [ "$suffix" = .x32 ] || continue ;;
		*) [ "$suffix" != .x32 ] || continue ;;
		esac
		$cc "$@" -o "$dir/$name$suffix" "$c"
		strip "$dir/$name$suffix"
	done
}

if [ "$arch" = amd64 ]; then
	build "" -m64 -static
	build .dyn -m64
	build .32 -m32 -static -fno-pie
	build .x32 -m64 -static
else
	build "" -m32 -static -fno-pie
	build .dyn -m32
fi
