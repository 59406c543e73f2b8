/* What a memory snapshot is, and what PANDA's non-determinism log has.
 * In:  a snapshot, of which only the structure is read; a log, read to its end
 * Out: its description, as text or as JSON
 */
#include "info.h"

#include <stdlib.h>

enum {
	FIRST_RANGES = 8,     /* that are told without -v */
};

static uint64_t total_bytes(const struct sct_snapshot_info *s)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->nranges; i++)
		sum += s->ranges[i].size;
	return sum;
}

static size_t told_ranges(const struct sct_info *info, const struct sct_snapshot_info *s)
{
	return info->verbose || s->nranges < FIRST_RANGES ? s->nranges : FIRST_RANGES;
}

static const char *range_flags(const struct sct_range *r)
{
	static const char *const names[] = { "r", "rw", "rx", "rwx" };

	return names[r->flags & (SCT_RANGE_WRITE | SCT_RANGE_EXEC)];
}

static const char *arch_name(const struct sct_snapshot_info *s)
{
	return s->arch ? s->arch->name : s->arch_name;
}

/* A register under its name in full; false for names of a part, whose slot a longer register has. */
static bool is_whole(const struct sct_arch *arch, const struct sct_reg *reg)
{
	for (const struct sct_reg *r = arch->regs; r->name; r++)
		if (r->index == reg->index && r->size > reg->size)
			return false;
	return true;
}

/* Those that say where a CPU was; the others only with -v. */
static bool is_told(const struct sct_info *info, const struct sct_arch *arch, const struct sct_reg *reg)
{
	return is_whole(arch, reg) &&
	       (info->verbose || reg->index == arch->pc || reg->index == arch->sp || reg->index == arch->asid);
}

/* ---- as text ------------------------------------------------------------------------------------------------ */

static void print_ranges(const struct sct_info *info, const struct sct_snapshot_info *s)
{
	size_t told = told_ranges(info, s);

	printf("  %-13s %llu bytes in %zu range%s\n", "memory", (unsigned long long)total_bytes(s), s->nranges,
	       s->nranges == 1 ? "" : "s");
	for (size_t i = 0; i < told; i++)
		printf("  %-13s 0x%llx, %llu bytes, %s\n", i ? "" : "ranges", (unsigned long long)s->ranges[i].addr,
		       (unsigned long long)s->ranges[i].size, range_flags(&s->ranges[i]));
	if (told < s->nranges)
		printf("  %-13s and %zu more (-v tells all)\n", "", s->nranges - told);
}

static void print_cpu(const struct sct_info *info, const struct sct_arch *arch, const struct sct_regs *cpu,
                      unsigned number)
{
	char name[24];
	uint64_t value;
	const char *between = "";

	snprintf(name, sizeof name, "cpu %u", number);
	printf("  %-13s ", name);
	for (const struct sct_reg *r = arch->regs; r->name; r++)
		if (is_told(info, arch, r) && sct_regs_get(cpu, r, &value)) {
			printf("%s%s 0x%llx", between, r->name, (unsigned long long)value);
			between = ", ";
		}
	putchar('\n');
}

static void print_text(const struct sct_info *info, const char *name, const struct sct_snapshot_info *s)
{
	printf("%s:\n", name);
	sct_info_line("format", s->format);
	sct_info_line("producer", s->producer);
	sct_info_line("machine", s->machine);
	printf("  %-13s %s, %s, %u CPU%s\n", "guest", arch_name(s) ? arch_name(s) : "unknown",
	       s->program ? "one program" : "whole machine", s->ncpus, s->ncpus == 1 ? "" : "s");
	sct_info_line("addresses", s->program ? "virtual" : "guest-physical");
	if (s->ram_size)
		sct_info_number("machine's RAM", s->ram_size);
	print_ranges(info, s);
	for (unsigned i = 0; s->arch && i < s->ncpus; i++)
		print_cpu(info, s->arch, &s->cpus[i], i);
	for (const struct sct_count *c = s->counts; c && c->name; c++)
		sct_info_number(c->name, c->count);
	if (s->damage.status)
		sct_info_damage(&s->damage);
	else
		sct_info_line("damage", "none");
}

/* ---- as JSON ------------------------------------------------------------------------------------------------ */

static void put_ranges(const struct sct_info *info, const struct sct_snapshot_info *s)
{
	struct sct_json *j = info->json;
	size_t told = told_ranges(info, s);

	sct_info_put_number(j, "bytes", total_bytes(s));
	sct_info_put_number(j, "range_count", s->nranges);
	sct_info_key(j, "ranges");
	SCT_JSON(j, "[");
	for (size_t i = 0; i < told; i++) {
		if (i)
			SCT_JSON(j, ",");
		SCT_JSON(j, "{\"addr\":");
		sct_json_hex(j, s->ranges[i].addr);
		sct_info_put_number(j, "size", s->ranges[i].size);
		sct_info_put_text(j, "access", range_flags(&s->ranges[i]));
		SCT_JSON(j, "}");
	}
	SCT_JSON(j, "]");
}

static void put_cpu(struct sct_json *j, const struct sct_arch *arch, const struct sct_regs *cpu)
{
	uint64_t value;
	bool any = false;

	SCT_JSON(j, "{");
	for (const struct sct_reg *r = arch->regs; r->name; r++) {
		if (!is_whole(arch, r) || !sct_regs_get(cpu, r, &value))
			continue;
		if (any)
			SCT_JSON(j, ",");
		any = true;
		sct_json_name(j, r->name);
		SCT_JSON(j, ":");
		sct_json_hex(j, value);
	}
	SCT_JSON(j, "}");
}

static void put_cpus(struct sct_json *j, const struct sct_snapshot_info *s)
{
	sct_info_put_number(j, "cpu_count", s->ncpus);
	sct_info_key(j, "cpus");
	SCT_JSON(j, "[");
	for (unsigned i = 0; s->arch && i < s->ncpus; i++) {
		if (i)
			SCT_JSON(j, ",");
		put_cpu(j, s->arch, &s->cpus[i]);
	}
	SCT_JSON(j, "]");
}

/* A member "counts" and one "damage", and the end of the object. */
static void put_end(struct sct_json *j, const struct sct_count *counts, const struct sct_err *damage)
{
	sct_info_key(j, "counts");
	SCT_JSON(j, "{");
	for (const struct sct_count *c = counts; c && c->name; c++) {
		if (c != counts)
			SCT_JSON(j, ",");
		sct_info_put_count(j, c);
	}
	SCT_JSON(j, "}");
	sct_info_key(j, "damage");
	SCT_JSON(j, "{\"places\":");
	sct_json_number(j, damage->status != 0);
	sct_info_put_err(j, "first", damage);
	SCT_JSON(j, "}}\n");
}

static void put_json(const struct sct_info *info, const char *name, const struct sct_snapshot_info *s)
{
	struct sct_json *j = info->json;

	SCT_JSON(j, "{\"file\":");
	sct_json_name(j, name);
	sct_info_put_text(j, "kind", "snapshot");
	sct_info_put_text(j, "format", s->format);
	sct_info_put_text(j, "producer", s->producer);
	sct_info_put_text(j, "machine", s->machine);
	sct_info_put_text(j, "target", arch_name(s));
	sct_info_put_text(j, "addresses", s->program ? "virtual" : "guest-physical");
	sct_info_key(j, "ram_size");
	if (s->ram_size)
		sct_json_number(j, s->ram_size);
	else
		SCT_JSON(j, "null");
	put_ranges(info, s);
	put_cpus(j, s);
	put_end(j, s->counts, &s->damage);
}

/* ---- one file ----------------------------------------------------------------------------------------------- */

int sct_info_snapshot(const struct sct_info *info, const struct sct_info_file *file)
{
	const struct sct_snapshot_info *s;
	struct sct_snapshot snapshot;
	struct sct_err err;
	int status = EXIT_SUCCESS;

	if (sct_snapshot_open(&snapshot, file->path, NULL, &err) < 0) {
		sct_info_say(file->name, &err);
		return EXIT_FAILURE;
	}
	s = sct_snapshot_info(&snapshot);
	if (s->damage.status) {
		sct_info_say(file->name, &s->damage);
		status = SCT_INFO_DAMAGED;
	}
	if (info->json)
		put_json(info, file->name, s);
	else
		print_text(info, file->name, s);
	sct_snapshot_close(&snapshot);
	return status;
}

static void tell_nondet(const struct sct_info *info, const char *name, const struct sct_count *counts,
                        const struct sct_err *damage)
{
	if (info->json) {
		SCT_JSON(info->json, "{\"file\":");
		sct_json_name(info->json, name);
		sct_info_put_text(info->json, "kind", "nondet");
		sct_info_put_text(info->json, "format", "panda-nondet");
		put_end(info->json, counts, damage);
		return;
	}
	printf("%s:\n", name);
	sct_info_line("format", "panda-nondet");
	for (const struct sct_count *c = counts; c && c->name; c++)
		sct_info_number(c->name, c->count);
	if (damage->status)
		sct_info_damage(damage);
	else
		sct_info_line("damage", "none");
}

int sct_info_nondet(const struct sct_info *info, const struct sct_info_file *file)
{
	struct sct_err err = { .status = SCT_OK };
	struct sct_device_write w;
	struct sct_nondet *log;
	int r;

	if (sct_nondet_open(&log, file->path, file->ram_size, &err) < 0) {
		sct_info_say(file->name, &err);
		return EXIT_FAILURE;
	}
	while ((r = sct_nondet_next(log, &w, &err)) > 0)
		;
	if (r < 0)
		sct_info_say(file->name, &err);
	else
		err.status = SCT_OK;
	tell_nondet(info, file->name, sct_nondet_counts(log), &err);
	sct_nondet_close(log);
	return r < 0 ? SCT_INFO_DAMAGED : EXIT_SUCCESS;
}
