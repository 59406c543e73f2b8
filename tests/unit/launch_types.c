/* Tests of what the launcher of the recorder makes of the files that --types names.
 * In:  files of addresses, of layouts, and of neither
 * Out: layouts as text, or the file that is to blame and why
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/os_linux.h"
#include "../../src/record/launch.h"
#include "suite.h"

static const char symbols[] = "ffffffff82a1aa40 D init_task\nffffffff8241cb60 R __per_cpu_offset\n"
                              "000000000001fb80 A current_task\nffffffff82161900 R linux_banner\n";
static const char kernelinfo[] = "[a:64]\nname = 1.2.3|#1 x|x86_64\ntask.per_cpu_offsets_addr = 18446744071600000000\n"
                                 "task.current_task_addr = 129920\ntask.init_addr = 18446744071606000000\n"
                                 "task.comm_offset = 1840\n[b:32]\nname = 4.5.6|#1 y|i686\n"
                                 "task.per_cpu_offset_0_addr = 0\ntask.current_task_addr = 3253069544\n"
                                 "task.init_addr = 3250865344\ntask.pid_offset = 77\n";

/* A file with that text; lasts until the test ends. */
static const char *file_of(const char *text, char name[64])
{
	int fd = memfd_create("types", 0);

	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	snprintf(name, 64, "/proc/self/fd/%d", fd);
	return name;
}

static const char *blame;
static struct sct_err err;

static int take(const char *first, const char *second)
{
	const char *paths[] = { first, second };

	blame = NULL;
	return sct_launch_types(paths, second ? 2 : 1, &blame, &err);
}

START_TEST(layouts_of_kernelinfo)
{
	struct sct_linux_layout layout;
	char name[64], line[SCT_LINUX_TEXT + 1];
	int fd = take(file_of(kernelinfo, name), NULL);
	FILE *file = fdopen(fd, "r");

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	rewind(file);
	ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
	line[strcspn(line, "\n")] = 0;
	ck_assert(sct_linux_layout_read(&layout, line));
	ck_assert_uint_eq(layout.ptr, 8);
	ck_assert_uint_eq(layout.at[SCT_LX_TASK_COMM].value, 1840);
	ck_assert_str_eq(layout.kernel.head, "Linux version 1.2.3 ");
	ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
	line[strcspn(line, "\n")] = 0;
	ck_assert(sct_linux_layout_read(&layout, line));
	ck_assert_uint_eq(layout.ptr, 4);
	ck_assert_uint_eq(layout.at[SCT_LX_TASK_PID].value, 77);
	ck_assert_ptr_null(fgets(line, sizeof line, file));
	fclose(file);
}
END_TEST

START_TEST(no_such_file)
{
	char name[64];

	ck_assert_int_eq(take(file_of(symbols, name), "/does/not/exist"), SCT_E_IO);
	ck_assert_str_eq(blame, "/does/not/exist");
}
END_TEST

START_TEST(neither_types_nor_symbols)
{
	char name[64];

	ck_assert_int_eq(take(file_of("once upon a time there was a file\n", name), NULL), SCT_E_FORMAT);
	ck_assert_str_eq(blame, name);
}
END_TEST

/* Addresses without types, or layouts without addresses, lead nowhere. */
START_TEST(half_of_it)
{
	char name[64];

	ck_assert_int_eq(take(file_of("ffffffff82161900 R linux_banner\nffffffff81000000 T _text\n", name), NULL),
	                 SCT_E_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.text, "/proc/kallsyms"));
	ck_assert_int_eq(take(file_of("[a:64]\nname = 1|2|3\ntask.pid_offset = 5\n", name), NULL), SCT_E_UNSUPPORTED);
}
END_TEST

/* Symbols without types add nothing to layouts; those of several files all count. */
START_TEST(kernelinfo_with_others)
{
	char one[64], other[64];
	struct stat before, both;
	int fd;

	ck_assert_int_ge(fd = take(file_of(symbols, one), file_of(kernelinfo, other)), 0);
	ck_assert_int_eq(fstat(fd, &before), 0);
	close(fd);
	ck_assert_int_ge(fd = take(other, other), 0);
	ck_assert_int_eq(fstat(fd, &both), 0);
	ck_assert_int_eq(both.st_size, 2 * before.st_size);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("launch_types");
	TCase *t = tcase_create("all");

	tcase_add_test(t, layouts_of_kernelinfo);
	tcase_add_test(t, no_such_file);
	tcase_add_test(t, neither_types_nor_symbols);
	tcase_add_test(t, half_of_it);
	tcase_add_test(t, kernelinfo_with_others);
	suite_add_tcase(s, t);
	return run_tests(s);
}
