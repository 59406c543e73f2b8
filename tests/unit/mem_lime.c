/* Tests of the readers of LiME's, AVML's and raw images, and of the table of runs below them.
 * In:  images made by hand; one that AVML's own code wrote; random runs against a model
 * Out: memory, what is told of damage
 */
#include "dump_build.h"

#include <snappy-c.h>

#include "../../formats/runs.h"
#include "suite.h"

enum { SIZE = 200000, LIME = 0x4c694d45, AVML = 0x4c4d5641 };

static uint8_t bytes[SIZE];

static void setup(void)
{
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof bytes; i++) {
		x = x * 1664525 + 1013904223;
		bytes[i] = i % 512 < 300 ? (uint8_t)(i >> 9) : (uint8_t)(x >> 24);
	}
}

static void put_header(uint32_t magic, uint64_t first, uint64_t size)
{
	sct_put_le(&image, magic, 4);
	sct_put_le(&image, magic == AVML ? 2 : 1, 4);
	sct_put_le(&image, first, 8);
	sct_put_le(&image, first + size - 1, 8);
	sct_put_le(&image, 0, 8);
}

/* ---- raw ------------------------------------------------------------------------------------------------------ */

START_TEST(raw)
{
	sct_put(&image, bytes, 5000);
	ck_open("raw", "@0x100000");
	ck_assert(!info->program);
	ck_assert_uint_eq(info->nranges, 1);
	ck_range(0, 0x100000, 5000, SCT_RANGE_WRITE);
	ck_memory(0x100010, bytes + 16, 4984);
	ck_assert_uint_eq(s.ops->read(s.state, 0xfffff, bytes, 1), 0);
	sct_snapshot_close(&s);
	ck_assert_int_eq(open_image("raw", ""), SCT_E_USAGE);
	ck_assert_int_eq(open_image(NULL, ""), SCT_E_FORMAT);
	ck_assert_int_eq(open_image("raw", "@0xffffffffffffff00"), SCT_OK);
	ck_assert_int_eq(info->damage.status, SCT_E_FORMAT);
	ck_memory(UINT64_MAX - 255, bytes, 256);
}
END_TEST

/* ---- LiME ----------------------------------------------------------------------------------------------------- */

START_TEST(lime)
{
	put_header(LIME, 0x100000, 8192);
	sct_put(&image, bytes, 8192);
	put_header(LIME, 0x1000, 1000);
	sct_put(&image, bytes + 8192, 1000);
	put_header(LIME, 0x102000, 100); /* goes on behind the first */
	sct_put(&image, bytes + 8192, 100);
	ck_open("lime", "");
	ck_assert_uint_eq(info->nranges, 2);
	ck_range(0, 0x1000, 1000, SCT_RANGE_WRITE);
	ck_range(1, 0x100000, 8292, SCT_RANGE_WRITE);
	ck_memory(0x1000, bytes + 8192, 1000);
	ck_memory(0x100000, bytes, 8292);
	ck_assert_uint_eq(count("pieces"), 3);
	sct_snapshot_close(&s);
	info = NULL;
	ck_assert_int_eq(open_image(NULL, "@0x1000"), SCT_E_USAGE);
}
END_TEST

START_TEST(lime_damage)
{
	put_header(LIME, 0x1000, 1000);
	sct_put(&image, bytes, 1000);
	put_header(LIME, 0x8000, 1000);
	sct_put(&image, bytes, 400);
	ck_assert_int_eq(open_image(NULL, ""), SCT_OK);
	ck_assert_int_eq(info->damage.status, SCT_E_TRUNCATED);
	ck_assert_uint_eq(info->damage.offset, 1032);
	ck_memory(0x1000, bytes, 1000);
	ck_memory(0x8000, bytes, 400);
	sct_snapshot_close(&s);
	image.data[1032] ^= 1;
	ck_assert_int_eq(open_image(NULL, ""), SCT_OK);
	ck_assert_int_eq(info->damage.status, SCT_E_FORMAT);
	ck_assert_uint_eq(info->nranges, 1);
	sct_snapshot_close(&s);
	info = NULL;
	image.data[4] = 2;
	ck_assert_int_eq(open_image(NULL, ""), SCT_E_FORMAT);
	image.len = 20;
	ck_assert_int_eq(open_image(NULL, ""), SCT_E_TRUNCATED);
}
END_TEST

START_TEST(lime_overlap)
{
	put_header(LIME, 0x1000, 1000);
	sct_put(&image, bytes, 1000);
	put_header(LIME, 0x1100, 1000);
	sct_put(&image, bytes + 5000, 1000);
	ck_assert_int_eq(open_image(NULL, ""), SCT_OK);
	ck_assert_int_eq(info->damage.status, SCT_E_FORMAT);
	ck_assert_uint_eq(s.ops->read(s.state, 0x1000, bytes + 10000, 2000), 1256);
	ck_assert_mem_eq(bytes + 10000, bytes, 1000);
	ck_assert_mem_eq(bytes + 11000, bytes + 5000 + 744, 256);
}
END_TEST

/* ---- AVML ----------------------------------------------------------------------------------------------------- */

/* CRC-32C, bit by bit, masked as framing_format.txt says. */
static uint32_t checksum(const uint8_t *data, size_t size)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < size; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	crc = ~crc;
	return (crc >> 15 | crc << 17) + 0xa282ead8;
}

static void put_chunk(uint8_t type, const uint8_t *data, size_t size)
{
	static char packed[80000];
	size_t n = sizeof packed;

	if (type == 0)
		ck_assert_int_eq(snappy_compress((const char *)data, size, packed, &n), SNAPPY_OK);
	sct_put_u8(&image, type);
	sct_put_le(&image, (type == 0 ? n : size) + (type < 2 ? 4 : 0), 3);
	if (type < 2)
		sct_put_le(&image, checksum(data, size), 4);
	sct_put(&image, type == 0 ? packed : (const char *)data, type == 0 ? n : size);
}

/* A block of size bytes, each chunk with 65536 of them; every third is not packed. */
static void put_block(uint64_t first, const uint8_t *data, size_t size)
{
	size_t start;

	put_header(AVML, first, size);
	start = image.len;
	put_chunk(0xff, (const uint8_t *)"sNaPpY", 6);
	for (size_t at = 0, n; at < size; at += n) {
		n = size - at < 65536 ? size - at : 65536;
		put_chunk(0xfe, data, 3);
		put_chunk(at / 65536 % 3 == 2, data + at, n);
	}
	sct_put_le(&image, image.len - start, 8);
}

START_TEST(avml)
{
	put_block(0x100000, bytes, SIZE);
	put_block(0x1000, bytes + 100, 70000);
	ck_open("avml", "");
	ck_assert_uint_eq(info->nranges, 2);
	ck_range(0, 0x1000, 70000, SCT_RANGE_WRITE);
	ck_range(1, 0x100000, SIZE, SCT_RANGE_WRITE);
	ck_memory(0x100000, bytes, SIZE);
	ck_memory(0x1000, bytes + 100, 70000);
	ck_memory(0x100000 + 65530, bytes + 65530, SIZE - 65530);
	ck_assert_uint_eq(count("blocks"), 2);
	ck_assert_uint_eq(count("chunks"), 6);
	sct_snapshot_close(&s);
	info = NULL;
	ck_assert_int_eq(open_image(NULL, "@0"), SCT_E_USAGE);
}
END_TEST

/* What AVML's own image.rs and snappy.rs, version 0.20, write of 70,000 bytes at 0x1000 and 5 at 0x20000. */
START_TEST(avml_own)
{
	uint8_t want[70000];

	for (size_t i = 0; i < sizeof want; i++)
		want[i] = (uint8_t)(i / 7 * 31);
	open_path("fixtures/snapshots/small.avml");
	ck_assert_str_eq(info->format, "avml");
	ck_assert_int_eq(info->damage.status, 0);
	ck_memory(0x1000, want, sizeof want);
	ck_memory(0x20000, "hello", 5);
	ck_assert_uint_eq(count("reads of broken chunks"), 0);
}
END_TEST

START_TEST(avml_checksum)
{
	size_t second;

	put_block(0x1000, bytes, 1000);
	second = image.len;
	put_block(0x8000, bytes, 1000);
	image.data[second + 32 + 10 + 7 + 4] ^= 1; /* of the chunk's checksum */
	ck_assert_int_eq(open_image(NULL, ""), SCT_OK);
	ck_memory(0x1000, bytes, 1000);
	ck_assert_int_eq(info->damage.status, 0);
	ck_memory(0x8000, bytes, 0);
	ck_assert_int_eq(info->damage.status, SCT_E_FORMAT);
	ck_assert_uint_eq(count("reads of broken chunks"), 1);
	ck_memory(0x1000, bytes, 1000);
}
END_TEST

/* Each prefix of an image is told to be cut off, and keeps what it has. */
START_TEST(avml_truncated)
{
	size_t whole, first;

	put_block(0x1000, bytes, 300);
	first = image.len;
	put_block(0x8000, bytes, 300);
	whole = image.len;
	for (image.len = whole - 1; image.len > first; image.len--) {
		ck_assert_int_eq(open_image(NULL, ""), SCT_OK);
		ck_assert_int_eq(info->damage.status, SCT_E_TRUNCATED);
		ck_assert_uint_ge(info->damage.offset, first);
		ck_memory(0x1000, bytes, 300);
		sct_snapshot_close(&s);
	}
	info = NULL;
	image.len = 40;
	ck_assert_int_eq(open_image(NULL, ""), SCT_E_TRUNCATED);
}
END_TEST

START_TEST(avml_lies)
{
	static const struct {
		size_t at; /* of a block: chunks that begin at 32, 42, and the one with bytes at 49 */
		uint8_t value;
	} all[] = { { 4, 3 }, { 16, 1 }, { 33, 7 }, { 36, 'x' }, { 49, 2 }, { 50, 3 }, { 52, 0xff }, { 57, 0xff } };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		put_block(0x1000, bytes, 300);
		put_block(0x8000, bytes, 300);
		image.data[all[i].at] = all[i].value;
		if (open_image(NULL, "") == SCT_OK) {
			ck_assert_int_ne(info->damage.status, 0);
			sct_snapshot_close(&s);
		}
		info = NULL;
		image.len = 0;
	}
}
END_TEST

/* ---- runs ----------------------------------------------------------------------------------------------------- */

enum { SPAN = 256 };

/* Who tells of each address, by the rule of runs.h: priorities of all that do; 0: nobody. */
struct model {
	int priority[SPAN];
	uint8_t value[SPAN];
};

static void random_run(struct sct_runs *r, struct model *m, uint64_t base)
{
	size_t addr = (size_t)rand() % 200, size = (size_t)rand() % 50, from = (size_t)rand() % 200;
	bool zero = rand() % 5 == 0;

	sct_runs_add(r, (struct sct_run){ base + addr, size, zero ? NULL : bytes + from, 0 }, &err);
	for (size_t i = 0; i < size; i++) {
		int priority = zero ? 1 : r->later_counts ? 2 + (int)from : 1000 - (int)from;

		if (priority < m->priority[addr + i])
			continue;
		m->priority[addr + i] = priority;
		m->value[addr + i] = zero ? 0 : bytes[from + i];
	}
}

START_TEST(runs_as_model)
{
	for (unsigned seed = 0; seed < 3000; seed++) {
		uint64_t base = seed & 2 ? 0 : UINT64_MAX - (SPAN - 1);
		struct sct_runs r = { .later_counts = seed & 1 };
		struct model m = { 0 };

		srand(seed);
		for (int n = rand() % 8; n; n--)
			random_run(&r, &m, base);
		ck_assert_int_eq(sct_runs_finish(&r, &err), SCT_OK);
		for (size_t i = 0; i < SPAN; i++) {
			uint8_t b = 0;

			if (sct_runs_read(&r, base + i, &b, 1) != (m.priority[i] != 0) || b != m.value[i])
				ck_abort_msg("seed %u, address %zu", seed, i);
		}
		for (size_t i = 1; i < r.nranges; i++)
			if (r.ranges[i].addr <= r.ranges[i - 1].addr + r.ranges[i - 1].size)
				ck_abort_msg("seed %u, range %zu", seed, i);
		sct_runs_free(&r);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mem_lime");
	TCase *t = tcase_create("images");

	tcase_add_checked_fixture(t, setup, close_image);
	tcase_add_test(t, raw);
	tcase_add_test(t, lime);
	tcase_add_test(t, lime_damage);
	tcase_add_test(t, lime_overlap);
	tcase_add_test(t, avml);
	tcase_add_test(t, avml_own);
	tcase_add_test(t, avml_checksum);
	tcase_add_test(t, avml_truncated);
	tcase_add_test(t, avml_lies);
	tcase_add_test(t, runs_as_model);
	suite_add_tcase(suite, t);
	return run_tests(suite);
}
