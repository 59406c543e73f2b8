/* The table of all loaders, and which of them a file is for.
 * In:  a path
 * Out: types and symbols in a database
 */
#include "loaders.h"

extern const struct sct_types_loader sct_types_dwarf, sct_types_isf, sct_types_symbols, sct_types_vmlinuz;

const struct sct_types_loader *const sct_types_loaders[] = {
	&sct_types_btf,
	&sct_types_dwarf,
	&sct_types_isf,
	&sct_types_symbols,
	&sct_types_vmlinuz,
	NULL,
};

const struct sct_types_loader *sct_types_probe(const struct sct_file *file)
{
	const struct sct_types_loader *best = NULL;
	int best_score = 0;

	for (unsigned i = 0; sct_types_loaders[i]; i++) {
		int score = sct_types_loaders[i]->probe(file);

		if (score > best_score) {
			best_score = score;
			best = sct_types_loaders[i];
		}
	}
	return best;
}

int sct_types_load(struct sct_types *db, const char *path, const struct sct_types_options *options,
                   struct sct_err *err)
{
	const struct sct_types_loader *loader;
	struct sct_file file;
	int rc;

	(void)options;
	if (sct_file_open(&file, path, err) < 0)
		return err->status;
	loader = sct_types_probe(&file);
	if (loader)
		rc = loader->load(db, &file, err);
	else
		rc = sct_fail(err, SCT_E_FORMAT, 0, "no types or symbols of any known format");
	sct_file_close(&file);
	return rc;
}
