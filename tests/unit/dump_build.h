/* Opens dumps that tests made, and asks what is in them.
 * In:  bytes, or the path of a file
 * Out: an opened snapshot
 */
#ifndef SCT_TEST_DUMP_BUILD_H
#define SCT_TEST_DUMP_BUILD_H

#include <check.h>
#include <string.h>

#include "../../formats/formats.h"
#include "../../src/record/bytes.h"
#include "../fuzz/memory_file.h"

static struct sct_bytes image; /* to be opened */
static struct sct_snapshot s;
static struct sct_err err;
static const struct sct_snapshot_info *info; /* of s; NULL: it is not open */

/* Opens the image; base: what follows the file's name, "@0x1000" or "". */
static inline int open_image(const char *format, const char *base)
{
	char path[64], spec[128];
	int rc, fd = memory_file(image.data, image.len, path);

	memset(&err, 0, sizeof err);
	snprintf(spec, sizeof spec, "%s%s", path, base);
	rc = sct_snapshot_open(&s, spec, format, &err);
	close(fd);
	info = rc == SCT_OK ? sct_snapshot_info(&s) : NULL;
	return rc;
}

static inline void open_path(const char *path)
{
	ck_assert_msg(sct_snapshot_open(&s, path, NULL, &err) == SCT_OK, "%s: %s", path, err.text);
	info = sct_snapshot_info(&s);
}

static inline void close_image(void)
{
	if (info)
		sct_snapshot_close(&s);
	info = NULL;
	sct_bytes_fini(&image);
}

static inline void ck_open(const char *format, const char *base)
{
	ck_assert_msg(open_image(format, base) == SCT_OK, "%s", err.text);
	ck_assert_msg(!info->damage.status, "%s", info->damage.text);
	ck_assert_str_eq(info->format, format);
}

/* The bytes from addr on are the len at data, and nothing is known behind them. */
static inline void ck_memory(uint64_t addr, const void *data, size_t len)
{
	uint8_t *buf = malloc(len + 1);

	ck_assert_uint_eq(s.ops->read(s.state, addr, buf, len + 1), len);
	ck_assert_mem_eq(buf, data, len);
	free(buf);
}

static inline bool knows(unsigned cpu, const char *name)
{
	uint64_t value;

	return sct_regs_get(&info->cpus[cpu], sct_arch_reg(info->arch, name), &value);
}

static inline uint64_t reg(unsigned cpu, const char *name)
{
	const struct sct_reg *r = sct_arch_reg(info->arch, name);
	uint64_t value = 0;

	ck_assert_msg(r && sct_regs_get(&info->cpus[cpu], r, &value), "%s of CPU %u is not known", name, cpu);
	return value;
}

static inline uint64_t count(const char *name)
{
	for (const struct sct_count *c = info->counts; c->name; c++)
		if (!strcmp(c->name, name))
			return c->count;
	ck_abort_msg("no count is called %s", name);
	return 0;
}

static inline void ck_range(size_t i, uint64_t addr, uint64_t size, unsigned flags)
{
	ck_assert_uint_lt(i, info->nranges);
	ck_assert_uint_eq(info->ranges[i].addr, addr);
	ck_assert_uint_eq(info->ranges[i].size, size);
	ck_assert_uint_eq(info->ranges[i].flags, flags);
}

/* What the firmware of fixtures/snapshots/make.py left in memory and registers of a machine that QEMU dumped. */
static inline void ck_tiny(unsigned ncpus)
{
	uint8_t buf[4] = { 0 };

	ck_assert_int_eq(info->damage.status, 0);
	ck_assert_str_eq(info->producer, "QEMU");
	ck_assert_str_eq(info->arch->name, "i386"); /* no CPU is in long mode */
	ck_assert_uint_eq(info->ncpus, ncpus);
	ck_assert(!info->program);
	ck_assert_uint_eq(info->nranges, 2);
	ck_range(0, 0, 0x100000, SCT_RANGE_WRITE);
	ck_range(1, 0xffff0000, 0x10000, SCT_RANGE_WRITE);
	ck_assert_uint_eq(s.ops->read(s.state, 0x12350, buf, 2), 2);
	ck_assert_mem_eq(buf, "\xef\xbe", 2);
	ck_memory(0xfffffff0, "\xea\0\0\0\xf0\0\0\0\0\0\0\0\0\0\0\0", 16);
	ck_assert_uint_eq(reg(0, "eax"), 0x1234);
	ck_assert_uint_eq(reg(0, "edx"), 0x23456789);
	ck_assert_uint_eq(reg(0, "edi"), 0x7003);
	ck_assert_uint_eq(reg(0, "eip"), 0x25);
	ck_assert_uint_eq(reg(0, "cs"), 0xf000);
	ck_assert_uint_eq(reg(0, "ds"), 0x1234);
	ck_assert_uint_eq(reg(0, "cr0"), 0x60000010);
	ck_assert(!knows(0, "efer"));
	if (ncpus > 1)
		ck_assert_uint_eq(reg(1, "eip"), 0xfff0);
}

/* ---- notes --------------------------------------------------------------------------------------------------- */

static inline void put_zeros(struct sct_bytes *b, size_t size)
{
	while (size--)
		sct_put_u8(b, 0);
}

static inline void put_note(struct sct_bytes *b, const char *name, uint32_t type, const void *data, size_t size)
{
	size_t n = strlen(name) + 1;

	sct_put_le(b, n, 4);
	sct_put_le(b, size, 4);
	sct_put_le(b, type, 4);
	sct_put(b, name, n);
	put_zeros(b, -n & 3);
	sct_put(b, data, size);
	put_zeros(b, -size & 3);
}

/* NT_PRSTATUS of x86_64 or i386: register number i of user_regs_struct holds first + i. */
static inline void put_status(struct sct_bytes *b, unsigned word, unsigned first)
{
	struct sct_bytes d = { 0 };

	put_zeros(&d, word == 8 ? 112 : 72);
	for (unsigned i = 0; i < (word == 8 ? 27 : 17); i++)
		sct_put_le(&d, first + i, word);
	put_zeros(&d, word);
	put_note(b, "CORE", 1, d.data, d.len);
	sct_bytes_fini(&d);
}

/* QEMU's: the word at offset 8 + 8 * i holds first + i. */
static inline void put_qemu(struct sct_bytes *b, unsigned first)
{
	struct sct_bytes d = { 0 };

	sct_put_le(&d, 1, 4);
	sct_put_le(&d, 440, 4);
	for (unsigned i = 0; i < 54; i++)
		sct_put_le(&d, first + i, 8);
	put_note(b, "QEMU", 0, d.data, d.len);
	sct_bytes_fini(&d);
}

#endif
