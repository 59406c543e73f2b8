/* The bytes of a migration stream in order, through a small window.
 * In:  a source
 * Out: numbers, names; what passes the end is zero and told
 */
#include <string.h>

#include "mem_migration.h"

/* Makes the bytes at in->at the window's first; how many there are. */
static size_t fill(struct sct_mig_in *in)
{
	uint64_t left = in->source->size - in->at;

	in->begin = in->at;
	in->have = in->source->read(in->source->ctx, in->at, in->window, left < SCT_MIG_WINDOW ? left : SCT_MIG_WINDOW);
	return in->have;
}

/* The bytes of the window from in->at on. */
static size_t window_left(const struct sct_mig_in *in)
{
	return in->at - in->begin < in->have ? in->have - (in->at - in->begin) : 0;
}

void sct_mig_take(struct sct_mig_in *in, void *buf, size_t len)
{
	uint8_t *to = buf;

	memset(buf, 0, len);
	if (in->bad || len > in->source->size - in->at) {
		in->bad = true;
		return;
	}
	while (len) {
		size_t n = window_left(in);

		if (!n)
			n = fill(in);
		if (!n) {
			in->bad = true;
			return;
		}
		n = n < len ? n : len;
		memcpy(to, in->window + (in->at - in->begin), n);
		in->at += n;
		to += n;
		len -= n;
	}
}

uint64_t sct_mig_be(struct sct_mig_in *in, unsigned size)
{
	uint8_t bytes[8];
	uint64_t v = 0;

	sct_mig_take(in, bytes, size);
	for (unsigned i = 0; i < size; i++)
		v = v << 8 | bytes[i];
	return v;
}

void sct_mig_skip(struct sct_mig_in *in, uint64_t len)
{
	if (in->bad || len > in->source->size - in->at)
		in->bad = true;
	else
		in->at += len;
}

int sct_mig_peek(struct sct_mig_in *in)
{
	if (in->bad || in->at >= in->source->size || (!window_left(in) && !fill(in)))
		return -1;
	return in->window[in->at - in->begin];
}

bool sct_mig_name(struct sct_mig_in *in, char name[SCT_MIG_NAME])
{
	size_t len = (size_t)sct_mig_be(in, 1);

	sct_mig_take(in, name, len);
	name[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (name[i] < ' ' || name[i] > '~')
			return false;
	return len > 0 && !in->bad;
}
