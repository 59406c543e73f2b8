/* Tables of descriptors as the kernel has them: files, lists of numbers that fork copies, tables that threads share. */
#ifndef SCT_DESCRIPTORS_TABLE_H
#define SCT_DESCRIPTORS_TABLE_H

#include "descriptors.h"

enum {
	SCT_FD_LIST_MAX = 16384,   /* numbers of one table; what is beyond is not known */
	SCT_FD_PATH_MAX = 4096,    /* bytes of a path with its NUL (include/uapi/linux/limits.h) */
	SCT_FD_CHANGES = 16,       /* changes of one table that are remembered */
};

enum sct_fd_kind { SCT_FD_NAMED, SCT_FD_PATH, SCT_FD_SOCKET };
enum sct_fd_exec { SCT_FD_KEPT, SCT_FD_CLOSED, SCT_FD_MAYBE }; /* what execve makes of a number */

/* An open file, which several numbers stand for (struct file). */
struct sct_fd_file {
	unsigned refs;
	uint8_t kind;       /* enum sct_fd_kind */
	char *name;         /* path; of a socket its protocol: "TCP" */
	char *local, *peer; /* addresses of a socket, or NULL */
	bool moved;         /* no paths begin there any more that could be told */
};

struct sct_fd_entry {
	int32_t fd;
	uint8_t exec;       /* enum sct_fd_exec */
	struct sct_fd_file *file;
};

/* Numbers in order. Shared by tables that are still equal: copied before one of them changes. */
struct sct_fd_list {
	unsigned refs;
	unsigned count, room;
	struct sct_fd_entry *at;
};

/* A call has changed numbers, or may be about to. */
struct sct_fd_change {
	uint64_t by;                /* its number */
	uint64_t at;                /* the number of the call that had been entered last then */
	uint32_t first, last;       /* the numbers */
};

/* What threads with CLONE_FILES share (struct files_struct). */
struct sct_fd_table {
	struct sct_fd_table *prev, *next;
	unsigned refs;
	struct sct_fd_list *list;   /* NULL: nothing is known */
	struct sct_word space;      /* the address space that its threads run in */
	struct sct_fd_dir *dir;     /* its first thread's */
	bool found;                 /* its threads were there before the recording, one address space tells that they share
	                               it */
	bool doubtful;              /* somebody may change it unseen: it tells nothing */
	struct sct_fd_change changes[SCT_FD_CHANGES]; /* the latest ones, number i at i % SCT_FD_CHANGES */
	uint64_t nchanges;
};

/* What threads with CLONE_FS share (struct fs_struct). */
struct sct_fd_dir {
	unsigned refs;
	char *path;                 /* absolute; NULL: not known */
	bool doubtful;              /* nor will it be: somebody may change it unseen */
	struct sct_fd_change change; /* the latest one */
};

/* A thread. */
struct sct_fd_task {
	uint64_t key;
	struct sct_fd_table *table;
	struct sct_fd_dir *dir;
};

/* name is copied, NULL stays; NULL: no name, or out of memory, which is the same as not known */
struct sct_fd_file *sct_fd_file_new(enum sct_fd_kind kind, const char *name);
void sct_fd_file_put(struct sct_fd_file *file);

struct sct_fd_list *sct_fd_list_ref(struct sct_fd_list *list);
void sct_fd_list_put(struct sct_fd_list *list);

/* NULL: out of memory */
struct sct_fd_table *sct_fd_table_new(struct sct_descriptors *d, struct sct_fd_list *list, struct sct_fd_dir *dir);
void sct_fd_table_put(struct sct_descriptors *d, struct sct_fd_table *table);
/* The number's entry, or NULL. Valid until the table changes; not to be changed. */
const struct sct_fd_entry *sct_fd_find(const struct sct_fd_list *list, int fd);
/* From now on fd is that file; NULL: it is not known what. */
void sct_fd_set(struct sct_fd_table *table, int fd, struct sct_fd_file *file, enum sct_fd_exec exec);
void sct_fd_set_exec(struct sct_fd_table *table, uint32_t first, uint32_t last, enum sct_fd_exec exec);
void sct_fd_remove(struct sct_fd_table *table, uint32_t first, uint32_t last);
/* execve: forgets what it closes, or may close. */
void sct_fd_exec(struct sct_fd_table *table);
void sct_fd_clear(struct sct_fd_table *table);
/* Nothing is known of it, nor will be. */
void sct_fd_doubt(struct sct_fd_table *table);
/* Call number `by` changes these numbers, behind the entry of call number at. */
void sct_fd_note_change(struct sct_fd_table *table, uint64_t by, uint64_t at, uint32_t first, uint32_t last);
/* Whether other calls than that one have, or may have, changed the number since it was entered. What is known of the
 * number then is not what the call found or left: which of the two was first is not known. */
bool sct_fd_is_changed(const struct sct_fd_table *table, uint64_t call, int fd);
/* Forgets the numbers that other calls have, or may have, changed since that one was entered. */
void sct_fd_forget_changed(struct sct_fd_table *table, uint64_t call);
/* Forgets of a copy what is not the same in the table it was made of: it may have been changed before or after. */
void sct_fd_keep_common(struct sct_fd_list **copy, const struct sct_fd_list *with);

struct sct_fd_dir *sct_fd_dir_new(const char *path);
void sct_fd_dir_put(struct sct_fd_dir *dir);
void sct_fd_dir_set(struct sct_fd_dir *dir, const char *path);
void sct_fd_dir_doubt(struct sct_fd_dir *dir);

#endif
