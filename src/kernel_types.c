/* The types of the recorded kernel: reads the files that a user names, with the user's cache beside the slow ones.
 * In:  files of types and symbols, XDG_CACHE_HOME and HOME
 * Out: a database of types
 */
#include "kernel_types.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "../dwarf/loaders.h"

/* The XDG Base Directory Specification: a relative path in the variable is to be ignored. */
static bool folder_in(const char *variable, const char *below, char *buf, size_t size)
{
	const char *base = getenv(variable);
	int len = base && *base == '/' ? snprintf(buf, size, "%s%s/sctrace", base, below) : -1;

	return len > 0 && (size_t)len < size;
}

bool sct_cache_folder(char *buf, size_t size)
{
	return folder_in("XDG_CACHE_HOME", "", buf, size) || folder_in("HOME", "/.cache", buf, size);
}

int sct_kernel_types_add_file(struct sct_types *db, const struct sct_file *file, const struct sct_types_how *how,
                              struct sct_err *err)
{
	char folder[PATH_MAX];
	struct sct_types_options options = { .no_btf = how->no_btf, .cache = how->cache };

	if (!options.cache && sct_cache_folder(folder, sizeof folder))
		options.cache = folder;
	if (how->no_cache)
		options.cache = NULL;
	return sct_types_load(db, file, &options, err);
}

int sct_kernel_types_add(struct sct_types *db, const char *path, const struct sct_types_how *how, struct sct_err *err)
{
	struct sct_file file;
	int rc;

	if (sct_file_open(&file, path, err) < 0)
		return err->status;
	rc = sct_kernel_types_add_file(db, &file, how, err);
	sct_file_close(&file);
	return rc;
}
