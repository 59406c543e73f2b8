/* What memory a decoder will want.
 *
 * In:  the same walks that the decoder makes (src/value.h), and windows where the tables do not say what is there
 * Out: lines noted
 */
#include "capture.h"

#include <string.h>

#include "../../formats/sctrace.h"

enum {
	STACK_WINDOW = 256,       /* at the stack pointer, at entry */
	FRAME_WINDOW = 4096,      /* at the stack pointer, where a signal handler may begin */
	WINDOW = 512,             /* behind a pointer to who knows what */
	SECOND_SCAN = 128,        /* bytes of that window whose words may be pointers */
	SECOND_WINDOW = 64,
	PAGE = 4096,              /* lower addresses are no pointers: vm.mmap_min_addr */
	FRAMES_MAX = 8,           /* kinds of signal frames of an architecture */
	INNER_MAX = 64,           /* descriptors in what arguments point at that are asked for, at entry and at return */
};

#define USER_MAX_64 (UINT64_C(1) << 56) /* Documentation/x86/x86_64/mm.rst: user space with five-level tables */

bool sct_capture_init(struct sct_capture *c, const struct sct_dict *dict, size_t buffer_limit)
{
	const char *profile = sct_abi_default_profile(dict->arch);

	c->dict = dict;
	c->view.limits = sct_limits_default;
	if (c->view.limits.buf > buffer_limit)
		c->view.limits.buf = buffer_limit;
	c->view.layouts = sct_layouts_new(NULL);
	return profile && sct_profile_init(&c->profile, profile, dict->arch);
}

static enum sct_mode mode_of(const struct sct_capture *c, const struct sct_vcpu *v, struct sct_regs *regs)
{
	sct_vcpu_regs(v, c->dict, regs);
	return sct_arch_mode(c->dict->arch, regs);
}

static void begin(struct sct_capture *c, enum sct_mode mode)
{
	sct_lines_begin(c->lines, mode == SCT_MODE_32 ? UINT32_MAX : UINT64_MAX);
}

static bool may_point(enum sct_mode mode, uint64_t value)
{
	return value >= PAGE && value < (mode == SCT_MODE_32 ? UINT64_C(0xfffff000) : USER_MAX_64);
}

/* Something unknown lies at addr, and may point at more. */
static void window(struct sct_capture *c, enum sct_mode mode, uint64_t addr)
{
	unsigned word = mode == SCT_MODE_32 ? 4 : 8;
	struct sct_mem mem = sct_lines_mem(c->lines);
	uint8_t head[SECOND_SCAN];
	size_t got;

	if (mode == SCT_MODE_32)
		addr = (uint32_t)addr;
	if (!may_point(mode, addr))
		return;
	sct_lines_touch(c->lines, addr, WINDOW);
	if (addr % word)
		return;
	got = mem.read(mem.ctx, addr, head, sizeof head);
	for (size_t i = 0; i + word <= got; i += word) {
		uint64_t inner = 0;

		memcpy(&inner, head + i, word);
		if (may_point(mode, inner))
			sct_lines_touch(c->lines, inner, SECOND_WINDOW);
	}
}

/* Arguments of which the tables say no more than that they point, or nothing at all. */
static void argument_windows(struct sct_capture *c, enum sct_mode mode, const struct sct_open_call *open)
{
	const struct sct_proto *proto = open->call.proto;

	for (unsigned i = 0; !proto && i < SCT_ARGS_MAX; i++)
		if (open->call.word[i].known)
			window(c, mode, open->call.word[i].value);
	for (unsigned i = 0; proto && i < proto->nparams; i++)
		if (proto->params[i].cls == SCT_C_PTR && open->args[i].known)
			window(c, mode, open->args[i].raw);
}

/* No ABI is known for this instruction: any register may be an argument. */
static void register_windows(struct sct_capture *c, const struct sct_vcpu *v, enum sct_mode mode)
{
	for (unsigned i = 0; i < 16; i++)
		if (c->dict->general[i] >= 0)
			window(c, mode, v->values[c->dict->general[i]]);
}

static void keep_lines(struct sct_capture *c, struct sct_open_call *open)
{
	const uint64_t *numbers = sct_lines_numbers(c->lines, &open->nlines);

	if (open->nlines > open->room) {
		free(open->lines);
		open->room = open->nlines * 2;
		open->lines = malloc(open->room * sizeof *open->lines);
		if (!open->lines)
			abort();
	}
	if (open->nlines)
		memcpy(open->lines, numbers, open->nlines * sizeof *open->lines);
}

/* ---- what the operating system tells ------------------------------------------------------------------- */

static struct sct_os_view os_view(struct sct_capture *c, const struct sct_vcpu *v)
{
	return (struct sct_os_view){ .mem = sct_lines_kernel_mem(c->lines), .cpu = v->index };
}

struct asking {
	struct sct_capture *c;
	struct sct_os_view view;
	struct sct_arena *arena;
	unsigned count;
};

static bool ask(void *ctx, struct sct_value *v, int number)
{
	struct asking *a = ctx;

	(void)v;
	a->c->os->descriptor(a->c->os->state, &a->view, number, a->arena);
	return ++a->count < INNER_MAX;
}

/* What the descriptors are that stand in arrays and structs: those that the call was given, or has left there. */
static void ask_inner(struct sct_capture *c, const struct sct_vcpu *v, struct sct_open_call *open, bool leaving)
{
	struct asking a = { .c = c, .view = os_view(c, v), .arena = &open->arena };

	if (c->os && open->known)
		sct_values_descriptors(open->args, open->nargs, leaving, ask, &a);
}

/* Who calls, and what the descriptors are that it gives: the same questions that the decoder asks. */
static void ask_who(struct sct_capture *c, const struct sct_vcpu *v, struct sct_open_call *open)
{
	struct sct_os_view view = os_view(c, v);
	struct sct_who who = { 0 };
	int number;

	if (!c->os || !open->known)
		return;
	c->os->who(c->os->state, &view, &who, &open->arena);
	for (size_t i = 0; i < open->nargs; i++)
		if (sct_value_is_descriptor(&open->args[i], &number))
			c->os->descriptor(c->os->state, &view, number, &open->arena);
	ask_inner(c, v, open, false);
}

static void ask_result(struct sct_capture *c, const struct sct_vcpu *v, struct sct_open_call *open, uint64_t result)
{
	struct sct_os_view view = os_view(c, v);
	int number;

	if (c->os && sct_result_is_descriptor(&open->call, true, result, &number))
		c->os->descriptor(c->os->state, &view, number, &open->arena);
}

/* ---- events -------------------------------------------------------------------------------------------- */

void sct_capture_enter(struct sct_capture *c, const struct sct_vcpu *v, enum sct_insn_kind kind, uint64_t pc,
                       struct sct_open_call *open)
{
	struct sct_mem mem = sct_lines_mem(c->lines);
	struct sct_regs regs;
	enum sct_mode mode = mode_of(c, v, &regs);

	begin(c, mode);
	sct_arena_reset(&open->arena);
	open->pc = pc;
	open->space = sct_vcpu_role(v, c->dict, SCT_ROLE_CR3);
	open->known = sct_call_read(&open->call, &c->profile, kind, mode, &regs, &mem);
	if (c->dict->role[SCT_ROLE_SP] >= 0)
		sct_lines_touch(c->lines, sct_vcpu_role(v, c->dict, SCT_ROLE_SP), STACK_WINDOW);
	if (open->known) {
		open->args = sct_values_enter(&open->call, &mem, &c->view, &open->arena, &open->nargs);
		argument_windows(c, mode, open);
	} else {
		register_windows(c, v, mode);
	}
	keep_lines(c, open);
	open->gaps = sct_lines_gaps(c->lines);
	open->open = true;
	ask_who(c, v, open);
	/* a thread that ends does not come back for these */
	if (open->known && open->call.proto && (open->call.proto->flags & SCT_P_NORETURN))
		sct_open_call_fini(open);
}

/* What could not be read at entry may be there now, and may reach further than the lines that were noted for it. */
static void fill_gaps(struct sct_capture *c, enum sct_mode mode, struct sct_open_call *open)
{
	struct sct_mem mem = sct_lines_mem(c->lines);
	size_t count;

	if (!open->gaps || !open->known)
		return;
	sct_values_enter(&open->call, &mem, &c->view, &open->arena, &count);
	argument_windows(c, mode, open);
}

/* A process keeps its page table; its number for the TLB (the PCID, in the low bits of a 64-bit kernel's cr3)
 * varies. */
static bool same_space(const struct sct_dict *dict, uint64_t a, uint64_t b)
{
	return a == b || (dict->arch->word == 8 && a >> 12 == b >> 12);
}

/* What the call has left behind, if that is its result. */
static void result_values(struct sct_capture *c, uint64_t result, struct sct_open_call *open)
{
	struct sct_mem mem = sct_lines_mem(c->lines);

	sct_values_return(&open->call, open->args, open->nargs, true, result, &mem, &c->view, &open->arena);
}

/* A handler runs first: the result lies in one of the frames that the kernel may have laid on the stack. */
static void frame_results(struct sct_capture *c, const struct sct_vcpu *v, struct sct_open_call *open)
{
	struct sct_mem mem = sct_lines_mem(c->lines);
	uint64_t sp = sct_vcpu_role(v, c->dict, SCT_ROLE_SP), result[FRAMES_MAX];
	size_t n = 0;

	sct_lines_touch(c->lines, sp, FRAME_WINDOW);
	for (const struct sct_sigframe *f = c->dict->arch->frames; open->known && f->word && n < FRAMES_MAX; f++) {
		result[n] = 0;
		if (mem.read(mem.ctx, sp + f->result, &result[n], f->word) == f->word)
			result_values(c, result[n++], open);
	}
	for (size_t i = 0; i < n; i++)
		ask_result(c, v, open, result[i]);
	ask_inner(c, v, open, true);
}

static void register_result(struct sct_capture *c, const struct sct_vcpu *v, const struct sct_regs *regs,
                            struct sct_open_call *open)
{
	const struct sct_reg *r = open->call.result;
	uint64_t result;

	if (!r || !sct_regs_get(regs, r, &result))
		return;
	result_values(c, result, open);
	ask_result(c, v, open, result);
	ask_inner(c, v, open, true);
}

void sct_capture_return(struct sct_capture *c, const struct sct_vcpu *v, uint64_t pc, struct sct_open_call *open)
{
	struct sct_regs regs;
	enum sct_mode mode = mode_of(c, v, &regs);

	begin(c, mode);
	if (!open->open)
		return;
	open->open = false;
	if (!same_space(c->dict, open->space, sct_vcpu_role(v, c->dict, SCT_ROLE_CR3)))
		return;
	for (size_t i = 0; i < open->nlines; i++)
		sct_lines_touch(c->lines, open->lines[i] * SCT_LINE, 1);
	fill_gaps(c, mode, open);
	if (open->known && sct_abi_is_after(open->call.abi, open->pc, pc))
		register_result(c, v, &regs, open);
	else if (c->dict->role[SCT_ROLE_SP] >= 0)
		frame_results(c, v, open);
	sct_arena_reset(&open->arena);
}

void sct_open_call_fini(struct sct_open_call *open)
{
	sct_arena_fini(&open->arena);
	free(open->lines);
	*open = (struct sct_open_call){ .open = false };
}
