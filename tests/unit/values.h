/* Calls by hand over memory of three pages, and values as one line of text.
 * In:  parameters, argument words, memory
 * Out: values, held against lines such as "[{iov_base=<abcd>, iov_len=4u}]"
 */
#ifndef TEST_VALUES_H
#define TEST_VALUES_H

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/value.h"

/* ---- memory: three pages, nothing around them ----------------------------------------------------------------- */

enum { BASE = 0x10000, PAGE = 4096, SIZE = 3 * PAGE, END = BASE + SIZE, BAD = 0x90000 };

static uint8_t ram[SIZE];

static size_t read_ram(void *ctx, uint64_t addr, void *buf, size_t len)
{
	(void)ctx;
	if (addr < BASE || addr >= END)
		return 0;
	if (len > END - addr)
		len = END - addr;
	memcpy(buf, ram + (addr - BASE), len);
	return len;
}

static const char *why(void *ctx, uint64_t addr)
{
	(void)ctx;
	ck_assert(addr < BASE || addr >= END);
	return "unmapped";
}

static const struct sct_mem mem = { read_ram, why, NULL };
static const struct sct_view plain_view = { .limits = SCT_LIMITS_DEFAULT };

static void put(uint64_t addr, const void *data, size_t len)
{
	ck_assert(addr >= BASE && addr + len <= END);
	memcpy(ram + (addr - BASE), data, len);
}

static inline void put_text(uint64_t addr, const char *text)
{
	put(addr, text, strlen(text) + 1);
}

/* Little-endian words of size bytes. */
static inline void put_words(uint64_t addr, unsigned size, unsigned n, const uint64_t *words)
{
	for (unsigned i = 0; i < n; i++)
		put(addr + i * size, &words[i], size);
}

#define WORDS(...) (sizeof((uint64_t[]){ __VA_ARGS__ }) / 8), (uint64_t[]){ __VA_ARGS__ }

/* ---- values as text -------------------------------------------------------------------------------------------- */

static char text[8192];

__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...)
{
	size_t at = strlen(text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + at, sizeof text - at, fmt, ap);
	va_end(ap);
}

static void show(const struct sct_value *v);

static inline void show_all(const struct sct_value *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		say("%s", i ? ", " : "");
		if (v[i].name)
			say("%s=", v[i].name);
		show(&v[i]);
	}
}

/* number | 'string' | <bytes> | [array] | {struct} | *pointee, then "text", how much is known and why not more */
static void show(const struct sct_value *v)
{
	switch (v->meaning) {
	case SCT_M_INT: say("%lld", (long long)v->num); break;
	case SCT_M_UINT: say("%lluu", (unsigned long long)v->num); break;
	case SCT_M_STR: say("'%.*s'", (int)v->len, (const char *)v->data); break;
	case SCT_M_BYTES: say("<%.*s>", (int)v->len, (const char *)v->data); break;
	case SCT_M_ARRAY: say("["); show_all(v->elems, v->nelems); say("]"); break;
	case SCT_M_STRUCT: say("{"); show_all(v->elems, v->nelems); say("}"); break;
	case SCT_M_PTR: say("*"); show(&v->elems[0]); break;
	default: say(v->known ? "%#llx" : "?", (unsigned long long)v->raw);
	}
	if (v->text)
		say(" \"%s\"", v->text);
	if (v->partial)
		say(v->size == UINT64_MAX ? " of some" : " of %llu", (unsigned long long)v->size);
	if (v->unknown)
		say(" (%s)", v->unknown);
	if (v->out) {
		say(" -> ");
		show(v->out);
	}
}

/* ---- calls ----------------------------------------------------------------------------------------------------- */

/* A parameter in argument word `at` */
#define P(at, cls_, ...) { .name = "p", .type = "t", .cls = cls_, .size = 8, .slot = at, .slot_hi = 0xff, __VA_ARGS__ }
#define UNSIGNED(at) P(at, SCT_C_UINT, .dir = SCT_IN)
#define SIGNED(at) \
	{ .name = "p", .type = "int", .cls = SCT_C_INT, .size = 4, .dir = SCT_IN, .slot = at, .slot_hi = 0xff }

struct test {
	struct sct_call call;
	struct sct_proto proto;
	struct sct_arena arena;
	struct sct_value *args;
	size_t count;
};

static inline struct test setup(const char *abi, const struct sct_param *params, unsigned n, const uint64_t *words)
{
	bool is_64 = !strcmp(abi, "linux_x64");
	struct test t = { .proto = { .name = "test", .nparams = (uint8_t)n, .params = params } };
	struct sct_profile p;

	ck_assert(sct_profile_init(&p, abi, &sct_arch_x86_64));
	t.call.abi = is_64 ? sct_profile_find(&p, SCT_INSN_SYSCALL, SCT_MODE_64, 0)->abi :
	                     sct_profile_find(&p, SCT_INSN_INT80, SCT_MODE_32, 0)->abi;
	for (unsigned i = 0; i < SCT_ARGS_MAX; i++)
		t.call.word[i] = (struct sct_word){ true, words[i] };
	return t;
}

static inline void enter(struct test *t)
{
	t->call.proto = &t->proto;
	t->args = sct_values_enter(&t->call, &mem, &plain_view, &t->arena, &t->count);
}

static inline void leave(struct test *t, bool known, uint64_t result)
{
	sct_values_return(&t->call, t->args, t->count, known, result, &mem, &plain_view, &t->arena);
}

/* The first argument reads so. */
static inline void is(const struct test *t, const char *expected)
{
	text[0] = 0;
	show(&t->args[0]);
	ck_assert_str_eq(text, expected);
}

#define SETUP(abi, params, ...) \
	setup(abi, params, sizeof(params) / sizeof *(params), (uint64_t[SCT_ARGS_MAX]){ __VA_ARGS__ })

static inline void wipe(void)
{
	memset(ram, 0, sizeof ram);
}

#endif
