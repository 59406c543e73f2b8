/* Tests of numbers for what the kernel's memory shows: the same number, the same bytes.
 *
 * In:  events by hand
 * Out: a report; exit status 0 when all passed
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/machine.h"

#define KERNEL UINT64_C(0xffff888000000000)

static struct sct_machine *m;

static void begin(void)
{
	m = malloc(sizeof *m);
	ck_assert_ptr_nonnull(m);
	sct_machine_init(m, &sct_arch_x86_64, false);
}

static void end(void)
{
	sct_machine_fini(m);
	free(m);
}

static void see(unsigned vcpu, uint64_t addr, const char *data)
{
	sct_machine_apply(m, &(struct sct_event){ .kind = SCT_EV_SEEN, .vcpu = (uint16_t)vcpu, .addr = addr, .len = 4,
	                                          .reg = addr >= KERNEL, .data = (const uint8_t *)data });
}

/* The number of what vcpu sees now; its moment is over then. */
static uint64_t number(unsigned vcpu)
{
	struct sct_vcpu *v = sct_machine_vcpu(m, vcpu);
	uint64_t n = sct_machine_kernel_shown(v);

	ck_assert_uint_eq(sct_machine_kernel_shown(v), n);
	sct_machine_unsee(v);
	return n;
}

static uint64_t shown(uint64_t addr, const char *data, const char *behind)
{
	see(0, 0x1000, "user");
	see(0, addr, data);
	see(0, addr + 64, behind);
	return number(0);
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

/* Where other memory may answer too, runs do not stand for all. */
START_TEST(replayed_memory)
{
	struct sct_store store = { .addr = 0x1000, .data = (const uint8_t *)"abcd", .len = 4 };

	ck_assert_uint_ne(shown(KERNEL, "abcd", "efgh"), 0);
	sct_machine_apply(m, &(struct sct_event){ .kind = SCT_EV_STORES, .len = 1, .stores = &store });
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
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, the_same_again);
	tcase_add_test(t, any_byte_counts);
	tcase_add_test(t, each_vcpu_has_its_own);
	tcase_add_test(t, nothing_shown);
	tcase_add_test(t, replayed_memory);
	tcase_add_test(t, runs_out_of_order);
	tcase_add_test(t, reads_that_stray);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
