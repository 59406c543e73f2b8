/* Tests of accesses at virtual addresses and of snapshots under the memory.
 *
 * In:  events by hand, page tables of an i386 guest, snapshots made up here
 * Out: a report; exit status 0 when all passed
 */
#include <string.h>

#include "../../formats/formats.h"
#include "../../src/machine_access.h"
#include "machine_events.h"
#include "suite.h"

enum {
	PRESENT = 7,
	DIRECTORY = 0x1000, /* guest-physical addresses of the tables */
	TABLE = 0x2000,
	OTHER_DIRECTORY = 0x3000,
	OTHER_TABLE = 0x4000,
	TABLES_AT = 0x7000, /* virtual address at which the guest sees TABLE */
};

static void entry(uint64_t table, unsigned index, uint32_t value)
{
	store(table + index * 4, &value, 4);
}

static void access_at(uint64_t addr, const void *data, size_t len, bool read)
{
	struct sct_store s = { .addr = addr, .data = data, .len = (uint32_t)len, .read = read, .step = 2 };

	sct_machine_apply(m, &(struct sct_event){ .kind = SCT_EV_ACCESSES, .len = 1, .value = 1, .seq = 40, .stores = &s });
}

static void writes(uint64_t addr, const char *text)
{
	access_at(addr, text, strlen(text), false);
}

static void sees(uint64_t addr, const char *text)
{
	access_at(addr, text, strlen(text), true);
}

/* The guest reads so many leading bytes of len at addr, and these; what is behind them is missing for that reason. */
static void reads(uint64_t addr, size_t len, const char *bytes, const char *reason)
{
	struct sct_mem mem = sct_machine_mem(sct_machine_vcpu(m, 0));
	char buf[64];
	size_t got = mem.read(mem.ctx, addr, buf, len);

	ck_assert_uint_eq(got, strlen(bytes));
	ck_assert_mem_eq(buf, bytes, got);
	if (got < len)
		ck_assert_str_eq(mem.why(mem.ctx, addr + got), reason);
}

/* Two pages at 0x5000 and 0x6000 of the first address space lie at 0x15000 and 0x12000; the other one has 0x5000 at
 * 0x16000. The first also sees its own table. */
static void paged(void)
{
	new_machine(&sct_arch_i386, false);
	sct_memory_zero(&m->ram, 0, 32);
	entry(DIRECTORY, 0, TABLE | PRESENT);
	entry(TABLE, 5, 0x15000 | PRESENT);
	entry(TABLE, 6, 0x12000 | PRESENT);
	entry(TABLE, TABLES_AT >> 12, TABLE | PRESENT);
	entry(OTHER_DIRECTORY, 0, OTHER_TABLE | PRESENT);
	entry(OTHER_TABLE, 5, 0x16000 | PRESENT);
	set(0, "cr0", 0x80010001);
	set(0, "cr3", DIRECTORY);
	set(0, "cr4", 0);
}

START_TEST(stores_go_where_the_tables_say)
{
	writes(0x5ffc, "abcdefgh");
	reads(0x5ffc, 8, "abcdefgh", NULL);
	set(0, "cr0", 1); /* paging off */
	reads(0x15ffc, 4, "abcd", NULL);
	reads(0x12000, 4, "efgh", NULL);
}
END_TEST

START_TEST(address_spaces_differ)
{
	writes(0x5000, "one");
	set(0, "cr3", OTHER_DIRECTORY);
	writes(0x5000, "two");
	reads(0x5000, 3, "two", NULL);
	set(0, "cr3", DIRECTORY);
	reads(0x5000, 3, "one", NULL);
}
END_TEST

START_TEST(a_store_to_a_table_changes_translation)
{
	static const uint32_t entries[2] = { 0x17000 | PRESENT, 0 };

	writes(0x5000, "old");
	access_at(TABLES_AT + 5 * 4, &entries[0], 4, false);
	writes(0x5000, "new");
	reads(0x5000, 3, "new", NULL);
	access_at(TABLES_AT + 5 * 4, &entries[1], 4, false);
	reads(0x5000, 3, "", "unmapped");
	writes(0x5000, "x");
	ck_assert_uint_eq(m->unmapped, 1);
	set(0, "cr0", 1);
	reads(0x15000, 3, "old", NULL);
	reads(0x17000, 3, "new", NULL);
}
END_TEST

START_TEST(a_page_becomes_a_table)
{
	uint32_t pte = 0x18000 | PRESENT, pde = 0x15000 | PRESENT;

	writes(0x5000, "data before it was a table");
	entry(DIRECTORY, 1, pde); /* 4 MiB on, the page at 0x5000 is the table */
	access_at(0x5000, &pte, 4, false);
	writes(0x400000, "first");
	pte = 0x19000 | PRESENT;
	access_at(0x5000, &pte, 4, false);
	writes(0x400000, "second");
	set(0, "cr0", 1);
	reads(0x18000, 5, "first", NULL);
	reads(0x19000, 6, "second", NULL);
}
END_TEST

START_TEST(what_is_read_holds)
{
	writes(0x5000, "abcd");
	sees(0x5000, "abcd");
	ck_assert_uint_eq(m->reads.compared, 1);
	ck_assert_uint_eq(m->reads.different, 0);
	sees(0x5002, "XY");
	reads(0x5000, 4, "abXY", NULL);
	ck_assert_uint_eq(m->reads.different, 1);
	ck_assert_uint_eq(m->reads.seq, 42);
	ck_assert_uint_eq(m->reads.addr, 0x5002);
	ck_assert_mem_eq(m->reads.trace, "XY", 2);
	ck_assert_mem_eq(m->reads.memory, "cd", 2);
}
END_TEST

START_TEST(without_tables_accesses_are_known_for_a_time)
{
	end();
	new_machine(&sct_arch_i386, false);
	set(0, "cr3", DIRECTORY);
	writes(0x5000, "abcd");
	reads(0x5000, 5, "abcd", "not recorded");
	set(0, "cr3", OTHER_DIRECTORY);
	reads(0x5000, 4, "", "not recorded");
	writes(0x5000, "efgh");
	reads(0x5000, 4, "efgh", NULL);
	sct_machine_back(m);
	reads(0x5000, 4, "", "not recorded");
}
END_TEST

START_TEST(halves_of_an_address_space)
{
	end();
	new_machine(&sct_arch_x86_64, false);
	m->halves = 0x1000;
	set(0, "cr3", 0x5a23000);
	writes(0x7ffe0000, "user");
	set(0, "cr3", 0x5a22000);
	sees(0x7ffe0004, "kernel");
	reads(0x7ffe0000, 10, "userkernel", NULL);
	set(0, "cr3", 0x5a23000);
	reads(0x7ffe0000, 10, "userkernel", NULL);
	set(0, "cr3", 0x5a20000);
	reads(0x7ffe0000, 10, "", "not recorded");
}
END_TEST

START_TEST(bytes_of_unknown_width)
{
	writes(0x5ffc, "abcdefgh");
	sct_machine_apply(m, &(struct sct_event){ .kind = SCT_EV_LOOSE, .addr = 0x5ffe, .len = 4, .value = 0x100,
	                                          .data = (const uint8_t *)"4400" });
	reads(0x5ffc, 8, "ab", "not recorded");
	reads(0x6002, 2, "gh", NULL);
}
END_TEST

/* ---- snapshots -------------------------------------------------------------------------------------------------- */

/* A snapshot of a few bytes. */
struct fake {
	struct sct_snapshot_info info;
	struct sct_range ranges[2];
	const char *bytes[2];
	struct sct_regs cpu;
};

static const struct sct_snapshot_info *fake_info(void *state)
{
	return &((struct fake *)state)->info;
}

static size_t fake_read(void *state, uint64_t addr, void *buf, size_t len)
{
	const struct fake *f = state;

	for (size_t i = 0; i < f->info.nranges; i++) {
		uint64_t at = addr - f->ranges[i].addr;
		size_t n = at < f->ranges[i].size ? (size_t)(f->ranges[i].size - at) : 0;

		if (!n)
			continue;
		n = n < len ? n : len;
		memcpy(buf, f->bytes[i] + at, n);
		return n;
	}
	return 0;
}

static const struct sct_snapshot_ops fake_ops = { .name = "fake", .info = fake_info, .read = fake_read };

static struct sct_snapshot snapshot(struct fake *f)
{
	f->info.ranges = f->ranges;
	for (unsigned i = 0; i < 2 && f->bytes[i]; i++) {
		f->ranges[i].size = strlen(f->bytes[i]);
		f->info.nranges++;
	}
	return (struct sct_snapshot){ .ops = &fake_ops, .state = f };
}

START_TEST(snapshots_lie_under_stores)
{
	struct fake below = { .ranges = { { .addr = 0x5000 } }, .bytes = { "below....below" } };
	struct fake above = { .ranges = { { .addr = 0x5002 } }, .bytes = { "ABOVE" } };
	struct sct_snapshot s[2] = { snapshot(&below), snapshot(&above) };

	end();
	new_machine(&sct_arch_i386, false);
	set(0, "cr0", 1);
	set(0, "cr3", 0);
	set(0, "cr4", 0);
	sct_machine_set_snapshots(m, s, 2);
	reads(0x5000, 15, "beABOVE..below", "not recorded");
	store(0x5004, "**", 2);
	reads(0x5000, 15, "beAB**E..below", "not recorded");
	gap();
	set(0, "cr0", 1);
	set(0, "cr3", 0);
	set(0, "cr4", 0);
	reads(0x5000, 1, "", "not recorded");
}
END_TEST

/* Dumps of RAM may begin and end within a page: what is stored there must not be lost. */
START_TEST(pages_that_are_known_in_part)
{
	struct fake f = {
		.ranges = { { .addr = 0x35000 }, { .addr = 0x36000 } }, .bytes = { "memory ends here", "table" },
	};
	struct sct_snapshot s = snapshot(&f);
	uint32_t pte = 0x17000 | PRESENT;

	sct_machine_set_snapshots(m, &s, 1);
	entry(TABLE, 5, 0x35000 | PRESENT);
	reads(0x5000, 17, "memory ends here", "not recorded");
	writes(0x5000, "MEM");
	reads(0x5000, 17, "MEMory ends here", "not recorded");
	writes(0x5010, "!");
	reads(0x5000, 18, "MEMory ends here!", "not recorded");
	entry(DIRECTORY, 1, 0x36000 | PRESENT); /* a page of which a little is known becomes a table */
	entry(TABLE, 8, 0x36000 | PRESENT);
	access_at(0x8000 + 8 * 4, &pte, 4, false);
	writes(0x408000, "old");
	pte = 0x18000 | PRESENT;
	access_at(0x8000 + 8 * 4, &pte, 4, false);
	writes(0x408000, "new");
	reads(0x408000, 3, "new", NULL);
	set(0, "cr0", 1);
	reads(0x17000, 3, "old", NULL);
	reads(0x18000, 3, "new", NULL);
}
END_TEST

START_TEST(constant_parts_of_a_program_last)
{
	struct fake file = { .ranges = { { .addr = 0x8048000 }, { .addr = 0x8049000, .flags = SCT_RANGE_WRITE } },
	                     .bytes = { "code", "data" } };
	struct fake core = { .ranges = { { .addr = 0xbf000000, .flags = SCT_RANGE_WRITE } }, .bytes = { "stack" } };
	struct sct_snapshot s[2] = { snapshot(&file), snapshot(&core) };

	file.info.program = core.info.program = true;
	core.info.ncpus = 1;
	core.info.cpus = &core.cpu;
	end();
	new_machine(&sct_arch_i386, true);
	sct_machine_set_snapshots(m, s, 2);
	reads(0x8048000, 4, "code", NULL);
	reads(0x8049000, 4, "", "not recorded"); /* a file does not tell what the program has written since */
	reads(0xbf000000, 5, "stack", NULL);
	writes(0x8049001, "x");
	reads(0x8049001, 1, "x", NULL);
	sct_machine_missed_stores(m);
	reads(0x8048000, 4, "code", NULL);
	reads(0x8049001, 1, "", "not recorded");
	reads(0xbf000000, 5, "", "not recorded");
	sees(0xbf000001, "t");
	reads(0xbf000001, 2, "t", "not recorded");
}
END_TEST

/* A raw image does not say of what it is; its user does: of the memory at the recording's start. */
START_TEST(an_image_of_a_program)
{
	struct fake raw = { .ranges = { { .addr = 0x8049000, .flags = SCT_RANGE_WRITE } }, .bytes = { "data" } };
	struct sct_snapshot s = snapshot(&raw);

	end();
	new_machine(&sct_arch_i386, true);
	sct_machine_set_snapshots(m, &s, 1);
	reads(0x8049000, 4, "data", NULL);
	sct_machine_missed_stores(m);
	reads(0x8049000, 4, "", "not recorded");
}
END_TEST

/* The core file of a program that has crashed is of its end. */
START_TEST(a_core_of_another_moment)
{
	struct fake core = { .ranges = { { .addr = 0x8048000 }, { .addr = 0xbf000000, .flags = SCT_RANGE_WRITE } },
	                     .bytes = { "code", "stack" } };
	struct sct_snapshot s = snapshot(&core);
	struct sct_word start = { true, 0x8048000 }, later = { true, 0x8048003 };

	sct_regs_set(&core.cpu, m->arch->pc, 0x8048003);
	core.info.program = true;
	core.info.ncpus = 1;
	core.info.cpus = &core.cpu;
	end();
	new_machine(&sct_arch_i386, true);
	sct_machine_set_snapshots(m, &s, 1);
	sct_machine_seed(m, &later);
	reads(0xbf000000, 5, "stack", NULL);
	sct_machine_seed(m, &start);
	reads(0xbf000000, 5, "", "not recorded");
	reads(0x8048000, 4, "code", NULL);
}
END_TEST

START_TEST(registers_of_the_same_moment)
{
	struct fake f = { .bytes = { NULL } };
	struct sct_snapshot s = snapshot(&f);
	struct sct_word elsewhere = { true, 0x1000 }, there = { true, 0x2000 };
	const struct sct_regs *regs;
	uint64_t value;

	sct_regs_set(&f.cpu, m->arch->pc, 0x2000);
	sct_regs_set(&f.cpu, sct_arch_reg(m->arch, "ebx")->index, 77);
	sct_regs_set(&f.cpu, sct_arch_reg(m->arch, "cr4")->index, 0x10);
	f.info = (struct sct_snapshot_info){ .arch = m->arch, .ncpus = 1, .cpus = &f.cpu };
	end();
	new_machine(&sct_arch_i386, false);
	sct_machine_set_snapshots(m, &s, 1);
	ck_assert(!sct_machine_seed(m, &elsewhere));
	regs = &sct_machine_vcpu(m, 0)->regs;
	ck_assert(!sct_regs_get(regs, sct_arch_reg(m->arch, "ebx"), &value));
	ck_assert(sct_regs_get(regs, sct_arch_reg(m->arch, "cr4"), &value) && value == 0x10);
	ck_assert(sct_machine_seed(m, &there));
	ck_assert(sct_regs_get(regs, sct_arch_reg(m->arch, "ebx"), &value) && value == 77);
	ck_assert(!sct_regs_get(regs, sct_arch_reg(m->arch, "eip"), &value));
}
END_TEST

/* Before paging is on there are no system calls, so it will be; when does not show. */
START_TEST(paging_that_is_still_off)
{
	struct fake f = { .bytes = { NULL } };
	struct sct_snapshot s = snapshot(&f);
	struct sct_word nowhere = { false, 0 };
	struct sct_paging p;

	sct_regs_set(&f.cpu, sct_arch_reg(m->arch, "cr0")->index, 0x60000010);
	sct_regs_set(&f.cpu, sct_arch_reg(m->arch, "cr3")->index, 0);
	sct_regs_set(&f.cpu, sct_arch_reg(m->arch, "cr4")->index, 0);
	f.info = (struct sct_snapshot_info){ .arch = m->arch, .ncpus = 1, .cpus = &f.cpu };
	end();
	new_machine(&sct_arch_i386, false);
	sct_machine_set_snapshots(m, &s, 1);
	sct_machine_seed(m, &nowhere);
	set(0, "cr3", DIRECTORY);
	ck_assert(!sct_vcpu_paging(sct_machine_vcpu(m, 0), &p));
}
END_TEST

/* Dumps tell no EFER. Where one calls the machine x86_64, the CPU was in long mode. */
START_TEST(long_mode_of_dumps)
{
	const struct sct_arch *a = &sct_arch_x86_64;
	struct fake f = { .bytes = { NULL } };
	struct sct_snapshot s = snapshot(&f);
	struct sct_word nowhere = { false, 0 };
	struct sct_paging p;

	sct_regs_set(&f.cpu, sct_arch_reg(a, "cr0")->index, 0x80050033);
	sct_regs_set(&f.cpu, sct_arch_reg(a, "cr3")->index, 0x5a22000);
	sct_regs_set(&f.cpu, sct_arch_reg(a, "cr4")->index, 0x6f0);
	f.info = (struct sct_snapshot_info){ .arch = a, .ncpus = 1, .cpus = &f.cpu };
	end();
	new_machine(a, false);
	sct_machine_set_snapshots(m, &s, 1);
	sct_machine_seed(m, &nowhere);
	ck_assert(sct_vcpu_paging(sct_machine_vcpu(m, 0), &p));
	ck_assert_uint_eq(p.levels, 4);
	ck_assert_uint_eq(p.root, 0x5a22000);
	end();
	sct_regs_set(&f.cpu, sct_arch_reg(a, "efer")->index, 0); /* told to be out of it */
	new_machine(a, false);
	sct_machine_set_snapshots(m, &s, 1);
	sct_machine_seed(m, &nowhere);
	ck_assert(sct_vcpu_paging(sct_machine_vcpu(m, 0), &p));
	ck_assert_uint_eq(p.levels, 3);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("machine_access");
	TCase *t = tcase_create("machine_access");

	tcase_add_checked_fixture(t, paged, end);
	tcase_add_test(t, stores_go_where_the_tables_say);
	tcase_add_test(t, address_spaces_differ);
	tcase_add_test(t, a_store_to_a_table_changes_translation);
	tcase_add_test(t, a_page_becomes_a_table);
	tcase_add_test(t, what_is_read_holds);
	tcase_add_test(t, without_tables_accesses_are_known_for_a_time);
	tcase_add_test(t, halves_of_an_address_space);
	tcase_add_test(t, bytes_of_unknown_width);
	tcase_add_test(t, snapshots_lie_under_stores);
	tcase_add_test(t, pages_that_are_known_in_part);
	tcase_add_test(t, constant_parts_of_a_program_last);
	tcase_add_test(t, an_image_of_a_program);
	tcase_add_test(t, a_core_of_another_moment);
	tcase_add_test(t, registers_of_the_same_moment);
	tcase_add_test(t, paging_that_is_still_off);
	tcase_add_test(t, long_mode_of_dumps);
	suite_add_tcase(s, t);
	return run_tests(s);
}
