#!/bin/sh
# Times recording and decoding on this machine, as ratios; bench.py says which.
#
# In:  programs in $BUILD, QEMU, packages through tests/live/guest.sh; RUNS (5), BOOTS (3), PARTS
# Out: a table; exit status 1 when a limit is missed
set -eu
cd "$(dirname "$0")/../.."
export BUILD="${BUILD:-$PWD/build}"
exec "${PYTHON:-/usr/bin/python3}" tests/bench/bench.py
