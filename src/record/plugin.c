/* The QEMU plugin for whole machines: loading, phases, and the end.
 *
 * In:  arguments of -plugin: out=FILE or fd=N, level=, start=, buffer-limit=, kernel=, types-fd=N, emulator=,
 *      status-fd=N
 * Out: a trace file; counters for the launcher, or a summary on standard error
 */
#include "header.h"
#include "recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#ifndef SCT_VERSION
#define SCT_VERSION "unknown"
#endif

enum { BUFFER_LIMIT = 64 << 10, BUFFER_LIMIT_MAX = 1 << 20, EVENT_LIMIT_FACTOR = 4 };

extern QEMU_VISIBLE const int qemu_plugin_version;
const int qemu_plugin_version = QEMU_API_VERSION;

QEMU_VISIBLE int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv);

_Thread_local struct sct_vcpu *sct_self;

static int refuse(const char *fmt, const char *what)
{
	fputs("sctrace: ", stderr);
	fprintf(stderr, fmt, what);
	fputc('\n', stderr);
	return 1;
}

/* ---- the header ---------------------------------------------------------------------------------------- */

static void put_header(void *ctx, struct sct_bytes *out)
{
	struct sct_recorder *r = ctx;
	const struct sct_header h = {
		.file_id = r->file_id, .emulator = r->emulator, .dict = &r->dict, .vcpus = atomic_load(&r->vcpus),
		.level = r->level, .start = r->from_reset ? "reset" : "first-syscall",
		.started_unix_ns = r->started_unix_ns, .exact_threads = sct_threads_exact(&r->threads),
		.thread_source = sct_threads_source(&r->threads),
	};

	sct_header_put(&h, out);
}

/* As of each vCPU's last event; the END chunk has the exact number. */
static uint64_t instructions(void *ctx)
{
	struct sct_recorder *r = ctx;
	uint64_t sum = 0;

	for (unsigned i = 0; i < atomic_load(&r->vcpus); i++)
		if (r->vcpu[i])
			sum += r->vcpu[i]->told_icount;
	return sum > r->instructions ? sum : r->instructions;
}

/* ---- phases -------------------------------------------------------------------------------------------- */

static void stop(struct sct_recorder *r, const char *why)
{
	if (atomic_exchange(&r->phase, SCT_PHASE_STOPPED) == SCT_PHASE_STOPPED)
		return;
	snprintf(r->counters->error, sizeof r->counters->error, "%s", why);
	atomic_store(&r->counters->state, SCT_STATE_FAILED);
	refuse("recording stopped: %s", why);
}

static void on_vcpu(uint64_t id, unsigned index)
{
	struct sct_recorder *r = &sct_recorder;
	struct sct_vcpu *v = NULL;
	bool first;

	(void)id;
	pthread_mutex_lock(&r->setup);
	first = !atomic_load(&r->vcpus);
	if (index < SCT_VCPUS_MAX)
		v = sct_vcpu_new(index, &r->dict);
	if (v && r->level == SCT_LEVEL_FULL && !sct_vcpu_collects(v))
		v = NULL;
	sct_self = v;
	if (v)
		r->vcpu[index] = v;
	if (v && index >= atomic_load(&r->vcpus))
		atomic_store(&r->vcpus, index + 1);
	pthread_mutex_unlock(&r->setup);
	if (!v)
		stop(r, "this QEMU does not show a vCPU's registers, or memory is short");
	else if (first && r->from_reset && r->level == SCT_LEVEL_FULL)
		sct_ram_write(r->stream); /* nothing runs yet, so nobody holds the lock or waits for it */
}

/* A vCPU that sleeps may do so for long. The lock is only tried: a vCPU comes here with QEMU's big lock, for which
 * the holder of ours may be waiting. */
static void on_idle(uint64_t id, unsigned index)
{
	struct sct_recorder *r = &sct_recorder;
	struct sct_vcpu *v = index < SCT_VCPUS_MAX ? r->vcpu[index] : NULL;

	(void)id;
	if (!v || !(v->blocks.len + v->stores.len) || !sct_stream_trylock(r->stream))
		return;
	sct_flush_all(r);
	sct_stream_unlock(r->stream);
}

static void summary(const struct sct_counters *c)
{
	fprintf(stderr, "sctrace: %llu calls, %llu instructions, %llu bytes\n", (unsigned long long)c->calls_written,
	        (unsigned long long)c->instructions, (unsigned long long)c->file_bytes);
}

static void on_exit_qemu(uint64_t id, void *data)
{
	struct sct_recorder *r = &sct_recorder;

	(void)id;
	(void)data;
	sct_stream_lock(r->stream);
	sct_flush_all(r);
	for (unsigned i = 0; i < atomic_load(&r->vcpus); i++)
		r->instructions += qemu_plugin_u64_get(r->icount, i);
	atomic_store(&r->phase, SCT_PHASE_STOPPED);
	sct_stream_close(r->stream);
	if (!r->quiet)
		summary(r->counters);
}

void sct_register(uint64_t id)
{
	struct sct_recorder *r = &sct_recorder;

	qemu_plugin_register_atexit_cb(id, on_exit_qemu, NULL);
	if (atomic_load(&r->phase) == SCT_PHASE_STOPPED)
		return;
	qemu_plugin_register_vcpu_init_cb(id, on_vcpu);
	qemu_plugin_register_vcpu_tb_trans_cb(id, sct_on_translate);
	qemu_plugin_register_flush_cb(id, sct_on_flush);
	if (r->level >= SCT_LEVEL_BLOCKS)
		qemu_plugin_register_vcpu_idle_cb(id, on_idle);
}

/* No vCPU runs. The one that started has its entering instruction behind it by now. */
static void on_restart(uint64_t id)
{
	struct sct_recorder *r = &sct_recorder;
	unsigned starting = SCT_PHASE_STARTING;

	if (atomic_compare_exchange_strong(&r->phase, &starting, SCT_PHASE_RUNNING)) {
		qemu_plugin_u64_set(r->icount, r->starter, 1);
		sct_stream_lock(r->stream);
		if (r->level == SCT_LEVEL_FULL)
			sct_ram_write(r->stream);
		sct_emit_first(r);
		sct_stream_unlock(r->stream);
	}
	sct_stream_lock(r->stream);
	sct_locate_restarted(r);
	sct_stream_unlock(r->stream);
	sct_register(id);
}

void sct_restart(void)
{
	qemu_plugin_reset(sct_recorder.id, on_restart);
}

/* ---- loading ------------------------------------------------------------------------------------------- */

static bool set_level(struct sct_recorder *r, const char *value)
{
	static const char *const names[] = { "syscalls", "blocks", "full" };

	for (unsigned i = 0; i < 3; i++) {
		if (!strcmp(value, names[i])) {
			r->level = i;
			return true;
		}
	}
	return false;
}

static bool set_number(const char *value, unsigned long max, unsigned long *number)
{
	char *end;

	errno = 0;
	*number = strtoul(value, &end, 10);
	return *value && !*end && !errno && *number <= max;
}

static bool set_out(struct sct_recorder *r, const char *path)
{
	r->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (r->fd < 0)
		fprintf(stderr, "sctrace: %s: %s\n", path, strerror(errno));
	return r->fd >= 0;
}

static bool set_status(struct sct_recorder *r, int fd)
{
	void *p = mmap(NULL, sizeof *r->counters, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	close(fd);
	if (p == MAP_FAILED)
		return false;
	r->counters = p;
	r->quiet = true;
	return true;
}

static bool set_option(struct sct_recorder *r, const char *arg)
{
	const char *value = strchr(arg, '=');
	size_t len = value ? (size_t)(value++ - arg) : 0;
	unsigned long number;

	if (!strncmp(arg, "out", len) && len == 3)
		return set_out(r, value);
	if (!strncmp(arg, "level", len) && len == 5)
		return set_level(r, value);
	if (!strncmp(arg, "start", len) && len == 5) {
		r->from_reset = !strcmp(value, "reset");
		return r->from_reset || !strcmp(value, "first-syscall");
	}
	if (!strncmp(arg, "emulator", len) && len == 8) {
		snprintf(r->emulator, sizeof r->emulator, "%s", value);
		return true;
	}
	if (!strncmp(arg, "kernel", len) && len == 6)
		return sct_kernel_set(&r->kernel, value);
	if (!value || !set_number(value, INT32_MAX, &number))
		return false;
	if (!strncmp(arg, "fd", len) && len == 2)
		return r->fd = (int)number, true;
	if (!strncmp(arg, "types-fd", len) && len == 8)
		return sct_introspect_set(r, (int)number);
	if (!strncmp(arg, "buffer-limit", len) && len == 12)
		return r->buffer_limit = number, number <= BUFFER_LIMIT_MAX;
	return !strncmp(arg, "status-fd", len) && len == 9 && set_status(r, (int)number);
}

static bool read_page(void *ctx, uint64_t addr, uint8_t *page)
{
	(void)ctx;
	if (!sct_self || !sct_vcpu_may_be_user(sct_self, &sct_recorder.dict, addr) ||
	    !qemu_plugin_read_memory_vaddr(addr, sct_self->buf, 4096))
		return false;
	memcpy(page, sct_self->buf->data, 4096);
	return true;
}

static bool make_capture(struct sct_recorder *r)
{
	size_t event_limit = r->buffer_limit * EVENT_LIMIT_FACTOR;

	r->capture.lines = sct_lines_new(event_limit / SCT_LINE + 256, read_page, NULL);
	if (!r->capture.lines || !sct_capture_init(&r->capture, &r->dict, r->buffer_limit))
		return false;
	sct_introspect_start(r);
	return true;
}

static int fits(const struct qemu_info *info)
{
	if (info->version.min > QEMU_API_VERSION || info->version.cur < QEMU_API_VERSION)
		return refuse("this QEMU's plugin interface is not one that the recorder knows (%s)", "version 4");
	if (!info->system_emulation)
		return refuse("%s: this plugin records whole machines, not single programs", info->target_name);
	sct_recorder.dict.arch = sct_arch_find(info->target_name);
	if (!sct_recorder.dict.arch || !sct_recorder.dict.arch->machine)
		return refuse("guests of architecture %s cannot be recorded", info->target_name);
	return 0;
}

/* The writer's thread starts here: QEMU loads plugins after it has gone into the background. */
static int start(struct sct_recorder *r)
{
	struct sct_stream_config config = { .fd = r->fd, .status = r->counters, .header = put_header,
	                                    .instructions = instructions, .ctx = r };
	struct sct_err err;

	r->score = qemu_plugin_scoreboard_new(3 * sizeof(uint64_t));
	r->pending = (struct qemu_u64){ r->score, 0 };
	r->icount = (struct qemu_u64){ r->score, sizeof(uint64_t) };
	r->locating = (struct qemu_u64){ r->score, 2 * sizeof(uint64_t) };
	if (getrandom(r->file_id, sizeof r->file_id, 0) != (ssize_t)sizeof r->file_id || !make_capture(r))
		return refuse("%s", "no memory for the recorder");
	if (sct_stream_new(&config, &r->stream, &err) < 0)
		return refuse("%s", err.text);
	return 0;
}

int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
	struct sct_recorder *r = &sct_recorder;

	r->id = id;
	r->fd = -1;
	r->counters = &r->own;
	r->buffer_limit = BUFFER_LIMIT;
	snprintf(r->emulator, sizeof r->emulator, "QEMU, plugin interface %d", info->version.cur);
	pthread_mutex_init(&r->setup, NULL);
	if (fits(info))
		return 1;
	for (int i = 0; i < argc; i++)
		if (!set_option(r, argv[i]))
			return refuse("the plugin cannot do as it is told: %s", argv[i]);
	if (r->fd < 0)
		return refuse("%s", "the plugin needs out=FILE");
	if (r->level == SCT_LEVEL_FULL && !sct_ram_possible())
		return refuse("%s", "level full needs a QEMU that exports cpu_physical_memory_rw, as Debian's does");
	r->vcpus_max = (unsigned)info->max_vcpus;
	sct_begin_time(r);
	if (start(r))
		return 1;
	atomic_store(&r->phase, r->from_reset ? SCT_PHASE_RUNNING : SCT_PHASE_WAITING);
	atomic_store(&r->counters->state, r->from_reset ? SCT_STATE_RUNNING : SCT_STATE_WAITING);
	atomic_store(&r->counters->kernel, atomic_load(&r->kernel.state));
	atomic_store(&r->counters->types, r->os.who ? SCT_TYPES_SOUGHT : SCT_TYPES_NONE);
	atomic_store(&r->counters->magic, SCT_STATUS_MAGIC);
	sct_register(id);
	return 0;
}
