/* Types in the making: what of DWARF is in the database already. Every unit of a C program repeats the types of its
 * headers; here each is found again. */
#ifndef SCT_DWARF_BUILD_H
#define SCT_DWARF_BUILD_H

#include "dwarf_die.h"
#include "dwarf_map.h"
#include "types.h"

/* A struct, union or enum that has its number, and whose members are still to be read. */
struct sct_dwarf_later {
	uint64_t offset;
	uint32_t id;
};

struct sct_dwarf_build {
	struct sct_types *db;
	struct sct_err *err;
	struct sct_dwarf_file *file;      /* that is read now */
	struct sct_number_map by_offset;  /* of that file: DIE to type */
	struct sct_number_map names;      /* hash to offset in the database's strings */
	struct sct_number_map shapes;     /* hash of all that a type is to a type that is so */
	struct sct_number_map signatures; /* signature of a named struct, union or enum to it */
	SCT_TYPES_ARRAY(struct sct_dwarf_later) later;
	SCT_TYPES_ARRAY(struct sct_member) members;         /* a stack: of the types that are being read */
	SCT_TYPES_ARRAY(struct sct_enumerator) enumerators; /* likewise */
	uint64_t names_left;              /* bytes that further names may take, by what the files that were opened have */
	bool has_package;                 /* split units were read from it */
};

enum { SCT_DWARF_NAMES_MOST = 16 }; /* times the bytes that a file's sections have in it, compressed perhaps, that its
                                       names take in the database */

/* ---- dwarf_intern.c ------------------------------------------------------------------------------------------- */

void sct_dwarf_build_fini(struct sct_dwarf_build *b);
/* Offset of a name in the database. SCT_NO_TYPE: no room, or names that no sound file has; *b->err filled. */
uint32_t sct_dwarf_name(struct sct_dwarf_build *b, const char *name);
/* The type that is as t, which has the members (STRUCT, UNION, FUNCTION) or enumerators (ENUM) from first on of the
 * stacks, t->count many; they are taken off. */
uint32_t sct_dwarf_intern(struct sct_dwarf_build *b, const struct sct_type *t, uint32_t first);
/* Moves members or enumerators from a stack to the database, and to type id, which has none yet. */
void sct_dwarf_settle(struct sct_dwarf_build *b, uint32_t id, uint32_t first);
void sct_dwarf_push_member(struct sct_dwarf_build *b, const struct sct_member *member);
void sct_dwarf_push_enumerator(struct sct_dwarf_build *b, const struct sct_enumerator *enumerator);
void sct_dwarf_push_later(struct sct_dwarf_build *b, uint64_t offset, uint32_t id);

/* ---- dwarf_types.c: each returns SCT_NO_TYPE with *b->err filled when it fails ---------------------------------- */

/* Whether DIEs of this kind are types that can be looked up by name. */
bool sct_dwarf_is_type(uint16_t tag);
/* The type that a DIE describes. */
uint32_t sct_dwarf_type(struct sct_dwarf_build *b, Dwarf_Die die);
/* The type that d's DW_AT_type refers to; void where it has none. */
uint32_t sct_dwarf_type_of(struct sct_dwarf_build *b, const struct sct_die *d);
/* A function's type, from its DIE. */
uint32_t sct_dwarf_function(struct sct_dwarf_build *b, Dwarf_Die die, const struct sct_die *d);
/* Reads the members of what was put off. */
int sct_dwarf_finish_later(struct sct_dwarf_build *b);

/* ---- dwarf_signature.c ---------------------------------------------------------------------------------------- */

/* Tells by what a named struct, union or enum is known again: 1; 0: it has no name; negative: *b->err. */
int sct_dwarf_signature(struct sct_dwarf_build *b, Dwarf_Die die, uint16_t tag, uint64_t *key);

/* ---- dwarf_members.c ------------------------------------------------------------------------------------------ */

enum { SCT_DWARF_DEPTH = 200 }; /* references from one type to the next; those of a named struct's members begin anew */

/* The type at an offset. depth: references that may still be followed. */
uint32_t sct_dwarf_type_at(struct sct_dwarf_build *b, uint64_t offset, unsigned depth);
/* Reads the children of a struct, union or enum, or the parameters of a function, onto the stacks; *t's count and flags
 * are set. */
int sct_dwarf_members(struct sct_dwarf_build *b, Dwarf_Die die, struct sct_type *t, unsigned depth);
int sct_dwarf_enumerators(struct sct_dwarf_build *b, Dwarf_Die die, struct sct_type *t);
int sct_dwarf_parameters(struct sct_dwarf_build *b, Dwarf_Die die, struct sct_type *t, unsigned depth);

#endif
