#!/bin/sh
# Makes the small recordings of real Debian guests that the project keeps in fixtures/.
#
# In:  programs in $BUILD, Debian packages through guest.sh
# Out: fixtures/debian-ARCH.trace.zst, fixtures/debian-ARCH.console (the guest's console of the same boot)
#
# usage: tests/live/fixture.sh [amd64|i386]...
set -eu
. "$(dirname "$0")/lib.sh"

[ $# -gt 0 ] || set -- i386 amd64
mkdir -p "$root/fixtures"
for arch in "$@"; do
	guest "$arch"
	record="--level syscalls"
	record_boot "fixture-$arch" "$arch" demo quiet || { tail -n 5 "$out/record.out" >&2; exit 1; }
	cp "$out/trace.zst" "$root/fixtures/debian-$arch.trace.zst"
	tr -d '\r' <"$out/console" >"$root/fixtures/debian-$arch.console"
	ls -l "$root"/fixtures/debian-"$arch".*
done
