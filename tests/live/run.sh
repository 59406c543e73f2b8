#!/bin/sh
# The live truth test: boots Debian guests under sctrace-record, and compares their own strace's logs with the decoded
# recording, call by call, structs member by member, descriptors, and who calls (compare.py says which differences are
# legitimate); programs that say who they are have to be right (who.py).
#
# In:  programs in $BUILD (default: build); packages from the machine's apt, cached in build/live
# Out: a report for every boot; last line "N passed, N failed"
#
# usage: tests/live/run.sh [quick|full|NAME...]
#   quick: two amd64 boots with few programs; full (default): every boot below at every level; NAME: these boots only
#   the second boot of two is recorded with the symbols of the first one, whose kernel lay elsewhere, and recorded (level
#   syscalls) and decoded with the kernel's types: of its image and these symbols (amd64), or of Debian's package with
#   DWARF (i386, nearly a gigabyte to fetch once; SCT_DWARF=no: not there). Then nothing may be unknown of who calls
# SCT_LEVELS: recording levels (default: "syscalls full")
# SCT_KERNEL: a kernel image that guests boot instead of Debian's (guest.sh): run quick, or boots of its architecture.
#   Types of amd64 are its own, or from SCT_TYPES: files for option --types
set -u
. "$(dirname "$0")/lib.sh"
levels=${SCT_LEVELS:-syscalls full}
types=
# what has to be compared for it to mean anything: each boot runs at least the programs that make calls with structs
few="--least structs=700 --least members=2500 --least descriptors=300 --least elements=20"
least=$few
known="--least callers:.comm=1500 --least callers:.ppid=400 --none descriptors:.not.known"
for field in pid tid ppid comm exe; do known="$known --none callers:.$field.not"; done
passed=0
failed=0

say() { printf '%s\n' "$*"; }

fail() { # text
	say "FAIL $name: $1"
	failed=$((failed + 1))
}

# Decodes and compares what record_boot left. Prints the report.
judge() {
	"$build/sctrace-decode" $types "$out/trace.zst" --no-progress -v -o "$out/decoded.jsonl" 2>"$out/decode.err" ||
		{ cat "$out/decode.err"; fail "sctrace-decode ended with status $?"; return; }
	# the raw logs first: all their words tell threads apart whose numbers no record shows
	if python3 "$here/compare.py" "$out/decoded.jsonl" "$out"/logs/*.raw "$out"/logs/*.log $least >"$out/report" 2>&1; then
		say "ok   $name"
		passed=$((passed + 1))
	else
		fail "strace and the recording differ: $out/report"
	fi
	cat "$out/report"
	who
}

who() { # of programs that say themselves who they are
	[ -e "$out/logs/who.log" ] || return 0
	if python3 "$here/who.py" "$out/decoded.jsonl" ${types:+--all} >"$out/who" 2>&1; then
		say "ok   $name who"
		passed=$((passed + 1))
	else
		fail "callers and the recording differ: $out/who"
	fi
	cat "$out/who"
}

boot() { # name, architecture, jobs, kernel command line, QEMU options...
	name=$1
	say "boot $name"
	if ! record_boot "$@"; then
		tail -n 5 "$out/record.out"
		fail "the recorder or the guest failed: $out/record.out"
	elif ! unpack_logs "$out"; then
		tail -n 3 "$out/console"
		fail "strace's logs did not come out of the guest whole: $out/console"
	else
		judge
	fi
	[ -n "${SCT_KEEP:-}" ] || rm -f "$out/decoded.jsonl"
}

# Files that together have the types of a guest's kernel and where its data lie.
types_of() { # architecture, symbols that root has read
	case $1 in
	amd64) echo "${SCT_TYPES:-$work/guest-amd64/vmlinuz $2}" ;;
	i386) [ "${SCT_DWARF:-}" = no ] || echo "$work/guest-i386/vmlinux" ;;
	esac
}

# A boot as above, with the symbols that root has read in an earlier one: threads are told by them.
boot_by_symbols() { # earlier boot, name, architecture, jobs, kernel command line, QEMU options...
	symbols=$work/$1/logs/kallsyms.out
	record="$record --kernel $symbols"
	shift
	for file in $(types_of "$2" "$symbols"); do
		types="$types -t $file"
		[ "$level" = full ] || record="$record --types $file"
	done
	[ -z "$types" ] || least="$few $known"
	boot "$@"
	types= least=$few
	source=$("$build/sctrace-info" --json "$out/trace.zst" | sed -n 's/.*"thread_source":"\([^"]*\)".*/\1/p')
	[ "$source" = symbols ] || fail "threads were told by: $source; the recorder says: $(tail -n 3 "$out/record.out")"
}

each() { # name: the boot of that name, as a person would start it
	record="--level $level"
	case $1 in
	amd64-kaslr-pti-smp2) boot "$1-$level" amd64 full "pti=on syscall.x32=y" -cpu Nehalem -smp 2 ;;
	amd64-plain) boot "$1-$level" amd64 full "nokaslr pti=off syscall.x32=y" -cpu Nehalem ;;
	amd64-amd) boot "$1-$level" amd64 full "syscall.x32=y" -cpu qemu64 ;;
	i386) boot "$1-$level" i386 full "" ;;
	amd64-symbols) boot_by_symbols amd64-kaslr-pti-smp2-$level "$1-$level" amd64 full "pti=on" -cpu Nehalem -smp 2 ;;
	i386-symbols) boot_by_symbols i386-$level "$1-$level" i386 full "" ;;
	i386-amd) boot "$1-$level" i386 full "" -cpu athlon ;;
	*) say "run: no such boot: $1"; exit 1 ;;
	esac
}

case ${1:-full} in
quick)
	guest amd64 || exit 1
	level=syscalls
	record="--level $level"
	boot quick amd64 quick "pti=on" -cpu Nehalem
	boot_by_symbols quick quick-symbols amd64 quick "pti=on" -cpu Nehalem
	;;
*)
	[ "${1:-full}" != full ] || set -- amd64-kaslr-pti-smp2 amd64-symbols amd64-plain amd64-amd i386 i386-symbols
	guest amd64 && guest i386 || exit 1
	case "${SCT_DWARF:-} $*" in
	no\ *) say "i386-symbols: without types, because SCT_DWARF=no" ;;
	*i386-symbols*) guest_vmlinux i386 || exit 1 ;;
	esac
	for level in $levels; do
		for which in "$@"; do each "$which"; done
	done
	;;
esac
say "$passed passed, $failed failed"
[ "$failed" = 0 ]
