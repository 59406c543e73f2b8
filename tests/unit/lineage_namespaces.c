/* Tests of whose numbers stand in records of calls that ask for them in a PID namespace: the guest's own, where its
 * data tell them, not those that the calls return.
 *
 * In:  a recording by hand, an operating system that tells who calls (script_os.h)
 * Out: a report; exit status 0 when all passed
 */
#include "script_os.h"
#include "script_x86_64.h"
#include "suite.h"

enum { CHILD = 336, PARENT = 326 }; /* the guest's numbers of process 1 of the namespace, and of who made it */

static int say_who(void *ctx, const struct sct_record *r, struct sct_err *err)
{
	(void)err;
	say(ctx, "%s", r->name);
	say_word(ctx, "pid", r->pid);
	say_word(ctx, "tid", r->tid);
	say_word(ctx, "ppid", r->ppid);
	say(ctx, "\n");
	return 0;
}

START_TEST(results)
{
	static const struct { uint32_t nr; const char *name; int64_t result; } rows[] = {
		{ SET_TID_ADDRESS, "set_tid_address", 1 }, { GETPID, "getpid", 1 }, { GETTID, "gettid", 1 },
		{ GETPPID, "getppid", 4 },
	};
	const struct sct_word pid = { true, CHILD }, ppid = { true, PARENT }, start = { true, 5 };
	const struct os_answers answers = { .who = { .pid = pid, .tid = pid, .ppid = ppid, .start_time_ns = start } };
	struct script *s = thread_1();
	char expected[64];

	call(s, rows[_i].nr, 0, 0, 0, rows[_i].result);
	snprintf(expected, sizeof expected, "%s pid=%d tid=%d ppid=%d\n", rows[_i].name, CHILD, CHILD, PARENT);
	expect_beside(s, answers, say_who, expected);
}
END_TEST

/* Where the guest's data do not tell the parent, neither does a number of the namespace. */
START_TEST(parent_that_is_not_told)
{
	const struct sct_word pid = { true, CHILD }, start = { true, 5 };
	struct script *s = thread_1();

	call(s, GETPPID, 0, 0, 0, 4);
	expect_beside(s, (struct os_answers){ .who = { .pid = pid, .tid = pid, .start_time_ns = start } }, say_who,
	              "getppid pid=336 tid=336\n");
}
END_TEST

/* The guest's number of the parent stays, also where calls have shown that number and getppid has another one. */
START_TEST(parent_by_calls_and_by_the_guest)
{
	const struct sct_word pid = { true, CHILD }, ppid = { true, PARENT }, start = { true, 5 };
	const struct os_answers answers = { .who = { .pid = pid, .tid = pid, .ppid = ppid, .start_time_ns = start } };
	struct script *s = thread_1();

	call(s, GETPID, 0, 0, 0, PARENT);
	call(s, FORK, 0, 0, 0, CHILD);
	first_step(s, 0, 2, SPACE2, SP);
	call(s, GETPPID, 0, 0, 0, 4);
	expect_beside(s, answers, say_who,
	              "getpid pid=336 tid=336 ppid=326\n"
	              "fork pid=336 tid=336 ppid=326\n"
	              "getppid pid=336 tid=336 ppid=326\n");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lineage_namespaces");
	TCase *t = tcase_create("lineage_namespaces");

	tcase_add_loop_test(t, results, 0, 4);
	tcase_add_test(t, parent_that_is_not_told);
	tcase_add_test(t, parent_by_calls_and_by_the_guest);
	suite_add_tcase(s, t);
	return run_tests(s);
}
