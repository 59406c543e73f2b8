/* Fuzz target: what calls mean: arguments of every call in every table, structs by the built-in layouts, descriptors,
 * who is whose child. A recorder may have seen anything in registers and memory.
 * In:  a u16, so many bytes of memory, and steps of threads; layout below
 * Out: nothing, or an abort
 *
 * Layout of a step, little-endian: u8 what (enum what), u8 thread, u16 which call, u16 for each of six arguments, u32
 * result. An argument of the upper half is an address: the memory lies at BASE; others are signed numbers of 15 bits.
 */
#include <string.h>

#include "../../src/cursor.h"
#include "records_fuzz.h"

enum { BASE = 0x10000, STUB = 0x401000, SPACE = 0x1000000, STACK = 0x7f0000, STEPS_MAX = 64, ARGS = 6 };
enum { EVENTS_OF_STEP = 24, EVENTS_MAX = STEPS_MAX * EVENTS_OF_STEP };

/* Bits of a step's first byte. */
enum what {
	WHAT = 3,         /* one of the four next */
	ENTER = 0, LEAVE = 1, FIRST_STEP = 2, MISSING = 3,
	HOW = 12,         /* ENTER: one of the three next; LEAVE: how far behind the instruction, in bytes */
	BY_SYSCALL = 0, BY_INT80 = 4, OF_X32 = 8,
	LATER = 16,       /* the memory is the second half of it */
	NO_THREAD = 32,   /* nothing tells which thread it is */
	OTHER_SPACE = 64, /* the thread's, no other's */
	ANY_NUMBER = 128, /* `which` is the call's number; else a place in the table */
};

/* A trace whose events were made beforehand. */
struct made {
	struct sct_trace_info info;
	struct sct_damage damage;
	struct sct_event events[EVENTS_MAX];
	int n, taken;
	const uint8_t *memory;
	uint16_t size;
};

static struct sct_event *event(struct made *m, unsigned kind)
{
	struct sct_event *e = &m->events[m->n++];

	*e = (struct sct_event){ .kind = (uint8_t)kind, .seq = (uint64_t)m->n, .time_ns = SCT_TIME_UNKNOWN };
	return e;
}

static void reg(struct made *m, const char *name, uint64_t value)
{
	struct sct_event *e = event(m, SCT_EV_REG);

	e->reg = sct_arch_reg(m->info.arch, name)->index;
	e->value = value;
}

static void see(struct made *m, unsigned what)
{
	size_t half = m->size / 2;
	struct sct_event *e;

	if (!half)
		return;
	e = event(m, SCT_EV_SEEN);
	e->addr = BASE;
	e->len = (uint32_t)half;
	e->data = m->memory + (what & LATER ? half : 0);
}

static void thread(struct made *m, unsigned what, unsigned number)
{
	struct sct_event *e;

	if (!(what & NO_THREAD)) {
		e = event(m, SCT_EV_THREAD);
		e->value = 1 + number % 8;
		e->reg = (what & WHAT) == FIRST_STEP;
	}
	reg(m, "cr3", SPACE + (what & OTHER_SPACE ? number % 8 * 0x1000u : 0));
	reg(m, "efer", 0x500);
	reg(m, "esp", STACK + number % 8 * 0x1000u);
}

static uint64_t argument(uint16_t a)
{
	return a & 0x8000 ? BASE + (a & 0x7fffu) : (uint64_t)((int64_t)(int16_t)(uint16_t)(a << 1) >> 1);
}

static uint32_t number(unsigned what, unsigned which)
{
	const struct sct_table *t = (what & HOW) == BY_INT80 ? &sct_table_linux_x86 :
	                            (what & HOW) == OF_X32 ? &sct_table_linux_x32 : &sct_table_linux_x64;
	uint32_t nr = what & ANY_NUMBER ? which : t->protos[which % t->count].nr;

	return (what & HOW) == OF_X32 ? nr | 0x40000000u : nr;
}

static void enter(struct made *m, unsigned what, unsigned which, const uint16_t args[ARGS])
{
	static const char *const names[2][ARGS] = {
		{ "edi", "esi", "edx", "r10", "r8", "r9" }, { "ebx", "ecx", "edx", "esi", "edi", "ebp" },
	};
	bool of_32 = (what & HOW) == BY_INT80;
	struct sct_event *e;

	for (int i = 0; i < ARGS; i++)
		reg(m, names[of_32][i], argument(args[i]));
	reg(m, "cs", of_32 ? 0x23 : 0x33);
	reg(m, "eax", number(what, which));
	see(m, what);
	e = event(m, SCT_EV_INSN);
	e->addr = STUB;
	e->data = (const uint8_t *)(of_32 ? "\xcd\x80" : "\x0f\x05");
	e->len = 2;
}

static void leave(struct made *m, unsigned what, uint32_t result)
{
	reg(m, "eax", (uint64_t)(int64_t)(int32_t)result);
	see(m, what);
	event(m, SCT_EV_USER)->addr = STUB + ((what & HOW) ? (what & HOW) / 4u - 1u : 2u);
}

static void step(struct made *m, struct sct_cursor *c)
{
	unsigned what = sct_take_u8(c), who = sct_take_u8(c), which = (unsigned)sct_take_le(c, 2);
	uint16_t args[ARGS];
	uint32_t result;

	for (int i = 0; i < ARGS; i++)
		args[i] = (uint16_t)sct_take_le(c, 2);
	result = (uint32_t)sct_take_le(c, 4);
	if ((what & WHAT) == MISSING) {
		event(m, SCT_EV_GAP);
		return;
	}
	thread(m, what, who);
	if ((what & WHAT) == ENTER)
		enter(m, what, which, args);
	else
		leave(m, what, result);
}

static const struct sct_trace_info *made_info(void *state)
{
	return &((struct made *)state)->info;
}

static int made_next(void *state, struct sct_event *events, int max, struct sct_err *err)
{
	struct made *m = state;
	int n = m->n - m->taken < max ? m->n - m->taken : max;

	(void)err;
	memcpy(events, m->events + m->taken, (size_t)n * sizeof *events);
	m->taken += n;
	return n;
}

static const struct sct_damage *made_damage(void *state)
{
	return &((struct made *)state)->damage;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sct_trace_ops ops = {
		.name = "made", .info = made_info, .next = made_next, .damage = made_damage,
	};
	static struct made m;
	const struct sct_pipeline_options options = {
		.limits = { .str = 256, .buf = 256, .elems = 16, .total = 1 << 16, .depth = 3 },
	};
	struct sct_trace t = { .ops = &ops, .state = &m };
	struct sct_cursor c = sct_cursor(data, size);

	m = (struct made){ .info.arch = &sct_arch_x86_64, .size = (uint16_t)sct_take_le(&c, 2) };
	m.memory = sct_take(&c, m.size);
	for (int i = 0; i < STEPS_MAX && !c.bad && sct_cursor_left(&c); i++)
		step(&m, &c);
	fuzz_pipeline(&t, &options);
	return 0;
}
