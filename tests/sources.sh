#!/bin/sh
# How sctrace-decode finds the files of a recording, and what it says when they do not belong together.
#
# In:  $BUILD/sctrace-decode, a part of a PANDA recording in fixtures/
# Out: one line for each test; the last line is "N passed, N failed"
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
trace=fixtures/panda-i386.trace.zst
core=fixtures/panda-i386.core.zst

decode() { # arguments; the log is in $tmp/log, the messages in $tmp/messages
	"$build/sctrace-decode" --no-progress -o "$tmp/log" "$@" 2>"$tmp/messages"
}

same() { # arguments: the log is that of trace and snapshot
	decode "$@" && cmp "$tmp/want" "$tmp/log" && return
	cat "$tmp/messages"
	return 1
}

says() { # status, text of a message, arguments...
	want=$1 text=$2
	shift 2
	decode "$@"
	status=$?
	[ $status = "$want" ] && grep -q -- "$text" "$tmp/messages" && return
	echo "status $status"
	cat "$tmp/messages"
	return 1
}

decode "$trace" -s "$core" || { cat "$tmp/messages"; exit 1; }
mv "$tmp/log" "$tmp/want"

# a log of one instruction: an interrupt, the end
printf '\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\4\0\2\0\0\0\1\0\0\0\0\0\0\0\7\0' >"$tmp/demo-rr-nondet.log"
zstd -dcq "$core" >"$tmp/demo-rr-snp"
test_that "a recording without a trace" says 1 'demo: is a recording without a trace; PANDA makes one' "$tmp/demo"
cp "$trace" "$tmp/demo.trace.zst"
test_that "a recording by its base name" same "$tmp/demo"
mkdir "$tmp/in" && cp "$tmp/demo-rr-snp" "$tmp/in/snapshot" && cp "$tmp/demo-rr-nondet.log" "$tmp/in/nondetlog"
echo RRv2 >"$tmp/in/RRv2"
tar -C "$tmp/in" -czf "$tmp/packed.rr2" RRv2 snapshot nondetlog
test_that "an archive without a trace" says 1 'packed.rr2: is a recording without a trace' "$tmp/packed.rr2"
cp "$trace" "$tmp/packed.trace.zst"
test_that "a recording as .rr2" same "$tmp/packed.rr2"
test_that "the parts by their names" same "$trace" -s "$tmp/demo-rr-snp" --nondet "$tmp/demo-rr-nondet.log"
test_that "a later snapshot lies on top" same "$trace" -s "$core" -s "$tmp/demo-rr-snp"
test_that "a snapshot from a pipe" sh -c 'zstd -dcq "$1" | "$2" --no-progress -o "$3" -s - "$4" && cmp "$3" "$5"' - \
	"$core" "$build/sctrace-decode" "$tmp/log" "$trace" "$tmp/want"
test_that "the trace from standard input" sh -c '"$2" --no-progress -o "$3" -s "$1" - <"$4" && cmp "$3" "$5"' - \
	"$core" "$build/sctrace-decode" "$tmp/log" "$trace" "$tmp/want"

test_that "they agree" says 0 'trace and snapshot agree: [1-9]' --verify-snapshot "$tmp/demo"
head -c 1000000 /dev/zero >"$tmp/zeros"
"$python" -c 'import sys; sys.stdout.buffer.write(sys.stdin.buffer.read().replace(b"\xcd\x80", b"\x90\x90"))' \
	<"$tmp/demo-rr-snp" >"$tmp/other"
test_that "code is another one" says 2 'instructions disagree with memory; the first at seq .*: trace cd 80 memory 90 90' \
	--verify-snapshot "$trace" -s "$tmp/other"
test_that "that is told without being asked" says 2 'places where trace and snapshot disagree' "$trace" -s "$tmp/other"
test_that "nothing to compare" says 2 'nothing of the trace could be compared' --verify-snapshot "$trace" -s "$tmp/zeros@0"
test_that "nothing to compare with" says 1 'there is no snapshot' --verify-snapshot "$trace"
test_that "no such snapshot" says 1 'none: .*No such file' "$trace" -s "$tmp/none"
test_that "an image without an address" says 1 'zeros: byte 0: .*FILE@ADDR' "$trace" -s "$tmp/zeros"
test_that "a snapshot format of no such name" says 1 'no snapshot format is called x' "$trace" -s "$core" --snapshot-format x
test_that "a log of devices that is none" says 1 'README.md: ' "$trace" -s "$core" --nondet README.md
test_that "a log of devices with our own trace" says 1 'goes with' fixtures/debian-i386.trace.zst \
	--nondet "$tmp/demo-rr-nondet.log"
test_that "the log does not replace a snapshot" says 1 'the log would replace it' "$tmp/demo" -o "$tmp/demo-rr-snp"
finish
