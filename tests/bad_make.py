"""Sound little inputs of the formats that other programs write, for tests that then damage them.

In:  fixtures/panda-i386.{trace,core}.zst; fixtures/snapshots/; the corpora of tests/fuzz
Out: bytes by name
"""

import glob
import gzip
import io
import os
import struct
import subprocess
import tarfile

PAGE = 4096


def unpacked(path):
    if path.endswith(".zst"):
        return subprocess.run(["zstd", "-dcq", path], stdout=subprocess.PIPE, check=True).stdout
    with open(path, "rb") as f:
        return f.read()


def panda_lines(count):
    """The first lines of the recording, which hold one call for each 8,000 of them or so."""
    lines = unpacked("fixtures/panda-i386.trace.zst").split(b"\n", count)
    return b"\n".join(lines[:count]) + b"\n"


# ---- snapshots, made of the pages of one ELF dump -------------------------------------------------------------------


def core_pages(core, most):
    """The first pages of an ELF dump: [(address, bytes)]."""
    count = struct.unpack_from("<H", core, 56)[0]
    segments = [struct.unpack_from("<IIQQQQQQ", core, 64 + 56 * i) for i in range(count)]
    return [(s[4], core[s[2]:s[2] + s[5]]) for s in segments if s[0] == 1][:most]


def lime_header(magic, version, addr, size):
    return magic + struct.pack("<IQQQ", version, addr, addr + size - 1, 0)


def lime(pages):
    return b"".join(lime_header(b"EMiL", 1, a, len(d)) + d for a, d in pages)


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    crc ^= 0xffffffff
    return ((crc >> 15 | crc << 17) + 0xa282ead8) & 0xffffffff


def avml(pages):
    """Version 2, in Snappy's frames, of which these are stored and not compressed."""
    out = b""
    for addr, data in pages:
        frames = b"\xff\x06\0\0sNaPpY" + struct.pack("<I", 1 | len(data) + 4 << 8) + struct.pack("<I", crc32c(data)) + data
        out += lime_header(b"AVML", 2, addr, len(data)) + frames + struct.pack("<Q", len(frames))
    return out


# ---- what belongs to a PANDA recording ---------------------------------------------------------------------------


def nondet(entries=200):
    """A log with device writes, calls of every structure and inputs; rr_log.c's layout, as formats/nondet.c has it."""
    out, seq = struct.pack("<Q", 100000), 0
    for i in range(entries):
        seq += 17
        head = struct.pack("<QBB", seq, 6, 3)
        data = bytes(i % 251 for _ in range(64))
        out += struct.pack("<QBBI", seq, 4, 1, 2)
        out += head + b"\2" + struct.pack("<QQQ", 0x100000 + 64 * i, 0, len(data)) + data
        out += head + b"\0" + struct.pack("<QQII", 0x200000 + 64 * i, 0, len(data), 0) + data
        out += head + b"\3" + struct.pack("<IIQQII", 0, 0, 1, 2, 3, 0)
    return out + struct.pack("<QBB", 100000, 7, 0)


def rr2(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return gzip.compress(out.getvalue(), mtime=0)


# ---- all of them -----------------------------------------------------------------------------------------------------


def snapshots():
    """{name: (bytes, what follows the file's name)}"""
    core = unpacked("fixtures/panda-i386.core.zst")
    pages = core_pages(core, 4)
    found = {"core": (core, ""), "lime": (lime(core_pages(core, 1000)), ""), "avml": (avml(pages), ""),
             "raw": (pages[0][1], "@0x1000")}
    for path in sorted(glob.glob("fixtures/snapshots/*.zst")):
        found[os.path.basename(path)[:-4]] = (unpacked(path), "")
    for path in sorted(glob.glob("tests/fuzz/corpus/mem_*/*")):
        if "/mem_raw/" not in path:
            found[path.split("/", 3)[3]] = (unpacked(path), "")
    return found


def traces():
    """{name: bytes}; those of corpora are as their owners made them, not all of them sound."""
    found = {"panda": panda_lines(8100)}
    for path in sorted(glob.glob("tests/fuzz/corpus/trace_*/*")):
        if "/trace_sctrace/" not in path:
            found[path.split("/", 3)[3]] = unpacked(path)
    return found
