/* Which values of a call are descriptors: the recorder and the decoder ask the same.
 * In:  arguments with what they point at, results
 * Out: numbers of descriptors
 */
#include "value.h"

bool sct_value_is_descriptor(const struct sct_value *v, int *number)
{
	int64_t n = (int64_t)v->num;

	*number = (int)n;
	if (!v->known || (v->meaning != SCT_M_INT && v->meaning != SCT_M_UINT))
		return false;
	if (v->cls == SCT_C_DIRFD && n == SCT_AT_FDCWD)
		return true;
	return (v->cls == SCT_C_DIRFD || v->cls == SCT_C_FD) && n >= 0 && n <= INT32_MAX;
}

static bool visit(struct sct_value *v, bool (*each)(void *ctx, struct sct_value *v, int number), void *ctx)
{
	int number;

	if (sct_value_is_descriptor(v, &number) && !each(ctx, v, number))
		return false;
	for (size_t i = 0; i < v->nelems; i++)
		if (!visit((struct sct_value *)&v->elems[i], each, ctx)) /* elements are the arena's, writable */
			return false;
	return true;
}

/* What the kernel has written there, or NULL. */
static struct sct_value *written(struct sct_value *v)
{
	return v->out ? (struct sct_value *)v->out : v->dir & SCT_IN ? NULL : v;
}

void sct_values_descriptors(struct sct_value *args, size_t count, bool leaving,
                            bool (*each)(void *ctx, struct sct_value *v, int number), void *ctx)
{
	for (size_t i = 0; i < count; i++) {
		struct sct_value *v = leaving ? written(&args[i]) : &args[i];

		for (size_t k = 0; v && v->descriptors && k < v->nelems; k++)
			if (!visit((struct sct_value *)&v->elems[k], each, ctx))
				return;
	}
}

/* Whether the call gives a descriptor when it succeeds. */
static bool gives_descriptor(const struct sct_call *call)
{
	const struct sct_proto *p = call->proto;
	const struct sct_word *by;

	if (!p || !(p->flags & SCT_P_FD_RESULT))
		return false;
	if (!p->nfd_of)
		return true;
	by = &call->word[p->params[p->fd_by].slot];
	for (unsigned i = 0; i < p->nfd_of; i++)
		if (by->known && (uint32_t)by->value == p->fd_of[i])
			return true;
	return false;
}

bool sct_result_is_descriptor(const struct sct_call *call, bool known, uint64_t result, int *number)
{
	unsigned error;

	*number = (int)result;
	return known && gives_descriptor(call) && !sct_call_failed(call, result, &error);
}
