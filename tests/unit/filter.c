/* Tests of the filter of records.
 * In:  records of calls, in the order in which a decoder hands them out
 * Out: which of them pass
 */
#include "filter.h"

#include <check.h>
#include <string.h>

#include "suite.h"

static struct sct_filter_spec spec;
static struct sct_filter f;
static uint64_t now;

static void setup(void)
{
	spec = (struct sct_filter_spec){ .follow = true };
	f = (struct sct_filter){ .spec = &spec };
	now = 0;
}

static void teardown(void)
{
	sct_filter_fini(&f);
}

/* A call of process pid; 0 stands for what is not known. */
static struct sct_record call(const char *name, uint64_t pid, uint64_t ppid, uint64_t start)
{
	struct sct_record r = { .name = name, .pid = { pid != 0, pid }, .ppid = { ppid != 0, ppid },
	                        .start_time_ns = { start != 0, start }, .comm = "sh" };

	r.tid = r.pid;
	r.enter = (struct sct_moment){ .known = true, .seq = ++now };
	return r;
}

static bool whole(const struct sct_record *r)
{
	sct_filter_enter(&f, r);
	return sct_filter_pass(&f, r);
}

static bool simple(uint64_t pid, uint64_t ppid, uint64_t start)
{
	struct sct_record r = call("read", pid, ppid, start);

	return whole(&r);
}

static void give(struct sct_record *fork, uint64_t child)
{
	fork->result = (struct sct_value){ .known = true, .width = 8, .raw = child };
}

static bool forks(uint64_t pid, uint64_t child, uint64_t start)
{
	struct sct_record r = call("fork", pid, 0, start);

	give(&r, child);
	return whole(&r);
}

static bool exits(uint64_t pid, uint64_t ppid)
{
	struct sct_record r = call("exit_group", pid, ppid, 0);

	r.end = SCT_END_NORETURN;
	return whole(&r);
}

START_TEST(by_name)
{
	struct sct_record r = call("read", 1, 0, 0);

	spec = (struct sct_filter_spec){ .process = "systemd-journald" };
	ck_assert(!whole(&r));
	r.comm = "systemd-journal"; /* as much as the kernel keeps */
	ck_assert(whole(&r));
	r.comm = NULL;
	ck_assert(!whole(&r));
	spec.process = "/bin/true";
	ck_assert(!whole(&r));
	r.exe = "/bin/true";
	ck_assert(whole(&r));
}
END_TEST

START_TEST(children_of_a_process)
{
	spec.pid = (struct sct_word){ true, 10 };
	ck_assert(!simple(11, 0, 0)); /* nothing says whose it is */
	ck_assert(forks(10, 11, 0));
	ck_assert(simple(11, 0, 0));
	ck_assert(simple(12, 11, 0)); /* a grandchild, by its parent's number, though no fork has ended */
	ck_assert(simple(12, 1, 0));  /* its parent has ended since */
	ck_assert(!simple(13, 1, 0));
	ck_assert(!simple(0, 0, 0));
}
END_TEST

START_TEST(over_exec)
{
	struct sct_record r = call("read", 20, 1, 0);

	spec.process = "t1";
	ck_assert(!whole(&r));
	r.comm = "t1";
	ck_assert(whole(&r));
	r.comm = "sh";
	ck_assert(whole(&r));
}
END_TEST

START_TEST(threads_are_no_children)
{
	struct sct_value flags = { .known = true, .raw = 0x3d0f00 };
	struct sct_record r = call("clone", 10, 1, 0);

	spec.pid = (struct sct_word){ true, 10 };
	r.args = &flags;
	r.nargs = 1;
	give(&r, 11);
	ck_assert(whole(&r));
	ck_assert(!simple(11, 0, 0));
	flags.raw = 0x1200011;
	ck_assert(whole(&r));
	ck_assert(simple(11, 0, 0));
	flags.known = false;
	give(&r, 12);
	ck_assert(whole(&r));
	ck_assert(!simple(12, 0, 0));
}
END_TEST

START_TEST(clone3)
{
	struct sct_value flags = { .name = "flags", .known = true, .raw = 0 };
	struct sct_value args = { .meaning = SCT_M_STRUCT, .elems = &flags, .nelems = 1 };
	struct sct_value uargs = { .meaning = SCT_M_PTR, .elems = &args, .nelems = 1, .known = true, .raw = 0x7fff0000 };
	struct sct_record r = call("clone3", 10, 1, 0);

	spec.pid = (struct sct_word){ true, 10 };
	r.args = &uargs;
	r.nargs = 1;
	give(&r, 11);
	uargs.meaning = SCT_M_NONE;
	ck_assert(whole(&r));
	ck_assert(!simple(11, 0, 0)); /* a process or a thread: it is not known */
	uargs.meaning = SCT_M_PTR;
	ck_assert(whole(&r));
	ck_assert(simple(11, 0, 0));
}
END_TEST

/* What a child does may end before the fork does. */
START_TEST(child_first)
{
	struct sct_record fork = call("vfork", 10, 1, 0);

	spec.pid = (struct sct_word){ true, 10 };
	give(&fork, 11);
	sct_filter_enter(&f, &fork);
	ck_assert(simple(11, 10, 0));
	ck_assert(exits(11, 10));
	ck_assert(sct_filter_pass(&f, &fork));
	ck_assert(!simple(11, 1, 0)); /* the child is gone: this is another one */
}
END_TEST

START_TEST(numbers_are_used_again)
{
	spec.pid = (struct sct_word){ true, 10 };
	ck_assert(forks(10, 11, 100));
	ck_assert(!simple(11, 1, 90)); /* older than who made it: not the child */
	ck_assert(simple(11, 10, 200));
	ck_assert(simple(11, 1, 200));
	ck_assert(!simple(11, 1, 300)); /* began later: another process */
	ck_assert(!simple(12, 11, 400)); /* the child of that one */
	ck_assert(forks(10, 13, 0));
	ck_assert(simple(13, 0, 0));
	ck_assert(!forks(50, 13, 0)); /* somebody else's child has the number now */
	ck_assert(!simple(13, 0, 0));
}
END_TEST

/* A call that another thread was in when its process ended is of that process. */
START_TEST(killed_by_exit_group)
{
	struct sct_record other = call("futex", 10, 1, 0);

	spec.process = "t1";
	other.tid.value = 14;
	other.comm = "t1";
	sct_filter_enter(&f, &other);
	ck_assert(exits(10, 1));
	ck_assert(sct_filter_pass(&f, &other));
	ck_assert(!simple(10, 1, 0));
}
END_TEST

START_TEST(what_is_wanted)
{
	spec.pid = (struct sct_word){ true, 10 };
	spec.names[spec.nnames++] = "read";
	ck_assert(!forks(10, 11, 0)); /* not wanted, but it tells who is followed */
	ck_assert(simple(11, 0, 0));
	spec.failed = true;
	ck_assert(!simple(11, 0, 0));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("filter");
	TCase *t = tcase_create("records");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, by_name);
	tcase_add_test(t, children_of_a_process);
	tcase_add_test(t, over_exec);
	tcase_add_test(t, threads_are_no_children);
	tcase_add_test(t, clone3);
	tcase_add_test(t, child_first);
	tcase_add_test(t, numbers_are_used_again);
	tcase_add_test(t, killed_by_exit_group);
	tcase_add_test(t, what_is_wanted);
	suite_add_tcase(s, t);
	return run_tests(s);
}
