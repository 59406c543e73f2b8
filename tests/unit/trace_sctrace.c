/* Tests of the reader of sctrace traces: deltas, lines of memory, threads, vCPUs, callers.
 * In:  traces built by hand (trace_build.h)
 * Out: a report; exit status 0 when all passed
 */
#include "sctrace_read.h"
#include "suite.h"

START_TEST(deltas)
{
	struct sct_bytes b = { 0 };
	const struct sct_event *e;

	keyframe(&t, 0, 100, 1000, 5, 6, 0x1000);
	event_head(&b, 10, 20, 0x401000, 3, 0, "\x0f\x05");
	sct_put_varint(&b, 2);
	sct_put_varint(&b, 1); /* rbx */
	sct_put_zigzag(&b, -7);
	sct_put_varint(&b, 1); /* xmm0, one behind cr3 */
	sct_put(&b, "0123456789abcdef", 16);
	sct_put_varint(&b, 0);
	add(&t, SCT_CHUNK_ENTER, 0, &b);
	event(&t, SCT_CHUNK_RETURN, 0, 5, 2, 3);
	end(&t);
	read_trace();
	ck_whole();
	e = nth(SCT_EV_INSN, 0);
	ck_assert_uint_eq(e->addr, 0x401000);
	ck_assert_uint_eq(e->seq, 1020);
	ck_assert_uint_eq(e->time_ns, 110);
	ck_assert_uint_eq(e->len, 2);
	ck_assert_mem_eq(e->data, "\x0f\x05", 2);
	ck_assert_uint_eq(reg_before(e, "rax"), 5);
	ck_assert_uint_eq(reg_before(e, "rbx"), UINT64_MAX);
	ck_assert_uint_eq(reg_before(e, "cr3"), 0x1000);
	ck_assert_int_eq(how_many(SCT_EV_REG), 3);
	ck_assert_uint_eq(nth(SCT_EV_THREAD, 0)->value, 3);
	ck_assert_int_eq(how_many(SCT_EV_THREAD), 1);
	e = nth(SCT_EV_USER, 0);
	ck_assert_uint_eq(e->addr, 0x401002);
	ck_assert_uint_eq(e->seq, 1025);
}
END_TEST

START_TEST(lines)
{
	struct sct_bytes b = { 0 };
	uint8_t line[64];

	memset(line, 'a', sizeof line);
	keyframe(&t, 0, 0, 0, 0, 0, 0x1000);
	event_head(&b, 0, 1, 0x10, 1, 0, "\x0f\x05");
	sct_put_varint(&b, 0);
	sct_put_varint(&b, 2);       /* runs */
	sct_put_zigzag(&b, 0x100);   /* lines 0x100 to 0x103: NEW NEW UNREADABLE UNREADABLE */
	sct_put_varint(&b, 4);
	sct_put_u8(&b, 1 | 1 << 2 | 2 << 4 | 2 << 6);
	sct_put(&b, line, 64);
	memset(line, 'b', sizeof line);
	sct_put(&b, line, 64);
	sct_put_zigzag(&b, -0x104);  /* line 0: NEW */
	sct_put_varint(&b, 1);
	sct_put_u8(&b, 1);
	sct_put(&b, line, 64);
	add(&t, SCT_CHUNK_ENTER, 0, &b);
	event_head(&b, 0, 1, 2, 1, 0, "");
	sct_put_varint(&b, 0);
	sct_put_varint(&b, 1);
	sct_put_zigzag(&b, 0x101);   /* SAME, NEW */
	sct_put_varint(&b, 2);
	sct_put_u8(&b, 0 | 1 << 2);
	sct_put(&b, line, 64);
	add(&t, SCT_CHUNK_RETURN, 0, &b);
	end(&t);
	read_trace();
	ck_whole();
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 0)->addr, 0x4000);
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 0)->len, 128);
	ck_assert_int_eq(nth(SCT_EV_SEEN, 0)->data[63], 'a');
	ck_assert_int_eq(nth(SCT_EV_SEEN, 0)->data[64], 'b');
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 1)->addr, 0x4080);
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 1)->len, 128);
	ck_assert_ptr_null(nth(SCT_EV_SEEN, 1)->data);
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 2)->addr, 0);
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 3)->addr, 0x4040);
	ck_assert_int_eq(nth(SCT_EV_SEEN, 3)->data[0], 'b');
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 4)->addr, 0x4080);
	ck_assert_int_eq(how_many(SCT_EV_SEEN), 5);
}
END_TEST

/* One run over the address where the kernel's begin: programs do not see what is behind it. */
static void run_over(uint64_t boundary)
{
	struct sct_bytes b = { 0 };
	uint8_t line[64] = { 0 };

	event_head(&b, 0, 1, 0x10, 1, 0, "\x0f\x05");
	sct_put_varint(&b, 0);
	sct_put_varint(&b, 1);
	sct_put_zigzag(&b, (int64_t)(boundary / 64) - 1);
	sct_put_varint(&b, 2);
	sct_put_u8(&b, 1 | 1 << 2);
	sct_put(&b, line, 64);
	sct_put(&b, line, 64);
	add(&t, SCT_CHUNK_ENTER, 0, &b);
	end(&t);
	read_trace();
	ck_whole();
}

static void expect_kernel_from(uint64_t boundary)
{
	ck_assert_int_eq(how_many(SCT_EV_SEEN), 2);
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 0)->addr, boundary - 64);
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 0)->reg, 0);
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 1)->addr, boundary);
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 1)->reg, 1);
}

/* A 64-bit processor: what its mode says, 64-bit where that is not told. */
static void put_efer(uint64_t efer)
{
	struct sct_bytes b = { 0 };

	sct_put_varint(&t.dictionary, 1);
	put_reg(&t.dictionary, "efer", 8);
	sct_put_varint(&b, 0);
	sct_put_varint(&b, 0);
	sct_put_varint(&b, 1);
	sct_put_u8(&b, 0);
	sct_put_le(&b, efer, 8);
	add(&t, SCT_CHUNK_KEYFRAME, 0, &b);
}

START_TEST(lines_of_the_kernel)
{
	keyframe(&t, 0, 0, 0, 0, 0, 0x1000);
	run_over(UINT64_C(1) << 63);
	expect_kernel_from(UINT64_C(1) << 63);
}
END_TEST

START_TEST(lines_of_the_kernel_long_mode)
{
	put_efer(0xd01);
	run_over(UINT64_C(1) << 63);
	expect_kernel_from(UINT64_C(1) << 63);
}
END_TEST

START_TEST(lines_of_the_kernel_32_bits)
{
	put_efer(0);
	run_over(0xc0000000);
	expect_kernel_from(0xc0000000);
}
END_TEST

START_TEST(lines_of_a_program)
{
	t.user_mode = 1;
	put_efer(0);
	run_over(0xc0000000);
	ck_assert_int_eq(how_many(SCT_EV_SEEN), 1);
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 0)->reg, 0);
	ck_assert_uint_eq(nth(SCT_EV_SEEN, 0)->len, 128);
}
END_TEST

/* SAME of a line that another address space stored is damage, not that line. */
START_TEST(lines_of_another_space)
{
	struct sct_bytes b = { 0 };
	uint8_t line[64] = { 0 };

	keyframe(&t, 0, 0, 0, 0, 0, 0x1000);
	event_head(&b, 0, 1, 0x10, 1, 0, "\x0f\x05");
	sct_put_varint(&b, 0);
	sct_put_varint(&b, 1);
	sct_put_zigzag(&b, 0x100);
	sct_put_varint(&b, 1);
	sct_put_u8(&b, 1);
	sct_put(&b, line, 64);
	add(&t, SCT_CHUNK_ENTER, 0, &b);
	event_head(&b, 0, 1, 2, 1, 0, "");
	sct_put_varint(&b, 1);
	sct_put_varint(&b, 2);
	sct_put_zigzag(&b, 0x1000); /* cr3 */
	sct_put_varint(&b, 1);
	sct_put_zigzag(&b, 0x100);
	sct_put_varint(&b, 1);
	sct_put_u8(&b, 0);
	add(&t, SCT_CHUNK_RETURN, 0, &b);
	end(&t);
	read_trace();
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_int_eq(damage.first.status, SCT_E_FORMAT);
	ck_assert_int_eq(how_many(SCT_EV_USER), 0);
	ck_assert_int_eq(how_many(SCT_EV_INSN), 1);
}
END_TEST

/* A recording that begins before the kernel runs knows threads later only, and by symbols later still. */
START_TEST(threads_known_later)
{
	t.threads = 0;
	keyframe(&t, 0, 0, 500, 1, 0, 0x1000);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 0);
	segment(&t);
	t.threads = 1;
	t.thread_source = "stack switch";
	keyframe(&t, 0, 0, 500, 1, 0, 0x1000);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
	segment(&t);
	t.thread_source = "symbols";
	end(&t);
	read_trace();
	ck_whole();
	ck_assert(exact_threads);
	ck_assert_str_eq(thread_source, "symbols");
}
END_TEST

START_TEST(threads_become_unknown)
{
	keyframe(&t, 0, 0, 0, 1, 2, 3);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 5);
	event(&t, SCT_CHUNK_RETURN, 0, 1, 2, 0);
	end(&t);
	read_trace();
	ck_whole();
	ck_assert_int_eq(how_many(SCT_EV_THREAD), 1);
	ck_assert_int_eq(how_many(SCT_EV_GAP), 1);
}
END_TEST

START_TEST(several_vcpus)
{
	t.vcpus = 2;
	keyframe(&t, 0, 0, 500, 1, 0, 0x1000);
	keyframe(&t, 1, 0, 900, 2, 0, 0x2000);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
	event(&t, SCT_CHUNK_ENTER, 1, 1, 0x20, 2);
	event(&t, SCT_CHUNK_RETURN, 0, 1, 2, 1);
	end(&t);
	read_trace();
	ck_whole();
	ck_assert_uint_eq(nth(SCT_EV_INSN, 0)->seq, 0);
	ck_assert_uint_eq(nth(SCT_EV_INSN, 1)->seq, 1);
	ck_assert_uint_eq(nth(SCT_EV_INSN, 1)->vcpu, 1);
	ck_assert_uint_eq(nth(SCT_EV_INSN, 1)->addr, 0x20);
	ck_assert_uint_eq(nth(SCT_EV_USER, 0)->seq, 2);
	ck_assert_uint_eq(nth(SCT_EV_USER, 0)->addr, 0x12);
}
END_TEST

START_TEST(switches)
{
	struct sct_bytes b = { 0 };

	keyframe(&t, 0, 0, 0, 1, 2, 0x1000);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
	event_head(&b, 1, 1, 0, 2, SCT_EVENT_BORN, "");
	sct_put_varint(&b, 1);
	sct_put_varint(&b, 2);
	sct_put_zigzag(&b, 0x1000);
	add(&t, SCT_CHUNK_SWITCH, 0, &b);
	end(&t);
	read_trace();
	ck_whole();
	ck_assert_uint_eq(nth(SCT_EV_THREAD, 1)->value, 2);
	ck_assert_uint_eq(nth(SCT_EV_THREAD, 1)->reg, 1);
	ck_assert_uint_eq(got[n - 1].value, 0x2000);
	ck_assert_int_eq(how_many(SCT_EV_USER), 0);
}
END_TEST

/* A register is told again only when it changes, over a segment's end too. */
START_TEST(next_segment)
{
	keyframe(&t, 0, 0, 0, 1, 2, 3);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
	segment(&t);
	keyframe(&t, 0, 1, 1, 1, 9, 3);
	event(&t, SCT_CHUNK_RETURN, 0, 1, 0x12, 1);
	end(&t);
	read_trace();
	ck_whole();
	ck_assert_int_eq(how_many(SCT_EV_REG), 4);
	ck_assert_uint_eq(reg_before(nth(SCT_EV_USER, 0), "rbx"), 9);
	ck_assert_uint_eq(nth(SCT_EV_USER, 0)->addr, 0x12);
	ck_assert_uint_eq(nth(SCT_EV_USER, 0)->seq, 2);
}
END_TEST

START_TEST(unknown_chunks)
{
	struct sct_bytes b = { 0 };

	sct_put(&b, "something new", 13);
	add(&t, 200, 5, &b);
	keyframe(&t, 0, 0, 0, 1, 2, 3);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
	end(&t);
	read_trace();
	ck_whole();
	ck_assert_uint_eq(damage.unknown, 1);
	ck_assert_int_eq(how_many(SCT_EV_INSN), 1);
}
END_TEST

/* A WHO of process 7. */
static struct sct_bytes who_begin(void)
{
	struct sct_bytes b = { 0 };

	put_number(&b, SCT_WHO_PID, 7);
	return b;
}

/* The facts are told before the call's event; not for another vCPU, nor for a return. */
START_TEST(callers)
{
	struct sct_bytes b = who_begin();
	const struct sct_event *e;

	t.vcpus = 2;
	put_number(&b, SCT_WHO_TID, 8);
	put_number(&b, SCT_WHO_PPID, 1);
	put_field(&b, SCT_WHO_COMM, "name of 15 byte", 15);
	put_field(&b, SCT_WHO_EXE, "/bin/program", 12);
	put_number(&b, SCT_WHO_UID, UINT32_MAX);
	put_field(&b, 99, "from the future", 15);
	keyframe(&t, 1, 0, 0, 1, 2, 3);
	add(&t, SCT_CHUNK_WHO, 1, &b);
	event(&t, SCT_CHUNK_ENTER, 1, 1, 0x10, 2);
	b = who_begin();
	add(&t, SCT_CHUNK_WHO, 0, &b);
	event(&t, SCT_CHUNK_RETURN, 1, 1, 0x12, 2);
	event(&t, SCT_CHUNK_ENTER, 1, 1, 0x14, 2);
	end(&t);
	read_trace();
	ck_whole();
	ck_assert_int_eq(how_many(SCT_EV_WHO), 6);
	e = nth(SCT_EV_WHO, 0);
	ck_assert_uint_eq(e[-1].kind, SCT_EV_THREAD);
	for (unsigned i = 0; i < 6; i++) {
		ck_assert_uint_eq(e[i].reg, SCT_FACT_PID + i);
		ck_assert_uint_eq(e[i].vcpu, 1);
	}
	ck_assert_uint_eq(e[0].value, 7);
	ck_assert_uint_eq(e[1].value, 8);
	ck_assert_uint_eq(e[2].value, 1);
	ck_assert_uint_eq(e[3].len, 15);
	ck_assert_mem_eq(e[4].data, "/bin/program", 12);
	ck_assert_uint_eq(e[5].value, UINT32_MAX);
}
END_TEST

/* What no caller can be is damage. */
START_TEST(callers_that_are_none)
{
	struct sct_bytes b = { 0 };

	if (_i)
		put_number(&b, SCT_WHO_PID, _i == 1 ? UINT64_C(1) << 31 : 7);
	switch (_i) {
	case 2: put_field(&b, SCT_WHO_TID, "\x80", 1); break;
	case 3: put_field(&b, SCT_WHO_TID, "\x01\x01", 2); break;
	case 4: put_field(&b, SCT_WHO_COMM, "name of 16 bytes", 16); break;
	case 5: put_field(&b, SCT_WHO_EXE, "/a\0b", 4); break;
	case 6: sct_put(&b, "\x02\x05\x01", 3); break;
	}
	keyframe(&t, 0, 0, 0, 1, 2, 3);
	add(&t, SCT_CHUNK_WHO, 0, &b);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
	end(&t);
	read_trace();
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_int_eq(how_many(SCT_EV_WHO), 0);
	ck_assert_int_eq(how_many(SCT_EV_INSN), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trace_sctrace");
	TCase *c = trace_case();

	tcase_add_test(c, deltas);
	tcase_add_test(c, lines);
	tcase_add_test(c, lines_of_the_kernel);
	tcase_add_test(c, lines_of_the_kernel_long_mode);
	tcase_add_test(c, lines_of_the_kernel_32_bits);
	tcase_add_test(c, lines_of_a_program);
	tcase_add_test(c, lines_of_another_space);
	tcase_add_test(c, threads_known_later);
	tcase_add_test(c, threads_become_unknown);
	tcase_add_test(c, several_vcpus);
	tcase_add_test(c, switches);
	tcase_add_test(c, next_segment);
	tcase_add_test(c, unknown_chunks);
	tcase_add_test(c, callers);
	tcase_add_loop_test(c, callers_that_are_none, 0, 7);
	suite_add_tcase(s, c);
	return run_tests(s);
}
