/* Tests of what the recorder asks of an operating system: the descriptors that a call is given and that it leaves.
 *
 * In:  calls of an x86_64 guest by hand: registers, memory
 * Out: numbers of descriptors, in the order in which they were asked for
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../../src/record/capture.h"
#include "suite.h"

/* numbers of x86_64 */
enum { WRITE = 1, POLL = 7, PIPE = 22 };

enum { STUB = 0x401000, BEHIND = STUB + 2, STACK = 0x7f0000, TEXT = 0x500000, PAGE = 4096 };

/* The registers of the dictionary. */
enum { RAX, RDI, RSI, RDX, RSP, CR3, CS, EFER, REGS };

static const struct {
	const char *name;
	uint64_t value;
} registers[REGS] = {
	{ "eax", 0 }, { "edi", TEXT }, { "esi", 0 }, { "edx", 0 }, { "esp", STACK }, { "cr3", 0x1000000 }, { "cs", 0x33 },
	{ "efer", 0x500 },
};

static struct sct_dict dict;
static struct sct_vcpu vcpu;
static struct sct_capture capture;
static struct sct_open_call call;
static uint32_t page[PAGE / 4]; /* at TEXT */
static char asked[1024];

/* ---- what QEMU tells ------------------------------------------------------------------------------------------- */

uint64_t sct_vcpu_role(const struct sct_vcpu *v, const struct sct_dict *d, enum sct_role role)
{
	return d->role[role] < 0 ? 0 : v->values[d->role[role]];
}

void sct_vcpu_regs(const struct sct_vcpu *v, const struct sct_dict *d, struct sct_regs *regs)
{
	*regs = (struct sct_regs){ .known = 0 };
	for (unsigned i = 0; i < d->count; i++)
		sct_regs_set(regs, d->regs[i].reg->index, v->values[i]);
}

static bool read_page(void *ctx, uint64_t addr, uint8_t *to)
{
	(void)ctx;
	if (addr == TEXT)
		memcpy(to, page, PAGE);
	return addr == TEXT;
}

/* ---- the operating system -------------------------------------------------------------------------------------- */

static void no_one(void *state, const struct sct_os_view *view, struct sct_who *who, struct sct_arena *arena)
{
	(void)state;
	(void)view;
	(void)who;
	(void)arena;
}

static const char *note(void *state, const struct sct_os_view *view, int fd, struct sct_arena *arena)
{
	size_t at = strlen(asked);

	(void)state;
	(void)view;
	(void)arena;
	snprintf(asked + at, sizeof asked - at, "%s%d", at ? " " : "", fd);
	return NULL;
}

static struct sct_os os = { .name = "test", .who = no_one, .descriptor = note };

/* ---- calls ----------------------------------------------------------------------------------------------------- */

static void before(void)
{
	dict = (struct sct_dict){ .arch = &sct_arch_x86_64, .count = REGS };
	for (unsigned i = 0; i < REGS; i++) {
		dict.regs[i].reg = sct_arch_reg(&sct_arch_x86_64, registers[i].name);
		vcpu.values[i] = registers[i].value;
	}
	for (unsigned i = 0; i < SCT_ROLES; i++)
		dict.role[i] = -1;
	dict.role[SCT_ROLE_SP] = RSP;
	dict.role[SCT_ROLE_CR3] = CR3;
	ck_assert(sct_capture_init(&capture, &dict, 65536));
	capture.lines = sct_lines_new(1024, read_page, NULL);
	capture.os = &os;
}

static void after(void)
{
	sct_open_call_fini(&call);
	sct_lines_free(capture.lines);
	sct_layouts_free(capture.view.layouts);
}

/* The call asks for these descriptors. */
static void ck_enters(uint64_t nr, uint64_t first, uint64_t second, const char *expected)
{
	asked[0] = 0;
	vcpu.values[RAX] = nr;
	vcpu.values[RDI] = first;
	vcpu.values[RSI] = second;
	sct_capture_enter(&capture, &vcpu, SCT_INSN_SYSCALL, STUB, &call);
	ck_assert_str_eq(asked, expected);
}

static void ck_returns(int64_t result, const char *expected)
{
	asked[0] = 0;
	vcpu.values[RAX] = (uint64_t)result;
	sct_capture_return(&capture, &vcpu, BEHIND, &call);
	ck_assert_str_eq(asked, expected);
}

static void put_pollfd(unsigned i, int fd, uint32_t events)
{
	page[2 * i] = (uint32_t)fd;
	page[2 * i + 1] = events;
}

START_TEST(arguments)
{
	ck_enters(WRITE, 5, TEXT, "5");
	ck_returns(0, "");
}
END_TEST

START_TEST(pairs)
{
	page[0] = 8;
	page[1] = 9;
	ck_enters(PIPE, TEXT, 0, "");
	page[0] = 3;
	page[1] = 4;
	ck_returns(0, "3 4");
	ck_enters(PIPE, TEXT, 0, "");
	ck_returns(-24, "");
}
END_TEST

/* Those that poll is given; and where it has written something, all that stand there then. */
START_TEST(polls)
{
	put_pollfd(0, 5, 1);
	put_pollfd(1, -1, 1);
	put_pollfd(2, 7, 1);
	ck_enters(POLL, TEXT, 3, "5 7");
	ck_returns(0, "");
	ck_enters(POLL, TEXT, 3, "5 7");
	put_pollfd(2, 7, 1 | 1 << 16);
	ck_returns(1, "5 7");
}
END_TEST

/* No more than 64 at the entry, and as many at the return. */
START_TEST(many)
{
	char expected[sizeof asked];
	size_t n = 0;

	for (int i = 0; i < 100; i++) {
		put_pollfd((unsigned)i, i, 1);
		if (i < 64)
			n += (size_t)snprintf(expected + n, sizeof expected - n, "%s%d", i ? " " : "", i);
	}
	ck_enters(POLL, TEXT, 100, expected);
	put_pollfd(99, 99, 1 | 1 << 16);
	ck_returns(1, expected);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("capture");
	TCase *t = tcase_create("capture");

	tcase_add_checked_fixture(t, before, after);
	tcase_add_test(t, arguments);
	tcase_add_test(t, pairs);
	tcase_add_test(t, polls);
	tcase_add_test(t, many);
	suite_add_tcase(s, t);
	return run_tests(s);
}
