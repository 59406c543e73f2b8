/* Memory that is given out piece by piece and dropped all at once. */
#ifndef SCT_ARENA_H
#define SCT_ARENA_H

#include <stddef.h>

struct sct_arena_block;

/* Zero-initialise before use. */
struct sct_arena {
	struct sct_arena_block *head; /* newest block; older ones hang behind it */
	size_t used;                  /* bytes taken from the newest block */
};

/* size zeroed bytes, aligned for any object. Never NULL: a process that cannot have memory for one call's values
 * ends with a message (nothing could be kept that is worth keeping). */
void *sct_arena_alloc(struct sct_arena *a, size_t size);
/* A copy of size bytes, with a NUL behind it that size does not count. */
char *sct_arena_copy(struct sct_arena *a, const void *data, size_t size);
/* Forgets everything given out, keeps one block for the next round. */
void sct_arena_reset(struct sct_arena *a);
/* Gives all memory back. The arena can be used again. */
void sct_arena_fini(struct sct_arena *a);

#endif
