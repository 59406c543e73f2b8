#!/bin/sh
# Installs what is missing through apt, and says what it does. Works as root or with sudo; asks nothing.
#
# In:  the package lists below; the machine's own apt configuration
# Out: installed packages; where this Debian's QEMU is too old for the recorder, a source entry for its backports
#
# usage: tests/deps.sh [build|check|live]
#   build: to compile and run the demo; check: also to run the tests that need no guest; live (default): also to
#   record guests
set -eu

build="gcc make pkg-config libc6-dev libcapstone-dev libprotobuf-c-dev protobuf-c-compiler protobuf-compiler libzstd-dev
zlib1g-dev liblzma-dev libelf-dev libdwarf-dev libjansson-dev libarchive-dev liblzo2-dev libsnappy-dev liblz4-dev libbz2-dev
libglib2.0-dev jq"
# check ends with what libarchive names to programs that link it statically
check="clang gcc-multilib libclang-rt-dev llvm check zstd gzip xz-utils python3 python3-protobuf man-db groff-base
linux-libc-dev libacl1-dev libxml2-dev nettle-dev bzip2 lz4"
live="qemu-user busybox-static strace cpio kmod dwarves"
qemu=qemu-system-x86
qemu_since=10 # the first major version whose plugin interface has what the recorder needs

case ${1:-live} in
build) want=$build ;;
check) want="$build $check" ;;
live) want="$build $check $live" ;;
*) echo "usage: tests/deps.sh [build|check|live]" >&2; exit 1 ;;
esac

is_there() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing() {
	for p in "$@"; do
		is_there "$p" || echo "$p"
	done
}

version_of() { # installed|candidate: QEMU's major version, or 0
	case $1 in
	installed) v=$(dpkg-query -W -f='${Version}' $qemu 2>/dev/null || true) ;;
	candidate) v=$(apt-cache policy $qemu | awk '/Candidate:/ { print $2 }') ;;
	esac
	v=$(echo "$v" | sed -n 's/^\([0-9]*:\)\{0,1\}\([0-9]*\)\..*/\2/p')
	echo "${v:-0}"
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "deps: neither root nor sudo: install these by hand:" $todo >&2
		exit 1
	fi
}

apt() { # arguments of apt-get; its output is shown only when it fails
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q "$@" >"$log" 2>&1 </dev/null || {
		tail -n 20 "$log" >&2
		echo "deps: apt-get $* failed" >&2
		exit 1
	}
}

# The backports of this machine's Debian release, at the mirror that its own apt configuration already uses for it.
add_backports() {
	release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	! apt-cache policy | grep -q "n=$release-backports" || return 0
	site=$(apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' |
		awk -v release="$release" '$2 == release { print $1; exit }')
	[ -n "$site" ] || { echo "deps: apt names no mirror of $release; add $release-backports by hand" >&2; exit 1; }
	list=/etc/apt/sources.list.d/sctrace-backports.sources
	key=/usr/share/keyrings/debian-archive-keyring.gpg
	echo "deps: adding $release-backports of $site in $list"
	{
		printf 'Types: deb\nURIs: %s\nSuites: %s-backports\nComponents: main\n' "$site" "$release"
		[ ! -r $key ] || echo "Signed-By: $key"
	} | as_root tee $list >/dev/null
	apt update
}

install_qemu() {
	if [ "$(version_of candidate)" -ge $qemu_since ]; then
		echo "deps: installing $qemu"
		apt install -y --no-install-recommends $qemu
		return
	fi
	add_backports
	echo "deps: installing $qemu of $release-backports"
	apt install -y --no-install-recommends -t "$release-backports" $qemu
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
todo=$(missing $want)
old_qemu=
[ "${1:-live}" != live ] || [ "$(version_of installed)" -ge $qemu_since ] || old_qemu=$qemu
if [ -z "$todo$old_qemu" ]; then
	echo "deps: nothing is missing"
	exit 0
fi
echo "deps: missing:" $todo $old_qemu
command -v apt-get >/dev/null || {
	echo "deps: this machine has no apt-get; install the like of these by hand" >&2
	exit 1
}
apt update
if [ -n "$todo" ]; then
	echo "deps: installing" $todo
	apt install -y --no-install-recommends $todo
fi
[ -z "$old_qemu" ] || install_qemu
echo "deps: done"
