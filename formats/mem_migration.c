/* Reader of QEMU's migration stream: PANDA's -rr-snp, what `migrate "exec:cat >FILE"` and `migrate file:FILE` write.
 * In:  the stream (QEMU migration/savevm.c)
 * Out: RAM by guest-physical address, CPU registers
 *
 * Layout: big-endian; "QEVM", u32 3, then
 *   07  configuration: {u32 len, machine's name}, subsections (05, {u8 len, name}, u32 version, …)
 *   01  START, 04 FULL: u32 id, {u8 len, name}, u32 instance, u32 version, state, [7e, u32 id]
 *   02  PART, 03 END: u32 id, state, [7e, u32 id]
 *   08  command: u16 kind, u16 len, bytes
 *   00  end; then 06, u32 len, the description of device sections
 * RAM comes in START, PART and END, devices come as FULL. Machine types before 2.4 have no configuration, no footers
 * (7e) and no description.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem_migration.h"

enum { S_EOF = 0, S_START = 1, S_PART = 2, S_END = 3, S_FULL = 4, S_SUB = 5, S_CONFIG = 7, S_COMMAND = 8 };
enum { S_FOOTER = 0x7e, VERSION = 3, CAPABILITIES_MAX = 256, UUID_BYTES = 16 };

static const uint8_t magic[4] = { 'Q', 'E', 'V', 'M' };

bool sct_migration_probe(const uint8_t *data, size_t size)
{
	return size >= sizeof magic && !memcmp(data, magic, sizeof magic);
}

/* ---- configuration ------------------------------------------------------------------------------------------ */

static int take_capabilities(struct sct_migration *m, struct sct_mig_in *in, struct sct_err *err)
{
	uint64_t at = in->at, n = sct_mig_be(in, 4);
	char name[SCT_MIG_NAME];

	for (uint64_t i = 0; i < n; i++) {
		if (n > CAPABILITIES_MAX || !sct_mig_name(in, name))
			return sct_fail(err, SCT_E_FORMAT, at, "the list of capabilities is damaged");
		if (!strcmp(name, "mapped-ram"))
			m->ram.mapped = true;
		else if (!strcmp(name, "x-ignore-shared"))
			m->ram.shared = true;
		else
			return sct_fail(err, SCT_E_UNSUPPORTED, at, "the capability \"%s\" is not known", name);
	}
	return SCT_OK;
}

static int take_page_bits(struct sct_mig_in *in, struct sct_err *err)
{
	uint64_t at = in->at, bits = sct_mig_be(in, 4);

	if (bits != 12)
		return sct_fail(err, SCT_E_UNSUPPORTED, at, "pages of 2^%" PRIu64 " bytes are not supported", bits);
	return SCT_OK;
}

static int take_config_part(struct sct_migration *m, struct sct_mig_in *in, struct sct_err *err)
{
	uint64_t at = in->at;
	char name[SCT_MIG_NAME];

	sct_mig_skip(in, 1);
	if (!sct_mig_name(in, name))
		return sct_fail(err, SCT_E_FORMAT, at, "the machine's configuration is damaged");
	sct_mig_skip(in, 4); /* version */
	if (!strcmp(name, "configuration/capabilities"))
		return take_capabilities(m, in, err);
	if (!strcmp(name, "configuration/target-page-bits"))
		return take_page_bits(in, err);
	if (strcmp(name, "configuration/uuid"))
		return sct_fail(err, SCT_E_UNSUPPORTED, at, "a configuration with \"%s\" is not known", name);
	sct_mig_skip(in, UUID_BYTES);
	return SCT_OK;
}

static int take_config(struct sct_migration *m, struct sct_mig_in *in, struct sct_err *err)
{
	uint64_t at = in->at, len = sct_mig_be(in, 4);

	if (len >= sizeof m->machine)
		return sct_fail(err, SCT_E_FORMAT, at, "a machine's name of %" PRIu64 " bytes", len);
	sct_mig_take(in, m->machine, len);
	m->machine[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (m->machine[i] < ' ' || m->machine[i] > '~')
			return sct_fail(err, SCT_E_FORMAT, at, "the machine's name is damaged");
	while (sct_mig_peek(in) == S_SUB)
		if (take_config_part(m, in, err) < 0)
			return err->status;
	return SCT_OK;
}

/* ---- sections ----------------------------------------------------------------------------------------------- */

static int take_footer(struct sct_mig_in *in, uint32_t id, struct sct_err *err)
{
	uint64_t at = in->at;

	if (sct_mig_peek(in) != S_FOOTER)
		return SCT_OK;
	sct_mig_skip(in, 1);
	if (sct_mig_be(in, 4) != id && !in->bad)
		return sct_fail(err, SCT_E_FORMAT, at, "section %" PRIu32 " does not end where its content does", id);
	return SCT_OK;
}

/* A section with a name: a device, or the first part of the RAM. */
static int take_named(struct sct_migration *m, struct sct_mig_in *in, int kind, struct sct_err *err)
{
	uint64_t at = in->at;
	uint32_t id = (uint32_t)sct_mig_be(in, 4), instance;
	char name[SCT_MIG_NAME];
	int rc;

	if (!sct_mig_name(in, name) && !in->bad)
		return sct_fail(err, SCT_E_FORMAT, at, "the name of section %" PRIu32 " is damaged", id);
	instance = (uint32_t)sct_mig_be(in, 4);
	sct_mig_skip(in, 4); /* version */
	if (in->bad)
		return sct_fail(err, SCT_E_TRUNCATED, at, "the stream ends inside a section's head");
	if (kind == S_FULL) {
		rc = sct_mig_device(&m->devices, in, name, instance, err);
	} else if (!strcmp(name, "ram") && !m->has_ram) {
		m->has_ram = true;
		m->ram_id = id;
		rc = sct_mig_ram_part(&m->ram, in, err);
	} else {
		return sct_fail(err, SCT_E_UNSUPPORTED, at, "a section \"%s\" that comes in parts is not known", name);
	}
	return rc < 0 ? rc : take_footer(in, id, err);
}

static int take_part(struct sct_migration *m, struct sct_mig_in *in, struct sct_err *err)
{
	uint64_t at = in->at;
	uint32_t id = (uint32_t)sct_mig_be(in, 4);

	if (in->bad)
		return sct_fail(err, SCT_E_TRUNCATED, at, "the stream ends inside a section's head");
	if (!m->has_ram || id != m->ram_id)
		return sct_fail(err, SCT_E_FORMAT, at, "a part of section %" PRIu32 ", which did not begin", id);
	if (sct_mig_ram_part(&m->ram, in, err) < 0)
		return err->status;
	return take_footer(in, id, err);
}

static int take_command(struct sct_mig_in *in)
{
	sct_mig_skip(in, 2);
	sct_mig_skip(in, sct_mig_be(in, 2));
	return SCT_OK;
}

/* Reads sections up to the end; negative: *err says where it could not go on. */
static int take_sections(struct sct_migration *m, struct sct_mig_in *in, struct sct_err *err)
{
	for (;;) {
		uint64_t at = in->at;
		int rc, kind = (int)sct_mig_be(in, 1);

		if (in->bad)
			return sct_fail(err, SCT_E_TRUNCATED, at, "the stream ends without its end mark");
		if (kind == S_EOF)
			return SCT_OK;
		m->sections++;
		if (kind == S_CONFIG && m->sections == 1)
			rc = take_config(m, in, err);
		else if (kind == S_START || kind == S_FULL)
			rc = take_named(m, in, kind, err);
		else if (kind == S_PART || kind == S_END)
			rc = take_part(m, in, err);
		else if (kind == S_COMMAND)
			rc = take_command(in);
		else
			return sct_fail(err, SCT_E_FORMAT, at, "a section of kind 0x%02x", (unsigned)kind);
		if (rc < 0)
			return rc;
	}
}

/* ---- the whole stream --------------------------------------------------------------------------------------- */

static void tell(struct sct_migration *m, const char *format)
{
	const struct sct_count counts[] = {
		{ "RAM blocks", m->ram.nblocks },
		{ "RAM blocks without an address", m->ram.unplaced },
		{ "raw pages", m->ram.raw },
		{ "zero pages", m->ram.zero },
		{ "pages told again", m->ram.again },
		{ "RAM pages not told", m->ram.missing },
		{ "sections", m->sections },
		{ NULL, 0 },
	};
	struct sct_snapshot_info *info = &m->info;

	_Static_assert(sizeof counts == sizeof m->counts, "each count has its place");
	memcpy(m->counts, counts, sizeof counts);
	info->format = format;
	info->machine = *m->machine ? m->machine : NULL;
	info->arch = m->devices.arch;
	info->arch_name = info->arch ? info->arch->name : NULL;
	info->cpus = m->devices.cpus;
	info->ncpus = m->devices.ncpus;
	info->ranges = m->ram.ranges;
	info->nranges = m->ram.nranges;
	info->ram_size = m->ram.size;
	info->counts = m->counts;
}

/* What came before damage is of use when there is RAM among it. The first cause of *damage stays. */
static int finish(struct sct_migration *m, struct sct_err *damage, struct sct_err *err)
{
	struct sct_err limit = { 0 };

	if (sct_mig_ram_place(&m->ram, m->machine, &m->devices.split, &limit, err) < 0)
		return err->status;
	if (!damage->status)
		*damage = limit;
	if (!damage->status && !m->devices.ncpus)
		sct_fail(damage, SCT_E_UNSUPPORTED, m->devices.begin ? m->devices.begin : m->source.size,
			"the stream describes no CPU that is known here");
	m->info.damage = *damage;
	if (m->ram.nranges)
		return SCT_OK;
	if (!damage->status)
		return sct_fail(err, SCT_E_FORMAT, 0, "the stream tells of no page of RAM");
	*err = *damage;
	return err->status;
}

int sct_migration_open(struct sct_migration *m, const struct sct_mig_source *source, const char *format,
	struct sct_err *err)
{
	struct sct_mig_in in = { .source = &m->source };
	struct sct_err damage = { 0 };
	uint64_t version;
	uint8_t head[4];

	m->source = *source;
	sct_mig_take(&in, head, sizeof head);
	version = sct_mig_be(&in, 4);
	if (in.bad || !sct_migration_probe(head, sizeof head))
		return sct_fail(err, SCT_E_FORMAT, 0, "no migration stream");
	if (version != VERSION)
		return sct_fail(err, SCT_E_UNSUPPORTED, 4, "migration stream of version %" PRIu64 ", known is %d", version,
			VERSION);
	if (sct_mig_describe(&m->devices, &m->source, err) < 0)
		return err->status;
	if (take_sections(m, &in, &damage) < 0 && damage.status == SCT_E_NOMEM) {
		*err = damage;
		return err->status;
	}
	sct_mig_described(&m->devices);
	if (finish(m, &damage, err) < 0)
		return err->status;
	tell(m, format);
	return SCT_OK;
}

size_t sct_migration_read(const struct sct_migration *m, uint64_t addr, void *buf, size_t len)
{
	return sct_mig_ram_read(&m->ram, &m->source, addr, buf, len);
}

void sct_migration_close(struct sct_migration *m)
{
	sct_mig_ram_fini(&m->ram);
	sct_mig_devices_fini(&m->devices);
}

/* ---- as a file ---------------------------------------------------------------------------------------------- */

static int migration_probe(const struct sct_file *file)
{
	return sct_migration_probe(file->data, file->size) ? 100 : 0;
}

size_t sct_mig_read_file(void *ctx, uint64_t at, void *buf, size_t len)
{
	const struct sct_file *file = ctx;
	size_t done = 0;
	ssize_t n;

	while (done < len && (n = pread(file->fd, (uint8_t *)buf + done, len - done, (off_t)(at + done))) > 0)
		done += (size_t)n;
	return done;
}

static int migration_open(void *state, const struct sct_file *file, bool has_base, uint64_t base, struct sct_err *err)
{
	const struct sct_mig_source source = { sct_mig_read_file, (void *)file, file->size };

	(void)base;
	if (has_base)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "a migration stream says itself where its RAM is");
	return sct_migration_open(state, &source, "migration", err);
}

static const struct sct_snapshot_info *migration_info(void *state)
{
	const struct sct_migration *m = state;

	return &m->info;
}

static size_t migration_read(void *state, uint64_t addr, void *buf, size_t len)
{
	return sct_migration_read(state, addr, buf, len);
}

static void migration_close(void *state)
{
	sct_migration_close(state);
}

extern const struct sct_snapshot_ops sct_mem_migration;
const struct sct_snapshot_ops sct_mem_migration = {
	.name = "migration",
	.summary = "QEMU's migration stream: PANDA's -rr-snp, what `migrate exec:` or `file:` wrote",
	.state_size = sizeof(struct sct_migration),
	.probe = migration_probe,
	.open = migration_open,
	.info = migration_info,
	.read = migration_read,
	.close = migration_close,
};
