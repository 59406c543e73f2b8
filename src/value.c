/* Values: from argument words to trees of meaning.
 * In:  a call's words, the table's row, memory as the thread sees it
 * Out: struct sct_value trees in an arena
 */
#include "value_walk.h"

#include <string.h>

const struct sct_limits sct_limits_default = SCT_LIMITS_DEFAULT;

static uint64_t cut(uint64_t v, unsigned size)
{
	return size >= 8 ? v : v & ((UINT64_C(1) << (8 * size)) - 1);
}

static uint64_t sign_extend(uint64_t v, unsigned size)
{
	unsigned shift = 64 - 8 * (size < 8 ? size : 8);

	return (uint64_t)((int64_t)(v << shift) >> shift);
}

void sct_walk_number(struct sct_value *v, bool is_signed)
{
	v->meaning = is_signed ? SCT_M_INT : SCT_M_UINT;
	v->num = is_signed ? sign_extend(v->raw, v->width) : v->raw;
}

void sct_walk_set(struct sct_value *v, const char *name, const char *type, unsigned width, uint64_t raw)
{
	v->name = name;
	v->type = type;
	v->width = (uint8_t)width;
	v->known = true;
	v->raw = cut(raw, width);
}

/* The raw word of a parameter; false: the recording does not show it. */
static bool raw_word(const struct sct_call *call, const struct sct_param *p, struct sct_value *v)
{
	unsigned slots[2] = { p->slot, p->slot_hi };
	uint64_t raw = 0;

	for (unsigned i = 0; i < 2 && slots[i] < SCT_ARGS_MAX; i++) {
		const struct sct_word *w = &call->word[slots[i]];

		if (!w->known) {
			v->unknown = call->why[slots[i]];
			return false;
		}
		raw |= i ? w->value << 32 : p->slot_hi < SCT_ARGS_MAX ? cut(w->value, 4) : w->value;
	}
	v->raw = cut(raw, v->width);
	v->known = true;
	return true;
}

static bool is_pointer(unsigned cls)
{
	return cls >= SCT_C_PTR;
}

static void look_behind(struct sct_walk *w, const struct sct_param *p, struct sct_value *v)
{
	enum sct_holds holds = sct_walk_when(w, p);
	uint64_t n;

	if (holds == SCT_HOLDS_UNKNOWN)
		v->unknown = "not recorded";
	if (holds != SCT_HOLDS)
		return;
	switch (p->cls) {
	case SCT_C_STR:
		sct_walk_string(w, v->raw, v);
		return;
	case SCT_C_STRV:
		sct_walk_strings(w, v);
		return;
	case SCT_C_MSG:
		sct_walk_msghdr(w, v);
		return;
	case SCT_C_NUM:
	case SCT_C_BUF:
	case SCT_C_ADDR:
	case SCT_C_IOV:
	case SCT_C_MMSG:
	case SCT_C_STRUCT:
	case SCT_C_SIZED:
	case SCT_C_DIRENTS:
		if (!sct_walk_length(w, p, &n)) {
			v->unknown = "not recorded";
			return;
		}
		break;
	default:
		return;
	}
	if (p->cls == SCT_C_NUM)
		sct_walk_numbers(w, v, p, n);
	else if (p->cls == SCT_C_IOV)
		sct_walk_iovec(w, v, w->was, n, w->leaving && w->result_known ? w->result : UINT64_MAX);
	else if (p->cls == SCT_C_MMSG)
		sct_walk_mmsghdr(w, v, n);
	else if (p->cls == SCT_C_STRUCT)
		sct_walk_structs(w, v, p->len != SCT_LEN_NONE, n);
	else if (p->cls == SCT_C_SIZED)
		sct_walk_sized(w, v, n);
	else if (p->cls == SCT_C_DIRENTS)
		sct_walk_dirents(w, v, n);
	else if (p->cls == SCT_C_ADDR)
		sct_walk_sockaddr(w, v->raw, n, v);
	else
		sct_walk_bytes(w, v->raw, n, v);
}

/* What the pointer v points at, at entry or at return (w->leaving). */
static void pointee(struct sct_walk *w, const struct sct_param *p, struct sct_value *v)
{
	w->descriptors = false;
	w->dir = p->dir;
	look_behind(w, p, v);
	v->descriptors = w->descriptors;
}

static void enter_value(struct sct_walk *w, const struct sct_param *p, struct sct_value *v)
{
	v->name = p->name;
	v->type = p->type;
	v->cls = p->cls;
	v->dir = p->dir;
	v->width = p->size;
	v->pointer = is_pointer(p->cls);
	if (!raw_word(w->call, p, v))
		return;
	if (!v->pointer)
		sct_walk_number(v, p->cls != SCT_C_UINT);
}

/* Whether there is something to read at entry: input, and the addresses in an output iovec or msghdr. */
static bool read_at_entry(const struct sct_param *p)
{
	return (p->dir & SCT_IN) || p->cls == SCT_C_IOV || p->cls == SCT_C_MSG || p->cls == SCT_C_MMSG;
}

/* A call that is not in the table: raw words, as many as the ABI passes. */
static struct sct_value *raw_values(const struct sct_call *call, struct sct_arena *arena, size_t *count)
{
	static const char *const names[SCT_ARGS_MAX] = { "arg0", "arg1", "arg2", "arg3", "arg4", "arg5", "arg6" };
	struct sct_value *args = sct_arena_alloc(arena, SCT_ARGS_MAX * sizeof *args);
	unsigned i;

	for (i = 0; i < SCT_ARGS_MAX && call->abi->args[i].reg; i++) {
		if (call->word[i].known)
			sct_walk_set(&args[i], names[i], NULL, call->abi->word, call->word[i].value);
		args[i].name = names[i];
		args[i].width = call->abi->word;
		args[i].unknown = call->word[i].known ? NULL : call->why[i];
	}
	*count = i;
	return args;
}

struct sct_value *sct_values_enter(const struct sct_call *call, const struct sct_mem *mem,
                                   const struct sct_view *view, struct sct_arena *arena, size_t *count)
{
	struct sct_walk w = { .call = call, .mem = mem, .view = view, .arena = arena, .left = view->limits.total };
	const struct sct_proto *proto = call->proto;

	if (!proto)
		return raw_values(call, arena, count);
	*count = proto->nparams;
	w.args = sct_arena_alloc(arena, proto->nparams * sizeof *w.args + 1);
	/* words first: the length of one argument is the value of another */
	for (unsigned i = 0; i < proto->nparams; i++)
		enter_value(&w, &proto->params[i], &w.args[i]);
	for (unsigned i = 0; i < proto->nparams; i++) {
		const struct sct_param *p = sct_walk_meant(&w, &proto->params[i]);
		struct sct_value *v = &w.args[i];

		if (p != &proto->params[i])
			enter_value(&w, p, v);
		if (v->pointer && v->known && v->raw && read_at_entry(p))
			pointee(&w, p, v);
	}
	return w.args;
}

/* Whether the call has failed in a way in which the kernel does not write to this parameter. */
static bool failed_unwritten(const struct sct_call *call, const struct sct_param *p, uint64_t result)
{
	const char *error;
	unsigned number;

	if (!sct_call_failed(call, result, &number))
		return false;
	if (!p->even)
		return true; /* without a look at the error's name: most parameters */
	error = sct_label(call->abi->errors, number);
	return !error || strcmp(p->even, error) != 0;
}

static bool same_values(const struct sct_value *a, const struct sct_value *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (a[i].known != b[i].known || a[i].raw != b[i].raw || a[i].meaning != b[i].meaning ||
		    a[i].num != b[i].num || a[i].len != b[i].len || a[i].nelems != b[i].nelems ||
		    a[i].partial != b[i].partial || a[i].size != b[i].size ||
		    strcmp(a[i].unknown ? a[i].unknown : "", b[i].unknown ? b[i].unknown : ""))
			return false;
		if (a[i].len && memcmp(a[i].data, b[i].data, a[i].len))
			return false;
		if (!same_values(a[i].elems, b[i].elems, a[i].nelems))
			return false;
	}
	return true;
}

/* What is known of one output argument once the call has ended. */
static void leave_value(struct sct_walk *w, const struct sct_param *p, struct sct_value *v)
{
	struct sct_value after = *v;

	after.meaning = SCT_M_NONE;
	after.data = NULL;
	after.elems = NULL;
	after.len = after.nelems = 0;
	after.size = 0;
	after.partial = false;
	after.unknown = after.text = NULL;
	w->was = v;
	pointee(w, p, &after);
	w->was = NULL;
	if (!(p->dir & SCT_IN)) {
		*v = after;
	} else if (!same_values(v, &after, 1)) {
		struct sct_value *out = sct_arena_alloc(w->arena, sizeof *out);

		*out = after;
		v->out = out;
	}
}

/* Takes over what only the later look at the same memory could read; what was known at entry stays. */
static void fill_in(struct sct_value *v, const struct sct_value *later)
{
	bool more = later->len > v->len || later->nelems > v->nelems || !later->unknown;

	if (v->unknown && more && (!v->known || (later->known && v->raw == later->raw)) &&
	    (!v->len || (later->len >= v->len && !memcmp(v->data, later->data, v->len)))) {
		*v = *later;
		return;
	}
	for (size_t i = 0; i < v->nelems && v->nelems == later->nelems; i++)
		fill_in((struct sct_value *)&v->elems[i], &later->elems[i]); /* elements are the arena's, writable */
}

static bool has_unknown(const struct sct_value *v)
{
	if (v->unknown)
		return true;
	for (size_t i = 0; i < v->nelems; i++)
		if (has_unknown(&v->elems[i]))
			return true;
	return false;
}

/* Whether the kernel may have written over what it read there. A description (iovec, msghdr) it only reads. */
static bool overwritten(const struct sct_walk *w, const struct sct_param *p)
{
	bool unwritten = w->result_known && failed_unwritten(w->call, p, w->result);

	return (p->dir & SCT_IN) && (p->dir & SCT_OUT) && p->cls != SCT_C_MMSG && !unwritten;
}

/* An input whose page was absent at entry: the kernel has fetched it by reading it, so it is there at return. */
static void enter_late(struct sct_walk *w, const struct sct_param *p, struct sct_value *v)
{
	struct sct_value later = { 0 };
	bool leaving = w->leaving;

	if (!v->pointer || !v->known || !v->raw || !read_at_entry(p) || !has_unknown(v) || overwritten(w, p))
		return;
	w->leaving = false;
	enter_value(w, p, &later);
	pointee(w, p, &later);
	w->leaving = leaving;
	fill_in(v, &later);
}

void sct_values_return(const struct sct_call *call, struct sct_value *args, size_t count, bool known, uint64_t result,
                       const struct sct_mem *mem, const struct sct_view *view, struct sct_arena *arena)
{
	struct sct_walk w = {
		.call = call, .mem = mem, .view = view, .arena = arena, .args = args, .leaving = true,
		.result_known = known, .result = result, .left = view->limits.total,
	};

	if (!call->proto)
		return;
	if (!call->abi->failed) /* with a flag, what is as large as 32 bits are is no error */
		w.result = sign_extend(result, sct_call_result_size(call));
	for (size_t i = 0; mem && i < count; i++)
		enter_late(&w, sct_walk_meant(&w, &call->proto->params[i]), &args[i]);
	for (size_t i = 0; i < count; i++) {
		const struct sct_param *p = mem ? sct_walk_meant(&w, &call->proto->params[i]) : &call->proto->params[i];
		struct sct_value *v = &args[i];

		if (known && p->when != SCT_WHEN_EINTR && failed_unwritten(call, p, result))
			continue;
		if (!v->pointer || !v->known || !v->raw || !(p->dir & SCT_OUT) || p->cls == SCT_C_PTR)
			continue;
		if (known)
			leave_value(&w, p, v);
		else if (!(p->dir & SCT_IN))
			v->unknown = "not recorded";
	}
}

struct sct_value sct_value_result(const struct sct_call *call, bool known, uint64_t raw, const char **error)
{
	struct sct_value v = { .width = call->abi->word };
	unsigned number;
	bool failed;

	*error = NULL;
	if (!known) {
		v.unknown = "not recorded";
		return v;
	}
	failed = sct_call_failed(call, raw, &number);
	if (failed)
		*error = sct_label(call->abi->errors, number);
	sct_walk_set(&v, NULL, NULL, call->abi->word, failed && call->abi->failed ? number : raw);
	sct_walk_number(&v, failed || !call->proto || !(call->proto->flags & SCT_P_PTR_RESULT));
	if (sct_call_result_size(call) < v.width)
		v.num = sign_extend(v.raw, sct_call_result_size(call));
	return v;
}
