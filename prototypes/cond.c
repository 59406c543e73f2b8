/* Does a piece of kernel source belong to a build? Conditions of the C preprocessor with three values.
 * In:  #if expressions of kernel sources
 * Out: yes, no or maybe for each build
 */
#include "cond.h"

#include <string.h>

#include "text.h"

/* What is known of the builds: arch/x86/Kconfig of Linux 6.1 and of the others, their asm/unistd.h, and Debian's choice
 * of options. */
static const struct {
	const char *name;
	enum tri value[NTARGETS];
} symbols[] = {
	{ "CONFIG_X86", { YES, YES, NO, NO, NO } },
	{ "CONFIG_ARM", { NO, NO, YES, NO, NO } },
	{ "CONFIG_ARM64", { NO, NO, NO, YES, NO } },
	{ "CONFIG_MIPS", { NO, NO, NO, NO, YES } },
	{ "CONFIG_MMU", { YES, YES, YES, YES, YES } },
	{ "CONFIG_X86_32", { YES, NO, NO, NO, NO } },
	{ "CONFIG_X86_64", { NO, YES, NO, NO, NO } },
	{ "CONFIG_64BIT", { NO, YES, NO, YES, NO } },
	{ "CONFIG_32BIT", { MAYBE, MAYBE, MAYBE, MAYBE, YES } },
	{ "CONFIG_COMPAT", { NO, YES, NO, YES, NO } },
	{ "CONFIG_IA32_EMULATION", { NO, YES, NO, NO, NO } },
	{ "CONFIG_X86_X32_ABI", { NO, YES, NO, NO, NO } },
	{ "CONFIG_X86_IOPL_IOPERM", { YES, YES, NO, NO, NO } },
	{ "CONFIG_CLONE_BACKWARDS", { YES, NO, YES, YES, YES } },
	{ "CONFIG_CLONE_BACKWARDS2", { NO, NO, NO, NO, NO } },
	{ "CONFIG_CLONE_BACKWARDS3", { NO, NO, NO, NO, NO } },
	{ "CONFIG_OLD_SIGSUSPEND", { NO, NO, NO, NO, NO } },
	{ "CONFIG_OLD_SIGSUSPEND3", { YES, NO, YES, YES, NO } },
	{ "CONFIG_ARCH_SPLIT_ARG64", { YES, NO, NO, NO, NO } },
	{ "__ARCH_WANT_SYS_OLD_MMAP", { YES, NO, YES, NO, NO } },
	{ "__ARCH_WANT_RENAMEAT", { MAYBE, MAYBE, MAYBE, YES, MAYBE } },
	{ "__ARCH_WANT_NEW_STAT", { MAYBE, MAYBE, MAYBE, YES, MAYBE } },
	{ "__ARCH_WANT_SET_GET_RLIMIT", { MAYBE, MAYBE, MAYBE, YES, MAYBE } },
	{ "__ARCH_WANT_SYNC_FILE_RANGE2", { MAYBE, MAYBE, MAYBE, NO, MAYBE } },
	{ "__SYSCALL_COMPAT", { MAYBE, MAYBE, MAYBE, NO, MAYBE } },
	{ "__SYSCALL", { MAYBE, MAYBE, MAYBE, NO, MAYBE } },
};

struct expr {
	const char *at;
	enum target target;
};

static enum tri either(struct expr *e);

static enum tri both(enum tri a, enum tri b)
{
	return a < b ? a : b;
}

static enum tri any(enum tri a, enum tri b)
{
	return a > b ? a : b;
}

static enum tri not(enum tri a)
{
	return (enum tri)(YES - a);
}

bool cond_is_64(enum target target)
{
	return target == TARGET_64 || target == TARGET_ARM64;
}

enum tri cond_symbol(const char *name, size_t len, enum target target)
{
	for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
		if (strlen(symbols[i].name) == len && !memcmp(symbols[i].name, name, len))
			return symbols[i].value[target];
	return MAYBE;
}

static bool eat(struct expr *e, const char *token)
{
	e->at += strspn(e->at, " \t");
	if (!text_starts(e->at, token))
		return false;
	e->at += strlen(token);
	return true;
}

/* What is not a name by itself (numbers, comparisons) stays MAYBE up to the next logical operator. */
static enum tri name(struct expr *e)
{
	const char *start = e->at + strspn(e->at, " \t"), *end = start;
	enum tri value;

	while (text_ident(*end))
		end++;
	e->at = end + strspn(end, " \t");
	value = cond_symbol(start, (size_t)(end - start), e->target);
	if (*e->at && !strchr("&|)", *e->at))
		value = MAYBE;
	while (*e->at && !strchr(")", *e->at) && !text_starts(e->at, "&&") && !text_starts(e->at, "||")) {
		const char *close = *e->at == '(' ? text_close(e->at) : NULL;

		e->at = close ? close + 1 : e->at + 1;
	}
	return value;
}

static enum tri operand(struct expr *e)
{
	enum tri value;

	if (eat(e, "!"))
		return not(operand(e));
	if (eat(e, "BITS_PER_LONG == 32") || eat(e, "__BITS_PER_LONG == 32"))
		return cond_is_64(e->target) ? NO : YES;
	if (eat(e, "BITS_PER_LONG == 64") || eat(e, "__BITS_PER_LONG == 64") || eat(e, "__BITS_PER_LONG != 32"))
		return cond_is_64(e->target) ? YES : NO;
	if (eat(e, "defined(") || eat(e, "defined (") || eat(e, "IS_ENABLED(") || eat(e, "(")) {
		value = either(e);
		eat(e, ")");
		return value;
	}
	eat(e, "defined ");
	return name(e);
}

static enum tri all(struct expr *e)
{
	enum tri value = operand(e);

	while (eat(e, "&&"))
		value = both(value, operand(e));
	return value;
}

static enum tri either(struct expr *e)
{
	enum tri value = all(e);

	while (eat(e, "||"))
		value = any(value, all(e));
	return value;
}

enum tri cond_eval(const char *expr, enum target target)
{
	struct expr e = { .at = expr, .target = target };

	return either(&e);
}

static enum tri directive_value(const char *text, enum target target)
{
	if (text_starts(text, "ifdef"))
		return cond_eval(text + 5, target);
	if (text_starts(text, "ifndef"))
		return not(cond_eval(text + 6, target));
	if (text_starts(text, "elif"))
		return cond_eval(text + 4, target);
	return text_starts(text, "else") ? YES : cond_eval(text + 2, target);
}

void cond_directive(struct cond *c, const char *text)
{
	bool opens = text_starts(text, "if"), again = text_starts(text, "elif") || text_starts(text, "else");

	if (text_starts(text, "endif") && c->depth)
		c->depth--;
	if ((again && !c->depth) || (!opens && !again) || (opens && c->depth == COND_DEPTH))
		return;
	if (opens)
		memset(&c->level[c->depth++], 0, sizeof c->level[0]);
	for (enum target t = 0; t < NTARGETS; t++) {
		enum tri value = directive_value(text, t), *before = &c->level[c->depth - 1].before[t];

		c->level[c->depth - 1].now[t] = both(value, not(*before));
		*before = any(*before, value);
	}
}

enum tri cond_holds(const struct cond *c, enum target target)
{
	enum tri value = YES;

	for (unsigned i = 0; i < c->depth; i++)
		value = both(value, c->level[i].now[target]);
	return value;
}
