/* Does a piece of kernel source belong to a build? Conditions of the C preprocessor with three values. */
#ifndef PROTOTYPES_COND_H
#define PROTOTYPES_COND_H

#include <stdbool.h>
#include <stddef.h>

/* The kernel builds that tables are made for: x86 of 32 and 64 bits, Arm, AArch64, little-endian MIPS of 32 bits. */
enum target { TARGET_32, TARGET_64, TARGET_ARM, TARGET_ARM64, TARGET_MIPS, NTARGETS };

/* Does a long of that build have 64 bits? */
bool cond_is_64(enum target target);

/* Ordered so that "and" is the minimum, "or" the maximum and "not" 2 - x. */
enum tri { NO, MAYBE, YES };

/* The truth of a #if expression in that build; what is not among the known symbols makes it MAYBE. */
enum tri cond_eval(const char *expr, enum target target);
/* The same of one macro: is it defined (and, in #if CONFIG_X, not 0)? */
enum tri cond_symbol(const char *name, size_t len, enum target target);

/* Nested #if of one file while its lines go by. */
enum { COND_DEPTH = 64 };
struct cond {
	unsigned depth;
	struct {
		enum tri now[NTARGETS], before[NTARGETS]; /* this branch; any branch of the same #if up to it */
	} level[COND_DEPTH];
};

/* Takes note of one directive, "#ifdef X" and the like, without the '#'; others are ignored. */
void cond_directive(struct cond *c, const char *text);
/* Do the lines at this point belong to that build? */
enum tri cond_holds(const struct cond *c, enum target target);

#endif
