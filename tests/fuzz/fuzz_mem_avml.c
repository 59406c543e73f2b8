/* Fuzz target: the reader of AVML images.
 * In:  bytes of an image
 * Out: nothing, or an abort
 */
#include "snapshot_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_snapshot("avml", "", data, size);
	return 0;
}
