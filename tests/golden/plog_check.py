#!/usr/bin/python3
"""Reads a PANDALOG with a reader that is not ours, and compares it with other logs of the same recording.

In:  LOG.plog [LOG.jsonl [LOG.json]]
Out: with one file, what PANDA's plog_reader.py prints of it; with more, nothing, and status 1 at a difference

The schema is written down here once more, from PANDA's own, and compiled by protoc for Debian's python3-protobuf:
that this text and formats/pandalog.proto agree is part of what is checked. The layout is checked more strictly than
any reader of PANDA's does: every byte of the file has its place.
"""
import base64
import json
import os
import struct
import subprocess
import sys
import tempfile
import zlib

from google.protobuf.json_format import MessageToJson

SCHEMA = """
syntax = "proto2";
package panda;
message StructData { repeated NamedData members = 1; }
message NamedData {
  required string arg_name = 1; optional string str = 2; optional uint64 ptr = 3; optional uint64 u64 = 4;
  optional uint32 u32 = 5; optional uint32 u16 = 6; optional int64 i64 = 7; optional int32 i32 = 8;
  optional int32 i16 = 9; optional float float_val = 10; optional double double_val = 11; optional bool bool_val = 12;
  optional bytes bytes_val = 13; optional string struct_type = 14; optional StructData struct_data = 15;
}
message Syscall {
  required uint32 pid = 1; required uint32 ppid = 2; required uint32 tid = 3; required uint64 create_time = 4;
  required int64 retcode = 5; required string call_name = 6; repeated NamedData args = 7;
}
message LogEntry {
  required uint64 pc = 1; required uint64 instr = 2; optional uint64 asid = 3; optional Syscall syscall = 58;
}
"""

BITS = {'i16': 16, 'u16': 16, 'i32': 32, 'u32': 32, 'i64': 64, 'u64': 64}
FIELD_OF_TYPE = {  # C types whose width and sign every ABI agrees on; a byte goes into the 16-bit field
    'char': 'i16', 'short': 'i16', 'unsigned short': 'u16', 'u16': 'u16', 'umode_t': 'u16', 'int': 'i32', 'pid_t': 'i32',
    'unsigned int': 'u32', 'unsigned': 'u32', 'u32': 'u32', 'uid_t': 'u32', 'gid_t': 'u32', 'u64': 'u64',
    'loff_t': 'i64', 'long long': 'i64'}


class Difference(Exception):
    pass


def need(condition, *what):
    if not condition:
        raise Difference(' '.join(str(w) for w in what))


def load_schema():
    with tempfile.TemporaryDirectory() as d:
        with open(os.path.join(d, 'sctrace_check.proto'), 'w') as f:
            f.write(SCHEMA)
        subprocess.run(['protoc', '-I' + d, '--python_out=' + d, 'sctrace_check.proto'], check=True)
        sys.path.insert(0, d)
        import sctrace_check_pb2
        return sctrace_check_pb2


def read_chunk(data, entries, chunk_size, message):
    """The entries of one chunk; data begins with its zlib stream. Returns also how long the stream is."""
    z = zlib.decompressobj()
    plain = z.decompress(data) + z.flush()
    need(z.eof, 'a chunk is cut short')
    packed = len(data) - len(z.unused_data)
    need(plain, 'an empty chunk')
    need(len(plain) <= chunk_size and packed + 1 <= chunk_size, 'a chunk does not fit PANDA\'s buffers')
    found, at = [], 0
    while at < len(plain):
        size, = struct.unpack_from('<I', plain, at)
        need(at + 4 + size <= len(plain), 'an entry is cut short')
        entry = message()
        entry.ParseFromString(plain[at + 4:at + 4 + size])
        found.append(entry)
        at += 4 + size
    need(len(found) == entries, 'the directory counts', entries, 'entries in a chunk of', len(found))
    return found, packed


def read_plog(path, message, ours=True):
    """The entries of a log. PANDA leaves whatever was in memory in the unused bytes of its header; ours are zero."""
    with open(path, 'rb') as f:
        data = f.read()
    version, pad1, dir_pos, chunk_size, pad2 = struct.unpack_from('<IIQII', data)
    need(version == 2, 'bad header')
    need(not ours or (pad1 == 0 and pad2 == 0 and not any(data[24:128])), 'header with bytes that mean nothing')
    count, = struct.unpack_from('<I', data, dir_pos)
    need(len(data) == dir_pos + 4 + 24 * count, 'the directory does not end the file')
    entries, at, before = [], 128, 0
    for i in range(count):
        start, pos, number = struct.unpack_from('<QQQ', data, dir_pos + 4 + 24 * i)
        need(pos == at, 'chunk', i, 'is not where the one before ends')
        need(start >= before, 'the directory is not sorted')
        found, packed = read_chunk(data[pos:dir_pos], number, chunk_size, message)
        entries += found
        at, before = at + packed, start
    need(at == dir_pos, 'bytes between the last chunk and the directory')
    return entries


def as_reader_prints(entries):
    text = '[\n' + ',\n'.join(MessageToJson(e) for e in entries) + '\n]\n'
    return text.encode()


def number(x):
    """A number of a jsonl record; 0 for null, as required fields have it."""
    return 0 if x is None else int(x, 16) if isinstance(x, str) else x


def fields(message):
    return {f.name: value for f, value in message.ListFields()}


def check_number(got, v, now):
    """One number field that holds the raw word, with the width and sign of the C type where that is plain."""
    need(len(got) == 1, 'one field for a number, not', got)
    (field, n), = got.items()
    if field != 'ptr':
        field_of_type = FIELD_OF_TYPE.get(v.get('type'))
        need(field_of_type in (None, field), v.get('type'), 'as', field)
    wide = 1 << BITS.get(field, 64)
    need(n % wide == number(v['value']) % wide or v.get('type') == 'char', n, 'for', v['value'])
    if 'int' in now:
        need(n == now['int'] or (field[0] == 'u' and n == now['int'] % wide), n, 'for', now['int'])


def check_parts(got, v, now):
    if 'struct' in now.get('ptr', {}):
        v = now = now['ptr']
    if 'struct' not in now and v.get('value') is not None:
        need(got.pop('ptr') == number(v['value']), 'other address')
    parts = now['struct'] if 'struct' in now else now['array'] if 'array' in now else [now['ptr']]
    tag = got.pop('struct_type')
    if 'struct' in now:
        words = v.get('type', '').replace('*', ' ').split()
        need(tag in words or not words, 'struct type', tag, 'for', v.get('type'))
    else:
        need(tag.startswith('ArrayOf'), 'struct type', tag)
    members = got.pop('struct_data').members
    need(not got and len(members) == len(parts), len(members), 'members for', len(parts))
    for m, p in zip(members, parts):
        check_value(m, p)


def check_value(message, v):
    """One argument, member or element against the object that jsonl has for it."""
    got = fields(message)
    need(got.pop('arg_name') == v.get('name', ''), 'other name than', v.get('name'))
    now = v.get('out', v)
    try:
        if 'str' in now:
            text = now['str']
            need(got == ({'str': text} if '\0' not in text else {'bytes_val': text.encode()}), got, 'for', text)
        elif 'bytes' in now:
            need(got == {'bytes_val': base64.b64decode(now['bytes'], validate=True)}, got, 'for', now['bytes'])
        elif 'array' in now or 'struct' in now or 'ptr' in now:
            check_parts(got, v, now)
        elif v.get('value') is None:
            need(not got, got, 'for an unknown value')
        else:
            check_number(got, v, now)
    except Difference as e:
        raise Difference(v.get('name', 'element') + ': ' + str(e)) from None


def extra_args(record, args):
    """PANDA's additions behind the arguments of bind, of calls with an fd, and of execve."""
    want = {}
    by_name = {a['name']: a for a in record['args']}
    if record['entry'] == 'sys_bind':
        for m in record['args'][1].get('struct', []):
            if m['name'] in ('sin_port', 'sin6_port') and 'value' in m:
                want['port'] = {'u16': int.from_bytes(number(m['value']).to_bytes(2, 'little'), 'big')}
    if 'text' in by_name.get('fd', {}):
        want['filename(from fd)'] = {'bytes_val': by_name['fd']['text'].encode()}
    if record['entry'] == 'sys_execve':
        argv = record['args'][1]
        if 'array' in argv and 'partial' not in argv and all('str' in a and 'partial' not in a for a in argv['array']):
            want['args'] = {'str': ' '.join(a['str'] for a in argv['array'])}
    got = {}
    for a in args:
        f = fields(a)
        got[f.pop('arg_name')] = f
    need(got == want, 'extra arguments', got, 'not', want)


def check_result(retcode, record):
    wide = 1 << (32 if record['abi'] in ('linux_x86', 'linux_arm', 'linux_mips_o32') else 64)
    raw = number(record['ret']['value'])
    need(retcode == (raw - wide if raw >= wide // 2 else raw), 'retcode', retcode, 'for', record['ret'])


def check_entry(entry, record):
    call, enter = entry.syscall, record['enter'] or {'pc': None, 'seq': None}
    need(entry.pc == number(enter['pc']) and entry.instr == number(enter['seq']), 'pc or instr')
    need(entry.HasField('asid') == (record['asid'] is not None) and entry.asid == number(record['asid']), 'asid')
    for field, key in (('pid', 'pid'), ('ppid', 'ppid'), ('tid', 'tid'), ('create_time', 'start_time_ns')):
        need(getattr(call, field) == number(record[key]), field)
    if record['entry'] is None:
        nr = record['nr']
        need(call.call_name == ('sys_unknown' if nr is None else 'sys_unknown_%d' % number(nr)), call.call_name)
    else:
        need(call.call_name == record['entry'], call.call_name)
    check_result(call.retcode, record)
    n = len(record['args'])
    need(len(call.args) >= n, 'arguments are missing')
    for a, v in zip(call.args, record['args']):
        check_value(a, v)
    extra_args(record, call.args[n:])


def check_jsonl(entries, path):
    with open(path, encoding='utf-8', newline='\n') as f:
        records = [json.loads(line) for line in f]
    need(len(entries) == len(records), len(entries), 'entries for', len(records), 'records')
    for entry, record in zip(entries, records):
        try:
            check_entry(entry, record)
        except Difference as e:
            raise Difference('record %d: %s' % (number(record['id']), e)) from None


def main(argv):
    if not 2 <= len(argv) <= 4:
        sys.exit('usage: plog_check.py LOG.plog [LOG.jsonl [LOG.json]]')
    try:
        entries = read_plog(argv[1], load_schema().LogEntry)
        printed = as_reader_prints(entries)
        if len(argv) == 2:
            sys.stdout.buffer.write(printed)
        if len(argv) > 2:
            check_jsonl(entries, argv[2])
        if len(argv) > 3:
            with open(argv[3], 'rb') as f:
                need(f.read() == printed, argv[3] + ' is not what plog_reader.py would print')
    except Difference as e:
        sys.exit('%s: %s' % (argv[1], e))


if __name__ == '__main__':
    main(sys.argv)
