#!/bin/sh
# Runs the example of libsctrace on a committed recording and holds what it prints against the decoder's log.
#
# In:  $BUILD/tests/example/opens, fixtures/debian-i386.trace.zst, jq
# Out: the last line is "N passed, N failed"
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
trace=fixtures/debian-i386.trace.zst

# what the example prints, made from the log
expected() {
	"$build/sctrace-decode" --no-progress "$trace" >"$tmp/log" || return 1
	jq -r 'select(.name == "open" or .name == "openat" or .name == "creat")
		| (.args[] | select(.name == "filename" or .name == "pathname")) as $f
		| "\(.id) \(if .pid then "pid \(.pid) " else "" end)\(.name) "
		+ (if $f.str then "\"\($f.str)\"" else "(\($f.unknown // "no name"))" end)
		+ " = \(.ret.error // .ret.int // "? (\(.end))")"' "$tmp/log"
	n=$(wc -l <"$tmp/log")
	echo "$n calls entered, $n ended, $(grep -c '"name":null,"entry":null' "$tmp/log") in no table"
}

agrees() {
	"$build/tests/example/opens" "$trace" >"$tmp/got" && expected >"$tmp/want" && diff "$tmp/want" "$tmp/got"
}

ends_with() { # status, text of the message, file
	"$build/tests/example/opens" "$3" >"$tmp/out" 2>"$tmp/message"
	[ $? = "$1" ] && grep -q "$2" "$tmp/message" && return
	cat "$tmp/message"
	return 1
}

head -c "$(($(stat -c %s "$trace") / 2))" "$trace" >"$tmp/half.zst"
head -c 65536 /dev/urandom >"$tmp/random"
test_that "the example agrees with sctrace-decode" agrees
test_that "no such file" ends_with 1 "No such file" "$tmp/none"
test_that "random bytes" ends_with 1 "$tmp/random: " "$tmp/random"
test_that "half a recording" ends_with 2 "$tmp/half.zst: " "$tmp/half.zst"
finish
