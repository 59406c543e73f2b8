/* Tests of the log writers `pandalog` and `json`, read back by a reader that is not ours (tests/golden/plog_check.py).
 * In:  records by hand and by dice; enough of them for several chunks; one larger than a chunk; none
 * Out: PANDALOG files that agree with jsonl field by field, and json byte for byte
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../formats/formats.h"
#include "../../src/arena.h"
#include "records.h"
#include "suite.h"

static char dir[] = "/tmp/sctrace-plog-XXXXXX";
static struct sct_err err;

static const struct sct_sink_ops *find(const char *name)
{
	const struct sct_sink_ops *ops = sct_sink_find(name);

	ck_assert_msg(ops != NULL, "no log writer is called %s", name);
	return ops;
}

/* Writes n records with the writer of that name. Returns how many fields it invented. */
static uint64_t write_log(const char *name, const struct sct_record *records, size_t n)
{
	const struct sct_sink_ops *ops = find(name);
	void *state = calloc(1, ops->state_size);
	struct sct_out *out;
	char path[64];
	uint64_t invented;

	snprintf(path, sizeof path, "%s/log%s", dir, ops->ending);
	ck_assert_int_eq(sct_out_open(path, &out, &err), 0);
	ck_assert_int_eq(ops->open(state, out, &err), 0);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(ops->record(state, &records[i], &err), 0);
	invented = ops->invented ? ops->invented(state) : 0;
	ck_assert_int_eq(ops->close(state, &err), 0);
	ck_assert_int_eq(sct_out_commit(out, &err), 0);
	free(state);
	return invented;
}

/* Writes the records with all three writers and has the logs compared. */
static void check_logs(const struct sct_record *records, size_t n)
{
	char command[256];

	ck_assert_uint_eq(write_log("pandalog", records, n), write_log("json", records, n));
	write_log("jsonl", records, n);
	snprintf(command, sizeof command, "cd %s && ${PYTHON:-/usr/bin/python3} $OLDPWD/tests/golden/plog_check.py "
	         "log.plog log.jsonl log.json", dir);
	ck_assert_int_eq(system(command), 0);
}

/* A number of the file's header or directory. */
static uint64_t number_at(long at, int size)
{
	char path[64];
	uint8_t b[8] = { 0 };
	uint64_t n = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/log.plog", dir);
	f = fopen(path, "rb");
	ck_assert_ptr_nonnull(f);
	fseek(f, at, SEEK_SET);
	ck_assert_uint_eq(fread(b, 1, (size_t)size, f), (size_t)size);
	fclose(f);
	while (size--)
		n = n << 8 | b[size];
	return n;
}

static uint64_t chunks(void)
{
	return number_at((long)number_at(8, 8), 4);
}

START_TEST(by_hand)
{
	check_logs(test_records, COUNT(test_records));
	ck_assert_uint_eq(chunks(), 1);
	ck_assert_uint_eq(number_at(16, 4), 16 << 20);
}
END_TEST

/* pid, ppid, tid and start time where they are unknown, the result of a lost call, place of one without an entry */
START_TEST(invented_fields_are_counted)
{
	ck_assert_uint_eq(write_log("pandalog", test_records, 1), 0);
	ck_assert_uint_eq(write_log("pandalog", test_records + 1, 1), 4);
	ck_assert_uint_eq(write_log("pandalog", test_records + 2, 1), 5);
	ck_assert_uint_eq(write_log("pandalog", test_records + 3, 1), 3);
	ck_assert_uint_eq(write_log("pandalog", test_records + 4, 1), 4);
	ck_assert_uint_eq(write_log("pandalog", test_records + 6, 1), 6);
}
END_TEST

START_TEST(log_without_records)
{
	check_logs(NULL, 0);
	ck_assert_uint_eq(chunks(), 0);
	ck_assert_uint_eq(number_at(8, 8), 128);
}
END_TEST

/* One call whose buffer no zlib can shrink. */
static void fill_record(struct sct_record *r, struct sct_value *arg, uint64_t seq, const uint8_t *noise, size_t len)
{
	*arg = (struct sct_value){ .name = "buf", .type = "void *", .dir = SCT_IN, .cls = SCT_C_BUF, .width = 8,
		.known = true, .pointer = true, .meaning = SCT_M_BYTES, .data = noise, .len = len };
	*r = test_records[0];
	r->id = seq;
	r->enter.seq = seq;
	r->ret.seq = seq + 1;
	r->args = arg;
	r->nargs = 1;
}

static uint8_t *make_noise(size_t len)
{
	uint8_t *noise = malloc(len);
	uint64_t x = 88172645463325252;

	for (size_t i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		noise[i] = (uint8_t)x;
	}
	return noise;
}

START_TEST(several_chunks)
{
	enum { N = 40, LEN = 1 << 20 };
	uint8_t *noise = make_noise(LEN + N);
	struct sct_record records[N];
	struct sct_value args[N];

	for (unsigned i = 0; i < N; i++)
		fill_record(&records[i], &args[i], i * 100, noise + i, LEN);
	records[20].ret.seq = 0; /* a recorder's mistake must not unsort the directory */
	check_logs(records, N);
	ck_assert_uint_eq(chunks(), 3);
	ck_assert_uint_eq(number_at(16, 4), 16 << 20);
	free(noise);
}
END_TEST

START_TEST(entry_beyond_a_chunk)
{
	enum { LEN = 20 << 20 };
	uint8_t *noise = make_noise(LEN);
	struct sct_record records[3];
	struct sct_value args[3];

	fill_record(&records[0], &args[0], 1, noise, 10);
	fill_record(&records[1], &args[1], 2, noise, LEN);
	fill_record(&records[2], &args[2], 3, noise, 10);
	check_logs(records, 3);
	ck_assert_uint_eq(chunks(), 3);
	ck_assert_uint_gt(number_at(16, 4), LEN);
	free(noise);
}
END_TEST

/* ---- random records: every combination of meaning, width and knowledge, to a depth of four ---- */

static uint64_t dice = 1;

static uint64_t roll(uint64_t n)
{
	dice = dice * 6364136223846793005 + 1442695040888963407;
	return (dice >> 33) % n;
}

static uint64_t roll_word(unsigned width)
{
	static const uint64_t edges[] = { 0, 1, 0x7f, 0x80, 0x7fff, 0x8000, 0x7fffffff, 0x80000000, UINT64_C(1) << 53,
		                          INT64_MAX, UINT64_C(1) << 63, UINT64_MAX };
	uint64_t w = roll(3) ? edges[roll(COUNT(edges))] : roll(1u << 31) << 31 | roll(1u << 31);

	return width < 8 ? w & ((UINT64_C(1) << 8 * width) - 1) : w;
}

static void random_number(struct sct_value *v)
{
	static const struct {
		const char *type;
		uint8_t width;
		bool is_signed;
	} types[] = { { "int", 4, true }, { "unsigned int", 4, false }, { "loff_t", 8, true }, { "u64", 8, false },
		      { "short", 2, true }, { "umode_t", 2, false }, { NULL, 4, false }, { NULL, 8, true } };
	size_t i = roll(COUNT(types));
	unsigned shift = 64 - 8 * types[i].width;

	v->type = types[i].type;
	v->width = types[i].width;
	v->known = roll(8) != 0;
	if (!v->known)
		return;
	v->raw = roll_word(v->width);
	v->meaning = types[i].is_signed ? SCT_M_INT : SCT_M_UINT;
	v->num = types[i].is_signed ? (uint64_t)((int64_t)(v->raw << shift) >> shift) : v->raw;
}

static void random_data(struct sct_value *v, struct sct_arena *arena)
{
	static const char *const bits[] = { "a", "\"", "\\", "\n", "\x7f", "\xc3\xa9", "\xe2\x82\xac",
		                            "\xf0\x9f\x98\x80", "\xff", "\xed\xa0\x80", "plain text " };
	size_t n = roll(9), valid = COUNT(bits) - (roll(2) ? 3 : 0);
	char text[128] = "";

	for (size_t i = 0; i < n; i++)
		strcat(text, bits[roll(valid)]);
	v->meaning = roll(2) ? SCT_M_STR : SCT_M_BYTES;
	v->len = strlen(text);
	v->data = (const uint8_t *)sct_arena_copy(arena, text, v->len);
}

static void random_value(struct sct_value *v, const char *name, unsigned depth, struct sct_arena *arena)
{
	uint64_t kind = roll(depth ? 6 : 3);
	struct sct_value *elems;

	v->name = name;
	v->dir = (uint8_t)(1 + roll(3));
	if (kind == 0) {
		random_number(v);
		return;
	}
	v->type = kind == 5 ? "const struct thing *" : "void *";
	v->cls = SCT_C_PTR;
	v->pointer = true;
	v->width = roll(2) ? 4 : 8;
	v->known = true;
	v->raw = roll_word(v->width);
	if (kind == 1)
		v->unknown = "unmapped";
	if (kind == 2)
		random_data(v, arena);
	if (kind < 3)
		return;
	v->meaning = kind == 3 ? SCT_M_PTR : kind == 4 ? SCT_M_ARRAY : SCT_M_STRUCT;
	v->nelems = kind == 3 ? 1 : roll(5);
	v->elems = elems = sct_arena_alloc(arena, v->nelems * sizeof *elems + 1);
	for (size_t i = 0; i < v->nelems; i++)
		random_value(&elems[i], kind == 5 ? "member" : NULL, depth - 1, arena);
}

static struct sct_word random_word(void)
{
	return (struct sct_word){ roll(4) != 0, roll_word(4) };
}

static void random_record(struct sct_record *r, struct sct_arena *arena)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
	struct sct_value *args = sct_arena_alloc(arena, 6 * sizeof *args);

	*r = test_records[roll(2) ? 0 : 5];
	r->pid = random_word();
	r->tid = random_word();
	r->asid = random_word();
	r->nr = random_word();
	r->name = r->entry = roll(4) ? "sys_thing" : NULL;
	r->enter.seq = roll_word(8);
	r->enter.pc = roll_word(8);
	r->result.width = r->word;
	r->result.known = roll(4) != 0;
	r->result.raw = r->result.known ? roll_word(r->word) : 0;
	r->result.meaning = r->result.known ? SCT_M_UINT : SCT_M_NONE;
	r->result.num = r->result.raw;
	r->end = SCT_END_RETURNED;
	r->args = args;
	r->nargs = roll(7);
	for (size_t i = 0; i < r->nargs; i++)
		random_value(&args[i], names[i], 4, arena);
}

START_TEST(random_records)
{
	enum { N = 3000 };
	static struct sct_record records[N];
	struct sct_arena arena = { 0 };

	for (int i = 0; i < N; i++)
		random_record(&records[i], &arena);
	check_logs(records, N);
	sct_arena_fini(&arena);
}
END_TEST

START_TEST(needs_a_file)
{
	const struct sct_sink_ops *ops = find("pandalog");
	void *state = calloc(1, ops->state_size);
	struct sct_out *out;

	ck_assert_int_eq(sct_out_open("/dev/null", &out, &err), 0);
	ck_assert_int_eq(ops->open(state, out, &err), SCT_E_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "regular file"));
	sct_out_abort(out);
	free(state);
}
END_TEST

/* A full disk ends a run soon, not at its end. */
START_TEST(full_disk)
{
	static const char *const names[] = { "jsonl", "json" };

	for (size_t k = 0; k < COUNT(names); k++) {
		const struct sct_sink_ops *ops = find(names[k]);
		void *state = calloc(1, ops->state_size);
		struct sct_out *out;
		int status = 0, n = 0;

		ck_assert_int_eq(sct_out_open("/dev/full", &out, &err), 0);
		ck_assert_int_eq(ops->open(state, out, &err), 0);
		while (!status && n++ < 10000)
			status = ops->record(state, &test_records[1], &err);
		ck_assert_int_eq(status, SCT_E_IO);
		ck_assert_int_eq(ops->close(state, &err), SCT_E_IO);
		ck_assert_int_eq(sct_out_commit(out, &err), SCT_E_IO);
		ck_assert_ptr_nonnull(strstr(err.text, "No space left"));
		free(state);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sink_plog");
	TCase *c = tcase_create("sink_plog");
	char command[64];
	int failed;

	if (!mkdtemp(dir))
		return 1;
	suite_add_tcase(s, c);
	tcase_set_timeout(c, 120);
	tcase_add_test(c, by_hand);
	tcase_add_test(c, invented_fields_are_counted);
	tcase_add_test(c, log_without_records);
	tcase_add_test(c, several_chunks);
	tcase_add_test(c, entry_beyond_a_chunk);
	tcase_add_test(c, random_records);
	tcase_add_test(c, needs_a_file);
	tcase_add_test(c, full_disk);
	failed = run_tests(s);
	snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command) != 0 || failed != 0;
}
