#!/usr/bin/env python3
"""QEMU's own log of a stretch of a guest's run, held against the recording that our plugin makes of the same run.

In:  BUILD, the programs; WORK, a folder for some GB; GUEST, a folder with vmlinuz, initrd.gz and target; BYTES of log
     to wait for
Out: each difference; a last line that counts; exit status 1 when there is one, or nothing was compared

The log begins in the middle: by the order of entry it must be a stretch of the recording. It shows registers only where
a block begins, so a word may be unknown in it, but never another one; and no memory.
"""
import json
import os
import signal
import socket
import subprocess
import sys
import time

BUILD, WORK, GUEST = os.environ['BUILD'], os.environ['WORK'], os.environ['GUEST']
BYTES = int(os.environ.get('BYTES', 1 << 30))
# A thread without a number is not known by the wait that tells of its end, nor in a signal's handler, which has another
# stack pointer: the call's return is then the one behind sigreturn.
SAME_END = {('unfinished', 'killed'), ('returned', 'signal')}


def record():
    """Boots, and lets QEMU log for a time once programs run."""
    target = open(GUEST + '/target', encoding='ascii').read().strip()
    console, monitor = WORK + '/console', WORK + '/monitor'
    qemu = subprocess.Popen([
        BUILD + '/sctrace-record', '-o', WORK + '/trace.zst', '--', 'qemu-system-' + target, '-m', '256', '-nodefaults',
        '-display', 'none', '-no-reboot', '-serial', 'file:' + console, '-serial', 'null', '-D', WORK + '/log',
        '-kernel', GUEST + '/vmlinuz', '-initrd', GUEST + '/initrd.gz', '-monitor', f'unix:{monitor},server=on,wait=off',
        '-append', 'console=ttyS0 panic=-1 quiet sct.jobs=demo'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while not os.path.exists(console) or b'job plain' not in open(console, 'rb').read():
        time.sleep(0.1)
        if qemu.poll() is not None:
            sys.exit('the guest did not get to its jobs')
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(monitor)
        s.sendall(b'log in_asm,exec,cpu,nochain\n')
        while os.path.getsize(WORK + '/log') < BYTES and qemu.poll() is None:
            time.sleep(0.1)
        s.sendall(b'stop\nlog none\nquit\n')
        qemu.wait()


def decode(name, *options):
    log = f'{WORK}/{name}.jsonl'
    subprocess.run([BUILD + '/sctrace-decode', '--no-progress', '-o', log, *options, f'{WORK}/{name}'], check=True)
    with open(log, encoding='utf-8') as lines:
        return sorted((json.loads(line) for line in lines), key=lambda r: r['id'])


def place(call):
    return call['asid'], call['enter']['pc'], call['insn'], call['nr']


def difference(logged, recorded):
    """What is not the same, or None."""
    for mine, other in zip(logged['args'], recorded['args']):
        if mine['value'] is not None and mine['value'] != other['value']:
            return f"{mine['name']} is {mine['value']}, not {other['value']}"
    ends = logged['end'], recorded['end']
    values = [(r['ret'] or {}).get('value') for r in (logged, recorded)]
    if (ends[0] != ends[1] and ends not in SAME_END) or values[0] != values[1]:
        return f'{ends[0]} {values[0]}, not {ends[1]} {values[1]}'
    return None


def main():
    signal.alarm(600)
    record()
    logged, recorded = decode('log'), decode('trace.zst')
    places = [place(r) for r in recorded]
    found = [place(r) for r in logged]
    starts = [i for i in range(len(places)) if found and places[i:i + len(found)] == found]
    if len(starts) != 1:
        print(f'{len(found)} calls of the log are {len(starts)} stretches of the {len(places)} recorded ones')
        return 1
    wrong = 0
    for mine, other in zip(logged, recorded[starts[0]:]):
        text = difference(mine, other)
        if text:
            print(f"{mine['name']} at seq {mine['enter']['seq']}: {text}")
            wrong += 1
    print(f'{len(logged)} calls compared, {wrong} differ')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
