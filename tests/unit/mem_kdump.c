/* Tests of the reader of kdump files.
 * In:  files made by hand, packed by each library; small ones of QEMU (fixtures/snapshots/make.py)
 * Out: memory, registers, what is told of damage
 */
#include "dump_build.h"

#include <lzo/lzo1x.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include "suite.h"

enum { PAGE = 4096, PAGES = 40, ZLIB = 1, LZO = 2, SNAPPY = 4, ZSTD = 0x20, TABLE = 4 * PAGE };

/* Which pages there are, ascending. */
static const struct page {
	unsigned pfn, flags;
} pages[] = { { 0, ZLIB }, { 1, LZO }, { 2, SNAPPY }, { 3, ZSTD }, { 7, 0 }, { 39, ZLIB } };

enum { N = sizeof pages / sizeof *pages };

struct layout {
	bool is32;
	unsigned version;
	const char *machine;
	uint64_t first, end;    /* of a part of a split dump; end 0: it is not split */
	struct sct_bytes notes;
};

static uint8_t content[PAGE];

/* What page pfn holds. */
static const uint8_t *content_of(unsigned pfn)
{
	for (size_t i = 0; i < sizeof content; i++)
		content[i] = (uint8_t)((i >> 4) * 13 + pfn);
	return content;
}

/* ---- building ------------------------------------------------------------------------------------------------- */

static size_t pack(unsigned flags, const uint8_t *in, uint8_t *out, size_t room)
{
	static uint8_t work[LZO1X_1_MEM_COMPRESS];
	lzo_uint lzo = room;
	uLongf zlib = room;

	switch (flags) {
	case ZLIB: ck_assert_int_eq(compress(out, &zlib, in, PAGE), Z_OK); return zlib;
	case LZO: ck_assert_int_eq(lzo1x_1_compress(in, PAGE, out, &lzo, work), LZO_E_OK); return lzo;
	case SNAPPY: ck_assert_int_eq(snappy_compress((const char *)in, PAGE, (char *)out, &room), SNAPPY_OK); return room;
	case ZSTD: return ZSTD_compress(out, room, in, PAGE, 3);
	default: memcpy(out, in, PAGE); return PAGE;
	}
}

static void pad(size_t to)
{
	ck_assert_uint_le(image.len, to);
	put_zeros(&image, to - image.len);
}

/* The sub header, at the end of which the notes are. */
static void put_sub(const struct layout *l)
{
	unsigned word = l->is32 ? 4 : 8;
	uint64_t notes = PAGE + 256;

	sct_put_le(&image, 0, word);
	sct_put_le(&image, 31, 4);
	sct_put_le(&image, l->end != 0, 4);
	sct_put_le(&image, l->first, word);
	sct_put_le(&image, l->end, word);
	sct_put_le(&image, 0, 8);
	sct_put_le(&image, 0, word);
	sct_put_le(&image, notes, 8);
	sct_put_le(&image, l->notes.len, word);
	sct_put_le(&image, 0, 8);
	sct_put_le(&image, 0, word);
	sct_put_le(&image, l->first, 8);
	sct_put_le(&image, l->end, 8);
	sct_put_le(&image, PAGES, 8);
	pad(notes);
	sct_put(&image, l->notes.data, l->notes.len);
	pad(2 * PAGE);
}

static bool is_in(const struct layout *l, unsigned pfn)
{
	return !l->end || (pfn >= l->first && pfn < l->end);
}

/* All of 40 pages are RAM. Each part of a split dump has the bits of all. */
static void put_bitmaps(void)
{
	uint8_t bits[8] = { 0 };

	memset(bits, 0xff, PAGES / 8);
	sct_put(&image, bits, sizeof bits);
	pad(3 * PAGE);
	memset(bits, 0, sizeof bits);
	for (size_t i = 0; i < N; i++)
		bits[pages[i].pfn / 8] |= (uint8_t)(1 << pages[i].pfn % 8);
	sct_put(&image, bits, sizeof bits);
	pad(TABLE);
}

static void put_pages(const struct layout *l)
{
	struct sct_bytes packed = { 0 };
	size_t n = 0, at;

	for (size_t i = 0; i < N; i++)
		n += is_in(l, pages[i].pfn);
	at = TABLE + 24 * n;
	for (size_t i = 0; i < N; i++) {
		uint8_t out[2 * PAGE];
		size_t size = pack(pages[i].flags, content_of(pages[i].pfn), out, sizeof out);

		if (!is_in(l, pages[i].pfn))
			continue;
		sct_put_le(&image, at + packed.len, 8);
		sct_put_le(&image, size, 4);
		sct_put_le(&image, pages[i].flags, 4);
		sct_put_le(&image, 0, 8);
		sct_put(&packed, out, size);
	}
	sct_put(&image, packed.data, packed.len);
	sct_bytes_fini(&packed);
}

static void build(const struct layout *l)
{
	sct_put(&image, "KDUMP   ", 8);
	sct_put_le(&image, l->version ? l->version : 6, 4);
	pad(272);
	if (l->machine)
		sct_put(&image, l->machine, strlen(l->machine));
	pad(l->is32 ? 416 : 428);
	sct_put_le(&image, PAGE, 4);
	sct_put_le(&image, 1, 4);
	sct_put_le(&image, 2, 4);
	sct_put_le(&image, PAGES, 4);
	pad(PAGE);
	put_sub(l);
	put_bitmaps();
	put_pages(l);
}

static void put_be64(struct sct_bytes *b, uint64_t v)
{
	for (int i = 7; i >= 0; i--)
		sct_put_u8(b, (uint8_t)(v >> (8 * i)));
}

static void put_record(struct sct_bytes *b, uint64_t offset, const void *data, size_t size)
{
	put_be64(b, offset);
	put_be64(b, size);
	sct_put(b, data, size);
}

/* Makes a flattened dump of the image: the pages first, the header twice and without what pads it. */
static void flatten(bool closed)
{
	struct sct_bytes flat = { 0 };

	sct_put(&flat, "makedumpfile\0\0\0\0", 16);
	put_zeros(&flat, 4096 - 16);
	put_record(&flat, TABLE + 50, image.data + TABLE + 50, image.len - TABLE - 50);
	put_record(&flat, 0, content_of(99), 452);
	put_record(&flat, PAGE, image.data + PAGE, 104);
	put_record(&flat, 2 * PAGE, image.data + 2 * PAGE, 2 * PAGE + 50);
	put_record(&flat, 300, image.data + 300, 152);
	put_record(&flat, 0, image.data, 300);
	if (closed) {
		put_be64(&flat, UINT64_MAX);
		put_be64(&flat, UINT64_MAX);
	}
	sct_bytes_fini(&image);
	image = flat;
}

/* ---- what is in them ------------------------------------------------------------------------------------------ */

static void ck_page(unsigned pfn, size_t follow)
{
	uint8_t buf[PAGE];

	ck_assert_uint_eq(s.ops->read(s.state, (uint64_t)pfn * PAGE, buf, PAGE), PAGE);
	ck_assert_mem_eq(buf, content_of(pfn), PAGE);
	ck_assert_uint_eq(s.ops->read(s.state, (uint64_t)pfn * PAGE + PAGE - 8, buf, 16), 8 + follow);
}

static void ck_pages(void)
{
	uint8_t b;

	ck_assert_uint_eq(info->nranges, 3);
	ck_range(0, 0, 4 * PAGE, SCT_RANGE_WRITE);
	ck_range(1, 7 * PAGE, PAGE, SCT_RANGE_WRITE);
	ck_range(2, 39 * PAGE, PAGE, SCT_RANGE_WRITE);
	for (int again = 0; again < 2; again++)
		for (size_t i = 0; i < N; i++)
			ck_page(pages[i].pfn, pages[i].pfn < 3 ? 8 : 0);
	ck_assert_uint_eq(s.ops->read(s.state, 4 * PAGE, &b, 1), 0);
	ck_assert_uint_eq(count("pages"), N);
	ck_assert_uint_eq(count("pages left out"), PAGES - N);
	ck_assert_int_eq(info->damage.status, 0);
}

START_TEST(whole)
{
	struct layout l = { .machine = "Unknown" };

	put_status(&l.notes, 8, 500);
	put_qemu(&l.notes, 100);
	build(&l);
	ck_open("kdump", "");
	ck_pages();
	ck_assert_str_eq(info->producer, "QEMU");
	ck_assert_ptr_eq(info->arch, &sct_arch_x86_64);
	ck_assert_uint_eq(info->ncpus, 1);
	ck_assert_uint_eq(reg(0, "cr3"), 151);
	sct_bytes_fini(&l.notes);
}
END_TEST

START_TEST(of_32_bits)
{
	struct layout l = { .is32 = true, .machine = "i686" };

	put_status(&l.notes, 4, 500);
	build(&l);
	ck_open("kdump", "");
	ck_pages();
	ck_assert_ptr_eq(info->arch, &sct_arch_i386);
	ck_assert_uint_eq(reg(0, "eip"), 512);
	sct_bytes_fini(&l.notes);
}
END_TEST

/* No note tells what machine it is. */
START_TEST(nameless)
{
	struct layout l = { .version = 1 };

	put_status(&l.notes, 8, 500);
	build(&l);
	ck_open("kdump", "");
	ck_pages();
	ck_assert_ptr_null(info->arch);
	ck_assert_uint_eq(info->ncpus, 0);
	sct_bytes_fini(&l.notes);
}
END_TEST

START_TEST(flattened_of_32_bits)
{
	build(&(struct layout){ .is32 = true, .machine = "armv7l" });
	flatten(true);
	ck_open("kdump", "");
	ck_pages();
	ck_assert_str_eq(info->arch_name, "arm");
}
END_TEST

START_TEST(flattened)
{
	build(&(struct layout){ .machine = "x86_64" });
	flatten(true);
	ck_open("kdump", "");
	ck_pages();
	sct_snapshot_close(&s);
	image.len -= 16;
	ck_assert_int_eq(open_image(NULL, ""), SCT_OK);
	ck_assert_int_eq(info->damage.status, SCT_E_TRUNCATED);
	ck_page(39, 0);
	sct_snapshot_close(&s);
	info = NULL;
	sct_bytes_fini(&image);
	sct_put(&image, "\177ELF", 4);
	put_zeros(&image, 20000);
	flatten(true);
	ck_assert_int_eq(open_image(NULL, ""), SCT_E_UNSUPPORTED);
}
END_TEST

/* The parts of a split dump are files each, with the bitmaps of the whole. */
START_TEST(parts)
{
	build(&(struct layout){ .first = 3, .end = 16 });
	ck_open("kdump", "");
	ck_assert_uint_eq(info->nranges, 2);
	ck_range(0, 3 * PAGE, PAGE, SCT_RANGE_WRITE);
	ck_range(1, 7 * PAGE, PAGE, SCT_RANGE_WRITE);
	ck_page(3, 0);
	ck_page(7, 0);
}
END_TEST

/* ---- damage --------------------------------------------------------------------------------------------------- */

/* Overwrites size bytes of descriptor number i, at `at` of it. */
static void spoil(unsigned i, size_t at, uint64_t value, unsigned size)
{
	for (unsigned k = 0; k < size; k++)
		image.data[TABLE + 24 * i + at + k] = (uint8_t)(value >> (8 * k));
}

/* A page that claims more than fits, one of a packing that is not known, one behind the end, one of other bytes. */
START_TEST(broken_pages)
{
	static const struct {
		size_t at;
		uint64_t value;
		unsigned size;
	} all[] = { { 8, 200000, 4 }, { 12, 3, 4 }, { 12, 0, 4 }, { 0, UINT64_MAX - 5, 8 }, { 0, 5, 8 }, { 8, 0, 4 } };

	build(&(struct layout){ 0 });
	for (unsigned flags = 0; flags < 4; flags++)
		for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
			uint8_t saved[24], b;

			memcpy(saved, image.data + TABLE + 24 * flags, 24);
			spoil(flags, all[i].at, all[i].value, all[i].size);
			ck_open("kdump", "");
			ck_assert_uint_eq(s.ops->read(s.state, (uint64_t)flags * PAGE, &b, 1), 0);
			ck_assert_int_eq(info->damage.status, SCT_E_FORMAT);
			ck_assert_uint_eq(info->damage.offset, TABLE + 24 * flags);
			ck_assert_uint_eq(count("reads of broken pages"), 1);
			ck_page(7, 0);
			sct_snapshot_close(&s);
			memcpy(image.data + TABLE + 24 * flags, saved, 24);
		}
	info = NULL;
}
END_TEST

START_TEST(truncated)
{
	static const size_t lengths[] = { TABLE + 24 * N + 10, TABLE + 30, TABLE - 4000, 2 * PAGE + 3, PAGE + 50, PAGE };

	build(&(struct layout){ 0 });
	image.len--;
	ck_assert_int_eq(open_image(NULL, ""), SCT_OK);
	ck_assert_int_eq(info->damage.status, SCT_E_TRUNCATED);
	ck_page(7, 0);
	sct_snapshot_close(&s);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		image.len = lengths[i];
		ck_assert_int_eq(open_image(NULL, ""), SCT_OK);
		ck_assert_int_eq(info->damage.status, SCT_E_TRUNCATED);
		sct_snapshot_close(&s);
	}
	info = NULL;
	image.len = 400;
	ck_assert_int_lt(open_image(NULL, ""), 0);
}
END_TEST

/* Numbers that lie: more pages than bits, bitmaps of no size, notes that are elsewhere. */
START_TEST(lies)
{
	build(&(struct layout){ 0 });
	memset(image.data + PAGE + 96, 0xff, 8);
	memset(image.data + PAGE + 56, 0xff, 8);
	ck_assert_int_eq(open_image(NULL, ""), SCT_OK);
	ck_assert_int_eq(info->damage.status, SCT_E_TRUNCATED);
	sct_snapshot_close(&s);
	info = NULL;
	memset(image.data + 436, 0, 4);
	ck_assert_int_eq(open_image(NULL, ""), SCT_E_FORMAT);
	ck_assert_int_eq(open_image(NULL, "@0"), SCT_E_USAGE);
}
END_TEST

/* ---- of QEMU -------------------------------------------------------------------------------------------------- */

START_TEST(qemu)
{
	open_path("fixtures/snapshots/x86_64-smp2.kdump.zst");
	ck_tiny(2);
}
END_TEST

START_TEST(qemu_flattened)
{
	open_path("fixtures/snapshots/i386-flat.kdump.zst");
	ck_tiny(1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mem_kdump");
	TCase *t = tcase_create("files");

	tcase_add_checked_fixture(t, NULL, close_image);
	tcase_add_test(t, whole);
	tcase_add_test(t, of_32_bits);
	tcase_add_test(t, nameless);
	tcase_add_test(t, flattened);
	tcase_add_test(t, flattened_of_32_bits);
	tcase_add_test(t, parts);
	tcase_add_test(t, broken_pages);
	tcase_add_test(t, truncated);
	tcase_add_test(t, lies);
	tcase_add_test(t, qemu);
	tcase_add_test(t, qemu_flattened);
	suite_add_tcase(suite, t);
	return run_tests(suite);
}
