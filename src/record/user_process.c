/* The recording of one process under qemu-user: its file, its header, and what fork does to both.
 *
 * In:  a path
 * Out: an open stream; in a child another one, beside its parent's
 */
#include "header.h"
#include "user.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../formats/formats.h"

enum {
	PAGE = 4096,
	FD_PLACE = 1000,  /* where the file's descriptor goes, out of the way of those that a program expects */
	AGE_MS = 50,      /* what SIGKILL can cost: programs are killed more often than machines */
	EVENT_FACTOR = 4, /* how much more than one buffer an event may hold */
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t sct_user_time(const struct sct_user *u)
{
	return clock_ns(CLOCK_MONOTONIC) - u->began_ns;
}

uint64_t sct_user_instructions(const struct sct_user *u)
{
	return (atomic_load(&u->threaded) ? u->insns_alone : u->insns) - u->insns_before;
}

/* ---- header -------------------------------------------------------------------------------------------- */

static void put_header(void *ctx, struct sct_bytes *out)
{
	const struct sct_user *u = ctx;
	const struct sct_header h = {
		.file_id = u->file_id, .emulator = u->emulator, .dict = &u->dict, .user_mode = true,
		.vcpus = atomic_load(&u->vcpus), .level = SCT_LEVEL_SYSCALLS, .start = "reset",
		.started_unix_ns = u->started_unix_ns, .exact_threads = true,
		.parent = *u->parent ? u->parent : NULL,
	};

	sct_header_put(&h, out);
}

static uint64_t instructions(void *ctx)
{
	return sct_user_instructions(ctx);
}

/* ---- file ---------------------------------------------------------------------------------------------- */

/* Takes a descriptor to its place, or, where the limit on descriptors is too low, leaves it where it is. */
static int move_away(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, FD_PLACE);

	if (high >= 0)
		close(fd);
	else
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	return high >= 0 ? high : fd;
}

/* Opens the file unless that is done. */
static int open_file(struct sct_user *u, struct sct_err *err)
{
	struct stat st;

	if (u->fd < 0)
		u->fd = open(u->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (u->fd < 0 || fstat(u->fd, &st) < 0)
		return sct_fail(err, SCT_E_IO, SCT_NO_OFFSET, "%s: %s", u->path, strerror(errno));
	u->fd = move_away(u->fd);
	u->device = st.st_dev;
	u->inode = st.st_ino;
	return SCT_OK;
}

static bool is_ours(const struct sct_user *u, int fd)
{
	struct stat st;

	return fd >= 0 && !fstat(fd, &st) && st.st_dev == u->device && st.st_ino == u->inode;
}

/* The program may have closed the descriptor, as those do that close all they do not know, and given the number to a
 * file of its own: that must not become part of the recording. */
static int check_file(void *ctx, int fd, uint64_t offset)
{
	struct sct_user *u = ctx;

	if (is_ours(u, fd))
		return fd;
	u->fd = open(u->path, O_WRONLY | O_CLOEXEC);
	if (!is_ours(u, u->fd))
		return -1;
	u->fd = move_away(u->fd);
	lseek(u->fd, (off_t)offset, SEEK_SET);
	return u->fd;
}

static bool read_page(void *ctx, uint64_t addr, uint8_t *page)
{
	return sct_user_read(ctx, addr, page, PAGE);
}

static bool make_capture(struct sct_user *u)
{
	u->capture.lines = sct_lines_new(u->buffer_limit * EVENT_FACTOR / SCT_LINE + 256, read_page, u);
	return u->capture.lines && sct_capture_init(&u->capture, &u->dict, u->buffer_limit);
}

/* The guest's signals must find threads of the guest: the stream's own thread takes none. */
static int new_stream(struct sct_user *u, struct sct_err *err)
{
	struct sct_stream_config config = {
		.fd = u->fd, .status = u->counters, .header = put_header, .instructions = instructions, .ctx = u,
		.age_ms = AGE_MS, .file = check_file,
	};
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = sct_stream_new(&config, &u->stream, err);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

int sct_user_open(struct sct_user *u, struct sct_err *err)
{
	int rc;

	u->stream = NULL;
	rc = open_file(u, err);
	if (rc < 0)
		return rc;
	if (!make_capture(u) || getrandom(u->file_id, sizeof u->file_id, 0) != (ssize_t)sizeof u->file_id)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory for the recorder");
	u->began_ns = clock_ns(CLOCK_MONOTONIC);
	u->started_unix_ns = clock_ns(CLOCK_REALTIME);
	rc = new_stream(u, err);
	if (rc == SCT_OK) {
		atomic_store(&u->counters->state, SCT_STATE_RUNNING);
		atomic_store(&u->counters->exact_threads, 1);
	}
	return rc;
}

/* ---- fork ---------------------------------------------------------------------------------------------- */

static void before_fork(void)
{
	if (!sct_user.stream)
		return;
	sct_stream_lock(sct_user.stream);
	sct_stream_flush(sct_user.stream);
}

static void after_fork_in_parent(void)
{
	if (sct_user.stream)
		sct_stream_unlock(sct_user.stream);
}

static void after_fork_in_child(void)
{
	atomic_store(&sct_user.forked, true);
}

void sct_user_watch_forks(void)
{
	pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

/* The other threads stayed with the parent. */
static void keep_one_thread(struct sct_user *u, unsigned vcpu)
{
	for (unsigned i = 0; i < SCT_VCPUS_MAX; i++) {
		if (i == vcpu || !u->thread[i])
			continue;
		sct_open_call_fini(&u->thread[i]->call);
		free(u->thread[i]);
		u->thread[i] = NULL;
	}
	if (u->thread[vcpu]) {
		u->thread[vcpu]->serial = 1;
		u->thread[vcpu]->newborn = true;
		u->thread[vcpu]->vcpu.segment = UINT32_MAX;
		u->thread[vcpu]->vcpu.told_icount = 0;
	}
	atomic_store(&u->serials, 1);
	atomic_store(&u->vcpus, vcpu + 1);
}

/* What belonged to the parent's stream (its thread is not here, its memory is a copy) is left as it lies. */
void sct_user_adopt(struct sct_user *u, unsigned vcpu)
{
	const char *slash = strrchr(u->path, '/');
	struct sct_err err;

	atomic_store(&u->forked, false);
	snprintf(u->parent, sizeof u->parent, "%s", slash ? slash + 1 : u->path);
	keep_one_thread(u, vcpu);
	u->insns_before = u->insns;
	atomic_store(&u->threaded, false);
	if (is_ours(u, u->fd))
		close(u->fd);
	u->fd = -1;
	memset(&u->own, 0, sizeof u->own);
	u->counters = &u->own;
	if (snprintf(u->path, sizeof u->path, "%s.%d", u->root, (int)getpid()) >= (int)sizeof u->path)
		sct_fail(&err, SCT_E_IO, SCT_NO_OFFSET, "the name %s is too long", u->root);
	else if (sct_user_open(u, &err) == SCT_OK)
		return;
	u->stream = NULL;
	fprintf(stderr, "sctrace: process %d is not recorded: %s\n", (int)getpid(), err.text);
}
