/* Hash map from 64-bit keys to pointers: open addressing, linear probing, deletion by shifting back.
 * In:  keys and values
 * Out: values
 */
#include "map.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* Fibonacci hashing (Knuth, TAOCP 3, 6.4): multiplies by 2^64 over the golden ratio and keeps the high bits. */
static size_t home(const struct sct_map *m, uint64_t key)
{
	return (size_t)((key * 0x9e3779b97f4a7c15u) >> 32) & (m->size - 1);
}

/* The slot that holds key, or the empty one where it would go. */
static struct sct_map_slot *find(const struct sct_map *m, uint64_t key)
{
	size_t i = home(m, key);

	while (m->slots[i].value && m->slots[i].key != key)
		i = (i + 1) & (m->size - 1);
	return &m->slots[i];
}

static void grow(struct sct_map *m)
{
	struct sct_map old = *m;

	m->size = old.size ? old.size * 2 : 64;
	m->slots = calloc(m->size, sizeof *m->slots);
	if (!m->slots) {
		fputs("sctrace: out of memory\n", stderr);
		abort();
	}
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].value)
			*find(m, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

void *sct_map_get(const struct sct_map *m, uint64_t key)
{
	return m->size ? find(m, key)->value : NULL;
}

void *sct_map_put(struct sct_map *m, uint64_t key, void *value)
{
	struct sct_map_slot *s;
	void *old;

	assert(value);
	if ((m->used + 1) * 4 > m->size * 3)
		grow(m);
	s = find(m, key);
	old = s->value;
	m->used += !old;
	*s = (struct sct_map_slot){ key, value };
	return old;
}

void *sct_map_del(struct sct_map *m, uint64_t key)
{
	struct sct_map_slot *hole = m->size ? find(m, key) : NULL;
	void *old = hole ? hole->value : NULL;
	size_t i, mask = m->size - 1;

	if (!old)
		return NULL;
	m->used--;
	i = (size_t)(hole - m->slots);
	for (size_t j = (i + 1) & mask; m->slots[j].value; j = (j + 1) & mask) {
		/* an entry may fill the hole unless its home lies cyclically behind the hole */
		if (((j - home(m, m->slots[j].key)) & mask) >= ((j - i) & mask)) {
			m->slots[i] = m->slots[j];
			i = j;
		}
	}
	m->slots[i].value = NULL;
	return old;
}

void sct_map_fini(struct sct_map *m)
{
	free(m->slots);
	*m = (struct sct_map){ 0 };
}
