/* The walks over what an argument's pointer points at: strings, buffers, arrays, iovecs, message headers.
 * In:  addresses and lengths, memory as the thread sees it
 * Out: meanings of values
 */
#include "value_walk.h"

#include <string.h>

enum { CHUNK = 64 }; /* strings are read by so many aligned bytes: never into a page that they do not reach */

static bool read_le(struct sct_walk *w, uint64_t at, unsigned size, uint64_t *value)
{
	uint8_t b[8];

	if (w->mem->read(w->mem->ctx, at, b, size) < size)
		return false;
	*value = 0;
	for (unsigned i = 0; i < size; i++)
		*value |= (uint64_t)b[i] << (8 * i);
	return true;
}

static const char *why(struct sct_walk *w, uint64_t at)
{
	return w->mem->why(w->mem->ctx, at);
}

static uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* A length that the result bounds: what the kernel filled, never more than there was room for. */
static bool length_of_result(struct sct_walk *w, const struct sct_value *room, uint64_t *n)
{
	if (!room->known || !w->result_known)
		return false;
	*n = (int64_t)w->result < 0 ? 0 : min64(w->result, room->num);
	return true;
}

/* The 32-bit length that a parameter points at: at return what the kernel left there, cut to the room at entry. */
static bool length_behind(struct sct_walk *w, const struct sct_value *pointer, uint64_t *n)
{
	uint64_t now;

	if (!pointer->known || !pointer->raw || !read_le(w, pointer->raw, 4, &now))
		return false;
	*n = now;
	if (w->leaving && pointer->meaning == SCT_M_PTR)
		*n = min64(now, (uint32_t)pointer->elems[0].raw);
	return true;
}

bool sct_walk_length(struct sct_walk *w, const struct sct_param *p, uint64_t *n)
{
	switch (p->len) {
	case SCT_LEN_FIXED:
		*n = p->len_arg;
		return true;
	case SCT_LEN_ARG:
		*n = w->args[p->len_arg].num;
		if (w->args[p->len_arg].meaning == SCT_M_INT && (int64_t)*n < 0)
			*n = 0;
		return w->args[p->len_arg].known;
	case SCT_LEN_PAGES:
		*n = w->args[p->len_arg].num / 4096 + !!(w->args[p->len_arg].num % 4096);
		return w->args[p->len_arg].known;
	case SCT_LEN_ARG_PTR:
		return length_behind(w, &w->args[p->len_arg], n);
	case SCT_LEN_RET:
		return length_of_result(w, &w->args[p->len_arg], n);
	default:
		*n = 1;
		return true;
	}
}

void sct_walk_string(struct sct_walk *w, uint64_t at, struct sct_value *v)
{
	uint8_t *text = NULL;
	size_t room = 0, len = 0;

	while (len < w->limits->str) {
		size_t step = CHUNK - ((at + len) % CHUNK), got;
		const uint8_t *nul;

		if (len + step > room) {
			uint8_t *bigger = sct_arena_alloc(w->arena, room = room ? room * 2 : 4 * CHUNK);

			if (len)
				memcpy(bigger, text, len);
			text = bigger;
		}
		got = w->mem->read(w->mem->ctx, at + len, text + len, step);
		nul = memchr(text + len, 0, got);
		if (nul) {
			v->meaning = SCT_M_STR;
			v->data = text;
			v->len = (size_t)(nul - text);
			return;
		}
		len += got;
		if (got < step)
			break;
	}
	v->unknown = len < w->limits->str ? why(w, at + len) : NULL;
	if (len) {
		v->meaning = SCT_M_STR;
		v->data = text;
		v->len = len;
		v->partial = true;
		v->size = UINT64_MAX;
	}
}

void sct_walk_bytes(struct sct_walk *w, uint64_t at, uint64_t size, struct sct_value *v)
{
	size_t want = (size_t)min64(size, w->limits->buf);
	uint8_t *data = sct_arena_alloc(w->arena, want ? want : 1);
	size_t got = want ? w->mem->read(w->mem->ctx, at, data, want) : 0;

	if (got < want)
		v->unknown = why(w, at + got);
	if (want && !got)
		return;
	v->meaning = SCT_M_BYTES;
	v->data = data;
	v->len = got;
	v->partial = got < size;
	v->size = size;
}

/* An array whose elements were read as far as they could be. */
static void finish_array(struct sct_value *v, const struct sct_value *elems, size_t got, uint64_t whole,
                         const char *unknown)
{
	v->unknown = unknown;
	if (!got && unknown)
		return;
	v->meaning = SCT_M_ARRAY;
	v->elems = elems;
	v->nelems = got;
	v->partial = got < whole;
	v->size = whole;
}

void sct_walk_strings(struct sct_walk *w, struct sct_value *v)
{
	unsigned size = w->call->abi->ptr;
	struct sct_value *elems = NULL;
	size_t n = 0, room = 0;
	uint64_t pointer;

	for (;; n++) {
		if (!read_le(w, v->raw + n * size, size, &pointer)) {
			finish_array(v, elems, n, UINT64_MAX, why(w, v->raw + n * size));
			return;
		}
		if (!pointer)
			break;
		if (n == w->limits->elems) {
			finish_array(v, elems, n, UINT64_MAX, NULL);
			return;
		}
		if (n == room) {
			struct sct_value *bigger = sct_arena_alloc(w->arena, (room = room ? room * 2 : 16) * sizeof *elems);

			if (n)
				memcpy(bigger, elems, n * sizeof *elems);
			elems = bigger;
		}
		sct_walk_set(&elems[n], NULL, NULL, size, pointer);
		elems[n].pointer = true;
		sct_walk_string(w, pointer, &elems[n]);
	}
	finish_array(v, elems, n, n, NULL);
}

void sct_walk_numbers(struct sct_walk *w, struct sct_value *v, unsigned elem, bool is_signed, bool array, uint64_t n)
{
	size_t want = (size_t)min64(n, w->limits->elems), got;
	struct sct_value *elems = sct_arena_alloc(w->arena, (want + 1) * sizeof *elems);
	uint64_t x;

	for (got = 0; got < want && read_le(w, v->raw + got * elem, elem, &x); got++) {
		sct_walk_set(&elems[got], NULL, NULL, elem, x);
		sct_walk_number(&elems[got], is_signed);
	}
	finish_array(v, elems, got, n, got < want ? why(w, v->raw + got * elem) : NULL);
	if (!array && v->meaning == SCT_M_ARRAY)
		v->meaning = SCT_M_PTR;
}

/* A member of a struct in memory: its raw word. False: not readable, and v says why. */
static bool member(struct sct_walk *w, struct sct_value *v, const char *name, const char *type, uint64_t at,
                   unsigned size)
{
	uint64_t x;

	v->name = name;
	v->type = type;
	v->width = (uint8_t)size;
	if (!read_le(w, at, size, &x)) {
		v->unknown = why(w, at);
		return false;
	}
	sct_walk_set(v, name, type, size, x);
	return true;
}

/* Whether buffers behind this argument may be shown now: input always, output once it was written. */
static bool contents_now(const struct sct_walk *w, const struct sct_value *v)
{
	return w->leaving || (v->dir & SCT_IN);
}

/* struct iovec { void *iov_base; size_t iov_len; } (include/uapi/linux/uio.h) */
static bool one_iovec(struct sct_walk *w, struct sct_value *e, uint64_t at, bool contents, uint64_t *budget)
{
	unsigned size = w->call->abi->ptr;
	struct sct_value *m = sct_arena_alloc(w->arena, 2 * sizeof *m);
	uint64_t n;

	e->type = "struct iovec";
	e->meaning = SCT_M_STRUCT;
	e->elems = m;
	e->nelems = 2;
	m[0].pointer = true;
	if (!member(w, &m[0], "iov_base", "void *", at, size) || !member(w, &m[1], "iov_len", "size_t", at + size, size))
		return false;
	sct_walk_number(&m[1], false);
	n = min64(m[1].raw, *budget);
	if (*budget != UINT64_MAX)
		*budget -= n;
	if (contents && m[0].raw)
		sct_walk_bytes(w, m[0].raw, n, &m[0]);
	return true;
}

void sct_walk_iovec(struct sct_walk *w, struct sct_value *v, uint64_t at, uint64_t n, uint64_t budget)
{
	size_t want = (size_t)min64(n, w->limits->elems), got;
	struct sct_value *elems = sct_arena_alloc(w->arena, (want + 1) * sizeof *elems);
	unsigned size = 2u * w->call->abi->ptr;
	bool contents = contents_now(w, v);

	/* what went in is as long as the caller said; what came out is as long as the result says */
	if ((v->dir & SCT_IN) && !(v->dir & SCT_OUT))
		budget = UINT64_MAX;
	for (got = 0; got < want; got++)
		if (!one_iovec(w, &elems[got], at + got * size, contents, &budget))
			break;
	finish_array(v, elems, got, n, got < want ? why(w, at + got * size) : NULL);
}

enum { NAME, NAMELEN, IOV, IOVLEN, CONTROL, CONTROLLEN, FLAGS, MSG_MEMBERS };

/* struct user_msghdr (include/linux/socket.h): members are words of the caller, namelen and flags 32-bit numbers */
static bool read_msghdr(struct sct_walk *w, struct sct_value *m, uint64_t at)
{
	unsigned p = w->call->abi->ptr;

	m[NAME].pointer = m[IOV].pointer = m[CONTROL].pointer = true;
	return member(w, &m[NAME], "msg_name", "void *", at, p) &&
	       member(w, &m[NAMELEN], "msg_namelen", "int", at + p, 4) &&
	       member(w, &m[IOV], "msg_iov", "struct iovec *", at + 2 * p, p) &&
	       member(w, &m[IOVLEN], "msg_iovlen", "size_t", at + 3 * p, p) &&
	       member(w, &m[CONTROL], "msg_control", "void *", at + 4 * p, p) &&
	       member(w, &m[CONTROLLEN], "msg_controllen", "size_t", at + 5 * p, p) &&
	       member(w, &m[FLAGS], "msg_flags", "unsigned int", at + 6 * p, 4);
}

static void one_msghdr(struct sct_walk *w, struct sct_value *v, uint64_t at, uint64_t budget)
{
	struct sct_value *m = sct_arena_alloc(w->arena, MSG_MEMBERS * sizeof *m);
	bool contents = contents_now(w, v);

	if (!read_msghdr(w, m, at)) {
		v->unknown = why(w, at);
		return;
	}
	v->meaning = SCT_M_STRUCT;
	v->elems = m;
	v->nelems = MSG_MEMBERS;
	sct_walk_number(&m[NAMELEN], true);
	sct_walk_number(&m[IOVLEN], false);
	sct_walk_number(&m[CONTROLLEN], false);
	sct_walk_number(&m[FLAGS], false);
	m[IOV].dir = v->dir;
	if (m[NAME].raw && contents && (int64_t)m[NAMELEN].num >= 0)
		sct_walk_bytes(w, m[NAME].raw, m[NAMELEN].num, &m[NAME]);
	if (m[IOV].raw)
		sct_walk_iovec(w, &m[IOV], m[IOV].raw, m[IOVLEN].raw, budget);
	if (m[CONTROL].raw && contents)
		sct_walk_bytes(w, m[CONTROL].raw, m[CONTROLLEN].raw, &m[CONTROL]);
}

void sct_walk_msghdr(struct sct_walk *w, struct sct_value *v)
{
	one_msghdr(w, v, v->raw, w->leaving && w->result_known ? w->result : UINT64_MAX);
}

/* struct mmsghdr { struct user_msghdr msg_hdr; unsigned int msg_len; } (include/linux/socket.h) */
static bool one_mmsghdr(struct sct_walk *w, struct sct_value *e, uint64_t at, unsigned dir)
{
	unsigned p = w->call->abi->ptr;
	struct sct_value *m = sct_arena_alloc(w->arena, 2 * sizeof *m);

	e->type = "struct mmsghdr";
	e->meaning = SCT_M_STRUCT;
	e->elems = m;
	e->nelems = 2;
	m[0].dir = (uint8_t)dir;
	if (!member(w, &m[1], "msg_len", "unsigned int", at + 7 * p, 4))
		return false;
	sct_walk_number(&m[1], false);
	m[0].name = "msg_hdr";
	m[0].type = "struct user_msghdr";
	one_msghdr(w, &m[0], at, w->leaving ? m[1].num : UINT64_MAX);
	return m[0].meaning == SCT_M_STRUCT;
}

void sct_walk_mmsghdr(struct sct_walk *w, struct sct_value *v, uint64_t n)
{
	unsigned size = 8u * w->call->abi->ptr;
	struct sct_value *elems;
	size_t want, got;

	/* the result says how many messages went; what is behind them was not touched (net/socket.c, do_recvmmsg) */
	if (w->leaving && w->result_known)
		n = min64(n, w->result);
	want = (size_t)min64(n, w->limits->elems);
	elems = sct_arena_alloc(w->arena, (want + 1) * sizeof *elems);
	for (got = 0; got < want; got++)
		if (!one_mmsghdr(w, &elems[got], v->raw + got * size, v->dir))
			break;
	finish_array(v, elems, got, n, got < want ? why(w, v->raw + got * size) : NULL);
}
