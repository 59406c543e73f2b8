#!/usr/bin/env python3
"""Cuts a stretch out of a trace of an x86_64 guest in PANDA's format, and makes the snapshot that belongs to its start.

In:  TRACE (unpacked, or - for standard input) and MEMORY, QEMU's dump-guest-memory of the moment at which it begins (as
     tests/live/panda_trace.py leaves both); the stretch's first line (counted from 0) and its length; a NAME
Out: NAME.trace, the lines as they are; NAME.core, the dump with only those pages that the stretch needs, as they were when
     it began (cut_panda.py says which), and with the general registers and cr3 of that moment

Page tables have four levels (Intel SDM 3A 4.5).

usage: cut_panda64.py TRACE MEMORY FIRST COUNT NAME
"""
import itertools
import mmap
import struct
import sys

from panda_pages import PAGE, Pages, write_core

ADDRESS, PRESENT, LARGE = 0x000ffffffffff000, 1, 0x80
# registers by their place in QEMUCPUState (QEMU, target/i386/arch_dump.c) and in NT_PRSTATUS (linux/elfcore.h), in bytes
QEMU_PLACES = {n: 8 + 8 * i for i, n in enumerate(
    'rax rbx rcx rdx rsi rdi rsp rbp r8 r9 r10 r11 r12 r13 r14 r15 rip'.split())}
QEMU_PLACES['cr3'] = 8 + 18 * 8 + 10 * 24 + 3 * 8
STATUS_PLACES = {n: 112 + 8 * i for i, n in enumerate(
    'r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi - rip - - rsp'.split()) if n != '-'}


class Dump(Pages):
    """An ELF core: notes and pages, by number."""

    def __init__(self, path):
        super().__init__()
        with open(path, 'rb') as f:
            self.data = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
        self.header = self.data[:64]
        at, (size, count) = struct.unpack_from('<Q', self.header, 32)[0], struct.unpack_from('<HH', self.header, 54)
        self.parts, self.changed = [], {}
        for kind, _, offset, _, addr, length, _, _ in (
                struct.unpack_from('<IIQQQQQQ', self.data, at + size * i) for i in range(count)):
            if kind == 4:
                self.notes = bytearray(self.data[offset:offset + length])
            else:
                self.parts.append((addr, length, offset))

    def look(self, number):
        page = self.changed.get(number)
        if page is None:
            at = next((o + number * PAGE - a for a, n, o in self.parts if a <= number * PAGE < a + n), None)
            if at is None:
                return None
            page = self.changed[number] = bytearray(self.data[at:at + PAGE])
        return page

    def physical(self, cr3, addr):
        table = cr3 & ADDRESS
        for shift in (39, 30, 21, 12):
            page = self.page(table // PAGE)
            entry = struct.unpack_from('<Q', page, (addr >> shift & 511) * 8)[0] if page else 0
            if not entry & PRESENT:
                return None
            table = entry & ADDRESS
            if shift == 12 or shift < 39 and entry & LARGE:
                return table & -(1 << shift) | addr & (1 << shift) - 1
        return None

    def set_registers(self, values):
        """In both notes of the first CPU."""
        at = 0
        while at < len(self.notes):
            name, size, _ = struct.unpack_from('<III', self.notes, at)
            where = at + 12 + (name + 3 & ~3)
            places = QEMU_PLACES if self.notes[at + 12:].startswith(b'QEMU') else STATUS_PLACES
            for register, place in places.items():
                if register in values:
                    struct.pack_into('<Q', self.notes, where + place, values[register])
            at = where + (size + 3 & ~3)


class Replay:
    """Lines say what the instruction of the line before did, in that line's address space."""

    def __init__(self, dump):
        self.dump, self.regs, self.user = dump, {}, False

    def line(self, line):
        fields = line.rstrip('\n').split(',')
        for field in fields[3:]:
            name, _, value = field.partition('=')
            if name == 'mw' or name == 'mr' and self.dump.wanted is not None:
                addr, _, data = value.partition(':')
                self.dump.access(self.regs['cr3'], int(addr, 16), bytes.fromhex(data), name == 'mw')
            elif name != 'mr':
                self.regs[name] = int(value, 16)
        self.regs['cr3'], self.regs['rip'] = int(fields[0][5:], 16), int(fields[2][4:], 16)
        self.user = fields[1] == 'kernel=0'

    def code(self):
        """Asks for the pages of the next instruction."""
        if self.user:
            self.dump.access(self.regs['cr3'], self.regs['rip'], bytes(15), False)


def main():
    trace, memory, first, count, name = sys.argv[1:]
    dump = Dump(memory)
    replay = Replay(dump)
    with (sys.stdin if trace == '-' else open(trace, encoding='ascii')) as f, \
            open(name + '.trace', 'w', encoding='ascii') as cut:
        for line in itertools.islice(f, int(first)):
            replay.line(line)
        line = next(f)
        cut.write(line)
        replay.line(line)  # tells what an instruction before the stretch did
        start = dict(replay.regs)
        dump.wanted = {}
        replay.code()
        for line in itertools.islice(f, int(count) - 1):
            replay.line(line)
            replay.code()
            cut.write(line)
    dump.set_registers(start)
    write_core(name + '.core', dump.header[:32], dump.notes, dump.wanted)


if __name__ == '__main__':
    main()
