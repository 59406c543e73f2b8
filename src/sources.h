/* The files of one recording, as a user names them, opened together. */
#ifndef SCT_SOURCES_H
#define SCT_SOURCES_H

#include "../formats/formats.h"
#include "kernel_files.h"

enum { SCT_SNAPSHOTS_MAX = 64, SCT_TYPES_FILES_MAX = 64 };

/* What a user names. Strings are the caller's and outlive what is opened; all but `trace` may be NULL. */
struct sct_sources_spec {
	const char *trace;        /* a trace, "-", the base name of a PANDA recording, an .rr2 archive */
	const char *trace_format; /* NULL: probe; likewise snapshot_format */
	const char *snapshots[SCT_SNAPSHOTS_MAX]; /* FILE or FILE@ADDR, a later one on top of those before it */
	unsigned nsnapshots;
	const char *snapshot_format;
	const char *nondet;
	const char *types[SCT_TYPES_FILES_MAX]; /* of the recorded kernel, together one database; or kernelinfo.conf */
	unsigned ntypes;
	struct sct_types_how how;
	const char *profile;      /* tells the architecture of a trace that does not say it itself */
	unsigned threads;
};

/* Not to be moved while it is open. */
struct sct_sources {
	struct sct_parts parts;
	struct sct_trace trace;
	struct sct_snapshot snapshots[SCT_SNAPSHOTS_MAX + 1]; /* that of `parts` first, below all others */
	const char *names[SCT_SNAPSHOTS_MAX + 1];             /* of the snapshots, for messages */
	unsigned nsnapshots;
	struct sct_kernel_files kernel;
	struct sct_os os;   /* made of them; state NULL: not yet */
	const char *nondet; /* the log of devices' writes that is used, or NULL */
	const char *blame;  /* the file that the last error is of */
};

/* Opens all of them; an explicit log takes the place of the recording's own. Negative: *err tells why and s->blame
 * of which file: what sct_parts_find, sct_snapshot_open, sct_trace_open and sct_types_load say; SCT_E_USAGE: the
 * recording has no trace, or a snapshot or the types are of a wider architecture than the trace. sct_sources_close is
 * called in every case. */
int sct_sources_open(struct sct_sources *s, const struct sct_sources_spec *spec, struct sct_err *err);
/* One more snapshot, on top of the others. SCT_E_USAGE: there are SCT_SNAPSHOTS_MAX already, or it is of
 * a wider architecture than the trace. */
int sct_sources_add(struct sct_sources *s, const char *spec, const char *format, struct sct_err *err);
/* One more file of types. Negative: as sct_types_load, or SCT_E_USAGE: they are of another machine than the trace; the
 * types that were there are then gone too. */
int sct_sources_add_types(struct sct_sources *s, const char *path, const struct sct_types_how *how,
                          struct sct_err *err);
/* The types of the kernel, or NULL where no file was named. */
const struct sct_types *sct_sources_types(const struct sct_sources *s);
/* Who tells of the operating system that was recorded, by these types, in *os: NULL where no file was named, or where a
 * single program was recorded. It lasts until one more is added, or the sources are closed. SCT_E_NOMEM. */
int sct_sources_os(struct sct_sources *s, struct sct_os **os, struct sct_err *err);
/* The first snapshot of which a part could not be read; NULL: there is none, else *name is what it is called. */
const struct sct_err *sct_sources_damage(const struct sct_sources *s, const char **name);
void sct_sources_close(struct sct_sources *s);

#endif
