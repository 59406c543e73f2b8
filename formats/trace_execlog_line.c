/* One line of the execlog plugin's output: its head, and the fields behind it.
 * In:  a line without its line break
 * Out: which instruction, which accesses, which registers
 *
 * Layout (QEMU contrib/plugins/execlog.c), with ", " between the fields:
 *   N                    vCPU, decimal
 *   0xHEX                address of the instruction
 *   0xHEX                its first four bytes as a little-endian number
 *   "TEXT"               disassembly, empty where QEMU was built without Capstone
 *   then any number of
 *   load, 0xHEX          memory read; store: written. Virtual where one program runs, else
 *   load, 0xHEX, NAME    physical, with the name of the device, or RAM
 *   NAME -> 0xHEX        a register that has another value now: of all its bytes, with their leading zeros
 */
#include "trace_execlog.h"

#include <string.h>

static bool take(struct sct_el_text *t, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(t->end - t->at) < n || memcmp(t->at, text, n))
		return false;
	t->at += n;
	return true;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 0x and hex digits; of long numbers the low 64 bits. Returns how many digits, 0: there is none. */
static unsigned take_hex(struct sct_el_text *t, uint64_t *value)
{
	unsigned n = 0;
	int d;

	*value = 0;
	if (!take(t, "0x"))
		return 0;
	for (; t->at < t->end && (d = digit(*t->at)) >= 0; t->at++, n++)
		*value = *value << 4 | (unsigned)d;
	return n;
}

static bool take_decimal(struct sct_el_text *t, uint64_t *value)
{
	const char *start = t->at;

	for (*value = 0; t->at < t->end && t->at - start < 6 && *t->at >= '0' && *t->at <= '9'; t->at++)
		*value = *value * 10 + (unsigned)(*t->at - '0');
	return t->at > start;
}

/* Text in quotes, which may hold more of them: it ends where a field or the line does. */
static bool take_quoted(struct sct_el_text *t)
{
	if (!take(t, "\""))
		return false;
	while ((t->at = memchr(t->at, '"', (size_t)(t->end - t->at)))) {
		t->at++;
		if (t->at == t->end || *t->at == ',')
			return true;
	}
	t->at = t->end;
	return false;
}

bool sct_el_read_head(struct sct_el_text *t, struct sct_el_head *head)
{
	uint64_t opcode;
	unsigned n;

	if (!take_decimal(t, &head->vcpu) || !take(t, ", "))
		return false;
	n = take_hex(t, &head->pc);
	if (!n || n > 16 || !take(t, ", "))
		return false;
	n = take_hex(t, &opcode);
	if (!n || n > 8 || !take(t, ", "))
		return false;
	for (unsigned i = 0; i < sizeof head->bytes; i++)
		head->bytes[i] = (uint8_t)(opcode >> 8 * i);
	return take_quoted(t);
}

/* The text up to the next comma or the end of the line. */
static struct sct_el_text look_ahead(const struct sct_el_text *t)
{
	const char *comma = memchr(t->at, ',', (size_t)(t->end - t->at));

	return (struct sct_el_text){ t->at, comma ? comma : t->end };
}

static const char *find_arrow(const struct sct_el_text *field)
{
	return memmem(field->at, (size_t)(field->end - field->at), " -> ", 4);
}

/* Whether the text goes on with something that is neither an access nor a register: then it names a device. */
static bool names_device(const struct sct_el_text *t)
{
	struct sct_el_text rest = *t, field;

	if (!take(&rest, ", "))
		return false;
	field = look_ahead(&rest);
	if (field.at == field.end || find_arrow(&field) || take(&field, "0x"))
		return false;
	field = look_ahead(&rest);
	return !(take(&field, "load") && field.at == field.end) && !(take(&rest, "store") && rest.at == field.end);
}

static int read_access(struct sct_el_text *t, struct sct_el_field *f)
{
	unsigned n = take(t, ", ") ? take_hex(t, &f->value) : 0;

	if (!n || n > 16)
		return -1;
	f->access = true;
	f->device = names_device(t);
	if (f->device) {
		take(t, ", ");
		t->at = look_ahead(t).end;
	}
	return t->at == t->end || *t->at == ',' ? 1 : -1;
}

static int read_register(struct sct_el_text *t, struct sct_el_field *f)
{
	struct sct_el_text field = look_ahead(t);
	const char *arrow = find_arrow(&field);

	if (!arrow || arrow == t->at)
		return -1;
	f->name = t->at;
	f->name_len = (size_t)(arrow - t->at);
	t->at = arrow + 4;
	f->digits = take_hex(t, &f->value);
	return f->digits && t->at == field.end ? 1 : -1;
}

int sct_el_read_field(struct sct_el_text *t, struct sct_el_field *field)
{
	*field = (struct sct_el_field){ 0 };
	if (t->at == t->end)
		return 0;
	if (!take(t, ", "))
		return -1;
	if (take(t, "load") || take(t, "store"))
		return read_access(t, field);
	return read_register(t, field);
}

bool sct_el_field_reg(const struct sct_el_field *field, const struct sct_arch *arch, const struct sct_reg **reg)
{
	char name[16] = "";

	*reg = NULL;
	if (field->name_len >= sizeof name)
		return true;
	memcpy(name, field->name, field->name_len);
	*reg = sct_arch_reg(arch, name);
	return !*reg || field->digits == 2u * (*reg)->size;
}
