/* Tests of values: inputs whose pages the kernel fetches during the call.
 *
 * In:  a call of the tables, memory that is absent at entry
 * Out: a report; exit status 0 when all passed
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"
#include "value.h"

static const struct sct_view plain_view = { .limits = SCT_LIMITS_DEFAULT };

enum { PATH = 0x1000, BAD = 0x9000 };

static const char path[] = "/proc/self/exe";

/* Memory with one string at PATH, once *ctx is true. */
static size_t read_path(void *ctx, uint64_t addr, void *buf, size_t len)
{
	size_t left = addr >= PATH && addr < PATH + sizeof path ? PATH + sizeof path - addr : 0;

	if (!*(bool *)ctx)
		return 0;
	if (len > left)
		len = left;
	memcpy(buf, path + (addr - PATH), len);
	return len;
}

static const char *why(void *ctx, uint64_t addr)
{
	(void)ctx;
	(void)addr;
	return "unmapped";
}

/* access(addr, 0), which ends with result. The page of PATH is there at entry, at return. */
static struct sct_value *run(uint64_t addr, bool entry, bool leave, uint64_t result, struct sct_arena *arena)
{
	struct sct_call call = { 0 };
	struct sct_profile profile;
	bool present = entry;
	struct sct_mem mem = { read_path, why, &present };
	struct sct_value *args;
	size_t count;

	ck_assert(sct_profile_init(&profile, "linux_x64", &sct_arch_x86_64));
	call.abi = sct_profile_find(&profile, SCT_INSN_SYSCALL, SCT_MODE_64, 21)->abi;
	call.proto = sct_table_find(call.abi->table, 21);
	for (unsigned i = 0; i < SCT_ARGS_MAX; i++)
		call.word[i] = (struct sct_word){ true, i ? 0 : addr };
	args = sct_values_enter(&call, &mem, &plain_view, arena, &count);
	present = leave;
	sct_values_return(&call, args, count, true, result, &mem, &plain_view, arena);
	return args;
}

START_TEST(absent_at_entry)
{
	static const uint64_t results[] = { 0, (uint64_t)-2 };

	for (unsigned i = 0; i < 2; i++) {
		struct sct_arena arena = { 0 };
		struct sct_value *v = run(PATH, false, true, results[i], &arena);

		ck_assert_int_eq(v->meaning, SCT_M_STR);
		ck_assert_uint_eq(v->len, strlen(path));
		ck_assert_mem_eq(v->data, path, v->len);
		ck_assert_ptr_null(v->unknown);
		sct_arena_fini(&arena);
	}
}
END_TEST

START_TEST(known_at_entry_stays)
{
	struct sct_arena arena = { 0 };
	struct sct_value *v = run(PATH, true, false, 0, &arena);

	ck_assert_int_eq(v->meaning, SCT_M_STR);
	ck_assert_ptr_null(v->unknown);
	sct_arena_fini(&arena);
}
END_TEST

START_TEST(never_there)
{
	struct sct_arena arena = { 0 };
	struct sct_value *v = run(BAD, true, true, (uint64_t)-14, &arena);

	ck_assert_int_eq(v->meaning, SCT_M_NONE);
	ck_assert_str_eq(v->unknown, "unmapped");
	sct_arena_fini(&arena);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("value");
	TCase *t = tcase_create("value");

	tcase_add_test(t, absent_at_entry);
	tcase_add_test(t, known_at_entry_stays);
	tcase_add_test(t, never_there);
	suite_add_tcase(s, t);
	return run_tests(s);
}
