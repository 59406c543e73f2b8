#!/usr/bin/env python3
"""Records one run of an amd64 guest twice, in PANDA's trace format with a dump of memory under it and by the recorder, and
holds the calls of the traced stretch against each other.

In:  BUILD, the programs; WORK, a folder for some hundred MB; GUEST, a folder with vmlinuz and initrd.gz; PLUGIN, the
     plugin made of panda_trace.c; on the command line: a name, a list of jobs, how many instructions to trace, the
     kernel's command line and options of QEMU
Out: what differs; how many calls, results and threads agree; exit status 1 when something differs
"""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from difflib import SequenceMatcher

BUILD, WORK, GUEST, PLUGIN = (os.environ[name] for name in ('BUILD', 'WORK', 'GUEST', 'PLUGIN'))


class Wrong(Exception):
    pass


# ---- the guest -----------------------------------------------------------------------------------------------


class Guest:
    """A QEMU with a monitor, our recorder, and the plugin that traces as PANDA does."""

    def __init__(self, folder, jobs, limit, append, options):
        self.folder = folder
        self.control, theirs = socket.socketpair()
        self.zstd = subprocess.Popen(['zstd', '-1', '-q', '-f', '-o', folder + '/trace.zst'], stdin=subprocess.PIPE)
        out, hidden = self.zstd.stdin.fileno(), os.open(folder + '/hidden', os.O_WRONLY | os.O_CREAT)
        self.qemu = subprocess.Popen([
            'qemu-system-x86_64', '-m', '256', '-nodefaults', '-display', 'none', '-no-reboot',
            '-serial', f'file:{folder}/console', '-serial', 'null', '-icount', 'shift=1',
            '-kernel', GUEST + '/vmlinuz', '-initrd', GUEST + '/initrd.gz',
            '-append', f'console=ttyS0 panic=-1 quiet sct.jobs={jobs} {append}',
            '-plugin', f'{PLUGIN},out={out},control={theirs.fileno()},hidden={hidden},limit={limit}',
            '-plugin', f'{BUILD}/sctrace-plugin-v4.so,out={folder}/ours.zst,level=syscalls',
            '-qmp', f'unix:{folder}/monitor,server=on,wait=off'] + options,
            stdin=subprocess.DEVNULL, pass_fds=(out, hidden, theirs.fileno()))
        os.close(hidden)
        theirs.close()
        self.zstd.stdin.close()

    def wait(self, count):
        """Until so many jobs have begun (tests/live/init)."""
        for _ in range(6000):
            try:
                with open(self.folder + '/console', encoding='utf-8', errors='replace') as f:
                    if f.read().count('job ') >= count:
                        return
            except FileNotFoundError:
                pass
            if self.qemu.poll() is not None:
                raise Wrong('the guest ended: ' + open(self.folder + '/console', errors='replace').read()[-300:])
            time.sleep(0.01)
        raise Wrong('the guest does not come to its jobs')

    def tell(self, byte, awaited):
        if byte:
            self.control.sendall(byte)
        self.control.settimeout(300)
        if self.control.recv(1) != awaited:
            raise Wrong('the plugin does not answer')

    def monitor(self):
        s = socket.socket(socket.AF_UNIX)
        s.connect(self.folder + '/monitor')
        self.lines = s.makefile('rw')
        self.lines.readline()
        self.ask('qmp_capabilities')

    def ask(self, command, **arguments):
        self.lines.write(json.dumps({'execute': command, 'arguments': arguments}) + '\n')
        self.lines.flush()
        while True:
            line = self.lines.readline()
            if not line:
                raise Wrong('QEMU has ended')
            answer = json.loads(line)
            if 'error' in answer:
                raise Wrong(f"{command}: {answer['error']['desc']}")
            if 'return' in answer:
                return answer['return']

    def end(self):
        self.qemu.kill()
        self.qemu.wait()
        self.zstd.wait()


def record(folder, jobs, limit, append, options):
    guest = Guest(folder, jobs, limit, append, options)
    try:
        guest.wait(1)
        guest.tell(b'i', b'i')
        guest.wait(2)
        guest.monitor()
        guest.ask('stop')
        guest.ask('dump-guest-memory', paging=False, protocol='file:' + folder + '/memory')
        guest.tell(b't', b't')
        guest.ask('cont')
        guest.tell(None, b'e')
        guest.ask('quit')
        guest.qemu.wait(60)
    except OSError:
        pass  # the guest has come to its own end
    finally:
        guest.end()


# ---- what was decoded ----------------------------------------------------------------------------------------


def decode(folder, name, *arguments):
    """The records of a log in the order in which the calls were made."""
    path = f'{folder}/{name}.jsonl'
    run = subprocess.run([BUILD + '/sctrace-decode', '-v', '-o', path, *arguments], capture_output=True, text=True)
    with open(f'{folder}/{name}.messages', 'w', encoding='utf-8') as f:
        f.write(run.stderr)
    if run.returncode not in (0, 2):
        raise Wrong(f'sctrace-decode: {run.stderr}')
    with open(path, encoding='utf-8') as f:
        return sorted((json.loads(line) for line in f), key=lambda r: r['id'])


def without(value, *keys):
    return {k: v for k, v in value.items() if k not in keys}


def differ(a, b, path, gaps):
    """Places at which value a of a log is not value b of the truth; gaps: what a does not know is none."""
    if a == b or gaps and a is None:
        return []
    if not isinstance(a, type(b)):
        return [f'{path}: {json.dumps(a)[:200]} is {json.dumps(b)[:200]}']
    if isinstance(a, list) and len(a) == len(b):
        return [text for i, (x, y) in enumerate(zip(a, b)) for text in differ(x, y, f'{path}[{i}]', gaps)]
    if not isinstance(a, dict):
        return [f'{path}: {json.dumps(a)[:200]} is {json.dumps(b)[:200]}']
    if 'out' in a or 'out' in b:  # the meaning at return, where it is another one than at entry
        later = [without(x.get('out', x), 'name', 'type', 'dir', 'value', 'out') for x in (a, b)]
        return differ(without(a, 'out'), without(b, 'out'), path, gaps) + differ(*later, path + '.out', gaps)
    if gaps and 'unknown' in a:
        a = without(a, 'unknown')
        b = {k: v for k, v in b.items() if k in a}
    if gaps and 'partial' in a:
        a, b = beginning(a, b)
    missing = [f'{path}.{k} is only {"expected: " + json.dumps(b[k])[:200] if k in b else "in the log"}'
               for k in sorted(set(a) ^ set(b))]
    return missing + [text for k in a if k in b for text in differ(a[k], b[k], f'{path}.{k}', gaps)]


def beginning(a, b):
    """The part of both that a knows."""
    kind = next(k for k in ('array', 'str', 'bytes', 'struct') if k in a)
    plain = {k: v for k, v in a.items() if k not in ('partial', 'size', kind)}
    if kind == 'array':
        return {**plain, kind: a[kind]}, {**without(b, 'size'), kind: b.get(kind, [])[:len(a[kind])]}
    return plain, {k: v for k, v in b.items() if k in plain}


SAME = ('asid', 'insn', 'abi', 'nr', 'name', 'entry', 'args', 'ret', 'end', 'restarts')
ENTRY = ('asid', 'insn', 'abi', 'nr', 'name', 'entry')


def record_differs(found, truth, same_clock, gaps):
    """What is wrong about a record. same_clock: both logs count the same instructions."""
    texts = []
    if found['end'] == 'unfinished' and truth['end'] != 'unfinished':  # the trace ended first
        f = [without(a, 'out') for a in found['args'] if a.get('dir') != 'out']
        t = [without(a, 'out') for a in truth['args'] if a.get('dir') != 'out']
        pairs = [(k, found[k], truth[k]) for k in ENTRY] + [('args', f, t)]
    else:
        pairs = [(k, found.get(k), truth.get(k)) for k in SAME]
        back = [r['return'] and {k: r['return'][k] for k in ('pc', 'seq')[:1 + same_clock]} for r in (found, truth)]
        # without its frame the call that a handler interrupted is known to have ended when sigreturn comes back to it
        if not (gaps and found['end'] == truth['end'] == 'signal'):
            pairs.append(('return', *back))
    pairs.append(('pc', found['enter']['pc'], truth['enter']['pc']))
    pairs += [(k, found[k], truth[k]) for k in ('tid', 'pid') if found[k] is not None and truth[k] is not None]
    for key, a, b in pairs:
        texts += differ(a, b, key, gaps)
    return texts


def key(r):
    return r['nr'], r['enter']['pc']


def pair(found, ours):
    """[(record of the trace, ours)] in order, None for what one of them lacks, from where the traced stretch begins."""
    def head(records):
        return [(key(r), [a.get('value') for a in r['args']]) for r in records]
    begin, all_of_ours = head(found[:20]), head(ours)
    places = [i for i in range(len(ours)) if all_of_ours[i:i + len(begin)] == begin]
    if len(places) != 1:
        raise Wrong(f'the first calls are in {len(places)} places of our recording')
    ours = ours[places[0]:]
    pairs = []
    matcher = SequenceMatcher(None, [key(r) for r in found], [key(r) for r in ours[:2 * len(found)]], autojunk=False)
    for what, i, j, k, m in matcher.get_opcodes():
        if what == 'equal':
            pairs += zip(found[i:j], ours[k:m])
        elif i < len(found):
            pairs += [(f, None) for f in found[i:j]] + [(None, o) for o in ours[k:m]]
    while pairs and pairs[-1][0] is None:  # behind the trace's end
        pairs.pop()
    return pairs


class Hidden:
    """Stores that PANDA does not show, since QEMU's helpers make them: what fxsave and xsave leave on stacks and in signal
    frames, mostly. Memory is not known to be others there."""

    REACH = 64 << 10  # what a decoded argument may have

    def __init__(self, folder):
        with open(folder + '/hidden', encoding='ascii') as f:
            self.stores = [(int(seq), int(addr, 16), int(size)) for seq, addr, size in map(str.split, f)]
        self.calls = 0

    def near(self, addr, reach, seq):
        return any(at < addr + reach and addr < at + size for n, at, size in self.stores if n <= seq)

    def explains(self, record, texts):
        """Whether they may be why arguments differ."""
        pointers = [int(a['value'], 16) for a in record['args'] if 'dir' in a and a['value']]
        if not texts or not all(t.startswith('args') for t in texts) or \
                not any(self.near(p, self.REACH, record['enter']['seq']) for p in pointers):
            return False
        self.calls += 1
        return True

    def explain_message(self, said):
        """The first read that disagrees with memory."""
        first = re.search(r'of \d+ reads disagree with memory; the first at seq (\d+), address 0x([0-9a-f]+)', said)
        return bool(first) and self.near(int(first[2], 16), 16, int(first[1]))


def threads_differ(pairs):
    """Numbers of one log that are several threads in the other. pairs: thread of the trace's, of ours."""
    there, back, texts = {}, {}, []
    for i, (a, b) in enumerate(pairs):
        if a is None or b is None:
            continue
        if there.setdefault(a, b) != b:
            texts.append(f"call {i}: the trace's thread {a} is ours {there[a]} and {b}")
        if back.setdefault(b, a) != a:
            texts.append(f"call {i}: our thread {b} is the trace's {back[b]} and {a}")
    return texts


def hold(folder):
    """Holds the logs against each other; returns what differs."""
    trace, memory = folder + '/trace.zst', folder + '/memory'
    found = decode(folder, 'found', '--verify-snapshot', '-s', memory, trace)
    alone = decode(folder, 'alone', trace)
    ours = decode(folder, 'ours', folder + '/ours.zst')
    texts, pairs, hidden = [], pair(found, ours), Hidden(folder)
    with open(folder + '/found.messages', encoding='utf-8') as f:
        said = f.read()
    if 'trace and snapshot agree' not in said and not hidden.explain_message(said):
        texts.append('trace and snapshot do not agree: ' + said)
    for f, o in pairs:
        if f and o:
            wrong = record_differs(f, o, False, False)
            if not hidden.explains(f, wrong):
                texts += [f"seq {f['enter']['seq']} {o['name']} ({f['id']}, ours {o['id']}): {t}" for t in wrong]
        else:
            texts.append(f'missing: {json.dumps(o)}' if o else f'made up: {json.dumps(f)}')
    texts += threads_differ([(f['thread'], o['thread']) for f, o in pairs if f and o])
    by_seq = {f['enter']['seq']: f for f in found}
    for a in alone:
        f = by_seq.get(a['enter']['seq'])
        texts += [f"without the snapshot: seq {a['enter']['seq']} {a['name']} ({a['id']}): {t}" for t in
                  (record_differs(a, f, True, True) if f else ['there is no such call'])]
    missing = [f for f in found if f['enter']['seq'] not in {a['enter']['seq'] for a in alone}]
    returned = sum(f['end'] != 'unfinished' for f in found)
    print(f"{len(found)} calls of {len(ours)}, {returned} ended, in "
          f"{len({f['thread'] for f in found})} threads, by {dict(Counter(f['insn'] for f in found))}, "
          f"ends {dict(Counter(f['end'] for f in found))}; "
          f"without the snapshot {len(alone)}, missing {dict(Counter(f['insn'] for f in missing))}; "
          f"{hidden.calls} with memory that PANDA does not show to be written")
    return texts


def main():
    folder = f'{WORK}/{sys.argv[1]}'
    if not os.environ.get('SCT_AGAIN'):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        record(folder, sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5:])
    texts = hold(folder)
    for text in texts[:int(os.environ.get('SCT_SHOWN', 40))]:
        print(text.rstrip())
    print(f'{len(texts)} differences')
    return bool(texts)


if __name__ == '__main__':
    sys.exit(main())
