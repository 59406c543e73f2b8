#!/usr/bin/python3
"""Holds the built-in structs of x86 against what the C compiler makes of the installed kernel headers.

In:  prototypes/structs_linux_{x64,x32,x86}.txt, prototypes/structs.c, headers of linux-libc-dev; with TREE=folder a
     kernel source tree, then all six files are made anew
Out: one line a file; the compiler's complaints and exit status 1 where they disagree

usage: [TREE=linux-source-6.1 BUILD=build CC=gcc] tests/golden/structs.py
"""
import filecmp
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
ABIS = {"x64": "-m64", "x32": "-mx32", "x86": "-m32"}
ALL = ["x64", "x32", "x86", "arm", "arm64", "mips_o32"]
SPARE = re.compile(r"^_|pad|spare|resv|reserved")  # later headers give these names and sizes as they like


def members(path):
    """(struct, member with dots, offset, size) of every member that has a name, except bitfields."""
    struct, stack = None, []
    for line in open(path):
        depth = len(line) - len(line.lstrip("\t"))
        words = line.split()
        if depth == 0:
            struct = " ".join(words[:2]) if words[0] in ("struct", "union") else None
            stack = [("", 0)]
            continue
        if struct is None or "." in words[0]:
            continue
        prefix, base = stack[depth - 1]
        if prefix is None:  # in an array, or behind a pointer
            stack[depth:] = [(None, 0)]
            continue
        offset, size, name = base + int(words[0]), int(words[1]), words[-1]
        whole = prefix + name if name != "-" else ""
        inner = None if "*" in line or "[" in line else (prefix if name == "-" else whole + ".")
        stack[depth:] = [(inner, offset)]
        if whole and not SPARE.search(name):
            yield struct, whole, offset, size


def asserts(path):
    for struct, member, offset, size in members(path):
        what = f"{struct} {member}"
        yield f'_Static_assert(__builtin_offsetof({struct}, {member}) == {offset}, "{what}");'
        if size:
            yield f'_Static_assert(sizeof((({struct} *)0)->{member}) == {size}, "{what}");'


def compiler_include(cc):
    return subprocess.run([cc, "-print-file-name=include"], capture_output=True, text=True, check=True).stdout.strip()


def check(abi, option, cc):
    path = os.path.join(ROOT, "prototypes", f"structs_linux_{abi}.txt")
    lines = list(asserts(path))
    source = '#include "structs.c"\n' + "\n".join(lines) + "\n"
    command = [cc, option, "-xc", "-fsyntax-only", "-ffreestanding", "-nostdinc", "-w", "-Iprototypes/include",
               "-Iprototypes", "-isystem", compiler_include(cc), "-isystem", "/usr/include",
               "-isystem", "/usr/include/x86_64-linux-gnu", "-"]
    done = subprocess.run(command, input=source, text=True, capture_output=True, cwd=ROOT)
    sys.stderr.write(done.stderr[:4000])
    print(f"structs_linux_{abi}: {len(lines)} places and sizes,", "wrong" if done.returncode else "as the headers say")
    return done.returncode == 0


def remake(tree, build):
    with tempfile.TemporaryDirectory() as tmp:
        subprocess.run(["make", "-s", f"BUILD={build}", f"{build}/write_structs"], cwd=ROOT, check=True)
        subprocess.run(["prototypes/structs.sh", tree, tmp, f"{build}/write_structs"], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL)
        names = [f"structs_linux_{abi}.txt" for abi in ALL]
        _, different, missing = filecmp.cmpfiles(tmp, os.path.join(ROOT, "prototypes"), names, shallow=False)
    what = " ".join(different + missing) + " differ" if different + missing else "the same"
    print(f"structs: made again from {tree}: {what}")
    return not different + missing


def main():
    cc = os.environ.get("CC") or "cc"
    good = [check(abi, option, cc) for abi, option in ABIS.items()]
    if os.environ.get("TREE"):
        good.append(remake(os.path.abspath(os.environ["TREE"]), os.environ.get("BUILD") or "build"))
    return 0 if all(good) else 1


sys.exit(main())
