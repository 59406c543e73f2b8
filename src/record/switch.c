/* The kernel's switch of stacks, recognised by its instructions.
 *
 * In:  bytes of neighbouring instructions
 * Out: which registers hold the two tasks, where their stack pointers are kept, what was pushed before
 */
#include "switch.h"

#include <string.h>

/* `mov` between the stack pointer and [base + disp]: opcode 89 (store) or 8b (load), ModRM with a displacement, the
 * stack pointer as register operand, no SIB byte (Intel SDM 2A 2.1.5). */
static bool match_mov(const uint8_t *p, size_t len, bool wide, uint8_t opcode, uint8_t *base, int32_t *disp)
{
	uint8_t rex = 0, modrm;

	if (wide) {
		if (len < 1 || (p[0] & 0xfe) != 0x48)
			return false;
		rex = *p++;
		len--;
	}
	if (len < 3 || p[0] != opcode)
		return false;
	modrm = p[1];
	if ((modrm >> 3 & 7) != 4 || (modrm & 7) == 4)
		return false;
	*base = (uint8_t)((modrm & 7) | (rex & 1) << 3);
	if (modrm >> 6 == 1 && len == 3) {
		*disp = (int8_t)p[2];
		return true;
	}
	if (modrm >> 6 == 2 && len == 6) {
		memcpy(disp, p + 2, 4);
		return true;
	}
	return false;
}

bool sct_switch_match(const uint8_t *a, size_t alen, const uint8_t *b, size_t blen, bool wide,
                      struct sct_switch *site)
{
	int32_t store, load;

	if (!match_mov(a, alen, wide, 0x89, &site->from, &store) || !match_mov(b, blen, wide, 0x8b, &site->to, &load))
		return false;
	site->disp = load;
	return store == load && site->from != site->to;
}

unsigned sct_switch_words(const uint8_t *code, size_t len, bool wide)
{
	unsigned words = 0;

	while (len) {
		uint8_t last = code[len - 1];

		if (last != 0x9c && (last & 0xf8) != 0x50) /* pushf; push of a register */
			break;
		len--;
		/* a prefix byte that selects the upper eight registers */
		if (wide && last != 0x9c && len && code[len - 1] == 0x41)
			len--;
		words++;
	}
	return words;
}
