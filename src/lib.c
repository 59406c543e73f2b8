/* libsctrace's recordings: open, callbacks, run.
 * In:  a recording, a user's callbacks
 * Out: their calls, with the pipeline's own records
 */
#include "sctrace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "pipeline.h"
#include "sources.h"

enum watch_for { WATCH_NAME, WATCH_ALL, WATCH_UNKNOWN };

struct watch {
	enum watch_for what;
	enum sct_side side;
	const char *name; /* the table's own */
	sct_callback callback;
	void *ctx;
};

struct sct_recording {
	struct sct_sources sources;
	const struct sct_trace_info *info;
	struct sct_pipeline *pipeline;
	char *path, *profile; /* as the user gave them; profile NULL: the recording's own */
	char *specs[SCT_SNAPSHOTS_MAX]; /* of the snapshots that were added */
	unsigned nspecs;
	struct watch *watches;
	size_t nwatches;
	bool begun, stopped;
	char message[SCT_MESSAGE_SIZE];
};

const char *sct_version(void)
{
	return SCT_VERSION;
}

/* ---- messages --------------------------------------------------------------------------------------------- */

static void describe(char *message, const char *path, const struct sct_err *err)
{
	if (err->offset == SCT_NO_OFFSET)
		snprintf(message, SCT_MESSAGE_SIZE, "%s: %s", path, err->text);
	else
		snprintf(message, SCT_MESSAGE_SIZE, "%s: byte %llu: %s", path, (unsigned long long)err->offset, err->text);
}

static int fail(struct sct_recording *r, const char *fmt, const char *what)
{
	snprintf(r->message, sizeof r->message, fmt, what);
	return SCT_FAILED;
}

const char *sct_recording_message(const struct sct_recording *r)
{
	return r->message;
}

/* ---- open and close --------------------------------------------------------------------------------------- */

/* Negative: *blame is the file that err speaks of, as long as r. */
static int open_sources(struct sct_recording *r, const char *path, const char *profile, const char **blame,
                        struct sct_err *err)
{
	struct sct_sources_spec spec = { .threads = 1 };

	*blame = path;
	r->sources.parts = (struct sct_parts){ .fds = { -1, -1 } }; /* closed in every case */
	spec.trace = r->path = strdup(path);
	spec.profile = r->profile = profile ? strdup(profile) : NULL;
	if (!r->path || (profile && !r->profile))
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "out of memory");
	if (profile && !sct_abi_profile_arch(profile))
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "no profile called '%s'", profile);
	if (!sct_sources_open(&r->sources, &spec, err))
		return SCT_OK;
	*blame = r->sources.blame;
	return err->status;
}

struct sct_recording *sct_recording_open_as(const char *path, const char *profile, char message[SCT_MESSAGE_SIZE])
{
	struct sct_recording *r = calloc(1, sizeof *r);
	const char *blame = path;
	struct sct_err err;

	if (!r)
		sct_fail(&err, SCT_E_NOMEM, SCT_NO_OFFSET, "out of memory");
	else if (!open_sources(r, path, profile, &blame, &err)) {
		r->info = r->sources.trace.ops->info(r->sources.trace.state);
		return r;
	}
	if (message)
		describe(message, blame, &err);
	sct_recording_close(r);
	return NULL;
}

struct sct_recording *sct_recording_open(const char *path, char message[SCT_MESSAGE_SIZE])
{
	return sct_recording_open_as(path, NULL, message);
}

void sct_recording_close(struct sct_recording *r)
{
	if (!r)
		return;
	sct_pipeline_free(r->pipeline);
	sct_sources_close(&r->sources);
	while (r->nspecs)
		free(r->specs[--r->nspecs]);
	free(r->watches);
	free(r->profile);
	free(r->path);
	free(r);
}

const char *sct_recording_format(const struct sct_recording *r)
{
	return r->info->format;
}

const char *sct_recording_recorder(const struct sct_recording *r)
{
	return r->info->recorder;
}

const char *sct_recording_emulator(const struct sct_recording *r)
{
	return r->info->emulator;
}

const char *sct_recording_arch(const struct sct_recording *r)
{
	return r->info->arch ? r->info->arch->name : NULL;
}

unsigned sct_recording_vcpus(const struct sct_recording *r)
{
	return r->info->vcpus;
}

/* ---- callbacks -------------------------------------------------------------------------------------------- */

static int add(struct sct_recording *r, struct watch watch)
{
	struct watch *w;

	if (r->begun)
		return fail(r, "%s: callbacks can only be added before the run", r->path);
	w = realloc(r->watches, (r->nwatches + 1) * sizeof *w);
	if (!w)
		return fail(r, "%s: out of memory", r->path);
	r->watches = w;
	w[r->nwatches++] = watch;
	return SCT_COMPLETE;
}

int sct_recording_on(struct sct_recording *r, enum sct_side side, const char *name, sct_callback callback, void *ctx)
{
	const char *found = sct_call_name(name);

	if (!found)
		return fail(r, "no table has a call named '%s'", name);
	return add(r, (struct watch){ WATCH_NAME, side, found, callback, ctx });
}

int sct_recording_on_all(struct sct_recording *r, enum sct_side side, sct_callback callback, void *ctx)
{
	return add(r, (struct watch){ WATCH_ALL, side, NULL, callback, ctx });
}

int sct_recording_on_unknown(struct sct_recording *r, enum sct_side side, sct_callback callback, void *ctx)
{
	return add(r, (struct watch){ WATCH_UNKNOWN, side, NULL, callback, ctx });
}

static bool wants(const struct watch *w, enum sct_side side, const struct sct_record *record)
{
	if (w->side != side)
		return false;
	switch (w->what) {
	case WATCH_ALL: return true;
	case WATCH_UNKNOWN: return !record->name;
	case WATCH_NAME: return record->name && !strcmp(w->name, record->name);
	}
	return false;
}

/* Calls who asked for this record; once somebody has ended the run, nobody any more. */
static int deliver(struct sct_recording *r, enum sct_side side, const struct sct_record *record, struct sct_err *err)
{
	for (size_t i = 0; i < r->nwatches && !r->stopped; i++)
		if (wants(&r->watches[i], side, record))
			r->stopped = r->watches[i].callback(r->watches[i].ctx, record) != 0;
	return r->stopped ? sct_fail(err, SCT_E_INTERRUPTED, SCT_NO_OFFSET, "ended by a callback") : SCT_OK;
}

static int on_enter(void *ctx, const struct sct_record *record, struct sct_err *err)
{
	return deliver(ctx, SCT_ENTRY, record, err);
}

static int on_end(void *ctx, const struct sct_record *record, struct sct_err *err)
{
	return deliver(ctx, SCT_RETURN, record, err);
}

/* ---- run -------------------------------------------------------------------------------------------------- */

/* A pipeline with that profile in place of the one there is, if any. */
static int prepare(struct sct_recording *r, const char *profile)
{
	struct sct_pipeline_options options = {
		.profile = profile, .limits = sct_limits_default, .snapshots = r->sources.snapshots,
		.nsnapshots = r->sources.nsnapshots, .types = sct_sources_types(&r->sources),
	};
	const struct sct_pipeline_ops ops = { .enter = on_enter, .end = on_end, .ctx = r };
	struct sct_pipeline *p;
	struct sct_err err;

	if (sct_sources_os(&r->sources, &options.os, &err) ||
	    sct_pipeline_new(&p, &r->sources.trace, &options, &ops, &err)) {
		describe(r->message, r->path, &err);
		return SCT_FAILED;
	}
	sct_pipeline_free(r->pipeline);
	r->pipeline = p;
	return SCT_COMPLETE;
}

int sct_recording_set_profile(struct sct_recording *r, const char *profile)
{
	char *copy;

	if (r->begun)
		return fail(r, "%s: the profile can only be set before the run", r->path);
	if (prepare(r, profile))
		return SCT_FAILED;
	copy = profile ? strdup(profile) : NULL;
	if (profile && !copy)
		return fail(r, "%s: out of memory", r->path);
	free(r->profile);
	r->profile = copy;
	return SCT_COMPLETE;
}

int sct_recording_add_snapshot(struct sct_recording *r, const char *snapshot)
{
	struct sct_err err;
	char *spec;

	if (r->begun)
		return fail(r, "%s: snapshots can only be added before the run", r->path);
	spec = strdup(snapshot);
	if (!spec)
		return fail(r, "%s: out of memory", r->path);
	if (sct_sources_add(&r->sources, spec, NULL, &err)) {
		describe(r->message, spec, &err);
		free(spec);
		return SCT_FAILED;
	}
	r->specs[r->nspecs++] = spec;
	/* a pipeline that set_profile has made does not know of it */
	return r->pipeline ? prepare(r, r->profile) : SCT_COMPLETE;
}

/* The library writes no file that it was not told to: there is no cache without a folder. */
int sct_recording_add_types(struct sct_recording *r, const char *types, const char *cache)
{
	const struct sct_types_how how = { .cache = cache, .no_cache = !cache };
	struct sct_err err;

	if (r->begun)
		return fail(r, "%s: types can only be added before the run", r->path);
	if (r->pipeline) /* it may keep what it made of those that there are */
		sct_pipeline_free(r->pipeline);
	r->pipeline = NULL;
	if (!sct_sources_add_types(&r->sources, types, &how, &err))
		return SCT_COMPLETE;
	describe(r->message, types, &err);
	return SCT_FAILED;
}

/* What a run that came to its end has met. */
static int outcome(struct sct_recording *r)
{
	const struct sct_damage *damage = r->sources.trace.ops->damage(r->sources.trace.state);
	const struct sct_pipeline_counts *c = sct_pipeline_counts(r->pipeline);
	uint64_t missing = c->no_abi + c->no_thread + c->detect.unknown_mode + c->detect.unseen + c->holes +
	                   damage->unproven;
	uint64_t different = c->reads.different + c->code.different + c->unmapped;
	const struct sct_linux_report *kernel = r->sources.os.state ? sct_linux_report(&r->sources.os) : NULL;
	const struct sct_err *snapshot;
	const char *name;

	if (damage->first.status)
		describe(r->message, r->path, &damage->first);
	else if ((snapshot = sct_sources_damage(&r->sources, &name)))
		describe(r->message, name, snapshot);
	else if (damage->truncated)
		fail(r, "%s: the recording was not closed: its end may be missing", r->path);
	else if (missing)
		snprintf(r->message, sizeof r->message,
		         "%s: %llu calls may be missing: instruction, convention, thread or CPU mode are not known", r->path,
		         (unsigned long long)missing);
	else if (different)
		snprintf(r->message, sizeof r->message,
		         "%s: in %llu places trace and snapshot disagree: memory may be wrong", r->path,
		         (unsigned long long)different);
	else if (kernel && (kernel->state == SCT_LINUX_OTHER_KERNEL || kernel->mixed))
		snprintf(r->message, sizeof r->message, "%s: the types are of another kernel: of '%.400s', the recording is of "
		         "'%.400s'", r->path, kernel->expected, kernel->found);
	else
		return SCT_COMPLETE;
	return SCT_DAMAGED;
}

int sct_recording_run(struct sct_recording *r)
{
	struct sct_err err;
	int status;

	if (r->begun)
		return fail(r, "%s: has been run already", r->path);
	if (!r->pipeline && prepare(r, r->profile))
		return SCT_FAILED;
	r->begun = true;
	status = sct_pipeline_run(r->pipeline, &err);
	if (!status)
		return outcome(r);
	describe(r->message, r->path, &err);
	if (r->stopped)
		return SCT_STOPPED;
	return status == SCT_E_FORMAT || status == SCT_E_TRUNCATED ? SCT_DAMAGED : SCT_FAILED;
}
