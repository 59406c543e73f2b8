/* An ELF file as libdwarf reads it: its debug sections, unpacked and relocated. */
#ifndef SCT_DWARF_FILE_H
#define SCT_DWARF_FILE_H

#include <gelf.h>
#include <libdwarf/dwarf.h>
#include <libdwarf/libdwarf.h>

#include "../formats/formats.h"

struct sct_dwarf_section {
	const char *name;    /* as libdwarf knows it: ".debug_info" */
	const uint8_t *data; /* NULL: not loaded yet */
	uint64_t size;       /* of what it unpacks to */
	uint8_t *own;        /* the copy that was unpacked or relocated; NULL: data lies in the file */
	GElf_Shdr head;
	size_t index;        /* in the ELF file */
	bool old_packed;     /* .zdebug_: "ZLIB" and a size stand before what is packed */
};

enum { SCT_DWARF_SECTIONS = 16 };

struct sct_dwarf_file {
	char kind; /* libdwarf takes the first byte of this struct for a letter that says whose struct it is: 0, nobody's */
	const struct sct_file *file;
	Elf *elf;
	GElf_Ehdr head;
	bool big_endian;
	uint8_t pointer_size;
	bool split; /* its sections end in .dwo */
	struct sct_dwarf_section sections[SCT_DWARF_SECTIONS];
	unsigned count;
	Dwarf_Debug debug;         /* NULL: not open */
	Dwarf_Obj_Access_Interface access;
	struct sct_err load_error; /* why a section could not be loaded; status 0: none failed */
};

/* Finds the debug sections; file outlives f. False: it is no ELF file, or there is no .debug_info (or .debug_info.dwo)
 * with bytes in it. To be closed in either case. */
bool sct_dwarf_file_find(struct sct_dwarf_file *f, const struct sct_file *file);
/* Opens what was found with libdwarf. SCT_E_FORMAT, SCT_E_TRUNCATED: damage; SCT_E_UNSUPPORTED: compressed or
 * relocated in a way that is not known. */
int sct_dwarf_file_open(struct sct_dwarf_file *f, struct sct_err *err);
void sct_dwarf_file_close(struct sct_dwarf_file *f);

/* The file's byte at an offset of .debug_info (or .debug_types); SCT_NO_OFFSET: it was unpacked from there. */
uint64_t sct_dwarf_file_offset(const struct sct_dwarf_file *f, const char *section, uint64_t offset);

/* Adds the relocations of an object file to a copy of the section's bytes. SCT_E_UNSUPPORTED: a kind of relocation that
 * is not known; SCT_E_FORMAT: one that lies outside. */
int sct_dwarf_relocate(const struct sct_dwarf_file *f, const struct sct_dwarf_section *section, uint8_t *data,
                       struct sct_err *err);
/* Whether there are relocations to be added. */
bool sct_dwarf_needs_relocation(const struct sct_dwarf_file *f, const struct sct_dwarf_section *section);

#endif
