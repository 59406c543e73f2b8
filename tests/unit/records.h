/* Records by hand, nasty ones among them, that the tests of the log writers share.
 * In:  nothing
 * Out: test_records
 */
#ifndef TEST_RECORDS_H
#define TEST_RECORDS_H

#include "../../src/event.h"
#include "../../src/proto.h"
#include "../../src/record.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define TEXT(s) .data = (const uint8_t *)(s), .len = sizeof(s) - 1
#define KNOWN(n) { .known = true, .value = (n) }

/* poll(2): a struct with members of every width, an unsigned and a signed number */
static const struct sct_value pollfd[] = {
	{ .name = "fd", .type = "int", .cls = SCT_C_INT, .width = 4, .known = true, .meaning = SCT_M_INT, .raw = 3, .num = 3 },
	{ .name = "events", .type = "short", .cls = SCT_C_INT, .width = 2, .known = true, .meaning = SCT_M_INT,
	  .raw = 0x8001, .num = (uint64_t)-32767 },
	{ .name = "revents", .type = "unsigned short", .width = 2, .known = true, .meaning = SCT_M_UINT, .raw = 0xffff,
	  .num = 0xffff },
	{ .name = "mark", .type = "char", .width = 1, .known = true, .meaning = SCT_M_INT, .raw = 0xff, .num = UINT64_MAX },
};

static const struct sct_value poll_args[] = {
	{ .name = "ufds", .type = "struct pollfd *", .dir = SCT_INOUT, .cls = SCT_C_PTR, .width = 8, .known = true,
	  .pointer = true, .meaning = SCT_M_STRUCT, .raw = 0x7fff6181db28, .elems = pollfd, .nelems = COUNT(pollfd) },
	{ .name = "nfds", .type = "unsigned int", .dir = SCT_IN, .width = 4, .known = true, .meaning = SCT_M_UINT, .raw = 1,
	  .num = 1 },
	{ .name = "timeout_msecs", .type = "int", .dir = SCT_IN, .cls = SCT_C_INT, .width = 4, .known = true,
	  .meaning = SCT_M_INT, .raw = 0xffffffff, .num = UINT64_MAX },
};

/* text that JSON must escape, text that is no UTF-8, numbers at the edge, symbolic text */
static const struct sct_value open_args[] = {
	{ .name = "filename", .type = "const char *", .dir = SCT_IN, .cls = SCT_C_STR, .width = 8, .known = true,
	  .pointer = true, .meaning = SCT_M_STR, .raw = 0x1000,
	  TEXT("q\"b\\s/\b\f\n\r\t\x01\x1f\x7f \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xef\xbf\xbf \xf4\x8f\xbf\xbf <&>") },
	{ .name = "latin1", .type = "const char *", .dir = SCT_IN, .cls = SCT_C_STR, .width = 8, .known = true,
	  .pointer = true, .meaning = SCT_M_STR, .raw = 0x2000, TEXT("caf\xe9") },
	{ .name = "surrogate", .type = "const char *", .dir = SCT_IN, .cls = SCT_C_STR, .width = 8, .known = true,
	  .pointer = true, .meaning = SCT_M_STR, .raw = 0x3000, TEXT("plain text \xed\xa0\x80") },
	{ .name = "empty", .type = "const char *", .dir = SCT_IN, .cls = SCT_C_STR, .width = 8, .known = true,
	  .pointer = true, .meaning = SCT_M_STR, .raw = 0x4000 },
	{ .name = "nul", .type = "const char *", .dir = SCT_IN, .cls = SCT_C_STR, .width = 8, .known = true, .pointer = true,
	  .meaning = SCT_M_STR, .raw = 0x5000, TEXT("a\0b") },
	{ .name = "least", .type = "long", .cls = SCT_C_INT, .width = 8, .known = true, .meaning = SCT_M_INT,
	  .raw = UINT64_C(1) << 63, .num = UINT64_C(1) << 63 },
	{ .name = "most", .type = "u64", .width = 8, .known = true, .meaning = SCT_M_UINT, .raw = UINT64_MAX,
	  .num = UINT64_MAX },
	{ .name = "exact", .type = "u64", .width = 8, .known = true, .meaning = SCT_M_UINT, .raw = UINT64_C(1) << 53,
	  .num = UINT64_C(1) << 53 },
	{ .name = "inexact", .type = "u64", .width = 8, .known = true, .meaning = SCT_M_UINT,
	  .raw = (UINT64_C(1) << 53) + 1, .num = (UINT64_C(1) << 53) + 1 },
	{ .name = "flags", .type = "int", .cls = SCT_C_INT, .width = 4, .known = true, .meaning = SCT_M_INT, .raw = 0x80000,
	  .num = 0x80000, .text = "O_RDONLY|O_CLOEXEC" },
	{ .name = "null", .type = "void *", .dir = SCT_IN, .cls = SCT_C_PTR, .width = 8, .known = true, .pointer = true },
};

/* what is not known, or only in part */
static const struct sct_value half[] = {
	{ .type = "int", .cls = SCT_C_INT, .width = 4, .known = true, .meaning = SCT_M_INT, .raw = 7, .num = 7 },
	{ .type = "int", .cls = SCT_C_INT, .width = 4, .unknown = "unmapped" },
};

static const struct sct_value unknown_args[] = {
	{ .name = "fd", .type = "unsigned int", .cls = SCT_C_FD, .width = 4, .known = true, .meaning = SCT_M_INT,
	  .raw = 0xffffffff, .num = UINT64_MAX },
	{ .name = "lost", .type = "int", .cls = SCT_C_INT, .width = 4, .unknown = "not recorded" },
	{ .name = "unmapped", .type = "const char *", .dir = SCT_IN, .cls = SCT_C_STR, .width = 4, .known = true,
	  .pointer = true, .raw = 0xdeadbeef, .unknown = "unmapped" },
	{ .name = "prefix", .type = "const char *", .dir = SCT_IN, .cls = SCT_C_STR, .width = 4, .known = true,
	  .pointer = true, .meaning = SCT_M_STR, .raw = 0x8000, TEXT("/etc/pa"), .partial = true, .size = UINT64_MAX,
	  .unknown = "unmapped" },
	{ .name = "start", .type = "void *", .dir = SCT_OUT, .cls = SCT_C_BUF, .width = 4, .known = true, .pointer = true,
	  .meaning = SCT_M_BYTES, .raw = 0x9000, TEXT("\x00\xff"), .partial = true, .size = 4096 },
	{ .name = "half", .type = "int *", .dir = SCT_IN, .cls = SCT_C_NUM, .width = 4, .known = true, .pointer = true,
	  .meaning = SCT_M_ARRAY, .raw = 0xa000, .elems = half, .nelems = COUNT(half), .partial = true, .size = 5 },
	{ .name = "nothing", .type = "int *", .dir = SCT_IN, .cls = SCT_C_NUM, .width = 4, .known = true, .pointer = true,
	  .meaning = SCT_M_ARRAY, .raw = 0xb000 },
	{ .name = "word", .width = 4, .known = true, .raw = 0x12345678 },
};

/* recvmsg-like nesting, and a number that the kernel changed */
static const struct sct_value iov_a[] = {
	{ .name = "iov_base", .type = "void *", .width = 8, .known = true, .pointer = true, .meaning = SCT_M_BYTES,
	  .raw = 0xc000, TEXT("first") },
	{ .name = "iov_len", .type = "size_t", .width = 8, .known = true, .meaning = SCT_M_UINT, .raw = 5, .num = 5 },
};
static const struct sct_value iov_b[] = {
	{ .name = "iov_base", .type = "void *", .width = 8, .known = true, .pointer = true, .raw = 0xd000 },
	{ .name = "iov_len", .type = "size_t", .width = 8, .known = true, .meaning = SCT_M_UINT },
};
static const struct sct_value iovs[] = {
	{ .type = "struct iovec", .meaning = SCT_M_STRUCT, .elems = iov_a, .nelems = COUNT(iov_a) },
	{ .type = "struct iovec", .meaning = SCT_M_STRUCT, .elems = iov_b, .nelems = COUNT(iov_b) },
	{ .type = "struct iovec", .unknown = "too deep" },
};
static const struct sct_value msghdr[] = {
	{ .name = "msg_name", .type = "void *", .width = 8, .known = true, .pointer = true },
	{ .name = "msg_iov", .type = "struct iovec *", .dir = SCT_OUT, .width = 8, .known = true, .pointer = true,
	  .meaning = SCT_M_ARRAY, .raw = 0xe000, .elems = iovs, .nelems = COUNT(iovs), .partial = true, .size = 1025 },
};
static const struct sct_value len_in = { .width = 4, .known = true, .meaning = SCT_M_INT, .raw = 128, .num = 128 };
static const struct sct_value len_out = { .width = 4, .known = true, .meaning = SCT_M_INT, .raw = 16, .num = 16 };
static const struct sct_value len_after = { .width = 8, .known = true, .pointer = true, .raw = 0xf000,
	.meaning = SCT_M_PTR, .elems = &len_out, .nelems = 1 };
static const struct sct_value gone_after = { .width = 8, .known = true, .pointer = true, .raw = 0xf800,
	.unknown = "unmapped" };

static const struct sct_value message_args[] = {
	{ .name = "msg", .type = "struct user_msghdr *", .dir = SCT_INOUT, .cls = SCT_C_MSG, .width = 8, .known = true,
	  .pointer = true, .meaning = SCT_M_STRUCT, .raw = 0x7000, .elems = msghdr, .nelems = COUNT(msghdr) },
	{ .name = "addrlen", .type = "int *", .dir = SCT_INOUT, .cls = SCT_C_NUM, .width = 8, .known = true, .pointer = true,
	  .meaning = SCT_M_PTR, .raw = 0xf000, .elems = &len_in, .nelems = 1, .out = &len_after },
	{ .name = "gone", .type = "char *", .dir = SCT_INOUT, .cls = SCT_C_STR, .width = 8, .known = true, .pointer = true,
	  .meaning = SCT_M_STR, .raw = 0xf800, TEXT("before"), .out = &gone_after },
};

static const struct sct_value argv[] = {
	{ .width = 4, .known = true, .pointer = true, .meaning = SCT_M_STR, .raw = 0x100, TEXT("cat") },
	{ .width = 4, .known = true, .pointer = true, .meaning = SCT_M_STR, .raw = 0x200 },
	{ .width = 4, .known = true, .pointer = true, .meaning = SCT_M_STR, .raw = 0x300, TEXT("/proc/version") },
};
static const struct sct_value exec_args[] = {
	{ .name = "filename", .type = "const char *", .dir = SCT_IN, .cls = SCT_C_STR, .width = 4, .known = true,
	  .pointer = true, .meaning = SCT_M_STR, .raw = 0x400, TEXT("/bin/cat") },
	{ .name = "argv", .type = "const char *const *", .dir = SCT_IN, .cls = SCT_C_STRV, .width = 4, .known = true,
	  .pointer = true, .meaning = SCT_M_ARRAY, .raw = 0x500, .elems = argv, .nelems = COUNT(argv) },
};

static const struct sct_value bind_args[] = {
	{ .name = "fd", .type = "int", .cls = SCT_C_FD, .width = 4, .known = true, .meaning = SCT_M_INT, .raw = 3, .num = 3,
	  .text = "socket:[4711]" },
	{ .name = "umyaddr", .type = "struct sockaddr *", .dir = SCT_IN, .cls = SCT_C_ADDR, .width = 4, .known = true,
	  .pointer = true, .meaning = SCT_M_BYTES, .raw = 0x600, TEXT("\x02\x00\x1f\x90\x7f\x00\x00\x01") },
};

#define RETURNED(n) .result = { .width = 8, .known = true, .meaning = SCT_M_INT, .raw = (n), .num = (n) }

static const struct sct_record test_records[] = {
	{ .id = 0, .asid = KNOWN(0x487c000), .pid = KNOWN(97), .tid = KNOWN(98), .ppid = KNOWN(1), .comm = "t2",
	  .start_time_ns = KNOWN(2170000000), .thread = KNOWN(7),
	  .enter = { true, 25238, 0x47cc7e, SCT_TIME_UNKNOWN },
	  .ret = { true, 26761, 0x47cc80, SCT_TIME_UNKNOWN }, .insn = "syscall", .abi = "linux_x64", .nr = KNOWN(7),
	  .word = 8, .name = "poll", .entry = "sys_poll", .args = poll_args, .nargs = COUNT(poll_args), RETURNED(1),
	  .end = SCT_END_RETURNED },
	{ .id = 2, .cpu = 1, .comm = "no\xff utf8", .enter = { true, 30000, 0x401000, 123456789 },
	  .ret = { true, 30010, 0x401002, 123456999 }, .insn = "syscall", .abi = "linux_x64", .nr = KNOWN(2), .word = 8,
	  .name = "open", .entry = "sys_open", .args = open_args, .nargs = COUNT(open_args),
	  .result = { .width = 8, .known = true, .meaning = SCT_M_INT, .raw = (uint64_t)-2, .num = (uint64_t)-2 },
	  .error = "ENOENT", .end = SCT_END_RETURNED },
	{ .id = 1, .enter = { true, 28000, 0xb7fe1555, SCT_TIME_UNKNOWN }, .insn = "sysenter", .abi = "linux_x86",
	  .nr = KNOWN(500), .word = 4, .args = unknown_args, .nargs = COUNT(unknown_args),
	  .result = { .width = 4, .unknown = "not recorded" }, .end = SCT_END_LOST },
	{ .id = 3, .asid = KNOWN(0), .pid = KNOWN(5), .enter = { true, (UINT64_C(1) << 53) + 2, UINT64_MAX, UINT64_MAX - 1 },
	  .ret = { true, UINT64_MAX, 0, 0 }, .insn = "syscall", .abi = "linux_x64", .nr = KNOWN(47), .word = 8,
	  .name = "recvmsg", .entry = "sys_recvmsg", .args = message_args, .nargs = COUNT(message_args), RETURNED(5),
	  .end = SCT_END_RESTARTED, .restarts = 3 },
	{ .id = 4, .enter = { true, 40000, 0x8049097, SCT_TIME_UNKNOWN }, .insn = "int80", .abi = "linux_x86",
	  .nr = KNOWN(11), .word = 4, .name = "execve", .entry = "sys_execve", .args = exec_args, .nargs = COUNT(exec_args),
	  .end = SCT_END_EXEC },
	{ .id = 5, .enter = { true, 41000, 0x8049097, SCT_TIME_UNKNOWN }, .ret = { true, 41090, 0x8049099, SCT_TIME_UNKNOWN },
	  .insn = "int80", .abi = "linux_x86", .nr = KNOWN(361), .word = 4, .name = "bind", .entry = "sys_bind",
	  .args = bind_args, .nargs = COUNT(bind_args), .end = SCT_END_RETURNED,
	  .result = { .width = 4, .known = true, .meaning = SCT_M_UINT, .raw = 0xb7f00000, .num = 0xb7f00000 } },
	{ .id = 6, .insn = "int80", .abi = "linux_x86", .word = 4, .result = { .width = 4 }, .end = SCT_END_NORETURN },
};

#endif
