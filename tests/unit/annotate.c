/* Tests of which source tells what a descriptor is: the guest's own data, before what calls showed.
 *
 * In:  recordings by hand, an operating system that answers what the test wants (script_os.h)
 * Out: a report; exit status 0 when all passed
 */
#include "script_os.h"
#include "script_x86_64.h"
#include "suite.h"

enum { TEXT = 0x7f1000 };

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

/* Calls showed that 3 is "/shown"; the guest's data say what the row does. */
START_TEST(sources)
{
	static const struct { const char *answer, *text; } rows[] = {
		{ "/told", "/told" }, { NULL, "/shown" }, { "", "not known" }, /* it is not open */
	};
	struct script *s = thread_1();

	see(s, TEXT, "/shown", 7);
	call(s, OPEN, TEXT, 0, 0, 3);
	call(s, WRITE, 3, 0, 0, 0);
	expect_beside(s, (struct os_answers){ .descriptor = rows[_i].answer }, say_text, rows[_i].text);
}
END_TEST

static void see_words(struct script *s, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	see(s, TEXT, (const uint32_t[]){ a, b, c, d }, 16);
}

/* A call on TEXT that leaves these words there. */
static void leave_words(struct script *s, uint32_t nr, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	args(s, TEXT, 2, 0, 0);
	enter(s, nr, STUB, SP);
	see_words(s, a, b, c, d);
	leave(s, BEHIND, SP, 0);
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
	struct script *s = thread_1();

	leave_words(s, PIPE, 3, 4, 0, 0);
	see_words(s, 3, ASKED, (uint32_t)NEGATIVE, ASKED);
	leave_words(s, POLL, 3, ASKED, (uint32_t)NEGATIVE, ASKED);
	see_words(s, 3, ASKED, 4, ASKED);
	leave_words(s, POLL, 3, ASKED | READABLE, 4, ASKED);
	expect_beside(s, (struct os_answers){ .descriptor = rows[_i].answer }, say_inner, rows[_i].text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("annotate");
	TCase *t = tcase_create("annotate");

	tcase_add_loop_test(t, sources, 0, 3);
	tcase_add_loop_test(t, in_memory, 0, 3);
	suite_add_tcase(s, t);
	return run_tests(s);
}
