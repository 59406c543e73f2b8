#!/usr/bin/env python3
"""Compares what a guest's own strace saw with what sctrace decoded from the recording of the same boot.

In:  DECODED.jsonl of sctrace-decode; strace's logs, NAME.log (values) and NAME.raw (argument words)
Out: a table of what was compared and of tolerated differences by class; every other difference with both lines

usage: compare.py DECODED.jsonl LOG... [--least WHAT=N]... [--none WHAT]...
    --least: fewer than that many of a count is a difference too; WHAT: how the name of the count begins, with dots for blanks
    --none: any of that count is one
Exit status: 0 all agrees, 1 something differs, 2 bad usage or unreadable input.
"""
import os
import sys
from collections import Counter

import align
import callers
import strace_log

SHOWN = int(os.environ.get("SHOWN", 30))  # differences printed in full


class Total:
    def __init__(self):
        self.classes, self.counts = Counter(), Counter()
        self.threads = self.calls = 0
        self.problems = []  # (log, text, call, entry)


def compare_log(path, matcher, total):
    """Returns how many problems this log has."""
    log = strace_log.Log(path)
    if not path.endswith(".raw"):  # words do not tell what clone3 was asked for
        callers.find(log)
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


def short(total, options):
    """What was not compared often enough to mean something, or is not known that had to be."""
    found = []
    for option, value in options:
        what, _, least = value.partition("=")
        n = sum(count for name, count in total.counts.items() if name.startswith(what.replace(".", " ")))
        if n < int(least) if option == "--least" else n:
            found.append(f"{n} {what}")
    return found


def main(argv):
    at = next((i for i, a in enumerate(argv) if a.startswith("--")), len(argv))
    options = list(zip(argv[at::2], argv[at + 1::2]))
    argv = argv[:at]
    if len(argv) < 3 or any(o not in ("--least", "--none") for o, _ in options):
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
    few = short(total, options)
    if few:
        print("too few compared, or not known:", ", ".join(few))
    print(f"{len(argv) - 2 - len(bad)} passed, {len(bad)} failed")
    return 1 if bad or few else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv))
    except (OSError, ValueError) as error:
        print(f"compare: {error}", file=sys.stderr)
        sys.exit(2)
