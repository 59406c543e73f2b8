/* Fuzz target: who made the calls of a trace, by the data of a Linux kernel, which the recording may claim to be
 * anything. Answers that were kept from earlier calls must be what asking anew gives.
 * In:  bytes of an unpacked trace of any format
 * Out: nothing, or an abort
 *
 * The layout is that of the kernel of fixtures/debian-amd64-types, with what KASLR had added where its types were read.
 */
#include <string.h>

#include "../../src/os_linux.h"
#include "memory_file.h"
#include "records_fuzz.h"

#define AT(field, value) [SCT_LX_##field] = { true, (uint64_t)(value) }

static const struct sct_linux_layout layout = { .ptr = 8, .kernel.head = "Linux version 6.1.0-", .at = {
	AT(BANNER, 0xffffffffa1561900), AT(INIT_TASK, 0xffffffffa1e1aa40), AT(NOTES, 0xffffffffa18c1990),
	AT(PER_CPU_OFFSET, 0xffffffffa181cb60), AT(CURRENT, 0x1fb80), AT(TASK_PID, 2416), AT(TASK_TGID, 2420),
	AT(TASK_REAL_PARENT, 2432), AT(TASK_COMM, 2976), AT(TASK_COMM_SIZE, 16), AT(TASK_START, 2776),
	AT(TASK_START_IS_TIMESPEC, 0), AT(TASK_CRED, 2960), AT(TASK_MM, 2272), AT(TASK_FILES, 3048),
	AT(TASK_FS, 3040), AT(CRED_UID, 8), AT(MM_EXE_FILE, 944), AT(FS_PWD_DENTRY, 48), AT(FS_PWD_MNT, 40),
	AT(FILES_FDT, 32), AT(FDT_MAX, 0), AT(FDT_FD, 8), AT(FILE_DENTRY, 24), AT(FILE_MNT, 16),
	AT(DENTRY_PARENT, 24), AT(DENTRY_NAME, 40), AT(DENTRY_INODE, 48), AT(DENTRY_HASH_PPREV, 16),
	AT(DENTRY_OP, 96), AT(DENTRY_SB, 104), AT(OP_DNAME, 72), AT(MNT_ROOT, 0), AT(MNT_PARENT, -16),
	AT(MNT_POINT, -8), AT(MOUNT_MNT, 32), AT(INODE_INO, 64), AT(SB_TYPE, 40), AT(FSTYPE_NAME, 0),
	AT(INODE_SK, -104), AT(SOCKET_INODE, 128), AT(SK_SOCKET, 624), AT(SK_FAMILY, 16), AT(SK_STATE, 18),
	AT(SK_PROT, 40), AT(PROT_NAME, 408), AT(SK_PROTOCOL, 516), AT(SK_SADDR, 4), AT(SK_DADDR, 0),
	AT(SK_SADDR6, 72), AT(SK_DADDR6, 56), AT(SK_SPORT, 804), AT(SK_DPORT, 12), AT(UNIX_ADDR, 776),
	AT(UNIX_PEER, 864), AT(UNIX_ADDR_LEN, 4), AT(UNIX_ADDR_NAME, 8), AT(NETLINK_PORTID, 784),
} };

/* An operating system that says of no two moments that the same is found: nothing that it answers can be kept. */
static uint64_t found_nothing(void *state)
{
	(void)state;
	return 0;
}

/* FNV-1a (Fowler, Noll, Vo) of what the records say of their callers and descriptors. */
static void mix(uint64_t *hash, const void *data, size_t size)
{
	for (const uint8_t *p = data; size--; p++)
		*hash = (*hash ^ *p) * UINT64_C(0x100000001b3);
}

static void mix_word(uint64_t *hash, const struct sct_word *w)
{
	mix(hash, &w->known, sizeof w->known);
	if (w->known)
		mix(hash, &w->value, sizeof w->value);
}

static void mix_text(uint64_t *hash, const char *text)
{
	mix(hash, text ? text : "", text ? strlen(text) + 1 : 0);
}

static int on_end(void *ctx, const struct sct_record *r, struct sct_err *err)
{
	const struct sct_word *words[] = { &r->pid, &r->tid, &r->ppid, &r->start_time_ns, &r->uid };
	uint64_t *hash = ctx;

	(void)err;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		mix_word(hash, words[i]);
	mix_text(hash, r->comm);
	mix_text(hash, r->exe);
	for (size_t i = 0; i < r->nargs; i++)
		mix_text(hash, r->args[i].text);
	mix_text(hash, r->result.text);
	return SCT_OK;
}

static uint64_t decode(const char *path, bool kept)
{
	const struct sct_trace_options to = { .threads = 1 };
	struct sct_pipeline_options options = { .limits = { .str = 64, .buf = 64, .elems = 8, .total = 4096, .depth = 1 } };
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	const struct sct_pipeline_ops ops = { .end = on_end, .ctx = &hash };
	struct sct_pipeline *p;
	struct sct_trace t;
	struct sct_err err;
	struct sct_os os;

	if (sct_trace_open(&t, path, &to, &err) < 0)
		return 0;
	if (sct_linux_os(&os, &layout, 1, true, &err))
		abort();
	if (!kept)
		os.found = found_nothing;
	options.os = &os;
	if (sct_pipeline_new(&p, &t, &options, &ops, &err) == SCT_OK) {
		sct_pipeline_run(p, &err);
		sct_pipeline_free(p);
	}
	os.free(os.state);
	sct_trace_close(&t);
	return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char trace[64];
	int fd = memory_file(data, size, trace);

	if (decode(trace, true) != decode(trace, false))
		abort();
	close(fd);
	return 0;
}
