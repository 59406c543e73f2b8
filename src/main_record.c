/* sctrace-record: runs a QEMU and leaves a trace of its guest's system calls.
 *
 * In:  options, and the command line of a QEMU behind --
 * Out: a trace file; a summary on standard error; exit status 0, 1 or 2
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "record/launch.h"

#ifndef SCT_VERSION
#define SCT_VERSION "unknown"
#endif

static const char usage[] =
	"usage: sctrace-record [OPTION]... -- QEMU [ARGUMENT]...\n"
	"Runs a QEMU and records the system calls of its guest.\n"
	"\n"
	"  -o, --output FILE        the trace (default: trace.zst)\n"
	"  -l, --level LEVEL        syscalls (default): calls with the memory that they refer to\n"
	"                           blocks: and every block of code that executes\n"
	"                           full: and every store to memory, and all RAM at the start\n"
	"  -s, --start WHEN         first-syscall (default) | reset\n"
	"      --kernel FILE        symbols of the guest's kernel, by which threads are told apart:\n"
	"                           its System.map, vmlinux, or what root reads from /proc/kallsyms\n"
	"      --types FILE         types and symbols of the guest's kernel: what tells who makes a call is\n"
	"                           recorded too; several files together: vmlinux, BTF, System.map, ISF\n"
	"      --buffer-limit N     bytes of one buffer that are kept (default: 65536)\n"
	"      --plugin FILE        the plugin, instead of the one that belongs to this program\n"
	"      --progress, --no-progress\n"
	"                           default: when standard error is a terminal that QEMU does not use\n"
	"  -h, --help\n"
	"  -V, --version\n"
	"\n"
	"Exit status: 0 recorded, 1 nothing was recorded, 2 the recording is incomplete.\n";

static const struct option options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "level", required_argument, NULL, 'l' },
	{ "start", required_argument, NULL, 's' },
	{ "kernel", required_argument, NULL, 'k' },
	{ "types", required_argument, NULL, 't' },
	{ "buffer-limit", required_argument, NULL, 'b' },
	{ "plugin", required_argument, NULL, 'p' },
	{ "progress", no_argument, NULL, '+' },
	{ "no-progress", no_argument, NULL, '-' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static int refuse(const char *option, const char *value)
{
	fprintf(stderr, "sctrace-record: %s: %s makes no sense; see sctrace-record --help\n", option, value);
	return 1;
}

static int one_of(const char *value, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(value, *names))
			return 1;
	return 0;
}

/* Keeps one option's value. Returns -1 to go on, else the exit status. */
static int take(int option, const char *value, struct sct_launch *l)
{
	static const char *const levels[] = { "syscalls", "blocks", "full", NULL };
	static const char *const starts[] = { "first-syscall", "reset", NULL };

	switch (option) {
	case 'o':
		l->output = value;
		return *value ? -1 : refuse("--output", "an empty name");
	case 'l':
		l->level = value;
		return one_of(value, levels) ? -1 : refuse("--level", value);
	case 's':
		l->start = value;
		return one_of(value, starts) ? -1 : refuse("--start", value);
	case 'k':
		l->kernel = value;
		return *value ? -1 : refuse("--kernel", "an empty name");
	case 't':
		if (!*value || l->ntypes == SCT_LAUNCH_TYPES)
			return refuse("--types", *value ? "one more file" : "an empty name");
		l->types[l->ntypes++] = value;
		return -1;
	case 'b':
		l->limit = value;
		return strlen(value) < 8 && *value && strspn(value, "0123456789") == strlen(value) ?
		       -1 : refuse("--buffer-limit", value);
	case 'p':
		l->plugin = value;
		return -1;
	case '+':
	case '-':
		l->progress = option == '+';
		return -1;
	case 'h':
		return fputs(usage, stdout) < 0;
	case 'V':
		return puts("sctrace-record " SCT_VERSION) < 0;
	default:
		return 1;
	}
}

int main(int argc, char **argv)
{
	struct sct_launch l = { .output = "trace.zst", .level = "syscalls", .start = "first-syscall", .progress = -1 };
	int option, status;

	/* + : what follows the first word that is no option is QEMU's */
	while ((option = getopt_long(argc, argv, "+o:l:s:hV", options, NULL)) != -1) {
		status = take(option, optarg, &l);
		if (status >= 0)
			return status;
	}
	if (optind == argc) {
		fputs("sctrace-record: no QEMU is named; see sctrace-record --help\n", stderr);
		return 1;
	}
	l.qemu = argv + optind;
	return sct_launch_run(&l);
}
