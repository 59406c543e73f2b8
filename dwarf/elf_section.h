/* Where a section lies in an ELF file. */
#ifndef SCT_ELF_SECTION_H
#define SCT_ELF_SECTION_H

#include <gelf.h>

#include "../formats/formats.h"

struct sct_elf_section {
	uint64_t offset, size; /* within the file */
	uint8_t pointer_size;  /* of the file's class: 4 or 8 bytes */
};

bool sct_is_elf(const struct sct_file *file);
/* Whether the section has bytes, and all of them lie in the file. */
bool sct_elf_in_file(const struct sct_file *file, const GElf_Shdr *head);
/* The first section of this name that has bytes in the file. False: there is none, or it does not lie in the file. */
bool sct_elf_section(const struct sct_file *file, const char *name, struct sct_elf_section *section);

#endif
