/* Relocations of debug sections in object files, kernel modules above all.
 * In:  SHT_REL and SHT_RELA sections; the values of symbols
 * Out: offsets and addresses in a copy of a section
 *
 * Linked files keep relocations, too (kernels do, for KASLR), but theirs are applied already.
 */
#include "dwarf_file.h"

#include <string.h>

#include "elf_section.h"

/* What a linker adds for debug sections: the symbol's value and the addend (the ABI supplements of each machine). */
static const struct kind {
	uint16_t machine;
	uint16_t type;
	uint8_t bytes; /* that are written; 0: nothing has to be done */
} kinds[] = {
	{ EM_X86_64, R_X86_64_NONE, 0 }, { EM_X86_64, R_X86_64_64, 8 }, { EM_X86_64, R_X86_64_32, 4 },
	{ EM_X86_64, R_X86_64_32S, 4 }, { EM_X86_64, R_X86_64_DTPOFF64, 8 }, { EM_X86_64, R_X86_64_DTPOFF32, 4 },
	{ EM_386, R_386_NONE, 0 }, { EM_386, R_386_32, 4 }, { EM_386, R_386_TLS_LDO_32, 4 },
	{ EM_AARCH64, R_AARCH64_NONE, 0 }, { EM_AARCH64, R_AARCH64_ABS64, 8 }, { EM_AARCH64, R_AARCH64_ABS32, 4 },
	{ EM_AARCH64, R_AARCH64_TLS_DTPREL, 8 },
	{ EM_ARM, R_ARM_NONE, 0 }, { EM_ARM, R_ARM_ABS32, 4 }, { EM_ARM, R_ARM_TLS_LDO32, 4 },
	{ EM_MIPS, R_MIPS_NONE, 0 }, { EM_MIPS, R_MIPS_32, 4 }, { EM_MIPS, R_MIPS_TLS_DTPREL32, 4 },
	{ EM_PPC, R_PPC_NONE, 0 }, { EM_PPC, R_PPC_ADDR32, 4 }, { EM_PPC, R_PPC_DTPREL32, 4 },
	{ EM_PPC64, R_PPC64_NONE, 0 }, { EM_PPC64, R_PPC64_ADDR32, 4 }, { EM_PPC64, R_PPC64_ADDR64, 8 },
	{ EM_PPC64, R_PPC64_DTPREL64, 8 },
	{ EM_S390, R_390_NONE, 0 }, { EM_S390, R_390_32, 4 }, { EM_S390, R_390_64, 8 },
	{ EM_S390, R_390_TLS_LDO32, 4 }, { EM_S390, R_390_TLS_LDO64, 8 },
};

static const struct kind *kind_of(const struct sct_dwarf_file *f, uint64_t type)
{
	/* these have three types in one, in a form of their own */
	if (f->head.e_machine == EM_MIPS && f->pointer_size == 8)
		return NULL;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].machine == f->head.e_machine && kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

/* The relocation section for this one that comes next behind scn, or NULL. */
static Elf_Scn *next(const struct sct_dwarf_file *f, const struct sct_dwarf_section *s, Elf_Scn *scn, GElf_Shdr *head)
{
	while ((scn = elf_nextscn(f->elf, scn)))
		if (gelf_getshdr(scn, head) && (head->sh_type == SHT_REL || head->sh_type == SHT_RELA) &&
		    head->sh_info == s->index)
			return scn;
	return NULL;
}

bool sct_dwarf_needs_relocation(const struct sct_dwarf_file *f, const struct sct_dwarf_section *section)
{
	GElf_Shdr head;

	return f->head.e_type == ET_REL && next(f, section, NULL, &head);
}

static uint64_t read_number(const struct sct_dwarf_file *f, const uint8_t *at, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v |= (uint64_t)at[f->big_endian ? bytes - 1 - i : i] << 8 * i;
	return v;
}

static void write_number(const struct sct_dwarf_file *f, uint8_t *at, unsigned bytes, uint64_t v)
{
	for (unsigned i = 0; i < bytes; i++)
		at[f->big_endian ? bytes - 1 - i : i] = (uint8_t)(v >> 8 * i);
}

/* The i-th relocation; one without an addend has it where it is to be added. */
static bool take(Elf_Data *table, bool has_addend, int i, GElf_Rela *r)
{
	GElf_Rel without;

	if (has_addend)
		return gelf_getrela(table, i, r);
	if (!gelf_getrel(table, i, &without))
		return false;
	*r = (GElf_Rela){ without.r_offset, without.r_info, 0 };
	return true;
}

static int apply(const struct sct_dwarf_file *f, const struct sct_dwarf_section *s, uint8_t *data,
                 const GElf_Rela *r, bool has_addend, Elf_Data *symbols, struct sct_err *err)
{
	const struct kind *kind = kind_of(f, GELF_R_TYPE(r->r_info));
	GElf_Sym symbol = { 0 };
	uint64_t v;

	if (!kind)
		return sct_fail(err, SCT_E_UNSUPPORTED, s->head.sh_offset, "the section %s has relocations of type %u of "
			"machine %u, which are not known", s->name, (unsigned)GELF_R_TYPE(r->r_info), (unsigned)f->head.e_machine);
	if (r->r_offset > s->size || kind->bytes > s->size - r->r_offset)
		return sct_fail(err, SCT_E_FORMAT, s->head.sh_offset, "the section %s has a relocation behind its end",
			s->name);
	if (GELF_R_SYM(r->r_info) && (!symbols || !gelf_getsym(symbols, (int)GELF_R_SYM(r->r_info), &symbol)))
		return sct_fail(err, SCT_E_FORMAT, s->head.sh_offset, "the section %s has a relocation by a symbol that there "
			"is not", s->name);
	v = has_addend ? (uint64_t)r->r_addend : read_number(f, data + r->r_offset, kind->bytes);
	write_number(f, data + r->r_offset, kind->bytes, v + symbol.st_value);
	return SCT_OK;
}

/* A table's entries; NULL: they do not lie in the file, or are not of their size. */
static Elf_Data *entries(const struct sct_dwarf_file *f, Elf_Scn *scn)
{
	GElf_Shdr head;

	if (!scn || !gelf_getshdr(scn, &head) || !sct_elf_in_file(f->file, &head))
		return NULL;
	return elf_getdata(scn, NULL);
}

static int apply_table(const struct sct_dwarf_file *f, const struct sct_dwarf_section *s, uint8_t *data, Elf_Scn *scn,
                       const GElf_Shdr *head, struct sct_err *err)
{
	Elf_Data *table = entries(f, scn), *symbols = entries(f, elf_getscn(f->elf, head->sh_link));
	bool has_addend = head->sh_type == SHT_RELA;
	GElf_Rela r;

	if (!table)
		return sct_fail(err, SCT_E_FORMAT, head->sh_offset, "the relocations of the section %s are not all there",
			s->name);
	for (int i = 0; take(table, has_addend, i, &r); i++)
		if (apply(f, s, data, &r, has_addend, symbols, err) < 0)
			return err->status;
	return SCT_OK;
}

int sct_dwarf_relocate(const struct sct_dwarf_file *f, const struct sct_dwarf_section *section, uint8_t *data,
                       struct sct_err *err)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr head;

	while ((scn = next(f, section, scn, &head)))
		if (apply_table(f, section, data, scn, &head, err) < 0)
			return err->status;
	return SCT_OK;
}
