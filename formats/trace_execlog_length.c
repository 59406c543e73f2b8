/* How long an instruction of x86 is, as far as its first four bytes tell.
 * In:  four bytes, of which those behind the instruction's end do not matter
 * Out: a number of bytes, or 0
 *
 * Intel SDM volume 2, 2.1 (format), 2.3 (VEX) and appendix A (opcodes).
 */
#include "trace_execlog.h"

#include <string.h>

/* What follows an opcode, one character for each:
 *   .  nothing                 m  ModRM and what it asks for      x  decided elsewhere
 *   1  one byte                b  the same, and one byte          t  ModRM, and one byte for its forms 0 and 1
 *   2  two bytes               w  the same, and a word            T  ModRM, and a word for its forms 0 and 1
 *   3  three bytes             z  a word: 4 bytes, 2 behind 0x66  f  a far address: a word and 2 bytes
 *   p  it is a prefix          v  a word, 8 bytes behind REX.W    o  an address */
static const char one_byte[] = "mmmm1z..mmmm1z.x"
							   "mmmm1z..mmmm1z.."
							   "mmmm1zp.mmmm1zp."
							   "mmmm1zp.mmmm1zp."
							   "................"
							   "................"
							   "..xmppppzw1b...."
							   "1111111111111111"
							   "bwbbmmmmmmmmmmmm"
							   "..........f....."
							   "oooo....1z......"
							   "11111111vvvvvvvv"
							   "bb2.xxbw3.2..1.."
							   "mmmm11..mmmmmmmm"
							   "11111111zzf1...."
							   "p.pp..tT......mm";
static const char two_bytes[] = "mmmm.........m.b"
								"mmmmmmmmmmmmmmmm"
								"mmmm....mmmmmmmm"
								"........x.x....."
								"mmmmmmmmmmmmmmmm"
								"mmmmmmmmmmmmmmmm"
								"mmmmmmmmmmmmmmmm"
								"bbbbmmm.mmmmmmmm"
								"zzzzzzzzzzzzzzzz"
								"mmmmmmmmmmmmmmmm"
								"...mbm.....mbmmm"
								"mmmmmmmmmmbmmmmm"
								"mmbmbbbm........"
								"mmmmmmmmmmmmmmmm"
								"mmmmmmmmmmmmmmmm"
								"mmmmmmmmmmmmmmmm";

enum { BYTES = 4, UNKNOWN = 0 };

struct bytes {
	const uint8_t *b;
	unsigned at; /* of what comes next */
	bool long_mode, short_word, short_address, wide;
};

static bool take_prefixes(struct bytes *s)
{
	for (; s->at < BYTES; s->at++) {
		uint8_t b = s->b[s->at];

		if (s->long_mode && (b & 0xf0) == 0x40) {
			s->wide = b & 8;
			s->at++;
			return s->at < BYTES;
		}
		if (one_byte[b] != 'p')
			return true;
		s->short_word |= b == 0x66;
		s->short_address |= b == 0x67;
	}
	return false;
}

/* Bytes of ModRM, SIB and displacement; UNKNOWN: they are not all among the four. */
static unsigned modrm_size(const struct bytes *s)
{
	uint8_t modrm, mod, rm;

	if (s->at >= BYTES)
		return UNKNOWN;
	modrm = s->b[s->at];
	mod = modrm >> 6;
	rm = modrm & 7;
	if (mod == 3)
		return 1;
	if (s->short_address && !s->long_mode)
		return UNKNOWN;
	if (rm == 4 && !mod && s->at + 1 >= BYTES)
		return UNKNOWN;
	return 1 + (rm == 4) + (mod == 1 ? 1 : 0) +
	       (mod == 2 || (!mod && (rm == 5 || (rm == 4 && (s->b[s->at + 1] & 7) == 5))) ? 4 : 0);
}

/* Bytes behind an opcode of that kind; false: that cannot be known. */
static bool size_behind(const struct bytes *s, char kind, unsigned *size)
{
	unsigned word = s->short_word && !s->wide ? 2 : 4, modrm = 0;
	bool form = s->at < BYTES && (s->b[s->at] >> 3 & 7) < 2;

	if (strchr("mbwtT", kind) && !(modrm = modrm_size(s)))
		return false;
	switch (kind) {
	case '.': *size = 0; return true;
	case '1': *size = 1; return true;
	case '2': *size = 2; return true;
	case '3': *size = 3; return true;
	case 'm': *size = modrm; return true;
	case 'b': *size = modrm + 1; return true;
	case 'w': *size = modrm + word; return true;
	case 't': *size = modrm + form; return true;
	case 'T': *size = modrm + (form ? word : 0); return true;
	case 'z': *size = word; return true;
	case 'f': *size = word + 2; return true;
	case 'v': *size = s->wide ? 8 : word; return true;
	case 'o': *size = s->long_mode ? 8 : 4; return !s->short_address;
	}
	return false;
}

/* Of two bytes and VEX, which decide what follows by more than the opcode. */
static char kind_of_more(struct bytes *s, uint8_t opcode)
{
	uint8_t next = s->at < BYTES ? s->b[s->at] : 0;
	bool memory = next < 0xc0;

	if (s->at >= BYTES)
		return 'x';
	if (opcode == 0x0f) {
		s->at++;
		if (next == 0x38 || next == 0x3a)
			s->at++;
		return next == 0x38 ? 'm' : next == 0x3a ? 'b' : two_bytes[next];
	}
	if ((opcode == 0xc4 || opcode == 0xc5) && memory && !s->long_mode)
		return 'm'; /* les, lds */
	if (opcode != 0xc5 || s->at + 1 >= BYTES)
		return 'x';
	s->at += 2;
	return two_bytes[s->b[s->at - 1]];
}

unsigned sct_el_length(const uint8_t bytes[4], bool long_mode)
{
	struct bytes s = { .b = bytes, .long_mode = long_mode };
	uint8_t opcode;
	unsigned size;
	char kind;

	if (!take_prefixes(&s))
		return UNKNOWN;
	opcode = bytes[s.at++];
	kind = one_byte[opcode];
	if (kind == 'x')
		kind = kind_of_more(&s, opcode);
	return size_behind(&s, kind, &size) ? s.at + size : UNKNOWN;
}
