#!/bin/sh
# Takes a Debian package of another architecture, unpacked; neither root nor a foreign architecture in dpkg is needed.
#
# In:  the machine's apt: mirror, suites and keys
# Out: DIR with the package's files; exit status 1: it is not to be had
#
# usage: tests/live/foreign.sh ARCHITECTURE PACKAGE DIR
set -eu
arch=$1
package=$2
dir=$3
apt=$dir/apt
mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
apt=$(cd "$apt" && pwd)
: >"$apt/status"
key=/usr/share/keyrings/debian-archive-keyring.gpg

apt_of() { # command...: in a root of its own
	tool=$1
	shift
	"$tool" -q -o APT::Architecture="$arch" -o APT::Architectures="$arch" -o APT::Sandbox::User="" \
		-o Dir::State="$apt/state" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" \
		-o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o Debug::NoLocking=1 -o Dir::Log="$apt" "$@"
}

apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(LABEL)' 'Created-By: Packages' |
	awk -v key="$key" '/ main Debian/ && $2 !~ /backports|updates|security/ {
		print "deb [signed-by=" key "] " $1 " " $2 " " $3 }' | sort -u >"$apt/sources.list"
[ -s "$apt/sources.list" ] || exit 1
apt_of apt-get update >"$apt/log" 2>&1 || true
(cd "$apt" && apt_of apt-get download "$package") >>"$apt/log" 2>&1 || exit 1
dpkg-deb -x "$apt/${package}"_*.deb "$dir"
rm -rf "$apt"
