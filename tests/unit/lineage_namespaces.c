/* Tests of whose numbers stand in records of calls that ask for them in a PID namespace: the guest's own, where its data
 * tell them, not those that the calls return.
 *
 * In:  a recording by hand (script_x86_64.h), an operating system that tells who calls
 * Out: a report; exit status 0 when all passed
 */
#include "script_x86_64.h"
#include "suite.h"

enum { CHILD = 336, PARENT = 326 }; /* the guest's numbers of process 1 of the namespace, and of who made it */

static void child_of_parent(void *state, const struct sct_os_view *view, struct sct_who *who, struct sct_arena *arena)
{
	(void)state;
	(void)view;
	(void)arena;
	who->pid = who->tid = (struct sct_word){ true, CHILD };
	who->ppid = (struct sct_word){ true, PARENT };
	who->start_time_ns = (struct sct_word){ true, 5 };
}

static const char *nothing(void *state, const struct sct_os_view *view, int fd, struct sct_arena *arena)
{
	(void)state;
	(void)view;
	(void)fd;
	(void)arena;
	return NULL;
}

static bool never(void *state, const struct sct_os_view *view)
{
	(void)state;
	(void)view;
	return false;
}

static uint64_t always(void *state)
{
	(void)state;
	return 1;
}

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
	struct sct_os os = { "test", child_of_parent, nothing, never, always, NULL, NULL };
	const struct sct_pipeline_options options = { .limits = sct_limits_default, .os = &os };
	struct script *s = thread_1();
	const struct sct_pipeline_ops ops = { .end = say_who, .ctx = s };
	struct sct_trace trace = { .ops = &script_ops, .state = s };
	struct sct_pipeline *p;
	struct sct_err err;
	char expected[64];

	call(s, rows[_i].nr, 0, 0, 0, rows[_i].result);
	ck_assert_int_eq(sct_pipeline_new(&p, &trace, &options, &ops, &err), 0);
	ck_assert_int_eq(sct_pipeline_run(p, &err), 0);
	sct_pipeline_free(p);
	snprintf(expected, sizeof expected, "%s pid=%d tid=%d ppid=%d\n", rows[_i].name, CHILD, CHILD, PARENT);
	ck_assert_str_eq(s->text, expected);
	free(s);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lineage_namespaces");
	TCase *t = tcase_create("lineage_namespaces");

	tcase_add_loop_test(t, results, 0, 4);
	suite_add_tcase(s, t);
	return run_tests(s);
}
