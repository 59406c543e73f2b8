/* Tests of PANDA's non-determinism log: which entries are device writes, damage, what is counted.
 * In:  logs that are built here, entry by entry
 * Out: writes, counts, errors
 */
#include "../../formats/formats.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "suite.h"

static uint8_t image[16 << 10];
static size_t size;
static struct sct_nondet *log_;
static struct sct_device_write w;
static struct sct_err err;

static void put(uint64_t value, unsigned bytes)
{
	for (; bytes; bytes--, value >>= 8)
		image[size++] = (uint8_t)value;
}

static void put_text(const char *text)
{
	memcpy(image + size, text, strlen(text));
	size += strlen(text);
}

static void start(uint64_t instructions)
{
	size = 0;
	put(instructions, 8);
}

/* The head of an entry. */
static void entry(uint64_t seq, unsigned kind)
{
	put(seq, 8);
	put(kind, 1);
	put(6, 1);
}

static void call(uint64_t seq, unsigned kind)
{
	entry(seq, 6);
	put(kind, 1);
}

static void memory_write(uint64_t seq, uint64_t addr, const char *text)
{
	call(seq, 0);
	put(addr, 8);
	put(0x7f0011223344, 8);
	put(strlen(text), 4);
	put(0x55555555, 4);
	put_text(text);
}

static void unmapped(uint64_t seq, uint64_t addr, const char *text)
{
	call(seq, 2);
	put(addr, 8);
	put(0x7f0011223344, 8);
	put(strlen(text), 8);
	put_text(text);
}

static int open_image(uint64_t ram_size)
{
	char path[64];
	int rc, fd = memfd_create("log", 0);

	ck_assert_int_eq(write(fd, image, size), (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	rc = sct_nondet_open(&log_, path, ram_size, &err);
	close(fd);
	return rc;
}

static void ck_write(uint64_t seq, uint64_t addr, const char *text)
{
	ck_assert_int_eq(sct_nondet_next(log_, &w, &err), 1);
	ck_assert_uint_eq(w.seq, seq);
	ck_assert_uint_eq(w.addr, addr);
	ck_assert_uint_eq(w.len, strlen(text));
	ck_assert(!memcmp(w.data, text, w.len));
}

static uint64_t count(const char *name)
{
	for (const struct sct_count *c = sct_nondet_counts(log_); c->name; c++)
		if (!strcmp(c->name, name))
			return c->count;
	ck_abort_msg("nothing is counted as %s", name);
	return 0;
}

static void ck_end(int status, uint64_t offset)
{
	ck_assert_int_eq(sct_nondet_next(log_, &w, &err), status);
	if (status)
		ck_assert_uint_eq(err.offset, offset);
	ck_assert_int_eq(sct_nondet_next(log_, &w, &err), 0);
	sct_nondet_close(log_);
}

/* Every kind of entry, and what is behind each is found. */
START_TEST(all_kinds)
{
	static const uint8_t sizes[] = { 1, 2, 4, 8, 4, 2 },
						 others[][2] = { { 3, 32 }, { 4, 32 }, { 6, 16 }, { 7, 16 }, { 8, 16 }, { 9, 16 } };

	start(900);
	for (unsigned i = 0; i < sizeof sizes; i++) {
		entry(i, i);
		put(0, sizes[i]);
	}
	memory_write(10, 0x1000, "abcd");
	for (unsigned i = 0; i < sizeof others / sizeof *others; i++) {
		call(11, others[i][0]);
		for (unsigned n = 0; n < others[i][1]; n++)
			put(0xff, 1);
	}
	call(12, 1);
	for (unsigned i = 0; i < 24; i++)
		put(0xff, 1);
	put(3, 8);
	put(1, 8);
	put_text("vga");
	call(13, 5);
	put(0, 8);
	put(5, 4);
	put(0, 4);
	put_text("hello");
	call(14, 10);
	put(0, 8);
	put(0, 8);
	put(3, 4);
	put(2, 4);
	put_text("ab");
	entry(15, 8);
	put(0, 4);
	entry(15, 9);
	put(0, 4);
	unmapped(16, 0x2c92000, "disk");
	unmapped(16, 0x2c93000, "");
	entry(900, 7);
	ck_assert_int_eq(open_image(256 << 20), 0);
	ck_write(10, 0x1000, "abcd");
	ck_write(16, 0x2c92000, "disk");
	ck_assert_int_eq(sct_nondet_next(log_, &w, &err), 0);
	ck_assert_str_eq(sct_nondet_counts(log_)->name, "instructions");
	ck_assert_uint_eq(count("instructions"), 900);
	ck_assert_uint_eq(count("device-writes"), 2);
	ck_assert_uint_eq(count("device-bytes"), 8);
	ck_assert_uint_eq(count("memory-unmap"), 2);
	ck_assert_uint_eq(count("region-change"), 1);
	ck_assert_uint_eq(count("disk-transfer"), 1);
	ck_assert_uint_eq(count("register-write"), 1);
	ck_assert_uint_eq(count("beyond-hole"), 0);
	ck_end(0, 0);
}
END_TEST

/* Offsets of unmapped memory are taken for addresses, as PANDA's replay does; beyond the hole it is told. */
START_TEST(beyond_the_hole)
{
	start(9);
	unmapped(1, 0xbfffffff, "x");
	unmapped(2, 0xc0000000, "x");
	memory_write(3, 0x100000000, "x");
	entry(9, 7);
	ck_assert_int_eq(open_image(UINT64_C(6) << 30), 0);
	ck_write(1, 0xbfffffff, "x");
	ck_write(2, 0xc0000000, "x");
	ck_write(3, 0x100000000, "x");
	ck_assert_uint_eq(count("beyond-hole"), 1);
	ck_end(0, 0);
}
END_TEST

START_TEST(not_closed)
{
	start(0); /* the recorder writes it last */
	memory_write(5, 0x1000, "abcd");
	ck_assert_int_eq(open_image(0), 0);
	ck_write(5, 0x1000, "abcd");
	ck_assert_uint_eq(count("instructions"), 5);
	ck_end(SCT_E_TRUNCATED, size);
}
END_TEST

START_TEST(cut_inside)
{
	size_t at;

	start(100);
	memory_write(5, 0x1000, "abcd");
	at = size;
	memory_write(6, 0x1000, "abcd");
	size--;
	ck_assert_int_eq(open_image(0), 0);
	ck_write(5, 0x1000, "abcd");
	ck_end(SCT_E_TRUNCATED, at);
}
END_TEST

START_TEST(damage)
{
	size_t at;

	start(100);
	memory_write(5, 0x1000, "abcd");
	at = size;
	entry(6, 10);
	put(0, 8);
	ck_assert_int_eq(open_image(0), 0);
	ck_write(5, 0x1000, "abcd");
	ck_end(SCT_E_FORMAT, at);
	size = at;
	call(6, 11);
	put(0, 8);
	ck_assert_int_eq(open_image(0), 0);
	ck_write(5, 0x1000, "abcd");
	ck_end(SCT_E_FORMAT, at);
	size = at;
	entry(4, 0); /* back in time */
	put(0, 1);
	ck_assert_int_eq(open_image(0), 0);
	ck_write(5, 0x1000, "abcd");
	ck_end(SCT_E_FORMAT, at);
	size = at;
	entry(100, 7);
	put(0, 3);
	ck_assert_int_eq(open_image(0), 0);
	ck_write(5, 0x1000, "abcd");
	ck_end(SCT_E_FORMAT, size - 3);
}
END_TEST

/* A length that no file has. */
START_TEST(length_that_no_file_has)
{
	start(100);
	entry(1, 0);
	put(0, 1);
	call(5, 2);
	put(0x1000, 8);
	put(0, 8);
	put(UINT64_MAX, 8);
	ck_assert_int_eq(open_image(0), 0);
	ck_end(SCT_E_TRUNCATED, 8 + 11);
}
END_TEST

START_TEST(other_files_are_refused)
{
	size = 0;
	put_text("QEVM, a snapshot, or whatever else there is");
	ck_assert_int_eq(open_image(0), SCT_E_FORMAT);
	start(100);
	ck_assert_int_eq(open_image(0), SCT_E_FORMAT);
	size = 3;
	ck_assert_int_eq(open_image(0), SCT_E_FORMAT);
	ck_assert_int_eq(sct_nondet_open(&log_, "/nowhere/at/all", 0, &err), SCT_E_IO);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nondet");
	TCase *c = tcase_create("nondet");

	suite_add_tcase(s, c);
	tcase_add_test(c, all_kinds);
	tcase_add_test(c, beyond_the_hole);
	tcase_add_test(c, not_closed);
	tcase_add_test(c, cut_inside);
	tcase_add_test(c, damage);
	tcase_add_test(c, length_that_no_file_has);
	tcase_add_test(c, other_files_are_refused);
	return run_tests(s);
}
