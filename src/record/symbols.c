/* Reads the symbols of a Linux kernel.
 *
 * In:  a file: lines "address type name", behind which a module's name may stand (scripts/kallsyms.c,
 *      kernel/kallsyms.c), or ELF for x86
 * Out: the addresses of those symbols that tell threads apart, or the cause why not
 */
#include "symbols.h"

#include <errno.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_ROOM = 1024 }; /* bytes: names have at most 512 (KSYM_NAME_LEN) */

static const char advice[] = "give the System.map or the vmlinux of the guest's kernel, or what root reads there from "
                             "/proc/kallsyms";

/* Of two names for one symbol the upper one counts. arch/x86/entry/entry_{32,64,64_compat}.S, kernels from 4.9 on. */
static const struct {
	const char *name;
	uint8_t symbol;
} names[] = {
	{ "__switch_to_asm", SCT_SYM_SWITCH_ASM },
	{ "__switch_to", SCT_SYM_SWITCH_TO },
	{ "ret_from_fork_asm", SCT_SYM_FORK },
	{ "ret_from_fork", SCT_SYM_FORK },
	{ "entry_SYSCALL_64", SCT_SYM_ENTRY + SCT_INSN_SYSCALL },
	{ "entry_SYSENTER_compat", SCT_SYM_ENTRY + SCT_INSN_SYSENTER },
	{ "entry_SYSENTER_32", SCT_SYM_ENTRY + SCT_INSN_SYSENTER },
	{ "entry_INT80_compat", SCT_SYM_ENTRY + SCT_INSN_INT80 },
	{ "entry_INT80_32", SCT_SYM_ENTRY + SCT_INSN_INT80 },
};

enum { NAMES = sizeof names / sizeof *names };

/* What was found so far. */
struct found {
	uint64_t at[NAMES];
	bool seen[NAMES];
};

static void note(struct found *f, const char *name, uint64_t addr)
{
	for (unsigned i = 0; i < NAMES; i++) {
		if (f->seen[i] || strcmp(name, names[i].name))
			continue;
		f->seen[i] = true;
		f->at[i] = addr;
	}
}

static int finish(const struct found *f, struct sct_symbols *symbols, struct sct_err *err)
{
	struct sct_symbols s = { { 0 } };
	bool entry = false;

	for (unsigned i = 0; i < NAMES; i++) {
		if (f->seen[i] && !f->at[i])
			return sct_fail(err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET,
			                "its addresses are all 0: only root may read /proc/kallsyms whole");
		if (f->seen[i] && !s.at[names[i].symbol])
			s.at[names[i].symbol] = f->at[i];
		entry = entry || (f->seen[i] && names[i].symbol >= SCT_SYM_ENTRY);
	}
	for (unsigned i = SCT_SYM_SWITCH_ASM; i <= SCT_SYM_FORK; i++)
		if (!s.at[i])
			return sct_fail(err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET, "it does not tell where %s is: %s",
			                i == SCT_SYM_FORK ? "ret_from_fork" : names[i].name, advice);
	if (!entry)
		return sct_fail(err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET,
		                "it does not tell where system calls enter the kernel: %s", advice);
	*symbols = s;
	return SCT_OK;
}

/* ---- text ---------------------------------------------------------------------------------------------- */

/* Takes "address type name", ended by nothing, blanks or a module's name, apart. False: it is none. */
static bool parse(char *line, uint64_t *addr, char **name, bool *module)
{
	size_t digits = strspn(line, "0123456789abcdefABCDEF"), len;
	char *rest = line + digits;

	if (!digits || digits > 16 || rest[0] != ' ' || rest[1] <= ' ' || rest[2] != ' ')
		return false;
	*name = rest + 3;
	len = strcspn(*name, " \t\r");
	rest = *name + len;
	rest += strspn(rest, " \t\r");
	*module = *rest == '[';
	(*name)[len] = 0;
	*addr = strtoull(line, NULL, 16);
	return len;
}

/* One line with its end. */
static int take_line(struct found *f, char *line, uint64_t number, bool last, struct sct_err *err)
{
	size_t len = strlen(line);
	uint64_t addr;
	bool module;
	char *name;

	if (!len || line[len - 1] != '\n') {
		/* a name that is cut short may be another symbol's */
		if (last && len && len < LINE_ROOM - 1)
			return sct_fail(err, SCT_E_TRUNCATED, SCT_NO_OFFSET, "it ends inside line %llu",
			                (unsigned long long)number);
		line[0] = 0;
	}
	line[strcspn(line, "\n")] = 0;
	if (!parse(line, &addr, &name, &module))
		return sct_fail(err, SCT_E_FORMAT, SCT_NO_OFFSET, "line %llu is not \"address type name\": %s",
		                (unsigned long long)number, advice);
	if (!module)
		note(f, name, addr);
	return SCT_OK;
}

static int read_text(FILE *file, struct found *f, struct sct_err *err)
{
	char line[LINE_ROOM];
	int status = SCT_OK;

	for (uint64_t number = 1; status == SCT_OK && fgets(line, sizeof line, file); number++)
		status = take_line(f, line, number, feof(file), err);
	if (ferror(file))
		return sct_fail(err, SCT_E_IO, SCT_NO_OFFSET, "%s", strerror(errno));
	return status;
}

/* ---- ELF ----------------------------------------------------------------------------------------------- */

static void read_table(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, struct found *f)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Sym sym;

	for (int i = 0; data && gelf_getsym(data, i, &sym); i++) {
		const char *name = elf_strptr(elf, header->sh_link, sym.st_name);

		if (name && sym.st_shndx != SHN_UNDEF)
			note(f, name, sym.st_value);
	}
}

static int read_sections(Elf *elf, struct found *f, struct sct_err *err)
{
	GElf_Ehdr head;
	GElf_Shdr header;
	bool any = false;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &head))
		return sct_fail(err, SCT_E_FORMAT, SCT_NO_OFFSET, "damaged ELF file: %s", elf_errmsg(-1));
	if (head.e_machine != EM_386 && head.e_machine != EM_X86_64)
		return sct_fail(err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET, "an ELF file that is not for x86");
	for (Elf_Scn *s = elf_nextscn(elf, NULL); s; s = elf_nextscn(elf, s)) {
		if (!gelf_getshdr(s, &header) || header.sh_type != SHT_SYMTAB)
			continue;
		any = true;
		read_table(elf, s, &header, f);
	}
	if (!any)
		return sct_fail(err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET, "an ELF file without symbols: %s", advice);
	return SCT_OK;
}

static int read_elf(int fd, struct found *f, struct sct_err *err)
{
	Elf *elf;
	int status;

	if (elf_version(EV_CURRENT) == EV_NONE || lseek(fd, 0, SEEK_SET) < 0)
		return sct_fail(err, SCT_E_IO, SCT_NO_OFFSET, "an ELF file must be one that can be read at any place");
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!elf)
		return sct_fail(err, SCT_E_FORMAT, SCT_NO_OFFSET, "damaged ELF file: %s", elf_errmsg(-1));
	status = read_sections(elf, f, err);
	elf_end(elf);
	return status;
}

/* -------------------------------------------------------------------------------------------------------- */

static int read_file(FILE *file, struct found *f, struct sct_err *err)
{
	int c = getc(file);

	if (c == EOF)
		return ferror(file) ? sct_fail(err, SCT_E_IO, SCT_NO_OFFSET, "%s", strerror(errno)) :
		                      sct_fail(err, SCT_E_FORMAT, SCT_NO_OFFSET, "it is empty: %s", advice);
	ungetc(c, file);
	return c == ELFMAG0 ? read_elf(fileno(file), f, err) : read_text(file, f, err);
}

int sct_symbols_read(const char *path, struct sct_symbols *symbols, struct sct_err *err)
{
	struct found f = { { 0 } };
	FILE *file = fopen(path, "re");
	int status;

	if (!file)
		return sct_fail(err, SCT_E_IO, SCT_NO_OFFSET, "%s", strerror(errno));
	status = read_file(file, &f, err);
	fclose(file);
	return status < 0 ? status : finish(&f, symbols, err);
}
