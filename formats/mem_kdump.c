/* Dumps in kdump's compressed format: of QEMU's dump-guest-memory -z, -l, -s, and of makedumpfile.
 * In:  a mapped file, flattened or not; parts of a split dump are snapshots each
 * Out: guest-physical memory, registers of its CPUs
 *
 * Layout (makedumpfile IMPLEMENTATION, diskdump_mod.h; QEMU include/system/dump.h; little-endian), in blocks of a page:
 *
 *   block 0        0 signature "KDUMP   " or "DISKDUMP"; 8 i32 version; 12 utsname, 6 strings of 65 bytes, the 5th is
 *                  the machine; then aligned for 64-bit (32-bit) kernels: 428 (416) i32 block size, i32 blocks of the
 *                  sub header, u32 blocks of the bitmaps, u32 number of pages
 *   sub header     `subs` below has its offsets
 *   bitmaps        a bit for each page, low bits first: which of them are RAM, which of them are in the file; only the
 *                  latter where there is no room for both
 *   descriptors    mem_kdump_pages.c
 *   pages
 *
 * Flattened (makedumpfile's makedumpfile.h; big-endian): "makedumpfile", padded to 4096 bytes, then records of i64
 * offset, i64 size and that many bytes of the dump; an offset below 0 ends them. Later ones overwrite earlier ones.
 *
 * libkdumpfile 0.5.1 knows no flattened dumps and trusts the sizes of packed pages, so it does not serve here.
 */
#include "mem_kdump.h"

#include <stdlib.h>
#include <string.h>

#include "../src/cursor.h"

enum {
	HEADER = 444, /* what is read of block 0: QEMU writes no more than that and 8 bytes of it into a flattened dump */
	MACHINE = 272,
	MACHINE_SIZE = 65,
	FLAT_HEADER = 4096,
	FLAT_MAX = 4 << 20, /* records of a flattened dump */
	SPANS_MAX = 4 << 20,
	NOTES_MAX = 64 << 20,
	PIECE = 4096, /* of a bitmap, as it is read */
};

static const char flat_signature[16] = "makedumpfile";

/* What the header says. */
struct header {
	int32_t version;
	uint32_t page_size, sub_blocks, bitmap_blocks;
	uint64_t pages;      /* page frame numbers are below it */
	uint64_t first, end; /* pages of this part of a split dump */
	uint64_t notes, notes_size;
	char machine[MACHINE_SIZE];
};

/* Where the header of a 32-bit and of a 64-bit kernel's dump has what. */
static const struct sub {
	uint16_t numbers;   /* in block 0 */
	uint8_t split;      /* i32, since version 2 */
	uint8_t first, end; /* of that size, since version 2 */
	uint8_t word;
	uint8_t notes;                   /* u64, since version 4 */
	uint8_t notes_size;              /* of size word */
	uint8_t first64, end64, pages64; /* u64, since version 6 */
} subs[] = {
	{ 416, 8, 12, 16, 4, 32, 40, 56, 64, 72 },
	{ 428, 12, 16, 24, 8, 48, 56, 80, 88, 96 },
};

/* ---- a flattened dump's order --------------------------------------------------------------------------------- */

static uint64_t take_be64(struct sct_cursor *c)
{
	return __builtin_bswap64(sct_take_le(c, 8));
}

static bool is_flat(const struct sct_file *file)
{
	return file->size > FLAT_HEADER && !memcmp(file->data, flat_signature, sizeof flat_signature);
}

/* Tells of damage, behind which nothing is of use. */
static int damaged(struct sct_kdump *k, int status, uint64_t at, const char *what)
{
	sct_fail(&k->info.damage, status, at, "%s", what);
	return SCT_OK;
}

static int take_records(struct sct_kdump *k, const struct sct_file *file, struct sct_err *err)
{
	struct sct_cursor c = sct_cursor(file->data, file->size);

	sct_take(&c, FLAT_HEADER);
	for (unsigned records = 0;; records++) {
		uint64_t at = (uint64_t)(c.at - file->data), offset = take_be64(&c), size = take_be64(&c);
		uint64_t left = sct_cursor_left(&c), n = size < left ? size : left;

		if (c.bad)
			return damaged(k, SCT_E_TRUNCATED, at, "it ends without the mark that ends it");
		if (offset > INT64_MAX)
			return SCT_OK;
		if (records == FLAT_MAX)
			return damaged(k, SCT_E_UNSUPPORTED, at, "more records than are read of a flattened dump");
		if (sct_runs_add(&k->bytes, (struct sct_run){ offset, n, sct_take(&c, n), 0 }, err) < 0)
			return err->status;
	}
}

/* Where the dump's bytes are. */
static int find_bytes(struct sct_kdump *k, const struct sct_file *file, struct sct_err *err)
{
	int rc;

	k->bytes.later_counts = true;
	if (is_flat(file))
		rc = take_records(k, file, err);
	else
		rc = sct_runs_add(&k->bytes, (struct sct_run){ 0, file->size, file->data, 0 }, err);
	return rc < 0 ? rc : sct_runs_finish(&k->bytes, err);
}

/* ---- the header ----------------------------------------------------------------------------------------------- */

static bool is_kdump(const uint8_t *data)
{
	return !memcmp(data, "KDUMP   ", 8) || !memcmp(data, "DISKDUMP", 8);
}

static uint64_t number(const uint8_t *data, size_t at, size_t size)
{
	struct sct_cursor c = sct_cursor(data + at, size);

	return sct_take_le(&c, (unsigned)size);
}

/* Reads what block 0 says, by that layout; false: it makes no sense so. */
static bool read_numbers(struct header *h, const uint8_t *block, const struct sub *s)
{
	h->page_size = (uint32_t)number(block, s->numbers, 4);
	h->sub_blocks = (uint32_t)number(block, s->numbers + 4u, 4);
	h->bitmap_blocks = (uint32_t)number(block, s->numbers + 8u, 4);
	h->pages = number(block, s->numbers + 12u, 4);
	return h->page_size >= KDUMP_PAGE_MIN && h->page_size <= KDUMP_PAGE_MAX && !(h->page_size & (h->page_size - 1)) &&
	       h->sub_blocks && h->sub_blocks <= INT32_MAX && h->bitmap_blocks && h->bitmap_blocks <= INT32_MAX;
}

static void read_sub(struct header *h, const uint8_t *sub, const struct sub *s)
{
	bool split = h->version >= 2 && number(sub, s->split, 4);

	h->end = UINT64_MAX;
	if (split && h->version < 6) {
		h->first = number(sub, s->first, s->word);
		h->end = number(sub, s->end, s->word);
	} else if (split) {
		h->first = number(sub, s->first64, 8);
		h->end = number(sub, s->end64, 8);
	}
	if (h->version >= 4) {
		h->notes = number(sub, s->notes, 8);
		h->notes_size = number(sub, s->notes_size, s->word);
	}
	if (h->version >= 6)
		h->pages = number(sub, s->pages64, 8);
}

static int read_header(struct sct_kdump *k, struct header *h, struct sct_err *err)
{
	uint8_t block[HEADER], sub[104] = { 0 };

	if (!sct_kdump_bytes(k, 0, block, sizeof block))
		return sct_fail(err, SCT_E_TRUNCATED, 0, "it ends inside the header");
	if (!is_kdump(block))
		return sct_fail(err, SCT_E_UNSUPPORTED, 0, "a flattened dump of a format that is not kdump's");
	h->version = (int32_t)number(block, 8, 4);
	memcpy(h->machine, block + MACHINE, sizeof h->machine - 1);
	for (size_t i = 0; i < sizeof subs / sizeof *subs; i++) {
		if (!read_numbers(h, block, &subs[i]))
			continue;
		/* older versions and 32-bit kernels have less of it; where the file ends in it, the bitmaps are missing */
		if (h->version > 0)
			sct_runs_read(&k->bytes, h->page_size, sub, sizeof sub);
		read_sub(h, sub, &subs[i]);
		return SCT_OK;
	}
	return sct_fail(err, SCT_E_FORMAT, subs[1].numbers,
	                "block size %u, %u blocks of sub header, %u of bitmaps (big-endian machines are not read)",
	                h->page_size, h->sub_blocks, h->bitmap_blocks);
}

/* ---- which pages there are ------------------------------------------------------------------------------------ */

static int add_pages(struct sct_kdump *k, uint64_t pfn, uint64_t count, struct sct_err *err)
{
	struct sct_kdump_span *last = k->nspans ? &k->spans[k->nspans - 1] : NULL;

	k->counts[KDUMP_PAGES].count += count;
	if (last && last->pfn + last->count == pfn) {
		last->count += count;
		return SCT_OK;
	}
	if (k->nspans == k->spans_room) {
		size_t room = k->spans_room ? 2 * k->spans_room : 64;
		struct sct_kdump_span *grown = reallocarray(k->spans, room, sizeof *grown);

		if (!grown)
			return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory");
		k->spans = grown;
		k->spans_room = room;
	}
	k->spans[k->nspans++] = (struct sct_kdump_span){ pfn, count, k->counts[KDUMP_PAGES].count - count };
	return SCT_OK;
}

/* The pages of 64 bits; pfn of the first. */
static int add_word(struct sct_kdump *k, uint64_t bits, uint64_t pfn, struct sct_err *err)
{
	while (bits) {
		unsigned skip = (unsigned)__builtin_ctzll(bits), count;

		bits >>= skip;
		pfn += skip;
		count = ~bits ? (unsigned)__builtin_ctzll(~bits) : 64;
		if (add_pages(k, pfn, count, err) < 0)
			return err->status;
		bits = count < 64 ? bits >> count : 0;
		pfn += count;
	}
	return SCT_OK;
}

/* Bits first to end of 64 of which number pfn is the lowest. */
static uint64_t only(uint64_t bits, uint64_t pfn, uint64_t first, uint64_t end)
{
	if (pfn < first)
		bits &= first - pfn < 64 ? UINT64_MAX << (first - pfn) : 0;
	if (end - pfn < 64)
		bits &= (UINT64_C(1) << (end - pfn)) - 1;
	return bits;
}

/* Takes in pages first to end of the bitmap at offset `at` of the dump; ram: only counts them there. */
static int scan(struct sct_kdump *k, uint64_t at, uint64_t first, uint64_t end, uint64_t *ram, struct sct_err *err)
{
	uint8_t piece[PIECE];
	size_t n;

	for (uint64_t pfn = first & ~UINT64_C(63); pfn < end; pfn += 8 * n) {
		n = sct_runs_read(&k->bytes, at + pfn / 8, piece, sizeof piece) & ~(size_t)7;
		for (size_t i = 0; i < n && pfn + 8 * i < end; i += 8) {
			uint64_t bits = only(sct_load_le64(piece + i), pfn + 8 * i, first, end);

			if (ram)
				*ram += (uint64_t)__builtin_popcountll(bits);
			else if (add_word(k, bits, pfn + 8 * i, err) < 0)
				return err->status;
		}
		if (!n)
			return damaged(k, SCT_E_TRUNCATED, at + pfn / 8, "it ends inside the bitmaps");
		if (k->nspans > SPANS_MAX)
			return damaged(k, SCT_E_UNSUPPORTED, at + pfn / 8, "pages in more pieces than are read of a dump");
	}
	return SCT_OK;
}

/* What can be read, and the room that reading takes. */
static int cover(struct sct_kdump *k, struct sct_err *err)
{
	k->ranges = reallocarray(NULL, k->nspans + 1, sizeof *k->ranges);
	k->packed = malloc(k->page_size);
	if (!k->ranges || !k->packed)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory");
	for (size_t i = 0; i < k->nspans; i++) {
		const struct sct_kdump_span *s = &k->spans[i];

		k->ranges[i] = (struct sct_range){ s->pfn * k->page_size, s->count * k->page_size, SCT_RANGE_WRITE };
	}
	k->info.ranges = k->ranges;
	k->info.nranges = k->nspans;
	return SCT_OK;
}

static int find_pages(struct sct_kdump *k, const struct header *h, struct sct_err *err)
{
	uint64_t start = (uint64_t)h->page_size * (1 + (uint64_t)h->sub_blocks);
	uint64_t size = (uint64_t)h->page_size * h->bitmap_blocks, bits = 8 * size, ram = 0, end;
	bool both = h->pages <= bits / 2;
	uint8_t last;

	k->page_size = h->page_size;
	k->descriptors = start + size;
	if (both)
		bits /= 2;
	end = h->pages < bits ? h->pages : bits;
	if (h->end < end)
		end = h->end;
	if (end > INT64_MAX / h->page_size)
		end = INT64_MAX / h->page_size;
	if (!sct_kdump_bytes(k, start + size - 1, &last, 1))
		damaged(k, SCT_E_TRUNCATED, start, "it ends before the end of the bitmaps");
	if (both && scan(k, start, h->first, end, &ram, err) < 0)
		return err->status;
	if (scan(k, start + (both ? size / 2 : 0), h->first, end, NULL, err) < 0)
		return err->status;
	if (ram > k->counts[KDUMP_PAGES].count)
		k->counts[KDUMP_LEFT_OUT].count = ram - k->counts[KDUMP_PAGES].count;
	return cover(k, err);
}

/* ---- registers ------------------------------------------------------------------------------------------------ */

/* By uname(2)'s name of the machine; QEMU gives none, but notes that are x86's alone. */
static void find_arch(struct sct_kdump *k, const struct header *h, const uint8_t *notes, size_t size)
{
	static const struct {
		const char *machine, *arch;
	} names[] = {
		{ "x86_64", "x86_64" }, { "i386", "i386" },       { "i486", "i386" },
		{ "i586", "i386" },     { "i686", "i386" },       { "aarch64", "aarch64" },
		{ "armv7l", "arm" },    { "ppc64le", "ppc64le" }, { "riscv64", "riscv64" },
	};
	const struct sct_arch *arch = sct_notes_qemu_arch(notes, size);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(names[i].machine, h->machine))
			k->info.arch_name = names[i].arch;
	if (!k->info.arch_name && arch)
		k->info.arch_name = arch->name;
	if (k->info.arch_name)
		k->info.arch = sct_arch_find(k->info.arch_name);
}

static int take_notes(struct sct_kdump *k, const struct header *h, struct sct_err *err)
{
	uint8_t *notes = NULL;
	size_t size = h->notes_size <= NOTES_MAX ? h->notes_size : 0;
	int rc;

	notes = malloc(size + 1);
	if (!notes)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory");
	if (size != h->notes_size || !sct_kdump_bytes(k, h->notes, notes, size)) {
		if (!k->info.damage.status)
			sct_fail(&k->info.damage, SCT_E_TRUNCATED, h->notes, "notes of %ju bytes, which are not there",
			         (uintmax_t)h->notes_size);
		size = 0;
	}
	find_arch(k, h, notes, size);
	k->notes.arch = k->info.arch;
	rc = sct_notes_take(&k->notes, notes, size, 4, h->notes, err);
	free(notes);
	if (!k->info.damage.status)
		k->info.damage = k->notes.damage;
	sct_notes_of_kernel(&k->notes);
	if (k->notes.origin & SCT_ORIGIN_QEMU)
		k->info.producer = "QEMU";
	k->info.cpus = k->notes.cpus;
	k->info.ncpus = (unsigned)k->notes.ncpus;
	return rc;
}

/* ---- the reader ----------------------------------------------------------------------------------------------- */

static int kdump_probe(const struct sct_file *file)
{
	return file->size >= HEADER && (is_kdump(file->data) || is_flat(file)) ? 100 : 0;
}

static int kdump_open(void *state, const struct sct_file *file, bool has_base, uint64_t base, struct sct_err *err)
{
	struct sct_kdump *k = state;
	struct header h = { 0 };

	(void)base;
	if (has_base)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "a kdump file says itself where it lies");
	if (!kdump_probe(file))
		return sct_fail(err, SCT_E_FORMAT, 0, "not a kdump file");
	k->info.format = "kdump";
	k->info.counts = k->counts;
	k->counts[KDUMP_PAGES].name = "pages";
	k->counts[KDUMP_LEFT_OUT].name = "pages left out";
	k->counts[KDUMP_BROKEN].name = "reads of broken pages";
	if (find_bytes(k, file, err) < 0 || read_header(k, &h, err) < 0 || find_pages(k, &h, err) < 0)
		return err->status;
	sct_kdump_check_end(k);
	return take_notes(k, &h, err);
}

static const struct sct_snapshot_info *kdump_info(void *state)
{
	return &((struct sct_kdump *)state)->info;
}

static size_t kdump_read(void *state, uint64_t addr, void *buf, size_t len)
{
	return sct_kdump_read(state, addr, buf, len);
}

static void kdump_close(void *state)
{
	struct sct_kdump *k = state;

	for (size_t i = 0; i < KDUMP_CACHE; i++)
		free(k->cache[i].data);
	free(k->packed);
	free(k->spans);
	free(k->ranges);
	sct_notes_free(&k->notes);
	sct_runs_free(&k->bytes);
}

const struct sct_snapshot_ops sct_mem_kdump = {
	.name = "kdump",
	.summary = "kdump-compressed dump of makedumpfile and QEMU, flattened too",
	.state_size = sizeof(struct sct_kdump),
	.probe = kdump_probe,
	.open = kdump_open,
	.info = kdump_info,
	.read = kdump_read,
	.close = kdump_close,
};
