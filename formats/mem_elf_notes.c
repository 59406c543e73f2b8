/* Notes of ELF core files: registers of CPUs and threads, and whose core it is.
 * In:  PT_NOTE segments
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
#include <stdlib.h>
#include <string.h>

#include "../src/cursor.h"
#include "mem_elf.h"

/* ---- architectures ------------------------------------------------------------------------------------------- */

void sct_elf_arch(struct sct_elf *e)
{
	static const struct {
		uint16_t machine;
		uint8_t class, data; /* of e_ident; 0: any */
		const char *name;    /* QEMU's */
	} all[] = {
		{ EM_386, 0, ELFDATA2LSB, "i386" },
		{ EM_X86_64, 0, ELFDATA2LSB, "x86_64" },
		{ EM_ARM, 0, ELFDATA2LSB, "arm" },
		{ EM_ARM, 0, ELFDATA2MSB, "armeb" },
		{ EM_AARCH64, 0, ELFDATA2LSB, "aarch64" },
		{ EM_AARCH64, 0, ELFDATA2MSB, "aarch64_be" },
		{ EM_MIPS, ELFCLASS32, ELFDATA2LSB, "mipsel" },
		{ EM_MIPS, ELFCLASS32, ELFDATA2MSB, "mips" },
		{ EM_MIPS, ELFCLASS64, ELFDATA2LSB, "mips64el" },
		{ EM_MIPS, ELFCLASS64, ELFDATA2MSB, "mips64" },
		{ EM_PPC, 0, ELFDATA2MSB, "ppc" },
		{ EM_PPC64, 0, ELFDATA2MSB, "ppc64" },
		{ EM_PPC64, 0, ELFDATA2LSB, "ppc64le" },
		{ EM_S390, ELFCLASS64, ELFDATA2MSB, "s390x" },
		{ EM_RISCV, ELFCLASS32, ELFDATA2LSB, "riscv32" },
		{ EM_RISCV, ELFCLASS64, ELFDATA2LSB, "riscv64" },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i].machine == e->head.e_machine && all[i].data == e->head.e_ident[EI_DATA] &&
			(!all[i].class || all[i].class == e->head.e_ident[EI_CLASS]))
			e->info.arch_name = all[i].name;
	if (e->info.arch_name)
		e->info.arch = sct_arch_find(e->info.arch_name);
}

/* ---- registers ----------------------------------------------------------------------------------------------- */

/* Where a note has a register. */
struct place {
	const char *name; /* x86_64's */
	uint16_t at;
	uint8_t size;
};

enum { QEMU_VERSION = 1, QEMU_SIZE = 432 /* without fields that were added later */ };

static const struct place in_qemu[] = {
	{ "rax", 8, 8 }, { "rbx", 16, 8 }, { "rcx", 24, 8 }, { "rdx", 32, 8 }, { "rsi", 40, 8 }, { "rdi", 48, 8 },
	{ "rsp", 56, 8 }, { "rbp", 64, 8 }, { "r8", 72, 8 }, { "r9", 80, 8 }, { "r10", 88, 8 }, { "r11", 96, 8 },
	{ "r12", 104, 8 }, { "r13", 112, 8 }, { "r14", 120, 8 }, { "r15", 128, 8 }, { "rip", 136, 8 }, { "eflags", 144, 4 },
	{ "cs", 152, 2 }, { "ds", 176, 2 }, { "es", 200, 2 }, { "fs", 224, 2 }, { "gs", 248, 2 }, { "ss", 272, 2 },
	{ "fs_base", 240, 8 }, { "gs_base", 264, 8 }, { "cr0", 392, 8 }, { "cr2", 408, 8 }, { "cr3", 416, 8 },
	{ "cr4", 424, 8 }, { NULL },
};
/* QEMU fills this only in its programs for 64-bit CPUs, so it tells nothing in the dump of a 32-bit one. */
static const struct place in_qemu_64[] = { { "k_gs_base", 432, 8 }, { NULL } };

/* struct user_regs_struct, from the start of it on */
static const struct place in_user_64[] = {
	{ "r15", 0, 8 }, { "r14", 8, 8 }, { "r13", 16, 8 }, { "r12", 24, 8 }, { "rbp", 32, 8 }, { "rbx", 40, 8 },
	{ "r11", 48, 8 }, { "r10", 56, 8 }, { "r9", 64, 8 }, { "r8", 72, 8 }, { "rax", 80, 8 }, { "rcx", 88, 8 },
	{ "rdx", 96, 8 }, { "rsi", 104, 8 }, { "rdi", 112, 8 }, { "rip", 128, 8 }, { "cs", 136, 2 }, { "eflags", 144, 4 },
	{ "rsp", 152, 8 }, { "ss", 160, 2 }, { "fs_base", 168, 8 }, { "gs_base", 176, 8 }, { "ds", 184, 2 },
	{ "es", 192, 2 }, { "fs", 200, 2 }, { "gs", 208, 2 }, { NULL },
};
static const struct place in_user_32[] = {
	{ "rbx", 0, 4 }, { "rcx", 4, 4 }, { "rdx", 8, 4 }, { "rsi", 12, 4 }, { "rdi", 16, 4 }, { "rbp", 20, 4 },
	{ "rax", 24, 4 }, { "ds", 28, 2 }, { "es", 32, 2 }, { "fs", 36, 2 }, { "gs", 40, 2 }, { "rip", 48, 4 },
	{ "cs", 52, 2 }, { "eflags", 56, 4 }, { "rsp", 60, 4 }, { "ss", 64, 2 }, { NULL },
};

/* Where NT_PRSTATUS of that size has them. */
static const struct status {
	uint16_t machine, size, at;
	const struct place *places;
} statuses[] = {
	{ EM_X86_64, 336, 112, in_user_64 },
	{ EM_X86_64, 296, 72, in_user_64 }, /* x32 */
	{ EM_386, 144, 72, in_user_32 },
};

/* The slot of a register that x86_64 calls name. */
static const struct sct_reg *find_reg(const struct sct_arch *arch, const char *name)
{
	const struct sct_reg *r = sct_arch_reg(arch, name);
	char half[16] = "e";

	if (r || *name != 'r')
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
static struct sct_regs *cpu(struct sct_elf *e, size_t number, struct sct_err *err)
{
	if (number >= e->cpus_room) {
		size_t room = e->cpus_room ? 2 * e->cpus_room : 4;
		struct sct_regs *grown = reallocarray(e->cpus, room, sizeof *grown);

		if (!grown) {
			sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "no memory");
			return NULL;
		}
		memset(grown + e->cpus_room, 0, (room - e->cpus_room) * sizeof *grown);
		e->cpus = grown;
		e->cpus_room = room;
	}
	if (e->ncpus <= number)
		e->ncpus = number + 1;
	return &e->cpus[number];
}

/* ---- notes --------------------------------------------------------------------------------------------------- */

struct note {
	const char *name; /* of name_size bytes, the NUL that ends it among them */
	size_t name_size;
	uint32_t type;
	const uint8_t *data;
	size_t size;
	uint64_t offset;  /* of data in the file */
};

static bool is_called(const struct note *n, const char *name)
{
	return n->name_size == strlen(name) + 1 && !memcmp(n->name, name, n->name_size);
}

static int take_status(struct sct_elf *e, const struct note *n, struct sct_err *err)
{
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
		const struct status *s = &statuses[i];
		struct sct_regs *regs;

		if (s->machine != e->head.e_machine || s->size != n->size)
			continue;
		regs = cpu(e, e->nstatus++, err);
		if (!regs)
			return err->status;
		/* QEMU's own note has these registers too, and may have come before */
		if (!regs->known)
			take_regs(e->info.arch, regs, s->places, n->data + s->at, n->size - s->at);
		return SCT_OK;
	}
	sct_elf_damage(e, SCT_E_FORMAT, n->offset, "registers in a note of %zu bytes: no layout of that size is known", n->size);
	return SCT_OK;
}

static int take_qemu(struct sct_elf *e, const struct note *n, struct sct_err *err)
{
	struct sct_cursor c = sct_cursor(n->data, n->size);
	uint64_t version = sct_take_le(&c, 4), size = sct_take_le(&c, 4);
	struct sct_regs *regs;

	if (c.bad || version != QEMU_VERSION || size < QEMU_SIZE || size > n->size) {
		sct_elf_damage(e, SCT_E_FORMAT, n->offset, "a note of QEMU's of %zu bytes, version %ju, that says to have %ju",
			n->size, (uintmax_t)version, (uintmax_t)size);
		return SCT_OK;
	}
	regs = cpu(e, e->nqemu++, err);
	if (!regs)
		return err->status;
	take_regs(e->info.arch, regs, in_qemu, n->data, size);
	if (e->info.arch->word == 8)
		take_regs(e->info.arch, regs, in_qemu_64, n->data, size);
	return SCT_OK;
}

/* What a note is evidence of. */
static unsigned origin(const struct note *n)
{
	static const struct {
		const char *name;
		uint32_t type;
		unsigned origin;
	} all[] = {
		{ "QEMU", 0, SCT_ELF_QEMU },
		{ "VMCOREINFO", 0, SCT_ELF_KERNEL },
		{ "CORE", NT_TASKSTRUCT, SCT_ELF_KERNEL },
		{ "CORE", NT_PRPSINFO, SCT_ELF_PROCESS },
		{ "CORE", NT_AUXV, SCT_ELF_PROCESS },
		{ "CORE", NT_FILE, SCT_ELF_PROCESS },
		{ "CORE", NT_SIGINFO, SCT_ELF_PROCESS },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i].type == n->type && is_called(n, all[i].name))
			return all[i].origin;
	return 0;
}

static int take_note(struct sct_elf *e, const struct note *n, struct sct_err *err)
{
	e->origin |= origin(n);
	if (!e->info.arch)
		return SCT_OK;
	if (n->type == NT_PRSTATUS && is_called(n, "CORE"))
		return take_status(e, n, err);
	return origin(n) == SCT_ELF_QEMU ? take_qemu(e, n, err) : SCT_OK;
}

int sct_elf_notes(struct sct_elf *e, const GElf_Phdr *p, struct sct_err *err)
{
	/* gABI: notes of segments that are aligned to 8 bytes are so themselves */
	Elf_Type type = p->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR;
	size_t at = 0, next, name, desc;
	GElf_Nhdr head;
	Elf_Data *data;

	if (!p->p_filesz)
		return SCT_OK;
	data = p->p_filesz <= e->file->size ? elf_getdata_rawchunk(e->elf, (int64_t)p->p_offset, p->p_filesz, type) : NULL;
	if (!data) {
		sct_elf_damage(e, SCT_E_TRUNCATED, p->p_offset, "notes of %ju bytes: %s", (uintmax_t)p->p_filesz, elf_errmsg(-1));
		return SCT_OK;
	}
	for (; (next = gelf_getnote(data, at, &head, &name, &desc)) > 0; at = next) {
		const uint8_t *bytes = data->d_buf;
		struct note n = { (const char *)bytes + name, head.n_namesz, head.n_type, bytes + desc, head.n_descsz,
			p->p_offset + desc };

		if (take_note(e, &n, err) < 0)
			return err->status;
	}
	if (at < data->d_size)
		sct_elf_damage(e, SCT_E_FORMAT, p->p_offset + at, "a note that its segment has no room for");
	return SCT_OK;
}
