/* Starting a QEMU with our plugin, and telling what came of it.
 *
 * In:  what the user asked for, and the command line of a QEMU
 * Out: a recording; progress and a summary on standard error
 */
#ifndef SCT_RECORD_LAUNCH_H
#define SCT_RECORD_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>

#include "../err.h"
#include "status.h"

enum { SCT_LAUNCH_TYPES = 16 };

struct sct_launch {
	const char *output;      /* the trace file */
	const char *level;       /* "syscalls", "blocks", "full" */
	const char *start;       /* "reset", "first-syscall" */
	const char *limit;       /* bytes of one buffer, as text; NULL: the plugin's default */
	const char *kernel;      /* file with the symbols of the guest's kernel; or NULL */
	const char *types[SCT_LAUNCH_TYPES]; /* files of types and symbols of the guest's kernel, */
	unsigned ntypes;         /* so many */
	const char *plugin;      /* NULL: the one beside this program or where it was installed */
	int progress;            /* 1 shown, 0 not shown, -1: when standard error is a terminal that QEMU does not use */
	char **qemu;             /* program and arguments, NULL behind the last */
};

/* launch_check.c */

/* Whether qemu names an emulator of one program, not of a machine. */
bool sct_launch_user_mode(const char *qemu);
/* Refuses command lines whose recording would be wrong. SCT_E_UNSUPPORTED: *err says which option and why. */
int sct_launch_check(char *const *qemu, struct sct_err *err);
/* Whether QEMU uses this terminal for its guest or monitor. */
bool sct_launch_uses_terminal(char *const *qemu);
/* Asks that QEMU whether it has plugins, and for its version: one line into version. SCT_E_UNSUPPORTED: it has none.
 * SCT_E_IO: it cannot be run. */
int sct_launch_probe(const char *qemu, char *version, size_t size, struct sct_err *err);

/* launch_types.c */

/* Makes of files of the guest's kernel what the plugin takes: the descriptor of memory that holds it, close-on-exec.
 * Negative: errors as of sct_types_load, of the file *blame; SCT_E_UNSUPPORTED: types or addresses are missing;
 * SCT_E_IO, SCT_E_NOMEM: the system has no memory. */
int sct_launch_types(const char *const *paths, unsigned count, const char **blame, struct sct_err *err);

/* launch.c */

/* Runs QEMU to its end. Returns the exit status of sctrace-record: 0, 1 (nothing was recorded) or 2 (the recording is
 * incomplete). Everything that is to be said is said on standard error. */
int sct_launch_run(const struct sct_launch *l);

/* launch_report.c */

/* One line of progress, over the one before. */
void sct_report_progress(const struct sct_counters *c, uint64_t elapsed_ns);
/* Ends the progress line, if one stands there. */
void sct_report_progress_end(void);
/* What was recorded and what was lost; wait_status: of QEMU, from waitpid(2). Returns 0, 1 or 2 as above. */
int sct_report_summary(const struct sct_launch *l, const struct sct_counters *c, uint64_t elapsed_ns,
                       int wait_status);

#endif
