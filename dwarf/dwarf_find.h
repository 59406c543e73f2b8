/* Where DWARF lies when it is not in the file itself. */
#ifndef SCT_DWARF_FIND_H
#define SCT_DWARF_FIND_H

#include "../formats/formats.h"

enum { SCT_DWARF_PATH = 4096 };

/* Where the file lies, with no symbolic links in it. False: nowhere (a pipe, a compressed file). */
bool sct_dwarf_path(const struct sct_file *file, char path[SCT_DWARF_PATH]);

/* Opens the debug file that belongs to an ELF file, where gdb looks for it ("Debugging Information in Separate Files"):
 * /usr/lib/debug/.build-id/ by the build id; by the name in .gnu_debuglink beside the file, in .debug/ there, and in
 * /usr/lib/debug/ under the file's folder. 1: found; 0: there is none that fits, and *err says where it was looked for;
 * nothing else fails. */
int sct_dwarf_find_separate(const struct sct_file *file, struct sct_file *found, struct sct_err *err);

/* Opens the file that a unit was split into: where its compiler put it (folder and name), or beside the file. SCT_E_IO:
 * it is not there. */
int sct_dwarf_find_split(const struct sct_file *file, const char *folder, const char *name, struct sct_file *found,
                         struct sct_err *err);
/* Opens the file that all split units are packed into: FILE.dwp. 1, or 0: there is none. */
int sct_dwarf_find_package(const struct sct_file *file, struct sct_file *found);

#endif
