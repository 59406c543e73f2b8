#!/bin/sh
# PANDA's i386 recording as a whole: every call and result right with its snapshot, what can be found without it, a
# snapshot of another recording that is noticed; who called, descriptors and structs as PANDA's own plugins have them.
#
# In:  $PANDA: the recording's folder (t32.trace.zst, t32-rr-snp.zst, t32-rr-nondet.log.zst, t32.truth.jsonl,
#      t32-syscalls2.txt.zst, t32.plog, t32-structs.plog, kernelinfo.conf, td.rr2); it is too big to be part of the project. Programs in $BUILD
# Out: one line for each test; the last line is "N passed, N failed"
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
[ -n "${PANDA:-}" ] || { echo "panda: \$PANDA does not name the recording's folder: skipped"; exit 0; }

whole() { # found by its base name
	"$build/sctrace-decode" --verify-snapshot -o "$tmp/whole.jsonl" "$PANDA/t32" 2>"$tmp/messages" &&
		"$python" tests/live/panda_truth.py "$tmp/whole.jsonl" "$PANDA"
}

threads() { # the same bytes on one
	"$build/sctrace-decode" -j 1 -o "$tmp/one.jsonl" "$PANDA/t32" && cmp "$tmp/whole.jsonl" "$tmp/one.jsonl"
}

alone() { # what is found is right, nothing is made up; the first calls only show how the kernel is entered
	"$build/sctrace-decode" -o "$tmp/alone.jsonl" "$PANDA/t32.trace.zst" 2>"$tmp/messages"
	[ $? = 2 ] || return 1
	"$python" tests/live/panda_truth.py "$tmp/alone.jsonl" "$PANDA" >"$tmp/truth"
	tail -n 2 "$tmp/truth"
	grep -q '^calls: 456 of 461 right, 0 too many' "$tmp/truth" && ! grep -v 'missing:\|^calls\|^results' "$tmp/truth"
}

wrong() { # another recording's snapshot
	tar -xzOf "$PANDA/td.rr2" snapshot >"$tmp/other" || return 1
	"$build/sctrace-decode" --verify-snapshot -s "$tmp/other" -o "$tmp/wrong.jsonl" "$PANDA/t32.trace.zst" \
		2>"$tmp/messages"
	[ $? = 2 ] && grep 'reads disagree with memory; the first at seq' "$tmp/messages"
}

who() { # by the offsets that PANDA's osi_linux used itself
	"$build/sctrace-decode" -t "$PANDA/kernelinfo.conf" -o "$tmp/who.jsonl" "$PANDA/t32" 2>"$tmp/messages" ||
		{ cat "$tmp/messages"; return 1; }
	"$python" tests/live/panda_plog.py "$tmp/who.jsonl" "$PANDA/t32.plog"
}

structs() {
	"$python" tests/live/panda_plog.py "$tmp/who.jsonl" "$PANDA/t32-structs.plog" --structs
}

who_changes_nothing() { # but what it adds: without types the rest of each record is the same
	sed -E "$without" "$tmp/whole.jsonl" >"$tmp/1" && sed -E "$without" "$tmp/who.jsonl" >"$tmp/2" && cmp "$tmp/1" "$tmp/2"
}
without='s/"(pid|tid|ppid|comm|start_time_ns|uid|exe)":("([^"\\]|\\.)*"|[^,]*),//g; s/,"text":"([^"\\]|\\.)*"//g'

test_that "panda: calls and results" whole
test_that "panda: one thread" threads
test_that "panda: without the snapshot" alone
test_that "panda: another recording's snapshot" wrong
test_that "panda: who calls, what descriptors are" who
test_that "panda: structs" structs
test_that "panda: nothing else changes by kernel types" who_changes_nothing
finish
