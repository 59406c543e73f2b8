/* Tests of the system call tables and their look-ups.
 * In:  the generated tables
 * Out: counts, rows spelled out, rules that every row keeps
 */
#include "proto.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>

#include "suite.h"

static const struct sct_table *const tables[] = { &sct_table_linux_x64, &sct_table_linux_x32, &sct_table_linux_x86 };

/* A row as text: entry(name@slot.size[+hi] class …), lengths by the name of the parameter that says them. */
static const char *spell(const struct sct_proto *p)
{
	static const char *const classes[] = { "uint", "int",  "fd", "dirfd", "ptr", "num",  "str",  "strv",
					       "buf",  "iov", "msg", "mmsg", "addr", "words", "struct", "sized", "dirents" };
	static const char *const dirs[] = { "remote", "in", "out", "inout" };
	static char text[1024];
	size_t n = (size_t)snprintf(text, sizeof text, "%s(", p->entry);

	for (unsigned i = 0; i < p->nparams; i++) {
		const struct sct_param *a = &p->params[i];

		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s@%u", i ? ", " : "", a->name, a->slot);
		if (a->slot_hi != 0xff)
			n += (size_t)snprintf(text + n, sizeof text - n, "+%u", a->slot_hi);
		n += (size_t)snprintf(text + n, sizeof text - n, ":%s%u", classes[a->cls], 8U * a->size);
		if (a->cls >= SCT_C_PTR)
			n += (size_t)snprintf(text + n, sizeof text - n, " %s", dirs[a->dir]);
		if (a->len == SCT_LEN_FIXED)
			n += (size_t)snprintf(text + n, sizeof text - n, " %u", a->len_arg);
		else if (a->len)
			n += (size_t)snprintf(text + n, sizeof text - n, " %s%s",
					      a->len == SCT_LEN_RET ? "ret/" : a->len == SCT_LEN_ARG_PTR ? "*" : "",
					      p->params[a->len_arg].name);
	}
	snprintf(text + n, sizeof text - n, ")");
	return text;
}

START_TEST(counts)
{
	ck_assert_uint_eq(sct_table_linux_x86.count, 420);
	ck_assert_uint_eq(sct_table_linux_x64.count, 346);
	ck_assert_uint_eq(sct_table_linux_x32.count, 346);
	ck_assert_uint_eq(sct_table_linux_x86.nsocketcall, 20);
	ck_assert_uint_eq(sct_table_linux_x86.nipc, 13);
	ck_assert_ptr_null(sct_table_linux_x64.ipc);
	ck_assert_str_eq(sct_table_linux_x32.profile, "linux_x32");
}
END_TEST

static const struct {
	const struct sct_table *table;
	unsigned nr;
	const char *text;
} rows[] = {
	{ &sct_table_linux_x64, 0, "sys_read(fd@0:fd32, buf@1:buf64 out ret/count, count@2:uint64)" },
	{ &sct_table_linux_x86, 3, "sys_read(fd@0:fd32, buf@1:buf32 out ret/count, count@2:uint32)" },
	{ &sct_table_linux_x64, 9,
	  "sys_mmap(addr@0:uint64, len@1:uint64, prot@2:uint64, flags@3:uint64, fd@4:fd32, off@5:uint64)" },
	{ &sct_table_linux_x86, 90, "sys_old_mmap(arg@0:struct32 in)" },
	{ &sct_table_linux_x86, 192,
	  "sys_mmap_pgoff(addr@0:uint32, len@1:uint32, prot@2:uint32, flags@3:uint32, fd@4:fd32, pgoff@5:uint32)" },
	/* the order of clone's last two parameters differs */
	{ &sct_table_linux_x64, 56, "sys_clone(clone_flags@0:uint64, newsp@1:uint64, parent_tidptr@2:num64 out, "
				    "child_tidptr@3:ptr64 in, tls@4:uint64)" },
	{ &sct_table_linux_x86, 120, "sys_clone(clone_flags@0:uint32, newsp@1:uint32, parent_tidptr@2:num32 out, "
				     "tls@3:uint32, child_tidptr@4:ptr32 in)" },
	/* 64-bit values in two registers */
	{ &sct_table_linux_x64, 17, "sys_pread64(fd@0:fd32, buf@1:buf64 out ret/count, count@2:uint64, pos@3:int64)" },
	{ &sct_table_linux_x86, 180,
	  "sys_ia32_pread64(fd@0:fd32, ubuf@1:buf32 out ret/count, count@2:uint32, pos@3+4:int64)" },
	{ &sct_table_linux_x86, 140,
	  "sys_llseek(fd@0:fd32, offset@2+1:int64, result@3:num32 out, whence@4:uint32)" },
	{ &sct_table_linux_x86, 272, "sys_ia32_fadvise64_64(fd@0:fd32, offset@1+2:int64, len@3+4:int64, advice@5:int32)" },
	{ &sct_table_linux_x86, 339,
	  "sys_fanotify_mark(fanotify_fd@0:fd32, flags@1:uint32, mask@2+3:uint64, dfd@4:dirfd32, pathname@5:str32 in)" },
	{ &sct_table_linux_x86, 253, "sys_lookup_dcookie(cookie64@0+1:uint64, buf@2:buf32 out ret/len, len@3:uint32)" },
	{ &sct_table_linux_x86, 378,
	  "sys_preadv2(fd@0:fd32, vec@1:iov32 out vlen, vlen@2:uint32, pos@3+4:int64, flags@5:int32)" },
	{ &sct_table_linux_x32, 534, "compat_sys_preadv64(fd@0:fd32, vec@1:iov64 out vlen, vlen@2:uint64, pos@3:int64)" },
	/* widths */
	{ &sct_table_linux_x64, 257, "sys_openat(dfd@0:dirfd32, filename@1:str64 in, flags@2:int32, mode@3:uint16)" },
	{ &sct_table_linux_x86, 16, "sys_lchown16(filename@0:str32 in, user@1:uint16, group@2:uint16)" },
	{ &sct_table_linux_x32, 514, "compat_sys_ioctl(fd@0:fd32, cmd@1:uint32, arg@2:uint32)" },
	{ &sct_table_linux_x64, 16, "sys_ioctl(fd@0:fd32, cmd@1:uint32, arg@2:uint64)" },
	{ &sct_table_linux_x86, 72, "sys_sigsuspend(unused1@0:int32, unused2@1:int32, mask@2:uint32)" },
	/* lengths */
	{ &sct_table_linux_x64, 22, "sys_pipe(fildes@0:num64 out 2)" },
	{ &sct_table_linux_x64, 51,
	  "sys_getsockname(fd@0:fd32, usockaddr@1:addr64 out *usockaddr_len, usockaddr_len@2:num64 inout)" },
	{ &sct_table_linux_x64, 59, "sys_execve(filename@0:str64 in, argv@1:strv64 in, envp@2:strv64 in)" },
	{ &sct_table_linux_x32, 517, "compat_sys_recvfrom(fd@0:fd32, buf@1:buf64 out ret/len, len@2:uint32, "
				     "flags@3:uint32, addr@4:addr64 out *addrlen, addrlen@5:num64 inout)" },
	{ &sct_table_linux_x64, 310, "sys_process_vm_readv(pid@0:int32, lvec@1:iov64 out liovcnt, liovcnt@2:uint64, "
				     "rvec@3:iov64 remote riovcnt, riovcnt@4:uint64, flags@5:uint64)" },
	/* structs */
	{ &sct_table_linux_x64, 63, "sys_newuname(name@0:struct64 out)" },
	{ &sct_table_linux_x64, 7, "sys_poll(ufds@0:struct64 inout nfds, nfds@1:uint32, timeout_msecs@2:int32)" },
	{ &sct_table_linux_x64, 232, "sys_epoll_wait(epfd@0:fd32, events@1:struct64 out ret/maxevents, maxevents@2:int32, "
				     "timeout@3:int32)" },
	{ &sct_table_linux_x64, 235, "sys_utimes(filename@0:str64 in, utimes@1:struct64 in 2)" },
	{ &sct_table_linux_x64, 435, "sys_clone3(uargs@0:sized64 in size, size@1:uint64)" },
};

START_TEST(spelled)
{
	const struct sct_proto *p = sct_table_find(rows[_i].table, rows[_i].nr);

	ck_assert_ptr_nonnull(p);
	ck_assert_str_eq(spell(p), rows[_i].text);
}
END_TEST

START_TEST(multiplexed)
{
	const struct sct_table *t = &sct_table_linux_x86;

	ck_assert_uint_eq(sct_table_find(t, 102)->sub, SCT_SUB_SOCKETCALL);
	ck_assert_uint_eq(sct_table_find(t, 117)->sub, SCT_SUB_IPC);
	ck_assert_str_eq(spell(sct_table_sub(t, SCT_SUB_SOCKETCALL, 9)),
			 "sys_send(fd@0:fd32, buff@1:buf32 in len, len@2:uint32, flags@3:uint32)");
	ck_assert_str_eq(spell(sct_table_sub(t, SCT_SUB_IPC, 21)),
			 "sys_shmat(shmid@1:int32, shmaddr@4:ptr32 in, shmflg@2:int32, raddr@3:num32 out)");
	/* the version in the upper half: msgrcv has a row of its own, others do not care */
	ck_assert_uint_eq(sct_table_sub(t, SCT_SUB_IPC, 12)->nparams, 4);
	ck_assert_uint_eq(sct_table_sub(t, SCT_SUB_IPC, 0x1000c)->nparams, 5);
	ck_assert_str_eq(sct_table_sub(t, SCT_SUB_IPC, 0x10001)->name, "semop");
	ck_assert_ptr_null(sct_table_sub(t, SCT_SUB_IPC, 0));
	ck_assert_ptr_null(sct_table_sub(t, SCT_SUB_SOCKETCALL, 21));
	ck_assert_ptr_null(sct_table_sub(t, SCT_SUB_NONE, 1));
	ck_assert_ptr_null(sct_table_sub(&sct_table_linux_x64, SCT_SUB_SOCKETCALL, 1));
}
END_TEST

START_TEST(flags)
{
	const struct sct_table *t = &sct_table_linux_x64;

	ck_assert_uint_eq(sct_table_find(t, 231)->flags, SCT_P_NORETURN);
	ck_assert_uint_eq(sct_table_find(t, 15)->flags, SCT_P_SIGRETURN);
	ck_assert_uint_eq(sct_table_find(t, 59)->flags, SCT_P_EXEC);
	ck_assert_uint_eq(sct_table_find(t, 435)->flags, SCT_P_FORK);
	ck_assert_uint_eq(sct_table_find(t, 219)->flags, SCT_P_RESTART);
	ck_assert_uint_eq(sct_table_find(t, 12)->flags, SCT_P_PTR_RESULT);
	ck_assert_uint_eq(sct_table_find(t, 39)->flags, SCT_P_GETPID);
	ck_assert_uint_eq(sct_table_find(t, 218)->flags, SCT_P_GETTID);
	ck_assert_uint_eq(sct_table_find(t, 0)->flags, 0);
}
END_TEST

START_TEST(conditions)
{
	const struct sct_param *a = &sct_table_find(&sct_table_linux_x64, 56)->params[2];

	ck_assert_uint_eq(a->when, SCT_WHEN_BITS);
	ck_assert_uint_eq(a->when_arg, 0);
	ck_assert_uint_eq(a->when_value, 0x1000);
	ck_assert(a->elem_fd && !a->or_else->elem_fd);
	ck_assert_uint_eq(a->or_else->when_value, 0x100000);
	a = &sct_table_find(&sct_table_linux_x64, 103)->params[1];
	ck_assert_uint_eq(a->when, SCT_WHEN_ONE_OF);
	ck_assert_uint_eq(a->when_value, 1 << 2 | 1 << 3 | 1 << 4);
	ck_assert_uint_eq(sct_table_find(&sct_table_linux_x64, 61)->params[1].when, SCT_WHEN_RET);
	ck_assert_uint_eq(sct_table_find(&sct_table_linux_x64, 27)->params[2].len, SCT_LEN_PAGES);
}
END_TEST

/* What a parameter is else, and lengths that are more than a number or a parameter. */
START_TEST(else_and_lengths)
{
	const struct sct_param *a = &sct_table_find(&sct_table_linux_x64, 66)->params[3];

	ck_assert_str_eq(a->type, "struct semid64_ds *");
	ck_assert_uint_eq(a->dir, SCT_IN);
	ck_assert_uint_eq(a->when_value, 1 << 1);
	a = a->or_else;
	ck_assert_uint_eq(a->dir, SCT_OUT);
	ck_assert_str_eq(a->or_else->type, "struct seminfo *");
	a = a->or_else->or_else->or_else;
	ck_assert_uint_eq(a->cls, SCT_C_UINT);
	ck_assert_uint_eq(a->size, 8);
	ck_assert_uint_eq(a->slot, 3);
	ck_assert_ptr_null(a->or_else);
	a = &sct_table_find(&sct_table_linux_x64, 230)->params[3];
	ck_assert_uint_eq(a->cls, SCT_C_PTR);
	ck_assert_uint_eq(a->or_else->when, SCT_WHEN_EINTR);
	a = &sct_table_find(&sct_table_linux_x64, 125)->params[1];
	ck_assert_uint_eq(a->when, SCT_WHEN_PTR_IS);
	ck_assert_uint_eq(a->when_value, 0x19980330);
	ck_assert_uint_eq(a->or_else->len_arg, 2);
	a = sct_table_find(&sct_table_linux_x64, 298)->params[0].or_else;
	ck_assert_uint_eq(a->len, SCT_LEN_ARG_PTR);
	ck_assert_uint_eq(a->len_at, 4);
	a = &sct_table_find(&sct_table_linux_x64, 70)->params[1];
	ck_assert_uint_eq(a->len, SCT_LEN_RET);
	ck_assert_uint_eq(a->len_add, 8);
	ck_assert_uint_eq(sct_table_find(&sct_table_linux_x86, 401)->params[1].len_add, 4);
	a = &sct_table_find(&sct_table_linux_x64, 23)->params[1];
	ck_assert_uint_eq(a->len, SCT_LEN_BITS);
	ck_assert_uint_eq(a->elem, 8);
	a = &sct_table_find(&sct_table_linux_x64, 202)->params[3];
	ck_assert_uint_eq(a->when_mask, 0x7f);
}
END_TEST

START_TEST(numbers_without_a_call)
{
	ck_assert_ptr_null(sct_table_find(&sct_table_linux_x64, 134)); /* uselib: a number, no entry point */
	ck_assert_ptr_null(sct_table_find(&sct_table_linux_x64, 335));
	ck_assert_ptr_null(sct_table_find(&sct_table_linux_x64, 451));
	ck_assert_ptr_null(sct_table_find(&sct_table_linux_x64, UINT64_MAX));
	ck_assert_ptr_null(sct_table_find(&sct_table_linux_x64, UINT64_C(1) << 32));
	ck_assert_ptr_null(sct_table_find(&sct_table_linux_x32, 0x40000000));
}
END_TEST

static bool refers(unsigned len)
{
	return len != SCT_LEN_NONE && len != SCT_LEN_FIXED;
}

static void keeps_rules(const struct sct_proto *p, unsigned word)
{
	unsigned used = 0;

	for (unsigned i = 0; i < p->nparams; i++) {
		const struct sct_param *a = &p->params[i];
		bool pointer = a->cls >= SCT_C_PTR, sized = a->cls == SCT_C_BUF || a->cls == SCT_C_IOV ||
							    a->cls == SCT_C_MMSG || a->cls == SCT_C_ADDR;

		ck_assert_msg(a->slot < 6 && !(used >> a->slot & 1), "%s: slot of %s", p->name, a->name);
		used |= 1U << a->slot;
		if (a->slot_hi != 0xff) {
			ck_assert_msg(word == 4 && a->size == 8 && a->slot_hi < 6, "%s: halves of %s", p->name, a->name);
			ck_assert_msg(!(used >> a->slot_hi & 1), "%s: high slot of %s", p->name, a->name);
			used |= 1U << a->slot_hi;
		} else {
			ck_assert_msg(a->size <= word && a->size, "%s: size of %s", p->name, a->name);
		}
		ck_assert_msg(!pointer || a->size == word, "%s: pointer %s", p->name, a->name);
		ck_assert_msg(a->dir <= SCT_INOUT && (a->dir != SCT_REMOTE || a->cls == SCT_C_IOV),
			      "%s: direction of %s", p->name, a->name);
		ck_assert_msg(!refers(a->len) || (a->len_arg < p->nparams && a->len_arg != i), "%s: %s", p->name, a->name);
		ck_assert_msg(!sized || a->len != SCT_LEN_NONE, "%s: length of %s", p->name, a->name);
		ck_assert_msg((a->cls == SCT_C_NUM) == (a->elem != 0), "%s: elements of %s", p->name, a->name);
		ck_assert_msg(a->len != SCT_LEN_RET || a->dir != SCT_IN, "%s: %s is in by result", p->name, a->name);
		ck_assert_msg(a->len != SCT_LEN_ARG_PTR || p->params[a->len_arg].cls == SCT_C_NUM, "%s: %s", p->name,
			      a->name);
		ck_assert(a->when_arg < p->nparams);
	}
}

START_TEST(every_row_keeps_the_rules)
{
	const struct sct_table *t = tables[_i];
	unsigned word = t == &sct_table_linux_x86 ? 4 : 8;

	for (uint32_t i = 0; i < t->count; i++) {
		ck_assert_ptr_eq(sct_table_find(t, t->protos[i].nr), &t->protos[i]);
		keeps_rules(&t->protos[i], word);
	}
	for (uint32_t i = 0; i < t->nsocketcall; i++)
		keeps_rules(&t->socketcall[i], word);
	for (uint32_t i = 0; i < t->nipc; i++)
		keeps_rules(&t->ipc[i], word);
}
END_TEST

START_TEST(error_names)
{
	ck_assert_str_eq(sct_label(&sct_labels_errno, 2), "ENOENT");
	ck_assert_str_eq(sct_label(&sct_labels_errno, 11), "EAGAIN");
	ck_assert_str_eq(sct_label(&sct_labels_errno, 133), "EHWPOISON");
	ck_assert_str_eq(sct_label(&sct_labels_errno, 512), "ERESTARTSYS");
	ck_assert_ptr_null(sct_label(&sct_labels_errno, 0));
	ck_assert_ptr_null(sct_label(&sct_labels_errno, 41)); /* a gap */
	ck_assert_ptr_null(sct_label(&sct_labels_errno, 4095));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("proto");
	TCase *t = tcase_create("tables");

	tcase_add_test(t, counts);
	tcase_add_loop_test(t, spelled, 0, sizeof rows / sizeof *rows);
	tcase_add_test(t, multiplexed);
	tcase_add_test(t, flags);
	tcase_add_test(t, conditions);
	tcase_add_test(t, else_and_lengths);
	tcase_add_test(t, numbers_without_a_call);
	tcase_add_loop_test(t, every_row_keeps_the_rules, 0, sizeof tables / sizeof *tables);
	tcase_add_test(t, error_names);
	suite_add_tcase(s, t);
	return run_tests(s);
}
