/* Tests of layouts of Linux from types and symbols, and from PANDA's kernelinfo.conf.
 * In:  types by hand, as kernels of different ages have them; files written here
 * Out: where members are, or that it is not known
 */
#include <stdlib.h>

#include "../../src/os_linux.h"
#include "kernel_types.h"
#include "suite.h"

static struct sct_linux_layout layout;

static void is_at(enum sct_linux_field field, uint64_t value)
{
	ck_assert_msg(layout.at[field].known, "field %d", field);
	ck_assert_uint_eq(layout.at[field].value, value);
}

static void is_unknown(enum sct_linux_field field)
{
	ck_assert_msg(!layout.at[field].known, "field %d", field);
}

static void symbol(const char *name, uint32_t type, uint64_t address)
{
	sct_types_add_symbol(&db, sct_types_add_name(&db, name), type, &address);
}

static void finish(void)
{
	sct_types_index_from(&db, 1);
	sct_linux_layout_of_types(&layout, &db);
}

static void setup(void)
{
	begin_types(false, 8);
}

static void teardown(void)
{
	sct_types_fini(&db);
}

/* As 2.6.32 spells them. */
START_TEST(kernel_2_6_32)
{
	uint32_t p = POINTER(0), timespec = STRUCT("timespec", 16, { "tv_sec", c_long, 0 }, { "tv_nsec", c_long, 8 });

	STRUCT("task_struct", 256, { "pid", c_int, 8 }, { "comm", ARRAY(c_char, 16), 16 }, { "start_time", timespec, 64 });
	STRUCT("cred", 64, { "uid", c_uint, 4 });
	STRUCT("vfsmount", 64, { "mnt_parent", p, 16 }, { "mnt_mountpoint", p, 24 }, { "mnt_root", p, 32 });
	STRUCT("inet_sock", 96, { "daddr", c_uint, 40 }, { "rcv_saddr", c_uint, 44 }, { "dport", c_ushort, 48 },
	       { "sport", c_ushort, 50 });
	STRUCT("netlink_sock", 96, { "pid", c_uint, 72 });
	STRUCT("dentry", 192, { "d_flags", c_uint, 4 }, { "d_mounted", c_int, 12 });
	symbol("per_cpu__current_task", SCT_NO_TYPE, 0xb500);
	symbol("__per_cpu_offset", SCT_NO_TYPE, UINT64_C(0xffffffff81800000));
	symbol("linux_banner", SCT_NO_TYPE, UINT64_C(0xffffffff81600000));
	finish();
	is_at(SCT_LX_CURRENT, 0xb500);
	is_unknown(SCT_LX_PER_CPU_0);
	is_at(SCT_LX_TASK_PID, 8);
	is_at(SCT_LX_TASK_COMM, 16);
	is_at(SCT_LX_TASK_COMM_SIZE, 16);
	is_at(SCT_LX_TASK_START, 64);
	is_at(SCT_LX_TASK_START_IS_TIMESPEC, 1);
	is_at(SCT_LX_CRED_UID, 4);
	is_at(SCT_LX_MNT_ROOT, 32);
	is_at(SCT_LX_MNT_PARENT, 16);
	is_at(SCT_LX_MNT_POINT, 24);
	is_at(SCT_LX_MOUNT_MNT, 0);
	is_at(SCT_LX_SK_DADDR, 40);
	is_at(SCT_LX_SK_SADDR, 44);
	is_at(SCT_LX_SK_DPORT, 48);
	is_at(SCT_LX_SK_SPORT, 50);
	is_at(SCT_LX_NETLINK_PORTID, 72);
	is_at(SCT_LX_DENTRY_FLAGS, 4);
	is_unknown(SCT_LX_SK_DADDR6);
	is_unknown(SCT_LX_TASK_TGID);
}
END_TEST

/* As 6.12 has them: members of anonymous structs and unions, mounts around vfsmounts, pcpu_hot. */
START_TEST(kernel_6_12)
{
	uint32_t p = POINTER(0), kuid = STRUCT("", 4, { "val", c_uint, 0 });
	uint32_t inner = STRUCT("", 16, { "preempt_count", c_int, 0 }, { "current_task", p, 8 });
	uint32_t outer = STRUCT("", 16, { "", inner, 0 });
	uint32_t hot = STRUCT("pcpu_hot", 64, { "", outer, 0 });
	uint32_t random = STRUCT("", 128, { "pid", c_int, 40 }, { "start_time", c_ulong, 64 });
	uint32_t common = STRUCT("sock_common", 64, { "skc_daddr", c_uint, 0 }, { "skc_rcv_saddr", c_uint, 4 },
	                         { "skc_dport", c_ushort, 12 }, { "skc_family", c_ushort, 16 });
	uint32_t qstr = STRUCT("qstr", 16, { "name", p, 8 });
	uint32_t socket = STRUCT("socket", 128, { "sk", p, 24 });
	uint32_t path = STRUCT("path", 16, { "mnt", p, 0 }, { "dentry", p, 8 });

	STRUCT("fs_struct", 64, { "root", path, 24 }, { "pwd", path, 40 });
	STRUCT("task_struct", 256, { "thread_info", c_ulong, 0 }, { "", random, 32 });
	STRUCT("cred", 64, { "uid", kuid, 8 });
	STRUCT("vfsmount", 32, { "mnt_root", p, 0 });
	STRUCT("mount", 128, { "mnt_parent", p, 16 }, { "mnt_mountpoint", p, 24 }, { "mnt", p, 32 });
	STRUCT("dentry", 192, { "d_flags", c_uint, 0 }, { "d_parent", p, 24 }, { "d_name", qstr, 32 });
	STRUCT("sock", 512, { "__sk_common", common, 0 });
	STRUCT("inet_sock", 900, { "inet_daddr", c_uint, 700 }, { "inet_sport", c_ushort, 800 });
	STRUCT("socket_alloc", 700, { "socket", socket, 0 }, { "vfs_inode", c_ulong, 128 });
	symbol("pcpu_hot", hot, 0x34000);
	finish();
	is_at(SCT_LX_CURRENT, 0x34008);
	is_unknown(SCT_LX_PER_CPU_0); /* nor is it said that there is none */
	is_at(SCT_LX_TASK_PID, 72);
	is_at(SCT_LX_TASK_START, 96);
	is_at(SCT_LX_TASK_START_IS_TIMESPEC, 0);
	is_at(SCT_LX_CRED_UID, 8);
	is_at(SCT_LX_MNT_PARENT, (uint64_t)-16);
	is_at(SCT_LX_MNT_POINT, (uint64_t)-8);
	is_at(SCT_LX_MOUNT_MNT, 32);
	is_at(SCT_LX_DENTRY_NAME, 40);
	is_unknown(SCT_LX_DENTRY_FLAGS); /* its chain tells what they told */
	is_at(SCT_LX_SK_DADDR, 0);
	is_at(SCT_LX_SK_SADDR, 4);
	is_at(SCT_LX_SK_SPORT, 800);
	is_at(SCT_LX_INODE_SK, (uint64_t)-104);
	is_at(SCT_LX_FS_PWD_MNT, 40);
	is_at(SCT_LX_FS_PWD_DENTRY, 48);
	is_at(SCT_LX_SOCKET_INODE, 128);
}
END_TEST

/* A kernel for one CPU has no offsets; symbols without the banner may be a few only. */
START_TEST(one_cpu)
{
	symbol("current_task", SCT_NO_TYPE, UINT64_C(0xffffffff81a00000));
	finish();
	is_unknown(SCT_LX_PER_CPU_0);
	symbol("linux_banner", SCT_NO_TYPE, UINT64_C(0xffffffff81600000));
	sct_linux_layout_of_types(&layout, &db);
	is_at(SCT_LX_PER_CPU_0, 0);
	is_unknown(SCT_LX_PER_CPU_OFFSET);
	symbol("linux_banner", SCT_NO_TYPE, UINT64_C(0xffffffff81600010)); /* which one? */
	sct_linux_layout_of_types(&layout, &db);
	is_unknown(SCT_LX_BANNER);
}
END_TEST

START_TEST(identity)
{
	static const uint8_t id[] = { 1, 2, 3, 4 };

	ck_assert_int_eq(sct_types_identity(&db, id, sizeof id, "Linux version 6.1.0 #1 SMP\n", &err), SCT_OK);
	finish();
	ck_assert_str_eq(layout.kernel.head, "Linux version 6.1.0 #1 SMP");
	ck_assert_str_eq(layout.kernel.tail, "");
	ck_assert_uint_eq(layout.kernel.build_id_size, sizeof id);
	ck_assert_mem_eq(layout.kernel.build_id, id, sizeof id);
}
END_TEST

/* A struct in itself, again and again. */
START_TEST(hostile)
{
	struct field fields[64];
	uint32_t self = db.types.count;

	for (size_t i = 0; i < 64; i++)
		fields[i] = (struct field){ "", self, (uint32_t)i };
	ck_assert_uint_eq(with_members(SCT_TYPE_STRUCT, "task_struct", 64, fields, 64), self);
	finish();
	is_unknown(SCT_LX_TASK_PID);
}
END_TEST

START_TEST(big_endian)
{
	teardown();
	begin_types(true, 8);
	STRUCT("task_struct", 256, { "pid", c_int, 8 });
	finish();
	is_unknown(SCT_LX_TASK_PID);
}
END_TEST

/* ---- kernelinfo.conf -------------------------------------------------------------------------------------------- */

static struct sct_linux_layout *layouts;
static size_t count;

static void read_info(const char *text)
{
	ck_assert_msg(!sct_linux_layouts_of_kernelinfo(text, strlen(text), &layouts, &count, &err), "%s", err.text);
}

static void is_refused(const char *text, uint64_t offset, const char *why)
{
	ck_assert_int_eq(sct_linux_layouts_of_kernelinfo(text, strlen(text), &layouts, &count, &err), SCT_E_FORMAT);
	ck_assert_uint_eq(err.offset, offset);
	ck_assert_ptr_nonnull(strstr(err.text, why));
}

START_TEST(kernelinfo)
{
	static const char text[] =
		"# made by a module\n\n[debian:6.1.0-50-686:32]\nname = 6.1.0-50-686|#1 SMP Debian 6.1.176-1|i386\r\n"
		"version.a = 6\nversion.b = 1\nversion.c = 0\n  task.pid_offset\t=\t1108 \n"
		"task.per_cpu_offsets_addr = 3250320768\n"
		"task.per_cpu_offset_0_addr = 232677376\ntask.start_time_offset = 1284\nqstr.name_offset = 8\n"
		"path.d_name_offset = 20\npath.d_parent_offset = 16\npath.mnt_parent_offset = -8\nfs.fd_offset = 4\n"
		"vma.no_such = many\n"
		"[old:2.6.32:64]\nversion.a = 2\nversion.b = 6\ntask.pid_offset = 8\ntask.per_cpu_offsets_addr = 0\n"
		"task.per_cpu_offset_0_addr = 18446612682342924288\npath.mnt_parent_offset = 16";

	ck_assert(sct_linux_is_kernelinfo(text, sizeof text - 1));
	read_info(text);
	ck_assert_uint_eq(count, 2);
	layout = layouts[0];
	ck_assert_uint_eq(layout.ptr, 4);
	ck_assert_str_eq(layout.kernel.head, "Linux version 6.1.0-50-686 ");
	ck_assert_str_eq(layout.kernel.tail, " #1 SMP Debian 6.1.176-1");
	is_at(SCT_LX_TASK_PID, 1108);
	is_at(SCT_LX_PER_CPU_OFFSET, 3250320768);
	is_at(SCT_LX_TASK_START_IS_TIMESPEC, 0);
	is_at(SCT_LX_DENTRY_NAME, 28);
	is_at(SCT_LX_DENTRY_HASH_PPREV, 12);
	is_at(SCT_LX_MNT_PARENT, (uint64_t)-8);
	is_at(SCT_LX_MOUNT_MNT, 16);
	is_at(SCT_LX_FDT_MAX, 0);
	is_unknown(SCT_LX_TASK_TGID);
	layout = layouts[1];
	ck_assert_uint_eq(layout.ptr, 8);
	ck_assert_str_eq(layout.kernel.head, "");
	is_at(SCT_LX_TASK_PID, 8);
	is_unknown(SCT_LX_PER_CPU_OFFSET);
	is_at(SCT_LX_PER_CPU_0, UINT64_C(18446612682342924288));
	is_at(SCT_LX_TASK_START_IS_TIMESPEC, 1);
	is_at(SCT_LX_MOUNT_MNT, 0);
	is_unknown(SCT_LX_FDT_MAX);
	free(layouts);
}
END_TEST

START_TEST(kernelinfo_damage)
{
	is_refused("", 0, "no group");
	is_refused("# nothing\n", 0, "no group");
	is_refused("task.pid_offset = 8\n", 0, "before any group");
	is_refused("[a:32]\nnonsense\n", 7, "neither");
	is_refused("[a:32]\ntask.pid_offset = eight\n", 7, "'eight'");
	is_refused("[a:32]\ntask.pid_offset =\n", 7, "number");
	is_refused("[a:32]\ntask.pid_offset = 99999999999999999999\n", 7, "number");
	is_refused("[a:32]\n[b]\n", 7, "[NAME:32]");
	is_refused("[a:16]\n", 0, "[NAME:32]");
	ck_assert(!sct_linux_is_kernelinfo("c1000000 T _stext\n", 18));
	ck_assert(!sct_linux_is_kernelinfo("", 0));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("os_linux_types");
	TCase *t = tcase_create("types"), *k = tcase_create("kernelinfo");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, kernel_2_6_32);
	tcase_add_test(t, kernel_6_12);
	tcase_add_test(t, one_cpu);
	tcase_add_test(t, identity);
	tcase_add_test(t, hostile);
	tcase_add_test(t, big_endian);
	suite_add_tcase(s, t);
	tcase_add_test(k, kernelinfo);
	tcase_add_test(k, kernelinfo_damage);
	suite_add_tcase(s, k);
	return run_tests(s);
}
