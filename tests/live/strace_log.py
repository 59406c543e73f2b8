"""strace's log as calls of threads.

In:  the text that `strace -f -n -i` writes: -Y -yy -v -xx -X raw for values, -e raw=all for argument words
Out: for every thread its lines in order, arguments parsed into Python values

A parsed argument is one of
    int                     a number, NULL, or flags joined by |
    Shown(int)              a number that strace says more of: a descriptor's file, a process's name
    bytes                   a string; class Cut(bytes) where strace shortened it
    list                    [a, b], elements parsed
    dict                    {name=value, ...}
    Change(before, after)   a => b
    Text(str)               anything else
and Named(name, value) where strace says the argument's name.
"""
import re
from collections import namedtuple

Change = namedtuple("Change", "before after")
Named = namedtuple("Named", "name value")
Line = namedtuple("Line", "number text")


class Shown(int):
    """A number; .shown is the text behind it, .gone whether strace says that the file is deleted."""

    def __new__(cls, value, shown, gone):
        made = super().__new__(cls, value)
        made.shown, made.gone = shown, gone
        return made


class Text(str):
    """What strace spelled in a way of its own."""


class Cut(bytes):
    """The beginning of a string that strace shortened."""


class Call:
    """One line of the log, or two where the call was interrupted by another thread's line."""

    def __init__(self, tid, comm, nr, pc, name, line):
        self.tid, self.comm, self.nr, self.pc, self.name = tid, comm, nr, pc, name
        self.lines = [line]
        self.text = ""        # arguments and result, as written
        self.args = []
        self.result = None    # int, or None: strace shows no number
        self.tail = ""        # what strace says behind the result
        self.error = None     # "ENOENT", "ERESTARTSYS", or None
        self.resumes = False  # restart_syscall or the same call again
        self.caller = {}        # who calls, by the fields of a record: callers.py
        self.exec_name = None   # the name that the last execve gave
        self.signalled = False  # a signal's line follows before the thread's next call
        self.killed = False     # the thread is gone by its next line: killed, another thread's exit or exec

    def __str__(self):
        return "\n".join(f"  strace {n.number}: {n.text[:400]}" for n in self.lines)


class Thread:
    def __init__(self, tid):
        self.tid = tid
        self.calls = []
        self.pending = None   # a call whose line is unfinished


class ParseError(Exception):
    pass


HEAD = re.compile(r"(\d+)(?:<([^>]*)>)?\s+\[\s*(\d+|\?+)\] \[\s*([0-9a-f]+|\?+)\] (.*)", re.S)
# what -y and -Y put behind a number: sockets have arrows in it, devices brackets
SHOWN = re.compile(r"<((?:->|<[^<>]*>|[^<>])*)>(\(deleted\))?")
NUMBER = re.compile(r"-?(0x[0-9a-f]+|\d+)")
NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9.]*")
ESCAPE = re.compile(rb'\\(x[0-9a-f]{2}|[0-7]{1,3}|.)', re.S)
ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"f": b"\f"}


def number(text):
    """C's spelling: 0x hex, leading 0 octal, else decimal."""
    sign = -1 if text.startswith("-") else 1
    text = text.lstrip("-")
    base = 16 if text.startswith("0x") else 8 if len(text) > 1 and text[0] == "0" else 10
    return sign * int(text, base)


def unescape(text):
    def one(match):
        e = match.group(1)
        if e[:1] == b"x":
            return bytes([int(e[1:], 16)])
        return bytes([int(e, 8) & 255]) if e[:1].isdigit() else ESCAPES.get(e, e)
    return ESCAPE.sub(one, text.encode("latin-1"))


def shown(match):
    """What -y and -Y say, as text; bytes that are not UTF-8 become surrogates."""
    return unescape(match.group(1)).decode("utf-8", "surrogateescape")


class Parser:
    """Recursive descent over the text behind a call's opening parenthesis."""

    def __init__(self, text):
        self.text, self.at = text, 0

    def peek(self, what):
        return self.text.startswith(what, self.at)

    def take(self, what):
        if not self.peek(what):
            return False
        self.at += len(what)
        return True

    def blanks(self):
        while self.at < len(self.text) and self.text[self.at] == " ":
            self.at += 1
        if self.take("/*"):
            self.at = self.text.index("*/", self.at) + 2
            self.blanks()

    def items(self, close):
        """Values up to and with the closing character."""
        found = []
        self.blanks()
        while not self.take(close):
            if self.at >= len(self.text):
                raise ParseError(f"no {close}")
            found.append(self.item(close))
            self.blanks()
            self.take(",")
            self.blanks()
        return found

    def item(self, close):
        value = self.value(close)
        self.blanks()
        while self.take("=>"):
            self.blanks()
            value = Change(value, self.value(close))
            self.blanks()
        return value

    def value(self, close):
        match = NAME.match(self.text, self.at)
        if match and self.text.startswith("=", match.end()) and not self.text.startswith("=>", match.end()):
            self.at = match.end() + 1
            return Named(match.group(), self.item(close))
        start = self.at
        plain = self.plain()
        self.blanks()
        if plain is not None and (self.at >= len(self.text) or self.text[self.at] in ",=" or self.peek(close)):
            return plain
        self.at = start
        return self.other(close)

    def plain(self):
        if self.take('"'):
            return self.string()
        if self.take('@"'):
            return b"\0" + self.string()
        if self.take("["):
            return self.items("]")
        if self.take("{"):
            return self.struct()
        if self.take("NULL"):
            return 0
        return self.flags()

    def flags(self):
        """Numbers joined by |, as clone's flags are with the signal."""
        total, found = 0, False
        self.take("|")
        while match := NUMBER.match(self.text, self.at):
            self.at = match.end()
            total, found = total | number(match.group()), True
            if more := SHOWN.match(self.text, self.at):
                self.at = more.end()
                return Shown(total, shown(more), bool(more.group(2)))
            if not self.take("|"):
                break
        return total if found else None

    def string(self):
        start = self.at
        while not self.peek('"'):
            self.at += 2 if self.peek("\\") else 1
            if self.at >= len(self.text):
                raise ParseError("string without end")
        raw = unescape(self.text[start:self.at])
        self.at += 1
        return Cut(raw) if self.take("...") else raw

    def struct(self):
        members = self.items("}")
        return {m.name: m.value for m in members if isinstance(m, Named)}

    def other(self, close):
        """Text up to the comma or bracket that ends this value."""
        start, depth = self.at, 0
        while self.at < len(self.text):
            c = self.text[self.at]
            if c == '"':
                self.at += 1
                self.string()
                continue
            if depth == 0 and (c == "," or self.peek(close) or self.peek(" => ")):
                break
            depth += (c in "([{") - (c in ")]}")
            self.at += 1
        return Text(self.text[start:self.at])


RESULT = re.compile(r"\s*= (\?|-?0x[0-9a-f]+|-?\d+)(?: (E[A-Z0-9_]+))?")


def finish(call):
    """Parses the collected text of a call."""
    parser = Parser(call.text)
    call.args = parser.items(")")
    match = RESULT.match(call.text, parser.at)
    if not match:
        raise ParseError("no result")
    call.result = None if match.group(1) == "?" else number(match.group(1))
    call.error = match.group(2)
    call.tail = call.text[match.end():]
    if more := SHOWN.match(call.tail):
        call.result = Shown(call.result, shown(more), bool(more.group(2)))


class Log:
    """Threads of one log, in the order of their first lines."""

    def __init__(self, path):
        self.threads, self.current, self.errors = [], {}, []
        self.ends = {}  # the last line of each thread, by its number
        with open(path, encoding="latin-1", newline="\n") as file:
            for n, text in enumerate(file, 1):
                try:
                    self.line(Line(n, text.rstrip("\n")))
                except (ParseError, ValueError) as error:
                    self.errors.append(f"{path}:{n}: {error}: {text[:200]}")
        for thread in self.threads:
            self.abandon(thread)

    def thread(self, tid):
        if tid not in self.current:
            self.current[tid] = Thread(tid)
            self.threads.append(self.current[tid])
        return self.current[tid]

    def line(self, line):
        match = HEAD.fullmatch(line.text)
        if not match:
            raise ParseError("not a line of strace -n -i")
        tid, comm, nr, pc, rest = match.groups()
        if rest.startswith("--- ") or rest.startswith("+++ "):
            self.event(int(tid), rest, line.number)
        elif rest.startswith("<... "):
            self.resumed(self.thread(int(tid)), line, rest)
        else:
            call = self.begun(self.thread(int(tid)), line, int(tid), nr, pc, rest)
            call.comm = comm and unescape(comm).decode("utf-8", "surrogateescape")

    def event(self, tid, rest, number_of_line):
        thread = self.thread(tid)
        last = thread.pending or (thread.calls and thread.calls[-1])
        if last:
            last.signalled |= rest.startswith("--- SIG")
            last.killed |= rest.startswith("+++ ")
        if superseded := re.match(r"\+\+\+ superseded by execve in pid (\d+)", rest):
            self.abandon(thread)
            self.current[tid] = self.current.pop(int(superseded.group(1)))
            return
        if rest.startswith("+++ "):
            self.ends[tid] = number_of_line
            self.abandon(thread)
            self.current.pop(tid, None)

    def abandon(self, thread):
        """The thread is gone, or the log is: what its unfinished line says is all there is."""
        call, thread.pending = thread.pending, None
        if call:
            call.text += ") = ?"
            call.result = None
            call.args = []

    def begun(self, thread, line, tid, nr, pc, rest):
        name, paren, text = rest.partition("(")
        if not paren or not NAME.fullmatch(name):
            raise ParseError("not a call")
        self.abandon(thread)
        if nr[0] == "?":  # strace has no column for the number -1
            nr = int(name.removeprefix("syscall_"), 16)
        call = Call(tid, None, int(nr), int(pc, 16) if pc[0] != "?" else None, name, line)
        thread.calls.append(call)
        head, unfinished, tail = text.partition(" <unfinished ...>")
        call.text = head + tail
        if unfinished and not tail:
            thread.pending = call
        else:
            finish(call)
        return call

    def resumed(self, thread, line, rest):
        call, thread.pending = thread.pending, None
        text = rest[rest.index(" resumed>") + len(" resumed>"):]
        if not call:
            raise ParseError("resumes nothing")
        call.lines.append(line)
        call.text += text
        finish(call)
