#!/usr/bin/env python3
"""Times recording and decoding against something that the same machine does in the same minutes.

In:  programs in $BUILD; a guest made by tests/live; RUNS: repetitions of each decoding, BOOTS: of each boot; PARTS:
     which of recording, syscalls, full and boot to time
Out: for each command minimum, median and maximum of its wall times, and the median of the CPU time of all its threads;
     ratios of medians beside their limits; exit status 1 when a limit is missed

Each round runs every command once, in the same order, so that a slow minute of the machine meets all of them. The noise
is the ratio of a command to itself, measured likewise: a ratio is worth no more than that.
"""
import json
import os
import stat
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ['BUILD']
WORK = os.path.join(BUILD, 'bench')
RUNS = int(os.environ.get('RUNS', 5))
BOOTS = int(os.environ.get('BOOTS', 3))
PARTS = os.environ.get('PARTS', 'recording syscalls full boot').split()
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


def main():
    os.makedirs(WORK, exist_ok=True)
    if 'recording' in PARTS:
        bench_recording()
    for level in ('syscalls', 'full'):
        if level in PARTS:
            bench_decoding(level)
    if 'boot' in PARTS:
        bench_boot()
    print('\nall limits hold' if not missed else '\nmissed: ' + ', '.join(missed))
    return bool(missed)


sys.exit(main())
