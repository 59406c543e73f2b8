/* Debug sections of an ELF file, handed to libdwarf when it asks for them.
 * In:  an ELF file of either class and byte order; sections that are compressed (SHF_COMPRESSED with zlib or zstd,
 *      .zdebug_), that have relocations, or that are split off (.dwo)
 * Out: an open Dwarf_Debug
 *
 * libdwarf gets only the sections that types are in, and each of them whole and checked against the file: its own
 * reader of ELF asks for as much memory as a damaged header says.
 */
#include "dwarf_file.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "elf_section.h"

enum {
	ZLIB_MOST = 1100,  /* times that zlib can make bytes fewer (zlib's zlib_tech.html says 1032) */
	ZSTD_MOST = 50000, /* the same for zstd: 128 KiB of one byte become 4 bytes and a header (RFC 8878) */
	OLD_HEADER = 12,   /* of .zdebug_: "ZLIB", 8 bytes of size, big-endian */
	PADDING = 16,      /* bytes of 0 behind a copy, so that a string always ends */
};

static const char *const wanted[] = {
	".debug_info", ".debug_abbrev", ".debug_str", ".debug_line_str", ".debug_str_offsets", ".debug_types",
	".debug_cu_index", ".debug_tu_index", ".debug_addr", /* the last is only asked for when a unit is opened */
};

static bool is_wanted(const char *name, bool *split, bool *old_packed)
{
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		size_t len = strlen(wanted[i]);

		*old_packed = !strncmp(name, ".z", 2);
		if (strncmp(name + 1 + *old_packed, wanted[i] + 1, len - 1))
			continue;
		*split = !strcmp(name + len + *old_packed, ".dwo");
		if (!name[len + *old_packed] || *split)
			return true;
	}
	return false;
}

static const struct sct_dwarf_section *by_name(const struct sct_dwarf_file *f, const char *name)
{
	for (unsigned i = 1; i < f->count; i++)
		if (!strcmp(f->sections[i].name, name))
			return &f->sections[i];
	return NULL;
}

/* ---- sizes -------------------------------------------------------------------------------------------------- */

static uint64_t big_endian_64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return be64toh(v);
}

/* How large the section is when unpacked; false: its header is not all there. */
static bool unpacked_size(const struct sct_dwarf_file *f, struct sct_dwarf_section *s, Elf_Scn *scn)
{
	const uint8_t *raw = f->file->data + s->head.sh_offset;
	GElf_Chdr packed;

	s->size = s->head.sh_size;
	if (s->old_packed) {
		if (s->head.sh_size < OLD_HEADER || memcmp(raw, "ZLIB", 4))
			return false;
		s->size = big_endian_64(raw + 4);
	} else if (s->head.sh_flags & SHF_COMPRESSED) {
		if (!gelf_getchdr(scn, &packed))
			return false;
		s->size = packed.ch_size;
	}
	return s->size > 0;
}

/* ---- finding ------------------------------------------------------------------------------------------------ */

static void add_section(struct sct_dwarf_file *f, Elf_Scn *scn, const char *name, const GElf_Shdr *head)
{
	struct sct_dwarf_section *s = &f->sections[f->count];
	bool split;

	*s = (struct sct_dwarf_section){ .head = *head, .index = elf_ndxscn(scn) };
	if (!is_wanted(name, &split, &s->old_packed) || !sct_elf_in_file(f->file, head) || !unpacked_size(f, s, scn))
		return;
	s->name = s->old_packed ? name + 1 : name; /* "zdebug_info", to become ".debug_info" */
	for (size_t i = 0; s->old_packed && i < sizeof wanted / sizeof *wanted; i++)
		if (!strcmp(name + 2, wanted[i] + 1))
			s->name = wanted[i];
	f->split |= split && !strncmp(name + 1 + s->old_packed, "debug_info", 10);
	if (!by_name(f, s->name))
		f->count++;
	else if (!f->load_error.status)
		sct_fail(&f->load_error, SCT_E_UNSUPPORTED, head->sh_offset, "it has several sections %s, one for each type, "
			"which only a linked file has in one", s->name);
}

static void find_sections(struct sct_dwarf_file *f)
{
	Elf_Scn *scn = NULL;
	size_t names;

	if (elf_getshdrstrndx(f->elf, &names) < 0)
		return;
	while ((scn = elf_nextscn(f->elf, scn)) && f->count < SCT_DWARF_SECTIONS) {
		GElf_Shdr head;
		const char *name = gelf_getshdr(scn, &head) ? elf_strptr(f->elf, names, head.sh_name) : NULL;

		if (name)
			add_section(f, scn, name, &head);
	}
}

bool sct_dwarf_file_find(struct sct_dwarf_file *f, const struct sct_file *file)
{
	*f = (struct sct_dwarf_file){ .file = file };
	f->sections[0].name = ""; /* ELF's first section is none, and libdwarf counts on it */
	f->count = 1;
	elf_version(EV_CURRENT);
	f->elf = elf_memory((char *)file->data, file->size); /* which it only reads: the file is mapped read-only */
	if (!f->elf || elf_kind(f->elf) != ELF_K_ELF || !gelf_getehdr(f->elf, &f->head))
		return false;
	f->big_endian = f->head.e_ident[EI_DATA] == ELFDATA2MSB;
	f->pointer_size = f->head.e_ident[EI_CLASS] == ELFCLASS32 ? 4 : 8;
	find_sections(f);
	return by_name(f, f->split ? ".debug_info.dwo" : ".debug_info");
}

/* ---- loading ------------------------------------------------------------------------------------------------ */

static int packed_badly(struct sct_err *err, const struct sct_dwarf_section *s)
{
	return sct_fail(err, SCT_E_FORMAT, s->head.sh_offset, "the section %s does not unpack to its size", s->name);
}

static int unpack_zlib(const struct sct_dwarf_section *s, const uint8_t *from, uint64_t size, struct sct_err *err)
{
	uLongf done = s->size;

	return uncompress(s->own, &done, from, size) == Z_OK && done == s->size ? SCT_OK : packed_badly(err, s);
}

static int unpack_zstd(const struct sct_dwarf_section *s, const uint8_t *from, uint64_t size, struct sct_err *err)
{
	return ZSTD_decompress(s->own, s->size, from, size) == s->size ? SCT_OK : packed_badly(err, s);
}

/* Room for what the section unpacks to, where that is a size which so few bytes can have. */
static int make_room(struct sct_dwarf_section *s, uint64_t packed, uint64_t most, struct sct_err *err)
{
	if (s->size / most > packed || s->size > SIZE_MAX - PADDING)
		return packed_badly(err, s);
	s->own = malloc(s->size + PADDING);
	if (!s->own)
		return sct_fail(err, SCT_E_NOMEM, s->head.sh_offset, "no memory for the section %s", s->name);
	memset(s->own + s->size, 0, PADDING);
	return SCT_OK;
}

static int unpack(const struct sct_dwarf_file *f, struct sct_dwarf_section *s, struct sct_err *err)
{
	enum { ZSTD_KIND = 2 }; /* ELFCOMPRESS_ZSTD, which this Debian's elf.h lacks (generic ABI, section compression) */
	const uint8_t *raw = f->file->data + s->head.sh_offset;
	uint64_t header = s->old_packed ? OLD_HEADER : f->pointer_size == 4 ? sizeof(Elf32_Chdr) : sizeof(Elf64_Chdr);
	uint64_t packed = s->head.sh_size - header; /* the header is there: unpacked_size has read it */
	GElf_Chdr how = { .ch_type = ELFCOMPRESS_ZLIB };

	if (!s->old_packed)
		gelf_getchdr(elf_getscn(f->elf, s->index), &how);
	if (how.ch_type != ELFCOMPRESS_ZLIB && how.ch_type != ZSTD_KIND)
		return sct_fail(err, SCT_E_UNSUPPORTED, s->head.sh_offset, "the section %s is compressed by method %u, which "
			"is not known", s->name, (unsigned)how.ch_type);
	if (make_room(s, packed, how.ch_type == ZSTD_KIND ? ZSTD_MOST : ZLIB_MOST, err) < 0)
		return err->status;
	if (how.ch_type == ZSTD_KIND)
		return unpack_zstd(s, raw + header, packed, err);
	return unpack_zlib(s, raw + header, packed, err);
}

static int copy(const struct sct_dwarf_file *f, struct sct_dwarf_section *s, struct sct_err *err)
{
	if (make_room(s, s->size, 1, err) < 0)
		return err->status;
	memcpy(s->own, f->file->data + s->head.sh_offset, s->size);
	return SCT_OK;
}

static bool is_strings(const struct sct_dwarf_section *s)
{
	return !strcmp(s->name, ".debug_str") || !strcmp(s->name, ".debug_line_str") || !strcmp(s->name, ".debug_str.dwo");
}

static int load(struct sct_dwarf_file *f, struct sct_dwarf_section *s, struct sct_err *err)
{
	bool relocate = sct_dwarf_needs_relocation(f, s);
	const uint8_t *raw = f->file->data + s->head.sh_offset;

	if (s->old_packed || s->head.sh_flags & SHF_COMPRESSED) {
		if (unpack(f, s, err) < 0)
			return err->status;
	} else if (relocate || (is_strings(s) && raw[s->size - 1])) { /* the last string does not end */
		if (copy(f, s, err) < 0)
			return err->status;
	}
	if (relocate && sct_dwarf_relocate(f, s, s->own, err) < 0)
		return err->status;
	s->data = s->own ? s->own : raw;
	return SCT_OK;
}

/* ---- what libdwarf calls (libdwarf.h, Dwarf_Obj_Access_Methods_s) -------------------------------------------- */

static int section_info(void *object, Dwarf_Half index, Dwarf_Obj_Access_Section *info, int *error)
{
	const struct sct_dwarf_file *f = object;

	(void)error;
	if (index >= f->count)
		return DW_DLV_NO_ENTRY;
	*info = (Dwarf_Obj_Access_Section){ .name = f->sections[index].name, .size = f->sections[index].size,
	                                    .type = SHT_PROGBITS };
	return DW_DLV_OK;
}

static Dwarf_Endianness byte_order(void *object)
{
	const struct sct_dwarf_file *f = object;

	return f->big_endian ? DW_OBJECT_MSB : DW_OBJECT_LSB;
}

static Dwarf_Small word_size(void *object)
{
	const struct sct_dwarf_file *f = object;

	return f->pointer_size;
}

static Dwarf_Unsigned section_count(void *object)
{
	const struct sct_dwarf_file *f = object;

	return f->count;
}

static int load_section(void *object, Dwarf_Half index, Dwarf_Small **data, int *error)
{
	struct sct_dwarf_file *f = object;
	struct sct_dwarf_section *s = &f->sections[index];

	if (!index || index >= f->count)
		return DW_DLV_NO_ENTRY;
	if (!s->data && load(f, s, &f->load_error) < 0) {
		*error = DW_DLE_MDE; /* any: ours is told */
		return DW_DLV_ERROR;
	}
	*data = (Dwarf_Small *)s->data; /* which it only reads */
	return DW_DLV_OK;
}

static const Dwarf_Obj_Access_Methods methods = {
	.get_section_info = section_info,
	.get_byte_order = byte_order,
	.get_length_size = word_size,
	.get_pointer_size = word_size,
	.get_section_count = section_count,
	.load_section = load_section,
};

int sct_dwarf_file_open(struct sct_dwarf_file *f, struct sct_err *err)
{
	Dwarf_Error error = NULL;
	int rc;

	if (f->load_error.status) {
		*err = f->load_error;
		return err->status;
	}
	if (!by_name(f, f->split ? ".debug_abbrev.dwo" : ".debug_abbrev")) /* libdwarf takes that for no units */
		return sct_fail(err, SCT_E_FORMAT, SCT_NO_OFFSET, "DWARF: .debug_info is there, but no .debug_abbrev");
	f->access = (Dwarf_Obj_Access_Interface){ f, &methods };
	rc = dwarf_object_init_b(&f->access, NULL, NULL, f->split ? DW_GROUPNUMBER_DWO : DW_GROUPNUMBER_BASE, &f->debug,
		&error);
	if (rc == DW_DLV_OK)
		return SCT_OK;
	f->debug = NULL;
	if (f->load_error.status) {
		*err = f->load_error;
	} else {
		uint64_t at = sct_dwarf_file_offset(f, f->split ? ".debug_info.dwo" : ".debug_info", 0);

		sct_fail(err, SCT_E_FORMAT, at, "DWARF: %s", rc == DW_DLV_ERROR ? dwarf_errmsg(error) : "none that is known");
	}
	if (rc == DW_DLV_ERROR)
		dwarf_dealloc_error(NULL, error);
	return err->status;
}

void sct_dwarf_file_close(struct sct_dwarf_file *f)
{
	if (f->debug)
		dwarf_object_finish(f->debug, NULL);
	for (unsigned i = 0; i < f->count; i++)
		free(f->sections[i].own);
	elf_end(f->elf);
	*f = (struct sct_dwarf_file){ 0 };
}

uint64_t sct_dwarf_file_offset(const struct sct_dwarf_file *f, const char *section, uint64_t offset)
{
	const struct sct_dwarf_section *s = by_name(f, section);

	if (!s || s->old_packed || s->head.sh_flags & SHF_COMPRESSED)
		return SCT_NO_OFFSET;
	return s->head.sh_offset + offset;
}
