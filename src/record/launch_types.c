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

#include "../kernel_files.h"

/* Whether the layouts lead anywhere: else nothing of what they are for would be recorded. */
static int check(const struct sct_kernel_files *files, struct sct_err *err)
{
	struct sct_os os;
	enum sct_linux_state state;

	if (sct_kernel_files_os(files, true, &os, err) < 0)
		return err->status;
	state = sct_linux_report(&os)->state;
	os.free(os.state);
	if (state == SCT_LINUX_NO_ADDRESSES)
		return sct_fail(err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET, "with these files together it is not known where the "
		                "kernel's data lie: types come from a vmlinux or its BTF, addresses from System.map, a vmlinux "
		                "or what root reads from /proc/kallsyms");
	return SCT_OK;
}

/* Memory with the text of count layouts; -1 and errno. */
static int text_of(const struct sct_linux_layout *layouts, size_t count)
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
	for (size_t i = 0; i < count; i++)
		if (sct_linux_layout_write(&layouts[i], text, sizeof text))
			fprintf(file, "%s\n", text);
	failed = ferror(file);
	failed |= fclose(file) != 0;
	if (!failed)
		return fd;
	close(fd);
	return -1;
}

/* The layouts of all files as memory with their text; negative: *err tells why there is none. */
static int text_of_files(const struct sct_kernel_files *files, struct sct_err *err)
{
	struct sct_linux_layout *layouts;
	size_t count;
	int fd;

	if (sct_kernel_files_layouts(files, &layouts, &count, err) < 0)
		return err->status;
	fd = text_of(layouts, count);
	free(layouts);
	return fd < 0 ? sct_fail(err, SCT_E_IO, SCT_NO_OFFSET, "memory for layouts: %s", strerror(errno)) : fd;
}

int sct_launch_types(const char *const *paths, unsigned count, const char **blame, struct sct_err *err)
{
	static const struct sct_types_how how;
	struct sct_kernel_files files = { 0 };
	int status = SCT_OK;

	*blame = paths[0];
	for (unsigned i = 0; i < count && status == SCT_OK; i++) {
		*blame = paths[i];
		status = sct_kernel_files_add(&files, paths[i], &how, err);
	}
	if (status == SCT_OK)
		status = check(&files, err);
	if (status == SCT_OK)
		status = text_of_files(&files, err);
	sct_kernel_files_fini(&files);
	return status;
}
