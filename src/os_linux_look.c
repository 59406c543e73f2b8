/* Looking into a Linux kernel's memory by the numbers of a layout.
 * In:  the kernel's memory at one moment, a layout
 * Out: numbers, pointers, strings; or that they are not known
 */
#include "os_linux_look.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cursor.h"

void sct_linux_look_begin(struct sct_linux_look *look)
{
	for (unsigned i = 0; i < SCT_LINUX_LINES; i++)
		look->lines->addr[i] = 1;
}

static uint64_t wrap(const struct sct_linux_look *look, uint64_t addr)
{
	return look->layout->ptr == 4 ? (uint32_t)addr : addr;
}

/* Leading known bytes of the line at addr, an aligned address; *data: its bytes. */
static size_t line_at(const struct sct_linux_look *look, uint64_t addr, const uint8_t **data)
{
	struct sct_linux_lines *l = look->lines;
	unsigned i = addr / SCT_LINUX_LINE % SCT_LINUX_LINES;

	if (l->addr[i] != addr) {
		l->addr[i] = addr;
		l->known[i] = (uint8_t)look->mem->read(look->mem->ctx, addr, l->data[i], SCT_LINUX_LINE);
	}
	*data = l->data[i];
	return l->known[i];
}

size_t sct_linux_read(const struct sct_linux_look *look, uint64_t addr, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		uint64_t at = wrap(look, addr + done);
		size_t offset = at % SCT_LINUX_LINE, room = SCT_LINUX_LINE - offset;
		size_t n = len - done < room ? len - done : room;
		const uint8_t *line;

		if (line_at(look, at - offset, &line) < offset + n) /* what is known may begin inside the line */
			return done + look->mem->read(look->mem->ctx, at, (uint8_t *)buf + done, len - done);
		memcpy((uint8_t *)buf + done, line + offset, n);
		done += n;
	}
	return done;
}

bool sct_linux_word(const struct sct_linux_look *look, uint64_t addr, unsigned size, uint64_t *value)
{
	uint8_t bytes[8];
	struct sct_cursor c;

	if (sct_linux_read(look, addr, bytes, size) != size)
		return false;
	c = sct_cursor(bytes, size);
	*value = sct_take_le(&c, size);
	return true;
}

bool sct_linux_at(const struct sct_linux_look *look, uint64_t base, enum sct_linux_field field, uint64_t *addr)
{
	const struct sct_word *at = &look->layout->at[field];

	if (!at->known || !base)
		return false;
	*addr = wrap(look, base + at->value);
	return true;
}

bool sct_linux_number(const struct sct_linux_look *look, uint64_t base, enum sct_linux_field field, unsigned size,
                      uint64_t *value)
{
	uint64_t addr;

	return sct_linux_at(look, base, field, &addr) && sct_linux_word(look, addr, size, value);
}

bool sct_linux_pointer(const struct sct_linux_look *look, uint64_t base, enum sct_linux_field field, uint64_t *value)
{
	return sct_linux_number(look, base, field, look->layout->ptr, value);
}

const char *sct_linux_string(const struct sct_linux_look *look, uint64_t addr, size_t max)
{
	char buf[SCT_LINUX_NAME_MAX + 1];
	size_t n = 0;

	max = max < SCT_LINUX_NAME_MAX ? max : SCT_LINUX_NAME_MAX;
	while (n <= max) {
		size_t room = SCT_LINUX_LINE - (addr + n) % SCT_LINUX_LINE, want = max + 1 - n < room ? max + 1 - n : room;
		size_t got = sct_linux_read(look, addr + n, buf + n, want);
		const char *end = memchr(buf + n, 0, got);

		if (end)
			return sct_arena_copy(look->arena, buf, (size_t)(end - buf));
		if (got < want)
			return NULL;
		n += got;
	}
	return NULL;
}

const char *sct_linux_text(const struct sct_linux_look *look, const char *fmt, ...)
{
	va_list args, again;
	char *text;
	int n;

	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, args);
	text = sct_arena_alloc(look->arena, (size_t)n + 1);
	vsnprintf(text, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(args);
	return text;
}
