#!/usr/bin/env python3
"""Compares what a guest's own strace saw with what sctrace decoded from the recording of the same boot.

In:  DECODED.jsonl of sctrace-decode; strace's logs, NAME.log (values) and NAME.raw (argument words)
Out: a table of what was compared and of tolerated differences by class; every other difference with both lines

usage: compare.py DECODED.jsonl LOG...
Exit status: 0 all agrees, 1 something differs, 2 bad usage or unreadable input.
"""
import os
import sys
from collections import Counter

import align
import strace_log

SHOWN = 30  # differences printed in full


class Total:
    def __init__(self):
        self.classes, self.counts = Counter(), Counter()
        self.threads = self.calls = 0
        self.problems = []  # (log, text, call, entry)


def compare_log(path, matcher, total):
    """Returns how many problems this log has."""
    log = strace_log.Log(path)
    name = os.path.basename(path)
    before = len(total.problems)
    total.problems += [(name, error, None, None) for error in log.errors]
    threads = [t for t in log.threads if t.calls]
    if not threads:
        total.problems.append((name, "the log has no calls", None, None))
    for i, thread in enumerate(threads):
        total.threads += 1
        total.calls += len(thread.calls)
        walk = matcher.match(thread, path.endswith(".raw"), i == 0)
        if walk is None:
            total.problems.append((name, f"ours has no thread {thread.tid}", thread.calls[0], None))
            continue
        total.classes.update(walk.classes)
        total.counts.update(walk.counts)
        total.problems += [(name, *p) for p in walk.problems]
    return len(total.problems) - before


def show(total):
    for log, text, call, entry in total.problems[:SHOWN]:
        print(f"{log}: {text}")
        if call:
            print(call)
        if entry:
            print(entry)
    if len(total.problems) > SHOWN:
        print(f"… and {len(total.problems) - SHOWN} more differences")
        for text, n in Counter(p[1].split(":")[0] for p in total.problems).most_common(20):
            print(f"  {n:7} {text[:100]}")
    print(f"{total.threads} threads, {total.calls} calls in strace's logs")
    for name, n in sorted(total.counts.items()):
        print(f"  {n:7} {name}")
    for name, n in sorted(total.classes.items()):
        print(f"  {n:7} tolerated, class {name}")
    print(f"  {len(total.problems):7} differences")


def main(argv):
    if len(argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    total, bad = Total(), []
    matcher = align.Matcher(align.load(argv[1]))
    for path in argv[2:]:
        if compare_log(path, matcher, total):
            bad.append(os.path.basename(path))
    show(total)
    if bad:
        print("logs with differences:", " ".join(bad))
    print(f"{len(argv) - 2 - len(bad)} passed, {len(bad)} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv))
    except (OSError, ValueError) as error:
        print(f"compare: {error}", file=sys.stderr)
        sys.exit(2)
