#!/bin/sh
# Whether this machine can run the live test: tools, a QEMU that can be recorded, Debian's packages.
#
# In:  $BUILD; the machine
# Out: exit status 0, or 1 with the reason on standard output; the amd64 guest is made on the way
set -u
. "$(dirname "$0")/lib.sh"

no() {
	echo "$*"
	exit 1
}

for tool in qemu-system-x86_64 apt-get dpkg-deb cpio gzip python3 sha256sum; do
	command -v "$tool" >/dev/null || no "there is no $tool (tests/deps.sh live installs it)"
done
printf 'int main(void) { return 0; }\n' | ${CC:-gcc} -m32 -static -x c -o /dev/null - 2>/dev/null ||
	no "the compiler cannot make 32-bit programs (tests/deps.sh live installs what it needs)"
qemu-system-x86_64 -help | grep -q -- '^-plugin' || no "this QEMU has no plugins"
major=$(qemu-system-x86_64 --version | sed -n 's/.*version \([0-9]*\)\..*/\1/p' | head -n 1)
[ "${major:-0}" -ge 10 ] || no "QEMU $major is too old to be recorded: 10 or newer (tests/deps.sh live installs it)"
why=$(guest amd64 2>&1) || no "no guest could be made: $(printf '%s' "$why" | tail -n 1)"
