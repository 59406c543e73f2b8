/* A map from numbers to numbers: open addressing, at most half full.
 * In:  pairs
 * Out: the value of a key
 */
#include "dwarf_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 1024 };

static struct sct_number_pair *slot(const struct sct_number_map *map, uint64_t key)
{
	/* Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4): keys in a row go far from each other */
	size_t i = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (map->size - 1);

	while (map->slots[i].value != SCT_MAP_NONE && map->slots[i].key != key)
		i = (i + 1) & (map->size - 1);
	return &map->slots[i];
}

static void grow(struct sct_number_map *map)
{
	struct sct_number_map old = *map;

	map->size = old.size ? old.size * 2 : FIRST_SIZE;
	map->slots = malloc(map->size * sizeof *map->slots);
	if (!map->slots) {
		fputs("sctrace: out of memory\n", stderr);
		abort();
	}
	memset(map->slots, 0xff, map->size * sizeof *map->slots);
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].value != SCT_MAP_NONE)
			*slot(map, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

void sct_number_map_fini(struct sct_number_map *map)
{
	free(map->slots);
	*map = (struct sct_number_map){ NULL };
}

void sct_number_map_clear(struct sct_number_map *map)
{
	if (map->size > FIRST_SIZE && map->used < map->size / 16) { /* much larger than what is in it */
		sct_number_map_fini(map);
	} else if (map->used) {
		memset(map->slots, 0xff, map->size * sizeof *map->slots);
		map->used = 0;
	}
}

uint32_t sct_number_map_get(const struct sct_number_map *map, uint64_t key)
{
	return map->size ? slot(map, key)->value : SCT_MAP_NONE;
}

void sct_number_map_put(struct sct_number_map *map, uint64_t key, uint32_t value)
{
	struct sct_number_pair *at;

	if (map->used >= map->size / 2)
		grow(map);
	at = slot(map, key);
	map->used += at->value == SCT_MAP_NONE;
	*at = (struct sct_number_pair){ key, value };
}

uint64_t sct_hash_more(uint64_t hash, const void *data, size_t size)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ p[i]) * UINT64_C(1099511628211);
	return hash;
}
