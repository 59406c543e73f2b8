/* Tests of who is who: process and thread numbers of children, and calls of processes that are gone.
 *
 * In:  recordings by hand (script.h)
 * Out: a report; exit status 0 when all passed
 */
#include "script.h"

/* numbers of x86_64 */
enum {
	READ = 0, OPEN = 2, CLOSE = 3, GETPID = 39, CLONE = 56, FORK = 57, VFORK = 58, EXECVE = 59, EXIT = 60, WAIT4 = 61,
	KILL = 62, GETPPID = 110, PRCTL = 157, GETTID = 186, SET_TID_ADDRESS = 218, EXIT_GROUP = 231, CLONE3 = 435,
};

enum {
	STUB = 0x401000, BEHIND = STUB + 2, OTHER = 0x402000, START = 0x409000, SP = 0x7f0000, SP2 = 0x6f0000,
	CHILD_SP = 0x5f0000, ARGS = 0x7f1000, STATUS = 0x7f2000, TEXT = 0x7f3000, SPACE = 0x1000000, SPACE2 = 0x2000000,
	SPACE3 = 0x3000000,
};

/* include/uapi/linux/sched.h: what pthread_create and posix_spawn pass */
enum { THREAD_FLAGS = 0x3d0f00, SPAWN_FLAGS = 0x4100 | 17 };

/* Thread 1 is process 7. */
static struct script *begin(void)
{
	struct script *s = script_new(&sct_arch_x86_64);

	on(s, 0, 1, SPACE);
	enter(s, GETPID, OTHER, SP);
	leave(s, OTHER + 2, SP, 7);
	return s;
}

#define BEGUN "0 getpid returned 7 thread=1 pid=7 at 402002\n"

static void close_by(struct script *s, uint64_t thread, uint64_t space, uint64_t sp)
{
	on(s, 0, thread, space);
	enter(s, CLOSE, OTHER, sp);
	leave(s, OTHER + 2, sp, 0);
}

START_TEST(child_runs_first)
{
	struct script *s = begin();

	enter(s, FORK, STUB, SP);
	born(s, 0, 2, SPACE2);
	leave(s, BEHIND, SP, 0);
	close_by(s, 2, SPACE2, SP);
	on(s, 0, 1, SPACE);
	leave(s, BEHIND, SP, 8);
	close_by(s, 2, SPACE2, SP);
	expect(s, BEGUN "2 close returned 0 thread=2 at 402002\n"
	                "1 fork returned 8 thread=1 pid=7 at 401002\n"
	                "3 close returned 0 thread=2 pid=8 tid=8 at 402002\n");
}
END_TEST

START_TEST(parent_runs_first)
{
	struct script *s = begin();

	enter(s, FORK, STUB, SP);
	leave(s, BEHIND, SP, 8);
	born(s, 0, 2, SPACE2);
	leave(s, BEHIND, SP, 0);
	close_by(s, 2, SPACE2, SP);
	expect(s, BEGUN "1 fork returned 8 thread=1 pid=7 at 401002\n"
	                "2 close returned 0 thread=2 pid=8 tid=8 at 402002\n");
}
END_TEST

START_TEST(fork_that_fails_has_no_child)
{
	struct script *s = begin();

	enter(s, FORK, STUB, SP);
	leave(s, BEHIND, SP, (uint64_t)-11);
	born(s, 0, 2, SPACE2);
	leave(s, BEHIND, SP, 0);
	close_by(s, 2, SPACE2, SP);
	expect(s, BEGUN "1 fork returned EAGAIN thread=1 pid=7 at 401002\n"
	                "2 close returned 0 thread=2 at 402002\n");
}
END_TEST

START_TEST(clone_of_a_thread)
{
	struct script *s = begin();

	reg(s, "edi", THREAD_FLAGS);
	reg(s, "esi", CHILD_SP);
	enter(s, CLONE, STUB, SP);
	leave(s, BEHIND, SP, 8);
	born(s, 1, 2, SPACE);
	leave(s, BEHIND, CHILD_SP, 0);
	close_by(s, 2, SPACE, CHILD_SP);
	expect(s, BEGUN "1 clone returned 8 thread=1 pid=7 at 401002\n"
	                "2 close returned 0 thread=2 pid=7 tid=8 at 402002\n");
}
END_TEST

START_TEST(clone3_of_a_thread)
{
	const uint64_t args[11] = { THREAD_FLAGS, 0, 0, 0, 0, CHILD_SP - 0x1000, 0x1000 };
	struct script *s = begin();

	reg(s, "edi", ARGS);
	reg(s, "esi", sizeof args);
	see(s, ARGS, args, sizeof args);
	enter(s, CLONE3, STUB, SP);
	leave(s, BEHIND, SP, 8);
	born(s, 1, 2, SPACE);
	leave(s, BEHIND, CHILD_SP, 0);
	close_by(s, 2, SPACE, CHILD_SP);
	expect(s, BEGUN "1 clone3 returned 8 thread=1 pid=7 at 401002\n"
	                "2 close returned 0 thread=2 pid=7 tid=8 at 402002\n");
}
END_TEST

START_TEST(vfork_and_posix_spawn)
{
	static const struct {
		const char *lines;
		uint32_t nr;
		uint64_t flags, stack;
	} rows[] = {
		{ BEGUN "2 close returned 0 thread=2 at 402002\n"
		        "1 vfork returned 8 thread=1 pid=7 at 401002\n"
		        "3 close returned 0 thread=2 pid=8 tid=8 at 402002\n", VFORK, 0, SP },
		{ BEGUN "2 close returned 0 thread=2 at 402002\n"
		        "1 clone returned 8 thread=1 pid=7 at 401002\n"
		        "3 close returned 0 thread=2 pid=8 tid=8 at 402002\n", CLONE, SPAWN_FLAGS, CHILD_SP },
	};

	for (unsigned i = 0; i < 2; i++) {
		struct script *s = begin();

		reg(s, "edi", rows[i].flags);
		reg(s, "esi", rows[i].stack);
		enter(s, rows[i].nr, STUB, SP);
		born(s, 0, 2, SPACE);
		leave(s, BEHIND, rows[i].stack, 0);
		close_by(s, 2, SPACE, rows[i].stack);
		on(s, 0, 1, SPACE);
		leave(s, BEHIND, SP, 8);
		close_by(s, 2, SPACE, rows[i].stack);
		expect(s, rows[i].lines);
	}
}
END_TEST

/* A new thread in the same address space is no child of a fork. */
START_TEST(wrong_address_space)
{
	struct script *s = begin();

	enter(s, FORK, STUB, SP);
	leave(s, BEHIND, SP, 8);
	born(s, 0, 2, SPACE);
	leave(s, BEHIND, SP, 0);
	close_by(s, 2, SPACE, SP);
	expect(s, BEGUN "1 fork returned 8 thread=1 pid=7 at 401002\n"
	                "2 close returned 0 thread=2 at 402002\n");
}
END_TEST

/* Two forks at one place before either child runs: whose is which is not told. Later ones are clear again. */
START_TEST(two_parents_fit)
{
	struct script *s = begin();

	for (uint64_t child = 8; child < 10; child++) {
		enter(s, FORK, STUB, SP);
		leave(s, BEHIND, SP, child);
	}
	for (uint64_t thread = 2; thread < 4; thread++) {
		born(s, 0, thread, SPACE2 * thread);
		leave(s, BEHIND, SP, 0);
		close_by(s, thread, SPACE2 * thread, SP);
	}
	on(s, 0, 1, SPACE);
	enter(s, FORK, STUB, SP);
	leave(s, BEHIND, SP, 10);
	born(s, 0, 4, SPACE2 * 4);
	leave(s, BEHIND, SP, 0);
	close_by(s, 4, SPACE2 * 4, SP);
	expect(s, BEGUN "1 fork returned 8 thread=1 pid=7 at 401002\n"
	                "2 fork returned 9 thread=1 pid=7 at 401002\n"
	                "3 close returned 0 thread=2 at 402002\n"
	                "4 close returned 0 thread=3 at 402002\n"
	                "5 fork returned 10 thread=1 pid=7 at 401002\n"
	                "6 close returned 0 thread=4 pid=10 tid=10 at 402002\n");
}
END_TEST

START_TEST(program_that_the_kernel_starts)
{
	struct script *s = begin();

	born(s, 0, 2, SPACE2);
	leave(s, START, SP2, 0);
	close_by(s, 2, SPACE2, SP2);
	script_run(s, say_record);
	ck_assert_str_eq(s->text, BEGUN "1 close returned 0 thread=2 at 402002\n");
	ck_assert_uint_eq(s->counts.orphans, 0);
	free(s);
}
END_TEST

START_TEST(callers_that_ask)
{
	static const struct { uint32_t nr; const char *lines; } rows[] = {
		{ GETTID, BEGUN "1 gettid returned 9 thread=1 pid=7 tid=9 at 401002\n" },
		{ SET_TID_ADDRESS, BEGUN "1 set_tid_address returned 9 thread=1 pid=7 tid=9 at 401002\n" },
	};

	for (unsigned i = 0; i < 2; i++) {
		struct script *s = begin();

		enter(s, rows[i].nr, STUB, SP);
		leave(s, BEHIND, SP, 9);
		expect(s, rows[i].lines);
	}
}
END_TEST

/* A thread's execve gives it the number of its process, which may be unknown. */
START_TEST(new_image)
{
	struct script *s = begin();

	enter(s, GETTID, OTHER, SP);
	leave(s, OTHER + 2, SP, 9);
	enter(s, EXECVE, STUB, SP);
	on(s, 0, 1, SPACE2);
	leave(s, START, SP2, 0);
	close_by(s, 1, SPACE2, SP2);
	on(s, 0, 2, SPACE);
	enter(s, GETTID, OTHER, SP);
	leave(s, OTHER + 2, SP, 9);
	enter(s, EXECVE, STUB, SP);
	on(s, 0, 2, SPACE2);
	leave(s, START, SP2, 0);
	close_by(s, 2, SPACE2, SP2);
	expect(s, BEGUN "1 gettid returned 9 thread=1 pid=7 tid=9 at 402002\n"
	                "2 execve exec 0 thread=1 pid=7 tid=9 at 409000\n"
	                "3 close returned 0 thread=1 pid=7 tid=7 at 402002\n"
	                "4 gettid returned 9 thread=2 tid=9 at 402002\n"
	                "5 execve exec 0 thread=2 tid=9 at 409000\n"
	                "6 close returned 0 thread=2 at 402002\n");
}
END_TEST

/* wait4 tells that the child is gone: what it had open was killed. A child that was stopped is not gone. */
START_TEST(reaped)
{
	static const struct { uint32_t status; const char *lines; } rows[] = {
		{ 9, "2 read killed ? thread=2 pid=8 tid=8\n"
		     "3 wait4 returned 8 thread=1 pid=7 at 401002\n" },
		{ 0x137f, "3 wait4 returned 8 thread=1 pid=7 at 401002\n"
		          "2 read unfinished ? thread=2 pid=8 tid=8\n" },
	};

	for (unsigned i = 0; i < 2; i++) {
		struct script *s = begin();
		char lines[400];

		enter(s, FORK, STUB, SP);
		leave(s, BEHIND, SP, 8);
		born(s, 0, 2, SPACE2);
		leave(s, BEHIND, SP, 0);
		enter(s, READ, STUB, SP);
		on(s, 0, 1, SPACE);
		reg(s, "edi", (uint64_t)-1);
		reg(s, "esi", STATUS);
		enter(s, WAIT4, STUB, SP);
		see(s, STATUS, &rows[i].status, 4);
		leave(s, BEHIND, SP, 8);
		snprintf(lines, sizeof lines, BEGUN "1 fork returned 8 thread=1 pid=7 at 401002\n%s", rows[i].lines);
		expect(s, lines);
	}
}
END_TEST

/* A process of another PID namespace may have the number of the child that is gone: its calls go on. */
START_TEST(reaped_namesake)
{
	struct script *s = begin();
	uint32_t status = 9;

	on(s, 0, 5, SPACE2);
	enter(s, GETPID, STUB, SP);
	leave(s, BEHIND, SP, 8);
	enter(s, READ, STUB, SP);
	on(s, 0, 1, SPACE);
	reg(s, "edi", (uint64_t)-1);
	reg(s, "esi", STATUS);
	enter(s, WAIT4, STUB, SP);
	see(s, STATUS, &status, 4);
	leave(s, BEHIND, SP, 8);
	expect(s, BEGUN "1 getpid returned 8 thread=5 pid=8 at 401002\n"
	                "3 wait4 returned 8 thread=1 pid=7 at 401002\n"
	                "2 read unfinished ? thread=5 pid=8\n");
}
END_TEST

/* ---- parents and names -------------------------------------------------------------------------------------- */

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

static void exec_as(struct script *s, const char *path, uint64_t thread, uint64_t space)
{
	see(s, TEXT, path, strlen(path) + 1);
	reg(s, "edi", TEXT);
	enter(s, EXECVE, STUB, SP);
	on(s, 0, thread, space);
	leave(s, START, SP2, 0);
}

/* The thread that runs forks process `number`, thread `thread`. */
static void fork_to(struct script *s, uint64_t number, uint64_t thread, uint64_t space)
{
	enter(s, FORK, STUB, SP);
	leave(s, BEHIND, SP, number);
	born(s, 0, thread, space);
	leave(s, BEHIND, SP, 0);
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
	reg(s, "edi", 0x8000 | 17);
	enter(s, CLONE, STUB, SP);
	leave(s, BEHIND, SP, 9);
	born(s, 0, 3, SPACE3);
	leave(s, BEHIND, SP, 0);
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
	reg(s, "edi", _i ? 9 : 7);
	reg(s, "esi", 9);
	enter(s, KILL, STUB, SP);
	leave(s, BEHIND, SP, 0);
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
	reg(s, "edi", 15); /* PR_SET_NAME, and nobody saw which */
	enter(s, PRCTL, STUB, SP);
	leave(s, BEHIND, SP, 0);
	close_by(s, 2, SPACE3, SP);
	see(s, TEXT, "a name that is cut", 19);
	reg(s, "edi", 15);
	reg(s, "esi", TEXT);
	enter(s, PRCTL, STUB, SP);
	leave(s, BEHIND, SP, 0);
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
	who(s, "7 ?; 7 a-name-of-many-; 8<7 a-name-of-many-; 8<7 ?; 8<7 a name that is ; 8<7 a name that is ; 8<7 sh; 8<7 ?; 7 a-name-of-many-; ");
}
END_TEST

/* Threads give each other names by files in /proc. */
START_TEST(names_given_by_others)
{
	struct script *s = begin();

	exec_as(s, "/bin/x", 1, SPACE2);
	for (uint64_t mode = 0; mode < 2; mode++) {
		see(s, TEXT, "/proc/self/task/9/comm", 23);
		reg(s, "edi", TEXT);
		reg(s, "esi", mode);
		enter(s, OPEN, STUB, SP);
		leave(s, BEHIND, SP, 3);
		close_by(s, 1, SPACE2, SP);
	}
	exec_as(s, "/bin/y", 1, SPACE);
	close_by(s, 1, SPACE, SP);
	who(s, "7 x; 7 ?; 7 y; ");
}
END_TEST

/* What one thread learns of its process holds for all of them. */
START_TEST(one_process)
{
	struct script *s = script_new(&sct_arch_x86_64);

	on(s, 0, 1, SPACE);
	reg(s, "edi", THREAD_FLAGS);
	reg(s, "esi", CHILD_SP);
	enter(s, CLONE, STUB, SP);
	leave(s, BEHIND, SP, 8);
	born(s, 1, 2, SPACE);
	leave(s, BEHIND, CHILD_SP, 0);
	close_by(s, 2, SPACE, CHILD_SP);
	enter(s, GETPID, STUB, CHILD_SP);
	leave(s, BEHIND, CHILD_SP, 7);
	close_by(s, 1, SPACE, SP);
	expect(s, "0 clone returned 8 thread=1 at 401002\n"
	          "1 close returned 0 thread=2 tid=8 at 402002\n"
	          "2 getpid returned 7 thread=2 pid=7 tid=8 at 401002\n"
	          "3 close returned 0 thread=1 pid=7 at 402002\n");
}
END_TEST

/* One program: no address spaces; the thread that begins it is its leader; children of fork are not in the
 * recording. */
START_TEST(threads_of_a_program)
{
	struct script *s = script_new(&sct_arch_x86_64);

	s->info.user_mode = true;
	on(s, 0, 1, 0);
	enter(s, SET_TID_ADDRESS, STUB, SP);
	leave(s, BEHIND, SP, 7);
	reg(s, "edi", THREAD_FLAGS);
	reg(s, "esi", CHILD_SP);
	enter(s, CLONE, STUB, SP);
	leave(s, BEHIND, SP, 8);
	born(s, 1, 2, 0);
	leave(s, BEHIND, CHILD_SP, 0);
	close_by(s, 2, 0, CHILD_SP);
	expect(s, "0 set_tid_address returned 7 thread=1 pid=7 tid=7 at 401002\n"
	          "1 clone returned 8 thread=1 pid=7 tid=7 at 401002\n"
	          "2 close returned 0 thread=2 pid=7 tid=8 at 402002\n");
}
END_TEST

/* ---- recordings that say who calls ------------------------------------------------------------------------- */

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
	reg(s, "edi", 15);
	reg(s, "esi", TEXT);
	enter(s, PRCTL, STUB, SP);
	leave(s, BEHIND, SP, 0);
	told(s, SCT_FACT_PID, 9, NULL);
	told(s, SCT_FACT_TID, 10, NULL);
	told(s, SCT_FACT_COMM, 0, "after");
	close_by(s, 1, 0, SP);
	who(s, "9 after; ");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lineage");
	TCase *t = tcase_create("lineage");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, child_runs_first);
	tcase_add_test(t, parent_runs_first);
	tcase_add_test(t, fork_that_fails_has_no_child);
	tcase_add_test(t, clone_of_a_thread);
	tcase_add_test(t, clone3_of_a_thread);
	tcase_add_test(t, vfork_and_posix_spawn);
	tcase_add_test(t, wrong_address_space);
	tcase_add_test(t, two_parents_fit);
	tcase_add_test(t, program_that_the_kernel_starts);
	tcase_add_test(t, callers_that_ask);
	tcase_add_test(t, new_image);
	tcase_add_test(t, reaped);
	tcase_add_test(t, reaped_namesake);
	tcase_add_test(t, parents);
	tcase_add_loop_test(t, parents_ended_unseen, 0, 4);
	tcase_add_test(t, siblings);
	tcase_add_loop_test(t, parents_in_doubt, 0, 2);
	tcase_add_test(t, names);
	tcase_add_test(t, names_given_by_others);
	tcase_add_test(t, one_process);
	tcase_add_test(t, threads_of_a_program);
	tcase_add_test(t, callers_that_are_told);
	tcase_add_test(t, told_after_calls);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
