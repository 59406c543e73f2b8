/* ELF files as memory: dumps of machines, core files of processes, programs and their libraries.
 * In:  a mapped ELF file; for a shared object, where it lies
 * Out: guest-physical memory of a machine, or virtual memory of one program; registers of core files
 *
 * Layout (elf(5)): PT_LOAD segments are memory, PT_NOTE segments are told in notes.c.
 *
 *   ET_CORE of a machine   p_paddr says where a segment lies; QEMU gives one more than once if it is mapped at several
 *                          virtual addresses (dump-guest-memory -p), and -1 stands for none (/proc/kcore)
 *   ET_CORE of a process   p_vaddr
 *   both                   p_memsz > p_filesz: the rest was left out of the file; it is not known
 *   ET_EXEC, ET_DYN        p_vaddr, and for ET_DYN the address on top; p_memsz > p_filesz: the rest is zero
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <gelf.h>

#include "notes.h"
#include "runs.h"

enum { SEGMENTS, NOTES, LEFT_OUT }; /* counts */

struct elf {
	const struct sct_file *file;
	Elf *elf;
	GElf_Ehdr head;
	size_t nsegments;
	struct sct_runs runs;
	struct sct_notes notes;
	struct sct_count counts[4];
	struct sct_snapshot_info info;
};

/* Tells of damage; the first is kept. */
__attribute__((format(printf, 4, 5)))
static void damage(struct elf *e, int status, uint64_t offset, const char *fmt, ...)
{
	char text[sizeof e->info.damage.text];
	va_list args;

	if (e->info.damage.status)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	sct_fail(&e->info.damage, status, offset, "%s", text);
}

/* ---- segments ------------------------------------------------------------------------------------------------- */

static uint8_t flags_of(const struct elf *e, const GElf_Phdr *p)
{
	if (!e->info.program)
		return SCT_RANGE_WRITE;
	return (uint8_t)((p->p_flags & PF_W ? SCT_RANGE_WRITE : 0) | (p->p_flags & PF_X ? SCT_RANGE_EXEC : 0));
}

/* Adds what the file has of segment p at addr. */
static int add_segment(struct elf *e, const GElf_Phdr *p, uint64_t addr, struct sct_err *err)
{
	struct sct_run run = { addr, p->p_filesz, NULL, flags_of(e, p) };
	uint64_t left = p->p_offset < e->file->size ? e->file->size - p->p_offset : 0;

	e->counts[SEGMENTS].count++;
	if (run.size > left) {
		damage(e, SCT_E_TRUNCATED, e->file->size - left, "a segment of %ju bytes, of which %ju are there",
		       (uintmax_t)run.size, (uintmax_t)left);
		run.size = left;
	}
	if (run.size)
		run.data = e->file->data + p->p_offset;
	if (sct_runs_add(&e->runs, run, err) < 0)
		return err->status;
	if (p->p_memsz <= p->p_filesz)
		return SCT_OK;
	if (e->head.e_type == ET_CORE) {
		e->counts[LEFT_OUT].count += p->p_memsz - p->p_filesz;
		return SCT_OK;
	}
	if (addr + p->p_filesz < addr)
		return SCT_OK;
	run = (struct sct_run){ addr + p->p_filesz, p->p_memsz - p->p_filesz, NULL, run.flags };
	return sct_runs_add(&e->runs, run, err);
}

/* Segment number i; false: there is none of that type. */
static bool segment(const struct elf *e, size_t i, uint32_t type, GElf_Phdr *p)
{
	return gelf_getphdr(e->elf, (int)i, p) && p->p_type == type;
}

/* Whether a segment of a machine lies at no physical address. */
static bool is_nowhere(const struct elf *e, const GElf_Phdr *p)
{
	return p->p_paddr == (e->head.e_ident[EI_CLASS] == ELFCLASS32 ? UINT32_MAX : UINT64_MAX);
}

/* bias: what is to be added to addresses of the file. */
static int add_segments(struct elf *e, uint64_t bias, struct sct_err *err)
{
	GElf_Phdr p;

	for (size_t i = 0; i < e->nsegments; i++) {
		if (!segment(e, i, PT_LOAD, &p) || (!e->info.program && is_nowhere(e, &p)))
			continue;
		if (add_segment(e, &p, e->info.program ? p.p_vaddr + bias : p.p_paddr, err) < 0)
			return err->status;
	}
	if (sct_runs_finish(&e->runs, err) < 0)
		return err->status;
	if (e->runs.overlaps && e->info.program)
		damage(e, SCT_E_FORMAT, SCT_NO_OFFSET, "%ju segments tell of memory that another one tells of",
		       (uintmax_t)e->runs.overlaps);
	e->info.ranges = e->runs.ranges;
	e->info.nranges = e->runs.nranges;
	return SCT_OK;
}

/* ---- what kind of file ---------------------------------------------------------------------------------------- */

static int take_notes(struct elf *e, struct sct_err *err)
{
	uint64_t size = e->file->size;
	GElf_Phdr p;

	e->notes.big = e->head.e_ident[EI_DATA] == ELFDATA2MSB;
	e->notes.arch = e->info.arch;
	for (size_t i = 0; i < e->nsegments; i++) {
		if (!segment(e, i, PT_NOTE, &p))
			continue;
		e->counts[NOTES].count++;
		if (p.p_offset > size || p.p_filesz > size - p.p_offset)
			damage(e, SCT_E_TRUNCATED, p.p_offset, "notes of %ju bytes, which are not there", (uintmax_t)p.p_filesz);
		else if (sct_notes_take(&e->notes, e->file->data + p.p_offset, p.p_filesz, p.p_align == 8 ? 8 : 4, p.p_offset,
		                        err) < 0)
			return err->status;
	}
	if (!e->info.damage.status)
		e->info.damage = e->notes.damage;
	e->info.cpus = e->notes.cpus;
	e->info.ncpus = (unsigned)e->notes.ncpus;
	return SCT_OK;
}

/* Whether a core file that no note tells the origin of is a machine's. Core files of processes have no physical
 * addresses, and no process has memory at address 0. */
static bool has_physical(const struct elf *e)
{
	bool anywhere = false;
	GElf_Phdr p;

	for (size_t i = 0; i < e->nsegments; i++) {
		if (!segment(e, i, PT_LOAD, &p))
			continue;
		if (p.p_paddr)
			return true;
		anywhere |= p.p_vaddr != 0;
	}
	return !anywhere;
}

static int open_core(struct elf *e, bool has_base, struct sct_err *err)
{
	if (has_base)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "a core file says itself where it lies");
	if (take_notes(e, err) < 0)
		return err->status;
	if (e->notes.origin & (SCT_ORIGIN_QEMU | SCT_ORIGIN_KERNEL))
		e->info.program = false;
	else
		e->info.program = e->notes.origin & SCT_ORIGIN_PROCESS || !has_physical(e);
	if (!e->info.program)
		sct_notes_of_kernel(&e->notes);
	if (e->notes.origin & SCT_ORIGIN_QEMU)
		e->info.producer = "QEMU";
	return add_segments(e, 0, err);
}

/* base: where the page begins in which the lowest segment of a shared object does, as /proc/PID/maps has it. */
static int open_program(struct elf *e, bool has_base, uint64_t base, struct sct_err *err)
{
	uint64_t lowest = UINT64_MAX;
	GElf_Phdr p;

	e->info.program = true;
	if (e->head.e_type == ET_EXEC) {
		if (has_base)
			return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "this program says itself where it lies");
		return add_segments(e, 0, err);
	}
	if (!has_base)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET,
		                "a shared object or position-independent program does not say where it lies: give FILE@ADDR");
	for (size_t i = 0; i < e->nsegments; i++)
		if (segment(e, i, PT_LOAD, &p) && p.p_vaddr < lowest)
			lowest = p.p_vaddr;
	return add_segments(e, base - (lowest & ~UINT64_C(0xfff)), err);
}

/* ---- the reader ----------------------------------------------------------------------------------------------- */

static int elf_probe(const struct sct_file *file)
{
	return file->size >= EI_NIDENT && !memcmp(file->data, ELFMAG, SELFMAG) ? 100 : 0;
}

/* The number of program headers as the file says it: where e_phnum has no room for it, section header 0 has (gABI). */
static uint64_t promised_segments(struct elf *e)
{
	GElf_Shdr first;
	Elf_Scn *section;

	if (e->head.e_phnum != PN_XNUM)
		return e->head.e_phnum;
	section = elf_getscn(e->elf, 0);
	return section && gelf_getshdr(section, &first) ? first.sh_info : PN_XNUM;
}

/* The architecture by the file's header. */
static void find_arch(struct elf *e)
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

static int open_elf(struct elf *e, struct sct_err *err)
{
	uint64_t promised;

	elf_version(EV_CURRENT);
	/* it is only read: the mapping may be read-only */
	e->elf = elf_memory((char *)e->file->data, e->file->size);
	if (!e->elf || elf_kind(e->elf) != ELF_K_ELF || !gelf_getehdr(e->elf, &e->head))
		return sct_fail(err, SCT_E_FORMAT, 0, "not a sound ELF file: %s",
		                e->elf ? elf_errmsg(-1) : "its header is damaged");
	promised = promised_segments(e);
	if (elf_getphdrnum(e->elf, &e->nsegments) < 0)
		return sct_fail(err, SCT_E_TRUNCATED, e->head.e_phoff, "its program headers: %s", elf_errmsg(-1));
	if (e->nsegments < promised)
		damage(e, SCT_E_TRUNCATED, e->head.e_phoff, "%ju program headers, of which %zu are there", (uintmax_t)promised,
		       e->nsegments);
	if (!e->nsegments)
		return sct_fail(err, SCT_E_FORMAT, 0, "an ELF file without segments");
	find_arch(e);
	return SCT_OK;
}

static int elf_open(void *state, const struct sct_file *file, bool has_base, uint64_t base, struct sct_err *err)
{
	struct elf *e = state;

	if (!elf_probe(file))
		return sct_fail(err, SCT_E_FORMAT, 0, "not an ELF file");
	e->file = file;
	e->info.format = "elf";
	e->info.counts = e->counts;
	e->counts[SEGMENTS].name = "segments";
	e->counts[NOTES].name = "note segments";
	e->counts[LEFT_OUT].name = "bytes left out";
	if (open_elf(e, err) < 0)
		return err->status;
	switch (e->head.e_type) {
	case ET_CORE: return open_core(e, has_base, err);
	case ET_EXEC:
	case ET_DYN: return open_program(e, has_base, base, err);
	default:
		return sct_fail(err, SCT_E_UNSUPPORTED, 16, "an ELF file of type %u, which has no addresses", e->head.e_type);
	}
}

static const struct sct_snapshot_info *elf_info(void *state)
{
	return &((struct elf *)state)->info;
}

static size_t elf_read(void *state, uint64_t addr, void *buf, size_t len)
{
	return sct_runs_read(&((struct elf *)state)->runs, addr, buf, len);
}

static void elf_close(void *state)
{
	struct elf *e = state;

	elf_end(e->elf);
	sct_notes_free(&e->notes);
	sct_runs_free(&e->runs);
}

const struct sct_snapshot_ops sct_mem_elf = {
	.name = "elf",
	.summary = "ELF: dump-guest-memory, vmcore, core files of processes, programs and libraries as code",
	.state_size = sizeof(struct elf),
	.probe = elf_probe,
	.open = elf_open,
	.info = elf_info,
	.read = elf_read,
	.close = elf_close,
};
