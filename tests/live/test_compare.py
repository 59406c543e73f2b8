#!/usr/bin/env python3
"""Tests of the comparison itself: that it accepts what agrees and finds each kind of difference.

In:  a few lines of strace's spelling and the records that belong to them, below
Out: unittest's report; last line "N passed, N failed"
"""
import copy
import json
import os
import sys
import tempfile
import unittest

import align
import strace_log

LOG = r"""7     [  59] [00007f0000000002] execve("\x2f\x61", ["\x61", "\x62"], []) = 0
7     [   0] [0000000000401002] read(3,  <unfinished ...>
8     [  39] [0000000000402002] getpid() = 7
7     [   0] [0000000000401002] <... read resumed>"\x68\x69\x00", 100) = 3
7     [  20] [0000000000401012] writev(1, [{iov_base="\x78", iov_len=1}, {iov_base="", iov_len=0}], 2) = 1
7     [   0] [0000000000401002] read(4, 0x10, 8) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)
7     [   0] [0000000000401002] --- SIGSTOP {si_signo=19, si_code=0, si_pid=1, si_uid=0} ---
7     [   0] [0000000000401002] --- stopped by SIGSTOP ---
7     [   0] [0000000000401002] read(4, "", 8) = 0
7     [9999] [0000000000401002] syscall_0x270f(0x1, 0, 0xffffffff, 0, 0, 0) = -1 ENOSYS (Function not implemented)
8     [ 231] [0000000000403002] exit_group(0) = ?
8     [ 231] [????????????????] +++ exited with 0 +++
"""


def arg(name, value, **meaning):
    return {"name": name, "value": hex(value)} | meaning


def record(ident, thread, nr, name, pc, args, ret, end="returned", error=None, **more):
    return {"id": ident, "thread": thread, "tid": None, "asid": "0x1000", "enter": {"seq": ident, "pc": hex(pc)},
            "abi": "linux_x64", "insn": "syscall", "nr": nr, "name": name, "args": args,
            "ret": {"value": ret if ret is None else hex(ret), "int": ret, "error": error}, "end": end} | more


def ptr(name, value, **meaning):
    return arg(name, value, dir="in") | meaning


def strings(*texts):
    return [{"value": "0x1", "str": t} for t in texts]


def iovec(text, size):
    return {"struct": [ptr("iov_base", 0x500, str=text), arg("iov_len", size, int=size)]}


RECORDS = [
    record(0, 1, 101, "ptrace", 0x500, [], 0),
    record(1, 1, 59, "execve", 0x7f0000000000, [ptr("filename", 1, str="/a"), ptr("argv", 1, array=strings("a", "b")),
                                                ptr("envp", 1, array=[])], 0, "exec"),
    record(2, 1, 0, "read", 0x401000, [arg("fd", 3, int=3), ptr("buf", 0x100, bytes="aGkA"), arg("count", 100)], 3),
    record(3, 2, 39, "getpid", 0x402000, [], 7),
    record(4, 1, 20, "writev", 0x401010, [arg("fd", 1), ptr("vec", 1, array=[iovec("x", 1), iovec("", 0)]),
                                          arg("vlen", 2)], 1),
    record(5, 1, 0, "read", 0x401000, [arg("fd", 4, int=4), ptr("buf", 0x10, bytes=""), arg("count", 8)], 0,
           "restarted", restarts=1),
    record(6, 1, 9999, None, 0x401000, [arg(f"arg{i}", v) for i, v in enumerate([1, 0, 0xffffffff, 0, 0, 0])],
           (1 << 64) - 38, error="ENOSYS"),
    record(7, 2, 231, "exit_group", 0x403000, [arg("error_code", 0, int=0)], None, "noreturn"),
]


def problems(records, log=LOG):
    with tempfile.TemporaryDirectory() as where:
        paths = [os.path.join(where, name) for name in ("a.log", "a.jsonl")]
        with open(paths[0], "w", encoding="latin-1") as file:
            file.write(log)
        with open(paths[1], "w", encoding="utf-8") as file:
            file.writelines(json.dumps(r) + "\n" for r in records)
        matcher = align.Matcher(align.load(paths[1]))
        parsed = strace_log.Log(paths[0])
    found = list(parsed.errors)
    for i, thread in enumerate(parsed.threads):
        walk = matcher.match(thread, False, i == 0)
        found += [p[0] for p in walk.problems] if walk else ["no thread"]
    return found


class Differences(unittest.TestCase):
    def changed(self, index, change):
        records = copy.deepcopy(RECORDS)
        change(records[index])
        return problems(records)

    def test_all_agrees(self):
        self.assertEqual(problems(RECORDS), [])

    def test_each_difference_is_found(self):
        changes = [
            (1, lambda r: r["args"][1]["array"].pop()),
            (1, lambda r: r["args"][0].update(str="/b")),
            (1, lambda r: r.update(end="returned", ret={"value": "0x1", "int": 1, "error": None})),
            (2, lambda r: r["args"][0].update(value="0x4", int=4)),
            (2, lambda r: r["args"][1].update(bytes="aGkB")),
            (2, lambda r: r["args"][1].update(bytes="aGkA", unknown="unmapped")),
            (2, lambda r: r["ret"].update(value="0x4")),
            (2, lambda r: r["ret"].update(value=None)),
            (2, lambda r: r.update(name="write")),
            (4, lambda r: r["args"][1]["array"][0]["struct"][0].update(str="y")),
            (4, lambda r: r["args"][1]["array"][0]["struct"][1].update(value="0x2", int=2)),
            (5, lambda r: r.pop("restarts")),
            (5, lambda r: r.update(restarts=2)),
            (6, lambda r: r["args"][2].update(value="0xfffffffe")),
            (6, lambda r: r["ret"].update(error="EPERM")),
            (6, lambda r: r.update(name="read")),
            (7, lambda r: r.update(end="returned")),
            (3, lambda r: r.update(tid=99)),
        ]
        for index, change in changes:
            with self.subTest(record=index):
                self.assertNotEqual(self.changed(index, change), [])

    def test_missing_and_extra_records(self):
        for index in range(1, len(RECORDS)):
            self.assertNotEqual(problems(RECORDS[:index] + RECORDS[index + 1:]), [], f"without record {index}")
        extra = record(9, 1, 39, "getpid", 0x401000, [], 7)
        self.assertNotEqual(problems(RECORDS + [extra]), [])

    def test_damaged_log(self):
        self.assertNotEqual(problems(RECORDS, LOG.replace("= 7", "")), [])

    def test_thread_that_becomes_another_by_execve(self):
        log = r"""7     [  34] [0000000000401002] pause( <unfinished ...>
9     [  59] [0000000000402002] execve("\x2f\x61", [], [] <unfinished ...>
7     [  59] [0000000000401002] +++ superseded by execve in pid 9 +++
7     [  59] [0000000000401002] <... execve resumed>) = 0
7     [  39] [0000000000403002] getpid() = 7
"""
        records = [
            record(1, 1, 34, "pause", 0x401000, [], None, "killed"),
            record(2, 2, 59, "execve", 0x402000, [ptr("filename", 1, str="/a"), ptr("argv", 1, array=[]),
                                                  ptr("envp", 1, array=[])], 0, "exec"),
            record(3, 2, 39, "getpid", 0x403000, [], 7, tid=7),
        ]
        self.assertEqual(problems(records, log), [])
        records[2]["tid"] = 8
        self.assertNotEqual(problems(records, log), [])


class Parsing(unittest.TestCase):
    def parse(self, text):
        return strace_log.Parser(text).items(")")

    def test_values(self):
        self.assertEqual(self.parse(r'"\x41\n"..., 0x10, 022, -1, NULL, [1, 2], |0x800)'),
                         [b"A\n", 16, 18, -1, 0, [1, 2], 0x800])
        self.assertIsInstance(self.parse(r'"\x41"...)')[0], strace_log.Cut)
        self.assertEqual(self.parse("[5] => [15])"), [strace_log.Change([5], [15])])
        self.assertEqual(self.parse("~[33 34], {a=1, b={c=[2]}})"), ["~[33 34]", {"a": 1, "b": {"c": [2]}}])
        self.assertEqual(self.parse("flags=0x1200000|17)"), [strace_log.Named("flags", 0x1200011)])
        self.assertEqual(self.parse("{t=5 /* 2026-11-21 */})"), [{"t": 5}])


if __name__ == "__main__":
    outcome = unittest.main(exit=False, argv=sys.argv[:1]).result
    wrong = len(outcome.failures) + len(outcome.errors)
    print(f"{outcome.testsRun - wrong} passed, {wrong} failed")
    sys.exit(wrong != 0)
