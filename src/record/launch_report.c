/* What the launcher says: a line of progress, and a summary.
 *
 * In:  the plugin's counters
 * Out: text on standard error
 */
#include "launch.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static const char *size_text(uint64_t bytes, char text[32])
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	double v = (double)bytes;
	unsigned i = 0;

	for (; v >= 1024 && i < 4; i++)
		v /= 1024;
	snprintf(text, 32, i ? "%.1f %s" : "%.0f %s", v, units[i]);
	return text;
}

static double seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

void sct_report_progress(const struct sct_counters *c, uint64_t elapsed_ns)
{
	char size[32];

	if (atomic_load(&c->state) == SCT_STATE_WAITING)
		fprintf(stderr, "\rwaiting for the first system call, %.0f s\033[K", seconds(elapsed_ns));
	else
		fprintf(stderr, "\r%llu calls, %s, %.0f s\033[K", (unsigned long long)atomic_load(&c->calls),
		        size_text(atomic_load(&c->file_bytes), size), seconds(elapsed_ns));
	fflush(stderr);
}

void sct_report_progress_end(void)
{
	fputs("\r\033[K", stderr);
}

static void say(const char *text)
{
	fprintf(stderr, "sctrace-record: %s\n", text);
}

static void say_count(uint64_t n, const char *what)
{
	if (n)
		fprintf(stderr, "sctrace-record: %llu %s\n", (unsigned long long)n, what);
}

static void say_how_qemu_ended(int status)
{
	if (WIFSIGNALED(status))
		fprintf(stderr, "sctrace-record: QEMU was killed by signal %d (%s)\n", WTERMSIG(status),
		        strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		fprintf(stderr, "sctrace-record: QEMU ended with status %d\n", WEXITSTATUS(status));
}

/* How threads are known, behind "threads ". */
static const char *threads_text(const struct sct_counters *c)
{
	if (!c->exact_threads)
		return "not known";
	return c->kernel == SCT_KERNEL_FOUND ? "known exactly by the kernel's symbols" : "known exactly";
}

/* What would make threads known, and why it has not. */
static void say_threads(const struct sct_launch *l, const struct sct_counters *c)
{
	if (c->kernel == SCT_KERNEL_REFUSED)
		fprintf(stderr, "sctrace-record: %s is not the file of the guest's kernel and was not used\n", l->kernel);
	if (c->kernel == SCT_KERNEL_SOUGHT)
		fprintf(stderr, "sctrace-record: %s was not used: no system call has shown where the kernel lies\n",
		        l->kernel);
	if (c->types == SCT_TYPES_REFUSED)
		say("what --types names is not of the guest's kernel and was not used");
	if (c->types == SCT_TYPES_SOUGHT && strcmp(l->level, "full"))
		say("what --types names was not used: the kernel that it is of was not found in the guest's memory");
	if (!c->exact_threads && c->calls)
		say("no switch of threads was recognised in the guest's kernel: which thread made a call is not recorded; "
		    "with the kernel's symbols, --kernel, it would be");
}

static void say_totals(const struct sct_launch *l, const struct sct_counters *c, uint64_t elapsed_ns)
{
	char packed[32], plain[32];

	fprintf(stderr, "sctrace-record: %s: %llu calls, %llu instructions, %s (%s unpacked), %.1f s; threads %s\n",
	        l->output, (unsigned long long)c->calls_written, (unsigned long long)c->instructions,
	        size_text(c->file_bytes, packed), size_text(c->bytes, plain), seconds(elapsed_ns),
	        threads_text(c));
}

/* Losses that leave the file whole, but not complete. */
static void say_losses(const struct sct_counters *c)
{
	say_count(c->events - c->events_written, "events had not reached the file and are lost");
	say_count(c->lost, "stores or events could not be recorded");
	say_count(c->strays, "switches of threads did not fit together");
	say_count(c->cut, "events have only part of their memory: it exceeded --buffer-limit");
	if (c->wait_ns > UINT64_C(1000000000))
		fprintf(stderr, "sctrace-record: the guest waited %.1f s for the trace to be written\n",
		        seconds(c->wait_ns));
}

int sct_report_summary(const struct sct_launch *l, const struct sct_counters *c, uint64_t elapsed_ns,
                       int wait_status)
{
	say_how_qemu_ended(wait_status);
	if (c->state == SCT_STATE_NONE || (c->state != SCT_STATE_FAILED && !c->events && !c->file_bytes)) {
		say("nothing was recorded");
		return 1;
	}
	say_totals(l, c, elapsed_ns);
	say_threads(l, c);
	say_losses(c);
	switch ((enum sct_state)c->state) {
	case SCT_STATE_CLOSED:
		if (!c->calls)
			say("the guest made no system call from user mode");
		return c->lost || c->events != c->events_written ? 2 : 0;
	case SCT_STATE_FAILED:
		fprintf(stderr, "sctrace-record: recording stopped early: %s\n", c->error);
		return 2;
	default:
		say("the recording was not closed: what is in the file is whole, the end is missing");
		return 2;
	}
}
