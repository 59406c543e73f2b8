#!/usr/bin/python3
"""Cuts a kernel's types down to what tells who calls and with which descriptors, as ISF JSON small enough to be committed.

In:  the kernel's BTF (/sys/kernel/btf/vmlinux); symbols that root has read (/proc/kallsyms); a text with the line of the
     kernel's banner, as its console has; src/os_linux_types.c, whose rows name structs, members and symbols
Out: ISF JSON on standard output; members of anonymous structs stand in the struct around them

usage: cut_types.py BTF KALLSYMS CONSOLE

Layout of BTF: Documentation/bpf/btf.rst; of ISF: dwarf/isf.c.
"""
import base64
import json
import os
import re
import struct
import sys

ROWS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src", "os_linux_types.c")
INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, PROTO, VAR, DATASEC = range(1, 16)
TYPE_TAG, DECL_TAG, ENUM64 = 18, 17, 19
# bytes behind the header of a type of that kind: once, and for each of its members
TAIL = {INT: (4, 0), ARRAY: (12, 0), STRUCT: (0, 12), UNION: (0, 12), ENUM: (0, 8), PROTO: (0, 8), VAR: (4, 0),
        DATASEC: (0, 12), DECL_TAG: (4, 0), ENUM64: (0, 12)}
NAMELESS = {TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG}  # lead to another type


class Btf:
    def __init__(self, data):
        magic, _, _, header, types, size, strings, strings_size = struct.unpack_from("<HBBIIIII", data)
        assert magic == 0xeb9f, "no little-endian BTF"
        self.data, self.strings = data, data[header + strings:header + strings + strings_size]
        self.at = [None]
        self.structs = {}
        place, end = header + types, header + types + size
        while place < end:
            name, info, word = struct.unpack_from("<III", data, place)
            kind, count = info >> 24 & 31, info & 0xffff
            once, each = TAIL.get(kind, (0, 0))
            self.at.append((kind, self.text(name), word, info, place + 12))
            if kind == STRUCT:
                self.structs.setdefault(self.text(name), len(self.at) - 1)
            place += 12 + once + count * each

    def text(self, at):
        return self.strings[at:self.strings.index(b"\0", at)].decode()

    def strip(self, t):
        while t and self.at[t][0] in NAMELESS:
            t = self.at[t][2]
        return t

    def members(self, t):
        """(name, type, offset in bytes) of a struct's members, those of anonymous structs among them."""
        _, _, _, info, place = self.at[t]
        for i in range(info & 0xffff):
            name, inner, offset = struct.unpack_from("<III", self.data, place + 12 * i)
            if info >> 31:
                offset &= 0xffffff  # the upper byte: width of a bitfield
            if name:
                yield self.text(name), inner, offset // 8
            elif self.at[self.strip(inner)][0] in (STRUCT, UNION):
                for m in self.members(self.strip(inner)):
                    yield m[0], m[1], m[2] + offset // 8

    def array(self, t):
        return struct.unpack_from("<III", self.data, self.at[t][4])  # element, index, count

    def size(self, t):
        kind, _, word, _, _ = self.at[t]
        if kind == ARRAY:
            element, _, count = self.array(t)
            return self.size(self.strip(element)) * count
        return 8 if kind == PTR else word


class Cut:
    """The structs that rows name, with the members that they name."""

    def __init__(self, btf):
        self.btf, self.users = btf, {}
        self.bases = {"pointer": {"size": 8, "signed": False, "kind": "int", "endian": "little"},
                      "void": {"size": 0, "signed": False, "kind": "void", "endian": "little"}}

    def base(self, name, size, kind):
        self.bases[name] = {"size": size, "signed": False, "kind": kind, "endian": "little"}
        return {"kind": "base", "name": name}

    def whole(self, t):
        """The type of a member that nothing is asked of but where it is and how large."""
        kind = self.btf.at[t][0] if t else 0
        size = self.btf.size(t) if t else 0
        if kind == PTR:
            return {"kind": "pointer", "subtype": {"kind": "base", "name": "void"}}
        if kind in (INT, ENUM) and size in (1, 2, 4, 8):
            return self.base(f"u{size * 8}", size, "int")
        return {"kind": "array", "count": size, "subtype": self.base("char", 1, "char")}

    def follow(self, of, path):
        if of in self.btf.structs:
            self.member(self.btf.structs[of], of, path.split("."))

    def member(self, t, name, path):
        """Keeps that member of a struct; the name of the struct in the file."""
        user = self.users.setdefault(name, {"size": self.btf.size(t), "kind": "struct", "fields": {}})
        for field, inner, offset in self.btf.members(t):
            if field != path[0]:
                continue
            inner = self.btf.strip(inner)
            kind, inner_name = self.btf.at[inner][:2] if inner else (0, "")
            if len(path) > 1:
                assert kind in (STRUCT, UNION), f"{name}.{field} is no struct"
                inner_name = inner_name or f"{name}_{field}"
                self.member(inner, inner_name, path[1:])
                user["fields"][field] = {"offset": offset, "type": {"kind": "struct", "name": inner_name}}
            else:
                user["fields"].setdefault(field, {"offset": offset, "type": self.whole(inner)})
            return


def rows():
    """(kind, name of the struct or symbol, path, path to count from) of each row."""
    for row in re.findall(r"\{ SCT_LX_\w+, (\w+)((?:, \"[^\"]*\")+) \}", open(ROWS).read()):
        yield row[0], (re.findall(r"\"([^\"]*)\"", row[1]) + [None, None])[:3]


def symbols(path, banner):
    wanted = {of for kind, (of, _, _) in rows() if kind == "SYMBOL"}
    found = {}
    for line in open(path):
        address, _, name = line.split()[:3]
        if name in wanted:
            found[name] = {"address": int(address, 16)}
    found["linux_banner"]["constant_data"] = base64.b64encode(banner).decode()
    return found


def main(argv):
    btf, console = Btf(open(argv[1], "rb").read()), open(argv[3], "rb").read()
    banner = re.search(rb"Linux version [^\r\n]* #\d[^\r\n]*", console).group(0) + b"\n\0"
    cut = Cut(btf)
    for kind, (of, path, less) in rows():
        if kind in ("MEMBER", "SIZE", "IS_STRUCT", "BESIDE"):
            for p in filter(None, (path, less)):
                cut.follow(of, p)
        elif kind == "SYMBOL" and path:
            cut.follow(of, path)
    json.dump({"metadata": {"format": "6.2.0", "producer": {"name": "cut_types.py", "version": "1"}},
               "base_types": cut.bases, "user_types": {n: u for n, u in sorted(cut.users.items()) if u["fields"]},
               "enums": {}, "symbols": symbols(argv[2], banner)}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main(sys.argv)
