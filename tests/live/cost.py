#!/usr/bin/env python3
"""Runs a command and says what it cost.

In:  a command
Out: a line with its time and its peak memory; its exit status
"""
import os
import sys
import time

begin = time.monotonic()
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
print('%.2f s, %.2f s of CPU, %.0f MiB' % (time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
sys.exit(os.waitstatus_to_exitcode(status))
