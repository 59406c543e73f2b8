/* Fuzz target: a forged file of the cache of types.
 * In:  what stands behind the fixed part of its header (dwarf/cache.c); its checksum is made right, so that what lies
 *      behind the checksum is reached, and its size that which its counts say
 * Out: nothing, or an abort
 */
#include <fcntl.h>
#include <zlib.h>

#include "../../dwarf/cache.h"
#include "memory_file.h"
#include "types_fuzz.h"

enum { FIXED = 48, HEAD = 168, COUNTS = 56, KEY_SIZE = 96, KEY = 104, PARTS = 7, SIZES = 20, MOST = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The fixed part, as this build writes it. */
static void fixed_part(uint8_t *to)
{
	const struct sct_cache_key key = { .build_id_size = 1 };
	char folder[] = "/tmp/sctrace-fuzz-XXXXXX", path[64];
	struct sct_types db;
	FILE *f;

	sct_types_init(&db);
	if (!mkdtemp(folder) || !sct_types_cache_write(folder, &key, &db))
		abort();
	snprintf(path, sizeof path, "%s/00.types", folder);
	f = fopen(path, "rb");
	if (!f || fread(to, 1, FIXED, f) != FIXED || fclose(f) || unlink(path) || rmdir(folder))
		abort();
	sct_types_fini(&db);
}

static uint64_t number(const uint8_t *at, size_t bytes)
{
	uint64_t n = 0;

	memcpy(&n, at, bytes);
	return n;
}

/* Adds on top of what was read, as further sources do. */
static void add_more(struct sct_types *db)
{
	const struct sct_type more = { .kind = SCT_TYPE_STRUCT, .name = sct_types_add_name(db, "more") };
	uint64_t address = 1;

	sct_types_index_from(db, sct_types_add(db, &more));
	if (sct_types_find(db, SCT_TYPE_STRUCT, "more") == SCT_NO_TYPE)
		abort();
	for (int i = 0; i < 300; i++) {
		char name[16];

		snprintf(name, sizeof name, "more%d", i);
		sct_types_add_symbol(db, sct_types_add_name(db, name), SCT_NO_TYPE, &address);
		if (!sct_types_symbol(db, name))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t fixed[FIXED];
	uint64_t whole = HEAD;
	struct sct_cache_key key = { .build_id_size = 0 };
	struct sct_types db;
	uint8_t *image;
	uint32_t sum;
	char path[64];
	int fd;

	if (!*fixed)
		fixed_part(fixed);
	if (size < HEAD - FIXED)
		return 0;
	for (int i = 0; i < PARTS; i++)
		whole += number(data - FIXED + COUNTS + 4 * i, 4) * fixed[SIZES + i];
	if (whole > MOST)
		return 0;
	image = calloc(1, whole);
	if (!image)
		abort();
	memcpy(image, fixed, FIXED);
	memcpy(image + FIXED, data, size < whole - FIXED ? size : whole - FIXED);
	sum = (uint32_t)crc32(0, image + 12, (uInt)whole - 12);
	memcpy(image + 8, &sum, sizeof sum);
	key.size = number(image + FIXED, 8);
	key.build_id_size = (uint32_t)number(image + KEY_SIZE, 4) % (SCT_BUILD_ID + 1);
	memcpy(key.build_id, image + KEY, sizeof key.build_id);
	fd = memory_file(image, whole, path);
	if (lseek(fd, 0, SEEK_SET) == 0 && sct_types_cache_take(fd, &key, &db)) {
		ask_things(&db);
		add_more(&db);
		ask_things(&db);
		sct_types_fini(&db);
	}
	close(fd);
	free(image);
	return 0;
}
