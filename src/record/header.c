/* The HEADER chunk: what a recording says of itself, in every segment.
 * In:  what the recorder knows
 * Out: the fields of enum sct_header_field, as formats/sctrace.h has them
 */
#include "header.h"

#include "../../formats/sctrace.h"

static void put_field(struct sct_bytes *out, enum sct_header_field id, const void *data, size_t size)
{
	sct_put_varint(out, id);
	sct_put_varint(out, size);
	sct_put(out, data, size);
}

static void put_text(struct sct_bytes *out, enum sct_header_field id, const char *text)
{
	if (text)
		put_field(out, id, text, strlen(text));
}

static void put_number(struct sct_bytes *out, enum sct_header_field id, uint64_t value)
{
	struct sct_bytes b = { 0 };

	sct_put_varint(&b, value);
	put_field(out, id, b.data, b.len);
	sct_bytes_fini(&b);
}

static void put_registers(struct sct_bytes *out, const struct sct_dict *dict)
{
	struct sct_bytes b = { 0 };

	sct_put_varint(&b, dict->count);
	for (unsigned i = 0; i < dict->count; i++) {
		size_t len = strlen(dict->regs[i].name);

		sct_put_u8(&b, (uint8_t)len);
		sct_put(&b, dict->regs[i].name, len);
		sct_put_u8(&b, dict->regs[i].size);
	}
	put_field(out, SCT_HEADER_REGISTERS, b.data, b.len);
	sct_bytes_fini(&b);
}

void sct_header_put(const struct sct_header *h, struct sct_bytes *out)
{
	put_field(out, SCT_HEADER_FILE_ID, h->file_id, 16);
	put_text(out, SCT_HEADER_RECORDER, "sctrace " SCT_VERSION);
	put_text(out, SCT_HEADER_EMULATOR, h->emulator);
	put_text(out, SCT_HEADER_TARGET, h->dict->arch->name);
	put_number(out, SCT_HEADER_USER_MODE, h->user_mode);
	put_number(out, SCT_HEADER_BIG_ENDIAN, 0);
	put_number(out, SCT_HEADER_WORD, h->dict->arch->word);
	put_number(out, SCT_HEADER_VCPUS, h->vcpus);
	put_number(out, SCT_HEADER_LEVEL, h->level);
	put_text(out, SCT_HEADER_START, h->start);
	put_text(out, SCT_HEADER_FILTER, "");
	put_number(out, SCT_HEADER_STARTED, h->started_unix_ns);
	put_number(out, SCT_HEADER_THREADS, h->exact_threads);
	put_text(out, SCT_HEADER_THREAD_SOURCE, h->thread_source);
	put_registers(out, h->dict);
	put_text(out, SCT_HEADER_PARENT, h->parent);
}
