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
 */
#ifndef SCT_SCTRACE_H
#define SCT_SCTRACE_H

#define SCT_SEGMENT_MAGIC "SCTS"
enum {
	SCT_SEGMENT_VERSION = 1,
	SCT_SEGMENT_HEADER = 24,        /* bytes before the first chunk */
	SCT_SEGMENT_TARGET = 1 << 20,   /* a writer closes a segment when it has about so many bytes */
	SCT_SEGMENT_MAX = 8 << 20,      /* a reader refuses longer ones */
	SCT_LINE = 64,                  /* bytes of a line: the unit of recorded memory; aligned, so never in two pages */
	SCT_DICT_MAX = 256,             /* registers in the dictionary */
	SCT_VCPUS_MAX = 1024,
};

enum sct_chunk {
	/* varint fields of the header, each `varint id | varint length | bytes`: enum sct_header_field */
	SCT_CHUNK_HEADER = 1,
	/* event head (below) without pc, then all registers: thread varint, flags u8, then for each dictionary entry its
	 * raw bytes, in order. Sets the state that the deltas of this vCPU in this segment start from; is no event. */
	SCT_CHUNK_KEYFRAME = 2,
	/* an entering instruction is about to execute: varint time delta, varint icount delta, zigzag pc delta, varint
	 * thread, u8 flags, u8 n and n bytes of code, registers, memory */
	SCT_CHUNK_ENTER = 3,
	/* first user-mode instruction after a stay in the kernel: as ENTER, n = 0 */
	SCT_CHUNK_RETURN = 4,
	/* this vCPU now runs another thread or address space: as RETURN without memory */
	SCT_CHUNK_SWITCH = 5,
	/* one or more of: varint block id, varint pc, u8 mode, varint instruction count, varint byte count, bytes */
	SCT_CHUNK_CODE = 6,
	/* zigzag deltas of executed block ids, in order */
	SCT_CHUNK_EXEC = 7,
	/* stores, in order; see sctrace-trace(5) */
	SCT_CHUNK_STORE = 8,
	/* guest RAM at the start of a full recording: varint first guest-physical page, varint page count, then for each
	 * page u8 0 and nothing (all zero) or u8 1 and 4096 bytes */
	SCT_CHUNK_RAM = 9,
	/* varint count, then text: so many events of this vCPU were lost here, and why */
	SCT_CHUNK_LOST = 10,
	/* clean close: varint events, varint calls, varint instructions */
	SCT_CHUNK_END = 11,
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
};

/* flags of ENTER, RETURN, SWITCH, KEYFRAME */
enum {
	SCT_EVENT_BORN = 1, /* the thread has never run before */
};

/* Registers of an event: varint count, then for each: varint dictionary index minus the previous one of this list
 * minus 1 (the first: the index), and, for registers of up to 8 bytes, the zigzag varint of new minus old value as
 * signed 64-bit numbers (modulo 2^64); for larger ones the raw bytes.
 *
 * Memory of an event: varint count of runs, then for each: zigzag varint of the run's first line number (address / 64)
 * minus the one behind the previous run (the first: behind line 0), varint count of lines, two bits a line (low bits
 * first, padded to a byte) of enum sct_line_state, then 64 bytes for each NEW line. Memory is of the address space the
 * vCPU is in, and holds for that event only. */
enum sct_line_state {
	SCT_LINE_SAME = 0,      /* as this segment last stored this line of this address space */
	SCT_LINE_NEW = 1,       /* stored here */
	SCT_LINE_UNREADABLE = 2,/* not mapped at this moment */
};

#endif
