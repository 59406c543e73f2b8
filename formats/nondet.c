/* PANDA's non-determinism log: what devices wrote to RAM while a recording ran, and when.
 * In:  a file NAME-rr-nondet.log, or the member nondetlog of an .rr2 archive
 * Out: device writes at guest-physical addresses, and how many entries of each kind there are
 *
 * Layout (panda/src/rr/rr_log.c: rr_write_item; panda/include/panda/rr/rr_log.h). Numbers are little-endian. Payloads
 * are structures as an x86-64 compiler lays them out, with their padding and with pointers of the recorder's that mean
 * nothing here:
 *   0   u64  instructions of the recording; 0 when the recorder did not come to close the log
 *   8   entries: u64 instruction count, u8 kind, u8 where the recorder was, payload by kind
 *          0-3 input of 1, 2, 4, 8 bytes     4 interrupt request, 4     5 exit request, 2
 *          6   skipped call: u8 call, then its structure                7 end of the log, 0
 *          8   pending interrupts, 4         9 exception, 4
 *       calls, with the size of the structure and where in it the length of the bytes behind it stands:
 *          0   memory write    {u64 address, pointer, u32 length}: 24
 *          1   region change   {u64 start, u64 size, pointer, u32 length, u32 type, u8 added}: 40
 *          2   memory unmapped {u64 address, pointer, u64 length}: 24
 *          3, 4 disk and network transfers {u32 type, u64 source, u64 target, u32 bytes}: 32; tell of no data
 *          5   network packet  {pointer, u32 length, u8 direction}: 16
 *          6-9 serial port: 16
 *          10  register written by a debugger {i32 vCPU, pointer, i32 register, i32 length}: 24
 *
 * Only writes are logged (exec.c: address_space_write_continue, and address_space_unmap where is_write). The count is
 * raised as an instruction begins (target/i386/translate.c), so an entry between two instructions has the index of the
 * second, and what a device wrote because an instruction spoke to it has the index of the next one.
 *
 * Addresses of memory writes are physical; those of unmapped memory are offsets in a block of RAM, which PANDA's replay
 * takes for physical addresses all the same (rr_replay_skipped_calls_internal). They are the same below the hole for
 * devices. A trace is made by the replay, so it is followed here too; offsets beyond the hole are counted.
 */
#include "formats.h"

#include <stdlib.h>

#include "../src/cursor.h"

enum kind { KIND_CALL = 6, KIND_END = 7, KINDS = 10 };
enum call { CALL_WRITE = 0, CALL_UNMAP = 2, CALLS = 11 };

/* What lies behind the head of an entry. */
struct payload {
	const char *name;
	uint8_t size;             /* of the fixed part */
	uint8_t len_at, len_size; /* where in it the length of the bytes behind it stands; size 0: there are none */
};

static const struct payload kinds[KINDS] = {
	{ "input-1", 1 }, { "input-2", 2 }, { "input-4", 4 }, { "input-8", 8 }, { "interrupt-request", 4 },
	{ "exit-request", 2 }, { "skipped-call", 1 }, { "end", 0 }, { "pending-interrupts", 4 }, { "exception", 4 },
};

static const struct payload calls[CALLS] = {
	{ "memory-write", 24, 16, 4 }, { "region-change", 40, 24, 4 }, { "memory-unmap", 24, 16, 8 },
	{ "disk-transfer", 32 }, { "network-transfer", 32 }, { "packet", 16, 8, 4 },
	{ "serial-receive", 16 }, { "serial-read", 16 }, { "serial-send", 16 }, { "serial-write", 16 },
	{ "register-write", 24, 20, 4 },
};

/* Places in the counts: totals, then kinds, then calls, then what ends them. */
enum { INSTRUCTIONS, WRITES, BYTES, BEYOND, FIRST_KIND };
enum { FIRST_CALL = FIRST_KIND + KINDS, COUNTS = FIRST_CALL + CALLS + 1 };

struct sct_nondet {
	struct sct_file file;
	struct sct_cursor at;
	uint64_t ram_size;
	uint64_t last; /* instruction count of the entry before */
	bool closed;   /* the head tells how many instructions there are */
	bool ended;
	struct sct_count counts[COUNTS];
};

struct entry {
	uint64_t seq;
	unsigned kind, call;
	const uint8_t *fixed, *data; /* data: the len bytes behind the fixed part of a call */
	uint64_t len;
};

static uint64_t offset_of(const struct sct_nondet *n, const uint8_t *p)
{
	return (uint64_t)(p - n->file.data);
}

/* ---- entries ------------------------------------------------------------------------------------------------ */

/* Reads the structure of a call and the bytes behind it. */
static void read_call(struct sct_cursor *c, struct entry *e)
{
	const struct payload *p = &calls[e->call];
	struct sct_cursor inside;

	e->fixed = sct_take(c, p->size);
	if (!e->fixed || !p->len_size)
		return;
	inside = sct_cursor(e->fixed + p->len_at, p->len_size);
	e->len = sct_take_le(&inside, p->len_size);
	e->data = sct_take(c, e->len);
}

/* Reads the entry at the cursor. SCT_E_FORMAT, SCT_E_TRUNCATED: there is no such entry, or not all of it. */
static int read_entry(struct sct_nondet *n, struct entry *e, struct sct_err *err)
{
	struct sct_cursor c = n->at;
	uint64_t at = offset_of(n, c.at);

	if (!sct_cursor_left(&c))
		return sct_fail(err, SCT_E_TRUNCATED, at, "the log was not closed: its end is missing");
	*e = (struct entry){ 0 };
	e->seq = sct_take_le(&c, 8);
	e->kind = sct_take_u8(&c);
	sct_take_u8(&c);
	if (!c.bad && e->kind >= KINDS)
		return sct_fail(err, SCT_E_FORMAT, at, "there is no entry of kind %u", e->kind);
	if (!c.bad && e->seq < n->last)
		return sct_fail(err, SCT_E_FORMAT, at, "instruction %llu comes behind instruction %llu",
		                (unsigned long long)e->seq, (unsigned long long)n->last);
	e->fixed = sct_take(&c, kinds[e->kind < KINDS ? e->kind : 0].size);
	if (!c.bad && e->kind == KIND_CALL) {
		e->call = *e->fixed;
		if (e->call >= CALLS)
			return sct_fail(err, SCT_E_FORMAT, at, "there is no call of kind %u", e->call);
		read_call(&c, e);
	}
	if (c.bad)
		return sct_fail(err, SCT_E_TRUNCATED, at, "the log ends inside an entry");
	n->at = c;
	return SCT_OK;
}

static void count_entry(struct sct_nondet *n, const struct entry *e)
{
	n->last = e->seq;
	if (!n->closed)
		n->counts[INSTRUCTIONS].count = e->seq;
	n->counts[FIRST_KIND + e->kind].count++;
	if (e->kind == KIND_CALL)
		n->counts[FIRST_CALL + e->call].count++;
	n->ended = e->kind == KIND_END;
}

static bool is_write(const struct entry *e)
{
	return e->kind == KIND_CALL && (e->call == CALL_WRITE || e->call == CALL_UNMAP) && e->len;
}

static int fill_write(struct sct_nondet *n, const struct entry *e, struct sct_device_write *w, struct sct_err *err)
{
	uint64_t addr = sct_load_le64(e->fixed), end = addr + e->len - 1;

	if (e->len > UINT32_MAX)
		return sct_fail(err, SCT_E_UNSUPPORTED, offset_of(n, e->fixed), "a device wrote %llu bytes at once",
		                (unsigned long long)e->len);
	if (e->call == CALL_UNMAP && n->ram_size && sct_pc_ram_address(n->ram_size, end) != end)
		n->counts[BEYOND].count++;
	n->counts[WRITES].count++;
	n->counts[BYTES].count += e->len;
	*w = (struct sct_device_write){ .seq = e->seq, .addr = addr, .data = e->data, .len = (uint32_t)e->len };
	return 1;
}

int sct_nondet_next(struct sct_nondet *n, struct sct_device_write *w, struct sct_err *err)
{
	struct entry e;

	while (!n->ended) {
		if (read_entry(n, &e, err) < 0) {
			n->ended = true;
			return err->status;
		}
		count_entry(n, &e);
		if (is_write(&e))
			return fill_write(n, &e, w, err);
		if (n->ended && sct_cursor_left(&n->at))
			return sct_fail(err, SCT_E_FORMAT, offset_of(n, n->at.at), "%zu bytes follow the log's end",
			                sct_cursor_left(&n->at));
	}
	return 0;
}

/* ---- the file ----------------------------------------------------------------------------------------------- */

/* The first entry tells whether it is such a log at all: nothing else in it is fixed. */
static int check_head(struct sct_nondet *n, struct sct_err *err)
{
	struct sct_cursor start;
	struct entry e;

	n->at = sct_cursor(n->file.data, n->file.size);
	n->counts[INSTRUCTIONS].count = sct_take_le(&n->at, 8);
	n->closed = n->counts[INSTRUCTIONS].count;
	start = n->at;
	if (n->at.bad || read_entry(n, &e, err) < 0 || (n->closed && e.seq > n->counts[INSTRUCTIONS].count))
		return sct_fail(err, SCT_E_FORMAT, 0, "not a PANDA non-determinism log");
	n->at = start;
	return SCT_OK;
}

static void name_counts(struct sct_nondet *n)
{
	static const char *const totals[FIRST_KIND] = { "instructions", "device-writes", "device-bytes", "beyond-hole" };

	for (unsigned i = 0; i < FIRST_KIND; i++)
		n->counts[i].name = totals[i];
	for (unsigned i = 0; i < KINDS; i++)
		n->counts[FIRST_KIND + i].name = kinds[i].name;
	for (unsigned i = 0; i < CALLS; i++)
		n->counts[FIRST_CALL + i].name = calls[i].name;
}

int sct_nondet_open(struct sct_nondet **out, const char *path, uint64_t ram_size, struct sct_err *err)
{
	struct sct_nondet *n = calloc(1, sizeof *n);
	int rc;

	if (!n)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for a non-determinism log");
	n->ram_size = ram_size;
	name_counts(n);
	rc = sct_file_open(&n->file, path, err);
	if (rc >= 0) {
		rc = check_head(n, err);
		if (rc < 0)
			sct_file_close(&n->file);
	}
	if (rc < 0) {
		free(n);
		return rc;
	}
	*out = n;
	return SCT_OK;
}

void sct_nondet_close(struct sct_nondet *n)
{
	sct_file_close(&n->file);
	free(n);
}

const struct sct_count *sct_nondet_counts(const struct sct_nondet *n)
{
	return n->counts;
}
