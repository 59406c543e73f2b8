/* What files tell of the recorded kernel, whatever they are.
 * In:  files of types and symbols, PANDA's kernelinfo.conf
 * Out: one database of types, layouts of the kernel's data
 */
#include "kernel_files.h"

#include <stdlib.h>
#include <string.h>

static int out_of_memory(struct sct_err *err)
{
	return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "out of memory");
}

static int add_kernelinfo(struct sct_kernel_files *k, const struct sct_file *file, struct sct_err *err)
{
	struct sct_linux_layout *more, *all;
	size_t count;
	int r = sct_linux_layouts_of_kernelinfo(file->data, file->size, &more, &count, err);

	if (r)
		return r;
	all = reallocarray(k->layouts, k->nlayouts + count + 1, sizeof *all);
	if (all) {
		memcpy(all + k->nlayouts, more, count * sizeof *all);
		k->layouts = all;
		k->nlayouts += count;
	}
	free(more);
	return all ? SCT_OK : out_of_memory(err);
}

int sct_kernel_files_add(struct sct_kernel_files *k, const char *path, const struct sct_types_how *how,
                         struct sct_err *err)
{
	struct sct_file file;
	int r = sct_file_open(&file, path, err);

	if (r)
		return r;
	if (sct_linux_is_kernelinfo(file.data, file.size)) {
		r = add_kernelinfo(k, &file, err);
	} else {
		if (!k->ntypes++)
			sct_types_init(&k->types);
		r = sct_kernel_types_add_file(&k->types, &file, how, err);
	}
	sct_file_close(&file);
	return r;
}

const struct sct_types *sct_kernel_files_types(const struct sct_kernel_files *k)
{
	return k->ntypes ? &k->types : NULL;
}

int sct_kernel_files_layouts(const struct sct_kernel_files *k, struct sct_linux_layout **layouts, size_t *count,
                             struct sct_err *err)
{
	struct sct_linux_layout *all = calloc(k->nlayouts + 1, sizeof *all);

	if (!all)
		return out_of_memory(err);
	if (k->ntypes)
		sct_linux_layout_of_types(all, &k->types);
	/* symbols alone lead to a task, but say nothing of it: then it is for kernelinfo.conf to tell */
	*count = all->at[SCT_LX_TASK_PID].known || !k->nlayouts;
	if (k->nlayouts)
		memcpy(all + *count, k->layouts, k->nlayouts * sizeof *all);
	*count += k->nlayouts;
	*layouts = all;
	return SCT_OK;
}

int sct_kernel_files_os(const struct sct_kernel_files *k, bool beside, struct sct_os *os, struct sct_err *err)
{
	struct sct_linux_layout *layouts;
	size_t count;
	int r = sct_kernel_files_layouts(k, &layouts, &count, err);

	if (r)
		return r;
	r = sct_linux_os(os, layouts, count, beside, err);
	free(layouts);
	return r;
}

void sct_kernel_files_fini(struct sct_kernel_files *k)
{
	if (k->ntypes)
		sct_types_fini(&k->types);
	free(k->layouts);
	memset(k, 0, sizeof *k);
}
