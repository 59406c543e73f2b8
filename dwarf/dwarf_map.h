/* A map from numbers to numbers, for loaders that find the same thing many times. */
#ifndef SCT_DWARF_MAP_H
#define SCT_DWARF_MAP_H

#include <stddef.h>
#include <stdint.h>

#define SCT_MAP_NONE UINT32_MAX /* no value: the key is not there */

struct sct_number_map {
	struct sct_number_pair {
		uint64_t key;
		uint32_t value; /* SCT_MAP_NONE: the slot is empty */
	} *slots;
	size_t size, used;
};

/* The map of all zeros is empty. */
void sct_number_map_fini(struct sct_number_map *map);
/* Takes everything out. */
void sct_number_map_clear(struct sct_number_map *map);
/* SCT_MAP_NONE: the key is not there. */
uint32_t sct_number_map_get(const struct sct_number_map *map, uint64_t key);
/* value is not SCT_MAP_NONE; a value that the key had is replaced. */
void sct_number_map_put(struct sct_number_map *map, uint64_t key, uint32_t value);

/* Goes on with a hash (FNV-1a, Fowler, Noll, Vo, 64 bits) over more bytes; start with SCT_HASH_START. */
#define SCT_HASH_START UINT64_C(14695981039346656037)
uint64_t sct_hash_more(uint64_t hash, const void *data, size_t size);

#endif
