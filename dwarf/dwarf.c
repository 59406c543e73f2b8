/* DWARF 4 and 5 of kernels, modules, programs and object files.
 * In:  an ELF file of either class and byte order; its debug sections in it, in a file of their own, or split off
 * Out: types; functions and variables with their types as symbols; addresses from the ELF file's symbols
 *
 * Layout: DWARF Debugging Information Format, versions 4 and 5, read by libdwarf; only the children of units are looked
 * at, and what they are made of: bodies of functions are passed by.
 */
#include <string.h>

#include "dwarf_build.h"
#include "dwarf_find.h"
#include "elf_symbols.h"
#include "elf_section.h"
#include "loaders.h"

/* ---- units -------------------------------------------------------------------------------------------------- */

static int read_file(struct sct_dwarf_build *b, const struct sct_file *file);

/* A function or variable that is defined here; its name and type may stand with an earlier declaration. */
static int symbol(struct sct_dwarf_build *b, Dwarf_Die die)
{
	const struct sct_symbol *known;
	struct sct_die d, earlier;
	uint32_t type, name;
	Dwarf_Die at = NULL;
	int rc = sct_die_read(b->file, die, &d, b->err);

	earlier = d;
	if (rc == SCT_OK && !*d.name && sct_die_has(&d, SCT_DW_SPECIFICATION)) {
		rc = sct_die_at(b->file, d.value[SCT_DW_SPECIFICATION], &at, b->err);
		if (rc == SCT_OK)
			rc = sct_die_read(b->file, at, &earlier, b->err);
		sct_die_done(b->file, at);
	}
	if (rc < 0 || !*earlier.name)
		return rc;
	known = sct_types_symbol(b->db, earlier.name);
	if (known && known->type != SCT_NO_TYPE)
		return SCT_OK;
	type = d.tag == DW_TAG_variable ? sct_dwarf_type_of(b, sct_die_has(&d, SCT_DW_TYPE) ? &d : &earlier) :
	                                  sct_dwarf_function(b, die, &d);
	name = type == SCT_NO_TYPE ? SCT_NO_TYPE : sct_dwarf_name(b, earlier.name);
	if (name == SCT_NO_TYPE)
		return b->err->status;
	sct_types_add_symbol(b->db, name, type, NULL);
	return SCT_OK;
}

/* Types without a name are read where something refers to them. */
static bool is_named(Dwarf_Die die)
{
	Dwarf_Error error = NULL;
	Dwarf_Bool named = 0;

	return dwarf_hasattr(die, DW_AT_name, &named, &error) == DW_DLV_OK && named;
}

static int top_level(struct sct_dwarf_build *b, Dwarf_Die die)
{
	Dwarf_Error error = NULL;
	Dwarf_Bool declared = 0;
	Dwarf_Half tag = 0;
	bool is_symbol;
	int rc = dwarf_tag(die, &tag, &error);

	is_symbol = tag == DW_TAG_subprogram || tag == DW_TAG_variable;
	if (rc == DW_DLV_OK && is_symbol) /* units declare much more than they define */
		rc = dwarf_hasattr(die, DW_AT_declaration, &declared, &error);
	if (rc != DW_DLV_OK)
		return sct_die_fail(b->file, 0, rc, error, b->err);
	if (declared || (!is_symbol && !sct_dwarf_is_type(tag)))
		return SCT_OK;
	if (is_symbol)
		rc = symbol(b, die);
	else if (is_named(die) && sct_dwarf_type(b, die) == SCT_NO_TYPE)
		rc = b->err->status;
	return rc < 0 ? rc : sct_dwarf_finish_later(b);
}

static int split_unit(struct sct_dwarf_build *b, const struct sct_die *unit)
{
	struct sct_file file;
	int rc;

	if (sct_dwarf_find_split(b->file->file, unit->folder, unit->split, &file, b->err) < 0)
		return b->err->status;
	rc = read_file(b, &file);
	if (rc < 0) {
		struct sct_err inner = *b->err;

		sct_fail(b->err, inner.status, SCT_NO_OFFSET, "%.100s: %.280s", unit->split, inner.text);
	}
	sct_file_close(&file);
	return rc;
}

static int unit(struct sct_dwarf_build *b, Dwarf_Die die)
{
	Dwarf_Die child = NULL;
	struct sct_die d;
	int rc;

	sct_number_map_clear(&b->by_offset); /* units rarely refer to each other, and a small map is a fast one */
	if (sct_die_read(b->file, die, &d, b->err) < 0)
		return b->err->status;
	if (d.split && !b->file->split)
		return b->has_package ? SCT_OK : split_unit(b, &d);
	rc = sct_die_child(b->file, die, &child, b->err);
	while (rc > 0) {
		rc = top_level(b, child);
		if (rc >= 0)
			rc = sct_die_next(b->file, &child, b->err);
	}
	sct_die_done(b->file, child);
	return rc;
}

/* The units of .debug_info, or those of .debug_types. */
static int units(struct sct_dwarf_build *b, bool in_info)
{
	struct sct_dwarf_file *f = b->file;
	Dwarf_Unsigned length, next = 0, type_offset;
	Dwarf_Half version, address_size, length_size, extension_size, kind;
	Dwarf_Off abbrev;
	Dwarf_Sig8 signature;

	for (bool any = false;; any = true) {
		uint64_t here = next | (in_info ? 0 : SCT_DW_TYPES_BIT);
		Dwarf_Error error = NULL;
		Dwarf_Die die = NULL;
		int rc = dwarf_next_cu_header_d(f->debug, in_info, &length, &version, &abbrev, &address_size, &length_size,
			&extension_size, &signature, &type_offset, &next, &kind, &error);

		if (rc == DW_DLV_NO_ENTRY && (any || !in_info))
			return SCT_OK;
		if (rc != DW_DLV_OK)
			return sct_die_fail(f, here, rc, error, b->err);
		rc = dwarf_siblingof_b(f->debug, NULL, in_info, &die, &error);
		if (rc == DW_DLV_ERROR)
			return sct_die_fail(f, here, rc, error, b->err);
		rc = rc == DW_DLV_OK ? unit(b, die) : SCT_OK;
		sct_die_done(f, die);
		if (rc < 0)
			return rc;
	}
}

/* ---- files -------------------------------------------------------------------------------------------------- */

static int read_open_file(struct sct_dwarf_build *b, struct sct_dwarf_file *f)
{
	struct sct_dwarf_file *outer = b->file;
	struct sct_number_map offsets = b->by_offset;
	int rc;

	if (sct_dwarf_file_open(f, b->err) < 0 ||
	    sct_types_machine(b->db, f->big_endian, f->pointer_size, b->err) < 0)
		return b->err->status;
	b->file = f;
	for (unsigned i = 0; i < f->count; i++)
		b->names_left += SCT_DWARF_NAMES_MOST * f->sections[i].head.sh_size;
	b->by_offset = (struct sct_number_map){ NULL };
	rc = units(b, true);
	if (rc == SCT_OK)
		rc = units(b, false);
	sct_number_map_fini(&b->by_offset);
	b->by_offset = offsets;
	b->file = outer;
	return rc;
}

static int read_file(struct sct_dwarf_build *b, const struct sct_file *file)
{
	struct sct_dwarf_file f;
	int rc;

	if (sct_dwarf_file_find(&f, file))
		rc = read_open_file(b, &f);
	else
		rc = sct_fail(b->err, SCT_E_FORMAT, SCT_NO_OFFSET, "no DWARF in it");
	sct_dwarf_file_close(&f);
	return rc;
}

/* The file that all its split units are in, where there is one. */
static int read_package(struct sct_dwarf_build *b, const struct sct_file *file)
{
	struct sct_file package;
	int rc;

	if (!sct_dwarf_find_package(file, &package))
		return SCT_OK;
	b->has_package = true;
	rc = read_file(b, &package);
	sct_file_close(&package);
	return rc;
}

static bool has_dwarf(const struct sct_file *file)
{
	struct sct_dwarf_file f;
	bool found = sct_dwarf_file_find(&f, file);

	sct_dwarf_file_close(&f);
	return found;
}

static int read_with_package(struct sct_dwarf_build *b, const struct sct_file *file)
{
	int rc = read_package(b, file);

	return rc < 0 ? rc : read_file(b, file);
}

/* The sections are listed at a file's end: where that was cut off, nothing can be found. */
static int is_whole(const struct sct_file *file, struct sct_err *err)
{
	struct sct_dwarf_file f;
	uint64_t table = 0;

	sct_dwarf_file_find(&f, file);
	if (f.head.e_shoff)
		table = f.head.e_shoff + (uint64_t)f.head.e_shentsize * f.head.e_shnum;
	sct_dwarf_file_close(&f);
	if (table <= file->size)
		return SCT_OK;
	return sct_fail(err, SCT_E_TRUNCATED, file->size, "ELF: the file ends before its table of sections");
}

/* Of a kernel without DWARF its symbols are of use beside types from elsewhere. */
static int load_symbols_alone(struct sct_types *db, const struct sct_file *file, struct sct_err *err)
{
	const struct sct_symbol *banner;
	struct sct_err cause = *err;

	if (sct_elf_symbols(db, file, err) < 0)
		return err->status;
	banner = sct_types_symbol(db, "linux_banner");
	if (banner && banner->has_address)
		return SCT_OK;
	*err = cause;
	return err->status;
}

static int load_types(struct sct_dwarf_build *b, const struct sct_file *file)
{
	struct sct_file separate;
	int rc;

	if (has_dwarf(file))
		return read_with_package(b, file);
	if (is_whole(file, b->err) < 0)
		return b->err->status;
	if (!sct_dwarf_find_separate(file, &separate, b->err))
		return load_symbols_alone(b->db, file, b->err);
	rc = read_with_package(b, &separate);
	if (rc >= 0)
		rc = sct_elf_symbols(b->db, &separate, b->err);
	sct_file_close(&separate);
	return rc;
}

static int probe(const struct sct_file *file)
{
	struct sct_elf_section section;

	if (!sct_is_elf(file))
		return 0;
	if (has_dwarf(file))
		return 60;
	return sct_elf_section(file, ".BTF", &section) ? 0 : 20; /* DWARF may lie elsewhere; if not, this says why */
}

static int load(struct sct_types *db, const struct sct_file *file, struct sct_err *err)
{
	struct sct_dwarf_build b = { .db = db, .err = err };
	uint32_t first = db->types.count;
	int rc;

	rc = load_types(&b, file);
	if (rc >= 0)
		rc = sct_elf_symbols(db, file, err);
	sct_types_index_from(db, first);
	sct_dwarf_build_fini(&b);
	return rc;
}

const struct sct_types_loader sct_types_dwarf = {
	.name = "dwarf",
	.summary = "DWARF 4 and 5: vmlinux, kernel modules, programs, object files, and what was split off them",
	.slow = true,
	.probe = probe,
	.load = load,
};
