/* Reader of qcow2 images with a snapshot of a running machine inside (QEMU's savevm).
 * In:  the image
 * Out: RAM and CPU registers, of the first snapshot that has any
 *
 * Layout (QEMU docs/interop/qcow2.txt): big-endian
 *   header     0 "QFI\xfb", 4 u32 version 2 or 3, 20 u32 cluster bits, 24 u64 disk size, 32 u32 encryption,
 *              60 u32 number of snapshots, 64 u64 offset of their table; version 3: 72 u64 incompatible features
 *   snapshot   0 u64 offset of its L1 table, 8 u32 entries there, 12 u16 bytes of its id, 14 u16 of its name,
 *              32 u32 bytes of state, 36 u32 bytes of more fields: 40 u64 bytes of state, 48 u64 disk size; id, name,
 *              padding to 8
 *   L1 entry   bits 9 to 55: offset of an L2 table, which has one cluster
 *   L2 entry   bit 62: compressed, bits 9 to 55: offset of a cluster, bit 0: zero; extended L2: a second u64, a bit for
 *              each 32nd of the cluster that is there and, from bit 32 on, that is zero
 * The state is a migration stream that lies behind the disk: its clusters are those of the first L1 entry that the disk
 * does not need.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mem_migration.h"

enum {
	HEADER = 72, HEADER_3 = 104,
	SNAPSHOT = 40,
	CLUSTER_BITS_MIN = 9, CLUSTER_BITS_MAX = 21, /* QEMU's own bounds */
	EXTENDED_BITS_MIN = 14, SUBCLUSTER_BITS = 5,
	COUNTS = 12,
};

#define INCOMPATIBLE_CORRUPT  UINT64_C(0x02)
#define INCOMPATIBLE_EXTERNAL UINT64_C(0x04)
#define INCOMPATIBLE_EXTENDED UINT64_C(0x10)
#define INCOMPATIBLE_KNOWN    UINT64_C(0x1f)
#define OFFSET_MASK           UINT64_C(0x00fffffffffffe00)
#define COMPRESSED            (UINT64_C(1) << 62)
#define ZERO                  UINT64_C(1) /* of an L2 entry, and the place of a unit that is zero */

struct snapshot {
	uint64_t l1, state, disk; /* offset of the L1 table; bytes */
	uint32_t l1_size;
};

struct qcow2 {
	struct sct_migration stream;
	const struct sct_file *file;
	unsigned cluster_bits, unit_bits; /* a unit is a cluster, with extended L2 entries a subcluster */
	uint32_t nsnapshots;
	uint64_t disk, snapshots;
	uint64_t *units; /* of the state, by number: offset in the image, or ZERO */
	uint64_t nunits;
	struct sct_count counts[COUNTS];
};

static const uint8_t magic[4] = { 'Q', 'F', 'I', 0xfb };

static uint64_t be(const uint8_t *p, unsigned size)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < size; i++)
		v = v << 8 | p[i];
	return v;
}

/* len bytes of the image; NULL: it has them not. */
static const uint8_t *at(const struct qcow2 *q, uint64_t offset, uint64_t len)
{
	return offset <= q->file->size && len <= q->file->size - offset ? q->file->data + offset : NULL;
}

/* ---- header ------------------------------------------------------------------------------------------------- */

static int check_features(struct qcow2 *q, uint64_t features, struct sct_err *err)
{
	if (features & ~INCOMPATIBLE_KNOWN)
		return sct_fail(err, SCT_E_UNSUPPORTED, 72, "the image has features that are not known: 0x%" PRIx64,
			features & ~INCOMPATIBLE_KNOWN);
	if (features & INCOMPATIBLE_EXTERNAL)
		return sct_fail(err, SCT_E_UNSUPPORTED, 72, "the image keeps its data in another file");
	if (features & INCOMPATIBLE_CORRUPT)
		return sct_fail(err, SCT_E_FORMAT, 72, "the image is marked as corrupt");
	if (!(features & INCOMPATIBLE_EXTENDED))
		return SCT_OK;
	if (q->cluster_bits < EXTENDED_BITS_MIN)
		return sct_fail(err, SCT_E_FORMAT, 20, "clusters of 2^%u bytes cannot have extended L2 entries",
			q->cluster_bits);
	q->unit_bits = q->cluster_bits - SUBCLUSTER_BITS;
	return SCT_OK;
}

static int take_header(struct qcow2 *q, struct sct_err *err)
{
	const uint8_t *h = at(q, 0, HEADER);
	uint64_t version = h ? be(h + 4, 4) : 0, bits = h ? be(h + 20, 4) : 0;

	if (!h || (version >= 3 && !at(q, 0, HEADER_3)))
		return sct_fail(err, SCT_E_TRUNCATED, q->file->size, "the image ends inside its header");
	if (memcmp(h, magic, sizeof magic) || (version != 2 && version != 3))
		return sct_fail(err, SCT_E_FORMAT, 0, "no qcow2 image of version 2 or 3");
	if (bits < CLUSTER_BITS_MIN || bits > CLUSTER_BITS_MAX)
		return sct_fail(err, SCT_E_FORMAT, 20, "clusters of 2^%" PRIu64 " bytes", bits);
	if (be(h + 32, 4))
		return sct_fail(err, SCT_E_UNSUPPORTED, 32, "the image is encrypted");
	q->cluster_bits = q->unit_bits = (unsigned)bits;
	q->disk = be(h + 24, 8);
	q->nsnapshots = (uint32_t)be(h + 60, 4);
	q->snapshots = be(h + 64, 8);
	return version < 3 ? SCT_OK : check_features(q, be(h + 72, 8), err);
}

/* ---- snapshots ---------------------------------------------------------------------------------------------- */

/* Reads the entry at *offset and moves it on to the next. */
static int take_snapshot(const struct qcow2 *q, uint64_t *offset, struct snapshot *s, struct sct_err *err)
{
	const uint8_t *h = at(q, *offset, SNAPSHOT);
	uint64_t more = h ? be(h + 36, 4) : 0, size = h ? SNAPSHOT + more + be(h + 12, 2) + be(h + 14, 2) : 0;

	if (!h || !at(q, *offset, size))
		return sct_fail(err, SCT_E_TRUNCATED, *offset, "the image ends inside its table of snapshots");
	*s = (struct snapshot){ be(h, 8), be(h + 32, 4), q->disk, (uint32_t)be(h + 8, 4) };
	if (more >= 8)
		s->state = be(h + 40, 8);
	if (more >= 16)
		s->disk = be(h + 48, 8);
	*offset += (size + 7) & ~UINT64_C(7);
	return SCT_OK;
}

static int find_snapshot(const struct qcow2 *q, struct snapshot *s, struct sct_err *err)
{
	uint64_t offset = q->snapshots;

	for (uint32_t i = 0; i < q->nsnapshots; i++) {
		if (take_snapshot(q, &offset, s, err) < 0)
			return err->status;
		if (s->state)
			return SCT_OK;
	}
	return sct_fail(err, SCT_E_FORMAT, q->nsnapshots ? q->snapshots : 60, "the image has no snapshot of a running "
		"machine (%" PRIu32 " of the disk alone)", q->nsnapshots);
}

/* ---- where the state is ------------------------------------------------------------------------------------- */

static int damaged(uint64_t offset, const char *what, struct sct_err *err)
{
	return sct_fail(err, SCT_E_FORMAT, offset, "the tables of the snapshot's state are damaged: %s", what);
}

/* The place of one unit, by the L2 entry of its cluster. */
static int place_unit(struct qcow2 *q, uint64_t number, uint64_t entry_at, struct sct_err *err)
{
	bool extended = q->unit_bits != q->cluster_bits;
	const uint8_t *entry = at(q, entry_at, extended ? 16 : 8);
	uint64_t word = be(entry, 8), host = word & OFFSET_MASK, bits = extended ? be(entry + 8, 8) : 0;
	unsigned sub = number & ((1U << (q->cluster_bits - q->unit_bits)) - 1);

	if (word & COMPRESSED)
		return sct_fail(err, SCT_E_UNSUPPORTED, entry_at, "the snapshot's state is compressed");
	if (extended ? bits >> (32 + sub) & 1 : word & ZERO) {
		q->units[number] = ZERO;
		return SCT_OK;
	}
	if (!host || (extended && !(bits >> sub & 1)))
		return damaged(entry_at, "a part of it was never written", err);
	if (host & ((UINT64_C(1) << q->cluster_bits) - 1) || host >= q->file->size)
		return damaged(entry_at, "a cluster lies outside of the image", err);
	q->units[number] = host + ((uint64_t)sub << q->unit_bits);
	return SCT_OK;
}

/* The units of one L2 table, from number first on. */
static int place_table(struct qcow2 *q, const struct snapshot *s, uint64_t l1_index, uint64_t first, uint64_t count,
	struct sct_err *err)
{
	unsigned per_cluster = q->cluster_bits - q->unit_bits, entry_size = per_cluster ? 16 : 8;
	uint64_t cluster = UINT64_C(1) << q->cluster_bits, entry_at = s->l1 + 8 * l1_index, l2;
	const uint8_t *entry = l1_index < s->l1_size && s->l1 <= q->file->size ? at(q, entry_at, 8) : NULL;

	if (!entry)
		return damaged(s->l1, "the L1 table is too short", err);
	l2 = be(entry, 8) & OFFSET_MASK;
	if (!l2 || l2 & (cluster - 1) || !at(q, l2, cluster))
		return damaged(entry_at, "an L2 table lies outside of the image", err);
	for (uint64_t i = 0; i < count; i++)
		if (place_unit(q, first + i, l2 + (i >> per_cluster) * entry_size, err) < 0)
			return err->status;
	return SCT_OK;
}

static int place_state(struct qcow2 *q, const struct snapshot *s, struct sct_err *err)
{
	unsigned per_cluster = q->cluster_bits - q->unit_bits, l2_bits = q->cluster_bits - (per_cluster ? 4 : 3);
	uint64_t table = UINT64_C(1) << (l2_bits + q->cluster_bits); /* bytes that an L2 table describes */
	uint64_t index = s->disk / table + (s->disk % table != 0), n = UINT64_C(1) << (l2_bits + per_cluster);

	if (s->state > q->file->size)
		return sct_fail(err, SCT_E_TRUNCATED, q->snapshots, "a snapshot's state of %" PRIu64 " bytes in an image of %"
			PRIu64, s->state, q->file->size);
	q->nunits = ((s->state - 1) >> q->unit_bits) + 1;
	q->units = malloc(q->nunits * sizeof *q->units);
	if (!q->units)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for the table of the snapshot's clusters");
	for (uint64_t done = 0; done < q->nunits; done += n, index++)
		if (place_table(q, s, index, done, q->nunits - done < n ? q->nunits - done : n, err) < 0)
			return err->status;
	return SCT_OK;
}

static size_t read_state(void *ctx, uint64_t offset, void *buf, size_t len)
{
	const struct qcow2 *q = ctx;
	uint64_t unit = UINT64_C(1) << q->unit_bits;
	size_t done = 0;

	while (done < len && (offset + done) >> q->unit_bits < q->nunits) {
		uint64_t place = q->units[(offset + done) >> q->unit_bits], into = (offset + done) & (unit - 1);
		size_t n = unit - into < len - done ? (size_t)(unit - into) : len - done, got = n;

		if (place == ZERO)
			memset((uint8_t *)buf + done, 0, n);
		else
			got = sct_mig_read_file((void *)q->file, place + into, (uint8_t *)buf + done, n);
		done += got;
		if (got < n)
			break;
	}
	return done;
}

/* Offsets in the state become those in the image. */
static void translate(const struct qcow2 *q, struct sct_err *err)
{
	uint64_t unit = err->offset >> q->unit_bits;

	if (err->status && err->offset != SCT_NO_OFFSET)
		err->offset = unit < q->nunits && q->units[unit] != ZERO
			? q->units[unit] + (err->offset & ((UINT64_C(1) << q->unit_bits) - 1)) : SCT_NO_OFFSET;
}

/* ---- the reader --------------------------------------------------------------------------------------------- */

static int qcow2_probe(const struct sct_file *file)
{
	return file->size >= sizeof magic && !memcmp(file->data, magic, sizeof magic) ? 100 : 0;
}

static void tell_counts(struct qcow2 *q)
{
	unsigned n = 0;

	q->counts[n++] = (struct sct_count){ "snapshots in the image", q->nsnapshots };
	for (const struct sct_count *c = q->stream.counts; c->name && n < COUNTS - 1; c++)
		q->counts[n++] = *c;
	q->stream.info.counts = q->counts;
}

static int qcow2_open(void *state, const struct sct_file *file, bool has_base, uint64_t base, struct sct_err *err)
{
	struct qcow2 *q = state;
	struct sct_mig_source source = { read_state, q, 0 };
	struct snapshot s = { 0 };

	(void)base;
	if (has_base)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "a snapshot in an image says itself where its RAM is");
	q->file = file;
	if (take_header(q, err) < 0 || find_snapshot(q, &s, err) < 0 || place_state(q, &s, err) < 0)
		return err->status;
	source.size = s.state;
	if (sct_migration_open(&q->stream, &source, "qcow2", err) < 0) {
		translate(q, err);
		return err->status;
	}
	translate(q, &q->stream.info.damage);
	tell_counts(q);
	return SCT_OK;
}

static const struct sct_snapshot_info *qcow2_info(void *state)
{
	const struct qcow2 *q = state;

	return &q->stream.info;
}

static size_t qcow2_read(void *state, uint64_t addr, void *buf, size_t len)
{
	const struct qcow2 *q = state;

	return sct_migration_read(&q->stream, addr, buf, len);
}

static void qcow2_close(void *state)
{
	struct qcow2 *q = state;

	sct_migration_close(&q->stream);
	free(q->units);
}

extern const struct sct_snapshot_ops sct_mem_qcow2;
const struct sct_snapshot_ops sct_mem_qcow2 = {
	.name = "qcow2",
	.summary = "qcow2 image with a snapshot of a running machine inside (QEMU's savevm)",
	.state_size = sizeof(struct qcow2),
	.probe = qcow2_probe,
	.open = qcow2_open,
	.info = qcow2_info,
	.read = qcow2_read,
	.close = qcow2_close,
};
