/* Tests of traces that tell every instruction: the next one shows that a call has ended, or that some are missing.
 *
 * In:  recordings by hand (script.h)
 * Out: a report; exit status 0 when all passed
 */
#include "script.h"
#include "suite.h"

/* numbers of i386 */
enum { EXIT = 1, WRITE = 4, GETPID = 20 };

enum { STUB = 0x8048100, BEHIND = STUB + 2, OTHER = 0x8048200, SP = 0xbf000000, SP2 = 0xbe000000, TEXT = 0x804a000 };

#define NOP "\x90"
#define JMP "\xeb\x10"

/* A trace of one program: of its own stores, or of none. */
static struct script *begin(enum sct_shown shown)
{
	struct script *s = script_new(&sct_arch_i386);

	s->info.user_mode = true;
	s->info.every_insn = true;
	s->info.shown = shown;
	return s;
}

static void insn(struct script *s, const char *code, size_t len, uint64_t pc, uint64_t sp)
{
	struct sct_event *e;

	reg(s, "esp", sp);
	e = event(s, SCT_EV_INSN);
	e->addr = pc;
	e->len = (uint32_t)len;
	e->data = keep(s, code, len);
}

static void calls(struct script *s, uint32_t nr, uint64_t pc, uint64_t sp)
{
	reg(s, "eax", nr);
	insn(s, INT80, 2, pc, sp);
}

static void back(struct script *s, uint64_t pc, uint64_t sp, uint64_t result)
{
	reg(s, "eax", result);
	insn(s, NOP, 1, pc, sp);
}

static void writes(struct script *s, uint64_t addr, const char *text)
{
	struct sct_event *e = event(s, SCT_EV_ACCESSES);
	struct sct_store store = { .addr = addr, .len = (uint32_t)strlen(text) };

	store.data = keep(s, text, store.len);
	s->nbytes = (s->nbytes + 7) & ~(size_t)7;
	e->stores = (const void *)keep(s, &store, sizeof store);
	e->len = 1;
	e->value = 1;
}

START_TEST(the_next_instruction_is_the_return)
{
	struct script *s = begin(SCT_SHOWN_NONE);

	event(s, SCT_EV_THREAD)->value = 3;
	insn(s, NOP, 1, STUB - 1, SP);
	calls(s, WRITE, STUB, SP);
	back(s, BEHIND, SP, (uint32_t)-9);
	calls(s, GETPID, OTHER, SP);
	back(s, OTHER + 2, SP, 17);
	expect(s, "0 write returned EBADF thread=3 at 8048102\n"
	          "1 getpid returned 17 thread=3 pid=17 at 8048202\n");
}
END_TEST

START_TEST(another_thread_in_between)
{
	struct script *s = begin(SCT_SHOWN_PROGRAM);

	calls(s, WRITE, STUB, SP);
	insn(s, NOP, 1, OTHER, SP2);
	calls(s, GETPID, OTHER + 1, SP2);
	back(s, OTHER + 3, SP2, 17);
	back(s, BEHIND, SP, 5);
	expect(s, "1 getpid returned 17 pid=17 at 8048203\n"
	          "0 write returned 5 at 8048102\n");
}
END_TEST

/* Lines of a program and of its child, which PANDA's process trace does not tell apart: both are in one function. */
START_TEST(another_process_of_that_name)
{
	struct script *s = begin(SCT_SHOWN_PROGRAM);

	reg(s, "ecx", TEXT);
	calls(s, WRITE, STUB, SP);
	reg(s, "ecx", TEXT + 4);
	back(s, BEHIND, SP, 1);
	reg(s, "ecx", TEXT);
	back(s, BEHIND, SP, 5);
	expect(s, "0 write returned 5 at 8048102\n");
}
END_TEST

/* What is before the call in its block leaves the stack pointer unknown. */
START_TEST(an_unknown_stack_pointer)
{
	struct script *s = begin(SCT_SHOWN_NONE);

	event(s, SCT_EV_THREAD)->value = 3;
	reg(s, "eax", WRITE);
	insn(s, "\x2b\x23\xcd\x80", 4, STUB - 2, SP); /* sub esp, [ebx] */
	s->events[s->n - 1].value = 2;
	back(s, BEHIND, SP - 64, 5);
	expect(s, "0 write returned 5 thread=3 at 8048102\n");
}
END_TEST

START_TEST(instructions_are_missing)
{
	struct script *s = begin(SCT_SHOWN_PROGRAM);

	insn(s, JMP, 2, STUB - 0x12, SP);
	calls(s, WRITE, STUB, SP); /* where the jump goes */
	insn(s, NOP, 1, OTHER, SP + 4);
	insn(s, NOP, 1, OTHER + 1, SP + 4);
	insn(s, NOP, 1, OTHER + 7, SP + 4);
	calls(s, GETPID, OTHER + 8, SP);
	script_run(s, say_record);
	ck_assert_str_eq(s->text, "0 write lost ?\n1 getpid lost ?\n");
	ck_assert_uint_eq(s->counts.holes, 2);
	ck_assert_uint_eq(s->counts.first_hole, s->events[6].seq);
	free(s);
}
END_TEST

START_TEST(a_repeated_instruction)
{
	struct script *s = begin(SCT_SHOWN_PROGRAM);

	for (int i = 0; i < 3; i++)
		insn(s, "\xf3\xa4", 2, STUB, SP); /* rep movsb */
	insn(s, NOP, 1, BEHIND, SP);
	script_run(s, say_record);
	ck_assert_uint_eq(s->counts.holes, 0);
	free(s);
}
END_TEST

/* How many bytes of the second argument are known. */
static int say_text(void *ctx, const struct sct_record *r, struct sct_err *err)
{
	const struct sct_value *v = &r->args[1];

	(void)err;
	if (v->meaning == SCT_M_BYTES)
		say(ctx, "%s %.*s\n", r->name, (int)v->len, (const char *)v->data);
	else
		say(ctx, "%s %s\n", r->name, v->unknown ? v->unknown : "?");
	return 0;
}

START_TEST(a_call_may_have_changed_memory)
{
	struct script *s = begin(SCT_SHOWN_PROGRAM);

	for (int i = 0; i < 2; i++) {
		if (!i)
			writes(s, TEXT, "hello");
		reg(s, "ebx", 1);
		reg(s, "ecx", TEXT);
		reg(s, "edx", 5);
		calls(s, WRITE, STUB, SP);
		back(s, BEHIND, SP, 5);
	}
	script_run(s, say_text);
	ck_assert_str_eq(s->text, "write hello\nwrite not recorded\n");
	free(s);
}
END_TEST

static int say_entry(void *ctx, const struct sct_record *r, struct sct_err *err)
{
	(void)err;
	say(ctx, "%s at %llx\n", r->name ? r->name : "-", (unsigned long long)r->enter.pc);
	return 0;
}

START_TEST(other_instructions_of_the_block_come_first)
{
	static const char block[] = "\xb8\x14\x00\x00\x00" INT80; /* mov $20, %eax */
	struct script *s = begin(SCT_SHOWN_NONE);

	event(s, SCT_EV_THREAD)->value = 3;
	reg(s, "eax", WRITE);
	insn(s, block, sizeof block - 1, STUB - 5, SP);
	s->events[s->n - 1].value = 5;
	back(s, BEHIND, SP, 17);
	script_run(s, say_entry);
	ck_assert_str_eq(s->text, "getpid at 8048100\n");
	free(s);
}
END_TEST

START_TEST(unseen_bytes_are_counted)
{
	struct script *s = script_new(&sct_arch_i386);

	reg(s, "esp", SP);
	reg(s, "cr3", 0x1000);
	event(s, SCT_EV_INSN)->addr = STUB;
	event(s, SCT_EV_USER)->addr = BEHIND;
	script_run(s, say_record);
	ck_assert_str_eq(s->text, "");
	ck_assert_uint_eq(s->counts.detect.unseen, 1);
	free(s);
}
END_TEST

/* Memory shows the instruction at a block's start: whether the others make a call, nobody knows. */
START_TEST(a_block_of_which_only_the_start_is_known)
{
	static const struct {
		const char *code;
		unsigned unseen;
	} cases[] = { { "\xb8\x14\x00\x00\x00", 1 }, { JMP NOP NOP NOP, 0 }, { INT80 NOP NOP NOP, 0 } };

	for (unsigned i = 0; i < 3; i++) {
		struct script *s = begin(SCT_SHOWN_NONE);
		struct sct_event *e;

		reg(s, "esp", SP);
		reg(s, "eax", GETPID);
		see(s, STUB, cases[i].code, 5);
		see(s, STUB + 5, NOP NOP NOP NOP NOP NOP NOP NOP NOP NOP, 10);
		e = event(s, SCT_EV_INSN);
		e->addr = STUB;
		e->value = 1;
		script_run(s, say_record);
		ck_assert_str_eq(s->text, i == 2 ? "0 getpid unfinished ?\n" : "");
		ck_assert_uint_eq(s->counts.detect.unseen, cases[i].unseen);
		free(s);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("flow");
	TCase *t = tcase_create("flow");

	tcase_add_test(t, the_next_instruction_is_the_return);
	tcase_add_test(t, another_thread_in_between);
	tcase_add_test(t, another_process_of_that_name);
	tcase_add_test(t, an_unknown_stack_pointer);
	tcase_add_test(t, instructions_are_missing);
	tcase_add_test(t, a_repeated_instruction);
	tcase_add_test(t, a_call_may_have_changed_memory);
	tcase_add_test(t, other_instructions_of_the_block_come_first);
	tcase_add_test(t, unseen_bytes_are_counted);
	tcase_add_test(t, a_block_of_which_only_the_start_is_known);
	suite_add_tcase(s, t);
	return run_tests(s);
}
