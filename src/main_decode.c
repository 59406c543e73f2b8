/* sctrace-decode: a recording in, a log of its system calls out.
 * In:  the command line, a trace
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

/* One run: from an opened trace into an opened sink. */
struct run {
	const struct sct_options *options;
	const struct sct_sink_ops *sink;
	void *state;
	struct sct_trace trace;
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

static int on_end(void *ctx, const struct sct_record *record, struct sct_err *err)
{
	struct run *run = ctx;

	if (!sct_filter_pass(&run->options->filter, record))
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
	sct_input_position(run->trace.in, &done, &total);
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

/* What the run could not read or had to leave open, and how the calls ended. */
static void tell(struct run *run, struct sct_pipeline *p)
{
	const struct sct_pipeline_counts *c = sct_pipeline_counts(p);
	const struct sct_damage *d = run->trace.ops->damage(run->trace.state);
	const char *file = run->options->trace;
	const struct {
		uint64_t count;
		const char *what;
	} lines[] = {
		{ c->orphans, "returns of calls that began before the recording" },
		{ c->not_in_table, "calls whose number is not in the table" },
		{ c->detect.kernel, "entering instructions in kernel mode: no record" },
		{ c->detect.no_entry, "recorded instructions that do not enter the kernel: no record" },
		{ run->sink->invented ? run->sink->invented(run->state) : 0, "required fields written as 0, for want of a value" },
		{ d->unknown, "parts of a kind that this version does not know, skipped" },
		{ d->bytes, "bytes skipped for damage" },
	};

	fprintf(stderr, "sctrace-decode: %s: %llu calls, %llu logged\n", file, (unsigned long long)c->calls,
	        (unsigned long long)run->written);
	for (unsigned i = 0; i < SCT_END_COUNT; i++)
		count(file, c->ended[i], sct_end_names[i]);
	for (unsigned i = 0; i < sizeof lines / sizeof *lines; i++)
		count(file, lines[i].count, lines[i].what);
}

/* Says which calls could not become records; true when there were any. */
static bool tell_missing(struct run *run, struct sct_pipeline *p)
{
	const struct sct_pipeline_counts *c = sct_pipeline_counts(p);
	const char *file = run->options->trace;

	count(file, c->no_abi, "calls that no convention of the profile describes: not logged (--list-profiles)");
	count(file, c->no_thread, "calls of which no thread can be told: not logged");
	count(file, c->detect.unknown_mode, "entering instructions in an unknown CPU mode: not logged");
	return c->no_abi || c->no_thread || c->detect.unknown_mode;
}

/* Says what was damaged; true when something was. */
static bool tell_damage(struct run *run)
{
	const struct sct_damage *d = run->trace.ops->damage(run->trace.state);
	const char *file = run->options->trace;

	if (d->first.status)
		say(file, &d->first);
	if (d->places > 1)
		fprintf(stderr, "sctrace-decode: %s: damaged in %llu places\n", file, (unsigned long long)d->places);
	if (d->truncated && !d->first.status)
		fprintf(stderr, "sctrace-decode: %s: the recording was not closed: its end may be missing\n", file);
	return d->first.status || d->truncated;
}

/* Runs the pipeline into the open sink and closes the log. Returns the exit status. */
static int decode(struct run *run, struct sct_pipeline *p)
{
	struct sct_err err, closing;
	int r = sct_pipeline_run(p, &err), closed;
	bool input = r == SCT_E_FORMAT || r == SCT_E_TRUNCATED || r == SCT_E_INTERRUPTED;
	bool damaged, missing;

	if (run->progress)
		fputs("\r\033[K", stderr);
	if (r && !input) {
		bool output = sct_out_status(run->out, &closing) != 0;

		say(output ? run->options->output : run->options->trace, &err);
		run->sink->close(run->state, &closing);
		sct_out_abort(run->out);
		return EXIT_FAILURE;
	}
	if (run->options->verbose)
		tell(run, p);
	missing = tell_missing(run, p);
	damaged = tell_damage(run);
	if (r && !(damaged && r != SCT_E_INTERRUPTED))
		say(run->options->trace, &err);
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
	return r || damaged || missing ? EXIT_DAMAGED : EXIT_SUCCESS;
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return strcmp(a, "-") && strcmp(b, "-") && !stat(a, &x) && !stat(b, &y) && S_ISREG(x.st_mode) &&
	       x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int open_sink(struct run *run, struct sct_err *err)
{
	int r;

	if (is_same_file(run->options->trace, run->options->output))
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

static int run_decode(struct run *run)
{
	const struct sct_pipeline_options po = {
		.profile = run->options->profile, .limits = sct_limits_default, .strict = run->options->strict,
	};
	const struct sct_pipeline_ops ops = { .end = on_end, .tick = on_tick, .ctx = run };
	const struct sct_trace_options to = { .format = run->options->trace_format, .threads = run->options->threads };
	struct sct_pipeline *p = NULL;
	struct sct_err err;
	int status = EXIT_FAILURE;

	if (sct_trace_open(&run->trace, run->options->trace, &to, &err)) {
		say(run->options->trace, &err);
		return err.status == SCT_E_INTERRUPTED ? 128 + (int)caught : status;
	}
	if (sct_pipeline_new(&p, &run->trace, &po, &ops, &err))
		say(run->options->trace, &err);
	else if (open_sink(run, &err))
		say(run->options->output, &err);
	else
		status = decode(run, p);
	free(run->state);
	sct_pipeline_free(p);
	sct_trace_close(&run->trace);
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
	struct run run = { .options = &options };
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
