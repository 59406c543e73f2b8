/* Tests of who is who: parents and names, by what calls showed and by what a recording tells of its callers.
 *
 * In:  recordings by hand (lineage_steps.h)
 * Out: a report; exit status 0 when all passed
 */
#include "lineage_steps.h"
#include "suite.h"

enum { TEXT = 0x7f3000 };

/* "7<1 name; " for each close: process, its parent, its name, as far as known */
static int say_who(void *ctx, const struct sct_record *r, struct sct_err *err)
{
	struct script *s = ctx;

	(void)err;
	if (!r->name || (strcmp(r->name, "close") && strcmp(r->name, "getppid")))
		return 0;
	if (r->pid.known)
		say(s, "%llu", (unsigned long long)r->pid.value);
	if (r->ppid.known)
		say(s, "<%llu", (unsigned long long)r->ppid.value);
	say(s, " %s; ", r->comm ? r->comm : "?");
	return 0;
}

static void who(struct script *s, const char *lines)
{
	script_run(s, say_who);
	ck_assert_str_eq(s->text, lines);
	free(s);
}

/* ---- by what calls showed ------------------------------------------------------------------------------------ */

static void exec_as(struct script *s, const char *path, uint64_t thread, uint64_t space)
{
	see(s, TEXT, path, strlen(path) + 1);
	reg(s, "edi", TEXT);
	exec_in(s, thread, space);
}

/* The thread that runs forks process `number`, thread `thread`. */
static void fork_to(struct script *s, uint64_t number, uint64_t thread, uint64_t space)
{
	enter(s, FORK, STUB, SP);
	leave(s, BEHIND, SP, number);
	first_step(s, 0, thread, space, SP);
}

START_TEST(parents)
{
	struct script *s = begin();

	fork_to(s, 8, 2, SPACE2);
	close_by(s, 2, SPACE2, SP);
	fork_to(s, 9, 3, SPACE3);
	close_by(s, 3, SPACE3, SP);
	on(s, 0, 2, SPACE2);
	enter(s, EXIT_GROUP, STUB, SP);
	close_by(s, 3, SPACE3, SP); /* another process has it now */
	enter(s, GETPPID, STUB, SP);
	leave(s, BEHIND, SP, 1);
	close_by(s, 3, SPACE3, SP);
	close_by(s, 1, SPACE, SP);
	who(s, "8<7 ?; 9<8 ?; 9 ?; 9<1 ?; 9<1 ?; 7 ?; ");
}
END_TEST

/* The parent was ended by what no call showed, and the child asks. 0: it is in another PID namespace. */
START_TEST(parents_ended_unseen)
{
	static const char *const lines[] = { "8<7 ?; 8<1 ?; 8<1 ?; ", "8<7 ?; 8<5 ?; 8 ?; ", "8<7 ?; 8<7 ?; 8<7 ?; ",
	                                     "8<7 ?; 8<7 ?; 8<7 ?; " };
	static const uint64_t results[] = { 1, 5, 7, 0 };
	struct script *s = begin();

	fork_to(s, 8, 2, SPACE2);
	close_by(s, 2, SPACE2, SP);
	enter(s, GETPPID, STUB, SP);
	leave(s, BEHIND, SP, results[_i]);
	close_by(s, 2, SPACE2, SP);
	who(s, lines[_i]);
}
END_TEST

/* CLONE_PARENT: the child is the caller's sibling. */
START_TEST(siblings)
{
	struct script *s = begin();

	fork_to(s, 8, 2, SPACE2);
	call(s, CLONE, 0x8000 | 17, 0, 0, 9);
	first_step(s, 0, 3, SPACE3, SP);
	close_by(s, 3, SPACE3, SP);
	who(s, "9<7 ?; ");
}
END_TEST

/* What may have ended the parent makes it unknown until the parent calls again. */
START_TEST(parents_in_doubt)
{
	struct script *s = begin();

	fork_to(s, 8, 2, SPACE2);
	close_by(s, 2, SPACE2, SP);
	on(s, 0, 5, SPACE3);
	call(s, KILL, _i ? 9 : 7, 9, 0, 0);
	close_by(s, 2, SPACE2, SP);
	close_by(s, 1, SPACE, SP);
	close_by(s, 2, SPACE2, SP);
	who(s, _i ? "8<7 ?; 8<7 ?; 7 ?; 8<7 ?; " : "8<7 ?; 8 ?; 7 ?; 8<7 ?; ");
}
END_TEST

START_TEST(names)
{
	struct script *s = begin();

	close_by(s, 1, SPACE, SP);
	exec_as(s, "/usr/bin/a-name-of-many-letters", 1, SPACE2);
	close_by(s, 1, SPACE2, SP);
	fork_to(s, 8, 2, SPACE3);
	close_by(s, 2, SPACE3, SP);
	call(s, PRCTL, 15, 0, 0, 0); /* PR_SET_NAME, and nobody saw which */
	close_by(s, 2, SPACE3, SP);
	see(s, TEXT, "a name that is cut", 19);
	call(s, PRCTL, 15, TEXT, 0, 0);
	close_by(s, 2, SPACE3, SP);
	reg(s, "edi", 16); /* PR_GET_NAME changes nothing */
	enter(s, PRCTL, STUB, SP);
	see(s, TEXT, "another", 8);
	leave(s, BEHIND, SP, 0);
	close_by(s, 2, SPACE3, SP);
	exec_as(s, "sh", 2, SPACE);
	close_by(s, 2, SPACE, SP);
	reg(s, "edi", TEXT);
	enter(s, EXECVE, STUB, SP); /* of which the end is not known */
	gap(s);
	close_by(s, 2, SPACE, SP);
	close_by(s, 1, SPACE2, SP);
	who(s, "7 ?; 7 a-name-of-many-; 8<7 a-name-of-many-; 8<7 ?; 8<7 a name that is ; 8<7 a name that is ; "
	       "8<7 sh; 8<7 ?; 7 a-name-of-many-; ");
}
END_TEST

/* Threads give each other names by files in /proc. */
START_TEST(names_given_by_others)
{
	struct script *s = begin();

	exec_as(s, "/bin/x", 1, SPACE2);
	for (uint64_t mode = 0; mode < 2; mode++) {
		see(s, TEXT, "/proc/self/task/9/comm", 23);
		call(s, OPEN, TEXT, mode, 0, 3);
		close_by(s, 1, SPACE2, SP);
	}
	exec_as(s, "/bin/y", 1, SPACE);
	close_by(s, 1, SPACE, SP);
	who(s, "7 x; 7 ?; 7 y; ");
}
END_TEST

/* ---- by what the recording tells ------------------------------------------------------------------------------ */

static void told(struct script *s, enum sct_fact fact, uint64_t number, const char *text)
{
	struct sct_event *e = event(s, SCT_EV_WHO);

	e->reg = (uint8_t)fact;
	e->value = number;
	e->len = text ? (uint32_t)strlen(text) : 0;
	e->data = text ? keep(s, text, e->len) : NULL;
}

/* Everything that is told of a caller. */
static int say_all(void *ctx, const struct sct_record *r, struct sct_err *err)
{
	struct script *s = ctx;

	say_who(ctx, r, err);
	if (r->tid.known && r->uid.known && r->exe && strcmp(r->name, "getpid"))
		say(s, "tid=%u uid=%u %s; ", (unsigned)r->tid.value, (unsigned)r->uid.value, r->exe);
	return 0;
}

/* From the first call on, of each thread, and until it is told otherwise; what is left out is no longer known. */
START_TEST(callers_that_are_told)
{
	struct script *s = script_new(&sct_arch_x86_64);

	s->info.user_mode = true;
	on(s, 0, 1, 0);
	told(s, SCT_FACT_PID, 7, NULL);
	told(s, SCT_FACT_TID, 7, NULL);
	told(s, SCT_FACT_PPID, 1, NULL);
	told(s, SCT_FACT_COMM, 0, "fifteen letters");
	told(s, SCT_FACT_EXE, 0, "/bin/one");
	told(s, SCT_FACT_UID, 1000, NULL);
	close_by(s, 1, 0, SP);
	close_by(s, 1, 0, SP);
	on(s, 1, 2, 0);
	told(s, SCT_FACT_PID, 7, NULL);
	told(s, SCT_FACT_TID, 8, NULL);
	close_by(s, 2, 0, SP2);
	on(s, 0, 1, 0);
	told(s, SCT_FACT_PID, 7, NULL);
	told(s, SCT_FACT_COMM, 0, "");
	close_by(s, 1, 0, SP);
	script_run(s, say_all);
	ck_assert_str_eq(s->text, "7<1 fifteen letters; tid=7 uid=1000 /bin/one; "
	                          "7<1 fifteen letters; tid=7 uid=1000 /bin/one; 7 ?; 7 ?; ");
	free(s);
}
END_TEST

/* What calls showed does not stand against what is told. */
START_TEST(told_after_calls)
{
	struct script *s = script_new(&sct_arch_x86_64);

	s->info.user_mode = true;
	on(s, 0, 1, 0);
	told(s, SCT_FACT_PID, 7, NULL);
	told(s, SCT_FACT_TID, 7, NULL);
	told(s, SCT_FACT_COMM, 0, "before");
	see(s, TEXT, "by a call", 10);
	call(s, PRCTL, 15, TEXT, 0, 0);
	told(s, SCT_FACT_PID, 9, NULL);
	told(s, SCT_FACT_TID, 10, NULL);
	told(s, SCT_FACT_COMM, 0, "after");
	close_by(s, 1, 0, SP);
	who(s, "9 after; ");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lineage_names");
	TCase *t = tcase_create("lineage_names");

	tcase_add_test(t, parents);
	tcase_add_loop_test(t, parents_ended_unseen, 0, 4);
	tcase_add_test(t, siblings);
	tcase_add_loop_test(t, parents_in_doubt, 0, 2);
	tcase_add_test(t, names);
	tcase_add_test(t, names_given_by_others);
	tcase_add_test(t, callers_that_are_told);
	tcase_add_test(t, told_after_calls);
	suite_add_tcase(s, t);
	return run_tests(s);
}
