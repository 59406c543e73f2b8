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

bool sct_result_is_descriptor(const struct sct_call *call, bool known, uint64_t result, int *number)
{
	unsigned error;

	*number = (int)result;
	return known && call->proto && (call->proto->flags & SCT_P_FD_RESULT) && !sct_call_failed(call, result, &error);
}
