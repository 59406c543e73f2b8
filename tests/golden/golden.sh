#!/bin/sh
# Holds the logs of the committed recordings against the expected ones, to the byte, on one thread and on two; and the
# other formats against the same records.
#
# In:  fixtures/NAME.trace.zst, with the snapshot fixtures/NAME.core.zst and the kernel's types fixtures/NAME.types.json
#      where there are such, their expected logs fixtures/NAME.jsonl.zst and, of those that are not whole, the expected messages fixtures/NAME.messages; programs
#      in $BUILD
# Out: one line for each log; the last line is "N passed, N failed"
#
# usage: tests/golden/golden.sh [--write]    --write: make the expected logs anew, and show what that changes
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

decode() { # options, trace: its messages are shown when it fails
	[ ! -e "fixtures/$name.core.zst" ] || set -- -s "fixtures/$name.core.zst" "$@"
	[ ! -e "fixtures/$name.types.json" ] || set -- -t "fixtures/$name.types.json" "$@"
	"$build/sctrace-decode" --no-progress "$@" 2>"$tmp/messages"
	status=$?
	[ ! -e "fixtures/$name.messages" ] || { [ $status = 2 ] && messages; return; }
	[ $status = 0 ] || { cat "$tmp/messages"; return 1; }
}

messages() { # what was said of a recording that is not whole, without the file's name
	sed 's/^sctrace-decode: [^:]*: //' "$tmp/messages" >"$tmp/said"
	[ "$mode" != --write ] || cp "$tmp/said" "fixtures/$name.messages"
	diff "fixtures/$name.messages" "$tmp/said"
}

same() { # log: the expected one, or the first differing lines
	cmp -s "$tmp/expected" "$1" || { diff "$tmp/expected" "$1" | cut -c1-400 | head -n 6; return 1; }
}

golden() { # -j N
	decode -j "$1" -o "$tmp/$1.jsonl" "$trace" && same "$tmp/$1.jsonl"
}

twice() { # format: the same bytes on one thread and on two
	decode -j 1 -f "$1" -o "$tmp/1.$1" "$trace" && decode -j 2 -f "$1" -o "$tmp/2.$1" "$trace" &&
		cmp "$tmp/1.$1" "$tmp/2.$1"
}

piped() { # standard input, standard output, compressed by gzip and xz and not at all
	zstd -dcq "$trace" >"$tmp/plain" && gzip -1kf "$tmp/plain" && xz -0kf "$tmp/plain" || return 1
	for how in plain plain.gz plain.xz; do
		decode - <"$tmp/$how" >"$tmp/out" && same "$tmp/out" || { echo "$how"; return 1; }
	done
}

write() {
	decode -o "$tmp/new.jsonl" "$trace" || exit 1
	same "$tmp/new.jsonl" && echo "$name: unchanged" && return
	changed=$(diff "$tmp/expected" "$tmp/new.jsonl" | grep -c '^>')
	echo "$name: $changed lines of $(wc -l <"$tmp/new.jsonl") are new or different"
	zstd -19 -qfo "fixtures/$name.jsonl.zst" "$tmp/new.jsonl"
}

mode=${1:-}
for trace in fixtures/*.trace.zst; do
	[ -e "$trace" ] || { echo "golden: there are no recordings in fixtures/"; failed=1; break; }
	name=$(basename "$trace" .trace.zst)
	zstd -dcq "fixtures/$name.jsonl.zst" >"$tmp/expected" 2>/dev/null
	if [ "$mode" = --write ]; then
		write
		continue
	fi
	test_that "$name.jsonl -j 1" golden 1
	test_that "$name.jsonl -j 2" golden 2
	test_that "$name.jsonl through pipes and other compressions" piped
	test_that "$name.plog" twice pandalog
	test_that "$name.json" twice json
	test_that "$name: jsonl, plog and json agree" \
		"$python" tests/golden/plog_check.py "$tmp/1.pandalog" "$tmp/expected" "$tmp/1.json"
	[ ! -e "fixtures/$name.types.json" ] ||
		test_that "$name: every caller is as it says of itself" "$python" tests/live/who.py "$tmp/expected" --all
done
[ "$mode" != --write ] || exit "$failed"
finish
