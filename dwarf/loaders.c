/* The table of all loaders, and which of them a file is for.
 * In:  a path
 * Out: types and symbols in a database
 */
#include "loaders.h"

#include "cache.h"

extern const struct sct_types_loader sct_types_dwarf, sct_types_isf, sct_types_symbols, sct_types_vmlinuz;

const struct sct_types_loader *const sct_types_loaders[] = {
	&sct_types_btf,
	&sct_types_dwarf,
	&sct_types_isf,
	&sct_types_symbols,
	&sct_types_vmlinuz,
	NULL,
};

/* The loader that is surest of the file, that one left out. */
static const struct sct_types_loader *probe_without(const struct sct_file *file,
                                                    const struct sct_types_loader *left_out)
{
	const struct sct_types_loader *best = NULL;
	int best_score = 0;

	for (unsigned i = 0; sct_types_loaders[i]; i++) {
		int score = sct_types_loaders[i] != left_out ? sct_types_loaders[i]->probe(file) : 0;

		if (score > best_score) {
			best_score = score;
			best = sct_types_loaders[i];
		}
	}
	return best;
}

const struct sct_types_loader *sct_types_probe(const struct sct_file *file)
{
	return probe_without(file, NULL);
}

static bool is_empty(const struct sct_types *db)
{
	return db->types.count == 1 && !db->symbols.count && !db->has_machine && !db->identity.build_id_size &&
	       !db->identity.banner;
}

/* Fills *own, which is not initialised, out of the cache or by the loader. */
static int load_kept(struct sct_types *own, const struct sct_types_loader *loader, const struct sct_file *file,
                     const char *cache, struct sct_err *err)
{
	struct sct_cache_key key = { .size = file->size };
	int rc;

	key.build_id_size = (uint32_t)sct_elf_build_id(file, key.build_id);
	if (key.build_id_size && sct_types_cache_read(cache, &key, own))
		return SCT_OK;
	sct_types_init(own);
	rc = loader->load(own, file, err);
	if (rc >= 0 && key.build_id_size)
		sct_types_cache_write(cache, &key, own); /* where it cannot, the next run is slow too */
	return rc;
}

/* The same into a database that may have something already. */
static int load_slow(struct sct_types *db, const struct sct_types_loader *loader, const struct sct_file *file,
                     const char *cache, struct sct_err *err)
{
	struct sct_types own;
	int rc = load_kept(&own, loader, file, cache, err);

	if (rc >= 0 && is_empty(db)) {
		sct_types_fini(db);
		*db = own;
		return rc;
	}
	if (rc >= 0)
		rc = sct_types_merge(db, &own, err);
	sct_types_fini(&own);
	return rc;
}

int sct_types_load(struct sct_types *db, const struct sct_file *file, const struct sct_types_options *options,
                   struct sct_err *err)
{
	const struct sct_types_loader *loader = probe_without(file, options->no_btf ? &sct_types_btf : NULL);

	if (!loader)
		loader = sct_types_probe(file);
	if (!loader)
		return sct_fail(err, SCT_E_FORMAT, 0, "no types or symbols of any known format");
	if (loader->slow && options->cache)
		return load_slow(db, loader, file, options->cache, err);
	return loader->load(db, file, err);
}
