#!/bin/sh
# The same recording decoded with the kernel's types from every source gives the same log, to the byte: DWARF, BTF with
# the addresses of System.map, ISF JSON; and types of another kernel are refused, not used.
#
# In:  a recording of a guest (tests/live/run.sh leaves some in build/live/*/trace.zst), the vmlinux of its kernel with
#      DWARF (Debian: linux-image-*-dbg, nearly a gigabyte); $ISF: what dwarf2json made of that vmlinux, or $DWARF2JSON:
#      that program. Programs in $BUILD
# Out: one line for each source, with time and memory of a first run and of one that has the cache; the last line is
#      "N passed, N failed"
#
# usage: tests/live/types.sh [TRACE VMLINUX]    without: run.sh's recording amd64-symbols-syscalls, and the vmlinux of the
#        guest's kernel from Debian's package (nearly a gigabyte to fetch once)
set -u
. "$(dirname "$0")/lib.sh"
if [ $# = 0 ]; then
	guest_vmlinux amd64 || exit 1
	set -- "$work/amd64-symbols-syscalls/trace.zst" "$work/guest-amd64/vmlinux"
fi
[ $# = 2 ] || { echo "usage: tests/live/types.sh [TRACE VMLINUX]" >&2; exit 1; }
trace=$(realpath "$1")
vmlinux=$(realpath "$2")
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
export XDG_CACHE_HOME="$tmp/cache"
mkdir "$XDG_CACHE_HOME"

decode() { # name, options...
	out=$1
	shift
	"$python" tests/live/cost.py "$build/sctrace-decode" -v --no-progress "$@" -o "$tmp/$out.jsonl" "$trace" \
		2>"$tmp/$out.messages" && grep -Eq 'types are of|they fit the recorded kernel' "$tmp/$out.messages" ||
		{ cat "$tmp/$out.messages"; return 1; }
}

same() { # name, options...: the log that DWARF gave
	decode "$@" && cmp "$tmp/dwarf.jsonl" "$tmp/$1.jsonl"
}

all_known() { # who calls, in every record
	! grep -m 3 -E '"(pid|tid|ppid|comm|start_time_ns|uid)":null' "$tmp/dwarf.jsonl"
}

refused() { # what says that it is of another kernel: the log is the one without types, and it is said why
	"$python" -c 'import base64, json, sys
db = json.load(open(sys.argv[1]))
banner = db["symbols"]["linux_banner"]
banner["constant_data"] = base64.b64encode(base64.b64decode(banner["constant_data"]).replace(b"#1 ", b"#2 ")).decode()
json.dump(db, open(sys.argv[2], "w"))' "$ISF" "$tmp/other.json"
	"$build/sctrace-decode" --no-progress -t "$tmp/other.json" -o "$tmp/other.jsonl" "$trace" 2>"$tmp/messages"
	[ $? = 2 ] && grep 'of another kernel' "$tmp/messages" &&
		"$build/sctrace-decode" --no-progress -o "$tmp/none.jsonl" "$trace" && cmp "$tmp/none.jsonl" "$tmp/other.jsonl"
}

nm "$vmlinux" | sort >"$tmp/System.map"
set -- $(readelf -SW "$vmlinux" | sed -n 's/^.* \.BTF  *PROGBITS *[0-9a-f]* \([0-9a-f]*\) \([0-9a-f]*\) .*/0x\1 0x\2/p')
tail -c +$(($1 + 1)) "$vmlinux" | head -c $(($2)) >"$tmp/btf"
if [ -z "${ISF:-}" ] && [ -n "${DWARF2JSON:-}" ]; then
	"$DWARF2JSON" linux --elf "$vmlinux" >"$tmp/isf.json" && ISF=$tmp/isf.json
fi
test_that "types: DWARF, first run" decode dwarf --no-btf -t "$vmlinux"
test_that "types: DWARF, from the cache" same cached --no-btf -t "$vmlinux"
test_that "types: DWARF, without a cache" same uncached --no-btf --no-cache -t "$vmlinux"
test_that "types: everybody is known" all_known
test_that "types: BTF and System.map" same btf -t "$tmp/btf" -t "$tmp/System.map"
test_that "types: the BTF of vmlinux and its symbols" same elf -t "$vmlinux"
if [ -n "${ISF:-}" ]; then
	test_that "types: ISF" same isf -t "$ISF"
	test_that "types: ISF of another kernel" refused
else
	echo "types: neither ISF nor DWARF2JSON is given: ISF skipped"
fi
finish
