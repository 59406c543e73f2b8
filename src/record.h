/* A record: one decoded system call, raw words beside meanings. All sinks see the same record. */
#ifndef SCT_RECORD_H
#define SCT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch.h"

/* Which meaning a value has beside its raw word. */
enum sct_meaning {
	SCT_M_NONE,   /* only the raw word */
	SCT_M_INT,    /* signed number, `num` as int64_t */
	SCT_M_UINT,   /* unsigned number, `num` */
	SCT_M_STR,    /* text up to its NUL: `data`, `len` bytes (NUL not counted); may be invalid UTF-8 */
	SCT_M_BYTES,  /* `data`, `len` bytes */
	SCT_M_ARRAY,  /* `elems`, `nelems`, in order */
	SCT_M_STRUCT, /* `elems` are the members, in order, each with its name */
	SCT_M_PTR,    /* `elems[0]` is what the pointer points at */
};

/* A named value: an argument, a member, an element. Everything it points at lives in the call's arena. */
struct sct_value {
	const char *name;     /* NULL for elements of an array */
	const char *type;     /* C type, or NULL */
	uint8_t dir;          /* enum sct_dir; the sinks name it only for pointers ("in" is the default of numbers) */
	uint8_t cls;          /* enum sct_class of proto.h */
	uint8_t width;        /* bytes of the raw word; 0: there is no raw word (an element without an address) */
	bool known;           /* raw is what the recording shows */
	bool pointer;         /* the raw word is an address: dir is worth telling */
	bool descriptors;     /* of an argument: among what it points at are some, now or at return */
	bool partial;         /* only a leading part of data or elems is known; `size` says how long the whole is */
	uint8_t meaning;      /* enum sct_meaning */
	uint64_t raw;         /* already cut to width */
	uint64_t num;
	uint64_t size;        /* partial: bytes of the whole, elements of the whole; UINT64_MAX: not even that is known */
	const uint8_t *data;
	size_t len;
	const struct sct_value *elems;
	size_t nelems;
	const char *text;     /* symbolic form, UTF-8, or NULL */
	const char *unknown;  /* why there is no meaning: "unmapped", "not recorded", "overwritten", "too deep", "cycle"; or
	                         NULL */
	const struct sct_value *out; /* the meaning at return where it differs from the one at entry, or NULL */
};

enum sct_end {
	SCT_END_RETURNED, SCT_END_NORETURN, SCT_END_EXEC, SCT_END_SIGNAL, SCT_END_KILLED, SCT_END_RESTARTED,
	SCT_END_UNFINISHED, SCT_END_LOST, SCT_END_COUNT,
};

/* The contract's spelling of an end: "returned" … */
extern const char *const sct_end_names[SCT_END_COUNT];

/* Where in the recording and in the program something happened. */
struct sct_moment {
	bool known;       /* false: it did not happen, or is not in the recording */
	uint64_t seq, pc;
	uint64_t time_ns; /* or SCT_TIME_UNKNOWN */
};

struct sct_record {
	uint64_t id;
	unsigned cpu; /* vCPU of the entry */
	struct sct_word asid, pid, tid, ppid, start_time_ns;
	struct sct_word thread; /* the recording's own number of the thread that called, exact; unknown: it has none */
	struct sct_word uid;    /* real user id */
	const char *comm; /* or NULL */
	const char *exe;  /* path of the program that runs, or NULL */
	struct sct_moment enter, ret;
	const char *insn;  /* "syscall", "sysenter", "int80" */
	const char *abi;   /* "linux_x64" */
	struct sct_word nr;
	uint8_t word;      /* bytes of a word of this ABI */
	const char *name;  /* NULL: not in the table */
	const char *entry; /* the kernel's entry point, or NULL */
	const struct sct_value *args;
	size_t nargs;
	/* the result: `value` in the ABI's word; meaning SCT_M_INT or SCT_M_UINT; unknown says why it is not known; text:
	   of a descriptor what it is of */
	struct sct_value result;
	const char *error;     /* "ENOENT", or NULL */
	uint8_t end;           /* enum sct_end */
	unsigned restarts;     /* how often the kernel made the thread enter the same call again */
};

#endif
