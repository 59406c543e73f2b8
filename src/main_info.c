/* sctrace-info: what recordings are, how much is in them, and whether they are whole.
 * In:  the command line, traces
 * Out: a description of each, as text or as JSON; the exit status of sctrace-info(1)
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../formats/formats.h"
#include "../formats/json.h"

enum { EXIT_DAMAGED = 2, BATCH = 1024, KINDS = SCT_EV_GAP + 1 };

static const char *const kind_names[KINDS] = {
	[SCT_EV_REG] = "registers", [SCT_EV_SEEN] = "memory_seen", [SCT_EV_STORES] = "stores", [SCT_EV_ZERO] = "zeroed",
	[SCT_EV_INSN] = "enters", [SCT_EV_USER] = "returns", [SCT_EV_THREAD] = "threads", [SCT_EV_GAP] = "gaps",
};

/* All there is to tell about one file. */
struct facts {
	const char *path;
	const struct sct_trace_info *info;
	const struct sct_damage *damage;
	const struct sct_count *counts; /* ends with a NULL name */
	uint64_t packed;                /* bytes of the file that were read */
	uint64_t kinds[KINDS];
	bool any;                       /* first and last are events */
	struct sct_event first, last;
};

static void say(const char *path, const struct sct_err *err)
{
	fprintf(stderr, "sctrace-info: %s: ", path);
	if (err->offset != SCT_NO_OFFSET)
		fprintf(stderr, "byte %llu: ", (unsigned long long)err->offset);
	fprintf(stderr, "%s\n", err->text);
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

static void count(struct facts *f, const struct sct_event *e)
{
	f->kinds[e->kind] += e->kind == SCT_EV_STORES ? e->value : 1;
	if (e->kind != SCT_EV_INSN && e->kind != SCT_EV_USER)
		return;
	if (!f->any)
		f->first = *e;
	f->any = true;
	f->last = *e;
}

static int read_all(struct sct_trace *t, struct facts *f, struct sct_err *err)
{
	static const struct sct_count none = { NULL, 0 };
	struct sct_event events[BATCH];
	uint64_t total;
	int n;

	while ((n = t->ops->next(t->state, events, BATCH, err)) > 0)
		for (int i = 0; i < n; i++)
			count(f, &events[i]);
	f->info = t->ops->info(t->state);
	f->damage = t->ops->damage(t->state);
	f->counts = t->ops->counts ? t->ops->counts(t->state) : &none;
	sct_input_position(t->in, &f->packed, &total);
	return n;
}

/* ---- as text ------------------------------------------------------------------------------------------------ */

static void line(const char *name, const char *text)
{
	if (text)
		printf("  %-14s%s\n", name, text);
}

static void number(const char *name, uint64_t n)
{
	printf("  %-14s%llu\n", name, (unsigned long long)n);
}

static void print_start(const struct sct_trace_info *info)
{
	time_t seconds = (time_t)(info->started_ns / 1000000000);
	struct tm tm;
	char text[40];

	if (!info->started_ns || !gmtime_r(&seconds, &tm) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
		return;
	line("started", text);
}

static void print_moment(const char *name, const struct sct_event *e)
{
	printf("  %-14s%s, seq %llu, pc 0x%llx", name, e->kind == SCT_EV_INSN ? "enter" : "return",
	       (unsigned long long)e->seq, (unsigned long long)e->addr);
	if (e->time_ns != SCT_TIME_UNKNOWN)
		printf(", at %llu.%09llu s", (unsigned long long)(e->time_ns / 1000000000),
		       (unsigned long long)(e->time_ns % 1000000000));
	putchar('\n');
}

static void print_info(const struct sct_trace_info *info)
{
	line("format", info->format);
	line("recorder", info->recorder);
	line("emulator", info->emulator);
	printf("  %-14s%s, %s, %u vCPU%s\n", "guest", info->arch ? info->arch->name : "unknown",
	       info->user_mode ? "one program" : "whole machine", info->vcpus, info->vcpus == 1 ? "" : "s");
	line("level", sct_level_names[info->level]);
	line("from", info->start);
	line("left out", info->filter);
	line("forked from", info->parent);
	line("thread", info->exact_threads ? "exact" : "not told");
	line("threads by", info->thread_source);
	print_start(info);
	line("has registers", info->registers);
}

static void print_damage(const struct sct_damage *d)
{
	if (d->unknown)
		number("unknown parts", d->unknown);
	if (!d->first.status) {
		line("damage", "none");
		return;
	}
	printf("  %-14s%llu place%s, %llu unpacked bytes left out%s\n", "damage", (unsigned long long)d->places,
	       d->places == 1 ? "" : "s", (unsigned long long)d->bytes, d->truncated ? "; the end is missing" : "");
	if (d->first.offset != SCT_NO_OFFSET)
		printf("  %-14sbyte %llu: %s\n", "first damage", (unsigned long long)d->first.offset, d->first.text);
	else
		line("first damage", d->first.text);
}

static void print_text(const struct facts *f)
{
	printf("%s:\n", f->path);
	print_info(f->info);
	number("file bytes", f->packed);
	for (const struct sct_count *c = f->counts; c->name; c++)
		number(c->name, c->count);
	printf("  events");
	for (unsigned i = 1; i < KINDS; i++)
		printf("%s %s %llu", i > 1 ? "," : "       ", kind_names[i], (unsigned long long)f->kinds[i]);
	putchar('\n');
	if (f->any) {
		print_moment("first event", &f->first);
		print_moment("last event", &f->last);
	}
	print_damage(f->damage);
}

/* ---- as JSON ------------------------------------------------------------------------------------------------ */

static void key(struct sct_json *j, const char *name)
{
	SCT_JSON(j, ",");
	sct_json_name(j, name);
	SCT_JSON(j, ":");
}

static void put_text(struct sct_json *j, const char *name, const char *text)
{
	key(j, name);
	sct_json_name(j, text);
}

static void put_number(struct sct_json *j, const char *name, uint64_t n)
{
	key(j, name);
	sct_json_number(j, n);
}

static void put_bool(struct sct_json *j, const char *name, bool b)
{
	key(j, name);
	if (b)
		SCT_JSON(j, "true");
	else
		SCT_JSON(j, "false");
}

static void put_moment(struct sct_json *j, const char *name, bool any, const struct sct_event *e)
{
	key(j, name);
	if (!any) {
		SCT_JSON(j, "null");
		return;
	}
	SCT_JSON(j, "{\"kind\":");
	sct_json_name(j, e->kind == SCT_EV_INSN ? "enter" : "return");
	put_number(j, "seq", e->seq);
	key(j, "pc");
	sct_json_hex(j, e->addr);
	key(j, "time_ns");
	if (e->time_ns == SCT_TIME_UNKNOWN)
		SCT_JSON(j, "null");
	else
		sct_json_number(j, e->time_ns);
	SCT_JSON(j, "}");
}

static void put_info(struct sct_json *j, const struct sct_trace_info *info)
{
	put_text(j, "format", info->format);
	put_text(j, "recorder", info->recorder);
	put_text(j, "emulator", info->emulator);
	put_text(j, "target", info->arch ? info->arch->name : NULL);
	put_bool(j, "user_mode", info->user_mode);
	put_number(j, "vcpus", info->vcpus);
	put_text(j, "level", sct_level_names[info->level]);
	put_text(j, "start", info->start);
	put_text(j, "filter", info->filter);
	put_text(j, "parent", info->parent);
	put_bool(j, "exact_threads", info->exact_threads);
	put_text(j, "thread_source", info->thread_source);
	key(j, "started_ns");
	sct_json_number(j, info->started_ns);
	put_text(j, "registers", info->registers);
}

static void put_damage(struct sct_json *j, const struct sct_damage *d)
{
	key(j, "damage");
	SCT_JSON(j, "{\"places\":");
	sct_json_number(j, d->places);
	put_number(j, "bytes", d->bytes);
	put_number(j, "unknown", d->unknown);
	put_bool(j, "truncated", d->truncated);
	key(j, "first");
	if (!d->first.status) {
		SCT_JSON(j, "null}");
		return;
	}
	SCT_JSON(j, "{\"offset\":");
	if (d->first.offset == SCT_NO_OFFSET)
		SCT_JSON(j, "null");
	else
		sct_json_number(j, d->first.offset);
	put_text(j, "cause", d->first.text);
	SCT_JSON(j, "}}");
}

static void put_facts(struct sct_json *j, const struct facts *f)
{
	SCT_JSON(j, "{\"file\":");
	sct_json_name(j, f->path);
	put_info(j, f->info);
	put_number(j, "file_bytes", f->packed);
	key(j, "counts");
	SCT_JSON(j, "{\"events\":");
	sct_json_number(j, f->kinds[SCT_EV_INSN] + f->kinds[SCT_EV_USER]);
	for (const struct sct_count *c = f->counts; c->name; c++)
		put_number(j, c->name, c->count);
	SCT_JSON(j, "}");
	key(j, "kinds");
	SCT_JSON(j, "{\"gaps\":");
	sct_json_number(j, f->kinds[SCT_EV_GAP]);
	for (unsigned i = 1; i < SCT_EV_GAP; i++)
		put_number(j, kind_names[i], f->kinds[i]);
	SCT_JSON(j, "}");
	put_moment(j, "first", f->any, &f->first);
	put_moment(j, "last", f->any, &f->last);
	put_damage(j, f->damage);
	SCT_JSON(j, "}\n");
}

/* ---- one file after the other ------------------------------------------------------------------------------- */

/* json NULL: as text. Returns the file's exit status. */
static int tell(const char *path, struct sct_json *json)
{
	struct facts f = { .path = path };
	struct sct_trace t;
	struct sct_err err;
	int status = EXIT_SUCCESS;

	if (sct_trace_open(&t, path, &(struct sct_trace_options){ .threads = 2 }, &err) < 0) {
		say(path, &err);
		return EXIT_FAILURE;
	}
	if (read_all(&t, &f, &err) < 0) {
		say(path, &err);
		status = EXIT_DAMAGED;
	}
	if (f.damage->first.status) {
		say(path, &f.damage->first);
		status = EXIT_DAMAGED;
	}
	if (json)
		put_facts(json, &f);
	else
		print_text(&f);
	sct_trace_close(&t);
	return status;
}

static int tell_all(char **paths, struct sct_json *json)
{
	int worst = EXIT_SUCCESS;

	for (; *paths; paths++) {
		int status = tell(*paths, json);

		/* a file of which nothing could be told is worse than a damaged one */
		if (status == EXIT_FAILURE || worst == EXIT_SUCCESS)
			worst = status;
	}
	return worst;
}

static int tell_json(char **paths)
{
	static struct sct_json json;
	struct sct_err err;
	int status;

	if (sct_out_open("-", &json.out, &err) < 0) {
		say("standard output", &err);
		return EXIT_FAILURE;
	}
	status = tell_all(paths, &json);
	sct_json_flush(&json);
	if (sct_out_commit(json.out, &err) < 0) {
		say("standard output", &err);
		return EXIT_FAILURE;
	}
	return status;
}

static int tell_text(char **paths)
{
	int status = tell_all(paths, NULL);

	if (fflush(stdout) || ferror(stdout)) {
		perror("sctrace-info: standard output");
		return EXIT_FAILURE;
	}
	return status;
}

static void help(FILE *to)
{
	fputs("Usage: sctrace-info [OPTION]... TRACE...\n"
	      "Tells what recordings are and checks that they are whole. TRACE may be - for standard input.\n\n"
	      "      --json     one JSON object a line for each TRACE\n"
	      "  -h, --help     this text\n"
	      "  -V, --version  the version\n\n"
	      "Exit status: 0 all are whole, 1 of one nothing could be told, 2 one is damaged or cut short.\n",
	      to);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "hV", longs, NULL)) != -1) {
		switch (c) {
		case 'j':
			json = true;
			break;
		case 'h':
			help(stdout);
			return EXIT_SUCCESS;
		case 'V':
			puts("sctrace-info " SCT_VERSION);
			return EXIT_SUCCESS;
		default:
			return EXIT_FAILURE;
		}
	}
	if (optind == argc) {
		fputs("sctrace-info: no TRACE (--help lists the options)\n", stderr);
		return EXIT_FAILURE;
	}
	return json ? tell_json(argv + optind) : tell_text(argv + optind);
}
