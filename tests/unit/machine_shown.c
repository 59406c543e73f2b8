/* Tests of numbers for what the kernel's memory shows: the same number, the same bytes of all that was read.
 *
 * In:  events by hand
 * Out: a report; exit status 0 when all passed
 */
#include <string.h>

#include "machine_events.h"
#include "suite.h"

#define KERNEL UINT64_C(0xffff888000000000)

static void begin(void)
{
	new_machine(&sct_arch_x86_64, false);
}

static void see(unsigned vcpu, uint64_t addr, const char *data)
{
	sct_machine_apply(m, &(struct sct_event){ .kind = SCT_EV_SEEN, .vcpu = (uint16_t)vcpu, .addr = addr, .len = 4,
	                                          .reg = addr >= KERNEL, .data = (const uint8_t *)data });
}

/* The number of what vcpu sees now; its moment is over then. read: where four bytes of the kernel's are read at it. */
static uint64_t number_reading(unsigned vcpu, uint64_t read)
{
	struct sct_vcpu *v = sct_machine_vcpu(m, vcpu);
	struct sct_mem mem = sct_machine_kernel_mem(v);
	uint64_t n = sct_machine_kernel_shown(v);
	char buf[4];

	ck_assert_uint_eq(sct_machine_kernel_shown(v), n);
	if (read)
		mem.read(mem.ctx, read, buf, sizeof buf);
	sct_machine_unsee(v);
	return n;
}

static uint64_t number(unsigned vcpu)
{
	return number_reading(vcpu, 0);
}

/* The same where the kernel's four bytes at addr, and four a little behind them, are seen, and the latter read. */
static uint64_t shown(uint64_t addr, const char *data, const char *behind)
{
	see(0, 0x1000, "user");
	see(0, addr, data);
	see(0, addr + 64, behind);
	return number_reading(0, addr + 64);
}

START_TEST(the_same_again)
{
	uint64_t first = shown(KERNEL, "abcd", "efgh"), other = shown(KERNEL + 4096, "abcd", "efgh");

	ck_assert_uint_ne(first, 0);
	ck_assert_uint_ne(other, 0);
	ck_assert_uint_ne(other, first);
	ck_assert_uint_eq(shown(KERNEL, "abcd", "efgh"), first);
	ck_assert_uint_eq(shown(KERNEL + 4096, "abcd", "efgh"), other);
	see(0, 0x1000, "else"); /* programs' memory does not count */
	see(0, KERNEL, "abcd");
	see(0, KERNEL + 64, "efgh");
	ck_assert_uint_eq(number(0), first);
}
END_TEST

START_TEST(any_byte_counts)
{
	uint64_t first = shown(KERNEL, "abcd", "efgh"), changed = shown(KERNEL, "abcd", "efgi");

	ck_assert_uint_ne(changed, first);
	ck_assert_uint_ne(shown(KERNEL, "abcd", NULL), changed);
	ck_assert_uint_ne(shown(KERNEL, "abcd", "efgh"), first); /* forgotten meanwhile: a number never comes back */
}
END_TEST

/* What nobody has read may change; once it has been read it counts. */
START_TEST(what_was_read_counts)
{
	uint64_t first = shown(KERNEL, "abcd", "efgh");

	ck_assert_uint_eq(shown(KERNEL, "abce", "efgh"), first);
	see(0, 0x1000, "more of the program's");
	see(0, 0x1004, "more of the program's");
	see(0, KERNEL, "abcf");
	see(0, KERNEL + 64, "efgh");
	ck_assert_uint_eq(number_reading(0, KERNEL), first);
	ck_assert_uint_eq(shown(KERNEL, "abcf", "efgh"), first);
	ck_assert_uint_ne(shown(KERNEL, "abcd", "efgh"), first);
}
END_TEST

START_TEST(each_vcpu_has_its_own)
{
	see(0, KERNEL, "abcd");
	see(1, KERNEL, "abcd");
	ck_assert_uint_ne(number(0), number(1));
}
END_TEST

START_TEST(nothing_shown)
{
	ck_assert_uint_eq(number(0), 0);
	see(0, 0x1000, "user");
	ck_assert_uint_eq(number(0), 0);
	see(0, KERNEL, NULL);
	ck_assert_uint_eq(number(0), 0);
}
END_TEST

enum { TABLES = 0x2000, OTHERS = 0x9000 }; /* top-level tables */

/* The kernel's page at KERNEL is at 0x10000, the next one at 0x11000. */
static void replay(void)
{
	static const uint64_t zeros[512];
	struct sct_store tables = { .addr = 0, .data = (const uint8_t *)zeros, .len = sizeof zeros };

	for (; tables.addr < 0x12000; tables.addr += 4096)
		sct_machine_apply(m, &(struct sct_event){ .kind = SCT_EV_STORES, .len = 1, .stores = &tables });
	for (unsigned top = TABLES; top <= OTHERS; top += OTHERS - TABLES)
		store_word(top + 8 * (KERNEL >> 39 & 511), 0x4003, 8);
	store_word(0x4000 + 8 * (KERNEL >> 30 & 511), 0x5003, 8);
	store_word(0x5000, 0x6003, 8);
	store_word(0x6000, 0x10003, 8);
	store_word(0x6008, 0x11003, 8);
	for (unsigned vcpu = 0; vcpu < 2; vcpu++) {
		set(vcpu, "cr0", UINT64_C(1) << 31);
		set(vcpu, "cr3", TABLES);
		set(vcpu, "cr4", 1 << 5);
		set(vcpu, "efer", 1 << 10);
	}
}

/* Of replayed memory what was read counts, and the tables that led there. */
START_TEST(replayed_memory)
{
	uint64_t first;

	replay();
	first = number_reading(0, KERNEL + 8);
	ck_assert_uint_ne(first, 0);
	ck_assert_uint_eq(number(0), first);
	store_word(0x10004, 1, 4);
	store_word(0x1000c, 1, 4);
	store_word(0x6010, 0x11003, 8);
	ck_assert_uint_eq(number(0), first);
	ck_assert_uint_eq(number_reading(0, KERNEL + 4096), first);
	store_word(0x11003, 1, 1);
	ck_assert_uint_ne(number_reading(0, KERNEL + 8), first);
	first = number(0);
	store_word(0x11003, 2, 1); /* forgotten meanwhile */
	ck_assert_uint_eq(number(0), first);
	store_word(0x10008, 1, 4);
	ck_assert_uint_ne(number(0), first);
}
END_TEST

START_TEST(replayed_tables)
{
	uint64_t first;

	replay();
	first = number_reading(0, KERNEL);
	store_word(0x6000, 0x11003, 8); /* both pages are zero: the read gives the same, but nobody has tried */
	ck_assert_uint_ne(number_reading(0, KERNEL), first);
	first = number(0);
	store_word(0x5000, 0, 8);
	ck_assert_uint_ne(number_reading(0, KERNEL), first);
	first = number(0); /* a read that fails counts too */
	ck_assert_uint_eq(number(0), first);
	store_word(0x5000, 0x6003, 8);
	ck_assert_uint_ne(number(0), first);
}
END_TEST

/* Bytes of which the recording has shown some, or none. */
START_TEST(replayed_memory_that_is_not_recorded)
{
	uint64_t first;

	replay();
	store_word(0x6010, 0x20003, 8);
	first = number_reading(0, KERNEL + 8192);
	ck_assert_uint_eq(number(0), first);
	store_word(0x20000, 0, 2);
	ck_assert_uint_ne(number_reading(0, KERNEL + 8192), first);
	first = number(0);
	store_word(0x20004, 0, 2);
	ck_assert_uint_eq(number(0), first);
	store_word(0x20002, 0, 2);
	ck_assert_uint_ne(number(0), first);
}
END_TEST

/* Each vCPU, address space and thread has its own numbers. */
START_TEST(replayed_memory_of_others)
{
	uint64_t first;

	replay();
	first = number_reading(0, KERNEL);
	ck_assert_uint_ne(number_reading(1, KERNEL), first);
	first = number(1);
	set(1, "cr3", OTHERS);
	ck_assert_uint_ne(number_reading(1, KERNEL), first);
	set(1, "cr3", TABLES);
	ck_assert_uint_eq(number(1), first);
	sct_machine_apply(m, &(struct sct_event){ .kind = SCT_EV_THREAD, .vcpu = 1, .value = 77 });
	ck_assert_uint_ne(number(1), first);
}
END_TEST

/* What one walk has found in a moment is found without a walk later in it, but not in another one. */
START_TEST(moments_of_replayed_memory)
{
	struct sct_vcpu *v = sct_machine_vcpu(m, 0);
	struct sct_mem mem = sct_machine_kernel_mem(v);
	uint32_t word;

	replay();
	store_word(0x10000, 1, 4);
	store_word(0x11000, 2, 4);
	for (uint32_t page = 1; page <= 2; page++) {
		store_word(0x6000, 0xf003 + 0x1000 * page, 8);
		ck_assert_uint_ne(sct_machine_kernel_shown(v), 0);
		for (unsigned i = 0; i < 3; i++) {
			ck_assert_uint_eq(mem.read(mem.ctx, KERNEL, &word, sizeof word), 4);
			ck_assert_uint_eq(word, page);
		}
		sct_machine_unsee(v);
	}
}
END_TEST

/* More reads than are kept: the number does not come again. */
START_TEST(too_much_of_replayed_memory)
{
	struct sct_vcpu *v = sct_machine_vcpu(m, 0);
	struct sct_mem mem = sct_machine_kernel_mem(v);
	uint64_t first;
	char buf[4];

	replay();
	first = sct_machine_kernel_shown(v);
	for (uint64_t at = KERNEL; at < KERNEL + 8192; at += 4)
		ck_assert_uint_eq(mem.read(mem.ctx, at, buf, 4), 4);
	sct_machine_unsee(v);
	ck_assert_uint_ne(first, 0);
	ck_assert_uint_ne(number(0), first);
}
END_TEST

/* Where both may answer, neither stands for all. */
START_TEST(runs_and_replayed_memory)
{
	ck_assert_uint_ne(shown(KERNEL, "abcd", "efgh"), 0);
	replay();
	ck_assert_uint_eq(shown(KERNEL, "abcd", "efgh"), 0);
}
END_TEST

START_TEST(runs_out_of_order)
{
	see(0, KERNEL + 64, "efgh");
	see(0, KERNEL, "abcd");
	ck_assert_uint_eq(number(0), 0);
	see(0, KERNEL, "abcd");
	see(0, 0x1000, "user");
	ck_assert_uint_eq(number(0), 0);
}
END_TEST

/* A read of the kernel's that a program's memory answered: that memory has no part in the number. */
START_TEST(reads_that_stray)
{
	struct sct_vcpu *v = sct_machine_vcpu(m, 0);
	struct sct_mem mem = sct_machine_kernel_mem(v);
	char buf[4];
	uint64_t first;

	for (uint64_t addr = KERNEL; addr; addr = addr == KERNEL ? 0x1000 : 0) {
		first = shown(KERNEL, "abcd", "efgh");
		see(0, 0x1000, "user");
		see(0, KERNEL, "abcd");
		see(0, KERNEL + 64, "efgh");
		ck_assert_uint_eq(sct_machine_kernel_shown(v), first);
		ck_assert_uint_eq(mem.read(mem.ctx, addr, buf, 4), 4);
		sct_machine_unsee(v);
		ck_assert(addr == KERNEL ? shown(KERNEL, "abcd", "efgh") == first : shown(KERNEL, "abcd", "efgh") != first);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("machine_shown");
	TCase *t = tcase_create("numbers");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, the_same_again);
	tcase_add_test(t, any_byte_counts);
	tcase_add_test(t, what_was_read_counts);
	tcase_add_test(t, each_vcpu_has_its_own);
	tcase_add_test(t, nothing_shown);
	tcase_add_test(t, replayed_memory);
	tcase_add_test(t, replayed_tables);
	tcase_add_test(t, replayed_memory_that_is_not_recorded);
	tcase_add_test(t, replayed_memory_of_others);
	tcase_add_test(t, moments_of_replayed_memory);
	tcase_add_test(t, too_much_of_replayed_memory);
	tcase_add_test(t, runs_and_replayed_memory);
	tcase_add_test(t, runs_out_of_order);
	tcase_add_test(t, reads_that_stray);
	suite_add_tcase(s, t);
	return run_tests(s);
}
