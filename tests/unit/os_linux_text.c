/* Tests of layouts as text.
 * In:  layouts, text
 * Out: the same layout again, or a refusal
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/os_linux.h"
#include "suite.h"

static void expect_same(const struct sct_linux_layout *layout)
{
	struct sct_linux_layout read;
	char text[SCT_LINUX_TEXT];

	ck_assert(sct_linux_layout_write(layout, text, sizeof text));
	ck_assert(sct_linux_layout_read(&read, text));
	ck_assert_uint_eq(read.ptr, layout->ptr);
	for (unsigned i = 0; i < SCT_LX_FIELDS; i++) {
		ck_assert_uint_eq(read.at[i].known, layout->at[i].known);
		ck_assert_uint_eq(read.at[i].value, layout->at[i].value);
	}
	ck_assert_str_eq(read.kernel.head, layout->kernel.head);
	ck_assert_str_eq(read.kernel.tail, layout->kernel.tail);
	ck_assert_uint_eq(read.kernel.build_id_size, layout->kernel.build_id_size);
	ck_assert_mem_eq(read.kernel.build_id, layout->kernel.build_id, layout->kernel.build_id_size);
}

START_TEST(text_and_back)
{
	struct sct_linux_layout layout = { .ptr = 8 };

	expect_same(&layout);
	for (unsigned i = 0; i < SCT_LX_FIELDS; i += 2)
		layout.at[i] = (struct sct_word){ true, i };
	expect_same(&layout);
	layout.ptr = 4;
	for (unsigned i = 0; i < SCT_LX_FIELDS; i++)
		layout.at[i] = (struct sct_word){ true, UINT64_MAX - i };
	memset(layout.kernel.head, '\xff', sizeof layout.kernel.head - 1);
	strcpy(layout.kernel.tail, "Debian 6.1.0-1 (2026-01-01), a:b\n");
	expect_same(&layout);
	memset(layout.kernel.tail, ':', sizeof layout.kernel.tail - 1);
	memset(layout.kernel.build_id, 0x9a, sizeof layout.kernel.build_id);
	layout.kernel.build_id_size = sizeof layout.kernel.build_id;
	expect_same(&layout);
}
END_TEST

START_TEST(no_room)
{
	struct sct_linux_layout layout = { .ptr = 8 };
	char text[SCT_LINUX_TEXT];

	ck_assert(sct_linux_layout_write(&layout, text, 2 * SCT_LX_FIELDS + 5));
	ck_assert(!sct_linux_layout_write(&layout, text, 2 * SCT_LX_FIELDS + 4));
	ck_assert(!sct_linux_layout_write(&layout, text, 1));
}
END_TEST

START_TEST(no_layouts)
{
	static const char *const texts[] = { "", "8", "-", "8:", "8:1:2", "0x", "5" };
	static const char *const strings[] = { ":", "::", ":0::", ":zz::", ":::x", "::::" };
	struct sct_linux_layout layout = { .ptr = 8 }, read = { .ptr = 77 };
	char text[SCT_LINUX_TEXT + 8];
	size_t fields;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		ck_assert(!sct_linux_layout_read(&read, texts[i]));
	ck_assert(sct_linux_layout_write(&layout, text, sizeof text));
	strcat(text, ":-"); /* of a version with one field more */
	ck_assert(!sct_linux_layout_read(&read, text));
	fields = strlen(text) - strlen(":::" ":-");
	strcpy(text + fields - strlen(":-"), ":::"); /* with one less */
	ck_assert(!sct_linux_layout_read(&read, text));
	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
		ck_assert(sct_linux_layout_write(&layout, text, sizeof text));
		strcpy(text + fields, strings[i]);
		ck_assert(!sct_linux_layout_read(&read, text));
	}
	layout.ptr = 3;
	ck_assert(sct_linux_layout_write(&layout, text, sizeof text));
	ck_assert(!sct_linux_layout_read(&read, text));
	ck_assert_uint_eq(read.ptr, 77);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("os_linux_text");
	TCase *t = tcase_create("text");

	tcase_add_test(t, text_and_back);
	tcase_add_test(t, no_room);
	tcase_add_test(t, no_layouts);
	suite_add_tcase(s, t);
	return run_tests(s);
}
