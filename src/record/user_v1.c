/* The plugin for qemu-user 7.2: a program's system calls, from QEMU's own callbacks.
 *
 * In:  plugin interface version 1, which shows numbers, arguments and results, but no registers
 * Out: ENTER and RETURN events of the program and, in files of their own, of its descendants
 *
 * Options of -plugin: out=FILE or fd=N, emulator=TEXT, status-fd=N, buffer-limit=BYTES, level=syscalls, start=; the
 * same as the plugin's for machines.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "emit.h"
#include "user.h"
#include "user_api.h"

struct sct_user sct_user = { .fd = -1 };

/* The thread that runs here: clone makes the new one's vCPU on its parent's host thread. */
static _Thread_local struct sct_user_thread *self;

static struct sct_user_thread *thread_of(struct sct_user *u, unsigned vcpu)
{
	return vcpu < SCT_VCPUS_MAX ? u->thread[vcpu] : NULL;
}

/* ---- threads ------------------------------------------------------------------------------------------- */

/* The number that ended threads had may be given again: then the vCPU goes on with another thread. */
static void on_thread(uint64_t id, unsigned vcpu)
{
	struct sct_user *u = &sct_user;
	struct sct_user_thread *t = thread_of(u, vcpu);

	(void)id;
	if (vcpu >= SCT_VCPUS_MAX) {
		atomic_fetch_add(&u->counters->lost, 1);
		return;
	}
	if (!t) {
		t = calloc(1, sizeof *t);
		if (!t)
			abort();
		t->vcpu.index = vcpu;
		t->vcpu.segment = UINT32_MAX;
		u->thread[vcpu] = t;
	}
	t->serial = atomic_fetch_add(&u->serials, 1) + 1;
	memset(&t->who, 0, sizeof t->who);
	t->entering = t->call.open = t->again = t->sigreturned = false;
	t->interruptions = 0;
	t->newborn = t->serial > 1;
	if (vcpu >= atomic_load(&u->vcpus))
		atomic_store(&u->vcpus, vcpu + 1);
	if (!t->newborn || !self)
		return;
	if (!atomic_exchange(&u->threaded, true))
		u->insns_alone = u->insns;
	/* clone's child begins with its parent's registers, but for the result */
	memcpy(t->vcpu.values, self->vcpu.values, sizeof t->vcpu.values);
	sct_user_set_result(&t->vcpu, &u->dict, 0);
}

/* ---- events -------------------------------------------------------------------------------------------- */

/* Translated code counts into one number without care for other threads: it counts while there is one thread. less:
 * what was counted and has not executed. */
static uint64_t icount(const struct sct_user *u, const struct sct_user_thread *t, unsigned less)
{
	uint64_t count = sct_user_instructions(u);

	if (atomic_load(&u->threaded) || count < t->vcpu.told_icount + less)
		return t->vcpu.told_icount;
	return count - less;
}

static void emit(struct sct_user *u, struct sct_user_thread *t, struct sct_event_in *e)
{
	e->time_ns = sct_user_time(u);
	e->thread = t->serial;
	if (e->lines && sct_lines_cut(e->lines)) {
		e->flags |= SCT_EVENT_CUT;
		atomic_fetch_add(&u->counters->cut, 1);
	}
	sct_emit(u->stream, &t->vcpu, &u->dict, e, &u->scratch);
	/* so that a file is a recording from the first event on */
	if (!sct_stream_segment(u->stream))
		sct_stream_flush(u->stream);
}

static void emit_born(struct sct_user *u, struct sct_user_thread *t)
{
	struct sct_event_in e = { .chunk = SCT_CHUNK_SWITCH, .flags = SCT_EVENT_BORN };

	e.icount = icount(u, t, 0);
	t->newborn = false;
	sct_stream_room(u->stream);
	emit(u, t, &e);
}

/* After these calls the process may be another program or none: what is known of it must be in the file. */
static void secure(struct sct_user *u, const struct sct_open_call *call)
{
	static const char *const deadly[] = { "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo" };
	const struct sct_proto *proto = call->known ? call->call.proto : NULL;

	if (!proto)
		return;
	if (proto->flags & SCT_P_EXEC)
		sct_stream_seal(u->stream);
	for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
		if (!strcmp(proto->name, deadly[i]))
			sct_stream_flush(u->stream);
}

static void record_enter(struct sct_user *u, struct sct_user_thread *t)
{
	struct sct_event_in e = { .chunk = SCT_CHUNK_ENTER, .pc = t->pc, .code = t->code, .size = t->size };

	sct_stream_room(u->stream);
	e.icount = icount(u, t, 1); /* the block was counted when it began, and ends with this instruction */
	e.lines = u->capture.lines;
	sct_capture_enter(&u->capture, &t->vcpu, sct_user_insn(t->code, t->size, u->dict.arch->word == 8), t->pc,
	                  &t->call);
	sct_user_tell_who(u, t);
	emit(u, t, &e);
	sct_user_note_handler(u, &t->call);
	secure(u, &t->call);
}

/* ahead: instructions at and behind pc that have been counted already. */
static void record_return(struct sct_user *u, struct sct_user_thread *t, uint64_t pc, bool memory, unsigned ahead)
{
	struct sct_event_in e = { .chunk = SCT_CHUNK_RETURN, .pc = pc };

	if (t->newborn)
		emit_born(u, t);
	sct_stream_room(u->stream);
	e.icount = icount(u, t, ahead);
	if (memory) {
		e.lines = u->capture.lines;
		sct_capture_return(&u->capture, &t->vcpu, pc, &t->call);
	}
	emit(u, t, &e);
}

/* Before an ENTER: the way back to user mode that no callback told of, when a call is made again. */
static void make_again(struct sct_user *u, struct sct_user_thread *t, int64_t nr)
{
	if (t->again || sct_user_resumes(u, t, nr))
		record_return(u, t, t->again ? t->call.pc : t->pc, t->again, 1);
	t->again = false;
}

/* ---- callbacks ----------------------------------------------------------------------------------------- */

static void on_call(uint64_t id, unsigned vcpu, int64_t nr, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                    uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8)
{
	struct sct_user *u = &sct_user;
	struct sct_user_thread *t = thread_of(u, vcpu);
	const uint64_t args[6] = { a1, a2, a3, a4, a5, a6 };

	(void)id, (void)a7, (void)a8;
	self = t;
	/* no instruction entered: linux-user serves the vsyscall page through the same door, a kernel does not */
	if (!t || !t->entering || !u->stream)
		return;
	t->entering = false;
	sct_stream_lock(u->stream);
	if (t->newborn)
		emit_born(u, t);
	sct_user_set_call(&t->vcpu, &u->dict, nr, args);
	make_again(u, t, nr);
	record_enter(u, t);
	sct_stream_unlock(u->stream);
}

static void record_result(struct sct_user *u, struct sct_user_thread *t, int64_t result)
{
	switch (result) {
	case QEMU_RESULT_SIGRETURN:
		t->call.open = false;
		t->sigreturned = true;
		t->sigreturn_insns = sct_user_instructions(u);
		break;
	case QEMU_RESULT_RESTART:
		t->again = true;
		break;
	default:
		sct_user_set_result(&t->vcpu, &u->dict, result);
		record_return(u, t, t->call.pc + t->size, true, 0);
	}
}

static void on_result(uint64_t id, unsigned vcpu, int64_t nr, int64_t result)
{
	struct sct_user *u = &sct_user;
	struct sct_user_thread *t = thread_of(u, vcpu);

	(void)id, (void)nr;
	if (atomic_load(&u->forked))
		sct_user_adopt(u, vcpu);
	/* the call that returns from a handler is recorded, and closed, as one that does not come back */
	if (!t || !u->stream || !(t->call.open || result == QEMU_RESULT_SIGRETURN))
		return;
	sct_stream_lock(u->stream);
	record_result(u, t, result);
	sct_stream_unlock(u->stream);
}

static void on_enter(unsigned vcpu, void *site)
{
	struct sct_user_thread *t = thread_of(&sct_user, vcpu);
	uint64_t packed = (uintptr_t)site;

	if (!t)
		return;
	t->pc = packed & UINT64_C(0xffffffffffffff);
	t->size = (uint8_t)(packed >> 56);
	t->entering = sct_user_read(&sct_user, t->pc, t->code, t->size);
}

/* Behind an entering instruction: where clone's child begins, for which there is no callback of a result. */
static void on_landing(unsigned vcpu, void *pc)
{
	struct sct_user *u = &sct_user;
	struct sct_user_thread *t = thread_of(u, vcpu);

	if (!t || !t->newborn || !u->stream)
		return;
	sct_stream_lock(u->stream);
	record_return(u, t, (uintptr_t)pc, false, 0);
	sct_stream_unlock(u->stream);
}

/* A signal handler begins. Of the registers nothing is told: what the call left in them stands for no value. */
static void on_handler(unsigned vcpu, void *pc)
{
	struct sct_user *u = &sct_user;
	struct sct_user_thread *t = thread_of(u, vcpu);

	if (!t || !t->again || !u->stream)
		return;
	sct_stream_lock(u->stream);
	sct_user_interrupted(t);
	t->again = false;
	record_return(u, t, (uintptr_t)pc, true, 0);
	sct_stream_unlock(u->stream);
}

static bool behind_enter(const struct sct_user *u, uint64_t pc)
{
	uint8_t code[2];

	return sct_user_read(u, pc - sizeof code, code, sizeof code) &&
	       sct_user_insn(code, sizeof code, u->dict.arch->word == 8);
}

/* Before the first instruction. */
static void learn_program(struct sct_user *u)
{
	char *path = (char *)(uintptr_t)qemu_plugin_path_to_binary();

	if (path)
		sct_user_set_program(u, path);
	u->has_program = true;
	free(path);
}

static void on_translate(uint64_t id, struct qemu_plugin_tb *tb)
{
	struct sct_user *u = &sct_user;
	size_t n = qemu_plugin_tb_n_insns(tb);
	struct qemu_plugin_insn *first, *last;
	uint64_t pc, size;
	uint8_t code[15];

	(void)id;
	if (!u->has_program)
		learn_program(u);
	if (!n)
		return;
	first = qemu_plugin_tb_get_insn(tb, 0);
	last = qemu_plugin_tb_get_insn(tb, n - 1);
	pc = qemu_plugin_insn_vaddr(first);
	u->host_offset = (int64_t)((uintptr_t)qemu_plugin_insn_haddr(first) - pc);
	if (behind_enter(u, pc))
		qemu_plugin_register_vcpu_tb_exec_cb(tb, on_landing, QEMU_NO_REGS, (void *)(uintptr_t)pc);
	if (sct_user_is_handler(u, pc))
		qemu_plugin_register_vcpu_tb_exec_cb(tb, on_handler, QEMU_NO_REGS, (void *)(uintptr_t)pc);
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_OP_ADD, &u->insns, n);
	/* entering instructions end a block; guest addresses have less than 56 bits */
	pc = qemu_plugin_insn_vaddr(last);
	size = qemu_plugin_insn_size(last);
	if (size <= sizeof code && sct_user_read(u, pc, code, size) &&
	    sct_user_insn(code, size, u->dict.arch->word == 8))
		qemu_plugin_register_vcpu_insn_exec_cb(last, on_enter, QEMU_NO_REGS,
		                                       (void *)(uintptr_t)(pc | size << 56));
}

static void on_end(uint64_t id, void *none)
{
	struct sct_user *u = &sct_user;

	(void)id, (void)none;
	if (!u->stream || atomic_load(&u->forked))
		return;
	sct_stream_lock(u->stream);
	sct_stream_close(u->stream);
}

/* ---- load ---------------------------------------------------------------------------------------------- */

/* The guest may change its directory before it forks, so the name is kept whole. */
static bool set_path(struct sct_user *u, const char *path)
{
	char dir[PATH_MAX] = "";
	const char *between = *path == '/' ? "" : "/";

	if (*path != '/' && !getcwd(dir, sizeof dir))
		return false;
	return snprintf(u->root, sizeof u->root, "%s%s%s", dir, between, path) < (int)sizeof u->root;
}

static bool set_file(struct sct_user *u, int fd)
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, u->root, sizeof u->root - 1);
	if (n <= 0)
		return false;
	u->root[n] = '\0';
	u->fd = fd;
	return true;
}

static bool set_status(struct sct_user *u, int fd)
{
	void *page = mmap(NULL, sizeof *u->counters, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	close(fd);
	if (page == MAP_FAILED)
		return false;
	u->counters = page;
	return true;
}

/* The value of the option when it is called name, else NULL. */
static const char *value_of(const char *option, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(option, name, n) && option[n] == '=' ? option + n + 1 : NULL;
}

static bool number(const char *text, unsigned long max, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 10);
	return *text && !*end && !errno && *value <= max;
}

/* Takes one option; false: it cannot be followed. */
static bool take_option(struct sct_user *u, const char *option)
{
	const char *value;
	unsigned long n;

	if ((value = value_of(option, "out")))
		return set_path(u, value);
	if ((value = value_of(option, "fd")))
		return number(value, INT_MAX, &n) && set_file(u, (int)n);
	if ((value = value_of(option, "status-fd")))
		return number(value, INT_MAX, &n) && set_status(u, (int)n);
	if ((value = value_of(option, "emulator")))
		return snprintf(u->emulator, sizeof u->emulator, "%s", value) > 0;
	if ((value = value_of(option, "level")))
		return !strcmp(value, "syscalls");
	if ((value = value_of(option, "start"))) /* a program has nothing before its first system call */
		return !strcmp(value, "reset") || !strcmp(value, "first-syscall");
	if ((value = value_of(option, "buffer-limit"))) {
		u->buffer_limit = number(value, SCT_USER_BUFFER_MAX, &n) ? n : 0;
		return u->buffer_limit;
	}
	return false;
}

static bool take_options(struct sct_user *u, int argc, char **argv)
{
	u->counters = &u->own;
	u->buffer_limit = SCT_USER_BUFFER;
	snprintf(u->emulator, sizeof u->emulator, "QEMU, plugin interface %d", QEMU_API_USER_VERSION);
	for (int i = 0; i < argc; i++) {
		if (!take_option(u, argv[i])) {
			fprintf(stderr, "sctrace: the plugin cannot do as it is told: %s\n", argv[i]);
			return false;
		}
	}
	if (!*u->root)
		fputs("sctrace: the plugin needs out=FILE\n", stderr);
	return *u->root;
}

static bool accept(struct sct_user *u, const struct qemu_info *info)
{
	if (info->system_emulation) {
		fputs("sctrace: this plugin is for programs under qemu-user, not for machines\n", stderr);
		return false;
	}
	if (!sct_user_dict(&u->dict, info->target_name)) {
		fprintf(stderr, "sctrace: programs for %s cannot be recorded\n", info->target_name);
		return false;
	}
	return true;
}

QEMU_VISIBLE extern int qemu_plugin_version;
int qemu_plugin_version = QEMU_API_USER_VERSION;

QEMU_VISIBLE int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv);

int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
	struct sct_user *u = &sct_user;
	struct sct_err err;

	if (!accept(u, info) || !take_options(u, argc, argv))
		return -1;
	memcpy(u->path, u->root, sizeof u->path);
	if (sct_user_open(u, &err) < 0) {
		fprintf(stderr, "sctrace: %s\n", err.text);
		return -1;
	}
	atomic_store(&u->counters->magic, SCT_STATUS_MAGIC);
	sct_user_who_begin(u);
	sct_user_watch_forks();
	qemu_plugin_register_vcpu_init_cb(id, on_thread);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_vcpu_syscall_cb(id, on_call);
	qemu_plugin_register_vcpu_syscall_ret_cb(id, on_result);
	qemu_plugin_register_atexit_cb(id, on_end, NULL);
	return 0;
}
