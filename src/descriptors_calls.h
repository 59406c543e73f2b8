/* What each call does to descriptors. */
#ifndef SCT_DESCRIPTORS_CALLS_H
#define SCT_DESCRIPTORS_CALLS_H

#include "descriptors_table.h"

enum { SCT_FD_ADDR_MAX = 112 }; /* bytes of a socket's address that are looked at: struct sockaddr_un has 110 */

/* What a call's entry leaves for its end, and a fork for its child. */
struct sct_fd_note {
	struct sct_fd_note *prev, *next; /* forks that wait for their child */
	uint64_t id;
	char *path;                      /* absolute, NULL: not known */
	struct sct_word flags;           /* that a struct in memory has */
	uint8_t addr[SCT_FD_ADDR_MAX];
	size_t addr_len;
	struct sct_fd_table *table;      /* of a fork's caller; NULL: the child has come */
	struct sct_fd_list *list;        /* what it held */
	struct sct_fd_dir *dir;
	bool ended;
};

/* One moment of one call. */
struct sct_fd_act {
	struct sct_descriptors *d;
	struct sct_fd_task *task;
	const struct sct_open *open;
	const struct sct_mem *mem;  /* NULL: nothing is to be seen */
	struct sct_fd_note *note;   /* may be NULL: nothing was noted */
	const struct sct_fd_call *call;
	bool known, good;           /* at the end: the result is known, and tells of success */
	int result;
};

/* A call that descriptors, or the directory, depend on. */
struct sct_fd_call {
	const char *name;
	/* at its entry and its end, NULL: nothing to do. The end may be told without a known result. */
	void (*enter)(struct sct_fd_act *a);
	void (*end)(struct sct_fd_act *a);
	uint8_t path, dir; /* parameters: a path, the descriptor that it begins at */
	uint8_t flags;     /* parameter that says whether execve closes the new descriptor, SCT_FD_NONE: it does or not */
	uint32_t closes;   /* the bit of it that says so; without flags, 0: it is kept */
	const char *text;  /* what the new descriptor is */
};

enum { SCT_FD_NONE = 0xff };

/* The row of a call of that name, or NULL. */
const struct sct_fd_call *sct_fd_call_find(const char *name);
/* The call's note, made where there is none; NULL: out of memory. */
struct sct_fd_note *sct_fd_note(struct sct_fd_act *a);
/* The task has a table of its own from now on, with the numbers of the one that it had. */
void sct_fd_unshare(struct sct_descriptors *d, struct sct_fd_task *task);
void sct_fd_unshare_dir(struct sct_fd_task *task);
/* Where a directory of that name was, of len bytes, is another one or none: paths that have it in them are no longer
 * those of any directory. NULL: all paths. */
void sct_fd_forget_dirs(struct sct_descriptors *d, const char *name, size_t len);


/* ---- arguments of the call, and what it gives ---- */

/* Parameter i, or NULL. */
const struct sct_value *sct_fd_arg(const struct sct_fd_act *a, unsigned i);
bool sct_fd_word(const struct sct_fd_act *a, unsigned i, uint64_t *to);
/* A number of 32 bits, as descriptors and commands are. */
bool sct_fd_number(const struct sct_fd_act *a, unsigned i, int *to);
/* What the descriptor in parameter i is, or NULL. */
struct sct_fd_file *sct_fd_arg_file(const struct sct_fd_act *a, unsigned i);
/* What execve makes of the descriptor that the call gives. */
enum sct_fd_exec sct_fd_new_exec(const struct sct_fd_act *a);
/* The number is that file from now on, unless another call may have changed it meanwhile; takes the reference. NULL: it
 * is not known what. */
void sct_fd_give(struct sct_fd_act *a, int fd, struct sct_fd_file *file, enum sct_fd_exec exec);

/* ---- directories ---- */

/* The path counts from where the caller stands when it calls. */
void sct_fd_note_path(struct sct_fd_act *a);
/* Whether where the path began may have been another place when the kernel followed it. */
bool sct_fd_is_elsewhere(const struct sct_fd_act *a);
void sct_fd_enter_chdir(struct sct_fd_act *a);
void sct_fd_end_chdir(struct sct_fd_act *a);
void sct_fd_end_fchdir(struct sct_fd_act *a);
void sct_fd_end_getcwd(struct sct_fd_act *a);
void sct_fd_end_root(struct sct_fd_act *a);
void sct_fd_end_pivot_root(struct sct_fd_act *a);
void sct_fd_end_rename(struct sct_fd_act *a);

/* ---- pipes and sockets ---- */

void sct_fd_end_socket(struct sct_fd_act *a);
void sct_fd_end_pair(struct sct_fd_act *a);
void sct_fd_note_address(struct sct_fd_act *a);
void sct_fd_end_bind(struct sct_fd_act *a);
void sct_fd_end_connect(struct sct_fd_act *a);
void sct_fd_end_getsockname(struct sct_fd_act *a);
void sct_fd_end_getpeername(struct sct_fd_act *a);
void sct_fd_end_accept(struct sct_fd_act *a);

#endif
