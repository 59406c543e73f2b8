/* Numbers of the kernel's memory held against what they promise, on random moments.
 *
 * In:  random stores to data and page tables, runs, registers and threads
 * Out: a report; exit status 0 when every read that was made at a moment gave the same at all moments of its number
 */
#include <string.h>

#include "machine_events.h"
#include "suite.h"

#define KERNEL UINT64_C(0xffff888000000000)

enum {
	PAGES = 12,     /* the first: four top-level tables and the way down from them; data after these */
	DATA = 7,
	STACK = 0x7000,
	MOMENTS = 20000,
	READS = 64,     /* remembered for a number */
	NUMBERS = 1 << 12,
};

/* A read and what it gave. */
struct read {
	uint64_t addr;
	size_t len, known;
	uint8_t bytes[16];
};

static struct remembered {
	uint64_t number;
	unsigned count;
	struct read reads[READS];
} numbers[NUMBERS];

static uint64_t state;
static unsigned again; /* moments whose number an earlier one had */

/* xorshift64 (Marsaglia 2003): the same numbers in every run. */
static unsigned chance(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 32) % n;
}

static void begin(void)
{
	new_machine(&sct_arch_x86_64, false);
	memset(numbers, 0, sizeof numbers);
	again = 0;
}

/* Page tables: roots 0 and 1 (one process, isolated), 2 and 3; then one of each lower level, whose last has the data
 * and, at STACK, a page of the process. */
static void map(void)
{
	for (unsigned page = 0; page < PAGES; page++)
		sct_machine_apply(m, &(struct sct_event){ .kind = SCT_EV_ZERO, .addr = page * 4096, .value = 1 });
	for (unsigned root = 0; root < 4; root++)
		store_word(4096 * root + (root == 1 ? 0 : 8 * (KERNEL >> 39 & 511)), 0x4003, 8);
	store_word(0, 0x4003, 8);
	store_word(0x6000 + 8 * (STACK >> 12), DATA << 12 | 3, 8);
	store_word(0x4000 + 8 * (KERNEL >> 30 & 511), 0x5003, 8);
	store_word(0x5000, 0x6003, 8);
	for (unsigned i = 0; i < 5; i++)
		store_word(0x6000 + 8 * i, (DATA + i) << 12 | 3, 8);
	for (unsigned vcpu = 0; vcpu < 2; vcpu++) {
		set(vcpu, "cr0", UINT64_C(1) << 31);
		set(vcpu, "cr3", 0);
		set(vcpu, "cr4", 1 << 5);
		set(vcpu, "efer", 1 << 10);
		set(vcpu, "rsp", 0);
	}
}

static void change_replayed(void)
{
	switch (chance(60)) {
	case 0: /* a table: another page, or none */
		store_word(0x6000 + 8 * chance(5), chance(4) ? (DATA + chance(6)) << 12 | 3 : 0, 8);
		break;
	case 1:
		set(chance(2), "cr3", chance(4) << 12);
		break;
	case 2:
		sct_machine_apply(m, &(struct sct_event){ .kind = SCT_EV_THREAD, .vcpu = (uint16_t)chance(2),
		                                          .value = chance(3) });
		break;
	case 3: /* whether the tables are isolated is known by the stack */
		set(chance(2), "rsp", chance(2) ? STACK : 0x100000);
		break;
	case 4:
		if (chance(20))
			break;
		gap();
		map();
		break;
	default:
		store_word(DATA * 4096 + chance(4) * 4096 + chance(32), chance(3), 1);
	}
}

/* Runs that the next moment shows, of few kinds, so that most come again. */
static void show_runs(unsigned vcpu)
{
	for (unsigned i = chance(3); i--; )
		sct_machine_apply(m, &(struct sct_event){ .kind = SCT_EV_SEEN, .vcpu = (uint16_t)vcpu, .addr = 0x1000 + 64 * i,
		                                          .len = 4, .data = (const uint8_t *)"user" });
	for (unsigned i = 0; i < 3; i++) {
		uint8_t data[19];

		for (size_t k = 0; k < sizeof data; k++)
			data[k] = chance(20) == 0;
		sct_machine_apply(m, &(struct sct_event){ .kind = SCT_EV_SEEN, .vcpu = (uint16_t)vcpu, .addr = KERNEL + 64 * i,
		                                          .reg = 1, .len = sizeof data, .data = chance(30) ? data : NULL });
	}
}

static void read_at(const struct sct_mem *mem, struct read *r)
{
	memset(r->bytes, 0, sizeof r->bytes);
	r->known = mem->read(mem->ctx, r->addr, r->bytes, r->len);
}

/* What was read at earlier moments of this number gives the same now. */
static struct remembered *hold(const struct sct_mem *mem, uint64_t number)
{
	struct remembered *k = &numbers[number % NUMBERS];

	if (k->number != number) {
		k->number = number;
		k->count = 0;
		return k;
	}
	again++;
	for (unsigned i = 0; i < k->count; i++) {
		struct read now = k->reads[i];

		read_at(mem, &now);
		ck_assert_uint_eq(now.known, k->reads[i].known);
		ck_assert_mem_eq(now.bytes, k->reads[i].bytes, now.known);
	}
	return k;
}

static void moment(bool replayed)
{
	struct sct_vcpu *v = sct_machine_vcpu(m, chance(2));
	struct sct_mem mem = sct_machine_kernel_mem(v);
	uint64_t number = sct_machine_kernel_shown(v);
	struct remembered *k = number ? hold(&mem, number) : NULL;

	for (unsigned n = chance(4); k && n-- && k->count < READS; k->count++) {
		struct read *r = &k->reads[k->count];

		r->addr = KERNEL + (replayed ? chance(5) * 4096 + 4096 * chance(2) : 64 * chance(3)) + chance(32) - 8;
		r->len = 1 + chance(sizeof r->bytes);
		read_at(&mem, r);
	}
	sct_machine_unsee(v);
}

START_TEST(of_replayed_memory)
{
	state = 0x5c7ace + (uint64_t)_i;
	map();
	for (unsigned i = 0; i < MOMENTS; i++) {
		if (chance(3) == 0)
			change_replayed();
		moment(true);
	}
	ck_assert_uint_gt(again, MOMENTS / 10); /* or nothing was tried */
}
END_TEST

START_TEST(of_runs)
{
	state = 0x5c7ace + (uint64_t)_i;
	for (unsigned i = 0; i < MOMENTS; i++) {
		for (unsigned vcpu = 0; vcpu < 2; vcpu++) {
			sct_machine_unsee(sct_machine_vcpu(m, vcpu));
			show_runs(vcpu);
		}
		moment(false);
	}
	ck_assert_uint_gt(again, MOMENTS / 100);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("machine_numbers");
	TCase *t = tcase_create("promises");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_loop_test(t, of_replayed_memory, 0, 4);
	tcase_add_loop_test(t, of_runs, 0, 4);
	suite_add_tcase(s, t);
	return run_tests(s);
}
