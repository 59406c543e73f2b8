/* What reads of a memory gave, byte for byte: whether they would give the same again. */
#ifndef SCT_MEMORY_NOTES_H
#define SCT_MEMORY_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sct_memory;

enum {
	SCT_NOTES = 512,         /* reads; more are not kept */
	SCT_NOTES_BYTES = 16384, /* of all of them */
	SCT_NOTES_PLACES = 256,  /* a power of two */
};

/* One read: the bytes at paddr, of which so many were known. */
struct sct_memory_note {
	uint64_t paddr;
	uint16_t len, known, at; /* at: of the known bytes */
};

/* Empty when zeroed, and belongs to its caller; its members are this room's. */
struct sct_memory_notes {
	bool full; /* not every read has found room */
	uint16_t count, nbytes;
	uint16_t place[SCT_NOTES_PLACES]; /* by address: the last read there, 1 and up */
	struct sct_memory_note note[SCT_NOTES];
	uint8_t bytes[SCT_NOTES_BYTES];
};

void sct_memory_notes_clear(struct sct_memory_notes *n);
/* Notes a read of len bytes at guest-physical address paddr that gave the known ones at data. */
void sct_memory_notes_add(struct sct_memory_notes *n, uint64_t paddr, size_t len, const void *data, size_t known);
/* Whether each of the reads would give the same now. False also when not all of them were kept. */
bool sct_memory_notes_hold(const struct sct_memory_notes *n, struct sct_memory *m);

#endif
