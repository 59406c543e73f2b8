#!/usr/bin/env python3
"""Compares what sctrace-decode reads out of a text log of qemu-user with the -strace lines in the same log.

In:  a log of `qemu-user -strace -d in_asm,exec,cpu…` of a program with one thread, its decoded records (jsonl), and
     "all" (every call must be there, each word known), "most" (every call, words right or unknown) or "some" (without
     -d nochain: calls may be missing)
Out: how many calls agree; exit status 1 when a name, a result or a word does not
"""
import collections
import errno
import json
import os
import re
import sys

from agree import multiplexed, raw, words
from agree import same_name as same_as_strace
from strace_log import ParseError, Parser

LINE = re.compile(r"(\d+) (?:Unknown syscall (-?\d+)|([A-Za-z_]\w*)\((.*))")
RESULT = re.compile(r"\s*= (?:-1 errno=(\d+)(?: \((.*)\))?|(0x[0-9a-f]+|-?\d+))")
HIDDEN = (512, 513)  # QEMU_ERESTARTSYS, QEMU_ESIGRETURN: never reach the program


class Call:
    """A line of -strace; a call that QEMU does not know has a number and nothing else."""

    def __init__(self, pid, number, name, text):
        self.pid = int(pid)
        self.number, self.name, self.text = number and int(number), name, text or ""
        self.args, self.result, self.error, self.message = [], None, None, None
        parser = Parser(self.text)
        try:
            self.args = parser.items(")")
        except (ParseError, IndexError):
            return  # QEMU spells some structs without an end
        match = RESULT.match(self.text, parser.at)
        if match and match[1]:
            self.error, self.message = int(match[1]), match[2]
        elif match:
            self.result = int(match[3], 0)


def read_log(path):
    with open(path, encoding="latin-1", newline="\n") as file:
        lines = (LINE.match(text) for text in file if text[:1].isdigit())
        return [Call(*m.groups()) for m in lines if m]


def same_word(theirs, mask, mine):
    return any(theirs & m == mine & m for m in (mask, mask & 0xffffffff))


def same_name(call, record):
    if call.name is None:
        return record["nr"] == call.number & 0xffffffff
    if multiplexed(record):  # QEMU shows the inner call of socketcall, in capitals, and the outer one of ipc, mostly
        return call.name in (record["name"], record["name"].upper(), "ipc", "socketcall")
    return same_as_strace(call, record)


def compare(call, shown, how, counts):
    """What is wrong with our words, or None. shown: (mask, value, name) of each."""
    for theirs, (mask, word, name) in zip(call.args, shown):
        if not isinstance(theirs, int):
            continue
        if word is None:
            counts["words not known"] += 1
            if how == "all":
                return f"{name} is not known"
        elif not same_word(theirs, mask, word):
            return f"{name} is {theirs:#x}"
        else:
            counts["words"] += 1
    return None


def same_error(call, record):
    """By the message, for numbers differ between architectures."""
    name = record["ret"]["error"]
    if call.message is None:
        return name == errno.errorcode[call.error]
    return name is not None and os.strerror(getattr(errno, name)) == call.message


def own_call(record):
    """Arm's own calls, which QEMU makes without a word."""
    return record["abi"] == "linux_arm" and (record["nr"] or 0) >= 0xf0000


def differences(call, record, how, counts):
    """What is wrong with the record, or None."""
    for who in "pid", "tid":  # the program has one thread
        counts[f"{who}s" if record[who] is not None else f"{who}s not known"] += 1
        if record[who] not in (None, call.pid):
            return f"{who} is {call.pid}"
    if record["nr"] is None and how != "all":
        counts["numbers not known"] += 1
    elif not same_name(call, record):
        return f"called {call.name or call.number}"
    mine = record["ret"]["value"]
    if call.error is not None and call.error not in HIDDEN and not same_error(call, record):
        return f"error {call.error}"
    if call.result is not None and (mine is None or not same_word(call.result, (1 << 64) - 1, int(mine, 16))):
        return f"result {call.result}"
    if record["nr"] is None or multiplexed(record):
        return None
    # QEMU shows a 64-bit number in two registers as these, or as what it is
    trial = collections.Counter()
    whole = [((1 << 64) - 1, raw(a), a["name"]) for a in record["args"]]
    wrong = compare(call, words(record), how, trial)
    if wrong:
        trial = collections.Counter()
        wrong = compare(call, whole, how, trial) and wrong
    counts.update(trial)
    return wrong


def skip(calls, at, record):
    """Where the next call is that the record may be of: those before it were not logged as blocks."""
    trial = collections.Counter()
    while at < len(calls) and (not same_name(calls[at], record) or differences(calls[at], record, "some", trial)):
        at += 1
    return at


def main(log, decoded, how):
    calls, at, counts = read_log(log), 0, collections.Counter()
    with open(decoded, encoding="utf-8") as file:
        records = sorted((json.loads(line) for line in file), key=lambda r: r["id"])
    records = [record for record in records if not own_call(record)]
    for record in records:
        if how == "some":
            at = skip(calls, at, record)
        wrong = differences(calls[at], record, how, counts) if at < len(calls) else "not logged"
        if wrong:
            print(f"{wrong}: {json.dumps(record)[:400]}\n  {calls[at].text[:200] if at < len(calls) else ''}")
            return 1
        at += 1
    if not records or (how != "some" and at < len(calls)):
        print(f"{len(records)} calls decoded, {len(calls)} logged")
        return 1
    print(f"{len(records)} of {len(calls)} calls, " + ", ".join(f"{n} {what}" for what, n in sorted(counts.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
