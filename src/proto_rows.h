/* Rows of other tables that a call has by its name, found once for each call. */
#ifndef SCT_PROTO_ROWS_H
#define SCT_PROTO_ROWS_H

#include "proto.h"

enum { SCT_PROTO_ROWS = 64 };

/* Zero-initialise before use. Rows of the generated tables stay where they are and what they are, so that what a name
 * has once been found to have stays true. */
struct sct_proto_rows {
	struct {
		const struct sct_proto *proto;
		const void *row;
	} at[SCT_PROTO_ROWS];
};

/* What find gives for the call's name, or NULL: it has no row, or proto is NULL. The same find each time. */
static inline const void *sct_proto_row(struct sct_proto_rows *r, const struct sct_proto *proto,
                                        const void *(*find)(const char *name))
{
	uintptr_t i = (uintptr_t)proto / sizeof *proto % SCT_PROTO_ROWS;

	if (!proto)
		return 0;
	if (r->at[i].proto != proto) {
		r->at[i].proto = proto;
		r->at[i].row = find(proto->name);
	}
	return r->at[i].row;
}

#endif
