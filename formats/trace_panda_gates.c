/* Ways into the kernel: which of its entry points are those of system calls, where nothing shows the program's code.
 * In:  transitions between user and kernel mode, with their registers
 * Out: the entering instruction, where the CPU's own behaviour proves it
 *
 * An interrupt or a fault gives a program all its registers back; only a system call comes back behind its instruction
 * with another value in the result register. That is known when it returns, too late for that call, but the entry point
 * is then known for all later ones: the gate of `int $0x80` and the target of `sysenter` have no other use. Behind
 * `int $0x80` execution goes on two bytes further, behind `sysenter` at the vDSO's landing pad, two more
 * (arch/x86/entry/vdso/vdso32/system_call.S). A thread's way out is held against its last way in: a handler of SIGILL
 * may change results and skip instructions, but the way out is that of its sigreturn. On x86_64 `syscall` is known at
 * once: everything else that enters from user mode loads the stack pointer (Intel SDM 3A 5.8.8, 6.14.2). On AMD's
 * processors 32-bit code uses it too, and enters elsewhere.
 */
#include <string.h>

#include "trace_panda.h"

enum {
	PROOFS = 2,          /* a debugger may change one result */
	RESTART_SYSCALL = 0, /* i386: user mode goes on with the vDSO's `int $0x80` behind `sysenter`, and this number */
};

static struct sct_pd_way *way_of(struct sct_pd_gates *g, uint64_t thread)
{
	return &g->ways[thread % SCT_PD_WAYS];
}

/* The gate at pc; NULL: there are too many. */
static struct sct_pd_gate *gate_at(struct sct_pd_gates *g, uint64_t pc)
{
	for (unsigned i = 0; i < g->ngates; i++)
		if (g->gates[i].pc == pc)
			return &g->gates[i];
	if (g->ngates == SCT_PD_GATES)
		return NULL;
	g->gates[g->ngates] = (struct sct_pd_gate){ .pc = pc };
	return &g->gates[g->ngates++];
}

void sct_pd_gates_lost(struct sct_pd_gates *g)
{
	memset(g->ways, 0, sizeof g->ways);
}

static bool is_high(const struct sct_regs *regs, unsigned slot)
{
	return regs->known >> slot & 1 && regs->value[slot] >> 32;
}

/* `syscall` has one entry point for 64-bit code and one for 32-bit code (AMD64 manual 2, 6.1.1: LSTAR, CSTAR). */
static struct sct_pd_entered by_syscall(struct sct_pd_gates *g, struct sct_pd_gate *gate, const struct sct_arch *arch,
                                        const struct sct_regs *before)
{
	struct sct_pd_entered how = { "\x0f\x05", SCT_MODE_UNKNOWN };

	if (!gate)
		return how;
	if (is_high(before, arch->pc) || is_high(before, arch->sp))
		gate->of_64 = g->found_64 = true;
	if (g->found_64)
		how.mode = gate->of_64 ? SCT_MODE_64 : SCT_MODE_32;
	return how;
}

struct sct_pd_entered sct_pd_gate_in(struct sct_pd_gates *g, const struct sct_arch *arch, uint64_t thread,
                                     const struct sct_regs *before, const struct sct_regs *behind)
{
	struct sct_pd_entered how = { NULL, SCT_MODE_UNKNOWN };
	uint64_t sp = before->value[arch->sp], in = before->known & behind->known;
	unsigned result = sct_arch_reg(arch, "eax")->index;
	struct sct_pd_gate *gate = gate_at(g, behind->value[arch->pc]);

	if (!(in >> arch->sp & 1))
		return how;
	if (arch->word == 8 && behind->value[arch->sp] == sp)
		return by_syscall(g, gate, arch, before);
	if (!gate)
		return how;
	*way_of(g, thread) = (struct sct_pd_way){
		.gate = behind->known >> result & 1 ? gate : NULL, .thread = thread, .sp = sp, .pc = before->value[arch->pc],
		.result = behind->value[result],
	};
	if (gate->behind2 >= PROOFS && !gate->behind4)
		how.code = "\xcd\x80";
	else if (gate->behind4 >= PROOFS && !gate->behind2)
		how.code = "\x0f\x34";
	return how;
}

void sct_pd_gate_out(struct sct_pd_gates *g, const struct sct_arch *arch, uint64_t thread, const struct sct_regs *regs)
{
	uint64_t sp = regs->value[arch->sp], pc = regs->value[arch->pc];
	unsigned result = sct_arch_reg(arch, "eax")->index;
	struct sct_pd_way *w = way_of(g, thread);
	struct sct_pd_gate *gate = w->thread == thread ? w->gate : NULL;

	if (!gate)
		return;
	w->gate = NULL; /* to a signal's handler, perhaps: what that returns to has come by another way */
	if (w->sp != sp || !(regs->known >> arch->sp & 1) || regs->value[result] == w->result)
		return;
	gate->behind2 += pc == w->pc + 2 && regs->value[result] != RESTART_SYSCALL;
	gate->behind4 += pc == w->pc + 4;
}
