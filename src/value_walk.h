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
	bool leaving;           /* at return; else at entry */
	bool result_known;
	uint64_t result;        /* sign-extended */
	const struct sct_value *was; /* at return: the argument at hand as it was at entry; the kernel took pointers and
	                                lengths from there, whatever stands there now */
	size_t left;            /* of view->limits.total */
	const char *why;        /* why the last number that could not be read is not known */
};

/* Gives v a name, a type and a known raw word of width bytes. */
void sct_walk_set(struct sct_value *v, const char *name, const char *type, unsigned width, uint64_t raw);
/* Gives v its raw word as a number. */
void sct_walk_number(struct sct_value *v, bool is_signed);
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
void sct_walk_numbers(struct sct_walk *w, struct sct_value *v, unsigned elem, bool is_signed, bool array, uint64_t n);
/* was: v at entry, or NULL. budget: bytes that the kernel moved, to be shared out over the buffers; UINT64_MAX: each
 * has its whole length. */
void sct_walk_iovec(struct sct_walk *w, struct sct_value *v, const struct sct_value *was, uint64_t n, uint64_t budget);
void sct_walk_msghdr(struct sct_walk *w, struct sct_value *v);
void sct_walk_mmsghdr(struct sct_walk *w, struct sct_value *v, uint64_t n);

#endif
