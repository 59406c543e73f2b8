/* Runs QEMU with our plugin.
 *
 * In:  the user's request
 * Out: QEMU, with the trace file and the counters handed down as open descriptors; signals passed on
 */
#include "launch.h"
#include "symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SCT_PLUGIN_DIR
#define SCT_PLUGIN_DIR "/usr/local/lib/sctrace"
#endif

enum { PATH_SIZE = 4096, PROGRESS_MS = 250 };

struct run {
	const struct sct_launch *l;
	char plugin[PATH_SIZE], version[128];
	char kernel[SCT_SYMBOLS * 20]; /* its symbols as the plugin takes them */
	int out, status, types; /* descriptors; types -1: there are none */
	struct sct_counters *counters;
	bool progress;
};

static int complain(const char *what, const char *why)
{
	fprintf(stderr, "sctrace-record: %s: %s\n", what, why);
	return 1;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- before QEMU runs ---------------------------------------------------------------------------------- */

/* Where this program is, without a slash at the end; "" when the system does not tell. */
static void own_folder(char folder[PATH_SIZE])
{
	ssize_t n = readlink("/proc/self/exe", folder, PATH_SIZE - 1);

	folder[n > 0 ? n : 0] = 0;
	if (strrchr(folder, '/'))
		*strrchr(folder, '/') = 0;
}

/* Beside this program, as in a build directory; else in the tree that it was installed to, wherever that is now. */
static int find_plugin(struct run *r)
{
	static const char *const places[] = { "%s/%s", "%s/../lib/sctrace/%s" };
	const char *name = sct_launch_user_mode(r->l->qemu[0]) ? "sctrace-plugin-v1.so" : "sctrace-plugin-v4.so";
	char self[PATH_SIZE];

	own_folder(self);
	for (unsigned i = 0; !r->l->plugin && i < 2; i++)
		if (snprintf(r->plugin, sizeof r->plugin, places[i], self, name) < PATH_SIZE && !access(r->plugin, R_OK))
			return 0;
	if (r->l->plugin) /* whole, or QEMU's loader searches the system's folders for a bare name */
		return realpath(r->l->plugin, r->plugin) ? 0 : complain(r->l->plugin, strerror(errno));
	snprintf(r->plugin, sizeof r->plugin, "%s/%s", SCT_PLUGIN_DIR, name);
	return access(r->plugin, R_OK) ? complain(r->plugin, strerror(errno)) : 0;
}

static int read_kernel(struct run *r)
{
	struct sct_symbols symbols;
	struct sct_err err;
	size_t n = 0;

	if (!r->l->kernel)
		return 0;
	if (sct_launch_user_mode(r->l->qemu[0]))
		return complain("--kernel", "a single program runs without a kernel");
	if (sct_symbols_read(r->l->kernel, &symbols, &err) < 0)
		return complain(r->l->kernel, err.text);
	for (unsigned i = 0; i < SCT_SYMBOLS; i++)
		n += (size_t)snprintf(r->kernel + n, sizeof r->kernel - n, "%s%llx", i ? ":" : "",
		                      (unsigned long long)symbols.at[i]);
	return 0;
}

static int read_types(struct run *r)
{
	const char *blame;
	struct sct_err err;

	if (!r->l->ntypes)
		return 0;
	if (sct_launch_user_mode(r->l->qemu[0]))
		return complain("--types", "a single program runs without a kernel");
	r->types = sct_launch_types(r->l->types, r->l->ntypes, &blame, &err);
	return r->types < 0 ? complain(blame, err.text) : 0;
}

static int open_files(struct run *r)
{
	void *p;

	r->status = memfd_create("sctrace-counters", MFD_CLOEXEC);
	if (r->status < 0 || ftruncate(r->status, sizeof *r->counters) < 0)
		return complain("memory for counters", strerror(errno));
	p = mmap(NULL, sizeof *r->counters, PROT_READ | PROT_WRITE, MAP_SHARED, r->status, 0);
	if (p == MAP_FAILED)
		return complain("memory for counters", strerror(errno));
	r->counters = p;
	r->out = open(r->l->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return r->out < 0 ? complain(r->l->output, strerror(errno)) : 0;
}

/* QEMU's options end values at commas; a comma of the value's own is doubled. */
static void add_value(char *text, size_t size, const char *key, const char *value)
{
	size_t n = strlen(text);

	n += (size_t)snprintf(text + n, size - n, "%s%s=", n ? "," : "", key);
	for (; *value && n + 3 < size; value++) {
		if (*value == ',')
			text[n++] = ',';
		text[n++] = *value;
	}
	text[n] = 0;
}

static void plugin_option(const struct run *r, char *text, size_t size)
{
	char number[32];

	*text = 0;
	add_value(text, size, "file", r->plugin);
	snprintf(number, sizeof number, "%d", r->out);
	add_value(text, size, "fd", number);
	snprintf(number, sizeof number, "%d", r->status);
	add_value(text, size, "status-fd", number);
	add_value(text, size, "level", r->l->level);
	add_value(text, size, "start", r->l->start);
	add_value(text, size, "emulator", r->version);
	if (r->l->limit)
		add_value(text, size, "buffer-limit", r->l->limit);
	if (r->l->kernel)
		add_value(text, size, "kernel", r->kernel);
	snprintf(number, sizeof number, "%d", r->types);
	if (r->types >= 0)
		add_value(text, size, "types-fd", number);
}

/* ---- QEMU ---------------------------------------------------------------------------------------------- */

static void keep_open(int fd)
{
	fcntl(fd, F_SETFD, 0);
}

static void run_qemu(const struct run *r, const sigset_t *mask)
{
	char option[3 * PATH_SIZE];
	char **argv;
	size_t n = 0;

	while (r->l->qemu[n])
		n++;
	argv = calloc(n + 3, sizeof *argv);
	if (!argv)
		_exit(127);
	plugin_option(r, option, sizeof option);
	argv[0] = r->l->qemu[0];
	argv[1] = (char[]){ "-plugin" };
	argv[2] = option;
	memcpy(argv + 3, r->l->qemu + 1, (n - 1) * sizeof *argv);
	keep_open(r->out);
	keep_open(r->status);
	if (r->types >= 0)
		keep_open(r->types);
	/* a trace that meets the limit of file sizes is a write error, like a full disk, and no reason to end the guest */
	if (!sct_launch_user_mode(argv[0]))
		signal(SIGXFSZ, SIG_IGN);
	/* when the launcher is killed, QEMU is asked to end, and closes the trace */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	fprintf(stderr, "sctrace-record: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Passes a signal on, unless the terminal has given it to QEMU too. */
static void pass_on(const siginfo_t *info, pid_t pid)
{
	if (info->si_signo != SIGCHLD && info->si_code != SI_KERNEL)
		kill(pid, info->si_signo);
}

static void watched(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGQUIT);
}

/* Waits for QEMU's end; returns its wait status. */
static int follow(const struct run *r, pid_t pid, uint64_t began)
{
	const struct timespec pause = { 0, PROGRESS_MS * 1000000L };
	sigset_t set;
	siginfo_t info;
	int status = 0;

	watched(&set);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (sigtimedwait(&set, &info, r->progress ? &pause : NULL) > 0)
			pass_on(&info, pid);
		if (r->progress)
			sct_report_progress(r->counters, now_ns() - began);
	}
	if (r->progress)
		sct_report_progress_end();
	return status;
}

/* No trace, no file: what stands there is the empty one that was made for it. */
static void remove_empty(const struct run *r)
{
	struct stat st;

	if (fstat(r->out, &st) == 0 && S_ISREG(st.st_mode) && !st.st_size)
		unlink(r->l->output);
}

static int run(struct run *r)
{
	uint64_t began = now_ns();
	sigset_t set, old;
	int status, result;
	pid_t pid;

	/* blocked from before the fork, so that QEMU's end cannot be missed */
	watched(&set);
	sigprocmask(SIG_BLOCK, &set, &old);
	pid = fork();
	if (pid < 0)
		return complain("fork", strerror(errno));
	if (pid == 0)
		run_qemu(r, &old);
	status = follow(r, pid, began);
	result = sct_report_summary(r->l, r->counters, now_ns() - began, status);
	remove_empty(r);
	return result;
}

int sct_launch_run(const struct sct_launch *l)
{
	struct run r = { .l = l, .types = -1 };
	struct sct_err err;

	if (sct_launch_check(l->qemu, &err) < 0 || sct_launch_probe(l->qemu[0], r.version, sizeof r.version, &err) < 0) {
		fprintf(stderr, "sctrace-record: %s\n", err.text);
		return 1;
	}
	if (find_plugin(&r) || read_kernel(&r) || read_types(&r) || open_files(&r))
		return 1;
	r.progress = l->progress > 0 || (l->progress < 0 && isatty(STDERR_FILENO) && !sct_launch_uses_terminal(l->qemu));
	return run(&r);
}
