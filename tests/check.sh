#!/bin/sh
# Every test, those first that find a fault fastest.
#
# In:  a complete build in $BUILD (make check-build); SANITIZED=1: it is under sanitizers
# Out: what each test says, a line for each failed one at the end; the last line is "N passed, N failed"
#
# A test that counts for itself says so in its last line, as Check does or as "N passed, N failed"; any other one counts
# as one, by its exit status. Standard input is empty.
set -u
cd "$(dirname "$0")/.." || exit 1
export BUILD="${BUILD:-build}" PYTHON="${PYTHON:-/usr/bin/python3}"
passed=0
failed=0
faults=""
log=$(mktemp)
trap 'rm -f "$log"' EXIT
exec </dev/null

# Sets good and bad from the last line of the log and the test's exit status.
count() { # status
	good=$(sed -n -e '$s/^\([0-9]*\) passed, [0-9]* failed$/\1/p' \
		-e '$s/^[0-9]*%: Checks: \([0-9]*\), Failures: [0-9]*, Errors: [0-9]*$/\1/p' "$log")
	bad=$(sed -n -e '$s/^[0-9]* passed, \([0-9]*\) failed$/\1/p' \
		-e '$s/^[0-9]*%: Checks: [0-9]*, Failures: \([0-9]*\), Errors: \([0-9]*\)$/\1 + \2/p' "$log")
	case $bad in *+*) bad=$(($bad)) good=$((good - bad)) ;; esac
	[ -n "$good" ] || { good=1 bad=0; [ "$1" = 0 ] || { good=0 bad=1; }; }
	[ "$1" = 0 ] || [ "$bad" != 0 ] || bad=1
}

run() { # name, command...
	name=$1
	shift
	echo "-- $name"
	{ "$@" 2>&1; echo $? >"$log.status"; } | tee "$log"
	count "$(cat "$log.status")"
	rm -f "$log.status"
	passed=$((passed + good))
	failed=$((failed + bad))
	[ "$bad" = 0 ] || faults="$faults $name"
}

skip() { # name, why
	echo "-- $1"
	echo "SKIPPED: $2"
}

run ladder tests/ladder.sh
run ladder-self-test tests/ladder.sh --self-test
run docs tests/docs.sh
for source in tests/unit/*.c; do
	name=$(basename "$source" .c)
	run "unit/$name" "$BUILD/tests/unit/$name"
done
run live/test_compare "$PYTHON" tests/live/test_compare.py
run golden/tables tests/golden/tables.sh
run golden/structs "$PYTHON" tests/golden/structs.py
run golden/scan tests/golden/scan.sh
run golden tests/golden/golden.sh
run bad tests/bad.sh
run bad/readers "$PYTHON" tests/bad_readers.py
run bad/types "$PYTHON" tests/bad_types.py
run sources tests/sources.sh
run info tests/info.sh
run early "$PYTHON" tests/early.py
run example tests/example/example.sh
if [ -n "${SANITIZED:-}" ]; then
	skip fuzz "the corpora are replayed by make check without SAN, under the same sanitizers"
	skip install "is tested by make check without SAN"
	skip live "QEMU is not built for sanitizers"
else
	run fuzz tests/fuzz.sh replay
	run install tests/install.sh
	if why=$(tests/live/capable.sh 2>&1); then
		run live tests/live/run.sh quick
		run live/user tests/live/user.sh quick
		run live/qemu_log tests/live/qemu_log.sh
		run live/snapshots tests/live/snapshots.sh quick
		if command -v pahole >/dev/null; then
			run live/layouts tests/live/layouts.sh
		else
			skip live/layouts "there is no pahole (tests/deps.sh live installs it)"
		fi
		run make-again make -s -n BUILD="$BUILD" all
	else
		skip live "$why"
	fi
fi

echo
for name in $faults; do echo "FAILED: $name"; done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
