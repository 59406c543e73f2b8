/* Layouts of Linux's data as text, for a recorder that runs beside the guest and reads no types itself.
 *
 * In:  a layout, or text made of one
 * Out: text of one line, parts with colons between: bytes of a pointer; the fields in their order, hexadecimal, "-"
 *      where one is unknown; how the banner begins, how it ends, and the build id, two hexadecimal digits a byte. Or
 *      the layout
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os_linux.h"

/* Text being written; once something did not fit, used is size or more. */
struct text {
	char *at;
	size_t size, used;
};

static void put_number(struct text *t, bool known, uint64_t number)
{
	if (t->used >= t->size)
		return;
	if (known)
		t->used += (size_t)snprintf(t->at + t->used, t->size - t->used, ":%" PRIx64, number);
	else
		t->used += (size_t)snprintf(t->at + t->used, t->size - t->used, ":-");
}

static void put_bytes(struct text *t, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	if (t->used < t->size)
		t->used += (size_t)snprintf(t->at + t->used, t->size - t->used, ":");
	for (size_t i = 0; i < size && t->used < t->size; i++)
		t->used += (size_t)snprintf(t->at + t->used, t->size - t->used, "%02x", bytes[i]);
}

bool sct_linux_layout_write(const struct sct_linux_layout *layout, char *text, size_t size)
{
	const struct sct_linux_kernel *k = &layout->kernel;
	struct text t = { text, size, 0 };

	t.used = (size_t)snprintf(text, size, "%u", layout->ptr);
	for (unsigned i = 0; i < SCT_LX_FIELDS; i++)
		put_number(&t, layout->at[i].known, layout->at[i].value);
	put_bytes(&t, k->head, strlen(k->head));
	put_bytes(&t, k->tail, strlen(k->tail));
	put_bytes(&t, k->build_id, k->build_id_size);
	return t.used < size;
}

/* One number; *text goes behind it. False: there is none. */
static bool take_number(const char **text, struct sct_word *word)
{
	char *end;

	word->known = **text != '-';
	word->value = word->known ? strtoull(*text, &end, 16) : 0;
	if (word->known && end == *text)
		return false;
	*text = word->known ? end : *text + 1;
	return true;
}

/* A colon and at most room bytes; returns how many, more than room: there are none. */
static size_t take_bytes(const char **text, void *data, size_t room)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = **text == ':' ? strspn(++*text, digits) : SIZE_MAX;
	uint8_t *bytes = data;

	if (n % 2 || n / 2 > room)
		return room + 1;
	for (size_t i = 0; i < n; i += 2)
		*bytes++ = (uint8_t)((strchr(digits, (*text)[i]) - digits) << 4 | (strchr(digits, (*text)[i + 1]) - digits));
	*text += n;
	return n / 2;
}

/* Strings keep the NUL that they were initialised with behind them. */
static bool take_kernel(const char **text, struct sct_linux_kernel *k)
{
	size_t id;

	if (take_bytes(text, k->head, sizeof k->head - 1) >= sizeof k->head ||
	    take_bytes(text, k->tail, sizeof k->tail - 1) >= sizeof k->tail)
		return false;
	id = take_bytes(text, k->build_id, sizeof k->build_id);
	k->build_id_size = (uint32_t)id;
	return id <= sizeof k->build_id;
}

bool sct_linux_layout_read(struct sct_linux_layout *layout, const char *text)
{
	struct sct_linux_layout read = { .ptr = 0 };
	struct sct_word ptr;

	if (!take_number(&text, &ptr) || !ptr.known || (ptr.value != 4 && ptr.value != 8))
		return false;
	read.ptr = (uint8_t)ptr.value;
	for (unsigned i = 0; i < SCT_LX_FIELDS; i++)
		if (*text++ != ':' || !take_number(&text, &read.at[i]))
			return false;
	if (!take_kernel(&text, &read.kernel) || *text)
		return false;
	*layout = read;
	return true;
}
