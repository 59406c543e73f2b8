#!/bin/sh
# Installs into an empty folder and uses what stands there as a user would.
#
# In:  a complete build in $BUILD, fixtures/debian-i386.trace.zst, pkg-config, a C compiler
# Out: the last line is "N passed, N failed"
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
root=$tmp/opt/sctrace
trace=fixtures/debian-i386.trace.zst

installs() {
	make -s BUILD="$build" DESTDIR="$tmp" PREFIX=/opt/sctrace install >"$tmp/log" 2>&1 && return
	cat "$tmp/log"
	return 1
}

complete() { # every file that a package has to have
	for f in bin/sctrace-decode bin/sctrace-record bin/sctrace-info lib/sctrace/sctrace-plugin-v4.so \
		lib/sctrace/sctrace-plugin-v1.so lib/libsctrace.a lib/libsctrace.so lib/pkgconfig/libsctrace.pc \
		include/sctrace.h share/man/man1/sctrace-decode.1 share/man/man1/sctrace-record.1 share/man/man1/sctrace-info.1 \
		share/man/man3/libsctrace.3 share/man/man5/sctrace-trace.5 share/man/man5/sctrace-prototypes.5 \
		share/bash-completion/completions/sctrace-decode share/zsh/site-functions/_sctrace; do
		[ -s "$root/$f" ] || { echo "missing: $f"; return 1; }
	done
}

only_public() { # the shared library shows what the header declares, no more and no less
	nm -D --defined-only "$root/lib/libsctrace.so" | awk '{ print $3 }' | sort >"$tmp/shown"
	grep -oE '\bsct_[a-z0-9_]+\(' src/sctrace.h | tr -d '(' | sort -u >"$tmp/declared"
	diff "$tmp/declared" "$tmp/shown"
}

plugin_symbols() { # a plugin shows QEMU's two names and needs nothing of ours from outside
	for p in v4 v1; do
		[ "$(nm -D --defined-only "$root/lib/sctrace/sctrace-plugin-$p.so" | awk '{ print $3 }' | sort | xargs)" = \
			"qemu_plugin_install qemu_plugin_version" ] || { echo "$p shows other names"; return 1; }
		! nm -D --undefined-only "$root/lib/sctrace/sctrace-plugin-$p.so" | grep ' sct_' || return 1
	done
}

finds_plugin() { # by a QEMU that tells which plugin it was given
	cat >"$tmp/qemu-system-x86_64" <<-'END'
		#!/bin/sh
		case $1 in --version) echo QEMU ;; -plugin) [ "$2" = help ] || echo "$2" ;; esac
	END
	chmod +x "$tmp/qemu-system-x86_64"
	(cd "$tmp" && "$root/bin/sctrace-record" "$@" -- "$tmp/qemu-system-x86_64" 2>/dev/null) | sed 's/,.*//;s/^file=//' |
		xargs realpath
}

finds_both() { # the one of the installed tree, and one by its bare name
	cp "$root/lib/sctrace/sctrace-plugin-v4.so" "$tmp/mine.so"
	[ "$(finds_plugin)" = "$root/lib/sctrace/sctrace-plugin-v4.so" ] &&
		[ "$(finds_plugin --plugin mine.so)" = "$tmp/mine.so" ]
}

library() { # --static or nothing
	export PKG_CONFIG_PATH="$root/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$tmp"
	if [ "${1:-}" = --static ]; then
		libs="$root/lib/libsctrace.a $(PKG_CONFIG_SYSROOT_DIR='' pkg-config --static --libs libsctrace |
			sed 's/-L[^ ]* -lsctrace//')"
	else
		libs=$(pkg-config --libs libsctrace)
	fi
	${CC:-cc} -std=c11 $(pkg-config --cflags libsctrace) -o "$tmp/opens" tests/example/opens.c $libs &&
		LD_LIBRARY_PATH="$root/lib" "$tmp/opens" "$trace" >"$tmp/out" && tail -n 1 "$tmp/out"
}

test_that "install" installs
test_that "all files are there" complete
test_that "the installed decoder decodes" "$root/bin/sctrace-decode" --no-progress -o "$tmp/log.jsonl" "$trace"
test_that "the shared library shows the header's functions only" only_public
test_that "the plugins show QEMU's names only" plugin_symbols
test_that "the installed recorder finds its plugin" finds_both
test_that "the example builds with pkg-config" library
test_that "the example builds with pkg-config --static" library --static
finish
