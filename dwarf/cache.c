/* A type database as a file.
 * In:  a database and what it is of; or such a file, of which no byte is trusted
 * Out: the file; or the database again
 *
 * Layout, in this machine's byte order and with its own structs (another one's file is foreign, and is made anew):
 *   struct head, below; then the arrays, one behind the other: types, members, enumerators, symbols, strings, the two
 *   indices from names. The checksum is zlib's CRC-32 of all bytes behind it.
 */
#include "cache.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { VERSION = 2, PARTS = 7, PIECE = 256 << 10 };

static const char magic[8] = "SCTTYPES";
static const uint8_t sizes[PARTS] = {
	sizeof(struct sct_type), sizeof(struct sct_member), sizeof(struct sct_enumerator), sizeof(struct sct_symbol), 1,
	sizeof(uint32_t), sizeof(uint32_t),
};

struct head {
	char magic[8];
	uint32_t sum;
	uint32_t version;
	uint32_t one;          /* 1: in the other byte order it would be something else */
	uint8_t sizes[PARTS];  /* bytes of one element of each array */
	uint8_t has_machine, big_endian, pointer_size;
	char program[18];      /* version of the program */
	uint64_t size;         /* of the file that the types are of */
	uint32_t counts[PARTS];
	uint32_t used[2];      /* of the indices */
	uint32_t banner;
	uint32_t build_id_size, own_build_id_size;
	uint8_t build_id[SCT_BUILD_ID];     /* of the file */
	uint8_t own_build_id[SCT_BUILD_ID]; /* of the kernel that the types say they are of */
};

enum { SUMMED_FROM = offsetof(struct head, version) };

/* One array, as bytes. */
struct part {
	void *at;
	uint32_t count;
};

/* What every file for that key must begin with, but for what differs from database to database. */
static struct head expected(const struct sct_cache_key *key)
{
	struct head h;

	memset(&h, 0, sizeof h); /* padding too, or files would differ */
	memcpy(h.magic, magic, sizeof magic);
	memcpy(h.sizes, sizes, sizeof sizes);
	h.version = VERSION;
	h.one = 1;
	snprintf(h.program, sizeof h.program, "%s", SCT_VERSION);
	h.size = key->size;
	h.build_id_size = key->build_id_size;
	memcpy(h.build_id, key->build_id, key->build_id_size);
	return h;
}

static bool is_expected(const struct head *h, const struct head *want)
{
	return !memcmp(h->magic, want->magic, sizeof h->magic) && h->version == want->version && h->one == want->one &&
	       !memcmp(h->sizes, want->sizes, sizeof h->sizes) && !memcmp(h->program, want->program, sizeof h->program) &&
	       h->size == want->size && h->build_id_size == want->build_id_size &&
	       !memcmp(h->build_id, want->build_id, sizeof h->build_id);
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

static bool read_all(int fd, uint8_t *to, uint64_t size, uLong *sum)
{
	while (size) {
		ssize_t n = read(fd, to, size < PIECE ? size : PIECE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		*sum = crc32(*sum, to, (uInt)n); /* while the piece is still in the CPU's cache */
		to += n;
		size -= (uint64_t)n;
	}
	return true;
}

static bool has_size(int fd, const struct head *h)
{
	uint64_t size = sizeof *h;
	struct stat st;

	for (int i = 0; i < PARTS; i++)
		size += (uint64_t)h->counts[i] * sizes[i];
	return !fstat(fd, &st) && S_ISREG(st.st_mode) && (uint64_t)st.st_size == size;
}

static bool read_parts(int fd, const struct head *h, struct part *parts)
{
	uLong sum = crc32(0, (const Bytef *)h + SUMMED_FROM, sizeof *h - SUMMED_FROM);

	for (int i = 0; i < PARTS; i++) {
		uint64_t size = (uint64_t)h->counts[i] * sizes[i];

		parts[i] = (struct part){ size ? malloc(size) : NULL, h->counts[i] };
		if (size && (!parts[i].at || !read_all(fd, parts[i].at, size, &sum)))
			return false;
	}
	return sum == h->sum;
}

static struct sct_types_index as_index(const struct part *p, uint32_t used)
{
	return (struct sct_types_index){ p->at, p->count, used };
}

static void assemble(struct sct_types *db, const struct head *h, const struct part *p)
{
	memset(db, 0, sizeof *db);
	db->types.at = p[0].at;
	db->types.count = db->types.room = p[0].count;
	db->members.at = p[1].at;
	db->members.count = db->members.room = p[1].count;
	db->enumerators.at = p[2].at;
	db->enumerators.count = db->enumerators.room = p[2].count;
	db->symbols.at = p[3].at;
	db->symbols.count = db->symbols.room = p[3].count;
	db->strings.at = p[4].at;
	db->strings.count = db->strings.room = p[4].count;
	db->by_name = as_index(&p[5], h->used[0]);
	db->symbol_by_name = as_index(&p[6], h->used[1]);
	db->pointer_size = h->pointer_size;
	db->has_machine = h->has_machine;
	db->big_endian = h->big_endian;
	db->identity.build_id_size = h->own_build_id_size;
	memcpy(db->identity.build_id, h->own_build_id, sizeof h->own_build_id);
	db->identity.banner = h->banner;
}

/* ---- what may be in a database: dwarf/types.h ------------------------------------------------------------------ */

static bool is_type_valid(const struct sct_types *db, const struct sct_type *t)
{
	uint32_t most;

	if (t->name >= db->strings.count || t->to >= db->types.count || t->kind >= SCT_TYPE_KINDS)
		return false;
	if (t->kind != SCT_TYPE_STRUCT && t->kind != SCT_TYPE_UNION && t->kind != SCT_TYPE_FUNCTION &&
	    t->kind != SCT_TYPE_ENUM)
		return true;
	most = t->kind == SCT_TYPE_ENUM ? db->enumerators.count : db->members.count;
	return t->first <= most && t->count <= most - t->first;
}

static bool are_types_valid(const struct sct_types *db)
{
	bool valid = db->types.count && db->strings.count && !db->strings.at[0] && !db->strings.at[db->strings.count - 1] &&
	             !db->types.at[0].kind && db->identity.banner < db->strings.count;

	for (uint32_t i = 0; valid && i < db->types.count; i++)
		valid = is_type_valid(db, &db->types.at[i]);
	for (uint32_t i = 0; valid && i < db->members.count; i++)
		valid = db->members.at[i].name < db->strings.count && db->members.at[i].type < db->types.count;
	for (uint32_t i = 0; valid && i < db->enumerators.count; i++)
		valid = db->enumerators.at[i].name < db->strings.count;
	return valid;
}

/* A truth value that is neither 0 nor 1 must not be looked at as one. */
static bool are_symbols_valid(const struct sct_types *db)
{
	const uint8_t *bytes = (const uint8_t *)db->symbols.at;
	bool valid = true;

	for (uint32_t i = 0; valid && i < db->symbols.count; i++, bytes += sizeof *db->symbols.at) {
		const struct sct_symbol *s = &db->symbols.at[i];

		valid = bytes[offsetof(struct sct_symbol, has_address)] <= 1 &&
		        bytes[offsetof(struct sct_symbol, several)] <= 1 &&
		        s->name < db->strings.count && (s->type < db->types.count || s->type == SCT_NO_TYPE);
	}
	return valid;
}

/* Every search must come to an end, at an empty slot, and to nothing that is not there. Whether names stand where they
 * are looked for is not checked: a forged file can only hide them. */
static bool is_index_valid(const struct sct_types_index *x, uint32_t things)
{
	uint32_t used = 0;

	if (!x->size)
		return !x->used;
	if (x->size & (x->size - 1))
		return false;
	for (uint32_t i = 0; i < x->size; i++) {
		if (x->slots[i] > things)
			return false;
		used += x->slots[i] != 0;
	}
	return used == x->used && used <= x->size / 2 + 1 && used < x->size;
}

static bool is_valid(const struct sct_types *db)
{
	return are_types_valid(db) && are_symbols_valid(db) && is_index_valid(&db->by_name, db->types.count) &&
	       is_index_valid(&db->symbol_by_name, db->symbols.count);
}

bool sct_types_cache_take(int fd, const struct sct_cache_key *key, struct sct_types *db)
{
	const struct head want = expected(key);
	struct part parts[PARTS] = { { NULL } };
	struct sct_types found;
	uLong ignored = 0;
	struct head h;

	if (!read_all(fd, (uint8_t *)&h, sizeof h, &ignored) || !is_expected(&h, &want) || !has_size(fd, &h))
		return false;
	if (read_parts(fd, &h, parts) && h.has_machine <= 1 && h.big_endian <= 1 && h.own_build_id_size <= SCT_BUILD_ID) {
		assemble(&found, &h, parts);
		if (is_valid(&found)) {
			*db = found;
			return true;
		}
	}
	for (int i = 0; i < PARTS; i++)
		free(parts[i].at);
	return false;
}

/* ---- names of files ----------------------------------------------------------------------------------------- */

static bool name_file(const char *folder, const struct sct_cache_key *key, const char *ending, char path[PATH_MAX])
{
	char hex[2 * SCT_BUILD_ID + 1] = "";
	int len;

	for (uint32_t i = 0; i < key->build_id_size; i++)
		snprintf(hex + 2 * i, 3, "%02x", key->build_id[i]);
	len = snprintf(path, PATH_MAX, "%s/%s.types%s", folder, hex, ending);
	return key->build_id_size && len > 0 && len < PATH_MAX;
}

bool sct_types_cache_read(const char *folder, const struct sct_cache_key *key, struct sct_types *db)
{
	char path[PATH_MAX];
	int fd = name_file(folder, key, "", path) ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	bool good = fd >= 0 && sct_types_cache_take(fd, key, db);

	if (fd >= 0)
		close(fd);
	return good;
}

/* ---- writing ------------------------------------------------------------------------------------------------ */

static bool write_all(int fd, const void *data, uint64_t size)
{
	const uint8_t *from = data;

	while (size) {
		ssize_t n = write(fd, from, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		from += n;
		size -= (uint64_t)n;
	}
	return true;
}

static void take_apart(const struct sct_types *db, struct part *parts)
{
	const struct part all[PARTS] = {
		{ db->types.at, db->types.count }, { db->members.at, db->members.count },
		{ db->enumerators.at, db->enumerators.count }, { db->symbols.at, db->symbols.count },
		{ db->strings.at, db->strings.count }, { db->by_name.slots, db->by_name.size },
		{ db->symbol_by_name.slots, db->symbol_by_name.size },
	};

	memcpy(parts, all, sizeof all);
}

static struct head describe(const struct sct_types *db, const struct sct_cache_key *key, const struct part *parts)
{
	struct head h = expected(key);
	uLong sum;

	h.has_machine = db->has_machine;
	h.big_endian = db->big_endian;
	h.pointer_size = db->pointer_size;
	h.used[0] = db->by_name.used;
	h.used[1] = db->symbol_by_name.used;
	h.banner = db->identity.banner;
	h.own_build_id_size = db->identity.build_id_size;
	memcpy(h.own_build_id, db->identity.build_id, sizeof h.own_build_id);
	for (int i = 0; i < PARTS; i++)
		h.counts[i] = parts[i].count;
	sum = crc32(0, (const Bytef *)&h + SUMMED_FROM, sizeof h - SUMMED_FROM);
	for (int i = 0; i < PARTS; i++)
		if (parts[i].count)
			sum = crc32_z(sum, parts[i].at, (size_t)parts[i].count * sizes[i]);
	h.sum = (uint32_t)sum;
	return h;
}

static bool write_file(int fd, const struct sct_types *db, const struct sct_cache_key *key)
{
	struct part parts[PARTS];
	struct head h;
	bool good;

	take_apart(db, parts);
	h = describe(db, key, parts);
	good = write_all(fd, &h, sizeof h);
	for (int i = 0; i < PARTS && good; i++)
		good = write_all(fd, parts[i].at, (uint64_t)parts[i].count * sizes[i]);
	return good;
}

/* Makes the folder and those that it lies in, for this user alone. */
static void make_folder(const char *folder)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s", folder) >= (int)sizeof path)
		return;
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700); /* where that does not work, making the file will not either */
		*slash = '/';
	}
	mkdir(path, 0700);
}

bool sct_types_cache_write(const char *folder, const struct sct_cache_key *key, const struct sct_types *db)
{
	char path[PATH_MAX], beside[PATH_MAX];
	bool good;
	int fd;

	if (db->btf.types || !name_file(folder, key, "", path) || !name_file(folder, key, ".XXXXXX", beside))
		return false; /* which BTF modules refer to is not kept: nobody keeps BTF */
	make_folder(folder);
	fd = mkostemp(beside, O_CLOEXEC); /* of mode 0600 */
	if (fd < 0)
		return false;
	good = write_file(fd, db, key);
	good = !close(fd) && good && !rename(beside, path);
	if (!good)
		unlink(beside);
	return good;
}
