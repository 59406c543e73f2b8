/* Is this a QEMU, and this a command line, that can be recorded?
 *
 * In:  the command line
 * Out: a refusal with its reason, or none
 */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- QEMU's command line ------------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool sct_launch_user_mode(const char *qemu)
{
	return !strncmp(base_name(qemu), "qemu-", 5) && strncmp(base_name(qemu), "qemu-system-", 12);
}

/* Whether arg is this option; QEMU takes one dash or two. */
static bool is_option(const char *arg, const char *name)
{
	if (*arg != '-')
		return false;
	arg += arg[1] == '-' ? 2 : 1;
	return !strcmp(arg, name);
}

/* Copies the value of key in "first,key=value,…" and returns true when it is there. */
static bool property(const char *options, const char *key, char *value, size_t size)
{
	size_t len = strlen(key);

	for (const char *p = options; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
		if (strncmp(p, key, len) || p[len] != '=')
			continue;
		snprintf(value, size, "%.*s", (int)strcspn(p + len + 1, ","), p + len + 1);
		return true;
	}
	return false;
}

/* What the command line says about how guest code is executed. */
struct machine {
	const char *kvm;       /* the option that asks for an accelerator that executes it elsewhere; or NULL */
	bool single, icount;   /* one host thread for all vCPUs; counted time */
	unsigned long vcpus;
};

static unsigned long smp_vcpus(const char *value)
{
	static const char *const parts[] = { "drawers", "books", "sockets", "dies", "clusters", "cores", "threads" };
	unsigned long n = strtoul(value, NULL, 10);
	char text[32];

	if (n || property(value, "cpus", text, sizeof text))
		return n ? n : strtoul(text, NULL, 10);
	n = 1;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (property(value, parts[i], text, sizeof text))
			n *= strtoul(text, NULL, 10);
	return n;
}

/* Whether a list like "kvm:tcg" names anything but tcg. */
static bool not_tcg(const char *list)
{
	while (*list) {
		size_t n = strcspn(list, ":,");

		if (n != 3 || strncmp(list, "tcg", 3))
			return true;
		list += n;
		if (*list != ':')
			break;
		list++;
	}
	return false;
}

static void look_at_accel(const char *option, const char *value, struct machine *m)
{
	char text[64];

	if (property(value, "accel", text, sizeof text) ? not_tcg(text) : not_tcg(value))
		m->kvm = option;
	if (property(value, "thread", text, sizeof text) && !strcmp(text, "single"))
		m->single = true;
}

static void look_at(char *const *arg, struct machine *m)
{
	const char *value = arg[1] ? arg[1] : "";
	char text[64];

	if (is_option(*arg, "enable-kvm"))
		m->kvm = *arg;
	else if (is_option(*arg, "accel"))
		look_at_accel(*arg, value, m);
	else if ((is_option(*arg, "machine") || is_option(*arg, "M")) && property(value, "accel", text, sizeof text) &&
	         not_tcg(text))
		m->kvm = *arg;
	else if (is_option(*arg, "icount"))
		m->icount = true;
	else if (is_option(*arg, "smp"))
		m->vcpus = smp_vcpus(value);
}

int sct_launch_check(char *const *qemu, struct sct_err *err)
{
	struct machine m = { .vcpus = 1 };
	size_t len = strlen(*qemu);

	if (sct_launch_user_mode(*qemu))
		return SCT_OK;
	if (len >= 3 && !strcmp(*qemu + len - 3, "kvm"))
		m.kvm = *qemu;
	for (char *const *arg = qemu + 1; *arg; arg++) {
		look_at(arg, &m);
		if (is_option(*arg, "daemonize"))
			return sct_fail(err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET,
			                "-daemonize: QEMU must stay in the foreground to be followed");
	}
	if (m.kvm)
		return sct_fail(err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET,
		                "%s: only QEMU's own emulation (tcg) can be recorded", m.kvm);
	if (m.vcpus > 1 && (m.single || m.icount))
		return sct_fail(err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET,
		                "%s with %lu vCPUs: QEMU then mixes up whose events they are; use one vCPU, or drop it",
		                m.single ? "thread=single" : "-icount", m.vcpus);
	return SCT_OK;
}

bool sct_launch_uses_terminal(char *const *qemu)
{
	if (sct_launch_user_mode(*qemu))
		return true;
	for (char *const *arg = qemu + 1; *arg; arg++)
		if (is_option(*arg, "nographic") || is_option(*arg, "curses") || strstr(*arg, "stdio") ||
		    !strcmp(*arg, "curses"))
			return true;
	return false;
}

/* ---- asking QEMU --------------------------------------------------------------------------------------- */

/* Runs qemu with these arguments; the leading size - 1 bytes of what it prints. Returns its exit status, 127 when it
 * cannot be run. */
static int ask(const char *qemu, const char *a, const char *b, char *out, size_t size)
{
	int fds[2], status;
	size_t len = 0;
	ssize_t n;
	char rest[256];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return 127;
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDONLY);

		dup2(null, STDIN_FILENO);
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		execlp(qemu, qemu, a, b, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	while ((n = len < size - 1 ? read(fds[0], out + len, size - 1 - len) : read(fds[0], rest, sizeof rest)) > 0)
		len += len < size - 1 ? (size_t)n : 0;
	out[len] = 0;
	close(fds[0]);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

static bool has_plugins(const char *qemu)
{
	char text[4096];

	/* a machine's QEMU explains -plugin; a program's lists its options, and those only that it was built with */
	if (!sct_launch_user_mode(qemu))
		return ask(qemu, "-plugin", "help", text, sizeof text) == 0;
	ask(qemu, "-help", NULL, text, sizeof text);
	return strstr(text, "-plugin");
}

int sct_launch_probe(const char *qemu, char *version, size_t size, struct sct_err *err)
{
	char text[512];
	int rc = ask(qemu, sct_launch_user_mode(qemu) ? "-version" : "--version", NULL, text, sizeof text);

	if (rc == 127)
		return sct_fail(err, SCT_E_IO, SCT_NO_OFFSET, "%s cannot be run", qemu);
	if (rc || strncasecmp(text, "qemu", 4))
		return sct_fail(err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET, "%s does not say that it is a QEMU", qemu);
	snprintf(version, size, "%.*s", (int)strcspn(text, "\n"), text);
	if (!has_plugins(qemu))
		return sct_fail(err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET, "%s (%s) was built without plugins", qemu, version);
	return SCT_OK;
}
