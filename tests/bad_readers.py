"""Bad input for the readers of other programs' files: every trace and snapshot cut, flipped, lied in, or taken for
something else.

In:  $BUILD/sctrace-info, $BUILD/sctrace-decode; what bad_make.py makes; fixtures/
Out: a line for each kind of damage; the last line is "N passed, N failed"

What must hold: an end in time and memory, no signal; exit status 0, 1 or 2; with 1 and 2 a message with the cause and,
for damage, the byte offset; and what is reported of a damaged trace is what the sound one has.
"""

import gzip
import os
import random
import resource
import struct
import subprocess
import sys
import tempfile

import bad_make as make

BUILD = os.environ.get("BUILD") or "build"
SAN = os.environ.get("SANITIZED")
MEMORY = 640 << 20
TIME = 60
FEW = 2 if SAN else 4  # places in a file that are tried

tmp = tempfile.TemporaryDirectory()
PATH, LOG = os.path.join(tmp.name, "input"), os.path.join(tmp.name, "log.jsonl")
TRACES, SNAPSHOTS = make.traces(), make.snapshots()
TRACE, CORE = "fixtures/panda-i386.trace.zst", "fixtures/panda-i386.core.zst"
WORDS = b"What a person wrote here, 0x1234, mr=12, eax=0x5, IN: 0x08048000:  31 ed  Trace 0: 0, 0x1, 0x2, \"nop\"\n"


class Wrong(Exception):
    pass


def run(program, *args):
    """Exit status, standard output, messages."""
    p = subprocess.run([f"{BUILD}/sctrace-{program}", *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, timeout=TIME)
    text = p.stderr.decode(errors="replace")
    if p.returncode not in (0, 1, 2):
        raise Wrong(f"sctrace-{program} {' '.join(args)} ended with {p.returncode}: {text[-500:]!r}")
    lines = text.splitlines()
    if p.returncode and not lines:
        raise Wrong(f"sctrace-{program} {' '.join(args)}: status {p.returncode} without a message")
    if any(not line.startswith("sctrace-") for line in lines):
        raise Wrong(f"odd message: {text!r}")
    return p.returncode, p.stdout, text


def put(data, name="input"):
    path = os.path.join(tmp.name, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def decode(*args):
    if os.path.exists(LOG):
        os.unlink(LOG)
    status, _, text = run("decode", "--no-progress", "-o", LOG, *args)
    if (status == 1) == os.path.exists(LOG):
        raise Wrong(f"status {status} and {'a' if status == 1 else 'no'} log: {text!r}")
    return status, open(LOG, encoding="utf-8").read().splitlines() if status != 1 else [], text


def try_trace(data, *options):
    path = put(data)
    status, calls, text = decode(*options, path)
    run("info", path)
    return status, calls, text


def try_snapshot(data, base, *options):
    """Described, and read where it begins and where it says to end."""
    path = put(data) + base
    status, said, text = run("info", *options, path)
    if status == 2 and ": byte " not in text:
        raise Wrong(f"damage without an offset: {text!r}")
    run("info", *options, "--read", "0x1919000+100", path)
    return status, said, text


def places(size):
    """Offsets worth a try: the first bytes, where heads are, some of the others, the last ones; few of what is large."""
    source = random.Random(size)
    some = range(FEW if size < 1 << 20 else 1)
    heads = (0, 4, 9, 24, 33, 62) if size < 1 << 20 else (4, 33)
    return sorted({at for at in (*heads, size // 2, size - 1, *(source.randrange(size) for _ in some)) if 0 <= at < size})


def flip(data, at):
    return data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1:]


def overwrite(data, at, by):
    return data[:at] + by + data[at + len(by):]


# ---- the kinds of damage ------------------------------------------------------------------------------------------


def none_at_all():
    _, formats, _ = run("decode", "--list-formats")
    kind = ""
    for line in formats.decode().splitlines():
        if not line.startswith(" "):
            kind = line[:-2]
            continue
        name = line.split()[0]
        options = {"trace": ["--trace-format", name], "snapshot": ["--snapshot-format", name, "-s"]}.get(kind)
        if not options:
            continue
        for data in (b"", b"\0", b"\n", WORDS * 50, bytes(random.Random(5).randrange(256) for _ in range(5000))):
            path = put(data, "nothing" if kind == "snapshot" else "input")
            spec = [path + ("@0" if name == "raw" else "")] if kind == "snapshot" else []
            status, calls, text = decode(*options, *spec, put(TRACES["panda"], "good") if spec else path)
            if calls and kind == "trace" or not data and status != 1:
                raise Wrong(f"{name}: status {status} and {len(calls)} calls of {data[:20]!r}: {text!r}")


def not_a_recording():
    for data in (WORDS * 100, WORDS.replace(b"IN:", b"xx") * 3, b"a=b\n" * 50, b"0x1,0x2\n" * 100, b"\x7fELF", b"QEVM", b"QFI\xfb",
                 b"EMiL", b"AVML", b"KDUMP   ", b"makedumpfile\0", b"RRv2"):
        status, calls, text = try_trace(data)
        if status == 0 or calls:
            raise Wrong(f"{data[:20]!r}: status {status}, {len(calls)} calls")


def traces_cut():
    for name, data in TRACES.items():
        for at in places(len(data)):
            status, calls, text = try_trace(data[:at])
            if status == 2 and ": byte " not in text and name == "panda":
                raise Wrong(f"{name}: damage at {at} without an offset: {text!r}")


def traces_flipped():
    for name, data in TRACES.items():
        for number, at in enumerate(places(len(data))):
            try_trace(flip(data, at) if number % 2 else overwrite(data, at, b"\xff" * 8))


def text_between():
    """Lines that mean nothing are damage, told by their place; the calls around them are what they were."""
    lines = TRACES["panda"].split(b"\n")
    for at in (1, 100, 5000, len(lines) - 2):
        data = b"\n".join(lines[:at] + [b"something else altogether"] + lines[at:])
        offset = len(b"\n".join(lines[:at])) + 1
        status, calls, text = try_trace(data, "-s", CORE)
        if status != 2 or f": byte {offset}: " not in text:
            raise Wrong(f"line {at}, byte {offset}: status {status}, {text!r}")
    long = b"asid=0x03086000,kernel=0,eip=0x8049095," + b"eax=0x1," * 2000000
    status, calls, text = try_trace(b"\n".join(lines[:50] + [long] + lines[50:]))
    if status != 2:
        raise Wrong(f"a line of {len(long)} bytes: status {status}, {text!r}")


def snapshots_cut():
    for name, (data, base) in SNAPSHOTS.items():
        for at in places(len(data)):
            try_snapshot(data[:at], base)


def half_a_snapshot():
    """Half of it is not all of it."""
    for name in ("core", "lime", "avml"):
        data = SNAPSHOTS[name][0]
        status, _, text = try_snapshot(data[:len(data) // 2], "")
        if status != 2:
            raise Wrong(f"{name}: status {status}, {text!r}")
    for name, (data, base) in SNAPSHOTS.items():
        if name.endswith((".migration", ".qcow2")) and try_snapshot(data[:len(data) // 2], base)[0] == 0:
            raise Wrong(f"{name}: cut in half and not told")


def snapshots_flipped():
    for name, (data, base) in SNAPSHOTS.items():
        for number, at in enumerate(places(len(data))):
            try_snapshot(flip(data, at) if number % 2 else overwrite(data, at, b"\xff" * 8), base)


def lying_sizes():
    core = SNAPSHOTS["core"][0]
    segment = 64 + 56
    lies = [
        overwrite(core, 56, b"\xff\xff"),                                        # as many segments as a section says
        overwrite(overwrite(core, 56, b"\xff\xff"), 40, struct.pack("<Q", 8)),   # and the section lies in the header
        overwrite(core, 32, struct.pack("<Q", 1 << 63)),                         # program headers beyond the end
        overwrite(core, segment + 8, struct.pack("<Q", 2**64 - 1)),              # a segment's place in the file
        overwrite(core, segment + 32, struct.pack("<QQ", 2**63, 2**63)),         # its size
        overwrite(core, 64 + 32, struct.pack("<QQ", 2**62, 2**62)),              # the notes' size
    ]
    notes = struct.unpack_from("<Q", core, 64 + 8)[0]
    lies += [overwrite(core, notes + i, struct.pack("<I", 0xffffffff)) for i in (0, 4)]
    for data in lies:
        status, _, text = try_snapshot(data, "")
        if status == 0 and data[:notes] != core[:notes]:
            raise Wrong(f"an ELF dump that lies: {[i for i in range(len(core)) if data[i] != core[i]][:4]}")
    try_snapshot(overwrite(core, segment + 24, struct.pack("<Q", 2**64 - 2048)), "")  # it goes on behind the last address
    for magic, version in ((b"EMiL", 1), (b"AVML", 2)):
        for first, last in ((0, 2**64 - 1), (4096, 0), (2**64 - 4096, 2**64 - 1), (0, 2**40), (1, 1)):
            data = magic + struct.pack("<IQQQ", version, first, last, 0) + bytes(4096)
            if try_snapshot(data, "")[0] == 0 and last - first > 4096:
                raise Wrong(f"a {magic.decode()} range from {first:#x} to {last:#x}")
    stream = b"QEVM" + struct.pack(">I", 3)
    for tail in (b"\7\xff\xff\xff\xff", b"\1" + b"\0\0\0\2\3ram" + struct.pack(">IIQ", 0, 4, 2**63 | 4) + b"\6pc.ram" + b"\xff" * 8,
                 b"\1\0\0\0\2\3ram" + struct.pack(">IIQ", 0, 4, 4096 | 4) + b"\6pc.ram" + struct.pack(">Q", 4096) + b"\x08" * 400,
                 b"\6\xff\xff\xff\xff{", b"\1" * 5000):
        if try_snapshot(stream + tail + bytes(100), "")[0] == 0:
            raise Wrong(f"a migration stream with {tail[:30]!r}")


def raw_images():
    for base, allowed in (("@0xfffffffffffff800", (1, 2)), ("@0x10000000000000000", (1,)), ("@-1", (1,)), ("@", (1,)),
                          ("@0x", (1,)), ("@zero", (1,)), ("", (1,))):
        status, _, text = try_snapshot(SNAPSHOTS["raw"][0], base)
        if status not in allowed:
            raise Wrong(f"FILE{base}: status {status}, {text!r}")
    if try_snapshot(SNAPSHOTS["core"][0], "@0x1000")[0] != 1:
        raise Wrong("an ELF dump with an address")
    with open(PATH, "wb") as f:
        f.truncate(1 << 43)
    run("info", PATH + "@0")


def wrong_architecture():
    """The other architecture's profile: refused, told, or one that decodes the same calls; never other ones."""
    paths = {name: put(data, "trace-" + name.replace("/", "-")) for name, data in TRACES.items()}
    paths |= {path: path for path in (TRACE, "fixtures/debian-i386.trace.zst", "fixtures/debian-amd64.trace.zst")}
    for name, path in paths.items():
        status, own, _ = decode(path)
        for profile in ("linux_x64", "linux_x86") if status != 1 else ():
            other, calls, text = decode("-p", profile, path)
            if other == 0 and calls != own or any(call not in own for call in calls):
                raise Wrong(f"{profile} on {name}: status {other}, {len(calls)} calls of {len(own)}: {text!r}")
    status, calls, text = decode("-p", "linux_x64", TRACE)
    if status != 1 or "not of x86_64" not in text:
        raise Wrong(f"linux_x64 on {TRACE}: status {status}, {text!r}")
    status, calls, text = decode("-p", "linux_x86", "fixtures/debian-amd64.trace.zst")
    if status != 2 or "profile" not in text:
        raise Wrong(f"linux_x86 on a trace of x86_64: status {status}, {text!r}")
    for name, (data, base) in SNAPSHOTS.items():
        if "x86_64" in name and try_snapshot(data, base)[0] == 0:
            status, calls, text = decode("-s", put(data) + base, TRACE)
            if status == 0:
                raise Wrong(f"{name} under a trace of i386: status 0, {text!r}")


def mismatched_snapshot():
    """Pages that belong elsewhere: --verify-snapshot finds them, and says where first."""
    status, calls, text = decode("--verify-snapshot", "-s", CORE, TRACE)
    if status != 0 or len(calls) != 25:
        raise Wrong(f"the snapshot that belongs to the trace: status {status}, {text!r}")
    core, changed = SNAPSHOTS["core"][0], None
    first = struct.unpack_from("<Q", core, 64 + 56 + 8)[0]
    tables = 0
    for step in (1, 0x5a):
        changed = bytearray(core)
        for at in range(first, len(core), 64):  # page tables keep their entries: these bytes are in none of them
            if core[at] and core[at + 1] and core[at] & 1 == 0:
                changed[at] ^= step << 1
                tables += 1
        status, calls, text = decode("--verify-snapshot", "-s", put(bytes(changed)), TRACE)
        if status != 2 or "disagree" not in text or "seq" not in text:
            raise Wrong(f"{tables} bytes changed: status {status}, {text!r}")


def other_files_of_a_recording():
    log = make.nondet()
    trace = put(TRACES["panda"], "trace")
    status, calls, text = decode("--nondet", put(log), trace)
    if status == 1:
        raise Wrong(f"a sound log: {text!r}")
    for data in [b"", b"x", WORDS, *(log[:at] for at in places(len(log))), *(flip(log, at) for at in places(len(log))),
                 *(overwrite(log, at, b"\xff" * 8) for at in places(len(log)))]:
        path = put(data)
        status, calls, text = decode("--nondet", path, trace)
        run("info", path)
    cut = put(log[:len(log) // 2 + 3])
    status, calls, text = decode("--nondet", cut, trace)
    if status == 0 or ": byte " not in text:
        raise Wrong(f"half a log: status {status}, {text!r}")
    status, _, text = decode("--nondet", put(log), "fixtures/debian-i386.trace.zst")
    if status != 1:
        raise Wrong(f"a log for a trace that has no use for it: status {status}, {text!r}")


def archives():
    core, log = SNAPSHOTS["core"][0], make.nondet(5)
    whole = [("RRv2", b"RRv2"), ("snapshot", core), ("nondetlog", log), ("sha1", b"0")]
    put(TRACES["panda"], "rec.trace")
    for members in (whole, whole[:1], whole[1:], [], [("../../escape", b"x")] + whole, whole + whole,
                    [("snapshot", b"")] + whole[2:], [("RRv2", b"RRv2"), ("nondetlog", WORDS)]):
        path = put(make.rr2(members), "rec.rr2")
        decode(path)
        run("info", path)
    packed = make.rr2(whole)
    for at in places(len(packed)):
        for data in (packed[:at], flip(packed, at)):
            decode(put(data, "rec.rr2"))
    status, _, text = decode(put(packed[:len(packed) // 2], "rec.rr2"))
    if status == 0:
        raise Wrong(f"half an archive: {text!r}")
    if os.path.exists(os.path.join(os.path.dirname(tmp.name), "escape")):
        raise Wrong("an archive writes where it wants")
    huge = bytearray(make.rr2([("snapshot", b"x")]))
    tar = bytearray(gzip.decompress(bytes(huge)))
    tar[124:136] = b"\x80" + bytes(4) + b"\x7f" + b"\xff" * 6  # a member of 2^55 bytes
    tar[148:156] = b"%06o\0 " % (sum(tar[:148]) + 8 * 32 + sum(tar[156:512]))
    if decode(put(gzip.compress(bytes(tar)), "rec.rr2"))[0] == 0:
        raise Wrong("a member of 2^55 bytes")


def packed_bombs():
    """What unpacks to far more than it is: refused, or read within bounds; nothing is left in the folder for it."""
    head = SNAPSHOTS["lime"][0][:32]
    bomb = subprocess.run(["zstd", "-1", "-c"], input=head + bytes(1 << 28), stdout=subprocess.PIPE, check=True).stdout
    run("info", put(bomb))
    run("info", put(bomb) + "@0")
    run("info", put(bomb[:len(bomb) // 2]))


TESTS = [none_at_all, not_a_recording, traces_cut, traces_flipped, text_between, snapshots_cut, half_a_snapshot,
         snapshots_flipped, lying_sizes, raw_images, wrong_architecture, mismatched_snapshot, other_files_of_a_recording,
         archives, packed_bombs]

if not SAN:  # AddressSanitizer maps 20 TB
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))  # the programs inherit it
failed = 0
wanted = sys.argv[1:]
tests = [t for t in TESTS if not wanted or t.__name__ in wanted]
for test in tests:
    try:
        test()
        print(f"ok   {test.__name__.replace('_', ' ')}")
    except (Wrong, subprocess.TimeoutExpired) as e:
        failed += 1
        print(f"FAIL {test.__name__.replace('_', ' ')}: {str(e)[:600]}")
    sys.stdout.flush()
print(f"{len(tests) - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)
