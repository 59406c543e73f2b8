/* Tests of how the symbols of a guest's kernel are read, and of what they prove about a running one.
 * In:  files made here: System.map, kallsyms, ELF; code of kernels
 * Out: addresses; refusals of everything else
 */
#include <check.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/record/kernel.h"
#include "suite.h"

static char path[] = "/tmp/sctrace-symbols.XXXXXX";

static void write_file(const void *data, size_t size)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, size, f), size);
	fclose(f);
}

static int read_back(const void *data, size_t size, struct sct_symbols *s, struct sct_err *err)
{
	write_file(data, size);
	return sct_symbols_read(path, s, err);
}

static int read_map(const char *text, struct sct_symbols *s, struct sct_err *err)
{
	return read_back(text, strlen(text), s, err);
}

/* ---- text ---------------------------------------------------------------------------------------------- */

static const char map64[] = "0000000000000000 D fixed_percpu_data\n"
                            "ffffffff81000000 T _text\n"
                            "ffffffff81803270 T __switch_to_asm\n"
                            "ffffffff818032d0 T ret_from_fork\n"
                            "ffffffff81831080 T __switch_to\n"
                            "ffffffff82400080 T entry_SYSCALL_64\n"
                            "ffffffff824018f0 T entry_SYSENTER_compat\n";

START_TEST(system_map)
{
	struct sct_symbols s;
	struct sct_err err;

	ck_assert_int_eq(read_map(map64, &s, &err), SCT_OK);
	ck_assert_uint_eq(s.at[SCT_SYM_SWITCH_ASM], 0xffffffff81803270);
	ck_assert_uint_eq(s.at[SCT_SYM_SWITCH_TO], 0xffffffff81831080);
	ck_assert_uint_eq(s.at[SCT_SYM_FORK], 0xffffffff818032d0);
	ck_assert_uint_eq(s.at[SCT_SYM_ENTRY + SCT_INSN_SYSCALL], 0xffffffff82400080);
	ck_assert_uint_eq(s.at[SCT_SYM_ENTRY + SCT_INSN_SYSENTER], 0xffffffff824018f0);
	ck_assert_uint_eq(s.at[SCT_SYM_ENTRY + SCT_INSN_INT80], 0);
}
END_TEST

/* A kernel of 32 bits since 6.6, by way of a serial line; modules have their column. */
START_TEST(kallsyms)
{
	struct sct_symbols s;
	struct sct_err err;

	ck_assert_int_eq(read_map("f8000000 t __switch_to\t[impostor]\r\n"
	                          "c1001000 T ret_from_fork\r\n"
	                          "c1002000 T ret_from_fork_asm\r\n"
	                          "c1003000 T __switch_to_asm\r\n"
	                          "c1004000 t __switch_to\r\n"
	                          "c1005000 t entry_INT80_32\r\n", &s, &err), SCT_OK);
	ck_assert_uint_eq(s.at[SCT_SYM_SWITCH_TO], 0xc1004000);
	ck_assert_uint_eq(s.at[SCT_SYM_FORK], 0xc1002000);
	ck_assert_uint_eq(s.at[SCT_SYM_ENTRY + SCT_INSN_INT80], 0xc1005000);
}
END_TEST

static const struct {
	const char *text;
	int status;
	const char *says;
} refused[] = {
	{ "", SCT_E_FORMAT, "empty" },
	{ "MZ\n", SCT_E_FORMAT, "line 1" },
	{ "once upon a time\n", SCT_E_FORMAT, "line 1" },
	{ "ffffffff81803270 T __switch_to_asm\nffffffff81803270\n", SCT_E_FORMAT, "line 2" },
	{ "ffffffff8180327000 T name\n", SCT_E_FORMAT, "line 1" },
	{ "ffffffff81803270  T\n", SCT_E_FORMAT, "line 1" },
	{ "ffffffff81803270 T \n", SCT_E_FORMAT, "line 1" },
	{ "ffffffff81803270 T __switch_to", SCT_E_TRUNCATED, "inside line 1" },
	{ "ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n", SCT_E_UNSUPPORTED,
	  "/proc/kallsyms" },
	{ "0000000000000000 T __switch_to_asm\n", SCT_E_UNSUPPORTED, "root" },
	{ "c1 T __switch_to_asm\nc2 T __switch_to\nc3 T ret_from_fork\n", SCT_E_UNSUPPORTED, "enter the kernel" },
	{ "c1 T __switch_to_asm\nc2 T __switch_to\nc3 T entry_INT80_32\n", SCT_E_UNSUPPORTED, "ret_from_fork" },
	{ "c2 T __switch_to\nc3 T ret_from_fork\nc4 T entry_INT80_32\n", SCT_E_UNSUPPORTED, "__switch_to_asm" },
};

START_TEST(text_that_is_refused)
{
	struct sct_symbols s = { { 7 } };
	struct sct_err err;

	ck_assert_int_eq(read_map(refused[_i].text, &s, &err), refused[_i].status);
	ck_assert_msg(strstr(err.text, refused[_i].says), "%s", err.text);
	ck_assert_uint_eq(s.at[0], 7);
}
END_TEST

START_TEST(long_lines)
{
	size_t size = 1 << 20;
	char *text = malloc(size + 1);
	struct sct_symbols s;
	struct sct_err err;

	/* with and without an end, and one whose second half looks like a symbol */
	memset(text, '7', size);
	text[size] = 0;
	ck_assert_int_eq(read_map(text, &s, &err), SCT_E_FORMAT);
	text[size - 1] = '\n';
	ck_assert_int_eq(read_map(text, &s, &err), SCT_E_FORMAT);
	memcpy(text, "c1 T ", 5);
	memcpy(text + 1023, map64, sizeof map64);
	ck_assert_int_eq(read_map(text, &s, &err), SCT_E_FORMAT);
	memset(text, 0, size);
	ck_assert_int_eq(read_back(text, size, &s, &err), SCT_E_FORMAT);
	free(text);
}
END_TEST

START_TEST(no_file)
{
	struct sct_symbols s;
	struct sct_err err;

	ck_assert_int_eq(sct_symbols_read("/nonexistent", &s, &err), SCT_E_IO);
	ck_assert_int_eq(sct_symbols_read("/", &s, &err), SCT_E_IO);
}
END_TEST

/* ---- ELF ----------------------------------------------------------------------------------------------- */

static const char strings[] = "\0__switch_to_asm\0__switch_to\0ret_from_fork\0entry_SYSCALL_64\0.shstrtab";
enum { STR_ASM = 1, STR_TO = 17, STR_FORK = 29, STR_ENTRY = 43 };

/* head, section headers (none, symbols, strings), symbols, strings */
struct image {
	Elf64_Ehdr head;
	Elf64_Shdr section[3];
	Elf64_Sym symbol[5];
	char strings[sizeof strings];
};

static Elf64_Sym symbol(unsigned name, uint64_t addr)
{
	return (Elf64_Sym){ .st_name = name, .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), .st_shndx = SHN_ABS,
	                    .st_value = addr };
}

static struct image vmlinux(void)
{
	struct image m = {
		.head = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		          .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		          .e_ehsize = sizeof m.head, .e_shoff = offsetof(struct image, section),
		          .e_shentsize = sizeof *m.section, .e_shnum = 3, .e_shstrndx = 2 },
		.section = {
			[1] = { .sh_type = SHT_SYMTAB, .sh_offset = offsetof(struct image, symbol),
			        .sh_size = sizeof m.symbol, .sh_link = 2, .sh_info = 1,
			        .sh_entsize = sizeof *m.symbol, .sh_addralign = 8 },
			[2] = { .sh_type = SHT_STRTAB, .sh_offset = offsetof(struct image, strings),
			        .sh_size = sizeof strings, .sh_addralign = 1 },
		},
		.symbol = {
			[1] = symbol(STR_ASM, 0xffffffff81803270), [2] = symbol(STR_TO, 0xffffffff81831080),
			[3] = symbol(STR_FORK, 0xffffffff818032d0), [4] = symbol(STR_ENTRY, 0xffffffff82400080),
		},
	};

	memcpy(m.strings, strings, sizeof strings);
	return m;
}

START_TEST(elf)
{
	struct image m = vmlinux();
	struct sct_symbols s;
	struct sct_err err;

	ck_assert_msg(read_back(&m, sizeof m, &s, &err) == SCT_OK, "%s", err.text);
	ck_assert_uint_eq(s.at[SCT_SYM_SWITCH_ASM], 0xffffffff81803270);
	ck_assert_uint_eq(s.at[SCT_SYM_SWITCH_TO], 0xffffffff81831080);
	ck_assert_uint_eq(s.at[SCT_SYM_FORK], 0xffffffff818032d0);
	ck_assert_uint_eq(s.at[SCT_SYM_ENTRY + SCT_INSN_SYSCALL], 0xffffffff82400080);
}
END_TEST

START_TEST(elf_that_is_refused)
{
	struct image m = vmlinux();
	struct sct_symbols s;
	struct sct_err err;

	m.section[1].sh_type = SHT_PROGBITS;
	ck_assert_int_eq(read_back(&m, sizeof m, &s, &err), SCT_E_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.text, "without symbols"));
	m = vmlinux();
	m.head.e_machine = EM_AARCH64;
	ck_assert_int_eq(read_back(&m, sizeof m, &s, &err), SCT_E_UNSUPPORTED);
	m = vmlinux();
	m.symbol[1].st_shndx = SHN_UNDEF;
	ck_assert_int_eq(read_back(&m, sizeof m, &s, &err), SCT_E_UNSUPPORTED);
}
END_TEST

/* Cut short, and with each byte of its headers set to what lies: no crash, and no symbols that are not there. */
START_TEST(damaged_elf)
{
	static const uint8_t lies[] = { 0x00, 0x7f, 0x80, 0xff };
	struct image m = vmlinux();
	struct sct_symbols s;
	struct sct_err err;

	for (size_t size = 1; size < offsetof(struct image, strings); size++)
		ck_assert_int_lt(read_back(&m, size, &s, &err), 0);
	for (size_t at = 4; at < offsetof(struct image, symbol); at++) {
		for (size_t i = 0; i < sizeof lies; i++) {
			m = vmlinux();
			((uint8_t *)&m)[at] = lies[i];
			if (read_back(&m, sizeof m, &s, &err) == SCT_OK)
				ck_assert_uint_eq(s.at[SCT_SYM_SWITCH_TO], 0xffffffff81831080);
		}
	}
}
END_TEST

/* ---- the guest's kernel -------------------------------------------------------------------------------- */

static const char text64[] = "ffffffff81803270:ffffffff81831080:ffffffff818032d0:0:ffffffff82400080:0:0";
static const char text32[] = "c1003000:c1004000:c1002000:0:0:c1005000:c1006000";

START_TEST(kernel_as_text)
{
	struct sct_kernel k = { 0 };

	ck_assert(!sct_kernel_set(&k, ""));
	ck_assert(!sct_kernel_set(&k, "1:2:3:4:5:6"));
	ck_assert(!sct_kernel_set(&k, "1:2:3:4:5:6:7:8"));
	ck_assert(!sct_kernel_set(&k, "1:2:3:4:5:6:z"));
	ck_assert_uint_eq(k.state, SCT_KERNEL_NONE);
	ck_assert(sct_kernel_set(&k, text64));
	ck_assert_uint_eq(k.state, SCT_KERNEL_SOUGHT);
	ck_assert_uint_eq(k.word, 8);
	ck_assert(sct_kernel_set(&k, text32));
	ck_assert_uint_eq(k.word, 4);
}
END_TEST

/* The kernel may lie above or below where the file has it. */
START_TEST(slides)
{
	struct sct_kernel k = { 0 };

	ck_assert(sct_kernel_set(&k, text64));
	ck_assert(!sct_kernel_entered(&k, SCT_INSN_SYSCALL, 0xffffffff9c400180));
	ck_assert(sct_kernel_entered(&k, SCT_INSN_SYSCALL, 0xffffffff9c400080));
	ck_assert_uint_eq(sct_kernel_at(&k, SCT_SYM_SWITCH_TO), 0xffffffff9b831080);
	ck_assert(sct_kernel_entered(&k, SCT_INSN_SYSCALL, 0xffffffff81400080));
	ck_assert_uint_eq(sct_kernel_at(&k, SCT_SYM_SWITCH_TO), 0xffffffff80831080);
	ck_assert(sct_kernel_set(&k, text32));
	ck_assert(sct_kernel_entered(&k, SCT_INSN_INT80, 0xc0006000));
	ck_assert_uint_eq(sct_kernel_at(&k, SCT_SYM_FORK), 0xc0002000);
	ck_assert(!sct_kernel_entered(&k, SCT_INSN_INT80, 0x1c0006000));
}
END_TEST

START_TEST(code_that_switches_is_proven)
{
	/* push %rbp, …, jmp __switch_to; the jump ends 0x10 bytes behind __switch_to_asm, which is 0x2de10 before */
	static const uint8_t code[] = { 0x55, 0x53, 0x41, 0x54, 0x48, 0x89, 0xa7, 0x58, 0x1b, 0x00, 0x00, 0xe9, 0x00,
	                                0xde, 0x02, 0x00 };
	struct sct_kernel k = { 0 };

	ck_assert(sct_kernel_set(&k, text64));
	ck_assert(sct_kernel_proven(&k, code, sizeof code));
	ck_assert(!sct_kernel_proven(&k, code, sizeof code - 1));
	ck_assert(!sct_kernel_proven(&k, code + 1, sizeof code - 1));
	ck_assert(!sct_kernel_proven(&k, code, 0));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("symbols");
	TCase *files = tcase_create("files"), *kernel = tcase_create("kernel");
	int failed, fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	tcase_set_timeout(files, 60);
	tcase_add_test(files, system_map);
	tcase_add_test(files, kallsyms);
	tcase_add_loop_test(files, text_that_is_refused, 0, (int)(sizeof refused / sizeof *refused));
	tcase_add_test(files, long_lines);
	tcase_add_test(files, no_file);
	tcase_add_test(files, elf);
	tcase_add_test(files, elf_that_is_refused);
	tcase_add_test(files, damaged_elf);
	tcase_add_test(kernel, kernel_as_text);
	tcase_add_test(kernel, slides);
	tcase_add_test(kernel, code_that_switches_is_proven);
	suite_add_tcase(suite, files);
	suite_add_tcase(suite, kernel);
	failed = run_tests(suite);
	unlink(path);
	return failed;
}
