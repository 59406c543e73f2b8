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
HIGH_FIRST = ['_llseek']  # takes the high half of its offset first (fs/read_write.c)
# The parent of the one vfork is suspended until its child's exec (kernel/fork.c). The list of truth was made by address
# space and stack pointer, which both have, so it holds the child's way back for the parent's.
PARENTS = {11367446: (101, 11412506)}
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
            halves = [value & 0xffffffff, value >> 32]
            words += reversed(halves) if record['name'] in HIGH_FIRST else halves
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
        want_result, want_back = PARENTS.get(truth['seq'] - 1, (truth['ret'], truth['ret_seq']))
        if record['end'] == 'signal':
            want_back = back  # the handler ran first; the list tells when it was left
        if result != want_result & 0xffffffff or back != want_back:
            found.append('%s: result %s at %s is %s at %s' %
                         (record['name'], want_result, want_back, result, back))
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
    made = {r['enter']['seq']: r for r in records}
    by_seq = dict(made)
    for t in truth:
        record = by_seq.pop(t['seq'] - 1, None)
        found = differences(t, record) if record else ['missing: %s' % t]
        wrong += bool(found)
        for text in found:
            print('seq %d: %s' % (t['seq'] - 1, text))
    for seq, record in by_seq.items():
        print('seq %d: no such call: %s' % (seq, record['name']))
    theirs = panda_returns(folder)
    returned = [t for t in truth if t['ret'] is not None]
    seen = sum(t['ret_seq'] in theirs or t['ret_seq'] + 4 in theirs for t in returned)
    right = sum(not differences(t, made[t['seq'] - 1]) for t in returned if t['seq'] - 1 in made)
    print('calls: %d of %d right, %d too many' % (len(truth) - wrong, len(truth), len(by_seq)))
    print('results: %d of %d right; PANDA has %d of them' % (right, len(returned), seen))
    return 1 if wrong or by_seq else 0


if __name__ == '__main__':
    sys.exit(main())
