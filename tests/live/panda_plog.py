#!/usr/bin/env python3
"""Holds the log of PANDA's i386 recording against what PANDA's own syscalls_logger and osi_linux said of it: who made each
call, what its descriptor is, the members of its structs.

In:  our log (jsonl) of the recording, decoded with PANDA's kernelinfo.conf; PANDA's log (PANDALOG), of whose struct
     members only the low byte is true
Out: each difference; how much was compared, and how often PANDA is known to be wrong, by class; exit status 1 when
     something differs or too little was compared

usage: panda_plog.py LOG.jsonl LOG.plog [--structs]

The classes, things that PANDA is known to say wrong, each with its reason in PANDA's source (panda/plugins):
    U1  "[unknown filename]" of a close: the descriptor is looked up when the call returns (syscalls_logger.cpp,
        sys_all_return), and then it is none
    U2  "[unknown filename]" of a descriptor that is not open: there is no such file; ours says nothing
    U3  "[unknown filename]" of what is no file in a mounted tree, a pipe or a socket: osi_linux_fd_to_filename puts
        together paths of mounted files only
    U4  "[unknown filename]" of the root directory: the path that osi_linux_fd_to_filename puts together is empty
    N   "[unknown filename]" where ours says nothing either: pipes and sockets are known by their inodes, and where those
        have their numbers is not in kernelinfo.conf
    S   a signal handler ran before the call was back: PANDA waits for the address behind the call, where the handler
        goes in the end; ours ends the call where the handler begins
    E   another name of the same entry point: PANDA's table is of an older kernel, before 32-bit times and the calls of
        32-bit programs had entry points of their own
    O   members of a struct that the call writes only when it is interrupted, and it was not: PANDA shows what lay there
    V   the return of vfork that PANDA logs is the child's: returns are found by address and address space
        (syscalls2.cpp), and parent and child share both
    T   two threads wait in one call at one place: returns are found by address and address space, so each gets the
        arguments of whoever entered last
"""
import base64
import json
import os
import sys
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'golden'))
import plog_check  # noqa: E402

UNKNOWN = '[unknown filename]'
# what has to be compared for the comparison to mean something: the sample has 416 entries of calls, 40 of them with the
# name of a descriptor
LEAST = {'entries': 390, 'descriptors': 38, 'members': 60}
SHOWN = 60  # differences printed in full
WHO = {'pid': 'pid', 'ppid': 'ppid', 'tid': 'tid', 'create_time': 'start_time_ns'}


def number(x):
    return None if x is None else int(x, 16) if isinstance(x, str) else x


def older_name(entry):
    return entry.removesuffix('_time32').replace('sys_ia32_', 'sys_')


class Compare:
    def __init__(self, records):
        self.counts, self.classes, self.found = Counter(), Counter(), []
        self.records = records
        self.entered = {r['enter']['seq']: r for r in records}
        # PANDA counts the return at the address that was entered from: for sysenter that is four instructions after the
        # first one in user mode, behind the pops of the vDSO
        self.returned = {}
        for r in records:
            if r['return']:
                self.returned[r['return']['seq'] + (4 if r['insn'] == 'sysenter' else 0)] = r

    def differ(self, entry, text):
        self.found.append('instr %d, %s of pid %d tid %d: %s' % (
            entry.instr, entry.syscall.call_name, entry.syscall.pid, entry.syscall.tid, text))

    def tolerate(self, name, holds, entry, text):
        if holds:
            self.classes[name] += 1
        else:
            self.differ(entry, text)

    def entry(self, entry):
        record = self.returned.get(entry.instr) or self.entered.get(entry.instr) or self.interrupted(entry)
        if not record:
            return self.tolerate('V', self.child_of_vfork(entry), entry, 'ours has no call that begins or ends here')
        if record['entry'] != entry.syscall.call_name:
            self.tolerate('E', older_name(record['entry']) == entry.syscall.call_name, entry, 'ours is ' + record['entry'])
        self.counts['entries'] += 1
        self.who(entry, record)
        args = {a['name']: a for a in record['args']}
        for i, theirs in enumerate(entry.syscall.args):
            if theirs.arg_name == 'filename(from fd)':
                self.descriptor(entry, theirs.bytes_val.decode(), args.get('fd', {}), record)
            elif theirs.HasField('struct_data'):
                self.struct(entry, theirs, record['args'][i], record)
        return None

    def interrupted(self, entry):
        """The last call of that thread before this moment, where a handler ran before it was back."""
        made = [r for r in self.records if r['enter']['seq'] < entry.instr and number(r['tid']) == entry.syscall.tid and
                r['end'] == 'signal' and r['return']['seq'] < entry.instr and
                older_name(r['entry']) == entry.syscall.call_name]
        self.classes['S'] += bool(made)
        return made[-1] if made else None

    def child_of_vfork(self, entry):
        """Whether a child of that vfork is here, which runs in its parent's memory."""
        parents = {number(r['pid']) for r in self.records if r['entry'] == 'sys_vfork' and number(r['tid'])}
        return entry.syscall.call_name == 'sys_vfork' and entry.syscall.retcode == 0 and entry.syscall.ppid in parents

    def who(self, entry, record):
        for theirs, ours in WHO.items():
            want, have = getattr(entry.syscall, theirs), number(record[ours])
            if want == have:
                self.counts[ours] += 1
            else:
                self.differ(entry, '%s is %s, ours %s' % (theirs, want, have))

    def descriptor(self, entry, theirs, fd, record):
        ours = fd.get('text')
        if theirs != UNKNOWN:
            self.counts['descriptors'] += 1
            if theirs != ours:
                self.differ(entry, 'descriptor %s is %s, ours %s' % (fd.get('int'), theirs, ours))
        elif record['entry'] == 'sys_close' and record['ret']['error'] is None:
            self.classes['U1' if ours else 'N'] += 1
        elif record['ret']['error'] == 'EBADF' or number(fd.get('value')) >> 31:
            self.tolerate('U2', ours is None, entry, 'descriptor %s is none, ours %s' % (fd.get('int'), ours))
        else:
            name = 'U4' if ours == '/' else 'U3' if ours else 'N'
            self.tolerate(name, ours in (None, '/') or not ours.startswith('/'), entry,
                          'descriptor %s is unknown to PANDA, ours %s' % (fd.get('int'), ours))

    def struct(self, entry, theirs, ours, record):
        problems = self.members(theirs, ours)
        if not problems:
            self.counts['structs'] += 1
        elif 'nanosleep' in record['entry'] and ours['name'] == 'rmtp' and record['ret']['error'] is None:
            self.tolerate('O', not {'struct', 'out', 'unknown'} & ours.keys(), entry, problems[0])
        elif any(not self.members(theirs, a) for a in self.waiting_at(record, theirs.arg_name)):
            self.classes['T'] += 1
        else:
            for text in problems:
                self.differ(entry, '%s: %s' % (theirs.arg_name, text))

    def waiting_at(self, record, name):
        """That argument of other threads' calls at the same place while this one was in the kernel."""
        for r in self.records:
            begun = record['enter']['seq'] < r['enter']['seq'] < record['return']['seq']
            before = r['enter']['seq'] < record['enter']['seq'] < (r['return'] or {'seq': 0})['seq']
            if r is not record and r['enter']['pc'] == record['enter']['pc'] and r['asid'] == record['asid'] and \
                    (begun or before):
                yield from (a for a in r['args'] if a['name'] == name)

    def members(self, theirs, ours):
        """What of PANDA's members differs from ours: PANDA read them when the call returned, so ours at return count."""
        now = ours.get('out', ours)
        struct = now.get('struct') or (now.get('array') or [{}])[0].get('struct')
        if struct is None:
            return ['ours has no members: %s' % json.dumps(ours)[:200]]
        mine = {m.get('name'): m for m in struct}
        found = []
        for m in theirs.struct_data.members:
            text = self.member(m, mine.get(m.arg_name))
            if text:
                found.append('member %s: %s' % (m.arg_name, text))
        return found

    def member(self, theirs, ours):
        fields = plog_check.fields(theirs)
        del fields['arg_name']
        (kind, want), = fields.items()
        if not ours:
            return 'ours has none'
        if kind in ('str', 'bytes_val'):
            have = ours['str'] if 'str' in ours else base64.b64decode(ours.get('bytes', '')).decode('latin-1')
            have = have.encode() if kind == 'bytes_val' else have
        else:
            value = number(ours.get('value'))
            have, want = value if value is None else value & 0xff, want & 0xff
        if have != want:
            return '%r, ours %r' % (want, have)
        self.counts['members'] += 1
        return None


def main(argv):
    with open(argv[1], encoding='utf-8') as f:
        compare = Compare([json.loads(line) for line in f])
    entries = [e for e in plog_check.read_plog(argv[2], plog_check.load_schema().LogEntry, False) if e.HasField('syscall')]
    for e in entries:
        compare.entry(e)
    for text in compare.found[:SHOWN]:
        print(text)
    least = {k: n for k, n in LEAST.items() if k != 'members' or '--structs' in argv}
    for name, n in sorted(compare.counts.items()):
        print('  %5d %s' % (n, name))
    for name, n in sorted(compare.classes.items()):
        print('  %5d PANDA is wrong, class %s' % (n, name))
    print('  %5d differences in %d entries' % (len(compare.found), len(entries)))
    few = [k for k, n in least.items() if compare.counts[k] < n]
    if few:
        print('too little was compared: %s' % ', '.join(few))
    return 1 if compare.found or few else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv))
