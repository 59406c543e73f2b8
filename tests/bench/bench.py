#!/usr/bin/env python3
"""Times recording and decoding against something that the same machine does in the same minutes.

In:  programs in $BUILD; a guest made by tests/live; RUNS: repetitions of each decoding, BOOTS: of each boot; PARTS:
     which of recording, syscalls, full, boot, types, panda, qemu-log and snapshot to time; PANDA: the folder of a
     recording that PANDA made, t32.trace.zst and t32-rr-snp.zst, without which that part is left out; VMLINUX: a kernel
     with DWARF, DWARF2JSON: that program, without which types from DWARF are not timed, or not beside it
Out: for each command minimum, median and maximum of its wall times, and the median of the CPU time of all its threads;
     ratios of medians beside their limits; exit status 1 when a limit is missed

Each round runs every command once, in the same order, so that a slow minute of the machine meets all of them. The noise
is the ratio of a command to itself, measured likewise: a ratio is worth no more than that.
"""
import json
import os
import stat
import statistics
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ['BUILD']
WORK = os.path.join(BUILD, 'bench')
RUNS = int(os.environ.get('RUNS', 5))
BOOTS = int(os.environ.get('BOOTS', 3))
PARTS = os.environ.get('PARTS', 'recording syscalls full boot types panda qemu-log snapshot').split()
PANDA = os.environ.get('PANDA')
GUEST_RAM = 256  # MiB, as tests/live/lib.sh gives it
missed = []


class Measured:
    def __init__(self, name):
        self.name, self.times, self.cpu, self.peak = name, [], [], 0

    def median(self):
        return statistics.median(self.times)

    def row(self):
        t = sorted(self.times)
        return '%-44s %8.3f %8.3f %8.3f %8.3f' % (self.name, t[0], statistics.median(t), t[-1],
                                                  statistics.median(self.cpu))


def run(measured, command, **options):
    """Runs the command to its end and keeps its wall time and its peak memory."""
    begin = time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    measured.times.append(time.monotonic() - begin)
    measured.cpu.append(usage.ru_utime + usage.ru_stime)
    measured.peak = max(measured.peak, usage.ru_maxrss / 1024)
    if child.returncode:
        sys.exit('bench: %s ended with status %d' % (' '.join(command), child.returncode))


def rounds(count, commands):
    for _ in range(count):
        for measured, command, options in commands:
            run(measured, command, **options)
    for measured, _, _ in commands:
        print(measured.row())


def verdict(what, value, limit, unit='', least=False):
    good = value >= limit if least else value <= limit
    print('  %-58s %10.2f%s  (%s %g%s)%s' % (
        what, value, unit, 'at least' if least else 'at most', limit, unit, '' if good else '  MISSED'))
    if not good:
        missed.append(what)


def heading(text):
    print('\n%s\n%-44s %8s %8s %8s %8s' % (text, '', 'min s', 'median', 'max', 'CPU'))


# ---- boots ---------------------------------------------------------------------------------------------------


def without_recorder():
    """A folder whose sctrace-record runs the QEMU behind -- as it is."""
    folder = os.path.join(WORK, 'no-recorder')
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, 'sctrace-record')
    with open(path, 'w') as f:
        f.write('#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n')
    os.chmod(path, stat.S_IRWXU)
    return folder


def boot(name, jobs, record='', build=BUILD):
    """The command that boots the guest with these jobs; its recording is WORK/NAME/trace.zst."""
    script = '. tests/live/lib.sh; build=%s; guest amd64 && record="%s" && record_boot %s amd64 %s quiet' % (
        build, record, name, jobs)
    return ['sh', '-c', script, 'tests/live/bench'], {'cwd': ROOT, 'env': dict(os.environ, SCT_LIVE=WORK)}


def boot_command(measured, *arguments, **options):
    command, extra = boot(*arguments, **options)
    return measured, command, extra


def bench_recording():
    plain = without_recorder()
    command, options = boot('warm', 'demo', build=plain)  # makes the guest and fills the page cache
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, **options)
    a, b = Measured('boot without the plugin'), Measured('boot without the plugin, again')
    calls, full = Measured('boot, recorded at level syscalls'), Measured('boot, recorded at level full')
    heading('Debian amd64, one boot to its end')
    rounds(BOOTS, [
        boot_command(a, 'plain', 'demo', build=plain),
        boot_command(calls, 'syscalls', 'demo', record='--level syscalls'),
        boot_command(full, 'full', 'demo', record='--level full --start first-syscall'),
        boot_command(b, 'again', 'demo', build=plain),
    ])
    print('  noise: %.3f' % (b.median() / a.median()))
    base = statistics.median(a.times + b.times)
    verdict('level syscalls to no plugin', calls.median() / base, 1.15)
    verdict('level full to no plugin', full.median() / base, 1.5)


# ---- decoding ------------------------------------------------------------------------------------------------


def recording(level, jobs, start='first-syscall'):
    name = '%s-%s-%s' % (level, jobs, start)
    path = os.path.join(WORK, name, 'trace.zst')
    if not os.path.exists(path):
        print('recording %s ...' % name, flush=True)
        command, options = boot(name, jobs, record='--level %s --start %s' % (level, start))
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, **options)
    return path


def told(path):
    """What sctrace-info says of a recording."""
    out = subprocess.run([BUILD + '/sctrace-info', '--json', path], check=True, stdout=subprocess.PIPE).stdout
    return json.loads(out)


def bench_boot():
    """A whole boot at level full, from the first instruction on: some GB of stores, few calls."""
    path = recording('full', 'demo', 'reset')
    plain, again = Measured('zstd -dc'), Measured('zstd -dc, again')
    decode, alone = Measured('sctrace-decode -j 2'), Measured('sctrace-decode -j 1')
    program = [BUILD + '/sctrace-decode', '--no-progress', '-j']
    nowhere = {'stdout': subprocess.DEVNULL}
    counts = told(path)['counts']
    heading('decoding a boot from reset, level full, %.2f GB unpacked, %d calls' % (counts['bytes'] / 1e9, counts['enter']))
    rounds(min(RUNS, 3), [
        (plain, ['zstd', '-dcq', path], nowhere),
        (decode, program + ['2', path], nowhere),
        (alone, program + ['1', path], nowhere),
        (again, ['zstd', '-dcq', path], nowhere),
    ])
    print('  noise: %.3f' % (again.median() / plain.median()))
    verdict('sctrace-decode to zstd -dc', decode.median() / statistics.median(plain.times + again.times), 1.5)
    verdict('peak memory', decode.peak, GUEST_RAM + 64, ' MiB')


def bench_decoding(level):
    once, twice = recording(level, 'bench'), recording(level, 'bench2')
    plain, again = Measured('zstd -dc'), Measured('zstd -dc, again')
    decode, longer = Measured('sctrace-decode -j 2'), Measured('sctrace-decode -j 2, recording twice as long')
    alone = Measured('sctrace-decode -j 1')
    nowhere = {'stdout': subprocess.DEVNULL}
    program = [BUILD + '/sctrace-decode', '--no-progress', '-j', '2']
    counts = told(once)['counts']
    heading('decoding, level %s, %.2f GB unpacked, %d calls' % (level, counts['bytes'] / 1e9, counts['enter']))
    rounds(RUNS, [
        (plain, ['zstd', '-dcq', once], nowhere),
        (decode, program + [once], nowhere),
        (alone, program[:-1] + ['1', once], nowhere),
        (longer, program + [twice], nowhere),
        (again, ['zstd', '-dcq', once], nowhere),
    ])
    print('  noise: %.3f' % (again.median() / plain.median()))
    if level == 'full':
        # not what the limit is about: this recording is full of calls to be written, so the ratio is only shown
        print('  sctrace-decode to zstd -dc: %.2f' % (
            decode.median() / statistics.median(plain.times + again.times)))
        verdict('peak memory', decode.peak, GUEST_RAM + 64, ' MiB')
    else:
        verdict('calls a second', counts['enter'] / decode.median(), 500000, least=True)
        verdict('peak memory', decode.peak, 64, ' MiB')
    verdict('peak memory of the recording twice as long, to the other', longer.peak / decode.peak, 1.1)


# ---- types ---------------------------------------------------------------------------------------------------


def guest_types():
    """The guest's own BTF and symbols, read inside a first boot: options for recorder and decoder."""
    logs = os.path.join(WORK, 'types', 'logs')
    if not os.path.exists(logs + '/btf.out'):
        print('asking the guest for its types ...', flush=True)
        command, options = boot('types', 'types', record='--level syscalls')
        command[2] += ' && unpack_logs "$out"'
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, **options)
    return [logs + '/btf.out', logs + '/kallsyms.out']


def bench_types():
    """What types and descriptors cost, and how soon they are there."""
    files = guest_types()
    given = [word for path in files for word in ('-t', path)]
    for level in ('syscalls', 'full'):
        record = '--level %s --start first-syscall' % level
        if level == 'syscalls':
            record += ''.join(' --types ' + path for path in files)
        path = os.path.join(WORK, 'typed-' + level, 'trace.zst')
        if not os.path.exists(path):
            print('recording typed-%s ...' % level, flush=True)
            command, options = boot('typed-' + level, 'bench', record=record)
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL, **options)
        without, again, types = Measured('without types'), Measured('without types, again'), Measured('with types')
        program = [BUILD + '/sctrace-decode', '--no-progress']
        nowhere = {'stdout': subprocess.DEVNULL}
        heading('decoding with types and descriptors, level %s, %d calls' % (level, told(path)['counts']['enter']))
        rounds(RUNS, [
            (without, program + [path], nowhere),
            (types, program + given + [path], nowhere),
            (again, program + [path], nowhere),
        ])
        print('  noise: %.3f' % (again.median() / without.median()))
        verdict('with types to without', types.median() / statistics.median(without.times + again.times), 1.3)
    first_struct(given)


def first_struct(given):
    """A recording of a few calls: nearly all of the time is the types'."""
    short = os.path.join(ROOT, 'tests', 'bad.trace.zst')
    nothing, btf = Measured('a short recording, without types'), Measured('BTF and symbols')
    program = [BUILD + '/sctrace-decode', '--no-progress']
    nowhere = {'stdout': subprocess.DEVNULL}
    heading('how soon types are there')
    rounds(RUNS, [(nothing, program + [short], nowhere), (btf, program + given + [short], nowhere)])
    verdict('BTF', 1000 * (btf.median() - nothing.median()), 30, ' ms')
    vmlinux, dwarf2json = os.environ.get('VMLINUX'), os.environ.get('DWARF2JSON')
    if not vmlinux:
        return print('  types from DWARF: left out, VMLINUX names no kernel')
    program = program + ['--no-btf', '-t', vmlinux]
    env = dict(nowhere, env=dict(os.environ, XDG_CACHE_HOME=os.path.join(WORK, 'cache')))
    dwarf, warm, cached = Measured('DWARF'), Measured('DWARF, filling the cache'), Measured('DWARF, from the cache')
    rounds(min(RUNS, 3), [(dwarf, program + ['--no-cache', short], env)])
    rounds(1, [(warm, program + [short], env)])
    rounds(RUNS, [(cached, program + [short], env)])
    verdict('DWARF, CPU time', statistics.median(dwarf.cpu), 8, ' s')
    verdict('its peak memory', dwarf.peak, 1024, ' MiB')
    verdict('from the cache', 1000 * (cached.median() - nothing.median()), 50, ' ms')
    if dwarf2json:
        other = Measured('dwarf2json')
        rounds(1, [(other, [dwarf2json, 'linux', '--elf', vmlinux], nowhere)])
        print('  dwarf2json to DWARF: %.1f times the CPU, %.1f times the memory' % (
            statistics.median(other.cpu) / statistics.median(dwarf.cpu), other.peak / dwarf.peak))
    return None


# ---- other recorders' files ------------------------------------------------------------------------------------


def zstd_window(path):
    """MiB that a decompressor has to keep of what it has unpacked (RFC 8878, 3.1.1.1.2)."""
    with open(path, 'rb') as f:
        head = f.read(18)
    single, window = head[4] & 0x20, head[5]
    if not single:
        return (1 << 10 + (window >> 3)) * (8 + (window & 7)) / 8 / 2**20
    width = (1, 2, 4, 8)[head[4] >> 6]
    at = 5 + (0, 1, 2, 4)[head[4] & 3]
    return (int.from_bytes(head[at:at + width], 'little') + (256 if width == 2 else 0)) / 2**20


def bench_panda():
    """A whole-system trace of PANDA's, nearly a gigabyte of text, with the snapshot it began with."""
    if not PANDA:
        print('\npanda: left out, PANDA names no folder of a recording')
        return
    path, snapshot = PANDA + '/t32.trace.zst', PANDA + '/t32-rr-snp.zst'
    plain, again = Measured('zstd -dc'), Measured('zstd -dc, again')
    decode, alone = Measured('sctrace-decode -j 2'), Measured('sctrace-decode -j 1')
    program = [BUILD + '/sctrace-decode', '--no-progress', '-s', snapshot, '-j']
    nowhere = {'stdout': subprocess.DEVNULL}
    heading("decoding PANDA's trace of a whole machine")
    rounds(RUNS, [
        (plain, ['zstd', '-dcq', path], nowhere),
        (decode, program + ['2', path], nowhere),
        (alone, program + ['1', path], nowhere),
        (again, ['zstd', '-dcq', path], nowhere),
    ])
    print('  noise: %.3f' % (again.median() / plain.median()))
    verdict('sctrace-decode to zstd -dc', decode.median() / statistics.median(plain.times + again.times), 3)
    # pages that the snapshot has bytes of: what was touched at least
    touched = told(snapshot)['counts']['raw_pages'] * 4096 / 2**20
    # who unpacks the file needs its window, 128 MiB in the sample, whatever is done with the bytes
    peak, window = max(decode.peak, alone.peak), zstd_window(path)
    print('  peak memory: %.1f MiB, of which the window of the compressed file is %.1f MiB' % (peak, window))
    verdict('peak memory without that window', peak - window, touched + 100, ' MiB')


def qemu_log():
    """A log of a program under qemu-user, one instruction a block, made once."""
    path = os.path.join(WORK, 'qemu.log')
    if not os.path.exists(path):
        print('logging a program under qemu-user ...', flush=True)
        qemu = subprocess.run(['tests/live/qemu_user.sh', WORK], check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        command = [qemu.stdout.strip() + '/qemu-x86_64', '-singlestep', '-d', 'in_asm,exec,cpu,nochain', '-D', path + '.new',
                   '/bin/busybox', 'dd', 'if=/dev/zero', 'of=/dev/null', 'bs=1', 'count=1500']
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.rename(path + '.new', path)
    return path


def bench_qemu_log():
    path = qemu_log()
    size = os.path.getsize(path) / 1e6
    plain, decode, alone = Measured('cat'), Measured('sctrace-decode -j 2'), Measured('sctrace-decode -j 1')
    program = [BUILD + '/sctrace-decode', '--no-progress', '-o', os.path.join(WORK, 'qemu.jsonl'), '-j']
    heading("decoding QEMU's log of a program, %.0f MB" % size)
    rounds(RUNS, [
        (plain, ['cat', path], {'stdout': subprocess.DEVNULL}),
        (decode, program + ['2', path], {}),
        (alone, program + ['1', path], {}),
    ])
    verdict('text decoded in a second', size / decode.median(), 300, ' MB', least=True)


def segments(path, count):
    """A dump of one page of RAM that page tables map count times, as dump-guest-memory writes it with paging."""
    head = struct.pack('<16sHHIQQQIHHHHHH', b'\x7fELF\2\1\1', 4, 62, 1, 0, 128, 64, 0, 64, 56, 0xffff, 64, 1, 0)
    section = struct.pack('<IIQQQQIIQQ', 0, 0, 0, 0, 0, 0, 0, count, 0, 0)  # sh_info: how many segments
    data = 64 + 64 + 56 * count
    with open(path, 'wb') as f:
        f.write(head + section)
        f.write(b''.join(struct.pack('<IIQQQQQQ', 1, 0, data, (0xffffff0000000000 + (i << 12)), 0x1000, 4096, 4096, 0)
                         for i in range(count)))
        f.write(bytes(range(256)) * 16)


def bench_snapshot():
    """Opening costs what finding out where things are costs, not what they weigh."""
    raw, dump = os.path.join(WORK, 'sparse'), os.path.join(WORK, 'segments')
    with open(raw, 'wb') as f:
        f.truncate(64 << 30)
    segments(dump, 65717)
    program = [BUILD + '/sctrace-info']
    nothing, image = Measured('sctrace-info --version'), Measured('64 GiB of raw image')
    paging = Measured('dump of 65,717 segments')
    nowhere = {'stdout': subprocess.DEVNULL}
    heading('opening a snapshot')
    rounds(RUNS, [
        (nothing, program + ['--version'], nowhere),
        (image, program + [raw + '@0'], nowhere),
        (paging, program + [dump], nowhere),
    ])
    os.unlink(raw)
    os.unlink(dump)
    verdict('opening 64 GiB', 1000 * (image.median() - nothing.median()), 10, ' ms')
    verdict('its peak memory', image.peak - nothing.peak, 4, ' MiB')
    verdict('opening 65,717 segments', 1000 * (paging.median() - nothing.median()), 100, ' ms')


def main():
    os.makedirs(WORK, exist_ok=True)
    if 'recording' in PARTS:
        bench_recording()
    for level in ('syscalls', 'full'):
        if level in PARTS:
            bench_decoding(level)
    if 'boot' in PARTS:
        bench_boot()
    if 'types' in PARTS:
        bench_types()
    if 'panda' in PARTS:
        bench_panda()
    if 'qemu-log' in PARTS:
        bench_qemu_log()
    if 'snapshot' in PARTS:
        bench_snapshot()
    print('\nall limits hold' if not missed else '\nmissed: ' + ', '.join(missed))
    return bool(missed)


sys.exit(main())
