/* One debugging information entry (DIE), with what types need of its attributes. */
#ifndef SCT_DWARF_DIE_H
#define SCT_DWARF_DIE_H

#include "dwarf_file.h"

/* Attributes that are kept, each with a number; what they mean: DWARF 5, 7.5.4. */
enum sct_dwarf_attr {
	SCT_DW_SIZE, SCT_DW_BIT_SIZE, SCT_DW_BIT_OFFSET, SCT_DW_DATA_BIT_OFFSET, SCT_DW_PLACE, SCT_DW_UPPER, SCT_DW_COUNT,
	SCT_DW_ENCODING, SCT_DW_VALUE, SCT_DW_DECLARATION, SCT_DW_TYPE, SCT_DW_SPECIFICATION,
	SCT_DW_SIGNATURE, /* the type's own unit has it whole */
	SCT_DW_ATTRS,
};

#define SCT_DW_TYPES_BIT (UINT64_C(1) << 63) /* of an offset: it lies in .debug_types */

struct sct_die {
	uint16_t tag;
	uint64_t offset;               /* in .debug_info, or with SCT_DW_TYPES_BIT */
	const char *name;              /* "": it has none */
	const char *split;             /* file that a skeleton unit was split into, or NULL */
	const char *folder;            /* of a unit: where it was compiled, or NULL */
	uint32_t has;                  /* bit 1 << enum sct_dwarf_attr */
	uint64_t value[SCT_DW_ATTRS];  /* numbers; offsets of DIEs as above */
	bool negative;                 /* value[SCT_DW_VALUE] is a number below 0 */
};

static inline bool sct_die_has(const struct sct_die *d, enum sct_dwarf_attr attr)
{
	return d->has >> attr & 1;
}

/* Reads a DIE's attributes; what they point at lasts until the file is closed. SCT_E_FORMAT: damage. */
int sct_die_read(struct sct_dwarf_file *f, Dwarf_Die die, struct sct_die *d, struct sct_err *err);

/* Where a DIE is, as struct sct_die has it. */
uint64_t sct_die_offset(Dwarf_Die die);
/* The DIE at an offset, to be given back by sct_die_done. SCT_E_FORMAT: there is none. */
int sct_die_at(struct sct_dwarf_file *f, uint64_t offset, Dwarf_Die *die, struct sct_err *err);
/* Goes to a DIE's first child: 1, or 0 where it has none. */
int sct_die_child(struct sct_dwarf_file *f, Dwarf_Die die, Dwarf_Die *child, struct sct_err *err);
/* Goes to the next sibling, and gives back the one before: 1, or 0 at the end; negative: likewise. */
int sct_die_next(struct sct_dwarf_file *f, Dwarf_Die *die, struct sct_err *err);
void sct_die_done(struct sct_dwarf_file *f, Dwarf_Die die);

/* What libdwarf says of an error at an offset as above; gives the error back. */
int sct_die_fail(struct sct_dwarf_file *f, uint64_t offset, int rc, Dwarf_Error error, struct sct_err *err);
/* The same of damage that libdwarf does not see. */
int sct_die_damaged(const struct sct_dwarf_file *f, uint64_t offset, const char *what, struct sct_err *err);

#endif
