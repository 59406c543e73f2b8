/* Tests of the files of a recording that are opened together.
 * In:  a recorded trace, images of memory, names of PANDA recordings
 * Out: what is opened, in which order; whom an error blames
 */
#include "sources.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

static char folder[] = "/tmp/sctrace-sources-XXXXXX";
static char paths[5][128]; /* of the files below */
enum { TRACE, SNAPSHOT, NONDET, IMAGE, BASE };
static struct sct_sources s;
static struct sct_err err;

static void write_file(unsigned which, const char *name, const void *data, size_t size)
{
	FILE *f;

	snprintf(paths[which], sizeof *paths, "%s/%s", folder, name);
	f = fopen(paths[which], "wb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, size, f), size);
	ck_assert_int_eq(fclose(f), 0);
}

/* A machine's memory, of one byte at 0x10, as LiME has it: the file's name is PANDA's, its bytes tell the format. */
static const uint8_t memory[33] = { 'E', 'M', 'i', 'L', 1, 0, 0, 0, [8] = 0x10, [16] = 0x10, [32] = 'x' };

/* A log of one instruction: nothing but its end. */
static const uint8_t quiet[18] = { [0] = 1, [8] = 1, [16] = 7 };

/* A line of a trace of one program, and of one of a whole machine. */
static const char program[] = "eax=0x1,ebx=0x2,ecx=0x3,edx=0x4,esp=0x5,ebp=0x6,esi=0x7,edi=0x8,eip=0x8049000\n";
static const char machine[] = "asid=0x00001000,kernel=1,eip=0xc1000000,eax=0x00000001\n";

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(paths[BASE], sizeof *paths, "%s/a", folder);
	write_file(SNAPSHOT, "a-rr-snp", memory, sizeof memory);
	write_file(NONDET, "a-rr-nondet.log", quiet, sizeof quiet);
	write_file(IMAGE, "image", "bytes", 5);
}

static void teardown(void)
{
	sct_sources_close(&s);
	for (unsigned i = TRACE; i <= IMAGE; i++)
		unlink(paths[i]);
	rmdir(folder);
}

static int open_base(struct sct_sources_spec *spec)
{
	spec->trace = paths[BASE];
	spec->threads = 1;
	return sct_sources_open(&s, spec, &err);
}

START_TEST(no_trace)
{
	struct sct_sources_spec spec = { 0 };

	ck_assert_int_eq(open_base(&spec), SCT_E_USAGE);
	ck_assert_str_eq(s.blame, paths[BASE]);
	ck_assert_ptr_nonnull(strstr(err.text, "-replay NAME -panda trace:log=NAME.trace"));
}
END_TEST

START_TEST(own_parts_first)
{
	char at[160];
	struct sct_sources_spec spec = { .snapshots = { at, at }, .nsnapshots = 2 };

	snprintf(at, sizeof at, "%s@0x1000", paths[IMAGE]);
	write_file(TRACE, "a.trace", machine, sizeof machine - 1);
	ck_assert_int_eq(open_base(&spec), SCT_OK);
	ck_assert_uint_eq(s.nsnapshots, 3);
	ck_assert_str_eq(s.names[0], paths[SNAPSHOT]);
	ck_assert_str_eq(s.names[1], at);
	ck_assert_str_eq(s.nondet, paths[NONDET]);
	for (unsigned i = 3; i < SCT_SNAPSHOTS_MAX; i++)
		ck_assert_int_eq(sct_sources_add(&s, at, NULL, &err), SCT_OK);
	ck_assert_int_eq(sct_sources_add(&s, at, NULL, &err), SCT_E_USAGE);
	ck_assert_str_eq(err.text, "more than 64 snapshots");
}
END_TEST

START_TEST(program_beside_machine)
{
	struct sct_sources_spec spec = { 0 };

	write_file(TRACE, "a.trace", program, sizeof program - 1);
	ck_assert_int_eq(open_base(&spec), SCT_OK);
	ck_assert_uint_eq(s.nsnapshots, 0);
	ck_assert_ptr_null(s.nondet);
	sct_sources_close(&s);
	spec.nondet = paths[NONDET];
	ck_assert_int_eq(open_base(&spec), SCT_E_USAGE);
	ck_assert_str_eq(s.blame, paths[TRACE]);
}
END_TEST

START_TEST(faults_name_their_file)
{
	struct sct_sources_spec spec = { .snapshots = { "/no/such/file" }, .nsnapshots = 1 };

	write_file(TRACE, "a.trace", machine, sizeof machine - 1);
	ck_assert_int_eq(open_base(&spec), SCT_E_IO);
	ck_assert_str_eq(s.blame, "/no/such/file");
	sct_sources_close(&s);
	spec.snapshots[0] = paths[IMAGE]; /* without its address */
	ck_assert_int_eq(open_base(&spec), SCT_E_FORMAT);
	ck_assert_str_eq(s.blame, paths[IMAGE]);
	sct_sources_close(&s);
	spec.nsnapshots = 0;
	spec.nondet = paths[IMAGE];
	ck_assert_int_lt(open_base(&spec), 0);
	ck_assert_str_eq(s.blame, paths[IMAGE]);
	sct_sources_close(&s);
	spec.nondet = NULL;
	write_file(TRACE, "a.trace", "words\n", 6);
	ck_assert_int_eq(open_base(&spec), SCT_E_FORMAT);
	ck_assert_str_eq(s.blame, paths[TRACE]);
}
END_TEST

#ifdef __x86_64__
START_TEST(wider_snapshot)
{
	struct sct_sources_spec spec = { .snapshots = { "/proc/self/exe@0" }, .nsnapshots = 1 };

	write_file(TRACE, "a.trace", program, sizeof program - 1);
	ck_assert_int_eq(open_base(&spec), SCT_E_USAGE);
	ck_assert_str_eq(s.blame, spec.snapshots[0]);
	ck_assert_str_eq(err.text, "is of x86_64, the trace of i386");
}
END_TEST
#endif

int main(void)
{
	Suite *suite = suite_create("sources");
	TCase *t = tcase_create("open");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, no_trace);
	tcase_add_test(t, own_parts_first);
	tcase_add_test(t, program_beside_machine);
	tcase_add_test(t, faults_name_their_file);
#ifdef __x86_64__
	tcase_add_test(t, wider_snapshot);
#endif
	suite_add_tcase(suite, t);
	return run_tests(suite);
}
