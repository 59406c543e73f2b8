/* What files tell of the recorded kernel: its types and symbols, or the numbers of PANDA's kernelinfo.conf. */
#ifndef SCT_KERNEL_FILES_H
#define SCT_KERNEL_FILES_H

#include "kernel_types.h"
#include "os_linux.h"

/* Zero-initialise before use. */
struct sct_kernel_files {
	struct sct_types types;           /* of all files together */
	unsigned ntypes;                  /* files that are in it; 0: it is not even initialised */
	struct sct_linux_layout *layouts; /* of kernelinfo.conf files, nlayouts of them */
	size_t nlayouts;
};

/* Adds what the file has. Negative: as sct_types_load and sct_linux_layouts_of_kernelinfo; the files are then only to
 * be given back. */
int sct_kernel_files_add(struct sct_kernel_files *k, const char *path, const struct sct_types_how *how,
                         struct sct_err *err);
/* The types, or NULL where no file has any. */
const struct sct_types *sct_kernel_files_types(const struct sct_kernel_files *k);
/* Who tells of the operating system by all of them, as sct_linux_os. */
int sct_kernel_files_os(const struct sct_kernel_files *k, bool beside, struct sct_os *os, struct sct_err *err);
/* All layouts in *layouts, to be given to free(): the one of the types comes first, where they tell of tasks.
 * SCT_E_NOMEM. */
int sct_kernel_files_layouts(const struct sct_kernel_files *k, struct sct_linux_layout **layouts, size_t *count,
                             struct sct_err *err);
/* Gives everything back; they are empty again. */
void sct_kernel_files_fini(struct sct_kernel_files *k);

#endif
