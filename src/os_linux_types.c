/* Linux layouts from types and symbols of the kernel.
 * In:  a type database
 * Out: where the members are that the introspection follows
 *
 * What differs between kernels are rows: of several for one field the first counts that the types have. Sources:
 * Linux 2.6.32 to 6.12, the files that each struct is in (include/linux/sched.h, fs/mount.h, include/net/sock.h …).
 */
#include "os_linux.h"

#include <stdio.h>
#include <string.h>

#include "../dwarf/types.h"

enum {
	MEMBERS_MAX = 100000, /* that are looked at for one name: hostile types can lie in themselves */
	NESTED_MAX = 16,      /* anonymous structs one in the other */
};

enum kind {
	SYMBOL,        /* address of the symbol `of`; with a path of that member of the symbol's type */
	MEMBER,        /* place of a member of struct `of`; less: counted from that other one */
	SIZE,          /* bytes of a member */
	IS_STRUCT,     /* whether a member is a struct: 1, 0 */
	BESIDE,        /* place of a member of structs that have the member `less`, too */
	ONLY_WITHOUT,  /* 0 where there are addresses (of `path`, say) but none of the symbol `of` */
};

struct row {
	uint8_t field; /* enum sct_linux_field */
	uint8_t kind;
	const char *of, *path, *less;
};

static const struct row rows[] = {
	{ SCT_LX_BANNER, SYMBOL, "linux_banner" },
	{ SCT_LX_INIT_TASK, SYMBOL, "init_task" },
	{ SCT_LX_NOTES, SYMBOL, "__start_notes" },
	{ SCT_LX_PER_CPU_OFFSET, SYMBOL, "__per_cpu_offset" },
	{ SCT_LX_PER_CPU_0, ONLY_WITHOUT, "__per_cpu_offset", "linux_banner" }, /* !CONFIG_SMP */
	{ SCT_LX_CURRENT, SYMBOL, "current_task" },             /* to 6.1, !CONFIG_SMP, and from 6.15 on */
	{ SCT_LX_CURRENT, SYMBOL, "pcpu_hot", "current_task" }, /* 6.2 to 6.14 */
	{ SCT_LX_CURRENT, SYMBOL, "per_cpu__current_task" },    /* to 2.6.33 */
	{ SCT_LX_TASK_PID, MEMBER, "task_struct", "pid" },
	{ SCT_LX_TASK_TGID, MEMBER, "task_struct", "tgid" },
	{ SCT_LX_TASK_REAL_PARENT, MEMBER, "task_struct", "real_parent" },
	{ SCT_LX_TASK_COMM, MEMBER, "task_struct", "comm" },
	{ SCT_LX_TASK_COMM_SIZE, SIZE, "task_struct", "comm" },
	{ SCT_LX_TASK_START, MEMBER, "task_struct", "start_time" },
	{ SCT_LX_TASK_START_IS_TIMESPEC, IS_STRUCT, "task_struct", "start_time" },
	{ SCT_LX_TASK_CRED, MEMBER, "task_struct", "cred" },
	{ SCT_LX_TASK_MM, MEMBER, "task_struct", "mm" },
	{ SCT_LX_TASK_FILES, MEMBER, "task_struct", "files" },
	{ SCT_LX_TASK_FS, MEMBER, "task_struct", "fs" },
	{ SCT_LX_CRED_UID, MEMBER, "cred", "uid" }, /* a number, or from 3.5 on a struct of one */
	{ SCT_LX_MM_EXE_FILE, MEMBER, "mm_struct", "exe_file" },
	{ SCT_LX_FS_PWD_DENTRY, MEMBER, "fs_struct", "pwd.dentry" },
	{ SCT_LX_FS_PWD_MNT, MEMBER, "fs_struct", "pwd.mnt" },
	{ SCT_LX_FILES_FDT, MEMBER, "files_struct", "fdt" },
	{ SCT_LX_FDT_MAX, MEMBER, "fdtable", "max_fds" },
	{ SCT_LX_FDT_FD, MEMBER, "fdtable", "fd" },
	{ SCT_LX_FILE_DENTRY, MEMBER, "file", "f_path.dentry" },
	{ SCT_LX_FILE_MNT, MEMBER, "file", "f_path.mnt" },
	{ SCT_LX_DENTRY_PARENT, MEMBER, "dentry", "d_parent" },
	{ SCT_LX_DENTRY_NAME, MEMBER, "dentry", "d_name.name" },
	{ SCT_LX_DENTRY_INODE, MEMBER, "dentry", "d_inode" },
	{ SCT_LX_DENTRY_HASH_PPREV, MEMBER, "dentry", "d_hash.pprev" },
	{ SCT_LX_DENTRY_OP, MEMBER, "dentry", "d_op" },
	{ SCT_LX_DENTRY_SB, MEMBER, "dentry", "d_sb" },
	{ SCT_LX_DENTRY_FLAGS, BESIDE, "dentry", "d_flags", "d_mounted" }, /* to 2.6.37, with DCACHE_UNHASHED */
	{ SCT_LX_OP_DNAME, MEMBER, "dentry_operations", "d_dname" },
	{ SCT_LX_MNT_ROOT, MEMBER, "vfsmount", "mnt_root" },
	{ SCT_LX_MNT_PARENT, MEMBER, "mount", "mnt_parent", "mnt" }, /* 3.3 on */
	{ SCT_LX_MNT_PARENT, MEMBER, "vfsmount", "mnt_parent" },
	{ SCT_LX_MNT_POINT, MEMBER, "mount", "mnt_mountpoint", "mnt" },
	{ SCT_LX_MNT_POINT, MEMBER, "vfsmount", "mnt_mountpoint" },
	{ SCT_LX_MOUNT_MNT, MEMBER, "mount", "mnt" },
	{ SCT_LX_MOUNT_MNT, MEMBER, "vfsmount", "mnt_parent", "mnt_parent" }, /* it is the vfsmount */
	{ SCT_LX_INODE_INO, MEMBER, "inode", "i_ino" },
	{ SCT_LX_SB_TYPE, MEMBER, "super_block", "s_type" },
	{ SCT_LX_FSTYPE_NAME, MEMBER, "file_system_type", "name" },
	{ SCT_LX_INODE_SK, MEMBER, "socket_alloc", "socket.sk", "vfs_inode" },
	{ SCT_LX_SOCKET_INODE, MEMBER, "socket_alloc", "vfs_inode", "socket" },
	{ SCT_LX_SK_SOCKET, MEMBER, "sock", "sk_socket" },
	{ SCT_LX_SK_FAMILY, MEMBER, "sock", "__sk_common.skc_family" },
	{ SCT_LX_SK_STATE, MEMBER, "sock", "__sk_common.skc_state" },
	{ SCT_LX_SK_PROT, MEMBER, "sock", "__sk_common.skc_prot" },
	{ SCT_LX_PROT_NAME, MEMBER, "proto", "name" },
	{ SCT_LX_SK_PROTOCOL, MEMBER, "sock", "sk_protocol" },
	{ SCT_LX_SK_SADDR, MEMBER, "sock", "__sk_common.skc_rcv_saddr" }, /* 3.3 on */
	{ SCT_LX_SK_SADDR, MEMBER, "inet_sock", "inet_rcv_saddr" },       /* 2.6.33 on */
	{ SCT_LX_SK_SADDR, MEMBER, "inet_sock", "rcv_saddr" },
	{ SCT_LX_SK_DADDR, MEMBER, "sock", "__sk_common.skc_daddr" },
	{ SCT_LX_SK_DADDR, MEMBER, "inet_sock", "inet_daddr" },
	{ SCT_LX_SK_DADDR, MEMBER, "inet_sock", "daddr" },
	{ SCT_LX_SK_DPORT, MEMBER, "sock", "__sk_common.skc_dport" }, /* 3.9 on */
	{ SCT_LX_SK_DPORT, MEMBER, "inet_sock", "inet_dport" },
	{ SCT_LX_SK_DPORT, MEMBER, "inet_sock", "dport" },
	{ SCT_LX_SK_SPORT, MEMBER, "inet_sock", "inet_sport" },
	{ SCT_LX_SK_SPORT, MEMBER, "inet_sock", "sport" },
	{ SCT_LX_SK_SADDR6, MEMBER, "sock", "__sk_common.skc_v6_rcv_saddr" }, /* 3.13 on */
	{ SCT_LX_SK_DADDR6, MEMBER, "sock", "__sk_common.skc_v6_daddr" },
	{ SCT_LX_UNIX_ADDR, MEMBER, "unix_sock", "addr" },
	{ SCT_LX_UNIX_PEER, MEMBER, "unix_sock", "peer" },
	{ SCT_LX_UNIX_ADDR_LEN, MEMBER, "unix_address", "len" },
	{ SCT_LX_UNIX_ADDR_NAME, MEMBER, "unix_address", "name" },
	{ SCT_LX_NETLINK_PORTID, MEMBER, "netlink_sock", "portid" }, /* 3.7 on */
	{ SCT_LX_NETLINK_PORTID, MEMBER, "netlink_sock", "pid" },
};

/* What is found of a path of names. */
struct place {
	uint64_t bits; /* from the first byte of where it began */
	uint32_t type;
};

static bool is_named(const struct sct_types *db, uint32_t name, const char *text, size_t size)
{
	const char *s = sct_types_name(db, name);

	return !strncmp(s, text, size) && !s[size];
}

/* The member of that name of a struct or union, and of the anonymous ones in it; left: members yet to be looked at. */
static bool find_member(const struct sct_types *db, struct place *at, const char *name, size_t size, unsigned depth,
                        unsigned *left)
{
	const struct sct_type *t = sct_type(db, sct_type_strip(db, at->type));

	if ((t->kind != SCT_TYPE_STRUCT && t->kind != SCT_TYPE_UNION) || depth > NESTED_MAX)
		return false;
	for (uint32_t i = 0; i < t->count && *left; i++) {
		const struct sct_member *m = &db->members.at[t->first + i];
		struct place inner = { at->bits + m->bit_offset, m->type };

		--*left;
		if (is_named(db, m->name, name, size) ||
		    (is_named(db, m->name, "", 0) && find_member(db, &inner, name, size, depth + 1, left))) {
			*at = inner;
			return true;
		}
	}
	return false;
}

/* Follows "f_path.dentry" from a type. */
static bool follow(const struct sct_types *db, struct place *at, const char *path)
{
	for (;;) {
		size_t size = strcspn(path, ".");
		unsigned left = MEMBERS_MAX;

		if (!find_member(db, at, path, size, 0, &left))
			return false;
		if (!path[size])
			return true;
		path += size + 1;
	}
}

static bool member(const struct sct_types *db, const char *of, const char *path, struct place *at)
{
	*at = (struct place){ 0, sct_types_find(db, SCT_TYPE_STRUCT, of) };
	return at->type != SCT_NO_TYPE && follow(db, at, path);
}

/* The symbol, where it has one address. */
static const struct sct_symbol *symbol(const struct sct_types *db, const char *name)
{
	const struct sct_symbol *s = sct_types_symbol(db, name);

	return s && s->has_address && !s->several ? s : NULL;
}

static bool symbol_value(const struct sct_types *db, const struct row *row, uint64_t *value)
{
	const struct sct_symbol *s = symbol(db, row->of);
	struct place at = { 0, s ? s->type : SCT_NO_TYPE };

	if (!s)
		return false;
	if (row->path && (at.type == SCT_NO_TYPE || !follow(db, &at, row->path)) && !member(db, row->of, row->path, &at))
		return false;
	*value = s->address + at.bits / 8;
	return true;
}

/* The number that a row tells. False: the types do not have what it is of. */
static bool row_value(const struct sct_types *db, const struct row *row, uint64_t *value)
{
	struct place at, less = { 0, 0 };
	uint32_t size;

	if (row->kind == SYMBOL)
		return symbol_value(db, row, value);
	if (row->kind == ONLY_WITHOUT) {
		*value = 0;
		return symbol(db, row->path) && !sct_types_symbol(db, row->of);
	}
	if (!member(db, row->of, row->path, &at) || (row->less && !member(db, row->of, row->less, &less)))
		return false;
	if (row->kind == SIZE && !sct_type_size(db, at.type, &size))
		return false;
	*value = row->kind == SIZE ? size
	         : row->kind == IS_STRUCT ? sct_type(db, sct_type_strip(db, at.type))->kind == SCT_TYPE_STRUCT
	         : row->kind == BESIDE ? at.bits / 8
	                               : at.bits / 8 - less.bits / 8;
	return true;
}

void sct_linux_layout_of_types(struct sct_linux_layout *layout, const struct sct_types *types)
{
	const char *banner = sct_types_name(types, types->identity.banner);
	struct sct_linux_kernel *k = &layout->kernel;

	memset(layout, 0, sizeof *layout);
	layout->ptr = types->pointer_size;
	layout->of_types = true;
	snprintf(k->head, sizeof k->head, "%.*s", (int)strcspn(banner, "\n"), banner);
	if (types->identity.build_id_size <= sizeof k->build_id) {
		k->build_id_size = types->identity.build_id_size;
		memcpy(k->build_id, types->identity.build_id, k->build_id_size);
	}
	if (types->big_endian || (layout->ptr != 4 && layout->ptr != 8))
		return;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sct_word *w = &layout->at[rows[i].field];

		w->known = w->known || row_value(types, &rows[i], &w->value);
	}
}
