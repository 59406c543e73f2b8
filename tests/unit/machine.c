/* Tests of the machine: what registers, seen memory and replayed RAM show at one moment.
 *
 * In:  events by hand
 * Out: a report; exit status 0 when all passed
 */
#include <string.h>

#include "machine_events.h"
#include "suite.h"

static void begin(void)
{
	new_machine(&sct_arch_x86_64, false);
}

static void see(unsigned vcpu, uint64_t addr, const char *data, uint32_t len)
{
	sct_machine_apply(m, &(struct sct_event){ .kind = SCT_EV_SEEN, .vcpu = (uint16_t)vcpu, .addr = addr, .len = len,
	                                          .data = (const uint8_t *)data });
}

/* vcpu reads so many leading bytes of len at addr, and these; what is behind them is missing for that reason. */
static void reads(unsigned vcpu, uint64_t addr, size_t len, const char *bytes, const char *reason)
{
	struct sct_mem mem = sct_machine_mem(sct_machine_vcpu(m, vcpu));
	char buf[8192];
	size_t got = mem.read(mem.ctx, addr, buf, len);

	ck_assert_uint_eq(got, strlen(bytes));
	ck_assert_mem_eq(buf, bytes, got);
	if (got < len)
		ck_assert_str_eq(mem.why(mem.ctx, addr + got), reason);
}

/* ---- seen memory ------------------------------------------------------------------------------------------------ */

START_TEST(runs_in_any_order)
{
	static const struct { uint64_t addr; const char *data; } runs[] = {
		{ 0x1040, "efgh" }, { 0x1044, "ijkl" }, { 0x103c, "abcd" }, { 0x2000, "wxyz" },
	};

	for (unsigned first = 0; first < 4; first++) {
		for (unsigned i = 0; i < 4; i++)
			see(0, runs[(first + i) % 4].addr, runs[(first + i) % 4].data, 4);
		reads(0, 0x103c, 12, "abcdefghijkl", NULL);
		reads(0, 0x1042, 4, "ghij", NULL);
		reads(0, 0x2000, 5, "wxyz", "not recorded");
		reads(0, 0x1fff, 1, "", "not recorded");
		sct_machine_unsee(sct_machine_vcpu(m, 0));
	}
}
END_TEST

START_TEST(runs_that_overlap)
{
	see(0, 0x1004, "efgh", 4);
	see(0, 0x1000, "abcdef", 6);
	see(0, 0x1002, "cd", 2);
	reads(0, 0x1000, 9, "abcdefgh", "not recorded");
	reads(0, 0x1003, 2, "de", NULL);
}
END_TEST

START_TEST(unmapped_runs)
{
	see(0, 0x1000, "abcd", 4);
	see(0, 0x1004, NULL, 60);
	see(0, 0x1040, "efgh", 4);
	reads(0, 0x1000, 8, "abcd", "unmapped");
	reads(0, 0x1010, 1, "", "unmapped");
	reads(0, 0x1040, 4, "efgh", NULL);
}
END_TEST

START_TEST(seen_by_one_vcpu_for_one_moment)
{
	see(0, 0x1000, "abcd", 4);
	reads(1, 0x1000, 4, "", "not recorded");
	sct_machine_unsee(sct_machine_vcpu(m, 0));
	reads(0, 0x1000, 4, "", "not recorded");
}
END_TEST

START_TEST(edges_of_the_address_space)
{
	see(0, 0, "abcd", 4);
	see(0, UINT64_MAX - 3, "wxyz", 4);
	see(0, 0x1000, "", 0);
	reads(0, 0, 4, "abcd", NULL);
	reads(0, UINT64_MAX - 3, 3, "wxy", NULL);
	reads(0, 0x1000, 1, "", "not recorded");
}
END_TEST

/* A recording may hold very many runs; each look must stay cheap. */
START_TEST(many_runs)
{
	const unsigned n = 1 << 17;

	for (unsigned i = 0; i < n; i++)
		see(0, (uint64_t)(n - i) * 256, "abcd", 4);
	for (unsigned i = 1; i <= n; i++) {
		reads(0, (uint64_t)i * 256, 4, "abcd", NULL);
		reads(0, (uint64_t)i * 256 + 128, 1, "", "not recorded");
	}
}
END_TEST

/* ---- registers and gaps ----------------------------------------------------------------------------------------- */

START_TEST(a_gap_forgets)
{
	uint64_t value;

	set(0, "rax", 7);
	set(1, "rax", 8);
	see(1, 0x1000, "abcd", 4);
	sct_machine_apply(m, &(struct sct_event){ .kind = SCT_EV_THREAD, .vcpu = 1, .value = 3 });
	ck_assert(sct_machine_vcpu(m, 1)->thread.known);
	gap();
	for (unsigned i = 0; i < 2; i++) {
		ck_assert(!sct_regs_get(&sct_machine_vcpu(m, i)->regs, sct_arch_reg(m->arch, "rax"), &value));
		ck_assert(!sct_machine_vcpu(m, i)->thread.known);
	}
	reads(1, 0x1000, 4, "", "not recorded");
}
END_TEST

START_TEST(too_many_vcpus)
{
	ck_assert_ptr_nonnull(sct_machine_vcpu(m, SCT_MACHINE_VCPUS - 1));
	ck_assert_ptr_null(sct_machine_vcpu(m, SCT_MACHINE_VCPUS));
	see(SCT_MACHINE_VCPUS, 0x1000, "abcd", 4);
}
END_TEST

/* ---- replayed RAM ----------------------------------------------------------------------------------------------- */

enum { ROOT = 0x1000, PAGE = 0x5000, VIRTUAL = 0x400000 };

static void put_ram(uint64_t addr, const void *data, size_t len)
{
	sct_memory_store(&m->ram, addr, data, len);
}

/* Four-level tables that map VIRTUAL to PAGE and nothing else in reach; entries present, writable, user. */
static void map_page(void)
{
	static const uint8_t zero[4096];

	for (uint64_t table = 0; table < 4; table++) {
		unsigned index = (uint64_t)VIRTUAL >> (39 - 9 * table) & 511;
		uint64_t entry = (table == 3 ? PAGE : ROOT + 0x1000 * (table + 1)) | 7;

		put_ram(ROOT + 0x1000 * table, zero, sizeof zero);
		put_ram(ROOT + 0x1000 * table + 8 * index, &entry, 8);
	}
	set(0, "cr0", 0x80000001);
	set(0, "cr3", ROOT);
	set(0, "cr4", 0x20);
	set(0, "efer", 0x500);
}

START_TEST(ram_behind_what_was_seen)
{
	map_page();
	put_ram(PAGE, "ram of the guest", 16);
	put_ram(PAGE + 124, "tail", 4);
	reads(0, VIRTUAL, 17, "ram of the guest", "not recorded");
	/* seen memory goes first: a device may have written to RAM since */
	see(0, VIRTUAL + 4, "by", 2);
	reads(0, VIRTUAL, 4, "ram ", NULL);
	reads(0, VIRTUAL + 4, 2, "by", NULL);
	reads(0, VIRTUAL + 124, 4, "tail", NULL);
	reads(0, VIRTUAL + 0x1000, 1, "", "unmapped");
	reads(0, UINT64_C(0x800000000000), 1, "", "unmapped");
	/* no control registers, no translation */
	reads(1, VIRTUAL, 1, "", "not recorded");
}
END_TEST

/* The vCPU's kernel reads this, and so many bytes behind it are not there. */
static void kernel_reads(uint64_t addr, const char *bytes, size_t missing)
{
	struct sct_mem mem = sct_machine_kernel_mem(sct_machine_vcpu(m, 0));
	char buf[64];

	ck_assert_uint_eq(mem.read(mem.ctx, addr, buf, strlen(bytes) + missing), strlen(bytes));
	ck_assert_mem_eq(buf, bytes, strlen(bytes));
}

#define STACK (UINT64_C(1) << 39)

/* The program's stack, in a page of its own under these top-level tables. */
static void map_stack(uint64_t root, uint64_t page)
{
	for (uint64_t level = 0; level < 4; level++) {
		uint64_t table = level ? page - 0x1000 * (4 - level) : root + 8;
		uint64_t entry = (page - 0x1000 * (3 - level)) | 7;

		put_ram(table, &entry, 8);
	}
	set(0, "rsp", STACK + 8);
}

START_TEST(what_only_the_kernel_sees)
{
	uint64_t entry = PAGE | 3, table = (ROOT + 0x1000) | 7;

	map_page();
	put_ram(PAGE, "of the kernel", 13);
	put_ram(ROOT + 0x3000 + 8 * (VIRTUAL >> 12 & 511), &entry, 8); /* not for user mode any more */
	reads(0, VIRTUAL, 1, "", "unmapped");
	kernel_reads(VIRTUAL, "of the kernel", 0);
	/* under isolation the program's tables stand behind the kernel's and lack its pages */
	put_ram(ROOT - 0x1000, &table, 8);
	table = 0;
	put_ram(ROOT, &table, 8);
	map_stack(ROOT, 0xb000);
	map_stack(ROOT - 0x1000, 0xf000);
	kernel_reads(VIRTUAL, "", 1); /* it is another process's that stand there */
	map_stack(ROOT - 0x1000, 0xb000);
	reads(0, VIRTUAL, 1, "", "unmapped");
	kernel_reads(VIRTUAL, "of the kernel", 0);
	/* what a recorder has seen of it */
	sct_machine_apply(m, &(struct sct_event){ .kind = SCT_EV_SEEN, .addr = VIRTUAL + 3, .len = 3, .reg = 1,
	                                          .data = (const uint8_t *)"its" });
	reads(0, VIRTUAL + 3, 1, "", "unmapped");
	kernel_reads(VIRTUAL, "of its kernel", 0);
}
END_TEST

START_TEST(seen_bytes_inside_of_a_line)
{
	map_page();
	put_ram(PAGE, "0123456789", 10);
	see(0, VIRTUAL + 4, "by", 2);
	reads(0, VIRTUAL, 10, "0123by6789", NULL);
}
END_TEST

START_TEST(ram_follows_stores_until_a_gap)
{
	map_page();
	put_ram(PAGE, "abcd", 4);
	reads(0, VIRTUAL, 4, "abcd", NULL);
	put_ram(PAGE + 1, "X", 1);
	reads(0, VIRTUAL, 4, "aXcd", NULL);
	gap();
	map_page();
	reads(0, VIRTUAL, 1, "", "not recorded");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("machine");
	TCase *t = tcase_create("machine");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, runs_in_any_order);
	tcase_add_test(t, runs_that_overlap);
	tcase_add_test(t, unmapped_runs);
	tcase_add_test(t, seen_by_one_vcpu_for_one_moment);
	tcase_add_test(t, edges_of_the_address_space);
	tcase_add_test(t, many_runs);
	tcase_add_test(t, a_gap_forgets);
	tcase_add_test(t, too_many_vcpus);
	tcase_add_test(t, ram_behind_what_was_seen);
	tcase_add_test(t, what_only_the_kernel_sees);
	tcase_add_test(t, seen_bytes_inside_of_a_line);
	tcase_add_test(t, ram_follows_stores_until_a_gap);
	suite_add_tcase(s, t);
	return run_tests(s);
}
