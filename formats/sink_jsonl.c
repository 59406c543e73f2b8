/* Log writer `jsonl`: every record whole, one JSON object a line (sctrace-decode(1), "The record").
 * In:  records
 * Out: JSON text
 */
#include "../src/proto.h"
#include "json.h"

struct jsonl {
	struct sct_json json;
};

/* A key of an object that was begun with *sep = '{'; later keys find a comma there. */
#define KEY(j, sep, name) put_key(j, sep, "\"" name "\":", sizeof(name) + 2)

static inline void put_key(struct sct_json *j, char *sep, const char *key, size_t len)
{
	char *p = sct_json_room(j);

	*p = *sep;
	*sep = ',';
	memcpy(p + 1, key, len);
	sct_json_end(j, p + 1 + len);
}

static void put_hex(struct sct_json *j, bool known, uint64_t value)
{
	if (known)
		sct_json_hex(j, value);
	else
		SCT_JSON(j, "null");
}

static void put_word(struct sct_json *j, struct sct_word w)
{
	if (w.known)
		sct_json_number(j, w.value);
	else
		SCT_JSON(j, "null");
}

/* Whether the meaning is a number that JSON readers keep exactly. */
static bool exact(const struct sct_value *v)
{
	uint64_t n = v->meaning == SCT_M_INT && (int64_t)v->num < 0 ? -v->num : v->num;

	return (v->meaning == SCT_M_INT || v->meaning == SCT_M_UINT) && n <= SCT_JSON_EXACT;
}

static void put_int(struct sct_json *j, const struct sct_value *v)
{
	if (v->meaning == SCT_M_INT)
		sct_json_int(j, (int64_t)v->num);
	else
		sct_json_uint(j, v->num);
}

/* Text as `str`, or as `bytes` where it is no UTF-8. */
static void put_text(struct sct_json *j, char *sep, const void *text, size_t len)
{
	if (sct_utf8_valid(text, len)) {
		KEY(j, sep, "str");
		sct_json_string(j, text, len, SCT_JSON_UTF8);
	} else {
		KEY(j, sep, "bytes");
		sct_json_base64(j, text, len);
	}
}

static void put_value(struct sct_json *j, const struct sct_value *v);

static void put_values(struct sct_json *j, const struct sct_value *v, size_t n)
{
	SCT_JSON(j, "[");
	for (size_t i = 0; i < n; i++) {
		if (i)
			SCT_JSON(j, ",");
		put_value(j, &v[i]);
	}
	SCT_JSON(j, "]");
}

static void put_meaning(struct sct_json *j, char *sep, const struct sct_value *v)
{
	switch (v->meaning) {
	case SCT_M_INT:
	case SCT_M_UINT:
		if (!exact(v))
			break;
		KEY(j, sep, "int");
		put_int(j, v);
		break;
	case SCT_M_STR:
		put_text(j, sep, v->data, v->len);
		break;
	case SCT_M_BYTES:
		KEY(j, sep, "bytes");
		sct_json_base64(j, v->data, v->len);
		break;
	case SCT_M_ARRAY:
		KEY(j, sep, "array");
		put_values(j, v->elems, v->nelems);
		break;
	case SCT_M_STRUCT:
		KEY(j, sep, "struct");
		put_values(j, v->elems, v->nelems);
		break;
	case SCT_M_PTR:
		KEY(j, sep, "ptr");
		put_value(j, v->elems);
		break;
	}
}

/* What stands beside the raw word: the meaning, and how much of it is known. */
static void put_known(struct sct_json *j, char *sep, const struct sct_value *v)
{
	put_meaning(j, sep, v);
	if (v->text) {
		KEY(j, sep, "text");
		sct_json_name(j, v->text);
	}
	if (v->partial) {
		KEY(j, sep, "partial");
		SCT_JSON(j, "true");
		KEY(j, sep, "size");
		put_word(j, (struct sct_word){ v->size != UINT64_MAX, v->size });
	}
	if (v->unknown) {
		KEY(j, sep, "unknown");
		sct_json_name(j, v->unknown);
	}
}

/* Ends an object: one without any key has not even begun. */
static void close_object(struct sct_json *j, char sep)
{
	if (sep == '{')
		SCT_JSON(j, "{");
	SCT_JSON(j, "}");
}

static void put_out(struct sct_json *j, const struct sct_value *v)
{
	char sep = '{';

	put_known(j, &sep, v);
	close_object(j, sep);
}

static void put_value(struct sct_json *j, const struct sct_value *v)
{
	static const char *const dirs[] = { [SCT_IN] = "in", [SCT_OUT] = "out", [SCT_INOUT] = "inout" };
	char sep = '{';

	if (v->name) {
		KEY(j, &sep, "name");
		sct_json_name(j, v->name);
	}
	if (v->type) {
		KEY(j, &sep, "type");
		sct_json_name(j, v->type);
	}
	if (v->pointer && v->dir) {
		KEY(j, &sep, "dir");
		sct_json_name(j, dirs[v->dir]);
	}
	if (v->width) {
		KEY(j, &sep, "value");
		put_hex(j, v->known, v->raw);
	}
	put_known(j, &sep, v);
	if (v->out) {
		KEY(j, &sep, "out");
		put_out(j, v->out);
	}
	close_object(j, sep);
}

/* A process's name or the path of its program; where it is no UTF-8 an object, as a value would have it:
 * {"bytes":"..."} */
static void put_comm(struct sct_json *j, const char *comm)
{
	size_t len = comm ? strlen(comm) : 0;
	char sep = '{';

	if (sct_utf8_valid(comm, len)) {
		sct_json_name(j, comm);
		return;
	}
	put_text(j, &sep, comm, len);
	SCT_JSON(j, "}");
}

static void put_moment(struct sct_json *j, const struct sct_moment *m)
{
	if (!m->known) {
		SCT_JSON(j, "null");
		return;
	}
	SCT_JSON(j, "{\"seq\":");
	sct_json_number(j, m->seq);
	SCT_JSON(j, ",\"pc\":");
	sct_json_hex(j, m->pc);
	SCT_JSON(j, ",\"time_ns\":");
	put_word(j, (struct sct_word){ m->time_ns != SCT_TIME_UNKNOWN, m->time_ns });
	SCT_JSON(j, "}");
}

/* Who called, when, and which call it was. */
static void put_call(struct sct_json *j, const struct sct_record *r)
{
	SCT_JSON(j, "{\"id\":");
	sct_json_number(j, r->id);
	SCT_JSON(j, ",\"cpu\":");
	sct_json_uint(j, r->cpu);
	SCT_JSON(j, ",\"asid\":");
	put_hex(j, r->asid.known, r->asid.value);
	SCT_JSON(j, ",\"pid\":");
	put_word(j, r->pid);
	SCT_JSON(j, ",\"tid\":");
	put_word(j, r->tid);
	SCT_JSON(j, ",\"ppid\":");
	put_word(j, r->ppid);
	SCT_JSON(j, ",\"comm\":");
	put_comm(j, r->comm);
	SCT_JSON(j, ",\"start_time_ns\":");
	put_word(j, r->start_time_ns);
	SCT_JSON(j, ",\"uid\":");
	put_word(j, r->uid);
	SCT_JSON(j, ",\"exe\":");
	put_comm(j, r->exe);
	SCT_JSON(j, ",\"thread\":");
	put_word(j, r->thread);
	SCT_JSON(j, ",\"enter\":");
	put_moment(j, &r->enter);
	SCT_JSON(j, ",\"return\":");
	put_moment(j, &r->ret);
	SCT_JSON(j, ",\"insn\":");
	sct_json_name(j, r->insn);
	SCT_JSON(j, ",\"abi\":");
	sct_json_name(j, r->abi);
	SCT_JSON(j, ",\"nr\":");
	put_word(j, r->nr);
	SCT_JSON(j, ",\"name\":");
	sct_json_name(j, r->name);
	SCT_JSON(j, ",\"entry\":");
	sct_json_name(j, r->entry);
}

/* The result: its three keys are always there. */
static void put_result(struct sct_json *j, const struct sct_value *v, const char *error)
{
	SCT_JSON(j, ",\"ret\":{\"value\":");
	put_hex(j, v->known, v->raw);
	SCT_JSON(j, ",\"int\":");
	if (v->known && exact(v))
		put_int(j, v);
	else
		SCT_JSON(j, "null");
	if (v->text) {
		SCT_JSON(j, ",\"text\":");
		sct_json_name(j, v->text);
	}
	SCT_JSON(j, ",\"error\":");
	sct_json_name(j, error);
	if (v->unknown) {
		SCT_JSON(j, ",\"unknown\":");
		sct_json_name(j, v->unknown);
	}
	SCT_JSON(j, "}");
}

static int jsonl_open(void *state, struct sct_out *out, struct sct_err *err)
{
	struct jsonl *s = state;

	(void)err;
	s->json.out = out;
	return 0;
}

static int jsonl_record(void *state, const struct sct_record *r, struct sct_err *err)
{
	struct sct_json *j = &((struct jsonl *)state)->json;

	put_call(j, r);
	SCT_JSON(j, ",\"args\":");
	put_values(j, r->args, r->nargs);
	put_result(j, &r->result, r->error);
	SCT_JSON(j, ",\"end\":");
	sct_json_name(j, sct_end_names[r->end]);
	if (r->restarts) {
		SCT_JSON(j, ",\"restarts\":");
		sct_json_uint(j, r->restarts);
	}
	SCT_JSON(j, "}\n");
	return sct_out_status(j->out, err);
}

static int jsonl_close(void *state, struct sct_err *err)
{
	struct jsonl *s = state;

	sct_json_flush(&s->json);
	return sct_out_status(s->json.out, err);
}

const struct sct_sink_ops sct_sink_jsonl = {
	.name = "jsonl",
	.ending = ".jsonl",
	.summary = "every record whole, one JSON object a line",
	.state_size = sizeof(struct jsonl),
	.open = jsonl_open,
	.record = jsonl_record,
	.close = jsonl_close,
};
