/* Tests of the built-in structs: known figures of every ABI, and that what the tables of calls name is there.
 * In:  the sets of the build, the tables of calls
 * Out: sizes, offsets, kinds
 */
#include "../../dwarf/builtin.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../../src/proto.h"
#include "suite.h"

static const struct {
	const char *abi;
	const struct sct_table *table;
} abis[] = {
	{ "linux_x64", &sct_table_linux_x64 }, { "linux_x32", &sct_table_linux_x32 },
	{ "linux_x86", &sct_table_linux_x86 }, { "linux_arm", &sct_table_linux_arm },
	{ "linux_arm64", &sct_table_linux_arm64 }, { "linux_mips_o32", &sct_table_linux_mips_o32 },
};

enum { ABIS = sizeof abis / sizeof *abis };

/* The member called name, also of what is anonymous in the struct; its place from the struct's start in *bit. */
static const struct sct_member *find_member(const struct sct_types *db, uint32_t id, const char *name, uint32_t *bit)
{
	const struct sct_type *t = sct_type(db, sct_type_strip(db, id));

	for (uint32_t i = t->first; i < t->first + t->count; i++) {
		const struct sct_member *m = &db->members.at[i], *inner;

		*bit = m->bit_offset;
		if (!strcmp(sct_types_name(db, m->name), name))
			return m;
		inner = m->name ? NULL : find_member(db, m->type, name, bit);
		*bit += inner ? m->bit_offset : 0;
		if (inner)
			return inner;
	}
	return NULL;
}

/* Figures of C compilers with the kernel's own headers: bytes of a struct, and where its members are. */
static const struct {
	const char *abi, *type;
	uint32_t size;
	const char *member;
	uint32_t bit, bits;
} figures[] = {
	{ "linux_x64", "struct stat", 144, "st_size", 48 * 8, 0 },
	{ "linux_x32", "struct stat", 144, "st_size", 48 * 8, 0 },
	{ "linux_x86", "struct stat", 64, "st_size", 20 * 8, 0 },
	{ "linux_x86", "struct stat64", 96, "st_size", 44 * 8, 0 },
	{ "linux_arm", "struct stat64", 104, "st_size", 48 * 8, 0 },
	{ "linux_arm64", "struct stat", 128, "st_size", 48 * 8, 0 },
	{ "linux_mips_o32", "struct stat64", 104, "st_size", 56 * 8, 0 },
	{ "linux_x64", "struct epoll_event", 12, "data", 4 * 8, 0 },
	{ "linux_x32", "struct epoll_event", 12, "data", 4 * 8, 0 },
	{ "linux_x86", "struct epoll_event", 12, "data", 4 * 8, 0 },
	{ "linux_arm", "struct epoll_event", 16, "data", 8 * 8, 0 },
	{ "linux_arm64", "struct epoll_event", 16, "data", 8 * 8, 0 },
	{ "linux_mips_o32", "struct epoll_event", 16, "data", 8 * 8, 0 },
	{ "linux_x64", "struct sigaction", 32, "sa_mask", 24 * 8, 0 },
	{ "linux_x86", "struct sigaction", 20, "sa_mask", 12 * 8, 0 },
	{ "linux_mips_o32", "struct sigaction", 24, "sa_handler", 4 * 8, 0 },
	{ "linux_x64", "siginfo_t", 128, "_sifields", 16 * 8, 0 },
	{ "linux_x86", "siginfo_t", 128, "_sifields", 12 * 8, 0 },
	{ "linux_mips_o32", "siginfo_t", 128, "si_code", 4 * 8, 0 },
	{ "linux_x64", "stack_t", 24, "ss_size", 16 * 8, 0 },
	{ "linux_mips_o32", "stack_t", 12, "ss_size", 4 * 8, 0 },
	{ "linux_x64", "struct statfs", 120, "f_namelen", 64 * 8, 0 },
	{ "linux_x32", "struct statfs", 120, "f_namelen", 64 * 8, 0 },
	{ "linux_x86", "struct statfs", 64, "f_namelen", 36 * 8, 0 },
	{ "linux_x32", "struct ustat", 32, "f_tinode", 8 * 8, 0 },
	{ "linux_x32", "struct sigset_argpack", 16, "size", 8 * 8, 0 },
	{ "linux_x64", "struct statx", 256, "stx_size", 40 * 8, 0 },
	{ "linux_arm", "struct statx", 256, "stx_size", 40 * 8, 0 },
	{ "linux_x64", "struct rusage", 144, "ru_maxrss", 32 * 8, 0 },
	{ "linux_x86", "struct rusage", 72, "ru_maxrss", 16 * 8, 0 },
	{ "linux_x64", "struct user_msghdr", 56, "msg_control", 32 * 8, 0 },
	{ "linux_x32", "struct user_msghdr", 28, "msg_control", 16 * 8, 0 },
	{ "linux_x86", "struct user_msghdr", 28, "msg_control", 16 * 8, 0 },
	{ "linux_x64", "struct sockaddr_un", 110, "sun_path", 2 * 8, 0 },
	{ "linux_arm", "struct sockaddr_in6", 28, "sin6_scope_id", 24 * 8, 0 },
	{ "linux_x64", "struct new_utsname", 390, "domainname", 325 * 8, 0 },
	{ "linux_x64", "struct perf_event_attr", 128, "precise_ip", 40 * 8 + 15, 2 },
	{ "linux_x86", "struct user_desc", 16, "contents", 12 * 8 + 1, 2 },
	{ "linux_x64", "struct user_desc", 16, "lm", 12 * 8 + 7, 1 },
	{ "linux_arm", "struct statfs64", 84, "f_namelen", 56 * 8, 0 },
	{ "linux_arm64", "struct clone_args", 88, "cgroup", 80 * 8, 0 },
	{ "linux_x64", "struct file_handle", 8, "f_handle", 8 * 8, 0 },
	{ "linux_x86", "struct old_timespec32", 8, "tv_nsec", 4 * 8, 0 },
	{ "linux_x64", "struct __kernel_timex", 208, "time", 72 * 8, 0 },
	{ "linux_x64", "fd_set", 128, "fds_bits", 0, 0 },
};

START_TEST(known_figures)
{
	struct sct_types db;
	uint32_t id, size = 0, bit = 0;
	const struct sct_member *m;

	sct_types_init(&db);
	ck_assert(sct_types_builtin(&db, figures[_i].abi));
	id = sct_types_find_any(&db, figures[_i].type);
	ck_assert_msg(id != SCT_NO_TYPE, "%s: no %s", figures[_i].abi, figures[_i].type);
	ck_assert(sct_type_size(&db, id, &size));
	ck_assert_msg(size == figures[_i].size, "%s: %s has %u bytes", figures[_i].abi, figures[_i].type, size);
	m = find_member(&db, id, figures[_i].member, &bit);
	ck_assert_msg(m, "%s: %s has no %s", figures[_i].abi, figures[_i].type, figures[_i].member);
	ck_assert_msg(bit == figures[_i].bit, "%s: %s: %s at bit %u", figures[_i].abi, figures[_i].type,
		      figures[_i].member, bit);
	ck_assert_uint_eq(m->bits, figures[_i].bits);
	sct_types_fini(&db);
}
END_TEST

/* A parameter of a struct's pointer names a struct that is there, with its size. */
static void check_param(const struct sct_types *db, const char *abi, const struct sct_proto *proto,
                        const struct sct_param *p)
{
	const char *type = strncmp(p->type, "const ", 6) ? p->type : p->type + 6;
	size_t len = strcspn(type, "*");
	char name[64];
	uint32_t size;

	if (p->cls != SCT_C_STRUCT && p->cls != SCT_C_SIZED && strncmp(type, "struct ", 7) && strncmp(type, "union ", 6))
		return;
	ck_assert_uint_lt(len, sizeof name);
	snprintf(name, sizeof name, "%.*s", (int)(len && type[len - 1] == ' ' ? len - 1 : len), type);
	ck_assert_msg(sct_types_find_any(db, name) != SCT_NO_TYPE, "%s: %s: no '%s'", abi, proto->name, name);
	ck_assert_msg(sct_type_size(db, sct_types_find_any(db, name), &size), "%s: %s: no size", abi, name);
}

static void check_rows(const struct sct_types *db, const char *abi, const struct sct_proto *protos, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		for (unsigned k = 0; k < protos[i].nparams; k++)
			check_param(db, abi, &protos[i], &protos[i].params[k]);
}

START_TEST(types_of_calls)
{
	const struct sct_table *t = abis[_i].table;
	struct sct_types db;

	sct_types_init(&db);
	ck_assert(sct_types_builtin(&db, abis[_i].abi));
	check_rows(&db, abis[_i].abi, t->protos, t->count);
	check_rows(&db, abis[_i].abi, t->socketcall, t->nsocketcall);
	check_rows(&db, abis[_i].abi, t->ipc, t->nipc);
	sct_types_fini(&db);
}
END_TEST

/* Every index is valid and every member lies inside its struct, whatever the text says. */
static void check_type(const struct sct_types *db, const char *abi, const struct sct_type *t)
{
	uint32_t size;

	ck_assert_uint_lt(t->name, db->strings.count);
	ck_assert_uint_lt(t->to, db->types.count);
	ck_assert_int_ne(t->kind, SCT_TYPE_VOID);
	if (t->kind != SCT_TYPE_STRUCT && t->kind != SCT_TYPE_UNION)
		return;
	ck_assert_uint_le((uint64_t)t->first + t->count, db->members.count);
	for (uint32_t i = t->first; i < t->first + t->count; i++) {
		const struct sct_member *m = &db->members.at[i];

		ck_assert_msg(sct_type_size(db, m->type, &size), "%s: %s: %s has no size", abi,
			      sct_types_name(db, t->name), sct_types_name(db, m->name));
		ck_assert_msg(m->bit_offset + (m->bits ? m->bits : size * 8) <= t->size * 8, "%s: %s: %s does not fit", abi,
			      sct_types_name(db, t->name), sct_types_name(db, m->name));
	}
}

START_TEST(consistent)
{
	struct sct_types db;
	bool wide;

	sct_types_init(&db);
	ck_assert(sct_types_builtin(&db, abis[_i].abi));
	for (uint32_t id = 1; id < db.types.count; id++)
		check_type(&db, abis[_i].abi, sct_type(&db, id));
	wide = !strcmp(abis[_i].abi, "linux_x64") || !strcmp(abis[_i].abi, "linux_arm64");
	ck_assert_uint_eq(db.pointer_size, wide ? 8 : 4);
	sct_types_fini(&db);
}
END_TEST

START_TEST(unknown_abi)
{
	struct sct_types db;

	sct_types_init(&db);
	ck_assert(!sct_types_builtin(&db, "linux_vax"));
	ck_assert_uint_eq(db.types.count, 1);
	sct_types_fini(&db);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("builtin");
	TCase *c = tcase_create("builtin");

	suite_add_tcase(s, c);
	tcase_add_loop_test(c, known_figures, 0, sizeof figures / sizeof *figures);
	tcase_add_loop_test(c, types_of_calls, 0, ABIS);
	tcase_add_loop_test(c, consistent, 0, ABIS);
	tcase_add_test(c, unknown_abi);
	return run_tests(s);
}
