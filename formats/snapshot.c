/* Opening a snapshot: which format it is of, and at which address it lies if it does not say so itself.
 * In:  FILE or FILE@ADDR
 * Out: an opened snapshot reader
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "formats.h"

/* ---- FILE[@ADDR] -------------------------------------------------------------------------------------------- */

/* What a user says. */
struct spec {
	char *path;
	bool has_base;
	uint64_t base;
};

/* A @ that no number follows belongs to the file's name. */
static int parse(struct spec *s, const char *text, struct sct_err *err)
{
	const char *at = strrchr(text, '@');
	char *end = NULL;

	*s = (struct spec){ .path = strdup(text) };
	if (!s->path)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory");
	if (!at || at == text || !isdigit((unsigned char)at[1]))
		return SCT_OK;
	errno = 0;
	s->base = strtoull(at + 1, &end, 0);
	if (*end)
		return SCT_OK;
	if (errno)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "the address %s has more than 64 bits", at + 1);
	s->path[at - text] = '\0';
	s->has_base = true;
	return SCT_OK;
}

/* ---- formats ------------------------------------------------------------------------------------------------ */

static const struct sct_snapshot_ops *find_reader(const char *name)
{
	for (unsigned i = 0; sct_snapshot_formats[i]; i++)
		if (!strcmp(sct_snapshot_formats[i]->name, name))
			return sct_snapshot_formats[i];
	return NULL;
}

/* The reader that is surest of this file; NULL: none knows it. */
static const struct sct_snapshot_ops *probe(const struct sct_file *file)
{
	const struct sct_snapshot_ops *best = NULL;
	int best_score = 0;

	for (unsigned i = 0; sct_snapshot_formats[i]; i++) {
		int score = sct_snapshot_formats[i]->probe(file);

		if (score > best_score) {
			best_score = score;
			best = sct_snapshot_formats[i];
		}
	}
	return best;
}

static int choose(struct sct_snapshot *s, const struct spec *spec, const char *format, struct sct_err *err)
{
	s->ops = format ? find_reader(format) : probe(&s->file);
	if (!s->ops && spec->has_base)
		s->ops = find_reader("raw"); /* its user knows where it lies, so it is an image */
	if (!s->ops)
		return sct_fail(err, SCT_E_FORMAT, 0, "not a snapshot of any known format (an image of memory needs its "
			"address: FILE@ADDR)");
	s->state = calloc(1, s->ops->state_size);
	return s->state ? SCT_OK : sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory");
}

/* The file on disk has other offsets than what it unpacks to. */
static void blame_unpacked(struct sct_err *err)
{
	struct sct_err said = *err;

	if (said.offset != SCT_NO_OFFSET)
		sct_fail(err, said.status, SCT_NO_OFFSET, "%.300s (at byte %" PRIu64 " of what it unpacks to)", said.text,
			said.offset);
}

int sct_snapshot_open(struct sct_snapshot *s, const char *text, const char *format, struct sct_err *err)
{
	struct spec spec;
	int rc;

	*s = (struct sct_snapshot){ .file.fd = -1 };
	if (format && !find_reader(format))
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "no snapshot format is called %s", format);
	rc = parse(&spec, text, err);
	if (rc == SCT_OK)
		rc = sct_file_open(&s->file, spec.path, err);
	if (rc == SCT_OK)
		rc = choose(s, &spec, format, err);
	if (rc == SCT_OK)
		rc = s->ops->open(s->state, &s->file, spec.has_base, spec.base, err);
	free(spec.path);
	if (rc < 0 && s->file.unpacked)
		blame_unpacked(err);
	if (rc < 0)
		sct_snapshot_close(s);
	return rc;
}

void sct_snapshot_close(struct sct_snapshot *s)
{
	if (s->state)
		s->ops->close(s->state);
	free(s->state);
	sct_file_close(&s->file);
	*s = (struct sct_snapshot){ .file.fd = -1 };
}

/* ---- where a PC's RAM is ------------------------------------------------------------------------------------ */

/* QEMU hw/i386/pc_piix.c, pc_init1(), with gigabyte_align: what is not of machine types before 2.0. */
uint64_t sct_pc_ram_address(uint64_t ram_size, uint64_t offset)
{
	const uint64_t fits = UINT64_C(0xe0000000), split = UINT64_C(0xc0000000), high = UINT64_C(1) << 32;
	uint64_t low = ram_size < fits ? fits : split;

	return offset < low ? offset : high + (offset - low);
}
