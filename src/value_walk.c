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
	size_t got = w->mem->read(w->mem->ctx, at, b, size);

	if (got < size) {
		w->why = w->mem->why(w->mem->ctx, at + got);
		return false;
	}
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
static bool length_behind(struct sct_walk *w, const struct sct_value *pointer, unsigned at, uint64_t *n)
{
	uint64_t now;

	if (!pointer->known || !pointer->raw || !read_le(w, pointer->raw + at, 4, &now))
		return false;
	*n = now;
	if (!w->leaving)
		return true;
	if (at || pointer->meaning != SCT_M_PTR)
		return false; /* how much room there was is not known */
	*n = min64(now, (uint32_t)pointer->elems[0].raw);
	return true;
}

/* A number that counts something: a negative one counts nothing. */
static uint64_t number_of(const struct sct_value *v)
{
	return v->meaning == SCT_M_INT && (int64_t)v->num < 0 ? 0 : v->num;
}

/* How many pieces of that size it takes to hold so much. */
static uint64_t pieces(uint64_t whole, uint64_t size)
{
	return whole / size + !!(whole % size);
}

static bool length(struct sct_walk *w, const struct sct_param *p, uint64_t *n)
{
	switch (p->len) {
	case SCT_LEN_FIXED:
		*n = p->len_arg;
		return true;
	case SCT_LEN_ARG:
		*n = number_of(&w->args[p->len_arg]);
		return w->args[p->len_arg].known;
	case SCT_LEN_BITS:
		*n = pieces(number_of(&w->args[p->len_arg]), 8u * p->elem);
		return w->args[p->len_arg].known;
	case SCT_LEN_PAGES:
		*n = pieces(number_of(&w->args[p->len_arg]), 4096);
		return w->args[p->len_arg].known;
	case SCT_LEN_ARG_PTR:
		return length_behind(w, &w->args[p->len_arg], p->len_at, n);
	case SCT_LEN_RET:
		return length_of_result(w, &w->args[p->len_arg], n);
	default:
		*n = 1;
		return true;
	}
}

bool sct_walk_length(struct sct_walk *w, const struct sct_param *p, uint64_t *n)
{
	if (!length(w, p, n))
		return false;
	*n += p->len_add;
	return true;
}

size_t sct_walk_take(struct sct_walk *w, uint64_t n, size_t size)
{
	n = min64(n, w->left / size);
	w->left -= (size_t)n * size;
	return (size_t)n;
}

void sct_walk_string(struct sct_walk *w, uint64_t at, struct sct_value *v)
{
	size_t room = 0, len = 0, limit = (size_t)min64(w->view->limits.str, w->left);
	uint8_t *text = NULL;

	while (len < limit) {
		size_t step = CHUNK - ((at + len) % CHUNK), got;
		const uint8_t *nul;

		if (len + step > room) {
			uint8_t *bigger = sct_arena_alloc(w->arena, room = room ? room * 2 : 4 * CHUNK);

			sct_walk_take(w, room, 1);
			if (len)
				memcpy(bigger, text, len);
			text = bigger;
		}
		got = w->mem->read(w->mem->ctx, at + len, text + len, step);
		nul = memchr(text + len, 0, got);
		if (nul && (size_t)(nul - text) <= limit) {
			v->meaning = SCT_M_STR;
			v->data = text;
			v->len = (size_t)(nul - text);
			return;
		}
		len += got;
		if (got < step)
			break;
	}
	len = (size_t)min64(len, limit); /* chunks end behind it */
	v->unknown = len < limit ? why(w, at + len) : limit ? NULL : "too deep";
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
	size_t want = sct_walk_take(w, min64(size, w->view->limits.buf), 1);
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

void sct_walk_finish(struct sct_value *v, const struct sct_value *elems, size_t got, uint64_t whole,
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
			sct_walk_finish(v, elems, n, UINT64_MAX, w->why);
			return;
		}
		if (!pointer)
			break;
		if (n == w->view->limits.elems || !sct_walk_take(w, 1, sizeof *elems)) {
			sct_walk_finish(v, elems, n, UINT64_MAX, NULL);
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
	sct_walk_finish(v, elems, n, n, NULL);
}

void sct_walk_numbers(struct sct_walk *w, struct sct_value *v, const struct sct_param *p, uint64_t n)
{
	size_t want = sct_walk_take(w, min64(n, w->view->limits.elems), sizeof(struct sct_value)), got;
	struct sct_value *elems = sct_arena_alloc(w->arena, (want + 1) * sizeof *elems);
	uint64_t x;

	for (got = 0; got < want && read_le(w, v->raw + got * p->elem, p->elem, &x); got++) {
		sct_walk_set(&elems[got], NULL, NULL, p->elem, x);
		sct_walk_number(&elems[got], p->elem_signed);
		elems[got].cls = p->elem_fd ? SCT_C_FD : SCT_C_UINT;
	}
	w->descriptors |= p->elem_fd && got;
	sct_walk_finish(v, elems, got, n, got < want ? w->why : NULL);
	if (p->len == SCT_LEN_NONE && v->meaning == SCT_M_ARRAY)
		v->meaning = SCT_M_PTR;
}

/* A member of a struct in memory: its raw word, as it was at entry where that is known. False: not readable, and v says
 * why. */
static bool member(struct sct_walk *w, struct sct_value *v, const struct sct_value *was, const char *name,
                   const char *type, uint64_t at, unsigned size)
{
	uint64_t x = 0;

	v->name = name;
	v->type = type;
	v->width = (uint8_t)size;
	if (was && was->known) {
		x = was->raw;
	} else if (!read_le(w, at, size, &x)) {
		v->unknown = w->why;
		return false;
	}
	sct_walk_set(v, name, type, size, x);
	return true;
}

/* Member or element number i of a value at entry; NULL: there is none. */
static const struct sct_value *part(const struct sct_value *was, size_t i)
{
	return was && i < was->nelems ? &was->elems[i] : NULL;
}

/* Whether buffers behind this argument may be shown now: input always, output once it was written. */
static bool contents_now(const struct sct_walk *w, const struct sct_value *v)
{
	return w->leaving || (v->dir & SCT_IN);
}

/* struct iovec { void *iov_base; size_t iov_len; } (include/uapi/linux/uio.h) */
static bool one_iovec(struct sct_walk *w, struct sct_value *e, const struct sct_value *was, uint64_t at, bool contents,
                      uint64_t *budget)
{
	unsigned size = w->call->abi->ptr;
	struct sct_value *m = sct_arena_alloc(w->arena, 2 * sizeof *m);
	uint64_t n;

	e->type = "struct iovec";
	e->meaning = SCT_M_STRUCT;
	e->elems = m;
	e->nelems = 2;
	m[0].pointer = true;
	if (!member(w, &m[0], part(was, 0), "iov_base", "void *", at, size) ||
	    !member(w, &m[1], part(was, 1), "iov_len", "size_t", at + size, size))
		return false;
	sct_walk_number(&m[1], false);
	n = min64(m[1].raw, *budget);
	if (*budget != UINT64_MAX)
		*budget -= n;
	if (contents && m[0].raw)
		sct_walk_bytes(w, m[0].raw, n, &m[0]);
	return true;
}

void sct_walk_iovec(struct sct_walk *w, struct sct_value *v, const struct sct_value *was, uint64_t n, uint64_t budget)
{
	/* an element and its members */
	size_t want = sct_walk_take(w, min64(n, w->view->limits.elems), 3 * sizeof *v), got;
	struct sct_value *elems = sct_arena_alloc(w->arena, (want + 1) * sizeof *elems);
	unsigned size = 2u * w->call->abi->ptr;
	bool contents = contents_now(w, v);

	/* what went in is as long as the caller said; what came out is as long as the result says */
	if ((v->dir & SCT_IN) && !(v->dir & SCT_OUT))
		budget = UINT64_MAX;
	for (got = 0; got < want; got++)
		if (!one_iovec(w, &elems[got], part(was, got), v->raw + got * size, contents, &budget))
			break;
	sct_walk_finish(v, elems, got, n, got < want ? w->why : NULL);
}

enum { NAME, NAMELEN, IOV, IOVLEN, CONTROL, CONTROLLEN, FLAGS, MSG_MEMBERS };

/* struct user_msghdr (include/linux/socket.h): members are words of the caller, namelen and flags 32-bit numbers. The
 * kernel writes to the two lengths and to the flags (net/socket.c, ____sys_recvmsg). */
static bool read_msghdr(struct sct_walk *w, struct sct_value *m, const struct sct_value *was, uint64_t at)
{
	unsigned p = w->call->abi->ptr;

	m[NAME].pointer = m[IOV].pointer = m[CONTROL].pointer = true;
	return member(w, &m[NAME], part(was, NAME), "msg_name", "void *", at, p) &&
	       member(w, &m[NAMELEN], NULL, "msg_namelen", "int", at + p, 4) &&
	       member(w, &m[IOV], part(was, IOV), "msg_iov", "struct iovec *", at + 2 * p, p) &&
	       member(w, &m[IOVLEN], part(was, IOVLEN), "msg_iovlen", "size_t", at + 3 * p, p) &&
	       member(w, &m[CONTROL], part(was, CONTROL), "msg_control", "void *", at + 4 * p, p) &&
	       member(w, &m[CONTROLLEN], NULL, "msg_controllen", "size_t", at + 5 * p, p) &&
	       member(w, &m[FLAGS], NULL, "msg_flags", "unsigned int", at + 6 * p, 4);
}

/* The bytes behind member ptr, as many as member len says, and at return never more than there was room for: a longer
 * name is cut, and its whole length stored (net/socket.c, move_addr_to_user). */
static void msg_bytes(struct sct_walk *w, struct sct_value *m, const struct sct_value *was, unsigned ptr, unsigned len)
{
	const struct sct_value *room = part(was, len);
	uint64_t n = m[len].num;

	if (!m[ptr].raw || (m[len].meaning == SCT_M_INT && (int64_t)n < 0))
		return;
	if (w->leaving && !(room && room->known)) {
		m[ptr].unknown = "not recorded";
		return;
	}
	if (w->leaving)
		n = min64(n, room->num);
	if (ptr == NAME)
		sct_walk_sockaddr(w, m[ptr].raw, n, &m[ptr]);
	else
		sct_walk_bytes(w, m[ptr].raw, n, &m[ptr]);
}

static void one_msghdr(struct sct_walk *w, struct sct_value *v, const struct sct_value *was, uint64_t at,
                       uint64_t budget)
{
	struct sct_value *m = sct_arena_alloc(w->arena, MSG_MEMBERS * sizeof *m);
	bool contents = contents_now(w, v);

	if (!read_msghdr(w, m, was, at)) {
		v->unknown = w->why;
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
	if (contents)
		msg_bytes(w, m, was, NAME, NAMELEN);
	if (m[IOV].raw)
		sct_walk_iovec(w, &m[IOV], part(was, IOV), m[IOVLEN].raw, budget);
	if (contents)
		msg_bytes(w, m, was, CONTROL, CONTROLLEN);
}

void sct_walk_msghdr(struct sct_walk *w, struct sct_value *v)
{
	one_msghdr(w, v, w->was, v->raw, w->leaving && w->result_known ? w->result : UINT64_MAX);
}

/* struct mmsghdr { struct user_msghdr msg_hdr; unsigned int msg_len; } (include/linux/socket.h) */
static bool one_mmsghdr(struct sct_walk *w, struct sct_value *e, const struct sct_value *was, uint64_t at, unsigned dir)
{
	unsigned p = w->call->abi->ptr;
	struct sct_value *m = sct_arena_alloc(w->arena, 2 * sizeof *m);

	e->type = "struct mmsghdr";
	e->meaning = SCT_M_STRUCT;
	e->elems = m;
	e->nelems = 2;
	m[0].dir = (uint8_t)dir;
	if (!member(w, &m[1], NULL, "msg_len", "unsigned int", at + 7 * p, 4))
		return false;
	sct_walk_number(&m[1], false);
	m[0].name = "msg_hdr";
	m[0].type = "struct user_msghdr";
	one_msghdr(w, &m[0], part(was, 0), at, w->leaving ? m[1].num : UINT64_MAX);
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
	/* an element and all its members */
	want = sct_walk_take(w, min64(n, w->view->limits.elems), (3 + MSG_MEMBERS) * sizeof *elems);
	elems = sct_arena_alloc(w->arena, (want + 1) * sizeof *elems);
	for (got = 0; got < want; got++)
		if (!one_mmsghdr(w, &elems[got], part(w->was, got), v->raw + got * size, v->dir))
			break;
	sct_walk_finish(v, elems, got, n, got < want ? w->why : NULL);
}
