/* The structs of system calls that are known without any file.
 * In:  the sets of prototypes/structs_*.txt, made into C by prototypes/gen_structs.c
 * Out: the type database
 */
#include "builtin.h"

#include <string.h>

#include "builtin_sets.h"

static const struct sct_builtin_set *find_set(const char *abi)
{
	const struct sct_builtin_set *s = sct_builtin_sets;

	while (s->abi && strcmp(s->abi, abi))
		s++;
	return s->abi ? s : NULL;
}

bool sct_types_builtin(struct sct_types *db, const char *abi)
{
	const struct sct_builtin_set *s = find_set(abi);

	if (!s)
		return false;
	/* an empty database has the empty name and void already */
	sct_types_add_bytes(db, sct_builtin_names + 1, sct_builtin_names_size - 1);
	for (uint32_t i = 1; i < s->ntypes; i++)
		sct_types_add(db, &s->types[i]);
	for (uint32_t i = 0; i < s->nmembers; i++)
		sct_types_add_member(db, &s->members[i]);
	for (uint32_t i = 0; i < s->nenumerators; i++)
		sct_types_add_enumerator(db, &s->enumerators[i]);
	db->has_machine = true;
	db->big_endian = s->big_endian;
	db->pointer_size = s->pointer_size;
	sct_types_index_from(db, 1);
	return true;
}
