#!/usr/bin/env python3
"""Whether records say who called as the callers themselves did: tests/live/programs/who.c writes lines about itself, each
by one call, whose record must say the same.

In:  a log (jsonl) of a recording of that program
Out: each difference; counts by field of what was right and of what is not known; exit status 1 when something differs,
     or when there are too few lines

usage: who.py LOG.jsonl [--all]    --all: nothing may be unknown, as where the kernel's types were given
"""
import base64
import json
import re
import sys
from collections import Counter

LINE = re.compile(r'who pid=(\d+) tid=(\d+) ppid=(\d+) uid=(\d+) start=(\d+) exe=(.*) comm=(.*)\n')
FIELDS = ['pid', 'tid', 'ppid', 'uid', 'start_time_ns', 'exe', 'comm']
TICK = 10000000  # ns of USER_HZ, proc_pid_stat(5)
LEAST = 10  # lines


def number(x):
    return int(x, 16) if isinstance(x, str) else x


def told(record):
    """What the caller says of itself, by the record's fields; None: this is no such line."""
    if record['name'] != 'write':
        return None
    buf = record['args'][1]
    text = buf['str'] if 'str' in buf else base64.b64decode(buf.get('bytes', '')).decode(errors='surrogateescape')
    match = LINE.fullmatch(text)
    if not match:
        return None
    return dict(zip(FIELDS, [int(x) for x in match.groups()[:5]] + list(match.groups()[5:])))


def same(field, want, have):
    if field == 'start_time_ns':  # the kernel shows ticks since the boot; its two clocks differ by less than one
        return abs(number(have) // TICK - want) <= 1
    if field in ('exe', 'comm'):
        return have == want
    return number(have) == want


def main(argv):
    lines, counts, wrong = 0, Counter(), 0
    with open(argv[1], encoding='utf-8') as f:
        for text in f:
            if 'who pid=' not in text and 'd2hvIHBpZD' not in text:  # as text, as base64
                continue
            record = json.loads(text)
            want = told(record)
            if not want:
                continue
            lines += 1
            for field in FIELDS:
                have = record[field]
                if have is None:
                    counts['not known: ' + field] += 1
                elif same(field, want[field], have):
                    counts[field] += 1
                else:
                    wrong += 1
                    print('record %s, pid %s: %s is %s, ours %s' % (record['id'], want['pid'], field, want[field], have))
    for name, n in sorted(counts.items()):
        print('  %5d %s' % (n, name))
    print('  %5d differences in what %d calls say of their callers' % (wrong, lines))
    if '--all' in argv and any(name.startswith('not known') for name in counts):
        print('the kernel\'s types were given, and yet not everything is known')
        return 1
    return 1 if wrong or lines < LEAST else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv))
