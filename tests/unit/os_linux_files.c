/* Tests of the names of a Linux guest's open files and sockets.
 * In:  a kernel's memory made by hand
 * Out: names as /proc/PID/fd and strace have them, or none
 */
#include <stdlib.h>

#include "linux_image.h"
#include "suite.h"

enum { FDS = 8 };

static struct {
	uint64_t table, array;
	uint64_t root, mnt; /* the first mount's root and itself */
	uint64_t made_up;   /* dentry_operations with a d_dname */
} k;

static uint64_t string(const char *s)
{
	uint64_t addr = room(strlen(s) + 1);

	put_text(addr, s, strlen(s) + 1);
	return addr;
}

/* A dentry below parent, 0: a root. */
static uint64_t dentry(uint64_t parent, const char *name)
{
	uint64_t d = room(0x48), chain = room(8);

	set(d, SCT_LX_DENTRY_PARENT, parent ? parent : d, 8);
	set(d, SCT_LX_DENTRY_NAME, string(name), 8);
	set(d, SCT_LX_DENTRY_HASH_PPREV, chain, 8);
	return d;
}

/* A mount of that root on a dentry of another mount, 0: the first one. Its struct vfsmount. */
static uint64_t mount(uint64_t root, uint64_t on, uint64_t point)
{
	uint64_t shift = g.layout.at[SCT_LX_MOUNT_MNT].value, mnt = room(0x40) + shift;

	set(mnt, SCT_LX_MNT_ROOT, root, 8);
	set(mnt, SCT_LX_MNT_PARENT, (on ? on : mnt) - shift, 8);
	set(mnt, SCT_LX_MNT_POINT, on ? point : root, 8);
	return mnt;
}

static uint64_t file(uint64_t d, uint64_t mnt)
{
	uint64_t f = room(0x20);

	set(f, SCT_LX_FILE_DENTRY, d, 8);
	set(f, SCT_LX_FILE_MNT, mnt, 8);
	return f;
}

static void open_at(unsigned fd, uint64_t f)
{
	put(k.array + 8 * fd, f, 8);
}

static void begin(void)
{
	uint64_t files;

	begin_image(0);
	files = room(0x20);
	k.table = room(0x20);
	k.array = room(8 * 16);
	set(task_on(0), SCT_LX_TASK_FILES, files, 8);
	set(files, SCT_LX_FILES_FDT, k.table, 8);
	set(k.table, SCT_LX_FDT_MAX, FDS, 4);
	set(k.table, SCT_LX_FDT_FD, k.array, 8);
	k.root = dentry(0, "/");
	k.mnt = mount(k.root, 0, 0);
	k.made_up = room(0x20);
	set(k.made_up, SCT_LX_OP_DNAME, 1, 8);
	use();
}

static const char *name_of(int fd)
{
	struct sct_os_view view = view_of(0);

	return g.os.descriptor(g.os.state, &view, fd, &g.arena);
}

static void is_called(uint64_t f, const char *name)
{
	const char *is;

	open_at(3, f);
	is = name_of(3);
	if (!name)
		ck_assert_msg(!is, "%s", is ? is : "");
	else
		ck_assert_str_eq(is, name);
}

START_TEST(descriptor_numbers)
{
	begin();
	open_at(0, file(k.root, k.mnt));
	open_at(FDS, file(k.root, k.mnt));
	ck_assert_str_eq(name_of(0), "/");
	ck_assert_str_eq(name_of(1), ""); /* not open */
	ck_assert_ptr_null(name_of(-1));
	ck_assert_str_eq(name_of(FDS), ""); /* behind the table */
	ck_assert_str_eq(name_of(INT32_MAX), "");
	open_at(0, 0); /* closed since */
	ck_assert_str_eq(name_of(0), "");
	end_image();
}
END_TEST

START_TEST(paths)
{
	uint64_t etc, passwd, disk, on, inner;

	begin();
	etc = dentry(k.root, "etc");
	passwd = dentry(etc, "passwd");
	is_called(file(passwd, k.mnt), "/etc/passwd");
	disk = dentry(0, "/");
	on = mount(disk, k.mnt, etc);
	is_called(file(disk, on), "/etc");
	is_called(file(dentry(dentry(disk, "a"), "b"), on), "/etc/a/b");
	/* a part of a file system, mounted */
	inner = dentry(disk, "c");
	is_called(file(dentry(inner, "d"), mount(inner, k.mnt, passwd)), "/etc/passwd/d");
	end_image();
}
END_TEST

/* A new root over the old one, as switch_root makes it. */
START_TEST(root_on_root)
{
	uint64_t root, mnt;

	begin();
	root = dentry(0, "/");
	mnt = mount(root, k.mnt, k.root);
	is_called(file(dentry(root, "init"), mnt), "/init");
	is_called(file(root, mnt), "/");
	end_image();
}
END_TEST

START_TEST(deleted_files)
{
	static const uint64_t chains[] = { 0, 0x00200200, UINT64_C(0xdead000000200200) };
	uint64_t d;

	begin();
	d = dentry(dentry(k.root, "tmp"), "x");
	for (size_t i = 0; i < sizeof chains / sizeof *chains; i++) {
		set(d, SCT_LX_DENTRY_HASH_PPREV, chains[i], 8);
		is_called(file(d, k.mnt), "/tmp/x (deleted)");
	}
	set(k.root, SCT_LX_DENTRY_HASH_PPREV, 0, 8); /* a root never is in the table */
	is_called(file(k.root, k.mnt), "/");
	end_image();
}
END_TEST

/* To 2.6.37 flags tell what is in the hash table, and a root's name stands for the first slash. */
START_TEST(names_by_flags)
{
	uint64_t d;

	begin();
	say_at(SCT_LX_DENTRY_FLAGS, 0x3c);
	use();
	d = dentry(dentry(k.root, "tmp"), "x");
	set(d, SCT_LX_DENTRY_HASH_PPREV, 0, 8); /* never was there, and yet goes for it */
	is_called(file(d, k.mnt), "/tmp/x");
	set(d, SCT_LX_DENTRY_FLAGS, 0x19, 4);
	is_called(file(d, k.mnt), "/tmp/x (deleted)");
	d = dentry(0, "anon_inode:");
	is_called(file(dentry(d, "[timerfd]"), mount(d, 0, 0)), "anon_inode:[timerfd]");
	end_image();
}
END_TEST

/* Never a part of a path as if it were the whole. */
START_TEST(paths_not_known_whole)
{
	uint64_t a, b, c, mnt;

	begin();
	a = dentry(k.root, "a");
	b = dentry(a, "b");
	c = dentry(b, "c");
	set(a, SCT_LX_DENTRY_NAME, 0x1234, 8); /* not mapped */
	is_called(file(c, k.mnt), NULL);
	set(a, SCT_LX_DENTRY_NAME, string("a"), 8);
	is_called(file(c, k.mnt), "/a/b/c");
	set(a, SCT_LX_DENTRY_PARENT, 0x1234, 8);
	is_called(file(c, k.mnt), NULL);
	set(a, SCT_LX_DENTRY_PARENT, 0, 8);
	is_called(file(c, k.mnt), NULL);
	set(a, SCT_LX_DENTRY_PARENT, a, 8); /* moved out of its mount */
	is_called(file(c, k.mnt), NULL);
	set(a, SCT_LX_DENTRY_PARENT, k.root, 8);
	mnt = mount(k.root, k.mnt, a);
	set(mnt, SCT_LX_MNT_PARENT, 0x1234, 8);
	is_called(file(c, mnt), NULL);
	set(mnt, SCT_LX_MNT_PARENT, 0, 8);
	is_called(file(c, mnt), NULL);
	is_called(file(0, k.mnt), NULL);
	is_called(file(c, 0), NULL);
	is_called(0x1234, NULL);
	end_image();
}
END_TEST

START_TEST(circles_of_directories_and_mounts)
{
	uint64_t a, b, one, two, point;

	begin();
	a = dentry(k.root, "a");
	b = dentry(a, "b");
	set(a, SCT_LX_DENTRY_PARENT, b, 8);
	is_called(file(b, k.mnt), NULL);
	set(a, SCT_LX_DENTRY_NAME, string(""), 8); /* nor does the path grow */
	set(b, SCT_LX_DENTRY_NAME, string(""), 8);
	is_called(file(b, k.mnt), NULL);
	point = dentry(0, "/");
	one = mount(point, k.mnt, k.root);
	two = mount(point, one, point);
	set(one, SCT_LX_MNT_PARENT, two - g.layout.at[SCT_LX_MOUNT_MNT].value, 8);
	set(one, SCT_LX_MNT_POINT, point, 8);
	is_called(file(point, one), NULL);
	end_image();
}
END_TEST

/* The longest names and paths that the kernel has, and longer ones. */
START_TEST(longest_names_and_paths)
{
	char name[260], path[4097] = "";
	uint64_t d = 0;

	begin();
	memset(name, 'n', sizeof name);
	name[255] = 0;
	d = k.root;
	for (unsigned i = 0; i < 15; i++) {
		d = dentry(d, name);
		snprintf(path + strlen(path), sizeof path - strlen(path), "/%s", name);
	}
	is_called(file(d, k.mnt), path);
	d = dentry(d, name);
	is_called(file(d, k.mnt), NULL); /* 4096 bytes without its NUL */
	name[255] = 'n';
	name[256] = 0;
	is_called(file(dentry(k.root, name), k.mnt), NULL);
	end_image();
}
END_TEST

/* ---- names that are made up ------------------------------------------------------------------------------------ */

/* A file of a file system that is mounted nowhere. */
static uint64_t made_up(const char *fstype, const char *name, uint64_t inode)
{
	uint64_t d = dentry(0, name), sb = room(0x40), type = room(0x40);

	set(d, SCT_LX_DENTRY_OP, k.made_up, 8);
	set(d, SCT_LX_DENTRY_INODE, inode, 8);
	set(d, SCT_LX_DENTRY_SB, sb, 8);
	set(d, SCT_LX_DENTRY_HASH_PPREV, 0, 8);
	set(sb, SCT_LX_SB_TYPE, type, 8);
	set(type, SCT_LX_FSTYPE_NAME, string(fstype), 8);
	return file(d, k.mnt);
}

static uint64_t numbered(uint64_t number)
{
	uint64_t inode = room(0x60);

	set(inode, SCT_LX_INODE_INO, number, 8);
	return inode;
}

START_TEST(files_without_a_path)
{
	uint64_t f;

	begin();
	is_called(made_up("pipefs", "", numbered(4711)), "pipe:[4711]");
	is_called(made_up("pipefs", "", 0), NULL);
	is_called(made_up("anon_inodefs", "[eventpoll]", numbered(1)), "anon_inode:[eventpoll]");
	is_called(made_up("tmpfs", "memfd:x", numbered(2)), "/memfd:x (deleted)");
	is_called(made_up("hugetlbfs", "memfd:big", numbered(2)), "/memfd:big (deleted)");
	is_called(made_up("pidfs", "", numbered(3)), "anon_inode:[pidfd]");
	is_called(made_up("nsfs", "", numbered(3)), NULL);
	f = made_up("pipefs", "", numbered(5));
	g.layout.at[SCT_LX_DENTRY_SB].known = false; /* as in PANDA's file */
	use();
	is_called(f, NULL);
	end_image();
}
END_TEST

/* ---- sockets ---------------------------------------------------------------------------------------------------- */

enum { INET = 2, INET6 = 10, UNIX = 1, NETLINK = 16, PACKET = 17, ESTABLISHED = 1, CLOSE = 7, LISTEN = 10 };

static struct {
	uint64_t sk, file;
} s;

/* A socket with that number of an inode. */
static void make_socket(const char *proto, unsigned family, unsigned state, uint64_t number)
{
	uint64_t socket = room(0xa0), inode = socket + g.layout.at[SCT_LX_SOCKET_INODE].value, p = room(0x40);

	s.sk = room(0x80);
	set(inode, SCT_LX_INODE_INO, number, 8);
	set(inode, SCT_LX_INODE_SK, s.sk, 8);
	set(s.sk, SCT_LX_SK_SOCKET, socket, 8);
	set(s.sk, SCT_LX_SK_FAMILY, family, 2);
	set(s.sk, SCT_LX_SK_STATE, state, 1);
	set(s.sk, SCT_LX_SK_PROT, p, 8);
	set_text(p, SCT_LX_PROT_NAME, proto);
	s.file = made_up("sockfs", "", inode);
}

static void put_ends(uint32_t from, unsigned sport, uint32_t to, unsigned dport)
{
	set(s.sk, SCT_LX_SK_SADDR, htobe32(from), 4);
	set(s.sk, SCT_LX_SK_DADDR, htobe32(to), 4);
	set(s.sk, SCT_LX_SK_SPORT, htobe16((uint16_t)sport), 2);
	set(s.sk, SCT_LX_SK_DPORT, htobe16((uint16_t)dport), 2);
}

START_TEST(internet_sockets)
{
	begin();
	make_socket("TCP", INET, ESTABLISHED, 7);
	put_ends(0x7f000001, 80, 0x0a000002, 4242);
	is_called(s.file, "TCP:[127.0.0.1:80->10.0.0.2:4242]");
	make_socket("TCP", INET, LISTEN, 7);
	put_ends(0, 22, 0, 0);
	is_called(s.file, "TCP:[0.0.0.0:22]");
	make_socket("TCP", INET, CLOSE, 7);
	is_called(s.file, "TCP:[7]");
	make_socket("UDP", INET, CLOSE, 8);
	is_called(s.file, "UDP:[8]");
	put_ends(0x7f000001, 53, 0, 0);
	is_called(s.file, "UDP:[127.0.0.1:53]");
	make_socket("RAW", INET, CLOSE, 9);
	put_ends(0, 1, 0, 0);
	is_called(s.file, "RAW:[0.0.0.0:1]");
	make_socket("TCPv6", INET6, ESTABLISHED, 7);
	put_ends(0, 80, 0, 4242);
	set(s.sk + 15, SCT_LX_SK_SADDR6, 1, 1);
	set(s.sk, SCT_LX_SK_DADDR6, 0xfe80 >> 8 | (0xfe80 & 0xff) << 8, 2);
	is_called(s.file, "TCPv6:[[::1]:80->[fe80::]:4242]");
	make_socket("SCTP", INET, ESTABLISHED, 7);
	is_called(s.file, "SCTP:[7]");
	end_image();
}
END_TEST

/* What cannot be known leaves the socket with its inode's number. */
START_TEST(sockets_half_known)
{
	begin();
	make_socket("TCPv6", INET6, ESTABLISHED, 7);
	put_ends(0, 80, 0, 4242);
	g.layout.at[SCT_LX_SK_DADDR6].known = false; /* as in kernels before 3.13 */
	use();
	is_called(s.file, "socket:[7]");
	make_socket("PACKET", PACKET, CLOSE, 8); /* strace has no name for it */
	is_called(s.file, "socket:[8]");
	make_socket("TCP", INET6, ESTABLISHED, 9); /* contradicts itself */
	is_called(s.file, "socket:[9]");
	make_socket("UNIX", UNIX, ESTABLISHED, 10);
	set(s.sk, SCT_LX_UNIX_PEER, 0x1234, 8);
	is_called(s.file, "socket:[10]");
	end_image();
}
END_TEST

/* Returns the struct unix_address. */
static uint64_t bind_unix(const char *path, unsigned size)
{
	uint64_t address = room(0x80);

	set(s.sk, SCT_LX_UNIX_ADDR, address, 8);
	set(address, SCT_LX_UNIX_ADDR_LEN, size + 2, 4);
	put(address + g.layout.at[SCT_LX_UNIX_ADDR_NAME].value, UNIX, 2);
	put_text(address + g.layout.at[SCT_LX_UNIX_ADDR_NAME].value + 2, path, size);
	return address;
}

START_TEST(unix_sockets)
{
	uint64_t peer;

	begin();
	make_socket("UNIX-STREAM", UNIX, ESTABLISHED, 12);
	peer = s.sk;
	make_socket("UNIX-STREAM", UNIX, ESTABLISHED, 13);
	is_called(s.file, "UNIX-STREAM:[13]");
	set(s.sk, SCT_LX_UNIX_PEER, peer, 8);
	is_called(s.file, "UNIX-STREAM:[13->12]");
	bind_unix("/tmp/socket", 12);
	is_called(s.file, "UNIX-STREAM:[13->12,\"/tmp/socket\"]");
	set(peer, SCT_LX_SK_SOCKET, 0, 8); /* the other end is closed */
	is_called(s.file, "UNIX-STREAM:[13,\"/tmp/socket\"]");
	make_socket("UNIX", UNIX, CLOSE, 14);
	bind_unix("\0a\n\"\\\1" "2\xc3", 8);
	is_called(s.file, "UNIX:[14,@\"a\\n\\\"\\\\\\0012\\303\"]");
	set(bind_unix("", 0), SCT_LX_UNIX_ADDR_LEN, 0xfff0, 4); /* longer than any */
	is_called(s.file, "socket:[14]");
	end_image();
}
END_TEST

START_TEST(netlink_sockets)
{
	begin();
	make_socket("NETLINK", NETLINK, CLOSE, 15);
	is_called(s.file, "NETLINK:[15]");
	set(s.sk, SCT_LX_NETLINK_PORTID, 4711, 4);
	is_called(s.file, "NETLINK:[ROUTE:4711]");
	set(s.sk, SCT_LX_SK_PROTOCOL, 4, 1);
	is_called(s.file, "NETLINK:[SOCK_DIAG:4711]");
	set(s.sk, SCT_LX_SK_PROTOCOL, 31, 1);
	is_called(s.file, "NETLINK:[31]");
	end_image();
}
END_TEST

/* The directory that AT_FDCWD stands for; no other negative number stands for anything. */
START_TEST(working_directory)
{
	uint64_t fs, home;

	begin();
	ck_assert_ptr_null(name_of(SCT_AT_FDCWD));
	fs = room(0x40);
	home = dentry(k.root, "home");
	set(task_on(0), SCT_LX_TASK_FS, fs, 8);
	set(fs, SCT_LX_FS_PWD_DENTRY, home, 8);
	set(fs, SCT_LX_FS_PWD_MNT, k.mnt, 8);
	ck_assert_str_eq(name_of(SCT_AT_FDCWD), "/home");
	ck_assert_ptr_null(name_of(SCT_AT_FDCWD - 1));
	set(home, SCT_LX_DENTRY_HASH_PPREV, 0, 8); /* removed since */
	ck_assert_str_eq(name_of(SCT_AT_FDCWD), "/home (deleted)");
	set(fs, SCT_LX_FS_PWD_DENTRY, k.root, 8);
	ck_assert_str_eq(name_of(SCT_AT_FDCWD), "/");
	g.layout.at[SCT_LX_TASK_FS].known = false; /* as in PANDA's file */
	use();
	ck_assert_ptr_null(name_of(SCT_AT_FDCWD));
	end_image();
}
END_TEST

/* The program of a process. */
START_TEST(program)
{
	uint64_t mm;

	begin();
	mm = room(0x20);
	set(task_on(0), SCT_LX_TASK_MM, mm, 8);
	set(mm, SCT_LX_MM_EXE_FILE, file(dentry(k.root, "init"), k.mnt), 8);
	ck_assert_str_eq(who_on(0).exe, "/init");
	end_image();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("os_linux_files");
	TCase *t = tcase_create("names");

	tcase_add_test(t, descriptor_numbers);
	tcase_add_test(t, paths);
	tcase_add_test(t, root_on_root);
	tcase_add_test(t, deleted_files);
	tcase_add_test(t, names_by_flags);
	tcase_add_test(t, paths_not_known_whole);
	tcase_add_test(t, circles_of_directories_and_mounts);
	tcase_add_test(t, longest_names_and_paths);
	tcase_add_test(t, files_without_a_path);
	tcase_add_test(t, internet_sockets);
	tcase_add_test(t, sockets_half_known);
	tcase_add_test(t, unix_sockets);
	tcase_add_test(t, netlink_sockets);
	tcase_add_test(t, working_directory);
	tcase_add_test(t, program);
	suite_add_tcase(suite, t);
	return run_tests(suite);
}
