"""Bad input: every way in which a trace can be none, be cut or be changed, through the programs.

In:  $BUILD/sctrace-info, $BUILD/sctrace-decode; tests/bad.trace.zst, four frames of six write calls each; zstd, gzip, xz
Out: a line for each kind of damage; the last line is "N passed, N failed"

What must hold: an end in time and memory, no signal; exit status 0, 1 or 2 as sctrace-decode(1) has them; with 1 or 2 a
message with the cause and, for damage, the byte offset; with 2 a log whose records are those of the sound trace.
"""

import json
import os
import random
import resource
import struct
import subprocess
import sys
import tempfile

BUILD = os.environ.get("BUILD") or "build"
SAN = os.environ.get("SANITIZED")
MEMORY = 640 << 20  # a window of 128 MiB, threads' stacks, and what is mapped of libraries
TIME = 120

tmp = tempfile.TemporaryDirectory()
PATH = os.path.join(tmp.name, "trace")
LOG = os.path.join(tmp.name, "log.jsonl")
GOOD = open("tests/bad.trace.zst", "rb").read()


class Wrong(Exception):
    pass


def limit():
    if not SAN:  # AddressSanitizer maps 20 TB
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def run(program, *args, **more):
    p = subprocess.run([f"{BUILD}/sctrace-{program}", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       preexec_fn=limit, timeout=TIME, **more)
    if p.returncode not in (0, 1, 2):
        raise Wrong(f"sctrace-{program} ended with {p.returncode}: {p.stderr[-500:]!r}")
    return p.returncode, p.stdout, p.stderr.decode(errors="replace")


def essence(record):
    """What of a record does not depend on what stands before it in the recording."""
    return (record["enter"]["seq"], record["enter"]["pc"], record["insn"], record["nr"],
            tuple((a["name"], a["value"], a.get("bytes")) for a in record["args"]))


def decode(path, **more):
    """Exit status, records, messages of sctrace-decode."""
    if os.path.exists(LOG):
        os.unlink(LOG)
    status, _, text = run("decode", "--no-progress", "-o", LOG, path, **more)
    if (status == 1) == os.path.exists(LOG):
        raise Wrong(f"status {status} and {'a' if status == 1 else 'no'} log")
    if status == 1:
        return status, [], text
    with open(LOG, encoding="utf-8") as log:
        return status, [json.loads(line) for line in log], text


def ck_message(status, text):
    lines = text.splitlines()
    if status and not lines:
        raise Wrong(f"status {status} without a message")
    if any(not line.startswith("sctrace-") for line in lines):
        raise Wrong(f"odd message: {text!r}")
    if status == 2 and ": byte " not in text:
        raise Wrong(f"damage without an offset: {text!r}")


def ck(data, allowed, cause=None):
    """Both programs on data; returns the exit status and the number of calls that were decoded."""
    with open(PATH, "wb") as f:
        f.write(data)
    status, records, text = decode(PATH)
    ck_message(status, text)
    told, _, said = run("info", PATH)
    ck_message(told, said)
    if status not in allowed or told != status:
        raise Wrong(f"decode {status}, info {told}; expected one of {allowed}: {text!r}")
    if cause and (cause not in text or cause not in said):
        raise Wrong(f"no {cause!r} in {text!r} and {said!r}")
    false = [r for r in records if essence(r) not in SOUND]
    if false:
        raise Wrong(f"a record that the sound trace does not have: {false[0]}")
    if status == 0 and len(records) != len(SOUND):
        raise Wrong(f"status 0 and {len(records)} of {len(SOUND)} records")
    return status, len(records)


def filtered(command, data):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def frames():
    """Offset and length of each frame of GOOD, by its seek table."""
    count = struct.unpack("<I", GOOD[-9:-5])[0]
    at, result = 0, []
    for i in range(count):
        size = struct.unpack("<I", GOOD[len(GOOD) - 9 - 8 * (count - i):][:4])[0]
        result.append((at, size))
        at += size
    return result


def flip(data, at, mask):
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1:]


# ---- the kinds of damage ------------------------------------------------------------------------------------------


def no_file():
    for program, args in (("info", []), ("decode", ["-o", LOG])):
        status, _, text = run(program, *args, os.path.join(tmp.name, "missing"))
        if status != 1 or "No such file" not in text:
            raise Wrong(text)


def a_directory():
    status, _, text = run("info", tmp.name)
    if status != 1 or "directory" not in text:
        raise Wrong(text)


def empty():
    ck(b"", [1], "empty")


def random_bytes():
    source = random.Random(1)
    for size in (1, 3, 4, 17, 1000, 100000):
        ck(bytes(source.randrange(256) for _ in range(size)), [1])


def text_file():
    ck(b"There is nothing to decode in here.\n" * 100, [1], "not a recording")


def packed_text():
    for tool in ("zstd", "gzip", "xz"):
        ck(filtered([tool, "-c"], b"There is nothing to decode in here.\n" * 100), [1], "not a recording")
        ck(filtered([tool, "-c"], b""), [1])


def sound():
    """However it is wrapped, it is the same trace."""
    ck(GOOD, [0])
    plain = filtered(["zstd", "-dc"], GOOD)
    ck(plain, [0])
    for tool in ("gzip", "xz", "zstd"):
        ck(filtered([tool, "-c"], plain), [0])
    for data in (GOOD, plain):
        status, records, text = decode("-", input=data)
        if status or len(records) != len(SOUND):
            raise Wrong(text)


def places():
    """Offsets in GOOD worth a try: every one of a frame's head and end and of the seek table, some of the others."""
    ends = [at for frame in frames() for at in (frame[0], sum(frame))]
    return [at for at in range(1, len(GOOD))
            if at % 11 == 0 or at > ends[-1] - 8 or any(-8 < at - end < 16 for end in ends)]


def cut():
    last = frames()[-1]
    for size in places():
        status, calls = ck(GOOD[:size], [0] if size == sum(last) else [1, 2])
        whole = sum(at + length <= size for at, length in frames())
        if calls < 6 * whole:
            raise Wrong(f"{calls} calls of {whole} whole frames, at {size} bytes")


def cut_other():
    plain = filtered(["zstd", "-dc"], GOOD)
    for tool in ("gzip", "xz", "cat"):
        data = filtered([tool, "-c"] if tool != "cat" else ["cat"], plain)
        for size in range(1, len(data), 97):
            ck(data[:size], [1, 2])


def flipped():
    """Few bits mean nothing: some of a frame's header, some of a skippable frame's magic."""
    first = frames()[0]
    unnoticed = 0
    for at in [0] + places():
        status, calls = ck(flip(GOOD, at, 1 << at % 8), [0, 1, 2])
        if status == 1 and at < 4:
            continue  # no zstd file any more
        unnoticed += status == 0
        if calls < 18:
            raise Wrong(f"only {calls} calls with byte {at} flipped")
        if status == 1 and at >= sum(first):
            raise Wrong(f"nothing decoded with byte {at} flipped")
    if unnoticed > 20:
        raise Wrong(f"{unnoticed} flips were not noticed")


def flipped_plain():
    """Without checksums no reader can notice everything; it must come to its end."""
    plain = filtered(["zstd", "-dc"], GOOD)
    for at in range(0, len(plain), 9):
        with open(PATH, "wb") as f:
            f.write(flip(plain, at, 1 << at % 8))
        ck_message(*run("info", PATH)[::2])
        status, _, text = decode(PATH)
        ck_message(status, text)


def absurd_sizes():
    plain = filtered(["zstd", "-dc"], GOOD)
    for length in (0, 1, 0x7fffffff, 0xffffffff):
        ck(plain[:8] + struct.pack("<I", length) + plain[12:], [2])
    # the first chunk, HEADER: a length of 2^63
    ck(plain[:26] + b"\x80" * 9 + b"\x01" + plain[27:], [2])
    # the dictionary: more registers than there can be; and lengths of names that lie
    at = plain.index(b"\x03rax") - 1
    ck(flip(plain, at, 0x70), [2])
    ck(flip(plain, at + 1, 0xf0), [2])
    # a frame that claims 2^60 bytes; one that wants a window of 2 GiB; both before the sound ones
    ck(b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", 1 << 60) + GOOD, [2])
    ck(b"\x28\xb5\x2f\xfd\x00\xa8" + bytes(20) + GOOD, [2])
    # a skippable frame that claims 4 GiB
    ck(struct.pack("<II", 0x184d2a53, 0xffffffff) + GOOD, [2])


def lying_table():
    """A seek table that leads behind the frames, or to none, must not lose what is there."""
    table = len(GOOD) - 9 - 8 * 4
    for at in range(table, len(GOOD)):
        status, calls = ck(flip(GOOD, at, 0xff), [2])
        if calls != len(SOUND):
            raise Wrong(f"{calls} calls with the table's byte {at - table} flipped")


def frames_lost():
    for at, size in frames()[1:]:
        status, calls = ck(GOOD[:at] + GOOD[at + size:], [2])
        if calls != 18:
            raise Wrong(f"{calls} calls")
        ck(GOOD[:at] + bytes(size) + GOOD[at + size:], [2], f"byte {at}: ")


def garbage_between():
    at = frames()[1][0]
    status, calls = ck(GOOD[:at] + b"garbage" * 1000 + GOOD[at:], [2], f"byte {at}: ")
    if calls != len(SOUND):
        raise Wrong(f"{calls} calls")


def many_magics():
    """Beginnings of frames and of segments that lead nowhere, by the hundred thousand."""
    ck(GOOD + b"\x28\xb5\x2f\xfd" * 500000, [2])
    ck(GOOD + b"\x28\xb5\x2f\xfd\x20\x40" * 300000, [2])
    plain = filtered(["zstd", "-dc"], GOOD)
    ck(plain + plain[:24] * 100000, [2])
    ck(plain + (plain[:8] + struct.pack("<IIQ", 8 << 20, 9, 0)) * 400000, [2])
    head = plain[:plain.index(b"\x03r10")]
    ck(plain[:len(plain) // 2] + head * 20000 + plain, [2])


def zero_bombs():
    zeros = subprocess.Popen(["head", "-c", "1G", "/dev/zero"], stdout=subprocess.PIPE)
    bomb = subprocess.run(["zstd", "-c", "-1"], stdin=zeros.stdout, stdout=subprocess.PIPE, check=True).stdout
    zeros.wait()
    ck(bomb, [1], "not a recording")
    ck(GOOD + bomb, [2])
    ck(bomb + GOOD, [1])
    size = 1 << 28
    ck(filtered(["sh", "-c", f"head -c {size} /dev/zero | gzip -1"], b""), [1], "not a recording")
    ck(filtered(["sh", "-c", f"head -c {size} /dev/zero | xz -0"], b""), [1], "not a recording")


def log_onto_itself():
    with open(PATH, "wb") as f:
        f.write(GOOD)
    if os.path.exists(LOG):
        os.unlink(LOG)
    os.link(PATH, LOG)
    for name in (PATH, LOG):
        status, _, text = run("decode", "--no-progress", "-o", name, PATH)
        if status != 1 or "is the recording" not in text:
            raise Wrong(f"status {status}, {text!r}")
    with open(PATH, "rb") as f:
        if f.read() != GOOD:
            raise Wrong("the recording is lost")
    os.unlink(LOG)


TESTS = [no_file, a_directory, log_onto_itself, empty, random_bytes, text_file, packed_text, sound, cut, cut_other,
         flipped, flipped_plain, absurd_sizes, lying_table, frames_lost, garbage_between, many_magics, zero_bombs]

with open(PATH, "wb") as sound_trace:
    sound_trace.write(GOOD)
SOUND = {essence(r) for r in decode(PATH)[1]}
assert len(SOUND) == 24

failed = 0
for test in TESTS:
    try:
        test()
        print(f"ok   {test.__name__.replace('_', ' ')}")
    except (Wrong, subprocess.TimeoutExpired) as e:
        failed += 1
        print(f"FAIL {test.__name__.replace('_', ' ')}: {e}")
    sys.stdout.flush()
print(f"{len(TESTS) - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)
