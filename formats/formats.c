/* The tables of all formats, and which of them a file is.
 * In:  a path or a name
 * Out: an opened trace, or a log writer
 */
#include "formats.h"

#include <stdlib.h>
#include <string.h>

extern const struct sct_trace_ops sct_trace_sctrace, sct_trace_panda, sct_trace_tenet, sct_trace_qemu,
	sct_trace_execlog;
extern const struct sct_snapshot_ops sct_mem_migration, sct_mem_qcow2, sct_mem_elf, sct_mem_kdump, sct_mem_lime,
	sct_mem_avml, sct_mem_raw;
extern const struct sct_sink_ops sct_sink_jsonl, sct_sink_json, sct_sink_pandalog;

const struct sct_trace_ops *const sct_trace_formats[] = {
	&sct_trace_sctrace,
	&sct_trace_panda,
	&sct_trace_tenet,
	&sct_trace_qemu,
	&sct_trace_execlog,
	NULL,
};

const struct sct_snapshot_ops *const sct_snapshot_formats[] = {
	&sct_mem_migration,
	&sct_mem_qcow2,
	&sct_mem_elf,
	&sct_mem_kdump,
	&sct_mem_lime,
	&sct_mem_avml,
	&sct_mem_raw,
	NULL,
};

const struct sct_sink_ops *const sct_sink_formats[] = {
	&sct_sink_jsonl,
	&sct_sink_json,
	&sct_sink_pandalog,
	NULL,
};

const char *const sct_level_names[3] = { "syscalls", "blocks", "full" };

/* ---- traces ------------------------------------------------------------------------------------------------- */

static const struct sct_trace_ops *find_reader(const char *name)
{
	for (unsigned i = 0; sct_trace_formats[i]; i++)
		if (!strcmp(sct_trace_formats[i]->name, name))
			return sct_trace_formats[i];
	return NULL;
}

/* The reader that is surest of these bytes; NULL: none knows them. */
static const struct sct_trace_ops *probe(const uint8_t *data, size_t size)
{
	const struct sct_trace_ops *best = NULL;
	int best_score = 0;

	for (unsigned i = 0; sct_trace_formats[i]; i++) {
		int score = sct_trace_formats[i]->probe(data, size);

		if (score > best_score) {
			best_score = score;
			best = sct_trace_formats[i];
		}
	}
	return best;
}

/* Why there is not one piece of input. */
static int no_piece(struct sct_input *in, struct sct_err *err)
{
	struct sct_piece piece;
	int rc = sct_input_next(in, &piece, err);

	return rc < 0 ? rc : sct_fail(err, SCT_E_FORMAT, 0, "it unpacks to nothing");
}

static int choose(struct sct_trace *t, const char *name, struct sct_err *err)
{
	size_t size;
	const uint8_t *data = sct_input_peek(t->in, &size);

	if (!data)
		return no_piece(t->in, err);
	t->ops = name ? find_reader(name) : probe(data, size);
	if (!t->ops)
		return sct_fail(err, SCT_E_FORMAT, 0, "not a recording of any known format");
	return SCT_OK;
}

int sct_trace_open(struct sct_trace *t, const char *path, const struct sct_trace_options *options, struct sct_err *err)
{
	memset(t, 0, sizeof *t);
	if (options->format && !find_reader(options->format))
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "no trace format is called %s", options->format);
	if (sct_input_open(path, options->threads, &t->in, err) < 0)
		return err->status;
	if (choose(t, options->format, err) == SCT_OK) {
		t->state = calloc(1, t->ops->state_size);
		if (!t->state)
			sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory");
		else if (t->ops->open(t->state, t->in, &options->hints, err) == SCT_OK)
			return SCT_OK;
	}
	sct_trace_close(t);
	return err->status;
}

void sct_trace_close(struct sct_trace *t)
{
	if (t->state)
		t->ops->close(t->state);
	free(t->state);
	sct_input_close(t->in);
	memset(t, 0, sizeof *t);
}

/* ---- log writers -------------------------------------------------------------------------------------------- */

const struct sct_sink_ops *sct_sink_find(const char *name)
{
	for (unsigned i = 0; sct_sink_formats[i]; i++)
		if (!strcmp(sct_sink_formats[i]->name, name))
			return sct_sink_formats[i];
	return NULL;
}

const struct sct_sink_ops *sct_sink_by_path(const char *path)
{
	size_t len = strlen(path);

	for (unsigned i = 0; sct_sink_formats[i]; i++) {
		size_t n = strlen(sct_sink_formats[i]->ending);

		if (len > n && !strcmp(path + len - n, sct_sink_formats[i]->ending))
			return sct_sink_formats[i];
	}
	return NULL;
}
