/* The files of one PANDA recording, found by what a user gives as TRACE.
 * In:  a path
 * Out: paths of trace, snapshot and non-determinism log
 *
 * Layout, by file name (panda/src/rr/rr_log.c: rr_get_snapshot_file_name, rr_get_nondet_log_file_name). The trace,
 * which the recorder does not name, is looked for under the names below:
 *   BASE-rr-snp          memory and registers at the start
 *   BASE-rr-nondet.log   non-determinism log
 *   BASE.trace, BASE-trace, BASE.trace.txt, BASE-trace.txt   the first that is there
 *   BASE.rr2             where there is neither of the first two: snapshot and log in one archive
 * Each but the archive may end in .zst, .gz or .xz as well; the plain one counts first.
 *
 * Layout of NAME.rr2 (panda/src/rr/panda_rr2.c): a tar archive, compressed by gzip, of regular files in any order:
 *   RRv2                 marks it; the text does not matter
 *   snapshot             as BASE-rr-snp
 *   nondetlog            as BASE-rr-nondet.log
 *   capture.cmd, metadata.json, sha1: of no use here
 */
#include "formats.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unwrap_unnamed.h"

enum { MEMBERS_MAX = 64 }; /* of an archive; PANDA makes six */
/* Bytes of one member, against bombs: the memory of a guest that is larger than any that PANDA has replayed. */
static const uint64_t unpacked_max = UINT64_C(64) << 30;

enum { SNAPSHOT, NONDET, NPARTS };

static const char *const member_names[NPARTS] = { [SNAPSHOT] = "snapshot", [NONDET] = "nondetlog" };
static const char *const file_endings[NPARTS] = { [SNAPSHOT] = "-rr-snp", [NONDET] = "-rr-nondet.log" };
static const char *const trace_endings[] = { ".trace", "-trace", ".trace.txt", "-trace.txt", NULL };
static const char *const packings[] = { "", ".zst", ".gz", ".xz", NULL };
static const char archive_ending[] = ".rr2";

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* The path of base's file with that ending, packed or not, as a new string; NULL: there is none. */
static char *find_packed(const char *base, size_t len, const char *ending)
{
	for (unsigned i = 0; packings[i]; i++) {
		char *path;

		if (asprintf(&path, "%.*s%s%s", (int)len, base, ending, packings[i]) < 0)
			return NULL;
		if (is_file(path))
			return path;
		free(path);
	}
	return NULL;
}

static char *find_trace(const char *base, size_t len)
{
	char *path = NULL;

	for (unsigned i = 0; !path && trace_endings[i]; i++)
		path = find_packed(base, len, trace_endings[i]);
	return path;
}

/* ---- archives ----------------------------------------------------------------------------------------------- */

/* An archive that is being unpacked. */
struct unpacking {
	struct sct_input *in;
	struct archive *tar;
	int fds[NPARTS];
	unsigned members;
	bool marked;         /* RRv2 was among them */
	struct sct_err *err; /* status 0 as long as the input is sound */
};

static ssize_t feed(struct archive *tar, void *state, const void **data)
{
	struct unpacking *u = state;
	struct sct_piece piece = { 0 };
	int rc = sct_input_next(u->in, &piece, u->err);

	*data = piece.data;
	if (rc < 0)
		archive_set_error(tar, EIO, "%s", u->err->text);
	return rc < 0 ? ARCHIVE_FATAL : (ssize_t)piece.size;
}

/* What libarchive found, in our words, unless the input's fault is known already. */
static int fail_archive(struct unpacking *u)
{
	const char *text = archive_error_string(u->tar);
	uint64_t done, total;
	int status = SCT_E_FORMAT;

	if (u->err->status)
		return u->err->status;
	sct_input_position(u->in, &done, &total);
	if (text && strcasestr(text, "truncated"))
		status = SCT_E_TRUNCATED;
	else if (text && strcasestr(text, "write error"))
		status = SCT_E_IO;
	return sct_fail(u->err, status, status == SCT_E_IO ? SCT_NO_OFFSET : done, "the archive: %s",
	                text ? text : "it cannot be read");
}

static int unpack_member(struct unpacking *u, unsigned part, struct archive_entry *entry)
{
	int64_t size = archive_entry_size(entry);

	if (u->fds[part] >= 0)
		return sct_fail(u->err, SCT_E_FORMAT, SCT_NO_OFFSET, "the archive has two members %s", member_names[part]);
	if (archive_entry_filetype(entry) != AE_IFREG || size <= 0)
		return sct_fail(u->err, SCT_E_FORMAT, SCT_NO_OFFSET, "the archive's member %s is not a file with bytes",
		                member_names[part]);
	if ((uint64_t)size > unpacked_max)
		return sct_fail(u->err, SCT_E_FORMAT, SCT_NO_OFFSET,
		                "the archive's member %s says that it has %lld bytes; not more than %llu are unpacked",
		                member_names[part], (long long)size, (unsigned long long)unpacked_max);
	u->fds[part] = sct_unnamed_file(u->err);
	if (u->fds[part] < 0)
		return u->fds[part];
	return archive_read_data_into_fd(u->tar, u->fds[part]) == ARCHIVE_OK ? SCT_OK : fail_archive(u);
}

static int take_member(struct unpacking *u, struct archive_entry *entry)
{
	const char *name = archive_entry_pathname(entry);

	if (++u->members > MEMBERS_MAX)
		return sct_fail(u->err, SCT_E_FORMAT, SCT_NO_OFFSET, "the archive has more than %d members", MEMBERS_MAX);
	if (name && !strcmp(name, "RRv2"))
		u->marked = true;
	for (unsigned i = 0; name && i < NPARTS; i++)
		if (!strcmp(name, member_names[i]))
			return unpack_member(u, i, entry);
	return SCT_OK;
}

/* Reads what follows the last member, so that the checksum of all is held against it. */
static int drain(struct unpacking *u)
{
	struct sct_piece piece;
	int rc;

	while ((rc = sct_input_next(u->in, &piece, u->err)) > 0)
		;
	return rc;
}

static int unpack_all(struct unpacking *u)
{
	struct archive_entry *entry;
	int rc;

	archive_read_support_format_tar(u->tar);
	rc = archive_read_open(u->tar, u, NULL, feed, NULL);
	while (rc == ARCHIVE_OK && (rc = archive_read_next_header(u->tar, &entry)) == ARCHIVE_OK)
		if (take_member(u, entry) < 0)
			return u->err->status;
	if (rc != ARCHIVE_EOF)
		return fail_archive(u);
	if (u->marked && u->fds[SNAPSHOT] < 0 && u->fds[NONDET] < 0)
		return sct_fail(u->err, SCT_E_FORMAT, SCT_NO_OFFSET, "the archive has neither a snapshot nor a nondetlog");
	return drain(u);
}

static char *fd_path(int fd)
{
	char *path;

	return asprintf(&path, "/proc/self/fd/%d", fd) < 0 ? NULL : path;
}

/* Gives what was unpacked to parts. */
static int keep(struct sct_parts *parts, struct unpacking *u)
{
	char **paths[NPARTS] = { [SNAPSHOT] = &parts->snapshot, [NONDET] = &parts->nondet };

	for (unsigned i = 0; i < NPARTS; i++) {
		parts->fds[i] = u->fds[i];
		u->fds[i] = -1;
		*paths[i] = parts->fds[i] < 0 ? NULL : fd_path(parts->fds[i]);
		if (parts->fds[i] >= 0 && !*paths[i])
			return sct_fail(u->err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for a path");
	}
	return SCT_OK;
}

static void drop(struct unpacking *u)
{
	for (unsigned i = 0; i < NPARTS; i++)
		if (u->fds[i] >= 0)
			close(u->fds[i]);
}

static bool ends_in(const char *path, const char *ending)
{
	size_t len = strlen(path), n = strlen(ending);

	return len > n && !strcmp(path + len - n, ending);
}

/* Returns 1, 0 when path is no such archive (a compressed trace, say), or what is wrong with it. */
static int unpack(struct sct_parts *parts, const char *path, struct sct_err *err)
{
	struct sct_err fault = { 0 };
	struct unpacking u = { .fds = { -1, -1 }, .err = &fault };
	int rc;

	if (sct_input_open(path, 1, &u.in, err) < 0)
		return err->status;
	u.tar = archive_read_new();
	rc = u.tar ? unpack_all(&u) : sct_fail(&fault, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for an archive");
	if (rc == SCT_OK && u.marked)
		rc = keep(parts, &u);
	drop(&u);
	archive_read_free(u.tar);
	sct_input_close(u.in);
	if (!u.marked && !ends_in(path, archive_ending) && (rc == SCT_E_FORMAT || rc == SCT_E_TRUNCATED))
		return 0;
	if (rc < 0)
		*err = fault;
	return rc < 0 ? rc : u.marked;
}

static bool is_gzip(const char *path)
{
	uint8_t head[2] = { 0 };
	FILE *f = fopen(path, "rb");
	bool yes = f && fread(head, 1, 2, f) == 2 && head[0] == 0x1f && head[1] == 0x8b;

	if (f)
		fclose(f);
	return yes;
}

/* As unpack; finds the trace that lies beside the archive, too. */
static int find_archive(struct sct_parts *parts, const char *path, struct sct_err *err)
{
	size_t len = strlen(path);
	struct stat st;
	int rc;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || !is_gzip(path))
		return 0;
	rc = unpack(parts, path, err);
	if (rc > 0)
		parts->trace = find_trace(path, ends_in(path, archive_ending) ? len - strlen(archive_ending) : len);
	return rc;
}

/* ---- base names --------------------------------------------------------------------------------------------- */

/* As find_archive, for BASE. */
static int find_base(struct sct_parts *parts, const char *base, struct sct_err *err)
{
	size_t len = strlen(base);
	char *archive;
	int rc;

	parts->snapshot = find_packed(base, len, file_endings[SNAPSHOT]);
	parts->nondet = find_packed(base, len, file_endings[NONDET]);
	if (parts->snapshot || parts->nondet) {
		parts->trace = find_trace(base, len);
		return 1;
	}
	if (asprintf(&archive, "%s%s", base, archive_ending) < 0)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for a path");
	rc = find_archive(parts, archive, err);
	free(archive);
	return rc;
}

int sct_parts_find(struct sct_parts *parts, const char *path, struct sct_err *err)
{
	int rc = 0;

	*parts = (struct sct_parts){ .fds = { -1, -1 } };
	if (strcmp(path, "-"))
		rc = is_file(path) ? find_archive(parts, path, err) : find_base(parts, path, err);
	if (rc < 0)
		sct_parts_free(parts);
	if (rc)
		return rc < 0 ? rc : SCT_OK;
	parts->trace = strdup(path); /* also of a file that is not there: opening it tells so */
	return parts->trace ? SCT_OK : sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for a path");
}

void sct_parts_free(struct sct_parts *parts)
{
	for (unsigned i = 0; i < sizeof parts->fds / sizeof *parts->fds; i++)
		if (parts->fds[i] >= 0)
			close(parts->fds[i]);
	free(parts->trace);
	free(parts->snapshot);
	free(parts->nondet);
	*parts = (struct sct_parts){ .fds = { -1, -1 } };
}
