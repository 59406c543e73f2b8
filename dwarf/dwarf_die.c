/* Attributes of debugging information entries, and the way from one to the next.
 * In:  an open Dwarf_Debug
 * Out: numbers, names, offsets
 */
#include "dwarf_die.h"

#include <string.h>

/* ---- errors ------------------------------------------------------------------------------------------------- */

int sct_die_damaged(const struct sct_dwarf_file *f, uint64_t offset, const char *what, struct sct_err *err)
{
	bool types = offset & SCT_DW_TYPES_BIT;
	const char *section = types ? ".debug_types" : f->split ? ".debug_info.dwo" : ".debug_info";
	uint64_t at = offset & ~SCT_DW_TYPES_BIT;

	return sct_fail(err, SCT_E_FORMAT, sct_dwarf_file_offset(f, section, at), "DWARF, at 0x%llx of %s: %s",
		(unsigned long long)at, section, what);
}

int sct_die_fail(struct sct_dwarf_file *f, uint64_t offset, int rc, Dwarf_Error error, struct sct_err *err)
{
	if (f->load_error.status)
		*err = f->load_error;
	else
		sct_die_damaged(f, offset, rc == DW_DLV_ERROR ? dwarf_errmsg(error) : "it ends here", err);
	if (rc == DW_DLV_ERROR)
		dwarf_dealloc_error(f->debug, error);
	return err->status;
}

/* ---- attributes --------------------------------------------------------------------------------------------- */

enum how { NUMBER, SIGNED, FLAG, REFERENCE, STRING, PLACE };

static const struct {
	Dwarf_Half attr;
	uint8_t how, to; /* enum how; enum sct_dwarf_attr */
} attrs[] = {
	{ DW_AT_name, STRING, 0 },
	{ DW_AT_byte_size, NUMBER, SCT_DW_SIZE },
	{ DW_AT_type, REFERENCE, SCT_DW_TYPE },
	{ DW_AT_data_member_location, PLACE, SCT_DW_PLACE },
	{ DW_AT_bit_size, NUMBER, SCT_DW_BIT_SIZE },
	{ DW_AT_bit_offset, SIGNED, SCT_DW_BIT_OFFSET },
	{ DW_AT_data_bit_offset, NUMBER, SCT_DW_DATA_BIT_OFFSET },
	{ DW_AT_upper_bound, SIGNED, SCT_DW_UPPER },
	{ DW_AT_count, SIGNED, SCT_DW_COUNT },
	{ DW_AT_encoding, NUMBER, SCT_DW_ENCODING },
	{ DW_AT_const_value, SIGNED, SCT_DW_VALUE },
	{ DW_AT_declaration, FLAG, SCT_DW_DECLARATION },
	{ DW_AT_specification, REFERENCE, SCT_DW_SPECIFICATION },
	{ DW_AT_signature, REFERENCE, SCT_DW_SIGNATURE },
	{ DW_AT_dwo_name, STRING, 0 },
	{ DW_AT_GNU_dwo_name, STRING, 0 },
	{ DW_AT_comp_dir, STRING, 0 },
};

static bool is_wanted(Dwarf_Half attr, enum how *how, enum sct_dwarf_attr *to)
{
	for (size_t i = 0; i < sizeof attrs / sizeof *attrs; i++)
		if (attrs[i].attr == attr) {
			*how = attrs[i].how;
			*to = attrs[i].to;
			return true;
		}
	return false;
}

static bool is_block(Dwarf_Half form)
{
	return form == DW_FORM_exprloc || form == DW_FORM_block || form == DW_FORM_block1 || form == DW_FORM_block2 ||
	       form == DW_FORM_block4;
}

/* A number with its sign, where its form has one; of data1 to data8 the meaning is the attribute's, and compilers write
 * what is negative as sdata. */
static int read_signed(Dwarf_Attribute a, Dwarf_Half form, uint64_t *v, bool *negative, Dwarf_Error *error)
{
	Dwarf_Signed s = 0;
	Dwarf_Unsigned u = 0;
	int rc;

	if (form == DW_FORM_sdata || form == DW_FORM_implicit_const) {
		rc = dwarf_formsdata(a, &s, error);
		*v = (uint64_t)s;
		*negative = s < 0;
		return rc;
	}
	rc = dwarf_formudata(a, &u, error);
	*v = u;
	return rc;
}

/* Where a member lies: a number, or (before DWARF 4) an expression that adds one: DW_OP_plus_uconst. */
static int read_place(Dwarf_Attribute a, Dwarf_Half form, uint64_t *v, bool *is_there, Dwarf_Error *error)
{
	Dwarf_Block *block = NULL;
	bool negative = false;
	int rc;

	if (!is_block(form))
		return read_signed(a, form, v, &negative, error);
	rc = dwarf_formblock(a, &block, error);
	if (rc != DW_DLV_OK)
		return rc;
	*is_there = block->bl_len > 1 && *(const uint8_t *)block->bl_data == DW_OP_plus_uconst;
	if (*is_there) {
		const uint8_t *p = (const uint8_t *)block->bl_data + 1;

		*v = 0;
		for (unsigned i = 0; i + 1 < block->bl_len && i < 9; i++) {
			*v |= (uint64_t)(p[i] & 0x7f) << 7 * i;
			if (p[i] < 0x80)
				break;
		}
	}
	return rc;
}

static int read_reference(struct sct_dwarf_file *f, Dwarf_Attribute a, Dwarf_Half form, uint64_t here, uint64_t *v,
                          Dwarf_Error *error)
{
	Dwarf_Off offset = 0;
	int rc;

	if (form == DW_FORM_ref_sig8) {
		Dwarf_Sig8 signature;
		Dwarf_Die die = NULL;
		Dwarf_Bool in_info = 1;

		rc = dwarf_formsig8(a, &signature, error);
		if (rc == DW_DLV_OK)
			rc = dwarf_find_die_given_sig8(f->debug, &signature, &die, &in_info, error);
		if (rc == DW_DLV_OK)
			rc = dwarf_dieoffset(die, &offset, error);
		sct_die_done(f, die);
		*v = offset | (in_info ? 0 : SCT_DW_TYPES_BIT);
		return rc;
	}
	rc = dwarf_global_formref(a, &offset, error);
	*v = offset | (here & SCT_DW_TYPES_BIT); /* a reference stays in its section */
	return rc;
}

static int read_string(struct sct_die *d, Dwarf_Attribute a, Dwarf_Half attr, Dwarf_Error *error)
{
	char *text = NULL;
	int rc = dwarf_formstring(a, &text, error);

	if (rc != DW_DLV_OK)
		return rc;
	if (attr == DW_AT_name)
		d->name = text;
	else if (attr == DW_AT_comp_dir)
		d->folder = text;
	else
		d->split = text;
	return rc;
}

static int read_attr(struct sct_dwarf_file *f, struct sct_die *d, Dwarf_Attribute a, Dwarf_Error *error)
{
	Dwarf_Half attr = 0, form = 0;
	enum sct_dwarf_attr to;
	enum how how;
	bool is_there = true;
	Dwarf_Bool flag = 0;
	uint64_t *v;
	int rc = dwarf_whatattr(a, &attr, error);

	if (rc != DW_DLV_OK || !is_wanted(attr, &how, &to))
		return rc;
	rc = dwarf_whatform(a, &form, error);
	if (rc != DW_DLV_OK || how == STRING)
		return rc == DW_DLV_OK ? read_string(d, a, attr, error) : rc;
	v = &d->value[to];
	if (how == REFERENCE) {
		rc = read_reference(f, a, form, d->offset, v, error);
	} else if (how == PLACE) {
		rc = read_place(a, form, v, &is_there, error);
	} else if (how == FLAG) {
		rc = dwarf_formflag(a, &flag, error);
		is_there = flag;
	} else if (is_block(form) || form == DW_FORM_ref4 || form == DW_FORM_sec_offset || form == DW_FORM_string ||
	           form == DW_FORM_strp || form == DW_FORM_addr || form == DW_FORM_data16) {
		is_there = false; /* a length that is known only when the program runs, a constant that is none of an enum */
	} else {
		rc = read_signed(a, form, v, how == SIGNED && to == SCT_DW_VALUE ? &d->negative : &(bool){ false }, error);
	}
	d->has |= (uint32_t)is_there << to;
	return rc;
}

int sct_die_read(struct sct_dwarf_file *f, Dwarf_Die die, struct sct_die *d, struct sct_err *err)
{
	Dwarf_Attribute *list = NULL;
	Dwarf_Signed count = 0;
	Dwarf_Error error = NULL;
	Dwarf_Off offset = 0;
	int rc;

	memset(d, 0, sizeof *d);
	d->name = "";
	if ((rc = dwarf_dieoffset(die, &offset, &error)) != DW_DLV_OK ||
	    (rc = dwarf_tag(die, &d->tag, &error)) != DW_DLV_OK)
		return sct_die_fail(f, offset, rc, error, err);
	d->offset = offset | (dwarf_get_die_infotypes_flag(die) ? 0 : SCT_DW_TYPES_BIT);
	rc = dwarf_attrlist(die, &list, &count, &error);
	if (rc == DW_DLV_NO_ENTRY)
		return SCT_OK;
	if (rc != DW_DLV_OK)
		return sct_die_fail(f, d->offset, rc, error, err);
	for (Dwarf_Signed i = 0; i < count; i++) {
		if (rc == DW_DLV_OK)
			rc = read_attr(f, d, list[i], &error);
		dwarf_dealloc(f->debug, list[i], DW_DLA_ATTR);
	}
	dwarf_dealloc(f->debug, list, DW_DLA_LIST);
	return rc == DW_DLV_OK ? SCT_OK : sct_die_fail(f, d->offset, rc, error, err);
}

/* ---- from one to the next ----------------------------------------------------------------------------------- */

uint64_t sct_die_offset(Dwarf_Die die)
{
	Dwarf_Error error = NULL; /* libdwarf ends the program where it has nowhere to put one */
	Dwarf_Off offset = 0;

	if (dwarf_dieoffset(die, &offset, &error) == DW_DLV_ERROR)
		dwarf_dealloc_error(NULL, error);
	return offset | (dwarf_get_die_infotypes_flag(die) ? 0 : SCT_DW_TYPES_BIT);
}

int sct_die_at(struct sct_dwarf_file *f, uint64_t offset, Dwarf_Die *die, struct sct_err *err)
{
	Dwarf_Error error = NULL;
	int rc = dwarf_offdie_b(f->debug, offset & ~SCT_DW_TYPES_BIT, !(offset & SCT_DW_TYPES_BIT), die, &error);

	return rc == DW_DLV_OK ? SCT_OK : sct_die_fail(f, offset, rc, error, err);
}

int sct_die_child(struct sct_dwarf_file *f, Dwarf_Die die, Dwarf_Die *child, struct sct_err *err)
{
	Dwarf_Error error = NULL;
	int rc = dwarf_child(die, child, &error);

	return rc == DW_DLV_OK ? 1 : rc == DW_DLV_NO_ENTRY ? 0 : sct_die_fail(f, sct_die_offset(die), rc, error, err);
}

int sct_die_next(struct sct_dwarf_file *f, Dwarf_Die *die, struct sct_err *err)
{
	Dwarf_Die sibling = NULL;
	Dwarf_Error error = NULL;
	int rc = dwarf_siblingof_b(f->debug, *die, dwarf_get_die_infotypes_flag(*die), &sibling, &error);

	if (rc == DW_DLV_ERROR)
		sct_die_fail(f, sct_die_offset(*die), rc, error, err);
	sct_die_done(f, *die);
	*die = sibling;
	return rc == DW_DLV_OK ? 1 : rc == DW_DLV_NO_ENTRY ? 0 : err->status;
}

void sct_die_done(struct sct_dwarf_file *f, Dwarf_Die die)
{
	if (die)
		dwarf_dealloc(f->debug, die, DW_DLA_DIE);
}
