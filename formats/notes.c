/* Notes of dumps: registers of CPUs and threads, and what was dumped.
 * In:  PT_NOTE segments of ELF core files, or the same bytes in a kdump file
 * Out: register files; whether a machine or a process was dumped
 *
 * Layout (elf(5); QEMU target/i386/arch_dump.c; Linux include/uapi/linux/elf.h, arch/x86/include/asm/user_64.h):
 *
 *   "CORE" 1  NT_PRSTATUS, one for each CPU or thread: general registers at an offset that goes by the size
 *   "QEMU" 0  one for each CPU, in their order:
 *               0 u32 version  1
 *               4 u32 size     of all this
 *               8 u64          rax rbx rcx rdx rsi rdi rsp rbp r8 ... r15 rip rflags
 *             152 segments     cs ds es fs gs ss ldt tr gdt idt: u32 selector, limit, flags, padding, u64 base
 *             392 u64          cr0 cr1 cr2 cr3 cr4
 *             432 u64          kernel_gs_base, where size says that it is there
 *   "CORE" 3, 6, 0x46494c45, 0x53494749  NT_PRPSINFO, NT_AUXV, NT_FILE, NT_SIGINFO: of a process
 *   "VMCOREINFO" 0; "CORE" 4  NT_TASKSTRUCT: of a kernel, which writes NT_PRPSINFO as well
 */
#include "notes.h"

#include <stdlib.h>
#include <string.h>

#include "../src/cursor.h"

/* ---- registers ------------------------------------------------------------------------------------------------ */

/* Where a note has a register. */
struct place {
	const char *name; /* x86_64's */
	uint16_t at;
	uint8_t size;
};

enum { QEMU_VERSION = 1, QEMU_SIZE = 432 /* without fields that were added later */ };

static const struct place in_qemu[] = {
	{ "rax", 8, 8 },       { "rbx", 16, 8 },      { "rcx", 24, 8 },  { "rdx", 32, 8 },
	{ "rsi", 40, 8 },      { "rdi", 48, 8 },      { "rsp", 56, 8 },  { "rbp", 64, 8 },
	{ "r8", 72, 8 },       { "r9", 80, 8 },       { "r10", 88, 8 },  { "r11", 96, 8 },
	{ "r12", 104, 8 },     { "r13", 112, 8 },     { "r14", 120, 8 }, { "r15", 128, 8 },
	{ "rip", 136, 8 },     { "eflags", 144, 4 },  { "cs", 152, 2 },  { "ds", 176, 2 },
	{ "es", 200, 2 },      { "fs", 224, 2 },      { "gs", 248, 2 },  { "ss", 272, 2 },
	{ "fs_base", 240, 8 }, { "gs_base", 264, 8 }, { "cr0", 392, 8 }, { "cr2", 408, 8 },
	{ "cr3", 416, 8 },     { "cr4", 424, 8 },     { NULL },
};
/* QEMU fills this only in its programs for 64-bit CPUs, so it tells nothing in the dump of a 32-bit one. */
static const struct place in_qemu_64[] = { { "k_gs_base", 432, 8 }, { NULL } };

/* struct user_regs_struct, from the start of it on */
static const struct place in_user_64[] = {
	{ "r15", 0, 8 },       { "r14", 8, 8 },       { "r13", 16, 8 },  { "r12", 24, 8 },
	{ "rbp", 32, 8 },      { "rbx", 40, 8 },      { "r11", 48, 8 },  { "r10", 56, 8 },
	{ "r9", 64, 8 },       { "r8", 72, 8 },       { "rax", 80, 8 },  { "rcx", 88, 8 },
	{ "rdx", 96, 8 },      { "rsi", 104, 8 },     { "rdi", 112, 8 }, { "rip", 128, 8 },
	{ "cs", 136, 2 },      { "eflags", 144, 4 },  { "rsp", 152, 8 }, { "ss", 160, 2 },
	{ "fs_base", 168, 8 }, { "gs_base", 176, 8 }, { "ds", 184, 2 },  { "es", 192, 2 },
	{ "fs", 200, 2 },      { "gs", 208, 2 },      { NULL },
};
static const struct place in_user_32[] = {
	{ "rbx", 0, 4 },  { "rcx", 4, 4 },     { "rdx", 8, 4 },  { "rsi", 12, 4 }, { "rdi", 16, 4 }, { "rbp", 20, 4 },
	{ "rax", 24, 4 }, { "ds", 28, 2 },     { "es", 32, 2 },  { "fs", 36, 2 },  { "gs", 40, 2 },  { "rip", 48, 4 },
	{ "cs", 52, 2 },  { "eflags", 56, 4 }, { "rsp", 60, 4 }, { "ss", 64, 2 },  { NULL },
};

/* struct user_pt_regs of arm64, struct pt_regs of arm */
static const struct place in_user_a64[] = {
	{ "x0", 0, 8 },    { "x1", 8, 8 },    { "x2", 16, 8 },   { "x3", 24, 8 },    { "x4", 32, 8 },   { "x5", 40, 8 },
	{ "x6", 48, 8 },   { "x7", 56, 8 },   { "x8", 64, 8 },   { "x9", 72, 8 },    { "x10", 80, 8 },  { "x11", 88, 8 },
	{ "x12", 96, 8 },  { "x13", 104, 8 }, { "x14", 112, 8 }, { "x15", 120, 8 },  { "x16", 128, 8 }, { "x17", 136, 8 },
	{ "x18", 144, 8 }, { "x19", 152, 8 }, { "x20", 160, 8 }, { "x21", 168, 8 },  { "x22", 176, 8 }, { "x23", 184, 8 },
	{ "x24", 192, 8 }, { "x25", 200, 8 }, { "x26", 208, 8 }, { "x27", 216, 8 },  { "x28", 224, 8 }, { "x29", 232, 8 },
	{ "x30", 240, 8 }, { "sp", 248, 8 },  { "pc", 256, 8 },  { "cpsr", 264, 4 }, { NULL },
};
static const struct place in_user_arm[] = {
	{ "r0", 0, 4 },   { "r1", 4, 4 },  { "r2", 8, 4 },  { "r3", 12, 4 }, { "r4", 16, 4 },   { "r5", 20, 4 },
	{ "r6", 24, 4 },  { "r7", 28, 4 }, { "r8", 32, 4 }, { "r9", 36, 4 }, { "r10", 40, 4 },  { "r11", 44, 4 },
	{ "r12", 48, 4 }, { "sp", 52, 4 }, { "lr", 56, 4 }, { "pc", 60, 4 }, { "cpsr", 64, 4 }, { NULL },
};

/* Where NT_PRSTATUS of that size has them. */
static const struct status {
	const char *arch; /* QEMU's name */
	uint16_t size, at;
	const struct place *places;
} statuses[] = {
	{ "x86_64", 336, 112, in_user_64 }, { "x86_64", 296, 72, in_user_64 }, /* x32 */
	{ "i386", 144, 72, in_user_32 },    { "aarch64", 392, 112, in_user_a64 }, { "arm", 148, 72, in_user_arm },
};

/* The register of that name; of i386, the one that x86_64 calls so. */
static const struct sct_reg *find_reg(const struct sct_arch *arch, const char *name)
{
	const struct sct_reg *r = sct_arch_reg(arch, name);
	char half[16] = "e";

	if (r || *name != 'r' || arch != &sct_arch_i386)
		return r;
	return sct_arch_reg(arch, strncat(half, name + 1, sizeof half - 2));
}

static void take_regs(const struct sct_arch *arch, struct sct_regs *regs, const struct place *places,
                      const uint8_t *data, size_t size)
{
	for (const struct place *p = places; p->name; p++) {
		const struct sct_reg *r = find_reg(arch, p->name);
		struct sct_cursor c = sct_cursor(data, size);
		uint64_t value;

		sct_take(&c, p->at);
		value = sct_take_le(&c, r && r->size < p->size ? r->size : p->size);
		if (r && !c.bad)
			sct_regs_set(regs, r->index, value);
	}
}

/* The CPU or thread of that number, with those before it; NULL: no memory. */
static struct sct_regs *cpu(struct sct_notes *n, size_t number, struct sct_err *err)
{
	if (number >= n->room) {
		size_t room = n->room ? 2 * n->room : 4;
		struct sct_regs *grown = reallocarray(n->cpus, room, sizeof *grown);

		if (!grown) {
			sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory");
			return NULL;
		}
		memset(grown + n->room, 0, (room - n->room) * sizeof *grown);
		n->cpus = grown;
		n->room = room;
	}
	if (n->ncpus <= number)
		n->ncpus = number + 1;
	return &n->cpus[number];
}

/* ---- notes ---------------------------------------------------------------------------------------------------- */

enum { STATUS = 1, PRPSINFO = 3, TASKSTRUCT = 4, AUXV = 6, FILES = 0x46494c45, SIGINFO = 0x53494749 };

struct note {
	const char *name;
	size_t name_size; /* the NUL that ends it included */
	uint32_t type;
	const uint8_t *data;
	size_t size;
	uint64_t offset; /* of data in the notes */
};

static uint32_t take32(struct sct_cursor *c, bool big)
{
	uint32_t v = (uint32_t)sct_take_le(c, 4);

	return big ? __builtin_bswap32(v) : v;
}

/* The next one; false: there is none, or (then c is bad) it does not end in the notes. */
static bool next_note(struct sct_cursor *c, const uint8_t *start, unsigned align, bool big, struct note *n)
{
	uint32_t size;
	size_t past;

	if (!sct_cursor_left(c))
		return false;
	n->name_size = take32(c, big);
	size = take32(c, big);
	n->type = take32(c, big);
	n->name = (const char *)sct_take(c, n->name_size);
	past = (size_t)(c->at - start) % align;
	sct_take(c, past ? align - past : 0);
	n->offset = (uint64_t)(c->at - start);
	n->data = sct_take(c, size);
	n->size = size;
	past = (size_t)(c->at - start) % align;
	/* the last one need not be filled up */
	if (!c->bad && past)
		sct_take(c, sct_cursor_left(c) < align - past ? sct_cursor_left(c) : align - past);
	return !c->bad;
}

static bool is_called(const struct note *n, const char *name)
{
	return n->name_size == strlen(name) + 1 && !memcmp(n->name, name, n->name_size);
}

/* What a note is evidence of. */
static unsigned origin(const struct note *n)
{
	static const struct {
		const char *name;
		uint32_t type;
		unsigned origin;
	} all[] = {
		{ "QEMU", 0, SCT_ORIGIN_QEMU },
		{ "VMCOREINFO", 0, SCT_ORIGIN_KERNEL },
		{ "CORE", TASKSTRUCT, SCT_ORIGIN_KERNEL },
		{ "CORE", PRPSINFO, SCT_ORIGIN_PROCESS },
		{ "CORE", AUXV, SCT_ORIGIN_PROCESS },
		{ "CORE", FILES, SCT_ORIGIN_PROCESS },
		{ "CORE", SIGINFO, SCT_ORIGIN_PROCESS },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i].type == n->type && is_called(n, all[i].name))
			return all[i].origin;
	return 0;
}

static bool is_status(const struct note *n)
{
	return n->type == STATUS && is_called(n, "CORE");
}

static void damage(struct sct_notes *n, uint64_t offset, const char *what, size_t size)
{
	if (!n->damage.status)
		sct_fail(&n->damage, SCT_E_FORMAT, offset, "%s (%zu bytes)", what, size);
}

static int take_status(struct sct_notes *all, const struct note *n, uint64_t offset, struct sct_err *err)
{
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
		const struct status *s = &statuses[i];
		struct sct_regs *regs;

		if (strcmp(s->arch, all->arch->name) || s->size != n->size)
			continue;
		regs = cpu(all, all->nstatus++, err);
		if (!regs)
			return err->status;
		/* QEMU's own note has these registers too, and may have come before */
		if (!regs->known)
			take_regs(all->arch, regs, s->places, n->data + s->at, n->size - s->at);
		return SCT_OK;
	}
	damage(all, offset + n->offset, "a note of registers whose layout is not known", n->size);
	return SCT_OK;
}

static int take_qemu(struct sct_notes *all, const struct note *n, uint64_t offset, struct sct_err *err)
{
	struct sct_cursor c = sct_cursor(n->data, n->size);
	uint64_t version = sct_take_le(&c, 4), size = sct_take_le(&c, 4);
	struct sct_regs *regs;

	if (all->arch != &sct_arch_i386 && all->arch != &sct_arch_x86_64)
		return SCT_OK;
	if (c.bad || version != QEMU_VERSION || size < QEMU_SIZE || size > n->size) {
		damage(all, offset + n->offset, "a note of QEMU's that is of another version or shorter than it says", n->size);
		return SCT_OK;
	}
	regs = cpu(all, all->nqemu++, err);
	if (!regs)
		return err->status;
	take_regs(all->arch, regs, in_qemu, n->data, size);
	if (all->arch == &sct_arch_x86_64)
		take_regs(all->arch, regs, in_qemu_64, n->data, size);
	return SCT_OK;
}

int sct_notes_take(struct sct_notes *all, const uint8_t *data, size_t size, unsigned align, uint64_t offset,
                   struct sct_err *err)
{
	struct sct_cursor c = sct_cursor(data, size);
	struct note n;
	int rc = SCT_OK;

	while (rc == SCT_OK && next_note(&c, data, align, all->big, &n)) {
		all->origin |= origin(&n);
		if (all->arch && is_status(&n))
			rc = take_status(all, &n, offset, err);
		else if (all->arch && origin(&n) == SCT_ORIGIN_QEMU)
			rc = take_qemu(all, &n, offset, err);
	}
	if (c.bad)
		damage(all, offset, "notes, the last of which has no room in them", size);
	return rc;
}

void sct_notes_of_kernel(struct sct_notes *n)
{
	static const char *const names[] = { "fs_base", "gs_base" };

	if (n->origin & SCT_ORIGIN_QEMU || !n->arch)
		return;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct sct_reg *r = sct_arch_reg(n->arch, names[i]);

		for (size_t cpu = 0; r && cpu < n->ncpus; cpu++)
			n->cpus[cpu].known &= ~(UINT64_C(1) << r->index);
	}
}

const struct sct_arch *sct_notes_qemu_arch(const uint8_t *data, size_t size)
{
	struct sct_cursor c = sct_cursor(data, size);
	const char *arch = NULL;
	unsigned seen = 0;
	struct note n;

	while (next_note(&c, data, 4, false, &n)) {
		seen |= origin(&n);
		for (size_t i = 0; is_status(&n) && i < sizeof statuses / sizeof *statuses; i++)
			if (statuses[i].size == n.size)
				arch = statuses[i].arch;
	}
	return seen & SCT_ORIGIN_QEMU && arch ? sct_arch_find(arch) : NULL;
}

void sct_notes_free(struct sct_notes *n)
{
	free(n->cpus);
	memset(n, 0, sizeof *n);
}
