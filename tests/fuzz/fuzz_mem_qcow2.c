/* Fuzz target: the reader of qcow2 images with a machine's snapshot inside.
 * In:  bytes of an image
 * Out: nothing, or an abort
 */
#include "snapshot_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_snapshot("qcow2", "", data, size);
	return 0;
}
