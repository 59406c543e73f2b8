/* BTF, the types that a Linux kernel carries with itself: of vmlinux, of modules, or raw as in /sys/kernel/btf.
 * In:  an ELF file with a section .BTF, and with .BTF.base where it brings its base, or that section alone; either byte
 *      order
 * Out: types, and functions and variables with their types as symbols; of vmlinux also addresses, and which kernel it
 *      is
 *
 * Layout (Documentation/bpf/btf.rst, include/uapi/linux/btf.h), in the byte order that the magic shows:
 *   0   u16  magic 0xeb9f        8   u32 types: offset behind the header   16  u32 strings: offset behind the header
 *   2   u8   version 1           12  u32 their size                        20  u32 their size
 *   3   u8   flags               4   u32 size of this header
 * Types are numbered from 1; a module's go on behind those of vmlinux, and so do its offsets of strings.
 */
#include <string.h>

#include "btf.h"
#include "elf_section.h"
#include "elf_symbols.h"
#include "loaders.h"

enum {
	MAGIC = 0xeb9f,
	HEADER = 24, /* bytes of version 1 */
};

/* Before kernel 4.20 a bitfield was a member whose integer says itself which of its bits count. */
static void old_bitfields(struct sct_types *db, uint32_t first)
{
	for (uint32_t i = first; i < db->members.count; i++) {
		struct sct_member *m = &db->members.at[i];
		const struct sct_type *t = sct_type(db, m->type);

		if (!m->bits && t->kind == SCT_TYPE_INT && t->count && t->count < t->size * 8 && !(t->flags & SCT_TYPE_BOOL)) {
			m->bits = t->count;
			m->bit_offset += t->first;
		}
	}
}

static bool any_high(const struct sct_types *db, const struct sct_type *t)
{
	for (uint32_t i = 0; i < t->count; i++)
		if (db->enumerators.at[t->first + i].value >> 31)
			return true;
	return false;
}

/* Before kernel 6.0 no enum said whether it is signed. */
static void old_enums(const struct sct_btf *b)
{
	for (uint32_t id = b->first; id < b->db->types.count; id++) {
		struct sct_type *t = &b->db->types.at[id];

		if (t->kind == SCT_TYPE_ENUM && !(t->flags & SCT_TYPE_CUT) && any_high(b->db, t))
			t->flags |= SCT_TYPE_NO_SIGN;
	}
}

/* ---- header ------------------------------------------------------------------------------------------------- */

/* A part of the section by its offset behind the header; NULL: it is not all there. */
static const uint8_t *part(const struct sct_btf *b, uint32_t header, uint32_t offset, uint32_t size)
{
	uint64_t at = (uint64_t)header + offset;

	return at <= b->size && size <= b->size - at ? b->data + at : NULL;
}

/* Bases its numbers on the BTF that was loaded before, unless it has brought a base. */
static int find_base(struct sct_btf *b)
{
	if (!b->base.types && !b->db->btf.types)
		return sct_fail(b->err, SCT_E_USAGE, SCT_NO_OFFSET,
			"it is BTF of a module: name that of its vmlinux before it");
	if (!b->base.types) {
		b->base.type = b->db->btf.type;
		b->base.types = b->db->btf.types;
		b->base.string = b->db->btf.string;
		b->base.strings = b->db->btf.strings;
		b->base.signs = b->db->btf.signs;
	}
	b->known = b->base.types;
	b->signs = b->base.signs;
	return SCT_OK;
}

static int take_strings(struct sct_btf *b, const uint8_t *strings, uint32_t size)
{
	if (size && strings[size - 1])
		return sct_btf_damaged(b, strings + size - 1, "the strings do not end in NUL");
	b->known = 1;
	if (!size || !*strings) /* the first string is the empty one, but a module's, for whom its base has it */
		memset(&b->base, 0, sizeof b->base);
	else if (find_base(b) < 0)
		return b->err->status;
	b->strings = size;
	b->string = sct_types_add_bytes(b->db, strings, size);
	if (b->string == SCT_NO_TYPE)
		return sct_fail(b->err, SCT_E_NOMEM, SCT_NO_OFFSET, "more than 4 GiB of names");
	return SCT_OK;
}

static int take_header(struct sct_btf *b)
{
	struct sct_cursor c = sct_cursor(b->data, b->size);
	uint32_t header, type_at, type_size, string_at, string_size;
	const uint8_t *strings;
	uint16_t magic = (uint16_t)sct_take_le(&c, 2);
	uint8_t version = sct_take_u8(&c);

	b->big = magic == __builtin_bswap16(MAGIC);
	sct_take_u8(&c);
	header = sct_btf_u32(b, &c);
	type_at = sct_btf_u32(b, &c);
	type_size = sct_btf_u32(b, &c);
	string_at = sct_btf_u32(b, &c);
	string_size = sct_btf_u32(b, &c);
	if (c.bad || header < HEADER || (magic != MAGIC && !b->big))
		return sct_btf_damaged(b, b->data, "no header");
	if (version != 1)
		return sct_fail(b->err, SCT_E_UNSUPPORTED, b->offset, "BTF of version %u", version);
	b->types = part(b, header, type_at, type_size);
	strings = part(b, header, string_at, string_size);
	if (!b->types || !strings)
		return sct_fail(b->err, SCT_E_TRUNCATED, b->offset + b->size, "BTF ends inside its types or strings");
	b->types_end = b->types + type_size;
	return take_strings(b, strings, string_size);
}

/* BTF does not say how large a pointer is; Linux's long is as large (Documentation/process, LP64 and ILP32). */
static uint8_t size_of_long(const struct sct_btf *b)
{
	static const char *const names[] = { "long unsigned int", "unsigned long", "long int", "long" };

	for (uint32_t id = b->first; id < b->db->types.count; id++) {
		const struct sct_type *t = sct_type(b->db, id);

		for (size_t i = 0; t->kind == SCT_TYPE_INT && t->size <= 8 && i < sizeof names / sizeof *names; i++)
			if (!strcmp(sct_types_name(b->db, t->name), names[i]))
				return (uint8_t)t->size;
	}
	return 0;
}

static void note_base(const struct sct_btf *b)
{
	struct sct_types *db = b->db;

	if (db->btf.types || b->base.types)
		return;
	db->btf.type = b->first;
	db->btf.types = b->count + 1;
	db->btf.string = b->string;
	db->btf.strings = b->strings;
	db->btf.signs = b->signs;
}

/* pointer_size 0: the file does not say. */
static int load_section(struct sct_btf *b, uint8_t pointer_size)
{
	uint32_t members = b->db->members.count;

	if (take_header(b) < 0 || sct_btf_count(b) < 0)
		return b->err->status;
	b->first = b->db->types.count;
	if (sct_btf_add(b) < 0)
		return b->err->status;
	if (sct_types_machine(b->db, b->big, pointer_size ? pointer_size : size_of_long(b), b->err) < 0)
		return b->err->status;
	old_bitfields(b->db, members);
	if (!b->signs)
		old_enums(b);
	return SCT_OK;
}

/* ---- a module's own base --------------------------------------------------------------------------------------- */

/* Since kernel 6.11 a module brings what it needs of vmlinux's types: numbers whole, and of structs, unions and enums
 * the name and size alone (tools/lib/bpf/btf.c, btf__distill_base). Those stand for what vmlinux has by that name. */
static void name_only(struct sct_btf *b)
{
	for (uint32_t id = b->first; id < b->db->types.count; id++) {
		struct sct_type *t = &b->db->types.at[id];

		if (!t->name || t->count || (t->kind != SCT_TYPE_STRUCT && t->kind != SCT_TYPE_UNION))
			continue;
		*t = (struct sct_type){ .name = t->name, .kind = SCT_TYPE_FORWARD,
		                        .flags = t->kind == SCT_TYPE_UNION ? SCT_TYPE_OF_UNION : 0 };
	}
}

static int load_own_base(struct sct_btf *b, const struct sct_file *file, const struct sct_elf_section *section)
{
	struct sct_btf base = { .db = b->db, .err = b->err, .data = file->data + section->offset, .size = section->size,
	                    .offset = section->offset };

	if (load_section(&base, section->pointer_size) < 0)
		return b->err->status;
	if (base.base.types)
		return sct_btf_damaged(&base, base.data, "a base that has a base");
	name_only(&base);
	b->base.type = base.first;
	b->base.types = base.count + 1;
	b->base.string = base.string;
	b->base.strings = base.strings;
	b->base.signs = base.signs;
	return SCT_OK;
}

/* ---- where it lies in a file -------------------------------------------------------------------------------- */

static bool is_raw(const struct sct_file *file)
{
	struct sct_cursor c = sct_cursor(file->data, file->size);
	uint16_t magic = (uint16_t)sct_take_le(&c, 2);

	return !c.bad && (magic == MAGIC || magic == __builtin_bswap16(MAGIC));
}

static int probe(const struct sct_file *file)
{
	struct sct_elf_section section;

	if (sct_is_elf(file))
		return sct_elf_section(file, ".BTF", &section) ? 100 : 0;
	return is_raw(file) ? 90 : 0;
}

static int load(struct sct_types *db, const struct sct_file *file, struct sct_err *err)
{
	struct sct_btf b = { .db = db, .err = err, .data = file->data, .size = file->size };
	struct sct_elf_section section = { 0 }, base;
	uint32_t first = db->types.count;

	if (sct_is_elf(file)) {
		if (!sct_elf_section(file, ".BTF", &section))
			return sct_fail(err, SCT_E_FORMAT, 0, "no section .BTF");
		if (sct_elf_section(file, ".BTF.base", &base) && load_own_base(&b, file, &base) < 0)
			return err->status;
		b.offset = section.offset;
		b.data += section.offset;
		b.size = section.size;
	}
	if (load_section(&b, section.pointer_size) < 0)
		return err->status;
	note_base(&b);
	sct_types_index_from(db, first);
	return sct_is_elf(file) ? sct_elf_symbols(db, file, err) : SCT_OK;
}

const struct sct_types_loader sct_types_btf = {
	.name = "btf",
	.summary = "BTF: /sys/kernel/btf/vmlinux, vmlinux, kernel modules, ELF objects with a section .BTF",
	.probe = probe,
	.load = load,
};
