/* Tests of how the recorder reads the kernel's memory beside a running program.
 * In:  a made-up physical memory with page tables in it
 * Out: lines, by the kernel's tables and not the program's
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/record/kernel_memory.h"
#include "suite.h"

enum {
	PAGES = 32,
	PAGE = 4096,
	DEVICE = 31,         /* the page of which nothing may be read */
	KERNEL = 8,          /* pages of the two top-level tables: the bit that tells them apart is that of one page */
	PROGRAM = 9,
	PRESENT = 1, LARGE = 0x80,
};

#define HIGH UINT64_C(0xffff888000000000)

static uint8_t ram[PAGES * PAGE];
static unsigned reads;

static void rw(uint64_t addr, void *buf, uint64_t len, bool is_write)
{
	ck_assert(!is_write);
	ck_assert_uint_le(addr + len, sizeof ram);
	ck_assert_uint_ne(addr / PAGE, DEVICE);
	reads++;
	memcpy(buf, ram + addr, len);
}

static bool is_io(uint64_t addr)
{
	return addr >= sizeof ram || addr / PAGE == DEVICE;
}

static void put_entry(unsigned table, unsigned index, unsigned page, unsigned bits)
{
	uint64_t entry = (uint64_t)page * PAGE | bits | PRESENT;

	memcpy(ram + table * PAGE + index * 8, &entry, 8);
}

static const struct sct_physical physical = { rw, is_io };
static const struct sct_controls isolated = {
	.cr0 = 0x80000001, .cr3 = PROGRAM * PAGE | 0x803, .cr4 = 0x20, .efer = 0xd01
};
static struct sct_kernel_memory k;

#define PC 0x401000

/* HIGH: pages 20, 31 (the device) and 21 by small pages; from HIGH + 2 MiB on all of memory by a large one. The
 * program's page at PC is in both tables. */
static void setup(void)
{
	unsigned top = HIGH >> 39 & 511;

	memset(ram, 0, sizeof ram);
	put_entry(KERNEL, top, 10, 0);
	put_entry(10, 0, 11, 0);
	put_entry(11, 0, 12, 0);
	put_entry(11, 1, 0, LARGE);
	put_entry(12, 0, 20, 0);
	put_entry(12, 1, DEVICE, 0);
	put_entry(12, 2, 21, 0);
	put_entry(KERNEL, 0, 13, 0);
	put_entry(PROGRAM, 0, 13, 0);
	put_entry(13, 0, 14, 0);
	put_entry(14, 2, 15, 0);
	put_entry(15, 1, 22, 0);
	memset(ram + 20 * PAGE, 'a', PAGE);
	memset(ram + 21 * PAGE, 'b', PAGE);
	sct_kernel_memory_init(&k, &physical, NULL);
	sct_kernel_memory_at(&k, &isolated, PC);
	reads = 0;
}

static void teardown(void)
{
	sct_memory_fini(&k.tables);
}

static int line_at(uint64_t addr)
{
	uint8_t line[64];

	return sct_kernel_memory_line(&k, addr, line) ? line[63] : -1;
}

START_TEST(by_the_kernels_tables)
{
	ck_assert_int_eq(line_at(HIGH), 'a');
	ck_assert_int_eq(line_at(HIGH + 2 * PAGE + 64), 'b');
	ck_assert_int_eq(line_at(HIGH + 3 * PAGE), -1);
	ck_assert_int_eq(line_at(HIGH + (2 << 20) + 21 * PAGE), 'b');
	ck_assert_int_eq(line_at(0x1000), -1);
}
END_TEST

/* The program's tables may have some of the kernel: that says nothing of the rest. */
START_TEST(kernel_text_in_both)
{
	put_entry(PROGRAM, 511, 16, 0);
	put_entry(KERNEL, 511, 16, 0);
	put_entry(16, 510, 11, 0);
	ck_assert_int_eq(line_at(UINT64_C(0xffffffff80000000)), 'a');
	ck_assert_int_eq(line_at(HIGH), 'a');
}
END_TEST

/* Where there is no other half that bit is part of the address: what lies there is not this program's. */
START_TEST(without_isolation)
{
	memcpy(ram + PROGRAM * PAGE, ram + KERNEL * PAGE, PAGE);
	memset(ram + KERNEL * PAGE, 0, PAGE);
	put_entry(KERNEL, 300, 10, 0);
	ck_assert_int_eq(line_at(UINT64_C(0xffff000000000000) | UINT64_C(300) << 39), -1);
	ck_assert_int_eq(line_at(HIGH), 'a');
	/* another program's tables */
	put_entry(KERNEL, 0, 17, 0);
	put_entry(17, 0, 18, 0);
	put_entry(18, 2, 19, 0);
	put_entry(19, 1, 23, 0);
	sct_kernel_memory_at(&k, &isolated, PC);
	ck_assert_int_eq(line_at(UINT64_C(0xffff000000000000) | UINT64_C(300) << 39), -1);
	ck_assert_int_eq(line_at(HIGH), 'a');
}
END_TEST

START_TEST(no_device_is_read)
{
	ck_assert_int_eq(line_at(HIGH + PAGE), -1);
	put_entry(12, 5, DEVICE, 0);
	put_entry(11, 2, DEVICE, 0);
	ck_assert_int_eq(line_at(HIGH + 5 * PAGE), -1);
	ck_assert_int_eq(line_at(HIGH + (4 << 20)), -1); /* its table is there */
}
END_TEST

START_TEST(one_walk_for_a_page)
{
	line_at(HIGH + (2 << 20) + 20 * PAGE);
	reads = 0;
	ck_assert_int_eq(line_at(HIGH + (2 << 20) + 21 * PAGE), 'b');
	ck_assert_uint_eq(reads, 1);
	/* but nothing is remembered from one moment to the next */
	sct_kernel_memory_at(&k, &isolated, PC);
	put_entry(11, 1, 0, 0);
	ck_assert_int_eq(line_at(HIGH + (2 << 20) + 21 * PAGE), -1);
}
END_TEST

/* More pages than are remembered. */
START_TEST(many_pages)
{
	for (unsigned i = 0; i < 3 * SCT_WALKS; i++)
		put_entry(12, 10 + i, 20 + i % 2, 0);
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < 3 * SCT_WALKS; i++)
			ck_assert_int_eq(line_at(HIGH + (10 + i) * PAGE), i % 2 ? 'b' : 'a');
}
END_TEST

START_TEST(of_32_bits)
{
	const struct sct_controls pae = { .cr0 = 0x80000001, .cr3 = PROGRAM * PAGE, .cr4 = 0x20 };

	put_entry(KERNEL, 3, 11, 0);
	put_entry(KERNEL, 0, 14, 0);
	put_entry(PROGRAM, 0, 14, 0);
	sct_kernel_memory_at(&k, &pae, PC);
	ck_assert_int_eq(line_at(0xc0000000), 'a');
	ck_assert_int_eq(line_at(0xbfffffc0), -1);
	ck_assert_int_eq(line_at(HIGH), -1);
}
END_TEST

static bool read_line(void *none, uint64_t addr, uint8_t *line)
{
	ck_assert_ptr_null(none);
	memset(line, 'q', 64);
	return addr == HIGH;
}

START_TEST(without_physical_memory)
{
	static const struct sct_physical none;

	sct_kernel_memory_init(&k, &none, read_line);
	sct_kernel_memory_at(&k, &isolated, PC);
	ck_assert_int_eq(line_at(HIGH), 'q');
	ck_assert_int_eq(line_at(HIGH + 64), -1);
	ck_assert_int_eq(line_at(0x1000), -1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("kernel_memory");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, by_the_kernels_tables);
	tcase_add_test(t, kernel_text_in_both);
	tcase_add_test(t, without_isolation);
	tcase_add_test(t, no_device_is_read);
	tcase_add_test(t, one_walk_for_a_page);
	tcase_add_test(t, many_pages);
	tcase_add_test(t, of_32_bits);
	tcase_add_test(t, without_physical_memory);
	suite_add_tcase(s, t);
	return run_tests(s);
}
