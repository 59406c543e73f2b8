/* What both generators need of text: whole files, words, messages.
 *
 * The generators run once and end; what they allocate lives as long as they do.
 */
#ifndef PROTOTYPES_TEXT_H
#define PROTOTYPES_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Ends the program with status 1 after one line on standard error: "FILE:LINE: text", without the place when file is
 * NULL, without the line when it is 0. */
_Noreturn void die(const char *file, unsigned line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Memory for count elements of size bytes, zeroed; old is what it was before, used its elements. */
void *grow(void *old, size_t used, size_t count, size_t size);
/* The bytes of a file with a NUL behind them; dies when it cannot be read. */
char *text_read(const char *path);
/* A copy of len bytes without white space at both ends and with single spaces inside. */
char *text_squeeze(const char *s, size_t len);
char *text_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Cuts the next line off *text: NUL in place of its line break, *text behind it; NULL at the end. */
char *text_line(char **text);
/* Cuts the next word off *text, likewise; NULL when only white space is left. */
char *text_word(char **text);
bool text_starts(const char *s, const char *with);
bool text_ends(const char *s, const char *with);
/* The bracket that closes the one at open, or NULL: none does. */
const char *text_close(const char *open);
/* Is c part of a C identifier? */
bool text_ident(char c);

#endif
