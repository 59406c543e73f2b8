/* Fuzz target: the reader of LiME images.
 * In:  bytes of an image
 * Out: nothing, or an abort
 */
#include "snapshot_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_snapshot("lime", "", data, size);
	return 0;
}
