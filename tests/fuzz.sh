#!/bin/sh
# Replays the corpora of the fuzz targets, or fuzzes them.
#
# In:  $BUILD/fuzz/fuzz_NAME for each tests/fuzz/fuzz_NAME.c, tests/fuzz/corpus/NAME/
# Out: a line for each target; the last line is "N passed, N failed". An input that breaks a target: $BUILD/fuzz/NAME-*
#
# usage: tests/fuzz.sh replay|SECONDS     SECONDS: fuzz each target so long; what it finds new stays in $BUILD/fuzz
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
how=${1:?replay or a number of seconds}

fuzz() { # name
	log=$build/fuzz/$1.log
	new=$build/fuzz/new-$1
	mkdir -p "$new"
	set -- "$1" -artifact_prefix="$build/fuzz/$1-" -timeout=20 -rss_limit_mb=2048
	if [ "$how" = replay ]; then
		set -- "$@" -runs=0 "tests/fuzz/corpus/$1"
	else
		set -- "$@" -max_total_time="$how" -print_final_stats=1 "$new" "tests/fuzz/corpus/$1"
	fi
	target=$build/fuzz/fuzz_$1
	shift
	"$target" "$@" >"$log" 2>&1 && sed -n '/^Done/p' "$log" && return
	tail -n 30 "$log"
	return 1
}

for source in tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	test_that "$name" fuzz "${name#fuzz_}"
done
finish
