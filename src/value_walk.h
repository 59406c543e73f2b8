/* Inside of the value room: the state of one walk, and the walks over what pointers point at. */
#ifndef SCT_VALUE_WALK_H
#define SCT_VALUE_WALK_H

#include "value.h"

struct sct_walk {
	const struct sct_call *call;
	const struct sct_mem *mem;
	const struct sct_view *view;
	struct sct_arena *arena;
	struct sct_value *args; /* all arguments of the call, their words already read */
	uint8_t dir;            /* enum sct_dir, of the argument at hand */
	bool leaving;           /* at return; else at entry */
	bool result_known;
	uint64_t result;        /* sign-extended */
	const struct sct_value *was; /* at return: the argument at hand as it was at entry; the kernel took pointers and
	                                lengths from there, whatever stands there now */
	bool descriptors;       /* some were found behind the argument at hand */
	size_t left;            /* of view->limits.total */
	const char *why;        /* why the last number that could not be read is not known */
};

/* Gives v a name, a type and a known raw word of width bytes. */
void sct_walk_set(struct sct_value *v, const char *name, const char *type, unsigned width, uint64_t raw);
/* Gives v its raw word as a number. */
void sct_walk_number(struct sct_value *v, bool is_signed);
/* Takes n pieces of size bytes out of the call's total, or as many as are left; returns how many. */
size_t sct_walk_take(struct sct_walk *w, uint64_t n, size_t size);
/* Makes v the array of these elements, of which got of a whole could be read; unknown: why no more, or NULL. */
void sct_walk_finish(struct sct_value *v, const struct sct_value *elems, size_t got, uint64_t whole,
                     const char *unknown);
/* Whether the parameter's `when` holds; UNKNOWN: what decides is not recorded. */
enum sct_holds { SCT_HOLDS_NOT, SCT_HOLDS, SCT_HOLDS_UNKNOWN };
enum sct_holds sct_walk_when(struct sct_walk *w, const struct sct_param *p);
/* What the parameter is in this call: p itself, or one of its or_else. */
const struct sct_param *sct_walk_meant(struct sct_walk *w, const struct sct_param *p);
/* How many bytes or elements the parameter's pointer points at, in *n. False: what says so is unknown. */
bool sct_walk_length(struct sct_walk *w, const struct sct_param *p, uint64_t *n);

/* Each of these reads at an address and gives v a meaning, or says in v->unknown why there is none. */
void sct_walk_string(struct sct_walk *w, uint64_t at, struct sct_value *v);
void sct_walk_bytes(struct sct_walk *w, uint64_t at, uint64_t size, struct sct_value *v);
void sct_walk_strings(struct sct_walk *w, struct sct_value *v);
/* n numbers, as the parameter has them. */
void sct_walk_numbers(struct sct_walk *w, struct sct_value *v, const struct sct_param *p, uint64_t n);
/* was: v at entry, or NULL. budget: bytes that the kernel moved, to be shared out over the buffers; UINT64_MAX: each
 * has its whole length. */
void sct_walk_iovec(struct sct_walk *w, struct sct_value *v, const struct sct_value *was, uint64_t n, uint64_t budget);
void sct_walk_msghdr(struct sct_walk *w, struct sct_value *v);
void sct_walk_mmsghdr(struct sct_walk *w, struct sct_value *v, uint64_t n);
/* n structs of the argument's type, as an array where array is true. */
void sct_walk_structs(struct sct_walk *w, struct sct_value *v, bool array, uint64_t n);
/* One struct of the argument's type, of which there are n bytes. */
void sct_walk_sized(struct sct_walk *w, struct sct_value *v, uint64_t n);
/* As many records of the argument's type as there are in n bytes. */
void sct_walk_dirents(struct sct_walk *w, struct sct_value *v, uint64_t n);
/* A socket address of n bytes, of the struct of its family, else a struct sockaddr. */
void sct_walk_sockaddr(struct sct_walk *w, uint64_t at, uint64_t n, struct sct_value *v);

/* ---- structs -------------------------------------------------------------------------------------------------- */

/* The structs that are being looked at, one in the other or one behind a pointer of the other. */
struct sct_frame {
	const struct sct_frame *up;
	const struct sct_layout *layout;
	uint64_t at;
};

/* An object of which the leading bytes have been read. */
struct sct_cut {
	struct sct_walk *walk;
	uint64_t at;
	const uint8_t *data;
	size_t got;      /* bytes of data */
	uint64_t end;    /* bytes that there are of it; members behind are not there. UINT64_MAX: as its type says */
	unsigned depth;  /* pointers that led here from the argument */
	unsigned nested; /* structs and arrays in one another */
	const struct sct_frame *path;
};

/* What other members say of a member. */
struct sct_choice {
	const char *only; /* of this union only the member of this name counts; NULL: all of them */
	bool counted;
	uint64_t count;   /* counted: how many elements an array has, whatever its type says */
	bool bytes;       /* what is declared as text is none */
	const struct sct_value *was; /* a pointer: what the kernel took for it, whatever stands there now; NULL: that */
	bool bounded;
	uint64_t behind;  /* bounded: bytes that are behind a pointer; 0: nothing that counts */
};

/* What of a member the members before it in the same struct say: false: it is not to be shown at all. */
bool sct_walk_chosen(const struct sct_cut *c, const struct sct_layout *l, const struct sct_field *f,
                     const struct sct_value *before, size_t n, struct sct_choice *choice);
/* Gives the members of a struct of a known kind their texts: ports, addresses, paths. */
void sct_walk_describe(const struct sct_cut *c, const struct sct_layout *l, struct sct_value *v);
/* The member of that name, or NULL. */
const struct sct_value *sct_walk_member(const struct sct_value *members, size_t n, const char *name);

/* A family of socket addresses. */
struct sct_family {
	unsigned number;
	const char *name, *type; /* "AF_INET", "struct sockaddr_in *"; NULL: not known */
};

/* The family of a socket address of n bytes; NULL: its first bytes, which say so, are not there or not known. */
const struct sct_family *sct_walk_family(struct sct_walk *w, bool big_endian, uint64_t at, uint64_t n);

#endif
