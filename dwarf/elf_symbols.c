/* Symbols of an ELF file with their addresses, its build id, and a kernel's banner.
 * In:  an ELF file
 * Out: symbols in the database; which kernel it is of
 */
#include "elf_symbols.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "elf_section.h"

enum {
	BANNER_MAX = 1024, /* bytes of "Linux version ...", NUL included */
	NAMES_MOST = 4,    /* times the bytes of a table and of its names that the symbols' names take, which may overlap */
};

static const char BANNER[] = "Linux version ";

struct elf {
	const struct sct_file *file;
	Elf *elf;
	GElf_Ehdr head;
};

static bool open_elf(struct elf *e, const struct sct_file *file)
{
	*e = (struct elf){ .file = file };
	if (!sct_is_elf(file))
		return false;
	elf_version(EV_CURRENT);
	e->elf = elf_memory((char *)file->data, file->size); /* which it only reads: the file is mapped read-only */
	if (e->elf && elf_kind(e->elf) == ELF_K_ELF && gelf_getehdr(e->elf, &e->head))
		return true;
	elf_end(e->elf);
	return false;
}

/* The next section of this type that lies in the file, behind scn. */
static Elf_Scn *next_of_type(const struct elf *e, Elf_Scn *scn, uint32_t type, GElf_Shdr *head)
{
	while ((scn = elf_nextscn(e->elf, scn)))
		if (gelf_getshdr(scn, head) && head->sh_type == type && sct_elf_in_file(e->file, head))
			return scn;
	return NULL;
}

/* ---- build id ----------------------------------------------------------------------------------------------- */

static size_t build_id(const struct elf *e, uint8_t id[SCT_BUILD_ID])
{
	Elf_Scn *scn = NULL;
	GElf_Shdr head;

	while ((scn = next_of_type(e, scn, SHT_NOTE, &head))) {
		Elf_Data *data = elf_getdata(scn, NULL);
		size_t at = 0, name, desc;
		GElf_Nhdr note;

		while (data && data->d_buf && (at = gelf_getnote(data, at, &note, &name, &desc))) {
			const char *bytes = data->d_buf;

			if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 || memcmp(bytes + name, "GNU", 4) ||
			    !note.n_descsz || note.n_descsz > SCT_BUILD_ID)
				continue;
			memcpy(id, bytes + desc, note.n_descsz);
			return note.n_descsz;
		}
	}
	return 0;
}

size_t sct_elf_build_id(const struct sct_file *file, uint8_t id[SCT_BUILD_ID])
{
	struct elf e;
	size_t size;

	if (!open_elf(&e, file))
		return 0;
	size = build_id(&e, id);
	elf_end(e.elf);
	return size;
}

/* ---- banner ------------------------------------------------------------------------------------------------- */

/* The text at a place of the file, where it is a banner. */
static bool banner_at(const struct elf *e, uint64_t at, char banner[BANNER_MAX])
{
	const char *text = (const char *)e->file->data + at;
	uint64_t left = at < e->file->size ? e->file->size - at : 0;
	size_t len = strnlen(text, left < BANNER_MAX ? left : BANNER_MAX);

	if (len == left || len == BANNER_MAX || strncmp(text, BANNER, sizeof BANNER - 1))
		return false;
	memcpy(banner, text, len + 1);
	return true;
}

static bool banner_by_address(const struct elf *e, uint64_t address, char banner[BANNER_MAX])
{
	Elf_Scn *scn = NULL;
	GElf_Shdr head;

	while ((scn = next_of_type(e, scn, SHT_PROGBITS, &head)))
		if (head.sh_flags & SHF_ALLOC && address >= head.sh_addr && address - head.sh_addr < head.sh_size)
			return banner_at(e, head.sh_offset + (address - head.sh_addr), banner);
	return false;
}

/* Whether a banner tells which build it is of: "#1 SMP". The weak one of init/version.c, for which the one of
 * init/version-timestamp.c stands in, has no number. */
static bool is_of_a_build(const char *banner)
{
	const char *build = strstr(banner, " #");

	return build && build[2] >= '0' && build[2] <= '9';
}

/* A kernel without symbols has its banner among its constants all the same. */
static bool banner_in_constants(const struct elf *e, char banner[BANNER_MAX])
{
	struct sct_elf_section section;
	const uint8_t *at, *end;

	if (!sct_elf_section(e->file, ".rodata", &section))
		return false;
	at = e->file->data + section.offset;
	for (end = at + section.size; (at = memmem(at, (size_t)(end - at), BANNER, sizeof BANNER - 1)); at++)
		if (banner_at(e, (uint64_t)(at - e->file->data), banner) && is_of_a_build(banner))
			return true;
	return false;
}

/* ---- symbols ------------------------------------------------------------------------------------------------ */

/* Functions and variables; what is absolute is a constant, what is undefined lies elsewhere; what has no type is a
 * place in assembler code or a table, and only worth a name where other files know it by that (a kernel has more of
 * them than of variables); names that assemblers make up begin in a way that C's cannot (mapping symbols of Arm, local
 * labels). */
static bool has_place(const GElf_Sym *s, const char *name)
{
	unsigned type = GELF_ST_TYPE(s->st_info);

	return s->st_value && s->st_shndx != SHN_UNDEF && s->st_shndx != SHN_ABS && *name && *name != '$' && *name != '.' &&
	       (type == STT_FUNC || type == STT_OBJECT || type == STT_GNU_IFUNC ||
	        (type == STT_NOTYPE && GELF_ST_BIND(s->st_info) != STB_LOCAL));
}

/* left: bytes that names may still take, or a small table could have all memory filled. */
static int add_symbol(struct sct_types *db, const char *name, uint64_t address, uint64_t *left, struct sct_err *err)
{
	size_t size = strlen(name) + 1;
	uint32_t at;

	if (size > *left)
		return sct_fail(err, SCT_E_FORMAT, SCT_NO_OFFSET, "ELF: the symbols' names are together longer than %d times "
			"their tables", NAMES_MOST);
	*left -= size;
	at = sct_types_add_name(db, name);
	if (at == SCT_NO_TYPE)
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "more than 4 GiB of names");
	sct_types_add_symbol(db, at, SCT_NO_TYPE, &address);
	return SCT_OK;
}

/* *banner: the address of linux_banner, where there is one. */
static int add_symbols(struct sct_types *db, const struct elf *e, Elf_Scn *scn, const GElf_Shdr *head,
                       uint64_t *banner, struct sct_err *err)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	GElf_Shdr strings;
	GElf_Sym s;
	uint64_t left;

	if (!data || !gelf_getshdr(elf_getscn(e->elf, head->sh_link), &strings) || !sct_elf_in_file(e->file, &strings))
		return sct_fail(err, SCT_E_FORMAT, head->sh_offset, "ELF: the table of symbols cannot be read");
	left = NAMES_MOST * (head->sh_size + strings.sh_size);
	sct_types_expect_symbols(db, (uint32_t)(data->d_size / sizeof(Elf64_Sym)));
	for (int i = 1; gelf_getsym(data, i, &s); i++) {
		const char *name = elf_strptr(e->elf, head->sh_link, s.st_name);

		if (!name)
			return sct_fail(err, SCT_E_FORMAT, head->sh_offset + (uint64_t)i * head->sh_entsize,
				"ELF: a symbol's name lies outside of the table of names");
		if (!has_place(&s, name))
			continue;
		if (add_symbol(db, name, s.st_value, &left, err) < 0)
			return err->status;
		if (!strcmp(name, "linux_banner"))
			*banner = s.st_value;
	}
	return SCT_OK;
}

static int symbols_and_identity(struct sct_types *db, const struct elf *e, struct sct_err *err)
{
	char banner[BANNER_MAX];
	uint8_t id[SCT_BUILD_ID];
	uint64_t address = 0;
	GElf_Shdr head;
	Elf_Scn *scn = next_of_type(e, NULL, SHT_SYMTAB, &head);
	bool has_banner;

	if (scn && add_symbols(db, e, scn, &head, &address, err) < 0)
		return err->status;
	has_banner = address ? banner_by_address(e, address, banner) : banner_in_constants(e, banner);
	if (!address && !has_banner) /* no kernel */
		return SCT_OK;
	return sct_types_identity(db, id, build_id(e, id), has_banner ? banner : NULL, err);
}

int sct_elf_symbols(struct sct_types *db, const struct sct_file *file, struct sct_err *err)
{
	struct elf e;
	int rc = SCT_OK;

	if (!open_elf(&e, file))
		return sct_fail(err, SCT_E_FORMAT, 0, "ELF: no header that can be read");
	if (e.head.e_type == ET_EXEC || e.head.e_type == ET_DYN)
		rc = symbols_and_identity(db, &e, err);
	elf_end(e.elf);
	return rc;
}
