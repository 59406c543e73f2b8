#!/bin/sh
# Bad input: see bad.py.
cd "$(dirname "$0")/.." || exit 1
exec "${PYTHON:-/usr/bin/python3}" tests/bad.py
