/* HEADER chunks: what a recording says of itself, and its dictionary of registers.
 * In:  the payload of a HEADER chunk
 * Out: a struct sct_st_header, or the cause why it is none
 *
 * Layout: varint id | varint length | bytes, until the end; ids are enum sct_header_field, others are passed over.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace_sctrace.h"

static int bad(struct sct_err *err, uint64_t offset, const char *cause)
{
	return sct_fail(err, SCT_E_FORMAT, offset, "trace header: %s", cause);
}

/* Whether the n registers in d before the last have neither its name nor its slot. */
static bool is_new(const struct sct_st_header *h, const char names[][256], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!strcmp(names[i], names[n]) ||
		    (h->reg[i].slot == h->reg[n].slot && h->reg[n].slot != SCT_ST_SLOT_NONE))
			return false;
	return true;
}

/* One entry of the dictionary: u8 length, name, u8 size. */
static const char *read_register(struct sct_st_header *h, struct sct_cursor *c, char names[][256], unsigned n)
{
	unsigned len = sct_take_u8(c);
	const uint8_t *name = sct_take(c, len);
	const struct sct_reg *known;

	h->reg[n].size = sct_take_u8(c);
	if (c->bad)
		return "the dictionary ends early";
	if (!len || memchr(name, 0, len))
		return "a register without a name";
	memcpy(names[n], name, len);
	names[n][len] = '\0';
	if (!h->reg[n].size || h->reg[n].size > SCT_ST_REG_MAX)
		return "a register of 0 or of more than 64 bytes";
	known = sct_arch_reg(h->arch, names[n]);
	if (known && known->size != h->reg[n].size)
		return "a register of a size that the architecture's does not have";
	h->reg[n].slot = known ? known->index : SCT_ST_SLOT_NONE;
	if (!is_new(h, (const char (*)[256])names, n))
		return "a register that stands twice in the dictionary";
	if (known && known->index == h->arch->asid)
		h->asid = (int)n;
	if (!strcmp(names[n], "efer"))
		h->efer = (int)n;
	return NULL;
}

static const char *read_registers(struct sct_st_header *h)
{
	struct sct_cursor c;
	uint64_t count;
	char(*names)[256];
	const char *cause = NULL;

	if (!h->registers.size)
		return "no dictionary of registers";
	c = sct_cursor(h->registers.data, h->registers.size);
	count = sct_take_varint(&c);
	if (count > SCT_DICT_MAX)
		return "a dictionary of more than 256 registers";
	names = malloc(SCT_DICT_MAX * sizeof *names);
	if (!names)
		return "no memory";
	h->asid = h->efer = -1;
	h->nregs = (unsigned)count;
	for (unsigned i = 0; i < count && !cause; i++)
		cause = read_register(h, &c, names, i);
	free(names);
	if (!cause && sct_cursor_left(&c))
		return "bytes behind the dictionary";
	return cause;
}

static void take_field(struct sct_st_header *h, uint64_t id, struct sct_cursor *c)
{
	struct sct_st_text text = { c->at, sct_cursor_left(c) };

	switch (id) {
	case SCT_HEADER_FILE_ID:
		if (sct_cursor_left(c) == sizeof h->id)
			memcpy(h->id, c->at, sizeof h->id);
		else
			c->bad = true;
		break;
	case SCT_HEADER_RECORDER: h->recorder = text; break;
	case SCT_HEADER_EMULATOR: h->emulator = text; break;
	case SCT_HEADER_TARGET: h->target = text; break;
	case SCT_HEADER_START: h->start = text; break;
	case SCT_HEADER_FILTER: h->filter = text; break;
	case SCT_HEADER_PARENT: h->parent = text; break;
	case SCT_HEADER_THREAD_SOURCE: h->thread_source = text; break;
	case SCT_HEADER_REGISTERS: h->registers = text; break;
	case SCT_HEADER_USER_MODE: h->user_mode = sct_take_varint(c); break;
	case SCT_HEADER_BIG_ENDIAN: h->big_endian = sct_take_varint(c); break;
	case SCT_HEADER_WORD: h->word = sct_take_varint(c); break;
	case SCT_HEADER_VCPUS: h->vcpus = sct_take_varint(c); break;
	case SCT_HEADER_LEVEL: h->level = sct_take_varint(c); break;
	case SCT_HEADER_STARTED: h->started = sct_take_varint(c); break;
	case SCT_HEADER_THREADS: h->threads = sct_take_varint(c); break;
	}
}

static bool find_arch(struct sct_st_header *h)
{
	char name[32];

	if (h->target.size >= sizeof name)
		return false;
	memcpy(name, h->target.size ? h->target.data : (const uint8_t *)"", h->target.size);
	name[h->target.size] = '\0';
	h->arch = sct_arch_find(name);
	return h->arch && h->arch->machine; /* the recorder makes none of others */
}

int sct_st_header_read(struct sct_st_header *h, const uint8_t *data, size_t size, uint64_t offset, struct sct_err *err)
{
	struct sct_cursor c = sct_cursor(data, size);
	const char *cause;

	memset(h, 0, sizeof *h);
	while (sct_cursor_left(&c)) {
		uint64_t id = sct_take_varint(&c), len = sct_take_varint(&c);
		const uint8_t *bytes = sct_take(&c, len);
		struct sct_cursor field;

		if (c.bad)
			return bad(err, offset, "a field ends early");
		field = sct_cursor(bytes, (size_t)len);
		take_field(h, id, &field);
		if (field.bad)
			return bad(err, offset, "a field is too short");
	}
	if (!h->target.size)
		return bad(err, offset, "no target");
	if (!find_arch(h))
		return sct_fail(err, SCT_E_UNSUPPORTED, offset, "trace header: a guest of architecture %.*s",
		                (int)(h->target.size < 32 ? h->target.size : 32), (const char *)h->target.data);
	if (h->big_endian || h->word != h->arch->word)
		return bad(err, offset, "byte order or word size that the architecture does not have");
	if (h->user_mode > 1 || h->threads > 1 || h->level > SCT_LEVEL_FULL || h->vcpus > SCT_VCPUS_MAX)
		return bad(err, offset, "a number out of its range");
	cause = read_registers(h);
	return cause ? bad(err, offset, cause) : SCT_OK;
}

char *sct_st_header_registers(const struct sct_st_header *h)
{
	struct sct_cursor c = sct_cursor(h->registers.data, h->registers.size);
	size_t room = h->registers.size + (size_t)h->nregs * 4 + 1, used = 0;
	char *text = malloc(room);

	if (!text)
		return NULL;
	*text = '\0';
	sct_take_varint(&c);
	for (unsigned i = 0; i < h->nregs; i++) {
		unsigned len = sct_take_u8(&c);
		const uint8_t *name = sct_take(&c, len);
		unsigned size = sct_take_u8(&c);

		if (c.bad)
			break;
		used += (size_t)snprintf(text + used, room - used, "%s%.*s:%u", i ? " " : "", (int)len,
		                         (const char *)name, size);
	}
	return text;
}
