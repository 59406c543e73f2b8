/* Fuzz target: the reader of migration streams.
 * In:  bytes of a stream
 * Out: nothing, or an abort
 */
#include "snapshot_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_snapshot("migration", "", data, size);
	return 0;
}
