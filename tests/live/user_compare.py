#!/usr/bin/env python3
"""Compares decoded recordings of a program under qemu-user with that same run's own log of its system calls.

In:  a directory with logs log.ID of `qemu-user -d strace,tid`, decoded recordings t.jsonl, t.PID.jsonl, and a file
     t.PID.cut beside those of processes that were killed; the program's path
Out: how many calls agree; exit status 1 when a call, a result, a string or the caller does not

A log's ID is the number of the thread that it was opened by, and each line begins with the process's. So both numbers of
every caller are known; who.py's programs say the rest.

QEMU logs a call in two writes, arguments and result, and children that were forked write into their parent's log: of
programs that fork, the calls and their strings are compared, but no results.
"""
import collections
import json
import pathlib
import re
import sys

import user_who

HEAD = re.compile(r'(?:^|(?<=[)\s=]))(\d+) (Unknown syscall -?\d+|[A-Za-z_]\w*(?=\())')
RESULT = re.compile(r' = (-1 errno=(\d+)|0x[0-9a-f]+|-?\d+)(?: \([^()]*\))?$')
QUOTED = re.compile(r'"([^"\\]*)"')
RESTART, SIGRETURN = 512, 513  # results that never reach the program (linux-user's target_errno_defs.h)


FORKS = re.compile(r'\b(fork|vfork|clone)\((?!CLONE_VM)')


class Call:
    def __init__(self, caller, name, text):
        self.caller, self.name, self.text, self.result, self.errno = caller, name, text, None, 0


def read_log(path):
    """Calls by process, in order. A child that was forked writes on into the log of its parent's thread."""
    calls, waiting = collections.defaultdict(list), None
    opener, owner = int(path.suffix[1:]), None
    text = path.read_text(errors='replace')
    alone = not FORKS.search(text)
    for line in text.splitlines():
        heads = list(HEAD.finditer(line))
        for i, head in enumerate(heads):
            end = heads[i + 1].start() if i + 1 < len(heads) else len(line)
            pid = int(head[1])
            owner = owner or pid
            waiting = Call((pid, opener if pid == owner else pid), head[2], line[head.start():end])
            calls[head[1]].append(waiting)
        result = RESULT.search(line)
        if result and waiting and alone:
            waiting.errno = int(result[2] or 0)
            waiting.result = -waiting.errno if result[2] else int(result[1], 0)
        if result:
            waiting = None
    return calls


def strings(value, found):
    """All text and all buffers in a decoded value."""
    if isinstance(value, dict):
        for key, v in value.items():
            if key == 'str' and isinstance(v, str):
                found.append(v)
            strings(v, found)
    elif isinstance(value, list):
        for v in value:
            strings(v, found)
    return found


def differs(call, record, pointer, again):
    """What is wrong with the record, or None."""
    name = record['name']
    if (record['pid'], record['tid']) != call.caller:
        return f'called by {call.caller}'
    if name and call.name.islower() and call.name != name and call.name not in ('ipc', 'socketcall'):
        return f'called {call.name}'
    value = record['ret']['value']
    if call.result is not None and not again and call.errno not in (RESTART, SIGRETURN):
        if value is None or int(value, 16) != call.result & (1 << 8 * pointer) - 1:
            return f'result {call.result}'
    if name in ('open', 'openat', 'execve', 'readlink', 'unlink', 'mkdir', 'chdir', 'access', 'rename'):
        missing = [s for s in QUOTED.findall(call.text) if s not in strings(record['args'], [])]
        if missing:
            return f'strings {missing}'
    return None


def matches(calls, records, pointer, cut):
    """The first difference, or None. QEMU logs a call that is made again each time that it is made, a handler's calls
    in between."""
    left = list(calls)
    for record in records:
        wrong = differs(left[0], record, pointer, 'restarts' in record) if left else 'not logged'
        if wrong:
            return f'{wrong}, decoded as {json.dumps(record)[:300]}; logged as {left[0].text if left else None}'
        first = left.pop(0)
        for _ in range(record.get('restarts', 0)):
            again = next((c for c in left if c.name == first.name), None)
            if not again:
                return f'not made again: {json.dumps(record)[:300]}'
            left.remove(again)
    return f'{len(left)} more calls are logged than decoded' if left and not cut else None


def read_decoded(root, first):
    """Records by thread by process."""
    decoded = {}
    for path in sorted(root.glob('t*.jsonl')):
        threads = collections.defaultdict(list)
        for line in path.read_text().splitlines():
            record = json.loads(line)
            threads[record['thread']].append(record)
        for some in threads.values():
            some.sort(key=lambda r: r['id'])
        decoded[path.name.split('.')[1] if path.name != 't.jsonl' else first] = threads
    return decoded


def main(directory, bits, program):
    root, pointer = pathlib.Path(directory), int(bits) // 8
    logs = {(p.suffix[1:], pid): c for p in root.glob('log.*') for pid, c in read_log(p).items()}
    decoded = read_decoded(root, min((log for log, pid in logs), key=int))
    agreed = unknown = wrong = cut_off = 0
    counts = collections.Counter()
    for pid, threads in decoded.items():
        for difference in user_who.compare_selves(threads, program, counts):
            wrong += 1
            print(f'process {pid}: {difference}')
    for what in user_who.untold(program, counts):
        wrong += 1
        print(what)
    for (log, pid), calls in sorted(logs.items()):
        threads, cut = decoded.get(pid, {}), (root / f't.{pid}.cut').exists()
        why = {number: matches(calls, records, pointer, cut) for number, records in threads.items()}
        good = [number for number, difference in why.items() if difference is None]
        if good:
            same = calls[:len(threads.pop(good[0]))]
            agreed += len(same)
            unknown += sum(c.result is None for c in same)
        elif cut and not threads:
            cut_off += len(calls)
        else:
            wrong += 1
            print(f'process {pid}, log {log}:', *[f'\n  thread {n}: {d}' for n, d in why.items()])
    left = sum(len(records) for threads in decoded.values() for records in threads.values())
    print(f'{agreed} calls agree ({unknown} without a logged result), {wrong} differences, {left} calls only decoded, '
          f'{cut_off} in threads that were killed at once', *[f'{n} {what}' for what, n in sorted(counts.items())], sep=', ')
    return 1 if wrong or left or not agreed else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
