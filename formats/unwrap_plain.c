/* Input that is not compressed: the file's own bytes.
 * In:  a source
 * Out: pieces of at most SCT_RUN bytes
 */
#include <string.h>

#include "unwrap.h"

struct plain {
	struct sct_source *src;
};

static bool plain_probe(const uint8_t *data, size_t size)
{
	(void)data;
	(void)size;
	return true;
}

static int plain_open(void *state, struct sct_source *src, struct sct_err *err)
{
	struct plain *p = state;

	(void)err;
	p->src = src;
	return SCT_OK;
}

static int plain_next(void *state, struct sct_slot *slot)
{
	struct plain *p = state;
	size_t n;

	if (sct_slot_room(slot, SCT_RUN, &slot->err) < 0 || sct_source_fill(p->src, SCT_RUN, &slot->err) < 0)
		return slot->err.status;
	n = p->src->left < SCT_RUN ? p->src->left : SCT_RUN;
	if (!n)
		return 0;
	memcpy(slot->buf, p->src->data, n);
	slot->piece = (struct sct_piece){ slot->buf, n, p->src->offset, p->src->offset == 0, true };
	sct_source_skip(p->src, n);
	return 1;
}

static void plain_close(void *state)
{
	(void)state;
}

const struct sct_unwrap_ops sct_unwrap_plain = {
	.name = "plain",
	.state_size = sizeof(struct plain),
	.probe = plain_probe,
	.open = plain_open,
	.next = plain_next,
	.close = plain_close,
};
