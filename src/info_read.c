/* Memory out of snapshots, as bytes.
 * In:  ADDR+LEN, snapshots that lie on top of each other
 * Out: these bytes on standard output
 */
#include "info.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sources.h"

enum { BLOCK = 1 << 20, PAGE = 4096 };

/* A stretch of memory, and which bytes of it are known. */
struct block {
	uint64_t addr;
	size_t size;
	uint8_t bytes[BLOCK], known[BLOCK];
};

static const char *number(const char *text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	return isdigit((unsigned char)*text) && !errno ? end : NULL;
}

int sct_info_read_parse(struct sct_info_read *read, const char *text, struct sct_err *err)
{
	const char *end = number(text, &read->addr);

	end = end && *end == '+' ? number(end + 1, &read->size) : NULL;
	if (!end || *end || !read->size)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "is not ADDR+LEN");
	if (read->size - 1 > UINT64_MAX - read->addr)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "goes beyond the last address");
	return SCT_OK;
}

/* What one snapshot has of one of its ranges; a page that is missing there is stepped over. */
static void take(struct block *b, const struct sct_snapshot *s, uint64_t addr, uint64_t size)
{
	while (size) {
		size_t at = (size_t)(addr - b->addr), n = s->ops->read(s->state, addr, b->bytes + at, (size_t)size);

		memset(b->known + at, 1, n);
		if (!n)
			n = PAGE - addr % PAGE;
		if (n >= size)
			return;
		addr += n;
		size -= n;
	}
}

static void overlay(struct block *b, const struct sct_snapshot *s)
{
	const struct sct_snapshot_info *info = sct_snapshot_info(s);

	for (size_t i = 0; i < info->nranges; i++) {
		const struct sct_range *r = &info->ranges[i];
		uint64_t from = r->addr > b->addr ? r->addr : b->addr;
		uint64_t last = r->addr + (r->size - 1), end = b->addr + (b->size - 1);

		if (r->size && from <= end && b->addr <= last)
			take(b, s, from, (last < end ? last : end) - from + 1);
	}
}

/* Writes the block up to its first unknown byte. Returns an exit status. */
static int put(const struct block *b)
{
	const uint8_t *missing = memchr(b->known, 0, b->size);
	size_t n = missing ? (size_t)(missing - b->known) : b->size;

	if (fwrite(b->bytes, 1, n, stdout) < n || (missing && fflush(stdout))) {
		perror("sctrace-info: standard output");
		return EXIT_FAILURE;
	}
	if (!missing)
		return EXIT_SUCCESS;
	fprintf(stderr, "sctrace-info: --read: no snapshot has address 0x%llx\n", (unsigned long long)(b->addr + n));
	return SCT_INFO_DAMAGED;
}

static int write_all(const struct sct_info_read *read, const struct sct_snapshot *snapshots, unsigned n)
{
	struct block *b = malloc(sizeof *b);
	uint64_t left = read->size;
	int status = EXIT_SUCCESS;

	if (!b) {
		fputs("sctrace-info: out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	for (b->addr = read->addr; left && !status; b->addr += b->size, left -= b->size) {
		b->size = left < BLOCK ? (size_t)left : BLOCK;
		memset(b->bytes, 0, b->size);
		memset(b->known, read->zero_fill, b->size);
		for (unsigned i = 0; i < n; i++)
			overlay(b, &snapshots[i]);
		status = put(b);
	}
	free(b);
	return status;
}

static int open_all(struct sct_snapshot *snapshots, char **names, unsigned *n)
{
	struct sct_err err;

	for (*n = 0; *names; names++) {
		if (*n == SCT_SNAPSHOTS_MAX)
			sct_fail(&err, SCT_E_USAGE, SCT_NO_OFFSET, "more than %d snapshots", SCT_SNAPSHOTS_MAX);
		else if (!sct_snapshot_open(&snapshots[*n], *names, NULL, &err)) {
			++*n;
			continue;
		}
		sct_info_say(*names, &err);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

int sct_info_read(const struct sct_info_read *read, char **names)
{
	struct sct_snapshot snapshots[SCT_SNAPSHOTS_MAX];
	unsigned n;
	int status = open_all(snapshots, names, &n);

	if (!status)
		status = write_all(read, snapshots, n);
	if (!status && fflush(stdout)) {
		perror("sctrace-info: standard output");
		status = EXIT_FAILURE;
	}
	while (n)
		sct_snapshot_close(&snapshots[--n]);
	return status;
}
