/* Names of open files, as the links in /proc/PID/fd have them.
 * In:  the kernel's memory, a layout of its structs
 * Out: paths up to the root of the mounts, or the names that file systems make up
 *
 * Source: fs/d_path.c (d_path, prepend_path, simple_dname), fs/pipe.c, net/socket.c and fs/anon_inodes.c for their
 * names. What the chain from a file to the root does not tell as a whole is no name.
 */
#include "os_linux_look.h"

#include <inttypes.h>
#include <string.h>

enum {
	PATH_BYTES = 4096, /* PATH_MAX: the kernel names nothing longer either */
	STEPS = 4096,      /* names and mounts on the way to the root: more than a path of that length has */
	FSTYPE_MAX = 32,
	UNHASHED = 0x10, /* DCACHE_UNHASHED of 2.6.32's include/linux/dcache.h */
};

/* A path that is written from its end. */
struct path {
	char text[PATH_BYTES];
	size_t at; /* where it begins */
};

static bool prepend(struct path *p, const char *text)
{
	size_t n = strlen(text);

	if (n > p->at)
		return false;
	p->at -= n;
	memcpy(p->text + p->at, text, n);
	return true;
}

static const char *dentry_name(const struct sct_linux_look *look, uint64_t dentry)
{
	uint64_t at;

	if (!sct_linux_pointer(look, dentry, SCT_LX_DENTRY_NAME, &at) || !at)
		return NULL;
	return sct_linux_string(look, at, SCT_LINUX_NAME_MAX);
}

static bool parent_of(const struct sct_linux_look *look, uint64_t dentry, uint64_t *parent)
{
	return sct_linux_pointer(look, dentry, SCT_LX_DENTRY_PARENT, parent) && *parent;
}

/* One step from a dentry and the mount that it lies in towards the root; at the root both stay. */
static bool ascend(const struct sct_linux_look *look, struct path *p, uint64_t *dentry, uint64_t *mnt)
{
	uint64_t root, mount, parent;
	const char *name;

	if (!sct_linux_pointer(look, *mnt, SCT_LX_MNT_ROOT, &root))
		return false;
	if (*dentry == root) {
		if (!sct_linux_pointer(look, *mnt, SCT_LX_MNT_PARENT, &mount) ||
		    !sct_linux_at(look, mount, SCT_LX_MOUNT_MNT, &parent))
			return false;
		if (parent == *mnt)
			return true;
		if (!sct_linux_pointer(look, *mnt, SCT_LX_MNT_POINT, dentry))
			return false;
		*mnt = parent;
		return true;
	}
	if (!parent_of(look, *dentry, &parent) || parent == *dentry) /* not below its mount: it was moved out of it */
		return false;
	name = dentry_name(look, *dentry);
	*dentry = parent;
	return name && prepend(p, name) && prepend(p, "/");
}

/* Whether flags tell what is in the hash table: kernels where also what never was there may go for it. */
static bool has_flags(const struct sct_linux_look *look)
{
	return look->layout->at[SCT_LX_DENTRY_FLAGS].known;
}

/* Whether a dentry is not in the hash table, and so its name is gone. Without flags: no chain (since 2.6.38), or what
 * list_del leaves in one, for layouts that do not tell of flags (LIST_POISON2 of include/linux/poison.h: 2.6.32's 32
 * bits and, behind x86_64's POISON_POINTER_DELTA, 64). */
static bool is_unhashed(const struct sct_linux_look *look, uint64_t dentry, bool *unhashed)
{
	static const uint64_t gone[] = { 0, UINT64_C(0x00200200), UINT64_C(0xdead000000200200) };
	uint64_t chain, flags;

	if (has_flags(look)) {
		if (!sct_linux_number(look, dentry, SCT_LX_DENTRY_FLAGS, 4, &flags))
			return false;
		*unhashed = flags & UNHASHED;
		return true;
	}
	if (!sct_linux_pointer(look, dentry, SCT_LX_DENTRY_HASH_PPREV, &chain))
		return false;
	*unhashed = false;
	for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
		*unhashed |= chain == gone[i];
	return true;
}

/* Puts the slash of the root before a path. Kernels with such flags put the root's name in the place of the first slash,
 * and have file systems that call their roots "anon_inode:" (__d_path of 2.6.32's fs/dcache.c). */
static bool prepend_root(const struct sct_linux_look *look, struct path *p, uint64_t root)
{
	const char *name = has_flags(look) ? dentry_name(look, root) : "/";

	if (!name)
		return false;
	p->at += p->text[p->at] == '/';
	return prepend(p, name);
}

static const char *path(const struct sct_linux_look *look, uint64_t dentry, uint64_t mnt)
{
	struct path p = { .at = PATH_BYTES - 1 };
	uint64_t parent, before_dentry, before_mnt;
	bool unhashed;
	unsigned steps = 0;

	if (!is_unhashed(look, dentry, &unhashed) || !parent_of(look, dentry, &parent))
		return NULL;
	p.text[p.at] = 0;
	if (unhashed && parent != dentry)
		prepend(&p, " (deleted)");
	do {
		before_dentry = dentry;
		before_mnt = mnt;
		if (!ascend(look, &p, &dentry, &mnt) || ++steps > STEPS)
			return NULL;
	} while (dentry != before_dentry || mnt != before_mnt);
	if (!prepend_root(look, &p, dentry))
		return NULL;
	return sct_arena_copy(look->arena, p.text + p.at, PATH_BYTES - 1 - p.at);
}

/* ---- names that file systems make up -------------------------------------------------------------------------- */

static const char *numbered(const struct sct_linux_look *look, uint64_t dentry, const char *prefix)
{
	uint64_t inode, number;

	if (!sct_linux_pointer(look, dentry, SCT_LX_DENTRY_INODE, &inode) ||
	    !sct_linux_number(look, inode, SCT_LX_INODE_INO, look->layout->ptr, &number))
		return NULL;
	return sct_linux_text(look, "%s:[%" PRIu64 "]", prefix, number);
}

static const char *socket_name(const struct sct_linux_look *look, uint64_t dentry, const char *prefix)
{
	uint64_t inode;
	const char *name;

	if (!sct_linux_pointer(look, dentry, SCT_LX_DENTRY_INODE, &inode))
		return NULL;
	name = sct_linux_socket(look, inode);
	return name ? name : numbered(look, dentry, prefix);
}

static const char *prefixed(const struct sct_linux_look *look, uint64_t dentry, const char *prefix)
{
	const char *name = dentry_name(look, dentry);

	return name ? sct_linux_text(look, "%s%s", prefix, name) : NULL;
}

static const char *deleted(const struct sct_linux_look *look, uint64_t dentry, const char *prefix)
{
	const char *name = dentry_name(look, dentry);

	return name ? sct_linux_text(look, "%s%s (deleted)", prefix, name) : NULL;
}

static const char *fixed(const struct sct_linux_look *look, uint64_t dentry, const char *prefix)
{
	(void)look;
	(void)dentry;
	return prefix;
}

/* How the file systems that make names up do it, by their types. */
static const struct maker {
	const char *fstype;
	const char *(*name)(const struct sct_linux_look *look, uint64_t dentry, const char *prefix);
	const char *prefix;
} makers[] = {
	{ "pipefs", numbered, "pipe" },
	{ "sockfs", socket_name, "socket" },
	{ "anon_inodefs", prefixed, "anon_inode:" },
	{ "pidfs", fixed, "anon_inode:[pidfd]" },
	{ "tmpfs", deleted, "/" },     /* memfd, System V shared memory, shared anonymous memory */
	{ "hugetlbfs", deleted, "/" },
};

static const char *made_up(const struct sct_linux_look *look, uint64_t dentry)
{
	uint64_t at;
	const char *type;

	if (!sct_linux_pointer(look, dentry, SCT_LX_DENTRY_SB, &at) || !sct_linux_pointer(look, at, SCT_LX_SB_TYPE, &at) ||
	    !sct_linux_pointer(look, at, SCT_LX_FSTYPE_NAME, &at) || !(type = sct_linux_string(look, at, FSTYPE_MAX)))
		return NULL;
	for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
		if (!strcmp(type, makers[i].fstype))
			return makers[i].name(look, dentry, makers[i].prefix);
	return NULL;
}

/* Whether the dentry's file system makes its name up. False: not known. */
static bool is_made_up(const struct sct_linux_look *look, uint64_t dentry, uint64_t mnt, bool *made)
{
	uint64_t op, function = 0, parent, root;

	if (!sct_linux_pointer(look, dentry, SCT_LX_DENTRY_OP, &op) ||
	    (op && !sct_linux_pointer(look, op, SCT_LX_OP_DNAME, &function)))
		return false;
	if (!parent_of(look, dentry, &parent) || !sct_linux_pointer(look, mnt, SCT_LX_MNT_ROOT, &root))
		return false;
	*made = function && (parent != dentry || dentry != root);
	return true;
}

/* The name of a struct path, whose two members are fields of what lies at base. */
static const char *name_at(const struct sct_linux_look *look, uint64_t base, enum sct_linux_field at_dentry,
                           enum sct_linux_field at_mnt)
{
	uint64_t dentry, mnt;
	bool made;

	if (!sct_linux_pointer(look, base, at_dentry, &dentry) || !sct_linux_pointer(look, base, at_mnt, &mnt) ||
	    !is_made_up(look, dentry, mnt, &made))
		return NULL;
	return made ? made_up(look, dentry) : path(look, dentry, mnt);
}

const char *sct_linux_file(const struct sct_linux_look *look, uint64_t file)
{
	return name_at(look, file, SCT_LX_FILE_DENTRY, SCT_LX_FILE_MNT);
}

const char *sct_linux_directory(const struct sct_linux_look *look, uint64_t fs)
{
	return name_at(look, fs, SCT_LX_FS_PWD_DENTRY, SCT_LX_FS_PWD_MNT);
}
