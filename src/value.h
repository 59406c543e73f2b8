/* Values: from argument words and the memory they point at to trees of meaning.
 *
 * The same walk serves the decoder, which reads replayed memory, and the recorder, whose memory reads the guest and
 * notes what was touched: what a decoder will want is by construction what was recorded.
 */
#ifndef SCT_VALUE_H
#define SCT_VALUE_H

#include "abi.h"
#include "arena.h"
#include "layout.h"
#include "record.h"

/* Bounds of the expansion; a meaning that meets one is `partial` or "too deep". */
struct sct_limits {
	size_t str;   /* bytes of one string */
	size_t buf;   /* bytes of one buffer */
	size_t elems; /* elements of one array: argv, iovec */
	size_t total; /* bytes that one look at a call's arguments takes: arrays of arrays multiply */
	unsigned depth; /* pointers in structs that are followed, one behind the other; 0: none */
};

#define SCT_LIMITS_DEFAULT { .str = 65536, .buf = 65536, .elems = 1024, .total = 8 << 20, .depth = 3 }
extern const struct sct_limits sct_limits_default;

/* How values are decoded: the same for a whole run. */
struct sct_view {
	struct sct_limits limits;
	struct sct_layouts *layouts; /* NULL: structs have no meaning, only their addresses */
};

/* Decodes what the arguments mean at entry into an array of *count values; all memory from arena. Output buffers
 * have no meaning yet. A call that is not in the table gives its raw words "arg0" … */
struct sct_value *sct_values_enter(const struct sct_call *call, const struct sct_mem *mem,
                                   const struct sct_view *view, struct sct_arena *arena, size_t *count);
/* Fills at return what the kernel wrote: meanings of out arguments, `out` of inout ones where it differs. result is
 * the raw result word; known false when it is unknown, then lengths that depend on it are unknown too, and mem may be
 * NULL: nothing is to be seen of memory after the call. */
void sct_values_return(const struct sct_call *call, struct sct_value *args, size_t count, bool known, uint64_t result,
                       const struct sct_mem *mem, const struct sct_view *view, struct sct_arena *arena);
/* Whether the value is a descriptor, and its number; SCT_AT_FDCWD: it is the caller's working directory. Of negative
 * numbers no other is one. */
bool sct_value_is_descriptor(const struct sct_value *v, int *number);
/* Calls each, while it returns true, for the descriptors among what the arguments point at, in order: those that came
 * in, or, at return (leaving), those that stand where the kernel has written. */
void sct_values_descriptors(struct sct_value *args, size_t count, bool leaving,
                            bool (*each)(void *ctx, struct sct_value *v, int number), void *ctx);
/* Whether the result (sct_call_result) is a new descriptor, and its number. */
bool sct_result_is_descriptor(const struct sct_call *call, bool known, uint64_t result, int *number);
/* The result (sct_call_result) as a value: width, meaning and, by the ABI's rule, the error's name in *error. */
struct sct_value sct_value_result(const struct sct_call *call, bool known, uint64_t raw, const char **error);

#endif
