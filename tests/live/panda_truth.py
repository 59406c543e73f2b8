#!/usr/bin/env python3
"""Holds the log of PANDA's i386 recording against what is known of it: the calls that its trace shows entry by entry, and
the returns that PANDA's own syscalls2 saw.

In:  a log (jsonl), the folder of the recording: t32.truth.jsonl, t32-syscalls2.txt.zst
Out: each difference, and how many calls and returns agree beside PANDA's; exit status 1 when something differs

usage: panda_truth.py LOG FOLDER
"""
import json
import os
import subprocess
import sys

REGISTERS = ['ebx', 'ecx', 'edx', 'esi', 'edi', 'ebp']
# what a call that does not come back to where it was made must say instead
ENDS = {1: 'noreturn', 252: 'noreturn', 119: 'noreturn', 173: 'noreturn', 11: 'exec'}


def number(text):
    return None if text is None else int(text, 16)


def argument_words(record):
    """The registers that the arguments came from, as the kernel's wrappers take them: 64-bit ones in two."""
    words = []
    for arg in record['args']:
        value = number(arg['value'])
        wide = value is not None and len(arg['value']) > 10
        if not wide:
            words.append(value)
        else:
            words += [value & 0xffffffff, value >> 32]
    return words


def differences(truth, record):
    """What one call's record has wrong."""
    want = {'seq': truth['seq'] - 1, 'pc': truth['pc'], 'insn': truth['insn'], 'asid': truth['asid'],
            'nr': number(truth['regs']['eax'])}
    have = {'seq': record['enter']['seq'], 'pc': record['enter']['pc'], 'insn': record['insn'],
            'asid': '0x%08x' % number(record['asid']), 'nr': record['nr']}
    found = ['%s %s is %s' % (k, want[k], have[k]) for k in want if want[k] != have[k]]
    words = argument_words(record)
    for i, word in enumerate(words[:5] if truth['insn'] == 'sysenter' else words[:6]):
        if word != number(truth['regs'][REGISTERS[i]]):
            found.append('%s of %s: %s is %s' % (REGISTERS[i], record['name'], truth['regs'][REGISTERS[i]], word))
    if truth['ret'] is None:
        end = ENDS.get(want['nr'], 'unfinished')
        if record['end'] != end:
            found.append('%s should end %s, ends %s' % (record['name'], end, record['end']))
    else:
        result = number((record['ret'] or {}).get('value'))
        back = record['return']['seq'] if record['return'] else None
        if result != truth['ret'] & 0xffffffff or back != truth['ret_seq']:
            found.append('%s: result %s at %s is %s at %s' %
                         (record['name'], truth['ret'], truth['ret_seq'], result, back))
    return found


def panda_returns(folder):
    """seq of the first user instruction after each return that PANDA saw: its own count is of the return address, which
    for sysenter lies four instructions later, behind the vDSO's pops."""
    text = subprocess.run(['zstd', '-dcq', os.path.join(folder, 't32-syscalls2.txt.zst')], check=True,
                          capture_output=True, text=True).stdout
    return [int(line.split()[1]) for line in text.splitlines() if line.startswith('R')]


def main():
    log, folder = sys.argv[1:3]
    with open(os.path.join(folder, 't32.truth.jsonl')) as f:
        truth = [json.loads(line) for line in f]
    with open(log) as f:
        records = sorted((json.loads(line) for line in f), key=lambda r: r['id'])
    wrong = 0
    by_seq = {r['enter']['seq']: r for r in records}
    for t in truth:
        record = by_seq.pop(t['seq'] - 1, None)
        found = differences(t, record) if record else ['missing: %s' % t]
        wrong += bool(found)
        for text in found:
            print('seq %d: %s' % (t['seq'] - 1, text))
    for seq, record in by_seq.items():
        print('seq %d: no such call: %s' % (seq, record['name']))
    ours = {r['return']['seq'] for r in records if r['return']}
    theirs = panda_returns(folder)
    unseen = [n for n in theirs if n not in ours and n - 4 not in ours]
    for n in unseen:
        print('PANDA saw a return at %d, we none' % n)
    returns = sum(t['ret'] is not None for t in truth)
    print('calls: %d of %d right, %d too many; returns: %d of %d, PANDA has %d' %
          (len(truth) - wrong, len(truth), len(by_seq), len(ours & {t['ret_seq'] for t in truth}), returns, len(theirs)))
    return 1 if wrong or by_seq or unseen else 0


if __name__ == '__main__':
    sys.exit(main())
