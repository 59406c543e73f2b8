/* Memory that is given out piece by piece and dropped all at once.
 * In:  sizes
 * Out: zeroed pieces of malloc'ed blocks
 */
#include "arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)4096)
#define ALIGN sizeof(max_align_t)

struct sct_arena_block {
	struct sct_arena_block *next;
	size_t size;
	_Alignas(max_align_t) uint8_t data[];
};

static struct sct_arena_block *block_new(size_t size, struct sct_arena_block *next)
{
	struct sct_arena_block *b = malloc(sizeof *b + size);

	if (!b) {
		fputs("sctrace: out of memory\n", stderr);
		abort();
	}
	b->next = next;
	b->size = size;
	return b;
}

void *sct_arena_alloc(struct sct_arena *a, size_t size)
{
	void *p;

	size = (size + ALIGN - 1) & ~(ALIGN - 1);
	if (!a->head || size > a->head->size - a->used) {
		a->head = block_new(size > BLOCK_SIZE ? size : BLOCK_SIZE, a->head);
		a->used = 0;
	}
	p = a->head->data + a->used;
	a->used += size;
	return memset(p, 0, size);
}

char *sct_arena_copy(struct sct_arena *a, const void *data, size_t size)
{
	char *p = sct_arena_alloc(a, size + 1);

	if (size)
		memcpy(p, data, size);
	return p;
}

static void drop(struct sct_arena_block *b)
{
	while (b) {
		struct sct_arena_block *next = b->next;

		free(b);
		b = next;
	}
}

void sct_arena_reset(struct sct_arena *a)
{
	if (!a->head)
		return;
	if (a->head->size > BLOCK_SIZE) {
		sct_arena_fini(a);
		return;
	}
	drop(a->head->next);
	a->head->next = NULL;
	a->used = 0;
}

void sct_arena_fini(struct sct_arena *a)
{
	drop(a->head);
	*a = (struct sct_arena){ 0 };
}
