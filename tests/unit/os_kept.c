/* Tests of kept answers: told again where memory and kernel are the same, asked for anew otherwise.
 *
 * In:  an operating system that counts its questions
 * Out: a report; exit status 0 when all passed
 */
#include <check.h>
#include <stdio.h>

#include "../../src/os_kept.h"
#include "suite.h"

static struct {
	unsigned asked;  /* how often */
	uint64_t found;
	uint64_t finds;  /* what a question makes of found */
} guest;
static struct sct_os os, kept;
static struct sct_arena arena;

static const char *text(struct sct_arena *a, const char *what)
{
	char buf[32];

	return sct_arena_copy(a, buf, (size_t)snprintf(buf, sizeof buf, "%s %u", what, guest.asked));
}

static void who(void *state, const struct sct_os_view *view, struct sct_who *w, struct sct_arena *a)
{
	(void)state;
	(void)view;
	guest.asked++;
	guest.found = guest.finds;
	w->tid = (struct sct_word){ true, guest.asked };
	w->exe = text(a, "exe");
}

static const char *descriptor(void *state, const struct sct_os_view *view, int fd, struct sct_arena *a)
{
	(void)state;
	(void)view;
	guest.asked++;
	return fd % 2 ? NULL : text(a, "fd");
}

static bool is_other(void *state, const struct sct_os_view *view)
{
	(void)state;
	(void)view;
	guest.asked++;
	return false;
}

static uint64_t found(void *state)
{
	(void)state;
	return guest.found;
}

static void begin(void)
{
	guest.asked = 0;
	guest.found = guest.finds = 7;
	os = (struct sct_os){ .name = "test", .who = who, .descriptor = descriptor, .is_other = is_other, .found = found };
	ck_assert(sct_os_keep(&kept, &os));
}

static void end(void)
{
	kept.free(kept.state);
	sct_arena_fini(&arena);
}

/* Asks who runs at a moment of that number: the answer must be that of question number `question`. */
static void ask(uint64_t shown, unsigned question)
{
	struct sct_os_view view = { .shown = shown };
	struct sct_who w = { .comm = NULL };
	char exe[32];

	kept.who(kept.state, &view, &w, &arena);
	snprintf(exe, sizeof exe, "exe %u", question);
	ck_assert_uint_eq(w.tid.value, question);
	ck_assert(w.tid.known && !w.pid.known && !w.comm);
	ck_assert_str_eq(w.exe, exe);
}

static const char *open_at(uint64_t shown, int fd)
{
	struct sct_os_view view = { .shown = shown };

	return kept.descriptor(kept.state, &view, fd, &arena);
}

START_TEST(the_same_memory)
{
	ask(1, 1);
	ask(2, 2);
	ask(1, 1);
	ask(1 + 4096, 3);
	ask(2, 2);
}
END_TEST

START_TEST(memory_without_a_number)
{
	ask(0, 1);
	ask(0, 2);
}
END_TEST

START_TEST(descriptors)
{
	ck_assert_str_eq(open_at(1, 0), "fd 1");
	ck_assert_ptr_null(open_at(1, 1));
	ck_assert_str_eq(open_at(1, 0), "fd 1");
	ck_assert_ptr_null(open_at(1, 1));
	ck_assert_uint_eq(guest.asked, 2);
	ck_assert_str_eq(open_at(2, 0), "fd 3");
	for (int fd = 0; fd < 200; fd += 2)
		ck_assert_ptr_nonnull(open_at(3, fd));
	ck_assert_str_eq(open_at(3, 0), "fd 4");
	ck_assert_str_eq(open_at(1, 0), "fd 1");
}
END_TEST

START_TEST(another_kernel)
{
	struct sct_os_view view = { .shown = 1 };

	ask(1, 1);
	ck_assert(!kept.is_other(kept.state, &view));
	ck_assert_uint_eq(guest.asked, 1);
	guest.found = guest.finds = 8;
	ck_assert_uint_eq(kept.found(kept.state), 8);
	ck_assert(!kept.is_other(kept.state, &view));
	ck_assert_uint_eq(guest.asked, 2);
	ask(1, 3);
	ask(1, 3);
}
END_TEST

/* What was answered while the kernel was sought, or found another one, is not kept. */
START_TEST(kernels_that_are_sought)
{
	guest.found = 0;
	ask(1, 1);
	guest.finds = 9;
	ask(1, 2);
	ask(1, 3);
	guest.finds = 0;
	ask(1, 3);
	guest.found = 0;
	ask(1, 4);
	ask(1, 5);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("os_kept");
	TCase *t = tcase_create("answers");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, the_same_memory);
	tcase_add_test(t, memory_without_a_number);
	tcase_add_test(t, descriptors);
	tcase_add_test(t, another_kernel);
	tcase_add_test(t, kernels_that_are_sought);
	suite_add_tcase(s, t);
	return run_tests(s);
}
