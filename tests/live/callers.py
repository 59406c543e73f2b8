"""Who makes each call of strace's log, by what the log itself shows: clone, fork, exit, execve.

In:  a Log of strace_log, its calls in each thread in order
Out: call.caller of every call: pid, ppid, exe, as far as they are told; call.exec_name; a value that may be one of two is a tuple

Lines of different threads stand in the order in which strace saw them stop, which is not quite that of the kernel: between
the first line of an exit_group and the end of that process, its children have the one or the other parent.
"""
import os

CLONE_PARENT, CLONE_THREAD = 0x8000, 0x10000
FORKS = {"fork", "vfork", "clone", "clone3"}
NEAR = 40  # lines: nearer to the parent's end than that, either may be the parent
INIT = 1  # takes the children of whoever is gone; nobody in the guest is a subreaper
# what strace runs in the guest and where it lies; everything else that is no file of ours is a link to busybox
PROGRAMS = {"strace": "/usr/bin/strace"}


class Process:
    def __init__(self, pid, parent, exe):
        self.pid, self.parent, self.exe, self.exec_name = pid, parent, exe, None
        self.leaving = False  # it has called exit_group


def flags(call):
    """clone's and clone3's flags."""
    for arg in call.args:
        value = getattr(arg, "before", arg)
        if isinstance(value, dict) and "flags" in value:
            return value["flags"]
        if getattr(arg, "name", None) == "flags" and isinstance(arg.value, int):
            return arg.value
    return 0


class Callers:
    """Goes through the calls of a log in the order of their first lines."""

    def __init__(self, log):
        self.of = {}  # process of each thread's number, the newest
        self.log = log

    def all(self):
        calls = sorted((c for t in self.log.threads for c in t.calls), key=lambda c: c.lines[0].number)
        if calls:
            self.of[calls[0].tid] = self.new(calls[0].tid, None)
        for call in calls:
            process = self.of.get(call.tid)
            if process is None:
                call.caller = {}
                continue
            call.exec_name = process.exec_name
            call.caller = {k: v for k, v in self.say(process, call).items() if v is not None}
            self.after(process, call)

    def new(self, pid, parent):
        made = Process(pid, parent, parent.exe if parent else None)
        return made

    def say(self, process, call):
        return {"pid": process.pid, "ppid": self.parent(process, call), "exe": process.exe}

    def parent(self, process, call):
        parent = process.parent
        if parent is None:
            return None
        end = self.log.ends.get(parent.pid)
        at = call.lines[0].number
        if end is None or at < end - NEAR and not parent.leaving:
            return (parent.pid, INIT) if parent.leaving else parent.pid
        return INIT if at > end + NEAR else (parent.pid, INIT)

    def after(self, process, call):
        if call.name in FORKS and not call.error and call.result:
            wanted = flags(call)
            if wanted & CLONE_THREAD:
                self.of[int(call.result)] = process
            else:
                parent = process.parent if wanted & CLONE_PARENT else process
                self.of[int(call.result)] = self.new(int(call.result), parent)
        elif call.name == "exit_group":
            process.leaving = True
        elif call.name == "execve" and call.result == 0:
            process.exe = program(call.args[0])
            process.exec_name = call.args[0].decode("utf-8", "surrogateescape").split("/")[-1][:15]  # TASK_COMM_LEN


def program(path):
    """The program that a path leads to in the guest, or None: it is not told by the name alone."""
    path = path.decode("utf-8", "surrogateescape")
    if path.startswith("/t/") and not path.endswith(".sh"):
        return path
    return PROGRAMS.get(os.path.basename(path))


def find(log):
    Callers(log).all()
