/* Tests of the reader of PANDA's trace and Tenet's text: versions of the format, damage, pieces and batches.
 * In:  lines
 * Out: events, as text; damage
 */
#include "panda_text.h"

#include <zstd.h>

#include "suite.h"

/* Reads one that has damage of that many places, the first at offset with that cause. */
static void ck_damaged(const char *text, const char *expected, uint64_t places, uint64_t offset, const char *cause)
{
	ck_assert_msg(read_text(text) == 0, "%s", err.text);
	ck_assert_str_eq(got.s, expected);
	ck_assert_uint_eq(damage.places, places);
	ck_assert_uint_eq(damage.first.offset, offset);
	ck_assert_msg(strstr(damage.first.text, cause), "%s", damage.first.text);
}

static void ck_refused(const char *text, int status, const char *cause)
{
	ck_assert_int_eq(read_text(text), status);
	ck_assert_msg(strstr(err.text, cause), "%s", err.text);
}

/* ---- versions ----------------------------------------------------------------------------------------------- */

START_TEST(loose)
{
	ck_events(KERNEL "eip=0xc17efb88,eax=0x1,mw=0xc1b17f68:44000\n"
	          KERNEL "eip=0xc17f0140,mr=0xc1b17f68:C4ffffff,mw=0xc1b17f64:e0000\n"
	          USER "eip=0x8048000\n",
	          "cr3=2017000\n0 at ffffffffffffffff mw=c1b17f68:44000\n0 at c17efb88 mr=c1b17f68:C4ffffff\n"
	          "0 at c17efb88 mw=c1b17f64:e0000\neax=1\nuser 2 8048000\n");
}
END_TEST

/* An odd number of digits behind the first piece: what came before it cannot be trusted. */
START_TEST(loose_later)
{
	const char *first = KERNEL "eip=0xc17efb88,mw=c1b17f68:4400\n";
	unsigned count = (2 << 20) / 57;
	size_t len;
	char expected[200];

	for (unsigned i = 0; i < count; i++)
		add(&file, first, strlen(first));
	len = file.len;
	say(&file, KERNEL "eip=0xc17efb89,mw=c1b17f68:440\n" KERNEL "eip=0xc17efb8a,mw=c1b17f68:4400\n" USER "eip=0x1\n");
	snprintf(expected, sizeof expected, "gap\ncr3=2017000\n%u at ffffffffffffffff mw=c1b17f68:440\n"
	         "%u at c17efb89 mw=c1b17f68:4400\nuser %u 1\n", count - 1, count, count + 2);
	ck_assert_int_eq(read_text(file.s), 0);
	ck_assert_str_eq(strstr(got.s, "gap"), expected);
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_uint_eq(damage.first.offset, len);
	ck_assert_ptr_nonnull(strstr(damage.first.text, "leading zeros"));
}
END_TEST

START_TEST(several_instructions)
{
	ck_refused(KERNEL "eip=0xc17f0140,mw=c1b17f68:0400,esp=0xc1b17f68,mw=c1b17f64:0000,esp=0xc1b17f64\n",
	           SCT_E_UNSUPPORTED, "several instructions");
	ck_assert_uint_eq(err.offset, 93);
}
END_TEST

START_TEST(other_architectures)
{
	const struct sct_trace_options amd64 = { .threads = 1, .hints.arch = &sct_arch_x86_64 };
	const struct sct_trace_options nondet = { .threads = 1, .hints.nondet = "/nonexistent" };
	const char *text = "eip=0x8049613\n";

	ck_refused("x0=0x1,x1=0x2,pc=0x400000\n", SCT_E_UNSUPPORTED, "aarch64");
	ck_refused("r0=0x1,pc=0x400000\n", SCT_E_UNSUPPORTED, "arm");
	ck_assert_int_eq(read_data(text, strlen(text), &amd64), SCT_E_USAGE);
	ck_assert_str_eq(err.text, "the trace is of i386, not of x86_64");
	ck_assert_int_eq(read_data(text, strlen(text), &nondet), SCT_E_USAGE);
}
END_TEST

START_TEST(foreign)
{
	static const char *const texts[] = {
		"hello\n", "\n\n\n", "#\n", "eax=0x1\n", "eip=0x1", "eip = 0x1\n", "EIP=00000000 EFL=00000002 [-------]\n",
		"0: 0x401000, 0x90, \"nop\"\n",
	};

	for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
		ck_refused(texts[i], SCT_E_FORMAT, "not a recording");
}
END_TEST

/* ---- damage ------------------------------------------------------------------------------------------------- */

/* Each of these in the place of a line: no entry is told across it, registers are unknown behind it. */
START_TEST(bad_lines)
{
	static const char *const bad[] = {
		"garbage", "asid", "=", ",", "asid=0x02017000,", A, USER, A "kernel=2,eip=0x1", A "kernel=,eip=0x1",
		"asid=0x102017000,kernel=0,eip=0x1", USER "eip=0x100000000", USER "eip=0x12345678123456781", USER "eip=0x",
		USER "eip=0x1,", USER "eip=0x1,eax=0x100000000", USER "eip=0x1,eax=", USER "eip=0x1,eax=0x1 ",
		USER "eip=0x1,mw=100:", USER "eip=0x1,mw=100", USER "eip=0x1,mw=:00", USER "eip=0x1,mw=100:0g",
		USER "eip=0x1,mw=100:00,mr=100000000:11", USER "eip=0x1\r\r", USER "eip=0x1;eax=0x2", USER "eax=0x1",
		"eip=0x1,eax=0x1", A "eip=0x1", "kernel=1,eip=0x1", A USER "eip=0x1", USER "eip=0x1,eip=0x2",
		USER "eip=0x1,eax=0x1,eax=0x2", USER "eip=0x1,\x80=0x1", USER "eip=0x1,=0x1", USER "eip=0x1,e\xe1x=0x1",
		KERNEL "eip=0x1,mw=100:00,eax=0x1x",
	};

	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
		bool twice = strstr(bad[i], "eax=0x1,eax") != NULL;

		file.len = 0;
		say(&file, USER "eip=0x8048000,eax=0x7,mw=c0000000:11\n%s\n" KERNEL "eip=0xc0000000,ebx=0x1\n"
		    USER "eip=0x8048002,ecx=0x2\n", bad[i]);
		if (twice) {
			ck_refused(file.s, SCT_E_UNSUPPORTED, "several");
			continue;
		}
		ck_damaged(file.s, "cr3=2017000\n0 mw=c0000000:11\ngap\ncr3=2017000\necx=2\nebx=1\nuser 3 8048002\n", 1, 62,
		           "line 2: ");
		ck_assert_uint_eq(damage.bytes, strlen(bad[i]) + 1);
	}
}
END_TEST

/* Many bad lines in a row are one place; a 32-bit register is no part of a 64-bit trace. */
START_TEST(bad_stretch)
{
	ck_damaged("rip=0x1,rax=0x1\nasid=0x1,rip=0x2\neax=0x3,rip=0x4\nx\nrip=0x5\nkernel=0,rip=0x6\nrbx=0x7\n",
	           "rax=1\ninsn 0 1\ngap\ninsn 4 5\ngap\n", 2, 16, "line 2: asid or kernel");
	ck_assert_uint_eq(damage.bytes, 17 + 16 + 2 + 17);
}
END_TEST

START_TEST(cut_short)
{
	ck_damaged("eip=0x8049613,eax=0x1\neip=0x8049614,eax=0x12", "eax=1\ninsn 0 8049613\n", 0, 22, "inside a line");
	ck_assert(damage.truncated);
	ck_assert_int_eq(damage.first.status, SCT_E_TRUNCATED);
	ck_assert_uint_eq(damage.bytes, 22);
}
END_TEST

/* A line of 60,000 bytes is read, one of 70,000 is not. */
START_TEST(long_lines)
{
	say(&file, "eip=0x1\neip=0x2");
	while (file.len < 60000)
		say(&file, ",mw=1000:00112233");
	say(&file, "\neip=0x3,mw=1000:");
	for (size_t start = file.len; file.len - start < 70000;)
		say(&file, "00112233");
	say(&file, "\neip=0x4\n");
	ck_assert_int_eq(read_text(file.s), 0);
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_uint_gt(damage.bytes, 70000);
	ck_assert_str_eq(strstr(got.s, "gap"), "gap\ninsn 3 4\n");
	ck_assert_ptr_nonnull(strstr(damage.first.text, "65536"));
}
END_TEST

/* ---- pieces and batches ------------------------------------------------------------------------------------- */

/* The text in compressed frames of `size` bytes behind a first one of 4096. */
static struct text framed(const struct text *text, size_t size)
{
	struct text out = { NULL, 0, 0 };
	char *frame = malloc(ZSTD_compressBound(4096 + size));

	for (size_t at = 0, n = 4096; at < text->len; at += n, n = size) {
		if (n > text->len - at)
			n = text->len - at;
		add(&out, frame, ZSTD_compress(frame, ZSTD_compressBound(4096 + size), text->s + at, n, 1));
	}
	free(frame);
	return out;
}

/* A trace that has all shapes, of so many lines. */
static void make_trace(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (i % 7 == 3)
			say(&file, "mw=%x:%08x,", i, i);
		say(&file, "asid=0x%08x,kernel=%u,eip=0x%x", i / 50 * 4096, i / 5 % 2, 0x1000 + i);
		for (unsigned k = 0; k < i % 4; k++)
			say(&file, ",mr=%x:%0*x", i * 64 + k, 2 << k, k);
		say(&file, i % 3 ? ",eax=0x%x,ebx=0x0%s" : "%.0d%s", i, i % 11 ? "\n" : "\r\n");
		if (i % 13 == 0)
			say(&file, "# comment\nx\n");
	}
}

START_TEST(pieces)
{
	char *plain;

	make_trace(400);
	ck_assert_int_eq(read_text(file.s), 0);
	plain = strdup(got.s);
	ck_assert_uint_gt(strlen(plain), 10000);
	for (size_t size = 1; size < 400; size += 1 + size / 8) {
		struct text packed = framed(&file, size);

		for (unsigned threads = 1; threads <= 2; threads++) {
			ck_assert_int_eq(read_data(packed.s, packed.len, &(struct sct_trace_options){ .threads = threads }), 0);
			ck_assert_str_eq(got.s, plain);
		}
		free(packed.s);
	}
	free(plain);
}
END_TEST

/* A frame in the middle is damaged: what stands before and behind it is told, but for the lines that lie across. */
START_TEST(damaged_frame)
{
	struct text packed, whole;
	const char *at;

	for (unsigned i = 0; i < 2000; i++)
		say(&file, "eip=0x%x,eax=0x%x\n", 0x1000 + i, i);
	whole = framed(&file, 4096);
	file.len = file.len / 4096 / 2 * 4096;
	packed = framed(&file, 4096);
	whole.s[packed.len] ^= 0x55;
	ck_assert_int_eq(read_data(whole.s, whole.len, &(struct sct_trace_options){ .threads = 1 }), 0);
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_uint_eq(damage.first.offset, packed.len);
	ck_assert(!damage.truncated);
	ck_assert(!strncmp(got.s, "eax=0\ninsn 0 1000\neax=1\ninsn 1 1001\n", 36));
	at = strstr(got.s, "gap\neax=");
	ck_assert_ptr_nonnull(at);
	ck_assert_ptr_null(strstr(at + 1, "gap"));
	ck_assert_ptr_nonnull(strstr(at, " 17cf\n"));
	free(whole.s);
	free(packed.s);
}
END_TEST

/* More accesses than a batch holds, over more instructions than a step counts: all are told, each with its own. */
START_TEST(batches)
{
	const char *at;

	say(&file, KERNEL "eip=0x1\n");
	for (unsigned i = 1; i < 150000; i++)
		say(&file, i % 30000 && i % 7 ? KERNEL "eip=0x2\n" : KERNEL "eip=0x2,mw=%x:%08x,mr=c0000000:00\n", i, i);
	ck_assert_int_eq(read_text(file.s), 0);
	ck_assert_uint_eq(lines, 150000);
	at = strchr(got.s, '\n') + 1;
	for (unsigned i = 1; i < 150000; i++) {
		char expected[80];
		int n;

		if (i % 30000 && i % 7)
			continue;
		n = snprintf(expected, sizeof expected, "%u mw=%x:%08x\n%u mr=c0000000:00\n", i - 1, i, i, i - 1);
		ck_assert_msg(!strncmp(at, expected, (size_t)n), "%.80s instead of %s", at, expected);
		at += n;
	}
	ck_assert_str_eq(at, "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trace_panda_damage");
	TCase *c = tcase_create("all");

	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, loose);
	tcase_add_test(c, loose_later);
	tcase_add_test(c, several_instructions);
	tcase_add_test(c, other_architectures);
	tcase_add_test(c, foreign);
	tcase_add_test(c, bad_lines);
	tcase_add_test(c, bad_stretch);
	tcase_add_test(c, cut_short);
	tcase_add_test(c, long_lines);
	tcase_add_test(c, pieces);
	tcase_add_test(c, damaged_frame);
	tcase_add_test(c, batches);
	suite_add_tcase(s, c);
	return run_tests(s);
}
