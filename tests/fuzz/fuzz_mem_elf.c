/* Fuzz target: the reader of ELF files as memory.
 * In:  bytes of an ELF file; as it is, and with an address
 * Out: nothing, or an abort
 */
#include "snapshot_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_snapshot("elf", "", data, size);
	fuzz_snapshot("elf", "@0x7ffff7c00000", data, size); /* a shared object */
	return 0;
}
