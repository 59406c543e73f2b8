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
#define KNOWN(n) { .known = true, .value = (n) }
#define AT(seq, pc, time) { true, (seq), (pc), (time) }
#define NO_TIME SCT_TIME_UNKNOWN

/* values: signed and unsigned numbers, pointers, and what these point at */
#define SIGNED(name_, type_, width_, raw_, num_) \
	.name = name_, .type = type_, .cls = SCT_C_INT, .width = width_, .known = true, .meaning = SCT_M_INT, \
	.raw = raw_, .num = (uint64_t)(num_)
#define UNSIGNED(name_, type_, width_, n) \
	.name = name_, .type = type_, .width = width_, .known = true, .meaning = SCT_M_UINT, .raw = n, .num = n
#define FD(type_, raw_, num_) \
	.name = "fd", .type = type_, .cls = SCT_C_FD, .width = 4, .known = true, .meaning = SCT_M_INT, \
	.raw = raw_, .num = (uint64_t)(num_)
#define POINTER(name_, type_, dir_, cls_, width_, raw_) \
	.name = name_, .type = type_, .dir = dir_, .cls = cls_, .width = width_, .known = true, .pointer = true, \
	.raw = raw_
#define STRING(name_, width_, raw_) POINTER(name_, "const char *", SCT_IN, SCT_C_STR, width_, raw_)
#define TEXT(s) .meaning = SCT_M_STR, .data = (const uint8_t *)(s), .len = sizeof(s) - 1
#define BYTES(s) .meaning = SCT_M_BYTES, .data = (const uint8_t *)(s), .len = sizeof(s) - 1
#define PARTS(kind, array) .meaning = kind, .elems = array, .nelems = COUNT(array)

/* poll(2): a struct with members of every width, an unsigned and a signed number */
static const struct sct_value pollfd[] = {
	{ SIGNED("fd", "int", 4, 3, 3) },
	{ SIGNED("events", "short", 2, 0x8001, -32767) },
	{ UNSIGNED("revents", "unsigned short", 2, 0xffff) },
	{ SIGNED("mark", "char", 1, 0xff, -1) },
};
static const struct sct_value poll_args[] = {
	{ POINTER("ufds", "struct pollfd *", SCT_INOUT, SCT_C_PTR, 8, 0x7fff6181db28), PARTS(SCT_M_STRUCT, pollfd) },
	{ UNSIGNED("nfds", "unsigned int", 4, 1) },
	{ SIGNED("timeout_msecs", "int", 4, 0xffffffff, -1) },
};

/* text that JSON must escape, text that is no UTF-8, numbers at the edge, symbolic text */
static const struct sct_value open_args[] = {
	{ STRING("filename", 8, 0x1000), TEXT("q\"b\\s/\b\f\n\r\t\x01\x1f\x7f \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 "
	                                      "\xef\xbf\xbf \xf4\x8f\xbf\xbf <&>") },
	{ STRING("latin1", 8, 0x2000), TEXT("caf\xe9") },
	{ STRING("surrogate", 8, 0x3000), TEXT("plain text \xed\xa0\x80") },
	{ STRING("empty", 8, 0x4000), .meaning = SCT_M_STR },
	{ STRING("nul", 8, 0x5000), TEXT("a\0b") },
	{ SIGNED("least", "long", 8, UINT64_C(1) << 63, UINT64_C(1) << 63) },
	{ UNSIGNED("most", "u64", 8, UINT64_MAX) },
	{ UNSIGNED("exact", "u64", 8, UINT64_C(1) << 53) },
	{ UNSIGNED("inexact", "u64", 8, (UINT64_C(1) << 53) + 1) },
	{ SIGNED("flags", "int", 4, 0x80000, 0x80000), .text = "O_RDONLY|O_CLOEXEC" },
	{ POINTER("null", "void *", SCT_IN, SCT_C_PTR, 8, 0) },
};

/* what is not known, or only in part */
static const struct sct_value half[] = {
	{ SIGNED(NULL, "int", 4, 7, 7) },
	{ .type = "int", .cls = SCT_C_INT, .width = 4, .unknown = "unmapped" },
};
static const struct sct_value unknown_args[] = {
	{ FD("unsigned int", 0xffffffff, -1) },
	{ .name = "lost", .type = "int", .cls = SCT_C_INT, .width = 4, .unknown = "not recorded" },
	{ STRING("unmapped", 4, 0xdeadbeef), .unknown = "unmapped" },
	{ STRING("prefix", 4, 0x8000), TEXT("/etc/pa"), .partial = true, .size = UINT64_MAX, .unknown = "unmapped" },
	{ POINTER("start", "void *", SCT_OUT, SCT_C_BUF, 4, 0x9000), BYTES("\x00\xff"), .partial = true, .size = 4096 },
	{ POINTER("half", "int *", SCT_IN, SCT_C_NUM, 4, 0xa000), PARTS(SCT_M_ARRAY, half), .partial = true,
	  .size = 5 },
	{ POINTER("nothing", "int *", SCT_IN, SCT_C_NUM, 4, 0xb000), .meaning = SCT_M_ARRAY },
	{ .name = "word", .width = 4, .known = true, .raw = 0x12345678 },
};

/* recvmsg-like nesting, and values that the kernel changed */
static const struct sct_value iov_a[] = {
	{ POINTER("iov_base", "void *", 0, 0, 8, 0xc000), BYTES("first") },
	{ UNSIGNED("iov_len", "size_t", 8, 5) },
};
static const struct sct_value iov_b[] = {
	{ POINTER("iov_base", "void *", 0, 0, 8, 0xd000) },
	{ UNSIGNED("iov_len", "size_t", 8, 0) },
};
static const struct sct_value iovs[] = {
	{ .type = "struct iovec", PARTS(SCT_M_STRUCT, iov_a) },
	{ .type = "struct iovec", PARTS(SCT_M_STRUCT, iov_b) },
	{ .type = "struct iovec", .unknown = "too deep" },
};
static const struct sct_value msghdr[] = {
	{ POINTER("msg_name", "void *", 0, 0, 8, 0) },
	{ POINTER("msg_iov", "struct iovec *", SCT_OUT, 0, 8, 0xe000), PARTS(SCT_M_ARRAY, iovs), .partial = true,
	  .size = 1025 },
};
static const struct sct_value len_before[] = { { SIGNED(NULL, NULL, 4, 128, 128) } };
static const struct sct_value len_after[] = { { SIGNED(NULL, NULL, 4, 16, 16) } };
static const struct sct_value len_out = { POINTER(NULL, NULL, 0, 0, 8, 0xf000), PARTS(SCT_M_PTR, len_after) };
static const struct sct_value gone_out = { POINTER(NULL, NULL, 0, 0, 8, 0xf800), .unknown = "unmapped" };

static const struct sct_value message_args[] = {
	{ POINTER("msg", "struct user_msghdr *", SCT_INOUT, SCT_C_MSG, 8, 0x7000), PARTS(SCT_M_STRUCT, msghdr) },
	{ POINTER("addrlen", "int *", SCT_INOUT, SCT_C_NUM, 8, 0xf000), PARTS(SCT_M_PTR, len_before), .out = &len_out },
	{ POINTER("gone", "char *", SCT_INOUT, SCT_C_STR, 8, 0xf800), TEXT("before"), .out = &gone_out },
};

/* arrays of strings, and the calls that PANDA adds an argument to */
static const struct sct_value argv[] = {
	{ POINTER(NULL, NULL, 0, 0, 4, 0x100), TEXT("cat") },
	{ POINTER(NULL, NULL, 0, 0, 4, 0x200), .meaning = SCT_M_STR },
	{ POINTER(NULL, NULL, 0, 0, 4, 0x300), TEXT("/proc/version") },
};
static const struct sct_value exec_args[] = {
	{ STRING("filename", 4, 0x400), TEXT("/bin/cat") },
	{ POINTER("argv", "const char *const *", SCT_IN, SCT_C_STRV, 4, 0x500), PARTS(SCT_M_ARRAY, argv) },
};
static const struct sct_value inet_address[] = {
	{ .name = "sin_family", .type = "unsigned short", .cls = SCT_C_UINT, .width = 2, .known = true,
	  .meaning = SCT_M_UINT, .raw = 2, .num = 2, .text = "AF_INET" },
	{ .name = "sin_port", .type = "unsigned short", .cls = SCT_C_UINT, .width = 2, .known = true,
	  .meaning = SCT_M_UINT, .raw = 0x901f, .num = 0x901f, .text = "8080" },
};
static const struct sct_value bind_args[] = {
	{ FD("int", 3, 3), .text = "socket:[4711]" },
	{ POINTER("umyaddr", "struct sockaddr *", SCT_IN, SCT_C_ADDR, 4, 0x600), PARTS(SCT_M_STRUCT, inet_address) },
};

#define CALL_X64(nr_, name_) .insn = "syscall", .abi = "linux_x64", .nr = KNOWN(nr_), .word = 8, .name = name_, \
	.entry = "sys_" name_
#define CALL_X86(nr_, name_) .insn = "int80", .abi = "linux_x86", .nr = KNOWN(nr_), .word = 4, .name = name_, \
	.entry = "sys_" name_
#define ARGS(array) .args = array, .nargs = COUNT(array)
#define RESULT(n) \
	.result = { .width = 8, .known = true, .meaning = SCT_M_INT, .raw = (uint64_t)(n), .num = (uint64_t)(n) }
#define ADDRESS(n) .result = { .width = 4, .known = true, .meaning = SCT_M_UINT, .raw = n, .num = n }

static const struct sct_record test_records[] = {
	{ .id = 0, .asid = KNOWN(0x487c000), .pid = KNOWN(97), .tid = KNOWN(98), .ppid = KNOWN(1), .comm = "t2",
	  .start_time_ns = KNOWN(2170000000), .thread = KNOWN(7), .enter = AT(25238, 0x47cc7e, NO_TIME),
	  .ret = AT(26761, 0x47cc80, NO_TIME), CALL_X64(7, "poll"), ARGS(poll_args), RESULT(1),
	  .end = SCT_END_RETURNED },
	{ .id = 2, .cpu = 1, .comm = "no\xff utf8", .enter = AT(30000, 0x401000, 123456789),
	  .ret = AT(30010, 0x401002, 123456999), CALL_X64(2, "open"), ARGS(open_args), RESULT(-2), .error = "ENOENT",
	  .end = SCT_END_RETURNED },
	{ .id = 1, .enter = AT(28000, 0xb7fe1555, NO_TIME), .insn = "sysenter", .abi = "linux_x86", .nr = KNOWN(500),
	  .word = 4, ARGS(unknown_args), .result = { .width = 4, .unknown = "not recorded" }, .end = SCT_END_LOST },
	{ .id = 3, .asid = KNOWN(0), .pid = KNOWN(5), .enter = AT((UINT64_C(1) << 53) + 2, UINT64_MAX, UINT64_MAX - 1),
	  .ret = AT(UINT64_MAX, 0, 0), CALL_X64(47, "recvmsg"), ARGS(message_args), RESULT(5), .end = SCT_END_RESTARTED,
	  .restarts = 3 },
	{ .id = 4, .enter = AT(40000, 0x8049097, NO_TIME), CALL_X86(11, "execve"), ARGS(exec_args),
	  .end = SCT_END_EXEC },
	{ .id = 5, .enter = AT(41000, 0x8049097, NO_TIME), .ret = AT(41090, 0x8049099, NO_TIME), CALL_X86(361, "bind"),
	  ARGS(bind_args), ADDRESS(0xb7f00000), .end = SCT_END_RETURNED },
	{ .id = 6, .insn = "int80", .abi = "linux_x86", .word = 4, .result = { .width = 4 }, .end = SCT_END_NORETURN },
};

#endif
