#!/bin/sh
# Decodes a committed recording of a real Debian guest, and shows what came out, call by call.
#
# In:  programs in $BUILD, fixtures/debian-i386.trace.zst
# Out: the log in $BUILD/demo.jsonl; a part of it on standard output, by jq where that is installed
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build}
trace=fixtures/debian-i386.trace.zst

show() { # command...
	echo "\$ $*"
	"$@"
	echo
}

show "$build/sctrace-info" "$trace"
show "$build/sctrace-decode" "$trace" --profile linux_x86 --verbose --output "$build/demo.jsonl"
echo "The log has one JSON object for each of the $(wc -l <"$build/demo.jsonl") system calls. Two of them whole:"
echo
grep -m 2 '"name":"openat".*"error":null' "$build/demo.jsonl"
echo
command -v jq >/dev/null || exit 0
echo "Files opened, programs started and ended, by jq -r -f tests/demo.jq:"
echo
jq -r -f tests/demo.jq "$build/demo.jsonl" | head -n "${LINES:-40}"
echo
echo "All of it: $build/demo.jsonl"
