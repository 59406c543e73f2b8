/* Builds small migration streams by hand, record by record, after QEMU's migration/savevm.c and ram.c.
 * In:  sections and pages
 * Out: the stream, or a file with it
 */
#ifndef SCT_TEST_MIGRATION_BUILD_H
#define SCT_TEST_MIGRATION_BUILD_H

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../src/record/bytes.h"

enum { RAM_ID = 2, MEM_SIZE = 0x04, ZERO = 0x02, PAGE = 0x08, EOS = 0x10, CONTINUE = 0x20 };
enum { START = 1, PART = 2, END = 3, FULL = 4 };

static inline void put_be(struct sct_bytes *b, uint64_t v, unsigned size)
{
	for (unsigned i = size; i-- > 0;)
		sct_put_u8(b, (uint8_t)(v >> (8 * i)));
}

/* A length in one byte, and as many characters. */
static inline void put_name(struct sct_bytes *b, const char *name)
{
	sct_put_u8(b, (uint8_t)strlen(name));
	sct_put(b, name, strlen(name));
}

/* The stream's beginning; without a machine as old versions have it. */
static inline void put_head(struct sct_bytes *b, const char *machine)
{
	sct_put(b, "QEVM", 4);
	put_be(b, 3, 4);
	if (!machine)
		return;
	sct_put_u8(b, 7);
	put_be(b, strlen(machine), 4);
	sct_put(b, machine, strlen(machine));
}

static inline void put_section(struct sct_bytes *b, unsigned kind, uint32_t id, const char *name, uint32_t instance)
{
	sct_put_u8(b, (uint8_t)kind);
	put_be(b, id, 4);
	if (kind != START && kind != FULL)
		return;
	put_name(b, name);
	put_be(b, instance, 4);
	put_be(b, 4, 4);
}

static inline void put_footer(struct sct_bytes *b, uint32_t id)
{
	sct_put_u8(b, 0x7e);
	put_be(b, id, 4);
}

static inline void put_word(struct sct_bytes *b, uint64_t offset, unsigned flags)
{
	put_be(b, offset | flags, 8);
}

/* The section that begins the RAM: one block pc.ram and one that lies nobody knows where. */
static inline void put_ram_start(struct sct_bytes *b, uint64_t ram_size)
{
	put_section(b, START, RAM_ID, "ram", 0);
	put_word(b, ram_size + 0x2000, MEM_SIZE);
	put_name(b, "pc.ram");
	put_be(b, ram_size, 8);
	put_name(b, "vga.vram");
	put_be(b, 0x2000, 8);
	put_word(b, 0, EOS);
	put_footer(b, RAM_ID);
}

/* A page; block NULL: that of the page before. content 0: as the one byte that fills it, else raw. */
static inline void put_page(struct sct_bytes *b, const char *block, uint64_t offset, uint8_t content)
{
	uint8_t page[4096];

	put_word(b, offset, (content ? PAGE : ZERO) | (block ? 0 : CONTINUE));
	if (block)
		put_name(b, block);
	memset(page, content, sizeof page);
	sct_put(b, page, content ? sizeof page : 1);
}

/* The end mark and the description of the devices, which may be NULL. */
static inline void put_end(struct sct_bytes *b, const char *description)
{
	sct_put_u8(b, 0);
	if (!description)
		return;
	sct_put_u8(b, 6);
	put_be(b, strlen(description), 4);
	sct_put(b, description, strlen(description));
}

/* Writes to path where the bytes can be opened as a file, until the result is closed. */
static inline int as_file(const struct sct_bytes *b, char path[64])
{
	int fd = memfd_create("stream", MFD_CLOEXEC);

	if (fd < 0 || write(fd, b->data, b->len) != (ssize_t)b->len)
		abort();
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

#endif
