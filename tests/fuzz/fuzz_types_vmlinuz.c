/* Fuzz target: bootable kernel images, loaded as types or symbols.
 * In:  bytes of a file
 * Out: nothing, or an abort
 */
#include "types_fuzz.h"

extern const struct sct_types_loader sct_types_vmlinuz;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_types(&sct_types_vmlinuz, data, size);
	return 0;
}
