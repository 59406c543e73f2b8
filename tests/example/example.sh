#!/bin/sh
# Runs the example of libsctrace on a committed recording and holds what it prints against the decoder's log.
#
# In:  $BUILD/tests/example/opens, recordings and a snapshot in fixtures/, jq
# Out: the last line is "N passed, N failed"
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
trace=fixtures/debian-i386.trace.zst

# what the example prints, made from the log
expected() { # trace, -s, snapshot
	"$build/sctrace-decode" --no-progress "$@" >"$tmp/log" || return 1
	jq -r 'if .name == null and .nr != null then "\(.id) number \(.nr) is in no table of \(.abi)" else
		select(.name == "open" or .name == "openat" or .name == "creat")
		| (.args[] | select(.name == "filename" or .name == "pathname")) as $f
		| "\(.id) \(if .pid then "pid \(.pid) " else "" end)\(.name) "
		+ (if $f.str then "\"\($f.str)\"" else "(\($f.unknown // "no name"))" end)
		+ " = \(.ret.error // .ret.int // "? (\(.end))")" end' "$tmp/log"
	n=$(wc -l <"$tmp/log")
	echo "$n calls entered, $n ended, $(grep -c '"name":null,"entry":null' "$tmp/log") in no table"
}

agrees() { # trace, snapshot
	"$build/tests/example/opens" "$@" >"$tmp/got" && expected "$1" ${2:+-s "$2"} >"$tmp/want" &&
		diff "$tmp/want" "$tmp/got"
}

ends_with() { # status, text of the message, files
	want=$1 text=$2
	shift 2
	"$build/tests/example/opens" "$@" >"$tmp/out" 2>"$tmp/message"
	[ $? = "$want" ] && grep -q "$text" "$tmp/message" && return
	cat "$tmp/message"
	return 1
}

head -c "$(($(stat -c %s "$trace") / 2))" "$trace" >"$tmp/half.zst"
head -c 65536 /dev/urandom >"$tmp/random"
test_that "the example agrees with sctrace-decode" agrees "$trace"
test_that "with a snapshot too" agrees fixtures/panda-i386.trace.zst fixtures/panda-i386.core.zst
test_that "no such file" ends_with 1 "No such file" "$tmp/none"
test_that "no such snapshot" ends_with 1 "none: .*No such file" "$trace" "$tmp/none"
test_that "random bytes" ends_with 1 "$tmp/random: " "$tmp/random"
test_that "half a recording" ends_with 2 "$tmp/half.zst: " "$tmp/half.zst"
finish
