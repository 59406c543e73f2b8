#!/bin/sh
# Installs what the build and the tests need and is missing, through apt, and says what it does.
#
# In:  package lists below; the machine's own apt configuration (the mirror is taken from there)
# Out: installed packages; for QEMU 10 a source entry for Debian's backports beside the existing ones
#
# usage: tests/deps.sh [build|live]     build: to compile and run the offline tests; live (default): all
set -eu

build="gcc clang make pkg-config libc6-dev libcapstone-dev libelf-dev libdwarf-dev libprotobuf-c-dev protobuf-c-compiler
protobuf-compiler libzstd-dev zlib1g-dev liblzma-dev check libglib2.0-dev zstd gzip xz-utils python3 python3-protobuf
libclang-rt-14-dev llvm-14 jq"
live="qemu-system-x86 qemu-user busybox-static strace cpio gcc-multilib kmod linux-libc-dev"

missing() {
	for p in "$@"; do
		dpkg-query -W -f='${db:Status-Status}\n' "$p" 2>/dev/null | grep -qx installed || printf '%s ' "$p"
	done
}

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

fetch() { # packages: install them without asking
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		echo "deps: apt-get could not install: $*" >&2
		exit 1
	}
}

# The plugin API that the recorder needs came after Debian 12's own QEMU 7.2: take 10.0 from backports,
# at the mirror that already serves this machine's bookworm.
add_backports() {
	apt-cache policy qemu-system-x86 | grep -q bookworm-backports && return 0
	site=$(apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' | awk '$2 == "bookworm" { print $1; exit }')
	[ -n "$site" ] || { echo "deps: apt names no bookworm mirror; add bookworm-backports by hand" >&2; exit 1; }
	echo "deps: adding bookworm-backports from this machine's own mirror (sctrace-backports.sources)"
	key=/usr/share/keyrings/debian-archive-keyring.gpg
	{
		printf 'Types: deb\nURIs: %s\nSuites: bookworm-backports\nComponents: main\n' "$site"
		[ ! -r $key ] || echo "Signed-By: $key"
	} | as_root tee /etc/apt/sources.list.d/sctrace-backports.sources >/dev/null
	as_root apt-get update -q >"$log" 2>&1
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
want=$build
[ "${1:-live}" = build ] || want="$build $live"
todo=$(missing $want)
qemu_old() {
	[ "${1:-live}" != build ] &&
		! dpkg-query -W -f='${Version}\n' qemu-system-x86 2>/dev/null | grep -qE '^1:(1[0-9]|9)'
}
[ -n "$todo" ] || qemu_old "$@" || { echo "deps: all there"; exit 0; }
echo "deps: apt-get update"
as_root apt-get update -q >"$log" 2>&1 || { tail -n 5 "$log" >&2; exit 1; }
plain=$(printf '%s\n' $todo | grep -vx qemu-system-x86 || true)
[ -z "$plain" ] || { echo "deps: installing" $plain; fetch $plain; }
if qemu_old "$@"; then
	add_backports
	echo "deps: installing qemu-system-x86 from bookworm-backports"
	fetch -t bookworm-backports qemu-system-x86
fi
echo "deps: done"
