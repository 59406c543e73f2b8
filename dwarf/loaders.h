/* What a loader of types or symbols is, and the table of those there are.
 *
 * To add one: write dwarf/X.c with one `const struct sct_types_loader`, and name it in dwarf/loaders.c.
 */
#ifndef SCT_TYPES_LOADERS_H
#define SCT_TYPES_LOADERS_H

#include "types.h"
#include "../formats/formats.h"

struct sct_types_loader {
	const char *name;    /* "btf" */
	const char *summary; /* one line for lists */
	bool slow;           /* what it loads is worth keeping in a cache */
	/* How sure, 0 (no) to 100, that the file has what this one loads. */
	int (*probe)(const struct sct_file *file);
	/* Adds what the file has to the database. SCT_E_FORMAT, SCT_E_TRUNCATED: damage, byte offset and cause in *err;
	 * SCT_E_UNSUPPORTED: of a version that is not known; SCT_E_USAGE: it does not fit what was loaded before. After
	 * an error the database is only to be given back. */
	int (*load)(struct sct_types *db, const struct sct_file *file, struct sct_err *err);
};

extern const struct sct_types_loader sct_types_btf; /* for images that a vmlinux is in */
extern const struct sct_types_loader *const sct_types_loaders[]; /* ends with NULL */

/* The loader that is surest of the file; NULL: none knows it. */
const struct sct_types_loader *sct_types_probe(const struct sct_file *file);

struct sct_types_options {
	bool no_btf;       /* of a file that has both, take DWARF */
	const char *cache; /* folder of files that keep what was read from DWARF, by build id; NULL: none is used */
};

/* Adds what the file has to the database, by the loader that probes highest. Errors as of the loader; SCT_E_FORMAT: no
 * loader knows it. A cache that is damaged or of something else is made anew; one that cannot be written is not. */
int sct_types_load(struct sct_types *db, const struct sct_file *file, const struct sct_types_options *options,
                   struct sct_err *err);

#endif
