/* Tests of who runs in a Linux guest, and of finding its kernel.
 * In:  a kernel's memory made by hand
 * Out: processes and threads, or that they are not known; slides, other kernels
 */
#include <stdlib.h>

#include "linux_image.h"
#include "suite.h"

static void is_word(struct sct_word w, uint64_t value)
{
	ck_assert(w.known);
	ck_assert_uint_eq(w.value, value);
}

START_TEST(all_of_a_thread)
{
	uint64_t task, parent, cred;
	struct sct_who who;

	begin_image(0);
	task = task_on(0);
	parent = room(0x100);
	cred = room(0x40);
	set(task, SCT_LX_TASK_REAL_PARENT, parent, 8);
	set(parent, SCT_LX_TASK_TGID, 7, 4);
	set(task, SCT_LX_TASK_START, UINT64_C(123456789012), 8);
	set(task, SCT_LX_TASK_CRED, cred, 8);
	set(cred, SCT_LX_CRED_UID, 1000, 4);
	use();
	who = who_on(0);
	is_word(who.pid, 100);
	is_word(who.tid, 100);
	is_word(who.ppid, 7);
	is_word(who.start_time_ns, UINT64_C(123456789012));
	is_word(who.uid, 1000);
	ck_assert_str_eq(who.comm, "first");
	ck_assert_ptr_null(who.exe);
	end_image();
}
END_TEST

/* Each vCPU runs its own; what was true of one moment is not kept. */
START_TEST(of_this_moment)
{
	struct sct_who who;

	begin_image(0);
	use();
	who = who_on(1);
	is_word(who.tid, 101);
	ck_assert_str_eq(who.comm, "second");
	set(task_on(1), SCT_LX_TASK_PID, 500, 4);
	set_text(task_on(1), SCT_LX_TASK_COMM, "exec'd");
	who = who_on(1);
	is_word(who.tid, 500);
	ck_assert_str_eq(who.comm, "exec'd");
	ck_assert(!who_on(2).pid.known); /* no such CPU: NULL */
	end_image();
}
END_TEST

START_TEST(timespec)
{
	begin_image(0);
	say_at(SCT_LX_TASK_START_IS_TIMESPEC, 1);
	set(task_on(0), SCT_LX_TASK_START, 3, 8);
	put(task_on(0) + g.layout.at[SCT_LX_TASK_START].value + 8, 500, 8);
	use();
	is_word(who_on(0).start_time_ns, UINT64_C(3000000500));
	end_image();
}
END_TEST

/* What lies in memory that is not known is not known, the rest is. */
START_TEST(memory_that_is_not_known)
{
	uint64_t task;
	struct sct_who who;

	begin_image(0);
	task = task_on(0);
	set(task, SCT_LX_TASK_REAL_PARENT, UINT64_C(0xffff999999999000), 8);
	set(task, SCT_LX_TASK_CRED, 0, 8);
	use();
	g.hole = task + g.layout.at[SCT_LX_TASK_COMM].value + 3;
	g.hole_end = g.hole + 1;
	who = who_on(0);
	is_word(who.pid, 100);
	ck_assert(!who.ppid.known && !who.uid.known && !who.comm && !who.exe);
	end_image();
}
END_TEST

/* A name without its NUL is none: the kernel always writes one. */
START_TEST(endless_name)
{
	begin_image(0);
	memset(byte_at(task_on(0) + g.layout.at[SCT_LX_TASK_COMM].value), 'a', 16);
	use();
	ck_assert_ptr_null(who_on(0).comm);
	end_image();
}
END_TEST

/* Kernels for one CPU have the variable itself; PANDA's file may tell CPU 0's offset as a number. */
START_TEST(one_cpu)
{
	uint64_t task;

	begin_image(0);
	task = task_on(0);
	g.layout.at[SCT_LX_PER_CPU_OFFSET].known = false;
	say_at(SCT_LX_PER_CPU_0, 0);
	say_at(SCT_LX_CURRENT, IMAGE + 0xf00);
	put(IMAGE + 0xf00, task, 8);
	use();
	is_word(who_on(0).pid, 100);
	ck_assert(!who_on(1).pid.known);
	end_image();
}
END_TEST

/* Addresses may be those of another boot, whose kernel lay higher. */
START_TEST(slides)
{
	static const uint64_t all[] = { 0, 0x200000, 0x15c00000, 0x3fe00000, -UINT64_C(0x200000), -UINT64_C(0x15c00000) };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		begin_image(all[i]);
		use();
		is_word(who_on(0).pid, 100);
		ck_assert_int_eq(sct_linux_report(&g.os)->state, SCT_LINUX_FOUND);
		ck_assert_uint_eq(sct_linux_report(&g.os)->slide, all[i]);
		end_image();
	}
}
END_TEST

/* Memory that becomes known later: the kernel is found then, not at every question in between. */
START_TEST(found_later)
{
	unsigned questions = 0;

	begin_image(0x400000);
	use();
	g.hole_end = UINT64_MAX;
	for (unsigned i = 0; i < 100; i++)
		ck_assert(!who_on(0).pid.known);
	ck_assert_int_eq(sct_linux_report(&g.os)->state, SCT_LINUX_SOUGHT);
	g.hole_end = 0;
	while (!who_on(0).pid.known)
		ck_assert_uint_lt(questions++, 200);
	end_image();
}
END_TEST

/* The guest starts another kernel of the same kind, which lies elsewhere. */
START_TEST(restarted)
{
	begin_image(0x400000);
	use();
	is_word(who_on(0).pid, 100);
	end_image();

	begin_image(0x400000);
	use();
	is_word(who_on(0).pid, 100);
	memset(g.image + BANNER_AT, 'x', sizeof banner);
	ck_assert(!who_on(0).pid.known);
	ck_assert_int_ne(sct_linux_report(&g.os)->state, SCT_LINUX_FOUND);
	end_image();
}
END_TEST

static void expect_other(const char *expected, const char *found)
{
	struct sct_os_view view = view_of(0);
	const struct sct_linux_report *r;

	use();
	for (unsigned i = 0; i < 100; i++) /* nor is it taken for the same at a later search */
		ck_assert(!who_on(0).pid.known);
	ck_assert(g.os.is_other(g.os.state, &view));
	r = sct_linux_report(&g.os);
	ck_assert_int_eq(r->state, SCT_LINUX_OTHER_KERNEL);
	ck_assert_str_eq(r->expected, expected);
	ck_assert_str_eq(r->found, found);
	end_image();
}

START_TEST(other_banner)
{
	char found[sizeof banner];

	snprintf(found, sizeof found, "%.*s", (int)sizeof banner - 2, banner);
	begin_image(0);
	strcpy(g.layout.kernel.head, "Linux version 6.1.0-2-amd64");
	expect_other("Linux version 6.1.0-2-amd64", found);

	/* the symbols of another kernel: its banner is not where they say, but it is there */
	begin_image(0);
	say_at(SCT_LX_BANNER, IMAGE + 0x123);
	say_at(SCT_LX_INIT_TASK, IMAGE + 0x321);
	expect_other("a kernel whose linux_banner or init_task lies elsewhere", found);

	/* a kernel of 32 bits, where one of 64 runs */
	begin_image(0);
	g.layout.ptr = 4;
	strcpy(g.layout.kernel.head, "Linux version 6.1.0-1-686");
	expect_other("Linux version 6.1.0-1-686", found);

	/* PANDA's file has no address of the banner: it is looked for */
	begin_image(0);
	g.layout.at[SCT_LX_BANNER].known = false;
	strcpy(g.layout.kernel.head, "Linux version 6.1.0-1-amd64 ");
	strcpy(g.layout.kernel.tail, " #2 SMP Debian 6.1.4-1 (2023-01-07)");
	expect_other("Linux version 6.1.0-1-amd64 ", found);
}
END_TEST

/* A recording may show the beginning of the banner, or nothing of it. */
START_TEST(cut_banner)
{
	begin_image(0);
	g.hole = IMAGE + BANNER_AT + sizeof "Linux version 6.1.0-1";
	g.hole_end = IMAGE + INIT_AT;
	strcpy(g.layout.kernel.head, "Linux version 6.1.0-10-amd64");
	expect_other("Linux version 6.1.0-10-amd64", "Linux version 6.1.0-1-");

	for (unsigned i = 0; i < 2; i++) {
		begin_image(0);
		g.hole = IMAGE + BANNER_AT + (i ? sizeof "Linux version 6.1.0-1" : 0);
		g.hole_end = IMAGE + INIT_AT;
		strcpy(g.layout.kernel.head, "Linux version 6.1.0-1-amd64");
		use();
		is_word(who_on(0).pid, 100);
		ck_assert_int_eq(sct_linux_report(&g.os)->unshown, !i);
		end_image();
	}
}
END_TEST

START_TEST(same_banner)
{
	begin_image(0);
	snprintf(g.layout.kernel.head, sizeof g.layout.kernel.head, "%.*s", (int)sizeof banner - 2, banner);
	use();
	is_word(who_on(0).pid, 100);
	end_image();

	begin_image(0);
	g.layout.at[SCT_LX_BANNER].known = false;
	strcpy(g.layout.kernel.head, "Linux version 6.1.0-1-amd64 ");
	strcpy(g.layout.kernel.tail, " #1 SMP Debian 6.1.4-1 (2023-01-07)");
	use();
	is_word(who_on(0).pid, 100);
	end_image();
}
END_TEST

/* Notes: Xen's before the build id, as vmlinux has them. */
static void put_notes(uint8_t first)
{
	uint64_t at = IMAGE + g.slide + NOTES_AT;

	put(at, 4, 4);
	put(at + 4, 5, 4);
	put(at + 8, 6, 4);
	put_text(at + 12, "Xen", 4);
	put(at + 24, 4, 4);
	put(at + 28, 20, 4);
	put(at + 32, 3, 4);
	put_text(at + 36, "GNU", 4);
	put(at + 40, first, 1);
}

/* Structs of another kernel beside the right System.map: what init_task shows contradicts them. */
START_TEST(other_structs)
{
	static const enum sct_linux_field fields[] = { SCT_LX_TASK_PID, SCT_LX_TASK_TGID, SCT_LX_TASK_REAL_PARENT,
	                                               SCT_LX_TASK_COMM };

	begin_image(0x200000);
	set(IMAGE + 0x200000 + INIT_AT, SCT_LX_TASK_CRED, 1, 8);
	say_at(fields[_i], g.layout.at[SCT_LX_TASK_CRED].value);
	use();
	ck_assert(!who_on(0).pid.known);
	ck_assert_int_eq(sct_linux_report(&g.os)->state, SCT_LINUX_OTHER_KERNEL);
	end_image();
}
END_TEST

/* A layout that does not say which kernel it is of is not believed any more once a program runs as what is no task. */
START_TEST(no_such_tasks)
{
	begin_image(0);
	use();
	ck_assert(who_on(0).pid.known);
	ck_assert(sct_linux_report(&g.os)->unnamed);
	set(task_on(0), SCT_LX_TASK_TGID, 0xffff88aa, 4);
	ck_assert(!who_on(0).pid.known);
	ck_assert_int_eq(sct_linux_report(&g.os)->state, SCT_LINUX_OTHER_KERNEL);
	set(task_on(0), SCT_LX_TASK_TGID, 100, 4);
	ck_assert(!who_on(1).pid.known);
	/* one that says so is, at other moments */
	snprintf(g.layout.kernel.head, sizeof g.layout.kernel.head, "Linux version 6.1.0-1-amd64");
	set(task_on(0), SCT_LX_TASK_PID, 0, 4);
	use();
	ck_assert(!who_on(0).pid.known);
	ck_assert(who_on(1).pid.known);
	ck_assert(!sct_linux_report(&g.os)->unnamed);
	end_image();
}
END_TEST

START_TEST(build_ids)
{
	begin_image(0x600000);
	put_notes(7);
	g.layout.kernel.build_id_size = 20;
	g.layout.kernel.build_id[0] = 7;
	use();
	is_word(who_on(0).pid, 100);
	end_image();

	begin_image(0x600000);
	put_notes(7);
	g.layout.kernel.build_id_size = 20;
	g.layout.kernel.build_id[0] = 8;
	expect_other("build id 0800000000000000000000000000000000000000",
	             "build id 0700000000000000000000000000000000000000");

	begin_image(0); /* damaged notes tell nothing */
	put(IMAGE + NOTES_AT, UINT64_MAX, 8);
	g.layout.kernel.build_id_size = 20;
	use();
	is_word(who_on(0).pid, 100);
	end_image();
}
END_TEST

START_TEST(no_addresses)
{
	static const enum sct_linux_field needed[] = { SCT_LX_CURRENT, SCT_LX_PER_CPU_OFFSET };

	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
		begin_image(0);
		g.layout.at[needed[i]].known = false;
		use();
		ck_assert(!who_on(0).pid.known);
		ck_assert_int_eq(sct_linux_report(&g.os)->state, SCT_LINUX_NO_ADDRESSES);
		end_image();
	}
}
END_TEST

/* The image and a layout that does not say where anything lies in it, of a kernel whose banner begins so. */
static void begin_without_addresses(const char *head)
{
	begin_image(0x400000);
	for (unsigned f = 0; f <= SCT_LX_CURRENT; f++)
		g.layout.at[f].known = false;
	strcpy(g.layout.kernel.head, head);
}

/* Asks that many times, and whether the banner was seen to be the layout's. */
static void expect_unplaced(unsigned questions, bool same)
{
	struct sct_os_view view = view_of(0);

	for (unsigned i = 0; i < questions; i++) {
		ck_assert(!who_on(0).pid.known);
		ck_assert(!g.os.is_other(g.os.state, &view));
	}
	ck_assert_int_eq(sct_linux_report(&g.os)->state, SCT_LINUX_NO_ADDRESSES);
	ck_assert(sct_linux_report(&g.os)->same == same);
}

/* A vmlinuz alone: its banner is looked for. */
START_TEST(banner_without_addresses)
{
	char found[sizeof banner];

	begin_without_addresses("Linux version 6.1.0-1-amd64 ");
	use();
	expect_unplaced(1000, true);
	ck_assert_uint_lt(g.reads, 5000); /* it is not looked for again where it is */
	memset(g.image + BANNER_AT, 'x', sizeof banner); /* the guest has started another one */
	expect_unplaced(1, false);
	end_image();

	snprintf(found, sizeof found, "%.*s", (int)sizeof banner - 2, banner);
	begin_without_addresses("Linux version 6.1.0-2-amd64 ");
	expect_other("Linux version 6.1.0-2-amd64 ", found);

	begin_without_addresses(""); /* raw BTF: of which kernel, it does not say */
	use();
	expect_unplaced(1000, false);
	ck_assert_uint_eq(g.reads, 0);
	end_image();
}
END_TEST

/* Memory that shows the banner late is looked through a few times only. */
START_TEST(banner_seen_late)
{
	unsigned reads;

	begin_without_addresses("Linux version 6.1.0-1-amd64 ");
	use();
	g.hole_end = UINT64_MAX;
	expect_unplaced(10, false);
	g.hole_end = 0;
	expect_unplaced(200, true);
	end_image();

	begin_without_addresses("Linux version 6.1.0-1-amd64 ");
	use();
	g.hole_end = UINT64_MAX;
	expect_unplaced(20000, false);
	reads = g.reads;
	expect_unplaced(200000, false);
	ck_assert_uint_eq(g.reads, reads);
	end_image();
}
END_TEST

/* Registers show whether the kernel is one of 64 bits, where no memory of it is known. */
START_TEST(other_bits)
{
	begin_image(0);
	g.hole_end = UINT64_MAX;
	g.layout.ptr = 4;
	g.ptr = 8;
	strcpy(g.layout.kernel.head, "Linux version 6.1.0-1-686");
	expect_other("Linux version 6.1.0-1-686", "a kernel of 64 bits");

	begin_without_addresses("");
	g.hole_end = UINT64_MAX;
	g.ptr = 4;
	expect_other("a kernel of 64 bits", "a kernel of 32 bits");

	begin_image(0);
	g.ptr = 8;
	use();
	is_word(who_on(0).pid, 100);
	end_image();
}
END_TEST

/* PANDA's file of the recorded kernel beside a vmlinuz: who runs is told, and whether structs are may depend on it. */
START_TEST(types_beside)
{
	static const struct {
		const char *types;
		bool seen, mixed;
	} rows[] = {
		{ "Linux version 6.1.0-2-amd64 (a@b) (gcc) #1 SMP Debian 6.1.4-1 (2023-01-07)", true, true },
		{ "Linux version 6.1.0-1-amd64 (a@b) (gcc) #1 SMP Debian 6.1.4-1 (2023-01-07)", true, false },
		{ "Linux version 6.1.0-2-amd64 (a@b) (gcc) #1 SMP Debian 6.1.4-1 (2023-01-07)", false, true },
		{ "Linux version 6.1.0-1-amd64 (a@b) (gcc) #1 SMP Debian 6.1.4-1 (2023-01-07)", false, false },
		{ "", true, false },
	};
	const struct sct_os_view view = view_of(0);
	struct sct_linux_layout two[2];
	struct sct_err err;

	begin_without_addresses(rows[_i].types);
	two[0] = g.layout;
	two[0].of_types = true;
	begin_image(0x400000);
	g.hole = IMAGE + g.slide + BANNER_AT;
	g.hole_end = rows[_i].seen ? g.hole : g.hole + sizeof banner;
	two[1] = g.layout;
	two[1].at[SCT_LX_BANNER].known = false;
	strcpy(two[1].kernel.head, "Linux version 6.1.0-1-amd64 ");
	strcpy(two[1].kernel.tail, " #1 SMP Debian 6.1.4-1 (2023-01-07)");
	ck_assert_int_eq(sct_linux_os(&g.os, two, 2, false, &err), SCT_OK);
	ck_assert(g.os.is_other(g.os.state, &view) == rows[_i].mixed);
	is_word(who_on(0).tid, 100);
	ck_assert_int_eq(sct_linux_report(&g.os)->state, SCT_LINUX_FOUND);
	ck_assert(sct_linux_report(&g.os)->mixed == rows[_i].mixed);
	ck_assert(sct_linux_report(&g.os)->uncompared == !*rows[_i].types);
	ck_assert_str_eq(sct_linux_report(&g.os)->expected, rows[_i].mixed ? rows[_i].types : "");
	end_image();
}
END_TEST

/* Of several layouts the one whose kernel it is counts. */
START_TEST(which_layout)
{
	struct sct_linux_layout two[2];
	struct sct_err err;

	begin_image(0);
	two[0] = two[1] = g.layout;
	strcpy(two[0].kernel.head, "Linux version 5.10");
	two[0].at[SCT_LX_TASK_PID].value += 4;
	strcpy(two[1].kernel.head, "Linux version 6.1.0-1-amd64 ");
	ck_assert_int_eq(sct_linux_os(&g.os, two, 2, false, &err), SCT_OK);
	is_word(who_on(0).tid, 100);
	ck_assert_int_eq(sct_linux_report(&g.os)->state, SCT_LINUX_FOUND);
	end_image();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("os_linux");
	TCase *t = tcase_create("who");

	tcase_add_test(t, all_of_a_thread);
	tcase_add_test(t, of_this_moment);
	tcase_add_test(t, timespec);
	tcase_add_test(t, memory_that_is_not_known);
	tcase_add_test(t, endless_name);
	tcase_add_test(t, one_cpu);
	tcase_add_test(t, slides);
	tcase_add_test(t, found_later);
	tcase_add_test(t, restarted);
	tcase_add_test(t, other_banner);
	tcase_add_test(t, cut_banner);
	tcase_add_test(t, same_banner);
	tcase_add_test(t, build_ids);
	tcase_add_loop_test(t, other_structs, 0, 4);
	tcase_add_test(t, no_such_tasks);
	tcase_add_loop_test(t, types_beside, 0, 5);
	tcase_add_test(t, no_addresses);
	tcase_add_test(t, banner_without_addresses);
	tcase_add_test(t, banner_seen_late);
	tcase_add_test(t, other_bits);
	tcase_add_test(t, which_layout);
	suite_add_tcase(s, t);
	return run_tests(s);
}
