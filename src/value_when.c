/* What a parameter means in this call, where other arguments, memory or the result decide.
 * In:  the table's row, the argument words, memory as the thread sees it, at return the result
 * Out: whether a condition holds; the meaning of a parameter that counts
 */
#include "value_walk.h"

enum { EINTR_NUMBER = 4 }; /* on every architecture */

static enum sct_holds known_holds(bool known, bool holds)
{
	return !known ? SCT_HOLDS_UNKNOWN : holds ? SCT_HOLDS : SCT_HOLDS_NOT;
}

/* The number that parameter when_arg points at, or lies behind there. */
static bool number_behind(struct sct_walk *w, const struct sct_param *p, uint32_t *number)
{
	const struct sct_value *pointer = &w->args[p->when_arg];
	uint64_t x;

	if (!pointer->known || !pointer->raw || !sct_mem_word(w->mem, pointer->raw + p->when_at, 4, &x))
		return false;
	*number = (uint32_t)x;
	return true;
}

static bool interrupted(const struct sct_walk *w)
{
	unsigned number;

	return w->leaving && w->result_known && sct_call_failed(w->call, w->result, &number) && number == EINTR_NUMBER;
}

enum sct_holds sct_walk_when(struct sct_walk *w, const struct sct_param *p)
{
	const struct sct_value *by = &w->args[p->when_arg];
	uint32_t masked, behind = 0;

	switch (p->when) {
	case SCT_WHEN_BITS:
		return known_holds(by->known, by->raw & p->when_value);
	case SCT_WHEN_ONE_OF:
		if (!p->when_mask)
			return known_holds(by->known, by->raw < 32 && (p->when_value >> by->raw & 1));
		masked = (uint32_t)by->raw & p->when_mask;
		return known_holds(by->known, masked < 32 && (p->when_value >> masked & 1));
	case SCT_WHEN_IS:
		return known_holds(by->known, ((uint32_t)by->raw & (p->when_mask ? p->when_mask : UINT32_MAX)) ==
		                                      p->when_value);
	case SCT_WHEN_PTR_IS: {
		bool known = number_behind(w, p, &behind);

		return known_holds(known, behind == p->when_value);
	}
	case SCT_WHEN_RET:
		return w->leaving && w->result_known && (int64_t)w->result > 0 ? SCT_HOLDS : SCT_HOLDS_NOT;
	case SCT_WHEN_EINTR:
		return interrupted(w) ? SCT_HOLDS : SCT_HOLDS_NOT;
	default:
		return SCT_HOLDS;
	}
}

const struct sct_param *sct_walk_meant(struct sct_walk *w, const struct sct_param *p)
{
	while (p->or_else && sct_walk_when(w, p) == SCT_HOLDS_NOT)
		p = p->or_else;
	return p;
}
