# Shell functions of the live test: record a boot of a guest, get strace's logs out of it, decode and compare.
#
# In:  $build (where the programs are), $work (where guests and recordings go); guests made by guest.sh
# Out: $work/NAME/{trace.zst,console,logs.bin,logs/,decoded.jsonl,report}

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${BUILD:-$root/build}
work=${SCT_LIVE:-$root/build/live}
mkdir -p "$work"
export SCT_GUESTS="${SCT_GUESTS:-$work}"

# The guest's kernel and initramfs, made anew when anything that they are made of is newer or another one.
guest() { # architecture
	image=$work/guest-$1/initrd.gz
	made_of="$here/guest.sh $here/init $here/programs"
	if [ ! -e "$image" ] || [ "$(cat "$work/guest-$1/from" 2>/dev/null)" != "${SCT_KERNEL:-}" ] ||
		[ -n "$(find $made_of "$here"/jobs.* -newer "$image" -type f | head -n 1)" ]; then
		"$here/guest.sh" "$1" "$work/guest-$1"
	fi
}

# Beside the guest's kernel as it boots, the one with types and symbols.
guest_vmlinux() { # architecture
	cmp -s "$work/guest-$1/version" "$work/guest-$1/vmlinux.version" ||
		"$here/guest.sh" "$1" "$work/guest-$1" vmlinux
}

# Records one boot. Options of the recorder in $record, of QEMU and the kernel as arguments. On a busy machine the kernel's
# check of its timer fails now and then, and with it the boot: it is left out.
record_boot() { # name, architecture, jobs, kernel command line, QEMU options...
	name=$1 arch=$2 jobs=$3 append=$4
	shift 4
	out=$work/$name
	guest=$work/guest-$arch
	rm -rf "$out"
	mkdir -p "$out"
	timeout "${SCT_BOOT_TIMEOUT:-900}" "$build/sctrace-record" -o "$out/trace.zst" $record -- \
		"qemu-system-$(cat "$guest/target")" -m 256 -nodefaults -display none -no-reboot \
		-serial "file:$out/console" -serial "file:$out/logs.bin" -kernel "$guest/vmlinuz" -initrd "$guest/initrd.gz" \
		-append "console=ttyS0 panic=-1 no_timer_check sct.jobs=$jobs $append" "$@" >"$out/record.out" 2>&1
}

# Takes strace's logs out of what came over the second serial port; false when they are not whole.
unpack_logs() { # directory
	read -r magic size sum <"$1/logs.bin" || return 1
	[ "$magic" = sctrace-logs ] || return 1
	head -n 1 "$1/logs.bin" | wc -c >"$1/skip"
	tail -c +$(($(cat "$1/skip") + 1)) "$1/logs.bin" >"$1/logs.tgz"
	[ "$(stat -c %s "$1/logs.tgz")" = "$size" ] || return 1
	echo "$sum  $1/logs.tgz" | sha256sum -c --quiet || return 1
	mkdir -p "$1/logs"
	tar -xzf "$1/logs.tgz" -C "$1/logs"
	rm -f "$1/skip" "$1/logs.tgz"
}
