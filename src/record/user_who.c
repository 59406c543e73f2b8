/* Who makes a call: under qemu-user the program's process and threads are those of the emulator.
 *
 * In:  the numbers and the name that the host's kernel gives the thread that runs here; the program's path
 * Out: WHO chunks
 *
 * linux-user lets the program's getpid, gettid, getppid, getuid and prctl through to the host (linux-user/syscall.c), so
 * these are the numbers that the program itself would find. Only the name is the emulator's until the program sets one:
 * a kernel that runs the program would have named it after its file (fs/exec.c, begin_new_exec).
 */
#include "user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "emit.h"

void sct_user_who_begin(struct sct_user *u)
{
	prctl(PR_GET_NAME, u->emulator_comm);
}

void sct_user_set_program(struct sct_user *u, const char *path)
{
	const char *slash = strrchr(path, '/');
	char real[PATH_MAX];

	if (realpath(path, real))
		snprintf(u->exe, sizeof u->exe, "%s", real);
	snprintf(u->comm, sizeof u->comm, "%s", slash ? slash + 1 : path);
}

static struct sct_user_who look(const struct sct_user *u)
{
	struct sct_user_who who;

	memset(&who, 0, sizeof who); /* compared as bytes */
	who.pid = getpid();
	who.tid = gettid();
	who.ppid = getppid();
	who.uid = getuid();
	who.segment = sct_stream_segment(u->stream);
	prctl(PR_GET_NAME, who.comm);
	if (!strcmp(who.comm, u->emulator_comm))
		memcpy(who.comm, u->comm, sizeof who.comm);
	return who;
}

static void put_number(struct sct_bytes *out, enum sct_who_field id, uint64_t number)
{
	struct sct_bytes b = { 0 };

	sct_put_varint(&b, number);
	sct_put_varint(out, id);
	sct_put_varint(out, b.len);
	sct_put(out, b.data, b.len);
	sct_bytes_fini(&b);
}

static void put_text(struct sct_bytes *out, enum sct_who_field id, const char *text)
{
	size_t len = strlen(text);

	if (!len)
		return;
	sct_put_varint(out, id);
	sct_put_varint(out, len);
	sct_put(out, text, len);
}

void sct_user_tell_who(struct sct_user *u, struct sct_user_thread *t)
{
	const struct sct_user_who who = look(u);
	struct sct_bytes *out = &u->scratch;

	if (!sct_stream_alive(u->stream) || !memcmp(&who, &t->who, sizeof who))
		return;
	t->who = who;
	out->len = 0;
	put_number(out, SCT_WHO_PID, (uint64_t)who.pid);
	put_number(out, SCT_WHO_TID, (uint64_t)who.tid);
	put_number(out, SCT_WHO_PPID, (uint64_t)who.ppid);
	put_number(out, SCT_WHO_UID, who.uid);
	put_text(out, SCT_WHO_COMM, who.comm);
	put_text(out, SCT_WHO_EXE, u->exe);
	sct_stream_chunk(u->stream, SCT_CHUNK_WHO, t->vcpu.index, out->data, out->len);
}
