#!/usr/bin/env python3
"""Bad types: files for --types that are cut, changed, or none at all, through sctrace-decode.

In:  $BUILD/sctrace-decode; tests/bad.trace.zst; the inputs of the fuzz targets of types in tests/fuzz/corpus/types_*
Out: a line for each kind of damage; the last line is "N passed, N failed"

What must hold: an end in time and memory, no signal; exit status 0 where the file is of use all the same, 2 where it
shows that it is of another kernel, else 1 with the file's name and a cause, and no log.
"""
import glob
import os
import random
import resource
import struct
import subprocess
import sys
import tempfile

BUILD = os.environ.get('BUILD') or 'build'
SAN = os.environ.get('SANITIZED')
MEMORY = 640 << 20
TIME = 60
ROUNDS = 12  # changes of each input

tmp = tempfile.TemporaryDirectory()
PATH = os.path.join(tmp.name, 'types')
LOG = os.path.join(tmp.name, 'log.jsonl')


class Wrong(Exception):
    pass


def limit():
    if not SAN:  # AddressSanitizer maps 20 TB
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def decode(data, allowed):
    with open(PATH, 'wb') as f:
        f.write(data)
    return decode_path(PATH, allowed)


def decode_path(path, allowed):
    if os.path.exists(LOG):
        os.unlink(LOG)
    p = subprocess.run([BUILD + '/sctrace-decode', '--no-progress', '--no-cache', '-t', path, '-o', LOG,
                        'tests/bad.trace.zst'], stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=limit,
                       stdin=subprocess.DEVNULL, timeout=TIME)
    text = p.stderr.decode(errors='replace')
    if p.returncode not in allowed:
        raise Wrong('status %d, expected one of %s: %s' % (p.returncode, allowed, text[-400:]))
    if p.returncode == 1 and (os.path.basename(path) not in text or os.path.exists(LOG)):
        raise Wrong('status 1, and a log or no word of the file: ' + text[-400:])
    if p.returncode == 0 and not os.path.exists(LOG):
        raise Wrong('status 0 and no log')
    return text


def inputs():
    """The biggest inputs of each kind: what was found by damage is small."""
    for folder in sorted(glob.glob('tests/fuzz/corpus/types_*')):
        found = sorted(glob.glob(folder + '/*'), key=os.path.getsize)[-3:]
        for path in found:
            with open(path, 'rb') as f:
                yield os.path.basename(folder), f.read()


def nothing():
    decode_path(os.path.join(tmp.name, 'missing'), [1])
    decode_path(tmp.name, [1])
    decode(b'', [1])
    decode(b'\0' * 5000, [1])
    decode(random.Random(4).randbytes(20000), [1])


def of_other_kinds():
    """A trace, a program: no types."""
    decode_path('tests/bad.trace.zst', [1])
    decode_path('/bin/true', [0, 1])


def cut():
    for _, data in inputs():
        for i in range(ROUNDS):
            decode(data[:len(data) * i // ROUNDS], [0, 1, 2])


def changed():
    draw = random.Random(7)
    for _, data in inputs():
        for _ in range(ROUNDS):
            new = bytearray(data)
            for _ in range(draw.choice([1, 4, 30])):
                if new:
                    new[draw.randrange(len(new))] = draw.choice([0, 1, 0x7f, 0x80, 0xff, draw.randrange(256)])
            decode(bytes(new), [0, 1, 2])


def one_name_for_all():
    """A vmlinux whose symbols share the ends of one long name: small as it is, its names fill all memory."""
    names = b'\0' + b'x' * 300000 + b'\0.symtab\0.strtab\0'
    symbols = bytes(24) + b''.join(struct.pack('<IBBHQQ', 1 + i, 0x12, 0, 1, 0x1000, 0) for i in range(20000))
    sections = [(0,) * 10, (300002, 2, 0, 0, 64, len(symbols), 2, 1, 8, 24),
                (300010, 3, 0, 0, 64 + len(symbols), len(names), 0, 0, 1, 0)]
    table = 64 + len(symbols) + len(names)
    head = struct.pack('<4sBBB9xHHIQQQIHHHHHH', b'\x7fELF', 2, 1, 1, 2, 62, 1, 0, 0, table, 0, 64, 0, 0, 64, 3, 2)
    text = decode(head + symbols + names + b''.join(struct.pack('<IIQQQQIIQQ', *s) for s in sections), [1])
    if 'names are together longer' not in text:
        raise Wrong('not what is wrong: ' + text[-300:])


def twice():
    """The same types given twice."""
    data = max((d for k, d in inputs() if k == 'types_btf'), key=len)
    decode(data, [0, 1, 2])
    p = subprocess.run([BUILD + '/sctrace-decode', '--no-progress', '-t', PATH, '-t', PATH, '-o', LOG,
                        'tests/bad.trace.zst'], stderr=subprocess.PIPE, timeout=TIME, preexec_fn=limit,
                       stdin=subprocess.DEVNULL)
    if p.returncode not in (0, 1, 2):
        raise Wrong('status %d: %s' % (p.returncode, p.stderr[-300:]))


def of_other_bits():
    """A kernel's of 32 bits, where the vCPU's registers show one of 64 and nothing shows the kernel's memory."""
    group = '[debian:%d]\nname = 6.1.0-1|#1 SMP|%s\n'
    text = decode((group % (32, 'i686') + 'task.pid_offset = 8\ntask.init_addr = 3238002976\n').encode(), [2])
    if 'another kernel' not in text or 'Linux version 6.1.0-1' not in text or 'a kernel of 64 bits' not in text:
        raise Wrong('not what is wrong: ' + text[-300:])
    decode((group % (64, 'x86_64') + 'task.pid_offset = 8\n').encode(), [0])


def main():
    passed = failed = 0
    for test in (nothing, of_other_kinds, cut, changed, one_name_for_all, twice, of_other_bits):
        try:
            test()
            print('ok   types: ' + test.__name__.replace('_', ' '))
            passed += 1
        except (Wrong, subprocess.TimeoutExpired) as error:
            print('FAIL types: %s: %s' % (test.__name__, error))
            failed += 1
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed else 0


sys.exit(main())
