"""Members of structs: where strace's name of one is to be found among ours.

In:  strace's names (its manual and source, src/print*.c); the members of a record's struct (jsonl)
Out: pairs of a name and the value of ours that it has to agree with

strace says what libc's manual pages call a member; ours has the kernel's types. A member that strace shows and that is
neither of that name nor in these tables is a difference.
"""

# what libc calls a member that the kernel has under another name, often inside a union whose arm a tag chose
RENAMED = {
    # one name for the family, whatever the address is of (bind(2)); the kernel's types have one each
    "sa_family": ["sin_family", "sin6_family", "sun_family", "nl_family", "sll_family", "ss_family", "svm_family",
                  "sax25_family", "sx25_family", "can_family", "spn_family", "salg_family", "sq_family", "sxdp_family",
                  "family"],
    # siginfo_t: macros into union __sifields (include/uapi/asm-generic/siginfo.h)
    "si_pid": ["_pid"], "si_uid": ["_uid"], "si_status": ["_status"], "si_utime": ["_utime"], "si_stime": ["_stime"],
    "si_int": ["sival_int"], "si_ptr": ["sival_ptr"], "si_addr": ["_addr"], "si_band": ["_band"], "si_fd": ["_fd"],
    "si_timerid": ["_tid"], "si_overrun": ["_overrun"],
    "sigev_notify_thread_id": ["_tid"],
    # pselect6's last argument (fs/select.c, struct sigset_argpack)
    "sigmask": ["p"], "sigsetsize": ["size"],
}

# calls whose parameter strace shows as a struct and the kernel declares without a type: there is no struct to decode
UNTYPED = {
    ("setsockopt", "optval"), ("getsockopt", "optval"), ("semctl", "arg"),
    ("capget", "dataptr"), ("capset", "data"),  # two structs, of which strace joins the words by |
    ("ioctl", "arg"), ("prctl", "arg3"),
    ("msgrcv", "msgp"),  # of the text strace shows all the room that there was
}

# what strace shows as a struct and the record does not, and why
INTERRUPTED = "the time that was left when a call was interrupted, which was then made again: the record is of the whole"
NO_STRUCT = {
    ("nanosleep", "rmtp"): INTERRUPTED, ("clock_nanosleep", "rmtp"): INTERRUPTED,
    ("clock_nanosleep_time64", "rmtp"): INTERRUPTED,
    ("clone3", "tls"): "a thread's storage, which for the kernel is a number; on i386 strace shows the descriptor behind it",
}

# members that strace shows in a way that does not tell the number: name, of which call
OWN_WAY = {
    "cmsg_data": "control messages: data by kind",
    "filter": "a program of the packet filter, as macros",
}

# numbers that strace shows as the bytes that lie in memory, because they are in the network's order
NETWORK = {"sin_port", "sin6_port", "sin6_flowinfo", "s_addr"}


def inner(value):
    """The members of a struct, or of the struct that a pointer points at; None: it has none."""
    if "struct" in value:
        return value["struct"]
    if "ptr" in value:
        return inner(value["ptr"])
    if len(value.get("array", [])) == 1:
        return inner(value["array"][0])
    return None


def deep(members, name):
    """The first member of that name, in the struct itself before those inside it."""
    for m in members:
        if m.get("name") == name:
            return m
    for m in members:
        found = "struct" in m and deep(m["struct"], name)
        if found:
            return found
    return None


def find(members, name):
    """Our member for strace's name, or None."""
    for m in members:
        if m.get("name") == name:
            return m
    for m in members:  # anonymous structs and unions: C looks through them
        if not m.get("name") and "struct" in m:
            found = find(m["struct"], name)
            if found:
                return found
    for other in RENAMED.get(name, []):
        found = deep(members, other)
        if found:
            return found
    return None


def words(value):
    """The numbers in a value of one or several of them, however deep in structs of one member; None: it is none."""
    for of in ("array", "struct"):
        if of in value:
            inside = [words(v) for v in value[of]]
            return None if None in inside else [w for i in inside for w in i]
    if "ptr" in value:
        return words(value["ptr"])
    return [value] if value.get("value") is not None else None
