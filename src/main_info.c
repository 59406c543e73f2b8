/* sctrace-info: what recordings are, how much is in them, and whether they are whole.
 * In:  the command line, traces, snapshots
 * Out: a description of each, as text or as JSON, or the bytes of memory; the exit status of sctrace-info(1)
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "abi.h"
#include "info.h"
#include "info_type.h"

/* ---- which kind of file it is --------------------------------------------------------------------------------- */

static int trace_score(const uint8_t *data, size_t size)
{
	int best = 0;

	for (unsigned i = 0; sct_trace_formats[i]; i++) {
		int score = sct_trace_formats[i]->probe(data, size);

		best = score > best ? score : best;
	}
	return best;
}

static int snapshot_score(const struct sct_file *file)
{
	int best = 0;

	for (unsigned i = 0; sct_snapshot_formats[i]; i++) {
		int score = sct_snapshot_formats[i]->probe(file);

		best = score > best ? score : best;
	}
	return best;
}

/* The name says FILE@ADDR, and there is no file of that whole name. */
static bool has_address(const char *path)
{
	struct stat st;

	return strrchr(path, '@') && strcmp(path, "-") && stat(path, &st) < 0;
}

enum kind { KIND_TRACE, KIND_SNAPSHOT, KIND_UNKNOWN };

/* What the first bytes of the file say that it is; a trace where there are none, for its reader tells why. */
static enum kind probe(const char *path)
{
	struct sct_file file = { .fd = -1 };
	struct sct_input *in;
	struct sct_err err;
	size_t size;
	int snapshot = 0, trace = 1;

	if (has_address(path))
		return KIND_SNAPSHOT;
	if (!strcmp(path, "-") || sct_input_open(path, 1, &in, &err) < 0)
		return KIND_TRACE;
	file.data = sct_input_peek(in, &size);
	file.size = size;
	if (file.data) {
		snapshot = snapshot_score(&file);
		trace = trace_score(file.data, size);
	}
	sct_input_close(in);
	if (!snapshot && !trace)
		return KIND_UNKNOWN;
	return snapshot > trace ? KIND_SNAPSHOT : KIND_TRACE;
}

/* PANDA's log has no mark of its own, but a name that PANDA gave it. */
static bool is_nondet(const char *path)
{
	static const char ending[] = "-rr-nondet.log";
	const char *at = strstr(path, ending), *packing = at ? at + strlen(ending) : "";

	return at && (!*packing || !strcmp(packing, ".zst") || !strcmp(packing, ".gz") || !strcmp(packing, ".xz"));
}

/* ---- one file after the other ------------------------------------------------------------------------------- */

static void worsen(int *worst, int status)
{
	/* a file of which nothing could be told is worse than a damaged one */
	if (status == EXIT_FAILURE || *worst == EXIT_SUCCESS)
		*worst = status;
}

static uint64_t ram_size(const char *path)
{
	struct sct_snapshot s;
	struct sct_err err;
	uint64_t size;

	if (!path || sct_snapshot_open(&s, path, NULL, &err) < 0)
		return 0;
	size = sct_snapshot_info(&s)->ram_size;
	sct_snapshot_close(&s);
	return size;
}

/* What is no part of a recording, or its trace. */
static int tell_file(const struct sct_info *info, const struct sct_info_file *file)
{
	struct sct_err err;

	if (is_nondet(file->path))
		return sct_info_nondet(info, file);
	switch (probe(file->path)) {
	case KIND_TRACE: return sct_info_trace(info, file);
	case KIND_SNAPSHOT: return sct_info_snapshot(info, file);
	case KIND_UNKNOWN: break;
	}
	sct_fail(&err, SCT_E_FORMAT, 0, "not a recording or snapshot of any known format (an image of memory needs its "
	         "address: FILE@ADDR)");
	sct_info_say(file->name, &err);
	return EXIT_FAILURE;
}

/* A file, or each part of a PANDA recording. Returns the worst exit status. */
static int tell(const struct sct_info *info, const char *name)
{
	struct sct_info_file file = { .name = name };
	struct sct_parts parts;
	struct sct_err err;
	bool archive;
	int worst = EXIT_SUCCESS;

	if (sct_parts_find(&parts, name, &err) < 0) {
		sct_info_say(name, &err);
		worst = EXIT_FAILURE;
	}
	archive = parts.fds[0] >= 0 || parts.fds[1] >= 0;
	if (parts.snapshot) {
		file = (struct sct_info_file){ parts.snapshot, archive ? name : parts.snapshot, 0 };
		worsen(&worst, sct_info_snapshot(info, &file));
	}
	if (parts.nondet) {
		file = (struct sct_info_file){ parts.nondet, archive ? name : parts.nondet, ram_size(parts.snapshot) };
		worsen(&worst, sct_info_nondet(info, &file));
	}
	if (parts.trace) {
		file = (struct sct_info_file){ parts.trace, parts.trace, file.ram_size };
		worsen(&worst, tell_file(info, &file));
	}
	sct_parts_free(&parts);
	return worst;
}

static int tell_all(const struct sct_info *info, char **paths)
{
	int worst = EXIT_SUCCESS;

	for (; *paths; paths++)
		worsen(&worst, tell(info, *paths));
	return worst;
}

static int tell_json(struct sct_info *info, char **paths)
{
	static struct sct_json json;
	struct sct_err err;
	int status;

	if (sct_out_open("-", &json.out, &err) < 0) {
		sct_info_say("standard output", &err);
		return EXIT_FAILURE;
	}
	info->json = &json;
	status = tell_all(info, paths);
	sct_json_flush(&json);
	if (sct_out_commit(json.out, &err) < 0) {
		sct_info_say("standard output", &err);
		return EXIT_FAILURE;
	}
	return status;
}

static int tell_text(const struct sct_info *info, char **paths)
{
	int status = tell_all(info, paths);

	if (fflush(stdout) || ferror(stdout)) {
		perror("sctrace-info: standard output");
		return EXIT_FAILURE;
	}
	return status;
}

/* ---- the command line --------------------------------------------------------------------------------------- */

static void help(FILE *to)
{
	fputs("Usage: sctrace-info [OPTION]... FILE...\n"
	      "Tells what recordings and memory snapshots are and checks that they are whole.\n\n"
	      "      --json           one JSON object a line for each FILE\n"
	      "      --read ADDR+LEN  write these bytes of the snapshots' memory to standard output instead\n"
	      "      --zero-fill      with --read: zero for what the snapshots do not have\n"
	      "      --type NAME      write how the type lies in memory instead; each FILE has types or symbols: an ELF\n"
	      "                       file with BTF or DWARF, raw BTF, a kernel image, ISF JSON, System.map\n"
	      "      --no-btf         with --type: of a file with BTF and DWARF, take DWARF\n"
	      "      --no-cache       with --type: read DWARF anew, and keep nothing of it for later runs\n"
	      "  -p, --profile NAME   says the architecture of traces that do not, as sctrace-decode's\n"
	      "  -v, --verbose        all ranges of memory and all registers of snapshots\n"
	      "  -h, --help           this text\n"
	      "  -V, --version        the version\n\n"
	      "FILE is a trace, - for standard input, a snapshot (an image of memory as FILE@ADDR), a PANDA recording's\n"
	      "base name or .rr2, of which each part is told.\n"
	      "Exit status: 0 all are whole, 1 of one nothing could be told, 2 one is damaged or cut short.\n",
	      to);
}

struct command {
	struct sct_info info;
	struct sct_info_read read; /* size 0: none */
	const char *type;          /* NULL: none */
	struct sct_types_how how;
	bool json, done;
};

static const struct option longs[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "read", required_argument, NULL, 'r' },
	{ "zero-fill", no_argument, NULL, 'z' },
	{ "type", required_argument, NULL, 't' },
	{ "no-btf", no_argument, NULL, 'b' },
	{ "no-cache", no_argument, NULL, 'c' },
	{ "profile", required_argument, NULL, 'p' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

/* One option; c->done: there is nothing else to do. False: it makes no sense, which was said. */
static bool one(struct command *c, int option)
{
	struct sct_err err;

	switch (option) {
	case 'j': c->json = true; break;
	case 'z': c->read.zero_fill = true; break;
	case 'v': c->info.verbose = true; break;
	case 't': c->type = optarg; break;
	case 'b': c->how.no_btf = true; break;
	case 'c': c->how.no_cache = true; break;
	case 'p':
		c->info.arch = sct_abi_profile_arch(optarg);
		if (c->info.arch)
			break;
		sct_fail(&err, SCT_E_USAGE, SCT_NO_OFFSET, "no such profile (sctrace-decode --list-profiles)");
		sct_info_say(optarg, &err);
		return false;
	case 'r':
		if (!sct_info_read_parse(&c->read, optarg, &err))
			break;
		sct_info_say(optarg, &err);
		return false;
	case 'h':
		help(stdout);
		c->done = true;
		break;
	case 'V':
		puts("sctrace-info " SCT_VERSION);
		c->done = true;
		break;
	default: return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct command c = { .json = false };
	int option;

	while ((option = getopt_long(argc, argv, "p:vhV", longs, NULL)) != -1) {
		if (!one(&c, option))
			return EXIT_FAILURE;
		if (c.done)
			return EXIT_SUCCESS;
	}
	if (optind == argc) {
		fputs("sctrace-info: no FILE (--help lists the options)\n", stderr);
		return EXIT_FAILURE;
	}
	if (c.type)
		return sct_info_type(c.type, argv + optind, &c.how);
	if (c.read.size)
		return sct_info_read(&c.read, argv + optind);
	return c.json ? tell_json(&c.info, argv + optind) : tell_text(&c.info, argv + optind);
}
