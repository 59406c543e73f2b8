/* Tests of the cache of types, and of one database added to another.
 * In:  a small database; its file, damaged and forged
 * Out: the same database, or none
 */
#include "../../dwarf/cache.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "suite.h"

static char folder[64], path[160];
static const struct sct_cache_key key = { .build_id = { 0xab, 0x01 }, .build_id_size = 2, .size = 1234 };
static struct sct_types db, back;
static uint8_t image[1 << 16];
static size_t size;

enum { SUM = 8, VERSION = 12, ONE = 16, COUNTS = 56, HEAD = 168 };

static uint32_t named(uint8_t kind, const char *name, uint32_t to, uint32_t first, uint32_t count)
{
	return sct_types_add(&db, &(struct sct_type){ .kind = kind, .name = sct_types_add_name(&db, name), .size = 8,
	                                              .to = to, .first = first, .count = count });
}

/* enum e { A }; struct s { struct s *next; enum e e; }; struct s *f(int); and an address. */
static void fill(void)
{
	const uint64_t address = 0xffffffff81000000;
	struct sct_err err;
	uint32_t e, s, p, f;

	e = named(SCT_TYPE_ENUM, "e", 0, 0, 1);
	sct_types_add_enumerator(&db, &(struct sct_enumerator){ sct_types_add_name(&db, "A"), 7 });
	s = named(SCT_TYPE_STRUCT, "s", 0, 0, 2);
	p = named(SCT_TYPE_POINTER, "", s, 0, 0);
	sct_types_add_member(&db, &(struct sct_member){ sct_types_add_name(&db, "next"), p, 0, 0 });
	sct_types_add_member(&db, &(struct sct_member){ sct_types_add_name(&db, "e"), e, 64, 3 });
	f = named(SCT_TYPE_FUNCTION, "", p, 2, 1);
	sct_types_add_member(&db, &(struct sct_member){ 0, e, 0, 0 });
	sct_types_index_from(&db, 1);
	sct_types_add_symbol(&db, sct_types_add_name(&db, "f"), f, &address);
	ck_assert_int_eq(sct_types_machine(&db, false, 8, &err), SCT_OK);
	ck_assert_int_eq(sct_types_identity(&db, key.build_id, key.build_id_size, "Linux version 6", &err), SCT_OK);
}

static void setup(void)
{
	strcpy(folder, "/tmp/sctrace-cache-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	strcat(folder, "/a/b"); /* folders that are not there are made */
	snprintf(path, sizeof path, "%s/ab01.types", folder);
	sct_types_init(&db);
	fill();
	ck_assert(sct_types_cache_write(folder, &key, &db));
}

static void teardown(void)
{
	char command[200];

	sct_types_fini(&db);
	folder[strlen(folder) - 4] = '\0';
	snprintf(command, sizeof command, "rm -r '%s'", folder);
	ck_assert_int_eq(system(command), 0);
}

static void slurp(void)
{
	FILE *f = fopen(path, "rb");

	ck_assert_ptr_nonnull(f);
	size = fread(image, 1, sizeof image, f);
	ck_assert(size > HEAD && size < sizeof image);
	fclose(f);
}

static void spill(const uint8_t *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
}

/* Whether the file is taken with these 4 bytes in it, and a checksum that fits. */
static bool takes(size_t at, uint32_t value)
{
	uint32_t was, sum;
	bool taken;

	memcpy(&was, image + at, 4);
	memcpy(image + at, &value, 4);
	sum = (uint32_t)crc32(0, image + VERSION, (uInt)(size - VERSION));
	memcpy(image + SUM, &sum, 4);
	spill(image, size);
	memcpy(image + at, &was, 4);
	taken = sct_types_cache_read(folder, &key, &back);
	if (taken)
		sct_types_fini(&back);
	return taken;
}

/* Everything that can be asked of one is the same of the other. */
static void ck_same(const struct sct_types *a, const struct sct_types *b)
{
	const struct sct_symbol *f = sct_types_symbol(b, "f");
	char text[2][64];

	ck_assert_uint_eq(a->types.count, b->types.count);
	ck_assert_mem_eq(a->members.at, b->members.at, a->members.count * sizeof *a->members.at);
	ck_assert_mem_eq(a->strings.at, b->strings.at, a->strings.count);
	ck_assert_uint_eq(sct_types_find(a, SCT_TYPE_STRUCT, "s"), sct_types_find(b, SCT_TYPE_STRUCT, "s"));
	ck_assert_uint_eq(b->enumerators.at[0].value, 7);
	ck_assert(f && f->has_address && !f->several && f->address == 0xffffffff81000000);
	sct_type_declare(a, f->type, "f", text[0], sizeof text[0]);
	sct_type_declare(b, f->type, "f", text[1], sizeof text[1]);
	ck_assert_str_eq(text[0], text[1]);
	ck_assert(b->has_machine && b->pointer_size == 8 && !b->big_endian);
	ck_assert_str_eq(sct_types_name(b, b->identity.banner), "Linux version 6");
	ck_assert_mem_eq(b->identity.build_id, key.build_id, key.build_id_size);
}

START_TEST(round_trip)
{
	struct stat st;

	ck_assert(sct_types_cache_read(folder, &key, &back));
	ck_same(&db, &back);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	sct_types_fini(&back);
}
END_TEST

START_TEST(every_byte_damaged)
{
	int fd = open(path, O_RDWR);

	slurp();
	for (size_t i = 0; i < size; i++) {
		const uint8_t damaged = image[i] ^ 0x40;

		ck_assert_int_eq(pwrite(fd, &damaged, 1, (off_t)i), 1);
		ck_assert(!sct_types_cache_read(folder, &key, &back));
		ck_assert_int_eq(pwrite(fd, &image[i], 1, (off_t)i), 1);
	}
	ck_assert(sct_types_cache_read(folder, &key, &back));
	sct_types_fini(&back);
	ck_assert_int_eq(ftruncate(fd, (off_t)size + 1), 0);
	ck_assert(!sct_types_cache_read(folder, &key, &back));
	while (size) {
		ck_assert_int_eq(ftruncate(fd, (off_t)--size), 0);
		ck_assert(!sct_types_cache_read(folder, &key, &back));
	}
	close(fd);
	ck_assert(sct_types_cache_write(folder, &key, &db)); /* made anew */
	ck_assert(sct_types_cache_read(folder, &key, &back));
	sct_types_fini(&back);
}
END_TEST

START_TEST(foreign)
{
	struct sct_cache_key other = key;

	other.size++;
	ck_assert(!sct_types_cache_read(folder, &other, &back));
	other = key;
	other.build_id[0]++;
	ck_assert(!sct_types_cache_read(folder, &other, &back));
	ck_assert(sct_types_cache_write(folder, &other, &db));
	slurp();
	ck_assert(takes(VERSION, 2));
	ck_assert(!takes(VERSION, 1));
	ck_assert(!takes(ONE, 0x01000000)); /* of the other byte order */
	ck_assert(!takes(ONE + 4, 0));      /* of other structs */
	other.build_id_size = 0;
	ck_assert(!sct_types_cache_write(folder, &other, &db));
}
END_TEST

/* Forged: the checksum fits, what it covers does not. */
START_TEST(forged)
{
	uint32_t counts[7];
	size_t types = HEAD, members, symbols;

	slurp();
	memcpy(counts, image + COUNTS, sizeof counts);
	members = types + counts[0] * sizeof(struct sct_type);
	symbols = members + counts[1] * sizeof(struct sct_member) + counts[2] * sizeof(struct sct_enumerator);
	for (int i = 0; i < 7; i++) {
		ck_assert(!takes(COUNTS + (size_t)i * 4, counts[i] + 1));
		ck_assert(!takes(COUNTS + (size_t)i * 4, UINT32_MAX));
	}
	ck_assert(!takes(types + offsetof(struct sct_type, kind), SCT_TYPE_INT)); /* type 0 is void */
	types += 2 * sizeof(struct sct_type);
	ck_assert(!takes(types + offsetof(struct sct_type, kind), SCT_TYPE_KINDS));
	ck_assert(!takes(types + offsetof(struct sct_type, name), counts[4]));
	ck_assert(!takes(types + offsetof(struct sct_type, to), counts[0]));
	ck_assert(!takes(types + offsetof(struct sct_type, first), UINT32_MAX));
	ck_assert(!takes(types + offsetof(struct sct_type, count), counts[1] + 1));
	ck_assert(!takes(members + offsetof(struct sct_member, type), counts[0]));
	ck_assert(!takes(members + offsetof(struct sct_member, name), counts[4]));
	ck_assert(!takes(symbols + offsetof(struct sct_symbol, type), counts[0]));
	ck_assert(takes(symbols + offsetof(struct sct_symbol, type), SCT_NO_TYPE));
	ck_assert(!takes(symbols + offsetof(struct sct_symbol, has_address), 2));
}
END_TEST

START_TEST(cannot_be_written)
{
	ck_assert(!sct_types_cache_write("/dev/null/sctrace", &key, &db));
	ck_assert(!sct_types_cache_read("/dev/null/sctrace", &key, &back));
}
END_TEST

START_TEST(merged)
{
	struct sct_err err;
	struct sct_types other;
	uint32_t s, member;

	sct_types_init(&other);
	sct_types_add(&other, &(struct sct_type){ .kind = SCT_TYPE_STRUCT, .name = sct_types_add_name(&other, "own") });
	sct_types_index_from(&other, 1);
	ck_assert_int_eq(sct_types_merge(&other, &db, &err), SCT_OK);
	s = sct_types_find(&other, SCT_TYPE_STRUCT, "s");
	ck_assert(s != SCT_NO_TYPE && sct_types_find(&other, SCT_TYPE_STRUCT, "own") == 1);
	member = sct_type(&other, s)->first;
	ck_assert_str_eq(sct_types_name(&other, other.members.at[member].name), "next");
	ck_assert_uint_eq(sct_type(&other, other.members.at[member].type)->to, s);
	ck_assert_uint_eq(sct_types_symbol(&other, "f")->address, 0xffffffff81000000);
	ck_assert_str_eq(sct_types_name(&other, other.identity.banner), "Linux version 6");
	ck_assert_int_eq(sct_types_identity(&other, NULL, 0, "Linux version 5", &err), SCT_E_USAGE);
	sct_types_fini(&other);
	sct_types_init(&other);
	ck_assert_int_eq(sct_types_machine(&other, true, 8, &err), SCT_OK);
	ck_assert_int_eq(sct_types_merge(&other, &db, &err), SCT_E_USAGE);
	sct_types_fini(&other);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("types_cache");
	TCase *t = tcase_create("cache");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, round_trip);
	tcase_add_test(t, every_byte_damaged);
	tcase_add_test(t, foreign);
	tcase_add_test(t, forged);
	tcase_add_test(t, cannot_be_written);
	tcase_add_test(t, merged);
	suite_add_tcase(s, t);
	return run_tests(s);
}
