/* What every ELF file tells beside its types: where symbols are, and which kernel it is. */
#ifndef SCT_ELF_SYMBOLS_H
#define SCT_ELF_SYMBOLS_H

#include "../formats/formats.h"
#include "types.h"

enum { SCT_BUILD_ID = 32 }; /* the most bytes of a build id that are kept: of those in use, SHA-256's */

/* Adds the symbols of .symtab with their addresses, and notes build id and banner where the file is a kernel. Object
 * files and modules have no addresses, and only the identity of their own: nothing is added. A file without symbols is
 * no error. SCT_E_FORMAT: the table is damaged; SCT_E_USAGE: the file is of another kernel than those before. */
int sct_elf_symbols(struct sct_types *db, const struct sct_file *file, struct sct_err *err);

/* The build id that the file's notes have; returns its bytes, 0: there is none. */
size_t sct_elf_build_id(const struct sct_file *file, uint8_t id[SCT_BUILD_ID]);

#endif
