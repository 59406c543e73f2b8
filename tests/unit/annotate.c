/* Tests of which source tells what a descriptor is: the guest's own data, before what calls showed.
 *
 * In:  recordings by hand (script.h), an operating system that answers what the test wants
 * Out: a report; exit status 0 when all passed
 */
#include "script.h"

/* numbers of x86_64 */
enum { WRITE = 1, OPEN = 2 };

enum { STUB = 0x401000, SP = 0x7f0000, TEXT = 0x7f1000, SPACE = 0x1000000 };

static void no_one(void *state, const struct sct_os_view *view, struct sct_who *who, struct sct_arena *arena)
{
	(void)state;
	(void)view;
	(void)who;
	(void)arena;
}

/* The same answer for every descriptor: state is a pointer to it. */
static const char *answer(void *state, const struct sct_os_view *view, int fd, struct sct_arena *arena)
{
	(void)view;
	(void)fd;
	(void)arena;
	return *(const char **)state;
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

static void call(struct script *s, uint32_t nr, uint64_t first, int64_t result)
{
	reg(s, "edi", first);
	enter(s, nr, STUB, SP);
	leave(s, STUB + 2, SP, (uint64_t)result);
}

/* What the write's descriptor is. */
static int say_text(void *ctx, const struct sct_record *r, struct sct_err *err)
{
	struct script *s = ctx;

	(void)err;
	if (!strcmp(r->name, "write"))
		say(s, "%s", r->args[0].text ? r->args[0].text : "not known");
	return 0;
}

/* Calls showed that 3 is "/shown"; the guest's data say what the row does. */
START_TEST(sources)
{
	static const struct { const char *answer, *text; } rows[] = {
		{ "/told", "/told" }, { NULL, "/shown" }, { "", "not known" }, /* it is not open */
	};
	const char *text = rows[_i].answer;
	struct sct_os os = { "test", no_one, answer, never, always, NULL, &text };
	const struct sct_pipeline_options options = { .limits = sct_limits_default, .os = &os };
	struct script *s = script_new(&sct_arch_x86_64);
	const struct sct_pipeline_ops ops = { .end = say_text, .ctx = s };
	struct sct_trace trace = { .ops = &script_ops, .state = s };
	struct sct_pipeline *p;
	struct sct_err err;

	on(s, 0, 1, SPACE);
	see(s, TEXT, "/shown", 7);
	call(s, OPEN, TEXT, 3);
	call(s, WRITE, 3, 0);
	ck_assert_int_eq(sct_pipeline_new(&p, &trace, &options, &ops, &err), 0);
	ck_assert_int_eq(sct_pipeline_run(p, &err), 0);
	sct_pipeline_free(p);
	ck_assert_str_eq(s->text, rows[_i].text);
	free(s);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("annotate");
	TCase *t = tcase_create("annotate");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, sources, 0, 3);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
