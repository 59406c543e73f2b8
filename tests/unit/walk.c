/* Tests of page walks.
 * In:  page tables built by hand, in every paging mode; random ones against a walk written the long way
 * Out: guest-physical addresses, bytes, or why there are none
 */
#include "walk.h"

#include <check.h>
#include <stdlib.h>

#include "suite.h"

#define PG (UINT64_C(1) << 31)
#define PSE (UINT64_C(1) << 4)
#define PAE (UINT64_C(1) << 5)
#define LA57 (UINT64_C(1) << 12)
#define LMA (UINT64_C(1) << 10)

enum { P = 1, W = 2, U = 4, PS = 0x80 };

static struct sct_memory mem;

static void begin(void)
{
	sct_memory_init(&mem, UINT64_MAX);
	sct_memory_zero(&mem, 0, 16); /* where all tables of these tests lie */
}

static void end(void)
{
	sct_memory_fini(&mem);
}

static void put32(uint64_t at, uint32_t v)
{
	sct_memory_store(&mem, at, &v, 4);
}

static void put64(uint64_t at, uint64_t v)
{
	sct_memory_store(&mem, at, &v, 8);
}

static void maps(const struct sct_paging *p, uint64_t vaddr, uint64_t paddr, uint64_t size, bool user)
{
	struct sct_mapping w = { 0 };

	ck_assert_int_eq(sct_page_walk_x86(p, &mem, vaddr, &w), SCT_WALK_OK);
	ck_assert_uint_eq(w.paddr, paddr);
	ck_assert_uint_eq(w.size, size);
	ck_assert_int_eq(w.user, user);
}

static void fails(const struct sct_paging *p, uint64_t vaddr, enum sct_walk_status status)
{
	struct sct_mapping w = { 1, 2, true };

	ck_assert_int_eq(sct_page_walk_x86(p, &mem, vaddr, &w), status);
	ck_assert(w.paddr == 1 && w.size == 2 && w.user);
}

START_TEST(identity)
{
	struct sct_paging p = sct_paging_x86(0x10, 0x1000, PAE, 0);

	maps(&p, 0x12345678, 0x12345678, 4096, true);
	maps(&p, 0xffffffff, 0xffffffff, 4096, true);
	fails(&p, UINT64_C(0x100000000), SCT_WALK_UNMAPPED);
}
END_TEST

START_TEST(two_levels)
{
	struct sct_paging p = sct_paging_x86(PG | 0x33, 0x1018, PSE, 0);

	put32(0x1000 + 4 * 1, 0x2000 | U | P);
	put32(0x2000 + 4 * 3, 0x87654000 | U | P);
	put32(0x2000 + 4 * 4, 0x87654000 | P);
	put32(0x2000 + 4 * 5, 0x87654000 | U);
	put32(0x2000 + 4 * 1023, 0xfffff000 | PS | U | P); /* bit 7 is PAT here */
	maps(&p, 0x00403abc, 0x87654abc, 4096, true);
	maps(&p, 0x00404000, 0x87654000, 4096, false);
	maps(&p, 0x007fffff, 0xffffffff, 4096, true);
	fails(&p, 0x00405000, SCT_WALK_UNMAPPED);
	fails(&p, 0x00406000, SCT_WALK_UNMAPPED);
	fails(&p, 0x00800000, SCT_WALK_UNMAPPED);
	fails(&p, UINT64_C(0x100403000), SCT_WALK_UNMAPPED);
}
END_TEST

START_TEST(two_levels_large)
{
	struct sct_paging p = sct_paging_x86(PG, 0x1000, PSE, 0);
	struct sct_paging plain = sct_paging_x86(PG, 0x1000, 0, 0);

	put32(0x1000 + 4 * 768, 0x00400000 | PS | P);
	put32(0x1000 + 4 * 769, 0x00400000 | 0xa5 << 13 | 1 << 12 | PS | U | P); /* PSE-36, PAT */
	put32(0x1000 + 4 * 770, 0x00600000 | PS | P);                            /* bit 21 is reserved */
	put32(0x1000 + 4 * 771, 0x00003000 | PS | P);
	put32(0x3000 + 4 * 1, 0x5000 | P);
	maps(&p, 0xc0123456, 0x00523456, 4 << 20, false);
	maps(&p, 0xc0523456, UINT64_C(0xa500523456), 4 << 20, true);
	fails(&p, 0xc0800000, SCT_WALK_UNMAPPED);
	maps(&plain, 0xc0c01234, 0x5234, 4096, false); /* without CR4.PSE bit 7 means nothing */
}
END_TEST

START_TEST(pae)
{
	struct sct_paging p = sct_paging_x86(PG, 0x1fe5, PAE, UINT64_C(1) << 11); /* root 0x1fe0: 32-byte aligned */

	put64(0x1fe0 + 8 * 3, 0x3000 | 1 << 5 | P);                  /* bit 5: QEMU sets it */
	put64(0x1fe0 + 8 * 1, UINT64_C(1) << 63 | 0x3000 | P);       /* bit 63 is reserved at this level */
	put64(0x3000 + 8 * 0, 0x00200000 | PS | U | P);
	put64(0x3000 + 8 * 1, UINT64_C(1) << 63 | 0x4000 | U | P);
	put64(0x3000 + 8 * 2, 0x00202000 | PS | U | P);              /* bit 13 is reserved */
	put64(0x3000 + 8 * 3, UINT64_C(1) << 52 | 0x4000 | U | P);   /* bits 62:52 are reserved */
	put64(0x4000 + 8 * 511, UINT64_C(0x8000ffff12345000) | U | P);
	put64(0x4000 + 8 * 510, UINT64_C(0x4000000012345000) | U | P);
	maps(&p, 0xc00abcde, 0x002abcde, 2 << 20, true);
	maps(&p, 0xc03fffff, UINT64_C(0xffff12345fff), 4096, true);
	fails(&p, 0xc03fefff, SCT_WALK_UNMAPPED);
	fails(&p, 0xc0400000, SCT_WALK_UNMAPPED);
	fails(&p, 0xc0600000, SCT_WALK_UNMAPPED);
	fails(&p, 0x40000000, SCT_WALK_UNMAPPED);
	fails(&p, 0, SCT_WALK_UNMAPPED);
}
END_TEST

START_TEST(four_levels)
{
	/* bit 63 and the PCID of cr3 are no part of the address */
	struct sct_paging p = sct_paging_x86(PG, UINT64_C(1) << 63 | 0x1abc, PAE, LMA);

	put64(0x1000 + 8 * 511, 0x2000 | U | P);
	put64(0x2000 + 8 * 510, 0x3000 | U | P);
	put64(0x2000 + 8 * 509, 0x80000000 | PS | U | P);
	put64(0x2000 + 8 * 508, 0x80002000 | PS | U | P); /* bit 13 is reserved */
	put64(0x3000 + 8 * 0, 0x01000000 | PS | 1 << 12 | U | P);
	put64(0x3000 + 8 * 1, 0x4000 | P);
	put64(0x3000 + 8 * 2, 0x01100000 | PS | U | P);   /* bit 20 is reserved */
	put64(0x4000 + 8 * 7, UINT64_C(0xfff0000abcdef000) | U | P);
	put64(0x1000 + 8 * 0, 0x2000 | PS | U | P);       /* bit 7 is reserved */
	maps(&p, UINT64_C(0xffffffff80012345), 0x01012345, 2 << 20, true);
	maps(&p, UINT64_C(0xffffffff80207fff), UINT64_C(0xabcdeffff), 4096, false);
	maps(&p, UINT64_C(0xffffffff7fffffff), 0xbfffffff, 1 << 30, true);
	fails(&p, UINT64_C(0xffffffff80400000), SCT_WALK_UNMAPPED);
	fails(&p, UINT64_C(0xffffffff00000000), SCT_WALK_UNMAPPED);
	fails(&p, UINT64_C(0xffffffffc0000000), SCT_WALK_UNMAPPED);
	fails(&p, UINT64_C(0x0000000000000000), SCT_WALK_UNMAPPED);
}
END_TEST

START_TEST(canonical)
{
	struct sct_paging p4 = sct_paging_x86(PG, 0x1000, PAE, LMA), p5 = sct_paging_x86(PG, 0x1000, PAE | LA57, LMA);
	struct sct_paging not5 = sct_paging_x86(PG, 0x1000, PAE | LA57, 0);

	ck_assert_uint_eq(not5.levels, 3); /* CR4.LA57 has no meaning outside long mode */
	for (unsigned i = 0; i < 512; i++) {
		put64(0x1000 + 8 * i, 0x2000 | U | P);
		put64(0x2000 + 8 * i, 0x3000 | U | P);
		put64(0x3000 + 8 * i, PS | U | P);
	}
	maps(&p4, UINT64_C(0x00007fffffffffff), 0x1fffff, 2 << 20, true);
	fails(&p4, UINT64_C(0x0000800000000000), SCT_WALK_UNMAPPED);
	fails(&p4, UINT64_C(0xffff7fffffffffff), SCT_WALK_UNMAPPED);
	maps(&p4, UINT64_C(0xffff800000000000), 0, 2 << 20, true);
	maps(&p5, UINT64_C(0x0000800000000000), 0, 1 << 30, true);
	maps(&p5, UINT64_C(0x00ffffffffffffff), 0x3fffffff, 1 << 30, true);
	fails(&p5, UINT64_C(0x0100000000000000), SCT_WALK_UNMAPPED);
	fails(&p5, UINT64_C(0xfeffffffffffffff), SCT_WALK_UNMAPPED);
	maps(&p5, UINT64_C(0xff00000000000000), 0, 1 << 30, true);
}
END_TEST

START_TEST(five_levels)
{
	struct sct_paging p = sct_paging_x86(PG, 0x1000, PAE | LA57, LMA);

	put64(0x1000 + 8 * 0x0ab, 0x2000 | U | P);
	put64(0x2000 + 8 * 0x1cd, 0x3000 | U | P);
	put64(0x3000 + 8 * 0x001, 0x4000 | U | P);
	put64(0x4000 + 8 * 0x002, 0x5000 | U | P);
	put64(0x5000 + 8 * 0x003, 0x6000 | U | P);
	maps(&p, UINT64_C(0xab) << 48 | UINT64_C(0x1cd) << 39 | 1 << 30 | 2 << 21 | 3 << 12 | 0x123, 0x6123, 4096, true);
	put64(0x1000 + 8 * 0x0ab, 0x2000 | PS | U | P);
	fails(&p, UINT64_C(0xab) << 48, SCT_WALK_UNMAPPED);
}
END_TEST

/* Tables that the recording does not show are no proof that nothing is mapped. */
START_TEST(unknown_tables)
{
	struct sct_paging p = sct_paging_x86(PG, 0x1000, PAE, LMA), gone = sct_paging_x86(PG, 0x900000, PAE, LMA);

	fails(&gone, 0, SCT_WALK_NOT_RECORDED);
	put64(0x1000, 0x900000 | P);
	fails(&p, 0, SCT_WALK_NOT_RECORDED);
	sct_memory_store(&mem, 0x900000, "\1\40\0\0\0\0\0", 7); /* one byte of the entry is missing */
	fails(&p, 0, SCT_WALK_NOT_RECORDED);
	sct_memory_store(&mem, 0x900007, "", 1);
	fails(&p, 0, SCT_WALK_UNMAPPED);
	fails(&p, 1 << 30, SCT_WALK_NOT_RECORDED);
}
END_TEST

static void reads(const struct sct_paging *p, uint64_t vaddr, size_t len, const char *want, size_t size,
                  enum sct_walk_status status)
{
	char b[64];
	enum sct_walk_status got = SCT_WALK_OK;

	ck_assert_uint_eq(sct_virt_read(p, &mem, false, vaddr, b, len, &got), size);
	ck_assert_int_eq(got, status);
	ck_assert_mem_eq(b, want, size);
}

/* Four neighbouring pages: at 0x20000, at 0x50000, one that is not recorded, one that is not mapped. */
START_TEST(virtual_reads)
{
	struct sct_paging p = sct_paging_x86(PG, 0x1000, 0, 0);

	put32(0x1000 + 4 * 1023, 0x2000 | U | P);
	put32(0x2000 + 4 * 1019, 0x20000 | U | P);
	put32(0x2000 + 4 * 1020, 0x50000 | U | P);
	put32(0x2000 + 4 * 1021, 0x60000 | U | P);
	put32(0x2000 + 4 * 1023, 0x50000 | U | P);
	sct_memory_store(&mem, 0x20ffc, "abcd", 4);
	sct_memory_store(&mem, 0x50000, "efgh", 4);
	sct_memory_store(&mem, 0x50ffe, "yz", 2);
	reads(&p, 0xffffbffc, 8, "abcdefgh", 8, SCT_WALK_OK);
	reads(&p, 0xffffbffc, 0, "", 0, SCT_WALK_OK);
	reads(&p, 0xffffbffc, 9, "abcdefgh", 8, SCT_WALK_NOT_RECORDED);
	reads(&p, 0xffffcffe, 8, "yz", 2, SCT_WALK_NOT_RECORDED);
	reads(&p, 0xffffe000, 8, "", 0, SCT_WALK_UNMAPPED);
	reads(&p, 0xffffdff0, 8, "", 0, SCT_WALK_NOT_RECORDED);
	reads(&p, 0xfffffffe, 8, "yz", 2, SCT_WALK_UNMAPPED); /* no wrap to address 0 */
	reads(&p, UINT64_MAX, 8, "", 0, SCT_WALK_UNMAPPED);
	put32(0x2000 + 4 * 1020, 0);
	reads(&p, 0xffffbffc, 8, "abcd", 4, SCT_WALK_UNMAPPED);
}
END_TEST

START_TEST(virtual_reads_of_large_pages)
{
	struct sct_paging p = sct_paging_x86(PG, 0x1000, PAE, LMA);

	put64(0x1000 + 8 * 511, 0x2000 | P);
	put64(0x2000 + 8 * 511, 0x40000000 | PS | P);
	sct_memory_store(&mem, 0x40000ffe, "abcd", 4);
	sct_memory_store(&mem, 0x7ffffffc, "wxyz", 4);
	reads(&p, UINT64_C(0xffffffffc0000ffe), 5, "abcd", 4, SCT_WALK_NOT_RECORDED);
	reads(&p, UINT64_MAX - 3, 4, "wxyz", 4, SCT_WALK_OK);
	reads(&p, UINT64_MAX - 3, 8, "wxyz", 4, SCT_WALK_UNMAPPED);
}
END_TEST

START_TEST(user_reads)
{
	struct sct_paging p = sct_paging_x86(PG, 0x1000, 0, 0);
	enum sct_walk_status status;
	char b[4];

	put32(0x1000, 0x2000 | U | P);
	put32(0x2000, 0x20000 | U | P);
	put32(0x2004, 0x21000 | P);
	sct_memory_store(&mem, 0x20ffe, "user's, kernel's", 16);
	ck_assert_uint_eq(sct_virt_read(&p, &mem, true, 0xffe, b, 4, &status), 2);
	ck_assert_int_eq(status, SCT_WALK_UNMAPPED);
	ck_assert_uint_eq(sct_virt_read(&p, &mem, false, 0xffe, b, 4, &status), 4);
	ck_assert_int_eq(status, SCT_WALK_OK);
}
END_TEST

/* What was found is found again until its owner forgets it, by the same tables only. */
START_TEST(walks_that_are_kept)
{
	struct sct_walks walks = { .found = 0 };
	struct sct_paging p = sct_paging_x86(PG, 0x1000, PAE, LMA), other = sct_paging_x86(PG, 0x3000, PAE, LMA);

	p.walks = other.walks = &walks;
	put64(0x1000, 0x2000 | P);
	put64(0x2000 + 8, 0x40000000 | PS | U | P);
	maps(&p, 0x40000123, 0x40000123, 1 << 30, false);
	put64(0x2000 + 8, 0);
	maps(&p, 0x7fffffff, 0x7fffffff, 1 << 30, false);
	fails(&p, UINT64_C(0x80000000), SCT_WALK_UNMAPPED);
	fails(&p, 0x3fffffff, SCT_WALK_UNMAPPED);
	fails(&other, 0x40000123, SCT_WALK_UNMAPPED);
	walks.found = 0;
	fails(&p, 0x40000123, SCT_WALK_UNMAPPED);
}
END_TEST

START_TEST(more_walks_than_are_kept)
{
	struct sct_walks walks = { .found = 0 };
	struct sct_paging p = sct_paging_x86(PG, 0x1000, 0, 0);

	p.walks = &walks;
	put32(0x1000, 0x2000 | U | P);
	for (uint32_t i = 0; i < 3 * SCT_WALKS; i++)
		put32(0x2000 + 4 * i, (0x100000 - 0x1000 * i) | U | P);
	for (unsigned turn = 0; turn < 2; turn++)
		for (uint32_t i = 0; i < 3 * SCT_WALKS; i++)
			maps(&p, 0x1000 * i + turn, 0x100000 - 0x1000 * i + turn, 4096, true);
}
END_TEST

START_TEST(reasons)
{
	ck_assert_str_eq(sct_page_walk_reason(SCT_WALK_UNMAPPED), "unmapped");
	ck_assert_str_eq(sct_page_walk_reason(SCT_WALK_NOT_RECORDED), "not recorded");
	ck_assert_ptr_null(sct_page_walk_reason(SCT_WALK_OK));
}
END_TEST

/* xorshift64 (Marsaglia 2003): the same numbers in every run. */
static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

enum { TABLES = 16 };
static uint64_t table[TABLES][512];

/* Tables 0 to 15 at pages 0 to 15, whose entries point at each other, are large pages, or nothing. */
static void random_tables(uint64_t *x)
{
	for (unsigned t = 0; t < TABLES; t++) {
		for (unsigned i = 0; i < 512; i++) {
			uint64_t r = next_random(x);

			table[t][i] = (r % TABLES) << 12 | (r >> 8 & 0xf7f) | (r % 8 ? P : 0) | (r >> 40 & U);
			if (r >> 32 & 1)
				table[t][i] = (r & UINT64_C(0xfffffc0000000)) | PS | P;
		}
	}
	sct_memory_store(&mem, 0, table, sizeof table);
}

/* A 4-level walk the long way, for tables as random_tables makes them: every large page is aligned to 1 GiB. */
static bool long_way(unsigned root, uint64_t vaddr, uint64_t *paddr)
{
	uint64_t e4 = table[root][vaddr >> 39 & 511], e3, e2, e1;

	if (!(e4 & P) || e4 & PS)
		return false;
	e3 = table[e4 >> 12 & 15][vaddr >> 30 & 511];
	*paddr = (e3 & UINT64_C(0xfffffc0000000)) + (vaddr & 0x3fffffff);
	if (!(e3 & P) || e3 & PS)
		return e3 & P;
	e2 = table[e3 >> 12 & 15][vaddr >> 21 & 511];
	*paddr = (e2 & UINT64_C(0xfffffffe00000)) + (vaddr & 0x1fffff);
	if (!(e2 & P) || e2 & PS)
		return e2 & P;
	e1 = table[e2 >> 12 & 15][vaddr >> 12 & 511];
	*paddr = (e1 & UINT64_C(0xffffffffff000)) + (vaddr & 0xfff);
	return e1 & P;
}

START_TEST(as_the_long_way)
{
	uint64_t x = 88172645463325252u + (uint64_t)_i;

	random_tables(&x);
	for (unsigned step = 0; step < 20000; step++) {
		unsigned root = next_random(&x) % TABLES;
		uint64_t vaddr = (uint64_t)((int64_t)(next_random(&x) << 16) >> 16), want = 0;
		struct sct_paging p = sct_paging_x86(PG, root << 12, PAE, LMA);
		struct sct_mapping w = { 0 };
		bool mapped = long_way(root, vaddr, &want);

		ck_assert_int_eq(sct_page_walk_x86(&p, &mem, vaddr, &w), mapped ? SCT_WALK_OK : SCT_WALK_UNMAPPED);
		ck_assert_uint_eq(w.paddr, mapped ? want : 0);
	}
}
END_TEST

static TCase *cases(void)
{
	TCase *tc = tcase_create("walk");

	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, identity);
	tcase_add_test(tc, two_levels);
	tcase_add_test(tc, two_levels_large);
	tcase_add_test(tc, pae);
	tcase_add_test(tc, four_levels);
	tcase_add_test(tc, canonical);
	tcase_add_test(tc, five_levels);
	tcase_add_test(tc, unknown_tables);
	tcase_add_test(tc, virtual_reads);
	tcase_add_test(tc, virtual_reads_of_large_pages);
	tcase_add_test(tc, user_reads);
	tcase_add_test(tc, walks_that_are_kept);
	tcase_add_test(tc, more_walks_than_are_kept);
	tcase_add_test(tc, reasons);
	tcase_add_loop_test(tc, as_the_long_way, 0, 4);
	return tc;
}

int main(void)
{
	Suite *s = suite_create("walk");

	suite_add_tcase(s, cases());
	return run_tests(s);
}
