/* Tests of values: iovecs and messages, which describe where the data is.
 *
 * In:  calls over memory with such descriptions (values.h)
 * Out: a report; exit status 0 when all passed
 */
#include "suite.h"
#include "values.h"

/* ---- iovecs ---------------------------------------------------------------------------------------------------- */

enum { DATA = BASE + 0x100, DATA2 = BASE + 0x200, MSG = BASE + 0x400, CONTROL = BASE + 0x500, IOV = BASE + 0x600 };

static const struct sct_param iov_in[] = { P(0, SCT_C_IOV, .dir = SCT_IN, .len = SCT_LEN_ARG, .len_arg = 1),
                                           UNSIGNED(1) };
static const struct sct_param iov_out[] = { P(0, SCT_C_IOV, .dir = SCT_OUT, .len = SCT_LEN_ARG, .len_arg = 1),
                                            UNSIGNED(1) };
static const struct sct_param iov_remote[] = { P(0, SCT_C_IOV, .len = SCT_LEN_ARG, .len_arg = 1), UNSIGNED(1) };

static void put_iovecs(unsigned size)
{
	wipe();
	put(DATA, "abcdefgh", 8);
	put(DATA2, "ijklmnop", 8);
	put_words(IOV, size, WORDS(DATA, 4, DATA2, 3));
}

START_TEST(iovecs)
{
	static const struct {
		const struct sct_param *p;
		const char *entry, *leave;
		uint64_t result;
	} rows[] = {
		{ iov_in, "[{iov_base=<abcd>, iov_len=4u}, {iov_base=<ijk>, iov_len=3u}]",
		  "[{iov_base=<abcd>, iov_len=4u}, {iov_base=<ijk>, iov_len=3u}]", 5 },
		{ iov_out, "[{iov_base=0x10100, iov_len=4u}, {iov_base=0x10200, iov_len=3u}]",
		  "[{iov_base=<abcd>, iov_len=4u}, {iov_base=<i>, iov_len=3u}]", 5 },
		{ iov_out, "[{iov_base=0x10100, iov_len=4u}, {iov_base=0x10200, iov_len=3u}]",
		  "[{iov_base=0x10100, iov_len=4u}, {iov_base=0x10200, iov_len=3u}]", (uint64_t)-11 },
	};

	for (unsigned abi = 0; abi < 2; abi++) {
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
			struct test t = setup(abi ? "linux_x86" : "linux_x64", rows[i].p, 2, (uint64_t[SCT_ARGS_MAX]){ IOV, 2 });

			put_iovecs(abi ? 4 : 8);
			enter(&t);
			is(&t, rows[i].entry);
			leave(&t, true, rows[i].result);
			is(&t, rows[i].leave);
			sct_arena_fini(&t.arena);
		}
	}
}
END_TEST

START_TEST(remote_iovecs_show_no_data)
{
	struct test t = SETUP("linux_x64", iov_remote, IOV, 2);

	put_iovecs(8);
	t.proto.nparams = 2;
	enter(&t);
	leave(&t, true, 5);
	ck_assert_int_ne(t.args[0].meaning, SCT_M_BYTES);
	for (size_t i = 0; i < t.args[0].nelems; i++)
		ck_assert_int_eq(t.args[0].elems[i].elems[0].meaning, SCT_M_NONE);
	sct_arena_fini(&t.arena);
}
END_TEST

/* The kernel took addresses and lengths at entry; what the data has left of them does not count. */
START_TEST(iovecs_that_the_data_overwrites)
{
	struct test t = SETUP("linux_x64", iov_out, IOV, 2);

	put_iovecs(8);
	enter(&t);
	put_words(IOV, 8, WORDS(BAD, 1, BAD, 1));
	leave(&t, true, 5);
	is(&t, "[{iov_base=<abcd>, iov_len=4u}, {iov_base=<i>, iov_len=3u}]");
	sct_arena_fini(&t.arena);
}
END_TEST

START_TEST(iovecs_into_an_unmapped_page)
{
	struct test t = SETUP("linux_x64", iov_in, END - 24, 2);

	put_iovecs(8);
	put_words(END - 24, 8, WORDS(BAD, 4, DATA));
	enter(&t);
	is(&t, "[{iov_base=0x90000 (unmapped), iov_len=4u}] of 2 (unmapped)");
	sct_arena_fini(&t.arena);
}
END_TEST

/* ---- messages -------------------------------------------------------------------------------------------------- */

/* One msghdr at `at`: name of 4 bytes, one iovec, two control bytes. */
static void put_msghdr(uint64_t at, unsigned p, uint64_t namelen, uint64_t controllen, uint64_t flags)
{
	put_words(at, p, WORDS(DATA2, namelen, IOV, 1, CONTROL, controllen, flags));
	put_words(at + p, 4, WORDS(namelen));
}

#define HEAD(name, namelen, data, control, controllen, flags) \
	"{msg_name=" name ", msg_namelen=" namelen ", msg_iov=[{iov_base=" data ", iov_len=4u}], msg_iovlen=1u, " \
	"msg_control=" control ", msg_controllen=" controllen ", msg_flags=" flags "}"

START_TEST(messages)
{
	static const struct sct_param in[] = { P(0, SCT_C_MSG, .dir = SCT_IN) };
	static const struct sct_param out[] = { P(0, SCT_C_MSG, .dir = SCT_OUT) };

	for (unsigned p = 4; p <= 8; p += 4) {
		const char *abi = p == 4 ? "linux_x86" : "linux_x64";
		struct test t = SETUP(abi, in, MSG);

		put_iovecs(p);
		put(CONTROL, "CC", 2);
		put_msghdr(MSG, p, 4, 2, 0);
		enter(&t);
		is(&t, HEAD("<ijkl>", "4", "<abcd>", "<CC>", "2u", "0u"));
		leave(&t, true, 3);
		is(&t, HEAD("<ijkl>", "4", "<abcd>", "<CC>", "2u", "0u"));
		sct_arena_fini(&t.arena);

		t = SETUP(abi, out, MSG);
		enter(&t);
		is(&t, HEAD("0x10200", "4", "0x10100", "0x10500", "2u", "0u"));
		put_msghdr(MSG, p, 3, 1, 0x20);
		leave(&t, true, 2);
		is(&t, HEAD("<ijk>", "3", "<ab>", "<C>", "1u", "32u"));
		sct_arena_fini(&t.arena);
	}
}
END_TEST

/* The sender's name was longer than the room for it. */
START_TEST(name_that_was_cut)
{
	static const struct sct_param out[] = { P(0, SCT_C_MSG, .dir = SCT_OUT) };
	struct test t = SETUP("linux_x64", out, MSG);

	put_iovecs(8);
	put_msghdr(MSG, 8, 4, 0, 0);
	enter(&t);
	put_msghdr(MSG, 8, 7, 0, 0);
	leave(&t, true, 2);
	is(&t, HEAD("<ijkl>", "7", "<ab>", "<>", "0u", "0u"));
	sct_arena_fini(&t.arena);
}
END_TEST

START_TEST(several_messages)
{
	static const struct sct_param out[] = { P(0, SCT_C_MMSG, .dir = SCT_OUT, .len = SCT_LEN_ARG, .len_arg = 1),
	                                        UNSIGNED(1) };

	for (unsigned p = 4; p <= 8; p += 4) {
		struct test t = SETUP(p == 4 ? "linux_x86" : "linux_x64", out, MSG, 2);

		put_iovecs(p);
		put_msghdr(MSG, p, 0, 0, 0);
		put_msghdr(MSG + 8 * p, p, 0, 0, 0);
		put_words(MSG + 7 * p, 4, WORDS(9));
		put_words(MSG + 15 * p, 4, WORDS(9));
		enter(&t);
		is(&t, "[{msg_hdr=" HEAD("0x10200", "0", "0x10100", "0x10500", "0u", "0u") ", msg_len=9u}, "
		       "{msg_hdr=" HEAD("0x10200", "0", "0x10100", "0x10500", "0u", "0u") ", msg_len=9u}]");
		put_words(MSG + 7 * p, 4, WORDS(3));
		leave(&t, true, 1);
		is(&t, "[{msg_hdr=" HEAD("<>", "0", "<abc>", "<>", "0u", "0u") ", msg_len=3u}]");
		sct_arena_fini(&t.arena);
	}
}
END_TEST

/* Many descriptions of one long buffer: what a call may take is bounded, whatever it multiplies. */
START_TEST(arrays_of_arrays_are_bounded)
{
	static const struct sct_param in[] = { P(0, SCT_C_MMSG, .dir = SCT_IN, .len = SCT_LEN_ARG, .len_arg = 1),
	                                       UNSIGNED(1) };
	const struct sct_view view = { .limits = { .str = 4096, .buf = 4096, .elems = 64, .total = 1 << 20 } };
	struct test t = SETUP("linux_x64", in, BASE, 64);
	size_t bytes = 0;

	/* each message begins 64 bytes behind the one before, so let every word be good for everything */
	for (unsigned i = 0; i < SIZE / 8; i++)
		put_words(BASE + i * 8, 8, WORDS(i % 8 % 2 ? 512 : BASE));
	t.call.proto = &t.proto;
	t.args = sct_values_enter(&t.call, &mem, &view, &t.arena, &t.count);
	for (size_t i = 0; i < t.args[0].nelems; i++) {
		const struct sct_value *iov = &t.args[0].elems[i].elems[0].elems[2];

		bytes += iov->nelems * 3 * sizeof *iov;
		for (size_t j = 0; j < iov->nelems; j++)
			bytes += iov->elems[j].elems[0].len;
	}
	ck_assert_uint_le(bytes, view.limits.total);
	ck_assert_uint_gt(bytes, view.limits.total / 2);
	sct_arena_fini(&t.arena);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("value_vectors");
	TCase *t = tcase_create("value_vectors");

	tcase_add_test(t, iovecs);
	tcase_add_test(t, remote_iovecs_show_no_data);
	tcase_add_test(t, iovecs_that_the_data_overwrites);
	tcase_add_test(t, iovecs_into_an_unmapped_page);
	tcase_add_test(t, messages);
	tcase_add_test(t, name_that_was_cut);
	tcase_add_test(t, several_messages);
	tcase_add_test(t, arrays_of_arrays_are_bounded);
	suite_add_tcase(s, t);
	return run_tests(s);
}
