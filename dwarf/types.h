/* The type database: what types a program has, how they lie in memory, where its symbols are.
 *
 * Everything is an index into flat arrays: types are numbered from 0 (void), a struct's members stand side by side,
 * names are offsets into one block of strings. Several sources fill one database: layouts from one, addresses from
 * another. Whatever the loaders read, every index in the arrays is valid; what hostile input can still do is make
 * types refer to each other in circles, so whoever follows references counts the steps (SCT_TYPES_DEPTH).
 */
#ifndef SCT_TYPES_H
#define SCT_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../src/err.h"

enum sct_type_kind {
	SCT_TYPE_VOID,     /* type 0, and what a loader cannot describe; size 0 */
	SCT_TYPE_INT,      /* integer, character or truth value, by its flags; count: its value's bits */
	SCT_TYPE_FLOAT,
	SCT_TYPE_ENUM,     /* count enumerators from first on */
	SCT_TYPE_STRUCT,   /* count members from first on, by ascending place */
	SCT_TYPE_UNION,
	SCT_TYPE_TYPEDEF,  /* another name for `to` */
	SCT_TYPE_POINTER,  /* to `to` */
	SCT_TYPE_ARRAY,    /* count elements of `to`; 0: flexible, or of no length */
	SCT_TYPE_CONST,    /* a qualified `to`; so are the two below */
	SCT_TYPE_VOLATILE,
	SCT_TYPE_RESTRICT,
	SCT_TYPE_TAG,      /* `to` with an attribute, which says nothing about how it lies */
	SCT_TYPE_FUNCTION, /* returns `to`; parameters are count members from first on */
	SCT_TYPE_FORWARD,  /* a struct, or by its flags a union or an enum, of which only the name is known here */
	SCT_TYPE_KINDS,
};

enum {
	SCT_TYPE_SIGNED = 1,    /* of INT and ENUM */
	SCT_TYPE_CHAR = 2,      /* INT: a character */
	SCT_TYPE_BOOL = 4,      /* INT: a truth value */
	SCT_TYPE_VARIADIC = 8,  /* FUNCTION: more parameters may follow */
	SCT_TYPE_OF_UNION = 16, /* FORWARD: of a union */
	SCT_TYPE_OF_ENUM = 32,  /* FORWARD: of an enum */
	SCT_TYPE_CUT = 64,      /* ENUM of 8 bytes: the source has only the low 32 bits of its values */
	SCT_TYPE_NO_SIGN = 128, /* ENUM of at most 4 bytes: values could be negative or as large: it is not said */
};

#define SCT_NO_TYPE UINT32_MAX /* a name that is not there */

enum { SCT_TYPES_DEPTH = 32 }; /* the most references that are followed one behind the other */

struct sct_type {
	uint32_t name;  /* offset in the strings; "" (0): it has none */
	uint32_t size;  /* bytes of INT, FLOAT, ENUM, STRUCT, UNION; of others sct_type_size tells */
	uint32_t to;    /* type that it is made from */
	uint32_t first; /* index of its first member, parameter or enumerator */
	uint32_t count;
	uint8_t kind;   /* enum sct_type_kind */
	uint8_t flags;
};

/* A member of a struct or union, or a parameter of a function. */
struct sct_member {
	uint32_t name;       /* "": anonymous, its members are members of what it is in */
	uint32_t type;
	uint32_t bit_offset; /* from the struct's first byte; on big-endian machines bits count from the top */
	uint32_t bits;       /* of a bitfield; 0: it is none */
};

struct sct_enumerator {
	uint32_t name;
	uint64_t value; /* sign-extended where the enum is signed; of one of NO_SIGN only the low 32 bits are known */
};

/* A function or variable. Its address and its type may come from different sources. */
struct sct_symbol {
	uint32_t name;
	uint32_t type;     /* SCT_NO_TYPE: not known */
	uint64_t address;
	bool has_address;
	bool several;      /* symbols of this name lie at different addresses; `address` is that of the first */
};

/* A growing array of T. */
#define SCT_TYPES_ARRAY(T) struct { T *at; uint32_t count, room; }

/* From names to indices; 0 stands for an empty slot, else the index + 1. */
struct sct_types_index {
	uint32_t *slots;
	uint32_t size, used;
};

struct sct_types {
	SCT_TYPES_ARRAY(struct sct_type) types;
	SCT_TYPES_ARRAY(struct sct_member) members;
	SCT_TYPES_ARRAY(struct sct_enumerator) enumerators;
	SCT_TYPES_ARRAY(struct sct_symbol) symbols;
	SCT_TYPES_ARRAY(char) strings;
	struct sct_types_index by_name, symbol_by_name;
	uint8_t pointer_size; /* bytes; 0: no source has said */
	bool has_machine;     /* a source has said what is next */
	bool big_endian;      /* byte order of the machine */
	struct {              /* of the kernel that all of it is of, as far as a source has said */
		uint8_t build_id[32];
		uint32_t build_id_size; /* bytes; 0: not known */
		uint32_t banner;        /* string: linux_banner, "Linux version 6.1.0-…"; "": not known */
	} identity;
	struct {              /* the first BTF that was loaded, for modules' BTF refers to it */
		uint32_t type, types;     /* database's number of its type 1; how many there are, void counted */
		uint32_t string, strings; /* offset and size of its strings */
		bool signs;               /* its enums say whether they are signed */
	} btf;
};

void sct_types_init(struct sct_types *db);
void sct_types_fini(struct sct_types *db);

/* ---- asking --------------------------------------------------------------------------------------------------- */

/* The name at an offset that the database gave; lasts until the next source is loaded. */
static inline const char *sct_types_name(const struct sct_types *db, uint32_t name)
{
	return db->strings.at + name;
}

static inline const struct sct_type *sct_type(const struct sct_types *db, uint32_t id)
{
	return &db->types.at[id];
}

/* The type of this kind (STRUCT, UNION, ENUM, TYPEDEF, INT, FLOAT) and name, or SCT_NO_TYPE. Of several the first one
 * loaded; only definitions are found. */
uint32_t sct_types_find(const struct sct_types *db, enum sct_type_kind kind, const char *name);
/* The type that a user calls so: "struct NAME", "union NAME", "enum NAME", or NAME alone, which is looked for in this
 * order and then among typedefs and base types. */
uint32_t sct_types_find_any(const struct sct_types *db, const char *name);
/* The symbol, or NULL. */
const struct sct_symbol *sct_types_symbol(const struct sct_types *db, const char *name);

/* The type behind typedefs and qualifiers; where a FORWARD has a definition, that one. 0 (void) for a circle. */
uint32_t sct_type_strip(const struct sct_types *db, uint32_t id);
/* Bytes of a value of this type. False: it has no size that is known (void, a function, a struct of which only the
 * name is known, a pointer where no source told its size), or one beyond 32 bits. */
bool sct_type_size(const struct sct_types *db, uint32_t id, uint32_t *size);

/* Writes the declaration of a thing called name ("": a type alone) as C has it: "void (*func)(struct rq *, int)". What
 * does not fit into size bytes is cut; the result always ends in NUL. An anonymous struct, union or enum is written
 * as its keyword alone. */
void sct_type_declare(const struct sct_types *db, uint32_t id, const char *name, char *buf, size_t size);

/* ---- filling, for loaders ------------------------------------------------------------------------------------- */

/* A copy of size bytes among the strings; returns its offset. SCT_NO_TYPE: the strings would pass 4 GiB. */
uint32_t sct_types_add_bytes(struct sct_types *db, const void *data, size_t size);
/* The same for a name, with its NUL. */
uint32_t sct_types_add_name(struct sct_types *db, const char *name);

/* Appends; returns the index. Members and enumerators of one type are appended one behind the other. */
uint32_t sct_types_add(struct sct_types *db, const struct sct_type *type);
uint32_t sct_types_add_member(struct sct_types *db, const struct sct_member *member);
uint32_t sct_types_add_enumerator(struct sct_types *db, const struct sct_enumerator *enumerator);

/* Lets the types from first on be found by their names. To be called when a source is read. */
void sct_types_index_from(struct sct_types *db, uint32_t first);

/* Says a symbol's type (or SCT_NO_TYPE) or address (NULL: not known), or both. What an earlier source said stays;
 * another address for the name sets `several`. */
void sct_types_add_symbol(struct sct_types *db, uint32_t name, uint32_t type, const uint64_t *address);

/* That about so many symbols will be added: spares their index from growing step by step. */
void sct_types_expect_symbols(struct sct_types *db, uint32_t more);

/* Notes which machine a source of types is for. SCT_E_USAGE: an earlier one was for another. pointer_size 0: it does
 * not say. */
int sct_types_machine(struct sct_types *db, bool big_endian, uint8_t pointer_size, struct sct_err *err);

/* Notes which kernel a source is of: its build id (size 0: it does not say) and banner (NULL: likewise). SCT_E_USAGE:
 * an earlier source was of another. */
int sct_types_identity(struct sct_types *db, const uint8_t *build_id, size_t size, const char *banner,
                       struct sct_err *err);

/* Adds all of another database as one more source. Errors of the two above; SCT_E_NOMEM: too much for one database. */
int sct_types_merge(struct sct_types *db, const struct sct_types *from, struct sct_err *err);

#endif
