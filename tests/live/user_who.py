"""Whether records of a program under qemu-user say who called, and with which descriptors, as the program itself did.

In:  decoded records (jsonl objects) of programs that write "who" lines (programs/who.c, programs/selves.c), or that read
     links of /proc/self/fd, each just before a call with that descriptor
Out: counts of what was right and of what is not known; each difference, and that there was nothing to compare
"""
import base64
import os
import re

from who import told

LINK = re.compile(r'/proc/self/fd/(\d+)')
SPEAKING = {'who': ('own pid',), 'selves': ('own pid', 'descriptors')}  # programs, and what they must have told
NUMBERLESS = {'pipe': ('pipe',), 'socket': ('TCP', 'UDP', 'UNIX', 'UNIX-STREAM', 'NETLINK')}


def compare(what, want, have, counts, wrong):
    if have is None:
        counts['unknown ' + what] += 1
    elif have == want:
        counts[what] += 1
    else:
        wrong.append(f'{what} is {want}, decoded as {have}')


def compare_caller(record, program, counts, wrong):
    """A line in which the caller says who it is. Of the emulator's name only the program's own is told."""
    want = told(record)
    if not want:
        return
    emulated = want['comm'].startswith('qemu-')
    want['comm'] = os.path.basename(program)[:15] if emulated else want['comm']
    for field in ('pid', 'tid', 'ppid', 'uid', 'exe', 'comm'):
        compare('own ' + field, want[field], record[field], counts, wrong)


def target(record):
    """Number and target of a link of /proc/self/fd that was read, or None."""
    if record['name'] != 'readlink' or record['ret']['error'] or record['ret']['value'] is None:
        return None
    number, data = LINK.fullmatch(record['args'][0].get('str', '')), record['args'][1].get('bytes')
    text = record['args'][1].get('str') if data is None else base64.b64decode(data).decode()
    return (int(number[1]), text) if number and text else None


def compare_descriptor(link, record, counts, wrong):
    """The call behind the link's, with the same descriptor."""
    number, want = link
    first = record['args'][0] if record['args'] else {}
    if record['name'] not in ('fcntl', 'fcntl64') or first.get('int') != number:
        return
    have, kind = first.get('text'), want.split(':')[0]
    if have in NUMBERLESS.get(kind, ()):
        want = have
    compare('descriptors', want.removesuffix(' (deleted)'), have, counts, wrong)


def compare_selves(threads, program, counts):
    """Differences in the records of one process, by thread."""
    wrong = []
    for records in threads.values():
        link = None
        for record in records:
            compare_caller(record, program, counts, wrong)
            if link:
                compare_descriptor(link, record, counts, wrong)
            link = target(record)
    return wrong


def untold(program, counts):
    """What should have been compared and was not; who calls is always known."""
    name = os.path.basename(program).split('.')[0]
    return [f'nothing told: {what}' for what in SPEAKING.get(name, ()) if not counts[what]] + \
        [what for what in counts if what.startswith('unknown own')]
