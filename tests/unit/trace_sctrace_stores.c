/* Tests of the reader of sctrace traces: stores of every size and distance, and whole pages of RAM.
 * In:  traces built by hand (trace_build.h)
 * Out: a report; exit status 0 when all passed
 */
#include "sctrace_read.h"
#include "suite.h"

static void put_store(struct sct_bytes *b, unsigned head, int64_t delta, uint64_t page, uint64_t next,
                      const char *value)
{
	sct_put_u8(b, (uint8_t)head);
	sct_put_zigzag(b, delta);
	if (head & SCT_STORE_PAGE)
		sct_put_varint(b, page);
	if (head & SCT_STORE_NEXT)
		sct_put_varint(b, next);
	if (!(head & SCT_STORE_ZERO))
		sct_put(b, value, 1u << (head & SCT_STORE_SIZE));
}

static void ck_store(const struct sct_store *s, uint64_t addr, const void *data, uint32_t len)
{
	ck_assert_uint_eq(s->addr, addr);
	ck_assert_uint_eq(s->len, len);
	ck_assert_mem_eq(s->data, data, len);
}

START_TEST(stores)
{
	struct sct_bytes b = { 0 };
	const struct sct_event *e;

	put_store(&b, 2 | SCT_STORE_PAGE, 0x7010, 0x55, 0, "abcd");
	put_store(&b, 3, 4, 0, 0, "ABCDEFGH");                            /* 0x7018, page known */
	put_store(&b, 0 | SCT_STORE_IO, 0, 0, 0, "x");                    /* RAM did not change */
	put_store(&b, 3 | SCT_STORE_NEXT, 0x7ffc - 0x7021, 0, 0x99, "01234567");
	put_store(&b, 4 | SCT_STORE_ZERO, 0, 0, 0, NULL);                 /* 0x8004, told by the one before */
	add(&t, SCT_CHUNK_STORE, 3, &b);
	end(&t);
	read_trace();
	ck_whole();
	ck_assert_int_eq(how_many(SCT_EV_STORES), 1);
	e = nth(SCT_EV_STORES, 0);
	ck_assert_uint_eq(e->vcpu, 3);
	ck_assert_uint_eq(e->value, 4);
	ck_assert_uint_eq(e->len, 5);
	ck_store(&e->stores[0], 0x55010, "abcd", 4);
	ck_store(&e->stores[1], 0x55018, "ABCDEFGH", 8);
	ck_store(&e->stores[2], 0x55ffc, "0123", 4);
	ck_store(&e->stores[3], 0x99000, "4567", 4);
	ck_store(&e->stores[4], 0x99004, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}
END_TEST

/* Zeros that go on where the store before ended are told as one, in one page. */
START_TEST(stores_of_zeros)
{
	static const uint8_t zeros[4096];
	struct sct_bytes b = { 0 };
	const struct sct_event *e;

	put_store(&b, 3 | SCT_STORE_PAGE | SCT_STORE_ZERO, 0x7000, 0x55, 0, NULL);
	for (int i = 1; i < 512; i++)
		put_store(&b, 3 | SCT_STORE_ZERO, 0, 0, 0, NULL);
	put_store(&b, 3 | SCT_STORE_PAGE | SCT_STORE_ZERO, 0, 0x99, 0, NULL); /* 0x8000 */
	for (int i = 1; i < 10; i++)
		put_store(&b, 3 | SCT_STORE_ZERO, 0, 0, 0, NULL);
	put_store(&b, 2 | SCT_STORE_ZERO, 0, 0, 0, NULL); /* of another size */
	put_store(&b, 2 | SCT_STORE_ZERO, 4, 0, 0, NULL); /* a gap */
	put_store(&b, 2, 0, 0, 0, "abcd");
	put_store(&b, 2 | SCT_STORE_ZERO, 0x8ff6 - 0x8060, 0, 0, NULL);
	put_store(&b, 2 | SCT_STORE_ZERO, 0, 0, 0, NULL);
	put_store(&b, 2 | SCT_STORE_ZERO | SCT_STORE_NEXT, 0, 0, 0x77, NULL); /* over the page's end */
	add(&t, SCT_CHUNK_STORE, 0, &b);
	end(&t);
	read_trace();
	ck_whole();
	e = nth(SCT_EV_STORES, 0);
	ck_assert_uint_eq(e->value, 512 + 10 + 1 + 1 + 1 + 2 + 1);
	ck_assert_uint_eq(e->len, 8);
	ck_store(&e->stores[0], 0x55000, zeros, 4096);
	ck_store(&e->stores[1], 0x99000, zeros, 80);
	ck_store(&e->stores[2], 0x99050, zeros, 4);
	ck_store(&e->stores[3], 0x99058, zeros, 4);
	ck_store(&e->stores[4], 0x9905c, "abcd", 4);
	ck_store(&e->stores[5], 0x99ff6, zeros, 8);
	ck_store(&e->stores[6], 0x99ffe, zeros, 2);
	ck_store(&e->stores[7], 0x77000, zeros, 2);
}
END_TEST

/* Distances of every length, to pages that were told: to the last ones of a chunk they lead as to all others. */
START_TEST(stores_far_apart)
{
	struct sct_bytes b = { 0 };
	const struct sct_event *e;
	uint64_t behind = 0;
	int64_t delta;

	put_store(&b, 0 | SCT_STORE_PAGE, 0x10, 1, 0, "0");
	for (int k = 12; k < 64; k++)
		put_store(&b, 0 | SCT_STORE_PAGE, k == 12 ? (1 << 12) - 1 : (INT64_C(1) << (k - 1)) - 1, (uint64_t)k, 0, "1");
	behind = (UINT64_C(1) << 63) + 0x11;
	for (int k = 12; k < 64; k++) {
		delta = (int64_t)(0x20 + (uint64_t)k - behind);
		put_store(&b, 2, delta, 0, 0, "2222");
		delta = (int64_t)((UINT64_C(1) << k) + 0x20 - (0x20 + (uint64_t)k + 4));
		put_store(&b, 3, delta, 0, 0, "33333333");
		behind = (UINT64_C(1) << k) + 0x28;
	}
	add(&t, SCT_CHUNK_STORE, 0, &b);
	end(&t);
	read_trace();
	ck_whole();
	e = nth(SCT_EV_STORES, 0);
	ck_assert_uint_eq(e->len, 3 * 52 + 1);
	for (unsigned k = 12; k < 64; k++) {
		ck_store(&e->stores[k - 11], (uint64_t)k << 12 | 0x10, "1", 1);
		ck_store(&e->stores[53 + 2 * (k - 12)], 1 << 12 | (0x20 + k), "2222", 4);
		ck_store(&e->stores[54 + 2 * (k - 12)], (uint64_t)k << 12 | 0x20, "33333333", 8);
	}
}
END_TEST

/* A page that no store of the chunk has told is damage. */
START_TEST(store_to_an_untold_page)
{
	struct sct_bytes b = { 0 };

	put_store(&b, 2 | SCT_STORE_PAGE, 0x7010, 0x55, 0, "abcd");
	add(&t, SCT_CHUNK_STORE, 0, &b);
	put_store(&b, 2, 0x7010, 0, 0, "abcd");
	add(&t, SCT_CHUNK_STORE, 0, &b);
	end(&t);
	read_trace();
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_int_eq(how_many(SCT_EV_STORES), 1);
}
END_TEST

START_TEST(ram)
{
	struct sct_bytes b = { 0 };
	uint8_t page[4096];

	memset(page, 'p', sizeof page);
	sct_put_varint(&b, 0x10);
	sct_put_varint(&b, 4);
	sct_put_u8(&b, 0);
	sct_put_u8(&b, 0);
	sct_put_u8(&b, 1);
	sct_put(&b, page, sizeof page);
	sct_put_u8(&b, 0);
	add(&t, SCT_CHUNK_RAM, 0, &b);
	end(&t);
	read_trace();
	ck_whole();
	ck_assert_int_eq(n, 3);
	ck_assert_int_eq(got[0].kind, SCT_EV_ZERO);
	ck_assert_uint_eq(got[0].addr, 0x10000);
	ck_assert_uint_eq(got[0].value, 2);
	ck_assert_int_eq(got[1].kind, SCT_EV_STORES);
	ck_assert_uint_eq(got[1].len, 1);
	ck_store(got[1].stores, 0x12000, page, sizeof page);
	ck_assert_int_eq(got[2].kind, SCT_EV_ZERO);
	ck_assert_uint_eq(got[2].addr, 0x13000);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trace_sctrace_stores");
	TCase *c = trace_case();

	tcase_add_test(c, stores);
	tcase_add_test(c, stores_of_zeros);
	tcase_add_test(c, stores_far_apart);
	tcase_add_test(c, store_to_an_untold_page);
	tcase_add_test(c, ram);
	suite_add_tcase(s, c);
	return run_tests(s);
}
