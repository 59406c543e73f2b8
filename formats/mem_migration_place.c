/* Where a machine's RAM blocks lie in guest-physical memory.
 * In:  the block list, the machine's name, what its CMOS says of the RAM's size
 * Out: parts of blocks at their addresses, and the ranges that were told of
 *
 * RAM under the windows of VGA and ROM (0xa0000 to 0xfffff) is not given: whether a CPU sees it there is up to the
 * chipset's registers. The hole below 4 GiB is where a stream's CMOS says. Without it (PANDA saves RAM and CPUs alone)
 * it is where machines of that type have it unless their user moved it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mem_migration.h"

enum { PAGE = 4096 };

#define RAM        "pc.ram"
#define GIB_4      (UINT64_C(1) << 32)
#define HOLE_BEGIN UINT64_C(0xa0000)
#define HOLE_END   UINT64_C(0x100000)
#define ROM_MAX    UINT64_C(0x1000000) /* bytes below 4 GiB that a firmware may take */
#define LOW_SURE   UINT64_C(0x80000000) /* RAM below it lies there in every PC */
#define HIGH_MAX   UINT64_C(0xe000000000) /* beyond about 1 TiB AMD CPUs' RAM lies elsewhere (hw/i386/pc.c) */

/* ---- the hole below 4 GiB ----------------------------------------------------------------------------------- */

/* RAM of at least `fits` bytes is split: `low` bytes stay below the hole (hw/i386/pc_piix.c and pc_q35.c). */
struct rule {
	const char *machine; /* its name begins so */
	unsigned before;     /* 1: version 1 of the machine type, older than gigabyte_align */
	uint64_t fits, low;
};

static const struct rule rules[] = {
	{ "pc-i440fx-", 1, UINT64_C(0xe0000000), UINT64_C(0xe0000000) },
	{ "pc-i440fx-", 0, UINT64_C(0xe0000000), UINT64_C(0xc0000000) },
	{ "pc-q35-",    1, UINT64_C(0xb0000000), UINT64_C(0xb0000000) },
	{ "pc-q35-",    0, UINT64_C(0xb0000000), UINT64_C(0x80000000) },
	{ "pc-0.",      0, UINT64_C(0xe0000000), UINT64_C(0xe0000000) },
	{ "pc-1.",      0, UINT64_C(0xe0000000), UINT64_C(0xe0000000) },
};

static const struct rule *find_rule(const char *machine)
{
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		size_t n = strlen(rules[i].machine);

		if (!strncmp(machine, rules[i].machine, n) && (!rules[i].before || !strncmp(machine + n, "1.", 2)))
			return &rules[i];
	}
	return NULL;
}

/* How many bytes of RAM lie below the hole. *sure: the rest begins at 4 GiB; else it is not known where. */
static uint64_t low_bytes(const char *machine, uint64_t size, const struct sct_mig_split *split, bool *sure)
{
	const struct rule *r = find_rule(machine);

	*sure = true;
	/* a user may move the hole (max-ram-below-4g), and firmware is told by the CMOS; what does not add up was
	 * written there by somebody else */
	if (split->known && split->low + split->high == size && split->low <= GIB_4 - ROM_MAX)
		return split->low;
	if (r && size < HIGH_MAX)
		return size < r->fits ? size : r->low;
	*sure = size <= LOW_SURE;
	return *sure ? size : LOW_SURE;
}

/* ---- pieces ------------------------------------------------------------------------------------------------- */

static void add_piece(struct sct_mig_ram *ram, unsigned block, uint64_t offset, uint64_t size, uint64_t addr,
	uint8_t flags)
{
	unsigned i = ram->npieces++;

	for (; i && ram->piece[i - 1].addr > addr; i--)
		ram->piece[i] = ram->piece[i - 1];
	ram->piece[i] = (struct sct_mig_piece){ addr, size, offset, block, flags };
}

/* A whole stream tells every page, but for what it was allowed to leave out. */
static void count_missing(struct sct_mig_ram *ram, unsigned block, struct sct_err *limit)
{
	ram->missing = ram->size / PAGE + (ram->size % PAGE != 0);
	for (size_t k = 0; k < ram->ngroups; k++)
		for (unsigned i = 0; i < SCT_MIG_GROUP_PAGES / 64 && ram->list[k]->key >> SCT_MIG_BLOCK_SHIFT == block; i++)
			ram->missing -= (unsigned)__builtin_popcountll(ram->list[k]->told[i]);
	if (ram->missing && ram->shared)
		sct_fail(limit, SCT_E_UNSUPPORTED, SCT_NO_OFFSET, "%" PRIu64 " pages of RAM are not in the stream: it was made "
			"without shared memory (x-ignore-shared)", ram->missing);
}

static void place_ram(struct sct_mig_ram *ram, unsigned block, const char *machine, const struct sct_mig_split *split,
	struct sct_err *limit)
{
	bool sure;
	uint64_t size = ram->block[block].size, low = low_bytes(machine, size, split, &sure);

	ram->size = size;
	count_missing(ram, block, limit);
	add_piece(ram, block, 0, low < HOLE_BEGIN ? low : HOLE_BEGIN, 0, SCT_RANGE_WRITE);
	if (low > HOLE_END)
		add_piece(ram, block, HOLE_END, low - HOLE_END, HOLE_END, SCT_RANGE_WRITE);
	if (low < size && sure)
		add_piece(ram, block, low, size - low, GIB_4, SCT_RANGE_WRITE);
	else if (low < size)
		sct_fail(limit, SCT_E_UNSUPPORTED, SCT_NO_OFFSET, "where the machine \"%s\" has its RAM behind the first 0x%"
			PRIx64 " bytes is not known", machine, low);
}

/* Firmware ends at 4 GiB (hw/i386/x86-common.c). */
static void place_rom(struct sct_mig_ram *ram, unsigned block)
{
	uint64_t size = ram->block[block].size;

	if (size <= ROM_MAX)
		add_piece(ram, block, 0, size, GIB_4 - size, 0);
}

/* ---- ranges ------------------------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
	const struct sct_mig_group *const *x = a, *const *y = b;

	return (*x)->key < (*y)->key ? -1 : (*x)->key > (*y)->key;
}

/* The page at addr is there; those of a piece come in order. */
static int add_page(struct sct_mig_ram *ram, uint64_t addr, uint64_t size, uint8_t flags)
{
	struct sct_range *r = ram->nranges ? &ram->ranges[ram->nranges - 1] : NULL;

	if (r && r->addr + r->size == addr && r->flags == flags) {
		r->size += size;
		return SCT_OK;
	}
	if (ram->nranges == ram->ranges_room) {
		size_t room = ram->ranges_room ? 2 * ram->ranges_room : 16;

		r = realloc(ram->ranges, room * sizeof *r);
		if (!r)
			return SCT_E_NOMEM;
		ram->ranges = r;
		ram->ranges_room = room;
	}
	ram->ranges[ram->nranges++] = (struct sct_range){ addr, size, flags };
	return SCT_OK;
}

/* The pages of group g that lie in piece p. */
static int add_group(struct sct_mig_ram *ram, const struct sct_mig_piece *p, const struct sct_mig_group *g,
	uint64_t begin)
{
	for (unsigned i = 0; i < SCT_MIG_GROUP_PAGES; i++) {
		uint64_t offset = begin + (uint64_t)i * PAGE, left;

		if (offset < p->offset || offset - p->offset >= p->size || !(g->told[i / 64] >> i % 64 & 1))
			continue;
		left = p->size - (offset - p->offset);
		if (add_page(ram, p->addr + (offset - p->offset), left < PAGE ? left : PAGE, p->flags) < 0)
			return SCT_E_NOMEM;
	}
	return SCT_OK;
}

/* Pieces ascend by address and groups by offset, so the ranges ascend. */
static int make_ranges(struct sct_mig_ram *ram)
{
	if (ram->ngroups)
		qsort(ram->list, ram->ngroups, sizeof *ram->list, by_key);
	for (unsigned i = 0; i < ram->npieces; i++) {
		const struct sct_mig_piece *p = &ram->piece[i];

		for (size_t k = 0; k < ram->ngroups; k++)
			if (ram->list[k]->key >> SCT_MIG_BLOCK_SHIFT == p->block &&
			    add_group(ram, p, ram->list[k], sct_mig_group_offset(ram->list[k])) < 0)
				return SCT_E_NOMEM;
	}
	return SCT_OK;
}

int sct_mig_ram_place(struct sct_mig_ram *ram, const char *machine, const struct sct_mig_split *split,
	struct sct_err *limit, struct sct_err *err)
{
	for (unsigned i = 0; i < ram->nblocks; i++)
		if (!strcmp(ram->block[i].name, RAM))
			place_ram(ram, i, machine, split, limit);
		else if (!strcmp(ram->block[i].name, "pc.bios"))
			place_rom(ram, i);
		else
			ram->unplaced++;
	if (ram->nblocks && !ram->size)
		sct_fail(limit, SCT_E_UNSUPPORTED, SCT_NO_OFFSET, "none of the %u RAM blocks is called %s, the first is "
			"\"%s\": where they lie is not known", ram->nblocks, RAM, ram->block[0].name);
	if (make_ranges(ram) < 0)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for the ranges of RAM");
	return SCT_OK;
}
