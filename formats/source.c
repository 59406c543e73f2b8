/* The bytes of a file or pipe as they come, through a window that can look ahead.
 * In:  a path
 * Out: runs of bytes with their offsets
 */
#include "source.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int sct_source_open(struct sct_source *s, const char *path, struct sct_err *err)
{
	struct stat st;

	memset(s, 0, sizeof *s);
	s->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	if (s->fd < 0)
		return sct_fail(err, SCT_E_IO, SCT_NO_OFFSET, "cannot open: %s", strerror(errno));
	if (fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode)) {
		off_t at = lseek(s->fd, 0, SEEK_CUR);

		/* a shell may hand over a standard input that was read from already; offsets count from there */
		s->regular = at == 0;
		s->size = at >= 0 && st.st_size > at ? (uint64_t)(st.st_size - at) : 0;
	}
	return SCT_OK;
}

void sct_source_close(struct sct_source *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	free(s->buf);
	s->buf = NULL;
	s->data = NULL;
	s->left = 0;
}

/* Makes room for a window of want bytes and one read more; moves the window to the buffer's front when it must. */
static int make_room(struct sct_source *s, size_t want, struct sct_err *err)
{
	size_t need = want + SCT_SOURCE_READ;
	uint8_t *buf;

	if (s->buf && (size_t)(s->buf + s->room - s->data) >= need)
		return SCT_OK;
	if (s->left)
		memmove(s->buf, s->data, s->left);
	if (need * 2 > s->room) { /* twice: then a move is paid for by as many bytes read */
		buf = realloc(s->buf, need * 2);
		if (!buf)
			return sct_fail(err, SCT_E_NOMEM, s->offset, "no memory for %zu bytes of input", need * 2);
		s->buf = buf;
		s->room = need * 2;
	}
	s->data = s->buf;
	return SCT_OK;
}

int sct_source_fill(struct sct_source *s, size_t want, struct sct_err *err)
{
	assert(want <= SCT_SOURCE_MAX);
	if (s->left >= want || s->eof)
		return SCT_OK;
	if (make_room(s, want, err) < 0)
		return err->status;
	while (s->left < want) {
		uint8_t *end = s->buf + (s->data - s->buf) + s->left;
		ssize_t n = read(s->fd, end, (size_t)(s->buf + s->room - end));

		if (n < 0 && errno == EINTR) /* a handler that wants no restart ran */
			return sct_fail(err, SCT_E_INTERRUPTED, s->offset + s->left, "interrupted");
		if (n < 0)
			return sct_fail(err, SCT_E_IO, s->offset + s->left, "cannot read: %s", strerror(errno));
		if (n == 0) {
			s->eof = true;
			break;
		}
		s->left += (size_t)n;
	}
	return SCT_OK;
}

void sct_source_skip(struct sct_source *s, size_t size)
{
	assert(size <= s->left);
	s->data += size;
	s->left -= size;
	s->offset += size;
}

bool sct_source_read_at(const struct sct_source *s, uint64_t offset, void *buf, size_t size)
{
	return s->regular && offset <= s->size && size <= s->size - offset &&
	       pread(s->fd, buf, size, (off_t)offset) == (ssize_t)size;
}
