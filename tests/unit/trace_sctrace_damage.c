/* Tests of the reader of sctrace traces: what is missing, cut or flipped, and headers that are refused.
 * In:  traces built by hand (trace_build.h)
 * Out: a report; exit status 0 when all passed
 */
#include "sctrace_read.h"
#include "suite.h"

START_TEST(lost_events)
{
	struct sct_bytes b = { 0 };
	const struct sct_event *gap;

	keyframe(&t, 0, 0, 0, 1, 2, 3);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
	sct_put_varint(&b, 4);
	sct_put(&b, "why", 3);
	add(&t, SCT_CHUNK_LOST, 0, &b);
	event(&t, SCT_CHUNK_RETURN, 0, 1, 2, 1);
	end(&t);
	read_trace();
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_ptr_nonnull(strstr(damage.first.text, "4 events of vCPU 0: why"));
	gap = nth(SCT_EV_GAP, 0);
	ck_assert(nth(SCT_EV_INSN, 0) < gap && gap < nth(SCT_EV_USER, 0));
	/* everything is told anew */
	ck_assert_int_eq(how_many(SCT_EV_REG), 6);
	ck_assert_int_eq(how_many(SCT_EV_THREAD), 2);
}
END_TEST

START_TEST(missing_segments)
{
	for (int i = 0; i < 3; i++) {
		keyframe(&t, 0, 0, 0, 1, 2, 3);
		event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
		segment(&t);
		if (i == 0)
			t.number = 3;
	}
	end(&t);
	read_trace();
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_str_eq(damage.first.text, "segments 1 to 2 are missing");
	ck_assert_int_eq(how_many(SCT_EV_GAP), 1);
	ck_assert_int_eq(how_many(SCT_EV_INSN), 3);
}
END_TEST

START_TEST(missing_events)
{
	keyframe(&t, 0, 0, 0, 1, 2, 3);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
	segment(&t);
	t.first_event = t.events = 8;
	end(&t);
	read_trace();
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_str_eq(damage.first.text, "segment 1 begins with event 8 instead of 1");
}
END_TEST

START_TEST(not_closed)
{
	keyframe(&t, 0, 0, 0, 1, 2, 3);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
	segment(&t);
	read_trace();
	ck_assert(damage.truncated);
	ck_assert_uint_eq(damage.places, 0);
	ck_assert_int_eq(damage.first.status, SCT_E_TRUNCATED);
	ck_assert_int_eq(how_many(SCT_EV_GAP), 0);
	ck_assert_int_eq(how_many(SCT_EV_INSN), 1);
}
END_TEST

START_TEST(event_without_keyframe)
{
	keyframe(&t, 0, 0, 0, 1, 2, 3);
	event(&t, SCT_CHUNK_ENTER, 0, 1, 0x10, 1);
	segment(&t);
	event(&t, SCT_CHUNK_RETURN, 0, 1, 0x12, 1);
	end(&t);
	read_trace();
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_int_eq(how_many(SCT_EV_USER), 0);
}
END_TEST

/* The three segments of the tests below: an ENTER each. */
static void three_segments(void)
{
	for (unsigned i = 0; i < 3; i++) {
		keyframe(&t, 0, 0, 0, 1, 2, 3);
		event(&t, SCT_CHUNK_ENTER, 0, 1, 0x100 * (i + 1), 1);
		if (i < 2)
			segment(&t);
	}
	end(&t);
}

/* Each byte of the plain stream flipped: the reader comes to an end, and what it tells of undamaged segments is
 * true. */
START_TEST(flipped_bytes)
{
	three_segments();
	for (size_t i = 0; i < t.plain.len; i++) {
		t.plain.data[i] ^= 0x41;
		if (read_bytes(t.plain.data, t.plain.len, 1) == 0)
			ck_assert_int_le(how_many(SCT_EV_INSN), 4);
		t.plain.data[i] ^= 0x41;
	}
}
END_TEST

START_TEST(flipped_in_a_frame)
{
	struct sct_bytes file;
	size_t first, second;

	three_segments();
	file = packed(&t);
	first = ZSTD_findFrameCompressedSize(file.data, file.len);
	second = ZSTD_findFrameCompressedSize(file.data + first, file.len - first);
	for (size_t i = first; i < first + second; i++) {
		file.data[i] ^= 0x10;
		ck_assert_int_eq(read_bytes(file.data, file.len, 1), 0);
		/* two bits of a frame's descriptor mean nothing */
		if (how_many(SCT_EV_INSN) != 3) {
			ck_assert_int_eq(how_many(SCT_EV_INSN), 2);
			ck_assert_uint_eq(nth(SCT_EV_INSN, 0)->addr, 0x100);
			ck_assert_uint_eq(nth(SCT_EV_INSN, 1)->addr, 0x300);
			ck_assert_int_eq(how_many(SCT_EV_GAP), 1);
			ck_assert_uint_eq(damage.places, 1);
			ck_assert_uint_eq(damage.first.offset, first);
			ck_assert(!damage.truncated);
		}
		file.data[i] ^= 0x10;
	}
	sct_bytes_fini(&file);
}
END_TEST

START_TEST(truncated)
{
	struct sct_bytes file;

	three_segments();
	file = packed(&t);
	for (size_t size = 1; size < file.len; size++) {
		if (read_bytes(file.data, size, 1) < 0)
			continue;
		/* the recording is whole when only its seek table is missing */
		ck_assert(damage.truncated || how_many(SCT_EV_INSN) == 3);
		ck_assert_uint_eq(damage.places, 0);
	}
	for (size_t size = 1; size < t.plain.len; size++) {
		if (read_bytes(t.plain.data, size, 1) < 0)
			continue;
		ck_assert(damage.truncated);
		ck_assert_uint_eq(damage.places, 0);
	}
	sct_bytes_fini(&file);
}
END_TEST

START_TEST(another_recording_behind)
{
	three_segments();
	t.id = 8;
	t.number = 0;
	t.first_event = t.events = 0;
	three_segments();
	read_trace();
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_ptr_nonnull(strstr(damage.first.text, "another recording"));
	ck_assert_int_eq(how_many(SCT_EV_INSN), 3);
}
END_TEST

/* ---- headers that the reader refuses ------------------------------------------------------------------------ */

/* Opening fails with that text. */
static void ck_refused(const char *text)
{
	struct sct_bytes file;

	end(&t);
	file = packed(&t);
	ck_assert_int_lt(read_bytes(file.data, file.len, 1), 0);
	ck_assert_msg(strstr(err.text, text) != NULL, "%s", err.text);
	sct_bytes_fini(&file);
}

static const struct {
	uint64_t count; /* that the dictionary tells */
	struct { const char *name; uint8_t size; } registers[2];
	const char *text;
} dictionaries[] = {
	{ 2, { { "rax", 8 }, { "rax", 8 } }, "twice" },
	{ 2, { { "rax", 8 }, { "eax", 4 } }, "twice" }, /* its lower half */
	{ 1, { { "rax", 4 } }, "does not have" },
	{ 1, { { "odd", 0 } }, "0 or of more than 64" },
	{ 200, { { "rax", 8 } }, "ends early" },
	{ UINT64_MAX, { { NULL } }, "more than 256" },
};

enum { DICTIONARIES = sizeof dictionaries / sizeof *dictionaries };

START_TEST(refused_dictionary)
{
	sct_put_varint(&t.dictionary, dictionaries[_i].count);
	for (unsigned k = 0; k < 2 && dictionaries[_i].registers[k].name; k++)
		put_reg(&t.dictionary, dictionaries[_i].registers[k].name, dictionaries[_i].registers[k].size);
	ck_refused(dictionaries[_i].text);
}
END_TEST

START_TEST(other_target)
{
	t.target = "sparc";
	ck_refused("architecture sparc");
}
END_TEST

START_TEST(other_word)
{
	t.word = 4;
	ck_refused("word size");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trace_sctrace_damage");
	TCase *c = trace_case();

	tcase_add_test(c, lost_events);
	tcase_add_test(c, missing_segments);
	tcase_add_test(c, missing_events);
	tcase_add_test(c, not_closed);
	tcase_add_test(c, event_without_keyframe);
	tcase_add_test(c, flipped_bytes);
	tcase_add_test(c, flipped_in_a_frame);
	tcase_add_test(c, truncated);
	tcase_add_test(c, another_recording_behind);
	tcase_add_loop_test(c, refused_dictionary, 0, DICTIONARIES);
	tcase_add_test(c, other_target);
	tcase_add_test(c, other_word);
	suite_add_tcase(s, c);
	return run_tests(s);
}
