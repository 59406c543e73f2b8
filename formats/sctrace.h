/* The sctrace trace format: numbers that the writer (src/record) and the reader (formats/trace_sctrace.c) share.
 * sctrace-trace(5) is the specification.
 *
 * Layout: a zstd file. Each frame holds one segment; the last thing in a cleanly closed file is the seek table of
 * zstd's seekable format (a skippable frame).
 *
 *   segment   "SCTS" | u32 version | u32 length of all chunks | u32 number of the segment, from 0
 *             | u64 sequence number of its first event | chunks
 *   chunk     u8 kind | varint vCPU | varint length | payload
 *
 * Numbers with a size are little-endian; varints are LEB128, signed ones zigzag.
 * The first chunk of every segment is HEADER; before the first ENTER, RETURN or SWITCH of a vCPU in a segment stands
 * a KEYFRAME of that vCPU. All deltas and everything that a segment refers to begin anew in each segment, but for
 * CODE and RAM, which stand once in a file.
 *
 * Events are ENTER, RETURN and SWITCH, in one order over all vCPUs; each has the next sequence number, and the
 * segment's own number counts them. The chunk's vCPU is the vCPU that the event is of; 0 for chunks that are of none.
 */
#ifndef SCT_SCTRACE_H
#define SCT_SCTRACE_H

#define SCT_SEGMENT_MAGIC "SCTS"
enum {
	SCT_SEGMENT_VERSION = 1,
	SCT_SEGMENT_HEADER = 24,        /* bytes before the first chunk */
	SCT_SEGMENT_TARGET = 1 << 20,   /* a writer closes a segment when it has about so many bytes */
	SCT_SEGMENT_MAX = 8 << 20,      /* a reader refuses longer ones */
	SCT_HEADER_MAX = 128 << 10,     /* bytes of a HEADER */
	SCT_LINE = 64,                  /* bytes of a line: the unit of recorded memory; aligned, so never in two pages */
	SCT_DICT_MAX = 256,             /* registers in the dictionary */
	SCT_VCPUS_MAX = 1024,
	SCT_EVENT_LINES_MAX = 1 << 17, /* lines of one event's memory */
	SCT_STORE_PAGES_MAX = 1 << 15, /* different virtual pages of one STORE chunk */
};

enum sct_chunk {
	/* varint fields of the header, each `varint id | varint length | bytes`: enum sct_header_field */
	SCT_CHUNK_HEADER = 1,
	/* varint time, varint icount, varint thread, u8 flags (0), then for each dictionary entry its raw bytes, in order.
	 * Sets the state that the deltas of this vCPU in this segment start from, its pc 0; is no event. Time is in
	 * nanoseconds of the host since the recording began; icount the instructions this vCPU has executed since then. A
	 * block of code that a fault cuts short counts whole. */
	SCT_CHUNK_KEYFRAME = 2,
	/* an entering instruction is about to execute: varint time delta, varint icount delta, zigzag pc delta, varint
	 * thread, u8 flags, u8 n and n bytes of code, registers, memory. Deltas are against this vCPU's KEYFRAME or event
	 * before; a 32-bit pc is a number from 0 to 2^32 - 1 */
	SCT_CHUNK_ENTER = 3,
	/* first user-mode instruction after a stay in the kernel: as ENTER, n = 0. Not every return is recorded: only
	 * those of threads that have a call open or that have never been in user mode before; all of them while threads
	 * are not known */
	SCT_CHUNK_RETURN = 4,
	/* this vCPU now runs another thread or address space: as RETURN without memory, pc delta 0. Of the registers only
	 * cr3 is told; what the others hold stands in this vCPU's next ENTER or RETURN */
	SCT_CHUNK_SWITCH = 5,
	/* one or more of: varint block id (from 1), varint pc, u8 mode (enum sct_mode), varint instruction count, varint
	 * byte count, bytes. A block stands here before it first executes */
	SCT_CHUNK_CODE = 6,
	/* blocks that this vCPU began to execute, in order, each as zigzag delta of its id against the one before in this
	 * chunk (the first: against 0). Where that gives the id 0 it is no block but an escape: a zigzag number of pages
	 * follows, by which the next block lies elsewhere than CODE says (two processes map one page at different
	 * addresses); the delta behind it is against the last real id */
	SCT_CHUNK_EXEC = 7,
	/* stores of this vCPU, in order: u8 head (enum sct_store_head), zigzag varint of the virtual address minus the
	 * one behind the store before in this chunk (the first: behind 0), varint physical page where the head says so,
	 * varint physical page of the following virtual page where the head says so, then the value in memory order:
	 * 2^size bytes, none when the head says that it is 0. A virtual page keeps its physical page until the chunk
	 * ends or the head of a later store in it says otherwise */
	SCT_CHUNK_STORE = 8,
	/* guest RAM at the start of a full recording: varint first guest-physical page, varint page count, then for each
	 * page u8 0 and nothing (all zero) or u8 1 and 4096 bytes */
	SCT_CHUNK_RAM = 9,
	/* varint count, then text: so many events of this vCPU were lost here, and why. A count of 0: it is not known how
	 * many */
	SCT_CHUNK_LOST = 10,
	/* clean close: varint events, varint ENTER events, varint instructions of all vCPUs */
	SCT_CHUNK_END = 11,
	/* who makes the call of this vCPU's next event, an ENTER, and later ones of that thread until another WHO of it:
	 * fields as in the header: enum sct_who_field. What has no field is not known */
	SCT_CHUNK_WHO = 12,
};

/* Numbers and names as the program itself would read them. */
enum sct_who_field {
	SCT_WHO_PID = 1,  /* varint: process; in every WHO */
	SCT_WHO_TID = 2,  /* varint: thread */
	SCT_WHO_PPID = 3, /* varint: the process's parent */
	SCT_WHO_COMM = 4, /* text of at most 15 bytes: the thread's name */
	SCT_WHO_EXE = 5,  /* text of at most 4095 bytes: absolute path of the program */
	SCT_WHO_UID = 6,  /* varint: real user id */
};

enum sct_header_field {
	SCT_HEADER_FILE_ID = 1,   /* 16 random bytes, the same in every segment of a recording */
	SCT_HEADER_RECORDER = 2,  /* text */
	SCT_HEADER_EMULATOR = 3,  /* text */
	SCT_HEADER_TARGET = 4,    /* text: QEMU's target name */
	SCT_HEADER_USER_MODE = 5, /* varint 0 or 1 */
	SCT_HEADER_BIG_ENDIAN = 6,/* varint 0 or 1 */
	SCT_HEADER_WORD = 7,      /* varint: bytes of a guest word */
	SCT_HEADER_VCPUS = 8,     /* varint: vCPUs seen so far */
	SCT_HEADER_LEVEL = 9,     /* varint: enum sct_level */
	SCT_HEADER_START = 10,    /* text: what began the recording */
	SCT_HEADER_FILTER = 11,   /* text: what was left out on purpose; empty: nothing */
	SCT_HEADER_STARTED = 12,  /* varint: Unix time in nanoseconds */
	SCT_HEADER_THREADS = 13,  /* varint: 1 when `thread` is exact, 0 when it is always 0 */
	SCT_HEADER_REGISTERS = 14,/* varint count, then for each: u8 length, name, u8 size in bytes (1 to 64) */
	SCT_HEADER_PARENT = 15,   /* text: file of the recording this one was forked from (user mode) */
	SCT_HEADER_THREAD_SOURCE = 16, /* text: how a guest's kernel has told threads: "stack switch", "symbols" */
};

/* flags of ENTER, RETURN, SWITCH, KEYFRAME */
enum {
	SCT_EVENT_BORN = 1, /* the thread has never run before; on its first event, a SWITCH */
	SCT_EVENT_CUT = 2,  /* memory of this event was left out at the recorder's limit */
};

/* head of a store */
enum sct_store_head {
	SCT_STORE_SIZE = 0x07, /* log2 of its bytes, 0 to 4 */
	SCT_STORE_PAGE = 0x08, /* a physical page (address / 4096) follows: that of the store's virtual page */
	SCT_STORE_NEXT = 0x10, /* the store reaches into the following virtual page, whose physical page follows */
	SCT_STORE_ZERO = 0x20, /* the value is 0 and does not follow */
	SCT_STORE_IO = 0x40,   /* to a device or to read-only memory: RAM did not change */
};

/* Registers of an event: varint count, then for each: varint dictionary index minus the previous one of this list
 * minus 1 (the first: the index), and, for registers of up to 8 bytes, the zigzag varint of new minus old value as
 * signed 64-bit numbers (modulo 2^64); for larger ones the raw bytes.
 *
 * Memory of an event: varint count of runs, then for each: zigzag varint of the run's first line number (address / 64)
 * minus the one behind the previous run (the first: behind line 0), varint count of lines, two bits a line (low bits
 * first, padded to a byte) of enum sct_line_state, then 64 bytes for each NEW line. Memory is of the address space the
 * vCPU is in, and holds for that event only. Lines at 2^63 and above, on a vCPU without EFER.LMA at 0xc0000000 and
 * above, are the kernel's memory as the kernel would see it: the program at the event does not. The address space that
 * SAME means is the whole value of the register cr3 at the event (0 where the dictionary has none).
 *
 * The dictionary leaves out the program counter: it is the event's pc. */
enum sct_line_state {
	SCT_LINE_SAME = 0,      /* as this segment last stored this line of this address space */
	SCT_LINE_NEW = 1,       /* stored here */
	SCT_LINE_UNREADABLE = 2,/* not mapped at this moment */
};

#endif
