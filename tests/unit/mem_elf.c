/* Tests of the reader of ELF files.
 * In:  files made by hand, small ones of QEMU (fixtures/snapshots/make.py), this program
 * Out: memory, registers, what is told of damage
 */
#include "dump_build.h"

#include <elf.h>

#include "suite.h"

static uint8_t page[4096];

struct segment {
	uint32_t type, flags;
	uint64_t vaddr, paddr, memsz, filesz; /* memsz 0: filesz */
	const void *data; /* NULL: page */
};

/* ---- building ------------------------------------------------------------------------------------------------ */

static void put_head(unsigned class, unsigned type, unsigned machine, size_t n, bool extended)
{
	unsigned word = class == ELFCLASS64 ? 8 : 4, head = class == ELFCLASS64 ? 64 : 52;
	unsigned phent = class == ELFCLASS64 ? 56 : 32;

	sct_put(&image, ELFMAG, 4);
	sct_put_u8(&image, (uint8_t)class);
	sct_put_u8(&image, ELFDATA2LSB);
	sct_put_u8(&image, 1);
	put_zeros(&image, 9);
	sct_put_le(&image, type, 2);
	sct_put_le(&image, machine, 2);
	sct_put_le(&image, 1, 4);
	sct_put_le(&image, 0, word);
	sct_put_le(&image, head, word);
	sct_put_le(&image, extended ? head + n * phent : 0, word);
	sct_put_le(&image, 0, 4);
	sct_put_le(&image, head, 2);
	sct_put_le(&image, phent, 2);
	sct_put_le(&image, extended ? PN_XNUM : n, 2);
	sct_put_le(&image, class == ELFCLASS64 ? 64 : 40, 2);
	sct_put_le(&image, extended, 2);
	sct_put_le(&image, 0, 2);
}

static void put_segment(unsigned class, const struct segment *g, uint64_t offset)
{
	unsigned word = class == ELFCLASS64 ? 8 : 4;

	sct_put_le(&image, g->type, 4);
	if (word == 8)
		sct_put_le(&image, g->flags, 4);
	sct_put_le(&image, offset, word);
	sct_put_le(&image, g->vaddr, word);
	sct_put_le(&image, g->paddr, word);
	sct_put_le(&image, g->filesz, word);
	sct_put_le(&image, g->memsz ? g->memsz : g->filesz, word);
	if (word == 4)
		sct_put_le(&image, g->flags, 4);
	sct_put_le(&image, 0, word);
}

static void build(unsigned class, unsigned type, unsigned machine, const struct segment *g, size_t n)
{
	uint64_t offset = class == ELFCLASS64 ? 64 + 56 * n : 52 + 32 * n;

	put_head(class, type, machine, n, false);
	for (size_t i = 0; i < n; i++) {
		put_segment(class, &g[i], offset);
		offset += g[i].filesz;
	}
	for (size_t i = 0; i < n; i++)
		sct_put(&image, g[i].data ? g[i].data : page, g[i].filesz);
}

static struct segment note_segment(const struct sct_bytes *notes)
{
	return (struct segment){ PT_NOTE, 0, 0, 0, 0, notes->len, notes->data };
}

static void setup(void)
{
	for (size_t i = 0; i < sizeof page; i++)
		page[i] = (uint8_t)(i * 7 + (i >> 8));
}

/* ---- machines ------------------------------------------------------------------------------------------------ */

START_TEST(machine)
{
	struct sct_bytes notes = { 0 };

	put_status(&notes, 8, 900);
	put_status(&notes, 8, 900);
	put_qemu(&notes, 100);
	put_qemu(&notes, 200);
	build(ELFCLASS64, ET_CORE, EM_X86_64, (struct segment[]){ note_segment(&notes),
		{ PT_LOAD, 0, 7, 0x3000, 0, 4096, NULL },
		{ PT_LOAD, 0, 7, 0x1000, 0, 100, NULL },
		{ PT_LOAD, 0, 7, 0x2000, 5000, 4096, NULL },
	}, 4);
	ck_open("elf", "");
	ck_assert(!info->program);
	ck_assert_str_eq(info->producer, "QEMU");
	ck_assert_ptr_eq(info->arch, &sct_arch_x86_64);
	ck_assert_uint_eq(info->ncpus, 2);
	ck_assert_uint_eq(reg(0, "rax"), 100);
	ck_assert_uint_eq(reg(1, "r8"), 208);
	ck_assert_uint_eq(reg(1, "fs_base"), 229);
	ck_assert_uint_eq(reg(1, "cr3"), 251);
	ck_assert_uint_eq(reg(1, "k_gs_base"), 253);
	ck_assert(!knows(0, "efer"));
	ck_assert_uint_eq(info->nranges, 2);
	ck_range(0, 0x1000, 100, SCT_RANGE_WRITE);
	ck_range(1, 0x2000, 0x2000, SCT_RANGE_WRITE);
	ck_memory(0x1000, page, 100);
	ck_memory(0x3ff0, page + 0xff0, 16);
	ck_memory(0xfff, page, 0);
	sct_bytes_fini(&notes);
}
END_TEST

/* What is mapped at several addresses comes several times: more segments than e_phnum has room for. */
START_TEST(paging)
{
	enum { N = 66000 };
	struct sct_bytes notes = { 0 };
	uint64_t base = 64 + 56 * (N + 1) + 64;

	put_qemu(&notes, 1);
	put_head(ELFCLASS64, ET_CORE, EM_X86_64, N + 1, true);
	put_segment(ELFCLASS64, &(struct segment){ PT_NOTE, 0, 0, 0, 0, notes.len, NULL }, base);
	for (uint64_t i = 0; i < N; i++) /* 64 bytes of the page each, in no order */
		put_segment(ELFCLASS64, &(struct segment){ PT_LOAD, 0, ~UINT64_C(0) << 48 | i << 12, 0x5000 + i * 37 % 64 * 64,
			0, 64, NULL }, base + notes.len + i * 37 % 64 * 64);
	put_zeros(&image, 44); /* section header 0: sh_info is the number of segments */
	sct_put_le(&image, N + 1, 4);
	put_zeros(&image, 16);
	sct_put(&image, notes.data, notes.len);
	sct_put(&image, page, sizeof page);
	ck_open("elf", "");
	ck_assert_uint_eq(count("segments"), N);
	ck_assert_uint_eq(info->nranges, 1);
	ck_memory(0x5000, page, sizeof page);
	sct_bytes_fini(&notes);
}
END_TEST

START_TEST(i386_in_64)
{
	struct sct_bytes notes = { 0 };

	put_status(&notes, 4, 900);
	put_qemu(&notes, UINT32_MAX);
	build(ELFCLASS64, ET_CORE, EM_386, (struct segment[]){ note_segment(&notes),
		{ PT_LOAD, 0, 0, UINT64_C(0x100000000), 0, 4096, NULL } }, 2);
	ck_open("elf", "");
	ck_assert_ptr_eq(info->arch, &sct_arch_i386);
	ck_assert_uint_eq(reg(0, "eax"), UINT32_MAX);
	ck_assert_uint_eq(reg(0, "ebx"), 0); /* its upper half is not this CPU's */
	ck_assert_uint_eq(reg(0, "cr3"), 50);
	ck_assert(!knows(0, "k_gs_base"));
	ck_memory(UINT64_C(0x100000000), page, 4096);
	sct_bytes_fini(&notes);
}
END_TEST

/* Nothing but physical addresses says that it is a machine. */
START_TEST(other_machine)
{
	struct sct_bytes notes = { 0 };

	put_note(&notes, "CORE", NT_PRSTATUS, page, 376);
	build(ELFCLASS64, ET_CORE, EM_RISCV, (struct segment[]){ note_segment(&notes),
		{ PT_LOAD, 0, 0, 0x40000000, 0, 4096, NULL } }, 2);
	ck_open("elf", "");
	ck_assert(!info->program);
	ck_assert_ptr_null(info->arch);
	ck_assert_str_eq(info->arch_name, "riscv64");
	ck_assert_uint_eq(info->ncpus, 0);
	ck_memory(0x40000000, page, 4096);
	sct_bytes_fini(&notes);
}
END_TEST

/* QEMU has no note of its own in dumps of ARM machines. */
START_TEST(arm_machines)
{
	static const struct {
		unsigned class, machine, size, pc, sp;
		const char *name, *first;
	} all[] = { { ELFCLASS64, EM_AARCH64, 392, 112 + 256, 112 + 248, "aarch64", "x0" },
		{ ELFCLASS32, EM_ARM, 148, 72 + 60, 72 + 52, "arm", "r0" } };

	for (size_t i = 0; i < 2; i++) {
		struct sct_bytes notes = { 0 };
		uint32_t pc, sp;

		put_note(&notes, "CORE", NT_PRSTATUS, page, all[i].size);
		build(all[i].class, ET_CORE, all[i].machine, (struct segment[]){ note_segment(&notes),
			{ PT_LOAD, 0, 0, 0x40000000, 0, 4096, NULL } }, 2);
		ck_open("elf", "");
		ck_assert(!info->program);
		ck_assert_str_eq(info->arch_name, all[i].name);
		ck_assert_ptr_eq(info->arch, sct_arch_find(all[i].name));
		memcpy(&pc, page + all[i].pc, 4);
		memcpy(&sp, page + all[i].sp, 4);
		if (info->arch) {
			ck_assert_uint_eq((uint32_t)reg(0, "pc"), pc);
			ck_assert_uint_eq((uint32_t)reg(0, "sp"), sp);
			ck_assert(knows(0, all[i].first));
		}
		sct_bytes_fini(&notes);
		close_image();
	}
}
END_TEST

START_TEST(kernel)
{
	struct sct_bytes notes = { 0 };

	put_status(&notes, 8, 10);
	put_note(&notes, "CORE", NT_PRPSINFO, page, 136);
	put_note(&notes, "VMCOREINFO", 0, "OSRELEASE=6.1", 13);
	build(ELFCLASS64, ET_CORE, EM_X86_64, (struct segment[]){ note_segment(&notes),
		{ PT_LOAD, 7, UINT64_C(0xffffffff81000000), 0x1000000, 0, 4096, NULL },
		{ PT_LOAD, 7, UINT64_C(0xffffc90000000000), UINT64_MAX, 0, 4096, NULL }, /* lies nowhere */
		{ PT_LOAD, 7, UINT64_C(0xffff888000000000), 0, 8192, 4096, NULL },
	}, 4);
	ck_open("elf", "");
	ck_assert(!info->program);
	ck_assert_uint_eq(reg(0, "rip"), 26);
	ck_assert_uint_eq(reg(0, "gs"), 36);
	ck_assert(!knows(0, "gs_base"));
	ck_assert_uint_eq(info->nranges, 2);
	ck_memory(0, page, 4096);
	ck_memory(0x1000000, page, 4096);
	sct_bytes_fini(&notes);
}
END_TEST

/* ---- processes and programs ---------------------------------------------------------------------------------- */

START_TEST(process)
{
	struct sct_bytes notes = { 0 };

	put_status(&notes, 8, 10);
	put_note(&notes, "CORE", NT_PRPSINFO, page, 136);
	put_note(&notes, "CORE", NT_FILE, page, 40);
	put_status(&notes, 8, 100);
	build(ELFCLASS64, ET_CORE, EM_X86_64, (struct segment[]){ note_segment(&notes),
		{ PT_LOAD, PF_R | PF_X, 0x400000, 0, 0x2000, 4096, NULL }, /* the rest is in the program's file */
		{ PT_LOAD, PF_R | PF_W, 0x600000, 0, 0, 4096, NULL },
		{ PT_LOAD, PF_R, 0x800000, 0, 0x5000, 0, NULL },
	}, 4);
	ck_open("elf", "");
	ck_assert(info->program);
	ck_assert_uint_eq(info->ncpus, 2);
	ck_assert_uint_eq(reg(0, "r15"), 10);
	ck_assert_uint_eq(reg(1, "rsp"), 119);
	ck_assert_uint_eq(reg(1, "fs_base"), 121);
	ck_assert_uint_eq(info->nranges, 2);
	ck_range(0, 0x400000, 0x1000, SCT_RANGE_EXEC);
	ck_range(1, 0x600000, 0x1000, SCT_RANGE_WRITE);
	ck_memory(0x400000, page, 4096);
	ck_assert_uint_eq(count("bytes left out"), 0x6000);
	sct_bytes_fini(&notes);
}
END_TEST

START_TEST(process_i386)
{
	struct sct_bytes notes = { 0 };

	put_status(&notes, 4, 10);
	build(ELFCLASS32, ET_CORE, EM_386, (struct segment[]){ note_segment(&notes),
		{ PT_LOAD, PF_R, 0x8048000, 0, 0, 4096, NULL } }, 2);
	ck_open("elf", "");
	ck_assert(info->program); /* it has no physical addresses */
	ck_assert_uint_eq(reg(0, "ebx"), 10);
	ck_assert_uint_eq(reg(0, "eip"), 22);
	ck_assert_uint_eq(reg(0, "esp"), 25);
	ck_memory(0x8048000, page, 4096);
	sct_bytes_fini(&notes);
}
END_TEST

static const struct segment program_segments[] = {
	{ PT_LOAD, PF_R | PF_X, 0x1000, 0x1000, 0, 600, NULL },
	{ PT_LOAD, PF_R | PF_W, 0x3000, 0x3000, 1000, 100, NULL },
};

START_TEST(program)
{
	uint8_t zero[900] = { 0 };

	build(ELFCLASS64, ET_EXEC, EM_X86_64, program_segments, 2);
	ck_open("elf", "");
	ck_assert(info->program);
	ck_assert_uint_eq(info->ncpus, 0);
	ck_range(0, 0x1000, 600, SCT_RANGE_EXEC);
	ck_range(1, 0x3000, 1000, SCT_RANGE_WRITE);
	ck_memory(0x1000, page, 600);
	ck_memory(0x3064, zero, 900);
	sct_snapshot_close(&s);
	ck_assert_int_eq(open_image(NULL, "@0x1000"), SCT_E_USAGE);
}
END_TEST

START_TEST(library)
{
	build(ELFCLASS64, ET_DYN, EM_X86_64, program_segments, 2);
	ck_assert_int_eq(open_image(NULL, ""), SCT_E_USAGE);
	ck_open("elf", "@0x7f0000001000");
	ck_memory(UINT64_C(0x7f0000001000), page, 600);
	ck_assert_uint_eq(info->nranges, 2);
}
END_TEST

extern const char __ehdr_start[];

/* This program as its own snapshot holds its own code. */
START_TEST(own_program)
{
	const uint8_t *code = (const uint8_t *)(uintptr_t)sct_snapshot_open;
	uint8_t buf[64];
	char spec[64];

	snprintf(spec, sizeof spec, "/proc/self/exe@%#jx", (uintmax_t)__ehdr_start);
	open_path(spec);
	ck_assert(info->program);
	ck_assert_uint_eq(s.ops->read(s.state, (uintptr_t)code, buf, sizeof buf), sizeof buf);
	ck_assert_mem_eq(buf, code, sizeof buf);
}
END_TEST

/* ---- damage -------------------------------------------------------------------------------------------------- */

START_TEST(truncated)
{
	build(ELFCLASS64, ET_CORE, EM_X86_64, (struct segment[]){
		{ PT_LOAD, 0, 0, 0x1000, 0, 4096, NULL }, { PT_LOAD, 0, 0, 0x8000, 0, 4096, NULL } }, 2);
	image.len -= 1000;
	ck_assert_int_eq(open_image(NULL, ""), SCT_OK);
	ck_assert_int_eq(info->damage.status, SCT_E_TRUNCATED);
	ck_assert_uint_eq(info->damage.offset, 64 + 2 * 56 + 4096);
	ck_memory(0x1000, page, 4096);
	ck_memory(0x8000, page, 3096);
	sct_snapshot_close(&s);
	image.len = 64 + 56 + 20;
	ck_assert_int_eq(open_image(NULL, ""), SCT_OK);
	ck_assert_int_eq(info->damage.status, SCT_E_TRUNCATED);
	ck_assert_uint_eq(info->nranges, 0);
	sct_snapshot_close(&s);
	info = NULL;
	image.len = 40;
	ck_assert_int_lt(open_image(NULL, ""), 0);
}
END_TEST

/* Sizes and offsets that lie. */
START_TEST(lies)
{
	build(ELFCLASS64, ET_EXEC, EM_X86_64, (struct segment[]){
		{ PT_LOAD, PF_W, UINT64_MAX - 99, 0, UINT64_MAX, 4096, NULL },
		{ PT_LOAD, PF_W, 0x1000, 0, UINT64_MAX, 0, NULL } }, 2);
	ck_assert_int_eq(open_image(NULL, ""), SCT_OK);
	ck_memory(UINT64_MAX - 99, page, 100);
	sct_snapshot_close(&s);
	info = NULL;
	sct_bytes_fini(&image);
	build(ELFCLASS64, ET_CORE, EM_X86_64, (struct segment[]){ { PT_NOTE, 0, 0, 0, 0, 8, NULL } }, 1);
	memset(image.data + 64 + 32, 0xff, 8); /* p_filesz */
	ck_assert_int_eq(open_image(NULL, ""), SCT_OK);
	ck_assert_int_eq(info->damage.status, SCT_E_TRUNCATED);
}
END_TEST

START_TEST(bad_notes)
{
	struct sct_bytes notes = { 0 };

	put_note(&notes, "CORE", NT_PRSTATUS, page, 300);
	put_qemu(&notes, 1);
	notes.data[notes.len - 440 + 4] = 0xff; /* its size */
	build(ELFCLASS64, ET_CORE, EM_X86_64, (struct segment[]){ note_segment(&notes),
		{ PT_LOAD, 0, 0, 0, 0, 4096, NULL } }, 2);
	ck_assert_int_eq(open_image(NULL, ""), SCT_OK);
	ck_assert_int_eq(info->damage.status, SCT_E_FORMAT);
	ck_assert_uint_eq(info->ncpus, 0);
	ck_memory(0, page, 4096);
	sct_bytes_fini(&notes);
}
END_TEST

START_TEST(no_addresses)
{
	build(ELFCLASS64, ET_REL, EM_X86_64, program_segments, 2);
	ck_assert_int_eq(open_image(NULL, ""), SCT_E_UNSUPPORTED);
}
END_TEST

/* ---- of QEMU ------------------------------------------------------------------------------------------------- */

START_TEST(qemu)
{
	open_path("fixtures/snapshots/x86_64-smp2.elf.zst");
	ck_tiny(2);
}
END_TEST

START_TEST(qemu_paging)
{
	open_path("fixtures/snapshots/i386-paging.elf.zst");
	ck_tiny(1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mem_elf");
	TCase *t = tcase_create("files");

	tcase_add_checked_fixture(t, setup, close_image);
	tcase_add_test(t, machine);
	tcase_add_test(t, paging);
	tcase_add_test(t, i386_in_64);
	tcase_add_test(t, other_machine);
	tcase_add_test(t, arm_machines);
	tcase_add_test(t, kernel);
	tcase_add_test(t, process);
	tcase_add_test(t, process_i386);
	tcase_add_test(t, program);
	tcase_add_test(t, library);
	tcase_add_test(t, own_program);
	tcase_add_test(t, truncated);
	tcase_add_test(t, lies);
	tcase_add_test(t, bad_notes);
	tcase_add_test(t, no_addresses);
	tcase_add_test(t, qemu);
	tcase_add_test(t, qemu_paging);
	suite_add_tcase(suite, t);
	return run_tests(suite);
}
