/* Where a log goes: written beside its name and renamed when complete, or straight to standard output.
 * In:  bytes of a log writer
 * Out: a whole file under its name, or an error and no file
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats.h"

enum {
	BUFFER = 256 << 10, /* bytes handed to the system at once */
	BASE_MAX = 200,     /* bytes of a name that its temporary one repeats: both stay below NAME_MAX */
	TEMP_TRIES = 100,
};

struct sct_out {
	int fd;
	bool can_patch;
	char *name;           /* what the file will be called; NULL: written in place (a pipe, a device) */
	char *temp;           /* what it is called until then */
	uint64_t flushed;     /* bytes handed to the system */
	size_t fill;          /* bytes waiting in buf */
	struct sct_err first; /* the first failure; status 0: none */
	uint8_t buf[BUFFER];
};

static int fail_errno(struct sct_err *err, const char *what, int error)
{
	return sct_fail(err, SCT_E_IO, SCT_NO_OFFSET, "%s: %s", what, strerror(error));
}

/* Keeps the first failure: what follows it is only its echo. */
static void keep_failure(struct sct_out *out, const char *what, int error)
{
	if (!out->first.status)
		fail_errno(&out->first, what, error);
}

/* write(2) or pwrite(2), but a reader that went away or a file size limit is an error number, never the signal that
 * would end the process. What signals do is the program's business, so they are only held back in this thread. */
static ssize_t write_quietly(int fd, const void *data, size_t size, int64_t at)
{
	static const int loud[] = { SIGPIPE, SIGXFSZ };
	sigset_t ours, before, pending;
	ssize_t n;
	int error;

	sigemptyset(&ours);
	sigpending(&pending);
	for (size_t i = 0; i < sizeof loud / sizeof *loud; i++)
		if (!sigismember(&pending, loud[i]))
			sigaddset(&ours, loud[i]);
	pthread_sigmask(SIG_BLOCK, &ours, &before);
	n = at < 0 ? write(fd, data, size) : pwrite(fd, data, size, at);
	error = errno;
	/* a pipe whose reader leaves in the middle of a write tells how much it took, and sends the signal as well */
	sigtimedwait(&ours, NULL, &(struct timespec){ 0 });
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return n;
}

/* All of data, at offset at or (negative) where the file stands. Returns 0 or an error number. */
static int write_all(int fd, const uint8_t *data, size_t size, int64_t at)
{
	while (size) {
		ssize_t n = write_quietly(fd, data, size, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : ENOSPC;
		data += n;
		size -= (size_t)n;
		at += at < 0 ? 0 : n;
	}
	return 0;
}

static void push(struct sct_out *out, const uint8_t *data, size_t size)
{
	int error;

	if (out->first.status)
		return;
	error = write_all(out->fd, data, size, -1);
	if (error)
		keep_failure(out, "cannot write", error);
	out->flushed += size;
}

static void flush(struct sct_out *out)
{
	push(out, out->buf, out->fill);
	out->fill = 0;
}

/* The name of a file to write beside `name`, in the same directory so that rename(2) cannot fail for crossing one. */
static char *temp_name(const char *name)
{
	const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
	uint32_t number = 0;
	char *temp;

	/* uniqueness comes from O_EXCL: random numbers only make the first try succeed */
	if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number)
		number = (uint32_t)getpid();
	if (asprintf(&temp, "%.*s.%.*s.%08x", (int)(base - name), name, BASE_MAX, base, number) < 0)
		return NULL;
	return temp;
}

/* Opens the temporary file of out->name. Returns 0 or an error number. */
static int open_temp(struct sct_out *out)
{
	for (int i = 0; i < TEMP_TRIES; i++) {
		out->temp = temp_name(out->name);
		if (!out->temp)
			return ENOMEM;
		out->fd = open(out->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (out->fd >= 0)
			return 0;
		free(out->temp);
		out->temp = NULL;
		if (errno != EEXIST)
			return errno;
	}
	return EEXIST;
}

/* Standard output: a file that it was redirected to can be patched when its bytes are ours from the first on. */
static int open_standard_output(struct sct_out *out, struct sct_err *err)
{
	struct stat st;

	out->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (out->fd < 0)
		return fail_errno(err, "cannot write to standard output", errno);
	out->can_patch = fstat(out->fd, &st) == 0 && S_ISREG(st.st_mode) &&
	                 !(fcntl(out->fd, F_GETFL) & O_APPEND) && lseek(out->fd, 0, SEEK_CUR) == 0;
	return 0;
}

/* A file: new, or instead of the one that st (NULL: none) describes, keeping its permissions. */
static int open_file(struct sct_out *out, const char *path, const struct stat *st, struct sct_err *err)
{
	int error;

	if (st && access(path, W_OK) < 0)
		return fail_errno(err, "cannot write", errno);
	/* what a symbolic link points at is replaced, not the link */
	out->name = st ? realpath(path, NULL) : strdup(path);
	if (!out->name)
		return fail_errno(err, "cannot write", errno);
	error = open_temp(out);
	if (error)
		return fail_errno(err, "cannot create a file in its directory", error);
	if (st && fchmod(out->fd, st->st_mode & 0777) < 0)
		return fail_errno(err, "cannot keep its permissions", errno);
	out->can_patch = true;
	return 0;
}

static int open_path(struct sct_out *out, const char *path, struct sct_err *err)
{
	struct stat st;

	if (!strcmp(path, "-"))
		return open_standard_output(out, err);
	if (stat(path, &st) < 0) {
		if (errno == ENOENT && *path)
			return open_file(out, path, NULL, err);
		return fail_errno(err, "cannot write", errno);
	}
	if (S_ISREG(st.st_mode))
		return open_file(out, path, &st, err);
	out->fd = open(path, O_WRONLY | O_CLOEXEC);
	return out->fd < 0 ? fail_errno(err, "cannot write", errno) : 0;
}

static void drop(struct sct_out *out)
{
	if (out->fd >= 0)
		close(out->fd);
	if (out->temp)
		unlink(out->temp);
	free(out->temp);
	free(out->name);
	free(out);
}

int sct_out_open(const char *path, struct sct_out **out, struct sct_err *err)
{
	struct sct_out *o = malloc(sizeof *o);
	int status;

	if (!o)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for the output buffer");
	memset(o, 0, offsetof(struct sct_out, buf));
	o->fd = -1;
	status = open_path(o, path, err);
	if (status) {
		drop(o);
		return status;
	}
	*out = o;
	return 0;
}

void sct_out_write(struct sct_out *out, const void *data, size_t size)
{
	if (size > BUFFER - out->fill)
		flush(out);
	if (size > BUFFER) {
		push(out, data, size);
		return;
	}
	memcpy(out->buf + out->fill, data, size);
	out->fill += size;
}

uint64_t sct_out_tell(const struct sct_out *out)
{
	return out->flushed + out->fill;
}

int sct_out_status(const struct sct_out *out, struct sct_err *err)
{
	if (out->first.status)
		*err = out->first;
	return out->first.status;
}

bool sct_out_can_patch(const struct sct_out *out)
{
	return out->can_patch;
}

int sct_out_patch(struct sct_out *out, uint64_t at, const void *data, size_t size, struct sct_err *err)
{
	int error;

	if (!out->can_patch)
		return sct_fail(err, SCT_E_IO, SCT_NO_OFFSET, "cannot go back in this output: it is no regular file");
	flush(out);
	if (out->first.status)
		return sct_out_status(out, err);
	assert(at + size <= out->flushed);
	error = write_all(out->fd, data, size, (int64_t)at);
	if (error)
		keep_failure(out, "cannot write", error);
	return sct_out_status(out, err);
}

int sct_out_commit(struct sct_out *out, struct sct_err *err)
{
	int status;

	flush(out);
	/* network file systems tell of a full disk only here */
	if (close(out->fd) < 0 && errno != EINTR)
		keep_failure(out, "cannot write", errno);
	out->fd = -1;
	if (out->temp && !out->first.status) {
		if (rename(out->temp, out->name) < 0) {
			keep_failure(out, "cannot rename the complete file to this name", errno);
		} else {
			free(out->temp);
			out->temp = NULL;
		}
	}
	status = sct_out_status(out, err);
	drop(out);
	return status;
}

void sct_out_abort(struct sct_out *out)
{
	drop(out);
}
