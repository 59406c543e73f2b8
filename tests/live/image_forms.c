/* Writes a raw image of a guest's memory in the forms of two programs that run inside guests: LiME, and AVML with its
 * compression. These are conversions: such a file made by LiME or AVML itself would hold another moment of the guest.
 *
 * In:  a raw image; START:END (hexadecimal, END not included), the ranges to write, which lie at START in the image
 * Out: the file; exit status 1 with a message when it cannot be written
 *
 * Layout: LiME's doc/README.md, "lime" format, and avml's src/image.rs: for each range a header {u32 magic, u32
 * version,
 *         u64 first byte, u64 last byte, u64 0}, little-endian, then the bytes. AVML's version 2 has Snappy's framed
 *         format there (framing_format.txt of Snappy), then u64: how many bytes that took.
 *
 * usage: image_forms lime|avml RAW FILE START:END...
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <snappy-c.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { FRAME = 65536, BLOCK = 16 << 20 /* of AVML: a longer range is written as several */ };

static void die(const char *what)
{
	fprintf(stderr, "image_forms: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void put(FILE *out, const void *data, size_t size)
{
	if (fwrite(data, 1, size, out) != size)
		die("write");
}

static void put_number(FILE *out, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		put(out, &(uint8_t){ (uint8_t)(value >> 8 * i) }, 1);
}

static void put_header(FILE *out, const char magic[static 4], uint32_t version, uint64_t start, uint64_t end)
{
	put(out, magic, 4);
	put_number(out, version, 4);
	put_number(out, start, 8);
	put_number(out, end - 1, 8);
	put_number(out, 0, 8);
}

/* CRC-32C (Castagnoli), rotated and offset as Snappy's frames have it. */
static uint32_t masked_crc(const uint32_t table[static 256], const uint8_t *data, size_t size)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < size; i++)
		crc = table[(crc ^ data[i]) & 255] ^ crc >> 8;
	crc = ~crc;
	return (crc >> 15 | crc << 17) + 0xa282ead8;
}

static void make_table(uint32_t table[static 256])
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
		table[i] = crc;
	}
}

/* One chunk: compressed (type 0), or as it is (type 1) when that saves less than an eighth. Returns its size. */
static uint64_t put_frame(FILE *out, const uint32_t table[static 256], const uint8_t *data, size_t size)
{
	static char packed[FRAME + FRAME / 2];
	size_t n = sizeof(packed);
	bool worth;

	if (snappy_compress((const char *)data, size, packed, &n) != SNAPPY_OK)
		die("snappy");
	worth = n < size - size / 8;
	put_number(out, worth ? 0 : 1, 1);
	put_number(out, (worth ? n : size) + 4, 3);
	put_number(out, masked_crc(table, data, size), 4);
	put(out, worth ? packed : (const char *)data, worth ? n : size);
	return 8 + (worth ? n : size);
}

static void put_avml(FILE *out, const uint32_t table[static 256], const uint8_t *image, uint64_t start, uint64_t end)
{
	static const uint8_t identifier[] = "\xff\x06\0\0sNaPpY";
	uint64_t size = sizeof(identifier) - 1;

	put_header(out, "AVML", 2, start, end);
	put(out, identifier, sizeof(identifier) - 1);
	for (uint64_t at = start; at < end; at += FRAME)
		size += put_frame(out, table, image + at, end - at < FRAME ? end - at : FRAME);
	put_number(out, size, 8);
}

int main(int argc, char **argv)
{
	uint32_t table[256];
	struct stat st;
	uint64_t start, end;
	const uint8_t *image;
	FILE *out;
	int fd;

	if (argc < 5)
		return fprintf(stderr, "usage: image_forms lime|avml RAW FILE START:END...\n"), 1;
	fd = open(argv[2], O_RDONLY);
	if (fd < 0 || fstat(fd, &st) < 0)
		die(argv[2]);
	image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	out = fopen(argv[3], "wb");
	if (image == MAP_FAILED || !out)
		die(argv[3]);
	make_table(table);
	for (int i = 4; i < argc; i++) {
		if (sscanf(argv[i], "%" SCNx64 ":%" SCNx64, &start, &end) != 2 || start >= end || end > (uint64_t)st.st_size)
			return fprintf(stderr, "image_forms: no such range: %s\n", argv[i]), 1;
		if (!strcmp(argv[1], "lime")) {
			put_header(out, "EMiL", 1, start, end);
			put(out, image + start, end - start);
			continue;
		}
		for (uint64_t at = start; at < end; at += BLOCK)
			put_avml(out, table, image, at, end - at < BLOCK ? end : at + BLOCK);
	}
	if (fclose(out))
		die(argv[3]);
	return 0;
}
