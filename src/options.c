/* The command line of sctrace-decode.
 * In:  argc, argv
 * Out: struct sct_options
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

enum { O_TRACE_FORMAT = 256, O_SNAPSHOT_FORMAT, O_NONDET, O_VERIFY, O_LIST_FORMATS, O_LIST_PROFILES, O_PID, O_TID,
       O_ASID, O_PROCESS, O_FOLLOW, O_SYSCALL, O_FAILED, O_LIMIT, O_NO_BTF, O_NO_CACHE, O_PROGRESS,
       O_NO_PROGRESS, O_STRICT };

static const struct option longs[] = {
	{ "profile", required_argument, NULL, 'p' },
	{ "snapshot", required_argument, NULL, 's' },
	{ "nondet", required_argument, NULL, O_NONDET },
	{ "types", required_argument, NULL, 't' },
	{ "no-btf", no_argument, NULL, O_NO_BTF },
	{ "no-cache", no_argument, NULL, O_NO_CACHE },
	{ "verify-snapshot", no_argument, NULL, O_VERIFY },
	{ "trace-format", required_argument, NULL, O_TRACE_FORMAT },
	{ "snapshot-format", required_argument, NULL, O_SNAPSHOT_FORMAT },
	{ "list-formats", no_argument, NULL, O_LIST_FORMATS },
	{ "list-profiles", no_argument, NULL, O_LIST_PROFILES },
	{ "output", required_argument, NULL, 'o' },
	{ "format", required_argument, NULL, 'f' },
	{ "process", required_argument, NULL, O_PROCESS },
	{ "pid", required_argument, NULL, O_PID },
	{ "tid", required_argument, NULL, O_TID },
	{ "asid", required_argument, NULL, O_ASID },
	{ "follow", no_argument, NULL, O_FOLLOW },
	{ "syscall", required_argument, NULL, O_SYSCALL },
	{ "failed", no_argument, NULL, O_FAILED },
	{ "limit", required_argument, NULL, O_LIMIT },
	{ "threads", required_argument, NULL, 'j' },
	{ "progress", no_argument, NULL, O_PROGRESS },
	{ "no-progress", no_argument, NULL, O_NO_PROGRESS },
	{ "verbose", no_argument, NULL, 'v' },
	{ "strict", no_argument, NULL, O_STRICT },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

void sct_options_help(FILE *to)
{
	fputs("Usage: sctrace-decode [OPTION]... TRACE\n"
	      "Writes the system calls of a recorded machine as a log.\n\n"
	      "  -p, --profile NAME       which tables and conventions to use; default: what the trace itself says\n"
	      "      --list-profiles      list the profiles\n"
	      "  -s, --snapshot FILE[@ADDR]  memory at the start of the trace; a later one lies on top of those before it\n"
	      "      --nondet FILE        PANDA's non-determinism log of the same recording: what devices wrote to memory\n"
	      "  -t, --types FILE         types and symbols of the recorded kernel: an ELF file with BTF or DWARF, raw BTF, a\n"
	      "                           kernel image, ISF JSON, System.map, PANDA's kernelinfo.conf; several together\n"
	      "      --no-btf             of a file with BTF and DWARF, take DWARF\n"
	      "      --no-cache           read DWARF anew, and keep nothing of it for later runs\n"
	      "      --verify-snapshot    tell where trace and snapshots disagree\n"
	      "      --trace-format NAME  take the trace for that format instead of probing\n"
	      "      --snapshot-format NAME  the same for each --snapshot\n"
	      "      --list-formats       list the formats of traces, snapshots and logs\n"
	      "  -o, --output FILE        where the log goes; - is standard output (default)\n"
	      "  -f, --format NAME        format of the log; default: by FILE's ending, else jsonl\n"
	      "      --process NAME       only calls of processes that are called so, or, with a / in NAME, run that file\n"
	      "      --pid N              only calls of process N\n"
	      "      --tid N              only calls of thread N\n"
	      "      --asid X             only calls in address space X\n"
	      "      --follow             also the calls of the children of these processes, and of their children\n"
	      "      --syscall LIST       only these calls: names, separated by commas\n"
	      "      --failed             only calls that failed\n"
	      "      --limit NAME=N       the most that is decoded: bytes of one string, of one buffer, elements of an array,\n"
	      "                           bytes of one call's arguments in total, depth of pointers in structs:\n"
	      "                           string (65536), buffer (65536), elements (1024), total (8388608), depth (3)\n"
	      "  -j, --threads N          worker threads (default 2); the log is the same whatever N is\n"
	      "      --progress           show progress on standard error\n"
	      "      --no-progress        do not; default: when standard error is a terminal\n"
	      "  -v, --verbose            say on standard error what could not be read and why\n"
	      "      --strict             stop at the first damage\n"
	      "  -h, --help               print this help\n"
	      "  -V, --version            print the version\n\n"
	      "TRACE is a trace, plain or compressed by zstd, gzip or xz; - is standard input; or a PANDA recording by its\n"
	      "base name or as .rr2, which brings its snapshot and non-determinism log.\n"
	      "Exit status: 0 all decoded, 1 nothing could be done, 2 the input was damaged or cut short,\n"
	      "holds calls that could not be logged, or disagrees with its snapshots (--verify-snapshot) or types.\n",
	      to);
}

static int number(const char *name, const char *text, struct sct_word *value, struct sct_err *err)
{
	char *end;

	errno = 0;
	value->value = strtoull(text, &end, 0);
	value->known = true;
	if (errno || end == text || *end || *text == '-')
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "--%s: '%s' is not a number", name, text);
	return SCT_OK;
}

static int threads(const char *text, unsigned *n, struct sct_err *err)
{
	struct sct_word w;
	int r = number("threads", text, &w, err);

	if (!r && (w.value < 1 || w.value > 1024))
		r = sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "--threads: %s is not between 1 and 1024", text);
	*n = (unsigned)w.value;
	return r;
}

static int names(struct sct_options *o, const char *list, struct sct_err *err)
{
	char *save = NULL;

	free(o->names);
	o->filter.nnames = 0;
	o->names = strdup(list);
	if (!o->names)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "out of memory");
	for (char *n = strtok_r(o->names, ",", &save); n; n = strtok_r(NULL, ",", &save)) {
		if (o->filter.nnames == SCT_FILTER_MAX)
			return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "--syscall: more than %d names", SCT_FILTER_MAX);
		if (!sct_call_name(n)) /* a name that is in no table would quietly match nothing */
			return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "--syscall: no system call is called '%s'", n);
		o->filter.names[o->filter.nnames++] = n;
	}
	if (!o->filter.nnames)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "--syscall: no names in '%s'", list);
	return SCT_OK;
}

enum { BYTES_MAX = 1 << 30, ELEMENTS_MAX = 1 << 24, DEPTH_MAX = 64 }; /* of --limit */

/* NAME=N, for one of struct sct_limits. */
static int limit(struct sct_limits *limits, const char *text, struct sct_err *err)
{
	const struct {
		const char *name;
		size_t *limit;
		uint64_t most;
	} all[] = {
		{ "string=", &limits->str, BYTES_MAX }, { "buffer=", &limits->buf, BYTES_MAX },
		{ "elements=", &limits->elems, ELEMENTS_MAX }, { "total=", &limits->total, BYTES_MAX },
		{ "depth=", NULL, DEPTH_MAX },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		size_t len = strlen(all[i].name);
		struct sct_word w;

		if (strncmp(text, all[i].name, len))
			continue;
		if (number("limit", text + len, &w, err))
			return err->status;
		if (w.value > all[i].most)
			return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "--limit: %s is more than %llu", text,
			                (unsigned long long)all[i].most);
		if (all[i].limit)
			*all[i].limit = w.value;
		else
			limits->depth = (unsigned)w.value;
		return SCT_OK;
	}
	return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "--limit: '%s' is not string=N, buffer=N, elements=N, total=N or "
	                "depth=N", text);
}

static int types(struct sct_sources_spec *sources, const char *file, struct sct_err *err)
{
	if (sources->ntypes == SCT_TYPES_FILES_MAX)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "--types: more than %d files", SCT_TYPES_FILES_MAX);
	sources->types[sources->ntypes++] = file;
	return SCT_OK;
}

static int snapshot(struct sct_sources_spec *sources, const char *file, struct sct_err *err)
{
	if (sources->nsnapshots == SCT_SNAPSHOTS_MAX)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "--snapshot: more than %d files", SCT_SNAPSHOTS_MAX);
	sources->snapshots[sources->nsnapshots++] = file;
	return SCT_OK;
}

static int one(struct sct_options *o, int c, struct sct_err *err)
{
	switch (c) {
	case 'p': o->sources.profile = optarg; break;
	case 's': return snapshot(&o->sources, optarg, err);
	case 't': return types(&o->sources, optarg, err);
	case O_NO_BTF: o->sources.how.no_btf = true; break;
	case O_NO_CACHE: o->sources.how.no_cache = true; break;
	case O_NONDET: o->sources.nondet = optarg; break;
	case O_VERIFY: o->verify = true; break;
	case 'o': o->output = optarg; break;
	case 'f': o->format = optarg; break;
	case 'v': o->verbose = true; break;
	case 'h': o->action = SCT_ACTION_HELP; break;
	case 'V': o->action = SCT_ACTION_VERSION; break;
	case 'j': return threads(optarg, &o->sources.threads, err);
	case O_TRACE_FORMAT: o->sources.trace_format = optarg; break;
	case O_SNAPSHOT_FORMAT: o->sources.snapshot_format = optarg; break;
	case O_LIST_FORMATS: o->action = SCT_ACTION_FORMATS; break;
	case O_LIST_PROFILES: o->action = SCT_ACTION_PROFILES; break;
	case O_PROCESS: o->filter.process = optarg; break;
	case O_FOLLOW: o->filter.follow = true; break;
	case O_LIMIT: return limit(&o->limits, optarg, err);
	case O_PID: return number("pid", optarg, &o->filter.pid, err);
	case O_TID: return number("tid", optarg, &o->filter.tid, err);
	case O_ASID: return number("asid", optarg, &o->filter.asid, err);
	case O_SYSCALL: return names(o, optarg, err);
	case O_FAILED: o->filter.failed = true; break;
	case O_PROGRESS: o->progress = 1; break;
	case O_NO_PROGRESS: o->progress = 0; break;
	case O_STRICT: o->strict = true; break;
	default:
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "%s '%s' (--help lists the options)",
		                c == ':' ? "a value is missing after" : "unknown option", o->sources.trace);
	}
	return SCT_OK;
}

int sct_options_parse(struct sct_options *o, int argc, char **argv, struct sct_err *err)
{
	int c, r;

	*o = (struct sct_options){ .output = "-", .sources.threads = 2, .limits = sct_limits_default, .progress = -1 };
	optind = 0; /* GNU getopt: begin anew */
	while ((c = getopt_long(argc, argv, ":p:s:t:o:f:j:vhV", longs, NULL)) != -1) {
		o->sources.trace = c == ':' || c == '?' ? argv[optind - 1] : NULL;
		r = one(o, c, err);
		if (r)
			return r;
	}
	if (o->action != SCT_ACTION_DECODE)
		return SCT_OK;
	if (o->filter.follow && !sct_filter_picks(&o->filter))
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "--follow: whom? (--process, --pid, --tid, --asid)");
	if (optind == argc)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "no TRACE given (--help explains)");
	if (optind + 1 < argc)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "one TRACE only; '%s' is too much", argv[optind + 1]);
	o->sources.trace = argv[optind];
	return SCT_OK;
}
