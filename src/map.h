/* Hash map from 64-bit keys to pointers. */
#ifndef SCT_MAP_H
#define SCT_MAP_H

#include <stddef.h>
#include <stdint.h>

struct sct_map_slot {
	uint64_t key;
	void *value; /* NULL: empty */
};

/* Zero-initialise before use. */
struct sct_map {
	struct sct_map_slot *slots;
	size_t size; /* slots, a power of two, or 0 */
	size_t used;
};

/* The value under key, or NULL. */
void *sct_map_get(const struct sct_map *m, uint64_t key);
/* Puts value (not NULL) under key and returns what stood there before, or NULL. */
void *sct_map_put(struct sct_map *m, uint64_t key, void *value);
/* Takes key out and returns what stood there, or NULL. */
void *sct_map_del(struct sct_map *m, uint64_t key);
/* Gives the map's own memory back; the values are the caller's. */
void sct_map_fini(struct sct_map *m);

#endif
