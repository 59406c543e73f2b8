"""A decoder that is asked to end: the log under its name is closed and valid, or there is none.

In:  $BUILD/sctrace-decode; fixtures/debian-i386.trace.zst; zstd
Out: a line for each case; the last line is "N passed, N failed"
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time

DECODE = os.path.join(os.environ.get("BUILD") or "build", "sctrace-decode")
PLAIN = subprocess.run(["zstd", "-dc", "fixtures/debian-i386.trace.zst"], stdout=subprocess.PIPE, check=True).stdout
WHOLE = subprocess.run([DECODE, "-"], input=PLAIN, stdout=subprocess.PIPE, check=True).stdout

tmp = tempfile.TemporaryDirectory()
LOG = os.path.join(tmp.name, "log.jsonl")


def sleeps(pid):
    """Whether all that was written to its pipe is read and it waits for more."""
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rsplit(")", 1)[1].split()[0] == "S"


def ended_early(size, by, *options):
    """Exit status and log of a decoder that has size bytes of the recording and gets a signal as it waits for more."""
    p = subprocess.Popen([DECODE, "--no-progress", "-o", LOG, *options, "-"], stdin=subprocess.PIPE,
                         stderr=subprocess.DEVNULL)
    p.stdin.write(PLAIN[:size])
    p.stdin.flush()
    quiet = 0
    while quiet < 20:
        time.sleep(0.01)
        quiet = quiet + 1 if sleeps(p.pid) else 0
    p.send_signal(by)
    try:
        status = p.wait(60)
    finally:
        p.kill()
        p.stdin.close()
    log = None
    if os.path.exists(LOG):
        with open(LOG, "rb") as f:
            log = f.read()
        os.unlink(LOG)
    return status, log


def tidy():
    return os.listdir(tmp.name) == []


def whole_calls(log):
    """Whether these are calls of the recording, each whole; those that were open are closed as unfinished."""
    known = set(WHOLE.splitlines())
    calls = [json.loads(line) for line in log.splitlines()]
    returned = [line for line, call in zip(log.splitlines(), calls) if call["end"] == "returned"]
    return log.endswith(b"\n") and len(returned) > 100 and all(line in known for line in returned)


def in_the_middle(by, *options):
    status, log = ended_early(len(PLAIN) * 9 // 10, by, *options)
    return status == 128 + by and log is not None and whole_calls(log) and tidy()


def before_the_first_byte(by):
    status, log = ended_early(0, by)
    return status == 128 + by and log is None and tidy()


def json_array():
    status, log = ended_early(len(PLAIN) * 9 // 10, signal.SIGINT, "-f", "json")
    return status == 130 and len(json.loads(log)) > 100 and tidy()


TESTS = {
    "SIGINT in the middle": lambda: in_the_middle(signal.SIGINT),
    "SIGTERM in the middle": lambda: in_the_middle(signal.SIGTERM),
    "SIGINT in the middle, one thread": lambda: in_the_middle(signal.SIGINT, "-j", "1"),
    "SIGINT before the first byte": lambda: before_the_first_byte(signal.SIGINT),
    "SIGTERM before the first byte": lambda: before_the_first_byte(signal.SIGTERM),
    "a JSON array is closed": json_array,
}

failed = 0
for name, test in TESTS.items():
    good = test()
    failed += not good
    print("ok  " if good else "FAIL", name)
print(f"{len(TESTS) - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)
