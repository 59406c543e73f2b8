/* The layout of the guest's kernel's data, from the files that --types names.
 *
 * In:  files of types and symbols, PANDA's kernelinfo.conf
 * Out: layouts as text, one a line, in memory that QEMU inherits
 */
#include "launch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../formats/formats.h"
#include "../kernel_types.h"
#include "../os_linux.h"

struct layouts {
	struct sct_linux_layout *at;
	size_t count;
};

static int append(struct layouts *l, const struct sct_linux_layout *more, size_t count, struct sct_err *err)
{
	struct sct_linux_layout *all = reallocarray(l->at, l->count + count + 1, sizeof *all);

	if (!all)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "out of memory");
	memcpy(all + l->count, more, count * sizeof *all);
	l->at = all;
	l->count += count;
	return SCT_OK;
}

/* Adds the layouts that the file has as it is, if it is one that has. */
static int read_layouts(const char *path, struct layouts *l, struct sct_err *err)
{
	struct sct_linux_layout *more = NULL;
	struct sct_file file;
	size_t count = 0;
	int status = SCT_OK;

	if (sct_file_open(&file, path, err) < 0)
		return err->status;
	if (sct_linux_is_kernelinfo(file.data, file.size))
		status = sct_linux_layouts_of_kernelinfo(file.data, file.size, &more, &count, err);
	if (status == SCT_OK && count)
		status = append(l, more, count, err);
	free(more);
	sct_file_close(&file);
	return status;
}

/* One layout of all the files together. */
static int read_types(const char *const *paths, unsigned count, struct layouts *l, const char **blame,
                      struct sct_err *err)
{
	static const struct sct_types_how how;
	struct sct_linux_layout layout;
	struct sct_types types;
	int status = SCT_OK;

	sct_types_init(&types);
	for (unsigned i = 0; i < count && status == SCT_OK; i++) {
		*blame = paths[i];
		status = sct_kernel_types_add(&types, paths[i], &how, err);
	}
	if (status == SCT_OK) {
		sct_linux_layout_of_types(&layout, &types);
		status = append(l, &layout, 1, err);
	}
	sct_types_fini(&types);
	return status;
}

/* Whether the layouts lead anywhere: else nothing of what they are for would be recorded. */
static int check(const struct layouts *l, struct sct_err *err)
{
	struct sct_os os;
	enum sct_linux_state state;

	if (sct_linux_os(&os, l->at, l->count, true, err) < 0)
		return err->status;
	state = sct_linux_report(&os)->state;
	os.free(os.state);
	if (state == SCT_LINUX_NO_ADDRESSES)
		return sct_fail(err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET, "with these files together it is not known where the "
		                "kernel's data lie: types come from a vmlinux or its BTF, addresses from System.map, a vmlinux "
		                "or what root reads from /proc/kallsyms");
	return SCT_OK;
}

/* Memory with the text; -1 and errno. */
static int text_of(const struct layouts *l)
{
	int fd = memfd_create("sctrace-types", MFD_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(dup(fd), "w");
	char text[SCT_LINUX_TEXT];
	bool failed;

	if (!file) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	for (size_t i = 0; i < l->count; i++)
		if (sct_linux_layout_write(&l->at[i], text, sizeof text))
			fprintf(file, "%s\n", text);
	failed = ferror(file);
	failed |= fclose(file) != 0;
	if (!failed)
		return fd;
	close(fd);
	return -1;
}

int sct_launch_types(const char *const *paths, unsigned count, const char **blame, struct sct_err *err)
{
	struct layouts l = { NULL, 0 };
	int status = SCT_OK, fd = -1;

	*blame = paths[0];
	for (unsigned i = 0; i < count && status == SCT_OK; i++) {
		*blame = paths[i];
		status = read_layouts(paths[i], &l, err);
	}
	/* where there is a kernelinfo.conf, the types are for the decoder, which takes the same files */
	if (status == SCT_OK && !l.count)
		status = read_types(paths, count, &l, blame, err);
	if (status == SCT_OK)
		status = check(&l, err);
	if (status == SCT_OK) {
		fd = text_of(&l);
		status = fd < 0 ? sct_fail(err, SCT_E_IO, SCT_NO_OFFSET, "memory for layouts: %s", strerror(errno)) : SCT_OK;
	}
	free(l.at);
	return status < 0 ? status : fd;
}
