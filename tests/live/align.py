"""Lays strace's threads beside the recording's and walks both call by call.

In:  threads of strace_log, records of sctrace-decode by thread
Out: what agreed, each tolerated difference under its class, every other difference with both lines

The classes of tolerated differences:
    A  calls of the first process before its execve: strace's own child
    B  strace shows `= ?` and no result reached user mode: exit, or the thread was killed inside the call
    C  strace shows a result or ERESTART, and a fatal signal, or another thread's exit or exec, came before user mode
    D  a signal handler ran first; the result is read from the signal frame
    E  strace shows ERESTART and a handler ran: the frame holds -EINTR, or the call is made again later
    F  strace shows ERESTART and the call is made again: one record, several lines
    G  rt_sigreturn and sigreturn: strace's result is the restored register
    H  execve: the first return is in the new program
    J  shmat through ipc: strace shows the address that the kernel stored
    K  socketcall and ipc: strace names the inner call, except where it cannot read the arguments
    M  strace's name of a thread is the one from before an execve; ours is what execve made of it
    L  strace's pc is the vDSO's landing pad, four bytes behind sysenter or a 32-bit syscall, eleven before Linux 4.4
(Class I, a new thread's first return, has no line in strace's log and no record.)
"""
import json
from collections import Counter, defaultdict

import agree


RENAMING = {"execve", "execveat"}


class Entry:
    """A record of ours; parsed anew when it is looked at, since there are many."""

    __slots__ = ("line", "number", "nr", "pc", "id", "tid")

    def __init__(self, record, line, number):
        self.line, self.number = line, number
        self.nr, self.id, self.tid = record["nr"], record["id"], record["tid"]
        self.pc = int(record["enter"]["pc"], 16)

    def record(self):
        return json.loads(self.line)

    def __str__(self):
        return f"  ours {self.number}: {self.line[:600]}"


def load(path):
    """The records by thread, each thread's in the order of entry."""
    groups = defaultdict(list)
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            record = json.loads(line)
            thread = record.get("thread")
            if thread is None:
                thread = ("tid", record["tid"]) if record["tid"] is not None else ("asid", record["asid"])
            groups[thread].append(Entry(record, line.rstrip("\n"), number))
    for group in groups.values():
        group.sort(key=lambda e: e.id)
    return groups


def same_place(call, entry):
    """The same number at the same place: None, or the class that explains the pc."""
    nr = call.nr & 0xffffffff
    if entry.nr is None or entry.nr & 0xffffffff != nr:
        return None
    if call.pc in (None, entry.pc + 2):
        return "same"
    return "L" if call.pc in (entry.pc + 4, entry.pc + 11) else None


class Walk:
    """One thread of strace's log against one of ours."""

    def __init__(self, calls, entries, is_raw, first):
        self.calls, self.entries, self.is_raw = calls, entries, is_raw
        self.classes, self.counts, self.problems = Counter(), Counter(), []
        self.at = 0
        self.waiting = []  # [entry, restarts that strace has still to show]
        if first:
            self.skip_to_execve()
        for call in calls:
            self.step(call)
        for entry in self.entries[self.at:]:
            self.problem(None, entry, "strace has no such call")

    def problem(self, call, entry, text):
        self.problems.append((text, call, entry))

    def skip_to_execve(self):
        for i, entry in enumerate(self.entries):
            if same_place(self.calls[0], entry):
                self.at = i
                self.classes["A"] += i
                return

    def step(self, call):
        entry = self.continued(call) or self.next(call)
        if not entry:
            return
        self.counts["calls"] += 1
        if same_place(call, entry) == "L":
            self.classes["L"] += 1
        record = entry.record()
        again = bool(self.waiting) and self.waiting[-1][0] is entry
        for text in self.differences(call, record, again):
            self.problem(call, entry, text)

    def continued(self, call):
        """The open record that this line continues."""
        if not self.waiting:
            return None
        entry, left = self.waiting[-1]
        if call.name != "restart_syscall" and not same_place(call, entry):
            return None
        self.waiting.pop()
        if left > 1:
            self.waiting.append([entry, left - 1])
        return entry

    def next(self, call):
        """The thread's next record, which must be of this call; where it is not, the nearest that is."""
        for i in range(self.at, min(self.at + 8, len(self.entries))):
            if same_place(call, self.entries[i]):
                for extra in self.entries[self.at:i]:
                    self.problem(call, extra, "a record that strace has not")
                self.at = i + 1
                self.open(self.entries[i])
                return self.entries[i]
        self.problem(call, self.entries[self.at] if self.at < len(self.entries) else None, "no record of this call")
        return None

    def open(self, entry):
        restarts = entry.record().get("restarts", 0)
        if restarts:
            self.waiting.append([entry, restarts])

    def differences(self, call, record, again):
        """All that differs; `again`: strace has more lines of this record."""
        found = self.identity(call, record)
        if call.text and not (call.name == "restart_syscall"):
            compare = agree.raw_words if self.is_raw else agree.arguments
            if call.args or call.result is not None:
                found += compare(call, record, self.counts)
        text = self.restarted(call) if again else self.result(call, record)
        return found + ([text] if text else [])

    def identity(self, call, record):
        found = []
        if not agree.same_name(call, record):
            found.append(f"name {call.name}, ours {record['name']}")
        if agree.multiplexed(record):
            self.classes["K"] += 1
        return found + self.caller(call, record)

    def caller(self, call, record):
        """Who calls: the thread by strace's own number of it, its process and parent by the calls that began them, its
        name by -Y, its program by the last execve."""
        found = []
        wanted = dict(call.caller, tid=call.tid)
        if call.comm is not None and not (call.name in RENAMING and call.result is None):
            wanted["comm"] = call.comm
        for field, want in wanted.items():
            have = record[field]
            if have is None:
                self.counts[f"callers: {field} not known"] += 1
            elif have == want or (isinstance(want, tuple) and have in want):
                self.counts[f"callers: {field}"] += 1
            elif field == "comm" and have == call.exec_name:
                self.classes["M"] += 1
            else:
                found.append(f"{field} {want}, ours {have}")
        return found

    def restarted(self, call):
        if not (call.error or "").startswith("ERESTART"):
            return "ours restarts, strace has a result"
        self.classes["F" if not call.signalled else "E"] += 1
        return None

    def result(self, call, record):
        """Compares the results, or finds the class that explains why there is none."""
        end = record["end"]
        if call.error and call.error.startswith("ERESTART"):
            return self.interrupted(call, record)
        if call.result is None:
            return self.tolerate("B", end in ("noreturn", "killed", "unfinished"), f"strace has no result, ours {end}")
        if call.killed and end in ("killed", "unfinished"):
            return self.tolerate("C", record["ret"]["value"] is None, "killed, and yet a result")
        if call.name in ("rt_sigreturn", "sigreturn"):
            return self.tolerate("G", end == "noreturn", f"ours ends {end}")
        if call.name in ("execve", "execveat") and call.result == 0:
            return self.tolerate("H", end == "exec", f"a new program, ours ends {end}")
        if call.name == "shmat" and record["abi"] == "linux_x86" and not call.error:
            return self.tolerate("J", record["ret"]["int"] == 0, "shmat through ipc")
        text = agree.result(call, record)
        if not text and end == "signal":
            self.classes["D"] += 1
        if not text:
            self.counts["results"] += 1
        return text

    def interrupted(self, call, record):
        end, ret = record["end"], record["ret"]
        if call.killed:
            gone = end in ("killed", "unfinished") and ret["value"] is None
            return self.tolerate("C", gone, f"killed, ours ends {end}")
        frame = end == "signal" and (ret["error"] == "EINTR" or ret["value"] is None)
        return self.tolerate("E", call.signalled and frame, f"{call.error}, ours ends {end} with {ret['value']}")

    def tolerate(self, name, holds, text):
        if not holds:
            return text
        self.classes[name] += 1
        return None


class Matcher:
    """Finds for each thread of strace's the one of ours, and takes each of ours once."""

    TRIED = 64  # candidates that are walked before the best is taken

    def __init__(self, groups):
        self.groups, self.taken = groups, set()
        self.by_place = defaultdict(list)
        for thread, entries in groups.items():
            for place in {(e.nr & 0xffffffff, e.pc) for e in entries[:16] if e.nr is not None}:
                self.by_place[place].append(thread)

    def candidates(self, call):
        """Threads of ours with such a call near their beginning: those known by this tid first, then the oldest."""
        nr = call.nr & 0xffffffff
        places = [(nr, call.pc - 2), (nr, call.pc - 4)] if call.pc is not None else []
        found = {t for p in places for t in self.by_place.get(p, []) if t not in self.taken}
        return sorted(found, key=lambda t: (call.tid not in self.tids(t), self.groups[t][0].id))

    def tids(self, group):
        return {e.tid for e in self.groups[group][:16]} - {None}

    def match(self, thread, is_raw, first):
        """The walk with the fewest problems, or None: ours has no such thread."""
        best = None
        tried = 0
        for group in self.candidates(thread.calls[0]):
            if not self.plausible(thread, group, first):
                continue
            walk = Walk(thread.calls, self.groups[group], is_raw, first)
            if best is None or len(walk.problems) < len(best[1].problems):
                best = group, walk
            tried += 1
            if not walk.problems or tried == self.TRIED:
                break
        if not best:
            return None
        self.taken.add(best[0])
        return best[1]

    def plausible(self, thread, group, first):
        """Ours shows no other tid, where execve may have changed it, and a thread that is not the first begins with the
        same call."""
        entries, tids = self.groups[group], self.tids(group)
        if tids and not tids & {call.tid for call in thread.calls[:16]}:
            return False
        return first or same_place(thread.calls[0], entries[0]) is not None
