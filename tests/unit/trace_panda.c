/* Tests of the reader of PANDA's trace and Tenet's text: what lines mean, versions of the format, damage, pieces.
 * In:  lines, some of them cut from real traces
 * Out: events, as text
 */
#include "../../formats/formats.h"

#include <check.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

/* A text that grows. */
struct text {
	char *s;
	size_t len, room;
};

static struct text got;  /* the events, one a line */
static struct text file; /* what is read */
static struct sct_trace_info info;
static struct sct_damage damage;
static struct sct_err err;
static uint64_t lines;   /* the first count */

static void add(struct text *t, const void *data, size_t len)
{
	if (t->len + len + 1 > t->room) {
		t->room = 2 * (t->len + len + 1);
		t->s = realloc(t->s, t->room);
		ck_assert_ptr_nonnull(t->s);
	}
	memcpy(t->s + t->len, data, len);
	t->len += len;
	t->s[t->len] = 0;
}

__attribute__((format(printf, 2, 3))) static void say(struct text *t, const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	ck_assert_int_lt(n, (int)sizeof line);
	add(t, line, (size_t)n);
}

static void setup(void)
{
	got.len = file.len = 0;
}

static void teardown(void)
{
	free(got.s);
	free(file.s);
	got = file = (struct text){ NULL, 0, 0 };
}

/* ---- events as text ----------------------------------------------------------------------------------------- */

static const char *reg_name(unsigned slot)
{
	for (const struct sct_reg *r = info.arch->regs; r->name; r++)
		if (r->index == slot)
			return r->name;
	return "?";
}

static void say_stores(const struct sct_event *e, const char *kind)
{
	for (uint32_t i = 0; i < e->len; i++) {
		const struct sct_store *s = &e->stores[i];

		if (e->kind == SCT_EV_ACCESSES)
			say(&got, "%llu ", (unsigned long long)e->seq + s->step);
		say(&got, "%s%llx:", s->read ? "mr=" : kind, (unsigned long long)s->addr);
		for (uint32_t k = 0; k < s->len; k++)
			say(&got, "%02x", s->data[k]);
		say(&got, "\n");
	}
}

static void say_event(const struct sct_event *e)
{
	unsigned long long addr = e->addr, value = e->value, seq = e->seq;

	switch (e->kind) {
	case SCT_EV_REG:
		say(&got, "%s=%llx\n", reg_name(e->reg), value);
		break;
	case SCT_EV_ACCESSES:
		say_stores(e, "mw=");
		break;
	case SCT_EV_STORES:
		say_stores(e, "device ");
		break;
	case SCT_EV_LOOSE:
		say(&got, "%llu at %llx %s%llx:", seq, value, e->reg ? "mr=" : "mw=", addr);
		add(&got, e->data, e->len);
		say(&got, "\n");
		break;
	case SCT_EV_INSN:
	case SCT_EV_USER:
		ck_assert_ptr_null(e->data);
		say(&got, "%s %llu %llx\n", e->kind == SCT_EV_INSN ? "insn" : "user", seq, addr);
		break;
	default:
		say(&got, "%s\n", e->kind == SCT_EV_GAP ? "gap" : "other");
	}
}

static int memory_file(const void *data, size_t size, char path[64])
{
	int fd = memfd_create("trace", 0);

	ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

/* Reads data as a trace; returns what opening it returned. */
static int read_data(const void *data, size_t size, const struct sct_trace_options *options)
{
	struct sct_event events[SCT_BATCH_MIN];
	struct sct_trace t;
	char path[64];
	int fd = memory_file(data, size, path), rc = sct_trace_open(&t, path, options, &err);

	close(fd);
	got.len = 0;
	add(&got, "", 0);
	if (rc < 0)
		return rc;
	info = *t.ops->info(t.state);
	while ((rc = t.ops->next(t.state, events, SCT_BATCH_MIN, &err)) > 0)
		for (int i = 0; i < rc; i++)
			say_event(&events[i]);
	damage = *t.ops->damage(t.state);
	lines = t.ops->counts(t.state)->count;
	sct_trace_close(&t);
	return rc;
}

static int read_text(const char *text)
{
	return read_data(text, strlen(text), &(struct sct_trace_options){ .threads = 1 });
}

/* Reads a sound trace. */
static void ck_events(const char *text, const char *expected)
{
	ck_assert_msg(read_text(text) == 0, "%s", err.text);
	ck_assert_str_eq(got.s, expected);
	ck_assert_msg(!damage.first.status, "%s", damage.first.text);
	ck_assert_uint_eq(damage.places, 0);
}

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

/* ---- a machine ---------------------------------------------------------------------------------------------- */

#define A "asid=0x02017000,"
#define USER A "kernel=0,"
#define KERNEL A "kernel=1,"

/* Lines 261486 and so on of a recording of Debian's i386 kernel: read(2) by sysenter, and the way back. */
START_TEST(enter_and_return)
{
	ck_events(USER "eip=0xb7fd6552,mw=bfd63c94:01000000,esp=0xbfd63c94\n"
	          USER "eip=0xb7fd6553,mw=bfd63c90:b83dd6bf,esp=0xbfd63c90\n"
	          USER "eip=0xb7fd6555,ebp=0xbfd63c90\n"
	          KERNEL "eip=0xc191a010,esp=0xff404000\n"
	          KERNEL "eip=0xc191a011,mw=ff403ffc:46000000,esp=0xff403ffc\n"
	          KERNEL "eip=0xc191a0f9,mr=ff403ffc:01000000,eax=0x1,esp=0xff404000\n"
	          KERNEL "eip=0xc191a0fa\n"
	          USER "eip=0xb7fd6559,esp=0xbfd63c90\n"
	          USER "eip=0xb7fd655a,mr=bfd63c90:b83dd6bf,esp=0xbfd63c94\n",
	          "cr3=2017000\n0 mw=bfd63c94:01000000\n0 mw=bfd63c90:b83dd6bf\n"
	          "esp=bfd63c90\nebp=bfd63c90\ninsn 2 b7fd6555\n"
	          "3 mw=ff403ffc:46000000\n4 mr=ff403ffc:01000000\neax=1\nuser 7 b7fd6559\n"
	          "7 mr=bfd63c90:b83dd6bf\n");
	ck_assert_str_eq(info.format, "panda");
	ck_assert(!info.user_mode && !info.every_insn);
	ck_assert_int_eq(info.shown, SCT_SHOWN_ALL);
	ck_assert_int_eq(info.level, SCT_LEVEL_FULL);
	ck_assert_ptr_eq(info.arch, &sct_arch_i386);
	ck_assert(info.first_pc.known);
	ck_assert_uint_eq(info.first_pc.value, 0xb7fd6552);
	ck_assert_uint_eq(lines, 9);
}
END_TEST

/* The CPU's own pushes stand in the line of the first kernel instruction: they come behind the instruction. */
START_TEST(pushes_of_entry)
{
	ck_events(USER "eip=0x8049095,eax=0x14\n"
	          KERNEL "eip=0xc1919e38,mw=ff403ffc:7b000000,mw=ff403ff8:602ad6bf,esp=0xff403fec\n"
	          USER "eip=0x8049097,mr=ff403fec:97900408,eax=0x66\n",
	          "cr3=2017000\neax=14\ninsn 0 8049095\n0 mw=ff403ffc:7b000000\n0 mw=ff403ff8:602ad6bf\n"
	          "1 mr=ff403fec:97900408\neax=66\nesp=ff403fec\nuser 2 8049097\n");
}
END_TEST

/* One instruction in user mode: it is returned to and enters again. */
START_TEST(one_instruction)
{
	ck_events(KERNEL "eip=0xc0000000,ebx=0x1\n" USER "eip=0x8049095\n" KERNEL "eip=0xc1919e38\n",
	          "cr3=2017000\nebx=1\nuser 1 8049095\ninsn 1 8049095\n");
}
END_TEST

/* Accesses happen where the line before was; registers that go back to what was told are not told again. */
START_TEST(address_spaces)
{
	ck_events("asid=0x02017000,kernel=1,eip=0xc0000000,eax=0x1\n"
	          "asid=0x02018000,kernel=1,eip=0xc0000003,mw=c0100000:11\n"
	          "asid=0x02018000,kernel=1,eip=0xc0000004,mw=c0100001:22,eax=0x2\n"
	          "asid=0x02018000,kernel=1,eip=0xc0000005,eax=0x1\n"
	          "asid=0x02017000,kernel=0,eip=0x8048000,mr=c0100002:33\n"
	          "asid=0x02017000,kernel=1,eip=0xc0000006,mw=c0100003:44\n"
	          "asid=0x02017000,kernel=0,eip=0x8048000\n",
	          "cr3=2017000\n0 mw=c0100000:11\ncr3=2018000\n1 mw=c0100001:22\n3 mr=c0100002:33\n"
	          "cr3=2017000\neax=1\nuser 4 8048000\ninsn 4 8048000\n4 mw=c0100003:44\nuser 6 8048000\n");
}
END_TEST

/* PANDA's buffer overflowed: accesses lie before the line's own start. */
START_TEST(overflow)
{
	ck_events(USER "eip=0x8048000\n"
	          "mw=c1c3bf18:00000000,mr=c1c3bf14:70da90c1,asid=0x02017000,kernel=1,eip=0xc191a2c2,esp=0xc1c3bf14\n"
	          USER "eip=0x8048002\n",
	          "cr3=2017000\ninsn 0 8048000\n0 mw=c1c3bf18:00000000\n0 mr=c1c3bf14:70da90c1\n"
	          "esp=c1c3bf14\nuser 2 8048002\n");
}
END_TEST

/* The shape of PANDA's README: 0x before addresses, registers among accesses; and 64 bits. */
START_TEST(shapes)
{
	ck_events("eax=0xc10343f0,asid=0x34c0ad20,kernel=0,eip=0xc17efb88,mw=0xc1b17f68:44000000,esp=0xc1b17f68\n"
	          "kernel=1,asid=0x34c0ad20,mr=0xc1b17f68:C4FFFFFF,eip=0xC17F0140\n",
	          "cr3=34c0ad20\n0 mw=c1b17f68:44000000\neax=c10343f0\nesp=c1b17f68\ninsn 0 c17efb88\n"
	          "0 mr=c1b17f68:c4ffffff\n");
	ck_events("asid=0x000000000a2be000,kernel=0,rip=0x7ffff7fc1234,rax=0xffffffffffffffff,r8=0x8,r15=0xf\n"
	          "asid=0x000000000a2be000,kernel=1,rip=0xffffffff81c00000,rcx=0x7ffff7fc1236,"
	          "mw=ffff88800f800000:00112233445566778899aabbccddeeff\n",
	          "cr3=a2be000\nrax=ffffffffffffffff\nr8=8\nr15=f\ninsn 0 7ffff7fc1234\n"
	          "0 mw=ffff88800f800000:00112233445566778899aabbccddeeff\n");
	ck_assert_ptr_eq(info.arch, &sct_arch_x86_64);
}
END_TEST

/* ---- one program -------------------------------------------------------------------------------------------- */

/* PANDA's trace with target=t1, from its beginning. */
START_TEST(process)
{
	ck_events("eip=0x8049613,eax=0xbfd62a60,ecx=0x0,esp=0xbfd62a58,ebp=0x0,esi=0x0,edi=0x0\n"
	          "eip=0x8049614,mw=bfd62a54:00000000,esp=0xbfd62a54\n"
	          "eip=0x804961e,mr=bfd62a5c:602ad6bf\n",
	          "eax=bfd62a60\necx=0\nesp=bfd62a58\nebp=0\nesi=0\nedi=0\ninsn 0 8049613\n"
	          "0 mw=bfd62a54:00000000\nesp=bfd62a54\ninsn 1 8049614\n"
	          "1 mr=bfd62a5c:602ad6bf\ninsn 2 804961e\n");
	ck_assert_str_eq(info.format, "tenet");
	ck_assert(info.user_mode && info.every_insn);
	ck_assert_int_eq(info.shown, SCT_SHOWN_PROGRAM);
}
END_TEST

/* Other tracers: the pc last or left out where it is the same, comments, CRLF, names in capitals, registers we do not keep. */
START_TEST(tenet)
{
	ck_events("# a trace\r\n\r\n"
	          "RAX=0x4,rbx=0x1e288060,rip=0x1401f6530\r\n"
	          "rip=0x1401f6535,mw=0xbae450:6080281E00000000\r\n"
	          "#\n"
	          "xmm0=0x00112233445566778899aabbccddeeff,mrw=0xbae458:0100,rbx=0X5\n",
	          "rax=4\nrbx=1e288060\ninsn 0 1401f6530\n0 mw=bae450:6080281e00000000\ninsn 1 1401f6535\n"
	          "1 mw=bae458:0100\nrbx=5\ninsn 2 1401f6535\n");
	ck_assert_uint_eq(lines, 3);
}
END_TEST

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
	ck_assert_str_eq(got.s + got.len - 19, "33\ninsn 1 2\ngap\ninsn 3 4\n" + 6);
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

/* ---- devices ------------------------------------------------------------------------------------------------ */

static void put_number(struct text *t, uint64_t n, size_t size)
{
	add(t, &n, size); /* little-endian, as the machines are that these tests run on */
}

/* An entry of the log: len bytes written to addr before instruction seq. */
static void put_write(struct text *log, uint64_t seq, uint64_t addr, uint32_t len)
{
	put_number(log, seq, 8);
	put_number(log, 6, 1); /* a skipped call */
	put_number(log, 0, 1);
	put_number(log, 0, 1); /* memory write */
	put_number(log, addr, 8);
	put_number(log, 0, 8);
	put_number(log, len, 8);
	for (uint32_t i = 0; i < len; i++)
		put_number(log, 0x41 + i % 26, 1);
}

/* Before the instruction that has their number: behind the line's accesses, before it is told. */
START_TEST(devices)
{
	const char *text = USER "eip=0x1\n" USER "eip=0x2,mw=10:aa\n" KERNEL "eip=0x3,mw=20:bb\n" USER "eip=0x4,mw=30:cc\n";
	struct sct_trace_options options = { .threads = 1, .hints.ram_size = 256 << 20 };
	struct text log = { NULL, 0, 0 };
	char path[64];
	int fd;

	put_number(&log, 4, 8);
	put_write(&log, 1, 0x1ffe, 4);
	put_write(&log, 3, 0x3000, 1);
	put_write(&log, 3, 0x3001, 1);
	put_write(&log, 9, 0x4000, 1);
	put_number(&log, 9, 8);
	put_number(&log, 7, 1); /* the end */
	put_number(&log, 0, 1);
	fd = memory_file(log.s, log.len, path);
	options.hints.nondet = path;
	ck_assert_msg(read_data(text, strlen(text), &options) == 0, "%s", err.text);
	ck_assert_str_eq(got.s, "cr3=2017000\n0 mw=10:aa\ndevice 1ffe:4142\ndevice 2000:4344\ninsn 1 2\n1 mw=20:bb\n"
	                 "2 mw=30:cc\ndevice 3000:41\ndevice 3001:41\nuser 3 4\n");
	ck_assert_msg(!damage.first.status, "%s", damage.first.text);
	close(fd);
	fd = memory_file(log.s, 60, path);
	ck_assert_msg(read_data(text, strlen(text), &options) == 0, "%s", err.text);
	ck_assert_ptr_nonnull(strstr(damage.first.text, "non-determinism log"));
	ck_assert_ptr_nonnull(strstr(got.s, "user 3 4"));
	close(fd);
	free(log.s);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trace_panda");
	TCase *c = tcase_create("all");
	SRunner *r;
	int failed;

	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, enter_and_return);
	tcase_add_test(c, pushes_of_entry);
	tcase_add_test(c, one_instruction);
	tcase_add_test(c, address_spaces);
	tcase_add_test(c, overflow);
	tcase_add_test(c, shapes);
	tcase_add_test(c, process);
	tcase_add_test(c, tenet);
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
	tcase_add_test(c, batches);
	tcase_add_test(c, devices);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
