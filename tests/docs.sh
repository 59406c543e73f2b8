#!/bin/sh
# Holds the man pages and the shell completions against what the programs say of themselves.
#
# In:  programs in $BUILD, man/*, groff
# Out: what disagrees; the last line is "N passed, N failed"
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh

report() { # what, file with complaints
	if [ -s "$2" ]; then
		sed "s|^|$1: |" "$2"
		failed=$((failed + 1))
	else
		passed=$((passed + 1))
	fi
}

# The option names that begin lines, up to where their explanation begins, sorted.
options() {
	sed -n 's/^  *\(-.*\)$/\1/p' | sed 's/\([^,]\)   *.*/\1/' |
		grep -oE '(^|[ ,|])--?[A-Za-z][A-Za-z-]*' | tr -d ' ,|' | sort -u
}

# What only one of two sorted lists has: that of --help, and another.
differ() { # list, list, what the second is of
	diff "$1" "$2" | sed -n -e "s/^< \(.*\)/\1 is in --help only/p" -e "s/^> \(.*\)/\1 is in $3 only/p"
}

page() { groff -t -man -Tascii -P-cbou -rLL=200n -rHY=0 "$1"; }

for page in man/*.[135]; do
	groff -t -man -Tascii -ww -z "$page" >"$tmp/faults" 2>&1
	report "$page" "$tmp/faults"
done

for program in "$build"/sctrace-*; do
	name=$(basename "$program")
	case $name in *.so) continue ;; esac
	"$program" --help >"$tmp/help.txt" || { echo "$name --help failed"; failed=$((failed + 1)); }
	options <"$tmp/help.txt" >"$tmp/help"
	page "man/$name.1" 2>/dev/null | sed -n '/^OPTIONS/,/^[A-Z]/p' | options >"$tmp/man"
	differ "$tmp/help" "$tmp/man" "the man page" >"$tmp/faults"
	report "man/$name.1" "$tmp/faults"

	grep '^--' "$tmp/help" >"$tmp/long"
	sed -n "/^_$(echo "$name" | tr - _)()/,/^}/p" man/completions/_sctrace | grep -oE '[-]-[a-z][a-z-]*' | sort -u |
		differ "$tmp/long" - "the completion" >"$tmp/faults"
	report "man/completions/_sctrace ($name)" "$tmp/faults"

	PATH="$build:$PATH" bash tests/completion.bash "$name" | sort -u | comm -3 "$tmp/long" - >"$tmp/faults"
	report "man/completions/sctrace.bash ($name)" "$tmp/faults"
	"$program" --version | grep -vx "$name $(sed -n 's/^VERSION := //p' Makefile)" >"$tmp/faults"
	report "$name --version" "$tmp/faults"
done
# each format of traces and snapshots has its paragraph
"$build/sctrace-decode" --list-formats | awk '/^[^ ]/ { on = $0 != "logs:"; next } on { print $1 }' |
	while read -r format; do
		format=$(echo "$format" | sed 's/-/\\\\-/')
		grep -qE "^\\.BR? (.*[\" ])?$format([\" ]|$)" man/sctrace-decode.1 || echo "format $format is not explained"
	done >"$tmp/faults"
report "man/sctrace-decode.1" "$tmp/faults"
grep -oE '\bsct_[a-z0-9_]+\(' src/sctrace.h | tr -d '(' | sort -u >"$tmp/declared"
page man/libsctrace.3 | grep -oE '\bsct_[a-z0-9_]+\(' | tr -d '(' | sort -u | comm -3 "$tmp/declared" - >"$tmp/faults"
report "man/libsctrace.3 and src/sctrace.h" "$tmp/faults"
# the README's example is what its command prints
command=$(sed -n 's|^\$ build/\(sctrace-decode .*\)|\1|p' README.md)
awk '/^\$ build\/sctrace-decode/ { on = 1; next } /^```/ { on = 0 } on { sub(/^ /, ""); printf "%s", $0 }' README.md \
	>"$tmp/readme"
{ PATH="$build:$PATH" sh -c "$command" | tr -d '\n' | cmp - "$tmp/readme"; } >"$tmp/faults" 2>&1
"$build/sctrace-decode" --no-progress fixtures/debian-i386.trace.zst | jq -r -f tests/demo.jq >"$tmp/demo"
grep '^pid ' README.md | grep -vxFf "$tmp/demo" | sed 's/^/not in the log: /' >>"$tmp/faults"
report README.md "$tmp/faults"
if command -v zsh >/dev/null; then
	zsh -n man/completions/_sctrace 2>"$tmp/faults"
	report "man/completions/_sctrace" "$tmp/faults"
fi
finish
