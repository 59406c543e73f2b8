/* What both generators need of text: whole files, words, messages.
 * In:  files by path
 * Out: strings; messages on standard error
 */
#include "text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void die(const char *file, unsigned line, const char *fmt, ...)
{
	va_list ap;

	if (file)
		fprintf(stderr, "%s:", file);
	if (file && line)
		fprintf(stderr, "%u:", line);
	if (file)
		fputc(' ', stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void *grow(void *old, size_t used, size_t count, size_t size)
{
	char *p = realloc(old, count * size);

	if (!p)
		die(NULL, 0, "out of memory");
	memset(p + used * size, 0, (count - used) * size);
	return p;
}

char *text_read(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t room = 1 << 16, len = 0, n;
	char *text;

	if (!f)
		die(path, 0, "cannot be opened");
	text = grow(NULL, 0, room, 1);
	while ((n = fread(text + len, 1, room - len - 1, f))) {
		len += n;
		if (room - len < 2) {
			text = grow(text, room, 2 * room, 1);
			room *= 2;
		}
	}
	if (ferror(f))
		die(path, 0, "cannot be read");
	fclose(f);
	text[len] = 0;
	return text;
}

char *text_squeeze(const char *s, size_t len)
{
	char *out = grow(NULL, 0, len + 1, 1), *o = out;

	for (size_t i = 0; i < len; i++) {
		if (!isspace((unsigned char)s[i]))
			*o++ = s[i];
		else if (o > out && o[-1] != ' ')
			*o++ = ' ';
	}
	if (o > out && o[-1] == ' ')
		o--;
	*o = 0;
	return out;
}

char *text_printf(const char *fmt, ...)
{
	va_list ap;
	char *out;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	out = grow(NULL, 0, (size_t)len + 1, 1);
	va_start(ap, fmt);
	vsnprintf(out, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return out;
}

char *text_line(char **text)
{
	char *line = *text, *end;

	if (!*line)
		return NULL;
	end = strchr(line, '\n');
	*text = end ? end + 1 : line + strlen(line);
	if (end)
		*end = 0;
	return line;
}

char *text_word(char **text)
{
	char *word = *text + strspn(*text, " \t"), *end;

	if (!*word)
		return NULL;
	end = word + strcspn(word, " \t");
	*text = *end ? end + 1 : end;
	*end = 0;
	return word;
}

bool text_starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

bool text_ends(const char *s, const char *with)
{
	size_t len = strlen(s), n = strlen(with);

	return len >= n && !strcmp(s + len - n, with);
}

const char *text_close(const char *open)
{
	unsigned depth = 0;

	for (const char *p = open; *p; p++) {
		if (strchr("([", *p))
			depth++;
		else if (strchr(")]", *p) && !--depth)
			return p;
	}
	return NULL;
}

bool text_ident(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}
