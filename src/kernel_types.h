/* The types of the recorded kernel, from the files that a user names. */
#ifndef SCT_KERNEL_TYPES_H
#define SCT_KERNEL_TYPES_H

#include "../dwarf/types.h"
#include "../formats/formats.h"

/* How files of types are read: what options say for all of them. */
struct sct_types_how {
	bool no_btf;      /* of a file that has both BTF and DWARF, take DWARF */
	bool no_cache;    /* keep nothing of what was read from DWARF, take nothing that was kept */
	const char *cache; /* folder of what is kept; NULL: the user's own */
};

/* Adds what the file has to the database. Negative: as sct_file_open and sct_types_load. */
int sct_kernel_types_add(struct sct_types *db, const char *path, const struct sct_types_how *how, struct sct_err *err);
/* The same of a file that is open. */
int sct_kernel_types_add_file(struct sct_types *db, const struct sct_file *file, const struct sct_types_how *how,
                              struct sct_err *err);

/* The folder where this user's programs keep what can be made anew: $XDG_CACHE_HOME/sctrace or $HOME/.cache/sctrace.
 * False: neither variable says an absolute path, or it is longer than size. */
bool sct_cache_folder(char *buf, size_t size);

#endif
