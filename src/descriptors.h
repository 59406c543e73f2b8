/* Descriptors: what a process's numbers stand for, as its own calls showed it.
 *
 * A number is told only while nothing can have changed it unseen: what was open when the recording began, what came by
 * a message or by a call that the recording lost is not known. Paths are those that files were opened by, made
 * absolute by the caller's directory where calls showed that; a path behind symbolic links or of a file renamed since
 * is still the one that was given, but no path begins at a directory that was. Where calls of two threads change a
 * number or a directory at the same time, nobody knows which was last, and neither is told. Sockets, pipes and the
 * kernel's own files have no inode numbers here: "TCP", "pipe".
 */
#ifndef SCT_DESCRIPTORS_H
#define SCT_DESCRIPTORS_H

#include "arena.h"
#include "map.h"
#include "pending.h"
#include "proto_rows.h"

struct sct_fd_table;
struct sct_fd_note;

/* Zero-initialise before use. */
struct sct_descriptors {
	bool program;                /* the recording is of one program: all threads without a number are one process's */
	struct sct_map tasks;        /* threads by their numbers: tables and directory */
	struct sct_map notes;        /* by id of an open call: what its end will need, of a fork what its child gets */
	struct sct_fd_table *tables; /* all of them */
	struct sct_fd_note *oldest, *newest; /* forks that have ended and whose child has not come */
	unsigned waiting;            /* how many these are */
	struct sct_proto_rows calls; /* what each does */
	uint64_t now;                /* number of the call that was entered last: what happens, happens behind its entry */
};

void sct_descriptors_fini(struct sct_descriptors *d);
/* A call has been entered and its arguments decoded; mem: the caller's memory of that moment. What a descriptor of its
 * arguments is must be asked before. */
void sct_descriptors_enter(struct sct_descriptors *d, const struct sct_open *open, const struct sct_mem *mem);
/* A call has ended, its record is complete but for descriptors. mem: the caller's memory at its return, NULL: nothing
 * is to be seen of it. known, result: as sct_ending has them. What its result is may be asked behind this. */
void sct_descriptors_end(struct sct_descriptors *d, const struct sct_open *open, const struct sct_mem *mem, bool known,
                         uint64_t result);
/* A thread takes its first step: as the child of call number `call`, which had those clone flags; unknown: whose child
 * it is, is not told. space: its address space. */
void sct_descriptors_child(struct sct_descriptors *d, const struct sct_thread *child, const struct sct_word *call,
                           uint64_t flags, const struct sct_word *space);
/* A call of that address space was made that cannot be told: what its processes' descriptors are is not known any
 * more. */
void sct_descriptors_missed(struct sct_descriptors *d, const struct sct_word *space);
/* Calls may have been missed, whoever made them: nothing is known any more. */
void sct_descriptors_gap(struct sct_descriptors *d);
/* What descriptor fd of thread t is, in the arena, of SCT_AT_FDCWD its working directory; NULL: not known. */
const char *sct_descriptors_text(const struct sct_descriptors *d, const struct sct_thread *t, int fd,
                                 struct sct_arena *arena);

#endif
