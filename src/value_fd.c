/* Which values of a call are descriptors: the recorder and the decoder ask the same.
 * In:  arguments, results
 * Out: numbers of descriptors
 */
#include "value.h"

bool sct_value_is_descriptor(const struct sct_value *v, int *number)
{
	*number = (int)(int64_t)v->num;
	if (!v->known || v->meaning != SCT_M_INT)
		return false;
	return v->cls == SCT_C_DIRFD || (v->cls == SCT_C_FD && *number != SCT_AT_FDCWD);
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
