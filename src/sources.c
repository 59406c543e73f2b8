/* The files of one recording, opened together: each may say what another one needs to be understood.
 * In:  what a user names
 * Out: an opened trace, opened snapshots, the types of the kernel
 */
#include "sources.h"

#include <stdlib.h>
#include <string.h>

#include "abi.h"

static int fail_at(struct sct_sources *s, const char *blame, struct sct_err *err)
{
	s->blame = blame;
	return err->status;
}

static int add(struct sct_sources *s, const char *spec, const char *name, const char *format, struct sct_err *err)
{
	if (sct_snapshot_open(&s->snapshots[s->nsnapshots], spec, format, err))
		return fail_at(s, name, err);
	s->names[s->nsnapshots++] = name;
	return SCT_OK;
}

static int open_snapshots(struct sct_sources *s, const struct sct_sources_spec *spec, struct sct_err *err)
{
	bool archive = s->parts.fds[0] >= 0 || s->parts.fds[1] >= 0;
	int r = SCT_OK;

	if (s->parts.snapshot)
		r = add(s, s->parts.snapshot, archive ? spec->trace : s->parts.snapshot, NULL, err);
	for (unsigned i = 0; i < spec->nsnapshots && !r; i++)
		r = add(s, spec->snapshots[i], spec->snapshots[i], spec->snapshot_format, err);
	return r;
}

/* What the other files and the profile tell of a trace. */
static struct sct_trace_hints hints(const struct sct_sources *s, const struct sct_sources_spec *spec)
{
	struct sct_trace_hints h = { .nondet = s->nondet };

	if (spec->profile)
		h.arch = sct_abi_profile_arch(spec->profile);
	for (unsigned i = 0; i < s->nsnapshots && !h.ram_size; i++)
		h.ram_size = sct_snapshot_info(&s->snapshots[i])->ram_size;
	return h;
}

/* What the first snapshot that names an architecture says: of the program, perhaps, and not of the machine it runs
 * on. */
static const struct sct_arch *snapshots_arch(const struct sct_sources *s)
{
	const struct sct_arch *arch = NULL;

	for (unsigned i = 0; i < s->nsnapshots && !arch; i++)
		arch = sct_snapshot_info(&s->snapshots[i])->arch;
	return arch;
}

/* Whether it is the log that cannot be opened. */
static bool is_bad_log(struct sct_sources *s, uint64_t ram_size, struct sct_err *err)
{
	struct sct_nondet *log;
	struct sct_err fault;

	if (sct_nondet_open(&log, s->nondet, ram_size, &fault) < 0) {
		*err = fault;
		return true;
	}
	sct_nondet_close(log);
	return false;
}

/* Opens it again with other hints where it refuses these. */
static int try_trace(struct sct_sources *s, struct sct_trace_options *to, bool own_nondet, struct sct_err *err)
{
	int r = sct_trace_open(&s->trace, s->parts.trace, to, err);

	if (!strcmp(s->parts.trace, "-"))
		return r;
	if (r == SCT_E_USAGE && s->nondet && own_nondet) {
		/* nobody asked for the log that lies beside this trace, and the trace has no use for it */
		s->nondet = to->hints.nondet = NULL;
		r = sct_trace_open(&s->trace, s->parts.trace, to, err);
	}
	if (r == SCT_E_USAGE && !to->hints.arch && snapshots_arch(s)) {
		to->hints.arch = snapshots_arch(s);
		r = sct_trace_open(&s->trace, s->parts.trace, to, err);
	}
	return r;
}

static int open_trace(struct sct_sources *s, const struct sct_sources_spec *spec, struct sct_err *err)
{
	struct sct_trace_options to = { .format = spec->trace_format, .threads = spec->threads, .hints = hints(s, spec) };
	int r;

	if (!s->parts.trace) {
		sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET,
		         "is a recording without a trace; PANDA makes one from it: -replay NAME -panda trace:log=NAME.trace");
		return fail_at(s, spec->trace, err);
	}
	r = try_trace(s, &to, !spec->nondet, err);
	if (r && r != SCT_E_USAGE && s->nondet && is_bad_log(s, to.hints.ram_size, err))
		return fail_at(s, s->nondet, err);
	return r ? fail_at(s, s->parts.trace, err) : SCT_OK;
}

/* A 64-bit program or machine is none that a 32-bit trace can be of; the other way round it can. */
static int check_archs(struct sct_sources *s, struct sct_err *err)
{
	const struct sct_arch *trace = s->trace.ops->info(s->trace.state)->arch;

	for (unsigned i = 0; i < s->nsnapshots; i++) {
		const struct sct_arch *arch = sct_snapshot_info(&s->snapshots[i])->arch;

		if (!arch || !trace || arch->word <= trace->word)
			continue;
		sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "is of %s, the trace of %s", arch->name, trace->name);
		return fail_at(s, s->names[i], err);
	}
	return SCT_OK;
}

/* Types of a machine that the trace cannot be of: of the other byte order, or a 64-bit kernel's for a 32-bit machine. A
 * single program is of any kernel that runs it. */
static int check_types(const struct sct_sources *s, struct sct_err *err)
{
	const struct sct_trace_info *trace = s->trace.ops->info(s->trace.state);
	const struct sct_types *types = sct_sources_types(s);

	if (!trace->arch || !types || !types->has_machine)
		return SCT_OK;
	if (types->big_endian) /* all architectures that there are traces of are little-endian */
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "its types are of a big-endian machine, the trace is of %s",
		                trace->arch->name);
	if (types->pointer_size > trace->arch->word && !trace->user_mode)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "its types are of a kernel of %u bits, the trace is of %s",
		                types->pointer_size * 8, trace->arch->name);
	return SCT_OK;
}

static void drop_os(struct sct_sources *s)
{
	if (s->os.state)
		s->os.free(s->os.state);
	s->os.state = NULL;
}

static void drop_types(struct sct_sources *s)
{
	drop_os(s);
	sct_kernel_files_fini(&s->kernel);
}

int sct_sources_add_types(struct sct_sources *s, const char *path, const struct sct_types_how *how, struct sct_err *err)
{
	int r = sct_kernel_files_add(&s->kernel, path, how, err);

	drop_os(s);
	if (!r)
		r = check_types(s, err);
	if (!r)
		return SCT_OK;
	drop_types(s); /* after an error nothing may be asked of them */
	return fail_at(s, path, err);
}

int sct_sources_os(struct sct_sources *s, struct sct_os **os, struct sct_err *err)
{
	int r = SCT_OK;

	*os = NULL;
	if (s->trace.ops->info(s->trace.state)->user_mode)
		return SCT_OK;
	if (!s->os.state && (s->kernel.ntypes || s->kernel.nlayouts))
		r = sct_kernel_files_os(&s->kernel, false, &s->os, err);
	if (!r)
		*os = s->os.state ? &s->os : NULL;
	return r;
}

static int load_types(struct sct_sources *s, const struct sct_sources_spec *spec, struct sct_err *err)
{
	int r = SCT_OK;

	for (unsigned i = 0; i < spec->ntypes && !r; i++)
		r = sct_sources_add_types(s, spec->types[i], &spec->how, err);
	return r;
}

const struct sct_types *sct_sources_types(const struct sct_sources *s)
{
	return sct_kernel_files_types(&s->kernel);
}

static void close_snapshots(struct sct_sources *s)
{
	while (s->nsnapshots)
		sct_snapshot_close(&s->snapshots[--s->nsnapshots]);
}

/* The trace of one program beside the recording of a whole machine: the machine's memory is of no use to it. */
static bool is_foreign(const struct sct_sources *s)
{
	return s->parts.snapshot && s->trace.ops->info(s->trace.state)->user_mode &&
	       !sct_snapshot_info(&s->snapshots[0])->program;
}

static int drop_own_snapshot(struct sct_sources *s, const struct sct_sources_spec *spec, struct sct_err *err)
{
	close_snapshots(s);
	free(s->parts.snapshot);
	s->parts.snapshot = NULL;
	return open_snapshots(s, spec, err);
}

int sct_sources_open(struct sct_sources *s, const struct sct_sources_spec *spec, struct sct_err *err)
{
	int r;

	memset(s, 0, sizeof *s);
	s->parts.fds[0] = s->parts.fds[1] = -1;
	if (sct_parts_find(&s->parts, spec->trace, err))
		return fail_at(s, spec->trace, err);
	s->nondet = spec->nondet ? spec->nondet : s->parts.nondet;
	r = open_snapshots(s, spec, err);
	if (!r)
		r = open_trace(s, spec, err);
	if (!r && is_foreign(s))
		r = drop_own_snapshot(s, spec, err);
	if (!r)
		r = check_archs(s, err);
	return r ? r : load_types(s, spec, err);
}

int sct_sources_add(struct sct_sources *s, const char *spec, const char *format, struct sct_err *err)
{
	int r;

	if (s->nsnapshots >= SCT_SNAPSHOTS_MAX) {
		sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "more than %d snapshots", SCT_SNAPSHOTS_MAX);
		return fail_at(s, spec, err);
	}
	r = add(s, spec, spec, format, err);
	if (r)
		return r;
	r = check_archs(s, err);
	if (r)
		sct_snapshot_close(&s->snapshots[--s->nsnapshots]);
	return r;
}

const struct sct_err *sct_sources_damage(const struct sct_sources *s, const char **name)
{
	for (unsigned i = 0; i < s->nsnapshots; i++) {
		*name = s->names[i];
		if (sct_snapshot_info(&s->snapshots[i])->damage.status)
			return &sct_snapshot_info(&s->snapshots[i])->damage;
	}
	return NULL;
}

void sct_sources_close(struct sct_sources *s)
{
	if (s->trace.ops)
		sct_trace_close(&s->trace);
	close_snapshots(s);
	drop_types(s);
	sct_parts_free(&s->parts);
}
