/* The architectures that are known, and their registers by name.
 * In:  names
 * Out: tables of arch_*.c
 */
#include "arch.h"

#include <stddef.h>
#include <string.h>

const struct sct_arch *sct_arch_find(const char *name)
{
	static const struct sct_arch *const all[] = {
		&sct_arch_i386, &sct_arch_x86_64, &sct_arch_arm, &sct_arch_aarch64, &sct_arch_mipsel,
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (!strcmp(all[i]->name, name))
			return all[i];
	return NULL;
}

const struct sct_reg *sct_arch_reg(const struct sct_arch *arch, const char *name)
{
	for (const struct sct_reg *r = arch->regs; r->name; r++)
		if (!strcmp(r->name, name))
			return r;
	return NULL;
}
