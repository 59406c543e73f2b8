/* QEMU's migration stream, from wherever its bytes lie. Inside of the room of formats/mem_migration*.c; an image that
 * has such a stream inside (formats/mem_qcow2.c) reads it through the functions at the end.
 */
#ifndef SCT_MEM_MIGRATION_H
#define SCT_MEM_MIGRATION_H

#include "../src/map.h"
#include "formats.h"

/* ---- bytes -------------------------------------------------------------------------------------------------- */

/* Where the stream's bytes come from. */
struct sct_mig_source {
	/* Copies the leading bytes from `at` on that there are, len at most; returns how many. */
	size_t (*read)(void *ctx, uint64_t at, void *buf, size_t len);
	void *ctx;
	uint64_t size; /* of the stream */
};

enum { SCT_MIG_WINDOW = 1024 }; /* bytes read at once: pages are stepped over, not read */

/* Reading in order, bounded: a read past the end sets bad and gives zeros, as all later ones do. */
struct sct_mig_in {
	const struct sct_mig_source *source;
	uint64_t at;      /* of the next byte */
	bool bad;
	uint64_t begin;   /* of the window */
	size_t have;      /* bytes in it */
	uint8_t window[SCT_MIG_WINDOW];
};

void sct_mig_take(struct sct_mig_in *in, void *buf, size_t len);
uint64_t sct_mig_be(struct sct_mig_in *in, unsigned size); /* an unsigned big-endian number of size bytes, 1 to 8 */
void sct_mig_skip(struct sct_mig_in *in, uint64_t len);
/* The next byte without taking it; -1 at the end. */
int sct_mig_peek(struct sct_mig_in *in);

enum { SCT_MIG_NAME = 256 };

/* A name that its length in one byte precedes; false: it has bytes that no name has (or the stream ends). */
bool sct_mig_name(struct sct_mig_in *in, char name[SCT_MIG_NAME]);

/* ---- RAM (mem_migration_ram.c, mem_migration_place.c) ------------------------------------------------------- */

enum {
	SCT_MIG_BLOCKS = 256,      /* RAM blocks of one machine; a PC has about ten */
	SCT_MIG_GROUP_SHIFT = 21,  /* pages are indexed by groups of 2 MiB */
	SCT_MIG_GROUP_PAGES = 512,
	SCT_MIG_PIECES = 4,        /* parts of blocks whose address is known */
};

struct sct_mig_block {
	char name[SCT_MIG_NAME];
	uint64_t size;
};

/* SCT_MIG_GROUP_PAGES pages of one block. */
struct sct_mig_group {
	uint64_t key;      /* block and place in it */
	uint64_t told[SCT_MIG_GROUP_PAGES / 64]; /* bit by page */
	uint64_t *content; /* by page: offset in the stream, or SCT_MIG_FILL and the byte that fills it; NULL: all zero */
};

#define SCT_MIG_FILL (UINT64_C(1) << 63)

enum { SCT_MIG_BLOCK_SHIFT = 44 }; /* of a group's key: the block, above the group's number in it */

/* Where in its block the group's first page is. */
static inline uint64_t sct_mig_group_offset(const struct sct_mig_group *g)
{
	return (g->key & ((UINT64_C(1) << SCT_MIG_BLOCK_SHIFT) - 1)) << SCT_MIG_GROUP_SHIFT;
}

/* Part of a block that a CPU sees at a known address. */
struct sct_mig_piece {
	uint64_t addr, size;
	uint64_t offset; /* in the block */
	unsigned block;
	uint8_t flags;
};

struct sct_mig_ram {
	struct sct_mig_block block[SCT_MIG_BLOCKS];
	unsigned nblocks, last;  /* last: the block that a page with CONTINUE belongs to */
	bool mapped, shared;     /* capabilities mapped-ram, x-ignore-shared: the block list has more fields */
	struct sct_map groups;         /* by key */
	struct sct_mig_group **list;   /* all of them */
	size_t ngroups, room;
	struct sct_mig_piece piece[SCT_MIG_PIECES]; /* ascending */
	unsigned npieces;
	struct sct_range *ranges; /* of pages that were told */
	size_t nranges, ranges_room;
	uint64_t raw, zero, again, unplaced; /* pages, by kind; told again; blocks whose address is not known */
	uint64_t size;            /* of the machine's RAM, 0: unknown */
	uint64_t missing;         /* pages of it that no part told */
};

/* How a machine lays out its RAM, as its CMOS tells. */
struct sct_mig_split {
	bool known;
	uint64_t low, high; /* bytes below 4 GiB and from there on */
};

/* Reads a part of the RAM section, up to its end mark. */
int sct_mig_ram_part(struct sct_mig_ram *ram, struct sct_mig_in *in, struct sct_err *err);
/* When all parts were read: finds out where blocks lie and makes the ranges. SCT_E_NOMEM; SCT_E_UNSUPPORTED in *limit:
 * where part of the RAM lies is not known, and it is not given. */
int sct_mig_ram_place(struct sct_mig_ram *ram, const char *machine, const struct sct_mig_split *split,
	struct sct_err *limit, struct sct_err *err);
size_t sct_mig_ram_read(const struct sct_mig_ram *ram, const struct sct_mig_source *source, uint64_t addr, void *buf,
	size_t len);
void sct_mig_ram_fini(struct sct_mig_ram *ram);

/* ---- devices (mem_migration_device.c) ----------------------------------------------------------------------- */

struct json_t;

enum { SCT_MIG_CPUS = 1024 };

/* The description of the devices' state that ends a stream, and what was found by it. */
struct sct_mig_devices {
	struct json_t *description; /* NULL: there is none */
	uint64_t begin;       /* of the description in the stream */
	size_t next;          /* index of the first device that was not met yet */
	const struct sct_arch *arch;
	struct sct_regs *cpus;
	unsigned ncpus;
	struct sct_mig_split split;
};

/* Looks for the description at the stream's end. SCT_E_NOMEM; that there is none is no error. */
int sct_mig_describe(struct sct_mig_devices *d, const struct sct_mig_source *source, struct sct_err *err);
/* Reads the state of a device, which its section's header precedes. */
int sct_mig_device(struct sct_mig_devices *d, struct sct_mig_in *in, const char *name, uint32_t instance,
	struct sct_err *err);
/* All devices were read: the description's memory is given back. */
void sct_mig_described(struct sct_mig_devices *d);
void sct_mig_devices_fini(struct sct_mig_devices *d);

/* ---- the whole stream (mem_migration.c) --------------------------------------------------------------------- */

struct sct_migration {
	struct sct_mig_source source;
	struct sct_mig_ram ram;
	struct sct_mig_devices devices;
	bool has_ram;
	uint32_t ram_id; /* of the RAM section */
	uint64_t sections;
	char machine[SCT_MIG_NAME];
	struct sct_snapshot_info info;
	struct sct_count counts[8]; /* with the NULL that ends them */
};

/* sct_mig_source.read of a struct sct_file. By system calls, not through the mapping: what was looked at once does not
 * stay in memory. */
size_t sct_mig_read_file(void *file, uint64_t at, void *buf, size_t len);
/* Whether a stream begins with these bytes. */
bool sct_migration_probe(const uint8_t *data, size_t size);
/* m is zeroed. Negative: status, *err filled with the offset in the stream; sct_migration_close is called all the same.
 * format: for the info. */
int sct_migration_open(struct sct_migration *m, const struct sct_mig_source *source, const char *format,
	struct sct_err *err);
size_t sct_migration_read(const struct sct_migration *m, uint64_t addr, void *buf, size_t len);
void sct_migration_close(struct sct_migration *m);

#endif
