"""Whether one call of strace's log and one record of ours say the same.

In:  a Call of strace_log, a record of sctrace-decode (jsonl)
Out: a list of differences; what was compared, and what strace spells in a way that cannot be, is counted
"""
import base64

from strace_log import Change, Cut, Named, Text

# widths, in bits, of types narrower than a register; the kernel cuts the argument word to them
NARROW = {
    "umode_t": 16, "int": 32, "unsigned int": 32, "unsigned": 32, "pid_t": 32, "uid_t": 32, "gid_t": 32, "u32": 32,
    "__u32": 32, "__s32": 32, "clockid_t": 32, "key_t": 32, "mqd_t": 32, "timer_t": 32, "rwf_t": 32, "qid_t": 32,
    "key_serial_t": 32, "aio_context_t": 32, "old_uid_t": 16, "old_gid_t": 16, "const clockid_t": 32,
}
WIDE = {"loff_t", "u64", "__u64"}  # two words of a 32-bit call
PAGE = 4096

# strace's names where they are not the kernel table's
ALIASES = {"oldselect": "select", "oldfstat": "oldfstat", "old_mmap": "mmap", "umount2": "umount2"}


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


def pointer(ours):
    return "dir" in ours


class Agree:
    """Compares values; counts what was compared and what could not be."""

    def __init__(self, counts):
        self.counts = counts

    def value(self, theirs, ours):
        if isinstance(theirs, Named):
            theirs = theirs.value
        if isinstance(theirs, Change):
            self.value(theirs.before, {k: v for k, v in ours.items() if k != "out"})
            self.value(theirs.after, ours | ours.get("out", {}))
        elif isinstance(theirs, Text):
            self.counts["not compared: strace's own spelling"] += 1
        elif isinstance(theirs, int):
            self.number(theirs, ours)
        elif "out" in ours and not self.same(theirs, ours, ours["out"]):
            self.whole(theirs, ours | ours["out"])
        else:
            self.whole(theirs, ours)

    def same(self, theirs, ours, out):
        """Whether theirs is what stood there at entry."""
        trial = Agree(type(self.counts)())
        try:
            trial.whole(theirs, {k: v for k, v in ours.items() if k != "out"})
        except Unequal:
            return False
        self.counts.update(trial.counts)
        return True

    def whole(self, theirs, ours):
        if ours.get("unknown"):
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
        wanted = {theirs & (1 << 64) - 1, theirs & (1 << 32) - 1 if theirs < 0 else theirs}
        if raw(ours) not in wanted and ours.get("int") != theirs:
            raise Unequal(f"{theirs:#x}, ours {ours.get('value')}")
        self.counts["numbers"] += 1

    def string(self, theirs, ours):
        mine = data(ours)
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

    def array(self, theirs, ours):
        mine = ours.get("array")
        if mine is None and "ptr" in ours:
            mine = [ours["ptr"]]
        if mine is None:
            return self.skip("strace shows a set or an array where the table has a pointer", ours)
        theirs = [t for t in theirs if not isinstance(t, Text)]
        if len(mine) != len(theirs):
            raise Unequal(f"{len(theirs)} elements, ours {len(mine)}")
        for i, (t, o) in enumerate(zip(theirs, mine)):
            try:
                self.value(t, o)
            except Unequal as error:
                raise Unequal(f"element {i}: {error}") from None
        self.counts["arrays"] += 1

    def struct(self, theirs, ours):
        members = ours.get("struct") or ours.get("ptr", {}).get("struct")
        if members is None:
            return self.skip("structs (no meaning yet)", ours)
        mine = {m.get("name"): m for m in members}
        for name in theirs.keys() & mine.keys():
            try:
                self.value(theirs[name], mine[name])
            except Unequal as error:
                raise Unequal(f"member {name}: {error}") from None
        self.counts["structs"] += 1

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


def nothing(call, args):
    return []


def arrange(call, record):
    """Pairs strace's arguments with ours; what strace prints for itself is left out."""
    rule = {
        "clone": by_name, "mmap2": pages, "preadv2": one_position, "pwritev2": one_position,
        "restart_syscall": nothing, "rt_sigreturn": nothing, "sigreturn": nothing,
    }.get(call.name)
    args = record["args"]
    if call.name == "mmap" and record["abi"] == "linux_x86":
        rule = nothing  # its arguments are the members of a struct
    if rule:
        return rule(call, args)
    if len(call.args) > len(args):
        raise Unequal(f"strace has {len(call.args)} arguments, ours {len(args)}")
    return list(zip(call.args, args))


def arguments(call, record, counts):
    """Differences between the decoded arguments."""
    agree, found = Agree(counts), []
    try:
        pairs = arrange(call, record)
    except Unequal as error:
        return [str(error)]
    for theirs, ours in pairs:
        try:
            agree.value(theirs, ours)
        except Unequal as error:
            found.append(f"argument {ours.get('name')}: {error}")
    return found


def words(record):
    """Our arguments as the words that the program passed: (mask, value, name)."""
    for arg in record["args"]:
        value, kind = raw(arg), arg.get("type", "")
        if record["abi"] == "linux_x86" and kind in WIDE and value is not None:
            halves = [value & 0xffffffff, value >> 32]
            for half in reversed(halves) if record["name"] == "_llseek" else halves:
                yield 0xffffffff, half, arg["name"]
        else:
            yield (1 << NARROW.get(kind, 64)) - 1, value, arg["name"]


def raw_words(call, record, counts):
    """Differences between argument words, from a log with -e raw=all."""
    found = []
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
