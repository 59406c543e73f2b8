#!/bin/sh
# Holds every #include of the project's own headers against the ladder in tests/ladder.txt.
#
# In:  ladder.txt, the C files of src/, src/record/, formats/ and dwarf/
# Out: nothing when all is well; else one line for each include that goes up or sideways, each file without a rung and
#      each line of the table that fits no file, and exit status 1
#
# usage: tests/ladder.sh [FOLDER]     the project's root (default: where this script stands)
#        tests/ladder.sh --self-test  builds trees with one fault each and expects it to be found
set -eu
here=$(cd "$(dirname "$0")" && pwd)

# Prints the faults of the tree in the working directory.
faults() {
	find src formats dwarf -name '*.[ch]' 2>/dev/null | sort | xargs awk -v table="$1" '
	function fault(text) { print text; bad = 1 }

	function regex(name) { # a name of the table as a regular expression over paths
		if (name ~ /\/$/) return "^" name
		gsub(/[.]/, "[.]", name)
		gsub(/[*]/, ".*", name)
		return "^" name (name ~ /\]c$|\]h$/ ? "" : "(_[a-z0-9_]*)?[.][ch]") "$"
	}

	function read_table(   line, f, n, i) {
		while ((getline line < table) > 0) {
			n = split(line, f, /[ \t]+/)
			if (line ~ /^#/ || n < 2) continue
			for (i = 2; i <= n; i++) { rung[f[i]] = f[1]; re[f[i]] = regex(f[i]) }
		}
		close(table)
	}

	function entry(path,   name, best) { # the line of the table for a file
		if (path in known) return known[path]
		best = ""
		for (name in re) if (path ~ re[name] && length(name) > length(best)) best = name
		if (best != "") used[best] = 1
		return known[path] = best
	}

	function starts(long, short) { return long == short || index(long, short "_") == 1 }

	function same_room(a, b,   name) { # names that begin alike, or one folder
		name = entry(a)
		if (name ~ /\/$/ && name == entry(b)) return 1
		sub(/[.][ch]$/, "", a); sub(/[.][ch]$/, "", b)
		return starts(a, b) || starts(b, a)
	}

	function resolve(dir, header,   path) { # the path from the root of what a file in dir includes
		if (header in generated) return header
		path = dir "/" header
		while (sub(/[^\/.]+\/[.][.]\//, "", path));
		if ((getline ignored < path) >= 0) { close(path); return path }
		return "src/" header
	}

	BEGIN { read_table(); generated["pandalog.pb-c.h"] = 1 }

	FNR == 1 {
		dir = FILENAME; sub(/\/[^\/]*$/, "", dir)
		if (entry(FILENAME) == "") fault(FILENAME ": stands on no rung of ladder.txt")
	}

	/^[ \t]*#[ \t]*include[ \t]*"/ {
		split($0, part, "\"")
		target = resolve(dir, part[2])
		where = FILENAME ":" FNR ": "
		mine = entry(FILENAME); theirs = entry(target)
		if (part[2] ~ /[.]c$/) fault(where "includes the source file " part[2])
		else if (theirs == "") fault(where part[2] " stands on no rung of ladder.txt")
		else if (mine != "" && rung[theirs] + 0 >= rung[mine] + 0 && !same_room(FILENAME, target))
			fault(where "rung " rung[mine] " includes " target " of rung " rung[theirs])
	}

	END {
		for (name in re) if (!(name in used)) fault("ladder.txt: no file is called " name)
		exit bad
	}'
}

# A small tree in the working directory: one fault is added to it by each test.
plant() {
	mkdir -p src/record formats
	printf '%s\n' '0 src/err' '1 src/event formats/formats.h' '2 src/state src/other' '1 src/record/' \
		'3 formats/trace_*' >ladder.txt
	echo >src/err.h
	echo '#include "err.h"' >src/event.h
	echo '#include "event.h"' >src/state.h
	printf '#include "state.h"\n#include "state_inner.h"\n' >src/state.c
	echo '#include "../src/err.h"' >formats/formats.h
	echo '#include "state.h"' >src/state_inner.h
	printf '#include "b.h"\n#include "../err.h"\n' >src/record/a.h
	echo >src/record/b.h
	echo '#include "formats.h"' >formats/trace_x.c
	echo >src/other.h
}

expect() { # fault, file, line to add to the file: finds that fault, and nothing before the line is added
	(
		rm -rf "$tmp/tree" && mkdir "$tmp/tree" && cd "$tmp/tree" && plant
		faults ladder.txt >found || { echo "ladder: a sound tree is refused:"; cat found; exit 1; }
		echo "$3" >>"$2"
		! faults ladder.txt >found || { echo "ladder: not found: $1"; exit 1; }
		grep -qF "$1" found || { echo "ladder: expected '$1', found:"; cat found; exit 1; }
	)
}

if [ "${1:-}" = --self-test ]; then
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	expect 'src/event.h:2: rung 1 includes src/state.h of rung 2' src/event.h '#include "state.h"'
	expect 'src/state.c:3: rung 2 includes src/other.h of rung 2' src/state.c '#include "other.h"'
	expect 'src/record/a.h:3: rung 1 includes src/event.h of rung 1' src/record/a.h '#include "../event.h"'
	expect 'formats/formats.h:2: rung 1 includes src/state.h of rung 2' formats/formats.h '#include "../src/state.h"'
	expect 'src/state.c:3: includes the source file state_inner.c' src/state.c '#include "state_inner.c"'
	expect 'src/new.h: stands on no rung' src/new.h 'int x;'
	expect 'ladder.txt: no file is called src/gone' ladder.txt '0 src/gone'
	echo "ladder: finds all 7 kinds of fault"
	exit 0
fi
cd "${1:-$here/..}"
faults tests/ladder.txt
