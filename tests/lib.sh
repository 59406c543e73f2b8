# Shell functions of the tests: count what holds and what does not. To be read with `.` in the project's root.
#
# In:  $BUILD, where the programs are; $PYTHON
# Out: $build, $python; $tmp, a folder that goes away at the end; the last line by finish

build=${BUILD:-build}
python=${PYTHON:-/usr/bin/python3}
passed=0
failed=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

test_that() { # what holds, command...
	what=$1
	shift
	if "$@"; then
		echo "ok   $what"
		passed=$((passed + 1))
	else
		echo "FAIL $what"
		failed=$((failed + 1))
	fi
}

finish() { # the script's last command
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
}
