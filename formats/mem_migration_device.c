/* Device state of a migration stream: CPU registers, and what the CMOS says of RAM.
 * In:  the stream's device sections, and the description of their fields that ends it
 * Out: register files; how long each section is
 *
 * A section has no length of its own. The description (JSON) lists the devices in the stream's order:
 *   { "devices": [ { "name", "instance_id", "fields": [ field ], "subsections": [ { "vmsd_name", "fields" … } ] } ] }
 *   field: { "name", "size": bytes of one element [, "array_len"] [, "struct": { "fields" … }] }
 * Bytes are the fields in order, big-endian, then each subsection: 05, {u8 len, name}, u32 version, its fields
 * (QEMU migration/vmstate.c).
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../src/cursor.h"
#include "mem_migration.h"

enum {
	DESCRIPTION = 0x06,            /* the byte before the description's length */
	DESCRIPTION_MAX = 32 << 20,    /* bytes; about 100 KiB for a PC, and 10 for each CPU */
	SEARCH = 64 << 10,             /* bytes of the stream that are searched at once */
	DEPTH_MAX = 32,                /* of subsections in subsections */
	STATE_MAX = 1 << 20,           /* bytes of a device's state that is looked into */
	FIELD_NAME = 128,
	CMOS_BYTES = 128,
};

#define SIZE_MAX_TOLD (UINT64_C(1) << 40) /* bytes of one device: beyond it the description is nonsense */

/* ---- finding the description -------------------------------------------------------------------------------- */

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Where the description's text begins in the stream, 0: nowhere. Its length ends where the stream does, and the text
 * has no such byte, so the last place that fits is it. */
static uint64_t find_description(const struct sct_mig_source *source)
{
	uint64_t end = source->size, least = end > DESCRIPTION_MAX ? end - DESCRIPTION_MAX : 0;
	uint8_t buf[SEARCH + 4];

	for (uint64_t to = end; to > least;) {
		uint64_t from = to - least > SEARCH ? to - SEARCH : least;
		size_t have = source->read(source->ctx, from, buf, to + 4 < end ? to + 4 - from : end - from);

		for (size_t i = to - from; i-- > 0;)
			if (buf[i] == DESCRIPTION && i + 5 <= have && be32(buf + i + 1) == end - (from + i) - 5)
				return from + i + 5;
		to = from;
	}
	return 0;
}

int sct_mig_describe(struct sct_mig_devices *d, const struct sct_mig_source *source, struct sct_err *err)
{
	size_t size;
	char *text;

	d->begin = find_description(source);
	if (!d->begin)
		return SCT_OK;
	size = (size_t)(source->size - d->begin);
	text = malloc(size + 1);
	if (!text)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for the description of the devices");
	if (source->read(source->ctx, d->begin, text, size) == size)
		d->description = json_loadb(text, size, 0, NULL);
	free(text);
	return SCT_OK;
}

/* ---- fields ------------------------------------------------------------------------------------------------- */

struct field {
	const char *name;
	uint64_t size, count; /* bytes of an element; elements */
	const json_t *inner;  /* what each element is made of, or NULL */
};

static bool get_count(const json_t *object, const char *key, uint64_t other, uint64_t *value)
{
	const json_t *number = json_object_get(object, key);

	*value = number ? (uint64_t)json_integer_value(number) : other;
	return !number || (json_is_integer(number) && json_integer_value(number) >= 0);
}

static bool get_field(const json_t *json, struct field *f)
{
	f->name = json_string_value(json_object_get(json, "name"));
	f->inner = json_object_get(json, "struct");
	return f->name && get_count(json, "size", UINT64_MAX, &f->size) && get_count(json, "array_len", 1, &f->count) &&
	       f->size <= SIZE_MAX_TOLD && f->count <= SIZE_MAX_TOLD && (!f->size || f->count <= SIZE_MAX_TOLD / f->size);
}

/* Adds the bytes of what has fields and subsections; false: the description does not tell. */
static bool add_bytes(const json_t *object, unsigned depth, uint64_t *bytes)
{
	const json_t *fields = json_object_get(object, "fields"), *subs = json_object_get(object, "subsections"), *item;
	struct field f;
	size_t i;

	if (!json_is_array(fields) || depth > DEPTH_MAX)
		return false;
	json_array_foreach(fields, i, item) {
		if (!get_field(item, &f))
			return false;
		*bytes += f.size * f.count;
		if (*bytes > SIZE_MAX_TOLD)
			return false;
	}
	json_array_foreach(subs, i, item) {
		const char *name = json_string_value(json_object_get(item, "vmsd_name"));

		if (!name)
			return false;
		*bytes += 1 + 1 + strlen(name) + 4;
		if (!add_bytes(item, depth + 1, bytes))
			return false;
	}
	return true;
}

/* Takes in one element of a field: index counts elements of the outermost array. */
typedef void take_element(struct sct_mig_devices *d, const char *name, uint64_t index, const uint8_t *data, size_t size,
	struct sct_regs *regs);

static void walk_inner(struct sct_mig_devices *d, const struct field *outer, uint64_t index, struct sct_cursor c,
	take_element *take, struct sct_regs *regs)
{
	const json_t *item, *fields = json_object_get(outer->inner, "fields");
	char name[FIELD_NAME];
	struct field f;
	size_t i;

	json_array_foreach(fields, i, item) {
		const uint8_t *data = get_field(item, &f) ? sct_take(&c, f.size * f.count) : NULL;

		if (!data || snprintf(name, sizeof name, "%s.%s", outer->name, f.name) >= (int)sizeof name)
			return;
		take(d, name, index, data, f.size, regs);
	}
}

/* Tells the elements of a device's own fields, and of structures in these. */
static void walk(struct sct_mig_devices *d, const json_t *device, struct sct_cursor c, take_element *take,
	struct sct_regs *regs)
{
	const json_t *item, *fields = json_object_get(device, "fields");
	struct field f;
	size_t i;

	json_array_foreach(fields, i, item) {
		if (!get_field(item, &f) || !f.size)
			continue;
		for (uint64_t k = 0; k < f.count && !c.bad; k++) {
			const uint8_t *data = sct_take(&c, f.size);

			if (data && f.inner)
				walk_inner(d, &f, k, sct_cursor(data, f.size), take, regs);
			else if (data)
				take(d, f.name, k, data, f.size, regs);
		}
	}
}

/* ---- CPUs --------------------------------------------------------------------------------------------------- */

enum { ELEMENTS = 16 };

/* Fields of an x86 CPU (QEMU target/i386/machine.c), and the registers that their elements are. */
static const struct {
	const char *field;
	const char *reg[ELEMENTS];
} cpu_fields[] = {
	{ "env.regs", { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi",
		"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15" } },
	{ "env.eip", { "eip" } },
	{ "env.eflags", { "eflags" } },
	{ "env.segs.selector", { "es", "cs", "ss", "ds", "fs", "gs" } },
	{ "env.segs.base", { [4] = "fs_base", [5] = "gs_base" } },
	{ "env.cr[0]", { "cr0" } },
	{ "env.cr[2]", { "cr2" } },
	{ "env.cr[3]", { "cr3" } },
	{ "env.cr[4]", { "cr4" } },
	{ "env.efer", { "efer" } },
	{ "env.kernelgsbase", { "k_gs_base" } },
};

static void take_register(struct sct_mig_devices *d, const char *name, uint64_t index, const uint8_t *data, size_t size,
	struct sct_regs *regs)
{
	const struct sct_reg *reg = NULL;
	uint64_t value = 0;

	if (index >= ELEMENTS || size > 8)
		return;
	for (size_t i = 0; i < sizeof cpu_fields / sizeof *cpu_fields; i++)
		if (!strcmp(cpu_fields[i].field, name) && cpu_fields[i].reg[index])
			reg = sct_arch_reg(d->arch, cpu_fields[i].reg[index]);
	if (!reg)
		return;
	for (size_t i = 0; i < size; i++)
		value = value << 8 | data[i];
	sct_regs_set(regs, reg->index, value);
}

/* The architecture is told by the size of the program counter. */
static const struct sct_arch *arch_of(const json_t *device)
{
	const json_t *item, *fields = json_object_get(device, "fields");
	struct field f;
	size_t i;

	json_array_foreach(fields, i, item)
		if (get_field(item, &f) && !strcmp(f.name, "env.eip"))
			return f.size == 8 ? &sct_arch_x86_64 : f.size == 4 ? &sct_arch_i386 : NULL;
	return NULL;
}

static int take_cpu(struct sct_mig_devices *d, const json_t *device, uint32_t instance, const uint8_t *data,
	size_t size, struct sct_err *err)
{
	const struct sct_arch *arch = arch_of(device);

	if (!arch || (d->arch && d->arch != arch) || instance >= SCT_MIG_CPUS)
		return SCT_OK; /* not one that is known here */
	if (instance >= d->ncpus) {
		struct sct_regs *cpus = realloc(d->cpus, (instance + 1) * sizeof *cpus);

		if (!cpus)
			return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for the registers of %u CPUs", instance + 1);
		memset(cpus + d->ncpus, 0, (instance + 1 - d->ncpus) * sizeof *cpus);
		d->cpus = cpus;
		d->ncpus = instance + 1;
	}
	d->arch = arch;
	walk(d, device, sct_cursor(data, size), take_register, &d->cpus[instance]);
	return SCT_OK;
}

/* ---- the CMOS ----------------------------------------------------------------------------------------------- */

/* Firmware learns there how much RAM is where, in units of 64 KiB (QEMU hw/i386/pc.c, pc_cmos_init()). */
static void take_cmos(struct sct_mig_devices *d, const char *name, uint64_t index, const uint8_t *data, size_t size,
	struct sct_regs *regs)
{
	uint64_t low, high;

	(void)regs;
	if (strcmp(name, "cmos_data") || index || size != CMOS_BYTES)
		return;
	low = data[0x34] | (uint64_t)data[0x35] << 8;                                 /* from 16 MiB to the hole */
	high = data[0x5b] | (uint64_t)data[0x5c] << 8 | (uint64_t)data[0x5d] << 16; /* from 4 GiB on */
	d->split = (struct sct_mig_split){ low != 0, (low << 16) + (16 << 20), high << 16 };
}

/* ---- one device --------------------------------------------------------------------------------------------- */

/* The description lists devices in the stream's order. */
static const json_t *find_device(struct sct_mig_devices *d, const char *name, uint32_t instance)
{
	const json_t *devices = json_object_get(d->description, "devices");

	for (size_t i = d->next; i < json_array_size(devices); i++) {
		const json_t *device = json_array_get(devices, i);
		const char *its = json_string_value(json_object_get(device, "name"));

		if (its && !strcmp(its, name) && json_integer_value(json_object_get(device, "instance_id")) == instance) {
			d->next = i + 1;
			return device;
		}
	}
	return NULL;
}

static int look_into(struct sct_mig_devices *d, const json_t *device, const char *name, uint32_t instance,
	struct sct_mig_in *in, size_t size, struct sct_err *err)
{
	uint8_t *data = malloc(size ? size : 1);
	int rc = SCT_OK;

	if (!data)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for the state of a device");
	sct_mig_take(in, data, size);
	if (in->bad)
		; /* the caller tells */
	else if (!strcmp(name, "cpu"))
		rc = take_cpu(d, device, instance, data, size, err);
	else
		walk(d, device, sct_cursor(data, size), take_cmos, NULL);
	free(data);
	return rc;
}

int sct_mig_device(struct sct_mig_devices *d, struct sct_mig_in *in, const char *name, uint32_t instance,
	struct sct_err *err)
{
	bool wanted = !strcmp(name, "cpu") || !strcmp(name, "mc146818rtc");
	uint64_t at = in->at, size = 0;
	const json_t *device;

	if (!d->description)
		return sct_fail(err, SCT_E_TRUNCATED, at, "no description of the devices' state ends the stream: registers are "
			"not known");
	device = find_device(d, name, instance);
	if (!device || !add_bytes(device, 0, &size))
		return sct_fail(err, SCT_E_FORMAT, at, "the stream's description does not tell how long the state of \"%s\" is",
			name);
	if (wanted && size <= STATE_MAX && size <= in->source->size - at) {
		if (look_into(d, device, name, instance, in, (size_t)size, err) < 0)
			return err->status;
	} else {
		sct_mig_skip(in, size);
	}
	return in->bad ? sct_fail(err, SCT_E_TRUNCATED, at, "the stream ends inside the state of \"%s\"", name) : SCT_OK;
}

void sct_mig_described(struct sct_mig_devices *d)
{
	json_decref(d->description);
	d->description = NULL;
}

void sct_mig_devices_fini(struct sct_mig_devices *d)
{
	sct_mig_described(d);
	free(d->cpus);
}
