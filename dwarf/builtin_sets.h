/* What the build makes of prototypes/structs_*.txt: the structs of every ABI, in the type database's own arrays. */
#ifndef SCT_TYPES_BUILTIN_SETS_H
#define SCT_TYPES_BUILTIN_SETS_H

#include "types.h"

struct sct_builtin_set {
	const char *abi; /* NULL: the end of the sets */
	const struct sct_type *types; /* indices as in a database that has nothing else; the first one is void */
	const struct sct_member *members;
	const struct sct_enumerator *enumerators;
	uint32_t ntypes, nmembers, nenumerators;
	uint8_t pointer_size;
	bool big_endian;
};

extern const struct sct_builtin_set sct_builtin_sets[];
/* The strings of all of them; the first one is empty. */
extern const char sct_builtin_names[];
extern const uint32_t sct_builtin_names_size;

#endif
