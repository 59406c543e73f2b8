# One short line for a call of a few kinds: who, what, with what, what came of it.
def shown: { openat: 2, open: 1, creat: 1, execve: 2, unlink: 1, kill: 2, clone: 0, vfork: 0, exit_group: 1 };
def value: if .str then .str | tojson elif .int != null then .int else .text // .value // "?" end;
def argument: if .array then "[\([.array[] | value] | join(", "))]" else value end;
select(shown[.name // ""] != null)
| "pid \(.pid // "?")  \(.name)(\([.args[:shown[.name]][] | argument] | join(", ")))"
	+ if .end == "returned" then " = \(.ret.error // .ret.int)" else "  [\(.end)]" end
