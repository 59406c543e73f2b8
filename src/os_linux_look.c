/* Looking into a Linux kernel's memory by the numbers of a layout.
 * In:  the kernel's memory at one moment, a layout
 * Out: numbers, pointers, strings; or that they are not known
 */
#include "os_linux_look.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cursor.h"

/* Strings are read by so many aligned bytes: what lies behind them is not asked for, and does not count. */
enum { CHUNK = 8 };

size_t sct_linux_read(const struct sct_linux_look *look, uint64_t addr, void *buf, size_t len)
{
	return look->mem->read(look->mem->ctx, sct_linux_wrap(look->layout, addr), buf, len);
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
	*addr = sct_linux_wrap(look->layout, base + at->value);
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
		size_t room = CHUNK - (addr + n) % CHUNK, want = max + 1 - n < room ? max + 1 - n : room;
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
