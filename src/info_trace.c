/* What a trace is, how much is in it, and whether it is whole.
 * In:  a trace, read to its end
 * Out: its description, as text or as JSON
 */
#include "info.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 1024, KINDS = SCT_EV_GAP + 1 };

static const char *const kind_names[KINDS] = {
	[SCT_EV_REG] = "registers", [SCT_EV_SEEN] = "memory_seen", [SCT_EV_STORES] = "stores", [SCT_EV_ZERO] = "zeroed",
	[SCT_EV_ACCESSES] = "accesses", [SCT_EV_LOOSE] = "loose_bytes", [SCT_EV_INSN] = "enters", [SCT_EV_USER] = "returns",
	[SCT_EV_THREAD] = "threads", [SCT_EV_WHO] = "caller_facts", [SCT_EV_GAP] = "gaps",
};

/* Whose stores a trace shows. */
static const struct {
	const char *name, *text;
} shown[] = {
	[SCT_SHOWN_ALL] = { "all", NULL }, [SCT_SHOWN_PROGRAM] = { "program", "what one program itself stores" },
	[SCT_SHOWN_NONE] = { "none", "no stores" },
};

/* All there is to tell about one file. */
struct facts {
	const char *name;
	const struct sct_trace_info *info;
	const struct sct_damage *damage;
	const struct sct_count *counts; /* ends with a NULL name; may be NULL */
	uint64_t packed;                /* bytes of the file that were read */
	uint64_t kinds[KINDS];
	bool any;                       /* first and last are events */
	struct sct_event first, last;
};

/* Traces of every instruction give those of user mode where others give entries into the kernel. */
static const char *kind_name(const struct facts *f, unsigned kind)
{
	return kind == SCT_EV_INSN && f->info->every_insn ? "user_code" : kind_names[kind];
}

static const char *moment_name(const struct facts *f, const struct sct_event *e)
{
	if (e->kind == SCT_EV_USER)
		return "return";
	return f->info->every_insn ? "instruction" : "enter";
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

static void count(struct facts *f, const struct sct_event *e)
{
	f->kinds[e->kind] += e->kind == SCT_EV_STORES || e->kind == SCT_EV_ACCESSES ? e->value : 1;
	if (e->kind != SCT_EV_INSN && e->kind != SCT_EV_USER)
		return;
	if (!f->any)
		f->first = *e;
	f->any = true;
	f->last = *e;
}

static int read_all(struct sct_trace *t, struct facts *f, struct sct_err *err)
{
	struct sct_event events[BATCH];
	uint64_t total;
	int n;

	while ((n = t->ops->next(t->state, events, BATCH, err)) > 0)
		for (int i = 0; i < n; i++)
			count(f, &events[i]);
	f->info = t->ops->info(t->state);
	f->damage = t->ops->damage(t->state);
	f->counts = t->ops->counts ? t->ops->counts(t->state) : NULL;
	sct_input_position(t->in, &f->packed, &total);
	return n;
}

/* ---- as text ------------------------------------------------------------------------------------------------ */

static void print_start(const struct sct_trace_info *info)
{
	time_t seconds = (time_t)(info->started_ns / 1000000000);
	struct tm tm;
	char text[40];

	if (!info->started_ns || !gmtime_r(&seconds, &tm) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
		return;
	sct_info_line("started", text);
}

static void print_moment(const struct facts *f, const char *name, const struct sct_event *e)
{
	printf("  %-13s %s, seq %llu, pc 0x%llx", name, moment_name(f, e), (unsigned long long)e->seq,
	       (unsigned long long)e->addr);
	if (e->time_ns != SCT_TIME_UNKNOWN)
		printf(", at %llu.%09llu s", (unsigned long long)(e->time_ns / 1000000000),
		       (unsigned long long)(e->time_ns % 1000000000));
	putchar('\n');
}

static void print_info(const struct sct_trace_info *info)
{
	sct_info_line("format", info->format);
	sct_info_line("recorder", info->recorder);
	sct_info_line("emulator", info->emulator);
	printf("  %-13s %s, %s", "guest", info->arch ? info->arch->name : "unknown",
	       info->user_mode ? "one program" : "whole machine");
	if (info->vcpus)
		printf(", %u vCPU%s", info->vcpus, info->vcpus == 1 ? "" : "s");
	putchar('\n');
	sct_info_line("level", sct_level_names[info->level]);
	sct_info_line("memory", shown[info->shown].text);
	sct_info_line("from", info->start);
	sct_info_line("left out", info->filter);
	sct_info_line("forked from", info->parent);
	sct_info_line("thread", info->exact_threads ? "exact" : "not told");
	sct_info_line("threads by", info->thread_source);
	print_start(info);
	sct_info_line("has registers", info->registers);
}

static void print_damage(const struct sct_damage *d)
{
	if (d->unknown)
		sct_info_number("unknown parts", d->unknown);
	if (!d->first.status && !d->truncated) {
		sct_info_line("damage", "none");
		return;
	}
	if (d->places)
		printf("  %-13s %llu place%s, %llu unpacked bytes left out%s\n", "damage", (unsigned long long)d->places,
		       d->places == 1 ? "" : "s", (unsigned long long)d->bytes, d->truncated ? "; the end is missing" : "");
	else
		sct_info_line("damage", "the end is missing");
	if (d->first.status)
		sct_info_damage(&d->first);
}

static void print_text(const struct facts *f)
{
	printf("%s:\n", f->name);
	print_info(f->info);
	sct_info_number("file bytes", f->packed);
	for (const struct sct_count *c = f->counts; c && c->name; c++)
		sct_info_number(c->name, c->count);
	printf("  events");
	for (unsigned i = 1; i < KINDS; i++)
		printf("%s %s %llu", i > 1 ? "," : "       ", kind_name(f, i), (unsigned long long)f->kinds[i]);
	putchar('\n');
	if (f->any) {
		print_moment(f, "first event", &f->first);
		print_moment(f, "last event", &f->last);
	}
	print_damage(f->damage);
}

/* ---- as JSON ------------------------------------------------------------------------------------------------ */

static void put_moment(struct sct_json *j, const char *name, const struct facts *f, const struct sct_event *e)
{
	sct_info_key(j, name);
	if (!f->any) {
		SCT_JSON(j, "null");
		return;
	}
	SCT_JSON(j, "{\"kind\":");
	sct_json_name(j, moment_name(f, e));
	sct_info_put_number(j, "seq", e->seq);
	sct_info_key(j, "pc");
	sct_json_hex(j, e->addr);
	sct_info_key(j, "time_ns");
	if (e->time_ns == SCT_TIME_UNKNOWN)
		SCT_JSON(j, "null");
	else
		sct_json_number(j, e->time_ns);
	SCT_JSON(j, "}");
}

static void put_info(struct sct_json *j, const struct sct_trace_info *info)
{
	sct_info_put_text(j, "format", info->format);
	sct_info_put_text(j, "recorder", info->recorder);
	sct_info_put_text(j, "emulator", info->emulator);
	sct_info_put_text(j, "target", info->arch ? info->arch->name : NULL);
	sct_info_put_bool(j, "user_mode", info->user_mode);
	sct_info_key(j, "vcpus");
	if (info->vcpus)
		sct_json_number(j, info->vcpus);
	else
		SCT_JSON(j, "null");
	sct_info_put_text(j, "level", sct_level_names[info->level]);
	sct_info_put_text(j, "memory", shown[info->shown].name);
	sct_info_put_text(j, "start", info->start);
	sct_info_put_text(j, "filter", info->filter);
	sct_info_put_text(j, "parent", info->parent);
	sct_info_put_bool(j, "exact_threads", info->exact_threads);
	sct_info_put_text(j, "thread_source", info->thread_source);
	sct_info_key(j, "started_ns");
	sct_json_number(j, info->started_ns);
	sct_info_put_text(j, "registers", info->registers);
}

static void put_damage(struct sct_json *j, const struct sct_damage *d)
{
	sct_info_key(j, "damage");
	SCT_JSON(j, "{\"places\":");
	sct_json_number(j, d->places);
	sct_info_put_number(j, "bytes", d->bytes);
	sct_info_put_number(j, "unknown", d->unknown);
	sct_info_put_bool(j, "truncated", d->truncated);
	sct_info_put_err(j, "first", &d->first);
	SCT_JSON(j, "}");
}

static void put_facts(struct sct_json *j, const struct facts *f)
{
	SCT_JSON(j, "{\"file\":");
	sct_json_name(j, f->name);
	sct_info_put_text(j, "kind", "trace");
	put_info(j, f->info);
	sct_info_put_number(j, "file_bytes", f->packed);
	sct_info_key(j, "counts");
	SCT_JSON(j, "{\"events\":");
	sct_json_number(j, f->kinds[SCT_EV_INSN] + f->kinds[SCT_EV_USER]);
	for (const struct sct_count *c = f->counts; c && c->name; c++) {
		SCT_JSON(j, ",");
		sct_info_put_count(j, c);
	}
	SCT_JSON(j, "}");
	sct_info_key(j, "kinds");
	SCT_JSON(j, "{\"gaps\":");
	sct_json_number(j, f->kinds[SCT_EV_GAP]);
	for (unsigned i = 1; i < SCT_EV_GAP; i++)
		sct_info_put_number(j, kind_name(f, i), f->kinds[i]);
	SCT_JSON(j, "}");
	put_moment(j, "first", f, &f->first);
	put_moment(j, "last", f, &f->last);
	put_damage(j, f->damage);
	SCT_JSON(j, "}\n");
}

/* ---- one trace ---------------------------------------------------------------------------------------------- */

int sct_info_trace(const struct sct_info *info, const struct sct_info_file *file)
{
	const struct sct_trace_options options = {
		.threads = 2, .hints.arch = info->arch, .hints.ram_size = file->ram_size,
	};
	struct facts f = { .name = file->name };
	struct sct_trace t;
	struct sct_err err;
	int status = EXIT_SUCCESS;

	if (sct_trace_open(&t, file->path, &options, &err) < 0) {
		sct_info_say(file->name, &err);
		return EXIT_FAILURE;
	}
	if (read_all(&t, &f, &err) < 0) {
		sct_info_say(file->name, &err);
		status = SCT_INFO_DAMAGED;
	}
	if (f.damage->first.status)
		sct_info_say(file->name, &f.damage->first);
	if (f.damage->first.status || f.damage->truncated)
		status = SCT_INFO_DAMAGED;
	if (info->json)
		put_facts(info->json, &f);
	else
		print_text(&f);
	sct_trace_close(&t);
	return status;
}
