/* Tests of which source tells what a descriptor is: the guest's own data, before what calls showed.
 *
 * In:  recordings by hand (script.h), an operating system that answers what the test wants
 * Out: a report; exit status 0 when all passed
 */
#include "script.h"

/* numbers of x86_64 */
enum { WRITE = 1, OPEN = 2, POLL = 7, PIPE = 22 };

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

static void say_value(struct script *s, const struct sct_value *v)
{
	say(s, "%s%s", *s->text ? ", " : "", v->text ? v->text : "not known");
}

/* What the write's descriptor is. */
static int say_text(void *ctx, const struct sct_record *r, struct sct_err *err)
{
	(void)err;
	if (!strcmp(r->name, "write"))
		say_value(ctx, &r->args[0]);
	return 0;
}

/* What the descriptors in arrays are, and the result. */
static int say_inner(void *ctx, const struct sct_record *r, struct sct_err *err)
{
	const struct sct_value *now = r->args[0].out ? r->args[0].out : &r->args[0];

	(void)err;
	for (size_t i = 0; i < now->nelems; i++)
		say_value(ctx, now->elems[i].nelems ? &now->elems[i].elems[0] : &now->elems[i]);
	return 0;
}

/* Runs the recording with an operating system that answers so, and frees it. */
static void ck_said(struct script *s, int (*end)(void *ctx, const struct sct_record *r, struct sct_err *err),
                    const char *text, const char *expected)
{
	struct sct_os os = { "test", no_one, answer, never, always, NULL, &text };
	const struct sct_pipeline_options options = { .limits = sct_limits_default, .os = &os };
	const struct sct_pipeline_ops ops = { .end = end, .ctx = s };
	struct sct_trace trace = { .ops = &script_ops, .state = s };
	struct sct_pipeline *p;
	struct sct_err err;

	ck_assert_int_eq(sct_pipeline_new(&p, &trace, &options, &ops, &err), 0);
	ck_assert_int_eq(sct_pipeline_run(p, &err), 0);
	sct_pipeline_free(p);
	ck_assert_str_eq(s->text, expected);
	free(s);
}

/* Calls showed that 3 is "/shown"; the guest's data say what the row does. */
START_TEST(sources)
{
	static const struct { const char *answer, *text; } rows[] = {
		{ "/told", "/told" }, { NULL, "/shown" }, { "", "not known" }, /* it is not open */
	};
	struct script *s = script_new(&sct_arch_x86_64);

	on(s, 0, 1, SPACE);
	see(s, TEXT, "/shown", 7);
	call(s, OPEN, TEXT, 3);
	call(s, WRITE, 3, 0);
	ck_said(s, say_text, rows[_i].answer, rows[_i].text);
}
END_TEST

static void see_words(struct script *s, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	see(s, TEXT, (const uint32_t[]){ a, b, c, d }, 16);
}

/* A call on TEXT that leaves these words there. */
static void leave_words(struct script *s, uint32_t nr, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	reg(s, "edi", TEXT);
	reg(s, "esi", 2);
	enter(s, nr, STUB, SP);
	see_words(s, a, b, c, d);
	leave(s, STUB + 2, SP, 0);
}

/* What pipe gives, and then, of poll, what was asked and what came back: by the calls themselves, or by the guest. */
START_TEST(in_memory)
{
	enum { READABLE = 1 << 16, ASKED = 1, NEGATIVE = -1 };
	static const struct { const char *answer, *text; } rows[] = {
		{ NULL, "pipe, pipe, pipe, not known, pipe, pipe" }, /* the second one's number is negative */
		{ "/told", "/told, /told, /told, not known, /told, /told" },
		{ "", "not known, not known, not known, not known, not known, not known" },
	};
	struct script *s = script_new(&sct_arch_x86_64);

	on(s, 0, 1, SPACE);
	leave_words(s, PIPE, 3, 4, 0, 0);
	see_words(s, 3, ASKED, (uint32_t)NEGATIVE, ASKED);
	leave_words(s, POLL, 3, ASKED, (uint32_t)NEGATIVE, ASKED);
	see_words(s, 3, ASKED, 4, ASKED);
	leave_words(s, POLL, 3, ASKED | READABLE, 4, ASKED);
	ck_said(s, say_inner, rows[_i].answer, rows[_i].text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("annotate");
	TCase *t = tcase_create("annotate");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, sources, 0, 3);
	tcase_add_loop_test(t, in_memory, 0, 3);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
