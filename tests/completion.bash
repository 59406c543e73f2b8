#!/usr/bin/env bash
# Prints what bash would offer for "--" behind a program's name.
#
# In:  the program in PATH, man/completions/sctrace.bash
# Out: one option a line
#
# usage: tests/completion.bash PROGRAM
. "$(dirname "$0")/../man/completions/sctrace.bash"
_sctrace "$1" -- "$1"
printf '%s\n' "${COMPREPLY[@]}"
