#!/bin/sh
# What sctrace-info tells of traces, snapshots and PANDA's recordings, as JSON and as text.
#
# In:  $BUILD/sctrace-info, recordings and snapshots in fixtures/, jq, zstd
# Out: one line for each test; the last line is "N passed, N failed"
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
info=$build/sctrace-info
core=fixtures/panda-i386.core.zst

holds() { # status, jq's condition on the list of objects, arguments...
	want=$1 condition=$2
	shift 2
	"$info" --json "$@" >"$tmp/json" 2>"$tmp/messages"
	status=$?
	[ $status = "$want" ] && jq -es "$condition" "$tmp/json" >"$tmp/jq" 2>&1 && return
	echo "status $status"
	cat "$tmp/messages" "$tmp/json" "$tmp/jq"
	return 1
}

says() { # status, text of the output or message, arguments...
	want=$1 text=$2
	shift 2
	"$info" "$@" >"$tmp/out" 2>&1
	status=$?
	[ $status = "$want" ] && grep -q -- "$text" "$tmp/out" && return
	echo "status $status"
	cat "$tmp/out"
	return 1
}

# the parts of a recording: a snapshot, a log of one instruction with an interrupt and the end, a trace
recording() { # base name
	cp "$core" "$1-rr-snp.zst"
	printf '\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\4\0\2\0\0\0\1\0\0\0\0\0\0\0\7\0' >"$1-rr-nondet.log"
	cp fixtures/panda-i386.trace.zst "$1.trace.zst"
}

for trace in fixtures/*.trace.zst; do
	test_that "$trace is whole" holds 0 \
		'length == 1 and (.[0] | .kind == "trace" and .damage.first == null and .first.seq <= .last.seq)' "$trace"
done
for snapshot in fixtures/*.core.zst fixtures/snapshots/*.zst; do
	[ -e "$snapshot" ] || continue
	test_that "$snapshot is whole" holds 0 \
		'.[0] | .kind == "snapshot" and .damage.first == null and .bytes > 0 and (.cpus | length) == .cpu_count' "$snapshot"
done
test_that "registers and ranges of a core" holds 0 \
	'.[0] | .format == "elf" and .target == "i386" and .addresses == "guest-physical" and .cpu_count == 1 and
	 .cpus[0].eip == "0xc1226fda" and .cpus[0].cr3 == "0x3086000" and .range_count == 135 and (.ranges | length) == 8 and
	 .ranges[0] == { addr: "0x1919000", size: 4096, access: "rw" }' "$core"
test_that "all ranges" holds 0 '.[0].ranges | length == 135 and (map(.size) | add) == 806912' -v "$core"
test_that "ranges as text" says 0 'and 127 more' "$core"
test_that "registers as text" says 0 'cpu 0 .*eax 0x.* cr4 0x' -v "$core"

recording "$tmp/demo"
test_that "each part of a recording" holds 0 \
	'map(.kind) == ["snapshot", "nondet", "trace"] and .[1].counts.instructions == 1' "$tmp/demo"
test_that "a log by its name" holds 0 'length == 1 and .[0].kind == "nondet"' "$tmp/demo-rr-nondet.log"
head -c 27 "$tmp/demo-rr-nondet.log" >"$tmp/cut-rr-nondet.log"
test_that "a log that is cut short" holds 2 '.[0].damage.first.offset != null' "$tmp/cut-rr-nondet.log"

zstd -dcq "$core" >"$tmp/core"
head -c 400000 "$tmp/core" >"$tmp/short"
test_that "a snapshot that is cut short" holds 2 '.[0] | .kind == "snapshot" and .damage.places == 1' "$tmp/short"
test_that "neither trace nor snapshot" says 1 'README.md: byte 0: not a recording or snapshot' README.md
test_that "an image at its address" holds 0 \
	'.[0] | .format == "raw" and .ranges == [{ addr: "0x1000", size: 27, access: "rw" }]' "$tmp/cut-rr-nondet.log@0x1000"
test_that "the worst status counts, the rest is told" holds 1 'length == 2' "$tmp/short" "$tmp/none" "$core"
test_that "memory that nobody has" says 2 'no snapshot has address 0x0' --read 0+1 "$core"
btf=tests/fuzz/corpus/types_vmlinuz/gzip # an image of a kernel whose vmlinux is one object with BTF
test_that "the layout of a type" says 0 'unsigned int               b:29;                 /\* *24: 3 *4 \*/' --type all "$btf"
test_that "a typedef with what it is for" says 0 'typedef struct all all_t;' --type all_t "$btf"
test_that "an enum by its kind" says 0 'RED   = 4294967295, /\* or -1:' --type 'enum color' "$btf"
test_that "no such type" says 1 'task_struct: no such type' --type task_struct "$btf"
test_that "types and symbols together" says 0 '/\* size: 120, members: 11 \*/' --type all "$btf" \
	tests/fuzz/corpus/types_symbols/kallsyms
# the same vmlinux behind the header of the same image, compressed by something else
repack() { # command
	"${PYTHON:-/usr/bin/python3}" -c '
import gzip, subprocess, sys
image = open(sys.argv[1], "rb").read()
at = (image[0x1f1] + 1) * 512 + int.from_bytes(image[0x248:0x24c], "little")
vmlinux = gzip.decompress(image[at:at + int.from_bytes(image[0x24c:0x250], "little")])
packed = subprocess.run(sys.argv[2:], input=vmlinux, stdout=subprocess.PIPE, check=True).stdout
packed += len(vmlinux).to_bytes(4, "little")
sys.stdout.buffer.write(image[:0x24c] + len(packed).to_bytes(4, "little") + image[0x250:at] + packed)' "$btf" "$@"
}
for packer in "lz4 -l -9" bzip2 "xz --format=lzma" "xz --check=crc32" "zstd -q"; do
	repack $packer >"$tmp/repacked"
	test_that "a kernel image compressed by $packer" says 0 '/\* size: 120, members: 11 \*/' --type all "$tmp/repacked"
	head -c -100 "$tmp/repacked" >"$tmp/cut"
	test_that "the same, cut short" says 1 'ends inside its payload' --type all "$tmp/cut"
	{ head -c 1028 "$tmp/repacked"; printf damage; tail -c +1035 "$tmp/repacked"; } >"$tmp/damaged" # lz4 has no checksum
	test_that "the same, damaged" says 1 'damaged: byte 1024: ' --type all "$tmp/damaged"
done
head -c 2000 "$btf" >"$tmp/cut"
{ head -c 1500 "$btf"; printf 'damage'; tail -c +1507 "$btf"; } >"$tmp/damaged"
printf '{"base_types":{},"user_types":{"s":{"size":-1}}}' >"$tmp/isf"
printf 'c1000000 T _text\nc1000010 T use\nc1000020 D once\nc1000030 D once\n' >"$tmp/System.map"
test_that "a function's type of one file and address of another" says 0 \
	'int use(struct node \*, all_t \*); /\* at 0xc1000010 \*/' --type use "$btf" "$tmp/System.map"
test_that "a name at several addresses" says 0 'once; /\* at 0xc1000020, and others' --type once "$tmp/System.map"
test_that "a kernel image that is cut short" says 1 'byte 2000: the kernel image ends inside its payload' --type all "$tmp/cut"
test_that "a kernel image that is damaged" says 1 'byte 1024: its payload, byte 0: gzip' --type all "$tmp/damaged"
test_that "a size that makes no sense" says 1 'ISF: s: a type without a size' --type all "$tmp/isf"
test_that "a file without types" says 1 'README.md: byte 0: no types or symbols' --type all README.md
test_that "a file of /proc, which says that it is empty" says 1 'no types or symbols' --type all /proc/version
test_that "a file that is not there" says 1 'cannot open it' --type all "$btf" "$tmp/none"
test_that "an unknown profile" says 1 'no such profile' -p linux_z80 "$core"
finish
