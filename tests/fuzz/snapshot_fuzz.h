/* What fuzz targets of snapshot readers do: open bytes as a snapshot, hold what it says of itself against its promises,
 * read here and there.
 * In:  bytes, the reader's name
 * Out: nothing, or an abort
 */
#ifndef SCT_FUZZ_SNAPSHOT_H
#define SCT_FUZZ_SNAPSHOT_H

#include <string.h>

#include "../../formats/formats.h"
#include "memory_file.h"

enum { FUZZ_RANGES = 32, FUZZ_READ = 3 * 4096 + 5 };

/* How many bytes from addr on lie in ranges without a break, max at most. */
static inline uint64_t fuzz_promised(const struct sct_snapshot_info *info, uint64_t addr, uint64_t max)
{
	uint64_t at = addr;

	for (size_t i = 0; i < info->nranges; i++) {
		const struct sct_range *r = &info->ranges[i];

		if (at >= r->addr && at - r->addr < r->size)
			at = r->addr + r->size;
		if (at - addr >= max)
			return max;
	}
	return at - addr;
}

/* A read keeps within the buffer (the sanitizer sees to that) and within the ranges. */
static inline void fuzz_read(const struct sct_snapshot *s, uint64_t addr, size_t len)
{
	uint8_t *buf = malloc(len);
	size_t n = s->ops->read(s->state, addr, buf, len);

	if (n > len || n > fuzz_promised(sct_snapshot_info(s), addr, len))
		abort();
	free(buf);
}

static inline void fuzz_info(const struct sct_snapshot_info *info)
{
	if (!info->format || (info->nranges && !info->ranges) || (info->ncpus && (!info->cpus || !info->arch)))
		abort();
	if (info->arch && (!info->arch_name || strcmp(info->arch_name, info->arch->name)))
		abort();
	for (size_t i = 0; i < info->nranges; i++) {
		const struct sct_range *r = &info->ranges[i];

		if (!r->size || r->addr + (r->size - 1) < r->addr)
			abort();
		if (i && (r->addr < r[-1].addr || r->addr - r[-1].addr < r[-1].size))
			abort();
	}
	for (const struct sct_count *c = info->counts; c && c->name; c++)
		if (!*c->name)
			abort();
	if (info->damage.status > 0 || (info->damage.status && !*info->damage.text))
		abort();
}

static inline void fuzz_spread(const struct sct_snapshot *s)
{
	static const uint64_t fixed[] = { 0, 0xfff, 0x9ffff, 0xfffff, 0x100000, 0xbfffffff, 0x100000000, UINT64_MAX - 9 };
	const struct sct_snapshot_info *info = sct_snapshot_info(s);

	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		fuzz_read(s, fixed[i], FUZZ_READ);
	for (size_t i = 0; i < info->nranges && i < FUZZ_RANGES; i++) {
		const struct sct_range *r = &info->ranges[i];

		fuzz_read(s, r->addr, 1);
		fuzz_read(s, r->addr - 1, 2);
		fuzz_read(s, r->addr + r->size / 2, FUZZ_READ);
		fuzz_read(s, r->addr + r->size - 1, FUZZ_READ);
		fuzz_read(s, r->addr + r->size, 1);
	}
}

/* base: what follows the file's name, "@0x1000" or "". */
static inline void fuzz_snapshot(const char *format, const char *base, const uint8_t *data, size_t size)
{
	struct sct_snapshot s;
	struct sct_err err = { 0 };
	char path[64], spec[128];
	int rc, fd = memory_file(data, size, path);

	snprintf(spec, sizeof spec, "%s%s", path, base);
	rc = sct_snapshot_open(&s, spec, format, &err);
	if (rc == SCT_OK) {
		fuzz_info(sct_snapshot_info(&s));
		fuzz_spread(&s);
		sct_snapshot_close(&s);
	} else if (rc > 0 || err.status != rc || !*err.text) {
		abort();
	}
	close(fd);
}

#endif
