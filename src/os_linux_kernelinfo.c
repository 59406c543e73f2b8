/* PANDA's kernelinfo.conf as a source of Linux layouts.
 *
 * In:  the bytes of the file
 * Out: a layout for each of its groups
 * Layout: a GLib key file, lines of text:
 *      # text, or nothing           passed over
 *      [VARIANT:BITS]               a group begins: one kernel; BITS 32 or 64
 *      name = RELEASE|VERSION|MACHINE   as uname(2) has them
 *      KEY = NUMBER                 decimal; keys as PANDA's kernelinfo_read.c has them; those not named below are of
 *                                   no use here
 *
 * What it does not say is the same in all kernels: the chain of a dentry in the hash table is its last pointer before
 * d_parent (include/linux/dcache.h), max_fds the first member of struct fdtable (include/linux/fdtable.h), and since
 * 3.3 struct mount ends its first four pointers with mnt_parent, mnt_mountpoint (fs/mount.h).
 */
#include "os_linux.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"

enum { GROUPS_MAX = 4096 };

/* Numbers that are not a layout's themselves. */
enum {
	VERSION_A = SCT_LX_FIELDS, VERSION_B, QSTR_NAME, NUMBERS
};

static const struct key {
	const char *name;
	unsigned number;
} keys[] = {
	{ "version.a", VERSION_A },
	{ "version.b", VERSION_B },
	{ "task.per_cpu_offsets_addr", SCT_LX_PER_CPU_OFFSET },
	{ "task.per_cpu_offset_0_addr", SCT_LX_PER_CPU_0 },
	{ "task.current_task_addr", SCT_LX_CURRENT },
	{ "task.init_addr", SCT_LX_INIT_TASK },
	{ "task.pid_offset", SCT_LX_TASK_PID },
	{ "task.tgid_offset", SCT_LX_TASK_TGID },
	{ "task.real_parent_offset", SCT_LX_TASK_REAL_PARENT },
	{ "task.mm_offset", SCT_LX_TASK_MM },
	{ "task.cred_offset", SCT_LX_TASK_CRED },
	{ "task.comm_offset", SCT_LX_TASK_COMM },
	{ "task.comm_size", SCT_LX_TASK_COMM_SIZE },
	{ "task.files_offset", SCT_LX_TASK_FILES },
	{ "task.start_time_offset", SCT_LX_TASK_START },
	{ "cred.uid_offset", SCT_LX_CRED_UID },
	{ "fs.f_path_dentry_offset", SCT_LX_FILE_DENTRY },
	{ "fs.f_path_mnt_offset", SCT_LX_FILE_MNT },
	{ "fs.fdt_offset", SCT_LX_FILES_FDT },
	{ "fs.fd_offset", SCT_LX_FDT_FD },
	{ "qstr.name_offset", QSTR_NAME },
	{ "path.d_name_offset", SCT_LX_DENTRY_NAME },
	{ "path.d_parent_offset", SCT_LX_DENTRY_PARENT },
	{ "path.d_op_offset", SCT_LX_DENTRY_OP },
	{ "path.d_dname_offset", SCT_LX_OP_DNAME },
	{ "path.mnt_root_offset", SCT_LX_MNT_ROOT },
	{ "path.mnt_parent_offset", SCT_LX_MNT_PARENT },
	{ "path.mnt_mountpoint_offset", SCT_LX_MNT_POINT },
};

/* A group as it is read. */
struct group {
	struct sct_linux_layout layout;
	struct sct_word number[NUMBERS];
};

static void set(struct sct_word *word, bool known, uint64_t value)
{
	*word = (struct sct_word){ known, known ? value : 0 };
}

/* What a group's numbers say of what has no key. */
static void conclude(struct group *g)
{
	struct sct_word *n = g->number, *at = g->layout.at;
	uint64_t ptr = g->layout.ptr;

	memcpy(at, n, sizeof g->layout.at);
	if (at[SCT_LX_PER_CPU_OFFSET].known && !at[SCT_LX_PER_CPU_OFFSET].value) /* PANDA: the number is told instead */
		at[SCT_LX_PER_CPU_OFFSET].known = false;
	set(&at[SCT_LX_TASK_START_IS_TIMESPEC], n[VERSION_A].known && n[VERSION_B].known,
	    n[VERSION_A].value < 3 || (n[VERSION_A].value == 3 && n[VERSION_B].value < 17));
	set(&at[SCT_LX_DENTRY_NAME], n[SCT_LX_DENTRY_NAME].known && n[QSTR_NAME].known,
	    n[SCT_LX_DENTRY_NAME].value + n[QSTR_NAME].value);
	set(&at[SCT_LX_DENTRY_HASH_PPREV], n[SCT_LX_DENTRY_PARENT].known, n[SCT_LX_DENTRY_PARENT].value - ptr);
	set(&at[SCT_LX_FDT_MAX], n[SCT_LX_FDT_FD].known, 0);
	set(&at[SCT_LX_MOUNT_MNT], n[SCT_LX_MNT_PARENT].known, n[SCT_LX_MNT_PARENT].value >> 63 ? 4 * ptr : 0);
}

/* The text between p and end without the white space around it; *size bytes of it. */
static const char *trim(const char *p, const char *end, size_t *size)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (end > p && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
		end--;
	*size = (size_t)(end - p);
	return p;
}

/* "RELEASE|VERSION|MACHINE": how the kernel's banner begins and ends (init/version.c). */
static void take_name(struct sct_linux_kernel *k, const char *text, size_t size)
{
	const char *release = memchr(text, '|', size);
	const char *version = release ? memchr(release + 1, '|', size - (size_t)(release + 1 - text)) : NULL;

	if (!version)
		return;
	snprintf(k->head, sizeof k->head, "Linux version %.*s ", (int)(release - text), text);
	snprintf(k->tail, sizeof k->tail, " %.*s", (int)(version - release - 1), release + 1);
}

static bool take_number(const char *text, size_t size, uint64_t *value)
{
	char digits[32], *end;

	if (!size || size >= sizeof digits)
		return false;
	memcpy(digits, text, size);
	digits[size] = 0;
	errno = 0;
	*value = *digits == '-' ? (uint64_t)strtoll(digits, &end, 10) : strtoull(digits, &end, 10);
	return !errno && !*end && end > digits;
}

static bool is(const char *text, size_t size, const char *word)
{
	return size == strlen(word) && !memcmp(text, word, size);
}

/* One line "KEY = VALUE" of a group. False: the value is no number. */
static bool take_key(struct group *g, const char *key, size_t nkey, const char *value, size_t nvalue)
{
	if (is(key, nkey, "name"))
		take_name(&g->layout.kernel, value, nvalue);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		struct sct_word *w = &g->number[keys[i].number];

		if (is(key, nkey, keys[i].name))
			return w->known = take_number(value, nvalue, &w->value);
	}
	return true;
}

/* A file that is read. */
struct reader {
	struct sct_linux_layout *layouts;
	size_t count, room;
	bool in_group;
	struct group group;
};

static int end_group(struct reader *r, uint64_t offset, struct sct_err *err)
{
	if (!r->in_group)
		return SCT_OK;
	if (r->count == GROUPS_MAX)
		return sct_fail(err, SCT_E_FORMAT, offset, "more than %d groups", GROUPS_MAX);
	if (r->count == r->room) {
		size_t room = r->room ? r->room * 2 : 4;
		void *p = realloc(r->layouts, room * sizeof *r->layouts);

		if (!p)
			return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "out of memory");
		r->layouts = p;
		r->room = room;
	}
	conclude(&r->group);
	r->layouts[r->count++] = r->group.layout;
	return SCT_OK;
}

static int begin_group(struct reader *r, const char *line, size_t size, uint64_t offset, struct sct_err *err)
{
	int status = end_group(r, offset, err);
	bool wide = size > 5 && !memcmp(line + size - 4, ":64]", 4);

	if (!status && !wide && (size < 5 || memcmp(line + size - 4, ":32]", 4)))
		status = sct_fail(err, SCT_E_FORMAT, offset, "a group that is not called [NAME:32] or [NAME:64]");
	memset(&r->group, 0, sizeof r->group);
	r->group.layout.ptr = wide ? 8 : 4;
	r->in_group = true;
	return status;
}

static int take_line(struct reader *r, const char *line, size_t size, uint64_t offset, struct sct_err *err)
{
	const char *value = memchr(line, '=', size), *key;
	size_t nkey, nvalue;

	if (!size || *line == '#')
		return SCT_OK;
	if (*line == '[')
		return begin_group(r, line, size, offset, err);
	if (!value || !r->in_group)
		return sct_fail(err, SCT_E_FORMAT, offset, value ? "a key before any group" : "neither group nor key");
	key = trim(line, value, &nkey);
	value = trim(value + 1, line + size, &nvalue);
	if (!take_key(&r->group, key, nkey, value, nvalue))
		return sct_fail(err, SCT_E_FORMAT, offset, "'%.*s' is no decimal number",
		                (int)(nvalue < 40 ? nvalue : 40), value);
	return SCT_OK;
}

int sct_linux_layouts_of_kernelinfo(const void *data, size_t size, struct sct_linux_layout **layouts, size_t *count,
                                    struct sct_err *err)
{
	struct reader *r = calloc(1, sizeof *r);
	const char *start = data, *p = start, *end = start + size;
	int status = r ? SCT_OK : sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "out of memory");

	while (!status && p < end) {
		const char *next = memchr(p, '\n', (size_t)(end - p));
		size_t n;
		const char *line = trim(p, next ? next : end, &n);

		status = take_line(r, line, n, (uint64_t)(p - start), err);
		p = next ? next + 1 : end;
	}
	if (!status)
		status = end_group(r, size, err);
	if (!status && !r->count)
		status = sct_fail(err, SCT_E_FORMAT, 0, "no group");
	if (status) {
		free(r ? r->layouts : NULL);
	} else {
		*layouts = r->layouts;
		*count = r->count;
	}
	free(r);
	return status;
}

bool sct_linux_is_kernelinfo(const void *data, size_t size)
{
	const char *p = data;
	size_t n = size < 4096 ? size : 4096;

	for (size_t i = 0; i < n; i++)
		if (!p[i])
			return false;
	return memmem(p, n, "\ntask.", 6) && memchr(p, '[', n) && memmem(p, n, "_offset", 7);
}
