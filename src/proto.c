/* Look-ups in the generated tables.
 * In:  numbers as the guest passes them
 * Out: rows of prototypes/linux_*.txt, names of prototypes/labels/
 */
#include "proto.h"

#include <stddef.h>

static const struct sct_proto *find(const struct sct_proto *protos, uint32_t count, uint64_t nr)
{
	uint32_t low = 0, high = count;

	/* numbers have few gaps, so that most rows stand at their number */
	if (nr < count && protos[nr].nr == nr)
		return &protos[nr];
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (protos[middle].nr == nr)
			return &protos[middle];
		if (protos[middle].nr < nr)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct sct_proto *sct_table_find(const struct sct_table *table, uint64_t nr)
{
	return find(table->protos, table->count, nr);
}

const struct sct_proto *sct_table_sub(const struct sct_table *table, enum sct_sub sub, uint64_t nr)
{
	const struct sct_proto *proto;

	if (sub == SCT_SUB_SOCKETCALL)
		return find(table->socketcall, table->nsocketcall, nr);
	if (sub != SCT_SUB_IPC)
		return NULL;
	proto = find(table->ipc, table->nipc, nr & 0xffffffff);
	return proto ? proto : find(table->ipc, table->nipc, nr & 0xffff);
}

const char *sct_label(const struct sct_labels *labels, unsigned number)
{
	return number < labels->count ? labels->names[number] : NULL;
}
