/* Tests of those parts of the recorder that run without QEMU.
 * In:  instructions, made-up pages, files that cannot grow
 * Out: what is recognised, encoded and written
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "../../formats/sctrace.h"
#include "../../src/cursor.h"
#include "../../src/record/lines.h"
#include "../../src/record/stream.h"
#include "../../src/record/switch.h"
#include "suite.h"

/* ---- the stack switch ---------------------------------------------------------------------------------- */

START_TEST(switch_of_both_kernels)
{
	/* __switch_to_asm of Debian's 6.1 kernels */
	static const uint8_t store64[] = { 0x48, 0x89, 0xa7, 0x58, 0x1b, 0x00, 0x00 };
	static const uint8_t load64[] = { 0x48, 0x8b, 0xa6, 0x58, 0x1b, 0x00, 0x00 };
	static const uint8_t store32[] = { 0x89, 0xa0, 0x6c, 0x0a, 0x00, 0x00 };
	static const uint8_t load32[] = { 0x8b, 0xa2, 0x6c, 0x0a, 0x00, 0x00 };
	struct sct_switch s;

	ck_assert(sct_switch_match(store64, 7, load64, 7, true, &s));
	ck_assert_uint_eq(s.from, 7);
	ck_assert_uint_eq(s.to, 6);
	ck_assert_int_eq(s.disp, 0x1b58);
	ck_assert(sct_switch_match(store32, 6, load32, 6, false, &s));
	ck_assert_uint_eq(s.from, 0);
	ck_assert_uint_eq(s.to, 2);
	ck_assert(!sct_switch_match(load64, 7, store64, 7, true, &s));
	ck_assert(!sct_switch_match(store64, 7, load64, 7, false, &s));
}
END_TEST

START_TEST(not_a_switch)
{
	static const uint8_t store[] = { 0x48, 0x89, 0x67, 0x10 }; /* mov %rsp,0x10(%rdi) */
	static const uint8_t other_place[] = { 0x48, 0x8b, 0x66, 0x18 };
	static const uint8_t same_base[] = { 0x48, 0x8b, 0x67, 0x10 };
	static const uint8_t not_sp[] = { 0x48, 0x8b, 0x46, 0x10 };
	static const uint8_t high_base[] = { 0x49, 0x8b, 0x61, 0x10 }; /* mov 0x10(%r9),%rsp */
	struct sct_switch s;

	ck_assert(!sct_switch_match(store, 4, other_place, 4, true, &s));
	ck_assert(!sct_switch_match(store, 4, same_base, 4, true, &s));
	ck_assert(!sct_switch_match(store, 4, not_sp, 4, true, &s));
	ck_assert(!sct_switch_match(store, 4, high_base, 3, true, &s));
	ck_assert(sct_switch_match(store, 4, high_base, 4, true, &s));
	ck_assert_uint_eq(s.to, 9);
}
END_TEST

START_TEST(pushed_words)
{
	static const uint8_t wide[] = { 0xc3, 0x55, 0x53, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57 };
	static const uint8_t narrow[] = { 0x90, 0x55, 0x53, 0x57, 0x56, 0x9c };

	ck_assert_uint_eq(sct_switch_words(wide, sizeof wide, true), 6);
	ck_assert_uint_eq(sct_switch_words(narrow, sizeof narrow, false), 5);
	ck_assert_uint_eq(sct_switch_words(narrow, 1, false), 0);
}
END_TEST

/* ---- lines --------------------------------------------------------------------------------------------- */

enum { MAPPED = 0x5000 };

static uint8_t guest[4096];

static bool read_page(void *ctx, uint64_t addr, uint8_t *page)
{
	(void)ctx;
	if (addr != MAPPED)
		return false;
	memcpy(page, guest, sizeof guest);
	return true;
}

/* The states of all lines of an event, one letter each: S, N or U. */
static const char *encoded(struct sct_lines *l, uint32_t segment, uint64_t space)
{
	static char text[64];
	struct sct_bytes b = { 0 };
	struct sct_cursor c;
	size_t n = 0;

	sct_lines_encode(l, segment, space, &b);
	c = sct_cursor(b.data, b.len);
	for (uint64_t runs = sct_take_varint(&c); runs; runs--) {
		uint64_t count = (sct_take_zigzag(&c), sct_take_varint(&c));
		const uint8_t *states = sct_take(&c, (count + 3) / 4);

		for (uint64_t i = 0; i < count; i++) {
			text[n] = "SNU?"[states[i / 4] >> 2 * (i % 4) & 3];
			if (text[n++] == 'N')
				ck_assert_ptr_nonnull(sct_take(&c, 64));
		}
	}
	ck_assert(!c.bad && !sct_cursor_left(&c));
	sct_bytes_fini(&b);
	text[n] = 0;
	return text;
}

static struct sct_lines *capture(struct sct_lines *l, uint64_t addr, size_t size)
{
	if (!l)
		l = sct_lines_new(8, read_page, NULL);
	sct_lines_begin(l, UINT32_MAX);
	sct_lines_touch(l, addr, size);
	return l;
}

START_TEST(lines_are_stored_once)
{
	struct sct_lines *l = capture(NULL, MAPPED + 60, 8);

	ck_assert_str_eq(encoded(l, 1, 7), "NN");
	ck_assert_str_eq(encoded(capture(l, MAPPED, 200), 1, 7), "SSNN");
	guest[70] ^= 1;
	ck_assert_str_eq(encoded(capture(l, MAPPED, 200), 1, 7), "SNSS");
	ck_assert_str_eq(encoded(capture(l, MAPPED, 64), 1, 8), "N");
	ck_assert_str_eq(encoded(capture(l, MAPPED, 64), 2, 8), "N");
	sct_lines_free(l);
}
END_TEST

START_TEST(lines_end_where_memory_does)
{
	struct sct_lines *l = capture(NULL, MAPPED + 4096 - 64, 256);
	struct sct_mem mem = sct_lines_mem(l);
	uint8_t b[32];

	ck_assert(sct_lines_gaps(l));
	ck_assert_uint_eq(mem.read(mem.ctx, MAPPED + 4096 - 16, b, sizeof b), 16);
	ck_assert_str_eq(encoded(l, 1, 7), "NU");
	/* an address wraps where the guest's pointers do */
	ck_assert_str_eq(encoded(capture(l, (UINT64_C(1) << 32) + MAPPED, 64), 1, 7), "N");
	ck_assert_str_eq(encoded(capture(l, MAPPED, 64), 1, 7), "S");
	ck_assert(!sct_lines_gaps(l));
	ck_assert_str_eq(encoded(capture(l, MAPPED, 64 * 9), 1, 9), "NNNNNNNN");
	ck_assert(sct_lines_cut(l));
	sct_lines_free(l);
}
END_TEST

/* The kernel's line at MAPPED_KERNEL; it changes with every look. */
enum { MAPPED_KERNEL = 0x9000 };

static bool read_line(void *ctx, uint64_t addr, uint8_t *line)
{
	uint8_t *looks = ctx;

	memset(line, ++*looks, 64);
	return addr >= MAPPED_KERNEL && addr < MAPPED_KERNEL + 8192;
}

START_TEST(lines_of_the_kernel)
{
	struct sct_lines *l = capture(NULL, MAPPED, 64);
	struct sct_mem kernel = sct_lines_kernel_mem(l);
	uint8_t b[200] = { 0 }, looks = 0;

	ck_assert_uint_eq(kernel.read(kernel.ctx, MAPPED_KERNEL, b, 8), 0); /* nobody reads it */
	sct_lines_set_kernel(l, read_line, &looks);
	ck_assert_uint_eq(kernel.read(kernel.ctx, MAPPED_KERNEL + 60, b, 8), 8);
	ck_assert_uint_eq(b[3], 1);
	ck_assert_uint_eq(b[4], 2);
	/* one moment: no line is looked at twice */
	ck_assert_uint_eq(kernel.read(kernel.ctx, MAPPED_KERNEL, b, 8), 8);
	ck_assert_uint_eq(b[0], 1);
	ck_assert_uint_eq(looks, 2);
	/* what is not there is not noted, and is no gap of the program's memory */
	ck_assert_uint_eq(kernel.read(kernel.ctx, MAPPED_KERNEL - 64, b, 8), 0);
	ck_assert(!sct_lines_gaps(l));
	ck_assert_str_eq(encoded(l, 1, 7), "NNN");
	sct_lines_free(l);
}
END_TEST

/* What the program asked for in vain stays so, and its limit is its own. */
START_TEST(lines_of_both)
{
	struct sct_lines *l = capture(NULL, MAPPED, 64 * 9);
	struct sct_mem kernel = sct_lines_kernel_mem(l);
	uint8_t b[4096], looks = 0;

	sct_lines_set_kernel(l, read_line, &looks);
	ck_assert(sct_lines_cut(l));
	ck_assert_uint_eq(kernel.read(kernel.ctx, MAPPED_KERNEL, b, sizeof b), sizeof b);
	sct_lines_begin(l, UINT32_MAX);
	sct_lines_touch(l, MAPPED_KERNEL, 64);
	ck_assert_uint_eq(kernel.read(kernel.ctx, MAPPED_KERNEL, b, 64), 0);
	ck_assert_uint_eq(kernel.read(kernel.ctx, MAPPED_KERNEL + 64, b, 64), 64);
	ck_assert_str_eq(encoded(l, 1, 7), "UN");
	sct_lines_free(l);
}
END_TEST

/* ---- the stream ---------------------------------------------------------------------------------------- */

static struct sct_counters counters;

static void header(void *ctx, struct sct_bytes *out)
{
	(void)ctx;
	sct_put(out, "\x02\x01x", 3);
}

static uint64_t instructions(void *ctx)
{
	(void)ctx;
	return 12345;
}

static struct sct_stream *open_stream(int fd)
{
	struct sct_stream_config config = { .fd = fd, .status = &counters, .header = header,
	                                    .instructions = instructions };
	struct sct_stream *s;
	struct sct_err err;

	memset(&counters, 0, sizeof counters);
	ck_assert_int_eq(sct_stream_new(&config, &s, &err), 0);
	return s;
}

/* So many KiB that do not compress. */
static void fill(struct sct_stream *s, unsigned kib)
{
	uint8_t b[1024];

	srand(1);
	sct_stream_lock(s);
	for (unsigned i = 0; i < kib; i++) {
		for (size_t k = 0; k < sizeof b; k++)
			b[k] = (uint8_t)rand();
		sct_stream_room(s);
		sct_stream_chunk(s, SCT_CHUNK_STORE, 3, b, sizeof b);
		sct_stream_count(s, i % 2);
	}
	sct_stream_close(s);
	sct_stream_free(s);
}

static int temporary(char *name)
{
	int fd = mkstemp(name);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static size_t file_bytes(const char *name, uint8_t *data, size_t room)
{
	int fd = open(name, O_RDONLY);
	ssize_t n = read(fd, data, room);

	close(fd);
	unlink(name);
	ck_assert_int_ge(n, 0);
	return (size_t)n;
}

/* Walks the frames; returns how many hold a segment. */
static unsigned frames(const uint8_t *p, size_t size)
{
	static uint8_t plain[2 << 20];
	unsigned n = 0;

	for (size_t at = 0; at < size;) {
		size_t len = ZSTD_findFrameCompressedSize(p + at, size - at), got;
		uint32_t number;

		ck_assert(!ZSTD_isError(len));
		got = ZSTD_decompress(plain, sizeof plain, p + at, len);
		at += len;
		if (!got) {
			ck_assert_uint_eq(at, size); /* the seek table is the last thing */
			continue;
		}
		ck_assert(!memcmp(plain, SCT_SEGMENT_MAGIC, 4));
		memcpy(&number, plain + 12, 4);
		ck_assert_uint_eq(number, n++);
		ck_assert_uint_eq(plain[SCT_SEGMENT_HEADER], SCT_CHUNK_HEADER);
	}
	return n;
}

static uint8_t file[4 << 20];

START_TEST(stream_to_its_end)
{
	char name[] = "/tmp/sctrace-record-XXXXXX";
	struct sct_stream *s = open_stream(temporary(name));
	size_t n;

	fill(s, 2500);
	n = file_bytes(name, file, sizeof file);
	ck_assert_uint_eq(frames(file, n), 3);
	ck_assert(!memcmp(file + n - 4, "\xb1\xea\x92\x8f", 4));
	ck_assert_uint_eq(counters.state, SCT_STATE_CLOSED);
	ck_assert_uint_eq(counters.events_written, 2500);
	ck_assert_uint_eq(counters.calls_written, 1250);
	ck_assert_uint_eq(counters.file_bytes, n);
	ck_assert_uint_eq(counters.instructions, 12345);
}
END_TEST

START_TEST(full_disk_leaves_whole_frames)
{
	char name[] = "/tmp/sctrace-record-XXXXXX";
	const struct rlimit limit = { 1500 << 10, 1500 << 10 };
	int fd = temporary(name);
	struct sct_stream *s = open_stream(fd);
	size_t n;

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	fill(s, 2500);
	n = file_bytes(name, file, sizeof file);
	ck_assert_uint_eq(frames(file, n), 1);
	ck_assert_uint_eq(counters.state, SCT_STATE_FAILED);
	ck_assert_ptr_nonnull(strstr(counters.error, strerror(EFBIG)));
	ck_assert_uint_eq(counters.file_bytes, n);
	ck_assert_uint_lt(counters.events_written, counters.events);
}
END_TEST

START_TEST(old_segments_are_flushed)
{
	char name[] = "/tmp/sctrace-record-XXXXXX";
	struct sct_stream *s = open_stream(temporary(name));

	sct_stream_lock(s);
	sct_stream_room(s);
	sct_stream_chunk(s, SCT_CHUNK_LOST, 0, "\0", 1);
	sct_stream_count(s, true);
	sct_stream_unlock(s);
	for (int i = 0; i < 40 && !counters.calls_written; i++)
		usleep(100000);
	ck_assert_uint_eq(counters.calls_written, 1);
	fill(s, 1);
	ck_assert_uint_eq(frames(file, file_bytes(name, file, sizeof file)), 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("record");
	TCase *t = tcase_create("all");

	tcase_add_test(t, switch_of_both_kernels);
	tcase_add_test(t, not_a_switch);
	tcase_add_test(t, pushed_words);
	tcase_add_test(t, lines_are_stored_once);
	tcase_add_test(t, lines_end_where_memory_does);
	tcase_add_test(t, lines_of_the_kernel);
	tcase_add_test(t, lines_of_both);
	tcase_add_test(t, stream_to_its_end);
	tcase_add_test(t, full_disk_leaves_whole_frames);
	tcase_add_test(t, old_segments_are_flushed);
	suite_add_tcase(s, t);
	return run_tests(s);
}
