#!/bin/sh
# Finds a qemu-user that takes plugins and logs single steps, as Debian's 7.2 does, or takes it from apt.
#
# In:  DIR, where a downloaded one is kept; the machine's apt
# Out: the folder of qemu-i386, qemu-x86_64 and the others, on standard output; exit status 1: there is none
#
# usage: tests/live/qemu_user.sh DIR
set -u
dir=${1:?a folder}

if qemu-x86_64 -help 2>/dev/null | grep -q -- -plugin; then
	dirname "$(command -v qemu-x86_64)"
	exit
fi
if [ ! -x "$dir/qemu/usr/bin/qemu-x86_64" ]; then
	version=$(apt-cache madison qemu-user | sed -n 's/.*| *\([^ ]*:7\.2[^ ]*\) .*/\1/p' | head -n 1)
	mkdir -p "$dir"
	(cd "$dir" && apt-get download -q "qemu-user=$version" && dpkg-deb -x qemu-user_*.deb qemu) >&2 || exit 1
fi
echo "$dir/qemu/usr/bin"
