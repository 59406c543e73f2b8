/* Fuzz target: DWARF.
 * In:  an ELF file
 * Out: nothing, or an abort
 */
#include "types_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct sct_types_loader sct_types_dwarf;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_types(&sct_types_dwarf, data, size);
	return 0;
}
