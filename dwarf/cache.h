/* Types that were slow to read, kept in a file for later runs.
 *
 * One file for each build id. What it holds is checked as any input is; one that is damaged, of another version of this
 * program, of another machine or of another file is as if it were not there. */
#ifndef SCT_TYPES_CACHE_H
#define SCT_TYPES_CACHE_H

#include "elf_symbols.h"
#include "types.h"

/* Which file the types are of. */
struct sct_cache_key {
	uint8_t build_id[SCT_BUILD_ID];
	uint32_t build_id_size; /* bytes; 0: the file cannot be told from others, nothing is kept of it */
	uint64_t size;          /* bytes of the file: what was stripped from it changes that, and not the build id */
};

/* Fills *db, which is not initialised and is the caller's then, with what the folder has for key. False: nothing of
 * use, *db is as it was. */
bool sct_types_cache_read(const char *folder, const struct sct_cache_key *key, struct sct_types *db);
/* Keeps db for key, in place of what there is. The folder is made where it is not there. False: it could not. */
bool sct_types_cache_write(const char *folder, const struct sct_cache_key *key, const struct sct_types *db);
/* As sct_types_cache_read, from an open file. */
bool sct_types_cache_take(int fd, const struct sct_cache_key *key, struct sct_types *db);

#endif
