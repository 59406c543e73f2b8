#!/usr/bin/env python3
"""Cuts a stretch out of PANDA's whole-system trace of an i386 guest, and makes the snapshot that belongs to its start.

In:  a PANDA recording: TRACE (its `trace` plugin's output, unpacked) and SNAPSHOT (its -rr-snp); the stretch's first line
     (counted from 0) and its length; a NAME for what is written
Out: NAME.trace, the lines as they are; NAME.core, an ELF core as QEMU's dump-guest-memory writes it, with only those pages
     that the stretch needs, as they were when it began: the pages of the guest's page tables that its addresses go
     through, and all that it read or wrote or, in user mode, executed

The pages are what this program finds by itself: it replays the trace's stores from the recording's start through the
guest's page tables (two levels, without PAE), so that a log decoded from the cut can be held against the one of the
whole recording. The core's registers are those at the stretch's first line; of eflags, segments and control registers,
which the trace does not show, those of the recording's start, and cr3 from the line.

usage: cut_panda.py TRACE SNAPSHOT FIRST COUNT NAME
"""
import itertools
import struct
import sys

from panda_pages import PAGE, Pages, write_core

NAMES = ('eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi')  # in the order of x86's encoding, as QEMU keeps them
PSE, PRESENT, LARGE = 0x10, 1, 0x80


# ---- the snapshot: a migration stream of QEMU 2.9, migration/ram.c and target/i386/machine.c ------------------------


class Stream:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), 'big')

    def text(self):
        return self.take(self.number(1)).decode()


def ram_section(s, pages):
    """One section's pages of pc.ram; zero pages are kept as None."""
    block = None
    while True:
        word = s.number(8)
        address, flags = word & ~0xfff, word & 0xfff
        if flags & 0x10:  # the end of this part
            return
        if flags & 0x04:  # the list of blocks, address bytes in all
            while address:
                s.text()
                address -= s.number(8)
            continue
        if not flags & 0x20:
            block = s.text()
        content = s.take(1) * PAGE if flags & 0x02 else s.take(PAGE)
        if block == 'pc.ram':
            pages[address // PAGE] = bytearray(content) if any(content) else None


def read_snapshot(path):
    """Pages by number, and the bytes of the cpu section."""
    with open(path, 'rb') as f:
        s = Stream(f.read())
    pages, names, kind = {}, {}, 0
    if s.take(8) != b'QEVM\0\0\0\3':
        sys.exit(path + ': not a migration stream')
    while True:
        kind = s.number(1)
        if kind == 7:  # the machine's name
            s.take(s.number(4))
            continue
        if kind not in (1, 2, 3, 4):
            sys.exit(f'{path}: no cpu section before byte {s.at}')
        ident = s.number(4)
        if kind in (1, 4):
            names[ident] = s.text()
            s.take(8)
        if names[ident] == 'cpu':
            return pages, s.data[s.at:]
        ram_section(s, pages)
        s.take(5)


class Cpu:
    """What of a processor's section is needed, by its place there (vmstate_x86_cpu)."""

    def __init__(self, data):
        u32 = lambda at: struct.unpack('>I', data[at:at + 4])[0]
        self.eflags = u32(36)
        # es cs ss ds fs gs: selector, base, limit, flags
        self.segments = [struct.unpack('>4I', data[132 + 16 * i:148 + 16 * i]) for i in range(6)]
        self.control = [u32(304 + 4 * i) for i in range(4)]  # cr0 cr2 cr3 cr4


# ---- the replay ------------------------------------------------------------------------------------------------


class Memory(Pages):
    highest = 0xffffffff

    def __init__(self, pages, cr4):
        super().__init__()
        self.pages, self.pse = pages, cr4 & PSE

    def look(self, number):
        if number not in self.pages:
            return None
        if self.pages[number] is None:
            self.pages[number] = bytearray(PAGE)
        return self.pages[number]

    def entry(self, table, index):
        page = self.page(table // PAGE)
        return struct.unpack_from('<I', page, index * 4)[0] if page else 0

    def physical(self, cr3, addr):
        upper = self.entry(cr3 & ~0xfff, addr >> 22)
        if not upper & PRESENT:
            return None
        if upper & LARGE and self.pse:
            return (upper & 0xffc00000) | (upper & 0x1fe000) << 19 | addr & 0x3fffff
        lower = self.entry(upper & ~0xfff, addr >> 12 & 0x3ff)
        return (lower & ~0xfff) | addr & 0xfff if lower & PRESENT else None


class Replay:
    """Lines say what the instruction of the line before did, in that line's address space."""

    def __init__(self, memory):
        self.memory, self.regs, self.cr3 = memory, {}, None

    def line(self, line):
        fields = line.rstrip('\n').split(',')
        for field in fields[3:]:
            name, _, value = field.partition('=')
            if name in ('mr', 'mw'):
                addr, _, data = value.partition(':')
                self.memory.access(self.cr3, int(addr, 16), bytes.fromhex(data), name == 'mw')
            else:
                self.regs[name] = int(value, 16)
        self.cr3 = int(fields[0][5:], 16)
        if self.memory.wanted is not None and fields[1] == 'kernel=0':
            self.memory.access(self.cr3, int(fields[2][4:], 16), bytes(15), False)

    def stores(self, line):
        """The same when nobody asks for pages: only what changes memory or registers."""
        if '=' in line[37:]:
            self.line(line)
        else:
            self.cr3 = int(line[5:15], 16)


# ---- the core --------------------------------------------------------------------------------------------------


def note(name, kind, data):
    name += b'\0'
    return struct.pack('<III', len(name), len(data), kind) + b''.join(
        part + bytes(-len(part) % 4) for part in (name, data))


def prstatus(regs, cpu, eip):
    """NT_PRSTATUS of i386 (linux/elfcore.h): 144 bytes, 72 before the registers."""
    selectors = [s[0] for s in cpu.segments]
    es, cs, ss, ds, fs, gs = selectors
    words = [regs[n] for n in ('ebx', 'ecx', 'edx', 'esi', 'edi', 'ebp', 'eax')]
    words += [ds, es, fs, gs, 0xffffffff, eip, cs, cpu.eflags, regs['esp'], ss]
    return bytes(24) + struct.pack('<I', 1) + bytes(44) + struct.pack('<17I', *words) + bytes(4)


def qemu_note(regs, cpu, eip, cr3):
    """QEMUCPUState of version 1 (target/i386/arch_dump.c): 440 bytes."""
    def segment(s):
        selector, base, limit, flags = s
        return struct.pack('<4IQ', selector, limit, flags, 0, base)
    es, cs, ss, ds, fs, gs = cpu.segments
    order = ('eax', 'ebx', 'ecx', 'edx', 'esi', 'edi', 'esp', 'ebp')
    data = struct.pack('<II', 1, 440) + struct.pack('<8Q', *(regs[n] for n in order)) + bytes(64)
    data += struct.pack('<QQ', eip, cpu.eflags)
    data += b''.join(segment(s) for s in (cs, ds, es, fs, gs, ss, (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0)))
    cr0, cr2, _, cr4 = cpu.control
    data += struct.pack('<5Q', cr0, 0, cr2, cr3, cr4)
    return data + bytes(440 - len(data))


def main():
    trace, snapshot, first, count, name = sys.argv[1:]
    pages, cpu = read_snapshot(snapshot)
    cpu = Cpu(cpu)
    memory = Memory(pages, cpu.control[3])
    replay = Replay(memory)
    with open(trace, encoding='ascii') as f, open(name + '.trace', 'w', encoding='ascii') as cut:
        for line in itertools.islice(f, int(first)):
            replay.stores(line)
        for number, line in enumerate(itertools.islice(f, int(count))):
            if number == 0:
                replay.stores(line)  # effects of an instruction before the stretch
                memory.wanted = {}
                start = dict(replay.regs), int(line.split(',')[2][4:], 16), replay.cr3
            replay.line(line)
            cut.write(line)
    regs, eip, cr3 = start
    notes = note(b'CORE', 1, prstatus(regs, cpu, eip)) + note(b'QEMU', 0, qemu_note(regs, cpu, eip, cr3))
    # ELFCLASS64 with EM_386, as QEMU does it
    head = b'\x7fELF\2\1\1' + bytes(9) + struct.pack('<HHIQ', 4, 3, 1, 0)
    write_core(name + '.core', head, notes, memory.wanted)


if __name__ == '__main__':
    main()
