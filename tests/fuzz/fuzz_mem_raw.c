/* Fuzz target: raw images, which say nothing of themselves: where they lie is the user's word.
 * In:  8 bytes, the address; bytes of an image
 * Out: nothing, or an abort
 */
#include "snapshot_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char base[24];
	uint64_t addr;

	if (size < sizeof addr)
		return 0;
	memcpy(&addr, data, sizeof addr);
	snprintf(base, sizeof base, "@0x%llx", (unsigned long long)addr);
	fuzz_snapshot("raw", base, data + sizeof addr, size - sizeof addr);
	return 0;
}
