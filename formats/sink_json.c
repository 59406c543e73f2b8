/* Log writer `json`: what PANDA's plog_reader.py prints of the PANDALOG of the same records, byte for byte.
 *
 * That is the array of google.protobuf.json_format.MessageToJson of each entry: two spaces a level, names in
 * camel case, 64-bit numbers as strings, bytes in base64, everything beyond ASCII escaped.
 * In:  records
 * Out: JSON text
 */
#include <assert.h>

#include "json.h"
#include "plog_entry.h"

struct json {
	struct sct_json json;
	struct sct_plog plog;
	bool begun; /* an entry stands before the next one */
};

/* A new line inside `depth` brackets. */
static void put_line(struct sct_json *j, unsigned depth)
{
	SCT_JSON(j, "\n");
	for (unsigned i = 0; i < depth; i++)
		SCT_JSON(j, "  ");
}

/* "argName" of arg_name, as protoc's json_name */
static void put_key(struct sct_json *j, const char *name)
{
	char *p = sct_json_room(j);

	*p++ = '"';
	for (; *name; name++)
		*p++ = (char)(*name == '_' ? *++name - 'a' + 'A' : *name);
	memcpy(p, "\": ", 3);
	sct_json_end(j, p + 3);
}

/* 64-bit numbers are strings: JSON readers may not keep them exactly. */
static void put_quoted(struct sct_json *j, bool is_signed, uint64_t n)
{
	SCT_JSON(j, "\"");
	if (is_signed)
		sct_json_int(j, (int64_t)n);
	else
		sct_json_uint(j, n);
	SCT_JSON(j, "\"");
}

static void put_message(struct sct_json *j, const ProtobufCMessage *m, unsigned depth);

static void put_field(struct sct_json *j, const ProtobufCFieldDescriptor *f, const void *at, unsigned depth)
{
	const ProtobufCBinaryData *bytes = at;
	const char *text;

	switch (f->type) {
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_INT64:
		put_quoted(j, f->type == PROTOBUF_C_TYPE_INT64, *(const uint64_t *)at);
		break;
	case PROTOBUF_C_TYPE_UINT32:
		sct_json_uint(j, *(const uint32_t *)at);
		break;
	case PROTOBUF_C_TYPE_INT32:
		sct_json_int(j, *(const int32_t *)at);
		break;
	case PROTOBUF_C_TYPE_STRING:
		text = *(char *const *)at;
		sct_json_string(j, text, strlen(text), SCT_JSON_ASCII);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		sct_json_base64(j, bytes->data, bytes->len);
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		put_message(j, *(const ProtobufCMessage *const *)at, depth);
		break;
	default:
		assert(!"a field of a kind that plog_entry.c does not set");
	}
}

static void put_list(struct sct_json *j, const ProtobufCFieldDescriptor *f, size_t n, const void *const *list,
                     unsigned depth)
{
	SCT_JSON(j, "[");
	for (size_t i = 0; i < n; i++) {
		if (i)
			SCT_JSON(j, ",");
		put_line(j, depth + 1);
		put_field(j, f, &list[i], depth + 1);
	}
	put_line(j, depth);
	SCT_JSON(j, "]");
}

static bool is_set(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	const char *at = (const char *)m + f->offset, *quantity = (const char *)m + f->quantifier_offset;

	if (f->label == PROTOBUF_C_LABEL_REQUIRED)
		return true;
	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *)quantity > 0;
	if (f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_MESSAGE)
		return *(const void *const *)at != NULL;
	return *(const protobuf_c_boolean *)quantity;
}

/* The descriptor's fields are in the order of their numbers, as Python's ListFields. */
static void put_message(struct sct_json *j, const ProtobufCMessage *m, unsigned depth)
{
	bool begun = false;

	SCT_JSON(j, "{");
	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
		const char *at = (const char *)m + f->offset;

		if (!is_set(m, f))
			continue;
		if (begun)
			SCT_JSON(j, ",");
		begun = true;
		put_line(j, depth + 1);
		put_key(j, f->name);
		if (f->label == PROTOBUF_C_LABEL_REPEATED)
			put_list(j, f, *(const size_t *)((const char *)m + f->quantifier_offset),
			         *(const void *const *const *)at, depth + 1);
		else
			put_field(j, f, at, depth + 1);
	}
	if (begun)
		put_line(j, depth);
	SCT_JSON(j, "}");
}

static int json_open(void *state, struct sct_out *out, struct sct_err *err)
{
	struct json *s = state;

	(void)err;
	s->json.out = out;
	SCT_JSON(&s->json, "[\n");
	return 0;
}

static int json_record(void *state, const struct sct_record *r, struct sct_err *err)
{
	struct json *s = state;

	if (s->begun)
		SCT_JSON(&s->json, ",\n");
	s->begun = true;
	put_message(&s->json, &sct_plog_entry(&s->plog, r)->base, 0);
	return sct_out_status(s->json.out, err);
}

static int json_close(void *state, struct sct_err *err)
{
	struct json *s = state;

	SCT_JSON(&s->json, "\n]\n");
	sct_json_flush(&s->json);
	sct_plog_fini(&s->plog);
	return sct_out_status(s->json.out, err);
}

static uint64_t json_invented(void *state)
{
	return ((struct json *)state)->plog.invented;
}

const struct sct_sink_ops sct_sink_json = {
	.name = "json",
	.ending = ".json",
	.summary = "what PANDA's plog_reader.py prints of the same PANDALOG",
	.state_size = sizeof(struct json),
	.open = json_open,
	.record = json_record,
	.close = json_close,
	.invented = json_invented,
};
