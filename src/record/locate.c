/* Finds out where the guest's kernel lies, at a system call.
 *
 * In:  entering instructions, the blocks of the kernel that run behind them
 * Out: the slide of the kernel; from then on threads are told by its symbols. Or a warning: these symbols are not its
 */
#include "recorder.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	PROVING = 16, /* scoreboard: the slide is to be proven; below that it is the kind of the entering instruction */
	TRIES = 16,   /* blocks of the kernel until its code must be readable: under PTI the first ones see little of it */
	USER_CS = 0x33, /* of 64-bit code: arch/x86/include/asm/segment.h, __USER_CS */
};

bool sct_locating(struct sct_recorder *r)
{
	return atomic_load(&r->kernel.state) == SCT_KERNEL_SOUGHT;
}

static void decide(struct sct_recorder *r, enum sct_kernel_state state)
{
	atomic_store(&r->kernel.state, state);
	atomic_store(&r->counters->kernel, state);
}

void sct_locate_enter(struct sct_recorder *r, struct sct_vcpu *v, enum sct_insn_kind kind)
{
	uint64_t cs = 0;

	if (!sct_locating(r) || !r->kernel.linked.at[SCT_SYM_ENTRY + kind])
		return;
	/* 32-bit code has another entry for it, on processors that have it at all */
	if (kind == SCT_INSN_SYSCALL &&
	    (!sct_vcpu_reg(v, v->handles[r->dict.role[SCT_ROLE_CS]], &cs) || cs != USER_CS))
		return;
	/* no switch of threads is missed from here on, so that it can be known later who this is */
	if (!sct_threads_exact(&r->threads))
		sct_threads_assume(&r->threads, v);
	qemu_plugin_u64_set(r->locating, v->index, kind);
}

/* Nothing is known by symbols: neither who a thread is that was to be known later. */
static void refuse(struct sct_recorder *r, const char *why, uint64_t addr)
{
	decide(r, SCT_KERNEL_REFUSED);
	fprintf(stderr, "sctrace: warning: the file that --kernel names is not that of the guest's kernel: %s 0x%" PRIx64
	        "; recording goes on without it\n", why, addr);
	for (unsigned i = 0; i < atomic_load(&r->vcpus); i++)
		if (r->vcpu[i])
			sct_threads_dismiss(r->vcpu[i]);
}

static void accept(struct sct_recorder *r)
{
	decide(r, SCT_KERNEL_FOUND);
	for (unsigned i = 0; i < atomic_load(&r->vcpus) && !sct_threads_exact(&r->threads); i++)
		if (r->vcpu[i] && !sct_threads_assumed(r->vcpu[i]))
			r->vcpu[i]->thread = NULL;
	sct_threads_by_symbols(&r->threads);
	atomic_store(&r->counters->exact_threads, 1);
}

/* Compares the guest's code with the symbols. False: it cannot be read yet. */
static bool prove(struct sct_recorder *r, struct sct_vcpu *v)
{
	uint64_t at = sct_kernel_at(&r->kernel, SCT_SYM_SWITCH_ASM);

	if (!qemu_plugin_read_memory_vaddr(at, v->buf, SCT_KERNEL_CODE))
		return false;
	if (sct_kernel_proven(&r->kernel, v->buf->data, SCT_KERNEL_CODE))
		accept(r);
	else
		refuse(r, "there is no __switch_to_asm at", at);
	return true;
}

/* The vCPU's step, by its number in the scoreboard; returns the next one. */
static uint64_t locate(struct sct_recorder *r, struct sct_vcpu *v, uint64_t step)
{
	uint64_t pc = sct_vcpu_pc(v);

	if (!sct_locating(r))
		return 0;
	if (step < PROVING && !sct_kernel_entered(&r->kernel, (enum sct_insn_kind)step, pc)) {
		refuse(r, "system calls enter it at", pc);
		return 0;
	}
	if (prove(r, v))
		return 0;
	if (step == PROVING + TRIES) {
		refuse(r, "nothing can be read at", sct_kernel_at(&r->kernel, SCT_SYM_SWITCH_ASM));
		return 0;
	}
	return step < PROVING ? PROVING : step + 1;
}

void sct_on_kernel(unsigned vcpu, void *none)
{
	struct sct_recorder *r = &sct_recorder;
	struct sct_vcpu *v = r->vcpu[vcpu];
	bool found;

	(void)none;
	if (!v)
		return;
	sct_stream_lock(r->stream);
	found = sct_locating(r);
	qemu_plugin_u64_set(r->locating, vcpu, locate(r, v, qemu_plugin_u64_get(r->locating, vcpu)));
	found = found && atomic_load(&r->kernel.state) == SCT_KERNEL_FOUND;
	sct_stream_unlock(r->stream);
	if (found)
		sct_restart();
}

void sct_locate_restarted(struct sct_recorder *r)
{
	/* from here on every switch is seen: who runs now will be known at the first one */
	for (unsigned i = 0; atomic_load(&r->kernel.state) == SCT_KERNEL_FOUND && i < atomic_load(&r->vcpus); i++)
		if (r->vcpu[i] && !r->vcpu[i]->thread)
			sct_threads_assume(&r->threads, r->vcpu[i]);
}
