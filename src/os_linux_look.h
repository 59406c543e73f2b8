/* Looking into a Linux kernel's memory by the numbers of a layout; shared by the files of this room. */
#ifndef SCT_OS_LINUX_LOOK_H
#define SCT_OS_LINUX_LOOK_H

#include "os_linux.h"

enum { SCT_LINUX_NAME_MAX = 255 }; /* NAME_MAX of include/uapi/linux/limits.h */

/* One moment. */
struct sct_linux_look {
	const struct sct_linux_layout *layout;
	const struct sct_mem *mem;
	uint64_t slide;
	unsigned cpu;
	struct sct_arena *arena; /* of what is handed out */
};

/* An address of the layout's kernel: those of 32 bits wrap. */
static inline uint64_t sct_linux_wrap(const struct sct_linux_layout *layout, uint64_t addr)
{
	return layout->ptr == 4 ? (uint32_t)addr : addr;
}

/* Copies the leading bytes at addr that are known, len at most; returns how many. */
size_t sct_linux_read(const struct sct_linux_look *look, uint64_t addr, void *buf, size_t len);
/* The number of size bytes at addr. False: not known. */
bool sct_linux_word(const struct sct_linux_look *look, uint64_t addr, unsigned size, uint64_t *value);
/* The address of a field of what lies at base. False: the layout does not say, or base is NULL. */
bool sct_linux_at(const struct sct_linux_look *look, uint64_t base, enum sct_linux_field field, uint64_t *addr);
/* The number of size bytes in that field. False: not known. */
bool sct_linux_number(const struct sct_linux_look *look, uint64_t base, enum sct_linux_field field, unsigned size,
                      uint64_t *value);
/* The same for a pointer; NULL is one. */
bool sct_linux_pointer(const struct sct_linux_look *look, uint64_t base, enum sct_linux_field field, uint64_t *value);
/* The string of at most max (and SCT_LINUX_NAME_MAX) bytes at addr, in the arena. NULL: not all of it is known, or it
 * is longer. */
const char *sct_linux_string(const struct sct_linux_look *look, uint64_t addr, size_t max);
/* Text as by printf, in the arena. */
const char *sct_linux_text(const struct sct_linux_look *look, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The running task's struct task_struct. False: not known. */
bool sct_linux_current(const struct sct_linux_look *look, uint64_t *task);
/* The name of an open file, a struct file at that address; NULL: not known. */
const char *sct_linux_file(const struct sct_linux_look *look, uint64_t file);
/* The path of the working directory of a struct fs_struct at that address; NULL: not known. */
const char *sct_linux_directory(const struct sct_linux_look *look, uint64_t fs);
/* The name of a socket by its inode; NULL: not known, or strace knows no name of such sockets. */
const char *sct_linux_socket(const struct sct_linux_look *look, uint64_t inode);

/* The search for the kernel. */
struct sct_linux {
	struct sct_linux_layout *layouts;
	size_t count;
	bool beside;
	bool has_types; /* types came with the layouts */
	struct sct_linux_kernel types; /* that they are of */
	bool placeless; /* none of the layouts has addresses */
	uint64_t banner_at; /* placeless: where the layout's banner was seen; 0: nowhere */
	const struct sct_linux_layout *is; /* FOUND: the layout of the recorded kernel */
	struct sct_linux_report report;
	uint64_t asked, next; /* questions so far, and the one at which the search goes on */
	unsigned vain_scans;
};

/* What was found is no such kernel: memory of the running task contradicts the layout, which says nothing of its
 * kernel. The layout is not used again. */
void sct_linux_refuse(struct sct_linux *l, const struct sct_mem *mem);
/* Whether the kernel is known and there at this moment; searches for it now and then. */
bool sct_linux_find(struct sct_linux *l, const struct sct_os_view *view);

#endif
