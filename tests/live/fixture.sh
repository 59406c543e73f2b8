#!/bin/sh
# Makes the small recordings of real Debian guests that the project keeps in fixtures/.
#
# In:  programs in $BUILD, Debian packages through guest.sh
# Out: fixtures/debian-ARCH.trace.zst, fixtures/debian-ARCH.console (the guest's console of the same boot); for
#      amd64-types the recording is one with --types, and fixtures/debian-amd64-types.types.json has these types
#
# usage: tests/live/fixture.sh [amd64|i386|amd64-types]...
set -eu
. "$(dirname "$0")/lib.sh"

# The kernel's types and where its data lay in an earlier boot, as the guest shows them, cut down to what is asked of them.
types() { # architecture, file
	record="--level syscalls"
	record_boot "fixture-$1-first" "$1" types "" || return
	unpack_logs "$out" || return
	python3 "$root/tests/golden/cut_types.py" "$out/logs/btf.out" "$out/logs/kallsyms.out" "$out/console" >"$2"
}

fixture() { # what it is called, architecture, jobs
	record_boot "fixture-$1" "$2" "$3" quiet || { tail -n 5 "$out/record.out" >&2; exit 1; }
	fixture=$root/fixtures/debian-$made
	cp "$out/trace.zst" "$fixture.trace.zst"
	tr -d '\r' <"$out/console" >"$fixture.console"
	ls -l "$fixture".*
}

[ $# -gt 0 ] || set -- i386 amd64 amd64-types
mkdir -p "$root/fixtures"
for made in "$@"; do
	arch=${made%-types}
	guest "$arch"
	record="--level syscalls"
	if [ "$made" = "$arch" ]; then
		fixture "$made" "$arch" demo
	else
		file=$root/fixtures/debian-$made.types.json
		types "$arch" "$file" || { echo "fixture: the guest's types did not come out of it: $out/console" >&2; exit 1; }
		record="--level syscalls --types $file"
		fixture "$made" "$arch" who
	fi
done
