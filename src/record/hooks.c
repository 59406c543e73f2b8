/* What gets instrumented when QEMU translates a block.
 *
 * In:  blocks under translation, the phase and level of the recording
 * Out: hooks: entering instructions, returns to user mode, stack switches, blocks, stores
 */
#include "recorder.h"

#include <string.h>

#define CR0_PG (UINT64_C(1) << 31) /* paging, Intel SDM 3A 2.5 */
#define EFER_LMA (UINT64_C(1) << 10)

/* One translation. */
struct hooks {
	struct sct_recorder *r;
	struct qemu_plugin_tb *tb;
	size_t n;
	bool user, kernel; /* who may run this block; both when QEMU does not let us see */
	bool paging;
	uint8_t mode;      /* enum sct_mode */
	bool running;
};

/* Segments of Linux, arch/x86/include/asm/segment.h: by them alone is the mode certain. */
static uint8_t mode_of(uint64_t cs, uint64_t efer)
{
	if (efer & EFER_LMA)
		return cs == 0x33 || cs == 0x10 ? SCT_MODE_64 : cs == 0x23 ? SCT_MODE_32 : SCT_MODE_UNKNOWN;
	return cs == 0x73 || cs == 0x60 ? SCT_MODE_32 : SCT_MODE_UNKNOWN;
}

static void look_at_cpu(struct hooks *h)
{
	struct sct_dict *dict = &h->r->dict;
	struct sct_vcpu *v = sct_self;
	uint64_t cs = 0, cr0 = 0, efer = 0;
	int cpl;

	if (!v || !sct_vcpu_reg(v, v->handles[dict->role[SCT_ROLE_CS]], &cs) ||
	    !sct_vcpu_reg(v, v->handles[dict->role[SCT_ROLE_CR0]], &cr0)) {
		h->user = h->kernel = h->paging = true;
		return;
	}
	if (dict->role[SCT_ROLE_EFER] >= 0)
		sct_vcpu_reg(v, v->handles[dict->role[SCT_ROLE_EFER]], &efer);
	cpl = sct_vcpu_cpl(v, dict);
	h->user = cpl == 3;
	h->kernel = cpl == 0;
	h->paging = cr0 & CR0_PG;
	h->mode = mode_of(cs, efer);
}

static size_t insn_bytes(const struct qemu_plugin_insn *insn, uint8_t bytes[16])
{
	return qemu_plugin_insn_data(insn, bytes, 15);
}

/* Prefixes that change nothing about an entering instruction (Intel SDM 2A 2.1.1); 40 to 4f only in 64-bit code. */
static bool is_prefix(uint8_t b, bool wide)
{
	return b == 0x66 || b == 0x67 || b == 0xf2 || b == 0xf3 || b == 0x2e || b == 0x36 || b == 0x3e || b == 0x26 ||
	       b == 0x64 || b == 0x65 || (wide && (b & 0xf0) == 0x40);
}

/* The instruction without its prefixes. */
static const uint8_t *opcode(const uint8_t *p, size_t *n, bool wide)
{
	while (*n && is_prefix(*p, wide)) {
		p++;
		--*n;
	}
	return p;
}

static enum sct_insn_kind entering(const uint8_t *p, size_t n, bool wide)
{
	p = opcode(p, &n, wide);
	if (n != 2)
		return SCT_INSN_NONE;
	if (p[0] == 0x0f)
		return p[1] == 0x05 ? SCT_INSN_SYSCALL : p[1] == 0x34 ? SCT_INSN_SYSENTER : SCT_INSN_NONE;
	return p[0] == 0xcd && p[1] == 0x80 ? SCT_INSN_INT80 : SCT_INSN_NONE;
}

/* sysret, sysexit, iret */
static bool leaves_kernel(const uint8_t *p, size_t n, bool wide)
{
	p = opcode(p, &n, wide);
	return (n == 2 && p[0] == 0x0f && (p[1] == 0x07 || p[1] == 0x35)) || (n == 1 && p[0] == 0xcf);
}

static void *keep(struct sct_recorder *r, const void *data, size_t size)
{
	void *copy;

	pthread_mutex_lock(&r->setup);
	copy = sct_arena_copy(&r->sites, data, size);
	pthread_mutex_unlock(&r->setup);
	return copy;
}

/* Both kinds end a block, so that only its last instruction can be one. */
static void hook_last(struct hooks *h)
{
	struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(h->tb, h->n - 1);
	struct sct_enter_site site = { .vaddr = qemu_plugin_insn_vaddr(insn), .rest = 1 };
	bool wide = h->mode == SCT_MODE_64 || (h->mode == SCT_MODE_UNKNOWN && h->r->dict.arch->word == 8);
	uint8_t bytes[16];
	size_t size = insn_bytes(insn, bytes);

	site.kind = h->user ? (uint8_t)entering(bytes, size, wide) : SCT_INSN_NONE;
	if (site.kind) {
		site.tb_vaddr = qemu_plugin_tb_vaddr(h->tb);
		site.size = (uint8_t)size;
		memcpy(site.bytes, bytes, size);
		qemu_plugin_register_vcpu_insn_exec_cb(insn, sct_on_enter, QEMU_R_REGS, keep(h->r, &site, sizeof site));
	} else if (h->kernel && h->running && leaves_kernel(bytes, size, wide)) {
		qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, QEMU_OP_STORE, h->r->pending, 1);
	}
}

/* The instructions before `insn`, as far as they are readable, for what they push. */
static unsigned pushed_before(const struct qemu_plugin_insn *insn, bool wide)
{
	enum { BEFORE = 24 };
	uint64_t at = qemu_plugin_insn_vaddr(insn) - BEFORE;

	if (!sct_self || !qemu_plugin_read_memory_vaddr(at, sct_self->buf, BEFORE))
		return 0;
	return sct_switch_words(sct_self->buf->data, BEFORE, wide);
}

static void hook_switch(struct hooks *h, struct qemu_plugin_insn *store, struct qemu_plugin_insn *load)
{
	bool wide = h->mode == SCT_MODE_64;
	struct sct_switch site = { .pc = qemu_plugin_insn_vaddr(load), .word = wide ? 8 : 4 };
	const struct sct_switch *kept;
	uint8_t a[16], b[16];

	if (!sct_switch_match(a, insn_bytes(store, a), b, insn_bytes(load, b), wide, &site))
		return;
	site.words = (uint8_t)pushed_before(store, wide);
	if (!site.words)
		return;
	sct_stream_lock(h->r->stream);
	kept = sct_threads_site(&h->r->threads, &site);
	sct_stream_unlock(h->r->stream);
	if (kept)
		qemu_plugin_register_vcpu_insn_exec_cb(load, sct_on_switch, QEMU_R_REGS, (void *)kept);
}

/* Pairs of instructions long enough to have the stack pointer, a base register and a displacement. */
static void hook_switches(struct hooks *h)
{
	struct qemu_plugin_insn *before = NULL;

	for (size_t i = 0; i < h->n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(h->tb, i);
		size_t size = qemu_plugin_insn_size(insn);

		if (size < 3 || size > 7) {
			before = NULL;
			continue;
		}
		if (before && qemu_plugin_insn_size(before) == size)
			hook_switch(h, before, insn);
		before = insn;
	}
}

/* With symbols: where __switch_to begins. Until it is known where, any block of the kernel may be what tells. */
static void hook_kernel(struct hooks *h)
{
	struct sct_recorder *r = h->r;

	if (sct_locating(r))
		qemu_plugin_register_vcpu_tb_exec_cond_cb(h->tb, sct_on_kernel, QEMU_R_REGS, QEMU_COND_NE, r->locating, 0,
		                                          NULL);
	if (atomic_load(&r->kernel.state) != SCT_KERNEL_FOUND) {
		hook_switches(h);
		return;
	}
	for (size_t i = 0; i < h->n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(h->tb, i);

		if (qemu_plugin_insn_vaddr(insn) == sct_kernel_at(&r->kernel, SCT_SYM_SWITCH_TO))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, sct_on_switch_to, QEMU_R_REGS, NULL);
	}
}

/* A locked compare-and-exchange reports a store even when it does not store, where several vCPUs run in parallel. */
static bool may_not_store(const struct hooks *h, const struct qemu_plugin_insn *insn)
{
	uint8_t bytes[16];
	size_t n = insn_bytes(insn, bytes);

	for (size_t i = 0; h->r->vcpus_max > 1 && i + 1 < n; i++)
		if (bytes[i] == 0x0f && (bytes[i + 1] == 0xb0 || bytes[i + 1] == 0xb1 || bytes[i + 1] == 0xc7))
			return true;
	return false;
}

static void hook_stores(struct hooks *h)
{
	for (size_t i = 0; i < h->n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(h->tb, i);

		qemu_plugin_register_vcpu_mem_cb(insn, sct_on_store, QEMU_NO_REGS, QEMU_MEM_W,
		                                 may_not_store(h, insn) ? (void *)1 : NULL);
	}
}

void sct_on_translate(uint64_t id, struct qemu_plugin_tb *tb)
{
	struct sct_recorder *r = &sct_recorder;
	struct hooks h = { .r = r, .tb = tb, .n = qemu_plugin_tb_n_insns(tb) };

	(void)id;
	if (!h.n)
		return;
	h.running = atomic_load(&r->phase) == SCT_PHASE_RUNNING;
	look_at_cpu(&h);
	/* the order matters: a return is before the block's instructions are counted, and before the block itself */
	if (h.running) {
		if (h.user)
			qemu_plugin_register_vcpu_tb_exec_cond_cb(tb, sct_on_return, QEMU_R_REGS, QEMU_COND_NE,
			                                          r->pending, 0, NULL);
		qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(tb, QEMU_OP_ADD, r->icount, h.n);
		if (r->level >= SCT_LEVEL_BLOCKS)
			qemu_plugin_register_vcpu_tb_exec_cb(tb, sct_on_block, h.user ? QEMU_R_REGS : QEMU_NO_REGS,
			                                     (void *)sct_block_get(tb, h.mode, h.user));
		if (r->level == SCT_LEVEL_FULL)
			hook_stores(&h);
	}
	hook_last(&h);
	if (h.kernel && h.paging)
		hook_kernel(&h);
}

void sct_on_flush(uint64_t id)
{
	struct sct_recorder *r = &sct_recorder;

	(void)id;
	pthread_mutex_lock(&r->setup);
	sct_arena_reset(&r->sites);
	pthread_mutex_unlock(&r->setup);
}
