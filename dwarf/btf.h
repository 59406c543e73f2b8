/* A section of BTF that is being read. */
#ifndef SCT_BTF_H
#define SCT_BTF_H

#include "../src/cursor.h"
#include "types.h"

struct sct_btf {
	struct sct_types *db;
	struct sct_err *err;
	const uint8_t *data; /* the whole section */
	uint64_t size;
	uint64_t offset;     /* of data in the file */
	bool big;
	uint32_t string, strings;   /* this part's strings: offset in the database, size */
	uint32_t first, known;      /* database's number of its first type; number that it has in BTF */
	uint32_t count;             /* types of this part */
	bool signs;                 /* some enum says that it is signed: the writer knew that flag */
	const uint8_t *types, *types_end;
	struct {                    /* what it goes on behind: vmlinux, or a module's own base */
		uint32_t type, types;     /* database's number of its type 1; how many there are, void counted; 0: no base */
		uint32_t string, strings; /* offset and size of its strings */
		bool signs;
	} base;
};

/* Counts the types into b->count. SCT_E_FORMAT: they are damaged. */
int sct_btf_count(struct sct_btf *b);
/* Adds all to the database, from b->first on. SCT_E_FORMAT: one refers to what there is not. */
int sct_btf_add(struct sct_btf *b);

uint32_t sct_btf_u32(const struct sct_btf *b, struct sct_cursor *c);
/* Fills *b->err for damage at this place of the section. */
int sct_btf_damaged(const struct sct_btf *b, const uint8_t *at, const char *what);

#endif
