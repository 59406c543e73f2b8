/* What a named struct, union or enum is known again by, read in the cheapest way: most of what a unit has was in a unit
 * before.
 * In:  a DIE of a named struct, union or enum
 * Out: a number of 64 bits that such types share when name, size, line and the names of their members are the same
 */
#include <string.h>

#include "dwarf_build.h"

static uint64_t more(uint64_t key, const char *name)
{
	return sct_hash_more(key, name, strlen(name) + 1);
}

/* The line of the declaration; 0: it has none. Columns are not of every compiler, and files have other numbers in each
 * unit. */
static int line(struct sct_dwarf_build *b, Dwarf_Die die, Dwarf_Unsigned *number, Dwarf_Error *error)
{
	Dwarf_Attribute attr = NULL;
	Dwarf_Signed constant = 0;
	Dwarf_Half form = 0;
	int rc = dwarf_attr(die, DW_AT_decl_line, &attr, error);

	if (rc != DW_DLV_OK)
		return rc;
	rc = dwarf_whatform(attr, &form, error);
	if (rc == DW_DLV_OK && form == DW_FORM_implicit_const) { /* which dwarf_formudata does not take */
		rc = dwarf_formsdata(attr, &constant, error);
		*number = (Dwarf_Unsigned)constant;
	} else if (rc == DW_DLV_OK) {
		rc = dwarf_formudata(attr, number, error);
	}
	dwarf_dealloc(b->file->debug, attr, DW_DLA_ATTR);
	return rc;
}

/* Goes on with the names of the DIE's children. */
static int children(struct sct_dwarf_build *b, Dwarf_Die die, uint64_t *key)
{
	Dwarf_Die child = NULL;
	int rc = sct_die_child(b->file, die, &child, b->err);

	while (rc > 0) {
		Dwarf_Error error = NULL;
		char *name = "";
		int named = dwarf_diename(child, &name, &error);

		if (named == DW_DLV_ERROR) {
			rc = sct_die_fail(b->file, 0, named, error, b->err);
			break;
		}
		*key = more(*key, named == DW_DLV_OK ? name : "");
		rc = sct_die_next(b->file, &child, b->err);
	}
	sct_die_done(b->file, child);
	return rc;
}

int sct_dwarf_signature(struct sct_dwarf_build *b, Dwarf_Die die, uint16_t tag, uint64_t *key)
{
	Dwarf_Unsigned numbers[] = { tag, UINT64_MAX, 0 }; /* tag, size (none: it is only declared), line */
	Dwarf_Error error = NULL;
	char *name = NULL;
	int rc = dwarf_diename(die, &name, &error);

	if (rc == DW_DLV_NO_ENTRY || (rc == DW_DLV_OK && !*name))
		return 0;
	if (rc == DW_DLV_OK)
		rc = dwarf_bytesize(die, &numbers[1], &error);
	if (rc != DW_DLV_ERROR)
		rc = line(b, die, &numbers[2], &error);
	if (rc == DW_DLV_ERROR)
		return sct_die_fail(b->file, 0, rc, error, b->err);
	*key = more(sct_hash_more(SCT_HASH_START, numbers, sizeof numbers), name);
	return children(b, die, key) < 0 ? b->err->status : 1;
}
