/* Tests of the reader of QEMU's execlog plugin: what lines mean, and what a log is not believed.
 * In:  lines, some of them cut from real logs
 * Out: events, as text
 */
#include "../../formats/trace_execlog.h"

#include <check.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "suite.h"

static struct sct_trace_info info;
static struct sct_damage damage;
static struct sct_err err;
static uint64_t counts[8];
static char got[64 << 10];

static void add(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void add(const char *fmt, ...)
{
	size_t used = strlen(got);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(got + used, sizeof got - used, fmt, ap);
	va_end(ap);
}

static const char *reg_name(unsigned slot)
{
	for (const struct sct_reg *r = info.arch->regs; r->name; r++)
		if (r->index == slot)
			return r->name;
	return "?";
}

static void add_event(const struct sct_event *e)
{
	switch (e->kind) {
	case SCT_EV_REG: add("%s=%" PRIx64 "\n", reg_name(e->reg), e->value); return;
	case SCT_EV_THREAD: add("thread %" PRIu64 "\n", e->value); return;
	case SCT_EV_USER: add("user %" PRIu64 " %" PRIx64 "\n", e->seq, e->addr); return;
	case SCT_EV_GAP: add("gap\n"); return;
	}
	ck_assert_uint_eq(e->kind, SCT_EV_INSN);
	add("insn %" PRIu64 " %" PRIx64 " ", e->seq, e->addr);
	for (uint32_t i = 0; i < e->len; i++)
		add("%02x", e->data[i]);
	add("\n");
}

/* Reads text as a log; the events are in got. What opening returns. */
static int read_log(const char *text, const struct sct_arch *arch)
{
	const struct sct_trace_options options = { .threads = 1, .hints.arch = arch };
	struct sct_event events[SCT_BATCH_MIN];
	struct sct_trace t;
	char path[64];
	int n, rc, fd = memfd_create("log", 0);

	got[0] = 0;
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	rc = sct_trace_open(&t, path, &options, &err);
	close(fd);
	if (rc < 0)
		return rc;
	info = *t.ops->info(t.state);
	while ((n = t.ops->next(t.state, events, SCT_BATCH_MIN, &err)) > 0)
		for (int i = 0; i < n; i++)
			add_event(&events[i]);
	ck_assert_int_eq(n, 0);
	damage = *t.ops->damage(t.state);
	for (const struct sct_count *c = t.ops->counts(t.state); c->name; c++)
		counts[c - t.ops->counts(t.state)] = c->count;
	sct_trace_close(&t);
	return rc;
}

static void ck_log(const char *text, const char *want)
{
	ck_assert_msg(read_log(text, NULL) == 0, "%s", err.text);
	ck_assert_str_eq(got, want);
}

static void ck_sound(void)
{
	ck_assert_msg(!damage.first.status, "%s", damage.first.text);
	ck_assert_uint_eq(damage.places, 0);
}

/* ---- one program -------------------------------------------------------------------------------------------- */

/* The first lines of a static i386 program under QEMU 10, and a call further on. */
#define START                                                                            \
	"0, 0x8049b00, 0xed31, \"\"\n"                                                       \
	"0, 0x8049b02, 0x5e, \"\", load, 0x408008f0, esp -> 0x408008f4, esi -> 0x00000002\n" \
	"0, 0x8049b03, 0xe189, \"\", ecx -> 0x408008f4\n"                                    \
	"0, 0x8049b05, 0xf0e483, \"\", esp -> 0x408008f0\n"                                  \
	"0, 0x8049b08, 0x50, \"\", store, 0x408008ec, esp -> 0x408008ec\n"                   \
	"0, 0x8049b09, 0x19e8, \"\", store, 0x408008e8, esp -> 0x408008e8, eip -> 0x08049b27\n"
#define STARTED                                                                                      \
	"thread 0\ninsn 0 8049b00 31ed\ninsn 1 8049b02 5e\ninsn 2 8049b03 89e1\ninsn 3 8049b05 83e4f0\n" \
	"insn 4 8049b08 50\ninsn 5 8049b09 e819\n"

START_TEST(program)
{
	ck_log(START "0, 0x8049b27, 0x2db8, \"movl $45, %eax\", eax -> 0x0000002d\n"
	             "0, 0x8049b2c, 0x80cd, \"int $0x80\", eax -> 0x08244000, eip -> 0x08049b2e\n"
	             "0, 0x8049b2e, 0x90, \"nop\"\n",
	       STARTED "ecx=408008f4\nesp=408008e8\nesi=2\ninsn 6 8049b27 b82d\neax=2d\ninsn 7 8049b2c cd80\n"
	               "eax=8244000\ninsn 8 8049b2e 90\n");
	ck_sound();
	ck_assert_str_eq(info.format, "execlog");
	ck_assert_ptr_eq(info.arch, &sct_arch_i386);
	ck_assert(info.user_mode && info.every_insn && info.exact_threads);
	ck_assert_str_eq(info.thread_source, "vCPU");
	ck_assert_int_eq(info.shown, SCT_SHOWN_NONE);
	ck_assert(info.first_pc.known);
	ck_assert_uint_eq(info.first_pc.value, 0x8049b00);
	ck_assert_uint_eq(counts[0], 9);
}
END_TEST

/* Values of registers that are wider than any that is kept, and of those that are not. */
START_TEST(other_registers)
{
	ck_log(START "0, 0x8049b27, 0x90, \"\", xmm0 -> 0x00112233445566778899aabbccddeeff, mxcsr -> 0x00001f80\n",
	       STARTED "ecx=408008f4\nesp=408008e8\nesi=2\ninsn 6 8049b27 90\n");
	ck_sound();
}
END_TEST

START_TEST(threads)
{
	ck_log(START "1, 0x8050000, 0x5e, \"\", load, 0x40900000, esp -> 0x40900004, esi -> 0x00000007\n"
	             "0, 0x8049b27, 0x90, \"\"\n"
	             "1, 0x8050001, 0x90, \"\"\n",
	       STARTED "thread 1\ninsn 6 8050000 5e\necx=408008f4\nesp=408008e8\nesi=2\ninsn 7 8049b27 90\n"
	               "esp=40900004\nesi=7\ninsn 8 8050001 90\n");
	ck_sound();
}
END_TEST

/* A signal: the line itself says where the next one is. */
START_TEST(signal)
{
	ck_log(START "0, 0x8049b27, 0x90, \"\", esp -> 0x40800000, eip -> 0x08051000\n"
	             "0, 0x8051000, 0x90, \"\"\n",
	       STARTED "ecx=408008f4\nesp=408008e8\nesi=2\ninsn 6 8049b27 90\nesp=40800000\ninsn 7 8051000 90\n");
	ck_sound();
}
END_TEST

/* QEMU 7.2 tells of no registers, and takes bytes behind short instructions from elsewhere. */
START_TEST(version_7)
{
	const char *text = "0, 0x8049b02, 0xe1895e5e, \"popl %esi\", load, 0x408008f0\n"
					   "0, 0x8049b03, 0x50f7e189, \"movl %esp, %ecx\"\n"
					   "0, 0x8049b05, 0x123480cd, \"int $0x80\"\n"
					   "0, 0x8049b07, 0xf0e483, \"andl $-0x10, %esp\"\n";

	ck_assert_int_eq(read_log(text, NULL), SCT_E_USAGE);
	ck_assert_int_eq(read_log(text, &sct_arch_i386), 0);
	ck_assert_str_eq(got, "thread 0\ninsn 0 8049b02 5e\ninsn 1 8049b03 89\ninsn 2 8049b05 cd80\ninsn 3 8049b07 83\n");
	ck_sound();
}
END_TEST

/* ---- logs that leave things out ------------------------------------------------------------------------------ */

#define KNOWN "ecx=408008f4\nesp=408008e8\nesi=2\ninsn 6 8049b27 90\n"

static void ck_distrusted(const char *text, const char *want, const char *cause)
{
	ck_log(text, want);
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_msg(strstr(damage.first.text, cause), "%s", damage.first.text);
}

START_TEST(filtered)
{
	ck_distrusted(START "0, 0x8049b27, 0x90, \"\", eax -> 0x00000001\n"
	                    "0, 0x8049b40, 0x90, \"\", eax -> 0x00000002\n"
	                    "0, 0x8049b41, 0x90, \"\"\n",
	              STARTED KNOWN "gap\ninsn 7 8049b40 90\ninsn 8 8049b41 90\n", "lines are missing");
	/* a return leads anywhere, but the program counter says where */
	ck_distrusted(START "0, 0x8049b27, 0xc3, \"\", esp -> 0x408008ec, eip -> 0x08049b0e\n"
	                    "0, 0x8049c00, 0x90, \"\"\n",
	              STARTED "ecx=408008f4\nesp=408008e8\nesi=2\ninsn 6 8049b27 c3\ngap\ninsn 7 8049c00 90\n",
	              "lines are missing");
}
END_TEST

START_TEST(register_filter)
{
	ck_distrusted(START "0, 0x8049b27, 0x90, \"\"\n"
	                    "0, 0x8049b28, 0x016a, \"pushl $1\", store, 0x408008e4\n"
	                    "0, 0x8049b2a, 0x90, \"\", eax -> 0x00000001\n"
	                    "0, 0x8049b2b, 0x90, \"\"\n",
	              STARTED KNOWN "insn 7 8049b28 6a01\ngap\ninsn 8 8049b2a 90\ninsn 9 8049b2b 90\n", "rdisas");
}
END_TEST

/* fork() by int 0x80: the child's lines may follow. One that fails makes none, nor does a thread. */
START_TEST(forks)
{
	ck_distrusted(START "0, 0x8049b27, 0x02b8, \"\", eax -> 0x00000002\n"
	                    "0, 0x8049b2c, 0x80cd, \"\", eax -> 0x00001234, eip -> 0x08049b2e\n"
	                    "0, 0x8049b2e, 0x90, \"\"\n",
	              STARTED "ecx=408008f4\nesp=408008e8\nesi=2\ninsn 6 8049b27 b802\neax=2\ninsn 7 8049b2c cd80\n"
	                      "gap\ninsn 8 8049b2e 90\n",
	              "two processes");
	ck_log(START "0, 0x8049b27, 0x02b8, \"\", eax -> 0x00000002\n"
	             "0, 0x8049b2c, 0x80cd, \"\", eax -> 0xfffffff5, eip -> 0x08049b2e\n"
	             "0, 0x8049b2e, 0x90, \"\"\n",
	       STARTED "ecx=408008f4\nesp=408008e8\nesi=2\ninsn 6 8049b27 b802\neax=2\ninsn 7 8049b2c cd80\n"
	               "eax=fffffff5\ninsn 8 8049b2e 90\n");
	ck_sound();
	ck_log(START "0, 0x8049b27, 0x78b8, \"\", eax -> 0x00000078\n"
	             "0, 0x8049b2c, 0xbb, \"\", ebx -> 0x003d0f00\n"
	             "0, 0x8049b31, 0x80cd, \"\", eax -> 0x00001234, eip -> 0x08049b33\n"
	             "0, 0x8049b33, 0x90, \"\"\n",
	       STARTED "ecx=408008f4\nesp=408008e8\nesi=2\ninsn 6 8049b27 b878\neax=78\ninsn 7 8049b2c bb\n"
	               "ebx=3d0f00\ninsn 8 8049b31 cd80\neax=1234\ninsn 9 8049b33 90\n");
	ck_sound();
}
END_TEST

/* Without the program counter nothing shows whether lines are missing. */
START_TEST(no_program_counter)
{
	ck_log("0, 0x8049b02, 0x5e, \"\", load, 0x408008f0, esp -> 0x408008f4, esi -> 0x00000002\n"
	       "0, 0x8049b03, 0x80cd, \"\"\n",
	       "thread 0\ninsn 0 8049b02 5e\ninsn 1 8049b03 cd80\n");
	ck_sound();
}
END_TEST

/* ---- damage ------------------------------------------------------------------------------------------------- */

START_TEST(bad_lines)
{
	static const char *const bad[] = {
		"0, 0x8049b27, 0x90, \"\", eax -> 0x0000000201, 0x8049b27, 0x90, \"\"", /* two threads at once */
		"0, 0x8049b27, 0x90, \"\", eax -> 0x02",                                /* not its size */
		"0, 0x8049b27, 0x90, \"\", load, 408008f0",
		"0, 0x8049b27, 0x90",
		"",
		"0, 0x108049b27, 0x90, \"\"",
		"5000, 0x8049b27, 0x90, \"\"",
	};
	char text[2000];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(text, sizeof text,
		         START "%s\n0, 0x8049b28, 0x90, \"\", eax -> 0x00000003\n"
		               "0, 0x8049b29, 0x90, \"\"\n",
		         bad[i]);
		ck_assert_int_eq(read_log(text, NULL), 0);
		ck_assert_msg(damage.places == 1 && damage.first.status == SCT_E_FORMAT, "line %zu", i);
		ck_assert_uint_eq(damage.first.offset, sizeof START - 1);
		ck_assert_msg(strstr(got, "gap\n"), "line %zu", i);
		ck_assert_msg(!strncmp(strstr(got, "eax"), "eax=3\ninsn", 10), "line %zu: %s", i, got);
		ck_assert_msg(strstr(got, "insn 8 8049b29"), "line %zu: %s", i, got); /* it counts as an instruction */
	}
}
END_TEST

START_TEST(cut_off)
{
	ck_log(START "0, 0x8049b27, 0x90, \"\"\n0, 0x8049b28, 0x90", STARTED KNOWN "gap\n");
	ck_assert(damage.truncated);
	ck_assert_int_eq(damage.first.status, SCT_E_TRUNCATED);
}
END_TEST

START_TEST(long_line)
{
	char *text = calloc(1, 10 << 20);

	strcpy(text, START);
	memset(text + strlen(text), 'x', 9 << 20);
	strcat(text, "\n0, 0x8049b28, 0x90, \"\"\n");
	ck_log(text, STARTED "gap\nthread 0\ninsn 6 8049b28 90\n");
	ck_assert_uint_eq(damage.places, 1);
	free(text);
}
END_TEST

/* ---- a machine ---------------------------------------------------------------------------------------------- */

/* Calls of user code, which is told apart by the code segment. */
START_TEST(machine)
{
	ck_log("0, 0xc1000000, 0x90, \"\", load, 0x01000000, RAM\n"
	       "0, 0xc1000001, 0xcf, \"iretl\", load, 0x01000000, RAM, cs -> 0x00000073, esp -> 0xbf000000, "
	       "eip -> 0x08048000\n"
	       "0, 0x8048000, 0x04b8, \"movl $4, %eax\", eax -> 0x00000004\n"
	       "0, 0x8048005, 0x80cd, \"int $0x80\", esp -> 0xc2000000, eip -> 0xc1000010, cs -> 0x00000060, "
	       "store, 0x02000000, RAM, store, 0x000b8000, vga-lowmem\n"
	       "0, 0xc1000010, 0x80cd, \"int $0x80\", eax -> 0x00000001\n"
	       "0, 0xc1000012, 0xcf, \"iretl\", cs -> 0x00000073, esp -> 0xbf000000, eip -> 0x08048007\n"
	       "0, 0x8048007, 0x90, \"nop\"\n",
	       "esp=bf000000\ncs=73\nuser 2 8048000\neax=4\ninsn 3 8048005 cd80\n"
	       "eax=1\nesp=bf000000\ncs=73\nuser 6 8048007\n");
	ck_sound();
	ck_assert(!info.user_mode && !info.every_insn && !info.exact_threads);
	ck_assert_uint_eq(counts[1], 3);
}
END_TEST

/* The lines of a page that several processes have mapped bear the address that the first had; eip has the real one, as
 * a block begins: here 0xb7f46550 instead of 0xb7f6b550, and behind it as far away. */
START_TEST(machine_places)
{
	ck_log("0, 0xc1932447, 0xcf, \"iretl\", load, 0x01000000, RAM, cs -> 0x00000073, esp -> 0xbf000000, "
	       "eip -> 0xb7f46550\n"
	       "0, 0xb7f6b550, 0x51, \"pushl %ecx\", store, 0x02000000, RAM, esp -> 0xbefffffc\n"
	       "0, 0xb7f6b551, 0xe589, \"movl %esp, %ebp\", ebp -> 0xbefffffc\n"
	       "0, 0xb7f6b553, 0x340f, \"sysenter\", cs -> 0x00000060, esp -> 0xc2000000, eip -> 0xc1932240\n"
	       "0, 0xc1932240, 0x350f, \"sysexitl\", cs -> 0x00000073, esp -> 0xbefffffc, eip -> 0xb7f46555\n"
	       "0, 0xb7f6b555, 0x59, \"popl %ecx\", esp -> 0xbf000000, eip -> 0xb7f46556\n"
	       "0, 0x804b557, 0x59, \"popl %ecx\", esp -> 0xbf000004\n",
	       "esp=bf000000\ncs=73\nuser 1 b7f46550\nesp=befffffc\nebp=befffffc\ninsn 3 b7f46553 0f34\n"
	       "esp=befffffc\ncs=73\nuser 5 b7f46555\ngap\n");
	ck_assert(strstr(damage.first.text, "lines are missing"));
}
END_TEST

/* Where registers are left out, so may be the code segment. */
START_TEST(machine_register_filter)
{
	ck_log("0, 0xc1932447, 0xcf, \"iretl\", load, 0x01000000, RAM, cs -> 0x00000073, esp -> 0xbf000000, "
	       "eip -> 0x08048000\n"
	       "0, 0x8048000, 0x016a, \"pushl $1\", store, 0x02000000, RAM\n"
	       "0, 0x8048002, 0x80cd, \"int $0x80\"\n"
	       "0, 0x8048004, 0x80cd, \"int $0x80\"\n",
	       "esp=bf000000\ncs=73\nuser 1 8048000\ngap\n");
	ck_assert(strstr(damage.first.text, "rdisas"));
	ck_assert_uint_eq(counts[3], 2);
}
END_TEST

/* A kernel that runs on and on. */
START_TEST(machine_kernel)
{
	char *text = calloc(1, 1 << 20), *at = text;

	at += sprintf(at, "0, 0xc1000000, 0x90, \"\", load, 0x01000000, RAM\n");
	for (int i = 0; i < 5000; i++)
		at += sprintf(at, "0, 0xc1000001, 0x90, \"\"\n");
	sprintf(at, "0, 0xc1000001, 0xcf, \"\", cs -> 0x00000073, esp -> 0xbf000000, eip -> 0x08048000\n"
	            "0, 0x8048000, 0x90, \"\"\n");
	ck_log(text, "esp=bf000000\ncs=73\nuser 5002 8048000\n");
	ck_sound();
	free(text);
}
END_TEST

/* An instruction may be the first in user mode and enter the kernel. Real mode has other code segments. */
START_TEST(machine_modes)
{
	ck_log("0, 0xc1000001, 0xcf, \"iretl\", load, 0x01000000, RAM, cs -> 0x00000073, esp -> 0xbf000000, "
	       "eip -> 0x08048000\n"
	       "0, 0x8048000, 0x80cd, \"\", cs -> 0x00000060, cr0 -> 0x00000010, cs -> 0x00000073, eip -> 0x00001000\n"
	       "0, 0x1000, 0x80cd, \"\"\n",
	       "esp=bf000000\ncs=73\nuser 1 8048000\ninsn 1 8048000 cd80\n");
	ck_sound();
}
END_TEST

/* Without the code segment the mode is not known. */
START_TEST(machine_unknown)
{
	ck_log("0, 0x8048000, 0x80cd, \"int $0x80\", load, 0x01000000, RAM, eax -> 0x00000001\n", "");
	ck_assert_uint_eq(counts[3], 1);
	ck_assert_int_eq(damage.first.status, SCT_E_UNSUPPORTED);
}
END_TEST

/* ---- lengths of instructions --------------------------------------------------------------------------------- */

START_TEST(lengths)
{
	static const struct {
		uint8_t bytes[4];
		uint8_t in_32, in_64; /* 0: the bytes do not tell */
	} insns[] = {
		{ { 0x90 }, 1, 1 },                    /* nop */
		{ { 0x31, 0xed }, 2, 2 },              /* xor ebp, ebp */
		{ { 0x8b, 0x44, 0x24, 0x08 }, 4, 4 },  /* mov eax, [esp+8] */
		{ { 0x8b, 0x04, 0x25, 0x78 }, 7, 7 },  /* mov eax, [disp32] by SIB */
		{ { 0x8b, 0x05, 0x78, 0x56 }, 6, 6 },  /* mov eax, [disp32] */
		{ { 0xb8, 0x04, 0x00, 0x00 }, 5, 5 },  /* mov eax, 4 */
		{ { 0x66, 0xb8, 0x04, 0x00 }, 4, 4 },  /* mov ax, 4 */
		{ { 0x48, 0xb8, 0x04, 0x00 }, 1, 10 }, /* dec eax; movabs rax, 4 */
		{ { 0xa1, 0x00, 0x00, 0x00 }, 5, 9 },  /* mov eax, [address] */
		{ { 0xc7, 0x45, 0xfc, 0x00 }, 7, 7 },  /* mov dword [ebp-4], 0 */
		{ { 0xf7, 0xc1, 0x00, 0x00 }, 6, 6 },  /* test ecx, 0 */
		{ { 0xf7, 0xd9 }, 2, 2 },              /* neg ecx */
		{ { 0x0f, 0x84, 0x00, 0x00 }, 6, 6 },  /* je */
		{ { 0x0f, 0xb6, 0x45, 0xff }, 4, 4 },  /* movzx eax, byte [ebp-1] */
		{ { 0x65, 0xff, 0x15, 0x10 }, 7, 7 },  /* call gs:[0x10] */
		{ { 0xc8, 0x10, 0x00, 0x00 }, 4, 4 },  /* enter */
		{ { 0xc4, 0x44, 0x24, 0x08 }, 4, 0 },  /* les; VEX */
		{ { 0xc5, 0xf8, 0x77 }, 3, 3 },        /* vzeroupper */
		{ { 0x66, 0x66, 0x2e, 0x0f }, 0, 0 },  /* a long nop */
		{ { 0x66, 0x0f, 0x3a, 0x0f }, 0, 0 },  /* palignr */
	};

	for (size_t i = 0; i < sizeof insns / sizeof *insns; i++) {
		ck_assert_msg(sct_el_length(insns[i].bytes, false) == insns[i].in_32, "%zu", i);
		ck_assert_msg(sct_el_length(insns[i].bytes, true) == insns[i].in_64, "%zu", i);
	}
}
END_TEST

/* ---- which architecture -------------------------------------------------------------------------------------- */

START_TEST(architectures)
{
	ck_assert_int_eq(read_log("0, 0x38778, 0xbc02, \"\", load, 0x408008f0, r1 -> 0x00000002\n", NULL),
	                 SCT_E_UNSUPPORTED);
	ck_assert(strstr(err.text, "arm"));
	ck_assert_int_eq(read_log("0, 0x4000001000, 0xe789, \"\"\n", NULL), 0);
	ck_assert_ptr_eq(info.arch, &sct_arch_x86_64);
	ck_assert_int_eq(read_log("0, 0x401000, 0xe789, \"\", load, 0x10000000, rdi -> 0x0000000000000001\n", NULL), 0);
	ck_assert_ptr_eq(info.arch, &sct_arch_x86_64);
	ck_assert_int_eq(read_log("0, 0x401000, 0xe789, \"\"\n", NULL), SCT_E_USAGE);
	ck_assert(strstr(err.text, "--profile"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trace_execlog");
	TCase *c = tcase_create("trace_execlog");

	suite_add_tcase(s, c);
	tcase_add_test(c, program);
	tcase_add_test(c, other_registers);
	tcase_add_test(c, threads);
	tcase_add_test(c, signal);
	tcase_add_test(c, version_7);
	tcase_add_test(c, filtered);
	tcase_add_test(c, register_filter);
	tcase_add_test(c, forks);
	tcase_add_test(c, no_program_counter);
	tcase_add_test(c, bad_lines);
	tcase_add_test(c, cut_off);
	tcase_add_test(c, long_line);
	tcase_add_test(c, machine);
	tcase_add_test(c, machine_places);
	tcase_add_test(c, machine_register_filter);
	tcase_add_test(c, machine_kernel);
	tcase_add_test(c, machine_modes);
	tcase_add_test(c, machine_unknown);
	tcase_add_test(c, lengths);
	tcase_add_test(c, architectures);
	return run_tests(s);
}
