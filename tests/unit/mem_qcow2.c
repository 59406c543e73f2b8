/* Tests of the reader of qcow2 images with a machine's snapshot inside.
 * In:  small images of QEMU (fixtures/snapshots/make.py), whole, and with bytes changed
 * Out: RAM, registers, what is refused
 */
#include "../../formats/formats.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "suite.h"

static struct sct_snapshot s;
static struct sct_err err;

static void ck_tiny(const char *path, const struct sct_arch *arch, uint64_t snapshots)
{
	const struct sct_snapshot_info *info;
	uint64_t value = 0;
	uint8_t buf[2] = { 0 };

	ck_assert_msg(sct_snapshot_open(&s, path, NULL, &err) == SCT_OK, "%s", err.text);
	info = sct_snapshot_info(&s);
	ck_assert_str_eq(info->format, "qcow2");
	ck_assert_int_eq(info->damage.status, 0);
	ck_assert_ptr_eq(info->arch, arch);
	ck_assert_uint_eq(info->ncpus, 1);
	ck_assert_uint_eq(info->nranges, 2);
	ck_assert_uint_eq(info->ranges[0].size, 0xa0000);
	ck_assert_uint_eq(s.ops->read(s.state, 0x12350, buf, 2), 2);
	ck_assert_mem_eq(buf, "\xef\xbe", 2);
	ck_assert(sct_regs_get(info->cpus, sct_arch_reg(arch, "edx"), &value));
	ck_assert_uint_eq(value, 0x23456789);
	ck_assert_str_eq(info->counts[0].name, "snapshots in the image");
	ck_assert_uint_eq(info->counts[0].count, snapshots);
	sct_snapshot_close(&s);
}

START_TEST(version_3)
{
	ck_tiny("fixtures/snapshots/i386.qcow2.zst", &sct_arch_i386, 1);
}
END_TEST

START_TEST(version_2)
{
	ck_tiny("fixtures/snapshots/7.2-x86_64-v2.qcow2.zst", &sct_arch_x86_64, 2);
}
END_TEST

START_TEST(extended)
{
	ck_tiny("fixtures/snapshots/i386-extended.qcow2.zst", &sct_arch_i386, 1);
}
END_TEST

/* ---- images with bytes changed ------------------------------------------------------------------------------ */

static uint64_t be64(const uint8_t *p)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

enum where { HEADER, SNAPSHOT, L1, L2 }; /* what a change's offset counts from */

static const struct {
	enum where where;
	unsigned offset;
	uint8_t byte;
	int status;
	const char *text;
} changes[] = {
	{ HEADER, 7, 4, SCT_E_FORMAT, "version 2 or 3" },
	{ HEADER, 23, 8, SCT_E_FORMAT, "clusters of 2^8" },
	{ HEADER, 23, 22, SCT_E_FORMAT, "clusters of 2^22" },
	{ HEADER, 35, 2, SCT_E_UNSUPPORTED, "encrypted" },
	{ HEADER, 63, 0, SCT_E_FORMAT, "no snapshot of a running machine" },
	{ HEADER, 64, 1, SCT_E_TRUNCATED, "table of snapshots" },
	{ HEADER, 79, 2, SCT_E_FORMAT, "corrupt" },
	{ HEADER, 79, 4, SCT_E_UNSUPPORTED, "in another file" },
	{ HEADER, 79, 0x20, SCT_E_UNSUPPORTED, "not known: 0x20" },
	{ SNAPSHOT, 0, 0xff, SCT_E_FORMAT, "L1 table" },
	{ SNAPSHOT, 11, 1, SCT_E_FORMAT, "L1 table" },
	{ SNAPSHOT, 40, 1, SCT_E_TRUNCATED, "bytes in an image" },
	{ SNAPSHOT, 50, 0xff, SCT_E_FORMAT, "L1 table" },
	{ L1, 3, 0xff, SCT_E_FORMAT, "L2 table" },
	{ L2, 0, 0x40, SCT_E_UNSUPPORTED, "compressed" },
	{ L2, 3, 0xff, SCT_E_FORMAT, "outside of the image" },
};

START_TEST(changed)
{
	struct sct_file f;
	uint8_t *data, *at[4];
	char path[64];
	int fd = memfd_create("image", MFD_CLOEXEC);

	ck_assert_int_eq(sct_file_open(&f, "fixtures/snapshots/i386.qcow2.zst", &err), SCT_OK);
	ck_assert_int_eq(ftruncate(fd, (off_t)f.size), 0);
	data = mmap(NULL, f.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memcpy(data, f.data, f.size);
	at[HEADER] = data;
	at[SNAPSHOT] = data + be64(data + 64);
	at[L1] = data + be64(at[SNAPSHOT]) + 8; /* the disk of 1 MiB needs one entry */
	at[L2] = data + (be64(at[L1]) & UINT64_C(0xfffffffffffe00));
	at[changes[_i].where][changes[_i].offset] = changes[_i].byte;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	ck_assert_int_eq(sct_snapshot_open(&s, path, NULL, &err), changes[_i].status);
	ck_assert_msg(strstr(err.text, changes[_i].text), "%s", err.text);
	munmap(data, f.size);
	sct_file_close(&f);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mem_qcow2");
	TCase *t = tcase_create("image");

	tcase_add_test(t, version_3);
	tcase_add_test(t, version_2);
	tcase_add_test(t, extended);
	tcase_add_loop_test(t, changed, 0, sizeof changes / sizeof *changes);
	suite_add_tcase(suite, t);
	return run_tests(suite);
}
