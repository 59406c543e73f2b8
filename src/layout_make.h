/* Inside of the layout room: layouts of the types of one database. */
#ifndef SCT_LAYOUT_MAKE_H
#define SCT_LAYOUT_MAKE_H

#include "../dwarf/types.h"
#include "arena.h"
#include "layout.h"
#include "map.h"

/* One database and the layouts that were made of it. */
struct sct_space {
	const struct sct_types *db;
	struct sct_arena *arena; /* of what is made */
	struct sct_map made;     /* by the number of the type */
	unsigned depth;          /* structs and arrays in one another that are being made */
};

/* What a layout was made from: the `source` of ENUM (the enum) and POINTER (what is behind it). */
struct sct_origin {
	struct sct_space *space;
	uint32_t id;
	unsigned stars; /* POINTER: pointers that still lie between it and the type */
	const struct sct_layout *behind; /* of those the next, once it has been asked for */
};

/* The layout of a type, or NULL: it has none (void, a function, a struct of which only the name is known). */
const struct sct_layout *sct_layout_make(struct sct_space *space, uint32_t id);
/* The layout of a pointer to that type with so many pointers in between. */
const struct sct_layout *sct_layout_make_pointer(struct sct_space *space, uint32_t id, unsigned stars);

#endif
