/* Fuzz target: BTF of a kernel, and of a module on top of it.
 * In:  2 bytes, the size of the first part (0xffff: the second is all there is); two parts, each raw BTF or an ELF file
 * Out: nothing, or an abort
 */
#include "types_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sct_types db;
	size_t first;

	if (size < 2)
		return 0;
	first = data[0] | (size_t)data[1] << 8;
	first = first == 0xffff ? 0 : first;
	data += 2;
	size -= 2;
	if (first > size)
		return 0;
	sct_types_init(&db);
	if ((!first || fuzz_load(&db, &sct_types_btf, data, first)) &&
	    fuzz_load(&db, &sct_types_btf, data + first, size - first))
		ask_all(&db);
	sct_types_fini(&db);
	return 0;
}
