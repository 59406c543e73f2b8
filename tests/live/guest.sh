#!/bin/sh
# Makes a Debian guest of kernel and initramfs: busybox, Debian's strace with its libraries, and the test programs.
#
# In:  the machine's own apt configuration (mirror and keys are taken from there), programs/*.c, init, jobs.*
# Out: OUTDIR/vmlinuz, OUTDIR/initrd.gz, OUTDIR/version (the kernel's release), OUTDIR/from (SCT_KERNEL); packages stay
#      cached; or, asked for vmlinux of such a guest, OUTDIR/vmlinux: its kernel with types and symbols, of a package of
#      nearly a gigabyte that is not kept, and OUTDIR/vmlinux.version
#
# usage: tests/live/guest.sh amd64|i386 OUTDIR [vmlinux]
# SCT_GUESTS: directory for downloaded packages and private apt roots (default: build/live)
# SCT_KERNEL: a kernel image (vmlinuz) to be the guest's instead of Debian's newest, one that needs no modules
# Needs neither root nor foreign architectures in the host's dpkg: apt works in a root of its own.
set -eu

arch=$1
out=$2
here=$(cd "$(dirname "$0")" && pwd)
cache=${SCT_GUESTS:-$here/../../build/live}
mkdir -p "$out" "$cache"
cache=$(cd "$cache" && pwd)
out=$(cd "$out" && pwd)
case $arch in
amd64) flavour=amd64 qemu=x86_64 ;;
i386) flavour=686-pae qemu=i386 ;;
*) echo "guest: no such architecture: $arch (amd64, i386)" >&2; exit 1 ;;
esac
apt=$cache/apt-$arch

die() { echo "guest: $*" >&2; exit 1; }

# apt in a root of its own: its own lists, cache, and an empty idea of what is installed
private_apt() {
	tool=$1
	shift
	"$tool" -q -o APT::Architecture="$arch" -o APT::Architectures="$arch" -o APT::Sandbox::User="" \
		-o Dir::State="$apt/state" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" \
		-o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o Debug::NoLocking=1 -o Dir::Log="$apt" "$@"
}

# Debian's own suites of this machine's release, without backports, whose kernel would win otherwise
apt_sources() {
	key=/usr/share/keyrings/debian-archive-keyring.gpg
	option=
	[ ! -r $key ] || option="[signed-by=$key] "
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(LABEL)' 'Created-By: Packages' |
		awk -v o="$option" '/ main Debian/ && $2 !~ /backports/ { print "deb " o $1 " " $2 " " $3 }' | sort -u
}

apt_root() {
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/debs"
	[ -e "$apt/status" ] || : >"$apt/status"
	apt_sources >"$apt/sources.list"
	[ -s "$apt/sources.list" ] || die "this machine's apt names no Debian suite; run apt-get update first"
	# a suite that its mirror serves out of step is told and left out: the others have what is needed, or download says so
	private_apt apt-get update >"$apt/log" 2>&1 || grep '^[EW]:' "$apt/log" >&2 || true
}

# Downloads the newest kernel, and strace and busybox with all that they depend on.
download() {
	kernel=$(private_apt apt-cache depends "linux-image-$flavour" | awk '/Depends: linux-image-/ { print $2; exit }')
	[ -n "$kernel" ] || die "no linux-image-$flavour in the machine's suites"
	private_apt apt-get install -y --no-install-recommends --print-uris strace busybox-static libc6 |
		sed -n "s/^'[^']*' \([^_]*\)_.*/\1/p" >"$apt/wanted"
	echo "$kernel" >>"$apt/wanted"
	(cd "$apt/debs" && private_apt apt-get download $(cat "$apt/wanted")) >"$apt/log" 2>&1 ||
		{ tail -n 5 "$apt/log" >&2; die "download failed"; }
}

unpack() {
	rm -rf "$apt/root" "$apt/boot"
	mkdir -p "$apt/root" "$apt/boot"
	for deb in "$apt"/debs/*.deb; do
		case $deb in
		*/linux-image-*) dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$apt/boot" --wildcards './boot/*' ;;
		*) dpkg-deb -x "$deb" "$apt/root" ;;
		esac
	done
	rm -rf "$apt/root/usr/share"
}

packages() {
	[ ! -e "$apt/done" ] || return 0
	echo "guest: fetching Debian packages for $arch"
	apt_root
	download
	unpack
	: >"$apt/done"
}

# The guest's files: the packages', shell commands as links to busybox, our programs, something to look at.
tree() {
	root=$cache/root-$arch
	rm -rf "$root"
	mkdir -p "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/data" "$root/logs" "$root/t"
	cp -a "$apt/root/." "$root"
	mkdir -p "$root/bin" "$root/usr/bin"
	"$here/programs/build.sh" "$arch" "$root/t"
	cp "$here/programs/shell.sh" "$root/t"
	cp "$here/init" "$root/init"
	chmod 755 "$root/init"
	cp "$here"/jobs.* "$root/"
	i=0
	while [ $i -lt 20 ]; do
		echo "line $i of a file that programs read" >"$root/data/file$i"
		i=$((i + 1))
	done
	ln -s file0 "$root/data/link"
}

image() {
	(cd "$root" && find . -print0 | LC_ALL=C sort -z | cpio --null --quiet -o -H newc -R 0:0) |
		gzip -1 >"$out/initrd.gz.new"
	mv "$out/initrd.gz.new" "$out/initrd.gz"
	vmlinuz=${SCT_KERNEL:-$(ls "$apt"/boot/boot/vmlinuz-* | tail -n 1)}
	cp "$vmlinuz" "$out/vmlinuz"
	echo "${vmlinuz##*/vmlinuz-}" >"$out/version"
	echo "$qemu" >"$out/target"
	echo "${SCT_KERNEL:-}" >"$out/from"
}

# Debian's kernel of i386 holds neither types nor, in kallsyms, addresses of data: they are in this package only.
debug_kernel() {
	version=$(cat "$out/version")
	package=linux-image-$version-dbg
	echo "guest: fetching $package"
	rm -rf "$apt/debug"
	mkdir -p "$apt/debug"
	(cd "$apt/debug" && private_apt apt-get download "$package") >"$apt/log" 2>&1 ||
		{ tail -n 5 "$apt/log" >&2; die "download failed"; }
	dpkg-deb --fsys-tarfile "$apt/debug"/*.deb | tar -xO "./usr/lib/debug/boot/vmlinux-$version" >"$out/vmlinux.new"
	mv "$out/vmlinux.new" "$out/vmlinux"
	echo "$version" >"$out/vmlinux.version"
	rm -rf "$apt/debug"
}

packages
case ${3:-} in
vmlinux) debug_kernel ;;
*) tree && image ;;
esac
