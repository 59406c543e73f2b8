/* Tests of the reader of migration streams.
 * In:  streams made by hand, and small ones of QEMU (fixtures/snapshots/make.py)
 * Out: RAM, registers, what is told of damage
 */
#include "../../formats/formats.h"

#include <check.h>

#include "migration_build.h"
#include "suite.h"

enum { RAM = 0x200000 };

static struct sct_bytes stream;
static struct sct_snapshot s;
static struct sct_err err;
static const struct sct_snapshot_info *info;

static int open_stream(void)
{
	char path[64];
	int rc, fd = as_file(&stream, path);

	memset(&err, 0, sizeof err);
	rc = sct_snapshot_open(&s, path, NULL, &err);
	close(fd);
	info = rc == SCT_OK ? sct_snapshot_info(&s) : NULL;
	return rc;
}

static void teardown(void)
{
	if (info)
		sct_snapshot_close(&s);
	info = NULL;
	stream.len = 0;
}

/* How many bytes of value there are from addr on, at most 8192. */
static size_t run(uint64_t addr, uint8_t value)
{
	uint8_t buf[8192];
	size_t n = s.ops->read(s.state, addr, buf, sizeof buf), i = 0;

	while (i < n && buf[i] == value)
		i++;
	return i;
}

static uint64_t count(const char *name)
{
	for (const struct sct_count *c = info->counts; c->name; c++)
		if (!strcmp(c->name, name))
			return c->count;
	ck_abort_msg("no count is called %s", name);
	return 0;
}

static uint64_t reg(unsigned cpu, const char *name)
{
	const struct sct_reg *r = sct_arch_reg(info->arch, name);
	uint64_t value = 0;

	ck_assert_msg(r && sct_regs_get(&info->cpus[cpu], r, &value), "%s of CPU %u is not known", name, cpu);
	return value;
}

static bool knows(unsigned cpu, const char *name)
{
	uint64_t value;

	return sct_regs_get(&info->cpus[cpu], sct_arch_reg(info->arch, name), &value);
}

/* ---- RAM ---------------------------------------------------------------------------------------------------- */

START_TEST(pages)
{
	put_head(&stream, "pc-i440fx-2.8");
	put_ram_start(&stream, RAM);
	put_section(&stream, PART, RAM_ID, NULL, 0);
	put_page(&stream, "pc.ram", 0x1000, 'a');
	put_page(&stream, NULL, 0x3000, 0);
	put_page(&stream, "vga.vram", 0x1000, 'v');
	put_page(&stream, "pc.ram", 0x100000, 'b');
	put_word(&stream, 0, EOS);
	put_footer(&stream, RAM_ID);
	put_section(&stream, END, RAM_ID, NULL, 0);
	put_page(&stream, "pc.ram", 0x1000, 'c'); /* again: this one counts */
	put_word(&stream, 0, EOS);
	put_end(&stream, NULL);
	ck_assert_int_eq(open_stream(), SCT_OK);
	ck_assert_str_eq(info->machine, "pc-i440fx-2.8");
	ck_assert_uint_eq(info->ram_size, RAM);
	ck_assert(!info->program);
	ck_assert_uint_eq(run(0x1000, 'c'), 4096);
	ck_assert_uint_eq(run(0x1ffe, 'c'), 2);
	ck_assert_uint_eq(run(0x3000, 0), 4096);
	ck_assert_uint_eq(run(0x100000, 'b'), 4096);
	ck_assert_uint_eq(run(0, 0), 0);
	ck_assert_uint_eq(count("raw pages"), 4);
	ck_assert_uint_eq(count("zero pages"), 1);
	ck_assert_uint_eq(count("pages told again"), 1);
	ck_assert_uint_eq(count("RAM blocks without an address"), 1);
	ck_assert_uint_eq(count("RAM pages not told"), RAM / 4096 - 3);
	ck_assert_uint_eq(info->nranges, 3);
	ck_assert_uint_eq(info->ranges[1].addr, 0x3000);
	ck_assert_uint_eq(info->ranges[1].size, 0x1000);
	ck_assert_int_eq(info->ranges[1].flags, SCT_RANGE_WRITE);
}
END_TEST

/* What lies under the windows of VGA and ROM is not what a CPU sees there. */
START_TEST(windows)
{
	put_head(&stream, "pc-i440fx-2.8");
	put_ram_start(&stream, RAM);
	put_section(&stream, END, RAM_ID, NULL, 0);
	put_page(&stream, "pc.ram", 0x9f000, 'a');
	for (uint64_t at = 0xa0000; at <= 0x100000; at += 0x1000)
		put_page(&stream, NULL, at, 'b');
	put_word(&stream, 0, EOS);
	put_end(&stream, NULL);
	ck_assert_int_eq(open_stream(), SCT_OK);
	ck_assert_uint_eq(run(0x9f000, 'a'), 4096);
	ck_assert_uint_eq(run(0xa0000, 'b'), 0);
	ck_assert_uint_eq(run(0xff000, 'b'), 0);
	ck_assert_uint_eq(run(0x100000, 'b'), 4096);
}
END_TEST

/* Where machines have the RAM that does not fit below the hole (hw/i386/pc_piix.c, pc_q35.c). */
static const struct {
	const char *machine;
	uint64_t ram, offset, addr; /* addr 0: not known */
} splits[] = {
	{ "pc-i440fx-2.8", 0xdffff000, 0xdfffe000, 0xdfffe000 },
	{ "pc-i440fx-2.8", 0xe0000000, 0xbffff000, 0xbffff000 },
	{ "pc-i440fx-2.8", 0xe0000000, 0xc0000000, 0x100000000 },
	{ "pc-i440fx-1.7", 0x100000000, 0xdffff000, 0xdffff000 },
	{ "pc-i440fx-1.7", 0x100000000, 0xe0000000, 0x100000000 },
	{ "pc-i440fx-rhel7.6.0", 0x140000000, 0xc0001000, 0x100001000 },
	{ "pc-1.2", 0x100000000, 0xe0000000, 0x100000000 },
	{ "pc-q35-2.8", 0xaffff000, 0xaff00000, 0xaff00000 },
	{ "pc-q35-2.8", 0xb0000000, 0x7ffff000, 0x7ffff000 },
	{ "pc-q35-2.8", 0xb0000000, 0x80000000, 0x100000000 },
	{ "pc-q35-1.7", 0xc0000000, 0xb0000000, 0x100000000 },
	{ "somebody's", 0x80000000, 0x7ffff000, 0x7ffff000 },
	{ "somebody's", 0x80001000, 0x7ffff000, 0x7ffff000 },
	{ "somebody's", 0x80001000, 0x80000000, 0 },
	{ NULL, 0x100000000, 0xc0000000, 0 },
};

START_TEST(split)
{
	put_head(&stream, splits[_i].machine);
	put_ram_start(&stream, splits[_i].ram);
	put_section(&stream, END, RAM_ID, NULL, 0);
	put_page(&stream, "pc.ram", 0, 'l');
	put_page(&stream, NULL, splits[_i].offset, 'h');
	put_word(&stream, 0, EOS);
	put_end(&stream, "{ \"devices\": [] }");
	ck_assert_int_eq(open_stream(), SCT_OK);
	ck_assert_uint_eq(info->nranges, splits[_i].addr ? 2 : 1);
	ck_assert_uint_eq(info->ram_size, splits[_i].ram);
	if (splits[_i].addr)
		ck_assert_uint_eq(run(splits[_i].addr, 'h'), 4096);
	else
		ck_assert_msg(strstr(info->damage.text, "is not known"), "%s", info->damage.text);
}
END_TEST

/* Old versions fill pages with any byte. */
START_TEST(fill_byte)
{
	put_head(&stream, "pc-1.0");
	put_ram_start(&stream, RAM);
	put_section(&stream, END, RAM_ID, NULL, 0);
	put_word(&stream, 0x2000, ZERO);
	put_name(&stream, "pc.ram");
	sct_put_u8(&stream, 0xff);
	put_word(&stream, 0, EOS);
	put_end(&stream, NULL);
	ck_assert_int_eq(open_stream(), SCT_OK);
	ck_assert_uint_eq(run(0x2000, 0xff), 4096);
}
END_TEST

/* ---- devices ------------------------------------------------------------------------------------------------ */

static const char description[] =
	"{ \"page_size\": 4096, \"devices\": ["
	" { \"name\": \"timer\", \"instance_id\": 0, \"fields\": [ { \"name\": \"x\", \"size\": 8, \"array_len\": 2 } ],"
	"   \"subsections\": [ { \"vmsd_name\": \"timer/a\", \"version\": 1,"
	"     \"fields\": [ { \"name\": \"y\", \"size\": 4 } ],"
	"     \"subsections\": [ { \"vmsd_name\": \"timer/a/b\", \"version\": 1, \"fields\": [] } ] } ] },"
	" { \"name\": \"cpu\", \"instance_id\": 0, \"fields\": ["
	"   { \"name\": \"env.regs\", \"array_len\": 8, \"type\": \"uint32\", \"size\": 4 },"
	"   { \"name\": \"env.eip\", \"type\": \"uint32\", \"size\": 4 },"
	"   { \"name\": \"env.segs\", \"array_len\": 6, \"type\": \"struct\", \"size\": 8, \"struct\": {"
	"     \"fields\": [ { \"name\": \"selector\", \"size\": 4 }, { \"name\": \"base\", \"size\": 4 } ] } },"
	"   { \"name\": \"env.cr[3]\", \"type\": \"uint32\", \"size\": 4 } ] },"
	" { \"name\": \"mc146818rtc\", \"instance_id\": 0,"
	"   \"fields\": [ { \"name\": \"cmos_data\", \"size\": 128 } ] } ] }";

static void put_timer(void)
{
	put_section(&stream, FULL, 3, "timer", 0);
	put_be(&stream, 0, 8);
	put_be(&stream, 0, 8);
	sct_put_u8(&stream, 5);
	put_name(&stream, "timer/a");
	put_be(&stream, 1, 4);
	put_be(&stream, 0x7e7e7e7e, 4);
	sct_put_u8(&stream, 5);
	put_name(&stream, "timer/a/b");
	put_be(&stream, 1, 4);
	put_footer(&stream, 3);
}

static void put_cpu(void)
{
	put_section(&stream, FULL, 4, "cpu", 0);
	for (unsigned i = 0; i < 8; i++)
		put_be(&stream, 0x11110000 + i, 4);
	put_be(&stream, 0xc1000000, 4);
	for (unsigned i = 0; i < 6; i++) {
		put_be(&stream, 0x60 + i, 4);
		put_be(&stream, 0xb0000 + i, 4);
	}
	put_be(&stream, 0x2017000, 4);
	put_footer(&stream, 4);
}

/* low: of 64 KiB from 16 MiB on, high: from 4 GiB on. */
static void put_cmos(unsigned low, unsigned high)
{
	uint8_t cmos[128] = { 0 };

	cmos[0x34] = (uint8_t)low;
	cmos[0x35] = (uint8_t)(low >> 8);
	cmos[0x5b] = (uint8_t)high;
	cmos[0x5c] = (uint8_t)(high >> 8);
	cmos[0x5d] = (uint8_t)(high >> 16);
	put_section(&stream, FULL, 5, "mc146818rtc", 0);
	sct_put(&stream, cmos, sizeof cmos);
	put_footer(&stream, 5);
}

/* A machine of 2 GiB with a page at 1 GiB of its RAM; what its CMOS says comes next. */
static void put_machine(void)
{
	put_head(&stream, "pc-i440fx-10.0");
	put_ram_start(&stream, 0x80000000);
	put_section(&stream, END, RAM_ID, NULL, 0);
	put_page(&stream, "pc.ram", 0, 'l');
	put_page(&stream, NULL, 0x40000000, 'h');
	put_word(&stream, 0, EOS);
	put_footer(&stream, RAM_ID);
	put_timer();
	put_cpu();
}

static void open_machine(unsigned low, unsigned high)
{
	put_machine();
	put_cmos(low, high);
	put_end(&stream, description);
	ck_assert_int_eq(open_stream(), SCT_OK);
}

START_TEST(registers)
{
	open_machine(0, 0);
	ck_assert_int_eq(info->damage.status, 0);
	ck_assert_ptr_eq(info->arch, &sct_arch_i386);
	ck_assert_uint_eq(info->ncpus, 1);
	ck_assert_uint_eq(reg(0, "eax"), 0x11110000);
	ck_assert_uint_eq(reg(0, "ebx"), 0x11110003);
	ck_assert_uint_eq(reg(0, "edi"), 0x11110007);
	ck_assert_uint_eq(reg(0, "eip"), 0xc1000000);
	ck_assert_uint_eq(reg(0, "cs"), 0x61);
	ck_assert_uint_eq(reg(0, "gs"), 0x65);
	ck_assert_uint_eq(reg(0, "gs_base"), 0xb0005);
	ck_assert_uint_eq(reg(0, "cr3"), 0x2017000);
	ck_assert(!knows(0, "eflags"));
	ck_assert(!knows(0, "efer"));
	ck_assert_uint_eq(run(0x40000000, 'h'), 4096);
}
END_TEST

/* A user moved the hole: the CMOS says so, and is believed when it adds up. */
START_TEST(moved_hole)
{
	open_machine(0x3f00, 0x4000);
	ck_assert_uint_eq(run(0x40000000, 'h'), 0);
	ck_assert_uint_eq(run(0x100000000, 'h'), 4096);
}
END_TEST

START_TEST(cmos_of_somebody)
{
	open_machine(0x3f00, 0x4001);
	ck_assert_uint_eq(run(0x40000000, 'h'), 4096);
}
END_TEST

/* A device that the description does not know ends what can be read. */
START_TEST(undescribed)
{
	uint64_t at;

	put_machine();
	put_section(&stream, FULL, 9, "rtc", 0);
	at = stream.len;
	put_be(&stream, 0, 8);
	put_end(&stream, description);
	ck_assert_int_eq(open_stream(), SCT_OK);
	ck_assert_int_eq(info->damage.status, SCT_E_FORMAT);
	ck_assert_uint_eq(info->damage.offset, at);
	ck_assert_uint_eq(info->ncpus, 1);
	ck_assert_uint_eq(run(0, 'l'), 4096);
}
END_TEST

/* ---- damage ------------------------------------------------------------------------------------------------- */

/* Cut off anywhere, a stream gives what came before or says that nothing did. */
START_TEST(cut)
{
	size_t whole;

	put_machine();
	put_cmos(0, 0);
	put_end(&stream, description);
	whole = stream.len;
	for (size_t n = 4; n < whole; n += n < 200 ? 1 : 37) {
		stream.len = n;
		if (open_stream() == SCT_OK) {
			ck_assert_int_ne(info->damage.status, 0);
			ck_assert_uint_eq(run(0, 'l'), 4096);
			ck_assert_uint_eq(info->ncpus, 0); /* the description is at the end */
			sct_snapshot_close(&s);
		} else {
			ck_assert(*err.text);
			ck_assert_uint_lt(n, whole - strlen(description));
		}
	}
	info = NULL;
}
END_TEST

/* What stands after the list of blocks in place of a page, and what is said of it. */
static const struct {
	uint64_t word;
	int status;
	const char *text;
} refused[] = {
	{ 0x1040, SCT_E_UNSUPPORTED, "xbzrle" },
	{ 0x0080, SCT_E_UNSUPPORTED, "RDMA" },
	{ 0x1100, SCT_E_UNSUPPORTED, "compressed" },
	{ 0x0200, SCT_E_UNSUPPORTED, "multifd" },
	{ 0x1008, SCT_E_FORMAT, "a RAM block that the list has not" }, /* of the name "" */
	{ 0x1001, SCT_E_FORMAT, "flags 0x1" },
	{ 0x200028, SCT_E_FORMAT, "which has 0x200000 bytes" },
	{ 0x1004, SCT_E_FORMAT, "second list" },
};

START_TEST(refusals)
{
	uint64_t at;

	put_head(&stream, "pc-i440fx-2.8");
	put_ram_start(&stream, RAM);
	put_section(&stream, END, RAM_ID, NULL, 0);
	put_page(&stream, "pc.ram", 0, 'a');
	at = stream.len;
	put_be(&stream, refused[_i].word, 8);
	for (unsigned i = 0; i < 4096; i++)
		sct_put_u8(&stream, 0);
	put_word(&stream, 0, EOS);
	put_end(&stream, NULL);
	ck_assert_int_eq(open_stream(), SCT_OK);
	ck_assert_int_eq(info->damage.status, refused[_i].status);
	ck_assert_msg(strstr(info->damage.text, refused[_i].text), "%s", info->damage.text);
	ck_assert_uint_le(info->damage.offset - at, 8);
	ck_assert_uint_eq(run(0, 'a'), 4096);
}
END_TEST

START_TEST(no_stream)
{
	sct_put(&stream, "QEVM\0\0\0\2", 8);
	ck_assert_int_eq(open_stream(), SCT_E_UNSUPPORTED);
	stream.len = 0;
	put_head(&stream, "pc-i440fx-2.8");
	put_end(&stream, NULL);
	ck_assert_int_lt(open_stream(), 0);
	stream.len = 0;
	put_head(&stream, "pc-i440fx-2.8");
	put_section(&stream, START, 7, "dirty-bitmap", 0);
	ck_assert_int_eq(open_stream(), SCT_E_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.text, "dirty-bitmap"));
}
END_TEST

/* A block list that claims more than all memory costs nothing. */
START_TEST(huge)
{
	put_head(&stream, "pc-i440fx-2.8");
	put_section(&stream, START, RAM_ID, "ram", 0);
	put_word(&stream, UINT64_C(0xffff000000000000), MEM_SIZE);
	put_name(&stream, "pc.ram");
	put_be(&stream, UINT64_C(0xffff000000000000), 8);
	ck_assert_int_eq(open_stream(), SCT_E_FORMAT);
}
END_TEST

/* ---- of QEMU ------------------------------------------------------------------------------------------------ */

/* The firmware of fixtures/snapshots/make.py, and what it left in RAM and registers. */
static void ck_tiny(const char *path, const char *format, const struct sct_arch *arch, unsigned ncpus)
{
	uint8_t buf[4] = { 0 };

	ck_assert_msg(sct_snapshot_open(&s, path, NULL, &err) == SCT_OK, "%s", err.text);
	info = sct_snapshot_info(&s);
	ck_assert_str_eq(info->format, format);
	ck_assert_int_eq(info->damage.status, 0);
	ck_assert_ptr_eq(info->arch, arch);
	ck_assert_uint_eq(info->ncpus, ncpus);
	ck_assert_uint_eq(info->ram_size, 1 << 20);
	ck_assert_uint_eq(info->nranges, 2);
	ck_assert_uint_eq(info->ranges[0].size, 0xa0000);
	ck_assert_uint_eq(info->ranges[1].addr, 0xffff0000);
	ck_assert_int_eq(info->ranges[1].flags, 0);
	ck_assert_uint_eq(s.ops->read(s.state, 0x12350, buf, 2), 2);
	ck_assert_mem_eq(buf, "\xef\xbe", 2);
	ck_assert_uint_eq(s.ops->read(s.state, 0xfffffff0, buf, 4), 4);
	ck_assert_mem_eq(buf, "\xea\0\0\0", 4);
	ck_assert_uint_eq(count("RAM pages not told"), 0);
	ck_assert_uint_eq(reg(0, "eax"), 0x1234);
	ck_assert_uint_eq(reg(0, "edx"), 0x23456789);
	ck_assert_uint_eq(reg(0, "edi"), 0x7003);
	ck_assert_uint_eq(reg(0, "eip"), 0x25);
	ck_assert_uint_eq(reg(0, "cs"), 0xf000);
	ck_assert_uint_eq(reg(0, "ds"), 0x1234);
	ck_assert_uint_eq(reg(0, "cr0"), 0x60000010);
}

START_TEST(qemu_exec)
{
	ck_tiny("fixtures/snapshots/x86_64-smp2.migration.zst", "migration", &sct_arch_x86_64, 2);
	ck_assert_uint_eq(reg(0, "efer"), 0);
	ck_assert_uint_eq(reg(1, "rip"), 0xfff0);
	ck_assert_str_eq(info->machine, "pc-i440fx-10.0");
}
END_TEST

START_TEST(qemu_mapped)
{
	ck_tiny("fixtures/snapshots/i386-mapped.migration.zst", "migration", &sct_arch_i386, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mem_migration");
	TCase *t = tcase_create("stream");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, pages);
	tcase_add_test(t, windows);
	tcase_add_loop_test(t, split, 0, sizeof splits / sizeof *splits);
	tcase_add_test(t, fill_byte);
	tcase_add_test(t, registers);
	tcase_add_test(t, moved_hole);
	tcase_add_test(t, cmos_of_somebody);
	tcase_add_test(t, undescribed);
	tcase_add_test(t, cut);
	tcase_add_loop_test(t, refusals, 0, sizeof refused / sizeof *refused);
	tcase_add_test(t, no_stream);
	tcase_add_test(t, huge);
	tcase_add_test(t, qemu_exec);
	tcase_add_test(t, qemu_mapped);
	suite_add_tcase(suite, t);
	return run_tests(suite);
}
