/* Whether any profile knows a system call of some name.
 * In:  a name, the profiles' tables
 * Out: the name as a table has it
 */
#include "names.h"

#include <string.h>

#include "abi.h"

static const char *in_rows(const struct sct_proto *rows, uint32_t count, const char *name)
{
	for (uint32_t i = 0; i < count; i++)
		if (!strcmp(rows[i].name, name))
			return rows[i].name;
	return NULL;
}

static const char *in_table(const struct sct_table *t, const char *name)
{
	const char *found = in_rows(t->protos, t->count, name);

	if (!found)
		found = in_rows(t->socketcall, t->nsocketcall, name);
	return found ? found : in_rows(t->ipc, t->nipc, name);
}

const char *sct_call_name(const char *name)
{
	const char *profile, *summary, *found = NULL;
	struct sct_profile p;

	for (unsigned i = 0; !found && (profile = sct_abi_profile(i, &summary)); i++) {
		if (!sct_profile_init(&p, profile, sct_abi_profile_arch(profile)))
			continue;
		for (unsigned k = 0; k < p.count && !found; k++)
			found = in_table(p.conv[k].abi->table, name);
	}
	return found;
}
