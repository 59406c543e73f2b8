#!/usr/bin/env python3
"""Stops a working guest, lets QEMU write its memory in every form, and holds each form against the plain one.

In:  BUILD, the programs; WORK, a folder for some hundred MB; GUEST, a folder with vmlinuz, initrd.gz and target;
     IMAGE_FORMS, the program made of image_forms.c; on the command line: a name, the guest's RAM in MiB, forms to leave
     out ("-paging") and options of QEMU
Out: a line for each form; last line "N passed, N failed"; WORK/NAME is removed

The truth is QEMU's own: `info mtree -f` says where RAM is, `pmemsave` what it holds, `info registers -a` the registers.
LiME and AVML images are converted from what pmemsave wrote: those programs run inside a guest.
"""
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import time

BUILD, GUEST, IMAGE_FORMS = os.environ['BUILD'], os.environ['GUEST'], os.environ['IMAGE_FORMS']
PAGE, BLOCK = 4096, 1 << 20
SPARSE = 16 << 20  # shorter runs of zeros are compared whole
GENERAL = {'i386': 'eax ebx ecx edx esi edi ebp esp'.split(),
           'x86_64': 'rax rbx rcx rdx rsi rdi rbp rsp'.split() + ['r%d' % i for i in range(8, 16)]}
COUNTER = {'i386': ('eip', 'eflags'), 'x86_64': ('rip', 'eflags')}
# what a form need not have of RAM, by its reader
LEFT_OUT = {'migration': "a block's bytes there are not what the processors see: video memory and ROM lie above them",
            'paging': 'QEMU found no page table that maps it'}
LEFT_OUT['qcow2'] = LEFT_OUT['migration']
SELECTORS, CONTROL = 'es cs ss ds fs gs'.split(), 'cr0 cr2 cr3 cr4'.split()


class Wrong(Exception):
    pass


# ---- the guest -----------------------------------------------------------------------------------------------


class Guest:
    """A QEMU with a monitor; stopped while it is busy."""

    def __init__(self, folder, ram, options):
        self.folder, self.ram = folder, ram
        self.target = open(GUEST + '/target', encoding='ascii').read().strip()
        self.disk = folder + '/disk.qcow2'
        subprocess.run(['qemu-img', 'create', '-q', '-f', 'qcow2', self.disk, '16G'], check=True)
        self.qemu = subprocess.Popen([
            'qemu-system-' + self.target, '-m', str(ram), '-smp', '2', '-nodefaults', '-display', 'none', '-no-reboot',
            '-serial', f'file:{folder}/console', '-serial', 'null',
            '-kernel', GUEST + '/vmlinuz', '-initrd', GUEST + '/initrd.gz',
            '-append', 'console=ttyS0 panic=-1 quiet sct.jobs=busy',
            '-drive', f'if=none,id=disk,format=qcow2,file={self.disk}',
            '-qmp', f'unix:{folder}/monitor,server=on,wait=off'] + options, stdin=subprocess.DEVNULL)
        self.wait('job plain: md5sum')
        self.monitor = socket.socket(socket.AF_UNIX)
        self.monitor.connect(folder + '/monitor')
        self.lines = self.monitor.makefile('rw')
        self.lines.readline()
        self.ask('qmp_capabilities')
        time.sleep(0.3)
        self.ask('stop')

    def wait(self, text):
        for _ in range(1200):
            try:
                if text in open(self.folder + '/console', encoding='utf-8', errors='replace').read():
                    return
            except FileNotFoundError:
                pass
            if self.qemu.poll() is not None:
                raise Wrong('the guest ended: ' + open(self.folder + '/console', errors='replace').read()[-300:])
            time.sleep(0.05)
        raise Wrong('the guest does not come to its jobs')

    def ask(self, command, **arguments):
        self.lines.write(json.dumps({'execute': command, 'arguments': arguments}) + '\n')
        self.lines.flush()
        while True:
            answer = json.loads(self.lines.readline())
            if 'error' in answer:
                raise Wrong(f"{command}: {answer['error']['desc']}")
            if 'return' in answer:
                return answer['return']

    def human(self, command):
        return self.ask('human-monitor-command', **{'command-line': command})

    def ranges(self):
        """Where RAM is, as [first, end) of guest-physical addresses, adjacent ones as one; ROM pages in it are RAM."""
        view, found = False, []
        for line in self.human('info mtree -f').splitlines():
            if line.startswith('FlatView'):
                view = False
            view = view or 'AS "memory"' in line
            m = re.match(r' +([0-9a-f]+)-([0-9a-f]+) \(prio [-\d]+, (?:ram|rom)\): pc\.ram\b', line)
            if view and m:
                first, end = int(m[1], 16), int(m[2], 16) + 1
                if found and found[-1][1] == first:
                    first = found.pop()[0]
                found.append((first, end))
        return found

    def registers(self):
        """Values by name for each processor. Segments are selectors; their bases are fs_base and gs_base."""
        cpus = []
        for text in re.split(r'CPU#\d+', self.human('info registers -a'))[1:]:
            values = {m[1].lower(): int(m[2], 16) for m in re.finditer(r'\b([A-Z][A-Z0-9]{1,3}) ?=([0-9a-f]+)', text)}
            values['eflags'] = values.get('efl', values.get('rfl'))
            for name in ('fs', 'gs'):
                values[name + '_base'] = int(re.search(r'\b%s =[0-9a-f]+ ([0-9a-f]+)' % name.upper(), text)[1], 16)
            cpus.append(values)
        return cpus

    def end(self):
        self.qemu.kill()
        self.qemu.wait()


# ---- the forms -----------------------------------------------------------------------------------------------


def sparsely(folder, name, write):
    """Lets QEMU write into a pipe, and keeps what comes out of it without its zeros."""
    pipe, path = folder + '/pipe', f'{folder}/{name}'
    if not os.path.exists(pipe):
        os.mkfifo(pipe)
    with subprocess.Popen(['dd', 'if=' + pipe, 'of=' + path, 'bs=64k', 'iflag=fullblock', 'conv=sparse', 'status=none'],
                          stdin=subprocess.DEVNULL) as dd:
        try:
            write(pipe)
        except Wrong:
            dd.kill()
            raise
    if dd.returncode:
        raise Wrong(f'{name} could not be written')
    return path


def plain(guest):
    """The truth: [(address, path)] of an image of each range."""
    return [(first, sparsely(guest.folder, f'plain-{first:x}', lambda pipe, first=first, end=end: guest.ask(
        'pmemsave', val=first, size=end - first, filename=pipe))) for first, end in guest.ranges()]


def dump(paging=False, form='elf', seeks=False):
    def write(guest, name):
        def to(path):
            guest.ask('dump-guest-memory', paging=paging, protocol='file:' + path, **({} if paging else {'format': form}))
        if seeks:
            to(f'{guest.folder}/{name}')
            return f'{guest.folder}/{name}'
        return sparsely(guest.folder, name, to)
    return write


def savevm(guest, name):
    said = guest.human('savevm ' + name)
    if said:
        raise Wrong('savevm: ' + said)
    return guest.disk


def migrate(guest, name):
    path = f'{guest.folder}/{name}'
    guest.ask('migrate', uri='exec:cat >' + path)
    for _ in range(3000):
        status = guest.ask('query-migrate').get('status')
        if status == 'completed':
            return path
        if status in ('failed', 'cancelled'):
            break
        time.sleep(0.02)
    raise Wrong(f'migrate: {status}')


def in_place(guest):
    """One image of all ranges, each at its address; what lies between them takes no disk."""
    path = guest.folder + '/in-place'
    if not os.path.exists(path):
        with open(path, 'wb') as out:
            for first, image in guest.plain:
                out.seek(first)
                with open(image, 'rb') as f:
                    shutil.copyfileobj(f, out, BLOCK)
    return path


def converted(form):
    def write(guest, name):
        path = f'{guest.folder}/{name}'
        ranges = [f'{first:x}:{end:x}' for first, end in guest.where]
        if guest.where[0][1] > 0xa0000:  # more than one range in every file
            ranges[0:1] = ['0:a0000', f'a0000:{guest.where[0][1]:x}']
        subprocess.run([IMAGE_FORMS, form, in_place(guest), path, *ranges], check=True)
        return path
    return write


# name, how it is written, the reader that has to know it, whether it tells of processors; the last one ends the guest
FORMS = [
    ('elf', dump(), 'elf', True),
    ('paging', dump(paging=True), 'elf', True),
    ('kdump-zlib', dump(form='kdump-zlib'), 'kdump', True),
    ('kdump-lzo', dump(form='kdump-lzo'), 'kdump', True),
    ('kdump-snappy', dump(form='kdump-snappy'), 'kdump', True),
    ('kdump-raw-zlib', dump(form='kdump-raw-zlib', seeks=True), 'kdump', True),
    ('kdump-raw-lzo', dump(form='kdump-raw-lzo', seeks=True), 'kdump', True),
    ('kdump-raw-snappy', dump(form='kdump-raw-snappy', seeks=True), 'kdump', True),
    ('lime', converted('lime'), 'lime', False),
    ('avml', converted('avml'), 'avml', False),
    ('savevm', savevm, 'qcow2', True),
    ('migrate', migrate, 'migration', True),
]


# ---- comparison ----------------------------------------------------------------------------------------------


def info(*arguments):
    p = subprocess.run([BUILD + '/sctrace-info', *arguments], stdin=subprocess.DEVNULL, capture_output=True)
    if p.returncode:
        raise Wrong(p.stderr.decode(errors='replace').strip() or f'sctrace-info ended with {p.returncode}')
    return p.stdout


def pieces(image):
    """Runs of the image that are not known to be zero, and some pages of the zero ones; (offset, size)."""
    size = os.fstat(image).st_size
    begin = at = 0
    while at < size:
        try:
            data = os.lseek(image, at, os.SEEK_DATA)
        except OSError:
            data = size
        if data - at > SPARSE:
            if at > begin:
                yield begin, at - begin
            for zero in (*range(at, data - PAGE, 512 << 20), data - PAGE):
                yield zero, PAGE
            begin = data
        at = os.lseek(image, data, os.SEEK_HOLE) if data < size else size
    if at > begin:
        yield begin, at - begin


def inside(first, size, ranges):
    """The parts of [first, first + size) that the ranges have, as (address, size)."""
    for r in ranges:
        begin, end = max(first, r[0]), min(first + size, r[1])
        if begin < end:
            yield begin, end - begin


def same_bytes(image, offset, addr, size, specs):
    """Reads through sctrace-info what the image has at offset; Wrong where it is something else."""
    with subprocess.Popen([BUILD + '/sctrace-info', '--read', f'{addr:#x}+{size:#x}', *specs], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE) as p:
        for at in range(0, size, BLOCK):
            wanted = os.pread(image, min(BLOCK, size - at), offset + at)
            got = p.stdout.read(len(wanted))
            if got != wanted:
                bad = [i for i in range(0, len(wanted), PAGE) if wanted[i:i + PAGE] != got[i:i + PAGE]]
                p.kill()
                raise Wrong(f'{len(bad)} of {len(wanted) // PAGE} pages from {addr + at:#x} on differ, the first at '
                            f'{addr + at + bad[0]:#x}; {len(got)} bytes were read')
    if p.returncode:
        raise Wrong(f'sctrace-info --read ended with {p.returncode}')


def compare(guest, specs, ranges):
    """Bytes compared."""
    total = 0
    for first, path in guest.plain:
        with open(path, 'rb') as f:
            for at, size in pieces(f.fileno()):
                for addr, part in inside(first + at, size, ranges):
                    same_bytes(f.fileno(), addr - first, addr, part, specs)
                    total += part
    return total


def left_out(guest, ranges):
    """RAM that no range has, as [(first, end)]."""
    gaps = []
    for first, end in guest.where:
        for addr, size in sorted(inside(first, end - first, ranges)):
            if addr > first:
                gaps.append((first, addr))
            first = max(first, addr + size)
        if first < end:
            gaps.append((first, end))
    return gaps


def same_registers(guest, told):
    """How many values were compared."""
    if len(told) != len(guest.cpus):
        raise Wrong(f'{len(told)} processors of {len(guest.cpus)}')
    count = 0
    for number, (cpu, truth) in enumerate(zip(told, guest.cpus)):
        missing = {*GENERAL[guest.target], *COUNTER[guest.target], *SELECTORS, *CONTROL} - set(cpu)
        if missing:
            raise Wrong(f'CPU {number}: no {", ".join(sorted(missing))}')
        for name, value in cpu.items():
            if name in truth:
                count += 1
                if int(value, 16) != truth[name]:
                    raise Wrong(f'CPU {number}: {name} is {value}, not {truth[name]:#x}')
    return count


def described(specs, reader):
    """Processors and ranges that sctrace-info tells of."""
    cpus, ranges = [], []
    for spec in specs:
        told = json.loads(info('--json', '-v', spec))
        if told['format'] != reader:
            raise Wrong(f"{spec} is taken for {told['format']}")
        if told['damage']['places']:
            raise Wrong(f"{spec} is taken for damaged: {told['damage']['first']}")
        cpus += told['cpus']
        ranges += [(int(r['addr'], 16), int(r['addr'], 16) + r['size']) for r in told['ranges']]
    return cpus, ranges


def segments(path):
    """Where an ELF dump says that its bytes lie, adjacent ones as one; (first, end)."""
    with open(path, 'rb') as f:
        head = f.read(64)
        at, size, count = *struct.unpack('<Q', head[32:40]), *struct.unpack('<HH', head[54:58])
        if count == 0xffff:  # PN_XNUM: the first section header's sh_info tells
            f.seek(struct.unpack('<Q', head[40:48])[0] + 44)
            count = struct.unpack('<I', f.read(4))[0]
        f.seek(at)
        table = f.read(size * count)
    found = []
    for kind, _, _, _, first, length, _, _ in sorted(struct.iter_unpack('<IIQQQQQQ', table), key=lambda s: s[4]):
        if kind == 1 and length:
            if found and first <= found[-1][1]:
                found[-1] = found[-1][0], max(found[-1][1], first + length)
            else:
                found.append((first, first + length))
    return found


def joined(ranges):
    found = []
    for first, end in sorted(ranges):
        if found and first == found[-1][1]:
            first = found.pop()[0]
        found.append((first, end))
    return found


def hold(guest, name, specs, reader, has_cpus):
    """What is right about a form, or Wrong."""
    cpus, ranges = described(specs, reader)
    if has_cpus or cpus:
        registers = f'{same_registers(guest, cpus)} registers'
    else:
        registers = 'no registers'
    if reader == 'elf' and not specs[0].endswith('.zst') and joined(ranges) != segments(specs[0]):
        raise Wrong('its ranges are not the segments that the file has')
    lacks = left_out(guest, ranges)
    told = ''.join(f'; not {first:x}-{end:x}' for first, end in lacks[:4]) + (' ...' if len(lacks) > 4 else '')
    why = LEFT_OUT.get(reader if name.partition('.')[0] != 'paging' else 'paging')
    if lacks and not why:
        raise Wrong(f'RAM is in none of its ranges{told}')
    if reader in ('migration', 'qcow2') and any(first < 0xa0000 or end > 0x100000 for first, end in lacks):
        raise Wrong(f'more is left out than there is reason for{told}')
    total = compare(guest, specs, ranges)
    return f'{total / 1e6:.0f} MB, {registers}' + (f'{told} ({why})' if lacks else '')


# ---- all of it -----------------------------------------------------------------------------------------------


def take(guest, leave_out):
    """Writes every form; returns [(name, specs, reader, has cpus)]."""
    can = guest.ask('query-dump-guest-memory-capability')['formats']
    guest.where, guest.cpus = guest.ranges(), guest.registers()
    guest.plain = plain(guest)
    taken = [('plain', [f'{path}@{first:#x}' for first, path in guest.plain], 'raw', False)]
    for name, write, reader, has_cpus in FORMS:
        if name not in leave_out and (not name.startswith('kdump') or name in can):
            taken.append((name, [write(guest, name)], reader, has_cpus))
    return taken


def compressed(taken):
    for name, specs, reader, has_cpus in taken:
        path, at, address = specs[0].partition('@')
        subprocess.run(['zstd', '-1', '-q', '-f', path], check=True)
        yield name + '.zst', [f'{path}.zst{at}{address}'], reader, has_cpus


def run(name, ram, options):
    folder = os.path.join(os.environ['WORK'], name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    passed = failed = 0
    leave_out = {o[1:] for o in options if o[1:] in [f[0] for f in FORMS] + ['compressed']}
    guest = None
    try:
        begin = time.monotonic()
        guest = Guest(folder, ram, [o for o in options if o[1:] not in leave_out])
        booted = time.monotonic()
        taken = take(guest, leave_out)
        guest.end()
        print(f'     {name}: booted in {booted - begin:.1f} s, written in {time.monotonic() - booted:.1f} s, '
              f"RAM {', '.join('%x-%x' % r for r in guest.where)}")
        for form in taken + ([] if 'compressed' in leave_out else list(compressed(taken))):
            begin = time.monotonic()
            try:
                print(f'ok   {name}, {form[0]}: {hold(guest, *form)}, {time.monotonic() - begin:.1f} s')
                passed += 1
            except Wrong as e:
                print(f'FAIL {name}, {form[0]}: {e}')
                failed += 1
    finally:
        if guest:
            guest.end()
        if not os.environ.get('SCT_KEEP'):
            shutil.rmtree(folder)
    print(f'{passed} passed, {failed} failed')
    return bool(failed or not passed)


if __name__ == '__main__':
    sys.exit(run(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
