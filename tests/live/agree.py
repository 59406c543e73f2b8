"""Whether one call of strace's log and one record of ours say the same.

In:  a Call of strace_log, a record of sctrace-decode (jsonl)
Out: a list of differences; what was compared, and what strace spells in a way that cannot be, is counted
"""
import base64
import ipaddress
import re
import struct

import members
from strace_log import Change, Cut, Named, Shown, Text

# widths, in bits, of types narrower than a register; the kernel cuts the argument word to them
NARROW = {
    "umode_t": 16, "int": 32, "unsigned int": 32, "unsigned": 32, "pid_t": 32, "uid_t": 32, "gid_t": 32, "u32": 32,
    "__u32": 32, "__s32": 32, "clockid_t": 32, "key_t": 32, "mqd_t": 32, "timer_t": 32, "rwf_t": 32, "qid_t": 32,
    "key_serial_t": 32, "old_uid_t": 16, "old_gid_t": 16, "const clockid_t": 32,
}
WIDE = {"loff_t", "u64", "__u64"}  # two words of a 32-bit call
PAGE = 4096
AT_FDCWD = -100

# names that strace has for numbers that the kernel no longer serves: ours has none
RETIRED = {"nfsservctl"}
MULTIPLEXERS = {102: "socketcall", 117: "ipc"}


class Unequal(Exception):
    """Two things that had to be equal are not; the text says which."""


def raw(ours):
    return int(ours["value"], 16) if ours.get("value") is not None else None


def data(ours):
    """The bytes that a value means, or None."""
    if "str" in ours:
        return ours["str"].encode()
    if "bytes" in ours:
        return base64.b64decode(ours["bytes"])
    return data(ours["ptr"]) if "ptr" in ours else None


def number(name, value):
    return {"name": name, "value": hex(value & (1 << 64) - 1)}


def text(name, value):
    return {"name": name, "bytes": base64.b64encode(value).decode()}


def address(raw_bytes):
    """struct sockaddr_un and sockaddr_in (un(7), ip(7)) as members of ours."""
    family = int.from_bytes(raw_bytes[:2], "little")
    found = [number("sa_family", family)]
    if family == 1:  # an abstract name begins with a NUL and has its length
        path = raw_bytes[2:]
        found.append(text("sun_path", path if path[:1] == b"\0" else path.split(b"\0")[0]))
    elif family != 2:
        found.append(text("sa_data", raw_bytes[2:]))
    else:
        found += [text("sin_port", raw_bytes[2:4]), text("sin_addr", raw_bytes[4:8])]
    return found


def control(raw_bytes, word):
    """struct cmsghdr (cmsg(3)) as structs of ours; word: bytes of a size_t."""
    found = []
    while len(raw_bytes) >= word + 8:
        size = int.from_bytes(raw_bytes[:word], "little")
        level, kind = struct.unpack_from("<ii", raw_bytes, word)
        found.append({"struct": [number("cmsg_len", size), number("cmsg_level", level), number("cmsg_type", kind)]})
        raw_bytes = raw_bytes[max(size + word - 1 & -word, word):]
    return found


def elements(theirs, raw_bytes, ours):
    """Bytes of ours as the array that strace shows for them: control messages, numbers."""
    if theirs and isinstance(theirs[0], dict) and "cmsg_len" in theirs[0]:
        return control(raw_bytes, 4 if raw(ours) < 1 << 32 else 8)
    if theirs and len(raw_bytes) % len(theirs) == 0:
        size = len(raw_bytes) // len(theirs)
        return [number(None, int.from_bytes(raw_bytes[i:i + size], "little")) for i in range(0, len(raw_bytes), size)]
    return None


def multiplexed(record):
    """Whether the record is of an inner call of socketcall or ipc."""
    outer = MULTIPLEXERS.get(record["nr"]) if record["abi"] == "linux_x86" else None
    return outer is not None and record["name"] != outer


def unreadable(call, record):
    """strace could not read the arguments of socketcall or ipc and shows the outer call; ours knows the inner one."""
    return multiplexed(record) and call.name == MULTIPLEXERS[record["nr"]]


def same_name(call, record):
    if call.name == "restart_syscall" or unreadable(call, record):
        return True
    if call.name.startswith("syscall_") or call.name in RETIRED:
        return record["name"] is None
    return record["name"] == call.name


DEVICE = re.compile(r"<(?:char|block) \d+:\d+>$")  # strace says the numbers of a device behind its path
# names of files that lead elsewhere: without the kernel's own data, a descriptor is of what open's argument said
LINKS = re.compile(r"/proc/(?:self|thread-self)(?=/|$)|/data/link$|/dev/fd(?=/|$)|.*/lib[^/]*\.so[.0-9]*$")


def same_file(theirs, mine):
    """The class of what agrees, or None. Classes beside "same":
        no number   ours has been shown by calls alone, which do not tell inodes: "pipe", "UDP"
        deleted     likewise, nor that a name is gone
        a link      likewise, nor where a symbolic link leads
        address     strace has the inode for want of the kernel's modules that tell it addresses; ours has these
        older name  calls alone do not tell that the kernel is older than 5.15, which has one name for all UNIX sockets
    """
    path = DEVICE.sub("", theirs.shown)
    gone = theirs.gone or path.endswith(" (deleted)")  # of working directories it is inside
    path = path.removesuffix(" (deleted)")
    kind, _, rest = path.partition(":[")
    if mine in ([path + " (deleted)", path + "(deleted)"] if gone else [path]):
        return "same"
    if path.startswith("/"):
        return "deleted" if gone and mine == path else "a link" if LINKS.match(mine) else None
    if mine == kind:
        return "no number"
    if kind == "UNIX" and re.match(r"UNIX-STREAM(:\[\D|$)", mine):
        return "older name"
    return "address" if mine.startswith(kind + ":[") and rest[:-1].isdigit() and not path.startswith("pipe") else None


def kind_of(theirs):
    """Of what kind a descriptor is, for counting."""
    if theirs == AT_FDCWD:
        return "the working directory"
    return "files" if theirs.shown.startswith("/") else theirs.shown.split(":")[0]


def is_descriptor(ours):
    """By its name; elements of arrays have none."""
    name = ours.get("name") or "fd"
    return "fd" in name or name.endswith("fildes") or name == "mqdes"


class Agree:
    """Compares values; counts what was compared and what could not be."""

    def __init__(self, counts, narrow=False, call=None):
        self.counts, self.narrow = counts, narrow  # narrow: the kernel uses 32 bits of what strace shows
        self.call, self.argument = call, None  # the name of the call; what of the record is compared

    def value(self, theirs, ours):
        if isinstance(theirs, Named):
            theirs = theirs.value
        if isinstance(theirs, list) and len(theirs) == 1 and isinstance(theirs[0], Change):  # [110 => 2]
            theirs = Change([theirs[0].before], [theirs[0].after])
        if "sigset" in ours.get("type", "") and not isinstance(theirs, (int, Change, dict)):
            self.signals(theirs, ours | ours.get("out", {}))
        elif isinstance(theirs, Change):
            self.value(theirs.before, {k: v for k, v in ours.items() if k != "out"})
            self.value(theirs.after, ours | ours.get("out", {}))
        elif isinstance(theirs, Text):
            self.counts["not compared: strace's own spelling"] += 1
        elif isinstance(theirs, int):
            self.number(theirs, ours)
            self.descriptor(theirs, ours)
        elif self.is_set(theirs, ours):
            self.fd_set(theirs, ours)
        elif "out" in ours and not self.same(theirs, ours, ours["out"]):
            self.whole(theirs, ours | ours["out"])
        else:
            self.whole(theirs, ours)

    def same(self, theirs, ours, out):
        """Whether theirs is what stood there at entry."""
        trial = Agree(type(self.counts)(), self.narrow, self.call)
        try:
            trial.whole(theirs, {k: v for k, v in ours.items() if k != "out"})
        except Unequal:
            return False
        self.counts.update(trial.counts)
        return True

    def whole(self, theirs, ours):
        cut = isinstance(theirs, list) and theirs and isinstance(theirs[-1], Text)
        if ours.get("unknown") and not cut:
            raise Unequal(f"ours is unknown: {ours['unknown']}")
        if isinstance(theirs, bytes):
            self.string(theirs, ours)
        elif isinstance(theirs, list):
            self.array(theirs, ours)
        else:
            self.struct(theirs, ours)

    def number(self, theirs, ours):
        if raw(ours) is None and "int" not in ours:
            raise Unequal(f"{theirs:#x}, ours is not known")
        if self.narrow and raw(ours) == theirs & 0xffffffff:
            theirs = raw(ours)
        wanted = {theirs & (1 << 64) - 1, theirs & (1 << 32) - 1 if theirs < 0 else theirs}
        if theirs >> 31 == (1 << 33) - 1:  # strace widens a negative number of 32 bits
            wanted.add(theirs & 0xffffffff)
        if raw(ours) not in wanted and ours.get("int") != theirs:
            raise Unequal(f"{theirs:#x}, ours {ours.get('value')}")
        self.counts["numbers"] += 1

    def descriptor(self, theirs, ours):
        """What a descriptor is of, against what -yy says."""
        mine = ours.get("text") if is_descriptor(ours) else None
        if not mine:
            if isinstance(theirs, Shown) and theirs.shown and is_descriptor(ours):
                inside = " inside a struct or array" if ours is not self.argument else ""
                self.counts[f"descriptors: not known{inside}, {kind_of(theirs)}"] += 1
        elif not isinstance(theirs, Shown):
            raise Unequal(f"{theirs} is no descriptor for strace, ours {mine}")
        elif how := same_file(theirs, mine):
            self.counts[f"descriptors: {kind_of(theirs)}{'' if how == 'same' else ', ' + how}"] += 1
            self.counts["elements and members that are descriptors"] += ours is not self.argument
        else:
            raise Unequal(f"{int(theirs)} is {theirs.shown}{' (deleted)' * theirs.gone}, ours {mine}")

    def is_set(self, theirs, ours):
        """Whether strace shows the numbers of the bits that are set: descriptors, processors."""
        kind = ours.get("type", "")
        return isinstance(theirs, list) and ("fd_set" in kind or "mask_ptr" in str(ours.get("name"))) and \
            all(isinstance(t, int) for t in theirs)

    def fd_set(self, theirs, ours):
        """Which of the meanings of ours, at entry and at return, is meant, strace does not say."""
        found = []
        for value in [ours] + ([ours["out"]] if "out" in ours else []):
            words = members.words(value) if {"array", "struct", "ptr"} & value.keys() else None
            if data(value) is not None:
                found.append(int.from_bytes(data(value), "little"))
            elif words is not None:
                width = 32 if raw(ours) < 1 << 32 and self.narrow else 64
                found.append(sum(raw(w) << (width * i) for i, w in enumerate(words)))
        if not found:
            return self.skip("strace shows a set or an array where the table has a pointer", ours)
        if sum(1 << t for t in theirs) not in found:
            raise Unequal(f"the set {[int(t) for t in theirs]}, ours {[hex(f) for f in found]}")
        self.counts["sets of descriptors and processors"] += 1

    def string(self, theirs, ours):
        if "struct" in ours:  # struct in_addr and in6_addr
            ours = members.deep(ours["struct"], "s_addr") or members.deep(ours["struct"], "u6_addr8") or ours
        if ours.get("text") and ours.get("name") in ("s_addr", "u6_addr8"):
            self.shown_address(theirs, ours["text"])
        mine = data(ours)
        if mine is None and ours.get("name") in members.NETWORK:
            mine = raw(ours).to_bytes(8, "little")[:len(theirs)]
        if mine is None:
            return self.skip("strace reads a string behind a plain number or pointer", ours)
        if isinstance(theirs, Cut):
            if not mine.startswith(theirs):
                raise Unequal(f"string begins with {theirs[:80]}, ours {mine[:80]}")
            self.counts["strings cut by strace at 4096 bytes"] += 1
        elif mine != theirs and mine != theirs + b"\0":
            raise Unequal(f"{theirs[:80]} ({len(theirs)} bytes), ours {mine[:80]} ({len(mine)} bytes)"
                          + (" partial" if ours.get("partial") else ""))
        self.counts["strings and buffers"] += 1

    def shown_address(self, theirs, mine):
        if len(theirs) in (4, 16) and str(ipaddress.ip_address(bytes(theirs))) != mine:
            raise Unequal(f"address {ipaddress.ip_address(bytes(theirs))}, ours {mine}")

    def signals(self, theirs, ours):
        """A signal set: [2 15], or ~[9 19] for all but these, against the words in memory."""
        if "<unfinished" in str(theirs):  # the thread is gone, and so is what strace would have shown
            self.counts["not compared: strace's own spelling"] += 1
            return
        if ours.get("unknown"):
            raise Unequal(f"ours is unknown: {ours['unknown']}")
        words = members.words(ours) if {"array", "struct", "ptr"} & ours.keys() or not isinstance(theirs, int) else None
        if data(ours) is not None and len(data(ours)) == 8:
            words = [number(None, int.from_bytes(data(ours), "little"))]
        if words is None:
            return self.skip("strace shows a set or an array where the table has a pointer", ours)
        inverse = isinstance(theirs, Text) and theirs.startswith("~")
        listed = theirs.strip("~[]").split() if isinstance(theirs, Text) else " ".join(map(str, theirs)).split()
        bits = sum(1 << (int(n) - 1) for n in listed)
        width = 64 // len(words)
        mine = sum(raw(w) << (width * i) for i, w in enumerate(words))
        if mine != (bits ^ (1 << 64) - 1 if inverse else bits):
            raise Unequal(f"signal set {theirs}, ours {mine:#x}")
        self.counts["signal sets"] += 1

    def array(self, theirs, ours):
        mine = ours.get("array")
        if len(theirs) == 1 and len(ours.get("struct", [])) == 1:  # struct sched_param
            return self.value(theirs[0], ours["struct"][0])
        if "array" not in ours and data(ours) is not None:
            mine = elements(theirs, data(ours), ours)
        if mine is None and "ptr" in ours:
            mine = [ours["ptr"]]
        if mine is None:
            return self.skip("strace shows a set or an array where the table has a pointer", ours)
        if theirs and isinstance(theirs[-1], Text) and theirs[-1].startswith("..."):  # memory that it cannot read
            shown = min(len(theirs) - 1, len(mine))
            theirs, mine = theirs[:shown], mine[:shown]
            self.counts["arrays that run into unreadable memory"] += 1
        if len(mine) != len(theirs):
            raise Unequal(f"{len(theirs)} elements, ours {len(mine)}")
        for i, (t, o) in enumerate(zip(theirs, mine)):
            try:
                self.value(t, o)
            except Unequal as error:
                raise Unequal(f"element {i}: {error}") from None
        self.counts["arrays"] += 1

    def struct(self, theirs, ours):
        if not theirs:
            self.counts["not compared: strace's own spelling"] += 1
            return
        if (self.call, ours.get("name")) in members.UNTYPED:
            self.counts["not compared: structs without a type, or whose words strace joins"] += 1
            return
        mine = members.inner(ours)
        if mine is None and "sa_family" in theirs and data(ours) is not None:
            mine = address(data(ours))
        if mine is None and theirs.keys() == {"u32", "u64"}:  # epoll_data_t, for the kernel one number
            mine = [number("u64", raw(ours)), number("u32", raw(ours) & 0xffffffff)]
        if mine is None:
            why = members.NO_STRUCT.get((self.call, ours.get("name")))
            if not why:
                raise Unequal(f"a struct with {', '.join(theirs)}, ours has no members: {str(ours)[:200]}")
            return self.skip(why, ours)
        for name in theirs:
            self.member(name, theirs[name], members.find(mine, name))
        self.counts["structs"] += 1

    def member(self, name, theirs, ours):
        if isinstance(theirs, Change):  # the struct of ours is that at return
            theirs = theirs.after
        if name in members.OWN_WAY:
            self.counts["not compared: " + members.OWN_WAY[name]] += 1
            return
        if ours is None and name in ("st_blksize", "st_blocks") and self.call.startswith("old"):
            self.counts["not compared: members that struct __old_kernel_stat has not"] += 1
            return
        if ours is None and name in ("si_utime", "si_stime") and self.call == "waitid":
            self.counts["not compared: members that waitid does not write"] += 1
            return
        if ours is None and name == "sa_data":
            self.counts["not compared: addresses that end inside their first member"] += 1
            return
        if ours is None:
            raise Unequal(f"member {name} is {theirs}, ours has none of that name")
        try:
            if name in ("sa_mask", "sigmask"):
                if name == "sigmask" and not {"ptr", "array", "bytes"} & ours.keys():
                    return self.skip("a set of signals behind a pointer inside a struct", ours)
                self.signals(theirs, ours)
            elif name == "iov_base" or "si_" not in name or not isinstance(theirs, list):
                self.value(theirs, ours)
        except Unequal as error:
            raise Unequal(f"member {name}: {error}") from None
        self.counts["members of structs"] += 1

    def skip(self, why, ours):
        if "str" in ours or "bytes" in ours or "array" in ours or "struct" in ours:
            raise Unequal(f"ours means something else: {str(ours)[:200]}")
        self.counts["not compared: " + why] += 1


def by_name(call, args):
    """clone: strace names what it prints, in an order of its own."""
    names = {"child_stack": "newsp", "flags": "clone_flags", "parent_tid": "parent_tidptr", "tls": "tls",
             "child_tidptr": "child_tidptr", "child_tid": "child_tidptr"}
    ours = {a["name"]: a for a in args}
    return [(t.value, ours[names[t.name]]) for t in call.args if isinstance(t, Named) and t.name in names]


def pages(call, args):
    """mmap2: strace shows the offset in bytes, the word counts pages."""
    theirs = call.args[:5] + [call.args[5] // PAGE]
    return list(zip(theirs, args))


def one_position(call, args):
    """preadv2 and pwritev2: strace shows one position for pos_l and pos_h."""
    return list(zip(call.args, args[:4] + args[-1:]))


def futex(call, args):
    """strace leaves out what the operation does not use: FUTEX_WAIT_BITSET's uaddr2, WAKE_BITSET's utime too."""
    keep = {9: [0, 1, 2, 3, 5], 10: [0, 1, 2, 5]}.get(call.args[1] & 0x7f, range(6))
    return list(zip(call.args, [args[i] for i in keep]))


def received(call, args):
    """recvmmsg: strace shows as many messages as were received."""
    got = call.result if call.result is not None and not call.error else None
    if got is not None and "array" in args[1]:
        cut = dict(args[1], array=args[1]["array"][:got])
        if "array" in cut.get("out", {}):
            cut["out"] = dict(cut["out"], array=cut["out"]["array"][:got])
        args = [args[0], cut] + args[2:]
    return list(zip(call.args, args))


def kludge(call, args):
    """msgrcv through ipc: the type hides behind the pointer (struct ipc_kludge, include/linux/ipc.h)."""
    message, kind = members.inner(args[1] | args[1].get("out", {}))
    return list(zip(call.args[:3], [args[0], message, args[2]])) + [(call.args[3], kind), (call.args[4], args[3])]


def nothing(call, args):
    return []


def arrange(call, record):
    """Pairs strace's arguments with ours; what strace prints for itself is left out."""
    rule = {
        "clone": by_name, "mmap2": pages, "preadv2": one_position, "pwritev2": one_position, "futex": futex,
        "recvmmsg": received, "recvmmsg_time64": received,
        "restart_syscall": nothing, "rt_sigreturn": nothing, "sigreturn": nothing,
    }.get(call.name)
    args = record["args"]
    if call.name == "mmap" and record["abi"] == "linux_x86":
        rule = nothing  # its arguments are the members of a struct
    if unreadable(call, record):
        rule = nothing
    if call.name == "msgrcv" and multiplexed(record) and len(call.args) == 5:
        rule = kludge
    if rule:
        return rule(call, args)
    if len(call.args) > len(args):
        raise Unequal(f"strace has {len(call.args)} arguments, ours {len(args)}")
    return list(zip(call.args, args))


def arguments(call, record, counts):
    """Differences between the decoded arguments."""
    agree, found = Agree(counts, record["insn"] == "int80", call.name), []
    try:
        pairs = arrange(call, record)
    except Unequal as error:
        return [str(error)]
    for theirs, ours in pairs:
        agree.argument = ours
        try:
            agree.value(theirs, ours)
        except Unequal as error:
            found.append(f"argument {ours.get('name')}: {error}")
    return found


def words(record):
    """Our arguments as the words that the program passed: (mask, value, name)."""
    for arg in record["args"]:
        value, kind = raw(arg), arg.get("type", "")
        if record["abi"] in ("linux_x86", "linux_arm", "linux_mips_o32") and kind in WIDE and value is not None:
            halves = [value & 0xffffffff, value >> 32]
            for half in reversed(halves) if record["name"] == "_llseek" else halves:
                yield 0xffffffff, half, arg["name"]
        else:
            yield (1 << NARROW.get(kind, 64)) - 1, value, arg["name"]


def ipc_words(call, record, counts):
    """strace -e raw=all shows the words of ipc in ipc's own order: each of ours must be among them."""
    mine = [raw(a) for a in record["args"]]
    counts["argument words"] += len(mine)
    return [f"word {m:#x} is not among strace's" for m in mine if m not in call.args]


def raw_words(call, record, counts):
    """Differences between argument words, from a log with -e raw=all."""
    found = []
    if unreadable(call, record):
        return found
    if multiplexed(record) and record["nr"] == 117:
        return ipc_words(call, record, counts)
    for theirs, (mask, mine, name) in zip(call.args, words(record)):
        if not isinstance(theirs, int):
            continue
        theirs &= (1 << 64) - 1
        if mine is None:
            found.append(f"word {name}: {theirs:#x}, ours is not known")
        elif theirs & mask == mine:
            counts["argument words"] += 1
        elif record["abi"] == "linux_x86" and theirs & mask & 0xffffffff == mine:
            counts["argument words: strace shows 64 bits of a 32-bit call"] += 1
        else:
            found.append(f"word {name}: {theirs:#x}, ours {mine:#x}")
    return found


def result(call, record):
    """The difference between two results that are both shown, or None."""
    ret = record["ret"]
    value = raw(ret)
    if value is None:
        return f"strace's result {call.result} {call.error or ''}, ours is not known ({ret.get('unknown')})"
    if call.error:
        return None if ret["error"] == call.error else f"error {call.error}, ours {ret['error']} {ret['value']}"
    if ret["error"]:
        return f"result {call.result}, ours is the error {ret['error']}"
    width = 32 if record["abi"] == "linux_x86" else 64
    mask = (1 << width) - 1
    return None if call.result & mask == value & mask else f"result {call.result:#x}, ours {ret['value']}"
