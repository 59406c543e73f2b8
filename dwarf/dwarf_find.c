/* Debug files beside the file that they belong to.
 * In:  an ELF file, its build id, .gnu_debuglink, names of split units
 * Out: those files, open
 */
#include "dwarf_find.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "elf_symbols.h"
#include "elf_section.h"

#define DEBUG_FOLDER "/usr/lib/debug"

enum { LINK_MAX_BYTES = 1024 }; /* of a name in .gnu_debuglink */

bool sct_dwarf_path(const struct sct_file *file, char path[SCT_DWARF_PATH])
{
	char link[64];
	ssize_t size;

	if (file->fd < 0 || file->unpacked)
		return false;
	snprintf(link, sizeof link, "/proc/self/fd/%d", file->fd);
	size = readlink(link, path, SCT_DWARF_PATH - 1);
	if (size <= 0 || *path != '/')
		return false;
	path[size] = '\0';
	return true;
}

/* Whether a regular file is there: the names come out of files that nobody vouches for. */
static bool is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, R_OK);
}

static bool folder_of(const struct sct_file *file, char folder[SCT_DWARF_PATH])
{
	if (!sct_dwarf_path(file, folder))
		return false;
	*strrchr(folder, '/') = '\0';
	return true;
}

/* ---- separate debug files ----------------------------------------------------------------------------------- */

/* .gnu_debuglink: a name, its NUL, padding to 4 bytes, the CRC of that file in the machine's byte order. */
static bool debug_link(const struct sct_file *file, const char **name, uint32_t *crc)
{
	struct sct_elf_section s;
	size_t length;
	uint32_t v;

	if (!sct_elf_section(file, ".gnu_debuglink", &s) || s.size < 8 || s.size > LINK_MAX_BYTES)
		return false;
	*name = (const char *)file->data + s.offset;
	length = strnlen(*name, s.size);
	if (!length || memchr(*name, '/', length) || ((length + 4) & ~(size_t)3) + 4 > s.size)
		return false;
	memcpy(&v, *name + ((length + 4) & ~(size_t)3), 4);
	*crc = file->data[5] == 2 ? be32toh(v) : le32toh(v); /* EI_DATA: ELFDATA2MSB */
	return true;
}

static bool same_crc(const struct sct_file *file, uint32_t crc)
{
	return crc32_z(0, file->data, file->size) == crc;
}

/* Opens path where it is the debug file of a file with this build id, or (without one) with this CRC. */
static bool take(const char *path, const uint8_t *id, uint32_t id_size, const uint32_t *crc, struct sct_file *found)
{
	uint8_t its[SCT_BUILD_ID];
	struct sct_err ignored;
	bool fits;

	if (!is_file(path) || sct_file_open(found, path, &ignored) < 0)
		return false;
	fits = id_size ? sct_elf_build_id(found, its) == id_size && !memcmp(its, id, id_size) :
	                 crc && same_crc(found, *crc);
	if (!fits)
		sct_file_close(found);
	return fits;
}

static void path_by_build_id(const uint8_t *id, uint32_t size, char path[SCT_DWARF_PATH])
{
	int at = snprintf(path, SCT_DWARF_PATH, DEBUG_FOLDER "/.build-id/%02x/", id[0]);

	for (uint32_t i = 1; i < size; i++)
		at += snprintf(path + at, SCT_DWARF_PATH - (size_t)at, "%02x", id[i]);
	snprintf(path + at, SCT_DWARF_PATH - (size_t)at, ".debug");
}

int sct_dwarf_find_separate(const struct sct_file *file, struct sct_file *found, struct sct_err *err)
{
	static const char *const places[] = { "%s/%s", "%s/.debug/%s", DEBUG_FOLDER "%s/%s" };
	char path[SCT_DWARF_PATH], folder[SCT_DWARF_PATH];
	uint8_t id[SCT_BUILD_ID];
	uint32_t id_size = (uint32_t)sct_elf_build_id(file, id), crc = 0;
	const char *name = NULL;
	bool linked = debug_link(file, &name, &crc);

	if (id_size > 1) {
		path_by_build_id(id, id_size, path);
		if (take(path, id, id_size, NULL, found))
			return 1;
		sct_fail(err, SCT_E_FORMAT, SCT_NO_OFFSET, "no DWARF in it, and %.200s does not have it", path);
	} else {
		sct_fail(err, SCT_E_FORMAT, SCT_NO_OFFSET, "no DWARF in it");
	}
	for (size_t i = 0; linked && folder_of(file, folder) && i < sizeof places / sizeof *places; i++)
		if (snprintf(path, sizeof path, places[i], folder, name) < (int)sizeof path &&
		    take(path, id, id_size, &crc, found))
			return 1;
	if (linked)
		sct_fail(err, SCT_E_FORMAT, SCT_NO_OFFSET, "no DWARF in it, and no file %.100s that belongs to it beside it, "
			"in .debug there or in " DEBUG_FOLDER, name);
	return 0;
}

/* ---- split units -------------------------------------------------------------------------------------------- */

int sct_dwarf_find_split(const struct sct_file *file, const char *folder, const char *name, struct sct_file *found,
                         struct sct_err *err)
{
	char beside[SCT_DWARF_PATH], path[SCT_DWARF_PATH];
	const char *last = strrchr(name, '/');

	last = last ? last + 1 : name;
	snprintf(path, sizeof path, "%s%s%s", *name == '/' ? "" : folder ? folder : ".", *name == '/' ? "" : "/", name);
	if (is_file(path))
		return sct_file_open(found, path, err);
	if (folder_of(file, beside)) {
		if (snprintf(path, sizeof path, "%s/%s", beside, name) < (int)sizeof path && is_file(path))
			return sct_file_open(found, path, err);
		if (snprintf(path, sizeof path, "%s/%s", beside, last) < (int)sizeof path && is_file(path))
			return sct_file_open(found, path, err);
	}
	return sct_fail(err, SCT_E_IO, SCT_NO_OFFSET, "its types are in %.200s, which is neither where it was compiled nor "
		"beside it", name);
}

int sct_dwarf_find_package(const struct sct_file *file, struct sct_file *found)
{
	char own[SCT_DWARF_PATH], path[SCT_DWARF_PATH];
	struct sct_err ignored;

	if (!sct_dwarf_path(file, own) || snprintf(path, sizeof path, "%s.dwp", own) >= (int)sizeof path)
		return 0;
	return is_file(path) && sct_file_open(found, path, &ignored) >= 0;
}
