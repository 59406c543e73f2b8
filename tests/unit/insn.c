/* Tests of which instructions enter the kernel.
 *
 * In:  bytes and CPU modes
 * Out: a report; exit status 0 when all passed
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/insn.h"
#include "suite.h"

static struct sct_insn *insn;

static void begin(void)
{
	struct sct_err err;

	ck_assert_int_eq(sct_insn_new(&insn, &sct_arch_x86_64, &err), 0);
}

static void end(void)
{
	sct_insn_free(insn);
}

#define BYTES(s) s, sizeof(s) - 1
#define ALL ((1u << SCT_MODE_16) | (1u << SCT_MODE_32) | (1u << SCT_MODE_64))
#define ONLY(mode) (1u << (mode))

static const struct {
	const char *bytes;
	size_t len;
	enum sct_insn_kind kind;
	unsigned size;
	unsigned modes; /* bits: in these the bytes mean that */
} rows[] = {
	{ BYTES("\x0f\x05"), SCT_INSN_SYSCALL, 2, ONLY(SCT_MODE_32) | ONLY(SCT_MODE_64) },
	{ BYTES("\x0f\x34"), SCT_INSN_SYSENTER, 2, ALL },
	{ BYTES("\xcd\x80"), SCT_INSN_INT80, 2, ALL },
	{ BYTES("\x0f\x05\xc3\x90"), SCT_INSN_SYSCALL, 2, ONLY(SCT_MODE_64) },
	/* prefixes that change nothing */
	{ BYTES("\x48\x0f\x05"), SCT_INSN_SYSCALL, 3, ONLY(SCT_MODE_64) },
	{ BYTES("\x2e\xcd\x80"), SCT_INSN_INT80, 3, ALL },
	{ BYTES("\x66\x0f\x05"), SCT_INSN_SYSCALL, 3, ONLY(SCT_MODE_32) | ONLY(SCT_MODE_64) },
	{ BYTES("\xf3\x0f\x05"), SCT_INSN_SYSCALL, 3, ONLY(SCT_MODE_32) | ONLY(SCT_MODE_64) },
	{ BYTES("\xf2\x0f\x34"), SCT_INSN_SYSENTER, 3, ALL },
	{ BYTES("\x67\x65\x66\xcd\x80"), SCT_INSN_INT80, 5, ALL },
	/* in 32-bit code 48 is an instruction of its own */
	{ BYTES("\x48\x0f\x05"), SCT_INSN_NONE, 1, ONLY(SCT_MODE_32) },
	/* others */
	{ BYTES("\xcd\x2e"), SCT_INSN_NONE, 2, ALL },
	{ BYTES("\xcd\x03"), SCT_INSN_NONE, 2, ALL },
	{ BYTES("\xcc"), SCT_INSN_NONE, 1, ALL },
	{ BYTES("\x0f\x07"), SCT_INSN_NONE, 2, ONLY(SCT_MODE_64) },
	{ BYTES("\x0f\x35"), SCT_INSN_NONE, 2, ALL },
	{ BYTES("\x90\x0f\x05"), SCT_INSN_NONE, 1, ALL },
	{ BYTES("\xb8\x0f\x05\xcd\x80"), SCT_INSN_NONE, 5, ONLY(SCT_MODE_32) | ONLY(SCT_MODE_64) },
	/* the bytes end inside an instruction, or are none */
	{ BYTES("\x0f"), SCT_INSN_NONE, 0, ALL },
	{ BYTES("\xcd"), SCT_INSN_NONE, 0, ALL },
	{ BYTES(""), SCT_INSN_NONE, 0, ALL },
	{ BYTES("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x0f\x05"), SCT_INSN_NONE, 0, ALL },
};

/* Twice: the second answer is the cache's. */
START_TEST(kinds_of_x86)
{
	for (unsigned round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
			for (enum sct_mode mode = SCT_MODE_16; mode <= SCT_MODE_64; mode++) {
				unsigned size = 99;
				enum sct_insn_kind kind;

				if (!(rows[i].modes >> mode & 1))
					continue;
				kind = sct_insn_kind(insn, mode, (const uint8_t *)rows[i].bytes, rows[i].len, &size);
				ck_assert_msg(kind == rows[i].kind && size == rows[i].size, "row %zu mode %d: kind %d size %u",
				              i, mode, kind, size);
			}
		}
	}
}
END_TEST

START_TEST(unknown_mode_is_no_answer)
{
	unsigned size = 99;

	ck_assert_int_eq(sct_insn_kind(insn, SCT_MODE_UNKNOWN, (const uint8_t *)"\xcd\x80", 2, &size), SCT_INSN_NONE);
	ck_assert_uint_eq(size, 0);
}
END_TEST

/* Many different bytes at the cache's few places: each answer is that of its own bytes. */
START_TEST(cache_never_mixes)
{
	uint8_t bytes[4] = { 0xcd, 0, 0, 0 };
	unsigned size;

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 65536; i++) {
			bytes[1] = (uint8_t)i;
			bytes[2] = (uint8_t)(i >> 8);
			ck_assert_int_eq(sct_insn_kind(insn, SCT_MODE_64, bytes, 3, &size) == SCT_INSN_INT80, bytes[1] == 0x80);
			ck_assert_uint_eq(size, 2);
		}
	}
}
END_TEST

/* Other architectures: bytes as they lie in memory. */
START_TEST(kinds_elsewhere)
{
	static const struct {
		const char *arch;
		enum sct_mode mode;
		const char *bytes;
		enum sct_insn_kind kind;
		unsigned size;
	} others[] = {
		{ "arm", SCT_MODE_ARM, "\0\0\0\xef", SCT_INSN_SVC, 4 },
		{ "arm", SCT_MODE_ARM, "\x04\0\x90\xef", SCT_INSN_SVC_OABI, 4 },
		{ "arm", SCT_MODE_ARM, "\0\0\0\x1f", SCT_INSN_NONE, 4 }, /* svcne */
		{ "arm", SCT_MODE_ARM, "\x07\x70\xa0\xe3", SCT_INSN_NONE, 4 },
		{ "arm", SCT_MODE_THUMB, "\0\xdf\0\xbf", SCT_INSN_SVC, 2 },
		{ "arm", SCT_MODE_THUMB, "\x07\xdf\0\xbf", SCT_INSN_SVC, 2 },
		{ "arm", SCT_MODE_THUMB, "\x4f\xf0\0\x0b", SCT_INSN_NONE, 4 },
		{ "arm", SCT_MODE_A64, "\x01\0\0\xd4", SCT_INSN_NONE, 0 }, /* of another architecture */
		{ "aarch64", SCT_MODE_A64, "\x01\0\0\xd4", SCT_INSN_SVC, 4 },
		{ "aarch64", SCT_MODE_A64, "\xe1\xff\x1f\xd4", SCT_INSN_SVC, 4 },
		{ "aarch64", SCT_MODE_A64, "\x1f\x20\x03\xd5", SCT_INSN_NONE, 4 },
		{ "mipsel", SCT_MODE_MIPS32, "\x0c\0\0\0", SCT_INSN_SYSCALL, 4 },
		{ "mipsel", SCT_MODE_MIPS32, "\x0c\x40\0\0", SCT_INSN_SYSCALL, 4 },
		{ "mipsel", SCT_MODE_MIPS32, "\x0d\0\0\0", SCT_INSN_NONE, 4 }, /* break */
	};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		struct sct_insn *in;
		struct sct_err err;
		unsigned size;

		ck_assert_int_eq(sct_insn_new(&in, sct_arch_find(others[i].arch), &err), 0);
		ck_assert_msg(sct_insn_kind(in, others[i].mode, (const uint8_t *)others[i].bytes, 4, &size) == others[i].kind,
		              "row %zu", i);
		ck_assert_msg(size == others[i].size, "row %zu: %u bytes", i, size);
		sct_insn_free(in);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("insn");
	TCase *t = tcase_create("insn");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, kinds_of_x86);
	tcase_add_test(t, kinds_elsewhere);
	tcase_add_test(t, unknown_mode_is_no_answer);
	tcase_add_test(t, cache_never_mixes);
	suite_add_tcase(s, t);
	return run_tests(s);
}
