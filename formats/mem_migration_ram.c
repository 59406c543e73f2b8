/* RAM of a migration stream: which page's bytes are where in it.
 * In:  the parts of the section called "ram" (QEMU migration/ram.c)
 * Out: an index by RAM block and page
 *
 * Layout: records up to an end mark, each beginning with a big-endian u64: an offset in a block, its low 12 bits flags
 *   04 MEM_SIZE  the list of blocks {u8 len, name, u64 size [, u64 address] [, mapped-ram header]} up to offset bytes
 *   02 ZERO      [block] u8 that fills the page: 0, in streams of old versions any
 *   08 PAGE      [block] 4096 bytes
 *   20 CONTINUE  with one of these two: the block is the last one's; without it, its name {u8 len, name} comes first
 *   10 EOS       end of the part
 *   80 HOOK, 100 COMPRESS, 40 XBZRLE, 200 MULTIFD: not of files, or beside the stream
 * With the capability mapped-ram there are no pages: the block list tells where a bitmap and the pages lie in the file.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mem_migration.h"

enum {
	PAGE_SHIFT = 12,
	PAGE = 1 << PAGE_SHIFT,
	BITMAP_READ = 512,
};

enum { F_ZERO = 0x02, F_MEM_SIZE = 0x04, F_PAGE = 0x08, F_EOS = 0x10, F_CONTINUE = 0x20 };

#define BLOCK_MAX (UINT64_C(1) << 52) /* bytes: x86's physical addresses have no more bits */

/* ---- index -------------------------------------------------------------------------------------------------- */

static uint64_t key_of(unsigned block, uint64_t offset)
{
	return (uint64_t)block << SCT_MIG_BLOCK_SHIFT | offset >> SCT_MIG_GROUP_SHIFT;
}

static unsigned page_of(uint64_t offset)
{
	return offset >> PAGE_SHIFT & (SCT_MIG_GROUP_PAGES - 1);
}

static struct sct_mig_group *add_group(struct sct_mig_ram *ram, uint64_t key)
{
	struct sct_mig_group *g;

	if (ram->ngroups == ram->room) {
		size_t room = ram->room ? 2 * ram->room : 64;
		void *list = realloc(ram->list, room * sizeof *ram->list);

		if (!list)
			return NULL;
		ram->list = list;
		ram->room = room;
	}
	g = calloc(1, sizeof *g);
	if (!g)
		return NULL;
	g->key = key;
	ram->list[ram->ngroups++] = g;
	sct_map_put(&ram->groups, key, g);
	return g;
}

/* The page is what content says (SCT_MIG_FILL for zero). A later copy of a page takes the place of an earlier one. */
static int put_page(struct sct_mig_ram *ram, unsigned block, uint64_t offset, uint64_t content, struct sct_err *err)
{
	struct sct_mig_group *g = sct_map_get(&ram->groups, key_of(block, offset));
	unsigned page = page_of(offset);

	if (!g)
		g = add_group(ram, key_of(block, offset));
	if (g && content != SCT_MIG_FILL && !g->content) {
		g->content = calloc(SCT_MIG_GROUP_PAGES, sizeof *g->content);
		for (unsigned i = 0; g->content && i < SCT_MIG_GROUP_PAGES; i++)
			g->content[i] = SCT_MIG_FILL;
	}
	if (!g || (content != SCT_MIG_FILL && !g->content))
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for the index of RAM pages");
	if (g->content)
		g->content[page] = content;
	ram->again += g->told[page / 64] >> page % 64 & 1;
	g->told[page / 64] |= UINT64_C(1) << page % 64;
	if (content & SCT_MIG_FILL)
		ram->zero++;
	else
		ram->raw++;
	return SCT_OK;
}

/* ---- the block list ----------------------------------------------------------------------------------------- */

static int find_block(const struct sct_mig_ram *ram, const char *name)
{
	for (unsigned i = 0; i < ram->nblocks; i++)
		if (!strcmp(ram->block[i].name, name))
			return (int)i;
	return -1;
}

static int damaged_list(const struct sct_mig_in *in, uint64_t at, struct sct_err *err)
{
	return in->bad ? sct_fail(err, SCT_E_TRUNCATED, at, "the stream ends inside the list of RAM blocks")
	               : sct_fail(err, SCT_E_FORMAT, at, "the list of RAM blocks is damaged");
}

/* Bits of the bitmap from page on, one for each page that is not zero. */
static int mapped_pages(struct sct_mig_ram *ram, unsigned block, uint64_t page, const uint8_t *bits, uint64_t pages_at,
	struct sct_err *err)
{
	uint64_t pages = ram->block[block].size >> PAGE_SHIFT;

	for (unsigned i = 0; i < 8 * BITMAP_READ && page + i < pages; i++) {
		uint64_t offset = (page + i) << PAGE_SHIFT;
		uint64_t content = bits[i / 8] >> i % 8 & 1 ? pages_at + offset : SCT_MIG_FILL;

		if (put_page(ram, block, offset, content, err) < 0)
			return err->status;
	}
	return SCT_OK;
}

/* The header that follows a block in the list: where its bitmap and its pages are (struct MappedRamHeader). */
static int mapped_block(struct sct_mig_ram *ram, unsigned block, struct sct_mig_in *in, struct sct_err *err)
{
	const struct sct_mig_source *source = in->source;
	uint64_t at = in->at, pages = ram->block[block].size >> PAGE_SHIFT, bytes = (pages + 63) / 64 * 8;
	uint64_t version = sct_mig_be(in, 4), page_size = sct_mig_be(in, 8);
	uint64_t bitmap = sct_mig_be(in, 8), pages_at = sct_mig_be(in, 8);
	uint8_t bits[BITMAP_READ];

	if (in->bad || version != 1 || page_size != PAGE)
		return sct_fail(err, SCT_E_FORMAT, at, "version %" PRIu64 " of mapped RAM with pages of %" PRIu64 " bytes is "
			"not known", version, page_size);
	if (bitmap > source->size || bytes > source->size - bitmap || pages_at > source->size || pages_at < in->at ||
	    ram->block[block].size > SCT_MIG_FILL - pages_at)
		return sct_fail(err, SCT_E_TRUNCATED, at, "mapped RAM lies behind the end of the file");
	for (uint64_t done = 0; done < bytes; done += BITMAP_READ) {
		size_t n = bytes - done < BITMAP_READ ? bytes - done : BITMAP_READ;

		if (source->read(source->ctx, bitmap + done, bits, n) < n)
			return sct_fail(err, SCT_E_TRUNCATED, bitmap + done, "the bitmap of mapped RAM cannot be read");
		if (mapped_pages(ram, block, 8 * done, bits, pages_at, err) < 0)
			return err->status;
	}
	in->at = pages_at;
	sct_mig_skip(in, ram->block[block].size < source->size - pages_at ? ram->block[block].size
	                                                                  : source->size - pages_at);
	return SCT_OK;
}

static int take_blocks(struct sct_mig_ram *ram, uint64_t total, struct sct_mig_in *in, struct sct_err *err)
{
	uint64_t sum = 0, at = in->at;

	if (ram->nblocks)
		return sct_fail(err, SCT_E_FORMAT, at, "a second list of RAM blocks");
	while (sum < total) {
		struct sct_mig_block *b = &ram->block[ram->nblocks];

		if (ram->nblocks == SCT_MIG_BLOCKS)
			return sct_fail(err, SCT_E_UNSUPPORTED, at, "more than %d RAM blocks", SCT_MIG_BLOCKS);
		if (!sct_mig_name(in, b->name) || find_block(ram, b->name) >= 0)
			return damaged_list(in, at, err);
		b->size = sct_mig_be(in, 8);
		if (ram->shared)
			sct_mig_be(in, 8); /* the address of shared memory, 0 for RAM of its own */
		if (in->bad || !b->size || b->size > BLOCK_MAX || b->size > total - sum)
			return damaged_list(in, at, err);
		sum += b->size;
		ram->nblocks++;
		if (ram->mapped && mapped_block(ram, ram->nblocks - 1, in, err) < 0)
			return err->status;
	}
	return SCT_OK;
}

/* ---- pages -------------------------------------------------------------------------------------------------- */

/* Which block the page belongs to. */
static int take_block(struct sct_mig_ram *ram, unsigned flags, struct sct_mig_in *in)
{
	char name[SCT_MIG_NAME];

	if (!(flags & F_CONTINUE)) {
		int block = sct_mig_name(in, name) ? find_block(ram, name) : -1;

		if (block < 0)
			return -1;
		ram->last = (unsigned)block;
	}
	return ram->last < ram->nblocks ? (int)ram->last : -1;
}

static int take_page(struct sct_mig_ram *ram, uint64_t offset, unsigned flags, struct sct_mig_in *in,
	struct sct_err *err)
{
	uint64_t at = in->at - 8, content;
	int block = take_block(ram, flags, in);

	if (block < 0 && !in->bad)
		return sct_fail(err, SCT_E_FORMAT, at, "a page of a RAM block that the list has not");
	content = flags & F_ZERO ? SCT_MIG_FILL | sct_mig_be(in, 1) : in->at;
	if (flags & F_PAGE)
		sct_mig_skip(in, PAGE);
	if (in->bad)
		return sct_fail(err, SCT_E_TRUNCATED, at, "the stream ends inside a RAM page");
	if (offset >= ram->block[block].size)
		return sct_fail(err, SCT_E_FORMAT, at, "a page at 0x%" PRIx64 " of RAM block %s, which has 0x%" PRIx64 " bytes",
			offset, ram->block[block].name, ram->block[block].size);
	return put_page(ram, (unsigned)block, offset, content, err);
}

/* Flags that a file that can be read alone has not. */
static int refuse_flags(unsigned flags, uint64_t at, struct sct_err *err)
{
	static const struct {
		unsigned flag;
		const char *what;
	} known[] = {
		{ 0x040, "pages sent as differences (xbzrle)" },
		{ 0x080, "RDMA's records" },
		{ 0x100, "pages that were compressed one by one" },
		{ 0x200, "pages sent through other channels (multifd)" },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (flags & known[i].flag)
			return sct_fail(err, SCT_E_UNSUPPORTED, at, "%s are not supported", known[i].what);
	return sct_fail(err, SCT_E_FORMAT, at, "a RAM record with flags 0x%x", flags);
}

int sct_mig_ram_part(struct sct_mig_ram *ram, struct sct_mig_in *in, struct sct_err *err)
{
	for (;;) {
		uint64_t at = in->at, word = sct_mig_be(in, 8), offset = word & ~(uint64_t)(PAGE - 1);
		unsigned flags = word & (PAGE - 1), kind = flags & ~(unsigned)F_CONTINUE;
		int rc;

		if (in->bad)
			return sct_fail(err, SCT_E_TRUNCATED, at, "the stream ends inside the RAM section");
		if (flags == F_EOS)
			return SCT_OK;
		if (kind == F_PAGE || kind == F_ZERO)
			rc = take_page(ram, offset, flags, in, err);
		else if (flags == F_MEM_SIZE)
			rc = take_blocks(ram, offset, in, err);
		else
			rc = refuse_flags(flags, at, err);
		if (rc < 0)
			return rc;
	}
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

static const struct sct_mig_piece *find_piece(const struct sct_mig_ram *ram, uint64_t addr)
{
	for (unsigned i = 0; i < ram->npieces; i++)
		if (addr >= ram->piece[i].addr && addr - ram->piece[i].addr < ram->piece[i].size)
			return &ram->piece[i];
	return NULL;
}

/* As read, within one page. */
static size_t read_page(const struct sct_mig_ram *ram, const struct sct_mig_source *source, unsigned block,
	uint64_t offset, void *buf, size_t len)
{
	const struct sct_mig_group *g = sct_map_get(&ram->groups, key_of(block, offset));
	unsigned page = page_of(offset);
	uint64_t content;

	if (!g || !(g->told[page / 64] >> page % 64 & 1))
		return 0;
	content = g->content ? g->content[page] : SCT_MIG_FILL;
	if (!(content & SCT_MIG_FILL))
		return source->read(source->ctx, content + (offset & (PAGE - 1)), buf, len);
	memset(buf, (int)(content & 0xff), len);
	return len;
}

size_t sct_mig_ram_read(const struct sct_mig_ram *ram, const struct sct_mig_source *source, uint64_t addr, void *buf,
	size_t len)
{
	size_t done = 0;

	while (done < len) {
		const struct sct_mig_piece *p = find_piece(ram, addr + done);
		uint64_t into = p ? addr + done - p->addr : 0;
		size_t n = PAGE - (size_t)((addr + done) & (PAGE - 1)), got;

		if (!p)
			break;
		n = n < len - done ? n : len - done;
		n = n < p->size - into ? n : (size_t)(p->size - into);
		got = read_page(ram, source, p->block, p->offset + into, (uint8_t *)buf + done, n);
		done += got;
		if (got < n)
			break;
	}
	return done;
}

void sct_mig_ram_fini(struct sct_mig_ram *ram)
{
	for (size_t i = 0; i < ram->ngroups; i++) {
		free(ram->list[i]->content);
		free(ram->list[i]);
	}
	free(ram->list);
	free(ram->ranges);
	sct_map_fini(&ram->groups);
}
