/* sctrace-decode: a recording in, a log of its system calls out.
 * In:  the command line, a recording
 * Out: a log; messages on standard error; the exit status of sctrace-decode(1)
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "options.h"
#include "pipeline.h"

enum { EXIT_DAMAGED = 2 };

static volatile sig_atomic_t caught; /* the signal that asked for an end, or 0 */

static void on_signal(int signal)
{
	caught = signal;
}

static void catch_signals(void)
{
	struct sigaction end = { .sa_handler = on_signal }, ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGINT, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGPIPE, &ignore, NULL); /* a reader that went away is told as a write error */
}

/* One run: from an opened recording into an opened sink. */
struct run {
	const struct sct_options *options;
	struct sct_filter filter;
	const struct sct_sink_ops *sink;
	void *state;
	struct sct_sources sources;
	struct sct_out *out;
	struct timespec started;
	time_t shown;
	bool progress;
	uint64_t written;
};

static void say(const char *file, const struct sct_err *err)
{
	fprintf(stderr, "sctrace-decode: %s%s", file ? file : "", file ? ": " : "");
	if (err->offset != SCT_NO_OFFSET)
		fprintf(stderr, "byte %llu: ", (unsigned long long)err->offset);
	fprintf(stderr, "%s\n", err->text);
}

static int on_enter(void *ctx, const struct sct_record *record, struct sct_err *err)
{
	struct run *run = ctx;

	(void)err;
	sct_filter_enter(&run->filter, record);
	return SCT_OK;
}

static int on_end(void *ctx, const struct sct_record *record, struct sct_err *err)
{
	struct run *run = ctx;

	if (!sct_filter_pass(&run->filter, record))
		return SCT_OK;
	run->written++;
	return run->sink->record(run->state, record, err);
}

static void show_progress(struct run *run)
{
	uint64_t done, total;
	struct timespec now;
	double seconds;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec == run->shown)
		return;
	run->shown = now.tv_sec;
	sct_input_position(run->sources.trace.in, &done, &total);
	seconds = (double)(now.tv_sec - run->started.tv_sec) + 1e-9 * (double)(now.tv_nsec - run->started.tv_nsec);
	if (total && done)
		fprintf(stderr, "\r%3.0f%%  %llu calls  %.1f MB/s  %.0f s left \033[K", 100.0 * (double)done / (double)total,
		        (unsigned long long)run->written, (double)done / 1e6 / seconds,
		        seconds * ((double)total / (double)done - 1));
	else
		fprintf(stderr, "\r%.1f MB  %llu calls \033[K", (double)done / 1e6, (unsigned long long)run->written);
}

static int on_tick(void *ctx, struct sct_err *err)
{
	struct run *run = ctx;

	if (caught)
		return sct_fail(err, SCT_E_INTERRUPTED, SCT_NO_OFFSET, "ended early by signal %d", (int)caught);
	if (run->progress)
		show_progress(run);
	return SCT_OK;
}

static void list_formats(void)
{
	puts("traces:");
	for (unsigned i = 0; sct_trace_formats[i]; i++)
		printf("  %-10s %s\n", sct_trace_formats[i]->name, sct_trace_formats[i]->summary);
	puts("snapshots:");
	for (unsigned i = 0; sct_snapshot_formats[i]; i++)
		printf("  %-10s %s\n", sct_snapshot_formats[i]->name, sct_snapshot_formats[i]->summary);
	puts("logs:");
	for (unsigned i = 0; sct_sink_formats[i]; i++)
		printf("  %-10s %-8s %s\n", sct_sink_formats[i]->name, sct_sink_formats[i]->ending,
		       sct_sink_formats[i]->summary);
}

static void list_profiles(void)
{
	const char *name, *summary;

	for (unsigned i = 0; (name = sct_abi_profile(i, &summary)); i++)
		printf("%-10s %s\n", name, summary);
}

static void count(const char *file, uint64_t n, const char *what)
{
	if (n)
		fprintf(stderr, "sctrace-decode: %s: %llu %s\n", file, (unsigned long long)n, what);
}

/* What each snapshot is. */
static void tell_snapshots(const struct sct_sources *s)
{
	for (unsigned i = 0; i < s->nsnapshots; i++) {
		const struct sct_snapshot_info *info = sct_snapshot_info(&s->snapshots[i]);
		uint64_t bytes = 0;

		for (size_t k = 0; k < info->nranges; k++)
			bytes += info->ranges[k].size;
		fprintf(stderr, "sctrace-decode: %s: %s, %s, %llu bytes of %s memory, registers of %u CPUs\n", s->names[i],
		        info->format, info->arch_name ? info->arch_name : "architecture unknown", (unsigned long long)bytes,
		        info->program ? "a program's" : "physical", info->ncpus);
	}
}

/* What the run could not read or had to leave open, and how the calls ended. */
static void tell(struct run *run, struct sct_pipeline *p)
{
	const struct sct_pipeline_counts *c = sct_pipeline_counts(p);
	const struct sct_damage *d = run->sources.trace.ops->damage(run->sources.trace.state);
	bool every_insn = run->sources.trace.ops->info(run->sources.trace.state)->every_insn;
	const char *file = run->options->sources.trace;
	const struct {
		uint64_t count;
		const char *what;
	} lines[] = {
		{ c->orphans, "returns to user mode from no recorded call: one that began before, an interrupt, an exception" },
		{ c->not_in_table, "calls whose number is not in the table" },
		{ c->detect.kernel, "entering instructions in kernel mode: no record" },
		{ every_insn ? 0 : c->detect.no_entry, "recorded instructions that do not enter the kernel: no record" },
		{ run->sink->invented ? run->sink->invented(run->state) : 0,
		  "required fields written as 0, for want of a value" },
		{ c->kernel_reads.different, "reads in kernel mode that disagree with the replayed memory" },
		{ d->unknown, "parts of a kind that this version does not know, skipped" },
		{ d->bytes, "bytes skipped for damage" },
	};

	fprintf(stderr, "sctrace-decode: %s: %llu calls, %llu logged\n", file, (unsigned long long)c->calls,
	        (unsigned long long)run->written);
	tell_snapshots(&run->sources);
	if (c->seeded)
		fprintf(stderr, "sctrace-decode: %s: registers at the start are those of the snapshot\n", file);
	for (unsigned i = 0; i < SCT_END_COUNT; i++)
		count(file, c->ended[i], sct_end_names[i]);
	for (unsigned i = 0; i < sizeof lines / sizeof *lines; i++)
		count(file, lines[i].count, lines[i].what);
}

/* Says which calls could not become records; true when there were any. */
static bool tell_missing(struct run *run, struct sct_pipeline *p)
{
	const struct sct_pipeline_counts *c = sct_pipeline_counts(p);
	const struct sct_damage *d = run->sources.trace.ops->damage(run->sources.trace.state);
	const char *file = run->options->sources.trace;

	count(file, c->no_abi, "calls that no convention of the profile describes: not logged (--list-profiles)");
	count(file, c->no_thread, "calls of which no thread can be told: not logged");
	count(file, c->detect.unseen, "instructions whose bytes nothing shows (--snapshot): calls may be missing");
	count(file, c->detect.unknown_mode, "entering instructions in an unknown CPU mode: not logged");
	count(file, d->unproven, "entering instructions of which nothing shows that they were reached: not logged");
	if (c->holes)
		fprintf(stderr, "sctrace-decode: %s: %llu places where control does not follow from what comes before, "
		        "the first before seq %llu: instructions are missing, or another thread runs\n", file,
		        (unsigned long long)c->holes, (unsigned long long)c->first_hole);
	return c->holes || d->unproven || c->no_abi || c->no_thread || c->detect.unseen || c->detect.unknown_mode;
}

/* Says what was damaged; true when something was. */
static bool tell_damage(struct run *run)
{
	const struct sct_damage *d = run->sources.trace.ops->damage(run->sources.trace.state);
	const char *file = run->options->sources.trace, *name;
	const struct sct_err *snapshot = sct_sources_damage(&run->sources, &name);

	if (d->first.status)
		say(file, &d->first);
	if (snapshot)
		say(name, snapshot);
	if (d->places > 1)
		fprintf(stderr, "sctrace-decode: %s: damaged in %llu places\n", file, (unsigned long long)d->places);
	if (d->truncated && !d->first.status)
		fprintf(stderr, "sctrace-decode: %s: the recording was not closed: its end may be missing\n", file);
	return d->first.status || d->truncated || snapshot;
}

static void print_bytes(const char *name, const uint8_t *bytes, unsigned len)
{
	fprintf(stderr, " %s", name);
	for (unsigned i = 0; i < len; i++)
		fprintf(stderr, " %02x", bytes[i]);
}

/* Whether the types that were given are those of the recorded kernel; true when they are known not to be. */
static bool tell_kernel(struct run *run)
{
	const struct sct_linux_report *r = run->sources.os.state ? sct_linux_report(&run->sources.os) : NULL;
	const char *file = run->options->sources.trace;
	bool down = r && (int64_t)r->slide < 0; /* symbols of another boot, with another slide of its own */

	if (run->options->sources.ntypes && run->sources.trace.ops->info(run->sources.trace.state)->user_mode)
		fprintf(stderr, "sctrace-decode: %s: --types: not used: the recording is of a single program and has no kernel\n",
		        file);
	if (r && (r->state == SCT_LINUX_OTHER_KERNEL || r->mixed)) {
		fprintf(stderr, "sctrace-decode: %s: --types: %sof another kernel, so they are not used: they are of '%s', "
		        "the recording is of '%s'\n", file, r->mixed ? "those of structs are " : "", r->expected, r->found);
		return true;
	}
	if (r && r->state == SCT_LINUX_NO_ADDRESSES && r->same)
		fprintf(stderr, "sctrace-decode: %s: --types: they are of the recorded kernel, but do not have both types and "
		        "addresses of symbols (System.map): who called is not known\n", file);
	else if (r && r->state == SCT_LINUX_NO_ADDRESSES)
		fprintf(stderr, "sctrace-decode: %s: --types: they do not have both types and addresses of symbols (System.map): "
		        "who called is not known, nor whether they are of the recorded kernel\n", file);
	else if (r && r->state == SCT_LINUX_SOUGHT)
		fprintf(stderr, "sctrace-decode: %s: --types: the recording does not show the memory that tells its kernel: "
		        "who called is not known, nor whether they are of it\n", file);
	else if (r && r->uncompared)
		fprintf(stderr, "sctrace-decode: %s: --types: one file fits the recorded kernel, but the types of structs do "
		        "not tell which kernel they are of\n", file);
	else if (r && (r->unnamed || r->unshown))
		fprintf(stderr, "sctrace-decode: %s: --types: they fit the recorded kernel, which lies 0x%llx bytes %s "
		        "than they say, but %s not tell which kernel %s\n", file,
		        (unsigned long long)(down ? -r->slide : r->slide), down ? "lower" : "higher",
		        r->unnamed ? "do" : "the recording does", r->unnamed ? "they are of" : "it is");
	else if (r && run->options->verbose)
		fprintf(stderr, "sctrace-decode: %s: the types are of the recorded kernel, which lies 0x%llx bytes %s than "
		        "they say\n", file, (unsigned long long)(down ? -r->slide : r->slide), down ? "lower" : "higher");
	return false;
}

/* Where a trace and the replayed memory disagreed, if they did. */
static bool tell_disagreement(const char *file, const struct sct_agreement *a, const char *what)
{
	if (!a->different)
		return false;
	fprintf(stderr, "sctrace-decode: %s: %llu of %llu %s disagree with memory; the first at seq %llu, address 0x%llx:",
	        file, (unsigned long long)a->different, (unsigned long long)a->compared, what, (unsigned long long)a->seq,
	        (unsigned long long)a->addr);
	print_bytes("trace", a->trace, a->len);
	print_bytes("memory", a->memory, a->len);
	fputc('\n', stderr);
	return true;
}

/* The outcome of --verify-snapshot; true when trace and snapshot are not known to agree. */
static bool tell_agreement(struct run *run, struct sct_pipeline *p)
{
	const struct sct_pipeline_counts *c = sct_pipeline_counts(p);
	const char *file = run->options->sources.trace;
	bool reads, code;

	if (!run->options->verify) {
		count(file, c->reads.different + c->code.different + c->unmapped,
		      "places where trace and snapshot disagree: memory may be wrong (--verify-snapshot)");
		return c->reads.different || c->code.different || c->unmapped;
	}
	tell_disagreement(file, &c->kernel_reads, "reads in kernel mode, where not all stores are traced,");
	count(file, c->unmapped, "accesses at addresses that the snapshot's page tables do not map");
	reads = tell_disagreement(file, &c->reads, "reads");
	code = tell_disagreement(file, &c->code, "instructions");
	if (!c->reads.compared && !c->code.compared) {
		fprintf(stderr, "sctrace-decode: %s: nothing of the trace could be compared with the snapshot\n", file);
		return true;
	}
	if (!reads && !code && !c->unmapped)
		fprintf(stderr, "sctrace-decode: %s: trace and snapshot agree: %llu reads and %llu instructions compared\n",
		        file, (unsigned long long)c->reads.compared, (unsigned long long)c->code.compared);
	return reads || code || c->unmapped;
}

/* Runs the pipeline into the open sink and closes the log. Returns the exit status. */
static int decode(struct run *run, struct sct_pipeline *p)
{
	struct sct_err err, closing;
	int r = sct_pipeline_run(p, &err), closed;
	bool input = r == SCT_E_FORMAT || r == SCT_E_TRUNCATED || r == SCT_E_INTERRUPTED;
	bool damaged, missing, differs, other;

	if (run->progress)
		fputs("\r\033[K", stderr);
	if (r && !input) {
		bool output = sct_out_status(run->out, &closing) != 0;

		say(output ? run->options->output : run->options->sources.trace, &err);
		run->sink->close(run->state, &closing);
		sct_out_abort(run->out);
		return EXIT_FAILURE;
	}
	if (run->options->verbose)
		tell(run, p);
	missing = tell_missing(run, p);
	damaged = tell_damage(run);
	differs = tell_agreement(run, p);
	other = tell_kernel(run);
	if (r && !(damaged && r != SCT_E_INTERRUPTED))
		say(run->options->sources.trace, &err);
	closed = run->sink->close(run->state, &closing);
	if (closed)
		sct_out_abort(run->out);
	else
		closed = sct_out_commit(run->out, &closing);
	if (closed) {
		say(run->options->output, &closing);
		return EXIT_FAILURE;
	}
	if (r == SCT_E_INTERRUPTED)
		return 128 + (int)caught;
	return r || damaged || missing || differs || other ? EXIT_DAMAGED : EXIT_SUCCESS;
}

static bool are_same(const struct stat *x, const struct stat *y)
{
	return S_ISREG(x->st_mode) && x->st_dev == y->st_dev && x->st_ino == y->st_ino;
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return strcmp(a, "-") && strcmp(b, "-") && !stat(a, &x) && !stat(b, &y) && are_same(&x, &y);
}

static bool is_open_file(int fd, const char *path)
{
	struct stat x, y;

	return !fstat(fd, &x) && !stat(path, &y) && are_same(&x, &y);
}

/* The log must not take the place of what it is made from. */
static bool is_source(const struct sct_sources *s, const char *path)
{
	bool same = is_same_file(s->parts.trace, path) || (s->nondet && is_same_file(s->nondet, path));

	for (unsigned i = 0; i < s->nsnapshots && !same; i++)
		same = is_same_file(s->names[i], path) || is_open_file(s->snapshots[i].file.fd, path);
	return same;
}

static int open_sink(struct run *run, struct sct_err *err)
{
	int r;

	if (is_source(&run->sources, run->options->output))
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "is the recording: the log would replace it");
	r = sct_out_open(run->options->output, &run->out, err);
	if (r)
		return r;
	run->state = calloc(1, run->sink->state_size + 1);
	r = run->state ? run->sink->open(run->state, run->out, err)
	               : sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "out of memory");
	if (r)
		sct_out_abort(run->out);
	return r;
}

/* The recording is open: what is needed besides it. */
static int run_opened(struct run *run)
{
	const struct sct_options *o = run->options;
	struct sct_pipeline_options po = {
		.profile = o->sources.profile, .limits = o->limits, .strict = o->strict,
		.snapshots = run->sources.snapshots, .nsnapshots = run->sources.nsnapshots,
		.types = sct_sources_types(&run->sources),
	};
	const struct sct_pipeline_ops ops = { .enter = on_enter, .end = on_end, .tick = on_tick, .ctx = run };
	struct sct_pipeline *p = NULL;
	struct sct_err err;
	int status = EXIT_FAILURE;

	if (o->verify && !run->sources.nsnapshots)
		fprintf(stderr, "sctrace-decode: %s: --verify-snapshot: there is no snapshot\n", o->sources.trace);
	else if (sct_sources_os(&run->sources, &po.os, &err) ||
	         sct_pipeline_new(&p, &run->sources.trace, &po, &ops, &err))
		say(o->sources.trace, &err);
	else if (open_sink(run, &err))
		say(o->output, &err);
	else
		status = decode(run, p);
	free(run->state);
	sct_pipeline_free(p);
	return status;
}

static int run_decode(struct run *run)
{
	struct sct_err err;
	int status = EXIT_FAILURE;

	if (!sct_sources_open(&run->sources, &run->options->sources, &err)) {
		status = run_opened(run);
	} else {
		say(run->sources.blame, &err);
		if (err.status == SCT_E_INTERRUPTED)
			status = 128 + (int)caught;
	}
	sct_sources_close(&run->sources);
	sct_filter_fini(&run->filter);
	return status;
}

static const struct sct_sink_ops *pick_sink(const struct sct_options *o, struct sct_err *err)
{
	const struct sct_sink_ops *sink = o->format ? sct_sink_find(o->format) : sct_sink_by_path(o->output);

	if (!sink && !o->format)
		return sct_sink_formats[0];
	if (!sink)
		sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "no log format called '%s' (--list-formats)", o->format);
	return sink;
}

int main(int argc, char **argv)
{
	struct sct_options options;
	struct run run = { .options = &options, .filter.spec = &options.filter };
	struct sct_err err;
	int status = EXIT_SUCCESS;

	if (sct_options_parse(&options, argc, argv, &err) ||
	    (options.action == SCT_ACTION_DECODE && !(run.sink = pick_sink(&options, &err)))) {
		say(NULL, &err);
		free(options.names);
		return EXIT_FAILURE;
	}
	catch_signals();
	clock_gettime(CLOCK_MONOTONIC, &run.started);
	run.progress = options.progress < 0 ? isatty(STDERR_FILENO) : options.progress;
	switch (options.action) {
	case SCT_ACTION_HELP: sct_options_help(stdout); break;
	case SCT_ACTION_VERSION: puts("sctrace-decode " SCT_VERSION); break;
	case SCT_ACTION_FORMATS: list_formats(); break;
	case SCT_ACTION_PROFILES: list_profiles(); break;
	case SCT_ACTION_DECODE: status = run_decode(&run); break;
	}
	free(options.names);
	return status;
}
