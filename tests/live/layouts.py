#!/usr/bin/python3
"""Layouts as sctrace-info --type writes them, held against pahole's, for types that chance chooses.

In:  $BUILD/sctrace-info; a kernel image of x86 compressed by xz, gzip or zstd, raw BTF, or a vmlinux with BTF and DWARF,
     whose DWARF is what is compared then; a file for the BTF, which pahole and this program read; how many types; the
     seed of chance
Out: each type that differs, with both layouts; the last line is "N passed, N failed"

What is compared: each member's declaration, offset, size and bits, how structs and unions lie in one another, each
enumerator's value, the size of the whole. What pahole alone writes (cache lines, alignment) is left out, and so is what
version 1.24 of it gets wrong: it writes constant pointers as pointers to what is constant, pointers to arrays as
pointers to their elements, negative enumerators as unsigned.
"""
import gzip
import lzma
import mmap
import os
import random
import re
import struct
import subprocess
import sys
import tempfile

STRUCT, UNION, ENUM, ENUM64 = 4, 5, 6, 19
WORDS = {STRUCT: 'struct', UNION: 'union', ENUM: 'enum', ENUM64: 'enum'}
ENTRY = {3: (12, 0), 1: (4, 0), 4: (0, 12), 5: (0, 12), 6: (0, 8), 13: (0, 8), 14: (4, 0), 15: (0, 12), 17: (4, 0),
         19: (0, 12)}


def is_elf(path):
    with open(path, 'rb') as f:
        return f.read(4) == b'\x7fELF'


def section(elf, wanted):
    """The bytes of a section of a little-endian 64-bit ELF file."""
    table, = struct.unpack_from('<Q', elf, 0x28)
    size, count, names_at = struct.unpack_from('<3H', elf, 0x3a)
    heads = [struct.unpack_from('<IIQQQQ', elf, table + i * size) for i in range(count)]
    names = heads[names_at][4]
    for head in heads:
        name = elf[names + head[0]:elf.find(b'\0', names + head[0])]
        if name == wanted:
            return elf[head[4]:head[4] + head[5]]
    sys.exit('layouts: the kernel has no section .BTF')


def unpack(payload):
    """The kernel in its image; behind what zstd has packed stands the size (scripts/Makefile.lib, size_append)."""
    if payload[:4] == b'\xfd7zX':
        return lzma.LZMADecompressor().decompress(payload)
    if payload[:4] == b'\x28\xb5\x2f\xfd':
        return subprocess.run(['zstd', '-dcq'], input=payload[:-4], stdout=subprocess.PIPE, check=True).stdout
    return gzip.decompress(payload)


def raw_btf(kernel):
    """The BTF of a kernel image, or the file as it is where it is none."""
    if is_elf(kernel):
        with open(kernel, 'rb') as f, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as elf:
            return section(elf, b'.BTF')
    data = open(kernel, 'rb').read()
    if data[0x202:0x206] != b'HdrS':
        return data
    offset, size = struct.unpack_from('<2I', data, 0x248)
    start = (data[0x1f1] + 1) * 512 + offset
    payload = data[start:start + size]
    return section(unpack(payload), b'.BTF')


def names(path):
    """(word, name) of each type that a name is enough to find: there is no other type of that name."""
    data = open(path, 'rb').read()
    head, types, size, strings = struct.unpack_from('<4I', data, 4)
    at, end = head + types, head + types + size
    seen = {}
    while at < end:
        name, info, _ = struct.unpack_from('<3I', data, at)
        kind, count = info >> 24 & 31, info & 0xffff
        once, each = ENTRY.get(kind, (0, 0))
        at += 12 + once + each * count
        start = head + strings + name
        text = data[start:data.index(b'\0', start)].decode()
        # functions and variables have names of their own; what is only declared has no layout
        if text and kind not in (12, 14, 15, 17, 7) and (count or kind not in (ENUM, ENUM64)):
            seen.setdefault(text, []).append(kind)
    return [(WORDS[kinds[0]], name) for name, kinds in seen.items() if len(kinds) == 1 and kinds[0] in WORDS]


def normal(text):
    """What is compared of a layout."""
    lines = []
    for line in text.splitlines():
        line = re.sub(r'__attribute__\(\(.*?\)\)\)?', '', line)
        if re.match(r'\t\t+/\* size:', line):  # pahole says it of qualified structs in others
            continue
        line = re.sub(r'^};? /\* size: \d+.*\*/', '};', line.strip())
        line = re.sub(r'^/\* size: (\d+),? .*\*/', r'SIZE \1', line)
        line = re.sub(r'^/\* (?!XXX|---).*\*/$', '', line)
        line = re.sub(r'/\* (?:XXX|---|or -\d+: the source).*\*/', '', line)
        line = re.sub(r'\b(const|volatile|restrict)\b', '', line)
        line = re.sub(r'\(\*(\w+)\)(\[\d*\])+', r'*\1', line)
        line = re.sub(r'= -(\d+),', lambda m: f'= {2 ** 32 - int(m[1])},', line)
        line = line.replace('[0]', '[]')  # both mean an array of no length
        line = re.sub(r'\s+', ' ', line)
        line = re.sub(r'(?<=[*(]) | (?=[*;:,)[])', '', line)
        if line.strip() and not line.rstrip().endswith(':0;'):  # pahole invents these where members are aligned
            lines.append(line.strip())
    return lines


def same(mine, theirs):
    mine, theirs = normal(mine), normal(theirs)
    if not any(line.startswith('SIZE') for line in theirs):  # pahole does not say it of unions
        mine = [line for line in mine if not line.startswith('SIZE')]
    return mine == theirs


def split(text):
    """Layouts by name out of pahole's output."""
    found = {}
    for whole in re.findall(r'^(?:struct|union|enum) \w+ \{.*?^\}[^\n]*;', text, re.M | re.S):
        found[tuple(whole.split(None, 2)[:2])] = whole
    return found


def pahole(*args):
    return split(subprocess.run(['pahole', *args], text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL).stdout)


def paholes(raw, chosen, vmlinux):
    """What pahole says of the types. Of DWARF it finds only the first of several names, and writes no enums when it is
    given none: those are taken from BTF, which has the same values."""
    theirs = pahole('-F', 'btf', '-C', ','.join(name for _, name in chosen), raw)
    if vmlinux:
        theirs = {key: text for key, text in theirs.items() if key[0] == 'enum'}
        theirs.update(pahole('-F', 'dwarf', vmlinux))
    return theirs


def ours(path, source, word, name):
    tool = os.path.join(os.environ.get('BUILD', 'build'), 'sctrace-info')
    how = ['--no-btf'] if source == 'dwarf' else []
    done = subprocess.run([tool, *how, '--type', f'{word} {name}', path], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    return done.stdout


def compare(path, source, chosen, theirs):
    """How many are the same, how many differ, and how many DWARF has only within functions, which are not looked at."""
    passed = failed = inside = 0
    for key in chosen:
        mine = ours(path, source, *key)
        if key in theirs and same(mine, theirs[key]):
            passed += 1
        elif source == 'dwarf' and 'no such type' in mine and inside < len(chosen) / 100:
            inside += 1
        else:
            failed += 1
            print('FAIL', *key, '\n' + mine, '\npahole:\n' + theirs.get(key, 'nothing'))
    return passed, failed, inside


def main():
    kernel, path, count, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    with open(path, 'wb') as raw:
        raw.write(raw_btf(kernel))
    chosen = random.Random(seed).sample(sorted(names(path)), count)
    with tempfile.TemporaryDirectory() as cache:  # DWARF is read once
        os.environ['XDG_CACHE_HOME'] = cache
        if is_elf(kernel):
            passed, failed, inside = compare(kernel, 'dwarf', chosen, paholes(path, chosen, kernel))
            print(f'{inside} types are of functions alone')
        else:
            passed, failed, _ = compare(path, 'btf', chosen, paholes(path, chosen, None))
    print(f'{passed} passed, {failed} failed')
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
