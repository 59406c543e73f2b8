/* Where a section lies in an ELF file.
 * In:  a file, a section's name
 * Out: its place
 */
#include "elf_section.h"

#include <string.h>

bool sct_is_elf(const struct sct_file *file)
{
	return file->size >= EI_NIDENT && !memcmp(file->data, ELFMAG, SELFMAG);
}

bool sct_elf_in_file(const struct sct_file *file, const GElf_Shdr *head)
{
	return head->sh_type != SHT_NOBITS && head->sh_offset <= file->size &&
	       head->sh_size <= file->size - head->sh_offset;
}

static bool find(Elf *elf, const char *name, GElf_Shdr *head)
{
	Elf_Scn *scn = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return false;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *its = gelf_getshdr(scn, head) ? elf_strptr(elf, names, head->sh_name) : NULL;

		if (its && !strcmp(its, name))
			return true;
	}
	return false;
}

bool sct_elf_section(const struct sct_file *file, const char *name, struct sct_elf_section *section)
{
	GElf_Shdr head;
	Elf *elf;
	bool found;

	elf_version(EV_CURRENT);
	elf = elf_memory((char *)file->data, file->size); /* which it only reads: the file is mapped read-only */
	found = elf && find(elf, name, &head) && sct_elf_in_file(file, &head);
	elf_end(elf);
	if (found)
		*section = (struct sct_elf_section){ head.sh_offset, head.sh_size, file->data[EI_CLASS] == ELFCLASS32 ? 4 : 8 };
	return found;
}
