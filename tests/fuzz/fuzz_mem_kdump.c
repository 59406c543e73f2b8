/* Fuzz target: the reader of kdump files.
 * In:  bytes of a kdump file
 * Out: nothing, or an abort
 */
#include "snapshot_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_snapshot("kdump", "", data, size);
	return 0;
}
